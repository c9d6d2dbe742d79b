"""Letters of every language on a page: which font has them, and text that a page takes as text.

The fonts are those that the PDF standard names, so none is embedded: western ones every reader has, for eastern ones and
Cyrillic it takes what its machine has. A letter that none of them has is shown without its marks, or as its number: nothing is
dropped. Source: ISO 32000-1, 9.6.2.2 (standard fonts) and 9.7.5.2 (predefined CMaps).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont

REGULAR = "Helvetica"
BOLD = "Helvetica-Bold"
_EASTERN = {
    "HeiseiKakuGo-W5": "cp932",
    "STSong-Light": "gbk",
    "MSung-Light": "big5",
    "HYSMyeongJo-Medium": "cp949",
}
"""Fonts of the Japanese, Chinese and Korean collections, and the code page that says which letters each has.

Cyrillic and Greek are in the first, the Polish and Croatian strokes in the last.
"""


def plain(text: str) -> str:
    """Text on one line, without what cannot be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def markup(text: str) -> str:
    """Text for a paragraph: escaped, lines kept, each run of letters in a font that has them."""
    return "<br/>".join(_line(line) for line in re.split(r"\r\n|[\n\r\u2028\u2029]", text))


def _line(line: str) -> str:
    if _in_code_page(line, "cp1252") and line.isprintable():
        return _escaped(line)
    told = [_told(each) for each in line]
    runs = ((font, "".join(text for _, text in run)) for font, run in groupby(told, key=lambda each: each[0]))
    return "".join(f'<font name="{font}">{_escaped(text)}</font>' if font else _escaped(text) for font, text in runs)


@cache
def _told(letter: str) -> tuple[str, str]:
    """The font that has the letter ("" for the page's own), and how it is written."""
    if not letter.isprintable():
        return "", " " if letter.isspace() else f"[U+{ord(letter):04X}]"
    if _in_code_page(letter, "cp1252"):
        return "", letter
    bare = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    if bare and _in_code_page(bare, "cp1252"):
        return "", bare
    for shape in (letter, bare):
        for font, page in _EASTERN.items():
            if shape and _in_code_page(shape, page):
                return _registered(font), shape
    return "", f"[U+{ord(letter):04X}]"


@cache
def _registered(font: str) -> str:
    registerFont(UnicodeCIDFont(font))
    return font


def _in_code_page(text: str, page: str) -> bool:
    try:
        text.encode(page)
    except UnicodeEncodeError:
        return False
    return True


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
