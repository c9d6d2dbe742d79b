"""Deduction rules: what finance adds to the grammar when a line of a new form is understood. Proposed, tried, approved, dated.

A rule becomes a deduction type like any other, so that rules and built-in types are judged together: a rule that reads what a
type reads makes those lines ambiguous, and that is said when it is proposed. A rule is never changed: it gets a new version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from trueup.base.errors import Invalid, NotAllowed, Refused
from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, Family, Marks, Sighting, sight_by
from trueup.domain.grammar import Grammar
from trueup.domain.invoices import normal_reference
from trueup.domain.line_words import named_invoice
from trueup.domain.remittances import RemittanceLine

_DIGITS = re.compile(r"[0-9]+")
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[A-Z0-9]+")
RUN = "9+"
"""How a run of digits is written in a shape."""


class RuleField(StrEnum):
    """What of a line a rule looks at."""

    REFERENCE = "reference"
    KIND = "kind"
    DESCRIPTION = "description"


class RuleForm(StrEnum):
    """How a rule compares it with its pattern: in upper case, with single blanks, without `*` around it."""

    SHAPE = "shape"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class NewType:
    """A kind of line that no built-in type is for: finance names it and says what account it goes to, and why."""

    code: str
    label: str
    family: Family
    purpose: Purpose
    treatment: str


@dataclass(frozen=True, slots=True)
class DeductionRule:
    """A rule. `payee`: the payee it holds for, "" for any. `type`: the code of a built-in type, or a new one.

    In force for payments made from `valid_from` up to, not including, `valid_to`, once `approved_by` is another person than
    `proposed_by`. Raises Invalid for a pattern that is empty or no shape, dates out of order, and approval by oneself.
    """

    id: str
    version: int
    field: RuleField
    form: RuleForm
    pattern: str
    direction: Direction
    type: str | NewType
    valid_from: date
    proposed_by: str
    payee: str = ""
    valid_to: date | None = None
    approved_by: str = ""

    def __post_init__(self) -> None:
        where = f"Deduction rule {self.id} version {self.version}"
        if not compared(self.pattern):
            raise Invalid(f"{where} has no pattern; expected what the {self.field.value} is compared with.")
        if self.form is RuleForm.SHAPE and _DIGITS.search(self.pattern.replace(RUN, "")):
            raise Invalid(
                f"{where}: {self.pattern!r} is no shape; expected {RUN} for every run of digits: {shape_of(self.pattern)!r}."
            )
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise Invalid(f"{where}: valid_to {self.valid_to} is not after valid_from {self.valid_from}.")
        if self.approved_by and self.approved_by == self.proposed_by:
            raise Invalid(f"{where} was proposed and approved by {self.proposed_by}; expected a second person.")

    @property
    def name(self) -> str:
        """Id and version, as postings name what decided."""
        return f"{self.id} v{self.version}"

    def covers(self, payee: str, paid_on: date) -> bool:
        """Whether it is for a payment to that payee on that day, approved or not."""
        if self.payee not in ("", payee):
            return False
        return self.valid_from <= paid_on and (self.valid_to is None or paid_on < self.valid_to)


def shape_of(reference: str) -> str:
    """A reference with every run of digits as `9+`, upper case, without blanks and `*` around it: `16222737HPA26` is `9+HPA9+`.

    Unknown lines of one shape wait in one case, for they have one answer.
    """
    return _DIGITS.sub(RUN, compared(reference))


def compared(text: str) -> str:
    """A text as rules compare it."""
    return _BLANKS.sub(" ", text.upper()).strip(" *")


def approve(rule: DeductionRule, by: str) -> DeductionRule:
    """The rule, approved. Raises Refused when it is the proposer's own or approved already."""
    if rule.approved_by:
        raise Refused(f"Deduction rule {rule.name} is approved already, by {rule.approved_by}.")
    if not by or by == rule.proposed_by:
        raise NotAllowed(
            f"Deduction rule {rule.name} was proposed by {rule.proposed_by}; a second person must approve it."
        )
    return replace(rule, approved_by=by)


def in_force(rules: Iterable[DeductionRule], payee: str, paid_on: date) -> tuple[DeductionRule, ...]:
    """The approved rules for a payment, of each the latest version that covers it, by id."""
    latest: dict[str, DeductionRule] = {}
    for rule in rules:
        if rule.approved_by and rule.covers(payee, paid_on):
            before = latest.get(rule.id)
            if before is None or before.version < rule.version:
                latest[rule.id] = rule
    return tuple(latest[key] for key in sorted(latest))


def with_rules(types: Iterable[DeductionType], rules: Iterable[DeductionRule]) -> Grammar:
    """The grammar of these types and rules together. Raises Invalid for a rule of a type that is not among them."""
    built_in = tuple(types)
    by_code = {each.code: each for each in built_in}
    return Grammar((*built_in, *(compile_rule(rule, by_code) for rule in rules)))


def compile_rule(rule: DeductionRule, types: Mapping[str, DeductionType]) -> DeductionType:
    """The deduction type that a rule is: of the code it names, seen by its own pattern."""
    see, marks = _seeing(rule, types), _marks(rule)
    if isinstance(rule.type, NewType):
        new = rule.type
        if new.code in types:
            raise Invalid(
                f"Deduction rule {rule.name}: type {new.code!r} is there already; name it instead of defining it."
            )
        args = (new.code, new.label, new.family, new.purpose, new.treatment, see)
        return DeductionType(*args, False, rule.direction, marks, rule.name)
    known = types.get(rule.type)
    if known is None:
        raise Invalid(f"Deduction rule {rule.name}: no type {rule.type!r}; expected one of {', '.join(sorted(types))}.")
    return replace(known, see=see, direction=rule.direction, marks=marks, rule=rule.name)


