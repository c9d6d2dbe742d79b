"""Lines of the journal as a table, of the entries that a filter leaves, however many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.storage.invoices import invoices
from trueup.storage.journal import journal_entries, journal_lines, journal_sums
from trueup.storage.remittances import remittance_lines, remittances
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.journal import EntryFilter, sums_wanted, wanted_entries
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

_AT_ONCE = 5000


def page_lines(connection: sa.Connection, wanted: EntryFilter, at: str, limit: int = ROWS) -> Paged:
    """Lines, the latest first: of the days and kind of a filter, and of its account, currency and side those alone. Each with its
    place in the document that it follows from. Raises Invalid for a place that is none."""
    entry, line = journal_entries.c, journal_lines.c
    query = (
        sa.select(entry.id, entry.day, entry.kind, entry.narration, entry.evidence, entry.remittance_id)
        .add_columns(line.number, line.account, line.minor, line.currency, line.reference, line.type, line.rule)
        .add_columns(line.source_line, line.claim, line.case_key, invoices.c.number.label("invoice"))
        .add_columns(invoices.c.partner, _told_line.c.place, _told_line.c.evidence.label("told_in"))
        .select_from(_joined())
        .where(*_narrowed(wanted))
    )
    return fetch_page(connection, query, Order((entry.day, entry.id, line.number), descending=True), at, limit)


def growing_lines(wanted: EntryFilter) -> Growing:
    """The same as a list that grows by entries, each of whose lines is counted."""
    of_entry = journal_lines.join(journal_entries, journal_lines.c.entry_id == journal_entries.c.id)
    return GrowingRows(
        sa.select(journal_entries.c.id).select_from(of_entry).where(*_narrowed(wanted)), journal_entries.c.id
    )


def sum_lines(connection: sa.Connection, wanted: EntryFilter) -> list[dict[str, Any]]:
    """What those lines come to, by currency: how many, debits, credits, and what is between them: nothing for whole entries."""
    entry, sums = journal_entries.c, journal_sums.c
    debits = sa.func.coalesce(sa.func.sum(sums.minor).filter(sums.debit), 0)
    credits_ = sa.func.coalesce(-sa.func.sum(sums.minor).filter(~sums.debit), 0)
    query = (
        sa.select(sums.currency, sa.func.sum(sums.lines).label("lines"), debits.label("debits"))
        .add_columns(credits_.label("credits"))
        .join_from(journal_sums, journal_entries, entry.id == sums.entry_id)
        .where(*_days(wanted), *sums_wanted(wanted))
        .group_by(sums.currency)
        .order_by(sums.currency)
    )
    return [
        {
            "currency": row.currency,
            "lines": int(row.lines),
            "debits": str(Money(int(row.debits), row.currency)),
            "credits": str(Money(int(row.credits), row.currency)),
            "balance": str(Money(int(row.debits - row.credits), row.currency)),
            "balanced": row.debits == row.credits,
        }
        for row in connection.execute(query)
    ]


_told_line = remittance_lines.alias("told")


def _joined() -> Any:
    """Lines with their entry, the invoice that they are about, and the line of a payment that they follow from."""
    entry, line = journal_entries.c, journal_lines.c
    # An adjustment inside a line stands where that does.
    number = sa.case((line.source_line < 0, (-line.source_line - 1) // 100), else_=line.source_line)
    of_line = sa.and_(
        _told_line.c.remittance_id == remittances.c.id,
        _told_line.c.source == remittances.c.source,
        _told_line.c.number == number,
    )
    joined = journal_lines.join(journal_entries, line.entry_id == entry.id)
    joined = joined.outerjoin(invoices, invoices.c.id == line.invoice_id)
    return joined.outerjoin(remittances, remittances.c.id == entry.remittance_id).outerjoin(_told_line, of_line)


def _narrowed(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    return [*_days(wanted), *_of_account(wanted), *_of_lines(wanted)]


def _of_account(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    return [journal_lines.c.account.in_(wanted.account.split(","))] if wanted.account is not None else []


def _of_lines(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    """The currency and the side that lines are to have; and the account, where those alone are wanted."""
    line, found = journal_lines.c, _of_account(wanted) if wanted.alone else []
    if wanted.currency is not None:
        found.append(line.currency == wanted.currency)
    if wanted.side is not None:
        found.append(line.minor > 0 if wanted.side == "debit" else line.minor < 0)
    return found


def _days(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    entry, found = journal_entries.c, list[sa.ColumnElement[bool]]()
    if wanted.since is not None:
        found.append(entry.day >= wanted.since)
    if wanted.until is not None:
        found.append(entry.day <= wanted.until)
    if wanted.kind is not None:
        found.append(entry.kind == wanted.kind)
    return found


def count_lines(connection: sa.Connection, wanted: EntryFilter) -> int:
    """How many lines they have."""
    entry = wanted_entries(wanted).subquery("e")
    query = sa.select(sa.func.count()).join_from(entry, journal_lines, journal_lines.c.entry_id == entry.c.id)
    query = query.where(*_of_lines(wanted))
    return int(connection.execute(query).scalar_one())


def stream_lines(connection: sa.Connection, wanted: EntryFilter) -> Iterator[Any]:
    """Every line by day and entry: entry, day, kind, what, account, amount, what it rests on.

    Memory stays bounded. Nothing else may use the connection meanwhile.
    """
    entry, line = wanted_entries(wanted).subquery("e"), journal_lines.c
    of_line = (line.account, line.minor, line.currency, line.reference, line.type, line.rule)
    query = (
        sa.select(*(entry.c[name] for name in ("id", "day", "kind", "narration")), *of_line, entry.c.evidence)
        .join_from(entry, journal_lines, line.entry_id == entry.c.id)
        .where(*_of_lines(wanted))
        .order_by(entry.c.day, entry.c.id, line.number)
    )
    yield from connection.execute(query, execution_options={"yield_per": _AT_ONCE})
