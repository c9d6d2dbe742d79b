"""Taking in: what a format read becomes revisions of orders, each of which is then answered; what it found becomes cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.orders import OrderState, PurchaseOrder, tell_changes
from trueup.durable.outcomes import to_json
from trueup.durable.tally import Tally
from trueup.durable.timers import Timer, set_timer
from trueup.formats.document import Reading
from trueup.storage import acts, cases, order_runs, orders
from trueup.workflows.world import ACTOR, Tx

QUEUE = "orders"
"""Of the flows that work on one order."""
MOST_FINDINGS = 20
"""A file of garbage makes one case that names the first findings, not a case for each byte."""


def take_in_orders(tx: Tx, reading: Reading[PurchaseOrder], source: str) -> list[int]:
    """Save every order of a reading and start answering the revisions that are new. Returns their ids."""
    begun = []
    became: Counter[str] = Counter()
    for index, order in enumerate(reading.values):
        envelope = envelope_of(reading, index)
        arrived = orders.Arrived(reading.evidence, tx.now, envelope, _sent(reading, envelope))
        taken = orders.take_in(tx.connection, order, arrived)
        if taken.is_new:
            _record(tx, order, taken)
        if taken.is_new and taken.revision == 1 and _is_history(tx, order):
            orders.mark_history(tx.connection, taken.order_id)
            became["answered before us"] += 1
            continue
        became[_became(taken)] += 1
        if taken.is_new or taken.closed:
            start_answering(tx, taken.order_id)
            begun.append(taken.order_id)
    case = note_findings(tx, reading, source)
    out = {**became, "listed without details": len(reading.facts.get("without_details", ()))}
    unfit = {"could not be read": reading.facts["unfit"]}
    tx.count(Tally("orders", reading.facts["listed"], out, unfit, (case,) if case else ()))
    return begun


def _became(taken: orders.TakenIn) -> str:
    """What an order was to us that arrived, in a word."""
    if taken.is_new:
        return "new" if taken.revision == 1 else "changed"
    return "closed" if taken.closed else "known before"


def envelope_of(reading: Reading[PurchaseOrder], index: int) -> dict[str, Any]:
    """What an answer to one order of a reading needs of its envelope: on EDI whence it came and its lines as they came."""
    of_orders = reading.facts.get("orders", [])
    return dict(of_orders[index]) if index < len(of_orders) else {}


def _sent(reading: Reading[PurchaseOrder], envelope: dict[str, Any]) -> tuple[datetime, ...]:
    """The times that the envelopes around an order bear, where it came in envelopes."""
    if "interchange" not in envelope:
        return ()
    around = reading.facts["interchanges"][envelope["interchange"]]
    groups = [group for group in around["groups"] if group["control"] == envelope["group_control"]]
    moments = (_stamp(each["date"], each["time"]) for each in (around, *groups))
    return tuple(moment for moment in moments if moment is not None)


def _stamp(day: str, time: str) -> datetime | None:
    """A date of six digits (ISA09) or eight (GS04) and a time of day; None when it is none."""
    try:
        return datetime.strptime(f"{day} {time[:4]}", "%y%m%d %H%M" if len(day) == 6 else "%Y%m%d %H%M").replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


def start_answering(tx: Tx, order_id: int, after: timedelta = timedelta(0)) -> None:
    """Have an order answered as it stands, now or after a while."""
    number = order_runs.next_run(tx.connection, order_id)
    run_id = f"acknowledge:{order_id}:{number}"
    if after:
        tx.at(tx.now + after, "acknowledge_order", run_id, order_id)
    else:
        tx.start("acknowledge_order", run_id, order_id)


def start_answering_in(connection: sa.Connection, order_id: int, now: datetime) -> None:
    """The same where there is only a connection: a timer that is due at once."""
    run_id = f"acknowledge:{order_id}:{order_runs.next_run(connection, order_id)}"
    set_timer(connection, Timer(run_id, now, "acknowledge_order", QUEUE, to_json([order_id], run_id)))


def look_at_held(tx: Tx, kind: str = "held.") -> None:
    """What orders are held for may be gone now: look at each of them again."""
    for order_id in cases.orders_with_open(tx.connection, kind):
        start_answering(tx, order_id)


def note_findings(tx: Tx, reading: Reading[Any], source: str) -> int | None:
    """Errors in a document are one case about it: nothing is lost, and someone looks. Returns its id, None without errors."""
    errors = reading.errors
    if not errors:
        return None
    shown = "; ".join(str(finding) for finding in errors[:MOST_FINDINGS])
    more = f" (and {len(errors) - MOST_FINDINGS} more)" if len(errors) > MOST_FINDINGS else ""
    draft = CaseDraft(
        kind="document.invalid",
        subject=f"document {reading.evidence}",
        title=f"A document from {source} has {len(errors)} {'error' if len(errors) == 1 else 'errors'}: {errors[0].message}",
        expected=f"a valid {reading.format} document",
        found=shown + more,
        money_at_risk=None,
        deadline=tx.now + timedelta(hours=20),
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=reading.evidence,
    )
    return cases.open_case(tx.connection, draft, tx.now)


def hold_document(tx: Tx, digest: str, source: str, name: str, error: str) -> None:
    """A document of which nothing could be taken in: it waits in a case, and is counted as held."""
    case = note_unreadable(tx, digest, source, name, error)
    tx.count(Tally("documents", 1, held={"could not be read": 1}, cases=(case,)))


def note_unreadable(tx: Tx, digest: str, source: str, name: str, error: str) -> int:
    """Bytes that no format could read, or that two could: archived, and a case. Returns its id."""
    draft = CaseDraft(
        kind="document.unreadable",
        subject=f"document {digest}",
        title=f"{name} from {source} could not be read: {error}",
        expected="a document of a known format",
        found=error,
        money_at_risk=None,
        deadline=tx.now + timedelta(hours=20),
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=digest,
    )
    return cases.open_case(tx.connection, draft, tx.now)


def _is_history(tx: Tx, order: PurchaseOrder) -> bool:
    """First seen answered, or closed beyond any answer: someone dealt with it before we came."""
    if order.state is OrderState.ACKNOWLEDGED:
        return True
    return order.state is OrderState.CLOSED and tx.now - order.ordered_at > timedelta(hours=48)


def _record(tx: Tx, order: PurchaseOrder, taken: orders.TakenIn) -> None:
    saved = orders.load_order(tx.connection, taken.order_id, taken.revision)
    if taken.revision > 1:
        # Who decides about a case decides about the terms it shows: other terms are another case.
        why = f"revision {taken.revision} changed the line"
        cases.close_line_cases(tx.connection, taken.order_id, saved.change.touched, why=why, now=tx.now)
    changes: Sequence[str] = tell_changes(saved.change.fields)
    acts.append_act(
        tx.connection,
        tx.now,
        acts.Act(
            actor=ACTOR,
            role="worker",
            act="order.received" if taken.revision == 1 else "order.revised",
            subject=f"order {order.key}",
            after={"revision": taken.revision, "changes": list(changes), "terms": saved.terms_digest},
            evidence=saved.evidence,
        ),
    )