def rivals_of(rule: DeductionRule, grammar: Grammar) -> tuple[str, ...]:
    """The types that read lines of the rule's form too, by their form alone and whatever history has: it would rival them."""
    added = compile_rule(rule, grammar.types)
    found: set[str] = set()
    for line in _samples(rule):
        minor = line.settled
        if sight_by(added, line, minor):
            others = (each for each in grammar.sight(line) if not each.misfit and each.type.code != added.code)
            found |= {each.type.code for each in others if not each.sighting.stem and not each.sighting.document}
    return tuple(sorted(found))


def _samples(rule: DeductionRule) -> list[RemittanceLine]:
    """Lines that the rule reads: its pattern with digits of every usual length where it leaves them open."""
    pattern = compared(rule.pattern)
    texts = {pattern}
    for digits in ("1", "12", "1234", "123456", "1234567", "12345678", "123456789", "1234567890"):
        match rule.form:
            case RuleForm.SHAPE:
                texts.add(pattern.replace(RUN, digits))
            case RuleForm.PREFIX:
                texts |= {pattern + digits, f"{pattern}-{digits}"}
            case RuleForm.SUFFIX:
                texts.add(digits + pattern)
            case RuleForm.CONTAINS:
                texts |= {f"{digits}{pattern}{digits}", f"{digits}{pattern}", f"{pattern}{digits}"}
            case RuleForm.EXACT:
                pass
    if rule.form is RuleForm.SHAPE:
        texts.discard(pattern)
        texts.add(_lengths(pattern, (4, 10)))
    minors = {Direction.TAKES: (-100,), Direction.GIVES: (100,), Direction.EITHER: (-100, 100)}[rule.direction]
    return [_line(rule.field, text, minor) for text in sorted(texts) for minor in minors]


def _lengths(pattern: str, lengths: tuple[int, ...]) -> str:
    """A shape with runs of these lengths, the last again where there are more: agreements are numbered 4 and 10 long."""
    parts = pattern.split(RUN)
    runs = ["1234567890"[: lengths[min(place, len(lengths) - 1)]] for place in range(len(parts) - 1)]
    return "".join(part + run for part, run in zip(parts, [*runs, ""], strict=True))


def _line(field: RuleField, text: str, minor: int) -> RemittanceLine:
    match field:
        case RuleField.REFERENCE:
            return RemittanceLine(1, text, minor)
        case RuleField.KIND:
            return RemittanceLine(1, "", minor, kind=text)
        case RuleField.DESCRIPTION:
            return RemittanceLine(1, "", minor, description=text)


def _text(field: RuleField, line: RemittanceLine) -> str:
    match field:
        case RuleField.REFERENCE:
            return compared(line.reference)
        case RuleField.KIND:
            return compared(line.kind)
        case RuleField.DESCRIPTION:
            return compared(line.description)


def _seeing(rule: DeductionRule, types: Mapping[str, DeductionType]) -> Callable[[RemittanceLine], Iterable[Sighting]]:
    """How the rule sees a line. Lines of a type that can be disputed are a story each, by their reference."""
    pattern, form, field = compared(rule.pattern), rule.form, rule.field
    known = types.get(rule.type) if isinstance(rule.type, str) else None
    chained = known is not None and known.disputable

    def fits(text: str) -> bool:
        match form:
            case RuleForm.SHAPE:
                return shape_of(text) == pattern
            case RuleForm.PREFIX:
                return text.startswith(pattern)
            case RuleForm.SUFFIX:
                return text.endswith(pattern)
            case RuleForm.CONTAINS:
                return pattern in text
            case RuleForm.EXACT:
                return text == pattern

    def see(line: RemittanceLine) -> tuple[Sighting, ...]:
        if not fits(_text(field, line)):
            return ()
        chain = normal_reference(line.reference) if chained else ""
        return (Sighting(chain=chain, link=1 if chain else 0, about=named_invoice(line)),)

    return see


def _marks(rule: DeductionRule) -> Marks | None:
    """By what the grammar finds the lines that a rule may read; None where only reading them all will do."""
    pattern = compared(rule.pattern)
    if rule.field is not RuleField.REFERENCE:
        return _word_marks(rule.form, pattern)
    match rule.form:
        case RuleForm.PREFIX | RuleForm.EXACT:
            return Marks(starts=(pattern,))
        case RuleForm.SUFFIX:
            return Marks(ends=(pattern,))
        case RuleForm.CONTAINS:
            return Marks(holds=(pattern,))
        case RuleForm.SHAPE:
            head = pattern.split(RUN)[0]
            return Marks(starts=(head,) if head else tuple("0123456789"))


def _word_marks(form: RuleForm, pattern: str) -> Marks | None:
    """A word that is surely whole in every text of the form: those at an open end may go on."""
    words = _WORD.findall(pattern)
    whole = {
        RuleForm.EXACT: words,
        RuleForm.PREFIX: words[:-1],
        RuleForm.SUFFIX: words[1:],
        RuleForm.CONTAINS: words[1:-1],
        RuleForm.SHAPE: [],
    }[form]
    return Marks(words=(whole[0],)) if whole else None
