"""Charges in the database: what Amazon took that a rate may say, what was expected, and which payments were looked at.

Derived from the journal, invoices and terms: a payment's rows are replaced whenever it is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trueup.storage.bulk import among, copy_rows
from trueup.storage.schema import metadata

charges = sa.Table(
    "charges",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("marketplace", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("charged_minor", sa.BigInteger, nullable=False),
    sa.Column("expected_minor", sa.BigInteger),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("missing", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("term_id", sa.BigInteger),
    sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("(verdict = 'unrated') = (expected_minor IS NULL)", name="expected_or_unrated"),
    sa.CheckConstraint("(verdict = 'unrated') = (missing <> '')", name="missing_said"),
    sa.Index("ix_charges_verdict", "verdict", "partner", "kind"),
)
charge_checks = sa.Table(
    "charge_checks",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last_entry", sa.BigInteger, nullable=False),
)
RATE, BASE = "rate", "base"
"""What an unrated charge is missing: a rate, or what the rate is taken of."""
_COLUMNS = (
    "remittance_id line kind partner marketplace reference day currency charged_minor expected_minor verdict missing why term_id "
    "checked_at"
).split()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a line of a posted payment took. `kind`: the code of its type, or the column of an invoice's line it stands in.

    `minor`: positive. `invoices`: the ids of those it is booked about. `said`: all its words and references, by which the
    period or the order it is for may be named.
    """

    remittance: int
    line: int
    kind: str
    partner: str
    payment: str
    payee: str
    reference: str
    paid_on: date
    day: date
    currency: str
    minor: int
    said: str
    column: bool = False
    invoices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A charge and what it was found to be; `expected` None where it is unrated, then `missing` says for want of what."""

    taken: Taken
    marketplace: str
    expected: int | None
    verdict: str
    missing: str
    why: str
    term: int | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class Billed:
    """What some invoices come to: without tax, how many, and their units where every one of them has lines."""

    minor: int
    count: int
    units: int | None


def payments_to_check(connection: sa.Connection, partner: str, after: int, most: int, *, whole: bool) -> list[int]:
    """The next payments of a partner, by id: all of them, or those that were booked since they were checked, and those with a
    charge that invoices which came since may judge otherwise."""
    values = {"partner": partner, "after": after, "most": most, "whole": whole}
    return list(connection.execute(_TO_CHECK, values).scalars())


_TO_CHECK = sa.text(
    "SELECT r.id FROM trueup.remittances r LEFT JOIN trueup.charge_checks k ON k.remittance_id = r.id"
    " CROSS JOIN LATERAL (SELECT max(e.id) AS last FROM trueup.journal_entries e WHERE e.remittance_id = r.id) AS j"
    " WHERE r.partner = :partner AND r.id > :after AND j.last IS NOT NULL AND (:whole"
    " OR k.last_entry IS DISTINCT FROM j.last OR EXISTS (SELECT 1 FROM trueup.charges c WHERE c.remittance_id = r.id"
    " AND (c.verdict = 'overcharge' OR c.missing = 'base'))) ORDER BY r.id LIMIT :most"
)


def payments_since(connection: sa.Connection, since: date, until: datetime, most: int) -> tuple[list[int], int]:
    """The newest payments made since a day that are in the books and were known here at an instant, by id, so many at most; and
    how many older ones are left out."""
    found = list(connection.execute(_SINCE, {"since": since, "until": until}).scalars())
    return sorted(found[:most]), max(0, len(found) - most)


_SINCE = sa.text(
    "SELECT r.id FROM trueup.remittances r WHERE r.paid_on >= :since AND r.taken_in_at <= :until"
    " AND EXISTS (SELECT 1 FROM trueup.journal_entries e WHERE e.remittance_id = r.id) ORDER BY r.paid_on DESC, r.id DESC"
)


def load_taken(connection: sa.Connection, ids: Collection[int], kinds: Collection[str]) -> list[Taken]:
    """What lines of these payments took, of these types; and the discounts and taxes kept in columns of invoices' lines."""
    values = {"ids": list(ids), "kinds": list(kinds)}
    found = {_key(row): _taken(row, False) for row in connection.execute(_LINES, values).mappings()}
    for row in connection.execute(_IN_COLUMNS, values).mappings():
        column, line = _taken(row, True), found.get(_key(row))
        found[_key(row)] = column if line is None else replace(column, minor=column.minor + line.minor)
    return [found[key] for key in sorted(found)]


