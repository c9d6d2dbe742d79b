"""The bank to look at: movements with the payment each is, accounts with how far they are known, ties."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.storage.bank import BY_PERSON, bank_lines, bank_ties, covered_accounts


def list_bank_lines(
    connection: sa.Connection,
    *,
    since: date | None = None,
    untied: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Movements, the latest first, from before one (by id): each with the payments it was tied to, and by what."""
    table = bank_lines.c
    query = sa.select(bank_lines).order_by(table.booked_on.desc(), table.id.desc()).limit(limit)
    if since is not None:
        query = query.where(table.booked_on >= since)
    if untied:
        query = query.where(table.key.not_in(sa.select(sa.func.unnest(bank_ties.c.lines))), table.minor > 0)
    if before is not None:
        last = sa.select(table.booked_on, table.id).where(table.id == before).scalar_subquery()
        query = query.where(sa.tuple_(table.booked_on, table.id) < last)
    rows = list(connection.execute(query).mappings())
    ties = _ties_of(connection, [row["key"] for row in rows])
    return [_line(row, ties.get(row["key"])) for row in rows]


def list_ties(connection: sa.Connection, *, by_person: bool = False, limit: int = 50) -> list[dict[str, Any]]:
    """Ties, the newest first; all, or those that persons made."""
    query = sa.select(bank_ties).order_by(bank_ties.c.id.desc()).limit(limit)
    if by_person:
        query = query.where(bank_ties.c.rule == BY_PERSON)
    return [
        {
            "id": row["id"],
            "payments": list(row["payments"]),
            "lines": list(row["lines"]),
            "rule": row["rule"],
            "why": row["why"],
            "by": row["actor"],
            "at": write_instant(row["tied_at"]),
        }
        for row in connection.execute(query).mappings()
    ]


def list_accounts(connection: sa.Connection) -> list[dict[str, Any]]:
    """Accounts with their movements, and from when to when they are known."""
    counts = {
        (row.account, row.currency): row.count
        for row in connection.execute(
            sa.select(bank_lines.c.account, bank_lines.c.currency, sa.func.count().label("count")).group_by(
                bank_lines.c.account, bank_lines.c.currency
            )
        )
    }
    return [
        {
            "account": each.account,
            "currency": each.currency,
            "known_since": each.since.isoformat(),
            "known_until": each.until.isoformat(),
            "lines": counts[each.account, each.currency],
        }
        for each in covered_accounts(connection)
    ]


def _ties_of(connection: sa.Connection, keys: list[str]) -> dict[str, Mapping[Any, Any]]:
    wanted = sa.cast(keys, sa.ARRAY(sa.Text))
    rows = connection.execute(sa.select(bank_ties).where(bank_ties.c.lines.overlap(wanted))).mappings()
    return {key: row for row in rows for key in row["lines"]}


def _line(row: Mapping[Any, Any], tie: Mapping[Any, Any] | None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "account": row["account"],
        "booked_on": row["booked_on"].isoformat(),
        "value_on": row["value_on"].isoformat(),
        "amount": str(Money(row["minor"], row["currency"])),
        "payer": row["payer"],
        "references": list(row["names"]),
        "text": row["text"].replace("\n", " "),
        "payments": list(tie["payments"]) if tie is not None else [],
        "rule": tie["rule"] if tie is not None else "",
        "why": tie["why"] if tie is not None else "",
        "key": row["key"],
        "evidence": row["evidence"],
        "place": row["place"],
    }
