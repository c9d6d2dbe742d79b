"""The same payments and invoices as the JSON of Amazon's two finance APIs, for a server that plays Amazon. Amounts stay exact."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from trueup.simulation.remittances.invoicing import NET_DAYS
from trueup.simulation.remittances.records import Invoice, Item, Line, Market, Payment
from trueup.simulation.remittances.writers.amounts import plain

_STATUS = {"paid": "SUCCESSFUL", "failed": "FAILED", "voided": "FAILED"}
_LATE = 7
"""Every seventh payment is told in two versions."""
_MARK = "\ue000"
_MARKED = re.compile(f'"{_MARK}(-?[0-9.]+)"')
_PQV = ("SHORTAGES_IN_TRANSIT", "OVERBILLING", "ASIN_MISMATCH", "NO_APPOINTMENT", "DELETED_APPOINTMENT", "OTHER")
_PPV = ("PRODUCT_COST_NOT_ACTIVE", "DEALBUY", "REJECTED_PRICE_INCREASE_ON_PO", "ROUNDING_ISSUES", "OTHER")


@dataclass(slots=True)
class Paid:
    """What is known of an invoice from its payments so far."""

    amount: int = 0
    discount: int = 0
    shortage: int = 0
    price: int = 0
    payments: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    changed_on: date = date.min


def as_json(documents: Sequence[dict[str, Any]]) -> bytes:
    """The documents as JSON, every amount a number of exactly two digits."""
    return _MARKED.sub(r"\1", json.dumps(documents, ensure_ascii=False)).encode()


def remittance_document(payment: Payment, items: Sequence[Line] | None = None) -> dict[str, Any]:
    """A payment as getRemittance has it, with the marketplace it is of; of its lines all, or these."""
    market = payment.market
    lines = payment.lines if items is None else items
    header: dict[str, Any] = {
        "paymentDate": _instant(payment.paid_on),
        "paymentNumber": payment.number,
        "uniquePaymentId": payment.unique_id,
        "paymentAmount": _money(payment.amount, market.pays_in),
        "paymentAmountInInvoiceCurrency": _money(payment.invoiced, market.currency),
        "paymentMethod": "EFT",
        "remittanceStatus": _STATUS[payment.state],
        "relatedIdentifiers": _related(PAYEE_CODE=[market.payee], VENDOR_CODE=[market.payee]),
        "countryCode": "GB" if market.name == "UK" else market.name,
    }
    if payment.rate is not None:
        header["exchangeRate"] = f"{_MARK}{payment.rate}"
    return {
        "marketplaceId": market.marketplace_id,
        "remittanceHeader": header,
        "remittanceItems": [_remittance_item(line, payment) for line in lines],
    }


def remittances_as_told(payments: Iterable[Payment]) -> list[dict[str, Any]]:
    """What Amazon tells of payments, with its late changes: some are first in progress and a line short, and whole two days later.

    Payments that the portal hides items of, and those that are voided later, it does not tell: their stories are the portal's.
    """
    told = [payment for payment in payments if not payment.hides and payment.retold != "voided"]
    documents = []
    for place, payment in enumerate(told):
        whole = remittance_document(payment)
        if place % _LATE == 0 and payment.state == "paid" and len(payment.lines) > 1:
            early = remittance_document(payment, payment.lines[:-1])
            early["remittanceHeader"]["remittanceStatus"] = "IN_PROGRESS"
            documents.append(early)
            whole["visibleAt"] = _instant(payment.paid_on + timedelta(days=2))
        documents.append(whole)
    return documents


def invoice_documents(invoices: Iterable[Invoice], payments: Iterable[Payment], today: date) -> list[dict[str, Any]]:
    """Invoices as getInvoice has them on a day: matched, paid, and why less was paid, by what the payments until then say."""
    paid: defaultdict[str, Paid] = defaultdict(Paid)
    for payment in payments:
        if payment.paid_on <= today and payment.state == "paid" and payment.retold != "voided":
            for line in payment.lines:
                _note(line, payment, paid)
    return [_invoice_document(invoice, paid[invoice.number]) for invoice in invoices if invoice.issued_on <= today]


def _note(line: Line, payment: Payment, paid: defaultdict[str, Paid]) -> None:
    family = line.chain.partition("/")[0]
    for number, minor in line.parts if line.posts else ():
        known = paid[number]
        known.changed_on = max(known.changed_on, payment.paid_on)
        if payment.unique_id not in known.payments:
            known.payments.append(payment.unique_id)
        if family in ("shortage", "price"):
            known.claims.append(line.reference)
            known.shortage -= minor if family == "shortage" else 0
            known.price -= minor if family == "price" else 0
        else:
            known.amount += minor - line.discount
            known.discount += line.discount


def _invoice_document(invoice: Invoice, paid: Paid) -> dict[str, Any]:
    market, currency = invoice.market, invoice.market.currency
    short = paid.shortage + paid.price
    status = "PARTIALLY_PAID" if paid.amount and short > 0 else "PAID" if paid.amount else "IN_PROGRESS"
    issued, changed = _instant(invoice.issued_on), max(invoice.issued_on, paid.changed_on)
    parts = (
        ("AmountPaid", paid.amount - short),
        ("QuickPayDiscount", paid.discount),
        ("QuantityVarianceAmount", paid.shortage),
        ("PriceVariance", paid.price),
    )
    names = {
        "PAYEE_CODE": [market.payee],
        "PURCHASE_ORDER_IDS": [invoice.purchase_order],
        "VENDOR_CODE": [market.payee],
    }
    if paid.payments:
        names["UNIQUE_PAYMENT_IDS"] = paid.payments
    if shortages := sorted({claim for claim in paid.claims if "SC" in claim.removeprefix(invoice.number)}):
        names["SHORTAGE_INVOICE_IDS"] = shortages
    header = {
        "invoiceNumber": invoice.number,
        "invoiceIdentifier": f"{invoice.number}~{market.payee}",
        "invoiceStatus": status,
        "invoiceType": "AP_INVENTORY",
        "payer": {"partnerId": f"AMAZON_{market.name}", "partnerType": "AMAZON", "partnerName": "Amazon"},
        "payee": {"partnerId": "RIVERSIDE", "partnerType": "VENDOR", "partnerEntities": [market.payee]},
        "issueDate": issued,
        "dueDate": _instant(invoice.due_on),
        "paymentTerms": _terms(market),
        "creationDate": issued,
        "lastUpdatedDate": _instant(changed),
        "invoiceAmount": _money(invoice.total, currency),
        "invoiceAmountBreakdowns": [_amounts(invoice)],
        "invoiceSettlementBreakdowns": [_breakdown(name, minor, currency) for name, minor in parts if minor],
        "relatedIdentifiers": _related(**names),
    }
    items = [_invoice_item(invoice, place, item, paid) for place, item in enumerate(invoice.items)]
    return {"marketplaceId": market.marketplace_id, "invoiceHeader": header, "invoiceItems": items}


def _amounts(invoice: Invoice) -> dict[str, Any]:
    currency = invoice.market.currency
    total = _breakdown("Total", invoice.total, currency)
    inside = (("InvoiceAmountWithoutTax", invoice.net), ("TaxAmount", invoice.tax))
    return {**total, "breakdowns": [_breakdown(name, minor, currency) for name, minor in inside]}


def _invoice_item(invoice: Invoice, place: int, item: Item, paid: Paid) -> dict[str, Any]:
    """A line; the whole of a claim stands on the first."""
    currency, first = invoice.market.currency, place == 0
    taxed = invoice.tax - sum(_tax(invoice, other) for other in invoice.items[1:]) if first else _tax(invoice, item)
    shortage, price = (paid.shortage, paid.price) if first else (0, 0)
    missing = min(item.quantity, -(-shortage // item.price)) if shortage > 0 else 0
    matching: dict[str, Any] = {
        "matchedQuantity": item.quantity - missing,
        "matchedAmount": _money(item.amount - max(0, shortage), currency),
        "quantityVariance": missing,
        "priceVariance": _money(price, currency),
        "paidQuantity": item.quantity - missing if paid.amount else 0,
        "paidAmount": _money(item.amount - shortage - price if paid.amount else 0, currency),
    }
    turn = sum(map(ord, invoice.number))
    reasons = [("PQV", _PQV[turn % len(_PQV)])] * (shortage > 0) + [("PPV", _PPV[turn % len(_PPV)])] * (price > 0)
    if reasons:
        matching["varianceReasons"] = [{"varianceType": kind, "defectTypes": [why]} for kind, why in reasons]
    return {
        "lineItemId": str(place + 1),
        "unitCost": _money(item.price, currency),
        "quantity": item.quantity,
        "totalAmount": _money(item.amount + taxed, currency),
        "lineItemContext": {
            "lineItemType": "GOODS",
            "itemIdentifiers": [
                {"itemIdentifierName": "ASIN", "itemIdentifierValue": item.asin},
                {"itemIdentifierName": "SKU", "itemIdentifierValue": item.sku},
            ],
            "matchingContext": matching,
        },
        "relatedItemIdentifiers": _related(PURCHASE_ORDER_IDS=[invoice.purchase_order]),
    }


def _tax(invoice: Invoice, item: Item) -> int:
    return invoice.tax * item.amount // invoice.net if invoice.net else 0


def _remittance_item(line: Line, payment: Payment) -> dict[str, Any]:
    """`netAmountPaid` is what is added to the payment, and so is its `AmountPaid`; the discount stands beside it."""
    market = payment.market
    paid = [_breakdown("AmountPaid", line.paid, market.currency)]
    if line.discount:
        paid.append(_breakdown("TermsDiscountTaken", line.discount, market.currency))
    return {
        "invoiceNumber": line.reference,
        "invoiceIssueDate": _instant(line.invoice_day or payment.paid_on),
        "withholdingAmount": _money(line.withheld, market.currency),
        "totalAmount": _money(line.gross, market.currency),
        "netAmountPaid": _money(line.paid, market.currency),
        "netAmountPaidBreakdown": paid,
        "description": line.description,
        "paymentTerms": _terms(market),
        "relatedItemIdentifiers": _related(VENDOR_CODE=[market.payee]),
    }


def _terms(market: Market) -> str:
    return f"{market.quick_pay}% 30, NET {NET_DAYS}" if market.quick_pay else f"NET {NET_DAYS}"


def _money(minor: int, currency: str) -> dict[str, str]:
    return {"currencyCode": currency, "currencyAmount": _MARK + plain(minor)}


def _breakdown(name: str, minor: int, currency: str) -> dict[str, Any]:
    return {"breakdownType": name, "breakdownAmount": _money(minor, currency)}


def _related(**names: list[str]) -> list[dict[str, Any]]:
    return [{"relatedIdentifierName": name, "relatedIdentifierValue": values} for name, values in names.items()]


def _instant(day: date) -> str:
    moment = datetime.combine(day, time()) + timedelta(hours=8)
    return f"{moment.isoformat()}Z"
