"""Money, days and names as Amazon's finance APIs write them in JSON: decoded into exact decimals, never through a float.

Each line stays raw bytes until it is its turn, so that one that cannot be read does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar

import msgspec

from trueup.base.errors import Invalid, Unreadable
from trueup.base.money import Money, check_currency
from trueup.formats.amazon_vendor._elements import Note, Path, findings_of, show_path
from trueup.formats.document import Finding, Location, Severity

T = TypeVar("T")
NULL = msgspec.Raw(b"null")
MARK = b"\xef\xbb\xbf"
UNDECODABLE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
_PATH = re.compile(r" - at `(\$[^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ZONE = re.compile(r"T.*([+-])([0-9]{2}):?([0-9]{2})$")


class Currency(msgspec.Struct):
    """An amount: exact, because a JSON number is read as its digits."""

    currencyCode: str | None = None  # noqa: N815 (Amazon's names)
    currencyAmount: Decimal | None = None  # noqa: N815


class Breakdown(msgspec.Struct):
    """A named part of an amount, and the parts it is made of."""

    breakdownType: str | None = None  # noqa: N815
    breakdownAmount: Currency | None = None  # noqa: N815
    breakdowns: list[Breakdown] | None = None


class Related(msgspec.Struct):
    """A name and what it names."""

    relatedIdentifierName: str | None = None  # noqa: N815
    relatedIdentifierValue: list[str] | str | None = None  # noqa: N815


class Misread(Exception):
    """A part that nothing can be made of: why, and at which member."""

    def __init__(self, code: str, words: str, *path: str | int) -> None:
        super().__init__(words)
        self.code, self.path = code, path


def open_document(content: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """The outermost object. Raises Unreadable, with the place, for what is no such reply."""
    try:
        return decoder.decode(content.removeprefix(MARK))
    except UNDECODABLE as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unreadable(
            f"Not {what}: {reason}; {len(content)} bytes came, expected a whole JSON reply. Fetch it again."
        ) from None


def open_part(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """One element of an array. Raises Misread."""
    try:
        return decoder.decode(raw)
    except UNDECODABLE as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        found = _PATH.search(said)
        steps = [name or int(place) for name, place in _STEP.findall(found[1])] if found else []
        raise Misread("unreadable", f"cannot be read: {_PATH.sub('', said)}", *steps) from None


def is_there(raw: msgspec.Raw) -> bool:
    """Whether a member came; one that is null did not."""
    return bytes(raw) != b"null"


def money(amount: Currency | None, member: str) -> Money:
    """An amount that must be there. Raises Misread."""
    if amount is None or amount.currencyAmount is None or not amount.currencyCode:
        raise Misread("missing", f"{member} is missing; nothing can stand for it", member)
    try:
        return Money.of(amount.currencyAmount, check_currency(amount.currencyCode.strip().upper()))
    except Invalid as error:
        raise Misread("not-an-amount", f"{member}: {str(error).removesuffix('.')}", member) from None


def minor(amount: Currency | None, member: str, currency: str) -> int | None:
    """An amount in minor units of a currency it must be in; None when it is not there. Raises Misread."""
    if amount is None or amount.currencyAmount is None:
        return None
    found = money(amount, member)
    if found.currency != currency:
        raise Misread("other-currency", f"{member} is in {found.currency}, expected {currency}", member)
    return found.minor


def breakdown(parts: Iterable[Breakdown] | None, member: str, currency: str) -> dict[str, int]:
    """Named parts and their parts, each name once: two of one name add up. Raises Misread."""
    found: dict[str, int] = {}
    for part in parts or ():
        amount = minor(part.breakdownAmount, member, currency)
        if part.breakdownType and amount is not None:
            found[part.breakdownType] = found.get(part.breakdownType, 0) + amount
        for name, inner in breakdown(part.breakdowns, member, currency).items():
            found[name] = found.get(name, 0) + inner
    return found


def related(names: Iterable[Related] | None) -> dict[str, tuple[str, ...]]:
    """What is named, by name, each once and in order."""
    found: dict[str, tuple[str, ...]] = {}
    for each in names or ():
        values = (
            [each.relatedIdentifierValue]
            if isinstance(each.relatedIdentifierValue, str)
            else each.relatedIdentifierValue
        )
        if each.relatedIdentifierName:
            seen = (
                *found.get(each.relatedIdentifierName, ()),
                *(value.strip() for value in values or () if value.strip()),
            )
            found[each.relatedIdentifierName] = tuple(dict.fromkeys(seen))
    return found


def only(names: Mapping[str, tuple[str, ...]], *wanted: str) -> str:
    """The first value of the first of these names that has one."""
    return next((values[0] for name in wanted if (values := names.get(name))), "")


def text(value: str | int | None) -> str:
    """Words or digits, without spaces around them."""
    return "" if value is None else str(value).strip()


def day(value: str | None, member: str) -> date | None:
    """The day of an instant in UTC, as all of Amazon's days are; None when absent. Raises Misread."""
    found = _DAY.match(value or "")
    if not value:
        return None
    try:
        if found is None:
            raise ValueError
        shift = _ZONE.search(value)
        if shift is None or shift[2] + shift[3] == "0000":
            return date(int(found[1]), int(found[2]), int(found[3]))
        return datetime.fromisoformat(value).astimezone(UTC).date()
    except (ValueError, OverflowError):
        raise Misread("not-a-day", f"{member} {value[:40]!r}: expected an ISO 8601 time", member) from None


def instant(value: str | None, member: str) -> datetime | None:
    """An instant in UTC; without a zone it is taken for UTC. Raises Misread."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone(timedelta()))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misread("not-a-time", f"{member} {value[:40]!r}: expected an ISO 8601 time", member) from None


def error_note(error: Misread, path: Path) -> Note:
    """A part left out, as an error at its place."""
    return Note(
        Severity.ERROR,
        error.code,
        f"{show_path(path).rsplit('.', 1)[-1]}: {error}; it is left out",
        (*path, *error.path),
    )


def located(pages: Iterable[bytes], notes: Iterable[list[Note]]) -> tuple[Finding, ...]:
    """The notes of each page with their places in its bytes; of several, the page is named."""
    pages = list(pages)
    found: list[Finding] = []
    for number, (content, noted) in enumerate(zip(pages, notes, strict=True), 1):
        for finding in findings_of(content, noted):
            where = finding.location
            path = f"page {number}, {where.path}" if len(pages) > 1 else where.path
            found.append(Finding(finding.severity, finding.code, finding.message, Location(where.offset, path)))
    return tuple(found)
