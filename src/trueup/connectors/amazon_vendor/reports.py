"""The Reports API of one vendor group in one marketplace: vendor reports asked for, found, looked at and fetched.

Amazon makes a report in minutes and lets one be asked for a minute. There is no key to ask by, and a list of reports does not
repeat the options they were asked with: type, store and window are compared here, the rest when the document is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import Clock, aware_utc, read_instant, write_instant
from trueup.base.errors import (
    ContractChanged,
    Invalid,
)
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor.calls import Call
from trueup.connectors.amazon_vendor.finance_operations import marketplace_id
from trueup.connectors.amazon_vendor.probes import Question as ProbeQuestion
from trueup.connectors.amazon_vendor.probes import ask
from trueup.connectors.amazon_vendor.replies import by, named, object_of
from trueup.connectors.amazon_vendor.report_operations import (
    CANCEL_REPORT,
    CREATE_REPORT,
    GET_REPORT,
    GET_REPORT_DOCUMENT,
    GET_REPORTS,
    REPORT_TYPES,
    options_of,
    window_of,
)
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.wire import NETWORK, Wire, Wired
from trueup.domain.vendor_reports import Question
from trueup.remote.budget import Budget
from trueup.remote.capability import Probe
from trueup.remote.download import Download, download
from trueup.remote.http import Reply
from trueup.remote.observed import Observed
from trueup.remote.vendor_reports import Progress, ShownReport

LARGEST_DOCUMENT_BYTES = 256 * 1024 * 1024
_MOST_PAGES = 5
_PROGRESS = {
    "IN_QUEUE": Progress.QUEUED,
    "IN_PROGRESS": Progress.RUNNING,
    "DONE": Progress.DONE,
    "CANCELLED": Progress.CANCELLED,
    "FATAL": Progress.FATAL,
}


class AmazonReports(Wired):
    """VendorReportSource and Probed for one vendor group in one marketplace. Safe to share between threads.

    `marketplace` is a country such as US or an id of Amazon's own.
    """

    def __init__(
        self,
        settings: AmazonVendorSettings,
        marketplace: str,
        budget: Budget,
        clock: Clock,
        *,
        wire: Wire = NETWORK,
    ) -> None:
        """Raises ConfigurationError for a marketplace that is neither a country of Amazon's nor like one of its ids."""
        self.marketplace = marketplace_id(settings.name, marketplace)
        super().__init__(reports_name(settings.name, marketplace), settings, budget, clock, wire)

    def find_reports(self, question: Question, since: datetime) -> Observed[tuple[ShownReport, ...]]:
        """Reports of that type, store and window created since, the newest first. Raises RemoteError."""
        params = {
            "reportTypes": REPORT_TYPES[question.scope.kind],
            "marketplaceIds": self.marketplace,
            "createdSince": write_instant(aware_utc(since).replace(microsecond=0)),
            "pageSize": "100",
        }
        found: list[ShownReport] = []
        evidence = b""
        for _ in range(_MOST_PAGES):
            reply = self._calls.make(Call(GET_REPORTS, params))
            evidence += reply.content
            body = object_of(self.name, reply, "the list of reports")
            for each in body.get("reports") or ():
                if isinstance(each, dict) and _is_of(each, question):
                    found.append(self._shown(each, reply))
            token = body.get("nextToken")
            if not isinstance(token, str) or not token:
                break
            params = {"nextToken": token}
        return Observed(tuple(sorted(found, key=lambda each: each.created_at, reverse=True)), evidence)

    def request_report(self, question: Question) -> Observed[str]:
        """Ask for a report. Amazon has no key for it: after `maybe_applied` find it first. Raises RemoteError."""
        asked: dict[str, Any] = {
            "reportType": REPORT_TYPES[question.scope.kind],
            "marketplaceIds": [self.marketplace],
        }
        if options := options_of(question):
            asked["reportOptions"] = options
        if (window := window_of(question)) is not None:
            asked["dataStartTime"], asked["dataEndTime"] = window
        reply = self._calls.make(Call(CREATE_REPORT, content=json.dumps(asked).encode()))
        reference = object_of(self.name, reply, f"the request for {question.words}", applied=True).get("reportId")
        if not isinstance(reference, str) or not reference:
            raise ContractChanged(
                f"{self.name}: {question.words} was asked for, but the answer has no reportId{by(reply)}. "
                f"Look for it before asking again.",
                maybe_applied=True,
            )
        return Observed(reference, reply.content)

    def fetch_report(self, reference: str) -> Observed[ShownReport]:
        """How far a report is. Raises NotFound (it is forgotten after 90 days), RemoteError."""
        reply = self._calls.make(Call(GET_REPORT, identifier=named(self.name, reference, "report")))
        return Observed(self._shown(object_of(self.name, reply, f"report {reference}"), reply), reply.content)

    def fetch_document(self, document: str) -> Iterator[bytes]:
        """The document's bytes, still compressed. Its address is asked for anew each time: it holds for minutes.

        Raises NotFound, RemoteError; Transient when the address has expired meanwhile.
        """
        reply = self._calls.make(Call(GET_REPORT_DOCUMENT, identifier=named(self.name, document, "document")))
        body = object_of(self.name, reply, "the document's address")
        address, packed = body.get("url"), body.get("compressionAlgorithm")
        if not isinstance(address, str) or not address:
            raise ContractChanged(f"{self.name}: document {document} has no address{by(reply)}.")
        if packed not in (None, "GZIP"):
            raise ContractChanged(f"{self.name}: document {document} is compressed by {packed!r}, expected GZIP.")
        wanted = Download(
            f"{self.name} document", Secret(address), LARGEST_DOCUMENT_BYTES, self.settings.timeout_seconds
        )
        return download(wanted, transport=self._wire.transport, on_effect=self._wire.on_effect)

    def cancel_report(self, reference: str) -> None:
        """Take a report out of the queue. Raises Rejected when it is begun, NotFound, RemoteError."""
        self._calls.make(Call(CANCEL_REPORT, identifier=named(self.name, reference, "report")))

    def probe(self) -> Sequence[Probe]:
        """Whether reports may be asked for: lists those of the last hour. Never raises for what it finds."""
        kinds = ",".join(REPORT_TYPES.values())
        since = write_instant((self._clock.now() - timedelta(hours=1)).replace(microsecond=0))
        call = Call(GET_REPORTS, {"reportTypes": kinds, "createdSince": since, "pageSize": "1"})
        return [ask(self.name, ProbeQuestion("vendor reports (sales, inventory, forecast)", call), self._calls)]

    def _shown(self, said: dict[str, Any], reply: Reply) -> ShownReport:
        """Raises ContractChanged for a report without an id, a known state or a time."""
        reference, state, document = (said.get(name) for name in ("reportId", "processingStatus", "reportDocumentId"))
        created = self._instant(said, "createdTime", reply)
        if not isinstance(reference, str) or not isinstance(state, str) or state not in _PROGRESS or created is None:
            words = f"report {reference!r} is {state!r}, created {said.get('createdTime')!r}"
            raise ContractChanged(f"{self.name}: {words}{by(reply)}; expected one of {', '.join(_PROGRESS)}.")
        finished = self._instant(said, "processingEndTime", reply)
        named = document if isinstance(document, str) and document else None
        return ShownReport(reference, _PROGRESS[state], created, finished, named)

    def _instant(self, said: dict[str, Any], name: str, reply: Reply) -> datetime | None:
        text = said.get(name)
        try:
            return read_instant(text) if isinstance(text, str) else None
        except Invalid as error:
            raise ContractChanged(f"{self.name}: {name}: {error}{by(reply)}") from None


def reports_name(connection: str, marketplace: str) -> str:
    """How the connection to the reports of one marketplace is called."""
    return f"{connection}-reports-{marketplace}"


def _is_of(said: dict[str, Any], question: Question) -> bool:
    """Whether a listed report is of the window that is asked for; a forecast has none."""
    window = window_of(question)
    if window is None:
        return True
    for name, wanted in zip(("dataStartTime", "dataEndTime"), window, strict=True):
        text = said.get(name)
        try:
            if not isinstance(text, str) or read_instant(text) != read_instant(wanted):
                return False
        except Invalid:
            return False
    return True
