"""Readings: what was kept word for word of a document when it was taken in, and the documents that answer it or that it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.domain.orders import PurchaseOrder
from trueup.domain.remittances import Remittance
from trueup.storage.deliveries import deliveries
from trueup.storage.json_values import from_json
from trueup.storage.orders import orders, revisions
from trueup.storage.remittances import load_remittance, remittance_tellings, remittances


@dataclass(frozen=True, slots=True)
class Kept:
    """A value as it was read then: what it is called, the partner it was read for, and where it is seen."""

    name: str
    partner: str
    href: str
    value: PurchaseOrder | Remittance


def load_kept(connection: sa.Connection, digest: str, most: int) -> list[Kept]:
    """The order revisions and the payments that a document told, `most` of each at most."""
    told = (
        sa.select(orders.c.partner, orders.c.number, revisions.c.revision, revisions.c.body)
        .join(orders, orders.c.id == revisions.c.order_id)
        .where(revisions.c.evidence == digest)
        .order_by(revisions.c.order_id, revisions.c.revision)
    )
    found = [
        Kept(
            f"order {row.number} revision {row.revision}",
            row.partner,
            f"/orders/{row.partner}/{row.number}",
            from_json(row.body, PurchaseOrder),
        )
        for row in connection.execute(told.limit(most))
    ]
    paid = (
        sa.select(remittances.c.id, remittances.c.partner, remittances.c.payment)
        .join(remittance_tellings, remittance_tellings.c.remittance_id == remittances.c.id)
        .where(remittance_tellings.c.evidence == digest)
        .order_by(remittances.c.id)
    )
    for row in connection.execute(paid.limit(most)):
        for telling in load_remittance(connection, row.id).tellings.values():
            if telling.evidence == digest:
                name, href = f"payment {row.payment}", f"/remittances/{row.id}"
                found.append(Kept(name, row.partner, href, telling.remittance))
    return found


def list_counterparts(connection: sa.Connection, digest: str) -> list[dict[str, Any]]:
    """The answers to the orders that a document told, or the documents whose orders it answers; the newest first."""
    answers = (
        sa.select(deliveries.c.id, deliveries.c.kind, deliveries.c.state, deliveries.c.digest, orders.c.number)
        .join(
            revisions,
            sa.and_(revisions.c.order_id == deliveries.c.order_id, revisions.c.revision == deliveries.c.revision),
        )
        .join(orders, orders.c.id == deliveries.c.order_id)
        .where(revisions.c.evidence == digest)
    )
    answered = (
        sa.select(
            deliveries.c.id,
            sa.literal("order").label("kind"),
            sa.literal("answered").label("state"),
            revisions.c.evidence.label("digest"),
            orders.c.number,
        )
        .join(
            revisions,
            sa.and_(revisions.c.order_id == deliveries.c.order_id, revisions.c.revision == deliveries.c.revision),
        )
        .join(orders, orders.c.id == deliveries.c.order_id)
        .where(deliveries.c.digest == digest)
    )
    query = sa.union_all(answers, answered).order_by(sa.desc("id")).limit(20)
    return [
        {**row, "digest": str(row["digest"])} for row in connection.execute(query).mappings() if row["digest"] != digest
    ]
