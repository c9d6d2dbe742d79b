"""The month's close and profit from the command line: words, JSON, files that read back, and two persons for the lock."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pdfplumber
import pytest

from tests.cli.seeded import CommandLine
from tests.workflows.bookkeeping import PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.money import Money, UnitPrice
from trueup.domain.invoices import InvoiceLine
from trueup.storage.database import Database


def of_skus(*parts: tuple[str, int]) -> tuple[InvoiceLine, ...]:
    return tuple(
        InvoiceLine(number, sku, 2, UnitPrice(Decimal(cents) / 200, "USD"), Money(cents, "USD"))
        for number, (sku, cents) in enumerate(parts, 1)
    )


@pytest.fixture
def closing(trueup: CommandLine) -> Iterator[CommandLine]:
    """An installation whose books have one month."""
    database = Database(trueup.environ["DATABASE_URL"])
    books = Bookkeeping(database)
    books.clock.move_to(datetime(2025, 3, 2, tzinfo=UTC))
    books.bill(
        invoice("INV-1", 100_00, issued_on=date(2025, 2, 1), lines=of_skus(("LAMP", 60_00), ("CHAIR", 40_00))),
        invoice("INV-2", 50_00, issued_on=date(2025, 2, 3), lines=of_skus(("LAMP", 50_00))),
    )
    books.take_in(
        payment(
            "P1",
            line("INV-1", 98_00, discount=2_00),
            line("INV-1SC", -30_00),
            line("QQX77-1", -5_00),
            line("6268-1490899880", -15_00, description="Co-op"),
            paid_on=date(2025, 2, 14),
        )
    )
    yield trueup
    database.close()


def test_a_month_in_words_and_in_json(closing: CommandLine) -> None:
    """The same numbers both ways; nothing red, so it ends with 0."""
    said = closing("close", "2025-02")
    assert said.code == 0, said.out + said.err
    for words in (
        "Close of 2025-02",
        "GREEN   Debits equal credits",
        "YELLOW  Not every cent is explained",
        "48.00 USD",
    ):
        assert words in said.out
    found = closing("close", "2025-02", "--json").json
    assert found["state"] == "open" and found["closed"] is None
    assert found["received"] == [{"currency": "USD", "amount": "48.00 USD", "postings": 1}]
    assert found["unexplained"] == [{"amount": "5.00 USD", "oldest": "2025-02-14"}]
    assert {each["type"]: each["net"] for each in found["deducted_by_type"]}["shortage claim"] == "30.00 USD"
    assert found["receivables_rolled_forward"][0]["closing"] == "50.00 USD"


def test_the_pack_as_files_reads_back(closing: CommandLine) -> None:
    """A PDF with every part and a workbook with real numbers."""
    pdf, xlsx = closing.folder / "close.pdf", closing.folder / "close.xlsx"
    assert closing("close", "2025-02", "--pdf", str(pdf), "--xlsx", str(xlsx)).code == 0
    with pdfplumber.open(pdf) as read:
        text = "\n".join(page.extract_text() for page in read.pages)
    for words in (
        "Close of February 2025",
        "Not closed yet",
        "GREEN",
        "AMBER",
        "Trial balance",
        "1200 Amazon receivable",
        "48.00 USD",
    ):
        assert words in text, words
    book = openpyxl.load_workbook(io.BytesIO(xlsx.read_bytes()))
    assert book.sheetnames[0] == "Checklist" and "Trial balance" in book.sheetnames
    rows = list(book["Claims in dispute"].values)
    assert rows[0][0] == "Account" and rows[1][1:] == (0, 30, 0, 0, 0, 30)
    assert sum(row[4] for row in list(book["Trial balance"].values)[1:]) == 0


def test_a_month_is_locked_by_two_and_shown_as_it_was(closing: CommandLine) -> None:
    """Proposed by one, approved by another; the archived files are handed out, and figures come to the same again."""
    assert closing("close", "2025-02", "--lock").code == 2
    refused = closing("close", "2025-02", "--lock", "--by", "Olga")
    assert refused.code == 2 and "it takes the role finance or admin" in refused.err
    lock = ("close", "2025-02", "--lock", "--by", "Bo Admin", "--override", "the buyer answers in March")
    blocked = closing(*lock[:-2])
    assert blocked.code == 2 and "suspense: Not every cent is explained" in blocked.err
    tried = closing(*lock, "--dry-run")
    assert tried.code == 0 and "dry run" in tried.out
    assert closing("close", "2025-02", "--json").json["state"] == "open"
    proposed = closing(*lock, "--json").json
    assert proposed["state"] == "proposed" and "suspense" in proposed["open"]
    number = str(proposed["proposal"])
    assert closing("cases", "approve", number, "--by", "Bo Admin").code == 2
    done = closing("cases", "approve", number, "--by", "Ana Admin", "--json").json
    assert done["month"] == "2025-02"
    shown = closing("close", "2025-02", "--json")
    assert shown.code == 0
    assert shown.json["closed"]["evidence"] == done["evidence"]
    assert shown.json["closed"]["recomputed_the_same"] is True
    pdf = closing.folder / "closed.pdf"
    closing("close", "2025-02", "--pdf", str(pdf))
    assert "In spite of open points: the buyer answers in March" in closing("close", "2025-02").out
    with pdfplumber.open(pdf) as read:
        assert "Closed by Bo Admin, approved by Ana Admin" in read.pages[0].extract_text()
    archived = closing("documents", "list", "--kind", "close-pack", "--json").json
    assert {each["name"] for each in archived} == {"close-2025-02.json", "close-2025-02.pdf", "close-2025-02.xlsx"}
    assert closing("documents", "cat", done["evidence"]).out.startswith('{"accruals"')


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("close", "2025-13"), "expected year and month"),
        (("close", "2999-01"), "has not begun"),
        (("close", "2025-02", "--override", "x"), "give both"),
        (("profit", "--from", "2025-02-30"), "expected a day"),
        (("profit", "--from", "2025-02-10", "--to", "2025-02-01"), "is before"),
    ],
)
def test_what_makes_no_sense_is_refused(closing: CommandLine, words: tuple[str, ...], message: str) -> None:
    """With a sentence that says what was expected."""
    said = closing(*words)
    assert said.code == 2 and message in said.err


def test_profit_by_sku_adds_up(closing: CommandLine) -> None:
    """The discount is borne by its invoice's lines, co-op by net receipts; a claim in dispute is not in the margin yet."""
    found = closing("profit", "--from", "2025-02-01", "--to", "2025-02-28", "--json").json
    rows = {each["sku"]: each for each in found["rows"]}
    assert rows["LAMP"]["gross"] == "110.00 USD" and rows["CHAIR"]["gross"] == "40.00 USD"
    assert (rows["LAMP"]["discounts"], rows["CHAIR"]["discounts"]) == ("1.20 USD", "0.80 USD")
    assert (rows["LAMP"]["deductions"], rows["CHAIR"]["deductions"]) == ("11.00 USD", "4.00 USD")
    assert {each["rule"] for each in rows["LAMP"]["rules"]} == {
        "lines of its invoice",
        "net receipts of its vendor code",
    }
    assert rows["LAMP"]["cost"] is None and rows["LAMP"]["margin"] is None
    assert found["totals"][0]["net"] == "133.00 USD"
    assert {each["amount"] for each in found["not_in_margin"]} == {"30.00 USD", "5.00 USD"}
    assert "no cost" in closing("profit", "--from", "2025-02-01").out


