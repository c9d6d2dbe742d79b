"""Claims in the database: one row a chain, with what Amazon took, gave back, and still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.storage.bulk import among, array_text, text_array
from trueup.storage.schema import metadata

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("claim", sa.Text, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("taken_minor", sa.BigInteger, nullable=False),
    sa.Column("given_minor", sa.BigInteger, nullable=False),
    sa.Column("lost_minor", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("invoice_id", sa.BigInteger),
    sa.Column("first_on", sa.Date, nullable=False),
    sa.Column("last_on", sa.Date, nullable=False),
    sa.Column("family", sa.Text, sa.Computed("split_part(claim, '/', 1)", persisted=True), nullable=False),
    sa.Column(
        "open_minor",
        sa.BigInteger,
        sa.Computed("taken_minor - given_minor - lost_minor", persisted=True),
        nullable=False,
    ),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("dispute_until", sa.Date),
    sa.Index("uq_claims_chain", "partner", "claim", "currency", unique=True),
    sa.Index(
        "ix_claims_open",
        "partner",
        "first_on",
        postgresql_where=sa.text("taken_minor <> given_minor + lost_minor"),
    ),
    sa.Index(
        "ix_claims_disputable",
        *("family", "currency", "dispute_until", "open_minor", "id"),
        postgresql_include=("type",),
        postgresql_where=sa.text("dispute_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_claims_disputable_of_partner",
        *("partner", "family", "currency", "dispute_until", "open_minor", "id"),
        postgresql_include=("type",),
        postgresql_where=sa.text("dispute_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_claims_settled",
        sa.text("coalesce(dispute_until, '0001-01-01'::date)"),
        "id",
        postgresql_where=sa.text("open_minor > 0 OR lost_minor > 0 OR attempts > 0"),
    ),
)
"""`attempts` and `dispute_until` are kept by triggers (decision 0039): how often a claim was disputed, and the last day on which it
can be (again), whatever day it is; null where nothing is open, an answer is waited for, or there is no further attempt."""
TOLD = tuple(claims.c[:11])
"""What people and payments said of a claim; the rest is worked out of it."""


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """What lines of payments changed about a chain: taken from us, given back; both zero or more unless taken back."""

    taken: int
    given: int
    type: str
    invoice: int | None
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class ClaimBalance:
    """A chain after a change: `open` is what Amazon still holds of us; negative when it gave back more than it took."""

    id: int
    partner: str
    claim: str
    currency: str
    taken: int
    given: int
    lost: int
    type: str
    invoice: int | None
    first_on: date
    last_on: date

    @property
    def open(self) -> int:
        """Taken, less given back, less given up by us."""
        return self.taken - self.given - self.lost


def add_to_claims(
    connection: sa.Connection, partner: str, changes: Mapping[tuple[str, str], ClaimChange]
) -> list[ClaimBalance]:
    """Add changes to chains, by (claim, currency); returns the chains as they stand then. Sums know no order."""
    if not changes:
        return []
    ordered = sorted(changes.items())
    keys, moved = [key for key, _ in ordered], [change for _, change in ordered]
    rows = connection.execute(
        _UPSERT,
        {
            "partner": partner,
            "claims": text_array(claim for claim, _ in keys),
            "currencies": text_array(currency for _, currency in keys),
            "taken": array_text(each.taken for each in moved),
            "given": array_text(each.given for each in moved),
            "types": text_array(each.type for each in moved),
            "invoices": array_text(each.invoice for each in moved),
            "firsts": array_text(each.first_on for each in moved),
            "lasts": array_text(each.last_on for each in moved),
        },
    )
    return [_balance(row) for row in rows]


_UPSERT = sa.text(
    "INSERT INTO trueup.claims AS c (partner, claim, currency, taken_minor, given_minor, lost_minor, type, invoice_id,"
    " first_on, last_on) SELECT :partner, n.claim, n.currency, n.taken, n.given, 0, n.type, n.invoice, n.first_on, n.last_on"
    " FROM unnest(CAST(:claims AS text[]), CAST(:currencies AS text[]), CAST(:taken AS bigint[]), CAST(:given AS bigint[]),"
    " CAST(:types AS text[]), CAST(:invoices AS bigint[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]))"
    " AS n(claim, currency, taken, given, type, invoice, first_on, last_on)"
    " ON CONFLICT (partner, claim, currency) DO UPDATE SET taken_minor = c.taken_minor + excluded.taken_minor,"
    " given_minor = c.given_minor + excluded.given_minor, invoice_id = coalesce(c.invoice_id, excluded.invoice_id),"
    " first_on = least(c.first_on, excluded.first_on), last_on = greatest(c.last_on, excluded.last_on)"
    f" RETURNING {', '.join(f'c.{column.name}' for column in TOLD)}"
)


def load_claim(connection: sa.Connection, claim_id: int, *, lock: bool = False) -> ClaimBalance | None:
    """A chain by its id, locked to be changed, or None."""
    query = sa.select(*TOLD).where(claims.c.id == claim_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _balance(row) if row is not None else None


def find_claim(connection: sa.Connection, partner: str, claim: str, currency: str) -> ClaimBalance | None:
    """A chain by its name, or None."""
    query = sa.select(*TOLD).where(claims.c.partner == partner, claims.c.claim == claim, claims.c.currency == currency)
    row = connection.execute(query).one_or_none()
    return _balance(row) if row is not None else None


def claims_about(connection: sa.Connection, invoices: Collection[int]) -> list[ClaimBalance]:
    """Every chain about these invoices, by their ids."""
    query = sa.select(*TOLD).where(among(claims.c.invoice_id, invoices)).order_by(claims.c.id)
    return [_balance(row) for row in connection.execute(query)]


def add_lost(connection: sa.Connection, claim_id: int, minor: int) -> None:
    """Note what we gave up of a claim."""
    connection.execute(sa.update(claims).where(claims.c.id == claim_id).values(lost_minor=claims.c.lost_minor + minor))


def _balance(row: Iterable[Any]) -> ClaimBalance:
    return ClaimBalance(*row)  # the fields stand in the order of the columns
