"""The Finance Remittance API 2026-03-17 and the Finances Invoices API 2026-06-25: what Amazon paid, and how it matched invoices.

Where nothing is documented the harsher reading is taken: an unknown parameter is refused; a payment's day lies within its window,
both ends included ("earliest", "latest"), an invoice's strictly between ("after", "before"); `invoicesModifiedAfter` narrows the
window of issue and does not replace it; pages hold 100, lines 600; the newest comes first. A document that is given again is a
later version of itself: a line added, a status changed. Roles are unknown; here one of `FINANCE` is needed, and it is not given
unless asked for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from bisect import insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.simulators.amazon.budgets import INVOICE, INVOICES, REMITTANCE, REMITTANCES
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.finance_shapes import InvoiceDocument, RemittanceDocument
from trueup.simulators.amazon.replies import Refusal, Reply, invalid_input, not_found
from trueup.simulators.amazon.shapes import instant

if TYPE_CHECKING:
    from trueup.simulators.amazon.operations import Call
    from trueup.simulators.amazon.simulator import AmazonSimulator

PAGE, LINE_PAGE = 100, 600
WIDEST_WINDOW, LOOK_BACK = timedelta(days=90), timedelta(days=365)
_USUAL_REMITTANCES = timedelta(days=30)
_encoder = msgspec.json.Encoder(decimal_format="number")

D = TypeVar("D", RemittanceDocument, InvoiceDocument)


@dataclass(slots=True)
class Shelf(Generic[D]):
    """The documents of one API: every version of each, by its key, and who may see it."""

    kind: type[D]
    versions: dict[str, list[tuple[datetime, int, D]]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def add(self, documents: bytes | Sequence[Mapping[str, Any]], owner_of: Callable[[str], str]) -> list[str]:
        """Keep documents, or later versions of them; returns their keys. All or none. Raises Invalid."""
        try:
            if isinstance(documents, bytes):
                read = msgspec.json.decode(documents, type=list[self.kind])  # type: ignore[name-defined]
            else:
                read = msgspec.convert(documents, list[self.kind])  # type: ignore[name-defined]
        except msgspec.MsgspecError as error:
            raise Invalid(f"{self.kind.__name__} given to the Amazon simulator: {error}.") from error
        owners = [owner_of(_code(document)) for document in read]
        for document, owner in zip(read, owners, strict=True):
            if self.owners.setdefault(document.key, owner) != owner:
                raise Invalid(f"{self.kind.__name__} {document.key} belongs to another vendor group.")
            kept = self.versions.setdefault(document.key, [])
            insort(kept, (document.seen_from, len(kept), document))
        return [document.key for document in read]

    def find(self, key: str, group: str, now: datetime) -> D | None:
        """A document as it is seen now, None when this group does not see it."""
        if self.owners.get(key) != group:
            return None
        seen = [document for at, _, document in self.versions[key] if at <= now]
        return seen[-1] if seen and seen[-1].dated_at <= now else None

    def all(self, group: str, marketplace: str, now: datetime) -> Iterator[D]:
        """Every document of a group's marketplace as it is seen now."""
        for key, owner in self.owners.items():
            document = self.find(key, group, now) if owner == group else None
            if document is not None and document.marketplace_id == marketplace:
                yield document


@dataclass(slots=True)
class Finance:
    """What the two APIs know."""

    remittances: Shelf[RemittanceDocument] = field(default_factory=lambda: Shelf(RemittanceDocument))
    invoices: Shelf[InvoiceDocument] = field(default_factory=lambda: Shelf(InvoiceDocument))


def get_remittance_headers(simulator: AmazonSimulator, call: Call) -> Reply:
    """getRemittanceHeaders: the payments of a window."""
    given = _given(call, {"marketplaceId", "startDate", "endDate", "nextToken"})
    start, end = _instant(given, "startDate"), _instant(given, "endDate")
    end = end or call.now
    start = start or end - _USUAL_REMITTANCES
    _check_window("startDate", start, "endDate", end)
    if start < call.now - LOOK_BACK:
        raise invalid_input("startDate is more than one year ago.")
    found = [
        document
        for document in simulator.finance.remittances.all(call.group, given["marketplaceId"], call.now)
        if start <= document.dated_at <= end
    ]
    page, token = _page(simulator, call, given, found)
    return _reply(
        {"remittances": [each.remittance_header for each in page], "numOfRecords": len(found), "nextToken": token}
    )


def get_remittance(simulator: AmazonSimulator, call: Call) -> Reply:
    """getRemittance: a payment and its lines."""
    given = _given(call, {"marketplaceId", "nextTokenForLineItems"})
    document = simulator.finance.remittances.find(call.name, call.group, call.now)
    if document is None or document.marketplace_id != given["marketplaceId"]:
        raise not_found(f"Remittance {call.name}")
    lines, token = _lines(simulator, call, given, document.remittance_items)
    content = {"remittanceHeader": document.remittance_header, "remittanceItems": lines, "nextTokenForLineItems": token}
    return _reply(content)


def get_invoice_headers(simulator: AmazonSimulator, call: Call) -> Reply:
    """getInvoiceHeaders: the invoices of a window, perhaps those modified since."""
    names = {"marketplaceId", "fromIssueDate", "toIssueDate", "invoicesModifiedAfter", "nextToken"}
    given = _given(call, names)
    if ("fromIssueDate" in given) != ("toIssueDate" in given):
        raise invalid_input("Provide both fromIssueDate and toIssueDate, or neither.")
    end = _instant(given, "toIssueDate") or call.now
    start = _instant(given, "fromIssueDate") or end - WIDEST_WINDOW
    _check_window("fromIssueDate", start, "toIssueDate", end)
    modified = _instant(given, "invoicesModifiedAfter")
    found = [
        document
        for document in simulator.finance.invoices.all(call.group, given["marketplaceId"], call.now)
        if start < document.dated_at < end and (modified is None or document.seen_from > modified)
    ]
    page, token = _page(simulator, call, given, found)
    return _reply({"invoices": [each.invoice_header for each in page], "numOfRecords": len(page), "nextToken": token})


