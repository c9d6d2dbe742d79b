"""The companion `Your payables - ready for deduction`: what Amazon is about to deduct, before a remittance does.

Its transaction numbers are the invoice numbers of remittance lines to come; it lags some three days. It names no currency:
whoever reads it says which one the account is in. Source: public descriptions of the export.
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

NAME = "amazon-payables"
_LAYOUT = CompanionLayout(
    "Payables ready for deduction",
    {
        "vendorcode": "vendor code",
        "transactionnumber": "transaction number",
        "transactiondate": "transaction date",
        "type": "type",
        "transactiontype": "type",
        "invoiceamount": "invoice amount",
        "deductedamount": "deducted amount",
        "balance": "balance",
    },
    frozenset(("transaction number", "deducted amount", "balance")),
    ("invoice amount", "deducted amount", "balance"),
    ("transaction date",),
)


@dataclass(frozen=True, slots=True)
class Payable:
    """Something that we owe Amazon: `amount` in all, of it already `deducted`, `balance` still to come. `kind` in its words."""

    vendor_code: str
    number: str
    raised_on: date | None
    kind: str
    amount: Money | None
    deducted: Money
    balance: Money
    place: str = ""


def read_payables(content: bytes, *, currency: str = "USD", declared: Convention = UNDECLARED) -> Reading[Payable]:
    """Everything that is ready for deduction, in `currency`; a finding for every row that is not taken in.

    Raises Unreadable when it is no such table.
    """
    remarks = Remarks()
    values: list[Payable] = []
    for row in companion_rows(content, _LAYOUT, declared, (currency,), remarks):
        try:
            values.append(_payable(row, currency))
        except Invalid as error:
            remarks.error("cell", f"{str(error).removesuffix('.')}; the row is not taken in", row.grid, row.number)
    return Reading(digest_of(content), NAME, tuple(values), remarks.findings(), {"currency": currency})


def _payable(row: CompanionRow, currency: str) -> Payable:
    amount = row.money("invoice amount", currency)
    balance = row.money("balance", currency)
    if balance is None:
        raise Invalid("balance is missing")
    deducted = row.money("deducted amount", currency) or Money.zero(currency)
    number = row.needed("transaction number")
    if amount is not None and abs(amount) - abs(deducted) != abs(balance):
        words = f"{number}: {amount} less {deducted} is not the balance {balance}"
        row.remarks.warning("balance-differs", words, row.grid, row.number, "balance")
    return Payable(
        vendor_code=row.text("vendor code"),
        number=number,
        raised_on=row.day("transaction date"),
        kind=row.text("type"),
        amount=amount,
        deducted=deducted,
        balance=balance,
        place=f"row {row.number}",
    )


FORMAT = Format(
    NAME, "Amazon payables ready for deduction (CSV)", lambda head: opens_companion(head, _LAYOUT), read_payables
)
