"""Figures of Amazon's reports in the database, with both times: of when they are, and when they were said. Nothing said is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.ids import digest_of_json
from trueup.domain.figure_history import Saying, Stated, restate
from trueup.domain.vendor_reports import Figures, Scope
from trueup.storage.schema import metadata

vendor_figures = sa.Table(
    "vendor_figures",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("view", sa.Text, primary_key=True),
    sa.Column("program", sa.Text, primary_key=True),
    sa.Column("asin", sa.Text, primary_key=True),
    sa.Column("begins", sa.TIMESTAMP(timezone=True), primary_key=True),
    sa.Column("said_at", sa.TIMESTAMP(timezone=True), primary_key=True),
    sa.Column("said_in", sa.Text, primary_key=True),
    sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("confirmed_in", sa.Text, nullable=False),
    sa.Column("ends", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("numbers", JSONB, nullable=False),
    sa.Column("others", JSONB, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("meaning", sa.Text, nullable=False),
    sa.Column("holds", sa.Boolean, nullable=False),
    sa.Column("learned_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Index("ix_vendor_figures_holding", "source", "kind", "begins", "asin", postgresql_where=sa.text("holds")),
)
_KEY = ("asin", "begins")
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """Which report says something: of which source and scope, when it was made, when it reached us, and its hash."""

    source: str
    scope: Scope
    saying: Saying
    learned_at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored word with its facts."""

    stated: Stated
    facts: Mapping[str, Any]


def keep_figures(connection: sa.Connection, told: Told, rows: Iterable[Figures]) -> int:
    """Take in what a report says; returns how many figures are new or differ from what held before.

    A product that a report does not name says nothing: what held of it holds on.
    """
    given = {(row.asin, row.begins): row for row in rows}
    # Two reports of overlapping days that come at once would each find nothing known: a row that is not there cannot be locked.
    lane = " ".join((told.source, *_scope(told.scope).values()))
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:lane, 12))"), {"lane": lane})
    known = _load(connection, told, {begins for _, begins in given})
    changed: list[dict[str, Any]] = []
    joined: list[tuple[Any, ...]] = []
    news = 0
    for key, row in given.items():
        facts = _facts(row, told)
        held = known.get(key, [])
        history = restate([each.stated for each in held], told.saying, facts["meaning"])
        news += history[-1].meaning != held[-1].stated.meaning if held else 1
        changed += _differences(held, history, facts, {"asin": key[0], "begins": key[1]})
        firsts = {stated.first for stated in history}
        joined += [(*key, first.at, first.reference) for each in held if (first := each.stated.first) not in firsts]
    scope = {"source": told.source, **_scope(told.scope)}
    _take_out(connection, scope, joined)
    for start in range(0, len(changed), _CHUNK):
        statement = insert(vendor_figures)
        newer = {name: statement.excluded[name] for name in ("confirmed_at", "confirmed_in", "holds")}
        statement = statement.on_conflict_do_update(index_elements=list(vendor_figures.primary_key.columns), set_=newer)
        connection.execute(statement, [scope | row for row in changed[start : start + _CHUNK]])
    return news


def _take_out(connection: sa.Connection, scope: Mapping[str, str], words: list[tuple[Any, ...]]) -> None:
    """Words that are part of one which was said before them, by asin, begins, said_at and said_in: they are its confirmation."""
    columns = vendor_figures.c
    names = sa.tuple_(columns.asin, columns.begins, columns.said_at, columns.said_in)
    mine = [columns[name] == value for name, value in scope.items()]
    for start in range(0, len(words), _CHUNK):
        connection.execute(sa.delete(vendor_figures).where(*mine, names.in_(words[start : start + _CHUNK])))


def _load(connection: sa.Connection, told: Told, begins: set[datetime]) -> dict[tuple[str, datetime], list[_Row]]:
    """The stored history of every product at these times, each in the order of its words."""
    columns = vendor_figures.c
    query = (
        sa.select(vendor_figures)
        .where(
            columns.source == told.source,
            *(columns[name] == value for name, value in _scope(told.scope).items()),
            columns.begins.in_(begins),
        )
        .order_by(columns.said_at, sa.collate(columns.said_in, "C"))
        .with_for_update()
    )
    found: defaultdict[tuple[str, datetime], list[_Row]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        first, last = Saying(row["said_at"], row["said_in"]), Saying(row["confirmed_at"], row["confirmed_in"])
        found[row["asin"], row["begins"]].append(_Row(Stated(first, last, row["meaning"]), dict(row)))
    return found


def _differences(
    held: list[_Row], history: tuple[Stated, ...], facts: dict[str, Any], key: dict[str, Any]
) -> Iterable[dict[str, Any]]:
    """The rows that are to be written so that what is stored is the history."""
    before = {each.stated.first: each for each in held}
    by_meaning = {each.stated.meaning: each.facts for each in held}
    for place, stated in enumerate(history):
        holds = place == len(history) - 1
        known = before.get(stated.first)
        if known is not None and known.stated == stated and known.facts["holds"] == holds:
            continue
        of = facts if stated.meaning == facts["meaning"] else by_meaning[stated.meaning]
        yield {
            **key,
            **{name: of[name] for name in _COPIED},
            "said_at": stated.first.at,
            "said_in": stated.first.reference,
            "confirmed_at": stated.last.at,
            "confirmed_in": stated.last.reference,
            "holds": holds,
        }


_COPIED = ("ends", "numbers", "others", "currency", "meaning", "learned_at", "evidence")


def _facts(row: Figures, told: Told) -> dict[str, Any]:
    numbers = {name: f"{value.normalize():f}" for name, value in sorted(row.numbers.items())}
    others = dict(sorted(row.others.items()))
    meaning = digest_of_json([numbers, others, row.currency, row.ends.isoformat()])
    return {
        "ends": row.ends,
        "numbers": numbers,
        "others": others,
        "currency": row.currency,
        "meaning": meaning,
        "learned_at": told.learned_at,
        "evidence": told.evidence,
    }


def _scope(scope: Scope) -> dict[str, str]:
    return {"kind": scope.kind.value, "view": scope.view, "program": scope.program}