def get_invoice(simulator: AmazonSimulator, call: Call) -> Reply:
    """getInvoice: an invoice and its lines."""
    given = _given(call, {"marketplaceId", "nextTokenForLineItems"})
    document = simulator.finance.invoices.find(call.name, call.group, call.now)
    if document is None or document.marketplace_id != given["marketplaceId"]:
        raise not_found(f"Invoice {call.name}")
    lines, token = _lines(simulator, call, given, document.invoice_items)
    return _reply({"invoiceHeader": document.invoice_header, "invoiceItems": lines, "nextTokenForLineItems": token})


PERFORM_FINANCE: dict[str, Callable[[AmazonSimulator, Call], Reply]] = {
    REMITTANCES: get_remittance_headers,
    REMITTANCE: get_remittance,
    INVOICES: get_invoice_headers,
    INVOICE: get_invoice,
}

T = TypeVar("T")


def _reply(content: dict[str, Any]) -> Reply:
    """The finance APIs do not wrap in `payload`; what is None is left out."""
    return Reply(200, _encoder.encode({name: value for name, value in content.items() if value is not None}))


def _code(document: RemittanceDocument | InvoiceDocument) -> str:
    """The payee code a document belongs to, else its vendor code. Raises Invalid without."""
    named = {each.related_identifier_name: each.related_identifier_value for each in document.related}
    values = named.get("PAYEE_CODE") or named.get("VENDOR_CODE")
    if not values:
        raise Invalid(f"{document.key}: expected a related PAYEE_CODE or VENDOR_CODE, to know whose it is.")
    return values[0]


def _given(call: Call, names: set[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in call.parameters:
        if name not in names:
            raise invalid_input(f"{name} is not a parameter of this operation.")
        if name in given:
            raise invalid_input(f"{name} is given twice.")
        given[name] = value
    if not given.get("marketplaceId"):
        raise invalid_input("marketplaceId is required.")
    return given


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise invalid_input(f"{name} {text[:40]} is not an ISO 8601 date-time.") from error


def _check_window(first: str, start: datetime, last: str, end: datetime) -> None:
    if start > end:
        raise invalid_input(f"{first} is later than {last}.")
    if end - start > WIDEST_WINDOW:
        raise invalid_input(f"The date range of {first} and {last} must not exceed 90 days.")


def _page(
    simulator: AmazonSimulator, call: Call, given: Mapping[str, str], found: list[D]
) -> tuple[list[D], str | None]:
    """A page of documents, newest first, and the token of the next. The cursor is the last that was shown: what is new since
    does not shift what follows."""
    found.sort(key=lambda each: (each.dated_at, each.key), reverse=True)
    seal, token = _seal(call, given, "nextToken"), given.get("nextToken")
    if token is not None:
        at, key = _open(simulator, seal, token)
        found = [each for each in found if (write_instant(each.dated_at), each.key) < (at, key)]
    if found and simulator.faults.take(FaultKind.EMPTY_PAGE, call.operation) is not None:
        first = found[0]  # the cursor is exclusive: stand just above it
        return [], _close(simulator, seal, write_instant(first.dated_at), first.key + "\x00")
    page = found[:PAGE]
    if len(found) <= PAGE:
        return page, None
    return page, _close(simulator, seal, write_instant(page[-1].dated_at), page[-1].key)


def _lines(
    simulator: AmazonSimulator, call: Call, given: Mapping[str, str], lines: list[T]
) -> tuple[list[T], str | None]:
    """A page of lines by their place, and the token of the next."""
    seal, token = _seal(call, given, "nextTokenForLineItems"), given.get("nextTokenForLineItems")
    start = 0
    if token is not None:
        text, _ = _open(simulator, seal, token)
        start = int(text)
    more = start + LINE_PAGE < len(lines)
    return lines[start : start + LINE_PAGE], _close(simulator, seal, str(start + LINE_PAGE), "") if more else None


def _seal(call: Call, given: Mapping[str, str], token: str) -> str:
    """What a token belongs to: group, operation, name and filters."""
    filters = sorted((name, value) for name, value in given.items() if name != token)
    return hashlib.sha256(msgspec.json.encode([call.group, call.operation, call.name, filters])).hexdigest()[:24]


def _close(simulator: AmazonSimulator, seal: str, at: str, key: str) -> str:
    content = msgspec.json.encode([seal, at, key])
    signature = hmac.new(simulator.key, content, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(signature + content).decode()


def _open(simulator: AmazonSimulator, seal: str, token: str) -> tuple[str, str]:
    try:
        sealed = base64.urlsafe_b64decode(token.encode())
        signature, content = sealed[:16], sealed[16:]
        if not hmac.compare_digest(signature, hmac.new(simulator.key, content, hashlib.sha256).digest()[:16]):
            raise ValueError("not a token of ours")
        found, at, key = msgspec.json.decode(content, type=tuple[str, str, str])
    except (ValueError, binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise _bad_token() from error
    if found != seal:
        raise _bad_token()
    return at, key


def _bad_token() -> Refusal:
    return invalid_input("nextToken is invalid for this request.", "Repeat the arguments it was returned for.")
