"""Reason codes: what X12 element 426, EDIFACT element 4465 and India's words say, and the deduction type each may mean.

The labels are our own short words. A code without a type is known but does not say enough to be booked; an unknown code is a
finding, never an error. Sources: the code lists of X12 release 004010 and UN/EDIFACT D.96A to D.15B, for the meaning alone;
which type a code stands for is our judgement (reference: retail remittances). RMR01 of an X12 820 (element 128) is a kind of
document and no reason, though some of its letters are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from trueup.domain.reason_code_tables import EDIFACT_4465, INDIA, X12_426
from trueup.domain.remittances import RemittanceLine


class CodeList(StrEnum):
    """Whose code it is."""

    X12 = "X12 426"
    EDIFACT = "EDIFACT 4465"
    INDIA = "India"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and our words for it. `type`: the deduction type a taking line of it is, "" where it does not say enough."""

    code: str
    label: str
    type: str
    list: CodeList


def _table(list_: CodeList, table: Mapping[str, Mapping[str, str]]) -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    for type_, rows in table.items():
        for code, label in rows.items():
            if code in found:
                raise AssertionError(f"{list_.value} {code} stands twice: for {found[code].type} and {type_}")
            found[code] = Reason(code, label, type_, list_)
    return found


REASONS: Mapping[CodeList, Mapping[str, Reason]] = {
    CodeList.X12: _table(CodeList.X12, X12_426),
    CodeList.EDIFACT: _table(CodeList.EDIFACT, EDIFACT_4465),
    CodeList.INDIA: _table(CodeList.INDIA, INDIA),
}
"""Every code we know, by list."""
_X12, _EDIFACT = REASONS[CodeList.X12], REASONS[CodeList.EDIFACT]
_PREFIXES = {"426:": CodeList.X12, "4465:": CodeList.EDIFACT}
_LISTED = tuple(_PREFIXES)


@lru_cache(maxsize=1024)
def reason(code: str) -> Reason | None:
    """What a code means, or None. `4465:4` and `426:06` name their list; a bare code of two characters is X12's, of another
    length EDIFACT's, for X12's have exactly two."""
    text = code.strip().upper()
    for prefix, list_ in _PREFIXES.items():
        if text.startswith(prefix):
            return REASONS[list_].get(text.removeprefix(prefix).strip())
    return (_X12 if len(text) == 2 else _EDIFACT).get(text)


def code_of(line: RemittanceLine) -> str:
    """The reason code of a line, "" where it has none: the kind of a standalone adjustment, a kind that names its list, or the
    code of the one adjustment that a line is made of (an RMR loop of an X12 820 without an amount of its own).

    A bare kind of any other line is RMR01, which has letters in common with element 426 and another meaning.
    """
    kind = line.kind.strip().upper()
    if kind and (line.standalone or kind.startswith(_LISTED)):
        return kind
    if len(line.adjustments) == 1 and not line.gross and line.adjustments[0].minor == line.paid:
        return line.adjustments[0].code.strip().upper()
    return ""


def reason_of(line: RemittanceLine) -> Reason | None:
    """What the reason code of a line means; None where it has none, or one that we do not know."""
    code = code_of(line)
    return reason(code) if code else None


def code_in_words(line: RemittanceLine) -> str:
    """What a person is told of the code of a line that no type reads, "" where it has none."""
    code = code_of(line)
    if not code:
        return ""
    found = reason(code)
    if found is None:
        return f"its code {code} is none that we know"
    if not found.type:
        return f"its code {code} ({found.label}) does not say enough to be booked"
    return f"its code {code} means {found.label}"
