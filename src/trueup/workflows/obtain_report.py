"""Obtain a report: found or asked for, looked at with growing pauses, archived as it came, read, and kept as history.

Every run does one thing and sets the next. What Amazon does not do is an outcome, never an end: a report without data is noted, one
that is late is asked for again, one that failed is a case with Amazon's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound
from trueup.domain.figure_history import Saying
from trueup.domain.vendor_reports import Figures
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats.compressed import opened
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.formats.vendor_reports._rows import read_error
from trueup.remote.vendor_reports import Progress, ShownReport
from trueup.storage import vendor_figures, vendor_reports
from trueup.storage.documents import Arrival
from trueup.storage.vendor_reports import SETTLED, ReportState, SavedReport
from trueup.workflows.plan_reports import BETWEEN, OBTAIN, QUERY, start_report
from trueup.workflows.report_outcomes import (
    is_late,
    next_try,
    note_fatal,
    note_kept,
    note_stuck,
    note_unread,
)
from trueup.workflows.show_retail import ask_showing
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

KIND = "vendor-report"
LARGEST_BYTES = 512 * 1024 * 1024
"""What a report may be once it is opened."""
LOOKS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 3, 5, 10, 15, 30))
"""How long after each look that shows no end the next follows; the last again and again."""
BEFORE_PLAN = timedelta(hours=1)
"""How old a report may be that is found in place of a new one."""


def obtain_report(c: Flowing, report_id: int) -> None:
    """The next thing to be done about a report."""
    plan = c.commit(next_act, report_id)
    if plan is None:
        return
    try:
        if plan["reference"] is None:
            c.commit(note_requested, report_id, c.step(find_or_request, plan))
            return
        shown = c.step(look_at, plan)
        if shown["document"] is not None and shown["progress"] in (Progress.DONE.value, Progress.FATAL.value):
            shown |= c.step(archive_document, plan, shown)
    except NotFound as error:
        c.commit(note_forgotten, report_id, str(error))
    except NOT_DONE as error:
        c.commit(note_not_done, report_id, str(error), needs_person(error))
    else:
        c.commit(take_in_report, report_id, shown)


def next_act(tx: Tx, report_id: int) -> dict[str, Any] | None:
    """What is known of a report that is under way; None when it is settled."""
    saved = vendor_reports.load_report(tx.connection, report_id, lock=True)
    if saved.state in SETTLED or saved.source not in tx.resources.connections.vendor_reports:
        return None
    excluded = vendor_reports.known_references(tx.connection, saved.source) | set(saved.others)
    return {
        "id": saved.id,
        "source": saved.source,
        "words": saved.question.words,
        "reference": saved.reference,
        "since": write_instant(saved.planned_at - BEFORE_PLAN),
        "excluded": sorted(excluded),
    }


def find_or_request(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """The reference of a report of that window that nobody here knows yet, or of one that is asked for now.

    Amazon takes no key: whoever asks looks first, so that a request whose answer was lost is not asked again.
    """
    source = world.connections.vendor_reports[plan["source"]]
    with world.database.transaction() as connection:
        question = vendor_reports.load_report(connection, plan["id"]).question
    listed = source.find_reports(question, read_instant(plan["since"])).value
    usable = (Progress.QUEUED, Progress.RUNNING, Progress.DONE)
    found = [each for each in listed if each.reference not in plan["excluded"] and each.progress in usable]
    if found:
        return {"reference": found[0].reference, "found": True}
    return {"reference": source.request_report(question).value, "found": False}


def look_at(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """How far Amazon is."""
    shown = world.connections.vendor_reports[plan["source"]].fetch_report(plan["reference"]).value
    return _as_json(shown)


def archive_document(world: World, plan: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """Stream the document into the archive as it lies at Amazon, before anything reads it."""
    source = plan["source"]
    pieces = world.connections.vendor_reports[source].fetch_document(shown["document"])
    name = f"{plan['words']}, report {plan['reference']}"
    with world.database.transaction() as connection:
        arrival = Arrival(kind=KIND, source=source, name=name, received_at=world.clock.now(), subject=source)
        kept = world.archive.append(connection, pieces, arrival)
    return {"digest": kept.digest, "name": name}


def note_requested(tx: Tx, report_id: int, asked: dict[str, Any]) -> None:
    """Amazon has it; looks begin."""
    saved = vendor_reports.load_report(tx.connection, report_id, lock=True)
    vendor_reports.move_report(
        tx.connection,
        report_id,
        tx.now,
        state=ReportState.ASKED,
        reference=asked["reference"],
        attempts=saved.attempts + 1,
        looks=0,
        words="found at Amazon" if asked["found"] else "",
    )
    note_working(tx, saved.source, QUERY)
    _again(tx, report_id, LOOKS[0])


def take_in_report(tx: Tx, report_id: int, shown: dict[str, Any]) -> None:
    """What a look showed: nothing new, no data, a failure with its words, or a document to be read."""
    saved = vendor_reports.load_report(tx.connection, report_id, lock=True)
    note_working(tx, saved.source, QUERY)
    match Progress(shown["progress"]):
        case Progress.QUEUED | Progress.RUNNING:
            note_stuck(tx, saved)
            vendor_reports.move_report(tx.connection, report_id, tx.now, looks=saved.looks + 1)
            _again(tx, report_id, LOOKS[min(saved.looks + 1, len(LOOKS) - 1)])
        case Progress.CANCELLED:
            made_at = _made_at(shown)
            words = "Amazon has no data for it"
            vendor_reports.move_report(
                tx.connection, report_id, tx.now, state=ReportState.EMPTY, made_at=made_at, words=words, products=0
            )
            note_kept(tx, saved)
        case Progress.FATAL:
            _take_in_fatal(tx, saved, shown)
        case Progress.DONE:
            _take_in_document(tx, saved, shown)


def _take_in_fatal(tx: Tx, saved: SavedReport, shown: dict[str, Any]) -> None:
    """Asked for again later where time may help, else left to a person with what Amazon says."""
    words = "Amazon gives no reason"
    if "digest" in shown:
        try:
            words = read_error(opened(tx.resources.read(tx.connection, shown["digest"]), LARGEST_BYTES)) or words
        except DocumentError as error:
            words = f"Amazon's reason cannot be read: {error}"
    after = next_try(saved, words, tx.now)
    if after is None:
        facts = {"made_at": _made_at(shown), "digest": shown.get("digest")}
        vendor_reports.move_report(tx.connection, saved.id, tx.now, state=ReportState.FAILED, words=words, **facts)
        note_fatal(tx, saved, words, shown.get("digest", ""))
        return
    if not is_late(words):
        note_fatal(tx, saved, words, shown.get("digest", ""))
    _ask_anew(tx, saved, words)
    _again(tx, saved.id, after)


def _take_in_document(tx: Tx, saved: SavedReport, shown: dict[str, Any]) -> None:
    digest = shown.get("digest")
    if digest is None:
        note_not_done(tx, saved.id, f"report {saved.reference} is done and has no document", False)
        return
    source = tx.resources.connections.vendor_reports[saved.source]
    try:
        content = opened(tx.resources.read(tx.connection, digest), LARGEST_BYTES)
        reading = recognise(content[:HEAD_BYTES], known_formats()).read(content)
    except DocumentError as error:
        _unread(tx, saved, digest, str(error))
        return
    (report,) = reading.values
    if not report.answers(saved.question, source.marketplace):
        _ask_anew(tx, saved, f"report {saved.reference} was of {report.scope} and answers another question")
        _again(tx, saved.id, BETWEEN)
        return
    made_at = _made_at(shown)
    saying = Saying(made_at, saved.reference or "")
    told = vendor_figures.Told(saved.source, saved.question.scope, saying, tx.now, digest)
    news = vendor_figures.keep_figures(tx.connection, told, report.rows)
    tx.count(_tally_of(report.rows, news))
    findings = "; ".join(str(finding) for finding in reading.findings[:3])
    more = f" (and {len(reading.findings) - 3} more findings)" if len(reading.findings) > 3 else ""
    vendor_reports.move_report(
        tx.connection,
        saved.id,
        tx.now,
        state=ReportState.KEPT,
        made_at=made_at,
        digest=digest,
        products=len({row.asin for row in report.rows}),
        words=f"{news} of {len(report.rows)} figures are new{': ' + findings + more if findings else ''}",
    )
    note_kept(tx, saved)
    ask_showing(tx, saved.source)


def _tally_of(rows: Sequence[Figures], news: int) -> Tally:
    """How many figures the report has, and how many of them say what was not known. One that is told twice is its last."""
    told = len({(row.asin, row.begins) for row in rows})
    became = {"new or restated": news, "known before": told - news, "told twice": len(rows) - told}
    return Tally("figures", len(rows), became)


def _unread(tx: Tx, saved: SavedReport, digest: str, words: str) -> None:
    """Cut off or not as published: fetched once more, then left to a person; the bytes are in the archive."""
    if saved.digest is None:
        vendor_reports.move_report(tx.connection, saved.id, tx.now, digest=digest, words=words)
        _again(tx, saved.id, LOOKS[3])
        return
    vendor_reports.move_report(tx.connection, saved.id, tx.now, state=ReportState.FAILED, words=words, digest=digest)
    case = note_unread(tx, saved, words, digest)
    tx.count(Tally("documents", 1, held={"could not be read": 1}, cases=(case,)))


def note_forgotten(tx: Tx, report_id: int, words: str) -> None:
    """Amazon knows nothing of it any more: it is asked for anew."""
    saved = vendor_reports.load_report(tx.connection, report_id, lock=True)
    _ask_anew(tx, saved, words)
    _again(tx, report_id, BETWEEN)


def note_not_done(tx: Tx, report_id: int, words: str, forbidden: bool) -> None:
    """It could not be asked or fetched now. Tried again later; someone is told when it goes on."""
    saved = vendor_reports.load_report(tx.connection, report_id, lock=True)
    failures = note_failure(tx, saved.source, QUERY, words, at_once=forbidden)
    vendor_reports.move_report(tx.connection, report_id, tx.now, words=words)
    _again(tx, report_id, timedelta(minutes=min(2 * failures, 60)))


def _ask_anew(tx: Tx, saved: SavedReport, words: str) -> None:
    others = [*saved.others, *([saved.reference] if saved.reference is not None else [])]
    vendor_reports.move_report(
        tx.connection, saved.id, tx.now, state=ReportState.PLANNED, reference=None, others=others, looks=0, words=words
    )


def _again(tx: Tx, report_id: int, after: timedelta) -> None:
    start_report(tx, report_id, tx.now + after)


def _made_at(shown: dict[str, Any]) -> datetime:
    return read_instant(shown["finished_at"] or shown["created_at"])


def _as_json(shown: ShownReport) -> dict[str, Any]:
    return {
        "progress": shown.progress.value,
        "created_at": write_instant(shown.created_at),
        "finished_at": write_instant(shown.finished_at) if shown.finished_at else None,
        "document": shown.document,
    }


FLOWS = (Flow[World](OBTAIN, obtain_report, "reports"),)
