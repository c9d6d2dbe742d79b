"""Reconcile remittances: what waits in suspense is held against everything that is open, all at once, and matched where sure.

It looks at the whole of a partner at a time, when no file has come for a while: so the order in which files came does not
matter. What it matches is posted as a difference; rivals become a case that shows them side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.domain.chart import Purpose
from trueup.domain.matcher import Candidate
from trueup.domain.open_items import ItemKind, Items, ResidueLine
from trueup.domain.reconciliation import Contest, placed, reconcile
from trueup.domain.remittances import RemittanceLine
from trueup.domain.settlement import UNKNOWN_INVOICE, UNRECOGNISED, Placement, Suspended
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import remittances, suspense
from trueup.storage.case_batches import ids_of_open
from trueup.storage.remittances import SavedRemittance
from trueup.storage.views.open_items import load_open_items, load_residue
from trueup.workflows.booking import Booking, book_again, write
from trueup.workflows.books_cases import CONTESTED
from trueup.workflows.check_charges import ask_check
from trueup.workflows.world import ACTOR, Flowing, Tx, World

_KINDS = (UNRECOGNISED, UNKNOWN_INVOICE, CONTESTED)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that waits, by the number it has in the reconciliation of many payments."""

    remittance: int
    source: str
    payment: str
    line: ResidueLine

    @classmethod
    def of(cls, saved: SavedRemittance, number: int) -> Line:
        """A line of a payment, as the source that the books follow tells it."""
        told = saved.remittance
        line = next(each for each in told.lines if each.number == number)
        return cls(saved.id, told.source.value, told.payment, ResidueLine.of(line, paid_on=told.paid_on))


RIVALS_SHOWN = 8
"""So many explanations of a line that was undone are kept for who answers it."""


def reconcile_remittances(c: Flowing, partner: str) -> None:
    """Everything of one partner that waits; then what was charged is held against what was agreed."""
    c.commit(reconcile_partner, partner)
    c.commit(ask_check, partner)


def reconcile_partner(tx: Tx, partner: str) -> dict[str, int]:
    """Match what can be matched for sure; returns how many lines were matched, contested and left."""
    done = {"matched": 0, "contested": 0, "left": 0}
    # One at a time for a partner: two would match one invoice to two lines.
    tx.connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 5))"), {"name": f"reconcile {partner}"}
    )
    waiting = load_residue(tx.connection, partner, _KINDS)
    touched = {row.remittance_id for row in waiting}
    suspense.forget_contests(tx.connection, touched)
    by_currency: defaultdict[str, list[Line]] = defaultdict(list)
    for row in waiting:
        by_currency[row.currency].append(Line(row.remittance_id, row.source, row.payment, row.line))
    for currency, lines in sorted(by_currency.items()):
        counts = _reconcile_currency(tx, partner, currency, lines)
        for name, count in counts.items():
            done[name] += count
    booking = Booking(partner)
    for number in sorted(touched):
        book_again(tx, remittances.load_remittance(tx.connection, number, lock=True), booking=booking)
    write(tx, booking, fresh=False)
    held = {"with rival explanations": done["contested"], "still in suspense": done["left"]}
    tx.count(Tally("lines in suspense", len(waiting), {"matched": done["matched"]}, held, _waiting_in(tx, booking)))
    return done


def _waiting_in(tx: Tx, booking: Booking) -> tuple[int, ...]:
    return ids_of_open(tx.connection, booking.cases)


def _reconcile_currency(tx: Tx, partner: str, currency: str, lines: Sequence[Line]) -> dict[str, int]:
    numbered = dict(enumerate(sorted(lines, key=lambda each: (each.payment, each.line.number)), start=1))
    residue = [_renumbered(number, each.line) for number, each in numbered.items()]
    items = {item.item.key: item for item in load_open_items(tx.connection, partner, currency)}
    found = reconcile(residue, Items(each.item for each in items.values()), tx.resources.books.matchers)
    for match in found.matches:
        _save_match(tx, match, numbered, {key: items[key] for key in (part.key for part in match.parts)}, currency)
    for contest in found.contests:
        _save_contest(tx, partner, contest, numbered, currency)
    return {
        "matched": sum(len(match.lines) for match in found.matches),
        "contested": sum(len(contest.lines) for contest in found.contests),
        "left": len(found.residue),
    }


def _renumbered(number: int, line: ResidueLine) -> ResidueLine:
    return ResidueLine(
        number,
        line.reference,
        line.settled,
        line.day,
        line.description,
        line.references,
        line.purchase_orders,
        line.payee,
        line.paid_on,
    )


