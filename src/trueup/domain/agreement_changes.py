"""Agreement changes: what people decided that is agreed with a vendor code, from one day to the next, over what trueup.toml says.

The file's agreement is where each begins. A version says every clause of it that people may change, and holds from its day on until
another begins; of two that begin on one day, the later decided. A version without terms gives back to the file. Where goods and
money travel (the shop, the place, the currency, buffers and fences) is wiring and stays in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from trueup.base.errors import Invalid
from trueup.domain.agreement_clauses import CLAUSES, clause_text, with_stored
from trueup.domain.partners import Agreement

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class AgreementScope:
    """With whom: a partner, and one of its vendor codes."""

    partner: str
    vendor_code: str

    def __str__(self) -> str:
        return f"{self.partner}/{self.vendor_code}"


@dataclass(frozen=True, slots=True)
class AgreementChange:
    """What is to hold: the clauses by their keys of trueup.toml as text, or None for what the file says; from which day (UTC), why.

    Raises Invalid without a reason: whoever meets the terms later asks for it.
    """

    scope: AgreementScope
    terms: Mapping[str, str] | None
    effective_from: date
    reason: str

    def __post_init__(self) -> None:
        check_reason(self.reason, f"The agreement {self.scope}: say why it is changed")


def check_reason(reason: str, what: str) -> None:
    """Raises Invalid for none, or one too long. `what` begins the sentence: "The agreement a/B: say why it is changed"."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(f"{what}, in at most {LONGEST_REASON} characters; whoever meets it later asks.")


@dataclass(frozen=True, slots=True)
class Approval:
    """By whom a change was approved, when, and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """A change that two people made: its number, who proposed it when, who approved it, and which version it takes back."""

    id: int
    change: AgreementChange
    proposed_by: str
    proposed_at: datetime
    approval: Approval
    undoes: int | None = None

    @property
    def begins(self) -> tuple[date, int]:
        """By what versions of one scope follow each other."""
        return self.change.effective_from, self.id


def version_on(versions: Iterable[AgreementVersion], day: date) -> AgreementVersion | None:
    """The version of one scope that holds on a day; None before the first."""
    begun = [each for each in versions if each.change.effective_from <= day]
    return max(begun, key=lambda each: each.begins, default=None)


def spliced(agreements: Iterable[Agreement], versions: Iterable[AgreementVersion]) -> tuple[Agreement, ...]:
    """What is agreed with one vendor code: the file's agreements, cut where versions begin, with the terms of each.

    The days that the file covers stay covered by exactly one agreement each.
    """
    known = sorted(versions, key=lambda each: each.begins)
    return tuple(piece for terms in agreements for piece in _pieces(terms, known))


def _pieces(terms: Agreement, versions: list[AgreementVersion]) -> Iterable[Agreement]:
    """One of the file's agreements as it holds from day to day."""
    days = {each.change.effective_from for each in versions}
    cuts = sorted(day for day in days if day > terms.valid_from and (terms.valid_to is None or day < terms.valid_to))
    starts = [terms.valid_from, *cuts]
    for start, end in zip(starts, [*cuts, terms.valid_to], strict=True):
        piece = replace(terms, valid_from=start, valid_to=end)
        version = version_on(versions, start)
        yield piece if version is None else _as_decided(piece, version)


def _as_decided(piece: Agreement, version: AgreementVersion) -> Agreement:
    decided = with_stored(piece, version.change.terms or {})
    return replace(decided, version=version.id, approved_by=version.approval.by)


@dataclass(frozen=True, slots=True)
class Difference:
    """A clause that a change makes another: both in the words of people."""

    key: str
    title: str
    before: str
    after: str


def differences(before: Agreement, after: Agreement) -> list[Difference]:
    """The clauses that differ, in their order."""
    found = []
    for clause in CLAUSES:
        was, will = clause_text(clause, before), clause_text(clause, after)
        if was != will:
            words = clause.words(was, before.currency), clause.words(will, after.currency)
            found.append(Difference(clause.key, clause.title, *words))
    return found