_OF_LINE = (
    "r.partner, r.payment, r.payee, r.paid_on, coalesce(l.invoice_day, r.paid_on) AS day, r.invoice_currency AS currency,"
    " l.reference, l.description, l.more, i.invoices"
)
# Which invoices each line of these payments is booked about; asked for all at once, for a payment may have thousands.
_ABOUT = (
    "WITH about AS MATERIALIZED (SELECT b.remittance_id, b.source_line, array_agg(b.invoice_id) AS invoices FROM"
    " (SELECT e.remittance_id, j.source_line, j.invoice_id FROM trueup.journal_entries e JOIN trueup.journal_lines j"
    " ON j.entry_id = e.id WHERE e.remittance_id = ANY(:ids) AND j.invoice_id IS NOT NULL"
    " GROUP BY e.remittance_id, j.source_line, j.invoice_id HAVING sum(j.minor) <> 0) AS b"
    " GROUP BY b.remittance_id, b.source_line) "
)
_WITH_ABOUT = " LEFT JOIN about i ON i.remittance_id = r.id AND i.source_line = l.number"
# What was carved out of a line is booked under a number below zero that holds the line's.
_LINES = sa.text(
    f"{_ABOUT}SELECT p.remittance_id, p.line, p.kind, p.minor, {_OF_LINE} FROM (SELECT e.remittance_id,"
    " j.source_line AS line, j.type AS kind, sum(j.minor) AS minor"
    " FROM trueup.journal_lines j JOIN trueup.journal_entries e ON e.id = j.entry_id"
    " WHERE e.remittance_id = ANY(:ids) AND j.source_line <> 0 AND j.type = ANY(:kinds)"
    " GROUP BY e.remittance_id, j.source_line, j.type HAVING sum(j.minor) > 0) AS p"
    " JOIN trueup.remittances r ON r.id = p.remittance_id"
    " JOIN trueup.remittance_lines l ON l.remittance_id = r.id AND l.source = r.source"
    f" AND l.number = CASE WHEN p.line > 0 THEN p.line ELSE (-p.line - 1) / 100 END{_WITH_ABOUT}"
)
_IN_COLUMNS = sa.text(
    f"{_ABOUT}SELECT r.id AS remittance_id, l.number AS line, c.kind, c.minor, {_OF_LINE}"
    " FROM trueup.remittances r JOIN trueup.remittance_lines l ON l.remittance_id = r.id AND l.source = r.source"
    f" CROSS JOIN LATERAL (VALUES ('quick-pay', l.discount), ('withholding', l.withheld)) AS c(kind, minor){_WITH_ABOUT}"
    " WHERE r.id = ANY(:ids) AND r.posting = 'posted' AND c.minor > 0"
)


def bill_of_period(connection: sa.Connection, taken: Taken, days: tuple[date, date]) -> Billed | None:
    """Our invoices of the charge's payee and currency that were issued from one day to another, both included; None without any.

    Credit notes of those days count against them: their totals are negative.
    """
    values = {
        "partner": taken.partner,
        "payee": taken.payee,
        "currency": taken.currency,
        "first": days[0],
        "last": days[1],
    }
    return _billed(connection, f"{_BILLED} AND i.issued_on BETWEEN :first AND :last", values)


def bill_of_orders(connection: sa.Connection, taken: Taken, names: Collection[str]) -> Billed | None:
    """Our invoices of the purchase orders that are among these words; None without any."""
    values = {"partner": taken.partner, "payee": taken.payee, "currency": taken.currency, "orders": list(names)}
    return _billed(connection, f"{_BILLED} AND i.purchase_order <> '' AND i.purchase_order = ANY(:orders)", values)


