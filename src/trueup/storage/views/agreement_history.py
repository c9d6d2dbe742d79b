"""What a change of an agreement is tried on: when orders were first answered, and what a vendor code was invoiced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.storage.decisions import answers
from trueup.storage.invoices import invoices
from trueup.storage.orders import Span


def first_answers(connection: sa.Connection, order_ids: Sequence[int], until: datetime) -> dict[int, datetime]:
    """When each of these orders was first answered; those that were not until an instant are not among them."""
    query = (
        sa.select(answers.c.order_id, sa.func.min(answers.c.first_at).label("first"))
        .where(
            answers.c.order_id == sa.any_(sa.cast(list(order_ids), sa.ARRAY(sa.BigInteger))),
            answers.c.first_at <= until,
        )
        .group_by(answers.c.order_id)
    )
    return {row.order_id: row.first for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice of ours, with its total."""

    id: int
    number: str
    issued_on: date
    total: Money


def invoices_within(connection: sa.Connection, partner: str, payee: str, span: Span) -> list[Invoiced]:
    """What a vendor code was invoiced in a span, the newest first; credit notes and what is of nothing left out."""
    table = invoices.c
    query = (
        sa.select(table.id, table.number, table.issued_on, table.total_minor, table.currency)
        .where(
            *(table.partner == partner, table.payee == payee, table.total_minor > 0),
            *(table.issued_on >= span.since.date(), table.taken_in_at <= span.until),
        )
        .order_by(table.issued_on.desc(), table.id.desc())
    )
    return [
        Invoiced(row.id, row.number, row.issued_on, Money(row.total_minor, row.currency))
        for row in connection.execute(query)
    ]
