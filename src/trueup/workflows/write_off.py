"""Write off a claim: what Amazon still holds of it is given up, from disputed receivable to losses; above a limit two persons do.

It is taken back by reversal, never by an edit: the claim is open again, with its case. What cannot be posted in a closed month is
posted on the first day that is open. Each act is one transaction.
"""

from __future__ import annotations

from dataclasses import replace

from trueup.base.errors import Invalid, Refused
from trueup.base.money import Money
from trueup.domain.cases import Resolution
from trueup.domain.journal import JournalEntry
from trueup.domain.posting import Heading, post_placements
from trueup.domain.settlement import Placement
from trueup.storage import acts, cases, claims, journal
from trueup.storage.claims import ClaimBalance
from trueup.storage.journal import Posted
from trueup.storage.views.journal import show_entry
from trueup.workflows.answer_suspense import Answered, open_for
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.books_cases import Changed, note_changed
from trueup.workflows.claim_causes import loss_of
from trueup.workflows.resolve_case import Person, is_above
from trueup.workflows.world import Tx

ACT, REVERSE = "claim.write-off", "entry.reverse"
MAY_REVERSE = "journal.reverse"
KIND = "write-off"
ZEROS = "0" * 64
"""The evidence of an entry that follows from a person's decision alone: the act says who and why."""


def write_off_claim(
    tx: Tx, case_id: int, person: Person, *, note: str = "", two_persons_above: Money | None = None
) -> Answered:
    """Give up what Amazon still holds of a claim: from disputed receivable to losses, or where its reason leads.

    Above the limit it is only proposed. Raises NotFound, Conflict (resolved already), Refused: a role, nothing open.
    """
    case = open_for(tx, case_id, Resolution.WRITE_OFF, person)
    balance = _balance_of(tx, case.draft.subject, case_id)
    amount = Money(balance.open, balance.currency)
    if is_above(amount, two_persons_above):
        words = f"to give up {amount} of claim {balance.partner}/{balance.claim}"
        arguments = {"case": case_id, "minor": balance.open, "note": note, "words": words}
        wanted = acts.Proposal(ACT, f"claim {balance.id}", arguments, note, person.name)
        return Answered(case_id, 1, 0, amount, proposal=acts.propose(tx.connection, wanted, tx.now))
    return _give_up(tx, case_id, balance, (person, person.name, note))


def approve_write_off(tx: Tx, proposal_id: int, person: Person) -> Answered:
    """The second person: the claim is given up as it was proposed. Raises as `write_off_claim`, and for who proposed it."""
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    said = row["arguments"]
    case = open_for(tx, said["case"], Resolution.WRITE_OFF, person)
    balance = _balance_of(tx, case.draft.subject, said["case"])
    if balance.open != said["minor"]:
        open_, was = Money(balance.open, balance.currency), Money(said["minor"], balance.currency)
        raise Refused(f"Proposal {proposal_id} is to give up {was}; {open_} are open now. Propose it anew.")
    return _give_up(tx, said["case"], balance, (person, row["proposed_by"], said["note"]))


def _balance_of(tx: Tx, subject: str, case_id: int) -> ClaimBalance:
    name, _, currency = subject.removeprefix("claim ").rpartition(" ")
    partner, _, chain = name.partition("/")
    found = claims.find_claim(tx.connection, partner, chain, currency)
    balance = claims.load_claim(tx.connection, found.id, lock=True) if found is not None else None
    if balance is None or balance.open <= 0:
        who = acts.say_who(tx.connection, f"claim {found.id}", "claim.written-off") if found is not None else ""
        raise Refused(
            f"Case {case_id}: nothing is open of {name}{f', given up{who}' if who else ''}; "
            "the case closes when the books are looked at again."
        )
    return balance


def _give_up(tx: Tx, case_id: int, balance: ClaimBalance, said: tuple[Person, str, str]) -> Answered:
    (person, proposed_by, note), chain, currency = said, balance.claim, balance.currency
    books, type_ = tx.resources.books, tx.resources.books.types[balance.type]
    loss = Placement(
        0, books.chart.code(loss_of(tx, balance)), balance.open, currency, chain, type_.code, balance.invoice
    )
    held = Placement(0, books.chart.code_of_type(type_.code, type_.purpose), -balance.open, currency, chain, type_.code)
    heading = Heading(
        f"{KIND} {balance.partner}/{chain} case {case_id}",
        journal.first_open_day(tx.connection, tx.now.date()),
        f"Claim {chain} of {balance.partner} given up: {note or 'no reason given'}",
        ZEROS,
    )
    entry = post_placements(heading, (loss, held))
    journal.append_entries(tx.connection, [Posted(entry, (loss, held), KIND, person.name)], tx.now)
    claims.add_lost(tx.connection, balance.id, balance.open)
    after = {"minor": balance.open, "currency": currency, "note": note, "proposed_by": proposed_by}
    record_deed(tx.connection, tx.now, person, Deed("claim.written-off", f"claim {balance.id}", after=after))
    cases.resolve_case(tx.connection, case_id, Resolution.WRITE_OFF.value, by=person.name, note=note, now=tx.now)
    return Answered(case_id, 1, 0, Money(balance.open, currency))


