"""The Reports API 2021-06-30 for vendor reports: asked for, queued, made, listed, and fetched from an address that soon expires.

One report of a vendor group is made at a time; the others wait in the queue. It says what is known when it is finished, not when it
was asked for. Without data it is CANCELLED and has no document; where something is wrong with what was asked it is FATAL, and its
document says what. Reports are forgotten after 90 days. A list does not repeat the options that a report was asked with. The
address of a document is presigned, holds for five minutes, and refuses a request that brings credentials of its own, as Amazon's
storage does. Source: the published model reports_2021-06-30.json; where it is silent the harsher reading.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.budgets import CANCEL_REPORT, CREATE_REPORT, DOCUMENT, REPORT, REPORT_DOCUMENT, REPORTS
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.replies import Reply, invalid_input, not_found, plain
from trueup.simulators.amazon.report_documents import write_report
from trueup.simulators.amazon.report_queries import given_once, instant_of, read_specification, report_page
from trueup.simulators.amazon.report_rules import Asked, fault_of

if TYPE_CHECKING:
    from trueup.simulators.amazon.operations import Call
    from trueup.simulators.amazon.simulator import AmazonSimulator

KEPT = timedelta(days=90)
ADDRESS_HOLDS = timedelta(minutes=5)
DOCUMENTS = "/report-documents/"
_NEVER = timedelta(days=3650)


@dataclass(slots=True)
class Report:
    """One report: what was asked, when it is begun and finished, and what came of it. `said`: words of a FATAL on demand."""

    report_id: str
    group: str
    asked: Asked
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    cancelled_at: datetime | None = None
    said: str | None = None
    outcome: str = ""
    document_id: str | None = None

    def status(self, now: datetime) -> str:
        """Where it stands."""
        if self.cancelled_at is not None:
            return "CANCELLED"
        if now < self.starts_at:
            return "IN_QUEUE"
        return "IN_PROGRESS" if now < self.ends_at else self.outcome


@dataclass(slots=True)
class ReportShelf:
    """The reports of all vendor groups and their documents."""

    reports: dict[tuple[str, str], Report] = field(default_factory=dict)
    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def of(self, group: str, now: datetime) -> list[Report]:
        """A group's reports that are not forgotten, the newest first."""
        kept = [each for each in self.reports.values() if each.group == group and each.created_at > now - KEPT]
        return sorted(kept, key=lambda each: (each.created_at, each.report_id), reverse=True)

    def events_after(self, now: datetime) -> Iterator[datetime]:
        """When something happens to a report by itself."""
        for report in self.reports.values():
            if report.cancelled_at is None:
                yield from (at for at in (report.starts_at, report.ends_at) if at > now)


def create_report(simulator: AmazonSimulator, call: Call) -> Reply:
    """createReport: taken in now, made later."""
    asked = read_specification(call.body, call.now)
    shelf, rules = simulator.reports, simulator.rules
    mine = [each for each in shelf.reports.values() if each.group == call.group]
    busy = max((each.ends_at for each in mine if each.cancelled_at is None), default=call.now)
    starts = max(call.now + rules.report_queue, busy)
    take = simulator.faults.take
    if (stuck := take(FaultKind.REPORT_STUCK, CREATE_REPORT)) is not None:
        starts = call.now + (timedelta(seconds=stuck.seconds) if stuck.seconds else _NEVER)
    fatal = take(FaultKind.REPORT_FATAL, CREATE_REPORT)
    report = Report(
        report_id=str(50_000_000_000 + len(mine) + 1),  # unique within a vendor group alone
        group=call.group,
        asked=asked,
        created_at=call.now,
        starts_at=starts,
        ends_at=starts + rules.report_making,
        said=None if fatal is None else fatal.text,
    )
    shelf.reports[call.group, report.report_id] = report
    return plain(202, {"reportId": report.report_id})


def get_report(simulator: AmazonSimulator, call: Call) -> Reply:
    """getReport."""
    return plain(200, _shown(_find(simulator, call), call.now))


def get_reports(simulator: AmazonSimulator, call: Call) -> Reply:
    """getReports: the newest first."""
    for report in simulator.reports.of(call.group, call.now):
        settle(simulator, report, call.now)
    page, token = report_page(simulator, call, simulator.reports.of(call.group, call.now))
    content: dict[str, Any] = {"reports": [_shown(report, call.now) for report in page]}
    return plain(200, content if token is None else {**content, "nextToken": token})


def cancel_report(simulator: AmazonSimulator, call: Call) -> Reply:
    """cancelReport: only while it waits in the queue."""
    report = _find(simulator, call)
    if report.status(call.now) != "IN_QUEUE":
        raise invalid_input(f"Report {report.report_id} is not IN_QUEUE and cannot be cancelled.")
    report.cancelled_at = call.now
    return Reply(200, b"{}")


