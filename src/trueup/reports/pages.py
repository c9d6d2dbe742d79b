"""Pages: headings, sentences, key figures, tables and checklists as a PDF that finance would hand to an auditor.

Values in, bytes out; the same values give the same bytes. Text out of documents is text: it is escaped, never markup, and no
page fetches anything.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias, assert_never

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table

from trueup.base.errors import Invalid
from trueup.base.money import Money, exponent_of
from trueup.reports.glyphs import BOLD, REGULAR, markup, plain

_INK, _QUIET, _RULE, _BAND = HexColor("#1F2937"), HexColor("#6B7280"), HexColor("#CBD5E1"), HexColor("#F1F5F9")
_MARGIN = 16 * mm
_LONGEST_FOOT = 90
_MOST_CHARACTERS = 4000  # a cell of more would fill pages; the document itself is the place for it


class Paper(StrEnum):
    """What the pages are printed on."""

    A4 = "a4"
    LETTER = "letter"


class Light(StrEnum):
    """How a point of a checklist stands."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level 1 for a part, 2 for a section in it."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. `quiet`: a remark, in smaller print."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: what it is, its value as people read it, and a remark below."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Key figures side by side, four a row."""

    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `share`: its width beside the others. `right`: for numbers."""

    name: str
    share: int = 10
    right: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its headings come again on every page; `totals` ends it. Amounts are text, as `shown` writes them."""

    columns: tuple[Column, ...]
    rows: Iterable[Sequence[str]]
    totals: Sequence[str] | None = None
    empty: str = "None."


@dataclass(frozen=True, slots=True)
class Check:
    """A point of a checklist."""

    light: Light
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Points, each with its light: a colour, and a word for those who do not see colours."""

    items: tuple[Check, ...]


Block: TypeAlias = Heading | Words | Figures | Grid | Checklist


@dataclass(frozen=True, slots=True)
class Cover:
    """What every page says of the document: a title, a line below it (company, period, when it was made), the paper."""

    title: str
    subtitle: str = ""
    paper: Paper = Paper.A4
    wide: bool = False


def write_pages(cover: Cover, blocks: Iterable[Block]) -> bytes:
    """The blocks as a PDF, page by page, numbered. Raises Invalid for a table row that does not fit its headings."""
    size = A4 if cover.paper is Paper.A4 else LETTER
    width, height = landscape(size) if cover.wide else size
    inner = width - 2 * _MARGIN
    story: list[Flowable] = [Paragraph(markup(cover.title), _style(20, BOLD))]
    if cover.subtitle:
        story.append(Paragraph(markup(cover.subtitle), _style(10, textColor=_QUIET)))
    story.append(Spacer(0, 5 * mm))
    for block in blocks:
        story += _flow(block, inner)
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=(width, height), title=plain(cover.title), subject=plain(cover.subtitle), author="Trueup",
        creator="Trueup", invariant=1,
    )  # fmt: skip
    frame = Frame(_MARGIN, _MARGIN + 6 * mm, inner, height - 2 * _MARGIN - 6 * mm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(story, canvasmaker=_numbered(cover.title))
    return out.getvalue()


def shown(money: Money) -> str:
    """An amount as pages show it: grouped by commas, with the digits of its currency: -1,234.50 USD."""
    return f"{money.amount:,.{exponent_of(money.currency)}f} {money.currency}"


def _flow(block: Block, width: float) -> list[Flowable]:
    match block:
        case Heading():
            large = block.level <= 1
            style = _style(14 if large else 11, BOLD, spaceBefore=10 if large else 6, spaceAfter=4, keepWithNext=1)
            return [Paragraph(markup(block.text), style)]
        case Words():
            style = _style(8, textColor=_QUIET, spaceAfter=4) if block.quiet else _style(9.5, spaceAfter=5)
            return [Paragraph(markup(block.text), style)]
        case Figures():
            return [_figures(block.items[at : at + 4], width) for at in range(0, len(block.items), 4)]
        case Grid():
            return _grid(block, width)
        case Checklist():
            return [_checklist(block, width)] if block.items else []
        case _:
            assert_never(block)


def _figures(items: Sequence[Figure], width: float) -> Flowable:
    """A row of tiles; fewer than four leave the rest empty."""
    label, value, remark = _style(8, textColor=_QUIET), _style(13, BOLD), _style(7.5, textColor=_QUIET)
    cells: list[list[Flowable]] = [
        [Paragraph(markup(each.label), label), Paragraph(markup(each.value), value)]
        + ([Paragraph(markup(each.remark), remark)] if each.remark else [])
        for each in items
    ]
    cells += [[] for _ in range(4 - len(items))]
    style: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
    style.append(("BACKGROUND", (0, 0), (len(items) - 1, 0), _BAND))
    style += [("LINEAFTER", (at, 0), (at, 0), 4, white) for at in range(3)]
    return Table([cells], colWidths=[width / 4] * 4, style=[*style, *_padding(6)], spaceAfter=6)


def _grid(grid: Grid, width: float) -> list[Flowable]:
    total_share = sum(column.share for column in grid.columns)
    widths = [width * column.share / total_share for column in grid.columns]
    head = [_cell(column.name, column, BOLD) for column in grid.columns]
    body = [_row(grid, number, cells, REGULAR) for number, cells in enumerate(grid.rows, start=1)]
    if not body and grid.totals is None:
        return [Paragraph(markup(grid.empty), _style(9, textColor=_QUIET, spaceAfter=6))]
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, _INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, _RULE),
        *_padding(3),
    ]
    if grid.totals is not None:
        body.append(_row(grid, len(body) + 1, grid.totals, BOLD))
        style.append(("LINEABOVE", (0, -1), (-1, -1), 0.8, _INK))
    return [Table([head, *body], colWidths=widths, repeatRows=1, splitInRow=1, style=style, spaceAfter=8)]


