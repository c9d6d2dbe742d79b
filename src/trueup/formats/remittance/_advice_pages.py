"""The lines of an advice, whatever it comes as: text, HTML, a mail with either, or a PDF whose text is laid out as on its page.

A line of text keeps its columns as they stand; a row of an HTML table is its cells. A mail says the same in several parts: of
each payment the richest part that tells of it is taken, never two. Attachments and forwarded mails may tell of others; of
alternatives (RFC 2046, 5.1.4) only one is looked at.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from html.parser import HTMLParser

from trueup.base.errors import Unreadable
from trueup.formats.remittance._grids import opening_text, text_grid

# What a damaged PDF makes its parser say is said here, as a refusal or by the payment's tie; it would only litter the terminal.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

WHAT = "Remittance advice"
LARGEST_BYTES = 30_000_000
MOST_PAGES = 2_000
_PDF = re.compile(rb"%PDF-\d\.\d\s")
_MAIL = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}")
_HTML = re.compile(r"<\s*(?:html|table|body|!doctype|div|pre)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SIGNS = ("payment made to", "payment number")
_NUMBER = re.compile(r"payment number\s*[:#]?\s*([a-z0-9-]*[0-9][a-z0-9-]*)")
_ROW_ENDS = ("tr", "p", "div", "li", "h1", "h2", "h3", "h4", "pre")


@dataclass(frozen=True, slots=True)
class Line:
    """A line and where it stands. `cells`: those of a table's row; empty for text, whose columns are where it has wide gaps."""

    text: str
    place: str
    offset: int = 0
    cells: tuple[str, ...] = ()


def opens_advice(head: bytes) -> bool:
    """Whether an opening is of a PDF, of a mail about a remittance, or of text that tells of a payment. Never raises."""
    if _PDF.match(head):
        return True
    text = opening_text(head)
    if _MAIL.match(text.replace("\r\n", "\n").lstrip("\n")) and "remit" in _subject(head).casefold():
        return True
    said = re.sub(r"\s+", " ", _TAG.sub(" ", text)).casefold()
    return all(sign in said for sign in _SIGNS)


def advice_lines(content: bytes) -> list[Line]:
    """Every line of the advice. Raises Unreadable for what holds no text."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable(f"{WHAT}: {len(content)} bytes, expected at most {LARGEST_BYTES}.")
    if _PDF.match(content):
        return list(_of_pdf(content, ""))
    grid = text_grid(content, WHAT)
    lines = list(grid.lines())
    text = "".join(lines)
    if _MAIL.match(text.replace("\r\n", "\n").lstrip("\n")) and re.search(
        r"(?mi)^(?:mime-version|content-type|subject):", text
    ):
        return _of_mail(content)
    if _HTML.search(text):
        return _of_html(text, "")
    found: list[Line] = []
    offset = grid.start
    for number, line in enumerate(lines, 1):
        found.append(Line(line.rstrip("\r\n"), f"line {number}", offset))
        offset += len(line.encode(grid.encoding))
    return found


def _subject(head: bytes) -> str:
    try:
        return str(BytesParser(policy=policy.default).parsebytes(head, headersonly=True).get("subject", ""))
    except Exception:  # the parser meets damaged headers with errors of every kind
        return ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a mail, decoded. `among`: the alternatives that it is one of, 0 where it stands alone."""

    kind: str
    body: bytes
    among: int


def _of_mail(content: bytes) -> list[Line]:
    """The parts that tell of payments: HTML before text before an attached PDF, each only of what no part before it told."""
    try:
        mail = BytesParser(policy=policy.default).parsebytes(content)
        parts = list(_parts(mail, 0))
    except Exception as error:  # as above
        raise Unreadable(f"{WHAT}: the mail is damaged ({type(error).__name__}); save it again.") from None
    found: list[Line] = []
    told: set[str] = set()
    answered: set[int] = set()
    for kind in ("text/html", "text/plain", "application/pdf"):
        for place, part in enumerate((part for part in parts if part.kind == kind), 1):
            if part.among in answered:
                continue
            lines = _of_part(part, place)
            said = re.sub(r"\s+", " ", " ".join(line.text for line in lines)).casefold()
            numbers = set(_NUMBER.findall(said))
            if all(sign in said for sign in _SIGNS) and numbers - told:
                found += lines
                told |= numbers
                answered |= {part.among} - {0}
    if found:
        return found
    held = ", ".join(sorted({part.kind for part in parts})) or "nothing"
    raise Unreadable(f"{WHAT}: the mail has {held}, and none of it tells a payment number; save the advice itself.")


