"""Matches: what could explain a line that waits, choosing of it, putting a match together by hand, and taking one apart again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import (
    Amount,
    Day,
    DryRun,
    Instant,
    Key,
    Line,
    Listed,
    Number,
    Page,
    Paging,
    Price,
    Shape,
    Text,
    Told,
)
from trueup.base.errors import NotFound
from trueup.domain.confidence import Accord, Confidence, Trait
from trueup.storage.views import match_desk as views
from trueup.storage.views.cases import show_case
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import Answered, choose_rival
from trueup.workflows.match_lines import MAY, HandMatch, Share, match_by_hand
from trueup.workflows.undo_match import undo_match
from trueup.workflows.world import Tx

_SIGN = {"trait": "reference", "accord": "agrees", "words": "both say INV-7"}
_AMOUNT = {"amount": "300.00", "currency": "USD"}


class SignOf(Shape, json_schema_extra={"examples": [_SIGN]}):
    """One trait of a line held against what it would settle."""

    trait: Trait
    accord: Accord
    words: str


class LineOfPayment(Shape):
    """A line of a payment."""

    payment: str
    line: int
    amount: Price


class Settles(Shape):
    """What of which open item is settled."""

    key: str
    item: str
    amount: Price


class Explanation(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "choice": 1,
                "score": 350,
                "lead": 0,
                "confidence": "medium",
                "stale": False,
                "matcher": "purchase-order-and-amount",
                "why": "its amount is all that is open of invoice INV-7.",
                "signs": [_SIGN],
                "lines": [{"payment": "700100", "line": 5, "amount": _AMOUNT}],
                "settles": [{"key": "invoice 7", "item": "invoice INV-7", "amount": _AMOUNT}],
            }
        ]
    },
):
    """One of the explanations between which a case asks to choose. `lead`: points before the best other one in its way."""

    choice: int
    score: int
    lead: int
    confidence: Confidence
    stale: bool
    """What it settles is not open any more as it says."""
    matcher: str
    why: str
    signs: list[SignOf]
    lines: list[LineOfPayment]
    settles: list[Settles]


class OpenItemFound(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "key": "invoice 7",
                "called": "invoice INV-7",
                "open": _AMOUNT,
                "day": "2026-10-01",
                "purchase_order": "4CCCCCCC",
                "signs": [_SIGN],
            }
        ]
    },
):
    """An open item that a line may settle, and what of the two agrees."""

    key: str
    called: str
    open: Price
    day: Day | None
    purchase_order: str
    signs: list[SignOf]


class Choosing(Told, json_schema_extra={"examples": [{"choice": 1, "note": "The buyer says so."}]}):
    """Which explanation is right."""

    choice: int = Field(ge=1, le=10**6)
    note: Text = ""


class ShareOf(Told, json_schema_extra={"examples": [{"amount": _AMOUNT, "key": "invoice 7"}]}):
    """So much of the line settles an open item, by its `key`; or is of a deduction `type`, on its account or another one."""

    amount: Amount
    key: str = Field("", max_length=40, pattern=r"^((invoice|claim) [0-9]{1,18})?$")
    type: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    account: str = Field("", max_length=100, pattern=r"^[^\x00]*$")


class Matching(
    Told,
    json_schema_extra={
        "examples": [{"remittance": 12, "line": 5, "shares": [{"amount": _AMOUNT, "key": "invoice 7"}], "note": ""}]
    },
):
    """A line of a case, and what it is. What is left of it stays open, to check, where that is said with a note."""

    remittance: int = Field(ge=1, le=2**63 - 1)
    line: int = Field(ge=1, le=2**31 - 1)
    shares: list[ShareOf] = Field(min_length=1, max_length=100)
    leave_rest: bool = False
    note: Text = ""


class Matched(
    Shape,
    json_schema_extra={"examples": [{"case": 8, "lines": 1, "amount": _AMOUNT, "left": 0, "dry_run": False}]},
):
    """What was booked. `left`: lines that still wait in the case."""

    case: int
    lines: int
    amount: Price
    left: int
    dry_run: bool


class Undoing(Told, json_schema_extra={"examples": [{"line": 5, "reason": "It is of the other shop."}]}):
    """Which line's match is taken apart, and why."""

    line: int = Field(ge=1, le=2**31 - 1)
    reason: Line


class MatchUndone(
    Shape,
    json_schema_extra={
        "examples": [{"lines": 1, "payments": 1, "amount": _AMOUNT, "case": 9, "proposal": None, "dry_run": False}]
    },
):
    """What came of it. `case`: where the line waits now; null with a `proposal`, which a second person must approve first."""

    lines: int
    payments: int
    amount: Price
    case: int | None
    proposal: int | None
    dry_run: bool


class WasPosted(Shape):
    """A posting that was taken back."""

    account: str
    amount: Price
    type: str
    rule: str


