"""Adjust stock: a person says what lies of a product that no shop counts, or by how much what lies there changed, and why.

A change is meant of what lies there now: the last count and what moved since. Above the limit, by the agreed cost of what it
changes and of what the same person declared alone within a day, a second person decides; what was adjusted is taken back while no
other count stands over it. A warehouse's file of counts is no adjustment: it is declared whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.money import Money
from trueup.domain.catalog import CountSource
from trueup.domain.count_sources import rule_of
from trueup.storage import acts, products, stock
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.day_of_counts import (
    declared_alone,
    given_back,
    kept_for_the_day,
    takes_two,
    with_the_day,
    worth_json,
)
from trueup.workflows.declare_stock import count_of, declare_stock
from trueup.workflows.explain_stock import load_known, stock_history
from trueup.workflows.import_products import archive_upload
from trueup.workflows.resolve_case import Person
from trueup.workflows.take_in_counts import KIND, places_of
from trueup.workflows.world import Tx

ACT, DONE = "stock.adjust", "stock.adjusted"
"""The proposal that waits for a second person, and what was done."""
MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is meant of a product at a location: so many eaches lie there (`on_hand`), or so many more or fewer (`change`); and why.

    `seen`: when the count was declared that its maker saw last, "" for none of it, None for any.
    """

    sku: str
    location: str
    reason: str
    on_hand: int | None = None
    change: int | None = None
    seen: str | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise Invalid(
                "Say why it is counted, such as “recount” or “two broken”: whoever reads the history later asks."
            )
        if (self.on_hand is None) == (self.change is None):
            raise Invalid(f"{self.sku}: expected either what lies there, or by how much that changed.")

    @property
    def subject(self) -> str:
        """How acts speak of it."""
        return f"count of {self.sku} at {self.location}"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What came of it: what lay there before (None: nobody knew) and lies there now; by how much it changed what was believed, and
    what that is worth (None: no cost is agreed); the proposal that waits, if one does; when it was declared."""

    sku: str
    location: str
    before: int | None
    on_hand: int
    value: Money | None
    proposal: int | None = None
    at: str = ""
    earlier: Money | None = None
    """What its maker declared alone within a day before; None for nothing."""

    def __str__(self) -> str:
        told = f"{self.sku} at {self.location}: {'never counted' if self.before is None else self.before} → {self.on_hand} on hand"
        if self.proposal and self.earlier:
            told += f", with {self.earlier} that its maker declared alone within a day before"
        return f"{told}; proposal {self.proposal} waits for a second person" if self.proposal else told


@dataclass(frozen=True, slots=True)
class Back:
    """What taking a count back gives back to its maker's day: minor units below zero, by currency; and when it was made."""

    worth: Mapping[str, int]
    made_at: datetime


def adjust_stock(
    tx: Tx, wanted: Adjustment, person: Person, two_persons_above: Money | None = None, *, back: Back | None = None
) -> Adjusted:
    """Declare what lies there, or propose it. `back`: what it gives back to the person's day, of what they declared alone.

    Raises Refused without a role, NotFound for a product, Invalid where the number cannot be, Conflict where somebody counted it
    since it was seen.
    """
    demand_role(person, "stock.declare")
    alone = _hold(tx, person.name, wanted.subject)
    planned = _plan(tx, wanted)
    worth = [planned.value] if planned.value is not None else []
    planned = replace(planned, earlier=alone.get(worth[0].currency) if worth and back is None else None)
    day = {} if back else alone
    if takes_two(worth, day, two_persons_above):
        told = {
            "sku": wanted.sku,
            "location": wanted.location,
            "on_hand": wanted.on_hand,
            "change": wanted.change,
            "seen": last_count(tx.connection, wanted.sku, wanted.location),
            "words": str(planned),
            "value": str(with_the_day(worth, day)[0]),
        }
        proposal = acts.Proposal(ACT, wanted.subject, told, wanted.reason, person.name)
        number = acts.replace(tx.connection, proposal, tx.now, person.standing)
        return Adjusted(
            planned.sku, planned.location, planned.before, planned.on_hand, planned.value, number, "", planned.earlier
        )
    kept = kept_for_the_day(back.worth, back.made_at) if back else kept_for_the_day(worth_json(worth))
    return _declare(tx, wanted, planned, (person, ""), kept)


def approve_adjustment(tx: Tx, proposal_id: int, person: Person) -> Adjusted:
    """The second person: what was proposed is declared, unless it was counted since. Raises as `adjust_stock`."""
    demand_role(person, "stock.declare")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    told = row["arguments"]
    wanted = Adjustment(told["sku"], told["location"], row["reason"], told["on_hand"], told["change"], told["seen"])
    return _declare(tx, wanted, _plan(tx, wanted), (person, row["proposed_by"]), {})


@dataclass(frozen=True, slots=True)
class Made:
    """A count that was made: of a product at a location, declared at an instant, as text."""

    sku: str
    location: str
    at: str


