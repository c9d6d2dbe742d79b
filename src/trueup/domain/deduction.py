"""Deduction types: what a line of a remittance is, by its grammar. A type is one small file in `deductions/`.

Recognition is never first-wins: no type is *unrecognised*, two are *ambiguous*, and both go to suspense with a case. A suffix
such as `SC` is read only when what remains is an invoice of ours, for invoice numbers may end in the same letters: the longest
known stem wins. What two types can be told apart by (a number several kinds share, and a word that only one has) is no conflict:
the general reading gives way to the particular one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from trueup.base.unguarded import unguarded
from trueup.domain.chart import Purpose
from trueup.domain.invoices import normal_reference
from trueup.domain.reason_codes import code_in_words
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
    DISCOUNT = "discount"
    TAX = "tax"
    FEE = "fee"
    BALANCE = "balance"
    OTHER = "other"


class Direction(StrEnum):
    """What a line of the type does to the payment: a claim takes, a reversal gives. A line of nothing fits each."""

    TAKES = "takes"
    GIVES = "gives"
    EITHER = "either"

    def fits(self, minor: int) -> bool:
        """Whether an amount, as Amazon has it, goes this way."""
        if self is Direction.TAKES:
            return minor <= 0
        return self is Direction.EITHER or minor >= 0


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a line can be told, at a glance, to concern a type: a type with marks is shown only lines that carry one.

    Of the reference in upper case, without blanks and `*` around it: `starts`, `ends`, `holds`. `words`: single words, upper
    case, of what the line says of itself. `reasons`: the types that its reason code may mean. A mark too many costs time; a
    mark too few would hide lines from the type.
    """

    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@unguarded
@dataclass(frozen=True, slots=True)
class Sighting:
    """What one type sees in a line.

    `stem`: the invoice reference that must be known for this to be true, "" when nothing is demanded. `chain`: the name of
    the story the line belongs to within its family (normalised), "" where lines of this type stand alone. `link`: its place
    in the chain: 1 the claim, 2 its reversal, 3 the claim again. `about`: an invoice it is said to be about, known or not.
    `document`: as `stem`, for a reading so unusual that it neither wins by length nor is missed when it is not known.
    `general`: how much it is read from what types share, so that it gives way: 0 from what this type alone has; 1 from a number
    or a word that several have (an agreement's); 2 from a kind of document that may be about anything (a debit note).
    """

    stem: str = ""
    chain: str = ""
    link: int = 0
    about: str = ""
    document: str = ""
    general: int = 0


@dataclass(frozen=True, slots=True)
class DeductionType:
    """A kind of line. `code` is for machines, `label` for people, `treatment` says in a sentence how it is booked and why.

    `see` looks at one line by grammar alone (reference, kind, description) and returns nothing, or what it sees; several
    where a chain of suffixes can be cut in several places. `purpose`: what account it goes to. `disputable`: whether we may
    contest it. `direction`: which way its money goes. `marks`: where to look; None when every line must be looked at. `rule`:
    the rule of finance's that sees the line, with its version; several types of one code are the same kind, seen otherwise.
    `plainly`: for a type that sees in a line nothing but a stem, and that in general: that stem, "" where it sees nothing.
    """

    code: str
    label: str
    family: Family
    purpose: Purpose
    treatment: str
    see: Callable[[RemittanceLine], Iterable[Sighting]]
    disputable: bool = False
    direction: Direction = Direction.EITHER
    marks: Marks | None = None
    rule: str = ""
    plainly: Callable[[RemittanceLine], str] | None = None


@unguarded
@dataclass(frozen=True, slots=True)
class Recognised:
    """Exactly one type. `misfit`: among sightings, why it is not after all, in words; then it counts for nothing."""

    type: DeductionType
    sighting: Sighting
    misfit: str = ""


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
_NOTHING = Sighting()


def sight(line: RemittanceLine, types: Iterable[DeductionType]) -> Sightings:
    """Everything that any type sees in a line, before it is known which invoices are ours; asks every type.

    For many lines see `grammar.Grammar`, which gives the same and asks only whom the line concerns.
    """
    minor = line.settled or line.gross or 0
    found = [seen for each in types for seen in sight_by(each, line, minor)]
    return in_order(found)


def sight_by(type_: DeductionType, line: RemittanceLine, minor: int) -> tuple[Recognised, ...]:
    """What one type sees in a line that moves `minor`. A sign that does not fit is a misfit, told of types with marks alone:
    what looks at every line would have come near everything."""
    if type_.direction.fits(minor):
        return tuple(Recognised(type_, sighting) for sighting in type_.see(line))
    if type_.marks is None or not any(True for _ in type_.see(line)):
        return ()
    does = "gives" if minor > 0 else "takes"
    return (
        Recognised(type_, _NOTHING, f"it is written as {type_.label}, which {type_.direction.value}, but it {does}"),
    )


def in_order(found: list[Recognised]) -> Sightings:
    """Sightings in one order, whatever order the types were asked in."""
    if len(found) > 1:
        found.sort(key=lambda seen: (seen.type.code, -len(seen.sighting.stem), bool(seen.misfit), seen.type.rule))
    return tuple(found)