def _row(grid: Grid, number: int, cells: Sequence[str], font: str) -> list[Flowable]:
    if len(cells) != len(grid.columns):
        names = ", ".join(column.name for column in grid.columns)
        raise Invalid(f"Table of {names}, row {number}: {len(cells)} cells, expected {len(grid.columns)}.")
    return [_cell(text, column, font) for text, column in zip(cells, grid.columns, strict=True)]


def _cell(text: str, column: Column, font: str) -> Flowable:
    cut = text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
    return Paragraph(markup(cut), _style(8, font, alignment=TA_RIGHT if column.right else TA_LEFT))


def _checklist(checklist: Checklist, width: float) -> Flowable:
    rows = [
        [
            Paragraph(markup(each.light.value.upper()), _style(7.5, BOLD, textColor=white)),
            [Paragraph(markup(each.text), _style(9)), Paragraph(markup(each.detail), _style(8, textColor=_QUIET))]
            if each.detail
            else Paragraph(markup(each.text), _style(9)),
        ]
        for each in checklist.items
    ]
    style: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 2, white)]
    style += [("BACKGROUND", (0, at), (0, at), _colour(each.light)) for at, each in enumerate(checklist.items)]
    return Table(rows, colWidths=[16 * mm, width - 16 * mm], style=[*style, *_padding(4)], spaceAfter=8)


def _colour(light: Light) -> Color:
    match light:
        case Light.GREEN:
            return HexColor("#15803D")
        case Light.AMBER:
            return HexColor("#B45309")
        case Light.RED:
            return HexColor("#B91C1C")
        case _:
            assert_never(light)


def _padding(points: int) -> list[tuple[Any, ...]]:
    sides = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
    return [(side, (0, 0), (-1, -1), points) for side in sides]


@cache
def _style(size: float, font: str = REGULAR, **more: Any) -> ParagraphStyle:
    """A style of print; `more` in the words of reportlab."""
    return ParagraphStyle("", **{"fontName": font, "fontSize": size, "leading": size * 1.25, "textColor": _INK, **more})


def _numbered(title: str) -> type[Canvas]:
    """A canvas that knows how many pages there are when it writes their feet: it keeps them until the end."""

    class Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  # the name is reportlab's
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._kept, start=1):
                self.__dict__.update(page)
                self._foot(number, len(self._kept))
                super().showPage()
            super().save()

        def _foot(self, number: int, count: int) -> None:
            width, _ = self._pagesize
            foot = Paragraph(markup(plain(title)[:_LONGEST_FOOT]), _style(7.5, textColor=_QUIET))
            foot.wrap(width - 2 * _MARGIN - 30 * mm, 10 * mm)
            foot.drawOn(self, _MARGIN, _MARGIN - 2 * mm)
            self.setFont(REGULAR, 7.5)
            self.setFillColor(_QUIET)
            self.drawRightString(width - _MARGIN, _MARGIN - 2 * mm + 2, f"Page {number} of {count}")

    return Numbered
