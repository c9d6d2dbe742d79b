"""The journal to look at: entries, one entry with its lines, the balances of accounts, and what was exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.storage.journal import journal_entries, journal_sums
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page
from trueup.storage.views.remittances import documents_of


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list; None asks nothing. `until` is included. `account`: with a line on it, or on one of several
    with commas between; `currency`: with one in it; `side`: with a "debit" or a "credit", of that account and currency where they
    are said too. `kind`: what made them. `alone`: of their lines those of that account alone."""

    since: date | None = None
    until: date | None = None
    account: str | None = None
    kind: str | None = None
    currency: str | None = None
    side: str | None = None
    alone: bool = False


def list_entries(
    connection: sa.Connection, wanted: EntryFilter, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Entries, the latest first, from before one (by id), each with its debits by currency."""
    table = journal_entries.c
    query = wanted_entries(wanted).order_by(table.day.desc(), table.id.desc()).limit(limit)
    if before is not None:
        last = sa.select(table.day, table.id).where(table.id == before).scalar_subquery()
        query = query.where(sa.tuple_(table.day, table.id) < last)
    return _heads(connection, list(connection.execute(query).mappings()), wanted.currency)


def page_entries(connection: sa.Connection, wanted: EntryFilter, at: str, limit: int = ROWS) -> Paged:
    """The same by pages, forward and back. Raises Invalid for a place that is none."""
    order = Order((journal_entries.c.day, journal_entries.c.id), descending=True)
    paged = fetch_page(connection, wanted_entries(wanted), order, at, limit)
    return Paged(_heads(connection, paged.rows, wanted.currency), paged.before, paged.after)


def growing_entries(wanted: EntryFilter) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(wanted_entries(wanted), journal_entries.c.id)


def wanted_entries(wanted: EntryFilter) -> sa.Select[Any]:
    """The entries of a filter, as a query."""
    table, query = journal_entries.c, sa.select(journal_entries)
    if wanted.since is not None:
        query = query.where(table.day >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.day <= wanted.until)
    if wanted.kind is not None:
        query = query.where(table.kind == wanted.kind)
    if of_sums := sums_wanted(wanted):
        query = query.where(sa.exists().where(journal_sums.c.entry_id == table.id, *of_sums))
    return query


def sums_wanted(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    """What a filter asks of lines, asked of their sums."""
    sums, found = journal_sums.c, list[sa.ColumnElement[bool]]()
    if wanted.account is not None:
        found.append(sums.account.in_(wanted.account.split(",")))
    if wanted.currency is not None:
        found.append(sums.currency == wanted.currency)
    if wanted.side is not None:
        found.append(sums.debit == (wanted.side == "debit"))
    return found


def sum_entries(connection: sa.Connection, wanted: EntryFilter) -> list[dict[str, Any]]:
    """What all entries of a filter come to, by currency: how many, their lines, and their debits, which are their credits."""
    entry, sums = wanted_entries(wanted).subquery("e"), journal_sums.c
    query = (
        sa.select(
            sums.currency,
            sa.func.count(sums.entry_id.distinct()).label("entries"),
            sa.func.sum(sums.lines).label("lines"),
            sa.func.sum(sums.minor).filter(sums.debit).label("minor"),
        )
        .join_from(entry, journal_sums, sums.entry_id == entry.c.id)
        .where(*([sums.currency == wanted.currency] if wanted.currency is not None else []))
        .group_by(sums.currency)
        .order_by(sums.currency)
    )
    return [
        {
            "currency": row.currency,
            "entries": row.entries,
            "lines": int(row.lines),
            "debits": str(Money(int(row.minor), row.currency)),
        }
        for row in connection.execute(query)
    ]


def _heads(connection: sa.Connection, rows: Sequence[Mapping[Any, Any]], currency: str | None) -> list[dict[str, Any]]:
    sums = _sums(connection, [row["id"] for row in rows], currency)
    return [{**_head(row), **sums.get(row["id"], {})} for row in rows]


def _sums(connection: sa.Connection, ids: list[int], currency: str | None) -> dict[int, dict[str, Any]]:
    """The lines and the debits of entries by their ids: of a currency, or of all."""
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(_SUMS, {"ids": ids, "currency": currency}):
        sums = found.setdefault(row.entry_id, {"lines": 0, "debits": []})
        sums["lines"] += row.lines
        sums["debits"].append(str(Money(int(row.minor), row.currency)))
    return found


_SUMS = sa.text(
    "SELECT entry_id, currency, sum(lines)::bigint AS lines, sum(minor) FILTER (WHERE debit) AS minor FROM trueup.journal_sums"
    " WHERE entry_id = ANY(:ids) AND (CAST(:currency AS text) IS NULL OR currency = :currency)"
    " GROUP BY entry_id, currency ORDER BY entry_id, currency"
)


def find_entry(connection: sa.Connection, wanted: str) -> int:
    """The id of an entry by its id or key. Raises NotFound."""
    query = sa.select(journal_entries.c.id).where(journal_entries.c.key == wanted)
    found = connection.execute(query).scalar()
    if found is None and wanted.isdecimal() and len(wanted) < 19:
        query = sa.select(journal_entries.c.id).where(journal_entries.c.id == int(wanted))
        found = connection.execute(query).scalar()
    if found is None:
        raise NotFound(f"Entry {wanted!r}: no such entry; `trueup journal list` shows them.")
    return int(found)


def show_entry(connection: sa.Connection, entry_id: int) -> dict[str, Any]:
    """One entry with its lines in order, the document it follows from, and the exports it was in."""
    query = sa.select(journal_entries).where(journal_entries.c.id == entry_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Journal entry {entry_id}: there is none of that number.")
    names = documents_of(connection, [row["evidence"]])
    return {
        **_head(row),
        "reverses": row["reverses"] or None,
        "posted_at": write_instant(row["posted_at"]),
        "document": {"digest": row["evidence"], "name": names.get(row["evidence"], "")},
        "lines": [_line(line) for line in connection.execute(_LINES, {"entry": entry_id})],
        "totals": _totals(connection, entry_id),
        "reversed_by": connection.execute(_REVERSED_BY, {"key": f"{row['key']} undone"}).scalar(),
        "remittance": row["remittance_id"],
        "exports": [_given(given) for given in connection.execute(_GIVEN, {"entry": entry_id})],
    }


def last_entry(connection: sa.Connection) -> int:
    """The id of the newest entry, 0 without any."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(journal_entries.c.id), 0))).scalar_one())


def entries_after(connection: sa.Connection, entry_id: int, actor: str, *, limit: int = 50) -> list[dict[str, Any]]:
    """The entries after one that somebody posted, each with its lines."""
    table = journal_entries.c
    query = sa.select(table.id).where(table.id > entry_id, table.actor == actor).order_by(table.id).limit(limit)
    return [show_entry(connection, each) for each in connection.execute(query).scalars().all()]


def _totals(connection: sa.Connection, entry_id: int) -> list[dict[str, str]]:
    """Debits and credits by currency: equal, or the tables would have refused the entry."""
    rows = connection.execute(_TOTALS, {"entry": entry_id})
    return [
        {
            "currency": row.currency,
            "debits": str(Money(int(row.debits), row.currency)),
            "credits": str(Money(int(row.credits), row.currency)),
        }
        for row in rows
    ]


_TOTALS = sa.text(
    "SELECT currency, sum(greatest(minor, 0)) AS debits, sum(greatest(-minor, 0)) AS credits FROM trueup.journal_lines"
    " WHERE entry_id = :entry GROUP BY currency ORDER BY currency"
)
_REVERSED_BY = sa.text("SELECT id FROM trueup.journal_entries WHERE key = :key")
# Where a line of a payment stands in the document that told it; an adjustment inside a line stands where that does.
_LINES = sa.text(
    "SELECT l.*, i.number AS invoice, i.partner AS invoice_partner, i.purchase_order, rl.place,"
    " coalesce(rl.evidence, t.evidence) AS document FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id LEFT JOIN trueup.invoices i ON i.id = l.invoice_id"
    " LEFT JOIN trueup.remittances r ON r.id = e.remittance_id"
    " LEFT JOIN trueup.remittance_lines rl ON rl.remittance_id = r.id AND rl.source = r.source"
    " AND rl.number = CASE WHEN l.source_line < 0 THEN (-l.source_line - 1) / 100 ELSE l.source_line END"
    " LEFT JOIN trueup.remittance_tellings t ON t.remittance_id = r.id AND t.source = r.source"
    " WHERE l.entry_id = :entry ORDER BY l.number"
)
_GIVEN = sa.text(
    "SELECT x.export_id, x.target, e.exported_at, e.actor FROM trueup.exported_entries x"
    " JOIN trueup.exports e ON e.id = x.export_id WHERE x.entry_id = :entry ORDER BY x.export_id"
)


def _line(row: Any) -> dict[str, Any]:
    amount = Money(row.minor, row.currency)
    return {
        "number": row.number,
        "account": row.account,
        "debit": str(amount) if row.minor > 0 else None,
        "credit": str(-amount) if row.minor < 0 else None,
        "reference": row.reference,
        "source_line": row.source_line or None,
        "type": row.type,
        "invoice": row.invoice,
        "claim": row.claim,
        "rule": row.rule,
        "case": row.case_key,
        "partner": row.invoice_partner,
        "purchase_order": row.purchase_order or None,
        "document": row.document,
        "place": row.place or None,
    }


def _given(row: Any) -> dict[str, Any]:
    return {"export": row.export_id, "target": row.target, "at": write_instant(row.exported_at), "by": row.actor}


def load_balances(connection: sa.Connection, on: date | None = None) -> list[dict[str, Any]]:
    """Debits, credits and balance of every account that was posted to, by currency, at the end of a day or now."""
    rows = connection.execute(_BALANCES if on is None else _BALANCES_ON, {} if on is None else {"on": on})
    return [
        {
            "account": row.account,
            "currency": row.currency,
            "lines": int(row.lines),
            "debits": str(Money(int(row.debits), row.currency)),
            "credits": str(Money(int(row.credits), row.currency)),
            "balance": str(Money(int(row.debits - row.credits), row.currency)),
        }
        for row in rows
    ]


_SUM = (
    "SELECT s.account, s.currency, sum(s.lines) AS lines, coalesce(sum(s.minor) FILTER (WHERE s.debit), 0) AS debits,"
    " coalesce(-sum(s.minor) FILTER (WHERE NOT s.debit), 0) AS credits FROM trueup.journal_sums s"
)
_BY = " GROUP BY s.account, s.currency ORDER BY s.currency, s.account"
_BALANCES = sa.text(_SUM + _BY)
_BALANCES_ON = sa.text(f"{_SUM} JOIN trueup.journal_entries e ON e.id = s.entry_id WHERE e.day <= :on{_BY}")


def _head(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "key": row["key"],
        "day": row["day"].isoformat(),
        "kind": row["kind"],
        "narration": row["narration"],
        "actor": row["actor"],
    }
