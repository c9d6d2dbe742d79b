"""Watch: what nobody calls for by itself. Sources that fell silent, answers that are due, cases past their deadline."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.domain.cases import CaseDraft, Resolution
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import cases, order_runs, pauses, sources, trade_ins
from trueup.storage.case_urgency import count_hours
from trueup.workflows.advise_stock import advice_rounds, ensure_advices
from trueup.workflows.check_stock import ensure_sweeps, sweep_rounds
from trueup.workflows.compute_buffers import buffer_rounds, ensure_buffers
from trueup.workflows.escalate_cases import escalate_unowned
from trueup.workflows.find_trade_ins import ensure_searches, search_rounds
from trueup.workflows.mend_runs import close_mended
from trueup.workflows.pause_connection import watch_pauses
from trueup.workflows.plan_reports import ensure_reports, report_rounds
from trueup.workflows.poll_circular import circular_rounds, ensure_circular
from trueup.workflows.poll_invoice_statuses import ensure_status_polls, status_rounds
from trueup.workflows.poll_orders import ensure_polls, poll_rounds
from trueup.workflows.poll_receipts import ensure_receipts, receipt_rounds
from trueup.workflows.poll_remittances import ensure_remittance_polls, remittance_rounds
from trueup.workflows.poll_sales import ensure_sales, sale_rounds
from trueup.workflows.prove_books import ensure_proofs, proof_rounds
from trueup.workflows.prove_invariants import ensure_invariants, invariant_rounds
from trueup.workflows.receive_files import ensure_looks, look_rounds
from trueup.workflows.rounds import RUN_FAILED, Rounds, again_after_defect, mend_rounds, set_next, start_rounds
from trueup.workflows.show_retail import ensure_showing, showing_rounds
from trueup.workflows.sync_products import ensure_syncs, sync_rounds
from trueup.workflows.taking_in import start_answering_in
from trueup.workflows.tell_inventory import ensure_inventory, inventory_rounds
from trueup.workflows.watch_credits import credit_rounds, ensure_credit_watch
from trueup.workflows.world import Flowing, Pace, Tx, World

SOURCE = "trueup"
QUERY = "watch"
ROUND_QUEUE = "polls"
_GOES_ROUND = (
    "poll_orders",
    "poll_receipts",
    "sync_products",
    "receive_files",
    "poll_remittances",
    "poll_invoice_statuses",
    "poll_cycles",
    "sweep_programme",
    "prove_books",
    "prove_invariants",
    "check_stock",
    "poll_sales",
    "watch_credits",
    "advise_stock",
    "tell_inventory",
    "find_trade_ins",
    "plan_reports",
    "show_retail",
    "watch",
)


def watch(c: Flowing) -> None:
    """One round; then the next is set."""
    c.commit(look_around, c.run_id)


def look_around(tx: Tx, run_id: str) -> None:
    """Silence becomes a case: absence of orders is not proof that there are none. What went round and does not is mended."""
    pace = tx.resources.pace
    slow = {(rounds.source, rounds.query): 2 * rounds.pace for rounds in every_rounds(tx.resources)}
    watch_pauses(tx)
    resting = pauses.list_pauses(tx.connection)
    silent: list[int] = []
    became: Counter[str] = Counter()
    every = [row for row in sources.list_sources(tx.connection) if row["name"] != SOURCE]
    for row in every:
        if row["name"] in resting:
            became["resting"] += 1
            continue
        patience = max(pace.silence, slow.get((row["name"], row["query"]), pace.silence))
        subject = f"source {row['name']} {row['query']}"
        last = row["last_success_at"] or row["last_started_at"]
        if last is not None and tx.now - last > patience:
            silent.append(
                cases.open_case(tx.connection, _silent(subject, row["last_error"], str(tx.now - last)), tx.now)
            )
        else:
            became["heard of in time"] += 1
            cases.close_case(tx.connection, "source.silent", subject, why="it answers again", now=tx.now)
    close_mended(tx)
    count_hours(tx.connection, tx.now)
    escalate_unowned(tx)
    tx.count(Tally("sources", len(every), became, {"silent": len(silent)}, silent))
    for rounds in every_rounds(tx.resources):
        mend_rounds(tx, rounds)
    set_next(tx, _rounds(tx.resources), run_id, pace.watch)
    mend_rounds(tx, _rounds(tx.resources))
    sources.note_success(tx.connection, SOURCE, QUERY, covered_until=tx.now, documents=0, now=tx.now)


def ensure_watch(tx: Tx) -> None:
    """Set the first round of everything that goes round. Called whenever a worker starts."""
    ensure_syncs(tx)
    ensure_polls(tx)
    ensure_receipts(tx)
    ensure_looks(tx)
    ensure_remittance_polls(tx)
    ensure_status_polls(tx)
    ensure_circular(tx)
    ensure_proofs(tx)
    ensure_invariants(tx)
    ensure_buffers(tx)
    ensure_sweeps(tx)
    ensure_sales(tx)
    ensure_credit_watch(tx)
    ensure_advices(tx)
    ensure_inventory(tx)
    ensure_searches(tx)
    ensure_reports(tx)
    ensure_showing(tx)
    start_rounds(tx, _rounds(tx.resources), tx.resources.pace.watch)


def every_rounds(world: World) -> list[Rounds]:
    """All that goes round but the watch itself."""
    return [
        *sync_rounds(world),
        *poll_rounds(world),
        *receipt_rounds(world),
        *look_rounds(world),
        *remittance_rounds(world),
        *status_rounds(world),
        *circular_rounds(world),
        *proof_rounds(world),
        *invariant_rounds(world),
        *buffer_rounds(world),
        *sweep_rounds(world),
        *sale_rounds(world),
        *credit_rounds(world),
        *advice_rounds(world),
        *inventory_rounds(world),
        *search_rounds(world),
        *report_rounds(world),
        *showing_rounds(world),
    ]


def _rounds(world: World) -> Rounds:
    return Rounds("watch", QUERY, SOURCE, QUERY, (), world.pace.watch)


def note_defect(connection: sa.Connection, now: datetime, run_id: str, flow: str, words: str) -> None:
    """A run that failed with a defect: its order is freed for who waits for it, a round comes again, and a case says so.

    Nothing is swallowed; a round that fails again and again is one case.
    """
    about = again_after_defect(connection, now, run_id, (flow, ROUND_QUEUE)) if flow in _GOES_ROUND else run_id
    for order_id in order_runs.free_orders(connection, run_id):
        start_answering_in(connection, order_id, now)
    trade_ins.free_lease(connection, run_id)
    last = words.strip().splitlines()[-1] if words.strip() else "no words"
    draft = CaseDraft(
        kind=RUN_FAILED,
        subject=f"run {about}",
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


FLOWS = (Flow[World]("watch", watch, ROUND_QUEUE, Pace().watch),)
