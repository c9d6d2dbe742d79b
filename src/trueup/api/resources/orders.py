"""Purchase orders: the list, and each as one story from its bytes to the proof that our answer is held."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Hash, Instant, Name, Page, Paging, Price, Shape
from trueup.domain.chart import Purpose
from trueup.domain.deliveries import DeliveryState
from trueup.storage.views import orders as views
from trueup.storage.views.order_course import load_billed
from trueup.storage.views.order_money import load_money, money_json
from trueup.storage.views.order_pages import OrderFilter, billed_json, page_orders

Standing = Literal["unanswered-yet", "prepared", "sent", "received", "accepted", "rejected", "unanswered", "history"]
_HEAD = {
    "id": 1,
    "partner": "amazon-us",
    "number": "PO000001",
    "vendor_code": "NORDA",
    "state": "acknowledged",
    "revision": 1,
    "standing": "accepted",
    "open_cases": 0,
    "ordered_at": "2026-11-23T09:00:00Z",
    "answer_due_at": "2026-11-24T09:00:00Z",
    "first_seen_at": "2026-11-23T09:01:00Z",
}


class Order(Shape, json_schema_extra={"examples": [_HEAD]}):
    """A purchase order in short. `standing`: where our answer to it stands; a transaction id is not acceptance."""

    id: int
    partner: str
    number: str
    vendor_code: str
    state: str
    revision: int
    standing: str
    open_cases: int
    ordered_at: Instant | None
    answer_due_at: Instant | None
    first_seen_at: Instant | None


class Part(Shape):
    """What is answered for so much of a line."""

    answer: str
    amount: int
    unit: str
    ship_on: Instant | None
    reason: str | None


class Decision(Shape):
    """What was decided about a line, and why. `eaches`: what of it is promised."""

    parts: list[Part]
    why: str
    eaches: int
    forced: bool


class Counted(Shape):
    """So many eaches; null where nobody says it, which is not zero. `word`: how it differs from the step before, empty where it
    does not; `why`: who says it, or why it is not known; `against`: who says otherwise of the same, empty where nobody does;
    `evidence`: the documents that say it."""

    eaches: int | None
    word: str
    why: str
    against: str
    evidence: list[Hash]


class Course(Shape):
    """What became of a line, step by step."""

    ordered: Counted
    acknowledged: Counted
    shipped: Counted
    invoiced: Counted
    received: Counted
    paid: Counted


class Charged(Shape):
    """A price at which an invoice bills an each of a line, and the cost of the order that it differs from; `word`: how."""

    invoice: str
    price: Price
    cost: Price
    word: str


class OrderLine(Shape):
    """A line: ordered, decided, reserved, and its course. `amount` counts `unit`s of `unit_size` eaches."""

    sequence: int
    asin: str | None
    codes: list[str]
    amount: int
    unit: str
    unit_size: int | None
    net_cost: Price | None
    sku: str | None
    decision: Decision | None
    decided_at: Instant | None
    evidence: Hash | None
    reserved_eaches: int
    claimed: bool
    course: Course
    charged: Charged | None
    """Null where an invoice bills the order's cost, or nobody says a price."""


class Revision(Shape):
    """A version of the order as it arrived."""

    revision: int
    route: str
    received_at: Instant
    due_from: Instant | None
    changes: list[str]
    evidence: Hash


class ShopOrder(Shape):
    """The order in the shop that claims the stock, as it was read back."""

    shop: str
    id: str
    name: str
    cancelled: bool
    agrees: bool
    proof: str
    read_back_at: Instant
    evidence: Hash


class Delivery(Shape):
    """An outgoing document, open until an independent read-back proves it."""

    id: int
    key: str
    kind: str
    revision: int
    channel: str
    state: DeliveryState
    risk: Price | None
    due_at: Instant | None
    prepared_at: Instant | None
    sent_at: Instant | None
    proved_at: Instant | None
    attempt: int
    receipt: str | None
    proof: str | None
    unheld_lines: list[int]
    digest: Hash


class CaseOfOrder(Shape):
    """A case about the order."""

    id: int
    kind: str
    title: str
    state: str
    money_at_risk: Price | None
    deadline: Instant | None


class Billed(Shape):
    """An invoice about the order, and what of it was paid."""

    number: str
    issued_on: str
    total: Price
    settled: Price
    open: Price
    evidence: Hash


class MovedMoney(Shape):
    """A line of a payment about the order: so much deducted or paid; negative where it was given back, or taken."""

    payment: str
    day: str
    line: int
    reference: str
    invoice: str
    type: str
    amount: Price
    evidence: Hash


class MoneyOfOrder(Shape):
    """The order's money in one currency: `invoiced - deducted - open = paid`. `difference`: what does not add up, zero where books
    and remittances agree."""

    invoiced: Price
    deducted: Price
    open: Price
    paid: Price
    difference: Price
    deductions: list[MovedMoney]
    payments: list[MovedMoney]


