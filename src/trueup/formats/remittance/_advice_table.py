"""The table of an advice: which columns it has in which order, its rows, and the pieces that long numbers wrap into.

A piece is joined to its row only when it stands alone in its line, where the number of that row stands, with no empty line
between: what stands elsewhere is said to be unread. Source: public descriptions of the advice, in both its layouts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from trueup.formats.remittance._advice_pages import Line

LONGEST_LINE = 2_000
LONGEST_PIECE = 60
TOLERANCE = 2
"""By how many characters a piece may stand beside its column: text laid out from a PDF is rounded to characters."""
_AMOUNT = r"\(?[-−+]?(?:[A-Z]{3} ?|[$€£¥₹] ?)?[-−]?[0-9](?:[0-9.,'\u00a0]*[0-9])?\)?-?(?: ?[€$£])?"
_DAY = (
    r"[0-9]{1,2}[- ][A-Za-z]{3,9}\.?[- ,]{1,2}(?:[0-9]{4}|[0-9]{2})|[A-Za-z]{3,9}\.? [0-9]{1,2},? [0-9]{4}"
    r"|[0-9]{1,2}[/.][0-9]{1,2}[/.](?:[0-9]{4}|[0-9]{2})|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}|[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}"
)
_AMOUNT_COLUMNS = (
    ("discount", re.compile(r"(?:terms\s+)?discount(?:\s+taken)?|\btaken\b")),
    ("withheld", re.compile(r"withholding(?:\s+(?:tax|amount))*|withheld")),
    ("remaining", re.compile(r"(?:amount\s+)?remaining(?:\s+amount)?")),
    ("gross", re.compile(r"invoice\s+amount")),
    ("paid", re.compile(r"(?:net\s+)?amount\s+paid|\bpaid\b")),
)
_PIECE = re.compile(r"[A-Za-z0-9*_./()#-]*[0-9A-Z*][A-Za-z0-9*_./()#-]*")
_PIECE_OF_WORDS = re.compile(r"[A-Z0-9*_./()#-]+(?: [A-Z0-9*_./()#-]+)+")
"""A piece of several words, in capitals, as provisions are named; only below a number that fills its column."""
_FILLS_COLUMN = 12
_NOISE = re.compile(r"page\s+\d+|^\W*$|continued", re.IGNORECASE)
_TOTAL = re.compile(r"^\W*(?:grand\s+|sub\s*)?total\b", re.IGNORECASE)


@dataclass(slots=True)
class Row:
    """A row as text: its number (pieces joined), day, description and amounts by column. `bad`: why it cannot be read."""

    line: Line
    reference: str = ""
    day: str = ""
    description: str = ""
    amounts: dict[str, str] = field(default_factory=dict)
    bad: str = ""
    starts_at: int = -1
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The amount columns in order, and of a table of cells where the others are; -1 where there are none."""

    amounts: tuple[str, ...]
    reference: int = -1
    day: int = -1
    description: int = -1
    places: tuple[int, ...] = ()


@dataclass(slots=True)
class Table:
    """What was read of a table. `unread`: lines within it that belong to nothing."""

    rows: list[Row] = field(default_factory=list)
    unread: list[Line] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)


def columns_of(line: Line, following: Line | None) -> Columns | None:
    """The columns that a header names, in one line or two; None when the line is no header."""
    if line.cells:
        return _columns_of_cells(line)
    said = line.text.casefold()
    if "invoice" not in said or not ("amount" in said or "paid" in said):
        return None
    if re.search(r"amount\s+paid", said) and re.search(r"invoice\s+(?:number|no|#)", said):
        return _in_order(said)
    below = following.text.casefold() if following is not None else ""
    if re.search(r"\b(?:number|no)\b", below) and "paid" in below and "date" in below:
        return _in_order(re.sub(r"amount(?=\s+paid)", "      ", below))
    return None


