"""Papers of claims in the database: which files people added to which claim, about which order and invoice. Rows are only added;
one that was taken back has a row that says by whom and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.domain.handed_in import Paper
from trueup.storage.schema import metadata

claim_papers = sa.Table(
    "claim_papers",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claims.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("day", sa.Date),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("purchase_order", sa.Text, nullable=False),
    sa.Column("invoice", sa.Text, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("added_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_claim_papers_claim", "claim_id", "id"),
)
claim_papers_taken_back = sa.Table(
    "claim_papers_taken_back",
    metadata,
    sa.Column("paper_id", sa.BigInteger, sa.ForeignKey("claim_papers.id"), primary_key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
)


@dataclass(frozen=True, slots=True)
class ClaimPaper:
    """A file that a person added to a claim: what it is, its own day where one was said, and about which order and invoice."""

    id: int
    claim: int
    kind: Paper
    day: date | None
    note: str
    name: str
    media: str
    digest: str
    purchase_order: str
    invoice: str
    by: str
    at: datetime


def append_paper(connection: sa.Connection, paper: ClaimPaper) -> ClaimPaper:
    """Add it; returns it under its number."""
    values = {
        "claim_id": paper.claim,
        "kind": paper.kind.value,
        **{
            name: getattr(paper, name)
            for name in ("day", "note", "name", "media", "digest", "purchase_order", "invoice")
        },
        "added_by": paper.by,
        "added_at": paper.at,
    }
    row = connection.execute(sa.insert(claim_papers).values(**values).returning(claim_papers)).mappings().one()
    return _paper(row)


def list_papers(connection: sa.Connection, claim: int) -> list[ClaimPaper]:
    """The papers of a claim, the oldest first, without those that were taken back."""
    gone = sa.select(claim_papers_taken_back.c.paper_id)
    query = sa.select(claim_papers).where(claim_papers.c.claim_id == claim, claim_papers.c.id.not_in(gone))
    return [_paper(row) for row in connection.execute(query.order_by(claim_papers.c.id)).mappings()]


def load_paper(connection: sa.Connection, number: int) -> ClaimPaper:
    """One paper, also when it was taken back. Raises NotFound."""
    row = connection.execute(sa.select(claim_papers).where(claim_papers.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"Paper {number}: no claim has one of that number.")
    return _paper(row)


def take_back(connection: sa.Connection, number: int, by: str, at: datetime) -> bool:
    """Note that it was taken back; False where it was already."""
    known = sa.select(claim_papers_taken_back.c.paper_id).where(claim_papers_taken_back.c.paper_id == number)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(sa.insert(claim_papers_taken_back).values(paper_id=number, by=by, at=at))
    return True


def taken_back_by(connection: sa.Connection, number: int) -> tuple[str, datetime]:
    """Who took it back, and when; it was."""
    query = sa.select(claim_papers_taken_back.c.by, claim_papers_taken_back.c.at)
    row = connection.execute(query.where(claim_papers_taken_back.c.paper_id == number)).one()
    return row.by, row.at


def submitted_with(connection: sa.Connection, paper: ClaimPaper) -> tuple[int, date] | None:
    """The first attempt whose pack has the paper: its number and day; None where none has."""
    row = connection.execute(_SUBMITTED, {"claim": paper.claim, "paper": paper.id}).first()
    return (row.number, row.submitted_on) if row is not None else None


_SUBMITTED = sa.text(
    "SELECT number, submitted_on FROM trueup.disputes WHERE claim_id = :claim AND :paper = ANY(papers) ORDER BY number LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class PaperChange:
    """That a paper was added to a claim, or taken back: its file's name, which of the two, by whom and when."""

    name: str
    added: bool
    by: str
    at: datetime

    def __str__(self) -> str:
        return f"A paper was {'added' if self.added else 'taken back'} at {write_instant(self.at)} by {self.by} ({self.name})"


def changes_from(connection: sa.Connection, claim: int, papers: Collection[int]) -> list[PaperChange]:
    """By what the papers of a claim differ from these: those that were added, and those that were taken back; the oldest first."""
    gone = claim_papers_taken_back
    query = sa.select(claim_papers, gone.c.by, gone.c.at).outerjoin(gone, gone.c.paper_id == claim_papers.c.id)
    rows = connection.execute(query.where(claim_papers.c.claim_id == claim)).all()
    added = [
        PaperChange(row.name, True, row.added_by, row.added_at)
        for row in rows
        if row.at is None and row.id not in papers
    ]
    taken = [PaperChange(row.name, False, row.by, row.at) for row in rows if row.at is not None and row.id in papers]
    return sorted([*added, *taken], key=lambda each: each.at)


def _paper(row: Mapping[Any, Any]) -> ClaimPaper:
    return ClaimPaper(
        row["id"],
        row["claim_id"],
        Paper(row["kind"]),
        row["day"],
        row["note"],
        row["name"],
        row["media"],
        row["digest"],
        row["purchase_order"],
        row["invoice"],
        row["added_by"],
        row["added_at"],
    )
