"""Suspense in the database: which lines wait for an explanation now, in which case; and what was decided or matched about lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from trueup.domain.settlement import LineDecision, Placement, Suspended
from trueup.storage.bulk import among, array_text, copy_rows, text_array
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

suspense = sa.Table(
    "suspense",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, sa.ForeignKey("remittances.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("stems", ARRAY(sa.Text), nullable=False),
    sa.Index("ix_suspense_case", "kind", "subject", "reference"),
    sa.Index("ix_suspense_stems", "stems", postgresql_using="gin"),
)
suspense_groups = sa.Table(
    "suspense_groups",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
)
"""How much waits in each case, kept with every line that comes and goes: a batch never sums what others brought before."""
line_answers = sa.Table(
    "line_answers",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, sa.ForeignKey("remittances.id"), primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False, server_default="trueup"),
    sa.Column("together", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("kind IN ('decision', 'match', 'contest', 'undone')", name="kind"),
    sa.Index(
        "ix_line_answers_at",
        "answered_at",
        "remittance_id",
        "line",
        postgresql_where=sa.text("kind IN ('match', 'decision')"),
    ),
    sa.Index("ix_line_answers_together", "together", postgresql_where=sa.text("together <> ''")),
)
ACTOR = "trueup"
"""Who answers where no person does."""
_SUSPENSE = "remittance_id line partner kind subject minor currency why reference stems".split()


@dataclass(frozen=True, slots=True)
class Waiting:
    """All lines that wait in one case: how many, their sum as Amazon pays, one reason, and some of them as examples."""

    kind: str
    subject: str
    currency: str
    count: int
    minor: int
    why: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known of a payment's lines beyond their grammar, by line."""

    decided: Mapping[int, LineDecision]
    matched: Mapping[int, tuple[Placement, ...]]
    contested: Mapping[int, Suspended]
    undone: Mapping[int, Suspended]


@dataclass(frozen=True, slots=True)
class Said:
    """Why something is answered about a line, by whom and when. `together`: a name that lines matched as one have in common."""

    why: str
    by: str
    at: datetime
    together: str = ""


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What is answered about a line as it stands: a decision, a match, a contest or that it was undone; and who said so when."""

    kind: str
    said: Said


def replace_suspended(
    connection: sa.Connection, partner: str, of_payments: Sequence[tuple[int, Sequence[Suspended]]], *, fresh: bool
) -> None:
    """What waits of these payments now, by payment id. `fresh`: none of them had anything waiting before.

    Whoever may not be alone has locked the cases of what waits now and waited before.
    """
    gone: list[tuple[str, str]] = []
    if not fresh:
        ids = array_text(number for number, _ in of_payments)
        gone = [(kind, subject) for kind, subject in connection.execute(_TAKE_OUT, {"ids": ids})]
    rows, groups = [], dict[tuple[str, str], tuple[str, int, int]]()
    for number, waiting in of_payments:
        for each in waiting:
            reference, stems = each.reference, list(each.stems)
            said = (each.kind, each.subject, each.minor, each.currency, each.why, reference, stems)
            rows.append((number, each.line, partner, *said))
            _, lines, minor = groups.get((each.kind, each.subject), ("", 0, 0))
            groups[each.kind, each.subject] = (each.currency, lines + 1, minor + each.minor)
    if rows:
        copy_rows(connection, "suspense", _SUSPENSE, rows)
        connection.execute(_PUT_IN, {**_keys(groups), **_sums(groups.values())})
    if gone:
        connection.execute(_FORGET_EMPTY, _keys(gone))


def _keys(cases: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Kinds and subjects as two arrays."""
    keys = list(cases)
    return {"kinds": text_array(kind for kind, _ in keys), "subjects": text_array(subject for _, subject in keys)}


def _sums(sums: Iterable[tuple[str, int, int]]) -> dict[str, str]:
    """Currencies, lines and minor units as three arrays."""
    currencies, lines, minors = zip(*sums, strict=True)
    return {"currencies": text_array(currencies), "lines": array_text(lines), "minors": array_text(minors)}


_KEYS = "unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]))"
_TAKE_OUT = sa.text(
    "WITH gone AS (DELETE FROM trueup.suspense WHERE remittance_id = ANY (CAST(:ids AS bigint[]))"
    " RETURNING kind, subject, minor),"
    " less AS (SELECT kind, subject, count(*) AS lines, sum(minor) AS minor FROM gone GROUP BY kind, subject)"
    " UPDATE trueup.suspense_groups AS g SET lines = g.lines - less.lines, minor = g.minor - less.minor FROM less"
    " WHERE g.kind = less.kind AND g.subject = less.subject RETURNING g.kind, g.subject"
)
_PUT_IN = sa.text(
    "INSERT INTO trueup.suspense_groups AS g (kind, subject, currency, lines, minor)"
    " SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]), CAST(:currencies AS text[]),"
    " CAST(:lines AS bigint[]), CAST(:minors AS bigint[]))"
    " ON CONFLICT (kind, subject) DO UPDATE SET lines = g.lines + excluded.lines, minor = g.minor + excluded.minor"
)
_FORGET_EMPTY = sa.text(
    f"DELETE FROM trueup.suspense_groups AS g USING {_KEYS} AS c(kind, subject)"
    " WHERE g.kind = c.kind AND g.subject = c.subject AND g.lines = 0"
)


