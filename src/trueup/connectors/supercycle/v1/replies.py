"""Whole replies of v1: a page `{"data": [...], "nextPage": cursor}`, or one record, bare or within `data`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from trueup.base.errors import ContractChanged
from trueup.connectors.supercycle.v1.record import UNDECODABLE, Record, Unfit
from trueup.remote.circular import Batch, RecordFinding, Weight
from trueup.remote.observed import Observed

T = TypeVar("T")


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    next_page: str | None = msgspec.field(default=None, name="nextPage")


class _Older(msgspec.Struct):
    """The cursor by its older spelling: a list must not end early because a name changed."""

    next_page: str | None = None


def read_page(
    content: bytes, what: str, zone: ZoneInfo, read: Callable[[Record], T], *, writes: bool = False
) -> Observed[Batch[T]]:
    """Every record of a page that has a meaning; the others are findings. Raises ContractChanged for what is no page."""
    try:
        page = msgspec.json.decode(content, type=_Page)
        cursor = page.next_page or msgspec.json.decode(content, type=_Older).next_page
    except UNDECODABLE as error:
        raise changed(content, what, f"no page of records ({_reason(error)})", writes=writes) from None
    findings: list[RecordFinding] = []
    values: list[T] = []
    for place, raw in enumerate(page.data):
        values += _kept(raw, f"data[{place}]", findings, zone, read)
    return Observed(Batch(tuple(values), tuple(findings), cursor or None), content)


def read_list(content: bytes, what: str, zone: ZoneInfo, read: Callable[[Record], T]) -> Observed[Batch[T]]:
    """The records that a creation is answered with: a bare list, or one within `data`. Raises ContractChanged."""
    try:
        parts = msgspec.json.decode(content, type=list[msgspec.Raw])
    except UNDECODABLE:
        return read_page(content, what, zone, read, writes=True)
    findings: list[RecordFinding] = []
    values: list[T] = []
    for place, raw in enumerate(parts):
        values += _kept(raw, f"[{place}]", findings, zone, read)
    return Observed(Batch(tuple(values), tuple(findings)), content)


def read_one(
    content: bytes, what: str, zone: ZoneInfo, read: Callable[[Record], T], *, writes: bool = False
) -> Observed[T]:
    """One record. Raises ContractChanged, for a write with `maybe_applied`."""
    findings: list[RecordFinding] = []
    try:
        record = Record(msgspec.Raw(content), "reply", findings, zone)
        return Observed(read(record.record("data") or record), content)
    except Unfit as unfit:
        raise changed(content, what, f"not the record expected: {unfit}", writes=writes) from None


def is_page(content: bytes) -> bool:
    """Whether it is a page of records at all."""
    try:
        msgspec.json.decode(content, type=_Page)
    except UNDECODABLE:
        return False
    return True


def changed(content: bytes, what: str, words: str, *, writes: bool) -> ContractChanged:
    """The error of a reply that v1 does not describe, with the reply as its evidence."""
    doubt = " It may have been applied: ask before repeating it." if writes else ""
    error = ContractChanged(f"{what}: the reply of {len(content)} bytes is {words}.{doubt}", maybe_applied=writes)
    error.evidence = content
    return error


def _kept(
    raw: msgspec.Raw, path: str, findings: list[RecordFinding], zone: ZoneInfo, read: Callable[[Record], T]
) -> list[T]:
    try:
        return [read(Record(raw, path, findings, zone))]
    except Unfit as unfit:
        findings.append(RecordFinding(Weight.LEFT_OUT, unfit.path, unfit.words))
        return []


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