def test_every_cell_of_profit_opens_lines_that_come_to_it(closing: CommandLine) -> None:
    """Every number of every row, by SKU, by channel and of all, is the sum of the journal's lines that it leads to."""
    when = ("--from", "2025-02-01", "--to", "2025-02-28")
    seen = 0
    for by, name in (("--by-sku", "sku"), ("--by-channel", "channel")):
        table = closing("profit", *when, by, "--json").json
        for row in (*table["rows"], *table["totals"]):
            of = () if row[name] == "total" else ("--of", row[name])
            for part in ("gross", "discounts", "returns", "deductions", "other", "net"):
                found = closing("profit", *when, by, "--lines", part, *of, "--json").json
                shares = sum(Money.of(*line["share"].split()).minor for line in found["lines"])
                assert found["amount"] == row[part] == str(Money(shares, "USD"))
                seen += len(found["lines"])
    assert seen > 30
    said = closing("profit", *when, "--lines", "deductions", "--of", "LAMP")
    assert "Deductions of LAMP, 2025-02-01 to 2025-02-28: 11.00 USD." in said.err
    assert "net receipts of its vendor code" in " ".join(said.out.split())
    for words, message in (("--lines", "tax"), "expected one of"), (("--of", "LAMP"), "say --lines PART too"):
        refused = closing("profit", *words)
        assert refused.code == 2 and message in refused.err


def test_profit_by_channel_with_costs(closing: CommandLine) -> None:
    """A table of unit costs makes a margin of it; a row that cannot be read is refused."""
    costs = closing.folder / "costs.csv"
    costs.write_text("sku,cost,currency\nLAMP,5.00,USD\nCHAIR,2.50,USD\n")
    found = closing("profit", "--from", "2025-02-01", "--by-channel", "--costs", str(costs), "--json").json
    (row,) = found["rows"]
    assert (row["channel"], row["net"], row["cost"], row["margin"]) == (
        f"{PARTNER}/NORDA",
        "133.00 USD",
        "25.00 USD",
        "108.00 USD",
    )
    assert row["shop_orders"] == 0
    costs.write_text("sku,cost,currency\nLAMP,-5.00,USD\n")
    said = closing("profit", "--costs", str(costs))
    assert said.code == 2 and "is negative" in said.err
