"""Proofs in the database: what carriers, warehouses and the buyer confirmed about our goods. Each once; they never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.ids import digest_of_json
from trueup.domain.invoices import normal_reference
from trueup.domain.proofs import Proof, ProofKind
from trueup.storage.bulk import copy_rows
from trueup.storage.json_values import to_json
from trueup.storage.schema import metadata

proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("identity", sa.CHAR(64), nullable=False),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("purchase_order", sa.Text, nullable=False),
    sa.Column("invoice", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("quantity", sa.BigInteger),
    sa.Column("carrier", sa.Text, nullable=False),
    sa.Column("tracking", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("uq_proofs_identity", "identity", unique=True),
    sa.Index("ix_proofs_order", "partner", "purchase_order", postgresql_where=sa.text("purchase_order <> ''")),
    sa.Index("ix_proofs_tracking", "tracking", postgresql_where=sa.text("tracking <> ''")),
    sa.Index("ix_proofs_invoice", "partner", "reference", postgresql_where=sa.text("reference <> ''")),
)
_COPIED = (
    "identity partner kind day purchase_order invoice reference sku quantity carrier tracking document evidence taken_in_at"
).split()


@dataclass(frozen=True, slots=True)
class SavedProof:
    """A proof, who it concerns, and the document it stands in."""

    id: int
    partner: str
    proof: Proof
    evidence: str


def take_in_proofs(
    connection: sa.Connection, partner: str, batch: Sequence[Proof], *, evidence: str, now: datetime
) -> tuple[int, int]:
    """Save those that are new; returns how many were new and how many known. Told by two files, a proof is one."""
    by_identity = {_identity(partner, proof): proof for proof in batch}
    known = set(
        connection.execute(
            sa.select(proofs.c.identity).where(proofs.c.identity == sa.func.any(list(by_identity)))
        ).scalars()
    )
    fresh = {identity: proof for identity, proof in by_identity.items() if identity not in known}
    rows = (
        (
            identity,
            partner,
            proof.kind.value,
            proof.day,
            proof.purchase_order,
            proof.invoice,
            normal_reference(proof.invoice),
            proof.sku,
            proof.quantity,
            proof.carrier,
            proof.tracking,
            proof.document,
            evidence,
            now,
        )
        for identity, proof in fresh.items()
    )
    copy_rows(connection, "proofs", _COPIED, rows)
    return len(fresh), len(batch) - len(fresh)


def find_proofs(
    connection: sa.Connection, partner: str, *, purchase_order: str = "", invoice: str = ""
) -> list[SavedProof]:
    """What proves an order, or an invoice however its number is written, the earliest first; what names either counts."""
    about = []
    if purchase_order:
        about.append(proofs.c.purchase_order == purchase_order)
    if invoice:
        about.append(proofs.c.reference == normal_reference(invoice))
    if not about:
        return []
    query = sa.select(proofs).where(proofs.c.partner == partner, sa.or_(*about)).order_by(proofs.c.day, proofs.c.id)
    return [saved_proof(row) for row in connection.execute(query).mappings()]


def saved_proof(row: Mapping[Any, Any]) -> SavedProof:
    """A row as a proof."""
    proof = Proof(
        kind=ProofKind(row["kind"]),
        day=row["day"],
        purchase_order=row["purchase_order"],
        invoice=row["invoice"],
        sku=row["sku"],
        quantity=row["quantity"],
        carrier=row["carrier"],
        tracking=row["tracking"],
        document=row["document"],
    )
    return SavedProof(row["id"], row["partner"], proof, row["evidence"])


def _identity(partner: str, proof: Proof) -> str:
    return digest_of_json([partner, to_json(proof)])
