"""The filters of the two list operations: parameters checked as documented, windows bounded, pages sealed to their query.

Windows are open at both ends, as the words "after" and "before" say. Where the documentation is silent:

- only one end given: the other is now, or seven days earlier; no window at all: orders of the last seven days;
- an unknown parameter is refused (it is known that `changedAfter` on the status operation is);
- a nextToken belongs to the vendor group and the filters it was given for; only `limit` may differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.orders import OrderBook, PurchaseOrder
from trueup.simulators.amazon.replies import Refusal, invalid_input, invalid_request
from trueup.simulators.amazon.shapes import instant
from trueup.simulators.amazon.status import confirmed, order_is_open, receive_status

WIDEST_WINDOW = timedelta(days=7)
LOOK_BACK_MONTHS = 6
LARGEST_PAGE = 100

Cursor = tuple[datetime, str]

_DIRECTIONS = ("ASC", "DESC")
_COMMON = {"limit", "nextToken", "sortOrder", "createdAfter", "createdBefore", "orderingVendorCode"}
_ORDERS_ONLY = {
    "changedAfter", "changedBefore", "includeDetails", "poItemState", "isPOChanged", "purchaseOrderState",
}  # fmt: skip
_STATUS_ONLY = {
    "updatedAfter", "updatedBefore", "purchaseOrderNumber", "purchaseOrderStatus", "itemConfirmationStatus",
    "itemReceiveStatus", "shipToPartyId",
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "sortOrder": _DIRECTIONS,
    "poItemState": ("Cancelled",),
    "purchaseOrderState": ("New", "Acknowledged", "Closed"),
    "purchaseOrderStatus": ("OPEN", "CLOSED"),
    "itemConfirmationStatus": ("ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED", "UNCONFIRMED"),
    "itemReceiveStatus": ("NOT_RECEIVED", "PARTIALLY_RECEIVED", "RECEIVED"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """Strictly after and strictly before."""

    after: datetime
    before: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment lies within."""
        return moment is not None and self.after < moment < self.before


