"""Amazon's Finances Invoices API 2026-06-25: invoices as Amazon matched and paid them, by the list or one with its lines.

Words that are not known here are kept as Amazon spells them: its enumerations are open. A line that cannot be read is left out
with an error and the invoice is not complete. Source: the published model financesInvoices_2026-06-25.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import UnitPrice
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine, AmazonInvoiceStatus, VarianceReason
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
    instant,
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

NAME = "amazon-finance-invoices"
_WHAT = "a reply of the Finances Invoices API"
_STATUSES = {status.name: status for status in AmazonInvoiceStatus if status is not AmazonInvoiceStatus.UNKNOWN}
_OPENING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{")
_MEMBERS = re.compile(rb'"(?:invoices|invoiceHeader|invoiceItems)"\s*:')


class _Header(msgspec.Struct):
    invoiceNumber: str | int | None = None  # noqa: N815 (Amazon's names)
    invoiceIdentifier: str | None = None  # noqa: N815
    invoiceStatus: str | None = None  # noqa: N815
    invoiceType: str | None = None  # noqa: N815
    issueDate: str | None = None  # noqa: N815
    dueDate: str | None = None  # noqa: N815
    paymentTerms: str | None = None  # noqa: N815
    invoiceAmount: Currency | None = None  # noqa: N815
    invoiceAmountBreakdowns: list[Breakdown] | None = None  # noqa: N815
    invoiceSettlementBreakdowns: list[Breakdown] | None = None  # noqa: N815
    relatedIdentifiers: list[Related] | None = None  # noqa: N815
    creationDate: str | None = None  # noqa: N815
    lastUpdatedDate: str | None = None  # noqa: N815


class _ItemIdentifier(msgspec.Struct):
    itemIdentifierName: str | None = None  # noqa: N815
    itemIdentifierValue: str | None = None  # noqa: N815


class _Variance(msgspec.Struct):
    varianceType: str | None = None  # noqa: N815
    defectTypes: list[str] | None = None  # noqa: N815


class _Matching(msgspec.Struct):
    matchedQuantity: int | None = None  # noqa: N815
    matchedAmount: Currency | None = None  # noqa: N815
    quantityVariance: int | None = None  # noqa: N815
    priceVariance: Currency | None = None  # noqa: N815
    paidQuantity: int | None = None  # noqa: N815
    paidAmount: Currency | None = None  # noqa: N815
    varianceReasons: list[_Variance] | None = None  # noqa: N815


class _Context(msgspec.Struct):
    lineItemType: str | None = None  # noqa: N815
    itemIdentifiers: list[_ItemIdentifier] | None = None  # noqa: N815
    itemDescription: str | None = None  # noqa: N815
    serviceChargeType: str | None = None  # noqa: N815
    matchingContext: _Matching | None = None  # noqa: N815


class _Item(msgspec.Struct):
    lineItemId: str | int | None = None  # noqa: N815
    unitCost: Currency | None = None  # noqa: N815
    quantity: int | None = None
    totalAmount: Currency | None = None  # noqa: N815
    lineItemContext: _Context | None = None  # noqa: N815
    relatedItemIdentifiers: list[Related] | None = None  # noqa: N815


class _Reply(msgspec.Struct):
    invoices: list[msgspec.Raw] | None = None
    numOfRecords: int | None = None  # noqa: N815
    nextToken: str | None = None  # noqa: N815
    invoiceHeader: msgspec.Raw = NULL  # noqa: N815
    invoiceItems: list[msgspec.Raw] | None = None  # noqa: N815
    nextTokenForLineItems: str | None = None  # noqa: N815


_replies = msgspec.json.Decoder(_Reply)
_headers = msgspec.json.Decoder(_Header)
_items = msgspec.json.Decoder(_Item)


def read_invoice_list(content: bytes) -> Reading[AmazonInvoice]:
    """The invoices of one page of the list, without lines. `facts`: `next_page` (the token, None on the last), `records`.

    Raises Unreadable for what is no whole JSON reply of this operation.
    """
    reply = open_document(content, _replies, _WHAT)
    if is_there(reply.invoiceHeader) or reply.invoiceItems is not None:
        raise Unreadable("Not the list of invoices: it is one invoice with its lines.")
    notes: list[Note] = []
    values: list[AmazonInvoice] = []
    for place, raw in enumerate(reply.invoices or ()):
        path: Path = ("invoices", place)
        try:
            values.append(_invoice(open_part(raw, _headers), path, notes))
        except Misread as error:
            notes.append(error_note(error, path))
    facts = {"next_page": reply.nextToken or None, "records": reply.numOfRecords}
    return Reading(digest_of(content), NAME, tuple(values), located([content], [notes]), facts)


def read_invoice(content: bytes, *following: bytes) -> Reading[AmazonInvoice]:
    """One invoice from all pages of its lines, in their order; `complete` when none is missing and each could be read.

    `facts`: `next_page`, the token of the page that is missing, None when all are here. The evidence is the hash of the pages
    one after the other. Raises Unreadable for what is no whole JSON reply of this operation.
    """
    pages = (content, *following)
    replies = [open_document(page, _replies, _WHAT) for page in pages]
    if any(reply.invoices is not None for reply in replies):
        raise Unreadable("Not one invoice: it is the list of them; ask for each by its invoiceIdentifier.")
    notes: list[list[Note]] = [[] for _ in pages]
    values: list[AmazonInvoice] = []
    try:
        values += _whole(replies, notes)
    except Misread as error:
        notes[0].append(error_note(error, ("invoiceHeader",)))
    facts = {"next_page": replies[-1].nextTokenForLineItems or None}
    return Reading(digest_of(iter(pages)), NAME, tuple(values), located(pages, notes), facts)


def _whole(replies: Sequence[_Reply], notes: list[list[Note]]) -> Iterator[AmazonInvoice]:
    headers = [(place, reply.invoiceHeader) for place, reply in enumerate(replies) if is_there(reply.invoiceHeader)]
    if not headers:
        raise Misread("missing", "invoiceHeader is missing; the lines belong to no invoice")
    invoice = _invoice(open_part(headers[0][1], _headers), ("invoiceHeader",), notes[headers[0][0]])
    for place, raw in headers[1:]:
        other = text(open_part(raw, _headers).invoiceIdentifier)
        if other != invoice.identifier:
            raise Misread("other-invoice", f"page {place + 1} is of {other!r}, expected {invoice.identifier!r}")
    lines: list[AmazonInvoiceLine] = []
    met = 0
    for place, reply in enumerate(replies):
        for index, raw in enumerate(reply.invoiceItems or ()):
            met += 1
            where = f"page {place + 1}, $.invoiceItems[{index}]" if place else f"$.invoiceItems[{index}]"
            try:
                lines.append(_line(open_part(raw, _items), invoice.amount.currency, where))
            except Misread as error:
                notes[place].append(error_note(error, ("invoiceItems", index)))
    whole = not replies[-1].nextTokenForLineItems and met == len(lines)
    if replies[-1].nextTokenForLineItems:
        words = f"invoice {invoice.number} goes on: its next page of lines is missing; what is here is not all"
        notes[-1].append(Note(Severity.WARNING, "more-pages", words, ("nextTokenForLineItems",)))
    yield replace(invoice, lines=tuple(lines), complete=whole)


def _invoice(header: _Header, path: Path, notes: list[Note]) -> AmazonInvoice:
    """Raises Misread without a number, an amount, a day of issue and a time of change."""
    number, identifier = text(header.invoiceNumber), text(header.invoiceIdentifier)
    if not number:
        raise Misread("missing", "invoiceNumber is missing; nothing can stand for it", "invoiceNumber")
    issued_on = day(header.issueDate, "issueDate")
    if issued_on is None:
        raise Misread("missing", f"issueDate of {number} is missing; nothing can stand for it", "issueDate")
    changed = instant(header.lastUpdatedDate, "lastUpdatedDate") or instant(header.creationDate, "creationDate")
    changed = changed or instant(header.issueDate, "issueDate")
    if changed is None:
        raise Misread("missing", f"lastUpdatedDate of {number} is missing", "lastUpdatedDate")
    status = text(header.invoiceStatus).upper()
    if status not in _STATUSES:
        words = f"invoiceStatus {status!r} is none of {', '.join(_STATUSES)}; taken for unknown"
        notes.append(Note(Severity.WARNING, "unknown-value", words, (*path, "invoiceStatus")))
    amount = money(header.invoiceAmount, "invoiceAmount")
    names = related(header.relatedIdentifiers)
    payee = identifier.rpartition("~")[2] if "~" in identifier else only(names, "PAYEE_CODE")
    return AmazonInvoice(
        number=number,
        identifier=identifier or number,
        payee=payee,
        status=_STATUSES.get(status, AmazonInvoiceStatus.UNKNOWN),
        type=text(header.invoiceType),
        issued_on=issued_on,
        amount=amount,
        changed_at=changed,
        due_on=day(header.dueDate, "dueDate"),
        terms=text(header.paymentTerms),
        amounts=breakdown(header.invoiceAmountBreakdowns, "invoiceAmountBreakdowns", amount.currency),
        settlement=breakdown(header.invoiceSettlementBreakdowns, "invoiceSettlementBreakdowns", amount.currency),
        related=names,
    )


def _line(item: _Item, currency: str, place: str) -> AmazonInvoiceLine:
    """Raises Misread for a line without an id or a total, or with an amount in another currency."""
    id_ = text(item.lineItemId)
    if not id_:
        raise Misread("missing", "lineItemId is missing; nothing can stand for it", "lineItemId")
    total = minor(item.totalAmount, "totalAmount", currency)
    if total is None:
        raise Misread("missing", f"totalAmount of {id_} is missing; nothing can stand for it", "totalAmount")
    context = item.lineItemContext or _Context()
    matching = context.matchingContext or _Matching()
    return AmazonInvoiceLine(
        id=id_,
        total=total,
        quantity=item.quantity,
        unit_cost=_unit_cost(item.unitCost),
        kind=text(context.lineItemType),
        service=text(context.serviceChargeType),
        description=text(context.itemDescription),
        product_ids={
            text(each.itemIdentifierName): text(each.itemIdentifierValue) for each in context.itemIdentifiers or ()
        },
        matched_quantity=matching.matchedQuantity,
        matched=minor(matching.matchedAmount, "matchedAmount", currency),
        quantity_variance=matching.quantityVariance,
        price_variance=minor(matching.priceVariance, "priceVariance", currency),
        paid_quantity=matching.paidQuantity,
        paid=minor(matching.paidAmount, "paidAmount", currency),
        reasons=tuple(
            VarianceReason(text(each.varianceType), tuple(each.defectTypes or ()))
            for each in matching.varianceReasons or ()
        ),
        related=related(item.relatedItemIdentifiers),
        place=place,
    )


def _unit_cost(cost: Currency | None) -> UnitPrice | None:
    if cost is None or cost.currencyAmount is None:
        return None
    try:
        return UnitPrice.of(cost.currencyAmount, text(cost.currencyCode).upper())
    except Invalid as error:
        raise Misread("not-an-amount", f"unitCost: {str(error).removesuffix('.')}", "unitCost") from None


def _recognise(head: bytes) -> bool:
    return bool(_OPENING.match(head)) and b'"payload"' not in head[:200] and bool(_MEMBERS.search(head[:4096]))


def _read(content: bytes) -> Reading[AmazonInvoice]:
    reply = open_document(content, _replies, _WHAT)
    return read_invoice_list(content) if reply.invoices is not None else read_invoice(content)


FORMAT = Format(NAME, "Amazon invoices (Finances Invoices API)", _recognise, _read)
