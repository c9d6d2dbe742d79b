"""Keep agreements: a person proposes other terms with a vendor code from a day on, for another to approve with a reason.

trueup.toml says what holds where nobody decided. Orders stand under the terms of the day on which they were placed, so a version
begins on the next day (UTC) at the earliest: what was answered keeps its terms. What is approved is what the approver saw: a
proposal that was edited since is another one. A version is never edited: another stands over it, or takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, NotFound, Refused, TrueupError
from trueup.domain.agreement_changes import (
    AgreementChange,
    AgreementScope,
    AgreementVersion,
    Difference,
    differences,
    spliced,
    version_on,
)
from trueup.domain.agreement_clauses import terms_of, with_stored, with_terms
from trueup.domain.partners import Agreement
from trueup.storage import acts, agreement_versions
from trueup.workflows.authority import demand_role
from trueup.workflows.resolve_case import Person
from trueup.workflows.versions import (
    LONGEST_AHEAD,
    ON_ANY,
    Basis,
    Changing,
    Off,
    look_of,
    put_forward,
    take_off,
    untroubled,
    waiting_row,
)
from trueup.workflows.world import Tx

ACT = "agreement.change"
"""The proposal that waits for a second person."""
PROPOSE, APPROVE = "agreements.propose", "agreements.approve"
_CHANGING = Changing(ACT, "agreement", "an agreement", PROPOSE)


@dataclass(frozen=True, slots=True)
class ProposedTerms:
    """A proposal that waits: its number, what it changes, what holds on its day without it and with it, and what it looked like.

    `look`: as `look_of` makes it; who approves says which look was approved. `trouble`: why it cannot come into force as
    trueup.toml is now, None where it can; then nothing is before or after, and `words` are those in which it was proposed.
    """

    id: int
    change: AgreementChange
    before: Agreement | None
    after: Agreement | None
    proposed_by: str
    look: str
    undoes: int | None = None
    words: str = ""
    trouble: TrueupError | None = None

    @property
    def differences(self) -> list[Difference]:
        """The clauses that become others."""
        return differences(self.before, self.after) if self.before and self.after else []

    @property
    def subject(self) -> str:
        """What acts about it are about."""
        return subject_of(self.change.scope)

    @property
    def told(self) -> dict[str, Any]:
        """What it changes, as an act tells it."""
        return {
            **{each.title: each.after for each in self.differences},
            "from": self.change.effective_from.isoformat(),
            **({"undoes": self.undoes} if self.undoes else {}),
            **({"words": self.words} if self.trouble else {}),
        }

    def __str__(self) -> str:
        if self.trouble is not None:
            return self.words
        said = "; ".join(f"{each.title} {each.before} → {each.after}" for each in self.differences)
        return (
            f"The agreement {self.change.scope} from {self.change.effective_from} on: {said or 'as trueup.toml says'}"
        )


def propose_terms(tx: Tx, change: AgreementChange, person: Person, basis: Basis = ON_ANY) -> ProposedTerms:
    """Propose other terms; one that waits for the same vendor code is replaced, and whoever says it now is its proposer.

    Raises Refused for a role, NotFound for a vendor code that the file does not have, Unfit for terms that cannot be agreed,
    Invalid for a day, Conflict where nothing would change, the same waits already, or somebody changed it since it was seen.
    """
    demand_role(person, PROPOSE)
    agreement_versions.lock_scope(tx.connection, change.scope)
    before, after = _around(tx, change, basis)
    whole = replace(change, terms=None if change.terms is None else terms_of(after))
    told = ProposedTerms(0, whole, before, after, person.name, "", basis.undoes)
    wanted = acts.Proposal(ACT, told.subject, _json(told), change.reason, person.name)
    number = put_forward(tx, _CHANGING, wanted, person, told.told)
    return find_proposed(tx, number)


def find_proposed(tx: Tx, number: int) -> ProposedTerms:
    """A proposal of terms, beside what holds now. Raises NotFound for another, Conflict for one that was decided.

    Raises as `propose_terms` where it cannot come into force as trueup.toml is now.
    """
    return untroubled(look_at_proposed(tx, number))


def look_at_proposed(tx: Tx, number: int) -> ProposedTerms:
    """The same, with its trouble where it cannot come into force. Raises NotFound for another, Conflict for what was decided."""
    row = waiting_row(tx, _CHANGING, number)
    change, told = _change_of(row), row["arguments"]
    plain = ProposedTerms(number, change, None, None, row["proposed_by"], "", told["undoes"], told["words"])
    try:
        before, after = _both(tx, change, agreed=True)
    except (Invalid, NotFound, Refused) as error:
        return replace(plain, look=look_of(row, None), trouble=error)
    found = replace(plain, before=before, after=after)
    changed = [[each.key, each.before, each.after] for each in found.differences]
    return replace(found, look=look_of(row, [before.version, changed]))


def withdraw_terms(tx: Tx, number: int, person: Person, reason: str, look: str | None = None) -> ProposedTerms:
    """Take a proposal back, or decline what another proposed, saying why; nothing changes. `look`: what was looked at.

    Also one that cannot come into force any more. Raises Refused for a role, Invalid without a reason, NotFound, Conflict where it
    was edited or decided meanwhile.
    """
    return take_off(
        tx,
        _CHANGING,
        Off(number, reason, look),
        person,
        lambda: look_at_proposed(tx, number),
        lambda found: agreement_versions.lock_scope(tx.connection, found.change.scope),
    )


def undo_terms(tx: Tx, number: int, person: Person, reason: str = "") -> ProposedTerms:
    """Propose what held before a version again: from tomorrow on, or from the day on which it would begin.

    Raises as `propose_terms`, and Conflict where a later version stands over it.
    """
    taken = agreement_versions.load_version(tx.connection, number)
    scope = taken.change.scope
    versions = agreement_versions.load_versions(tx.connection, scope)
    if versions[-1].id != number:
        raise Conflict(f"The agreement {scope} was changed since, by version {versions[-1].id}; take that back first.")
    day = max(tx.now.date() + timedelta(days=1), taken.change.effective_from)
    former = version_on([each for each in versions if each.id != number], day)
    why = reason.strip() or f"takes back version {number}"
    change = AgreementChange(scope, former.change.terms if former else None, day, why)
    return propose_terms(tx, change, person, Basis(number, number))


def subject_of(scope: AgreementScope) -> str:
    """What acts about it are about."""
    return f"agreement {scope}"


def settled_agreements(tx: Tx, scope: AgreementScope) -> list[Agreement]:
    """What trueup.toml says of a vendor code, from day to day. Raises NotFound where it says nothing."""
    partner = tx.resources.partners.get(scope.partner)
    found = [terms for terms in partner.agreements if terms.vendor_code == scope.vendor_code] if partner else []
    if not found:
        raise NotFound(
            f"No agreement with {scope} stands in trueup.toml; `trueup agreements list` shows those there are."
        )
    return found


def _around(tx: Tx, change: AgreementChange, basis: Basis) -> tuple[Agreement, Agreement]:
    """What holds on the day of a change without it and with it, when it may be proposed."""
    versions = agreement_versions.load_versions(tx.connection, change.scope)
    newest = versions[-1] if versions else None
    if newest is not None and basis.seen is not None and newest.id != basis.seen:
        raise Conflict(
            f"The agreement {change.scope} was changed meanwhile: version {newest.id} by {newest.proposed_by}, approved by "
            f"{newest.approval.by}: “{newest.change.reason}”. Look at it, and change that."
        )
    demand_day(change, tx.now.date())
    before, after = _both(tx, change, agreed=basis.undoes is not None)
    same_version = change.terms is None and not before.version
    if same_version or (change.terms is not None and not differences(before, after)):
        raise Conflict(f"The agreement {change.scope} is so on {change.effective_from} already; nothing would change.")
    return before, after


def demand_day(change: AgreementChange, today: date) -> None:
    """Raises Invalid for a change that does not begin after today, or begins too far ahead."""
    if not today < change.effective_from <= today + LONGEST_AHEAD:
        raise Invalid(
            f"The agreement {change.scope} from {change.effective_from} on: expected a day after {today} (UTC) and within two "
            f"years; orders that were placed keep the terms of their day."
        )


def _both(tx: Tx, change: AgreementChange, *, agreed: bool) -> tuple[Agreement, Agreement]:
    """What holds on the day of a change without it and with it. `agreed`: its terms were checked before, and are not again."""
    settled = settled_agreements(tx, change.scope)
    day = change.effective_from
    known = spliced(settled, agreement_versions.load_versions(tx.connection, change.scope))
    before, file = _on(known, day), _on(settled, day)
    if before is None or file is None:
        raise Refused(
            f"The agreement {change.scope}: trueup.toml has none in force on {day}; extend it there (valid_to) first."
        )
    if change.terms is None:
        return before, file
    return before, with_stored(before, change.terms) if agreed else with_terms(before, change.terms, (*known, *settled))


def _on(agreements: Any, day: date) -> Agreement | None:
    return next(
        (each for each in agreements if each.valid_from <= day and (each.valid_to is None or day < each.valid_to)), None
    )


def _json(told: ProposedTerms) -> dict[str, Any]:
    change = told.change
    return {
        "partner": change.scope.partner,
        "vendor_code": change.scope.vendor_code,
        "terms": None if change.terms is None else dict(change.terms),
        "effective_from": change.effective_from.isoformat(),
        "undoes": told.undoes,
        "words": str(told),
    }


def _change_of(row: dict[str, Any]) -> AgreementChange:
    told = row["arguments"]
    scope = AgreementScope(told["partner"], told["vendor_code"])
    return AgreementChange(scope, told["terms"], date.fromisoformat(told["effective_from"]), row["reason"])


def version_json(version: AgreementVersion) -> dict[str, Any]:
    """One version as plain JSON."""
    change = version.change
    return {
        "version": version.id,
        "partner": change.scope.partner,
        "vendor_code": change.scope.vendor_code,
        "terms": dict(change.terms) if change.terms is not None else None,
        "effective_from": change.effective_from.isoformat(),
        "reason": change.reason,
        "proposed_by": version.proposed_by,
        "proposed_at": write_instant(version.proposed_at),
        "approved_by": version.approval.by,
        "approved_at": write_instant(version.approval.at),
        "approved_because": version.approval.reason,
        "undoes": version.undoes,
    }
