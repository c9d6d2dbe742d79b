"""Journal exports are what they are expected to be, byte for byte, all and only; and each target's limits and refusals.

TRUEUP_GOLDEN_UPDATE=1 rewrites the expectations, and the difference is what is reviewed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.journal_books import (
    CHART,
    bean_check,
    beancount_balances,
    books,
    entry,
    hledger,
    line,
    long_entry,
    rows,
    written,
)
from trueup.base.errors import ConfigurationError, NotFound, Refused
from trueup.domain.chart import Chart, Purpose
from trueup.domain.journal import Account, AccountType, JournalEntry, reversal
from trueup.formats.journal_export import Books, export_named, known_exports

HERE = Path(__file__).parent / "journal"
CLEARING = CHART.code(Purpose.CLEARING)
AROUND = books(rates={"JPY": Decimal("0.0067")})


def month() -> list[JournalEntry]:
    """A payment with deductions, one exchanged, one in a currency without decimals, and a reversal."""
    paid = entry(
        "remittance/amazon-us/4711",
        line("1050", 86_450),
        line("4610", 10_000, reference="CoOp-88", memo="Co-op, October; 10 %", source_line=3),
        line("1210", 2_400, reference="INV-1001SC", memo="=HYPERLINK(shortage)", source_line=2),
        line("4520", 1_150, reference="INV-1001", source_line=1),
        line("1200", -100_000, reference="INV-1001", source_line=1),
        narration="Amazon payment 4711 (US) for INV-1001; see https://vendor.example | note",
    )
    exchanged = entry(
        "remittance/amazon-eu/4712",
        line("1050", 10_834),
        line("1290", -10_834),
        line("1290", 10_000, "EUR"),
        line("1200", -10_000, "EUR", reference="RE-7", source_line=1),
        day=date(2026, 10, 20),
        narration="Zahlung für Müller Größe",
    )
    yen = entry(
        "remittance/amazon-jp/4713",
        line("1050", 149, "JPY"),
        line("2950", -51, "JPY", memo="支払"),
        line("1200", -98, "JPY"),
        day=date(2026, 10, 31),
    )
    taken_back = reversal(paid, key="reversal/4711", day=date(2026, 11, 2), narration="Reversal of payment 4711")
    return [paid, exchanged, yen, taken_back]


@pytest.mark.parametrize("name", sorted(known_exports()))
def test_export_is_as_expected(name: str) -> None:
    """One file, byte for byte."""
    (content,) = written(name, month(), AROUND)
    expected = HERE / export_named(name).file_name(name, 1)
    if os.environ.get("TRUEUP_GOLDEN_UPDATE"):
        expected.write_bytes(content)
    assert content == expected.read_bytes()


def test_every_expectation_has_its_export() -> None:
    """An expectation without an export proves nothing."""
    assert {path.name for path in HERE.iterdir()} == {each.file_name(each.name, 1) for each in known_exports().values()}


def test_hledger_takes_its_file_twice() -> None:
    """Strictly checked; and a file that declares the same accounts again is no trouble, so files can be included side by side."""
    (content,) = written("hledger", month())
    hledger(content, "check", "--strict", "ordereddates")
    (second,) = written("hledger", month()[:1])
    hledger(content + second, "check", "--strict")


def test_beancount_opens_an_account_once(tmp_path: Path) -> None:
    """Two files of one ledger pass together when the second is told what the first opened, and fail when it is not."""
    entries = month()
    opened = frozenset(line.account for line in entries[0].lines)
    (first,) = written("beancount", entries[:1])
    for declared, complaint in ((opened, ""), (frozenset[str](), "Duplicate open directive")):
        (second,) = written("beancount", entries[1:], replace(books(), declared=declared))
        path = tmp_path / f"{len(declared)}.beancount"
        path.write_bytes(first + second + beancount_balances(entries).encode())
        assert complaint in bean_check(path)
        assert bool(complaint) == bool(bean_check(path))


@pytest.mark.parametrize(
    ("name", "most_lines", "columns"),
    [
        ("xero", 299, ("*Narration", "*AccountCode", "*Amount")),
        ("netsuite", 200, ("External ID", "Account", "")),
        ("quickbooks", 999, ("*JournalNo", "*AccountName", "")),
        ("sage-us", 560, ("Reference", "G/L Account", "Amount")),
    ],
)
def test_long_entries_are_split_through_clearing(name: str, most_lines: int, columns: tuple[str, str, str]) -> None:
    """Each part balances and fits; clearing comes to nothing; no other line is lost or doubled."""
    reference, account, amount = columns
    found = [row for content in written(name, [long_entry(2500)]) for row in rows(content)]
    sums: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    cleared = 0
    for row in found:
        side = {heading.strip("*").lower(): cell for heading, cell in row.items()}
        text = side["amount"] if amount else side.get("debit") or side.get("debits") or ""
        other = "" if amount else side.get("credit") or side.get("credits") or ""
        minor = round((Decimal(text or 0) - Decimal(other or 0)) * 100)
        sums[row[reference].split(" ")[0]] += minor
        lengths[row[reference].split(" ")[0]] += 1
        cleared += minor if row[account] in (CLEARING, "Journal import clearing") else 0
    assert max(lengths.values()) <= most_lines
    assert not any(sums.values())
    assert cleared == 0
    assert sum(row[account] in ("1200", "Amazon receivable") for row in found) == 2499


def test_intacct_tells_entries_apart() -> None:
    """Facts of an entry stand on its first row alone, and its lines are numbered from one."""
    found = rows(written("intacct", [long_entry(2500), *month()[:1]])[0])
    heads = [row for row in found if row["JOURNAL"]]
    assert len(heads) == 4
    assert all(row["LINE_NO"] == "1" and row["REFERENCE_NO"] and row["DATE"] for row in heads)
    assert all(len(row["DESCRIPTION"]) <= 30 for row in heads)
    assert max(int(row["LINE_NO"]) for row in found) <= 1000


def test_sage_us_counts_the_distributions_of_each_part() -> None:
    """The number on a row is that of the rows with its reference: it tells Sage where an entry ends."""
    found = rows(written("sage-us", [long_entry(1200), *month()[:1]])[0])
    counts = Counter(row["Reference"] for row in found)
    assert all(int(row["Number of Distributions"]) == counts[row["Reference"]] <= 560 for row in found)


def test_xero_takes_300_rows_a_file() -> None:
    """Header and all; entries stay whole, and two alike in words and day keep apart by their reference."""
    entries = [entry(f"key/{number}", line("1050", 100), line("1200", -100)) for number in range(200)]
    files = written("xero", entries)
    assert [len(rows(content)) for content in files] == [298, 102]
    assert len({row["*Narration"] for content in files for row in rows(content)}) == 200


def test_netsuite_takes_25000_entries_a_file() -> None:
    """The job's limit, with the same header on each file."""
    entries = (entry(f"key/{number}", line("1050", 100), line("1200", -100)) for number in range(25_001))
    files = written("netsuite", entries)
    assert [content.count(b"\r\n") for content in files] == [50_001, 3]
    assert len({content.partition(b"\r\n")[0] for content in files}) == 1