def load_waiting(connection: sa.Connection, cases: Collection[tuple[str, str]]) -> dict[tuple[str, str], Waiting]:
    """What waits in these cases (kind, subject); cases in which nothing waits are left out."""
    if not cases:
        return {}
    return {
        (row.kind, row.subject): Waiting(
            row.kind, row.subject, row.currency, row.lines, int(row.minor), row.why, tuple(row.examples)
        )
        for row in connection.execute(_WAITING, _keys(cases))
    }


# However many lines wait in a case, its first are found by the index; the reason is that of the first.
_WAITING = sa.text(
    "SELECT g.kind, g.subject, g.currency, g.lines, g.minor, first.examples, first.whys[1] AS why"
    f" FROM {_KEYS} AS c(kind, subject) JOIN trueup.suspense_groups g ON g.kind = c.kind AND g.subject = c.subject"
    " CROSS JOIN LATERAL (SELECT array_agg(n.reference) AS examples, array_agg(n.why) AS whys FROM (SELECT s.reference, s.why"
    " FROM trueup.suspense s WHERE s.kind = g.kind AND s.subject = g.subject ORDER BY s.reference, s.why LIMIT 5) AS n) AS first"
    " WHERE g.lines > 0"
)


def suspended_of(connection: sa.Connection, remittance_ids: Collection[int]) -> dict[int, list[Suspended]]:
    """What waits of these payments."""
    found: dict[int, list[Suspended]] = {}
    rows = connection.execute(
        sa.select(suspense)
        .where(among(suspense.c.remittance_id, remittance_ids))
        .order_by(suspense.c.remittance_id, suspense.c.line)
    )
    for row in rows.mappings():
        found.setdefault(row["remittance_id"], []).append(_suspended(row))
    return found


def waiting_lines(connection: sa.Connection, kind: str, subject: str) -> list[tuple[int, Suspended]]:
    """Every line that waits in one case, with its payment's id."""
    rows = connection.execute(
        sa.select(suspense)
        .where(suspense.c.kind == kind, suspense.c.subject == subject)
        .order_by(suspense.c.remittance_id, suspense.c.line)
    )
    return [(row["remittance_id"], _suspended(row)) for row in rows.mappings()]


def partner_waits(connection: sa.Connection, partner: str, kinds: Collection[str]) -> list[tuple[int, Suspended]]:
    """Every line of a partner's payments that waits in cases of these kinds, with its payment's id."""
    rows = connection.execute(
        sa.select(suspense)
        .where(suspense.c.partner == partner, suspense.c.kind.in_(list(kinds)), suspense.c.line > 0)
        .order_by(suspense.c.remittance_id, suspense.c.line)
    )
    return [(row["remittance_id"], _suspended(row)) for row in rows.mappings()]


def wanting(connection: sa.Connection, partner: str, references: Collection[str]) -> list[int]:
    """The payments with a line that waits for one of these invoices."""
    query = sa.text(
        "SELECT DISTINCT remittance_id FROM trueup.suspense WHERE partner = :partner AND stems && CAST(:wanted AS text[])"
        " ORDER BY remittance_id"
    )
    return list(connection.execute(query, {"partner": partner, "wanted": list(references)}).scalars())


def save_decisions(
    connection: sa.Connection,
    remittance_id: int,
    source: str,
    decisions: Mapping[int, LineDecision],
    why: str,
    now: datetime,
) -> None:
    """What a person decided about lines of a payment; it stands above matches and contests."""
    for line, decision in decisions.items():
        said = Said(why, decision.by, now)
        _save(connection, (remittance_id, source, line), ("decision", to_json(decision)), said)


def save_match(
    connection: sa.Connection, at: tuple[int, str, int], placements: Sequence[Placement], said: Said
) -> None:
    """What reconciliation or a person matched about a line: `at` is (payment id, source, line)."""
    _save(connection, at, ("match", to_json(tuple(placements))), said)


def save_undone(
    connection: sa.Connection, at: tuple[int, str, int], waiting: Suspended, rivals: Any, said: Said
) -> None:
    """A person took the line's match apart: it waits, with explanations that a matcher proposes as JSON, until a person answers."""
    body = {"suspended": to_json(waiting), "rivals": rivals}
    connection.execute(_DECIDED, _answer(at, ("undone", body), said))