class UndoneMatch(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 3,
                "line": 5,
                "kind": "match",
                "was": [{"account": "1210", "amount": _AMOUNT, "type": "invoice", "rule": "exact-reference"}],
                "why": "its amount is all that is open of invoice INV-7.",
                "chosen_by": "trueup",
                "chosen_at": "2026-11-05T09:00:00Z",
                "undone_by": "Fina",
                "approved_by": None,
                "undone_at": "2026-11-06T09:00:00Z",
                "reason": "It is of the other shop.",
            }
        ]
    },
):
    """What a line was posted as before that was undone, and by whom."""

    id: int
    line: int
    kind: str
    was: list[WasPosted]
    why: str
    chosen_by: str
    chosen_at: Instant | None
    undone_by: str
    approved_by: str | None
    undone_at: Instant
    reason: str


class Sought(Told):
    """What to look for among open items."""

    remittance: int = Field(ge=1, le=2**63 - 1)
    """The payment of the line."""
    line: int = Field(ge=1, le=2**31 - 1)
    """The line that waits."""
    words: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    """A part of a number or an order, or an amount."""


def list_explanations(call: Calling, case: Number) -> Listed[Explanation]:
    """List the explanations of the lines that wait in a case, the strongest first; none where none was found."""
    with call.look() as connection:
        shown = show_case(connection, case)
        rows = list_rivals(connection, shown["kind"], shown["subject"])
        return Listed[Explanation](items=[Explanation.model_validate(row) for row in rows])


def find_candidates(call: Calling, case: Number, asked: Annotated[Sought, Query()]) -> Listed[OpenItemFound]:
    """Search all open items of the partner for what a line of the case may settle."""
    with call.look() as connection:
        shown = show_case(connection, case)
        lines = views.list_desk_lines(connection, shown["kind"], shown["subject"])
        name = f"{asked.remittance}.{asked.line}"
        line = next((each for each in lines if each.name == name), None)
        if line is None:
            raise NotFound(f"Line {asked.line} of payment {asked.remittance} does not wait in case {case}.")
        rows = views.candidates_for(connection, line, (), asked.words)
        return Listed[OpenItemFound](items=[OpenItemFound.model_validate(row) for row in rows])


def choose(call: Calling, case: Number, told: Choosing, dry_run: DryRun = False, key: Key = None) -> Matched:
    """Choose one of the explanations of a case. Lines that it does not explain stay there, and are matched again."""

    def act(tx: Tx) -> Matched:
        return _matched(choose_rival(tx, case, told.choice, call.person, note=told.note), dry_run)

    return call.once(act, key, dry_run=dry_run)


def match(call: Calling, case: Number, told: Matching, dry_run: DryRun = False, key: Key = None) -> Matched:
    """Put together what a line of a case settles.

    The shares come to what waits of the line, or what is left is said to stay open, to check, with a note.
    """

    def act(tx: Tx) -> Matched:
        shares = tuple(Share(each.amount.money().minor, each.key, each.type, each.account) for each in told.shares)
        wanted = HandMatch(case, told.remittance, told.line, shares, told.leave_rest, told.note)
        return _matched(match_by_hand(tx, wanted, call.person, call.desk.settings.two_persons_above), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _matched(done: Answered, dry_run: bool) -> Matched:
    return Matched.model_validate(
        {"case": done.case, "lines": done.lines, "amount": done.amount, "left": done.left, "dry_run": dry_run}
    )


def undo(call: Calling, remittance: Number, told: Undoing, dry_run: DryRun = False, key: Key = None) -> MatchUndone:
    """Take apart what a line of a payment was posted as, and the lines that were matched with it.

    An entry takes it back, the line waits in a case again, and what it was is kept. Above the limit of two persons it is only
    proposed.
    """

    def act(tx: Tx) -> MatchUndone:
        done = undo_match(tx, remittance, told.line, call.person, told.reason, call.desk.settings.two_persons_above)
        return MatchUndone.model_validate(
            {
                "lines": done.lines,
                "payments": done.payments,
                "amount": done.amount,
                "case": done.case,
                "proposal": done.proposal,
                "dry_run": dry_run,
            }
        )

    return call.once(act, key, dry_run=dry_run)


def list_undone(call: Calling, asked: Annotated[Paging, Query()]) -> Page[UndoneMatch]:
    """List matches that were undone, the latest first."""
    with call.look() as connection:
        paged = views.page_undone(connection, asked.at, asked.limit)
        return call.page(UndoneMatch, paged.rows, paged.after)


RESOURCE = Resource(
    "matches",
    "Matches",
    (
        Operation("/matches/undone", list_undone),
        Operation("/cases/{case}/explanations", list_explanations),
        Operation("/cases/{case}/candidates", find_candidates),
        Operation("/cases/{case}/choice", choose, MAY, "POST"),
        Operation("/cases/{case}/match", match, MAY, "POST"),
        Operation("/remittances/{remittance}/undoings", undo, MAY, "POST"),
    ),
)
