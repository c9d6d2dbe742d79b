"""Disputes in the database: every submission about a claim and what Amazon answered; and what our own outcomes teach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.errors import Conflict
from trueup.domain.deduction import Family
from trueup.domain.disputes import Attempt, DisputableClaim, Outcome
from trueup.domain.recovery import Experience
from trueup.storage.bulk import among
from trueup.storage.claims import TOLD, ClaimBalance, claims
from trueup.storage.invoices import invoices
from trueup.storage.schema import metadata

disputes = sa.Table(
    "disputes",
    metadata,
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claims.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("submitted_on", sa.Date, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.Text, nullable=False),
    sa.Column("open_minor", sa.BigInteger, nullable=False),
    sa.Column("given_minor", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("answered_on", sa.Date),
    sa.Column("won_minor", sa.BigInteger),
    sa.Column("answered_by", sa.Text),
    sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("papers", ARRAY(sa.BigInteger), nullable=False, server_default=sa.text("'{}'")),
    sa.Index(
        "ix_disputes_answered",
        *("answered_on", "claim_id", "number"),
        postgresql_where=sa.text("outcome IS NOT NULL"),
    ),
    sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name="answered_whole"),
    sa.CheckConstraint("(outcome IS NULL) = (won_minor IS NULL)", name="won_whole"),
)
"""`open_minor`, `given_minor`: what was disputed, and what had been given back by then: what is given later answers it.
`papers`: those of the pack that was submitted."""
dispute_sums = sa.Table(
    "dispute_sums",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("currency", sa.CHAR(3), primary_key=True),
    sa.Column("won", sa.BigInteger, nullable=False),
    sa.Column("lost", sa.BigInteger, nullable=False),
    sa.Column("claimed_minor", sa.BigInteger, nullable=False),
    sa.Column("won_minor", sa.BigInteger, nullable=False),
)
"""What came of the answered disputes of a partner in a family and a currency; kept by a trigger as outcomes are noted. `won`: how
many brought something, of which `claimed_minor` was disputed."""
staged_disputes = sa.Table(
    "staged_disputes",
    metadata,
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claims.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("open_minor", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("lacking", sa.Integer, nullable=False),
    sa.Column("staged_by", sa.Text, nullable=False),
    sa.Column("staged_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("papers", ARRAY(sa.BigInteger), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("exhibits", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("given_minor", sa.BigInteger, nullable=False, server_default="0"),
)
"""The pack that is ready for the attempt of that number: what somebody submits then. `open_minor`, `given_minor`: what was held
when it was made, and had been given back by then. `lacking`: how many pieces it lacks; `papers`, `exhibits`: which papers it has,
and the hash of all its originals ("": of one that was made before that was kept)."""


@dataclass(frozen=True, slots=True)
class SavedDispute:
    """An attempt, what was disputed by it, and what Amazon had given back of the claim by then."""

    attempt: Attempt
    open_minor: int
    given_minor: int


@dataclass(frozen=True, slots=True)
class Staged:
    """A pack that is ready for an attempt, and not submitted by that: what was held when it was made, how many pieces it lacks,
    which papers that people added it has, the hash of all its originals ("" where that is not known), and what had come back."""

    number: int
    open_minor: int
    digest: str
    name: str
    lacking: int
    by: str
    at: datetime
    papers: tuple[int, ...] = ()
    exhibits: str = ""
    given_minor: int = 0


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A claim that may be contested: its balance, the invoice it is about with the day it was due, and what was tried."""

    balance: ClaimBalance
    invoice: str
    due_on: date | None
    disputes: tuple[SavedDispute, ...]

    @property
    def claim(self) -> DisputableClaim:
        """As disputes see it."""
        attempts = tuple(each.attempt for each in self.disputes)
        family = Family(self.balance.claim.partition("/")[0])
        return DisputableClaim(
            family, self.balance.open, self.balance.first_on, self.due_on, attempts, self.balance.lost
        )


def save_attempt(
    connection: sa.Connection, balance: ClaimBalance, said: SavedDispute, now: datetime, papers: Collection[int]
) -> None:
    """Note a submission, with the papers of its pack. Raises Conflict when that attempt is there: someone else was faster."""
    attempt = said.attempt
    done = connection.execute(
        sa.select(disputes.c.number).where(disputes.c.claim_id == balance.id, disputes.c.number == attempt.number)
    ).first()
    if done is not None:
        raise Conflict(f"Claim {balance.claim}: attempt {attempt.number} was noted meanwhile; look at it again.")
    connection.execute(
        sa.insert(disputes).values(
            claim_id=balance.id,
            number=attempt.number,
            submitted_on=attempt.submitted_on,
            reference=attempt.reference,
            submitted_by=attempt.by,
            open_minor=said.open_minor,
            given_minor=said.given_minor,
            noted_at=now,
            papers=sorted(papers),
        )
    )


