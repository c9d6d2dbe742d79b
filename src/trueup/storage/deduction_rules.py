"""Deduction rules in the database: every version that was proposed, who reviewed it, and from which day it was retired.

Rows are only ever added. The table of reviews repeats who proposed, so that the database itself refuses an approval by them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import Conflict, Invalid, NotAllowed, NotFound
from trueup.domain.deduction import Direction
from trueup.domain.deduction_rules import DeductionRule, NewType, RuleField, RuleForm
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

deduction_rules = sa.Table(
    "deduction_rules",
    metadata,
    sa.Column("rule", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("pattern", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("new_type", JSONB),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("payee", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("case_id", sa.BigInteger),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days_in_order"),
    sa.UniqueConstraint("rule", "version", "proposed_by"),
)
rule_reviews = sa.Table(
    "rule_reviews",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("rule", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Column("reviewed_by", sa.Text, nullable=False),
    sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("rule", "version"),
    sa.CheckConstraint("NOT approved OR lower(reviewed_by) <> lower(proposed_by)", name="two_persons"),
    sa.ForeignKeyConstraint(
        ["rule", "version", "proposed_by"],
        [deduction_rules.c.rule, deduction_rules.c.version, deduction_rules.c.proposed_by],
    ),
)
rule_retirements = sa.Table(
    "rule_retirements",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("rule", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("retired_from", sa.Date, nullable=False),
    sa.Column("retired_by", sa.Text, nullable=False),
    sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("rule", "version"),
    sa.ForeignKeyConstraint(["rule", "version"], [deduction_rules.c.rule, deduction_rules.c.version]),
)
PROPOSED, APPROVED, REJECTED, RETIRED = "proposed", "approved", "rejected", "retired"
_LOCK = 0x7472756575700007
"""Whoever numbers a rule is alone while doing so."""
Version: TypeAlias = "tuple[int, int, int, int]"
"""What reviews and retirements a transaction sees: another tuple, other rules."""


@dataclass(frozen=True, slots=True)
class SavedRule:
    """A version of a rule as it stands. `account`: where its lines go, "" for the account of its type.

    `rule.valid_to` is the day from which it was retired, where that is earlier.
    """

    rule: DeductionRule
    account: str
    note: str
    case: int | None
    proposed_at: datetime
    state: str
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    review_note: str = ""
    retired_from: date | None = None
    retired_by: str = ""

    @property
    def number(self) -> int:
        """The number in its id."""
        return number_of(self.rule.id)


def number_of(rule_id: str) -> int:
    """3 of `rule-3`, or of `3`. Raises Invalid."""
    digits = rule_id.lower().removeprefix("rule-")
    if not digits.isdecimal() or not 0 < len(digits) < 10:
        raise Invalid(f"Rule {rule_id!r}: expected an id such as rule-3; `trueup rules list` shows them.")
    return int(digits)


def id_of(number: int) -> str:
    """`rule-3`."""
    return f"rule-{number}"


def next_number(connection: sa.Connection) -> int:
    """The number of a rule that is new."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(deduction_rules.c.rule), 0))).scalar_one()) + 1


def append_rule(connection: sa.Connection, saved: SavedRule) -> None:
    """Add a version that is proposed. Raises Conflict when it is there already."""
    rule = saved.rule
    new = rule.type if isinstance(rule.type, NewType) else None
    values = {
        "rule": saved.number,
        "version": rule.version,
        "field": rule.field.value,
        "form": rule.form.value,
        "pattern": rule.pattern,
        "direction": rule.direction.value,
        "type": new.code if new else rule.type,
        "new_type": to_json(new) if new else sa.null(),
        "account": saved.account,
        "payee": rule.payee,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "note": saved.note,
        "case_id": saved.case,
        "proposed_by": rule.proposed_by,
        "proposed_at": saved.proposed_at,
    }
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(deduction_rules).values(**values))
    except sa.exc.IntegrityError as error:
        raise Conflict(f"Deduction rule {rule.name} was proposed meanwhile; look at it first.") from error


def append_review(
    connection: sa.Connection, saved: SavedRule, approved: bool, by: str, said: tuple[str, datetime]
) -> None:
    """Note that someone approved or rejected it; `said` is their note and when. Raises Refused for an approval by its proposer,
    Conflict when it was reviewed meanwhile."""
    rule = saved.rule
    values = {
        "rule": saved.number,
        "version": rule.version,
        "proposed_by": rule.proposed_by,
        "approved": approved,
        "reviewed_by": by,
        "note": said[0],
        "reviewed_at": said[1],
    }
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(rule_reviews).values(**values))
    except sa.exc.IntegrityError as error:
        if "two_persons" in str(error):
            raise NotAllowed(
                f"Deduction rule {rule.name} was proposed by {rule.proposed_by}; a second person must approve it."
            ) from error
        raise Conflict(f"Deduction rule {rule.name} was reviewed meanwhile; look at it first.") from error