def stems(sightings: Sightings) -> frozenset[str]:
    """The references that must be looked up before a line can be classified, normalised."""
    wanted = (seen.sighting.stem or seen.sighting.document for seen in sightings)
    return frozenset(normal_reference(each) for each in wanted if each)


def classify(line: RemittanceLine, sightings: Sightings, known: Mapping[str, object]) -> Classification:
    """What the line is, now that `known` holds those of its stems (normalised) that are invoices of ours.

    Sightings that demand an unknown invoice fall away; of those whose invoice is known the longest stem wins. What demands
    nothing stands beside them, and what is general gives way; then two types are ambiguous.
    """
    if len(sightings) == 1 and (stem := sightings[0].sighting.stem) and normal_reference(stem) in known:
        return sightings[0]  # nearly every line of nearly every remittance: an invoice, and nothing else
    fitting = [seen for seen in sightings if not seen.misfit]
    standing = _longest(fitting, known) + _documents(fitting, known) + _free(fitting)
    standing = _settle_generals(standing, fitting)
    if len(standing) == 1:
        return standing[0]
    if standing:
        return Ambiguous(tuple(standing))
    return Unrecognised(_why(line, sightings))


def _longest(sightings: list[Recognised], known: Mapping[str, object]) -> list[Recognised]:
    stems_known = [
        (len(stem), seen)
        for seen in sightings
        if seen.sighting.stem and (stem := normal_reference(seen.sighting.stem)) in known
    ]
    longest = max((length for length, _ in stems_known), default=0)
    return [seen for length, seen in stems_known if length == longest]


def _documents(sightings: list[Recognised], known: Mapping[str, object]) -> list[Recognised]:
    """Those that are a known document, from now on with it as their stem."""
    return [
        replace(seen, sighting=replace(seen.sighting, stem=seen.sighting.document, document=""))
        for seen in sightings
        if seen.sighting.document and normal_reference(seen.sighting.document) in known
    ]


def _free(sightings: list[Recognised]) -> list[Recognised]:
    return [seen for seen in sightings if not seen.sighting.stem and not seen.sighting.document]


def _settle_generals(standing: list[Recognised], fitting: list[Recognised]) -> list[Recognised]:
    """One reading a kind, that with a stem; then general ones give way.

    A number that several share gives way to a word, a code, or the same invoice read otherwise. A kind of document gives way
    to whatever says more, even to a claim that falls because its invoice is unknown: what it is about is said.
    """
    if len(standing) == 1 and standing[0].sighting.general < 2:
        return standing
    if any(seen.sighting.general < 2 for seen in standing) or any(seen.sighting.general == 0 for seen in fitting):
        standing = [seen for seen in standing if seen.sighting.general < 2]
    with_stem = {seen.type.code for seen in standing if seen.sighting.stem}
    each = [seen for seen in standing if seen.sighting.stem or seen.type.code not in with_stem]
    particular = {normal_reference(seen.sighting.stem) for seen in each if not seen.sighting.general}
    left: dict[tuple[str, str], Recognised] = {}
    for seen in each:
        stem = normal_reference(seen.sighting.stem)
        if not seen.sighting.general or ("" not in particular and stem not in particular):
            left.setdefault((seen.type.code, stem), seen)
    return _roof(each, list(left.values()))


def _roof(standing: list[Recognised], left: list[Recognised]) -> list[Recognised]:
    """Where two kinds under one roof are read ("carton overage": packing, or receiving?), the roof: it is booked the same."""
    kinds = {(seen.type.family, seen.type.purpose) for seen in left}
    if len(left) < 2 or len(kinds) > 1 or any(seen.sighting.stem for seen in left):
        return left
    roofs = [seen for seen in standing if seen.sighting.general == 1 and (seen.type.family, seen.type.purpose) in kinds]
    return roofs if len(roofs) == 1 else left


def _why(line: RemittanceLine, sightings: Sightings) -> str:
    """Why no type stands: what it would be if an invoice were ours, what came near, and what its code means."""
    parts = []
    wanted = sorted({seen.sighting.stem for seen in sightings if seen.sighting.stem})
    if wanted:
        labels = " or ".join(sorted({seen.type.label for seen in sightings if seen.sighting.stem}))
        are = "is no invoice" if len(wanted) == 1 else "are no invoices"
        parts.append(f"it would be {labels}, but {' and '.join(wanted)} {are} of ours")
    parts += sorted({seen.misfit for seen in sightings if seen.misfit})
    papers = sorted(
        {seen.sighting.document for seen in sightings if seen.sighting.document and not seen.sighting.general}
    )
    parts += [f"it is written as a document of ours, but we have no {paper}" for paper in papers]
    if not parts:
        shown = line.reference or line.description or line.kind
        parts.append(f"no deduction type reads {shown!r} with {'a plus' if line.settled > 0 else 'a minus'} sign")
    if code := code_in_words(line):
        parts.append(code)
    return "; ".join(parts)
