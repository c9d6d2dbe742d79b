"""One JSON record, read tolerantly: what is odd is noted with its place, what has no meaning ends that record alone.

Supercycle's documentation spells fields in two ways (`locationShopifyId`, older `location_shopify_id`); both are read, and
where a record has both, the newer wins. Fields that nobody asked for are kept as they came: they are what a changed API
shows first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid
from trueup.domain.circular import E, Unknown, Unread, known
from trueup.remote.circular import RecordFinding, Weight

UNDECODABLE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
_NULL = msgspec.Raw(b"null")
_WHOLE = re.compile(r"-?\d{1,19}")
_SNAKE = re.compile(r"_+([a-zA-Z0-9])")
_ZONED = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 9000
_LONGEST_SHOWN = 60
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_any = msgspec.json.Decoder(float_hook=Decimal)


class Unfit(Exception):
    """A record that cannot be taken for what it must be."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(f"{path} {words}")
        self.path, self.words = path, words


class Record:
    """The members of one object, by their newer spelling. `zone` is where times without an offset are read."""

    def __init__(self, raw: msgspec.Raw, path: str, findings: list[RecordFinding], zone: ZoneInfo) -> None:
        """Raises Unfit for what is no object."""
        self.path, self.findings, self.zone = path, findings, zone
        try:
            members = _members.decode(raw)
        except UNDECODABLE:
            raise Unfit(path, "is no object") from None
        self._left = _newer_spelling(members)

    def whole(self, name: str) -> int | None:
        """A whole number, as a number or as its digits."""
        value = self._take(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
            return int(value)
        self._odd(name, value, "expected a whole number")
        return None

    def needed(self, name: str) -> int:
        """A whole number without which the record is none. Raises Unfit."""
        value = self.whole(name)
        if value is None:
            raise Unfit(f"{self.path}.{name}", "is missing; nothing can stand for it")
        return value

    def text(self, name: str) -> str:
        """Text, empty where there is none. A number is taken for its digits."""
        value = self._take(name)
        if value is None or isinstance(value, str):
            return _storable(value or "")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        self._odd(name, value, "expected text")
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; what is in it and none is left out."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._odd(name, value, "expected a list of texts")
            return ()
        return tuple(_storable(each) for each in value if isinstance(each, str))

    def word(self, name: str, words: type[E]) -> E | Unknown | None:
        """A word of a closed set; one that is not documented is kept as it came, and noted. None where there is none."""
        text = self.text(name)
        if not text:
            return None
        found = known(words, text)
        if isinstance(found, Unknown):
            self._note(name, f"{_shown(text)} is none of {', '.join(words)}; kept as it came")
        return found

    def needed_word(self, name: str, words: type[E]) -> E | Unknown:
        """As `word`; an absent one is noted, and unknown."""
        found = self.word(name, words)
        if found is None:
            self._note(name, "is missing")
        return found or Unknown("")

    def instant(self, name: str, *, ends: bool = False) -> datetime | None:
        """An instant in UTC. A time without an offset is taken to be of the shop's zone, and noted.

        A day alone is meant from its beginning there, and where something ends, to its end.
        """
        text = self.text(name).strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if ends and len(text) == len("2026-11-23"):
                moment += timedelta(days=1)
            if moment.tzinfo is None:
                if len(text) > len("2026-11-23"):
                    self._note(name, f"{_shown(text)} has no offset; read in {self.zone.key}")
                moment = moment.replace(tzinfo=self.zone)
            moment = read_instant(moment.astimezone(UTC).isoformat())
        except (ValueError, OverflowError, Invalid):
            self._odd(name, text, "expected a time such as 2026-11-23T10:00:00Z")
            return None
        if _in_range(moment.year):
            return moment
        self._odd(name, text, "expected a year of our time")
        return None

    def day(self, name: str) -> date | None:
        """A day. Of an instant with an offset it is the shop's day."""
        text = self.text(name).strip()
        if not text:
            return None
        try:
            if _ZONED.search(text) and "T" in text:
                found = datetime.fromisoformat(text).astimezone(self.zone).date()
            else:
                found = date.fromisoformat(text[:10])
        except (ValueError, OverflowError):
            self._odd(name, text, "expected a day such as 2026-11-23")
            return None
        if _in_range(found.year):
            return found
        self._odd(name, text, "expected a year of our time")
        return None

    def record(self, name: str) -> Record | None:
        """A record within; what is none is noted."""
        raw = self._raw(name)
        if bytes(raw).strip() == b"null":
            return None
        try:
            return Record(raw, f"{self.path}.{name}", self.findings, self.zone)
        except Unfit as unfit:
            self.findings.append(RecordFinding(Weight.ODD, unfit.path, unfit.words))
            return None

    def records(self, name: str) -> Iterator[Record]:
        """Each record of a list; what is none is noted and passed over."""
        raw = self._raw(name)
        if bytes(raw).strip() == b"null":
            return
        try:
            parts = msgspec.json.decode(raw, type=list[msgspec.Raw])
        except UNDECODABLE:
            self._note(name, "is no list")
            return
        for place, part in enumerate(parts):
            path = f"{self.path}.{name}[{place}]"
            try:
                yield Record(part, path, self.findings, self.zone)
            except Unfit as unfit:
                self.findings.append(RecordFinding(Weight.ODD, unfit.path, unfit.words))

    def names(self) -> tuple[str, ...]:
        """The names of what was not asked for yet."""
        return tuple(self._left)

    def passed_over(self, *names: str) -> None:
        """Fields whose meaning is known and not wanted: they stay in the evidence alone."""
        for name in names:
            self._left.pop(name, None)

    def unread(self) -> Unread:
        """What nobody asked for, as it came. Call it last."""
        return tuple((name, bytes(self._left[name]).decode("utf-8", "replace")) for name in sorted(self._left))

    def _raw(self, name: str) -> msgspec.Raw:
        return self._left.pop(name, _NULL)

    def _take(self, name: str) -> Any:
        try:
            return _any.decode(self._raw(name))
        except UNDECODABLE:
            self._odd(name, "", "cannot be decoded")
            return None

    def _odd(self, name: str, value: object, words: str) -> None:
        self._note(name, f"{_shown(value)}: {words}; passed over")

    def _note(self, name: str, words: str) -> None:
        self.findings.append(RecordFinding(Weight.ODD, f"{self.path}.{name}", words))


def _newer_spelling(members: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    found: dict[str, msgspec.Raw] = {}
    for name, raw in members.items():
        newer = _SNAKE.sub(lambda match: match[1].upper(), name) if "_" in name.strip("_") else name
        if newer == name or bytes(found.get(newer, _NULL)).strip() == b"null":
            found[_storable(newer)] = raw
    return found


def _in_range(year: int) -> bool:
    return _EARLIEST_YEAR <= year <= _LATEST_YEAR


def _storable(text: str) -> str:
    """PostgreSQL's text has no zero byte."""
    return text.replace("\0", "\ufffd")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
