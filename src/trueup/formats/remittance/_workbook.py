"""The sheets of an Excel workbook (.xlsx), opened within bounds: not a megabyte more than is known before it is unpacked.

A workbook is a ZIP archive that may lie about its sizes, and a sheet whose last cell stands far out is a table of billions.
Both are looked for first. Macros are refused: a remittance has none. Sources: ECMA-376 (parts, cell references, date1904);
PKWARE's APPNOTE (local headers).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, load_workbook

from trueup.base.errors import Unreadable
from trueup.formats.remittance._grids import Cells

LARGEST_FILE_BYTES = 100_000_000
LARGEST_UNPACKED_BYTES = 600_000_000
MOST_CELLS = 20_000_000
MOST_PARTS = 2_000
_PIECE_BYTES = 1 << 20
# Looked for beyond tags, and so in no time: what they find too much are columns and rows that a sheet can have.
_COLUMN = re.compile(rb"r=[\"']([A-Z]{1,3})[0-9]")
_ROW = re.compile(rb"r=[\"']([0-9]{1,7})[\"']")
_SPACED = re.compile(rb"r(?:\s+=\s*|=\s+)[\"']")
_SPACES = (b"r =", b"r\n=", b"r\t=", b"r\r=", b"r= ", b"r=\n", b"r=\t", b"r=\r")
_DATE_1904 = re.compile(rb'date1904="(?:1|true)"')
_LAST_NAMES = (b"word/", b"ppt/", b"xl/vbaProject.bin")
_FIRST_NAMES = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"customXml/")
_TAIL_BYTES = 64


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """One sheet. `days_from_1904`: its serial days are counted from 1904, as old Macintoshes did."""

    title: str
    sheet: CalamineSheet
    days_from_1904: bool = False

    def rows(self) -> Iterator[tuple[int, Cells]]:
        return enumerate(self.sheet.iter_rows(), 1)  # empty rows before the first are among them

    def offsets(self, rows: Iterable[int]) -> dict[int, int]:
        return dict.fromkeys(rows, 0)


def opens_workbook(head: bytes) -> bool:
    """Whether an opening is of an Excel workbook, as far as the names of its first parts show. Never raises."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return name.startswith(_FIRST_NAMES) and not any(other in head for other in _LAST_NAMES[:2])


def open_workbook(content: bytes, what: str) -> list[SheetGrid]:
    """Every worksheet. Raises Unreadable for what is no workbook, holds macros, is encrypted, or is larger than its bounds."""
    if len(content) > LARGEST_FILE_BYTES:
        raise Unreadable(f"{what}: {len(content)} bytes, expected at most {LARGEST_FILE_BYTES}; save it as CSV.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, UnicodeError) as error:
        raise Unreadable(f"{what}: the workbook is damaged or cut off ({error}); export it again.") from None
    from_1904 = _check(content, parts, what)
    try:
        book = load_workbook(io.BytesIO(content))
        return [
            SheetGrid(each.name, _sheet(book, each.name), from_1904)
            for each in book.sheets_metadata
            if each.typ == SheetTypeEnum.WorkSheet
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise Unreadable(f"{what}: the workbook cannot be opened ({str(error)[:200]}); export it again.") from None
    except BaseException as error:  # a defect of the parser's own arrives as a PanicException, which is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable(f"{what}: the workbook is damaged ({str(error)[:200]}); export it again.") from None


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    return book.get_sheet_by_name(name)


def _check(content: bytes, parts: list[zipfile.ZipInfo], what: str) -> bool:
    """Refuse what is hostile or too large; say whether days are counted from 1904."""
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"{what}: a workbook of {len(parts)} parts, expected at most {MOST_PARTS}; export it again.")
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        raise Unreadable(
            f"{what}: the workbook holds macros, which no export of Amazon's has; save it without them (.xlsx)."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(f"{what}: the workbook is encrypted; save it without a password.")
    left = LARGEST_UNPACKED_BYTES
    from_1904 = False
    for part in parts:
        name = part.filename.lower()
        area = _Area()
        for piece in _unpacked(content, part, left, what):
            left -= len(piece)
            if name.startswith("xl/worksheets/"):
                area.see(piece)
            elif name == "xl/workbook.xml":
                from_1904 = from_1904 or bool(_DATE_1904.search(piece))
        if area.hidden:
            raise Unreadable(
                f"{what}: {part.filename} names its cells as no spreadsheet program does; export it again."
            )
        if area.cells > MOST_CELLS:
            raise Unreadable(
                f"{what}: {part.filename} reaches over {area.cells} cells, expected at most {MOST_CELLS}; clear the cells "
                f"beyond the table, or save it as CSV."
            )
    return from_1904


class _Area:
    """How far a sheet reaches, seen piece by piece."""

    def __init__(self) -> None:
        self.tail = b""
        self.columns: set[bytes] = set()
        self.last_row = self.rows = self.counted = 0
        self.hidden = False

    def see(self, piece: bytes) -> None:
        """The next piece; its end is looked at again with what follows, for a tag may be cut there."""
        text = self.tail + piece
        self.columns.update(_COLUMN.findall(text))
        self.last_row = max(self.last_row, max(map(int, _ROW.findall(text)), default=0))
        self.rows += piece.count(b"<row")
        if any(sign in text for sign in _SPACES):  # first the cheap question
            self.hidden = self.hidden or bool(_SPACED.search(text))
        self.counted += piece.count(b"<c ") + piece.count(b"<c>") + piece.count(b"<c/>")
        self.tail = text[-_TAIL_BYTES:]

    @property
    def cells(self) -> int:
        """Rows times columns, or the cells themselves where those are more."""
        last = max((_number_of(name) for name in self.columns), default=1)
        return max(max(self.last_row, self.rows) * last, self.counted)


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _unpacked(content: bytes, part: zipfile.ZipInfo, most: int, what: str) -> Iterator[bytes]:
    """A part in pieces, whatever size it claims. Raises Unreadable when it is damaged or goes on beyond `most` bytes."""
    start = part.header_offset
    lengths = content[start + 26 : start + 30]
    begin = start + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    packed = memoryview(content)[begin : begin + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        pieces: Iterator[bytes] = (bytes(packed[at : at + _PIECE_BYTES]) for at in range(0, len(packed), _PIECE_BYTES))
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        pieces = _inflated(packed)
    else:
        raise Unreadable(f"{what}: {part.filename} is packed in a way no workbook uses; export it again.")
    try:
        for piece in pieces:
            most -= len(piece)
            if most < 0:
                raise Unreadable(
                    f"{what}: the workbook unpacks to more than {LARGEST_UNPACKED_BYTES} bytes; split it, or save it as CSV."
                )
            yield piece
    except zlib.error as error:
        raise Unreadable(f"{what}: {part.filename} is damaged ({error}); export it again.") from None


def _inflated(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(-15)
    for at in range(0, len(packed), _PIECE_BYTES):
        left = bytes(packed[at : at + _PIECE_BYTES])
        while left and not stream.eof:
            yield stream.decompress(left, _PIECE_BYTES)
            left = stream.unconsumed_tail
