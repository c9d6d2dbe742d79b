"""Pause a connection: nothing is asked of it until then; what is due meanwhile is a case at once, and resuming catches up.

The pause is kept where requests leave (`storage.pauses.demand_running`): no flow has to remember it. What is said here is what a
person must know beforehand, and what must be told to others: rounds that rest, answers that come due, sends that wait.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.durable.flow import Flow
from trueup.durable.timers import Timer, find_timers
from trueup.storage import cases, pauses, sources
from trueup.storage.acts import hold_subject, newest_act, say_who
from trueup.storage.documents import count_arrived
from trueup.storage.pauses import Pause
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.rounds import Rounds, start_rounds
from trueup.workflows.taking_in import start_answering
from trueup.workflows.wake_stock import wake_stock
from trueup.workflows.world import ACTOR, Flowing, Tx, World

PAUSED, WAITS = "source.paused", "acknowledgement.paused"
"""The kinds of cases about a pause: of the connection itself, and of each order whose answer comes due in it."""
LONGEST = timedelta(days=7)
REPLAYABLE = {
    "poll_orders": "Orders are taken in by number and revision: one that is known changes nothing.",
    "poll_receipts": "The newest word on what was counted in of a line counts: one that is known changes nothing.",
    "poll_remittances": "Payments are known by their number and compared, never added.",
    "poll_sales": "Sales are kept by their id: one that is known is brought up to date.",
    "poll_cycles": "Cycles are kept by their id: one that is known is brought up to date.",
}
"""The flows that read a window again without harm, and why that is safe."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a pause means: rounds that rest, answers that come due in it (order key, due), and sends that wait."""

    until: datetime
    rounds: int
    due: tuple[tuple[str, datetime], ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What reading again means: from when, how many documents that brought before, and why it is safe."""

    query: str
    since: datetime
    documents: int
    why: str


def pause_connection(tx: Tx, name: str, reason: str, until: datetime, person: Person) -> Rest:
    """Put it to rest. Raises NotFound, Invalid, Conflict when it rests already, Refused."""
    demand_role(person, "connections.pause")
    rounds = _rounds_of(tx, name)
    if not reason.strip():
        raise Invalid(f"Connection {name}: say why it is paused; whoever meets the pause is told.")
    if not tx.now < until <= tx.now + LONGEST:
        raise Invalid(
            f"Connection {name}: paused until {until:%Y-%m-%d %H:%M} UTC; expected within {LONGEST.days} days."
        )
    number = pauses.save_pause(tx.connection, name, reason.strip(), person.name, (tx.now, until))
    due = _tell_due(tx, Pause(number, name, reason.strip(), person.name, tx.now, until, "", None))
    tx.at(until, "end_pause", _timer_of(name, number), name, number)
    after = {"until": write_instant(until), "reason": reason.strip()}
    record_deed(tx.connection, tx.now, person, Deed("connection.paused", f"connection {name}", None, after))
    return Rest(until, len(rounds), due, len(tx.connection.execute(_UNSENT, {"channel": name}).all()))


def resume_connection(tx: Tx, name: str, person: Person) -> int:
    """It goes on at once. Returns how many rounds were set going. Raises NotFound, Conflict when it does not rest, Refused."""
    demand_role(person, "connections.pause")
    _rounds_of(tx, name)
    hold_subject(tx.connection, f"connection {name}")
    pause = pauses.find_pause(tx.connection, name, lock=True)
    if pause is None:
        who = say_who(tx.connection, f"connection {name}", "connection.resumed")
        raise Conflict(
            f"Connection {name} is not paused{f', it was resumed{who}' if who else ''}; nothing was changed."
        )
    tx.cancel(_timer_of(name, pause.id))
    before = {"until": write_instant(pause.until), "reason": pause.reason}
    record_deed(tx.connection, tx.now, person, Deed("connection.resumed", f"connection {name}", before, None))
    return _go_on(tx, pause, person.name)


def end_pause(c: Flowing, name: str, number: int) -> None:
    """Its time has come."""
    c.commit(end_in_time, name, number)


def end_in_time(tx: Tx, name: str, number: int) -> None:
    """The connection goes on, unless a person had it go on before."""
    pause = pauses.find_pause(tx.connection, name, lock=True)
    if pause is not None and pause.id == number:
        _go_on(tx, pause, ACTOR)


def watch_pauses(tx: Tx) -> None:
    """What comes due while a connection rests is told: orders that arrived since, and a pause whose timer was lost is ended."""
    for name, pause in pauses.list_pauses(tx.connection).items():
        if pause.until <= tx.now or not is_connection(tx.resources, name):
            _go_on(tx, pause, ACTOR)
        else:
            _tell_due(tx, pause)


def ask_now(tx: Tx, name: str, person: Person) -> int:
    """Have every round of a connection come at once. Returns how many. Raises NotFound, Conflict while it rests, Refused."""
    demand_role(person, "connections.pause")
    rounds = _awake(tx, name)
    for each in rounds:
        start_rounds(tx, each)
    record_deed(
        tx.connection, tx.now, person, Deed("connection.asked", f"connection {name}", None, {"rounds": len(rounds)})
    )
    return len(rounds)


def replay_connection(tx: Tx, name: str, query: str, since: datetime, person: Person) -> Replay:
    """Have a query read again from an earlier time: what is known stays as it is, what was missed arrives.

    Raises NotFound for a query that cannot be read again, Invalid, Conflict while the connection rests, Refused.
    """
    demand_role(person, "connections.pause")
    rounds = next((each for each in _awake(tx, name) if each.query == query and each.flow in REPLAYABLE), None)
    if rounds is None:
        raise NotFound(f"Connection {name}: {query!r} is no query that is read by windows; ask for all of it instead.")
    hold_subject(tx.connection, f"connection {name}")
    state = sources.load_source(tx.connection, name, query)
    _demand_unasked(tx, name, query, since)
    if since >= tx.now or (state.covered_until is not None and since >= state.covered_until):
        raise Invalid(
            f"Connection {name} {query}: expected a time before {state.covered_until}, up to which it is read."
        )
    sources.set_covered(tx.connection, name, query, since)
    start_rounds(tx, rounds)
    before = {"covered_until": write_instant(state.covered_until) if state.covered_until else None}
    deed = Deed(
        "connection.replayed", f"connection {name}", {"query": query, **before}, {"since": write_instant(since)}
    )
    record_deed(tx.connection, tx.now, person, deed)
    return Replay(query, since, count_arrived(tx.connection, name, since), REPLAYABLE[rounds.flow])


def _demand_unasked(tx: Tx, name: str, query: str, since: datetime) -> None:
    """Raises Conflict where the same window was asked for already and is under way."""
    covered = sources.load_source(tx.connection, name, query).covered_until
    last = newest_act(tx.connection, f"connection {name}", ("connection.replayed",))
    if covered is None or covered > since or last is None:
        return
    if last.before.get("query") == query and last.after == {"since": write_instant(since)}:
        raise Conflict(
            f"Connection {name} {query} is read again from then on already: {last.actor} asked for it at "
            f"{write_instant(last.at)}; nothing was changed."
        )


def is_connection(world: World, name: str) -> bool:
    """Whether the settings have a connection of that name."""
    return name in world.connections.guarded


def _awake(tx: Tx, name: str) -> list[Rounds]:
    rounds = _rounds_of(tx, name)
    if pauses.find_pause(tx.connection, name) is not None:
        raise Conflict(f"Connection {name} is paused: resume it first.")
    return rounds


def _rounds_of(tx: Tx, name: str) -> list[Rounds]:
    from trueup.workflows.watch import every_rounds

    if not is_connection(tx.resources, name):
        known = ", ".join(sorted(tx.resources.connections.guarded)) or "none"
        raise NotFound(f"Connection {name!r}: there is none of that name (known: {known}).")
    return [each for each in every_rounds(tx.resources) if each.source == name]


def _timer_of(name: str, number: int) -> str:
    return f"end-pause:{name}:{number}"


def _go_on(tx: Tx, pause: Pause, by: str) -> int:
    """End it, close its cases, and have everything that rested come at once."""
    name = pause.connection
    pauses.end_pause(tx.connection, pause.id, by, tx.now)
    cases.close_case(tx.connection, PAUSED, f"connection {name}", why=f"resumed by {by}", now=tx.now)
    for subject in cases.open_subjects(tx.connection, WAITS):
        if subject.partition(" ")[2].partition("/")[0] in _partners_by(tx.resources, name):
            cases.close_case(tx.connection, WAITS, subject, why=f"{name} was resumed", now=tx.now)
    rounds = _rounds_of(tx, name) if is_connection(tx.resources, name) else []
    for each in rounds:
        start_rounds(tx, each)
    for timer in _unsent(tx, name):
        tx.at(tx.now, timer.flow, timer.run_id, *json.loads(timer.args))
    for order_id in cases.orders_with_open(tx.connection, "shop.unreachable"):
        start_answering(tx, order_id)
    if name in tx.resources.connections.stock_sinks:
        wake_stock(tx, name)
    return len(rounds)


def _unsent(tx: Tx, name: str) -> list[Timer]:
    """The timers of sends by a connection that wait for another try, whatever they are called: also of one that a person asked for,
    and of one that waits for its order."""
    waiting = {(row.id, row.attempt) for row in tx.connection.execute(_UNSENT, {"channel": name})}
    return [each for each in find_timers(tx.connection, "send:") if tuple(json.loads(each.args)[:2]) in waiting]


def _tell_due(tx: Tx, pause: Pause) -> tuple[tuple[str, datetime], ...]:
    """A case for the pause, and one for each order whose answer comes due in it: before the deadline, not after."""
    partners = sorted(_partners_by(tx.resources, pause.connection))
    due = tx.connection.execute(_DUE, {"partners": partners, "until": pause.until}).all()
    for row in due:
        cases.open_case(tx.connection, _waits(pause, row), tx.now, order_id=row.id)
    cases.open_case(tx.connection, _paused(pause, len(due)), tx.now)
    return tuple((f"{row.partner}/{row.number}", row.answer_due_at) for row in due)


def _partners_by(world: World, name: str) -> set[str]:
    """The partners whose orders need the connection: it carries their answers, or holds the stock that they are answered from."""
    carried = {partner for partner, routes in world.routes.items() if name in routes.acknowledgements.values()}
    return carried | {
        partner.name for partner in world.partners.values() if any(terms.shop == name for terms in partner.agreements)
    }


_DUE = sa.text(
    "SELECT o.id, o.partner, o.number, o.answer_due_at FROM trueup.orders o WHERE o.partner = ANY(:partners)"
    " AND o.state <> 'closed' AND NOT o.history AND o.answer_due_at <= :until AND NOT EXISTS (SELECT FROM trueup.deliveries d"
    " WHERE d.order_id = o.id AND d.revision = o.revision AND d.state IN ('sent', 'received', 'accepted')) ORDER BY o.answer_due_at"
)
_UNSENT = sa.text(
    "SELECT id, attempt FROM trueup.deliveries WHERE channel = :channel AND state = 'prepared'"
    " AND kind = 'acknowledgement' ORDER BY id"
)


def _paused(pause: Pause, due: int) -> CaseDraft:
    return CaseDraft(
        kind=PAUSED,
        subject=f"connection {pause.connection}",
        title=f"Connection {pause.connection} is paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.reason}",
        expected="a connection that is asked",
        found=f"paused by {pause.paused_by}; {due} orders come due in it, each a case of its own",
        money_at_risk=None,
        deadline=pause.until,
        owner=Role.OPERATIONS.value,
        resolutions=(Resolution.DISMISS,),
    )


def _waits(pause: Pause, row: Any) -> CaseDraft:
    return CaseDraft(
        kind=WAITS,
        subject=f"order {row.partner}/{row.number}",
        title=f"Order {row.number} must be answered before {pause.connection} goes on: resume it, or answer by hand",
        expected=f"an answer by {row.answer_due_at:%Y-%m-%d %H:%M} UTC",
        found=f"{pause.connection} is paused until {pause.until:%Y-%m-%d %H:%M} UTC by {pause.paused_by}: {pause.reason}",
        money_at_risk=None,
        deadline=row.answer_due_at,
        owner=Role.OPERATIONS.value,
        resolutions=(Resolution.DISMISS,),
    )


FLOWS = (Flow[World]("end_pause", end_pause, "polls"),)
