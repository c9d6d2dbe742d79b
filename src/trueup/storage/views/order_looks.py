"""How often the buyer was asked how an order stands, and what it showed: most looks show what the one before did."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.storage.documents import REFERENCE, documents

LOOK = "status.read"
MOST_LOOKS = 200
"""So many are told of, the latest; the archive keeps all of them."""


def status_name(partner: str, number: str) -> str:
    """By which name the archive keeps what a buyer shows of an order."""
    return f"status of {partner} {number}.json"


def list_looks(connection: sa.Connection, partner: str, number: str) -> list[dict[str, Any]]:
    """The latest looks, as events of the order's story, the oldest first; `unchanged`: the same bytes as the one before."""
    known, wanted = REFERENCE.format("name"), REFERENCE.format(":name")
    query = (
        sa.select(documents.c.received_at, documents.c.digest)
        .where(sa.text(f"{known} = {wanted}").bindparams(name=status_name(partner, number)))
        .where(documents.c.name != sa.literal_column("''"), documents.c.kind == "status")
        .order_by(documents.c.id.desc())
        .limit(MOST_LOOKS)
    )
    looks, before = [], ""
    for at, digest in reversed(connection.execute(query).all()):
        details = {"unchanged": digest == before}
        about = f"order {partner}/{number}"
        looks.append({"at": at, "who": "trueup", "what": LOOK, "about": about, "details": details, "evidence": digest})
        before = digest
    return looks