def reverse_entry(
    tx: Tx, entry_id: int, person: Person, reason: str, two_persons_above: Money | None = None
) -> tuple[Money, int | None]:
    """Take an entry that a person's decision posted back by an entry with every line's other sign; what it was about is open again.

    Returns its amount, and the number of the proposal where that is above the limit: then nothing was done yet.
    Raises NotFound, Invalid without a reason, Refused: a role, an entry that follows something else (the words say what takes that
    back), or one that is reversed already.
    """
    demand_role(person, MAY_REVERSE)
    if not reason:
        raise Invalid(f"Reverse entry {entry_id}: say why, for who looks at it later.")
    _, amount = reversible(tx, entry_id)
    if is_above(amount, two_persons_above):
        arguments = {"entry": entry_id, "note": reason}
        wanted = acts.Proposal(REVERSE, f"entry {entry_id}", arguments, reason, person.name)
        return amount, acts.propose(tx.connection, wanted, tx.now)
    _take_back(tx, entry_id, (person, person.name, reason))
    return amount, None


def approve_reversal(tx: Tx, proposal_id: int, person: Person) -> Money:
    """The second person: the entry is reversed. Raises as `reverse_entry`, and for who proposed it."""
    demand_role(person, MAY_REVERSE)
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    return _take_back(tx, row["arguments"]["entry"], (person, row["proposed_by"], row["reason"]))


def reversible(tx: Tx, entry_id: int) -> tuple[ClaimBalance, Money]:
    """The claim that an entry gave up, and how much of it. Raises NotFound, Refused for an entry that is not reversed so."""
    shown = show_entry(tx.connection, entry_id)
    if shown["kind"] != KIND or shown["reverses"]:
        raise Refused(
            f"Entry {entry_id} is no decision that could be reversed: {TAKEN_BACK_BY.get(shown['kind'], _ELSE)}"
        )
    if journal.is_reversed(tx.connection, shown["key"]):
        who = acts.say_who(tx.connection, f"entry {entry_id}", "entry.reversed")
        raise Refused(f"Entry {entry_id} is reversed already{who}; an entry of its own says so.")
    loss = next(line for line in shown["lines"] if line["debit"])
    amount, _, currency = loss["debit"].partition(" ")
    partner = shown["key"].removeprefix(f"{KIND} ").partition("/")[0]
    found = claims.find_claim(tx.connection, partner, loss["reference"], currency)
    assert found is not None, f"entry {shown['key']} gave up a claim that there is not"
    return found, Money.of(amount, currency)


_ELSE = "it follows a document or another act, and is taken back where that was made."
TAKEN_BACK_BY = {
    "remittance": "it follows what the payment says. Undo single lines of it: they wait in suspense again.",
    "correction": "it follows what the payment says. Undo single lines of it: they wait in suspense again.",
    "invoice": "it follows an invoice of ours, which a credit note takes back.",
    "credit-note": "it follows a credit note, which a new invoice takes back.",
    KIND: "it is itself the reversal of an entry.",
}
"""What takes back an entry of each kind that no reversal does."""


def _take_back(tx: Tx, entry_id: int, said: tuple[Person, str, str]) -> Money:
    person, proposed_by, reason = said
    found, _ = reversible(tx, entry_id)
    claims.load_claim(tx.connection, found.id, lock=True)
    _, amount = reversible(tx, entry_id)  # somebody may have been faster
    before = journal.load_entry(tx.connection, entry_id)
    heading = Heading(
        f"{before.key} undone",
        journal.first_open_day(tx.connection, tx.now.date()),
        f"Reversal of entry {entry_id}, {before.narration[0].lower()}{before.narration[1:]}: {reason}",
        ZEROS,
        before.key,
    )
    placements = _other_signs(before, found)
    entry = post_placements(heading, placements)
    journal.append_entries(tx.connection, [Posted(entry, placements, KIND, person.name)], tx.now)
    claims.add_lost(tx.connection, found.id, -amount.minor)
    balance = claims.load_claim(tx.connection, found.id)
    assert balance is not None
    note_changed(tx, Changed(found.partner, (), (), (), [balance]))
    after = {"minor": amount.minor, "currency": amount.currency, "reason": reason, "proposed_by": proposed_by}
    record_deed(tx.connection, tx.now, person, Deed("entry.reversed", f"entry {entry_id}", {"key": before.key}, after))
    return amount


def _other_signs(before: JournalEntry, claim: ClaimBalance) -> tuple[Placement, ...]:
    """The line that the claim had lost names it: its story is told by such lines."""
    placed = [
        Placement(0, line.account, -line.amount.minor, line.amount.currency, line.reference, claim.type)
        for line in before.lines
    ]
    return tuple(
        replace(each, claim=claim.claim) if each.minor > 0 else replace(each, invoice=claim.invoice) for each in placed
    )
