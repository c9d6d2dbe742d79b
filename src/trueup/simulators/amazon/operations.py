"""The five operations of the vendor orders and transaction status APIs, each a function of the simulator and a call; and where
those of the other APIs are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from trueup.simulators.amazon.budgets import ACKNOWLEDGE, ORDER, ORDERS, STATUS, TRANSACTION
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.finance import PERFORM_FINANCE
from trueup.simulators.amazon.orders import PurchaseOrder, Raw, write_order
from trueup.simulators.amazon.queries import (
    Asking,
    Query,
    next_token,
    read_orders_query,
    read_status_query,
    select_page,
)
from trueup.simulators.amazon.replies import (
    Problem,
    Refusal,
    Reply,
    invalid_input,
    not_found,
    payload,
)
from trueup.simulators.amazon.reports import PERFORM_REPORTS
from trueup.simulators.amazon.shapes import AcknowledgementRequest
from trueup.simulators.amazon.status import Telling, write_status
from trueup.simulators.amazon.warehouses import PERFORM_INVENTORY

if TYPE_CHECKING:
    from trueup.simulators.amazon.simulator import AmazonSimulator

_acknowledgements = msgspec.json.Decoder(AcknowledgementRequest)


@dataclass(slots=True)
class Call:
    """One admitted request: whose it is, when, and what it says. `address` is by which the caller knows this server."""

    operation: str
    group: str
    now: datetime
    name: str = ""
    parameters: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    submission: AcknowledgementRequest | None = None
    address: str = ""

    def purchase_orders(self) -> list[str]:
        """The orders the request names itself."""
        if self.submission is not None:
            return [each.purchase_order_number for each in self.submission.acknowledgements]
        if self.operation == ORDER:
            return [self.name]
        return [value for name, value in self.parameters if name == "purchaseOrderNumber"]


@dataclass(slots=True)
class Transaction:
    """A submitted acknowledgement. `due_at` is None when it will be processed for ever."""

    transaction_id: str
    vendor_group: str
    arrived_at: datetime
    due_at: datetime | None
    submission: AcknowledgementRequest
    body: bytes
    half: bool = False
    doom: str | None = None
    settled_at: datetime | None = None
    errors: list[Problem] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Processing or Failure. Amazon never says Success to an acknowledgement."""
        return "Failure" if self.errors else "Processing"

    @property
    def purchase_orders(self) -> list[str]:
        """The orders it acknowledges."""
        return [each.purchase_order_number for each in self.submission.acknowledgements]


def get_purchase_orders(simulator: AmazonSimulator, call: Call) -> Reply:
    """getPurchaseOrders."""
    query = read_orders_query(call.parameters, _asking(simulator, call))
    page, token = _page(simulator, call, query)
    written = [write_order(order, details=query.include_details) for order in page]
    return _list_reply("orders", page, written, token)


def get_purchase_orders_status(simulator: AmazonSimulator, call: Call) -> Reply:
    """getPurchaseOrdersStatus."""
    query = read_status_query(call.parameters, _asking(simulator, call))
    page, token = _page(simulator, call, query)
    written = [_status_as_told(simulator, order, call.now) for order in page]
    return _list_reply("ordersStatus", page, written, token)


def _status_as_told(simulator: AmazonSimulator, order: PurchaseOrder, now: datetime) -> Raw:
    """The status of an order, with the lies that are told of it."""

    def told(kind: FaultKind) -> Any:
        return simulator.faults.take(kind, STATUS, (order.number,))

    lag, missing = told(FaultKind.RECEIPTS_LAG), told(FaultKind.RECEIPTS_MISSING) is not None
    contradict = told(FaultKind.CONTRADICTS) is not None
    return write_status(
        order, Telling(contradict, None if lag is None else now - timedelta(seconds=lag.seconds), not missing)
    )


def get_purchase_order(simulator: AmazonSimulator, call: Call) -> Reply:
    """getPurchaseOrder."""
    if call.name == "null":
        message = "Request is missing or has invalid parameters"
        raise Refusal(400, "InvalidRequest", message, "purchaseOrderNumber cannot be null")
    order = simulator.book.find(call.name, call.group, call.now)
    if order is None:
        raise not_found(f"Purchase order {call.name}")
    return payload(200, write_order(order), (order.number,))