def _save_match(
    tx: Tx, match: Candidate, numbered: Mapping[int, Line], items: Mapping[str, Any], currency: str
) -> None:
    shares: defaultdict[int, list[Placement]] = defaultdict(list)
    for each in placed(match, [(number, numbered[number].line.settled) for number in match.lines]):
        line = numbered[each.line]
        item = items[each.key] if each.key else None
        shares[each.line].append(placement_of(tx, line.line, item, each.minor, (currency, match.matcher)))
    places = {
        number: (numbered[number].remittance, numbered[number].source, numbered[number].line.number)
        for number in shares
    }
    said = suspense.Said(match.why, ACTOR, tx.now, together_of(list(places.values())))
    for number, placements in shares.items():
        suspense.save_match(tx.connection, places[number], placements, said)


def together_of(places: Sequence[tuple[int, str, int]]) -> str:
    """The name of several lines that are matched as one, by which all of them are undone; "" for one alone."""
    remittance, source, line = min(places)
    return f"{remittance} {source} {line}" if len(places) > 1 else ""


def placement_of(tx: Tx, line: ResidueLine | RemittanceLine, item: Any, minor: int, said: tuple[str, str]) -> Placement:
    """Where cents of a line go that settle an open item; without one, lines that cancel each other meet in clearing."""
    books, (currency, rule) = tx.resources.books, said
    if item is None:
        return Placement(
            line.number, books.chart.code(Purpose.CLEARING), -minor, currency, line.reference, "", rule=rule
        )
    if item.item.kind is ItemKind.CLAIM:
        type_ = books.types[item.type]
        account = books.chart.code_of_type(type_.code, type_.purpose)
        return Placement(
            line.number, account, -minor, currency, line.reference, type_.code, item.invoice, item.claim, rule
        )
    account = books.chart.code(Purpose.RECEIVABLE)
    return Placement(line.number, account, -minor, currency, line.reference, "invoice", item.invoice, "", rule)


def _save_contest(tx: Tx, partner: str, contest: Contest, numbered: Mapping[int, Line], currency: str) -> None:
    """The lines of a contest wait in one case, named by its first line."""
    lines = [numbered[number] for number in contest.lines]
    subject = f"payment {partner}/{lines[0].payment} line {lines[0].line.number} and {len(lines) - 1} others"
    if len(lines) == 1:
        subject = f"payment {partner}/{lines[0].payment} line {lines[0].line.number}"
    of_line = _rivals_of_lines(contest, numbered, currency)
    why = f"{contest.why}: {_summary(contest.rivals)}"
    saved = []
    for number, each in zip(contest.lines, lines, strict=True):
        waiting = Suspended(
            each.line.number, CONTESTED, subject, each.line.settled, currency, why[:2000], each.line.reference
        )
        saved.append(((each.remittance, each.source, each.line.number), waiting, of_line[number]))
    suspense.save_contests(tx.connection, saved, tx.now)


def _rivals_of_lines(contest: Contest, numbered: Mapping[int, Line], currency: str) -> dict[int, list[dict[str, Any]]]:
    """What is kept with each line of a contest: with the first, which is asked, every rival; with the others those about them.

    Each with all of them would be lines times rivals.
    """
    told = [(rival, told_rival(rival, numbered, currency)) for rival in contest.rivals]
    own: dict[int, list[dict[str, Any]]] = {number: [] for number in contest.lines}
    for rival, said in told:
        for number in rival.lines:
            own[number].append(said)
    first = min(contest.lines, key=lambda number: (numbered[number].remittance, numbered[number].line.number))
    own[first] = [said for _, said in told]
    return own


def told_rival(rival: Candidate, numbered: Mapping[int, Line], currency: str) -> dict[str, Any]:
    """A rival explanation as JSON, by payments and lines rather than by numbers of one reconciliation."""
    return {
        "lines": [
            {
                "remittance": numbered[number].remittance,
                "source": numbered[number].source,
                "payment": numbered[number].payment,
                "line": numbered[number].line.number,
                "minor": numbered[number].line.settled,
            }
            for number in rival.lines
        ],
        "parts": [{"key": part.key, "minor": part.minor, "currency": currency} for part in rival.parts],
        "matcher": rival.matcher,
        "score": rival.score,
        "why": rival.why,
    }


def _summary(rivals: Iterable[Candidate]) -> str:
    return "; or ".join(f"{rival.why} ({rival.score} points)" for rival in list(rivals)[:3])


FLOWS = (Flow[World]("reconcile_remittances", reconcile_remittances, "books"),)
