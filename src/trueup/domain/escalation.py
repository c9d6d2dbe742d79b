"""Escalation: after how long without an owner, or how long before its deadline, a case goes to whom. No rule is guessed.

A rule is for a kind of cases or the beginning of one; of several that fit, the longest counts, and "" is for all others. It is
about cases that nobody has: one that somebody took up escalates by what came on top (decision 0031 of Trueup), never by time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.base.errors import Invalid

LONGEST = timedelta(days=90)
MOST_RULES = 50


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """Of cases whose kind begins so: `unowned`, how long nobody may have one; `left`, how long before its deadline it goes, both
    None for never; `to`: a role, or a person by name.

    Raises Invalid for a rule that never escalates, a time that is none, or nobody to go to.
    """

    kind: str
    unowned: timedelta | None
    left: timedelta | None
    to: str

    def __post_init__(self) -> None:
        where = f"Escalation of {self.kind or 'every other kind'}"
        if self.unowned is None and self.left is None:
            raise Invalid(f"{where}: say after how long without an owner, or how long before the deadline.")
        for each in (self.unowned, self.left):
            if each is not None and not timedelta(0) < each <= LONGEST:
                raise Invalid(f"{where}: expected a time above zero, and {LONGEST.days} days at most.")
        if not self.to.strip():
            raise Invalid(f"{where}: say to whom.")

    def __str__(self) -> str:
        after = [f"after {span_words(self.unowned)} without an owner"] if self.unowned else []
        before = [f"{span_words(self.left)} before the deadline"] if self.left else []
        return f"{self.kind or 'every other kind'} to {self.to} {' or '.join(after + before)}"


@dataclass(frozen=True, slots=True)
class Unowned:
    """A case nobody has since `since`; due at `deadline`, None where it has none. `taken_up_at`: when somebody last took it."""

    id: int
    kind: str
    since: datetime
    deadline: datetime | None
    taken_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a case goes to whom, and why in words."""

    case: int
    at: datetime
    to: str
    why: str


def check_rules(rules: Iterable[EscalationRule]) -> tuple[EscalationRule, ...]:
    """The rules in their order. Raises Invalid for two of the same kind, or too many."""
    found = tuple(sorted(rules, key=lambda each: each.kind))
    kinds = [each.kind for each in found]
    if twice := sorted({kind or "every other kind" for kind in kinds if kinds.count(kind) > 1}):
        raise Invalid(f"Escalation of {', '.join(twice)}: two rules; one says it.")
    if len(found) > MOST_RULES:
        raise Invalid(f"{len(found)} rules of escalation; expected {MOST_RULES} at most.")
    return found


def rule_of(rules: Iterable[EscalationRule], kind: str) -> EscalationRule | None:
    """The rule for a kind of cases: the one that says most of it."""
    return max((each for each in rules if kind.startswith(each.kind)), key=lambda each: len(each.kind), default=None)


def escalation_of(rules: Iterable[EscalationRule], case: Unowned) -> Escalation | None:
    """When a case goes to whom if nobody takes it; None where no rule says."""
    rule = rule_of(rules, case.kind)
    if rule is None:
        return None
    found = []
    if rule.left is not None and case.deadline is not None:
        at = max(case.since, case.deadline - rule.left)
        late = case.deadline <= at
        due = "it was late" if late else f"it was due in {span_words(case.deadline - at)}"
        found.append(Escalation(case.id, at, rule.to, f"{due} and nobody took it"))
    if rule.unowned is not None:
        words = f"nobody had it for {span_words(rule.unowned)}"
        found.append(Escalation(case.id, case.since + rule.unowned, rule.to, words))
    return min(found, key=lambda each: each.at, default=None)


def span_words(span: timedelta) -> str:
    """A time in words: `2 days`, `1 h 30 min`, `45 min`."""
    minutes = max(1, round(span.total_seconds() / 60))
    days, rest = divmod(minutes, 24 * 60)
    if days and rest == 0:
        return f"{days} day" if days == 1 else f"{days} days"
    hours, left = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{left} min"] if left else [])])


def read_span(hours: str, what: str) -> timedelta | None:
    """A number of hours as a person typed it; None for nothing. Raises Invalid, `what` named."""
    text = hours.strip()
    if not text:
        return None
    whole, _, part = text.partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(whole) <= 4 and (not part or (part.isascii() and part.isdigit()))
    ):
        raise Invalid(f"{what} {text!r}: expected a number of hours such as 4 or 0.5, or nothing.")
    minutes = int(whole) * 60 + (round(int(part) * 60 / 10 ** len(part)) if part else 0)
    return timedelta(minutes=minutes)


def hours_text(span: timedelta | None) -> str:
    """A time as hours, as a form has it."""
    if span is None:
        return ""
    minutes = round(span.total_seconds() / 60)
    whole, rest = divmod(minutes, 60)
    return str(whole) if not rest else f"{whole}.{round(rest / 60 * 100):02}".rstrip("0")