def save_outcome(connection: sa.Connection, claim_id: int, attempt: Attempt, by: str) -> None:
    """Note what Amazon answered to an attempt. Raises Conflict when an answer is noted already."""
    changed = connection.execute(
        sa.update(disputes)
        .where(disputes.c.claim_id == claim_id, disputes.c.number == attempt.number, disputes.c.outcome.is_(None))
        .values(
            outcome=attempt.outcome.value if attempt.outcome else None,
            answered_on=attempt.answered_on,
            won_minor=attempt.won,
            answered_by=by,
        )
    )
    if not changed.rowcount:
        raise Conflict(f"Claim {claim_id}: an answer to attempt {attempt.number} is noted already.")


def save_staged(connection: sa.Connection, claim_id: int, staged: Staged) -> None:
    """Note the pack of an attempt; one that is made anew takes the place of the one before."""
    values = {
        "open_minor": staged.open_minor,
        "digest": staged.digest,
        "name": staged.name,
        "lacking": staged.lacking,
        "staged_by": staged.by,
        "staged_at": staged.at,
        "papers": list(staged.papers),
        "exhibits": staged.exhibits,
        "given_minor": staged.given_minor,
    }
    insert = postgresql.insert(staged_disputes).values(claim_id=claim_id, number=staged.number, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["claim_id", "number"], set_=values))


def load_staged(connection: sa.Connection, claim_id: int) -> list[Staged]:
    """The packs of a claim's attempts, by number."""
    query = sa.select(staged_disputes).where(staged_disputes.c.claim_id == claim_id).order_by(staged_disputes.c.number)
    return [
        Staged(
            *(row.number, row.open_minor, row.digest, row.name, row.lacking, row.staged_by, row.staged_at),
            *(tuple(row.papers), row.exhibits, row.given_minor),
        )
        for row in connection.execute(query)
    ]


def load_recoverables(
    connection: sa.Connection,
    types: Collection[str],
    *,
    partner: str | None = None,
    claim_id: int | None = None,
    ids: Collection[int] | None = None,
) -> list[Recoverable]:
    """Claims of these deduction types of which something is open, was disputed or was given up; of `ids`, those that there are."""
    query = (
        sa.select(*TOLD, invoices.c.number.label("invoice_number"), invoices.c.due_on)
        .select_from(claims.outerjoin(invoices, invoices.c.id == claims.c.invoice_id))
        .where(claims.c.type.in_(list(types)))
        .order_by(claims.c.id)
    )
    if claim_id is not None:
        query = query.where(claims.c.id == claim_id)
    elif ids is not None:
        query = query.where(among(claims.c.id, ids))
    else:
        query = query.where(IS_LISTED)
    if partner is not None:
        query = query.where(claims.c.partner == partner)
    rows = connection.execute(query).mappings().all()
    attempts = _attempts(connection, [row["id"] for row in rows])
    return [
        Recoverable(
            ClaimBalance(
                id=row["id"],
                partner=row["partner"],
                claim=row["claim"],
                currency=row["currency"],
                taken=row["taken_minor"],
                given=row["given_minor"],
                lost=row["lost_minor"],
                type=row["type"],
                invoice=row["invoice_id"],
                first_on=row["first_on"],
                last_on=row["last_on"],
            ),
            row["invoice_number"] or "",
            row["due_on"],
            tuple(attempts.get(row["id"], ())),
        )
        for row in rows
    ]


IS_LISTED = sa.literal_column(
    "(trueup.claims.open_minor > 0 OR trueup.claims.lost_minor > 0 OR trueup.claims.attempts > 0)", sa.Boolean
)
"""As an index has it: something is open, was given up, or was disputed."""


def load_experiences(connection: sa.Connection) -> dict[Family, Experience]:
    """What came of our own disputes, by family of claims."""
    rows = connection.execute(_EXPERIENCE)
    return {Family(row.family): Experience(row.won, row.lost, int(row.claimed or 0), int(row.got or 0)) for row in rows}


_EXPERIENCE = sa.text(
    "SELECT family, sum(won)::bigint AS won, sum(lost)::bigint AS lost, sum(claimed_minor) AS claimed, sum(won_minor) AS got"
    " FROM trueup.dispute_sums GROUP BY family"
)


def _attempts(connection: sa.Connection, ids: Collection[int]) -> dict[int, list[SavedDispute]]:
    found: dict[int, list[SavedDispute]] = {}
    query = sa.select(disputes).where(among(disputes.c.claim_id, ids)).order_by(disputes.c.number)
    for row in connection.execute(query).mappings():
        attempt = Attempt(
            number=row["number"],
            submitted_on=row["submitted_on"],
            reference=row["reference"],
            by=row["submitted_by"],
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            answered_on=row["answered_on"],
            won=row["won_minor"],
        )
        found.setdefault(row["claim_id"], []).append(SavedDispute(attempt, row["open_minor"], row["given_minor"]))
    return found
