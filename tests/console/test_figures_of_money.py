"""Every figure of a page about money leads to the rows that come to it, to the cent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from tests.console.installed import Console
from tests.console.money_books import FINA, console_over_money
from tests.console.test_all_pages import violations
from tests.x12_text import group, interchange, transaction
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload

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
    "/invoices/amazon-us/INV-40",
    "/remittances/2",
    "/remittances/2?only=waits",
    "/remittances/2?by=booking",
    "/remittances/2?by=invoice",
    "/remittances/2/lines/1",
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
    r"#lines Lines of the invoice: (No\.|Quantity)": "of the line itself, whose document is a click away",
    r"#facts dd": "the tax, which is a row of the lines",
    r"#exhibits Exhibits of the claim: No\.": "the number of an exhibit names it",
    r"Profit by (channel|SKU): Borne by": "parts of the row's cells; each line behind them says by what it is borne",
    r"Lines of the entry: No\.": "the number of a line names it",
    r"Lines of the entry: (Debit|Credit)": "what follows an act of a person, or of all of a payment, has no place in a document",
}
"""Figures without a link, by where they stand, and why nothing is behind them."""


LINED = """number,partner,payee,issued,due,currency,total,tax,purchase_order,line,sku,quantity,price
INV-40,amazon-us,NORDA,2026-10-01,2026-11-30,USD,65.00,5.00,4DDDDDDD,1,LAMP-1,4,10.00
INV-40,amazon-us,NORDA,2026-10-01,2026-11-30,USD,65.00,5.00,4DDDDDDD,2,LAMP-2,2,10.00
"""
"""An invoice with lines and tax."""
ADVICE = interchange(
    group(
        "RA",
        1,
        transaction(
            "820",
            "0001",
            "BPR*I*58.00*C*ACH************20261017",
            "TRN*1*700400",
            "N1*PE*A*92*NORDA",
            "ENT*1",
            "RMR*IV*INV-40**58.00*65.00*0",
            "ADX*-4.00*ZZ",
            "ADX*-3.00*YY",
        ),
    )
)
"""Its payment as an 820, with two adjustments of reasons that nobody knows."""


OF_ITSELF = {
    r"Claims, the most urgent first: Expected": "of one claim: what is held times its chance, which its page takes apart in words",
    r"Lines to match, by money: At risk": "of one case: what is to be explained there, to which its candidates are held",
}
"""Figures that a row says of itself: what opens is that one thing, which says the same, and no rows that it sums."""


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own, with an invoice of lines and tax and an advice with adjustments beside the usual ones."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("figures"))) as running:

        def act(fn: Any, *args: Any) -> Any:
            return running.app.act(False, fn, *args)

        act(archive_upload, LINED.encode(), "invoices", "lined.csv", FINA)
        act(import_invoices, LINED.encode(), FINA)
        begun = begin_upload(act, Upload(ADVICE.encode(), "advice.edi", "amazon-us", FINA))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_every_figure_leads_to_the_rows_that_come_to_it(page_of: Callable[..., Tab], path: str) -> None:
    """Followed as a person would: what the link opens has a column that comes to the figure, or as many rows, through all of its
    pages; evidence opens. What has no link is the total of the rows above it, or has a reason."""
    tab = page_of("Fina")
    answer = tab.goto(path)
    assert answer is not None and answer.status == 200
    walked = tab.evaluate(f"({FIGURES})()")
    assert walked["figures"], "no figure was found: the page or the test has changed"
    troubles = [each for each in walked["troubles"] if not _excused(each[0], each[3])]
    assert not troubles, "\n".join(f"{where}: {text} {href} {trouble}" for where, text, href, trouble in troubles)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/invoices/amazon-us/INV-40", "/journal/1", "/journal/2", "/remittances/2", "/deductions/1"]
)
def test_pages_of_books_are_accessible(page_of: Callable[..., Tab], path: str, theme: str) -> None:
    """Links of a sentence are told by more than colour, and each is large enough to be hit."""
    tab = page_of("Fina", theme)
    tab.goto(path)
    assert violations(tab, path, theme) == []


def _excused(where: str, trouble: str) -> bool:
    reasons = {"no link": NO_ROWS, "only says it": OF_ITSELF}.get(trouble, {})
    return any(re.fullmatch(pattern, where) for pattern in reasons)


def test_a_line_with_a_discount_is_what_it_settles_first(console: Console) -> None:
    """It said "Terms discount" alone of a line that settles an invoice and keeps a discount."""
    with console.visitor("Fina") as fina:
        shown = fina.get("/remittances/1").text
    row = re.sub(r"<[^>]+>", "", shown.split('aria-label="Add line 1 to the sum"')[1].split("</tr>")[0])
    assert re.search(r"Invoice\s+INV-1\s*,\s*Terms discount", row), row
