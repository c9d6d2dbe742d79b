"""Deduction types: what a line of a remittance is, by its grammar. A type is one small file in `deductions/`.

Recognition is never first-wins: no type is *unrecognised*, two are *ambiguous*, and both go to suspense with a case. A suffix
such as `SC` is read only when what remains is an invoice of ours, for invoice numbers may end in the same letters: the longest
known stem wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from trueup.domain.chart import Purpose
from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import RemittanceLine


class Family(StrEnum):
    """Types that belong to one story: a claim chain runs within a family, reports add up by it."""

    INVOICE = "invoice"
    SHORTAGE = "shortage"
    PRICE = "price"
    CHARGEBACK = "chargeback"
    CO_OP = "co-op"
    ALLOWANCE = "allowance"
    RETURN = "return"
    PROVISION = "provision"
    AUDIT = "audit"
    TAX = "tax"
    FEE = "fee"
    BALANCE = "balance"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one type sees in a line.

    `stem`: the invoice reference that must be known for this to be true, "" when nothing is demanded. `chain`: the name of
    the story the line belongs to within its family (normalised), "" where lines of this type stand alone. `link`: its place
    in the chain: 1 the claim, 2 its reversal, 3 the claim again. `about`: an invoice it is said to be about, known or not.
    """

    stem: str = ""
    chain: str = ""
    link: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True)
class DeductionType:
    """A kind of line. `code` is for machines, `label` for people, `treatment` says in a sentence how it is booked and why.

    `see` looks at one line by grammar alone (reference, kind, description, sign) and returns None, or what it sees; several
    where a chain of suffixes can be cut in several places. `purpose`: what account it goes to. `disputable`: whether we may
    contest it.
    """

    code: str
    label: str
    family: Family
    purpose: Purpose
    treatment: str
    see: Callable[[RemittanceLine], Iterable[Sighting]]
    disputable: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """Exactly one type."""

    type: DeductionType
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """No type. `why`: in words, with what came near (a suffix whose stem is no invoice of ours, a sign that does not fit)."""

    why: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several types, each with what it sees."""

    rivals: tuple[Recognised, ...]


Classification: TypeAlias = Recognised | Unrecognised | Ambiguous
Sightings: TypeAlias = tuple[Recognised, ...]


def sight(line: RemittanceLine, types: Iterable[DeductionType]) -> Sightings:
    """Everything that any type sees in a line, before it is known which invoices are ours."""
    return tuple(Recognised(each, sighting) for each in types for sighting in each.see(line))


def stems(sightings: Sightings) -> frozenset[str]:
    """The references that must be looked up before a line can be classified, normalised."""
    return frozenset(normal_reference(seen.sighting.stem) for seen in sightings if seen.sighting.stem)


def classify(line: RemittanceLine, sightings: Sightings, known: Mapping[str, object]) -> Classification:
    """What the line is, now that `known` holds those of its stems (normalised) that are invoices of ours.

    Sightings that demand an unknown invoice fall away; of those whose invoice is known the longest stem wins. What demands
    nothing stands beside them: then two types are ambiguous.
    """
    standing = [seen for seen in sightings if seen.sighting.stem and normal_reference(seen.sighting.stem) in known]
    if standing:
        longest = max(len(normal_reference(seen.sighting.stem)) for seen in standing)
        standing = [seen for seen in standing if len(normal_reference(seen.sighting.stem)) == longest]
    standing += [seen for seen in sightings if not seen.sighting.stem]
    if len(standing) == 1:
        return standing[0]
    if standing:
        return Ambiguous(tuple(standing))
    wanted = sorted({seen.sighting.stem for seen in sightings})
    if wanted:
        labels = " or ".join(sorted({seen.type.label for seen in sightings}))
        return Unrecognised(f"it would be {labels}, but {' and '.join(wanted)} is no invoice of ours")
    shown = line.reference or line.description or line.kind
    return Unrecognised(f"no deduction type reads {shown!r} with {'a plus' if line.settled > 0 else 'a minus'} sign")