def undo_adjustment(tx: Tx, made: Made, person: Person, two_persons_above: Money | None = None) -> Adjusted:
    """Take back what was adjusted at that instant: what it changed is changed the other way, of what lies there now.

    Raises Conflict where another count stands over it, Refused where nothing was counted before, and as `adjust_stock`.
    """
    sku, location, at = made.sku, made.location, made.at
    subject = f"count of {sku} at {location}"
    _hold(tx, person.name, subject)
    stock.lock_stock(tx.connection, [sku], location)
    done = next((row for row in acts.list_acts(tx.connection, subject, limit=20) if row["act"] == DONE), None)
    if done is None or write_instant(done["at"]) != at or last_count(tx.connection, sku, location) != at:
        who = acts.say_who(tx.connection, subject, DONE)
        raise Conflict(f"{sku} at {location} was counted since{who}; look at it again, and adjust that.")
    before, after = done["before"]["on_hand"], done["after"]["on_hand"]
    if before is None:
        raise Refused(
            f"{sku} at {location} was never counted before that: there is nothing to go back to. Count it again."
        )
    wanted = Adjustment(sku, location, f"takes back: {done['after']['reason']}"[:200], change=before - after, seen=at)
    worth = given_back(tx, done, person.name)
    return adjust_stock(tx, wanted, person, two_persons_above, back=Back(worth, done["at"]) if worth else None)


def _hold(tx: Tx, name: str, subject: str) -> dict[str, Money]:
    """The day of who counts, and what waits for a second person, held in the order of all who count: person, proposal, then stock.
    Returns what they declared alone within a day."""
    alone = declared_alone(tx, name)
    acts.hold_proposal(tx.connection, ACT, subject)
    return alone


def last_count(connection: sa.Connection, sku: str, location: str) -> str:
    """When it was declared last, "" where it never was: what a change is meant of."""
    query = sa.select(stock.stock.c.declared_at).where(stock.stock.c.sku == sku, stock.stock.c.location == location)
    found: datetime | None = connection.execute(query).scalar()
    return write_instant(found) if found is not None else ""


def on_hand_now(connection: sa.Connection, sku: str, location: str) -> int | None:
    """What lies there by the ledger: the last count and what moved since; None where it was never counted."""
    rows = stock_history(connection, sku, location, None)
    found: int | None = rows[-1]["on_hand"] if rows else None
    return found


def _plan(tx: Tx, wanted: Adjustment) -> Adjusted:
    """What it would come to, of what lies there now; the product stays locked, so that of two at once the second sees the first."""
    _demand_countable(tx, wanted)
    stock.lock_stock(tx.connection, [wanted.sku], wanted.location)
    found = last_count(tx.connection, wanted.sku, wanted.location)
    if wanted.seen is not None and wanted.seen != found:
        who = acts.say_who(tx.connection, wanted.subject, DONE)
        when = who.strip() or (f"at {found}" if found else "never")
        raise Conflict(
            f"{wanted.sku} at {wanted.location} was counted meanwhile ({when}); nothing was changed. "
            f"Look at it again, and adjust that."
        )
    before = on_hand_now(tx.connection, wanted.sku, wanted.location)
    if wanted.on_hand is not None:
        on_hand = wanted.on_hand
    elif before is None:
        raise Invalid(
            f"{wanted.sku} was never counted at {wanted.location}: say how many lie there, not how many more."
        )
    else:
        on_hand = before + (wanted.change or 0)
    if not 0 <= on_hand <= MOST:
        raise Invalid(f"{wanted.sku} at {wanted.location}: {on_hand} would lie there; expected zero or more.")
    return Adjusted(
        wanted.sku, wanted.location, before, on_hand, _value(tx.connection, wanted.sku, on_hand - (before or 0))
    )


def _demand_countable(tx: Tx, wanted: Adjustment) -> None:
    """Raises NotFound, and Invalid for a product that is not counted so, or a place from which nothing is sold."""
    product = load_known(tx.connection, wanted.sku)
    if product.count_source is not CountSource.DECLARED:
        raise Invalid(f"{wanted.sku} is not counted by hand: {rule_of(product)}")
    places = places_of(tx.resources)
    if places and wanted.location not in places:
        raise Invalid(
            f"{wanted.sku}: nothing is sold from {wanted.location!r}; the places that are: {', '.join(places)}."
        )


def _value(connection: sa.Connection, sku: str, eaches: int) -> Money | None:
    """What so many are worth by the dearest cost that a buyer agreed to."""
    listed = [each for _, listings in products.load_products(connection, [sku]) for each in listings]
    costs = [each.cost for each in listed if each.cost is not None]
    return max(costs, key=lambda cost: cost.value).times(abs(eaches)) if costs else None


def _declare(tx: Tx, wanted: Adjustment, planned: Adjusted, by: tuple[Person, str], day: Mapping[str, Any]) -> Adjusted:
    person, proposed_by = by
    content = count_of(wanted.sku, wanted.location, planned.on_hand)
    archive_upload(tx, content, KIND, f"count of {wanted.sku}: {wanted.reason}"[:200], person)
    done = declare_stock(tx, content, person, day=day)
    if not done.taken:
        raise Invalid("The count was not taken: " + "; ".join(str(finding) for finding in done.findings))
    after: dict[str, Any] = {
        "on_hand": planned.on_hand,
        "reason": wanted.reason,
        **({"proposed_by": proposed_by} if proposed_by else {}),
        **day,
    }
    record_deed(
        tx.connection, tx.now, person, Deed(DONE, wanted.subject, {"on_hand": planned.before}, after, done.digest)
    )
    at = last_count(tx.connection, wanted.sku, wanted.location)
    return Adjusted(
        planned.sku, planned.location, planned.before, planned.on_hand, planned.value, None, at, planned.earlier
    )
