"""Remittances: what was paid, as statements that add up, and each line with its document, its account and its reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import AskedDay, Day, DocumentName, Instant, Name, Number, Page, Paging, Price, Shape, id_at
from trueup.storage.views import remittances as views
from trueup.storage.views.remittance_lines import explain_lines

_HEAD = {
    "id": 12,
    "partner": "amazon-us",
    "payment": "71650102",
    "payee": "NORDA",
    "paid_on": "2026-11-12",
    "amount": {"amount": "48210.77", "currency": "USD"},
    "state": "paid",
    "posting": "posted",
    "source": "finances-api",
    "lines": 88,
    "in_suspense": {"amount": "-812.40", "currency": "USD"},
    "cases": 1,
    "does_not_tie_by": None,
}


class Remittance(Shape, json_schema_extra={"examples": [_HEAD]}):
    """A payment in short."""

    id: int
    partner: str
    payment: str
    payee: str
    paid_on: Day
    amount: Price
    state: str
    posting: str
    source: str
    lines: int
    in_suspense: Price | None
    """What of it is not explained."""
    cases: int
    does_not_tie_by: Price | None
    """By how much it is more than the sum of its lines."""


class Sum(Shape):
    """What lines of a payment say together."""

    what: str
    lines: int
    amount: Price


class Booking(Shape):
    """What is booked about a payment's lines: by type and account, or in suspense with its case."""

    type: str
    kind: str | None
    case: int | None
    account: str
    lines: int
    amount: Price


class Received(Shape):
    """What a payment put on an account of cash."""

    account: str
    what: str
    amount: Price


class BankLine(Shape):
    """A movement of the bank that a payment is."""

    id: int
    account: str
    booked_on: Day
    amount: Price
    payer: str
    evidence: str
    """The hash of the document that it stands in."""
    place: str


class BankOfPayment(Shape):
    """What the bank says of a payment: of all `payments` that its `lines` are together, mostly of this one alone."""

    state: Literal["tied", "differs", "open", "awaited", "unknown", "none"]
    """Tied to the cent; differs; open: a case asks about it; awaited: not in the bank up to `known_until`; unknown: no statement in
    its currency; none: nothing is to come."""
    payments: list[str]
    announced: list[Price]
    received: list[Price]
    difference: list[Price]
    """What came beyond what was announced, where a person tied what differs."""
    booked_on: Day | None
    lines: list[BankLine]
    rule: str
    why: str
    by: str
    case: int | None
    known_until: Day | None


class CaseOfPayment(Shape):
    """A case about a payment, and what of it waits there."""

    id: int
    kind: str
    title: str
    money_at_risk: Price | None
    in_suspense: Price | None


class EntryOfPayment(Shape):
    """An entry of the journal about a payment."""

    id: int
    key: str
    day: Day
    kind: str
    narration: str
    actor: str
    posted_at: Instant


class Telling(Shape):
    """What one source tells of a payment."""

    source: str
    document: DocumentName
    amount: Price
    in_invoice_currency: Price
    state: str
    lines: int
    does_not_tie_by: Price | None


_STATEMENT = {
    **{name: _HEAD[name] for name in ("id", "partner", "payment", "payee", "paid_on", "amount", "state", "posting")},
    "source": "finances-api",
    "in_invoice_currency": _HEAD["amount"],
    "rate": None,
    "voided_reason": None,
    "method": "ACH",
    "posted_on": "2026-11-12",
    "hides_items": False,
    "lines": 88,
    "document": {"digest": "0f" * 32, "name": "8831.csv"},
    "told": [{"what": "settled by its lines", "lines": 88, "amount": _HEAD["amount"]}],
    "told_sum": _HEAD["amount"],
    "booked": [
        {"type": "invoice", "kind": None, "case": None, "account": "1210", "lines": 88, "amount": _HEAD["amount"]}
    ],
    "booked_sum": _HEAD["amount"],
    "cash": [{"account": "1010", "what": "received", "amount": _HEAD["amount"]}],
    "adds_up": True,
    "bank": {
        "state": "tied",
        "payments": ["amazon-us/71650102"],
        "announced": [_HEAD["amount"]],
        "received": [_HEAD["amount"]],
        "difference": [],
        "booked_on": "2026-11-12",
        "lines": [],
        "rule": "payment-number",
        "why": "the line names the payment",
        "by": "trueup",
        "case": None,
        "known_until": "2026-11-30",
    },
    "cases": [],
    "entries": [],
    "tellings": [],
}


