"""Deduction rules to look at: every version with who proposed and reviewed it, and how much it has posted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.domain.deduction_rules import NewType
from trueup.storage.deduction_rules import PROPOSED, SavedRule, load_rules, load_versions
from trueup.storage.journal import journal_entries, journal_lines
from trueup.storage.remittances import remittances
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

__all__ = ["STATES", "SavedRule", "count_posted", "list_rules", "load_hits", "page_posted", "rule_json", "show_rule"]

STATES = ("proposed", "approved", "rejected", "retired")


def list_rules(connection: sa.Connection, state: str | None = None) -> list[dict[str, Any]]:
    """Versions of rules, those in a state or all, by id and version."""
    return [rule_json(each) for each in load_rules(connection) if state in (None, each.state)]


def show_rule(connection: sa.Connection, rule_id: str) -> dict[str, Any]:
    """One rule with all its versions, and what each has posted. Raises NotFound, Invalid."""
    versions = load_versions(connection, rule_id)
    posted = load_hits(connection, [each.rule.name for each in versions])
    return {
        "id": versions[-1].rule.id,
        "waits": versions[-1].state == PROPOSED,
        "versions": [{**rule_json(each), **posted.get(each.rule.name, _UNUSED)} for each in versions],
    }


def load_hits(connection: sa.Connection, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """What versions (`rule-3 v1`) have posted: how many lines, and the day of the last payment that one of them was in."""
    return {
        row.rule: {"lines_posted": row.lines, "last_hit": row.last.isoformat()}
        for row in connection.execute(_POSTED, {"names": list(names)})
    }


def page_posted(connection: sa.Connection, rule_id: str, version: int | None, at: str, limit: int = ROWS) -> Paged:
    """The lines of the journal that a version of a rule has posted, or all its versions, those that were posted last first.

    Raises NotFound, Invalid (also for a place that is none).
    """
    lines, entries = journal_lines.c, journal_entries.c
    query = _posted(connection, rule_id, version).add_columns(
        *(lines.entry_id, lines.number, lines.account, lines.minor, lines.currency, lines.reference, lines.source_line),
        *(lines.rule, entries.day, entries.remittance_id, remittances.c.payment),
    )
    order = Order((lines.entry_id, lines.number), descending=True)
    return fetch_page(connection, query, order, at, limit)


def count_posted(connection: sa.Connection, rule_id: str, version: int | None) -> int:
    """How many those are. Raises NotFound, Invalid."""
    query = _posted(connection, rule_id, version).add_columns(sa.func.count())
    return int(connection.execute(query).scalar_one())


def _posted(connection: sa.Connection, rule_id: str, version: int | None) -> sa.Select[Any]:
    versions = load_versions(connection, rule_id)
    names = [each.rule.name for each in versions if version in (None, each.rule.version)]
    lines, entries = journal_lines.c, journal_entries.c
    joined = journal_lines.join(journal_entries, entries.id == lines.entry_id)
    joined = joined.outerjoin(remittances, remittances.c.id == entries.remittance_id)
    return sa.select().select_from(joined).where(_BY_RULES, _rule == versions[-1].rule.id, lines.rule.in_(names))


# Said as the index of the lines of a rule says it, which has nothing of all others.
_BY_RULES = sa.literal_column("left(trueup.journal_lines.rule, 5) = 'rule-'", sa.Boolean)
_rule: sa.ColumnElement[str] = sa.literal_column("split_part(trueup.journal_lines.rule, ' ', 1)", sa.Text)


_UNUSED = {"lines_posted": 0, "last_hit": None}
# Said as the index of lines by rules says it, which has nothing of all others.
_POSTED = sa.text(
    "SELECT l.rule, count(*) AS lines, max(e.day) AS last FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id WHERE left(l.rule, 5) = 'rule-' AND l.rule = ANY(:names) GROUP BY l.rule"
)


def rule_json(saved: SavedRule) -> dict[str, Any]:
    """A version as plain JSON."""
    rule = saved.rule
    new = rule.type if isinstance(rule.type, NewType) else None
    return {
        "id": rule.id,
        "version": rule.version,
        "state": saved.state,
        "reads": f"{rule.field.value} {rule.form.value} {rule.pattern}",
        "field": rule.field.value,
        "form": rule.form.value,
        "pattern": rule.pattern,
        "direction": rule.direction.value,
        "type": new.code if new else rule.type,
        "new_type": {"label": new.label, "family": new.family.value, "purpose": new.purpose.value} if new else None,
        "account": saved.account or None,
        "payee": rule.payee or None,
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "case": saved.case,
        "note": saved.note,
        "proposed_by": rule.proposed_by,
        "proposed_at": write_instant(saved.proposed_at),
        "reviewed_by": saved.reviewed_by or None,
        "reviewed_at": write_instant(saved.reviewed_at) if saved.reviewed_at else None,
        "review_note": saved.review_note,
        "retired_from": saved.retired_from.isoformat() if saved.retired_from else None,
        "retired_by": saved.retired_by or None,
    }