def read_table(lines: Iterable[Line], columns: Columns) -> Table:
    """Rows from the lines below a header, up to its total or another header's end."""
    table = Table()
    pieces: list[tuple[Line, int, str]] = []
    before: Row | None = None
    gap = True
    for line in lines:
        if not line.text.strip():
            gap = True
            continue
        row = _row(line, columns)
        if row is None:
            piece = _piece(line, columns)
            if _NOISE.search(line.text) or columns_of(line, None) is not None:
                continue
            if piece is not None and (not gap or before is None):
                pieces.append((line, *piece))
            elif piece is None and not gap and before is not None and _adds_description(line, before, columns):
                continue
            else:
                pieces = _hold(pieces, before, None, table)
                table.unread.append(line)
                gap = True
            continue
        pieces = _hold(pieces, before, row, table)
        if row.is_total:
            table.totals.append(row)
            return table
        table.rows.append(row)
        before, gap = row, False
    _hold(pieces, before, None, table)
    return table


def _hold(
    pieces: list[tuple[Line, int, str]], before: Row | None, after: Row | None, table: Table
) -> list[tuple[Line, int, str]]:
    """Give pieces to the row above them; the last to the row below when that has no number of its own."""
    given = list(pieces)
    if given and after is not None and not after.reference and not after.is_total:
        line, start, text = given.pop()
        after.reference, after.starts_at = text, start
    for line, start, text in given:
        aligned = before is not None and (before.starts_at < 0 or abs(start - before.starts_at) <= TOLERANCE)
        least = _FILLS_COLUMN if " " in text else len(text) // 2 + 1
        if before is not None and aligned and len(before.reference) >= least:
            before.reference += text
        else:
            table.unread.append(line)
    return []


def _row(line: Line, columns: Columns) -> Row | None:
    """The row in a line; None when there is none. One with a day and too few amounts is bad."""
    if line.cells:
        return _row_of_cells(line, columns)
    if len(line.text) > LONGEST_LINE:
        return None
    count = len(columns.amounts)
    amounts = rf"(?P<amounts>(?:{_AMOUNT})(?:\s+(?:{_AMOUNT})){{{count - 1}}})"
    if _TOTAL.match(line.text):
        found = re.findall(rf"(?<!\S){_AMOUNT}(?!\S)", line.text)
        return Row(line, amounts=_totals(found, columns), is_total=True)
    whole = re.fullmatch(rf"(?P<ref>\s*\S.*?|\s*)\s+(?P<day>{_DAY})(?:\s+(?P<text>.*?))??\s+{amounts}\s*", line.text)
    if whole is None:
        dated = re.match(rf"(?P<ref>\s*\S.*?|\s*)\s+(?P<day>{_DAY})(?!\S)", line.text)
        reference = dated["ref"].strip() if dated is not None else ""
        if dated is None or not (re.search(r"[0-9]", line.text[dated.end() :]) or _PIECE.fullmatch(reference)):
            return None
        rest = line.text[dated.end() :].strip()[-60:]
        words = f"expected {count} amounts ({', '.join(columns.amounts)}) at its end, found {rest!r}"
        return Row(line, reference, dated["day"], bad=words, starts_at=_start(dated["ref"]))
    parts = re.findall(rf"(?<!\S){_AMOUNT}(?!\S)", whole["amounts"])
    if len(parts) != count:
        parts = whole["amounts"].split()
    row = Row(line, whole["ref"].strip(), whole["day"], (whole["text"] or "").strip(), starts_at=_start(whole["ref"]))
    if len(parts) != count:
        row.bad = f"expected {count} amounts, found {whole['amounts']!r}"
    row.amounts = dict(zip(columns.amounts, parts, strict=False))
    return row


def _row_of_cells(line: Line, columns: Columns) -> Row | None:
    cells = line.cells
    if columns.reference < 0:
        return None

    def cell(place: int) -> str:
        return cells[place].strip() if 0 <= place < len(cells) else ""

    first = next((each.strip() for each in cells if each.strip()), "")
    if _TOTAL.match(first):
        found = [each.strip() for each in cells if re.fullmatch(_AMOUNT, each.strip())]
        placed = {name: cell(at) for name, at in zip(columns.amounts, columns.places, strict=True) if cell(at)}
        whole = len(cells) > max(columns.places) and all(re.fullmatch(_AMOUNT, text) for text in placed.values())
        return Row(line, amounts=placed if whole and placed else _totals(found, columns), is_total=True)
    amounts = {name: cell(at) for name, at in zip(columns.amounts, columns.places, strict=True)}
    if not any(amounts.values()) and not cell(columns.day):
        return None
    reference = re.sub(r"\s*\n\s*", "", cell(columns.reference))
    description = re.sub(r"\s*\n\s*", " ", cell(columns.description))
    return Row(line, reference, cell(columns.day), description, amounts, starts_at=0)


