"""What requests of the Reports API say: the specification of a report, and the filters and pages of a list of them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.replies import Refusal, invalid_input
from trueup.simulators.amazon.report_rules import RULES, Asked
from trueup.simulators.amazon.shapes import instant

if TYPE_CHECKING:
    from trueup.simulators.amazon.operations import Call
    from trueup.simulators.amazon.reports import Report
    from trueup.simulators.amazon.simulator import AmazonSimulator

_STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
_FILTERS = {"reportTypes", "processingStatuses", "marketplaceIds", "pageSize", "createdSince", "createdUntil"}


class _Specification(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """The body of createReport."""

    report_type: str
    marketplace_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=25)]
    report_options: Any = None
    data_start_time: str | None = None
    data_end_time: str | None = None


_specifications = msgspec.json.Decoder(_Specification)


def read_specification(body: bytes, now: datetime) -> Asked:
    """The body of createReport. Options that are no object are taken for none, as Amazon does. Raises Refusal (400)."""
    try:
        said = _specifications.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_input("Invalid content was found in the request body.", str(error)[:300]) from error
    if said.report_type not in RULES:
        raise invalid_input(f"Report type {said.report_type[:60]} is not allowed.")
    times = {"dataStartTime": said.data_start_time, "dataEndTime": said.data_end_time}
    given = {name: text for name, text in times.items() if text is not None}
    start, end = instant_of(given, "dataStartTime"), instant_of(given, "dataEndTime")
    for name, moment in (("dataStartTime", start), ("dataEndTime", end)):
        if moment is not None and moment > now:
            raise invalid_input(f"{name} must be prior to or equal to the current date and time.")
    found = said.report_options if isinstance(said.report_options, dict) else {}
    options = {name: value for name, value in found.items() if isinstance(value, str)}
    return Asked(said.report_type, tuple(said.marketplace_ids), options, start, end)


def report_page(simulator: AmazonSimulator, call: Call, reports: list[Report]) -> tuple[list[Report], str | None]:
    """A page of what the filters match, and the token of the next; a token comes alone. Raises Refusal."""
    given = given_once(call, {*_FILTERS, "nextToken"})
    place = 0
    if (token := given.get("nextToken")) is not None:
        if len(given) > 1:
            raise invalid_input("nextToken must be the only parameter.")
        given, place = _open(simulator, call.group, token)
    elif not given.get("reportTypes"):
        raise invalid_input("Either reportTypes or nextToken is required.")
    given.setdefault("createdUntil", write_instant(call.now))  # what is new since does not shift what follows
    found = [report for report in reports if _matches(report, given, call.now)]
    size = _size(given)
    more = place + size < len(found)
    return found[place : place + size], _close(simulator, call.group, given, place + size) if more else None


def given_once(call: Call, names: set[str]) -> dict[str, str]:
    """The parameters of a request. Raises Refusal for one that is unknown or given twice."""
    given: dict[str, str] = {}
    for name, value in call.parameters:
        if name not in names:
            raise invalid_input(f"{name} is not a parameter of this operation.")
        if name in given:
            raise invalid_input(f"{name} is given twice.")
        given[name] = value
    return given


def instant_of(given: Mapping[str, str], name: str) -> datetime | None:
    """An instant among parameters; None when it is not there. Raises Refusal."""
    if name not in given:
        return None
    try:
        return instant(given[name])
    except ValueError as error:
        raise invalid_input(f"{name} {given[name][:40]} is not an ISO 8601 date-time.") from error


def _matches(report: Report, given: Mapping[str, str], now: datetime) -> bool:
    types, statuses = _words(given, "reportTypes", 10), _words(given, "processingStatuses", 5)
    stores = _words(given, "marketplaceIds", 10)
    if any(each not in _STATUSES for each in statuses):
        raise invalid_input(f"processingStatuses must be of {', '.join(_STATUSES)}.")
    since, until = instant_of(given, "createdSince"), instant_of(given, "createdUntil")
    return (
        report.asked.report_type in types
        and (not statuses or report.status(now) in statuses)
        and (not stores or not set(stores).isdisjoint(report.asked.marketplace_ids))
        and (since is None or report.created_at >= since)
        and (until is None or report.created_at <= until)
    )


def _words(given: Mapping[str, str], name: str, most: int) -> list[str]:
    words = [word for word in given.get(name, "").split(",") if word]
    if len(words) > most:
        raise invalid_input(f"{name} has {len(words)} values, at most {most} are allowed.")
    return words


def _size(given: Mapping[str, str]) -> int:
    text = given.get("pageSize", "10")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 100):
        raise invalid_input("pageSize must be a whole number from 1 to 100.")
    return int(text)


def _close(simulator: AmazonSimulator, group: str, given: Mapping[str, str], place: int) -> str:
    content = msgspec.json.encode([group, given, place])
    return base64.urlsafe_b64encode(_sign(simulator, content) + content).decode()


def _open(simulator: AmazonSimulator, group: str, token: str) -> tuple[dict[str, str], int]:
    try:
        sealed = base64.urlsafe_b64decode(token.encode())
        signature, content = sealed[:16], sealed[16:]
        if not hmac.compare_digest(signature, _sign(simulator, content)):
            raise ValueError("not a token of ours")
        owner, given, place = msgspec.json.decode(content, type=tuple[str, dict[str, str], int])
    except (ValueError, binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise _bad_token() from error
    if owner != group:
        raise _bad_token()
    return given, place


def _sign(simulator: AmazonSimulator, content: bytes) -> bytes:
    return hmac.new(simulator.key, content, hashlib.sha256).digest()[:16]


def _bad_token() -> Refusal:
    return invalid_input("nextToken is invalid for this request.")
