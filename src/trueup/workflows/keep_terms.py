"""Keep terms: finance enters what was agreed, from when to when, and since when it is known; charges are then judged by it.

Nothing that was entered is changed or deleted: what is found out later is entered with the day since when it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import sqlalchemy as sa

from trueup.base.errors import Refused
from trueup.base.ids import Digest
from trueup.domain.terms import Term
from trueup.formats.document import Finding
from trueup.formats.terms_csv import read_terms
from trueup.storage.terms import Entry, append_term, load_terms
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.check_charges import ask_check, rateable
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND = "terms"


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of entering terms: the new ones by id, and how many stood there already."""

    new: tuple[tuple[int, Term], ...] = ()
    same: int = 0


@dataclass(frozen=True, slots=True)
class ImportedTerms:
    """What an import came to. `taken` is false when errors kept the file out; then nothing was entered."""

    digest: Digest
    taken: bool
    entered: Entered
    findings: tuple[Finding, ...]


def kinds_of_terms(tx: Tx) -> frozenset[str]:
    """What a term can be for here: the built-in types that take by agreement, those that rules bring, and columns."""
    return rateable(tx.resources.books.grammars.now(tx.connection).types)


def enter_terms(tx: Tx, terms: Sequence[Term], person: Person, evidence: str = "") -> Entered:
    """Enter terms; one that stands there already changes nothing. All charges are judged anew.

    Raises Refused for a role, a marketplace that is not there, or a term that contradicts another known since the same day.
    """
    demand_role(person, "terms.enter")
    _check_marketplaces(tx, terms)
    known = [each.term for each in load_terms(tx.connection)]
    new: list[tuple[int, Term]] = []
    for term in terms:
        if term in known:
            continue
        _check_contradiction(term, known)
        known.append(term)
        new.append((append_term(tx.connection, term, Entry(person.name, tx.now, evidence)), term))
    if new:
        _judge_anew(tx, {term.known_from for _, term in new})
        after = {f"term {number}": f"{term.kind} {term.marketplace} {term}".strip() for number, term in new}
        record_deed(tx.connection, tx.now, person, Deed("terms.entered", "terms", after=after, evidence=evidence))
    return Entered(tuple(new), len(terms) - len(new))


def import_terms(tx: Tx, content: bytes, person: Person) -> ImportedTerms:
    """Take an archived file of terms in, whole or not at all. Raises Unreadable when it is none, and as `enter_terms`."""
    demand_role(person, "terms.enter")
    reading = read_terms(content, tx.now.date(), kinds_of_terms(tx))
    if reading.errors:
        return ImportedTerms(reading.evidence, False, Entered(), reading.findings)
    return ImportedTerms(
        reading.evidence, True, enter_terms(tx, reading.values, person, reading.evidence), reading.findings
    )


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


def _check_contradiction(term: Term, known: Iterable[Term]) -> None:
    for other in known:
        same = (other.kind, other.marketplace, other.known_from) == (term.kind, term.marketplace, term.known_from)
        if same and _overlap(term, other):
            raise Refused(
                f"Term {term.kind} {term.marketplace}: {term} contradicts {other}: both are known since {term.known_from} for the "
                f"same days. Let one end where the other begins, or give the right one a later known_from."
            )


def _overlap(one: Term, other: Term) -> bool:
    return (other.valid_to is None or one.valid_from < other.valid_to) and (
        one.valid_to is None or other.valid_from < one.valid_to
    )


def _judge_anew(tx: Tx, known: Iterable[date]) -> None:
    """Now, and on the day on which what is entered for later counts as known."""
    for partner in sorted(tx.resources.partners):
        for day in sorted(known):
            ask_check(tx, partner, True, datetime.combine(day, time(), UTC))
