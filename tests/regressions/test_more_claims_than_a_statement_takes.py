"""PostgreSQL takes 65,535 values in a statement, and a busy vendor has more open claims: what can be recovered was not shown."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.storage.claims import claims
from trueup.storage.database import Database
from trueup.storage.disputes import load_recoverables
from trueup.storage.invoices import load_invoices

MANY = 70_000


def test_a_hundred_thousand_open_claims_are_shown(database: Database) -> None:
    """All of them, and as many invoices are looked up at once."""
    with database.transaction() as connection:
        given = ", ".join(f"'{value}'" for value in ("amazon-us", "USD", "shortage", "2026-10-01", "2026-10-01"))
        connection.execute(
            sa.text(
                f"INSERT INTO trueup.{claims.name} (claim, partner, currency, type, first_on, last_on, taken_minor, given_minor,"
                f" lost_minor) SELECT 'shortage/' || n, {given}, 100, 0, 0 FROM generate_series(1, {MANY}) AS n"
            )
        )
        assert len(load_recoverables(connection, ["shortage"])) == MANY
        assert load_invoices(connection, range(MANY)) == {}