class Statement(Shape, json_schema_extra={"examples": [_STATEMENT]}):
    """A payment as a statement: told, booked and received each come to it, to the cent."""

    id: int
    partner: str
    payment: str
    payee: str
    paid_on: Day
    amount: Price
    in_invoice_currency: Price
    rate: str | None
    state: str
    voided_reason: str | None
    method: str
    source: str
    posting: str
    posted_on: Day | None
    hides_items: bool
    lines: int
    document: DocumentName
    told: list[Sum]
    told_sum: Price
    booked: list[Booking]
    booked_sum: Price
    cash: list[Received]
    adds_up: bool
    """False only through a defect of Trueup."""
    bank: BankOfPayment
    cases: list[CaseOfPayment]
    entries: list[EntryOfPayment]
    tellings: list[Telling]


class Adjustment(Shape):
    """A part of a line that lowers or raises it."""

    code: str
    amount: Price
    reference: str


class Posting(Shape):
    """Where a line is booked."""

    entry: int
    key: str
    day: Day
    number: int
    account: str
    amount: Price
    type: str
    invoice: str | None
    claim: str
    rule: str
    case_key: str


class Waits(Shape):
    """Why a line is in suspense, and the case that asks about it."""

    case: int | None
    kind: str
    why: str
    title: str | None


class RemittanceLine(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "line": 88,
                "reference": "1042SC",
                "settled": {"amount": "-385.00", "currency": "USD"},
                "document": {"digest": "0f" * 32, "name": "8831.csv"},
                "postings": [],
                "answer": None,
                "waits": {"case": 31, "kind": "remittance.unrecognised", "why": "no type reads it", "title": "Unknown code"},
            }
        ]
    },
):  # fmt: skip
    """A line with its story. Line 0, where there is one, is what the payment as a whole leaves unexplained."""

    line: int
    reference: str = ""
    description: str = ""
    kind: str = ""
    settled: Price
    discount: Price | None = None
    withheld: Price | None = None
    paid: Price | None = None
    gross: Price | None = None
    remaining: Price | None = None
    invoice_day: Day | None = None
    references: dict[str, str] = Field(default_factory=dict)
    adjustments: list[Adjustment] = Field(default_factory=list)
    place: str | None = None
    """Where in the document it stands."""
    document: DocumentName
    postings: list[Posting]
    answer: Any = None
    """What a person decided or reconciliation found."""
    waits: Waits | None
    also_waits: list[Waits] = Field(default_factory=list)
    """What else of it waits in cases of their own: adjustments that were carved out of it."""


class RemittanceQuery(Paging):
    """Which payments."""

    partner: Name = ""
    """Of this partner."""
    since: AskedDay | None = None
    """Paid on this day or later."""
    until: AskedDay | None = None
    """Paid on this day or before."""
    state: Literal["posted", "unposted", "held", "paid", "voided", "failed"] | None = None
    """That stand so."""
    unexplained: bool = False
    """Only those of which something waits in suspense."""


def list_remittances(call: Calling, asked: Annotated[RemittanceQuery, Query()]) -> Page[Remittance]:
    """List payments, the latest first."""
    wanted = views.RemittanceFilter(asked.partner or None, asked.since, asked.until, asked.state, asked.unexplained)
    with call.look() as connection:
        rows = views.list_remittances(connection, wanted, before=id_at(asked.at), limit=asked.limit + 1)
        return call.page_by(Remittance, rows, asked.limit, "id")


def get_remittance(call: Calling, remittance: Number) -> Statement:
    """Show one payment as a statement."""
    with call.look() as connection:
        return Statement.model_validate(views.show_remittance(connection, remittance))


def list_remittance_lines(call: Calling, remittance: Number, asked: Annotated[Paging, Query()]) -> Page[RemittanceLine]:
    """List a payment's lines in their order, each with where it is booked and why."""
    after = id_at(asked.at) or 0
    with call.look() as connection:
        saved = views.load_payment(connection, remittance)
        count = len(saved.primary.remittance.lines)
        rows = [row for row in explain_lines(connection, saved, limit=after + asked.limit) if row["line"] > after]
        if not asked.at:
            rows = [*explain_lines(connection, saved, 0), *rows]
        more = after + asked.limit < count
        return call.page(RemittanceLine, rows, str(after + asked.limit) if more else "")


RESOURCE = Resource(
    "remittances",
    "Remittances",
    (
        Operation("/remittances", list_remittances),
        Operation("/remittances/{remittance}", get_remittance),
        Operation("/remittances/{remittance}/lines", list_remittance_lines),
    ),
)
