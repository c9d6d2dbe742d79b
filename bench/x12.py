"""How fast an 850 becomes PurchaseOrders, beside pyx12's reader tokenising it and beside a bare split into kept lists.

One run, the median of several rounds of each, the three taking turns so that a noisy machine disturbs all alike. The file
is invented: orders of one to 120 lines of 400 products, a third of the lines in cases with their pack. Trueup remembers what
repeats from line to line, so it is measured on as many orders of 100,000 products too, where next to nothing does.
"""

from __future__ import annotations

import argparse
import gc
import io
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from pyx12.x12file import X12Reader

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from trueup.formats.x12.sets.order_850 import read_orders

_OURS = "Trueup: 850 to PurchaseOrder"
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def invented_orders(megabytes: float, product_count: int = 400, seed: int = 7) -> bytes:
    """An interchange of about that size, of one group, of lines of so many products."""
    chance = random.Random(seed)
    products = [
        (
            "B0" + "".join(chance.choices(_ALPHABET, k=8)),
            f"SKU-{number:06}",
            f"{chance.randint(150, 9000) / 100:.2f}",
            chance.choice((6, 12, 24)),
        )
        for number in range(product_count)
    ]
    sets: list[str] = []
    size = 0
    while size < megabytes * 1_000_000:
        text = _order(chance, products, len(sets) + 1)
        size += len(text)
        sets.append(text)
    head = (
        "ISA*00*          *00*          *ZZ*AMAZON         *ZZ*VENDOR         *261123*1000*U*00401*000000001*0*P*>~\n"
    )
    group = "GS*PO*AMAZON*VENDOR*20261123*1000*1*X*004010~\n"
    return (head + group + "".join(sets) + f"GE*{len(sets)}*1~\nIEA*1*000000001~\n").encode()


def _order(chance: random.Random, products: list[tuple[str, str, str, int]], number: int) -> str:
    lines = chance.randint(1, 120)
    day = date(2026, 11, 1) + timedelta(days=chance.randint(0, 40))
    segments = [
        f"ST*850*{number:04}",
        f"BEG*00*NE*{number:08}**{day:%Y%m%d}",
        f"REF*CR*VEND{number % 7}",
        "CSH*Y",
        f"DTM*064*{day + timedelta(days=5):%Y%m%d}",
        f"DTM*063*{day + timedelta(days=12):%Y%m%d}",
        "N1*ST**92*ABE2",
    ]
    total = 0
    for line, (asin, sku, cost, pack) in enumerate(chance.sample(products, lines), 1):
        amount = chance.randint(1, 400)
        total += amount
        unit = "CA" if line % 3 == 0 else "EA"
        segments.append(f"PO1*{line}*{amount}*{unit}*{cost}*NE*BP*{asin}*VN*{sku}")
        if unit == "CA":
            segments.append(f"PO4*{pack}")
    segments.append(f"CTT*{lines}*{total}")
    segments.append(f"SE*{len(segments) + 1}*{number:04}")
    return "~\n".join(segments) + "~\n"


def _trueup(content: bytes) -> int:
    reading = read_orders(content, partner="amazon-us", currency="USD")
    if reading.findings:
        raise SystemExit(f"the invented file has findings: {reading.findings[0]}")
    return sum(len(order.lines) for order in reading.values)


def _pyx12(content: bytes) -> int:
    return sum(segment.get_seg_id() == "PO1" for segment in X12Reader(io.StringIO(content.decode("ascii"))))


def _split(content: bytes) -> int:
    kept = [segment.lstrip().split("*") for segment in content.decode("ascii").split("~")]
    return sum(segment[0] == "PO1" for segment in kept)


def _seconds(run: Callable[[bytes], int], content: bytes) -> float:
    lines = content.count(b"PO1*")
    gc.collect()
    start = time.process_time()
    found = run(content)
    elapsed = time.process_time() - start
    if found != lines:
        raise SystemExit(f"{run.__name__} found {found} lines, expected {lines}")
    return elapsed


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    content = invented_orders(chosen.megabytes)
    varied = invented_orders(chosen.megabytes, product_count=100_000)
    runs = {
        _OURS: (_trueup, content),
        "Trueup, hardly a product twice": (_trueup, varied),
        "pyx12 X12Reader: tokens": (_pyx12, content),
        "bare split: kept lists": (_split, content),
    }
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(chosen.rounds):
        for name, (run, given) in runs.items():
            taken[name].append(_seconds(run, given))
    lines, size = content.count(b"PO1*"), len(content) / 1_000_000
    speed = {name: len(runs[name][1]) / 1_000_000 / statistics.median(seconds) for name, seconds in taken.items()}
    ours = speed[_OURS]
    rows = [f"| {name} | {rate:.1f} | {ours / rate:.2f} |" for name, rate in speed.items()]
    text = "\n".join(
        [
            f"{size:.1f} MB, {content.count(b'BEG*')} orders, {lines} lines; median of {chosen.rounds} rounds;",
            f"processor time, taking turns; Python {platform.python_version()} on {platform.machine()}, {platform.system()}.",
            "",
            "| what | MB/s | Trueup's speed over it |",
            "|---|---|---|",
            *rows,
        ]
    )
    print(text)
    if not chosen.dry_run:
        write_section("X12 850 to PurchaseOrder", text)


if __name__ == "__main__":
    main()
