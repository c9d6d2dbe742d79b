"""Elements against their declaration: one regular expression a segment for what is right, a closer look at what is not.

Almost every segment is right, so a segment that matches its expression costs one match. Only one that does not is taken
apart. The expression may be too strict (a 29th is looked at closely), never too lenient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from trueup.formats.edi.faults import Fault
from trueup.formats.edi.grammar import Element, Kind, Shape
from trueup.formats.edi.syntax import Separators

_DECIMAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:E-?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ElementFault:
    """A fault at the element of that place (from 1), in words."""

    fault: Fault
    element: int
    message: str
    reference: str = ""
    copy: str = ""


def expression(shape: Shape, separators: Separators) -> re.Pattern[str]:
    """What a faultless segment of this shape looks like, tag and element separators included."""
    mark = re.escape(separators.element)
    plain = f"[^{mark}\\x00-\\x1f\\x7f]"
    text, closing, place = re.escape(shape.tag), "", 1
    last_required = max((at for at, element in enumerate(shape.elements, 1) if element.required), default=0)
    while place <= len(shape.elements):
        element = shape.elements[place - 1]
        held = _pattern(element, plain)
        closing = (")" if place <= last_required else ")?") + closing
        if place in shape.pairs:
            text += f"(?:{mark}(?:{held}{mark}{_pattern(shape.elements[place], plain)}|{mark})"
            place += 2
        else:
            text += f"(?:{mark}{held}" if element.required else f"(?:{mark}(?:{held})?"
            place += 1
    return re.compile(text + closing, re.ASCII)


def look(shape: Shape, elements: list[str]) -> Iterator[ElementFault]:
    """Every fault of a segment's elements. `elements[0]` is the tag."""
    count = len(elements) - 1
    if count > len(shape.elements) and any(elements[len(shape.elements) + 1 :]):
        words = f"{shape.tag} has {count} elements, expected at most {len(shape.elements)}"
        yield ElementFault(Fault.TOO_MANY_ELEMENTS, len(shape.elements) + 1, words)
    for place, element in enumerate(shape.elements, 1):
        value = elements[place] if place <= count else ""
        name = f"{shape.tag}{place:02} ({element.name})"
        if value:
            found = _fault(element, value)
            if found:
                fault, expected = found
                words = f"{name} is {value[:80]!r}, expected {expected}"
                yield ElementFault(fault, place, words, element.reference, value)
        elif element.required:
            yield ElementFault(Fault.MANDATORY_ELEMENT_MISSING, place, f"{name} is missing", element.reference)
    for place in shape.pairs:
        first, second = (elements[at] if at <= count else "" for at in (place, place + 1))
        if bool(first) != bool(second):
            empty = place + 1 if first else place
            words = f"{shape.tag}{empty:02} is missing beside {shape.tag}{place if first else place + 1:02} {first or second!r}"
            reference = shape.elements[empty - 1].reference
            yield ElementFault(Fault.CONDITIONAL_ELEMENT_MISSING, empty, words, reference)


def read_date(text: str) -> date | None:
    """CCYYMMDD, or YYMMDD as in ISA09 (from 1970 on); None when it is no day."""
    if not text.isascii() or not text.isdigit() or len(text) not in (6, 8):
        return None
    if len(text) == 6:
        text = ("19" if text >= "70" else "20") + text
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _pattern(element: Element, plain: str) -> str:
    if element.codes:
        return "(?:" + "|".join(sorted(re.escape(code) for code in element.codes)) + ")"
    most = element.longest
    match element.kind:
        case Kind.WHOLE:
            return rf"\d{{{element.shortest},{most}}}"
        case Kind.DECIMAL:
            return rf"-?\d{{1,{max(1, most - 4)}}}(?:\.\d{{1,4}})?" if most > 5 else rf"\d{{1,{most}}}"
        case Kind.DATE:
            return r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])"
        case Kind.TIME:
            return r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
        case Kind.TEXT | Kind.CODE | Kind.COMPOSITE:
            return f"{plain}{{{element.shortest},{most}}}"


def _fault(element: Element, value: str) -> tuple[Fault, str] | None:
    """The fault of a value and what was expected, or None."""
    digits = value
    match element.kind:
        case Kind.DATE:
            right = len(value) in (6, 8) and read_date(value) is not None
            return None if right else (Fault.INVALID_DATE, "a day as CCYYMMDD")
        case Kind.TIME:
            return None if _TIME.fullmatch(value) else (Fault.INVALID_TIME, "a time as HHMM or HHMMSS")
        case Kind.WHOLE | Kind.DECIMAL:
            whole = element.kind is Kind.WHOLE
            if not (_WHOLE if whole else _DECIMAL).fullmatch(value):
                return Fault.INVALID_CHARACTER, "a whole number" if whole else "a decimal number such as 12.50"
            digits = value.translate(_NOT_COUNTED)
        case Kind.TEXT | Kind.CODE | Kind.COMPOSITE:
            if _CONTROL.search(value):
                return Fault.INVALID_CHARACTER, "no control characters"
    if len(digits) > element.longest:
        return Fault.ELEMENT_TOO_LONG, f"at most {element.longest} characters"
    if element.codes and value not in element.codes:
        return Fault.INVALID_CODE, "one of " + ", ".join(sorted(element.codes))
    if len(digits) < element.shortest:
        return Fault.ELEMENT_TOO_SHORT, f"at least {element.shortest} characters"
    return None


_NOT_COUNTED = str.maketrans("", "", "-.E")