def read_submission(body: bytes) -> AcknowledgementRequest:
    """The body of submitAcknowledgement. Raises Refusal (400) for what does not have the published shape."""
    try:
        return _acknowledgements.decode(body)
    except msgspec.ValidationError as error:
        raise invalid_input(_where(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_input("Invalid content was found in the request body.", str(error)) from error


def submit_acknowledgement(simulator: AmazonSimulator, call: Call) -> Reply:
    """submitAcknowledgement: taken in now, judged and applied later."""
    submission = call.submission
    assert submission is not None
    numbers = call.purchase_orders()

    def told(kind: FaultKind) -> Any:
        return simulator.faults.take(kind, ACKNOWLEDGE, numbers)

    if (change := told(FaultKind.CHANGED_MID_FLIGHT)) is not None:
        simulator.change_mid_flight(change, numbers, call)
    delay: timedelta = simulator.rules.acknowledgement_delay
    if (late := told(FaultKind.APPLIED_LATE)) is not None:
        delay = timedelta(seconds=late.seconds)
    doom = told(FaultKind.TRANSACTION_FAILURE)
    transaction = Transaction(
        transaction_id=f"{call.now:%Y%m%d%H%M%S}-{simulator.new_uuid()}",
        vendor_group=call.group,
        arrived_at=call.now,
        due_at=None if told(FaultKind.PROCESSING_FOREVER) is not None else call.now + delay,
        submission=submission,
        body=call.body,
        half=told(FaultKind.PARTIALLY_APPLIED) is not None,
        doom=None if doom is None else doom.text,
    )
    simulator.take_in(transaction)
    return payload(202, {"transactionId": transaction.transaction_id}, numbers)


def get_transaction(simulator: AmazonSimulator, call: Call) -> Reply:
    """getTransaction: Processing, or Failure with its errors."""
    transaction = simulator.transactions.get(call.name)
    if transaction is None or transaction.vendor_group != call.group:
        raise not_found(f"Transaction {call.name}")
    status: dict[str, Any] = {"transactionId": transaction.transaction_id, "status": transaction.status}
    if transaction.errors:
        status["errors"] = transaction.errors
    return payload(200, {"transactionStatus": status}, transaction.purchase_orders)


PERFORM: dict[str, Callable[[AmazonSimulator, Call], Reply]] = {
    ORDERS: get_purchase_orders,
    ORDER: get_purchase_order,
    ACKNOWLEDGE: submit_acknowledgement,
    STATUS: get_purchase_orders_status,
    TRANSACTION: get_transaction,
    **PERFORM_FINANCE,
    **PERFORM_REPORTS,
    **PERFORM_INVENTORY,
}


def _asking(simulator: AmazonSimulator, call: Call) -> Asking:
    return Asking(call.group, call.now, simulator.key)


def _page(simulator: AmazonSimulator, call: Call, query: Query) -> tuple[list[PurchaseOrder], str | None]:
    """One page and its nextToken, with the lies that concern pages."""
    take = simulator.faults.take
    if ("sortOrder", "ASC") in call.parameters and take(FaultKind.ASCENDING_REFUSED, call.operation) is not None:
        raise invalid_input("sortOrder ASC is invalid.")
    page, more = select_page(simulator.book, query, call.now)
    numbers = [order.number for order in page]
    if page and take(FaultKind.EMPTY_PAGE, call.operation, numbers) is not None:
        first = page[0]  # the cursor is exclusive: stand just above the first order
        return [], next_token(query, query.cursor or (first.created_at, first.number + "\x00"), simulator.key)
    duplicate = bool(page) and take(FaultKind.DUPLICATE_ORDERS, call.operation, numbers) is not None
    if duplicate and len(page) == query.limit > 1:
        page, more = page[:-1], True  # the duplicate takes the place of the last, which comes on the next page
    token = next_token(query, (page[-1].created_at, page[-1].number), simulator.key) if more else None
    if duplicate:
        page = [*page, page[0]]
    if page and take(FaultKind.REORDERED_PAGES, call.operation, numbers) is not None:
        simulator.chance.shuffle(page)
    return page, token


def _list_reply(name: str, page: list[PurchaseOrder], written: list[Raw], token: str | None) -> Reply:
    content: dict[str, Any] = {"pagination": {"nextToken": token}} if token is not None else {}
    content[name] = written
    return payload(200, content, [order.number for order in page])


def _where(text: str) -> str:
    """Say it as Amazon does: which element is not complete or holds what it may not."""
    missing = re.search(r"missing required field `(\w+)`(?: - at `\$\.?(.*)`)?", text)
    if missing is None:
        return f"Invalid content was found. {text}"
    element = (missing[2] or "body").rsplit(".", 1)[-1]
    return f"The content of element '{element}' is not complete. One of '{{{missing[1]}}}' is expected."
