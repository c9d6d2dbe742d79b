"""The policy chart: for each interval and buffer what would have been oversold and lost, as bars, in SVG or PDF."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.graphics import renderPDF, renderSVG
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib.colors import HexColor

FORMATS = (".svg", ".pdf")
_ROW, _LEFT, _WIDTH, _HEAD, _NUMBERS = 18, 190, 560, 64, 90
_OVERSOLD, _LOST, _INK = HexColor("#b42318"), HexColor("#d4a72c"), HexColor("#1f2328")
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"


@dataclass(frozen=True, slots=True)
class PolicyChart:
    """What to draw: a title, the sentence that says it, and a row (interval, buffer, oversold, lost) a choice, in eaches."""

    title: str
    sentence: str
    rows: tuple[tuple[str, int, int, int], ...]


def write_policy_chart(chart: PolicyChart, suffix: str) -> bytes:
    """The chart in the format of a file's ending. The same chart gives the same bytes as SVG."""
    drawing = _draw(chart)
    if suffix == ".pdf":
        return bytes(renderPDF.drawToString(drawing, chart.title))
    return str(renderSVG.drawToString(drawing)).encode()


def _draw(chart: PolicyChart) -> Drawing:
    height = _HEAD + _ROW * (len(chart.rows) + 2)
    drawing = Drawing(_LEFT + _WIDTH + _NUMBERS, height)
    drawing.add(String(12, height - 22, chart.title, fontName=_BOLD, fontSize=14, fillColor=_INK))
    drawing.add(String(12, height - 40, chart.sentence, fontName=_FONT, fontSize=9, fillColor=_INK))
    worst = max((oversold + lost for _, _, oversold, lost in chart.rows), default=0) or 1
    y = height - _HEAD - _ROW
    for interval, buffer, oversold, lost in chart.rows:
        drawing.add(String(12, y + 4, f"{interval}, buffer {buffer}", fontName=_FONT, fontSize=9, fillColor=_INK))
        over, left = oversold * _WIDTH // worst, lost * _WIDTH // worst
        drawing.add(Rect(_LEFT, y, over, _ROW - 5, fillColor=_OVERSOLD, strokeColor=None))
        drawing.add(Rect(_LEFT + over, y, left, _ROW - 5, fillColor=_LOST, strokeColor=None))
        said = f"{oversold} oversold, {lost} lost"
        drawing.add(String(_LEFT + over + left + 4, y + 4, said, fontName=_FONT, fontSize=8, fillColor=_INK))
        y -= _ROW
    drawing.add(Rect(_LEFT, y, 10, 10, fillColor=_OVERSOLD, strokeColor=None))
    drawing.add(String(_LEFT + 14, y + 1, "eaches oversold", fontName=_FONT, fontSize=9, fillColor=_INK))
    drawing.add(Rect(_LEFT + 110, y, 10, 10, fillColor=_LOST, strokeColor=None))
    drawing.add(String(_LEFT + 124, y + 1, "sales lost", fontName=_FONT, fontSize=9, fillColor=_INK))
    return drawing