def _parts(part: Message, among: int) -> Iterator[_Part]:
    if part.is_multipart():
        inside = id(part) if part.get_content_type() == "multipart/alternative" else among
        for each in part.iter_parts() if isinstance(part, EmailMessage) else ():
            yield from _parts(each, inside)
        return
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return
    kind = part.get_content_type()
    name = part.get_filename() if isinstance(part, EmailMessage) else None
    if kind == "application/octet-stream" and (name or "").lower().endswith(".pdf"):
        kind = "application/pdf"
    if kind.startswith("text/"):
        charset = part.get_content_charset() or "utf-8"
        try:
            body = body.decode(charset, "replace").encode()
        except LookupError:
            body = body.decode("utf-8", "replace").encode()
    yield _Part(kind, body, among)


def _of_part(part: _Part, place: int) -> list[Line]:
    which, body = f" {place}" if place > 1 else "", part.body
    match part.kind:
        case "application/pdf":
            return list(_of_pdf(body, f"attached PDF{which}, "))
        case "text/html":
            return _of_html(body.decode("utf-8", "replace"), f"HTML part{which}, ")
        case _:
            text = body.decode("utf-8", "replace")
            return [Line(line, f"text part{which}, line {number}") for number, line in enumerate(text.splitlines(), 1)]


def _of_pdf(content: bytes, within: str) -> Iterator[Line]:
    """Its text, page by page, each column at its place."""
    try:
        from pypdf import PdfReader  # it takes a third of a second to load, and few commands read a PDF

        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable(f"{WHAT}: the PDF is locked by a password; save it without.")
        if len(reader.pages) > MOST_PAGES:
            raise Unreadable(f"{WHAT}: a PDF of {len(reader.pages)} pages, expected at most {MOST_PAGES}.")
        texts = [
            page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False) for page in reader.pages
        ]
    except Unreadable:
        raise
    except Exception as error:  # a damaged PDF breaks its parser anywhere, with errors of every kind
        raise Unreadable(
            f"{WHAT}: the PDF cannot be read ({type(error).__name__}: {str(error)[:120]}); ask for it anew."
        ) from None
    if not any(text.strip() for text in texts):
        raise Unreadable(f"{WHAT}: the PDF holds no text, it is a picture; ask for the advice as mail or export.")
    for page, text in enumerate(texts, 1):
        for number, line in enumerate(text.splitlines(), 1):
            yield Line(line, f"{within}page {page}, line {number}")


def _of_html(text: str, within: str) -> list[Line]:
    rows = _Rows()
    try:
        rows.feed(text)
        rows.close()
    except Exception as error:  # the parser asserts on some damaged declarations
        raise Unreadable(f"{WHAT}: the HTML is damaged ({type(error).__name__}); save the mail again.") from None
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode("utf-8", "replace")))
    found: list[Line] = []
    for cells, at in rows.found:
        shown = [cell.replace("\n", " ").strip() for cell in cells]
        offset = 0 if within else starts[min(at, len(starts)) - 1]
        if len(cells) == 1:
            pieces = [piece for piece in cells[0].split("\n") if piece.strip()]
            found += [Line(piece.strip("\r"), f"{within}line {at}", offset) for piece in pieces]
        else:
            found.append(Line("    ".join(shown), f"{within}line {at}", offset, tuple(cells)))
    return found


class _Rows(HTMLParser):
    """Rows of cells in the order of the document; text outside of tables is a row of one cell. Line breaks are kept."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[list[str], int]] = []
        self.cells: list[str] = []
        self.text: list[str] = []
        self.began = 1
        self.hidden = 0
        self.kept = 0

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        """A row begins, a line breaks, or something opens that is not shown."""
        if tag in ("style", "script", "head", "title"):
            self.hidden += 1
        elif tag == "br":
            self.text.append("\n")
        elif tag == "pre":
            self.kept += 1
        if tag in ("tr", "table", *_ROW_ENDS):
            self._end_row() if tag in ("tr", "table") or not self.cells else None
        elif tag in ("td", "th"):
            self.text.clear()

    def handle_endtag(self, tag: str) -> None:
        """A cell or a row is whole."""
        if tag in ("style", "script", "head", "title"):
            self.hidden = max(0, self.hidden - 1)
        elif tag in ("td", "th"):
            self.cells.append(self._said())
        elif tag == "pre":
            self._end_row()
            self.kept = max(0, self.kept - 1)
        elif tag in ("tr", "table"):
            self._end_row()
        elif tag in _ROW_ENDS and self.text:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        """Words; their spaces mean nothing, except where the page says that they do."""
        if not self.hidden:
            self.text.append(data if self.kept else re.sub(r"[ \t\r\n\f]+", " ", data))

    def close(self) -> None:
        """What stands at the end without one."""
        super().close()
        self._end_row()

    def _said(self) -> str:
        said = "".join(self.text).replace("\u00a0", " ")
        self.text.clear()
        return said if self.kept else "\n".join(piece.strip() for piece in said.split("\n")).strip("\n")

    def _end_row(self) -> None:
        rest = self._said()
        if rest.strip():
            self.cells.append(rest)
        if any(cell.strip() for cell in self.cells):
            self.found.append((self.cells, self.began))
        self.cells = []
        self.began = self.getpos()[0]
