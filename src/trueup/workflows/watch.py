"""Watch: what nobody calls for by itself. Sources that fell silent, answers that are due, cases past their deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft, Resolution
from trueup.durable.flow import Flow
from trueup.storage import cases, orders, sources
from trueup.workflows.poll_orders import ensure_polls
from trueup.workflows.receive_files import ensure_looks
from trueup.workflows.sync_products import ensure_syncs
from trueup.workflows.taking_in import start_answering_in
from trueup.workflows.world import Flowing, Tx, World

SOURCE = "trueup"
QUERY = "watch"


def watch(c: Flowing) -> None:
    """One round; then the next is set."""
    c.commit(look_around, c.run_id)


def look_around(tx: Tx, run_id: str) -> None:
    """Silence becomes a case: absence of orders is not proof that there are none."""
    sources.load_source(tx.connection, SOURCE, QUERY)
    pace = tx.resources.pace
    for row in sources.list_sources(tx.connection):
        if row["name"] == SOURCE:
            continue
        subject = f"source {row['name']} {row['query']}"
        last = row["last_success_at"] or row["last_started_at"]
        if last is not None and tx.now - last > pace.silence:
            cases.open_case(tx.connection, _silent(subject, row["last_error"], str(tx.now - last)), tx.now)
        else:
            cases.close_case(tx.connection, "source.silent", subject, why="it answers again", now=tx.now)
    sources.note_success(tx.connection, SOURCE, QUERY, covered_until=tx.now, documents=0, now=tx.now)
    if sources.is_newest_round(tx.connection, SOURCE, QUERY, run_id):
        number = sources.start_round(tx.connection, SOURCE, QUERY, tx.now)
        tx.at(tx.now + pace.watch, "watch", f"watch:{number}")


def ensure_watch(tx: Tx) -> None:
    """Set the first round of everything that goes round. Called whenever a worker starts."""
    ensure_syncs(tx)
    ensure_polls(tx)
    ensure_looks(tx)
    state = sources.load_source(tx.connection, SOURCE, QUERY)
    tx.cancel(f"watch:{state.round}")
    number = sources.start_round(tx.connection, SOURCE, QUERY, tx.now)
    tx.at(tx.now + tx.resources.pace.watch, "watch", f"watch:{number}")


def note_defect(connection: sa.Connection, now: datetime, run_id: str, flow: str, words: str) -> None:
    """A run that failed with a defect: its order is freed for who waits for it, and a case says so. Nothing is swallowed."""
    for order_id in orders.free_orders(connection, run_id):
        start_answering_in(connection, order_id, now)
    last = words.strip().splitlines()[-1] if words.strip() else "no words"
    draft = CaseDraft(
        kind="run.failed",
        subject=f"run {run_id}",
        title=f"The {flow} run {run_id} failed: {last[:300]}",
        expected="a run that ends",
        found=words[:4000],
        money_at_risk=None,
        deadline=now + timedelta(hours=4),
        owner="admin",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(connection, draft, now)


def _silent(subject: str, error: str, age: str) -> CaseDraft:
    return CaseDraft(
        kind="source.silent",
        subject=subject,
        title=f"{subject.removeprefix('source ')} has been silent for {age}",
        expected="an answer at every look",
        found=error or "no answer",
        money_at_risk=None,
        deadline=None,
        owner="admin",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


FLOWS = (Flow[World]("watch", watch, "polls"),)
