"""Journal exports: whatever the entries, other programs read the same lines, the same balances, to the last minor unit."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journal_books import (
    CHART,
    EVIDENCE,
    bean_check,
    beancount_balances,
    books,
    hledger,
    hledger_balances,
    hledger_transactions,
    rows,
    written,
)
from trueup.base.money import Money, exponent_of
from trueup.domain.chart import Purpose
from trueup.domain.journal import JournalEntry, JournalLine, balances
from trueup.formats.journal_accounts import beancount_names, hledger_names
from trueup.formats.journal_export import reference_of
from trueup.formats.journal_parts import parts, value

CODES = [account.code for account in CHART.accounts]
DANGERS = [
    "=1+1",
    "@x",
    "a, b: c; d)",
    "(x)",
    "https://x.example/?a=1",
    "date:2026/01/99",
    '"\\',
    "%41",
    "| y",
    "  z  ",
    "\n;",
]
TEXTS = st.one_of(st.sampled_from(["", *DANGERS]), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
AMOUNTS = st.one_of(st.integers(-(10**9), 10**9), st.integers(-3, 3)).filter(bool)


@st.composite
def lines(draw: st.DrawFn, currency: str) -> list[JournalLine]:
    """Lines of one currency that sum to zero."""
    minors = draw(st.lists(AMOUNTS, min_size=1, max_size=8))
    if rest := -sum(minors):
        minors.append(rest)
    elif len(minors) < 2:
        minors += [-minor for minor in minors]
    return [
        JournalLine(
            draw(st.sampled_from(CODES)),
            Money(minor, currency),
            draw(TEXTS),
            draw(TEXTS),
            draw(st.none() | st.integers(1, 9)),
        )
        for minor in minors
    ]


@st.composite
def journals(draw: st.DrawFn) -> list[JournalEntry]:
    found = []
    for key in draw(st.lists(TEXTS.filter(bool), min_size=1, max_size=5, unique=True)):
        currencies = draw(st.lists(CURRENCIES, min_size=1, max_size=2, unique=True))
        both = [line for currency in currencies for line in draw(lines(currency))]
        day = draw(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
        found.append(JournalEntry(key, day, draw(TEXTS), tuple(both), EVIDENCE, draw(st.sampled_from(["", "a:b, c"]))))
    return found


@given(journals())
@settings(max_examples=25, deadline=None)
def test_hledger_reads_the_same_lines(entries: list[JournalEntry]) -> None:
    """Strictly checked, printed as JSON by hledger, decoded: code, day, narration, tags and every amount are ours."""
    (content,) = written("hledger", entries)
    hledger(content, "check", "--strict", "accounts", "commodities")
    codes = {name: code for code, name in hledger_names(CHART).items()}
    by_reference = {each["tcode"]: each for each in hledger_transactions(content)}
    assert len(by_reference) == len(entries)
    for entry in entries:
        read = by_reference[reference_of(entry.key)]
        tags = dict(read["ttags"])
        assert read["tdate"] == entry.day.isoformat()
        assert unquote(read["tdescription"]) == entry.narration
        assert [unquote(tags.get(name, "")) for name in ("entry", "evidence", "reverses")] == [
            entry.key, entry.evidence, entry.reverses,
        ]  # fmt: skip
        found = []
        for posting in read["tpostings"]:
            (amount,) = posting["pamount"]
            number = amount["aquantity"]
            own = dict(tag for tag in posting["ptags"] if tag[0] in ("ref", "memo", "line"))
            assert number["decimalPlaces"] == exponent_of(amount["acommodity"])
            found.append(
                JournalLine(
                    codes[posting["paccount"]],
                    Money(number["decimalMantissa"], amount["acommodity"]),
                    unquote(own.get("ref", "")),
                    unquote(own.get("memo", "")),
                    int(own["line"]) if "line" in own else None,
                )
            )
        assert tuple(found) == entry.lines


@given(journals())
@settings(max_examples=20, deadline=None)
def test_balances_of_hledger_are_ours(entries: list[JournalEntry]) -> None:
    """Added up by hledger, each account has our balance in each currency, and no other."""
    names = hledger_names(CHART)
    ours = {
        (names[code], currency): Money(minor, currency).amount for (code, currency), minor in balances(entries).items()
    }
    assert {key: value for key, value in hledger_balances(written("hledger", entries)[0]).items() if value} == ours


@given(journals())
@settings(max_examples=6, deadline=None)
def test_beancount_agrees_to_the_cent(entries: list[JournalEntry]) -> None:
    """bean-check takes the file with our balances asserted exactly, and refuses each that is one minor unit off."""
    (content,) = written("beancount", entries)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "books.beancount"
        path.write_bytes(content + beancount_balances(entries).encode())
        assert bean_check(path) == ""
        path.write_bytes(content + beancount_balances(entries, wrong_by=1).encode())
        assert bean_check(path).count("Balance failed") == len(balances(entries))


@given(journals())
@settings(max_examples=60, deadline=None)
def test_general_csv_is_the_journal(entries: list[JournalEntry]) -> None:
    """One apostrophe taken off texts, the rows are the lines; no cell would be run by a spreadsheet; base columns balance."""
    (content,) = written("csv", entries, books(rates={"EUR": Decimal("1.0834"), "JPY": Decimal("0.0067")}))
    read: defaultdict[str, list[JournalLine]] = defaultdict(list)
    base: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        assert all(cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n") for cell in row.values())
        base[row["entry_ref"]] += Decimal(row["base_debit"] or 0) - Decimal(row["base_credit"] or 0)
        if row["debit"] or row["credit"]:
            money = Money.of(Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0), row["currency"])
            reference, memo = (row[name].removeprefix("'") for name in ("reference", "memo"))
            number = int(row["source_line"]) if row["source_line"] else None
            read[row["entry_key"].removeprefix("'")].append(
                JournalLine(row["account_code"], money, reference, memo, number)
            )
    assert {entry.key: list(entry.lines) for entry in entries} == read
    assert not any(base.values())


@given(journals(), st.integers(2, 6))
@settings(max_examples=80, deadline=None)
def test_parts_are_the_entry(entries: list[JournalEntry], most: int) -> None:
    """Cut at any length: each part balances in one currency and fits, clearing comes to nothing, the rest is the entry."""
    clearing = CHART.code(Purpose.CLEARING)
    for entry in entries:
        cut = parts(entry, books(), most)
        assert len({part.reference for part in cut}) == len(cut)
        for part in cut:
            assert 2 <= len(part.lines) <= most
            assert {line.amount.currency for line in part.lines} == {part.currency}
            assert sum(line.amount.minor for line in part.lines) == 0
            assert len(part.reference) <= 20
        together = [JournalEntry("all", entry.day, "", part.lines, "") for part in cut]
        ours = [line for line in entry.lines if line.account != clearing]
        theirs = [line for part in cut for line in part.lines if line.account != clearing]
        assert sorted(map(repr, ours)) == sorted(map(repr, theirs))
        assert balances(together) == balances([entry])


@given(journals(), st.decimals("0.0001", "1000", places=4))
@settings(max_examples=60, deadline=None)
def test_base_amounts_balance(entries: list[JournalEntry], rate: Decimal) -> None:
    """In base currency an entry sums to zero with its rounding, which is less than a minor unit a line."""
    around = books(rates=dict.fromkeys(("EUR", "JPY", "KWD"), rate))
    for entry in entries:
        valued = value(entry, around)
        assert valued is not None
        assert sum(valued.minors) + valued.rounding == 0
        assert abs(valued.rounding) <= len(entry.lines) // 2


def test_names_of_accounts_are_each_its_own() -> None:
    """One name an account, in both programs."""
    for names in (hledger_names(CHART), beancount_names(CHART)):
        assert len(set(names.values())) == len(CHART.accounts)


@given(journals())
@settings(max_examples=30, deadline=None)
def test_importers_get_what_balances(entries: list[JournalEntry]) -> None:
    """In the tables of QuickBooks every journal number balances in its currency, with one side a row."""
    kept = [entry for entry in entries if all(line.amount.currency != "KWD" for line in entry.lines)]
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for content in written("quickbooks", kept):
        for row in rows(content):
            assert bool(row["*Debits"]) != bool(row["*Credits"])
            sums[row["*JournalNo"]] += Decimal(row["*Debits"] or 0) - Decimal(row["*Credits"] or 0)
    assert not any(sums.values())
    assert len(sums) == sum(len({line.amount.currency for line in entry.lines}) for entry in kept)
