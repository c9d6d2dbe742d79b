"""Documents: the original bytes beside their meaning, findings in their places, and what was made from each."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from starlette.responses import Response

from trueup.base.clock import write_instant
from trueup.base.errors import DocumentError, TrueupError, Unreadable
from trueup.base.money import Money, UnitPrice
from trueup.console.document_places import Sheet, find_place, find_word, letter_of, show_sheet
from trueup.console.document_rows import rows_of
from trueup.console.document_structure import Part, element_at, elements_of, find_once, structure_of, with_allowed
from trueup.console.files import kept_as
from trueup.console.page import Group, Grows, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.source_text import (
    MARKED_BYTES,
    WINDOW_BYTES,
    Source,
    marks_of,
    show_source,
    stream_source,
    with_elements,
)
from trueup.console.tables import Choice, Column, Filter, read_since, state_of
from trueup.console.visit import Visit
from trueup.console.xml_structure import elements_of_xml
from trueup.formats.compressed import opened
from trueup.formats.document import Reading
from trueup.formats.finding_help import allowed_in, help_of
from trueup.formats.recognise import read_as_known
from trueup.storage.views import documents as views
from trueup.storage.views.document_pages import (
    DocumentFilter,
    growing_documents,
    list_document_sources,
    list_kinds,
    page_documents,
)
from trueup.storage.views.evidence import explain_document
from trueup.storage.views.growing import Growing
from trueup.storage.views.proofs import find_tracked
from trueup.storage.views.readings import list_counterparts
from trueup.workflows.read_again import try_read_again

LARGEST_READ_BYTES = 20_000_000
_MOST_VALUES = 100
_MOST_LINKED = 500
_LARGEST_LINKED_BYTES = 500_000
_MOST_DIFFERENCES = 200
_MOST_FINDINGS = 500
_BEFORE_BYTES = 2000
"""So much of what stands before a place is shown with it."""
_WRITTEN = ("close-pack", "close-papers", "dispute-pack", "journal-export", "journal-lines", "list")
"""Kinds of documents that are written here, of which nothing is read."""
NOTHING = Source((), 0, 0, None, None)
_COLUMNS = (
    Column("Arrived"),
    Column("Kind"),
    Column("From"),
    Column("Name"),
    Column("Bytes", "number", spare=True),
    Column("Hash", spare=True),
)


def _list(visit: Visit) -> Response:
    state = state_of(visit, "kind", "source", "words", "since", "at")
    filters = [
        Filter(
            "kind", "Kind", [Choice(each, each.replace("-", " ").capitalize()) for each in list_kinds(visit.connection)]
        ),
        Filter("source", "From", [Choice(each, each) for each in list_document_sources(visit.connection)]),
        Filter("words", "Name or hash"),
    ]
    paged = page_documents(visit.connection, _wanted(visit), at=state["at"])
    return visit.render("documents.html", state=state, filters=filters, columns=_COLUMNS, paged=paged)


def _wanted(visit: Visit) -> DocumentFilter:
    return DocumentFilter(
        visit.asked("kind"), visit.asked("source"), visit.asked("words"), read_since(visit.asked("since"))
    )


def _growing(visit: Visit) -> Growing:
    return growing_documents(_wanted(visit))


def _show(visit: Visit) -> Response:
    found = views.find_document(visit.connection, visit.path("document"))
    shown = views.show_document(visit.connection, found)
    content = b""
    readable = shown["erased"] is None and found.size_bytes <= LARGEST_READ_BYTES
    if readable:
        content = _inside(visit.desk.world.archive.load_content(visit.connection, found.digest))
    reading, unread = (
        read(content) if readable else (None, "It is too large to be read here; what it says stands in its parts.")
    )
    findings, (place, length) = reading.findings if reading else (), _asked_place(visit, content)
    begin = _number(visit, "from")
    begin = max(0, (place or 0) - _BEFORE_BYTES) if begin is None else begin
    structure = _structure(content, (begin, begin + WINDOW_BYTES), reading)
    at_place = element_at(structure, place) if place is not None else None
    selected = at_place if at_place and (visit.asked("at").isdecimal() or at_place.offset == place) else None
    length = selected.length if selected and selected.offset == place else length
    source = NOTHING
    if readable:
        marks = marks_of(findings, place, length or MARKED_BYTES, structure)
        source = show_source(content, with_elements(marks, structure), begin)
    elif shown["erased"] is None:
        pieces = visit.desk.world.archive.open_document(visit.connection, found.digest)
        source = stream_source(pieces, found.size_bytes, begin)
    sheet = show_sheet(content, visit.asked("at"), _number(visit, "from")) if source.binary else None
    values = [plain(value) for value in reading.values[:_MOST_VALUES]] if reading else []
    return visit.render(
        "document.html",
        document=shown,
        source=source,
        sheet=sheet,
        structure=structure,
        selected=selected,
        sheet_allowed=_allowed_in_cell(reading, sheet),
        letter_of=letter_of,
        asked=visit.asked("at"),
        missed=bool(visit.asked("at")) and place is None,
        places=_places(content, values) if source.lines else {},
        reading=reading,
        unread="" if reading else unread,
        written=shown["kind"] in _WRITTEN,
        values=values,
        findings=_findings(reading, structure, source) if reading else [],
        beyond=max(0, len(findings) - _MOST_FINDINGS),
        counts=Counter(each.severity.value for each in findings),
        made=[{**each, "href": _address(each)} for each in explain_document(visit.connection, found.digest)],
        again=_again(visit, found.digest) if readable and visit.asked("view") == "again" else None,
        counterparts=list_counterparts(visit.connection, found.digest),
        beside=_beside(visit),
    )


def _structure(content: bytes, window: tuple[int, int], reading: Reading[Any] | None) -> list[Part]:
    """The parts that begin in a window of the document, with what its format says that their elements may hold."""
    found = structure_of(content, *window)
    if not found and content:
        found = elements_of_xml(content, *window) or rows_of(content, *window)
    return with_allowed(found, reading.format if reading else "")


def _allowed_in_cell(reading: Reading[Any] | None, sheet: Sheet | None) -> str:
    """What the cell of a workbook that somebody came for may hold, where its format says it."""
    return allowed_in(reading.format, sheet.cell.name) if reading and sheet and sheet.cell else ""


def _asked_place(visit: Visit, content: bytes) -> tuple[int | None, int]:
    """The byte that somebody came for, as the address says it, and how long what stands there is (0: as any mark)."""
    if visit.asked("at"):
        return find_place(content, visit.asked("at")) or (None, 0)
    return (find_word(content, visit.asked("find")) if visit.asked("find") else None) or (None, 0)


def _findings(reading: Reading[Any], structure: Sequence[Part], source: Source) -> list[dict[str, Any]]:
    """Each with an address that leads to its mark, whichever part of the document is shown, with what may stand there, and with
    the help for its code, which stands open where the code comes first."""
    told: set[str] = set()
    elements = elements_of(structure)
    shown = []
    for number, each in enumerate(reading.findings[:_MOST_FINDINGS], 1):
        offset = each.location.offset
        here = source.start <= offset < max(source.end, source.start + 1)
        element = elements.about(each)
        shown.append(
            {
                "found": each,
                "href": f"#finding-{number}" if here else f"?from={max(0, offset - _BEFORE_BYTES)}#finding-{number}",
                "before": offset < source.start,
                "after": not here and offset >= source.start,
                "allowed": f"{element.name or element.position} may hold {element.allowed}."
                if element and element.allowed
                else "",
                "help": help_of(reading.format, each.code),
                "first": each.code not in told,
            }
        )
        told.add(each.code)
    return shown


def _number(visit: Visit, name: str) -> int | None:
    """A place in the bytes, where the address says one."""
    text = visit.asked(name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _again(visit: Visit, digest: str) -> dict[str, Any]:
    """Today's reading held against the one that was kept; why there is none."""
    again, why = try_read_again(visit.connection, visit.desk.world, digest)
    return {"found": again, "why": why, "shown": again.differences[:_MOST_DIFFERENCES] if again else ()}


