"""Deductions at the command line: every claim of which something is open, and what each is made of."""

from __future__ import annotations

from tests.cli.remitted import with_books
from tests.cli.seeded import CommandLine


def test_what_is_open_is_listed_and_comes_to_what_it_is_made_of(trueup: CommandLine) -> None:
    """The rows come to the sum that is told; one claim comes to its lines; what is not known is said."""
    with_books(trueup)
    rows = trueup("deductions", "list", "--json").json
    assert [(row["claim"], row["type"], row["taken"], row["held"]) for row in rows] == [
        ("shortage/INV1", "shortage-claim", "90.00 USD", "90.00 USD")
    ]
    said = trueup("deductions", "list", "--currency", "usd")
    assert said.err == "90.00 USD held by 1 claim.\n" and "shortage/INV1" in said.out
    none = trueup("deductions", "list", "--type", "fee")
    assert "Nothing that was deducted is open." in none.out + none.err
    shown = trueup("deductions", "show", str(rows[0]["id"]), "--json").json
    assert (shown["claim"], shown["held"], shown["given_up"]) == ("shortage/INV1", "90.00 USD", [])
    assert [(line["payment"], line["amount"]) for line in shown["lines"]] == [("700100", "-90.00 USD")]
    assert len(shown["lines"][0]["document"]) == 64 and shown["lines"][0]["place"]
    unknown = trueup("deductions", "show", "999999")
    assert unknown.code == 2 and "no such claim" in unknown.err
