"""What was made of a document: everything that carries its hash as the evidence of what it says."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.storage.acts import acts
from trueup.storage.cases import cases
from trueup.storage.decisions import decisions
from trueup.storage.deliveries import deliveries
from trueup.storage.orders import orders, revisions
from trueup.storage.products import listings, products
from trueup.storage.sales_orders import sales_orders
from trueup.storage.stock import stock

_NONE: sa.ColumnClause[str] = sa.literal_column("''")
"""What carries no evidence is in no index of evidence: said as a constant, so that the database sees it."""


def explain_document(connection: sa.Connection, digest: str, most: int | None = None) -> list[dict[str, Any]]:
    """Everything that carries the hash: what it is, which one, and what it says in short; of each kind `most` at most."""
    return [
        {"what": what, "which": row.which, "says": row.says or ""}
        for what, query in {**_of_orders(digest), **_of_goods(digest), **_of_people(digest)}.items()
        for row in connection.execute(query.limit(most))
    ]


def _of_orders(digest: str) -> dict[str, sa.Select[Any]]:
    key = orders.c.partner + "/" + orders.c.number
    revision = key + " revision " + sa.cast(revisions.c.revision, sa.Text)
    line = key + " line " + sa.cast(decisions.c.sequence, sa.Text)
    delivered = _numbered("delivery", deliveries.c.id)
    return {
        "order revision": _said(revision, sa.literal("received by ") + revisions.c.route)
        .join(orders, orders.c.id == revisions.c.order_id)
        .where(revisions.c.evidence == digest)
        .order_by(revisions.c.order_id, revisions.c.revision),
        "decision": _said(line, decisions.c.body["why"].astext)
        .join(orders, orders.c.id == decisions.c.order_id)
        .where(decisions.c.evidence == digest)
        .order_by(decisions.c.order_id, decisions.c.sequence, decisions.c.number),
        "delivery": _said(delivered, sa.func.concat_ws(", ", deliveries.c.kind, deliveries.c.state))
        .where(deliveries.c.digest == digest)
        .order_by(deliveries.c.id),
        "shop order": _said(key, sales_orders.c.proof)
        .join(orders, orders.c.id == sales_orders.c.order_id)
        .where(sales_orders.c.evidence == digest)
        .order_by(sales_orders.c.order_id),
    }


def _of_goods(digest: str) -> dict[str, sa.Select[Any]]:
    listing = sa.func.concat_ws(" ", listings.c.vendor_code, listings.c.sku)
    agreed = sa.func.concat_ws(" ", listings.c.asin, listings.c.cost, listings.c.currency)
    place = sa.func.concat_ws(" ", stock.c.sku, stock.c.location)
    return {
        "product": _said(products.c.sku, products.c.title)
        .where(products.c.evidence == digest)
        .order_by(products.c.sku),
        "listing": _said(listing, agreed)
        .where(listings.c.evidence == digest)
        .order_by(listings.c.vendor_code, listings.c.sku),
        "declared count": _said(place, sa.cast(stock.c.declared_on_hand, sa.Text) + " on hand")
        .where(stock.c.evidence == digest)
        .order_by(stock.c.sku, stock.c.location),
    }


def _of_people(digest: str) -> dict[str, sa.Select[Any]]:
    return {
        "case": _said(_numbered("case", cases.c.id), cases.c.title)
        .where(cases.c.evidence == digest, cases.c.evidence != _NONE)
        .order_by(cases.c.id),
        "act": _said(acts.c.subject, sa.func.concat_ws(" by ", acts.c.act, acts.c.actor))
        .where(acts.c.evidence == digest, acts.c.evidence != _NONE)
        .order_by(acts.c.id),
    }


def _said(which: sa.ColumnElement[Any], says: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(which.label("which"), says.label("says"))


def _numbered(what: str, number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.literal(f"{what} ") + sa.cast(number, sa.Text)
