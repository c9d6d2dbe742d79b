"""Amazon's Finance Remittance API 2026-03-17: the list of payments, and a payment with its lines, over one page or several.

Half a payment is none: pages are read together, and a payment whose last page is missing is an error, not a value. Sources: the
official client package of Amazon (names, words of the statuses), which types money as float; here it stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money, exact_decimal
from trueup.domain.remittances import PaymentState, Remittance, RemittanceLine, RemittanceSource
from trueup.formats.amazon_vendor._elements import Note, Path
from trueup.formats.document import Format, Reading, Severity
from trueup.formats.remittance._finance_json import (
    NULL,
    Breakdown,
    Currency,
    Misread,
    Related,
    breakdown,
    day,
    error_note,
    is_there,
    located,
    minor,
    money,
    only,
    open_document,
    open_part,
    related,
    text,
)

NAME = "amazon-finance-remittances"
_WHAT = "a reply of the Finance Remittance API"
_STATES = {
    "IN_PROGRESS": PaymentState.IN_PROGRESS,
    "SUCCESSFUL": PaymentState.PAID,
    "FAILED": PaymentState.FAILED,
    "VOIDED": PaymentState.VOIDED,
}
_OPENING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{")
_MEMBERS = re.compile(rb'"(?:remittances|remittanceHeader|remittanceItems)"\s*:')


@dataclass(frozen=True, slots=True)
class ListedRemittance:
    """A payment in the list, without its lines: `unique_id` asks for it, `lines` are how many it has."""

    unique_id: str
    payment: str
    payee: str
    state: PaymentState
    paid_on: date
    amount: Money
    invoiced: Money | None = None
    rate: Decimal | None = None
    method: str = ""
    lines: int | None = None


class _Header(msgspec.Struct):
    paymentDate: str | None = None  # noqa: N815 (Amazon's names)
    paymentNumber: str | int | None = None  # noqa: N815
    uniquePaymentId: str | int | None = None  # noqa: N815
    exchangeRate: Decimal | None = None  # noqa: N815
    paymentAmount: Currency | None = None  # noqa: N815
    paymentAmountInInvoiceCurrency: Currency | None = None  # noqa: N815
    paymentMethod: str | None = None  # noqa: N815
    remittanceStatus: str | None = None  # noqa: N815
    lineItemCount: int | None = None  # noqa: N815
    relatedIdentifiers: list[Related] | None = None  # noqa: N815


class _Item(msgspec.Struct):
    invoiceNumber: str | int | None = None  # noqa: N815
    invoiceIssueDate: str | None = None  # noqa: N815
    withholdingAmount: Currency | None = None  # noqa: N815
    totalAmount: Currency | None = None  # noqa: N815
    netAmountPaid: Currency | None = None  # noqa: N815
    netAmountPaidBreakdown: list[Breakdown] | None = None  # noqa: N815
    description: str | None = None
    paymentTerms: str | None = None  # noqa: N815
    invoiceType: str | None = None  # noqa: N815
    relatedItemIdentifiers: list[Related] | None = None  # noqa: N815


class _Reply(msgspec.Struct):
    remittances: list[msgspec.Raw] | None = None
    numOfRecords: int | None = None  # noqa: N815
    nextToken: str | None = None  # noqa: N815
    remittanceHeader: msgspec.Raw = NULL  # noqa: N815
    remittanceItems: list[msgspec.Raw] | None = None  # noqa: N815
    nextTokenForLineItems: str | None = None  # noqa: N815


_replies = msgspec.json.Decoder(_Reply)
_headers = msgspec.json.Decoder(_Header)
_items = msgspec.json.Decoder(_Item)


def read_remittance_list(content: bytes) -> Reading[ListedRemittance]:
    """The payments of one page of the list. `facts`: `next_page` (the token, None on the last), `records` over all pages.

    Raises Unreadable for what is no whole JSON reply of this operation.
    """
    reply = open_document(content, _replies, _WHAT)
    if is_there(reply.remittanceHeader) or reply.remittanceItems is not None:
        raise Unreadable("Not the list of remittances: it is one remittance with its lines.")
    notes: list[Note] = []
    values: list[ListedRemittance] = []
    for place, raw in enumerate(reply.remittances or ()):
        path: Path = ("remittances", place)
        try:
            values.append(_listed(open_part(raw, _headers), path, notes))
        except Misread as error:
            notes.append(error_note(error, path))
    facts = {"next_page": reply.nextToken or None, "records": reply.numOfRecords}
    return Reading(digest_of(content), NAME, tuple(values), located([content], [notes]), facts)


def read_remittance(content: bytes, *following: bytes) -> Reading[Remittance]:
    """One payment from all pages of its lines, in their order; a line that cannot be read is left out with an error.

    `facts`: `next_page`, the token of the page that is missing, None when all are here. The evidence is the hash of the pages
    one after the other. Raises Unreadable for what is no whole JSON reply of this operation.
    """
    pages = (content, *following)
    replies = [open_document(page, _replies, _WHAT) for page in pages]
    if any(reply.remittances is not None for reply in replies):
        raise Unreadable("Not one remittance: it is the list of them; ask for each by its uniquePaymentId.")
    notes: list[list[Note]] = [[] for _ in pages]
    values: list[Remittance] = []
    try:
        values += _whole(replies, notes)
    except Misread as error:
        notes[0].append(error_note(error, ("remittanceHeader",)))
    facts = {"next_page": replies[-1].nextTokenForLineItems or None}
    return Reading(digest_of(iter(pages)), NAME, tuple(values), located(pages, notes), facts)


def _whole(replies: Sequence[_Reply], notes: list[list[Note]]) -> Iterator[Remittance]:
    """The payment, when its header can be read and its last page is here."""
    headers = [
        (place, reply.remittanceHeader) for place, reply in enumerate(replies) if is_there(reply.remittanceHeader)
    ]
    if not headers:
        raise Misread("missing", "remittanceHeader is missing; the payment has no number")
    path: Path = ("remittanceHeader",)
    listed = _listed(open_part(headers[0][1], _headers), path, notes[headers[0][0]])
    for place, raw in headers[1:]:
        other = open_part(raw, _headers)
        if text(other.uniquePaymentId) != listed.unique_id:
            words = (
                f"page {place + 1} is of {text(other.uniquePaymentId)!r}, expected {listed.unique_id!r} as on the first"
            )
            raise Misread("other-payment", words)
    if replies[-1].nextTokenForLineItems:
        words = f"payment {listed.payment} goes on: its next page of lines is missing; fetch it whole"
        raise Misread("more-pages", words)
    currency = (listed.invoiced or listed.amount).currency
    lines: list[RemittanceLine] = []
    number = 0
    for place, reply in enumerate(replies):
        for index, raw in enumerate(reply.remittanceItems or ()):
            number += 1
            here = ("remittanceItems", index)
            try:
                where = f"page {place + 1}, $.remittanceItems[{index}]" if place else f"$.remittanceItems[{index}]"
                item = open_part(raw, _items)
                lines.append(
                    _line(number, item, currency, where, _issued(item, (*here, "invoiceIssueDate"), notes[place]))
                )
            except Misread as error:
                notes[place].append(error_note(error, here))
    if listed.lines is not None and listed.lines != number:
        words = f"lineItemCount is {listed.lines}, found {number} lines; fetch the payment again"
        notes[0].append(Note(Severity.WARNING, "line-count-differs", words, (*path, "lineItemCount")))
    yield Remittance(
        source=RemittanceSource.API,
        payment=listed.payment,
        payee=listed.payee,
        paid_on=listed.paid_on,
        amount=listed.amount,
        lines=tuple(lines),
        invoiced=listed.invoiced,
        rate=listed.rate,
        state=listed.state,
        method=listed.method,
        unique_id=listed.unique_id,
    )


def _listed(header: _Header, path: Path, notes: list[Note]) -> ListedRemittance:
    """Raises Misread without an amount, a day, and any number."""

    def warn(code: str, words: str, member: str) -> None:
        notes.append(Note(Severity.WARNING, code, words, (*path, member)))

    unique, number = text(header.uniquePaymentId), text(header.paymentNumber)
    if not unique and not number:
        raise Misread("missing", "uniquePaymentId and paymentNumber are missing; nothing can stand for them")
    if not number:
        warn("missing", f"paymentNumber of {unique} is missing; called by its uniquePaymentId", "paymentNumber")
    paid_on = day(header.paymentDate, "paymentDate")
    if paid_on is None:
        raise Misread(
            "missing", f"paymentDate of {number or unique} is missing; nothing can stand for it", "paymentDate"
        )
    status = text(header.remittanceStatus).upper()
    state = _STATES.get(status)
    if state is None:
        words = (
            f"remittanceStatus {status!r} is none of {', '.join(_STATES)}; taken for in progress, which posts nothing"
        )
        warn("unknown-value", words, "remittanceStatus")
    amount = money(header.paymentAmount, "paymentAmount")
    invoiced: Money | None = None
    if header.paymentAmountInInvoiceCurrency is not None:
        invoiced = money(header.paymentAmountInInvoiceCurrency, "paymentAmountInInvoiceCurrency")
    names = related(header.relatedIdentifiers)
    rate = header.exchangeRate
    if invoiced == amount:
        invoiced = None
    if invoiced is None or invoiced.currency == amount.currency:
        rate = None
    return ListedRemittance(
        unique_id=unique,
        payment=number or unique,
        payee=only(names, "PAYEE_CODE", "VENDOR_CODE"),
        state=state or PaymentState.IN_PROGRESS,
        paid_on=paid_on,
        amount=amount,
        invoiced=invoiced,
        rate=_rate(rate, warn),
        method=text(header.paymentMethod),
        lines=header.lineItemCount,
    )


def _rate(rate: Decimal | None, warn: Any) -> Decimal | None:
    if rate is None:
        return None
    try:
        if exact_decimal(rate) > 0:
            return rate
    except Invalid:
        pass
    warn("not-a-rate", f"exchangeRate {str(rate)[:40]} is no rate; left out", "exchangeRate")
    return None


def _line(number: int, item: _Item, currency: str, place: str, issued: date | None) -> RemittanceLine:
    """Raises Misread for a line without an amount, or with one in another currency than the payment's invoices."""
    paid = minor(item.netAmountPaid, "netAmountPaid", currency)
    if paid is None:
        raise Misread("missing", "netAmountPaid is missing; nothing can stand for it", "netAmountPaid")
    parts = breakdown(item.netAmountPaidBreakdown, "netAmountPaidBreakdown", currency)
    names = related(item.relatedItemIdentifiers)
    references = {name: ", ".join(values) for name, values in names.items() if values}
    if terms := text(item.paymentTerms):
        references["PAYMENT_TERMS"] = terms
    return RemittanceLine(
        number=number,
        reference=text(item.invoiceNumber),
        paid=paid,
        discount=_discount(paid, parts),
        withheld=minor(item.withholdingAmount, "withholdingAmount", currency) or 0,
        gross=minor(item.totalAmount, "totalAmount", currency),
        invoice_day=issued,
        description=text(item.description),
        kind=text(item.invoiceType),
        references=references,
        place=place,
    )


def _issued(item: _Item, path: Path, notes: list[Note]) -> date | None:
    """The day of the invoice; unread, the line is taken in without it."""
    try:
        return day(item.invoiceIssueDate, "invoiceIssueDate")
    except Misread as error:
        notes.append(Note(Severity.WARNING, error.code, f"{error}; the line is taken in without its day", path))
        return None


def _discount(paid: int, parts: dict[str, int]) -> int:
    """Positive on a payment, whether the breakdown states it beside the amount paid or as what is taken from it."""
    taken = parts.get("TermsDiscountTaken", 0)
    before = parts.get("AmountPaid")
    return -taken if before is not None and taken and before + taken == paid else taken


def _recognise(head: bytes) -> bool:
    return bool(_OPENING.match(head)) and b'"payload"' not in head[:200] and bool(_MEMBERS.search(head[:4096]))


def _read(content: bytes) -> Reading[Any]:
    reply = open_document(content, _replies, _WHAT)
    return read_remittance_list(content) if reply.remittances is not None else read_remittance(content)


FORMAT = Format(NAME, "Amazon remittances (Finance Remittance API)", _recognise, _read)
