"""Tie the bank: archived statements are read and taken in, and every payment is held against what really came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueup.base.errors import DocumentError, Unreadable
from trueup.checks import bank as bank_check
from trueup.domain.bank import Statement
from trueup.durable.tally import Tally
from trueup.formats.bank import bank_csv
from trueup.formats.document import Reading
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.storage import bank
from trueup.storage.bank import TakenStatements, Tie
from trueup.storage.proven_cases import Proven, replace_cases
from trueup.workflows.world import ACTOR, Tx

FORMATS = ("bank-csv", "bai2", "camt053", "mt940")
"""The formats whose documents are statements."""


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file of statements. `account`, `currency`: what rows of a CSV have that name neither."""

    content: bytes
    account: str = ""
    currency: str = ""


def read_bank_file(file: BankFile) -> Reading[Statement]:
    """The statements of a file. Raises Unreadable."""
    known = recognise(file.content[:HEAD_BYTES], known_formats())
    if known.name not in FORMATS:
        raise Unreadable(f"it is {known.title}, expected a bank statement (camt.053, MT940, BAI2 or CSV).")
    if known.name == bank_csv.FORMAT.name:
        reading: Reading[Any] = bank_csv.read_bank_csv(file.content, file.account, file.currency)
    else:
        reading = known.read(file.content)
    if any(not statement.account for statement in reading.values):
        raise Unreadable(
            "the file does not say of which account it is, and movements of two accounts must be told apart: "
            "import it with `trueup bank import FILE --account ACCOUNT`, always under the same name."
        )
    if not reading.values:
        first = f": {reading.errors[0]}" if reading.errors else "."
        raise Unreadable(f"no statement could be read of it{first}")
    return reading


def take_in_reading(tx: Tx, reading: Reading[Statement]) -> TakenStatements:
    """Save the statements of an archived file."""
    bank.lock_bank(tx.connection)
    taken = bank.take_in_statements(tx.connection, reading.values, evidence=reading.evidence, now=tx.now)
    keys = [line.key for statement in reading.values for line in statement.lines]
    became = {"new": taken.new, "known before": taken.same, "told more fully": taken.fuller}
    tx.count(Tally("movements", len(keys), {**became, "told twice": len(keys) - len(set(keys))}))
    return taken


def take_in_bank_file(tx: Tx, content: bytes) -> None:
    """A statement that came into a watched folder. Raises DocumentError for what cannot be read whole."""
    reading = read_bank_file(BankFile(content))
    if reading.errors:
        raise DocumentError(
            f"{len(reading.errors)} places could not be read, first {reading.errors[0]}; nothing of it was taken in. "
            "Import it with `trueup bank import`, which takes in what can be read."
        )
    take_in_reading(tx, reading)
    tie_bank(tx)


def tie_bank(tx: Tx) -> Proven:
    """Hold all payments against all movements; ties and cases become what is true now, whatever arrived in which order."""
    bank.lock_bank(tx.connection)
    ground = tx.resources.proof_ground(tx.connection, tx.now)
    compared = bank_check.compare(tx.connection, ground.bank)
    if compared is None:
        return Proven()
    ties = [
        Tie(
            tuple(f"{payment.partner}/{payment.number}" for payment in tied.payments),
            tuple(line.key for line in tied.lines),
            tied.rule.value,
            tied.why,
            ACTOR,
        )
        for tied in compared.matching.ties
    ]
    bank.replace_ties(tx.connection, ties, tx.now)
    drafts = bank_check.drafts_of(compared, ground)
    return replace_cases(tx.connection, bank_check.KINDS, drafts, why="bank and remittances agree now", now=tx.now)
