"""The bank in the database: statements as they were told, every movement once, and which movement is which payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.bank import BankLine, Statement, meant_references
from trueup.storage.bulk import copy_rows
from trueup.storage.schema import metadata

bank_statements = sa.Table(
    "bank_statements",
    metadata,
    sa.Column("evidence", sa.CHAR(64), primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("opening_minor", sa.BigInteger),
    sa.Column("closing_minor", sa.BigInteger),
    sa.Column("until", sa.Date),
    sa.Column("line_count", sa.Integer, nullable=False),
    sa.Column("arrived_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
bank_lines = sa.Table(
    "bank_lines",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("value_on", sa.Date, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("names", ARRAY(sa.Text), nullable=False),
    sa.Column("bank_reference", sa.Text, nullable=False),
    sa.Column("payer", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("uq_bank_lines_key", "key", unique=True),
    sa.Index("ix_bank_lines_booked", "booked_on", "id"),
)
bank_ties = sa.Table(
    "bank_ties",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("payments", ARRAY(sa.Text), nullable=False),
    sa.Column("lines", ARRAY(sa.Text), nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("tied_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_bank_ties_payments", "payments", postgresql_using="gin"),
    sa.Index("ix_bank_ties_lines", "lines", postgresql_using="gin"),
)
BY_PERSON = "person"
"""The rule of a tie that a person made: it stands, whatever arrives."""
_LINE = "key account booked_on value_on minor currency names bank_reference payer text place evidence".split()


@dataclass(frozen=True, slots=True)
class TakenStatements:
    """What became of a document: statements that are new, movements that are new, known, or known and now told more fully."""

    statements: int = 0
    new: int = 0
    same: int = 0
    fuller: int = 0


@dataclass(frozen=True, slots=True)
class Tie:
    """Which payments (`partner/number`) are which lines (by key). `rule` says what made it, `actor` who."""

    payments: tuple[str, ...]
    lines: tuple[str, ...]
    rule: str
    why: str
    actor: str


@dataclass(frozen=True, slots=True)
class Covered:
    """From when to when an account is known: its first movement, and the last day any statement of it covers."""

    account: str
    currency: str
    since: date
    until: date


def lock_bank(connection: sa.Connection) -> None:
    """Whoever takes movements in or ties them does it alone: what is tied depends on all there is."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('bank', 5))"))


def take_in_statements(
    connection: sa.Connection, statements: Sequence[Statement], *, evidence: str, now: datetime
) -> TakenStatements:
    """Save what is new. A movement told twice is one, with all that either telling says of it, in whatever order they come."""
    known = {(row.account, row.place) for row in connection.execute(_OF_DOCUMENT, {"document": evidence})}
    fresh = [(place, each) for place, each in enumerate(statements, 1) if (each.account, place) not in known]
    copy_rows(
        connection,
        "bank_statements",
        [column.name for column in bank_statements.columns],
        (_statement_row(evidence, place, each, now) for place, each in fresh),
    )
    told: dict[str, tuple[BankLine, str]] = {}
    for statement in statements:
        for line in statement.lines:
            told[line.key] = _joined(told.get(line.key), (line, evidence))
    before = _find(connection, told)
    new = {key: each for key, each in told.items() if key not in before}
    copy_rows(connection, "bank_lines", _LINE, (_line_row(each) for each in new.values()))
    fuller = {key: joined for key, was in before.items() if (joined := _joined(was, told[key])) != was}
    for line, source in fuller.values():
        values = dict(zip(_LINE, _line_row((line, source)), strict=True))
        connection.execute(sa.update(bank_lines).where(bank_lines.c.key == line.key).values(**values))
    return TakenStatements(len(fresh), len(new), len(before) - len(fuller), len(fuller))


_OF_DOCUMENT = sa.select(bank_statements.c.account, bank_statements.c.place).where(
    bank_statements.c.evidence == sa.bindparam("document")
)


def _joined(one: tuple[BankLine, str] | None, other: tuple[BankLine, str]) -> tuple[BankLine, str]:
    """Two tellings of one movement as one: the same whichever came first."""
    if one is None:
        line, source = other
        return replace(line, references=tuple(sorted(line.references))), source
    (mine, source), (theirs, further) = one, other

    def fullest(*texts: str) -> str:
        return max(texts, key=lambda text: (len(text), text))

    source, place = min((source, mine.place), (further, theirs.place))
    line = replace(
        mine,
        value_on=min(mine.value_on, theirs.value_on),
        references=meant_references(sorted({*mine.references, *theirs.references})),
        bank_reference=fullest(mine.bank_reference, theirs.bank_reference),
        payer=fullest(mine.payer, theirs.payer),
        text=fullest(mine.text, theirs.text),
        place=place,
    )
    return line, source


def _find(connection: sa.Connection, keys: Iterable[str]) -> dict[str, tuple[BankLine, str]]:
    rows = connection.execute(sa.select(bank_lines).where(bank_lines.c.key == sa.func.any(list(keys)))).mappings()
    return {row["key"]: (line_of(row), row["evidence"]) for row in rows}


def load_bank_lines(connection: sa.Connection) -> list[BankLine]:
    """Every movement that no person has tied, each once in whatever formats it was told."""
    chosen = sa.select(sa.func.unnest(bank_ties.c.lines)).where(bank_ties.c.rule == BY_PERSON)
    by_person = set(connection.execute(chosen).scalars())
    rows = connection.execute(sa.select(bank_lines).order_by(bank_lines.c.key)).mappings().all()
    return [line_of(row) for row in _without_echoes(rows) if row["key"] not in by_person]