def append_retirement(
    connection: sa.Connection, saved: SavedRule, day: date, by: str, said: tuple[str, datetime]
) -> None:
    """Note from which day it is in force no more. Raises Conflict when it was retired meanwhile."""
    values = {
        "rule": saved.number,
        "version": saved.rule.version,
        "retired_from": day,
        "retired_by": by,
        "note": said[0],
        "retired_at": said[1],
    }
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(rule_retirements).values(**values))
    except sa.exc.IntegrityError as error:
        raise Conflict(f"Deduction rule {saved.rule.name} was retired meanwhile.") from error


def load_rules(connection: sa.Connection, number: int | None = None) -> list[SavedRule]:
    """Every version of every rule, or of one, in order."""
    return [_saved(row) for row in connection.execute(_RULES, {"rule": number}).mappings()]


_RULES = sa.text(
    "SELECT r.*, v.approved, v.reviewed_by, v.reviewed_at, v.note AS review_note, t.retired_from, t.retired_by"
    " FROM trueup.deduction_rules r"
    " LEFT JOIN trueup.rule_reviews v ON v.rule = r.rule AND v.version = r.version"
    " LEFT JOIN trueup.rule_retirements t ON t.rule = r.rule AND t.version = r.version"
    " WHERE CAST(:rule AS bigint) IS NULL OR r.rule = :rule ORDER BY r.rule, r.version"
)


def load_versions(connection: sa.Connection, rule_id: str) -> list[SavedRule]:
    """The versions of one rule, the newest last. Raises NotFound, Invalid."""
    found = load_rules(connection, number_of(rule_id))
    if not found:
        raise NotFound(f"Rule {rule_id}: no such rule; `trueup rules list` shows them.")
    return found


def rules_version(connection: sa.Connection) -> Version:
    """What a transaction sees of reviews and retirements. Numbers of rows that were rolled back never come again."""
    row = connection.execute(_VERSION).one()
    return row.newest_review, row.reviews, row.newest_retirement, row.retirements


_VERSION = sa.text(
    "SELECT * FROM (SELECT coalesce(max(id), 0) AS newest_review, count(*) AS reviews FROM trueup.rule_reviews) AS v,"
    " (SELECT coalesce(max(id), 0) AS newest_retirement, count(*) AS retirements FROM trueup.rule_retirements) AS t"
)


def payments_posted_by(connection: sa.Connection, names: Collection[str], since: date) -> list[int]:
    """The payments made since a day with a line that one of these (`rule-3 v1`) has placed."""
    return list(connection.execute(_POSTED_BY, {"names": list(names), "since": since}).scalars())


_POSTED_BY = sa.text(
    "SELECT DISTINCT r.id FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " JOIN trueup.remittances r ON r.id = e.remittance_id WHERE left(l.rule, 5) = 'rule-' AND l.rule = ANY(:names)"
    " AND r.paid_on >= :since ORDER BY r.id"
)


def _saved(row: Mapping[Any, Any]) -> SavedRule:
    approved, retired = row["approved"], row["retired_from"]
    rule = DeductionRule(
        id=id_of(row["rule"]),
        version=row["version"],
        field=RuleField(row["field"]),
        form=RuleForm(row["form"]),
        pattern=row["pattern"],
        direction=Direction(row["direction"]),
        type=from_json(row["new_type"], NewType) if row["new_type"] else row["type"],
        valid_from=row["valid_from"],
        proposed_by=row["proposed_by"],
        payee=row["payee"],
        valid_to=row["valid_to"],
        approved_by=row["reviewed_by"] if approved else "",
    )
    if retired is not None:
        rule = _retired(rule, retired)
    state = PROPOSED if approved is None else APPROVED if approved else REJECTED
    return SavedRule(
        rule=rule,
        account=row["account"],
        note=row["note"],
        case=row["case_id"],
        proposed_at=row["proposed_at"],
        state=RETIRED if retired is not None else state,
        reviewed_by=row["reviewed_by"] or "",
        reviewed_at=row["reviewed_at"],
        review_note=row["review_note"] or "",
        retired_from=retired,
        retired_by=row["retired_by"] or "",
    )


def _retired(rule: DeductionRule, day: date) -> DeductionRule:
    """In force up to that day; a rule that was retired from its first day on or before was never in force."""
    if day <= rule.valid_from:
        return replace(rule, approved_by="")
    return replace(rule, valid_to=day if rule.valid_to is None else min(day, rule.valid_to))
