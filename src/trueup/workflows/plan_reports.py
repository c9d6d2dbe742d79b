"""Plan reports: which of Amazon's reports are due, written down once each, and asked for one a minute. Broken ones are mended."""

from __future__ import annotations

from datetime import datetime, timedelta

from trueup.domain.report_plans import Planned, ReportTerms, plan_reports
from trueup.domain.vendor_reports import HOURS_BACK, MOST_DAYS, ReportKind
from trueup.durable.flow import Flow
from trueup.durable.timers import find_timers
from trueup.storage import sources, vendor_reports
from trueup.storage.vendor_reports import SavedReport
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.world import ACTOR, Flowing, Tx, World

QUERY = "reports"
OBTAIN = "obtain_report"
BETWEEN = timedelta(seconds=75)
"""From one report that is asked for to the next: Amazon lets one a minute be asked for, and every 45 seconds be looked for."""
AT_ONCE = 3
LOST_AFTER = timedelta(hours=2)
"""A report that nothing happened to for so long, and that no timer speaks of, has lost its run."""


def plan_due_reports(c: Flowing, source: str) -> None:
    """One round of one source; then the next is set."""
    c.commit(plan_round, source, c.run_id)


def ensure_reports(tx: Tx) -> None:
    """Plan for every source at once, and go on from there. Called whenever a worker starts."""
    for rounds in report_rounds(tx.resources):
        start_rounds(tx, rounds)


def report_rounds(world: World) -> list[Rounds]:
    """Every chain of plans: one a source of reports."""
    return [_rounds(world, source) for source in world.reports if source in world.connections.vendor_reports]


def plan_round(tx: Tx, source: str, run_id: str) -> int:
    """Write down what is due and start asking; returns how many are new."""
    new = [
        report_id
        for planned in due_reports(tx, source)
        if (report_id := vendor_reports.plan_report(tx.connection, source, planned, ACTOR, tx.now)) is not None
    ]
    ask_in_turn(tx, source, new)
    for saved in vendor_reports.load_unsettled(tx.connection, source):
        if saved.id not in new and _is_lost(tx, saved):
            start_report(tx, saved.id, tx.now)
    sources.note_success(tx.connection, source, QUERY, covered_until=tx.now, documents=0, now=tx.now)
    set_next(tx, _rounds(tx.resources, source), run_id, tx.resources.pace.reports)
    return len(new)


def due_reports(tx: Tx, source: str) -> list[Planned]:
    """What is due of one source now, whether it was planned before or not."""
    terms = tx.resources.reports[source]
    found: list[Planned] = []
    for kind in terms.kinds:
        scope = terms.scope(kind)
        known = vendor_reports.load_known(tx.connection, source, scope, _since(terms, kind, tx.now))
        found += plan_reports(terms, kind, known, tx.now)
    return found


def ask_in_turn(tx: Tx, source: str, report_ids: list[int]) -> None:
    """Start the runs of new reports, so far apart that no worker waits for the budget; behind those that wait already."""
    waiting = sum(saved.reference is None for saved in vendor_reports.load_unsettled(tx.connection, source))
    before = waiting - len(report_ids)
    for place, report_id in enumerate(report_ids, before):
        start_report(tx, report_id, tx.now + max(0, place - AT_ONCE + 1) * BETWEEN)


def start_report(tx: Tx, report_id: int, due: datetime) -> None:
    """Set the next run of a report, instead of one that may be set."""
    for timer in find_timers(tx.connection, vendor_reports.run_stem(report_id)):
        tx.cancel(timer.run_id)
    tx.at(due, OBTAIN, vendor_reports.next_run(tx.connection, report_id), report_id)


def _is_lost(tx: Tx, saved: SavedReport) -> bool:
    quiet = not saved.moved_at - LOST_AFTER <= tx.now <= saved.moved_at + LOST_AFTER
    return quiet and not find_timers(tx.connection, vendor_reports.run_stem(saved.id))


def _since(terms: ReportTerms, kind: ReportKind, now: datetime) -> datetime:
    if kind.by_hour:
        return now - HOURS_BACK
    return now - timedelta(days=terms.back_fill_days + 2 * MOST_DAYS)


def _rounds(world: World, source: str) -> Rounds:
    return Rounds("plan_reports", f"reports:{source}", source, QUERY, (source,), world.pace.reports)


FLOWS = (Flow[World]("plan_reports", plan_due_reports, "polls"),)
