"""JSON as Amazon sends it, element by element: what is odd is noted with its place, what has no meaning ends its part alone.

Numbers are exact: what looks like a float arrives as a Decimal. Each order of a page stays raw bytes until it is its turn,
so that one that cannot be read does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, Unreadable
from trueup.formats.document import Finding, Location, Severity

T = TypeVar("T")
Path: TypeAlias = tuple[str | int, ...]
Payload: TypeAlias = Mapping[str, msgspec.Raw]
"""The members of a reply's payload, still raw."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_WHOLE = re.compile(r"-?\d{1,20}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_COMMA, _COLON, _BRACKET = b",:["
_LONGEST_SHOWN = 60
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9000
"""Outside of them a day more or less is no date any more."""
_NULL = msgspec.Raw(b"null")
_UNDECODABLE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Unfit(Exception):
    """An element that cannot be taken for what it must be. It ends the reading of the part it belongs to."""

    def __init__(self, code: str, message: str, path: Path) -> None:
        super().__init__(message)
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Note:
    """A finding whose place is not yet counted in bytes."""

    severity: Severity
    code: str
    message: str
    path: Path


class Element:
    """A value of the document and where it stands. An absent element and one that is null are alike."""

    __slots__ = ("_name", "_parent", "notes", "value")

    def __init__(self, value: Any, notes: list[Note], parent: Element | Path, name: str | int | None = None) -> None:
        self.value = value
        self.notes = notes
        self._parent = parent
        self._name = name

    @property
    def path(self) -> Path:
        """Where it stands, from the root. Put together when it is asked for: most elements are never spoken of."""
        above = self._parent.path if isinstance(self._parent, Element) else self._parent
        return above if self._name is None else (*above, self._name)

    def __bool__(self) -> bool:
        return self.value is not None

    def __getitem__(self, name: str) -> Element:
        """The member of that name. Raises Unfit when this is there and has no members."""
        if isinstance(self.value, dict):
            return Element(self.value.get(name), self.notes, self, name)
        if self.value is None:
            return Element(None, self.notes, self, name)
        raise self.unfit("not-an-object", "expected an object")

    def elements(self) -> Iterator[Element]:
        """Each element of an array; none when it is absent. Raises Unfit for anything else."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.unfit("not-an-array", "expected an array")
        for place, value in enumerate(self.value):
            yield Element(value, self.notes, self, place)

    def text(self) -> str:
        """The text exactly as it came, empty when absent. A number is taken for its digits, with a warning: it lost zeros."""
        if isinstance(self.value, str) and "\0" in self.value:
            raise self.unfit("zero-byte", "holds a zero byte, which no text of a document may")
        if self.value is None or isinstance(self.value, str):
            return self.value or ""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            self.warn("number-for-text", "expected text; leading zeros would be lost")
            return str(self.value)
        raise self.unfit("not-text", "expected text")

    def needed_text(self) -> str:
        """The text. Raises Unfit when it is absent or blank."""
        text = self.text()
        if not text.strip():
            raise self.unfit("missing", "is missing; nothing can stand for it")
        return text

    def whole(self) -> int | None:
        """A whole number, written as a number or as text. Raises Unfit for anything else."""
        match self.value:
            case None | int() if not isinstance(self.value, bool):
                return self.value
            case Decimal() if self.value.adjusted() < 20 and self.value == self.value.to_integral_value():
                return int(self.value)
            case str() if _WHOLE.fullmatch(self.value.strip()):
                return int(self.value)
        raise self.unfit("not-whole", "expected a whole number")

    def truth(self) -> bool | None:
        """True or false, as JSON or as text. Raises Unfit for anything else."""
        match self.value:
            case None | bool():
                return self.value
            case str() if self.value.strip().lower() in ("true", "false"):
                return self.value.strip().lower() == "true"
        raise self.unfit("not-a-boolean", "expected true or false")

    def instant(self) -> datetime | None:
        """An instant in UTC. A time without a zone is taken for UTC, as all of Amazon's are, with a warning."""
        text = self.text().strip()
        if not text:
            return None
        try:
            moment = read_instant(text)
        except (Invalid, OverflowError):
            raise self.unfit("not-a-time", "expected an ISO 8601 time such as 2026-11-23T10:00:00Z") from None
        if not _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR:
            raise self.unfit("impossible-time", f"expected a year from {_EARLIEST_YEAR} to {_LATEST_YEAR}")
        if not _ZONE.search(text):
            self.warn("no-zone", "has no zone; taken for UTC")
        return moment

    def word(self, words: Mapping[str, T], *, missing: T, unknown: T) -> T:
        """What a word of a closed list means, whatever its case; `missing` and `unknown` are taken with a warning."""
        text = self.text().strip()
        if not text:
            self.warn("missing", f"is missing; taken for {_name(missing)}")
            return missing
        found = words.get(text.lower())
        if found is None:
            self.warn("unknown-value", f"is none of {', '.join(words)}; taken for {_name(unknown)}")
            return unknown
        return found

    def warn(self, code: str, words: str) -> None:
        """Note something that a person should know though it is taken in."""
        self.notes.append(Note(Severity.WARNING, code, f"{self._shown()} {words}", self.path))

    def unfit(self, code: str, words: str) -> Unfit:
        """The error of an element that nothing can be made of."""
        return Unfit(
            code, f"{self._shown()}: {words}" if self.value is not None else f"{self._shown()} {words}", self.path
        )

    def _shown(self) -> str:
        name = next((part for part in reversed(self.path) if isinstance(part, str)), "document")
        if self.value is None or isinstance(self.value, dict | list):
            return name
        text = str(self.value) if not isinstance(self.value, str) else repr(self.value)
        return f"{name} {text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…'}"


