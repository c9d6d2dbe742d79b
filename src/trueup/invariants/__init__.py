"""Invariants: what must always be true, each a sentence, proven by statements over whole tables, with the rows that break it.

Not a check: a check compares two sources and its differences are work; a broken invariant is a defect of Trueup or a hand in its
tables, so it is one case for an administrator, and a red light for everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Ground

MOST_ROWS = 20
"""Of the rows that break an invariant so many are named; all are counted."""
DAYS = 30
"""How far back invariants about deadlines look: what was missed before is history, and would keep a light red for ever."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One row that breaks it. `about` and `name` say what it is (an `order` by partner/number, an `entry` by its id ...)."""

    about: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A number that was compared with its neighbours, as it is shown: a count, or money such as "12.40 EUR"."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One look: how much was looked at, the numbers that were compared, how many rows break it, and the first of these."""

    looked: int
    sums: tuple[Sum, ...]
    broken: int
    rows: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement. `title`: what is true, in a sentence; `why`: what it protects from; `how`: the query in words.

    `unit`: what is looked at, in the plural. `order` is its place among the lights.
    """

    name: str
    order: int
    title: str
    why: str
    how: str
    unit: str
    prove: Callable[[sa.Connection, Ground], Proof]


def find_broken(
    connection: sa.Connection, query: str, values: Mapping[str, Any] | None = None
) -> tuple[int, tuple[Broken, ...]]:
    """How many rows a query returns, and the first of them.

    Its columns are `about`, `name` and `words`; with `minor` and `currency` an amount is said after the words.
    """
    limited = sa.text(
        f"SELECT *, count(*) OVER () AS every FROM ({query}) AS broken ORDER BY about, name LIMIT {MOST_ROWS}"
    )
    rows = connection.execute(limited, dict(values or {})).mappings().all()
    return (rows[0]["every"] if rows else 0), tuple(_broken(row) for row in rows)


def sums_by_currency(label: str, rows: Mapping[str, int]) -> tuple[Sum, ...]:
    """One number a currency; money of two currencies is never added."""
    return tuple(Sum(label, str(Money(int(minor), currency))) for currency, minor in sorted(rows.items()))


def by_currency(connection: sa.Connection, query: str, values: Mapping[str, Any] | None = None) -> dict[str, int]:
    """A query's `minor` by its `currency`."""
    return {row.currency: int(row.minor) for row in connection.execute(sa.text(query), dict(values or {}))}


def _broken(row: Mapping[Any, Any]) -> Broken:
    amount = f" {Money(int(row['minor']), row['currency'])}" if row.get("currency") else ""
    return Broken(row["about"], str(row["name"]), f"{row['words']}{amount}")