def test_a_million_lines_are_not_held() -> None:
    """The first piece comes out long before the last entry went in."""
    asked = 0

    def endless() -> Iterator[JournalEntry]:
        nonlocal asked
        while True:
            asked += 1
            yield entry(f"key/{asked}", line("1050", 100), line("1200", -100))

    for export in known_exports().values():
        asked = 0
        next(export.write(endless(), books()))
        assert asked < 2000, export.name


@pytest.mark.parametrize("name", ["xero", "sage", "sage-us", "intacct"])
def test_no_foreign_entry_without_a_rate(name: str) -> None:
    """A file without currencies would call yen dollars; the words say what is missing."""
    with pytest.raises(Refused, match=r"is in JPY.*takes USD alone.*how many USD one JPY is"):
        written(name, month())


@pytest.mark.parametrize("name", ["netsuite", "sage", "quickbooks", "xero"])
def test_amounts_are_never_cut(name: str) -> None:
    """What a target has no digits for is refused, not rounded: the third decimal of a dinar, ten thousand million."""
    around = books("KWD")
    fits = entry("fits", line("1050", 12_340, "KWD"), line("1200", -12_340, "KWD"))
    assert b"12.34" in written(name, [fits], around)[0]
    with pytest.raises(Refused, match="2 decimals"):
        written(name, [entry("three", line("1050", 12_345, "KWD"), line("1200", -12_345, "KWD"))], around)
    with pytest.raises(Refused, match="digits"):
        written(name, [entry("large", line("1050", 10**15), line("1200", -(10**15)))])


