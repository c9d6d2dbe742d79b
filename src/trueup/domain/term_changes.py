"""Changes of terms: rates that two people agree on, in versions; and how what holds from day to day becomes other by one.

A version is never edited. One is taken back by a version that says so: its terms are known no more from that day on, and what
was known before stays known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from trueup.domain.agreement_changes import Approval, check_reason
from trueup.domain.terms import Term, in_force

LONGEST_SHEET = 500
"""So many terms may stand in one proposal: a second person reads each."""


@dataclass(frozen=True, slots=True)
class WantedTerm:
    """A term that is proposed. `once_approved`: it says no day since when it is known; then that of its approval."""

    term: Term
    once_approved: bool = False

    def on(self, day: date) -> Term:
        """The term as it is entered on that day."""
        return replace(self.term, known_from=day) if self.once_approved else self.term


@dataclass(frozen=True, slots=True)
class TermChange:
    """What is proposed: terms to enter, or a version to take back; why, and the hash of the file that the terms stand in.

    Raises Invalid without a reason: whoever meets a rate later asks for it.
    """

    terms: tuple[WantedTerm, ...]
    reason: str
    takes_back: int | None = None
    evidence: str = ""

    def __post_init__(self) -> None:
        check_reason(self.reason, "Terms of charges: say why they are changed")


@dataclass(frozen=True, slots=True)
class TermVersion:
    """A change of terms that two people made: its number, why, who proposed it when, who approved it, what it takes back."""

    id: int
    reason: str
    proposed_by: str
    proposed_at: datetime
    approval: Approval
    takes_back: int | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which a change makes another term hold: from `begins` up to, not including, `ends` (None: for good)."""

    kind: str
    marketplace: str
    begins: date
    ends: date | None
    before: Term | None
    after: Term | None

    @property
    def name(self) -> str:
        """What it is about, and on which days."""
        until = f" to {self.ends}" if self.ends else " on"
        return f"{scope_words(self.kind, self.marketplace)} from {self.begins}{until}"

    def __str__(self) -> str:
        return f"{self.name}: {self.before or 'no rate'} → {self.after or 'no rate'}"


def scope_words(kind: str, marketplace: str) -> str:
    """What a term is for, in words."""
    return f"{kind} {marketplace or 'everywhere'}"


def stretches(
    before: Iterable[Term], after: Iterable[Term], scopes: Iterable[tuple[str, str]], known_on: date
) -> list[Stretch]:
    """On which days another term holds for these kinds and marketplaces, as it is known on a day; neighbours alike are one.

    Raises ConfigurationError as `in_force`.
    """
    was, will = list(before), list(after)
    found: list[Stretch] = []
    for kind, marketplace in dict.fromkeys(scopes):
        cuts = sorted({day for term in (*was, *will) if term.kind == kind for day in _edges(term)})
        for begins, ends in zip(cuts, [*cuts[1:], None], strict=True):
            pair = [in_force(terms, kind, begins, known_on, marketplace) for terms in (was, will)]
            if _rate(pair[0]) == _rate(pair[1]):
                continue
            piece = Stretch(kind, marketplace, begins, ends, *pair)
            last = found[-1] if found else None
            if last and replace(last, begins=begins, ends=ends) == piece and last.ends == begins:
                found[-1] = replace(last, ends=ends)
            else:
                found.append(piece)
    return found


def restored(terms: Iterable[Term], today: date) -> tuple[WantedTerm, ...]:
    """Terms that were taken back, as they are entered anew: what is known by today only once it is approved, the rest on its day.

    Of several for the same days the one that held comes back. One that a later one corrects is known from today on, whenever it is
    approved: else it would stand over its own correction.
    """
    whole = [replace(term, known_to=None) for term in terms]
    later = [term for term in whole if term.known_from > today]
    found: list[WantedTerm] = []
    for scope in dict.fromkeys((term.kind, term.marketplace) for term in whole):
        own = [term for term in whole if (term.kind, term.marketplace) == scope]
        for each in stretches((), own, [scope], today):
            if each.after is not None:
                held = replace(each.after, valid_from=each.begins, valid_to=each.ends, known_from=today)
                found.append(WantedTerm(held, not any(term in own and _overlap(held, term) for term in later)))
    return (*found, *(WantedTerm(term) for term in later))


def _rate(term: Term | None) -> Term | None:
    """The term whenever it is known: since when is no other rate."""
    return replace(term, known_from=date.min, known_to=None) if term else None


def _edges(term: Term) -> tuple[date, ...]:
    return (term.valid_from, term.valid_to) if term.valid_to else (term.valid_from,)


def contradiction(term: Term, known: Iterable[Term]) -> Term | None:
    """The term that says otherwise for the same days, both known since the same day; None where there is none."""
    for other in known:
        same = (other.kind, other.marketplace, other.known_from) == (term.kind, term.marketplace, term.known_from)
        if same and other != term and not other.never_known and _overlap(term, other):
            return other
    return None


def _overlap(one: Term, other: Term) -> bool:
    return (other.valid_to is None or one.valid_from < other.valid_to) and (
        one.valid_to is None or other.valid_from < one.valid_to
    )