@dataclass(frozen=True, slots=True)
class Query:
    """One list request, understood. `moved` is the window of changes (orders) or updates (status)."""

    group: str
    limit: int
    created: Window | None
    moved: Window | None
    moves_are_changes: bool
    accepts: Callable[[PurchaseOrder], bool]
    number: str | None
    include_details: bool
    cursor: Cursor | None
    seal: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, when, and the key that seals paging tokens."""

    group: str
    now: datetime
    key: bytes


def read_orders_query(parameters: Sequence[tuple[str, str]], asking: Asking) -> Query:
    """The query of getPurchaseOrders. Raises Refusal (400) for anything the operation does not take."""
    return _read(parameters, _ORDERS_ONLY, "changed", asking)


def read_status_query(parameters: Sequence[tuple[str, str]], asking: Asking) -> Query:
    """The query of getPurchaseOrdersStatus. Raises Refusal (400) for anything the operation does not take."""
    return _read(parameters, _STATUS_ONLY, "updated", asking)


def select_page(book: OrderBook, query: Query, now: datetime) -> tuple[list[PurchaseOrder], bool]:
    """The orders of one page, newest first whatever sortOrder says (as reported), and whether more follow."""
    page: list[PurchaseOrder] = []
    for order in _candidates(book, query):
        if order.created_at > now or not query.accepts(order):
            continue
        if len(page) == query.limit:
            return page, True
        page.append(order)
    return page, False


def next_token(query: Query, cursor: Cursor, key: bytes) -> str:
    """An opaque token that leads on from `cursor` (exclusive), for this query alone."""
    windows = [
        None if window is None else [write_instant(window.after), write_instant(window.before)]
        for window in (query.created, query.moved)
    ]
    content = msgspec.json.encode([query.seal, write_instant(cursor[0]), cursor[1], *windows])
    return base64.urlsafe_b64encode(_signature(content, key) + content).decode()


def _read(parameters: Sequence[tuple[str, str]], own: set[str], moved: str, asking: Asking) -> Query:
    given = _checked(parameters, own)
    token = given.pop("nextToken", None)
    limit = _limit(given.pop("limit", None))
    include_details = _boolean(given, "includeDetails", default=True)
    seal = hashlib.sha256(msgspec.json.encode([asking.group, sorted(given.items())])).hexdigest()[:24]
    created = _window(given, "created", asking.now, look_back=moved == "changed")
    touched = _window(given, moved, asking.now, look_back=moved == "changed")
    cursor: Cursor | None = None
    if token is not None:
        cursor, created, touched = _open_token(token, seal, asking.key)
    elif created is None and touched is None and "purchaseOrderNumber" not in given:
        created = Window(asking.now - WIDEST_WINDOW, asking.now)
    return Query(
        group=asking.group,
        limit=limit,
        created=created,
        moved=touched,
        moves_are_changes=moved == "changed",
        accepts=_filter(given),
        number=given.get("purchaseOrderNumber"),
        include_details=include_details,
        cursor=cursor,
        seal=seal,
    )


def _checked(parameters: Sequence[tuple[str, str]], own: set[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in _COMMON and name not in own:
            raise invalid_input(f"{name} is not a parameter of this operation.")
        if name in given:
            raise invalid_input(f"{name} is given twice.")
        choices = _CHOICES.get(name)
        if choices is not None and value not in choices:
            raise invalid_input(f"{name} {value} is invalid. Expected one of {', '.join(choices)}.")
        given[name] = value
    return given


def _limit(text: str | None) -> int:
    if text is None:
        return LARGEST_PAGE
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise invalid_input(f"limit {text[:20]} is invalid. Expected a number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _boolean(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = given.get(name)
    if text is None:
        return default
    # Amazon's own Python client writes True and False.
    if text.lower() not in ("true", "false"):
        raise invalid_input(f"{name} {text} is invalid. Expected true or false.")
    return text.lower() == "true"


def _window(given: Mapping[str, str], name: str, now: datetime, *, look_back: bool) -> Window | None:
    after, before = (_instant(given.get(f"{name}{end}")) for end in ("After", "Before"))
    if after is None and before is None:
        return None
    before = before or now
    after = after or before - WIDEST_WINDOW
    if after > before:
        raise invalid_input(f"{name}After is later than {name}Before.")
    if before - after > WIDEST_WINDOW:
        raise invalid_input(f"The date range of {name}After and {name}Before must not exceed 7 days.")
    if look_back and after < months_before(now, LOOK_BACK_MONTHS):
        raise invalid_input(f"{name}After is more than {LOOK_BACK_MONTHS} months ago.")
    return Window(after, before)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise invalid_request() from error


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time some calendar months earlier, or that month's last day."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _filter(given: Mapping[str, str]) -> Callable[[PurchaseOrder], bool]:
    tests: list[Callable[[PurchaseOrder], bool]] = []

    def want(name: str, test: Callable[[PurchaseOrder, str], bool]) -> None:
        value = given.get(name)
        if value is not None:
            tests.append(lambda order: test(order, value))

    want("orderingVendorCode", lambda order, code: order.vendor_code == code)
    want("purchaseOrderState", lambda order, state: order.state == state)
    want("poItemState", lambda order, _: any(line.ordered == 0 for line in order.lines.values()))
    want("shipToPartyId", _ships_to)
    want("purchaseOrderStatus", lambda order, status: order_is_open(order) == (status == "OPEN"))
    want("itemConfirmationStatus", lambda o, s: any(confirmed(line).status == s for line in o.lines.values()))
    want("itemReceiveStatus", lambda o, s: any(receive_status(line) == s for line in o.lines.values()))
    if _boolean(given, "isPOChanged", default=False):
        tests.append(lambda order: order.changed_at is not None)
    return lambda order: all(test(order) for test in tests)


def _ships_to(order: PurchaseOrder, party: str) -> bool:
    ship_to = order.document.order_details.ship_to_party
    return ship_to is not None and ship_to.party_id == party


def _candidates(book: OrderBook, query: Query) -> Iterator[PurchaseOrder]:
    """Orders in the windows, by creation descending, below the cursor."""
    shelf, orders = book.shelf(query.group), book.orders
    if query.number is not None:
        order = orders.get(query.number)
        if order is not None and order.vendor_group == query.group and _in_windows(order, query):
            yield order
    elif query.created is not None:
        for number in shelf.created.newest_first(query.created.after, query.created.before, query.cursor):
            if _in_windows(orders[number], query):
                yield orders[number]
    elif query.moved is not None:
        index = shelf.changed if query.moves_are_changes else shelf.updated
        found = [orders[number] for number in index.newest_first(query.moved.after, query.moved.before)]
        found.sort(key=lambda order: (order.created_at, order.number), reverse=True)
        for order in found:
            if query.cursor is None or (order.created_at, order.number) < query.cursor:
                yield order


def _in_windows(order: PurchaseOrder, query: Query) -> bool:
    created, moved = query.created, query.moved
    return (created is None or created.holds(order.created_at)) and (
        moved is None or moved.holds(order.changed_at if query.moves_are_changes else order.updated_at)
    )


def _open_token(token: str, seal: str, key: bytes) -> tuple[Cursor, Window | None, Window | None]:
    try:
        sealed = base64.urlsafe_b64decode(token.encode())
        signature, content = sealed[:16], sealed[16:]
        if not hmac.compare_digest(signature, _signature(content, key)):
            raise ValueError("not a token of ours")
        found, at, number, *windows = msgspec.json.decode(content)
    except (ValueError, binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise _bad_token() from error
    if found != seal:
        raise _bad_token()
    created, moved = (None if pair is None else Window(instant(pair[0]), instant(pair[1])) for pair in windows)
    return (instant(at), number), created, moved


def _bad_token() -> Refusal:
    return invalid_input("nextToken is invalid for this request.", "Repeat the filters it was returned for.")


def _signature(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:16]
