"""A big book, loaded rather than settled: a year of payments goes the whole path, and its rows are copied under new numbers.

Each copy has what its original has: invoices and what is open of them, payments with every telling and line, claims, entries and
their lines, what waits in suspense, and its cases. The number of a copy stands before the first long number of a reference, so
that `RW26-002571SC` becomes `RW26-17002571SC`: invoices, the claims about them and their reversals still find each other, and
every line is still read as what it is. A case about a form of lines is shared by all copies, as it would be.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import sqlalchemy as sa

from bench.remittance_worker import Desk
from trueup.simulation.remittances.causes import MARKETS
from trueup.simulation.remittances.history import INVOICES, remittance_files, write_history

_APART = 10_000_000
"""Ids of copy n are those of the original plus n times this."""
_NUMBERED = """
CREATE FUNCTION pg_temp.copied(said text, n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN said ~ '^[0-9]{4}-[0-9]{10}$' THEN said ELSE regexp_replace(said, '([0-9]{6,})', n || '\\1') END
$$
"""
_ID, _TEXT = f"{{}} + n * {_APART}", "pg_temp.copied({}, n)"
_TABLES: tuple[tuple[str, dict[str, str]], ...] = (
    ("invoices", dict.fromkeys(("number", "reference", "purchase_order"), _TEXT) | {"id": _ID}),
    ("open_invoices", {"invoice_id": _ID}),
    ("remittances", {"id": _ID, "payment": _TEXT}),
    ("remittance_tellings", {"remittance_id": _ID}),
    ("remittance_lines", {"remittance_id": _ID, "reference": _TEXT}),
    ("line_answers", {"remittance_id": _ID}),
    ("claims", {"id": _ID, "claim": _TEXT, "invoice_id": _ID}),
    (
        "suspense",
        {
            "remittance_id": _ID,
            "subject": _TEXT,
            "reference": _TEXT,
            "stems": "ARRAY(SELECT pg_temp.copied(s, n) FROM unnest(stems) AS s)",
        },
    ),
    ("journal_entries", {"id": _ID, "key": _TEXT, "reverses": _TEXT, "remittance_id": _ID}),
    ("journal_lines", {"entry_id": _ID, "invoice_id": _ID} | dict.fromkeys(("reference", "claim", "case_key"), _TEXT)),
    ("cases", {"id": _ID, "subject": _TEXT}),
)
_OWN_CASES = "WHERE pg_temp.copied(subject, n) <> subject"
_GROUPS = """
DELETE FROM trueup.suspense_groups;
INSERT INTO trueup.suspense_groups (kind, subject, currency, lines, minor)
SELECT kind, subject, min(currency), count(*), sum(minor) FROM trueup.suspense GROUP BY kind, subject
"""
_SHARED_CASES = """
UPDATE trueup.cases SET risk_minor = risk_minor * :whole WHERE state = 'open' AND pg_temp.copied(subject, 1) = subject
"""


def load_book(url: str, folder: Path, lines: int) -> dict[str, int]:
    """Books of about so many lines of payments over twelve months; how many rows there are of each kind, and copies.

    `folder`: where the files of the original are written; an eighth of the usual pace of payments.
    """
    truth = write_history(folder, 1, 12, Fraction(1, 8))
    desk = Desk(url, tuple(market.partner for market in MARKETS))
    for path in sorted((folder / INVOICES).iterdir()):
        desk.bill(path)
    for path, partner in remittance_files(folder):
        desk.settle(path, partner)
    for partner in desk.world.partners:
        desk.reconcile(partner)
    copies = lines // truth.told_lines
    with desk.database.transaction() as connection:
        connection.execute(sa.text(_NUMBERED))
        for table, changed in _TABLES:
            connection.execute(sa.text(_copying(connection, table, changed)), {"copies": copies})
        connection.exec_driver_sql(_GROUPS)
        connection.execute(sa.text(_SHARED_CASES), {"whole": copies + 1})
    with desk.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        tables = ("journal_lines", "remittance_lines", "remittances", "invoices", "claims", "suspense", "cases")
        counts = {
            name: connection.execute(sa.text(f"SELECT count(*) FROM trueup.{name}")).scalar_one() for name in tables
        }
    desk.close()
    return {**counts, "copies": copies}


def _copying(connection: sa.Connection, table: str, changed: dict[str, str]) -> str:
    query = sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'trueup' AND table_name = :table"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position"
    )
    columns = list(connection.execute(query, {"table": table}).scalars())
    listed = ", ".join(columns)
    chosen = ", ".join(changed.get(each, "{}").format(each) for each in columns)
    own = _OWN_CASES if table == "cases" else ""
    return (
        f"INSERT INTO trueup.{table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {chosen} FROM trueup.{table}"
        f" CROSS JOIN generate_series(1, CAST(:copies AS int)) AS n {own}"
    )