class Event(Shape):
    """One thing that happened, with the document that shows it."""

    at: Instant
    who: str
    what: str
    about: str
    details: Any
    evidence: Hash | None


_WHOLE = {
    **_HEAD,
    "route": "sp-api",
    "ship_to": "FRA1",
    "ship_window": None,
    "ship_by": None,
    "delivery_window": None,
    "evidence": "0f" * 32,
    "lines": [
        {
            "sequence": 1,
            "asin": "B000000001",
            "codes": [],
            "amount": 2,
            "unit": "case",
            "unit_size": 6,
            "net_cost": {"amount": "60.00", "currency": "USD"},
            "sku": "LAMP-1",
            "decision": {
                "parts": [
                    {
                        "answer": "accepted",
                        "amount": 2,
                        "unit": "case",
                        "ship_on": "2026-11-25T09:00:00Z",
                        "reason": None,
                    }
                ],
                "why": "in stock",
                "eaches": 12,
                "forced": False,
            },
            "decided_at": "2026-11-23T09:01:00Z",
            "evidence": "0f" * 32,
            "reserved_eaches": 12,
            "claimed": True,
            "course": {
                "ordered": {"eaches": 12, "word": "", "why": "the order", "against": "", "evidence": []},
                "acknowledged": {"eaches": 12, "word": "", "why": "in stock", "against": "", "evidence": []},
                "shipped": {
                    "eaches": 12,
                    "word": "",
                    "why": "confirmed shipments",
                    "against": "",
                    "evidence": ["0f" * 32],
                },
                "invoiced": {"eaches": 12, "word": "", "why": "invoice INV-1", "against": "", "evidence": ["0f" * 32]},
                "received": {
                    "eaches": 10,
                    "word": "short",
                    "why": "what Amazon counted in",
                    "against": "",
                    "evidence": ["0f" * 32],
                },
                "paid": {"eaches": None, "word": "", "why": "A payment names no line.", "against": "", "evidence": []},
            },
            "charged": {
                "invoice": "INV-1",
                "price": {"amount": "10.50", "currency": "USD"},
                "cost": {"amount": "10.00", "currency": "USD"},
                "word": "dearer",
            },
        }
    ],
    "revisions": [],
    "shop_order": None,
    "deliveries": [],
    "cases": [],
    "invoices": [],
    "money": [],
    "timeline": [
        {
            "at": "2026-11-23T09:01:00Z",
            "who": "trueup",
            "what": "order.received",
            "about": "order amazon-us/PO000001",
            "details": {"revision": 1},
            "evidence": "0f" * 32,
        }
    ],
}


class WholeOrder(Order, json_schema_extra={"examples": [_WHOLE]}):
    """An order with its lines, revisions, shop order, deliveries, cases, invoices, money, and its timeline, the oldest first."""

    route: str
    ship_to: str | None
    ship_window: str | None
    ship_by: Instant | None
    delivery_window: str | None
    evidence: Hash
    lines: list[OrderLine]
    revisions: list[Revision]
    shop_order: ShopOrder | None
    deliveries: list[Delivery]
    cases: list[CaseOfOrder]
    invoices: list[Billed]
    money: list[MoneyOfOrder]
    timeline: list[Event]


Partner = Annotated[str, Path(max_length=100, description="The partner whose order it is.")]
OrderNumber = Annotated[str, Path(max_length=100, description="The order's number.")]


class OrderQuery(Paging):
    """Which orders."""

    partner: Name = ""
    """Of this partner."""
    standing: Standing | None = None
    """Where our answer stands so."""
    words: Name = ""
    """How the number begins, or the vendor code."""
    sort: Literal["newest", "due"] = "newest"
    """The newest first, or what is due first."""


def list_orders(call: Calling, asked: Annotated[OrderQuery, Query()]) -> Page[Order]:
    """List purchase orders."""
    wanted = OrderFilter(asked.partner, asked.standing or "", asked.words)
    with call.look() as connection:
        paged = page_orders(connection, wanted, sort=asked.sort, at=asked.at, limit=asked.limit)
        return call.page(Order, paged.rows, paged.after)


def get_order(call: Calling, partner: Partner, number: OrderNumber) -> WholeOrder:
    """Show one order whole, with its timeline, the course of each line and its money."""
    receivable = call.desk.world.books.chart.code(Purpose.RECEIVABLE)
    with call.look() as connection:
        order_id = views.find_order(connection, f"{partner}/{number}")
        shown = views.show_order(connection, order_id)
        billed = load_billed(connection, partner, number)
        told = {
            **shown,
            "invoices": billed_json(billed),
            "money": [money_json(each) for each in load_money(connection, billed, receivable)],
            "timeline": views.explain_order(connection, order_id),
        }
        return WholeOrder.model_validate(told)


RESOURCE = Resource(
    "orders", "Orders", (Operation("/orders", list_orders), Operation("/orders/{partner}/{number}", get_order))
)