def load_line_answer(connection: sa.Connection, remittance_id: int, source: str, line: int) -> LineAnswer | None:
    """What is answered about one line, None where nothing is."""
    answers = line_answers.c
    query = sa.select(answers.kind, answers.why, answers.answered_by, answers.answered_at, answers.together).where(
        answers.remittance_id == remittance_id, answers.source == source, answers.line == line
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else LineAnswer(row.kind, Said(row.why, row.answered_by, row.answered_at, row.together))


def lines_together(connection: sa.Connection, together: str) -> list[tuple[int, str, int]]:
    """The lines that were matched as one: payment id, source and line of each."""
    answers = line_answers.c
    query = sa.select(answers.remittance_id, answers.source, answers.line).where(answers.together == together)
    rows = connection.execute(query.order_by(answers.remittance_id, answers.line))
    return [(row.remittance_id, row.source, row.line) for row in rows]


def save_contests(
    connection: sa.Connection, lines: Sequence[tuple[tuple[int, str, int], Suspended, Any]], now: datetime
) -> None:
    """Lines that wait in one case for a choice: each where it is, as `save_match` has it, what waits, and its rivals as JSON."""
    rows = [
        _answer(at, ("contest", {"suspended": to_json(waiting), "rivals": rivals}), Said(waiting.why, ACTOR, now))
        for at, waiting, rivals in lines
    ]
    connection.execute(_UNDECIDED, rows)


def load_answers(connection: sa.Connection, remittance_id: int, source: str) -> Answers:
    """What was answered about lines of one telling of a payment."""
    decided, matched, contested, undone = {}, {}, {}, {}
    query = sa.select(line_answers).where(
        line_answers.c.remittance_id == remittance_id, line_answers.c.source == source
    )
    for row in connection.execute(query).mappings():
        match row["kind"]:
            case "decision":
                decided[row["line"]] = from_json(row["body"], LineDecision)
            case "match":
                matched[row["line"]] = tuple(from_json(each, Placement) for each in row["body"])
            case "undone":
                undone[row["line"]] = from_json(row["body"]["suspended"], Suspended)
            case _:
                contested[row["line"]] = from_json(row["body"]["suspended"], Suspended)
    return Answers(decided, matched, contested, undone)


def load_rivals(connection: sa.Connection, remittance_id: int, source: str, line: int) -> Any:
    """The explanations of a line that waits for a choice as JSON, None where it waits for none."""
    query = sa.select(line_answers.c.body).where(
        line_answers.c.remittance_id == remittance_id,
        line_answers.c.source == source,
        line_answers.c.line == line,
        line_answers.c.kind.in_(("contest", "undone")),
    )
    body = connection.execute(query).scalar()
    return body["rivals"] if body else None


def forget_contests(connection: sa.Connection, remittance_ids: Collection[int]) -> None:
    """Contests are judged anew with what is known now."""
    connection.execute(
        sa.delete(line_answers).where(
            among(line_answers.c.remittance_id, remittance_ids), line_answers.c.kind == "contest"
        )
    )


def forget_undone(connection: sa.Connection, remittance_id: int, lines: Collection[int]) -> None:
    """Lines that a person took apart are read by the machine again."""
    answers = line_answers.c
    connection.execute(
        sa.delete(line_answers).where(
            answers.remittance_id == remittance_id, answers.line.in_(list(lines)), answers.kind == "undone"
        )
    )


def forget_gone_lines(connection: sa.Connection, remittance_id: int, source: str, numbers: Collection[int]) -> None:
    """Answers about lines that a telling no longer has, and about their adjustments (numbered -(line * 100 + place))."""
    connection.execute(_FORGET, {"remittance": remittance_id, "source": source, "numbers": [0, *numbers]})


_FORGET = sa.text(
    "DELETE FROM trueup.line_answers WHERE remittance_id = :remittance AND source = :source"
    " AND (CASE WHEN line < 0 THEN (-line - 1) / 100 ELSE line END) <> ALL (CAST(:numbers AS integer[]))"
)


def _save(connection: sa.Connection, at: tuple[int, str, int], answer: tuple[str, Any], said: Said) -> None:
    connection.execute(_DECIDED if answer[0] == "decision" else _UNDECIDED, _answer(at, answer, said))


def _answer(at: tuple[int, str, int], answer: tuple[str, Any], said: Said) -> dict[str, Any]:
    kind, body = answer
    where = {"remittance_id": at[0], "source": at[1], "line": at[2], "kind": kind, "body": body}
    return {**where, "why": said.why, "answered_at": said.at, "answered_by": said.by, "together": said.together}


_SAVE = insert(line_answers)
_SAID = ("kind", "body", "why", "answered_at", "answered_by", "together")
_ANEW = {name: _SAVE.excluded[name] for name in _SAID}
_DECIDED = _SAVE.on_conflict_do_update(index_elements=line_answers.primary_key, set_=_ANEW)
_UNDECIDED = _SAVE.on_conflict_do_update(
    index_elements=line_answers.primary_key, set_=_ANEW, where=line_answers.c.kind != "decision"
)


def _suspended(row: Mapping[Any, Any]) -> Suspended:
    return Suspended(
        row["line"],
        row["kind"],
        row["subject"],
        row["minor"],
        row["currency"],
        row["why"],
        row["reference"],
        tuple(row["stems"]),
    )
