"""Declare stock: counts of products that no shop counts, from a warehouse's file or a person's own count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trueup.base.errors import Invalid
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.take_in_counts import DECLARED, KIND, Declared, declare_counts
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Said:
    """By whom counts were proposed that a second person lets in, and when: they are of then."""

    by: str
    at: datetime


def declare_stock(
    tx: Tx, content: bytes, person: Person, proposed: Said | None = None, day: Mapping[str, Any] | None = None
) -> Declared:
    """Take archived counts in, whole or not at all: eaches on hand, goods reserved or claimed for orders among them.

    What orders hold that are closed by now is not among them: it ends with this count, but not with one that was proposed before.
    Whether it takes two is asked in `limit_counts` and `adjust_stock`; `day`: what its act keeps for the day of its
    person's counts.

    Raises Unreadable when it is no such table, Refused without a role that may.
    """
    demand_role(person, "stock.declare")
    done = declare_counts(tx, content, proposed.at if proposed else None)
    if done.taken:
        after = {
            **done.sums,
            **({"proposed_by": proposed.by} if proposed else {}),
            **(day or {}),
        }
        record_deed(tx.connection, tx.now, person, Deed(DECLARED, KIND, None, after, done.digest))
    return done


def count_of(sku: str | None, location: str | None, on_hand: int | None) -> bytes:
    """One count as the file that says it. Raises Invalid when something is missing."""
    if not sku or not location or on_hand is None:
        raise Invalid("Expected a file of counts, or --sku, --location and --on-hand together.")
    return write_stock_counts([Count(sku, location, on_hand)])