class _Reply(msgspec.Struct):
    payload: dict[str, msgspec.Raw] | None = None
    errors: msgspec.Raw = _NULL


_replies = msgspec.json.Decoder(_Reply)  # made once, at import: msgspec must not learn a type in two threads at once


def open_reply(content: bytes, what: str) -> Payload:
    """The members of a reply's `payload`, still raw. Raises Unreadable, with the place, for what is no such reply."""
    try:
        reply = _replies.decode(content.removeprefix(_BYTE_ORDER_MARK))
    except _UNDECODABLE as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unreadable(
            f"Not {what}: {reason}; {len(content)} bytes came, expected a whole JSON reply. Fetch it again."
        ) from None
    if reply.payload is None:
        said = bytes(reply.errors)[:300].decode("utf-8", "replace")
        raise Unreadable(f"Not {what}: there is no payload (byte 0); errors: {said}.")
    return reply.payload


def read_parts(payload: Payload, name: str, notes: list[Note], read: Callable[[Element], T]) -> list[T]:
    """What `read` makes of each element of an array of the payload. An unfit one is noted as an error and left out."""
    try:
        parts = msgspec.json.decode(payload.get(name, _NULL), type=list[msgspec.Raw] | None)
    except _UNDECODABLE:
        raise Unreadable(f"payload.{name} is not an array.") from None
    values: list[T] = []
    for place, raw in enumerate(parts or ()):
        path: Path = ("payload", name, place)
        values += _kept(partial(_read_raw, raw, notes, read), path, notes)
    return values


def count_parts(payload: Payload, name: str) -> int:
    """How many elements an array of the payload has, whatever they are."""
    return len(msgspec.json.decode(payload.get(name, _NULL), type=list[msgspec.Raw] | None) or ())


def read_payload(payload: Payload, notes: list[Note], read: Callable[[Element], T]) -> list[T]:
    """What `read` makes of the payload itself; nothing, with an error noted, when it is unfit."""

    def whole(path: Path) -> T:
        members = {name: _open(raw, (*path, name), notes).value for name, raw in payload.items()}
        return read(Element(members, notes, path))

    return _kept(whole, ("payload",), notes)


def next_page(payload: Payload, notes: list[Note]) -> str | None:
    """The token of the next page, None on the last. One that is not text is an error: pages would be missed in silence."""
    tokens = _kept(
        lambda path: _open(payload.get("pagination", _NULL), path, notes)["nextToken"].text(),
        ("payload", "pagination"),
        notes,
    )
    return next(iter(tokens), "") or None


def findings_of(content: bytes, notes: Sequence[Note]) -> tuple[Finding, ...]:
    """The notes with their places counted in bytes."""
    places = locate(content, {note.path for note in notes}) if notes else {}
    return tuple(
        Finding(note.severity, note.code, note.message, Location(places[note.path], show_path(note.path)))
        for note in notes
    )


def show_path(path: Path) -> str:
    """A JSON path: `$.payload.orders[3].orderDetails`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def locate(content: bytes, wanted: Iterable[Path]) -> dict[Path, int]:
    """The byte at which each wanted value begins in well-formed JSON; for one that is absent, its nearest ancestor's."""
    asked = set(wanted)
    prefixes = {path[:length] for path in asked for length in range(len(path) + 1)}
    found: dict[Path, int] = {}
    path: list[str | int] = []
    key_is_next = False
    skipped_depth = 0
    for token in _TOKEN.finditer(content, 3 if content.startswith(_BYTE_ORDER_MARK) else 0):
        sign = content[token.start()]
        if skipped_depth:
            skipped_depth += (sign in b"{[") - (sign in b"}]")
        elif sign in b"}]":
            path.pop()
            key_is_next = False
        elif sign == _COMMA:
            if isinstance(path[-1], int):
                path[-1] += 1
            else:
                key_is_next = True
        elif sign == _COLON:
            key_is_next = False
        elif key_is_next:
            path[-1] = _key(token[0])
        else:
            here = tuple(path)
            asked_for = here in prefixes
            if asked_for:
                found[here] = token.start()
            if sign in b"{[":
                skipped_depth = 0 if asked_for else 1
                if asked_for:
                    path.append(0 if sign == _BRACKET else "")
                    key_is_next = sign != _BRACKET
    return {
        path: next(found[path[:n]] for n in range(len(path), -1, -1) if path[:n] in found or n == 0) for path in asked
    }


def _open(raw: msgspec.Raw, path: Path, notes: list[Note]) -> Element:
    try:
        return Element(_decoder.decode(raw), notes, path)
    except _UNDECODABLE as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unfit("unreadable", f"cannot be decoded: {reason}", path) from None


def _read_raw(raw: msgspec.Raw, notes: list[Note], read: Callable[[Element], T], path: Path) -> T:
    return read(_open(raw, path, notes))


def _kept(read: Callable[[Path], T], path: Path, notes: list[Note]) -> list[T]:
    """What `read` makes of a part, as a list of one; empty, with an error noted, when the part is unfit."""
    try:
        return [read(path)]
    except Unfit as unfit:
        notes.append(Note(Severity.ERROR, unfit.code, str(unfit), unfit.path))
        return []


def _key(token: bytes) -> str:
    try:
        return str(msgspec.json.decode(token, type=str))
    except _UNDECODABLE:
        return ""


def _name(value: object) -> str:
    return str(getattr(value, "value", value))
