"""Opening an export: its tables whatever they are saved as, how they write numbers and days, and the words of its statuses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from trueup.domain.remittances import PaymentState
from trueup.formats.regional import Convention, convention_of
from trueup.formats.remittance._amounts import habit_of, has_two_days, has_two_numbers
from trueup.formats.remittance._export_tables import Survey, header_of
from trueup.formats.remittance._grids import DELIMITERS, Grid, Remarks, TextGrid, opening_text, place_of, text_grid
from trueup.formats.remittance._workbook import open_workbook

T = TypeVar("T")
WHAT = "Remittance export"
_LATEST_HEADER = 40
_SLIPS = 10
"""How many cells must show one way for each that shows another."""
_STATES: tuple[tuple[re.Pattern[str], PaymentState], ...] = (
    (re.compile(r"void|cancel|stopp|revers|storn|annul"), PaymentState.VOIDED),
    (re.compile(r"fail|reject|bounce|return|unsuccess|not paid|unpaid"), PaymentState.FAILED),
    (re.compile(r"progress|process(?!ed)|pending|scheduled|queued|created|initiated|hold"), PaymentState.IN_PROGRESS),
    (re.compile(r"paid|issued|clear|reconcil|complete|success|negotiable|settled|sent|disbursed|remitted|processed|"
                r"bezahlt|pay[ée]|pagad[oa]|pagat[oa]|pago|betaald|op[łl]acon|betald|[öo]dendi"), PaymentState.PAID),
)  # fmt: skip


def state_of(status: str, voided_reason: str) -> PaymentState | None:
    """What the words of Payment Status and Payment Voided Reason say; None for a status that nobody here has seen."""
    if not status:
        return PaymentState.VOIDED if voided_reason else PaymentState.PAID
    return next((state for words, state in _STATES if words.search(status.casefold())), None)


def convention_for(survey: Survey, declared: Convention, remarks: Remarks) -> Convention:
    """How the file writes: declared, shown, or its stores' habit. What none of them says is asked, once."""
    shown = convention_of(survey.numbers, survey.days, declared)
    mark = shown.decimal_mark or _mostly(survey.numbers, lambda cell: convention_of((cell,), ()).decimal_mark) or ""
    day_first = shown.day_first
    if day_first is None:
        day_first = _mostly(survey.days, lambda cell: convention_of((), (cell,)).day_first)
    first = survey.payments[0] if survey.payments else None
    grid, row = (first[0], first[1].row) if first else (survey.lines_from[0][0], survey.lines_from[0][1].row)
    habit = habit_of(survey.currencies, day_first=True if survey.net_paid else None)
    currencies = ", ".join(sorted(survey.currencies)) or "no currency"
    if not mark and len({convention_of((cell,), ()).decimal_mark for cell in survey.numbers} - {""}) > 1:
        words = "amounts are written with a decimal point and with a comma; each is read as it shows itself"
        remarks.warning("decimal-marks-mixed", words, grid, row)
    unclear = next((cell for cell in sorted(survey.numbers) if has_two_numbers(cell)), None) if not mark else None
    if unclear is not None:
        mark = habit.decimal_mark
        if mark:
            words = (
                f"no amount shows whether {unclear!r} has a decimal {mark!r}; read so, as stores of {currencies} write"
            )
            remarks.warning("decimal-mark-assumed", words, grid, row)
        else:
            words = f"{unclear!r} is two amounts, and nothing in the file shows which; say which decimal mark it has"
            remarks.error("decimal-mark-unknown", words, grid, row)
    unclear = next((cell for cell in sorted(survey.days) if has_two_days(cell)), None) if day_first is None else None
    if unclear is not None:
        day_first = habit.day_first
        if day_first is not None:
            order = "the day first" if day_first else "the month first"
            words = f"no day shows the order of {unclear!r}; read with {order}, as stores of {currencies} write"
            remarks.warning("day-order-assumed", words, grid, row)
        else:
            words = f"{unclear!r} is two days, and nothing in the file shows which; say whether the day comes first"
            remarks.error("day-order-unknown", words, grid, row)
    return Convention(mark, day_first)


def _mostly(cells: Iterable[str], way_of: Callable[[str], T]) -> T | None:
    """The way that nearly all cells show which show one: a slip or two among many do not unsettle a file, they are findings."""
    ways = Counter(way for cell in cells if (way := way_of(cell)) not in ("", None))
    (most, count), *others = [*ways.most_common(), (None, 0)]
    return most if count > _SLIPS * sum(number for _, number in others) else None


def open_export(content: bytes, remarks: Remarks) -> Sequence[Grid]:
    """The sheets of a workbook, or the one table of a text. Raises Unreadable for what is neither."""
    if content.startswith(b"PK\x03\x04"):
        return open_workbook(content, WHAT)
    text = text_grid(content, WHAT)
    if text.encoding == "cp1252":
        words = "not UTF-8: read as Windows-1252; look at accented letters, or save the file as CSV UTF-8"
        remarks.warning("encoding", words, text, 1)
    return [TextGrid(text.content, text.encoding, text.start, delimiter_of(content) or ",")]


def delimiter_of(content: bytes) -> str | None:
    """What parts the cells of the first header in an opening; None when no line of it is a header."""
    for line in opening_text(content[:65_536]).splitlines()[:_LATEST_HEADER]:
        for mark in DELIMITERS:
            if mark in line and header_of([cell.strip(' "') for cell in line.split(mark)], 1) is not None:
                return mark
    return None


def no_table(survey: Survey, grids: Sequence[Grid]) -> str:
    """What was expected and what was found, in words."""
    said = "; ".join(f"{place_of(grid, row)}: {words}" for grid, row, words in survey.passed_over[:3])
    sheets = ", ".join(grid.title for grid in grids if grid.title)
    found = f"found {said}" if said else "nothing is in it"
    return (
        f"expected a table with the columns Payment Number, Payment Date and Amount in Payment Currency"
        f"{f' in one of the sheets {sheets}' if sheets else ''}, {found}. Other tables of Vendor Central are read as CSV."
    )