def _beside(visit: Visit) -> dict[str, Any] | None:
    """Another document, to be seen beside this one: an order and its answer."""
    if not visit.asked("beside"):
        return None
    found = views.find_document(visit.connection, visit.asked("beside"))
    shown = views.show_document(visit.connection, found)
    if shown["erased"] is not None or found.size_bytes > LARGEST_READ_BYTES:
        return {"document": shown, "source": NOTHING}
    content = visit.desk.world.archive.load_content(visit.connection, found.digest)
    return {"document": shown, "source": show_source(content, (), 0)}


def _places(content: bytes, values: Any) -> dict[str, int]:
    """Where values of the meaning stand in the bytes: those that stand there once, so that there is no doubt which is meant."""
    found: dict[str, int] = {}
    if len(content) <= _LARGEST_LINKED_BYTES:
        for text in islice(_texts(values), _MOST_LINKED):
            place = find_once(content, text) if text not in found else None
            if place is not None:
                found[text] = place
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _inside(content: bytes) -> bytes:
    """What is inside of GZIP, so that what is shown, its structure and what was read of it are of the same bytes."""
    try:
        return opened(content, LARGEST_READ_BYTES)
    except Unreadable:
        return content  # reading it says why


def read(content: bytes) -> tuple[Reading[Any] | None, str]:
    """What a format makes of the bytes, or why none does."""
    try:
        return read_as_known(content, LARGEST_READ_BYTES), ""
    except DocumentError as error:
        return None, str(error)