def _piece(line: Line, columns: Columns) -> tuple[int, str] | None:
    """Where a line that is one word alone has it, and the word."""
    if line.cells:
        filled = [place for place, cell in enumerate(line.cells) if cell.strip()]
        if filled != [columns.reference]:
            return None
        text = re.sub(r"\s+", "", line.cells[columns.reference])
        return (0, text) if _PIECE.fullmatch(text) else None
    text = line.text.strip()
    fits = len(text) <= LONGEST_PIECE and (_PIECE.fullmatch(text) or _PIECE_OF_WORDS.fullmatch(text))
    return (_start(line.text), text) if fits else None


def _adds_description(line: Line, row: Row, columns: Columns) -> bool:
    """Whether a line goes on with the number, the description, or both, of the row above; then it is added."""
    if line.cells:
        filled = [place for place, cell in enumerate(line.cells) if cell.strip()]
        if (
            not filled
            or not set(filled) <= {columns.reference, columns.description}
            or columns.description not in filled
        ):
            return False
        row.description = f"{row.description} {line.cells[columns.description].strip()}".strip()
        if columns.reference in filled:
            row.reference += re.sub(r"\s+", "", line.cells[columns.reference])
        return True
    at = row.line.text.find(row.description) if row.description else -1
    parts = [(found.start(), found[0]) for found in re.finditer(r"\S+(?: \S+)*", line.text)]
    words = [part for part in parts if at >= 0 and abs(part[0] - at) <= TOLERANCE]
    numbers = [part for part in parts if abs(part[0] - row.starts_at) <= TOLERANCE and _PIECE.fullmatch(part[1])]
    if not words or len(words) + len(numbers) != len(parts):
        return False
    row.description = f"{row.description} {words[0][1]}"
    if numbers:
        row.reference += numbers[0][1]
    return True


def _totals(found: list[str], columns: Columns) -> dict[str, str]:
    if len(found) == len(columns.amounts):
        return dict(zip(columns.amounts, found, strict=True))
    return {"paid": found[0]} if len(found) == 1 else {}


def _columns_of_cells(line: Line) -> Columns | None:
    names = [re.sub(r"\s+", " ", cell).strip().casefold() for cell in line.cells]
    reference = next((at for at, name in enumerate(names) if re.match(r"invoice (?:number|no|#)", name)), -1)
    if reference < 0:
        return None
    found: dict[str, int] = {}
    for at, name in enumerate(names):
        for column, pattern in _AMOUNT_COLUMNS:
            if column not in found and pattern.fullmatch(name):
                found[column] = at
                break
    if "paid" not in found:
        return None
    ordered = sorted(found.items(), key=lambda item: item[1])
    day = next((at for at, name in enumerate(names) if "date" in name), -1)
    description = next((at for at, name in enumerate(names) if "description" in name), -1)
    places = tuple(at for _, at in ordered)
    return Columns(tuple(name for name, _ in ordered), reference, day, description, places)


def _in_order(said: str) -> Columns | None:
    """The amount columns in the order of a header's words, each word taken once."""
    found: list[tuple[int, str]] = []
    for column, pattern in _AMOUNT_COLUMNS:
        match = pattern.search(said)
        if match is not None:
            found.append((match.start(), column))
            said = said[: match.start()] + " " * (match.end() - match.start()) + said[match.end() :]
    names = tuple(column for _, column in sorted(found))
    return Columns(names) if "paid" in names else None


def _start(text: str) -> int:
    return len(text) - len(text.lstrip())
