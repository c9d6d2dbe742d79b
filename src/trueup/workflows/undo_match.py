"""Undo a match: what a line was posted as is taken back by an entry of its own, and the line waits in suspense with a case again.

Nothing is edited. What it was posted as, by whom and why stays beside who took it apart; lines that were matched as one are taken
apart together. In a closed month nothing is posted: the entry is of the first day that is open. All of it is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trueup.base.errors import Invalid, NotFound, Refused
from trueup.base.money import Money
from trueup.domain.settlement import TO_CHECK, UNMATCHED, Placement, Suspended
from trueup.storage import acts, cases, journal, remittances, suspense
from trueup.storage.remittances import SavedRemittance
from trueup.storage.suspense import LineAnswer, Said
from trueup.storage.undone_matches import Undoing, save_undoing
from trueup.workflows.answer_suspense import rebook
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.match_lines import MAY, proposals_for
from trueup.workflows.reconcile_remittances import RIVALS_SHOWN, Line, told_rival
from trueup.workflows.resolve_case import Person, is_above
from trueup.workflows.world import Tx

ACT = "match.undo"
_KEPT = ("terms-discount", "withholding")
"""What a line's own columns say was kept of it is no match, and stays."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it: lines, payments, and how much is taken apart: what each line settles without its sign, for lines that cancel
    each other are no less. `case`: where the first of them waits now, None with a `proposal`, for then nothing was done: a second
    person must approve it."""

    lines: int
    payments: int
    amount: Money
    case: int | None = None
    proposal: int | None = None


@dataclass(frozen=True, slots=True)
class _Posted:
    """A line as it is posted: its payment, its settled amount, the answer that says so, if any, and the postings."""

    saved: SavedRemittance
    line: int
    minor: int
    answer: LineAnswer | None
    placements: tuple[Placement, ...]

    @property
    def at(self) -> tuple[int, str, int]:
        return self.saved.id, self.saved.remittance.source.value, self.line

    @property
    def subject(self) -> str:
        return f"payment {self.saved.partner}/{self.saved.remittance.payment} line {self.line}"


def undo_match(
    tx: Tx, remittance: int, line: int, person: Person, reason: str, two_persons_above: Money | None = None
) -> Undone:
    """Take a line's posting apart, and those of the lines that were matched with it. Above the limit it is only proposed.

    Raises NotFound, Invalid without a reason, Refused: a role, or a line that waits already or is not posted.
    """
    demand_role(person, MAY)
    if not reason:
        raise Invalid("Undo a match: say why, for who looks at it later.")
    found = _posted(tx, remittance, line)
    amount = _sum(found)
    if is_above(amount, two_persons_above):
        first = found[0]
        arguments = {"remittance": remittance, "line": line, "minor": amount.minor, "note": reason}
        wanted = acts.Proposal(ACT, first.subject, arguments, reason, person.name)
        return Undone(len(found), _payments(found), amount, proposal=acts.propose(tx.connection, wanted, tx.now))
    return _carry_out(tx, found, Undoing(person.name, None, tx.now, reason), person)


def approve_undoing(tx: Tx, proposal_id: int, person: Person) -> Undone:
    """The second person: the match is taken apart as proposed. Raises as `undo_match`, and for the one who proposed it."""
    demand_role(person, MAY)
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    said = row["arguments"]
    found = _posted(tx, said["remittance"], said["line"])
    if _sum(found).minor != said["minor"]:
        raise Refused(f"Proposal {proposal_id}: what the lines settle changed since it was proposed; propose it anew.")
    return _carry_out(tx, found, Undoing(row["proposed_by"], person.name, tx.now, row["reason"]), person)


def _posted(tx: Tx, remittance: int, line: int) -> list[_Posted]:
    saved = remittances.load_remittance(tx.connection, remittance, lock=True)
    first = _posted_line(tx, saved, line)
    together = first.answer.said.together if first.answer is not None else ""
    places = suspense.lines_together(tx.connection, together) if together else []
    others = [
        _posted_line(tx, remittances.load_remittance(tx.connection, number, lock=True), which)
        for number, _, which in places
        if (number, which) != (remittance, line)
    ]
    return [first, *others]


def _posted_line(tx: Tx, saved: SavedRemittance, number: int) -> _Posted:
    told = saved.remittance
    line = next((each for each in told.lines if each.number == number), None)
    if line is None:
        raise NotFound(f"Payment {told.payment} has no line {number} that can be undone.")
    waits = next(
        (e for e in suspense.suspended_of(tx.connection, [saved.id]).get(saved.id, ()) if e.line == number), None
    )
    if waits is not None and waits.kind != TO_CHECK:
        who = acts.say_who(tx.connection, f"payment {saved.partner}/{told.payment} line {number}", "match.undone")
        raise Refused(
            f"Payment {told.payment} line {number} waits in suspense already{f', undone{who}' if who else ''}: {waits.why}."
        )
    placements = tuple(
        each
        for each in journal.load_placements(tx.connection, saved.id)
        if each.line == number and each.type not in _KEPT
    )
    if not placements:
        raise Refused(f"Payment {told.payment} line {number} is not posted; there is nothing to undo.")
    answer = suspense.load_line_answer(tx.connection, saved.id, told.source.value, number)
    return _Posted(saved, number, line.settled, answer, placements)


def _carry_out(tx: Tx, found: Sequence[_Posted], undoing: Undoing, person: Person) -> Undone:
    for each in found:
        save_undoing(tx.connection, each.at, each.answer, each.placements, undoing)
        _leave_open(tx, each, undoing, ())
    numbers = sorted({each.saved.id for each in found})
    because = f"Match of {' and of '.join(each.subject for each in found[:3])} undone by {undoing.by}: {undoing.reason}"
    rebook(tx, numbers, person, because[:500])
    # Only now is open again what they had settled: the matchers propose it to the person who answers.
    for each in found:
        saved = remittances.load_remittance(tx.connection, each.saved.id)
        line = Line.of(saved, each.line)
        rivals = [
            told_rival(rival, {each.line: line}, saved.remittance.currency)
            for rival in proposals_for(tx, saved, each.line)
        ]
        _leave_open(tx, each, undoing, rivals[:RIVALS_SHOWN])
        _record(tx, each, undoing, person)
    first = found[0]
    [case] = cases.find_open(tx.connection, UNMATCHED, first.subject)
    return Undone(len(found), len(numbers), _sum(found), case)


def _leave_open(tx: Tx, each: _Posted, undoing: Undoing, rivals: Sequence[object]) -> None:
    reference = each.placements[0].reference
    why = f"what it was posted as was undone by {undoing.by}: {undoing.reason}"
    waiting = Suspended(each.line, UNMATCHED, each.subject, each.minor, each.placements[0].currency, why, reference)
    suspense.save_undone(tx.connection, each.at, waiting, list(rivals), Said(undoing.reason, undoing.by, tx.now))


def _record(tx: Tx, each: _Posted, undoing: Undoing, person: Person) -> None:
    before = {
        "posted": [
            {"account": p.account, "amount": str(Money(p.minor, p.currency)), "rule": p.rule} for p in each.placements
        ]
    }
    after = {"reason": undoing.reason, "undone_by": undoing.by, "approved_by": undoing.approved_by or ""}
    record_deed(tx.connection, tx.now, person, Deed("match.undone", each.subject, before, after))


def _sum(found: Sequence[_Posted]) -> Money:
    return Money(sum(abs(each.minor) for each in found), found[0].placements[0].currency)


def _payments(found: Sequence[_Posted]) -> int:
    return len({each.saved.id for each in found})
