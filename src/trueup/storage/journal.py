"""The journal in the database: entries and lines that are only ever appended, and months that are closed.

The tables refuse what the domain refuses: an entry that does not balance, a change, a day in a closed month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound, Refused
from trueup.base.money import Money
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.domain.settlement import Placement
from trueup.storage.bulk import copy_rows, reserve_ids
from trueup.storage.schema import metadata

journal_entries = sa.Table(
    "journal_entries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("narration", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("remittance_id", sa.BigInteger),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("reverses", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("uq_journal_entries_key", "key", unique=True),
    sa.Index("ix_journal_entries_day", "day", "id"),
    sa.Index("ix_journal_entries_remittance", "remittance_id"),
)
journal_lines = sa.Table(
    "journal_lines",
    metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("source_line", sa.Integer, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("invoice_id", sa.BigInteger),
    sa.Column("claim", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("case_key", sa.Text, nullable=False),
    sa.CheckConstraint("minor <> 0", name="of_something"),
    sa.Index("ix_journal_lines_invoice", "invoice_id", postgresql_where=sa.text("invoice_id IS NOT NULL")),
    sa.Index("ix_journal_lines_claim", "claim", postgresql_where=sa.text("claim <> ''")),
    sa.Index("ix_journal_lines_rule", "rule", postgresql_where=sa.text("left(rule, 5) = 'rule-'")),
    sa.Index(
        "ix_journal_lines_of_rule",
        sa.text("split_part(rule, ' '::text, 1)"),
        *("entry_id", "number"),
        postgresql_where=sa.text("left(rule, 5) = 'rule-'"),
    ),
)
journal_sums = sa.Table(
    "journal_sums",
    metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("currency", sa.CHAR(3), primary_key=True),
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("taken_back", sa.Boolean, primary_key=True),
    sa.Column("debit", sa.Boolean, primary_key=True),
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("payee", sa.Text, primary_key=True),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
)
"""An entry's lines summed up, by the database itself in the statement that appends them. `taken_back`: they take a line of a
payment back; `partner` and `payee`: of the invoices that they are about, else empty. Who wants a sum over years reads these."""
closed_months = sa.Table(
    "closed_months",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("closed_by", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.CheckConstraint("date_trunc('month', month::timestamp) = month", name="first_of_month"),
    sa.CheckConstraint("lower(closed_by) <> lower(approved_by)", name="two_persons"),
)
_ENTRY = "id key day narration kind remittance_id evidence reverses actor posted_at".split()
_LINE = "entry_id number account minor currency reference source_line type invoice_id claim rule case_key".split()


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry to be appended, with what each of its lines is about: as many placements as it has lines.

    `kind` says what made it: remittance, correction, invoice, write-off ... `remittance`: the id of the payment it belongs to.
    """

    entry: JournalEntry
    placements: Sequence[Placement]
    kind: str
    actor: str
    remittance: int | None = None


def append_entries(connection: sa.Connection, batch: Sequence[Posted], now: datetime) -> list[int]:
    """Append entries; returns their ids. Raises Refused for a day in a closed month; the same key twice is a defect."""
    if not batch:
        return []
    _demand_open(connection, {posted.entry.day for posted in batch})
    ids = reserve_ids(connection, "journal_entries", len(batch))
    entries = (
        (
            number,
            each.entry.key,
            each.entry.day,
            each.entry.narration,
            each.kind,
            each.remittance,
            each.entry.evidence,
            each.entry.reverses,
            each.actor,
            now,
        )
        for number, each in zip(ids, batch, strict=True)
    )
    copy_rows(connection, "journal_entries", _ENTRY, entries)
    copy_rows(connection, "journal_lines", _LINE, _lines(zip(ids, batch, strict=True)))
    return ids


