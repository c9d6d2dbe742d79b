"""Trade-ins and the monthly statement at the command line: what is listed, what is refused in words, and what is written."""

from __future__ import annotations

from tests.cli.remitted import BY, with_books
from tests.cli.seeded import CommandLine


def test_the_statement_is_shown_and_written(trueup: CommandLine) -> None:
    """As words, JSON, PDF and workbook; every pair of figures that must agree is said, and the exit code follows."""
    with_books(trueup)
    pdf, xlsx = trueup.folder / "statement.pdf", trueup.folder / "statement.xlsx"
    said = trueup("statement", "2026-10", "--pdf", str(pdf), "--xlsx", str(xlsx), "--json")
    assert pdf.read_bytes().startswith(b"%PDF") and xlsx.read_bytes().startswith(b"PK")
    ties = said.json["ties"]
    assert said.code == (0 if all(tie["holds"] for tie in ties) else 1)
    assert "Wholesale: what Amazon paid" in said.json["tables"]
    words = trueup("statement", "2026-10").out
    assert words.startswith("Statement of 2026-10") and "Does it add up?" in words


def test_trade_ins_without_an_agreement(trueup: CommandLine) -> None:
    """Nothing is listed or owed; recording says which table of the settings is missing; unknown keys are refused."""
    assert "No trade-in is open." in trueup("trade-ins", "list").out
    assert "Nothing is owed" in trueup("circular", "credits").out
    item = ("--sku", "TENT-2", "--serial", "TN-1", "--quote", "80.00 USD")
    refused = trueup("trade-ins", "record", "T-1", *item, *BY)
    assert refused.code == 2 and "[trade_ins]" in refused.err
    assert "expected the shop's number" in trueup("trade-ins", "record", "T-1", *item, "--customer", "Cara", *BY).err
    assert "No trade-in 'T-9' is known" in trueup("trade-ins", "show", "T-9").err
    assert "Say either --arrived" in trueup("trade-ins", "answer", "T-9", *BY).err
    assert trueup("circular", "reconcile").code == 0
