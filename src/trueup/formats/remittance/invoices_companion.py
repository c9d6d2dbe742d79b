"""The companion export of our invoices as Vendor Central shows them: what each came to, how far it is, what was paid of it.

Source: public descriptions of the export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.formats.document import Format, Reading
from trueup.formats.regional import UNDECLARED, Convention
from trueup.formats.remittance._companions import CompanionLayout, CompanionRow, companion_rows, opens_companion
from trueup.formats.remittance._grids import Remarks

NAME = "amazon-portal-invoices"
_LAYOUT = CompanionLayout(
    "Invoices of Vendor Central",
    {
        "marketplace": "marketplace",
        "invoicedate": "invoice date",
        "paymentduedate": "payment due date",
        "status": "status",
        "invoicestatus": "status",
        "actualpaidamount": "actual paid amount",
        "payee": "payee",
        "payeecode": "payee",
        "creationdate": "creation date",
        "invoicecreationdate": "creation date",
        "invoicenumber": "invoice number",
        "price": "price",
        "invoiceamount": "price",
        "anydeductions": "any deductions",
        "currency": "currency",
        "invoicecurrency": "currency",
    },
    frozenset(("invoice number", "invoice date", "actual paid amount", "price")),
    ("actual paid amount", "price"),
    ("invoice date", "payment due date", "creation date"),
)
_MARKETS = {
    **dict.fromkeys(("us", "usa", "united states", "amazon.com", "na", "www.amazon.com"), "USD"),
    **dict.fromkeys(("ca", "canada", "amazon.ca"), "CAD"),
    **dict.fromkeys(("mx", "mexico", "amazon.com.mx"), "MXN"),
    **dict.fromkeys(("br", "brazil", "amazon.com.br"), "BRL"),
    **dict.fromkeys(("uk", "gb", "united kingdom", "amazon.co.uk"), "GBP"),
    **dict.fromkeys("de fr it es nl be ie germany france italy spain netherlands belgium ireland".split(), "EUR"),
    **dict.fromkeys("amazon.de amazon.fr amazon.it amazon.es amazon.nl amazon.com.be amazon.ie".split(), "EUR"),
    **dict.fromkeys(("pl", "poland", "amazon.pl"), "PLN"),
    **dict.fromkeys(("se", "sweden", "amazon.se"), "SEK"),
    **dict.fromkeys(("tr", "turkey", "türkiye", "amazon.com.tr"), "TRY"),
    **dict.fromkeys(("in", "india", "amazon.in"), "INR"),
    **dict.fromkeys(("jp", "japan", "amazon.co.jp"), "JPY"),
    **dict.fromkeys(("au", "australia", "amazon.com.au"), "AUD"),
    **dict.fromkeys(("sg", "singapore", "amazon.sg"), "SGD"),
    **dict.fromkeys(("ae", "united arab emirates", "uae", "amazon.ae"), "AED"),
}


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice of ours as the portal shows it. `deductions`: whether it says that there are any, None where it says nothing."""

    number: str
    marketplace: str
    payee: str
    issued_on: date | None
    due_on: date | None
    created_on: date | None
    status: str
    amount: Money
    paid: Money | None
    deductions: bool | None = None
    place: str = ""


def read_shown_invoices(
    content: bytes, *, currency: str = "", declared: Convention = UNDECLARED
) -> Reading[ShownInvoice]:
    """Every invoice shown; a finding for every row that is not taken in.

    The currency of a row is that of its column, its amount or its marketplace, else `currency`. Raises Unreadable when it is no
    such table.
    """
    remarks = Remarks()
    values: list[ShownInvoice] = []
    for row in companion_rows(content, _LAYOUT, declared, (currency,) if currency else (), remarks):
        try:
            values.append(_invoice(row, currency))
        except Invalid as error:
            remarks.error("cell", f"{str(error).removesuffix('.')}; the row is not taken in", row.grid, row.number)
    return Reading(digest_of(content), NAME, tuple(values), remarks.findings())


def _invoice(row: CompanionRow, currency: str) -> ShownInvoice:
    market = row.text("marketplace")
    currency = row.text("currency").upper() or _MARKETS.get(market.casefold(), "") or currency
    amount = row.money("price", currency)
    if amount is None:
        raise Invalid("price is missing")
    return ShownInvoice(
        number=row.needed("invoice number"),
        marketplace=market,
        payee=row.text("payee"),
        issued_on=row.day("invoice date"),
        due_on=row.day("payment due date"),
        created_on=row.day("creation date"),
        status=row.text("status"),
        amount=amount,
        paid=row.money("actual paid amount", amount.currency),
        deductions=_truth(row.text("any deductions")),
        place=f"row {row.number}",
    )


def _truth(said: str) -> bool | None:
    match said.casefold():
        case "yes" | "y" | "true" | "1":
            return True
        case "no" | "n" | "false" | "0":
            return False
        case _:
            return None


FORMAT = Format(
    NAME,
    "Amazon invoices shown in Vendor Central (CSV)",
    lambda head: opens_companion(head, _LAYOUT),
    read_shown_invoices,
)
