"""What all vendor reports share: a specification that repeats what was asked, and an array of rows, each of one product and time.

Leniently read: a figure that is not known here is kept under Amazon's name, one that should be there and is not is a warning, and a
row that cannot be read is left out with an error and takes no other with it. Numbers are exact: none is ever a float.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from trueup.base.errors import Unreadable
from trueup.base.ids import digest_of
from trueup.domain.vendor_reports import Figures, ReportKind, Scope, VendorReport
from trueup.formats.amazon_vendor._elements import Note, Path, findings_of
from trueup.formats.document import Format, Reading, Severity
from trueup.formats.remittance._finance_json import Misread, day, error_note, instant, open_document, open_part

_OPENING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Table:
    """One report: Amazon's name of its type, the array of its rows, and the figures that each must have.

    `totals`: the array with the sums of all products, where there is one; the figures of `added` must add up to it.
    """

    kind: ReportKind
    report_type: str
    rows: str
    needed: tuple[str, ...]
    totals: str = ""
    added: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the format."""
        return f"amazon-report-{self.kind.value}"


class _Options(msgspec.Struct):
    distributorView: str | None = None  # noqa: N815 (Amazon's names)
    sellingProgram: str | None = None  # noqa: N815
    currencyCode: str | None = None  # noqa: N815


class _Specification(msgspec.Struct):
    reportType: str | None = None  # noqa: N815
    reportOptions: _Options | None = None  # noqa: N815
    dataStartTime: str | None = None  # noqa: N815
    dataEndTime: str | None = None  # noqa: N815
    marketplaceIds: list[str] | None = None  # noqa: N815


_documents = msgspec.json.Decoder(dict[str, msgspec.Raw])
_specifications = msgspec.json.Decoder(_Specification)
_arrays = msgspec.json.Decoder(list[msgspec.Raw])
_rows = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def read_report(content: bytes, table: Table) -> Reading[VendorReport]:
    """One report. `facts`: `rows`, how many were read.

    Raises Unreadable for what is no whole report of this type.
    """
    what = f"a report {table.report_type}"
    document = open_document(content, _documents, what)
    try:
        said = open_part(document.get("reportSpecification", msgspec.Raw(b"null")), _specifications)
        raws = open_part(document.get(table.rows, msgspec.Raw(b"null")), _arrays)
    except Misread as error:
        raise Unreadable(f"Not {what}: {error}; its reportSpecification and {table.rows} are needed.") from None
    if said.reportType != table.report_type:
        raise Unreadable(f"Not {what}: it is {said.reportType!r}.")
    options = said.reportOptions or _Options()
    notes: list[Note] = []
    values: list[Figures] = []
    for place, raw in enumerate(raws):
        path: Path = (table.rows, place)
        try:
            row = open_part(raw, _rows)
            values.append(_figures(row, table, (options.currencyCode or "", path), notes))
        except Misread as error:
            notes.append(error_note(error, path))
    notes += _untrue_totals(document, table, values) if len(values) == len(raws) else []
    report = _report(said, options, table, values)
    facts = {"rows": len(values)}
    return Reading(digest_of(content), table.name, (report,), findings_of(content, notes), facts)


def format_of(table: Table, title: str) -> Format:
    """The format of a report."""
    mark = table.report_type.encode()

    def recognise(head: bytes) -> bool:
        return bool(_OPENING.match(head)) and b'"reportSpecification"' in head[:4096] and mark in head[:4096]

    return Format(table.name, title, recognise, lambda content: read_report(content, table))


def read_error(content: bytes) -> str:
    """What the document of a report that ended fatally says; its first words where it is not as Amazon writes them."""
    try:
        said = msgspec.json.decode(content, type=dict[str, Any]).get("errorDetails")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        said = None
    return said.strip() if isinstance(said, str) else content[:300].decode("utf-8", "replace").strip()