def load_untied_lines(connection: sa.Connection, number: str) -> list[BankLine]:
    """The movements without a tie whose text or references may name a payment by its number, each once; the domain decides."""
    plain = "".join(sign for sign in number.upper() if sign.isalnum())
    rows = connection.execute(_MAY_NAME, {"number": plain}).mappings().all()
    return [line_of(row) for row in _without_echoes(rows)]


_MAY_NAME = sa.text(
    "SELECT * FROM trueup.bank_lines l WHERE position(:number IN"
    " regexp_replace(upper(l.text || ' ' || array_to_string(l.names, ' ')), '[^[:alnum:]]', '', 'g')) > 0"
    " AND NOT EXISTS (SELECT 1 FROM trueup.bank_ties t WHERE t.lines @> ARRAY[l.key]) ORDER BY l.key"
)


def _without_echoes(rows: Sequence[Mapping[Any, Any]]) -> Iterator[Mapping[Any, Any]]:
    """Without movements that a poorer document tells again: of one account, day and amount, and without the bank's reference.

    Online banking's CSV has none where CAMT has one. What stands in one document twice is two movements.
    """
    named: defaultdict[tuple[Any, ...], list[str]] = defaultdict(list)
    bare: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for row in rows:
        what = (row["account"], row["booked_on"], row["minor"], row["currency"])
        if row["bank_reference"]:
            named[what].append(row["evidence"])
        else:
            bare[what].add(row["evidence"])
    richer = {what: [each for each in found if each not in bare[what]] for what, found in named.items()}
    for row in rows:
        twins = richer.get((row["account"], row["booked_on"], row["minor"], row["currency"]), [])
        if row["bank_reference"] or not twins:
            yield row
        else:
            twins.pop()


def find_bank_line(connection: sa.Connection, number: int) -> BankLine:
    """A movement by its number in `trueup bank lines`. Raises NotFound."""
    row = connection.execute(sa.select(bank_lines).where(bank_lines.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No bank line {number} is known; `trueup bank lines` shows them.")
    return line_of(row)


def covered_accounts(connection: sa.Connection) -> list[Covered]:
    """Every account that has a movement, and from when to when it is known."""
    return [Covered(row.account, row.currency, row.since, row.until) for row in connection.execute(_COVERED)]


_COVERED = sa.text(
    "SELECT l.account, l.currency, min(l.booked_on) AS since, greatest(max(l.booked_on), (SELECT max(s.until)"
    " FROM trueup.bank_statements s WHERE s.account = l.account AND s.currency = l.currency)) AS until"
    " FROM trueup.bank_lines l GROUP BY l.account, l.currency ORDER BY l.account, l.currency"
)


def load_ties(connection: sa.Connection) -> dict[int, Tie]:
    """All ties by id."""
    rows = connection.execute(sa.select(bank_ties)).mappings()
    return {
        row["id"]: Tie(tuple(row["payments"]), tuple(row["lines"]), row["rule"], row["why"], row["actor"])
        for row in rows
    }


def replace_ties(connection: sa.Connection, wanted: Iterable[Tie], now: datetime) -> int:
    """The ties that no person made become these; those that stay keep their day. Returns how many came or went."""
    left = {tie: number for number, tie in load_ties(connection).items() if tie.rule != BY_PERSON}
    fresh = [tie for tie in dict.fromkeys(wanted) if left.pop(tie, None) is None]
    connection.execute(sa.delete(bank_ties).where(bank_ties.c.id == sa.func.any(list(left.values()))))
    save_ties(connection, fresh, now)
    return len(fresh) + len(left)


def save_ties(connection: sa.Connection, ties: Iterable[Tie], now: datetime) -> None:
    """Add ties as they are."""
    rows = ((list(tie.payments), list(tie.lines), tie.rule, tie.why, tie.actor, now) for tie in ties)
    copy_rows(connection, "bank_ties", ("payments", "lines", "rule", "why", "actor", "tied_at"), rows)


def drop_tie(connection: sa.Connection, tie_id: int) -> Tie:
    """Forget what a person tied; returns what it was. Raises NotFound."""
    tie = load_ties(connection).get(tie_id)
    if tie is None or tie.rule != BY_PERSON:
        raise NotFound(
            f"No person made a tie {tie_id}; `trueup bank ties` shows them, and others follow what is known."
        )
    connection.execute(sa.delete(bank_ties).where(bank_ties.c.id == tie_id))
    return tie


def line_of(row: Mapping[Any, Any]) -> BankLine:
    """A row as a movement."""
    return BankLine(
        account=row["account"],
        booked_on=row["booked_on"],
        value_on=row["value_on"],
        amount=Money(row["minor"], row["currency"]),
        references=tuple(row["names"]),
        bank_reference=row["bank_reference"],
        payer=row["payer"],
        text=row["text"],
        place=row["place"],
        key=row["key"],
    )


def _line_row(told: tuple[BankLine, str]) -> tuple[Any, ...]:
    line, evidence = told
    return (
        line.key,
        line.account,
        line.booked_on,
        line.value_on,
        line.amount.minor,
        line.amount.currency,
        list(line.references),
        line.bank_reference,
        line.payer,
        line.text,
        line.place,
        evidence,
    )


def _statement_row(evidence: str, place: int, statement: Statement, now: datetime) -> tuple[Any, ...]:
    return (
        evidence,
        statement.account,
        place,
        statement.number,
        statement.currency,
        statement.opening.minor if statement.opening is not None else None,
        statement.closing.minor if statement.closing is not None else None,
        statement.until,
        len(statement.lines),
        now,
    )
