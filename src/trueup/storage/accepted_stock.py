"""What channels took from us, noted on the publications: counts, holds, and how long what changed had waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.storage.publications import publications


@dataclass(frozen=True, slots=True)
class AcceptedStock:
    """What a channel has taken from us for a product at a place: a count, a hold, or both.

    `believed` is what it holds now; `published` what it was told in all, less what it was told is gone; `based_at` is when a
    count was stated anew, None where it was only lowered.
    """

    sku: str
    location: str
    believed: int | None
    counted_at: datetime | None
    held: int | None
    why: str
    published: int | None = None
    gone: int | None = None
    based_at: datetime | None = None


_NEW_BASE: sa.BindParameter[Any] = sa.bindparam("new_based_at", type_=sa.TIMESTAMP(timezone=True))
_ACCEPT = (
    sa.update(publications)
    .where(
        publications.c.channel == sa.bindparam("of_channel"),
        publications.c.sku == sa.bindparam("of_sku"),
        publications.c.location == sa.bindparam("of_location"),
    )
    .values(
        believed=sa.func.coalesce(sa.bindparam("new_believed", type_=sa.BigInteger), publications.c.believed),
        published=sa.func.coalesce(sa.bindparam("new_published", type_=sa.BigInteger), publications.c.published),
        gone=sa.func.coalesce(sa.bindparam("new_gone", type_=sa.BigInteger), publications.c.gone),
        based_at=sa.func.coalesce(_NEW_BASE, publications.c.based_at),
        counted_at=sa.func.coalesce(
            sa.bindparam("new_counted_at", type_=sa.TIMESTAMP(timezone=True)), publications.c.counted_at
        ),
        held=sa.func.coalesce(sa.bindparam("new_held", type_=sa.BigInteger), publications.c.held),
        # Stated anew, it is read back before anything is said of it.
        doubted_since=sa.case((_NEW_BASE.is_not(None), None), else_=publications.c.doubted_since),
        should_show=sa.case((_NEW_BASE.is_not(None), None), else_=publications.c.should_show),
        why=sa.bindparam("new_why"),
        accepted_at=sa.bindparam("at"),
        delay=sa.bindparam("at", type_=sa.TIMESTAMP(timezone=True))
        - sa.bindparam("since", type_=sa.TIMESTAMP(timezone=True)),
    )
)


def note_accepted(
    connection: sa.Connection, channel: str, accepted: Sequence[tuple[AcceptedStock, datetime]], now: datetime
) -> None:
    """The channel took these; each with since when it was waiting, which makes its delay."""
    rows = [
        {
            "of_channel": channel,
            "of_sku": each.sku,
            "of_location": each.location,
            "new_believed": each.believed,
            "new_counted_at": each.counted_at,
            "new_held": each.held,
            "new_published": each.published,
            "new_gone": each.gone,
            "new_based_at": each.based_at,
            "new_why": each.why,
            "at": now,
            "since": since,
        }
        for each, since in accepted
    ]
    if rows:
        connection.execute(_ACCEPT, rows)
