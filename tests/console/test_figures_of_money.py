"""Every figure of a page about money leads to the rows that come to it, to the cent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page as Tab

from tests.console.installed import Console

FIGURES = (Path(__file__).parent / "figures.js").read_text(encoding="utf-8").partition("\n")[2]
PAGES = (
    "/remittances/1",
    "/remittances/1?only=waits",
    "/remittances/1?by=reason&group=invoice",
    "/remittances/1?by=booking",
    "/remittances/1?by=telling&group=discount",
    "/remittances/1/lines/1",
    "/remittances/1/lines/3",
    "/remittances",
    "/invoices",
    "/invoices?tab=all",
    "/invoices?currency=USD",
    "/recovery",
    "/matches",
    "/deductions",
    "/deductions?currency=USD",
    "/deductions/1",
    "/invoices/amazon-us/INV-1",
    "/recovery/1",
    "/profit?month=2026-10",
    "/journal",
    "/journal?account=1200",
    "/journal?tab=lines",
    "/journal?tab=lines&account=1210",
    "/journal/1",
    "/journal/accounts",
    "/journal/accounts?on=2026-10-31",
)
"""Pages about money, each in the states in which it shows other figures."""
NO_ROWS = {
    r"Lines of the payment: No\.": "the number of a line names it",
    r"#lines Lines of the payment: No\.": "the number of a line names it",
    r"(#chart|#against) .*": "the same as the table above it, whose cells are links",
    r"#claims li": "what a claim took and gave back over all of its payments, of which the invoice has a part",
    r"Expected": "what is held times a chance that no outcome has told of yet",
    r"#exhibits Exhibits of the claim: No\.": "the number of an exhibit names it",
    r"Profit by (channel|SKU): Borne by": "parts of the row's cells; each line behind them says by what it is borne",
    r"Lines of the entry: No\.": "the number of a line names it",
    r"Lines of the entry: (Debit|Credit)": "what follows an act of a person, or of all of a payment, has no place in a document",
}
"""Figures without a link, by where they stand, and why nothing is behind them."""


@pytest.fixture(scope="module")
def console(money: Console) -> Console:
    """The console over books."""
    return money


@pytest.mark.parametrize("path", PAGES)
def test_every_figure_leads_to_the_rows_that_come_to_it(page_of: Callable[..., Tab], path: str) -> None:
    """Followed as a person would: what the link opens has a column that comes to the figure, or as many rows, through all of its
    pages; evidence opens. What has no link is the total of the rows above it, or has a reason."""
    tab = page_of("Fina")
    answer = tab.goto(path)
    assert answer is not None and answer.status == 200
    walked = tab.evaluate(f"({FIGURES})()")
    assert walked["figures"], "no figure was found: the page or the test has changed"
    troubles = [each for each in walked["troubles"] if each[3] != "no link" or not _excused(each[0])]
    assert not troubles, "\n".join(f"{where}: {text} {href} {trouble}" for where, text, href, trouble in troubles)


def _excused(where: str) -> bool:
    return any(re.fullmatch(pattern, where) for pattern in NO_ROWS)


def test_a_line_with_a_discount_is_what_it_settles_first(console: Console) -> None:
    """It said "Terms discount" alone of a line that settles an invoice and keeps a discount."""
    with console.visitor("Fina") as fina:
        shown = fina.get("/remittances/1").text
    row = re.sub(r"<[^>]+>", "", shown.split('aria-label="Add line 1 to the sum"')[1].split("</tr>")[0])
    assert re.search(r"Invoice\s+INV-1\s*,\s*Terms discount", row), row