def _report(said: _Specification, options: _Options, table: Table, values: list[Figures]) -> VendorReport:
    kind = table.kind
    view = (options.distributorView or "").lower() if kind in (ReportKind.SALES, ReportKind.INVENTORY) else ""
    program = "" if kind.by_hour else (options.sellingProgram or "").lower()
    try:
        start, end = _moment(said.dataStartTime, kind), _moment(said.dataEndTime, kind)
    except Misread as error:
        raise Unreadable(f"Not a report {table.report_type}: {error}.") from None
    if kind.dated and (start is None or end is None):
        raise Unreadable(f"Not a report {table.report_type}: it does not say of which days it is.")
    if end is not None and not kind.by_hour:
        end += _DAY  # Amazon's last day is included
    stores = said.marketplaceIds or []
    if not kind.dated:
        start = end = None
    return VendorReport(Scope(kind, view, program), stores[0] if len(stores) == 1 else "", start, end, tuple(values))


def _figures(row: Mapping[str, Any], table: Table, context: tuple[str, Path], notes: list[Note]) -> Figures:
    """Raises Misread for a row without a product or a time, or with amounts of two currencies."""
    currency, path = context
    begins_at, ends_at = ("startTime", "endTime") if table.kind.by_hour else ("startDate", "endDate")
    asin = row.get("asin")
    if not isinstance(asin, str) or not asin.strip():
        raise Misread("missing", "asin is missing; nothing can stand for it", "asin")
    begins = _needed_moment(row, begins_at, table.kind)
    ends = _needed_moment(row, ends_at, table.kind) + (timedelta() if table.kind.by_hour else _DAY)
    if ends <= begins:
        raise Misread("impossible", f"{ends_at} is before {begins_at}", ends_at)
    numbers: dict[str, Decimal] = {}
    others: dict[str, str] = {}
    for name, value in row.items():
        if name in ("asin", begins_at, ends_at) or value is None:
            continue
        number, of = _number(value)
        if number is None:
            others[name] = msgspec.json.encode(value, order="sorted").decode()
            continue
        if of and currency and of != currency:
            raise Misread("other-currency", f"{name} is in {of}, another amount in {currency}", name)
        numbers[name], currency = number, of or currency
    for name in table.needed:
        if name not in numbers:
            notes.append(Note(Severity.WARNING, "missing", f"{name} of {asin} is missing or no number", (*path, name)))
    return Figures(asin.strip(), begins, ends, numbers, currency, others)


def _number(value: Any) -> tuple[Decimal | None, str]:
    """A number, or an amount with its currency; (None, "") for anything else."""
    match value:
        case bool():
            return None, ""
        case int() | Decimal():
            return Decimal(value), ""
        case {"amount": int() | Decimal() as amount, "currencyCode": str() as currency} if not isinstance(amount, bool):
            return Decimal(amount), currency.strip().upper()
    return None, ""


def _needed_moment(row: Mapping[str, Any], name: str, kind: ReportKind) -> datetime:
    value = row.get(name)
    found = _moment(value if isinstance(value, str) else None, kind, name)
    if found is None:
        raise Misread("missing", f"{name} is missing; nothing can stand for it", name)
    return found


def _moment(text: str | None, kind: ReportKind, name: str = "dataStartTime or dataEndTime") -> datetime | None:
    if kind.by_hour:
        return instant(text, name)
    found = day(text, name)
    return None if found is None else datetime.combine(found, time(), UTC)


def _untrue_totals(document: Mapping[str, msgspec.Raw], table: Table, values: list[Figures]) -> list[Note]:
    """Sums that the products do not add up to: the report may have been cut off, or was made while it changed."""
    if not table.totals or table.totals not in document:
        return []
    notes = []
    try:
        totals = [open_part(raw, _rows) for raw in open_part(document[table.totals], _arrays)]
    except Misread as error:
        return [error_note(error, (table.totals,))]
    for place, total in enumerate(totals):
        when = str(total.get("startDate"))
        for name in table.added:
            said, _ = _number(total.get(name))
            found = sum(
                (row.numbers.get(name, Decimal(0)) for row in values if f"{row.begins:%Y-%m-%d}" == when), Decimal(0)
            )
            if said is not None and said != found:
                words = f"{name} of {when}: {said} in all, the products add up to {found}"
                notes.append(Note(Severity.WARNING, "totals-differ", words, (table.totals, place, name)))
    return notes
