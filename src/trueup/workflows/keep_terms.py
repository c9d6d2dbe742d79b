"""Keep terms: a person proposes rates that were agreed, for another to approve; charges are then judged by them.

Terms move money, so nobody enters them alone. Nothing that was entered is changed or deleted: what is found out later is entered
with the day since when it is known, and a version that was wrong is taken back by another, from that day on. What is approved is
what the approver saw: a proposal that was edited since is another one. Terms that one person entered before two were asked stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, NotFound, Refused, TrueupError
from trueup.base.ids import Digest, digest_of_json
from trueup.domain.term_changes import (
    LONGEST_SHEET,
    Stretch,
    TermChange,
    TermVersion,
    WantedTerm,
    contradiction,
    restored,
    scope_words,
    stretches,
)
from trueup.domain.terms import Term
from trueup.formats.document import Finding
from trueup.formats.terms_csv import read_terms
from trueup.storage import acts, term_versions
from trueup.storage.terms import SavedTerm, load_terms, term_of, term_values
from trueup.workflows.authority import demand_role
from trueup.workflows.check_charges import rateable
from trueup.workflows.resolve_case import Person
from trueup.workflows.versions import (
    Changing,
    Off,
    look_of,
    put_forward,
    take_off,
    untroubled,
    waiting_row,
)
from trueup.workflows.world import Tx

KIND = "terms"
ACT = "terms.change"
"""The proposal that waits for a second person."""
PROPOSE, APPROVE = "terms.propose", "terms.approve"
SUBJECT = "terms"
"""What acts about all terms were about, before each had a proposal of its own."""
_CHANGING = Changing(ACT, "terms", "terms of charges", PROPOSE)
_UNSAID = date.max


@dataclass(frozen=True, slots=True)
class Sheet:
    """A change of terms that waits: its number, what it enters or takes back, and what holds otherwise then, stretch by stretch.

    `added`: the terms as they would be entered now; `removed`: those that are taken back. `known_on`: the day by which all of both
    would be known. `look`: as `look_of` makes it. `trouble`: why it cannot come into force any more; no stretches then.
    """

    id: int
    change: TermChange
    added: tuple[Term, ...]
    removed: tuple[SavedTerm, ...]
    known_on: date
    moved: tuple[Stretch, ...]
    proposed_by: str
    look: str = ""
    trouble: TrueupError | None = None

    @property
    def scopes(self) -> list[tuple[str, str]]:
        """The kinds and marketplaces that it is about."""
        terms = (*self.added, *(each.term for each in self.removed))
        return list(dict.fromkeys((term.kind, term.marketplace) for term in terms))

    @property
    def subject(self) -> str:
        """What acts about it are about: one kind of one marketplace, or several together."""
        if len(self.scopes) == 1:
            return f"terms {scope_words(*self.scopes[0])}"
        return f"terms of {len(self.scopes)} kinds {digest_of_json(sorted(self.scopes))[:8]}"

    @property
    def told(self) -> dict[str, Any]:
        """What it changes, as an act tells it."""
        return {
            **{each.name: str(each.after or "no rate") for each in self.moved},
            "words": str(self),
            **({"undoes": self.change.takes_back} if self.change.takes_back else {}),
        }

    def __str__(self) -> str:
        terms = self.added or tuple(each.term for each in self.removed)
        said = "; ".join(f"{scope_words(term.kind, term.marketplace)}, {term}" for term in terms[:_MOST_SAID])
        more = f" and {len(terms) - _MOST_SAID} more" if len(terms) > _MOST_SAID else ""
        return f"{'Takes back ' if self.change.takes_back else 'Terms of charges: '}{said}{more}"


_MOST_SAID = 5


@dataclass(frozen=True, slots=True)
class ImportedTerms:
    """What a file came to. `sheet` is None when errors kept it out, or all of it stands already; `same`: so many terms do."""

    digest: Digest
    sheet: Sheet | None
    same: int
    findings: tuple[Finding, ...]


def kinds_of_terms(tx: Tx) -> frozenset[str]:
    """What a term can be for here: the built-in types that take by agreement, those that rules bring, and columns."""
    return rateable(tx.resources.books.grammars.now(tx.connection).types)


def propose_change(tx: Tx, change: TermChange, person: Person) -> Sheet:
    """Propose terms, or that a version is taken back; one that waits for the same kinds is replaced. Nothing changes yet.

    Raises Refused for a role, a marketplace that is not there, or a term that contradicts another known since the same day;
    Invalid for none, or too many; NotFound; Conflict where all stand already, or the same waits.
    """
    demand_role(person, PROPOSE)
    acts.hold_subject(tx.connection, SUBJECT)
    saved = load_terms(tx.connection)
    fresh = tuple(each for each in change.terms if not _stands(each, saved, tx.now.date()))
    if change.terms and not fresh:
        raise Conflict("Terms of charges: all of them stand there already; nothing would change.")
    whole = replace(change, terms=fresh)
    sheet = _sheet(tx, 0, whole, person.name, saved)
    wanted = acts.Proposal(ACT, sheet.subject, _json(sheet), change.reason, person.name)
    number = put_forward(tx, _CHANGING, wanted, person, sheet.told)
    return find_proposed(tx, number)


def propose_file(tx: Tx, content: bytes, reason: str, person: Person) -> ImportedTerms:
    """Propose an archived file of terms, whole or not at all. Raises Unreadable when it is none, and as `propose_change`."""
    demand_role(person, PROPOSE)
    reading = read_terms(content, _UNSAID, kinds_of_terms(tx))
    today = tx.now.date()
    wanted = tuple(
        WantedTerm(replace(term, known_from=today), True) if term.known_from == _UNSAID else WantedTerm(term)
        for term in reading.values
    )
    saved = load_terms(tx.connection)
    same = sum(_stands(each, saved, today) for each in wanted)
    if reading.errors or same == len(wanted):
        return ImportedTerms(reading.evidence, None, same, reading.findings)
    sheet = propose_change(tx, TermChange(wanted, reason, evidence=reading.evidence), person)
    return ImportedTerms(reading.evidence, sheet, same, reading.findings)


def find_proposed(tx: Tx, number: int) -> Sheet:
    """A proposal of terms, beside what holds now. Raises NotFound for another, Conflict for one that was decided, and as
    `propose_change` where it cannot come into force any more."""
    return untroubled(look_at_proposed(tx, number))


def look_at_proposed(tx: Tx, number: int) -> Sheet:
    """The same, with its trouble where it cannot come into force. Raises NotFound for another, Conflict for what was decided."""
    row = waiting_row(tx, _CHANGING, number)
    change, saved = _change_of(row, tx.now.date()), load_terms(tx.connection)
    try:
        sheet = _sheet(tx, number, change, row["proposed_by"], saved)
        return replace(sheet, look=look_of(row, _changed(sheet, saved)))
    except (Conflict, Invalid, NotFound, Refused) as error:
        today = tx.now.date()
        added = tuple(each.on(today) for each in change.terms)
        removed = _terms_of_version(saved, change.takes_back)
        return Sheet(number, change, added, removed, today, (), row["proposed_by"], look_of(row, None), error)


def list_proposed(tx: Tx) -> list[Sheet]:
    """Every proposal of terms that waits for a second person, the oldest first."""
    return [look_at_proposed(tx, number) for number in acts.list_waiting(tx.connection, ACT)]


def withdraw_change(tx: Tx, number: int, person: Person, reason: str, look: str | None = None) -> Sheet:
    """Take a proposal back, or decline what another proposed, saying why; nothing changes. Raises as `take_off`."""
    return take_off(
        tx,
        _CHANGING,
        Off(number, reason, look),
        person,
        lambda: look_at_proposed(tx, number),
        lambda _: acts.hold_subject(tx.connection, SUBJECT),
    )


def undo_version(tx: Tx, number: int, person: Person, reason: str = "") -> Sheet:
    """Propose that a version is taken back: its terms are known no more once that is approved. Of a version that took another back,
    the terms of that one are proposed anew, with the file they stand in; what is known only later comes back on its day.

    Raises as `propose_change`, and Conflict where it was taken back already.
    """
    taken = term_versions.load_version(tx.connection, number)
    why = reason.strip() or f"takes back version {number}"
    if taken.takes_back is None:
        return propose_change(tx, TermChange((), why, number), person)
    again = _terms_of_version(load_terms(tx.connection), taken.takes_back)
    wanted = restored((each.term for each in again), tx.now.date())
    evidence = term_versions.load_version(tx.connection, taken.takes_back).evidence
    return propose_change(tx, TermChange(wanted, why, evidence=evidence), person)


def _sheet(tx: Tx, number: int, change: TermChange, by: str, saved: Sequence[SavedTerm]) -> Sheet:
    """What a change comes to as things are now. Raises as `propose_change`."""
    today = tx.now.date()
    if not change.terms and change.takes_back is None:
        raise Invalid("Terms of charges: expected at least one term.")
    if len(change.terms) > LONGEST_SHEET:
        raise Invalid(f"Terms of charges: {len(change.terms)} at once; expected at most {LONGEST_SHEET}.")
    added = tuple(dict.fromkeys(each.on(today) for each in change.terms))
    _check_marketplaces(tx, added)
    for index, term in enumerate(added):
        other = contradiction(term, (*(each.term for each in saved), *added[:index]))
        if other is not None:
            raise Refused(
                f"Term {scope_words(term.kind, term.marketplace)}: {term} contradicts {other}: both are known since"
                f" {term.known_from} for the same days. Let one end where the other begins, or give the right one a later"
                f" known_from."
            )
    removed = _removed(tx, change.takes_back, saved)
    known_on = max((today, *(term.known_from for term in (*added, *(each.term for each in removed)))))
    before, after = [each.term for each in saved], [each.term for each in saved if each not in removed] + list(added)
    sheet = Sheet(number, change, added, removed, known_on, (), by)
    return replace(sheet, moved=tuple(stretches(before, after, sheet.scopes, known_on)))


def _changed(sheet: Sheet, saved: Sequence[SavedTerm]) -> list[list[Any]]:
    """On which days which rate, of which version, becomes which, as plain JSON; since when they are known is no part of it."""
    versions = {each.term: each.version for each in saved}

    def rate(term: Term | None) -> dict[str, Any] | None:
        return {**term_values(term), "known_from": None} if term else None

    return [
        [each.name, rate(each.before), versions.get(each.before) if each.before else None, rate(each.after)]
        for each in sheet.moved
    ]


def _stands(wanted: WantedTerm, saved: Sequence[SavedTerm], today: date) -> bool:
    """Whether a term is entered already; one that says no day since when it is known, also when it has been known for long.

    One that a single person entered is not: it may be proposed anew, so that a second one approves it.
    """
    term, known = wanted.on(today), [each.term for each in saved]
    if not wanted.once_approved:
        return term in known
    alike = any(replace(each.term, known_from=today) == term for each in saved if each.version is not None)
    return alike and not stretches(known, [*known, term], [(term.kind, term.marketplace)], today)


def _removed(tx: Tx, version: int | None, saved: Sequence[SavedTerm]) -> tuple[SavedTerm, ...]:
    if version is None:
        return ()
    taken_by = term_versions.find_taker(tx.connection, version)
    if taken_by is not None:
        approval = term_versions.load_version(tx.connection, taken_by).approval
        raise Conflict(
            f"Version {version} of the terms was taken back already, by version {taken_by}, which {approval.by} approved at"
            f" {write_instant(approval.at)}."
        )
    return _terms_of_version(saved, version)


def _terms_of_version(saved: Iterable[SavedTerm], version: int | None) -> tuple[SavedTerm, ...]:
    return tuple(each for each in saved if version is not None and each.version == version)


def _json(sheet: Sheet) -> dict[str, Any]:
    change = sheet.change
    terms = [
        {**term_values(each.term), "known_from": None if each.once_approved else each.term.known_from.isoformat()}
        for each in change.terms
    ]
    return {"terms": terms, "takes_back": change.takes_back, "evidence": change.evidence, "words": str(sheet)}


def _change_of(row: dict[str, Any], today: date) -> TermChange:
    told = row["arguments"]
    wanted = tuple(
        WantedTerm(term_of({**each, "known_from": each["known_from"] or today.isoformat()}), not each["known_from"])
        for each in told["terms"]
    )
    return TermChange(wanted, row["reason"], told["takes_back"], told["evidence"])


def _check_marketplaces(tx: Tx, terms: Iterable[Term]) -> None:
    known = set(tx.resources.partners)
    known |= {each.vendor_code for partner in tx.resources.partners.values() for each in partner.agreements}
    wanted = {term.marketplace for term in terms if term.marketplace} - known
    if not wanted:
        return
    paid = set(tx.connection.execute(sa.text("SELECT DISTINCT payee FROM trueup.remittances")).scalars())
    if strangers := wanted - paid:
        raise Refused(
            f"Marketplace {', '.join(sorted(strangers))}: expected a partner or one of its vendor codes "
            f"({', '.join(sorted(known))}), or nothing for all."
        )


def version_json(version: TermVersion, saved: Sequence[SavedTerm]) -> dict[str, Any]:
    """One version as plain JSON, with what it entered or took back."""
    taker = next((each.taken_back_by for each in saved if each.version == version.id), None)
    of = _terms_of_version(saved, version.takes_back or version.id)
    return {
        "version": version.id,
        "terms": [f"{scope_words(each.term.kind, each.term.marketplace)}, {each.term}" for each in of],
        "reason": version.reason,
        "proposed_by": version.proposed_by,
        "proposed_at": write_instant(version.proposed_at),
        "approved_by": version.approval.by,
        "approved_at": write_instant(version.approval.at),
        "approved_because": version.approval.reason,
        "takes_back": version.takes_back,
        "taken_back_by": taker,
        "evidence": version.evidence or None,
    }


def versions_json(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every version as plain JSON, the newest first."""
    saved = load_terms(connection)
    return [version_json(each, saved) for each in reversed(term_versions.load_versions(connection))]