def bill_of_invoices(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[Billed, date]]:
    """Each of these invoices without tax, and the day it was issued."""
    rows = connection.execute(_BY_ID, {"ids": list(ids)})
    return {row.id: (Billed(row.minor, 1, row.units), row.issued_on) for row in rows}


_UNITS = "(SELECT sum((x ->> 'quantity')::bigint) FROM jsonb_array_elements(i.lines) AS x)"
_BILLED = (
    "SELECT sum(i.total_minor - i.tax_minor) AS minor, count(*) AS documents, CASE WHEN bool_and(jsonb_array_length(i.lines) > 0)"
    f" THEN sum({_UNITS}) END AS units FROM trueup.invoices i WHERE i.partner = :partner AND i.currency = :currency"
    " AND (CAST(:payee AS text) = '' OR i.payee = :payee)"
)
_BY_ID = sa.text(
    f"SELECT i.id, i.issued_on, i.total_minor - i.tax_minor AS minor, {_UNITS} AS units FROM trueup.invoices i"
    " WHERE i.id = ANY(:ids)"
)


def _billed(connection: sa.Connection, query: str, values: dict[str, Any]) -> Billed | None:
    row = connection.execute(sa.text(query), values).one()
    if not row.documents:
        return None
    return Billed(int(row.minor), int(row.documents), int(row.units) if row.units is not None else None)


def payments_named(connection: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    """Each of these payments as `partner/number`."""
    query = sa.text("SELECT id, partner || '/' || payment AS name FROM trueup.remittances WHERE id = ANY(:ids)")
    return {row.id: row.name for row in connection.execute(query, {"ids": list(ids)})} if ids else {}


def overcharged_before(connection: sa.Connection, ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Payment, line and kind of what was found too much when these payments were checked last."""
    query = sa.select(charges.c.remittance_id, charges.c.line, charges.c.kind).where(
        among(charges.c.remittance_id, ids), charges.c.verdict == "overcharge"
    )
    return [(row.remittance_id, row.line, row.kind) for row in connection.execute(query)]


def replace_charges(connection: sa.Connection, ids: Collection[int], judged: Sequence[Judged], now: datetime) -> None:
    """What the charges of these payments were found to be; the payments are checked up to their last entry."""
    connection.execute(sa.delete(charges).where(among(charges.c.remittance_id, ids)))
    rows = (
        (
            each.taken.remittance,
            each.taken.line,
            each.taken.kind,
            each.taken.partner,
            each.marketplace,
            each.taken.reference,
            each.taken.day,
            each.taken.currency,
            each.taken.minor,
            each.expected,
            each.verdict,
            each.missing,
            each.why,
            each.term,
            now,
        )
        for each in judged
    )
    copy_rows(connection, "charges", _COLUMNS, rows)
    connection.execute(_CHECKED, {"ids": list(ids)})


_CHECKED = sa.text(
    "INSERT INTO trueup.charge_checks (remittance_id, last_entry) SELECT remittance_id, max(id) FROM trueup.journal_entries"
    " WHERE remittance_id = ANY(:ids) GROUP BY remittance_id"
    " ON CONFLICT (remittance_id) DO UPDATE SET last_entry = excluded.last_entry"
)


def _key(row: Mapping[Any, Any]) -> tuple[int, int, str]:
    return row["remittance_id"], row["line"], row["kind"]


def _taken(row: Mapping[Any, Any], column: bool) -> Taken:
    references = (row["more"] or {}).get("references", {})
    return Taken(
        remittance=row["remittance_id"],
        line=row["line"],
        kind=row["kind"],
        partner=row["partner"],
        payment=row["payment"],
        payee=row["payee"],
        reference=row["reference"],
        paid_on=row["paid_on"],
        day=row["paid_on"] if column else row["day"],
        currency=row["currency"],
        minor=int(row["minor"]),
        said=" ".join([row["description"], *references.values()]),
        column=column,
        invoices=tuple(row["invoices"] or ()),
    )
