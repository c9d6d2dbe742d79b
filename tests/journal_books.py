"""Journals for tests, and what hledger and beancount, as programs of their own, make of an exported one."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trueup.base.money import Money
from trueup.domain.journal import JournalEntry, JournalLine, balances
from trueup.formats.journal_accounts import beancount_names
from trueup.formats.journal_export import Books, export_named, plain_amount
from trueup.settings.chart import default_chart

CHART = default_chart()
EVIDENCE = "ab" * 32
AFTER = "2999-12-31"


def books(base: str = "USD", **more: Any) -> Books:
    return Books(CHART, base, **more)


def line(account: str, minor: int, currency: str = "USD", **more: Any) -> JournalLine:
    return JournalLine(account, Money(minor, currency), **more)


def entry(key: str, *lines: JournalLine, day: date = date(2026, 10, 5), narration: str = "Payment") -> JournalEntry:
    return JournalEntry(key, day, narration, lines, EVIDENCE)


def long_entry(count: int, currency: str = "USD") -> JournalEntry:
    """A payment of `count` lines: invoices of 1.00, 1.01, 1.02 ... and the cash for them."""
    settled = [line("1200", -100 - number, currency, source_line=number + 1) for number in range(count - 1)]
    cash = line("1050", -sum(each.amount.minor for each in settled), currency)
    return entry(f"long/{count}/{currency}", cash, *settled)


def written(name: str, entries: Iterable[JournalEntry], around: Books | None = None) -> list[bytes]:
    """The files of an export, whole."""
    files: dict[int, bytes] = {}
    for piece in export_named(name).write(iter(entries), around or books()):
        files[piece.file] = files.get(piece.file, b"") + piece.content
    assert list(files) == list(range(1, len(files) + 1))
    return list(files.values())


def rows(content: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    """A table with a header, by the reader of the standard library."""
    return list(csv.DictReader(content.decode(encoding).splitlines(keepends=True)))


def hledger(content: bytes, *arguments: str) -> str:
    """What hledger prints; its complaint fails the test. Skipped where it is not installed, which CI does not forgive."""
    program = shutil.which("hledger")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("hledger is not installed; .ci/prepare installs it where apt-get may")
        pytest.skip("hledger is not installed")
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    done = subprocess.run([program, "-f-", *arguments], input=content, capture_output=True, env=environ)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def hledger_transactions(content: bytes) -> list[dict[str, Any]]:
    found = json.loads(hledger(content, "print", "-O", "json"))
    assert isinstance(found, list)
    return found


def hledger_balances(content: bytes) -> dict[tuple[str, str], Decimal]:
    """Balances by account name and currency, as hledger adds them up."""
    found: dict[tuple[str, str], Decimal] = {}
    for row in csv.DictReader(hledger(content, "balance", "--flat", "-O", "csv").splitlines()):
        for shown in row["balance"].split(", ") if row["account"] != "total" else ():
            number, _, currency = shown.partition(" ")
            found[row["account"], currency] = Decimal(number)
    return found


def bean_check(path: Path) -> str:
    """The complaints of bean-check, "" for none."""
    program = Path(sys.executable).parent / "bean-check"
    done = subprocess.run([str(program), "--no-cache", str(path)], capture_output=True, text=True)
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def beancount_balances(entries: Iterable[JournalEntry], *, wrong_by: int = 0) -> str:
    """Our balances as beancount asserts them, to the cent; `wrong_by` makes each wrong by so many."""
    names = beancount_names(CHART)
    return "".join(
        f"\n{AFTER} balance {names[code]}  {plain_amount(minor + wrong_by, currency)} ~ 0 {currency}\n"
        for (code, currency), minor in balances(entries).items()
    )
