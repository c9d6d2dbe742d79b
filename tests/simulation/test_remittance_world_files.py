"""The files of a simulated history, read back by means that are not the simulator's: they say what the world says."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pdfplumber
import pytest
from openpyxl import load_workbook

from trueup.simulation.remittances.history import write_history
from trueup.simulation.remittances.records import Payment
from trueup.simulation.remittances.world import History
from trueup.simulation.remittances.writers.advice import LAYOUTS, advice_pdf, advice_text
from trueup.simulation.remittances.writers.portal_export import FORMS, SHEET, Form, write_export
from trueup.simulation.remittances.writers.x12_820 import write_820

SEED = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month, written once."""
    path = tmp_path_factory.mktemp("history")
    write_history(path, SEED)
    return path


@pytest.fixture(scope="module")
def payments() -> list[Payment]:
    """The same month in memory."""
    return [payment for period in History(SEED).periods() for payment in period.payments]


def minor(text: str, form: Form) -> int:
    """An amount as a reader of that marketplace understands it."""
    digits = "".join(each for each in text if each.isdigit() or each == form.mark).replace(form.mark, ".")
    negative = text.startswith(("-", "("))
    return int(Decimal(digits) * 100) * (-1 if negative else 1)


def cells(path: Path, form: Form) -> list[list[Any]]:
    """The rows of an export."""
    if path.suffix == ".xlsx":
        return [list(row) for row in load_workbook(path, read_only=True)[SHEET].iter_rows(values_only=True)]
    with path.open(encoding=form.encoding, newline="") as file:
        return [list(row) for row in csv.reader(file, delimiter=form.delimiter)]


@pytest.mark.parametrize("style", sorted(FORMS))
def test_exports_hold_their_payments_in_every_form(style: str, payments: list[Payment], tmp_path: Path) -> None:
    """Two tables in one sheet: every shown line with its reference and its cents, whatever the marketplace's way of writing."""
    mine = [payment for payment in payments if payment.market.style == style][:8]
    expected = [(p.number, line.reference, line.paid) for p in mine for line in p.shown]
    for place, form in enumerate(FORMS[style]):
        rows = cells(write_export(tmp_path / f"{style}{place}", mine, form), form)
        start = next(number for number, row in enumerate(rows) if row[0] == "Invoices") + 1
        head, body = rows[start], rows[start + 1 :]
        number, reference, paid = (head.index(name) for name in ("Payment Number", "Invoice Number", form.paid))
        amounts = [round(row[paid] * 100) if form.numbers else minor(row[paid], form) for row in body]
        found = [(row[number], row[reference], amount) for row, amount in zip(body, amounts, strict=True)]
        assert found == expected


def test_exports_warn_of_exactly_the_payments_that_hide(folder: Path, payments: list[Payment]) -> None:
    """The warning row names those payments and no other."""
    warned = set()
    for path in (folder / "exports").glob("*.xlsx"):
        for row in cells(path, Form()):
            if row[0] == "Payment Number" and "will not be displayed" in str(row[2]):
                warned |= set(str(row[1]).split(", "))
    told = {each.number for each in payments if each.hides and each.sources[0] == "portal-export"}
    assert warned <= told
    assert told


def test_an_820_ties_by_the_rule_of_x12(payments: list[Payment]) -> None:
    """BPR02 is the sum of RMR04 and of ADX before any RMR; in each loop RMR04 = RMR05 - RMR06 + its own ADX."""
    mine = [each for each in payments if "x12-820" in each.sources and not each.untied]
    seen: Counter[str] = Counter()
    for payment in mine:
        segments = [
            segment.split("*") for segment in write_820(payment).decode().replace("~\n", "~").split("~") if segment
        ]
        paid = next(Decimal(segment[2]) for segment in segments if segment[0] == "BPR")
        total, loop, inside = Decimal(0), None, Decimal(0)
        for segment in [*segments, ["RMR", "", "", "", "0", "0"]]:
            if segment[0] == "RMR":
                if loop is not None and len(loop) > 5:
                    discount = Decimal(loop[6]) if len(loop) > 6 else 0
                    assert Decimal(loop[4]) == Decimal(loop[5]) - discount + inside
                loop, inside = segment, Decimal(0)
                total += Decimal(segment[4])
            elif segment[0] == "ADX":
                seen["nested" if loop else "standalone"] += 1
                inside += Decimal(segment[1])
                total += 0 if loop else Decimal(segment[1])
        assert total == paid
        assert len(segments) - 4 == int(next(segment[1] for segment in segments if segment[0] == "SE"))
    assert {"nested", "standalone"} <= seen.keys()


def test_advices_say_the_same_as_text_and_as_pdf(payments: list[Payment]) -> None:
    """Both layouts, page after page: the words of the PDF are those of the text."""
    payment = next(each for each in payments if "advice" in each.sources)
    for layout in LAYOUTS:
        text = advice_text(payment, layout).decode()
        with pdfplumber.open(io.BytesIO(advice_pdf(payment, layout))) as pdf:
            words = " ".join(page.extract_text() for page in pdf.pages).split()
        assert words == text.split()


def test_long_numbers_wrap_in_the_text(payments: list[Payment]) -> None:
    """A reference longer than its column goes on in the next line, alone."""
    payment = next(each for each in payments if any(len(line.reference) > 20 for line in each.shown))
    long = next(line.reference for line in payment.shown if len(line.reference) > 20)
    rows = advice_text(payment, LAYOUTS[0]).decode().splitlines()
    place = next(number for number, row in enumerate(rows) if row.startswith(long[:18]))
    assert rows[place + 1] == long[18:36]


def test_bank_statements_close_at_what_they_book(folder: Path) -> None:
    """Opening balance and entries come to the closing balance, in both versions."""
    versions = set()
    for path in (folder / "bank").glob("*.xml"):
        root = ElementTree.parse(path).getroot()
        space = root.tag.partition("}")[0] + "}"
        versions.add(space)
        balances = [Decimal(each.findtext(f"{space}Amt") or "") for each in root.iter(f"{space}Bal")]
        booked = sum(Decimal(each.findtext(f"{space}Amt") or "") for each in root.iter(f"{space}Ntry"))
        assert balances[0] + booked == balances[1]
    assert len(versions) == 2


def test_invoices_are_the_sum_of_their_lines(folder: Path) -> None:
    """Total less tax is what the lines come to, and every number stands in one file alone."""
    files: dict[str, str] = {}
    for path in sorted((folder / "invoices").iterdir()):
        sums: dict[str, Decimal] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert files.setdefault(row["number"], path.name) == path.name
                open_ = sums.setdefault(row["number"], Decimal(row["total"]) - Decimal(row["tax"]))
                sums[row["number"]] = open_ - Decimal(row["quantity"]) * Decimal(row["price"])
        assert not any(sums.values())
    assert len(files) > 1000


def test_the_truth_is_written_beside_the_files(folder: Path) -> None:
    """As plain data: postings that balance, and the file that is there twice."""
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    sums: Counter[tuple[str, str]] = Counter()
    for row in truth["postings"]:
        sums[row["payment"], row["currency"]] += row["minor"]
    assert not any(sums.values())
    copy = folder / "exports" / truth["copies"][0]
    assert copy.read_bytes() == copy.with_name(copy.name.replace(" (1)", "")).read_bytes()


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Every file, workbooks and PDFs too."""
    write_history(tmp_path, SEED)

    def digests(root: Path) -> dict[str, str]:
        files = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert digests(folder) == digests(tmp_path)
