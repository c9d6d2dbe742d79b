"""Import bank statements, and tie by hand: what a person does about the bank, and the record that they did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trueup.base.errors import Conflict, Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.formats.document import Finding
from trueup.storage import bank, remittances
from trueup.storage.bank import BY_PERSON, TakenStatements, Tie
from trueup.storage.proven_cases import Proven
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.tie_bank import BankFile, read_bank_file, take_in_reading, tie_bank
from trueup.workflows.world import Tx

KIND = "bank-statement"


@dataclass(frozen=True, slots=True)
class ImportedBank:
    """What an import came to: what was new of it, how the bank stands against all payments, and what was found in the file."""

    digest: Digest
    format: str
    taken: TakenStatements
    tied: int
    proven: Proven
    findings: tuple[Finding, ...] = field(default=())


def import_bank(tx: Tx, file: BankFile, person: Person) -> ImportedBank:
    """Take an archived file of statements in and tie what it shows. The same again changes nothing.

    Raises Unreadable when it holds no statement or does not say of which account, Refused without a role that may.
    """
    demand_role(person, "bank.import")
    reading = read_bank_file(file)
    taken = take_in_reading(tx, reading)
    proven = tie_bank(tx)
    after = {"new": taken.new, "known": taken.same + taken.fuller}
    deed = Deed("bank.import", f"document {reading.evidence}", after=after, evidence=reading.evidence)
    record_deed(tx.connection, tx.now, person, deed)
    tied = len(bank.load_ties(tx.connection))
    return ImportedBank(reading.evidence, reading.format, taken, tied, proven, reading.findings)


def tie_by_hand(tx: Tx, payments: Sequence[str], lines: Sequence[int], person: Person, note: str) -> Tie:
    """A person says which payments (`partner/number`) are which bank lines (by id). It stands, whatever arrives later.

    Sums that differ need a note that says why. Raises NotFound, Refused (role, no note), Conflict when another person's tie
    has one of them.
    """
    demand_role(person, "bank.tie")
    bank.lock_bank(tx.connection)
    booked = [bank.find_bank_line(tx.connection, number) for number in lines]
    told = [_payment(tx, name) for name in payments]
    sums = {amount.currency: Money.zero(amount.currency) for amount in (*told, *(line.amount for line in booked))}
    for amount in told:
        sums[amount.currency] -= amount
    for line in booked:
        sums[line.amount.currency] += line.amount
    apart = [amount for amount in sums.values() if amount]
    if apart and not note.strip():
        raise Refused(
            f"The bank lines are {' and '.join(map(str, apart))} away from the payments; say why with --because, for example a "
            "charge of the bank."
        )
    tie = Tie(tuple(payments), tuple(line.key for line in booked), BY_PERSON, note.strip(), person.name)
    for known in bank.load_ties(tx.connection).values():
        if known.rule == BY_PERSON and ({*known.payments} & {*tie.payments} or {*known.lines} & {*tie.lines}):
            raise Conflict(
                f"{' and '.join(known.payments)} was tied to {' and '.join(known.lines)} by {known.actor} already; "
                "take that back with `trueup bank untie` first."
            )
    bank.save_ties(tx.connection, [tie], tx.now)
    after = {"payments": list(tie.payments), "lines": list(tie.lines), "note": note}
    record_deed(tx.connection, tx.now, person, Deed("bank.tie", " and ".join(tie.payments), after=after))
    tie_bank(tx)
    return tie


def untie(tx: Tx, tie_id: int, person: Person) -> Tie:
    """Take back what a person tied; what can be tied by itself is. Raises NotFound, Refused."""
    demand_role(person, "bank.tie")
    bank.lock_bank(tx.connection)
    tie = bank.drop_tie(tx.connection, tie_id)
    before = {"payments": list(tie.payments), "lines": list(tie.lines), "note": tie.why}
    record_deed(tx.connection, tx.now, person, Deed("bank.untie", " and ".join(tie.payments), before=before))
    tie_bank(tx)
    return tie


def _payment(tx: Tx, name: str) -> Money:
    partner, _, number = name.partition("/")
    return remittances.find_remittance(tx.connection, partner, number).remittance.amount