def _lines(batch: Iterable[tuple[int, Posted]]) -> Iterable[tuple[Any, ...]]:
    for entry_id, posted in batch:
        pairs = zip(posted.entry.lines, posted.placements, strict=True)
        for number, (line, about) in enumerate(pairs, start=1):
            yield (
                entry_id,
                number,
                line.account,
                line.amount.minor,
                line.amount.currency,
                line.reference,
                about.line,
                about.type,
                about.invoice,
                about.claim,
                about.rule,
                about.case,
            )


def load_placements(connection: sa.Connection, remittance_id: int) -> list[Placement]:
    """What the books say of a payment now: the sum of all its entries, by what the lines are about."""
    rows = connection.execute(_PLACED, {"remittance": remittance_id})
    return [
        Placement(
            row.source_line,
            row.account,
            int(row.minor),
            row.currency,
            row.reference,
            row.type,
            row.invoice_id,
            row.claim,
            row.rule,
            row.case_key,
        )
        for row in rows
    ]


_PLACED = sa.text(
    "SELECT l.source_line, l.account, sum(l.minor) AS minor, l.currency, l.reference, l.type, l.invoice_id, l.claim,"
    " max(l.rule) AS rule, l.case_key FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " WHERE e.remittance_id = :remittance"
    " GROUP BY l.source_line, l.account, l.currency, l.reference, l.type, l.invoice_id, l.claim, l.case_key"
    " HAVING sum(l.minor) <> 0"
)


def closed(connection: sa.Connection, days: Collection[date]) -> set[date]:
    """Of these days those that are closed: months close in order, so all that is not after the last closed one."""
    latest = connection.execute(sa.select(sa.func.max(closed_months.c.month))).scalar()
    return {day for day in days if latest is not None and day.replace(day=1) <= latest}


def first_open_day(connection: sa.Connection, day: date) -> date:
    """The day itself, or the first day of the first month after it that is open."""
    while closed(connection, {day}):
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day


def find_entry(connection: sa.Connection, key: str) -> int:
    """The id of an entry by its key. Raises NotFound."""
    found = connection.execute(sa.select(journal_entries.c.id).where(journal_entries.c.key == key)).scalar()
    if found is None:
        raise NotFound(f"No entry {key!r} is in the journal.")
    return int(found)


def load_entry(connection: sa.Connection, entry_id: int) -> JournalEntry:
    """An entry as it was posted. Raises NotFound."""
    head = connection.execute(sa.select(journal_entries).where(journal_entries.c.id == entry_id)).one_or_none()
    if head is None:
        raise NotFound(f"Journal entry {entry_id}: there is none of that number.")
    own = journal_lines.c.entry_id == entry_id
    rows = connection.execute(sa.select(journal_lines).where(own).order_by(journal_lines.c.number))
    lines = tuple(
        JournalLine(row.account, Money(row.minor, row.currency), row.reference, row.rule, row.source_line or None)
        for row in rows
    )
    return JournalEntry(head.key, head.day, head.narration, lines, head.evidence, head.reverses)


def is_reversed(connection: sa.Connection, key: str) -> bool:
    """Whether an entry under this key was reversed by an entry of its own."""
    query = sa.select(journal_entries.c.id).where(journal_entries.c.key == f"{key} undone")
    return connection.execute(query).first() is not None


def count_entries(connection: sa.Connection, remittance_id: int) -> int:
    """How many entries a payment has."""
    query = sa.select(sa.func.count()).where(journal_entries.c.remittance_id == remittance_id)
    return int(connection.execute(query).scalar_one())


def _demand_open(connection: sa.Connection, days: Collection[date]) -> None:
    # Shared, so that a month is not closed between this look and the commit; closing takes the exclusive lock.
    connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": CLOSING_LOCK})
    if shut := closed(connection, days):
        months = ", ".join(sorted({f"{day:%Y-%m}" for day in shut}))
        raise Refused(f"The month {months} is closed: nothing is posted there; post on a day of an open month.")


CLOSING_LOCK = 0x7472756575700004
"""Held shared by who posts, alone by who closes a month."""