def get_report_document(simulator: AmazonSimulator, call: Call) -> Reply:
    """getReportDocument: where it lies for the next five minutes."""
    given = given_once(call, {"enableContentEncodingUrlHeader"})
    owner, _ = simulator.reports.documents.get(call.name, ("", b""))
    if owner != call.group:
        raise not_found(f"Report document {call.name}")
    until = call.now + ADDRESS_HOLDS
    if simulator.faults.take(FaultKind.ADDRESS_EXPIRED, REPORT_DOCUMENT) is not None:
        until = call.now - timedelta(seconds=1)
    encoded = given.get("enableContentEncodingUrlHeader") == "true"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": write_instant(until),
        "response-content-encoding": "gzip" if encoded else "identity",
    }
    query["X-Amz-Signature"] = _sign(simulator, call.name, query)
    url = f"{call.address}{DOCUMENTS}{quote(call.name, safe='')}?{urlencode(query)}"
    return plain(200, {"reportDocumentId": call.name, "url": url, "compressionAlgorithm": "GZIP"})


def download(simulator: AmazonSimulator, call: Call, headers: Mapping[bytes, bytes]) -> Reply:
    """The document itself, from storage that knows nothing of access tokens and answers in XML."""
    if b"authorization" in headers:
        return _storage_error(400, "InvalidArgument", "Only one auth mechanism allowed.")
    if any(name.startswith(b"x-amz-") for name in headers):
        return _storage_error(403, "AccessDenied", "There were headers present in the request which were not signed")
    query = dict(call.parameters)
    signature = query.pop("X-Amz-Signature", "")
    if not hmac.compare_digest(signature, _sign(simulator, call.name, query)):
        return _storage_error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    until = instant_of(query, "X-Amz-Expires")
    if until is None or until < call.now:
        return _storage_error(403, "AccessDenied", "Request has expired")
    _, content = simulator.reports.documents[call.name]
    if simulator.faults.take(FaultKind.DOCUMENT_DAMAGED, DOCUMENT) is not None:
        content = content[: len(content) // 2]
    encoding = query["response-content-encoding"]
    extra = {"content-encoding": "gzip"} if encoding == "gzip" else {}
    return Reply(200, content, headers=extra, media_type="application/octet-stream")


PERFORM_REPORTS: dict[str, Callable[[AmazonSimulator, Call], Reply]] = {
    CREATE_REPORT: create_report,
    REPORT: get_report,
    REPORTS: get_reports,
    CANCEL_REPORT: cancel_report,
    REPORT_DOCUMENT: get_report_document,
}


def settle(simulator: AmazonSimulator, report: Report, now: datetime) -> None:
    """Make a report that is due, of what was known when it was finished."""
    if report.outcome or report.cancelled_at is not None or now < report.ends_at:
        return
    said = report.said
    if said is None:
        said = fault_of(report.asked, report.created_at, simulator.retail.lag)
    if said or report.said is not None:
        report.outcome = "FATAL"
        content = msgspec.json.encode({"errorDetails": said}) if said else None  # FATAL without a reason has been seen
    else:
        content = write_report(report.asked, report.group, simulator.retail, report.ends_at)
        report.outcome = "CANCELLED" if content is None else "DONE"
    if content is not None:
        report.document_id = f"amzn1.spdoc.1.4.na.{simulator.new_uuid()}.{report.report_id}"
        simulator.reports.documents[report.document_id] = (report.group, gzip.compress(content, mtime=0))


def _find(simulator: AmazonSimulator, call: Call) -> Report:
    report = simulator.reports.reports.get((call.group, call.name))
    if report is None or report.created_at <= call.now - KEPT:
        raise not_found(f"Report {call.name}")
    settle(simulator, report, call.now)
    return report


def _shown(report: Report, now: datetime) -> dict[str, Any]:
    asked, status = report.asked, report.status(now)
    shown: dict[str, Any] = {
        "reportId": report.report_id,
        "reportType": asked.report_type,
        "marketplaceIds": list(asked.marketplace_ids),
        "dataStartTime": write_instant(asked.start or report.created_at),
        "dataEndTime": write_instant(asked.end or report.created_at),
        "createdTime": write_instant(report.created_at),
        "processingStatus": status,
    }
    if status != "IN_QUEUE" and report.cancelled_at is None:
        shown["processingStartTime"] = write_instant(report.starts_at)
    if report.outcome and report.cancelled_at is None:
        shown["processingEndTime"] = write_instant(report.ends_at)
    if report.document_id is not None:
        shown["reportDocumentId"] = report.document_id
    return shown


def _sign(simulator: AmazonSimulator, name: str, query: Mapping[str, str]) -> str:
    said = msgspec.json.encode([name, sorted(query.items())])
    return hmac.new(simulator.key, said, hashlib.sha256).hexdigest()


def _storage_error(status: int, code: str, message: str) -> Reply:
    words = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return Reply(status, words.encode(), media_type="application/xml")