def plain(value: Any) -> Any:
    """A value of the domain as lists, names and texts, to be shown."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case datetime() if value.tzinfo is not None:
            return write_instant(value)
        case Money() | UnitPrice() | Decimal() | date():
            return str(value)
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value)


def _address(made: dict[str, Any]) -> str:
    """Where what was made of it is seen; "" where no page shows it."""
    what, which = made["what"], str(made["which"])
    if what in ("order revision", "decision", "shop order"):
        return f"/orders/{which.partition(' ')[0]}"
    if what == "case":
        return f"/exceptions?row={which.removeprefix('case ')}"
    return ""


def _original(visit: Visit) -> Response:
    """The bytes as they arrived. Never shown by the browser itself: they are somebody else's."""
    found = views.find_document(visit.connection, visit.path("document"))
    content = visit.desk.world.archive.load_content(visit.connection, found.digest)
    headers = {
        "Content-Disposition": kept_as(found.name or found.digest[:16]),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    words = sought.words
    if len(words) < 8:
        return []
    tracked = [
        Hit(
            "delivery",
            f"{each['carrier']} {each['tracking']}".strip(),
            f"/documents/{each['evidence']}",
            "its tracking number",
            each["kind"].capitalize(),
            True,
            party=each["partner"],
            at=each["day"],
        )
        for each in find_tracked(visit.connection, words)
    ]
    return tracked + _by_hash(visit, words)


def _by_hash(visit: Visit, words: str) -> list[Hit]:
    try:
        found = views.find_document(visit.connection, words)
    except TrueupError:
        return []
    title = f"{found.kind} from {found.source}"
    return [Hit("document", title, f"/documents/{found.digest}", "its hash", exact=words.lower() == found.digest)]


PAGE = Page(
    "documents",
    "Documents",
    (
        Route("/documents", _list),
        Route("/documents/{document}", _show),
        Route("/documents/{document}/original", _original, "documents.download"),
    ),
    Place(Group.SYSTEM, 1, "files"),
    "d",
    find=_find,
    grows=(Grows("/documents", "document", "documents", _growing),),
)
