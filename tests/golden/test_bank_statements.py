"""Bank statements read as they are expected to be, all and only; and independent readers see the same sums in the same files."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mt940
import pytest
from bai2 import bai2

import trueup.formats.bank
from trueup.base.errors import Unreadable
from trueup.base.plugins import collect
from trueup.domain.bank import Statement
from trueup.formats.bank.bai2 import read_bai2
from trueup.formats.bank.bank_csv import read_bank_csv
from trueup.formats.bank.camt053 import read_camt053
from trueup.formats.bank.mt940 import read_mt940
from trueup.formats.document import Format, Reading
from trueup.formats.recognise import recognise

HERE = Path(__file__).parent / "bank"
FILES = sorted(path for path in HERE.iterdir() if path.suffix != ".json")
FORMATS = collect(trueup.formats.bank, "FORMAT", Format, key=lambda known: known.name)


def shown(content: bytes) -> dict[str, Any]:
    known = recognise(content, FORMATS.values())
    try:
        reading: Reading[Statement] = known.read(content)
    except Unreadable as error:
        return {"format": known.name, "unreadable": str(error)}
    return {
        "format": reading.format,
        "statements": [
            {
                "account": statement.account,
                "number": statement.number,
                "balances": f"{statement.opening} -> {statement.closing} until {statement.until}",
                "lines": [plain(line) for line in statement.lines],
            }
            for statement in reading.values
        ],
        "findings": [f"{finding.severity.value} {finding.code}: {finding}" for finding in reading.findings],
    }


def plain(line: Any) -> dict[str, Any]:
    fields = {field.name: getattr(line, field.name) for field in dataclasses.fields(line)}
    fields |= {"amount": str(line.amount), "references": list(line.references)}
    fields |= {"booked_on": line.booked_on.isoformat(), "value_on": line.value_on.isoformat()}
    return {name: value for name, value in fields.items() if value not in ("", []) and name != "account"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_bank_statement_reads_as_expected(path: Path) -> None:
    """Lines, balances and findings, with their places, are those of the expectation. TRUEUP_GOLDEN_UPDATE=1 rewrites it."""
    found = shown(path.read_bytes())
    expected = path.with_name(path.name + ".expected.json")
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_has_its_file() -> None:
    """An expectation without a file proves nothing."""
    assert {path.name.removesuffix(".expected.json") for path in HERE.iterdir()} == {path.name for path in FILES}


def amounts(reading: Reading[Statement]) -> list[Decimal]:
    return [line.amount.amount for statement in reading.values for line in statement.lines]


@pytest.mark.parametrize("name", ["german_subfields", "pages_and_envelope"])
def test_an_independent_reader_finds_the_same_mt940_movements(name: str) -> None:
    """The package mt-940 sees the same signed amounts and days.

    It has no expected movements (EC), so these are taken out for it. A reversal of a credit (RC) it counts as a credit; only as
    a debit does the closing balance come out.
    """
    content = (HERE / f"{name}.mt940.sta").read_bytes()
    booked = re.sub(r":61:[0-9]{10}EC.*\n:86:.*\n", "", content.decode())
    theirs = [
        (abs(data["amount"].amount) * (-1 if data["status"] in ("D", "RC") else 1), data["date"].isoformat())
        for data in (transaction.data for transaction in mt940.parse(booked))
    ]
    ours = [
        (line.amount.amount, line.value_on.isoformat())
        for statement in read_mt940(content).values
        for line in statement.lines
    ]
    assert ours == theirs


def test_an_independent_reader_finds_the_same_bai2_movements() -> None:
    """The package bai2, checking totals itself, sees the same amounts and references; we leave out tests and notices."""
    content = (HERE / "groups_and_continuations.bai2.txt").read_bytes()
    theirs = [
        (item.amount * (1 if item.type_code.transaction.value == "credit" else -1), item.bank_reference or "")
        for group in bai2.parse_from_lines(content.decode().splitlines()).children
        if str(group.header.group_status.value) != "4"
        for account in group.children
        for item in account.children
        if item.amount
    ]
    reading = read_bai2(content)
    ours = [(line.amount.minor, line.bank_reference) for statement in reading.values for line in statement.lines]
    assert ours == theirs


@pytest.mark.parametrize("name", ["batches_and_reversals_08", "old_version_02"])
def test_an_independent_reader_finds_the_same_camt_sum(name: str) -> None:
    """The standard library's tree, all entries at once, adds up to the same booked sum."""
    content = (HERE / f"{name}.camt053.xml").read_bytes()
    total = Decimal(0)
    for entry in ElementTree.fromstring(content).iterfind(".//{*}Ntry"):
        status = "".join(entry.find("{*}Sts").itertext()).strip()  # type: ignore[union-attr]
        sign = 1 if entry.findtext("{*}CdtDbtInd") == "CRDT" else -1
        total += sign * Decimal(entry.findtext("{*}Amt") or "") if status == "BOOK" else 0
    reading = read_camt053(content)
    assert sum(amounts(reading)) == total
    assert not [statement.gap for statement in reading.values if statement.gap]


def test_one_movement_has_one_key_in_overlapping_statements() -> None:
    """What a bank sends twice, in another statement or another order, is the same line by its key; twins are two lines."""
    content = (HERE / "german_debit_and_credit.bank.csv").read_bytes()
    header, *rows = content.splitlines(keepends=True)
    whole = {line.key for statement in read_bank_csv(content).values for line in statement.lines}
    part = {line.key for statement in read_bank_csv(header + b"".join(rows[::-1])).values for line in statement.lines}
    assert whole == part
    assert len(whole) == len(amounts(read_bank_csv(content)))


def test_currency_and_account_can_be_given() -> None:
    """A file that names neither is read when it is imported with both."""
    content = (HERE / "no_currency.bank.csv").read_bytes()
    (statement,) = read_bank_csv(content, account="us 1", currency="USD").values
    assert (statement.account, [str(line.amount) for line in statement.lines]) == ("US1", ["12.50 USD"])
