"""Request a report: a person asks for one of Amazon's reports now, whatever was planned or came before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.domain.report_plans import Planned, ReportTerms
from trueup.domain.vendor_reports import DAY, FARTHEST_BACK, MOST_DAYS, Question, ReportKind
from trueup.storage import vendor_reports
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.plan_reports import ask_in_turn
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

MOST_REPORTS = 20
"""In one request: Amazon lets one a minute be asked for, and the schedule wants its own."""


@dataclass(frozen=True, slots=True)
class WantedReport:
    """What a person asks for: of which source (None: the only one), which kind, and which days, both included."""

    kind: ReportKind
    first: date | None = None
    last: date | None = None
    source: str | None = None


def request_report(tx: Tx, wanted: WantedReport, person: Person) -> dict[str, Any]:
    """Write the reports down and start asking, as many as the days need. Raises Refused, Invalid, NotFound."""
    demand_role(person, "reports.ask")
    source, terms = _source(tx, wanted.source)
    questions = _questions(terms, wanted, tx.now)
    edition = f"by {person.name} at {write_instant(tx.now)}"
    ids = [
        report_id
        for question in questions
        if (
            report_id := vendor_reports.plan_report(
                tx.connection, source, Planned(question, edition), person.name, tx.now
            )
        )
        is not None
    ]
    ask_in_turn(tx, source, ids)
    words = [question.words for question in questions]
    record_deed(tx.connection, tx.now, person, Deed("reports.asked", f"source {source}", None, {"reports": words}))
    return {"source": source, "ids": ids, "reports": words}


def _source(tx: Tx, name: str | None) -> tuple[str, ReportTerms]:
    known = tx.resources.reports
    if not known:
        raise Invalid("No reports are set up: add [[partners.reports]] to trueup.toml.")
    if name is None and len(known) == 1:
        return next(iter(known.items()))
    if name is None or name not in known:
        listed = ", ".join(sorted(known))
        raise NotFound(f"{name or 'Which source'} is not among the sources of reports; say --source, one of {listed}.")
    return name, known[name]


def _questions(terms: ReportTerms, wanted: WantedReport, now: datetime) -> list[Question]:
    scope = terms.scope(wanted.kind)
    if not wanted.kind.dated:
        if wanted.first is not None or wanted.last is not None:
            raise Invalid("A forecast is always the newest: leave --from and --to out.")
        return [Question(scope)]
    if wanted.first is None:
        raise Invalid("Expected --from, the first day, and perhaps --to, the last.")
    start = _midnight(wanted.first)
    end = min(_midnight(wanted.last or wanted.first) + DAY, now if wanted.kind.by_hour else _midnight(now.date()))
    if end <= start:
        raise Invalid(f"From {wanted.first} on there is nothing to report yet, or --to is before --from.")
    if start < now - FARTHEST_BACK:
        raise Invalid(f"{wanted.first} is longer ago than the {FARTHEST_BACK.days} days that Amazon looks back.")
    step = DAY if wanted.kind.by_hour else MOST_DAYS * DAY
    found: list[Question] = []
    while start < end:
        until = min(start + step, end).replace(minute=0, second=0, microsecond=0)
        if until <= start:
            break
        found.append(Question(scope, start, until))
        start = until
    if not found or len(found) > MOST_REPORTS:
        raise Invalid(f"{len(found)} reports would be needed, expected 1 to {MOST_REPORTS}; ask for fewer days.")
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