def test_what_is_foreign_says_so_in_base_currency() -> None:
    """An entry that exchanges comes at its own rate and to the cent; another at the stated one, rounding on its account."""
    found = [row for content in written("xero", month()[1:3], AROUND) for row in rows(content)]
    amounts = [(row["*AccountCode"], row["*Amount"], row["Description"]) for row in found]
    assert amounts == [
        ("1050", "108.34", ""),
        ("1290", "-108.34", ""),
        ("1290", "108.34", "100.00 EUR at 1.0834"),
        ("1200", "-108.34", "RE-7 - 100.00 EUR at 1.0834"),
        ("1050", "1.00", "149 JPY at 0.0067"),
        ("2950", "-0.34", "支払 (51 JPY at 0.0067)"),
        ("1200", "-0.66", "98 JPY at 0.0067"),
    ]


def with_account(account: Account) -> Books:
    chart = Chart((*CHART.accounts, account), CHART.purposes)
    return Books(chart, "USD")


def test_accounts_that_a_target_cannot_take() -> None:
    """A code that is too long, a name that is two accounts', one that left the chart: told before a file is imported."""
    odd = Account("123456789012", "Amazon receivable", AccountType.ASSET)
    posted = [entry("odd", line("1050", 100), line(odd.code, -100))]
    with pytest.raises(ConfigurationError, match="codes in Sage 50 have at most 8 characters, found 12"):
        written("sage", posted, with_account(odd))
    with pytest.raises(ConfigurationError, match="codes in Xero have at most 10 characters"):
        written("xero", posted, with_account(odd))
    with pytest.raises(ConfigurationError, match="Amazon receivable is the name of two"):
        written("quickbooks", posted, with_account(odd))
    for name in known_exports():
        with pytest.raises(ConfigurationError, match="not in the chart of accounts"):
            written(name, [entry("gone", line("1050", 100), line("999", -100))])


def test_odd_names_of_accounts_pass_the_checks(tmp_path: Path) -> None:
    """Colons, brackets, two scripts, two accounts that look alike in ASCII: both programs take the names, one an account."""
    odd = [
        Account("a:b", "(virtual) [x]  ; y", AccountType.ASSET),
        Account("中", "日本", AccountType.INCOME),
        Account("中b", "b", AccountType.INCOME),
        Account("文b", "b", AccountType.INCOME),
        Account("12-3", "x", AccountType.EXPENSE),
        Account("12", "3-x", AccountType.EXPENSE),
    ]
    around = Books(Chart((*CHART.accounts, *odd), CHART.purposes), "USD")
    posted = [entry(f"odd/{each.code}", line("1050", 100), line(each.code, -100)) for each in odd]
    (content,) = written("hledger", posted, around)
    hledger(content, "check", "--strict")
    assert len(hledger(content, "balance", "--flat", "-N").splitlines()) == len(odd) + 1
    path = tmp_path / "odd.beancount"
    path.write_bytes(written("beancount", posted, around)[0])
    assert bean_check(path) == ""
    assert path.read_text(encoding="utf-8").count(" open ") == len(odd) + 1


def test_rates_that_are_none() -> None:
    """Zero, less, or another one for the base currency itself."""
    for currency, rate in (("EUR", "0"), ("EUR", "-1"), ("EUR", "NaN"), ("USD", "1.1")):
        with pytest.raises(ConfigurationError, match=f"Rate of {currency}"):
            books(rates={currency: Decimal(rate)})


def test_an_unknown_target_names_the_known() -> None:
    """As a person mistypes it."""
    with pytest.raises(NotFound, match=r"'exel': expected one of beancount, csv, .*hledger"):
        export_named("exel")
