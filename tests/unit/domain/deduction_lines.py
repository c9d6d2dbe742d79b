"""The golden corpus of remittance lines: what each is, all and only; shared by the tests of deduction types."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from trueup.base.plugins import collect
from trueup.domain import deductions
from trueup.domain.deduction import Ambiguous, Classification, DeductionType, Recognised
from trueup.domain.grammar import Grammar
from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import Adjustment, RemittanceLine

TYPES = tuple(collect(deductions, "DEDUCTION", DeductionType, key=lambda each: each.code).values())
GRAMMAR = Grammar(TYPES)
CORPUS = Path(__file__).parents[2] / "golden" / "deductions" / "built_in.csv"


@dataclass(frozen=True)
class Golden:
    """A line, the invoices that are ours, and what it is: a type's code, `ambiguous: a | b` or `unrecognised`."""

    line: RemittanceLine
    known: dict[str, int]
    expected: str
    chain: str
    link: int


def corpus() -> list[Golden]:
    """Every line of the file, in its order."""
    with CORPUS.open(newline="", encoding="utf-8") as lines:
        return [_golden(number, row) for number, row in enumerate(csv.DictReader(lines), 2)]


def _golden(number: int, row: dict[str, str]) -> Golden:
    other = row["other"]
    paid = int(row["paid"])
    line = RemittanceLine(
        number,
        row["reference"],
        paid,
        kind=row["kind"],
        description=row["description"],
        references={"OI": other.removeprefix("OI=")} if other.startswith("OI=") else {},
        adjustments=(Adjustment(other.removeprefix("adjustment="), paid),) if other.startswith("adjustment=") else (),
        standalone=other == "standalone",
    )
    known = {normal_reference(each): place for place, each in enumerate(row["known"].split())}
    return Golden(line, known, row["expected"], row["chain"], int(row["link"]))


def in_words(found: Classification) -> str:
    """A classification as the corpus writes it."""
    if isinstance(found, Recognised):
        return found.type.code
    if isinstance(found, Ambiguous):
        return "ambiguous: " + " | ".join(sorted({rival.type.code for rival in found.rivals}))
    return "unrecognised"
