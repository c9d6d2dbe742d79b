"""Acts on trade-ins: record one, say in which condition its item is, release or refuse it, and say what became of its credit.

The code of a gift card is told to people alone: an answer of the API is kept for who asks again, and a code is written nowhere.
"""

from __future__ import annotations

from collections.abc import Callable

from trueup.api.door import Call, Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.trade_ins import TradeInKey
from trueup.api.shapes import Amount, AskedDay, DryRun, Key, Line, Shape, Told
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import TradeIn
from trueup.formats.trade_ins_csv import customer_id
from trueup.workflows import grade_trade_in as acts
from trueup.workflows.grade_trade_in import Judgement, grade_trade_in, record_trade_ins
from trueup.workflows.world import Tx


class Recording(
    Told,
    json_schema_extra={
        "examples": [
            {
                "key": "T-1001",
                "sku": "TENT-2",
                "serial": "TN-0042",
                "quoted": {"amount": "80.00", "currency": "USD"},
                "customer": "7001",
                "recorded_on": "2026-11-20",
            }
        ]
    },
):
    """A trade-in. `key` is its natural key: told again it is the same one, and another with that key is refused."""

    key: Line
    sku: Line
    serial: Line
    """The serial that its item has or gets."""
    quoted: Amount
    customer: Line | None = None
    """The shop's number of the customer; store credit needs it."""
    recorded_on: AskedDay | None = None
    """Today, when it is not said."""


class Recorded(Shape, json_schema_extra={"examples": [{"key": "T-1001", "known": False, "dry_run": False}]}):
    """It is recorded; `known`: it was already."""

    key: str
    known: bool
    dry_run: bool


class Grading(
    Told, json_schema_extra={"examples": [{"grade": "good", "value": None, "release": True, "instrument": None}]}
):
    """In which condition an item is. `value` overrules what the agreement makes of the grade."""

    grade: Line
    value: Amount | None = None
    release: bool = True
    """Whether the item may be offered at once."""
    instrument: Instrument | None = None
    """As what the customer wants the credit; as agreed, when it is not said."""


class Reason(Told, json_schema_extra={"examples": [{"why": "counterfeit"}]}):
    """Why, for whoever reads it later."""

    why: Line


class Answering(
    Told, json_schema_extra={"examples": [{"arrived": "gid://shopify/StoreCreditAccountCreditTransaction/7"}]}
):
    """What became of a credit that the shop did not answer."""

    arrived: Line | None
    """The movement of the customer's account as which it arrived; null: it never did, and is given anew."""


class Graded(
    Shape,
    json_schema_extra={
        "examples": [{"key": "T-1001", "words": "trade-in T-1001 is worth 72.00 USD", "proposal": None}]
    },
):
    """What came of it. `proposal`: a second person must approve it under that number first."""

    key: str
    words: str
    proposal: int | None


def record_trade_in(call: Calling, told: Recording, dry_run: DryRun = False, key: Key = None) -> Recorded:
    """Record a trade-in: its item is created in the circular system, not available to anybody yet."""
    customer = customer_id(told.customer) if told.customer else ""
    day = told.recorded_on or call.now.date()
    trade_in = TradeIn(told.key, told.sku, told.serial, told.quoted.money(), day, customer)

    def act(tx: Tx) -> Recorded:
        done = record_trade_ins(tx, [trade_in], call.person)
        return Recorded(key=told.key, known=bool(done.same), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def grade(
    call: Calling, trade_in: TradeInKey, told: Grading, dry_run: DryRun = False, key: Key = None
) -> Graded:  # fmt: skip
    """Grade a trade-in: from then on its credit is owed, or it is not taken."""
    value = told.value.money() if told.value else None
    judged, limit = Judgement(told.grade, value, told.release, told.instrument), call.desk.settings.two_persons_above
    return _acted(
        call, trade_in, lambda tx: grade_trade_in(tx, trade_in, judged, call.person, limit), key, dry_run=dry_run
    )


def refuse(call: Calling, trade_in: TradeInKey, told: Reason, dry_run: DryRun = False, key: Key = None) -> Graded:
    """Do not take an item: it is retired in the programme, and nothing is owed."""
    return _acted(
        call, trade_in, lambda tx: acts.refuse_trade_in(tx, trade_in, told.why, call.person), key, dry_run=dry_run
    )


def release(call: Calling, trade_in: TradeInKey, dry_run: DryRun = False, key: Key = None) -> Graded:
    """Make an item available that was graded and kept back."""
    return _acted(call, trade_in, lambda tx: acts.release_trade_in(tx, trade_in, call.person), key, dry_run=dry_run)


def answer_credit(
    call: Calling, trade_in: TradeInKey, told: Answering, dry_run: DryRun = False, key: Key = None
) -> Graded:
    """Say what became of store credit that the shop did not answer; nobody but a person can tell."""
    limit = call.desk.settings.two_persons_above
    return _acted(
        call,
        trade_in,
        lambda tx: acts.answer_credit(tx, trade_in, told.arrived or "", call.person, limit),
        key,
        dry_run=dry_run,
    )


def write_off_credit(
    call: Calling, trade_in: TradeInKey, told: Reason, dry_run: DryRun = False, key: Key = None
) -> Graded:
    """Decide that what is left of a credit is never spent: it is income then. Only of what can no longer be spent."""
    limit = call.desk.settings.two_persons_above
    return _acted(
        call, trade_in, lambda tx: acts.break_credit(tx, trade_in, told.why, call.person, limit), key, dry_run=dry_run
    )


def _acted(call: Call, trade_in: str, act: Callable[[Tx], acts.Done], key: str | None, *, dry_run: bool) -> Graded:
    def told(tx: Tx) -> Graded:
        done = act(tx)
        return Graded(key=trade_in, words=done.words, proposal=done.proposal)

    return call.once(told, key, dry_run=dry_run)


RESOURCE = Resource(
    "trade-in-acts",
    "Trade-ins",
    (
        Operation("/trade-ins", record_trade_in, "trade-ins.record", "POST", 201),
        Operation("/trade-ins/{trade_in:path}/grading", grade, "trade-ins.grade", "POST"),
        Operation("/trade-ins/{trade_in:path}/refusal", refuse, "trade-ins.grade", "POST"),
        Operation("/trade-ins/{trade_in:path}/release", release, "trade-ins.grade", "POST"),
        Operation("/trade-ins/{trade_in:path}/credit-answer", answer_credit, "credits.answer", "POST"),
        Operation("/trade-ins/{trade_in:path}/credit-write-off", write_off_credit, "credits.break", "POST"),
    ),
)
