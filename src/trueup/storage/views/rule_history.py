"""Lines of past payments as a rule is tried on them: all that it may read, found in the database before anything is compared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.domain.deduction_rules import RUN, DeductionRule, RuleForm, compared
from trueup.domain.remittances import Adjustment, RemittanceLine
from trueup.domain.rule_trials import HistoricLine

LINES_AT_ONCE = 5000
"""Of a span, about: its last payment is read whole."""


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line of a payment that counts. `answered`: a person or reconciliation said what it is, which stands above every rule."""

    remittance: int
    partner: str
    historic: HistoricLine
    answered: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Payments from one id to another, both included, that have so many lines."""

    first: int
    last: int
    lines: int


def count_lines(connection: sa.Connection, since: date) -> int:
    """How many lines payments made since then have."""
    query = sa.text(
        "SELECT coalesce(sum(line_count), 0) FROM trueup.remittances WHERE state = 'paid' AND paid_on >= :since"
    )
    return int(connection.execute(query, {"since": since}).scalar_one())


def list_spans(connection: sa.Connection, rule: DeductionRule) -> list[Span]:
    """Every payment that a rule covers, in spans of some thousand lines: history is read a span at a time, however long it is."""
    values = {"payee": rule.payee, "first": rule.valid_from, "last": rule.valid_to}
    spans: list[Span] = []
    begins, lines, row = 0, 0, None
    for row in connection.execute(
        sa.text(f"SELECT r.id, r.line_count FROM trueup.remittances r{_COVERED} ORDER BY r.id"), values
    ):
        begins, lines = begins or row.id, lines + row.line_count
        if lines >= LINES_AT_ONCE:
            spans.append(Span(begins, row.id, lines))
            begins, lines = 0, 0
    if row is not None and begins:
        spans.append(Span(begins, row.id, lines))
    return spans


def load_history(connection: sa.Connection, rule: DeductionRule, span: Span) -> list[PastLine]:
    """The lines that a rule may read, of every payment of the span that it covers, by payment."""
    query = f"{_HISTORY} AND r.id BETWEEN :from_id AND :to_id"
    return list(_load(connection, rule, query, {"from_id": span.first, "to_id": span.last}))


def load_waiting(connection: sa.Connection, rule: DeductionRule) -> Iterable[PastLine]:
    """Of all lines that a rule may read those that wait in suspense."""
    return _load(connection, rule, f"{_HISTORY} AND {_WAITS}", {})


def name_payments(connection: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    """The numbers of payments, by id."""
    rows = connection.execute(
        sa.text("SELECT id, payment FROM trueup.remittances WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {row.id: row.payment for row in rows}


def _load(connection: sa.Connection, rule: DeductionRule, query: str, more: dict[str, Any]) -> Iterator[PastLine]:
    values = {"payee": rule.payee, "first": rule.valid_from, "last": rule.valid_to, "form": _expression(rule), **more}
    text = sa.text(f"{query.replace('{field}', rule.field.value)} ORDER BY r.id, l.number")
    for partner, payee, paid_on, currency, remittance, answered, *row in connection.execute(
        text, values, execution_options={"yield_per": LINES_AT_ONCE}
    ):
        yield PastLine(remittance, partner, HistoricLine(_line(row), currency, payee, paid_on), answered)


def _line(row: Sequence[Any]) -> RemittanceLine:
    """A line with all that a type may read; where it stood in its document no type reads."""
    number, reference, paid, discount, withheld, gross, remaining, day, description, kind, more = row
    said = more or {"references": {}, "adjustments": (), "standalone": False}
    adjustments = tuple(Adjustment(*each) for each in said["adjustments"])
    amounts, facts = (paid, discount, withheld, gross, remaining), (day, description, kind)
    return RemittanceLine(number, reference, *amounts, *facts, said["references"], adjustments, said["standalone"])


_COVERED = (
    " WHERE r.state = 'paid' AND (CAST(:payee AS text) = '' OR r.payee = :payee) AND r.paid_on >= :first"
    " AND (CAST(:last AS date) IS NULL OR r.paid_on < :last)"
)
# A text that is not ASCII may have an upper case of another length: it is always compared.
_HISTORY = (
    "SELECT r.partner, r.payee, r.paid_on, r.invoice_currency, l.remittance_id,"
    " EXISTS (SELECT 1 FROM trueup.line_answers a WHERE a.remittance_id = l.remittance_id AND a.source = l.source"
    " AND a.line = l.number AND a.kind IN ('decision', 'match')) AS answered,"
    " l.number, l.reference, l.paid, l.discount, l.withheld, l.gross, l.remaining, l.invoice_day, l.description, l.kind, l.more"
    " FROM trueup.remittances r JOIN trueup.remittance_lines l ON l.remittance_id = r.id AND l.source = r.source"
    f"{_COVERED} AND (CAST(:form AS text) IS NULL OR upper(l.{{field}}) ~ :form OR l.{{field}} ~ '[^\\x01-\\x7f]')"
)
_WAITS = "EXISTS (SELECT 1 FROM trueup.suspense s WHERE s.remittance_id = l.remittance_id AND s.line = l.number)"


def _expression(rule: DeductionRule) -> str | None:
    """A regular expression of PostgreSQL's that finds at least what the rule reads; None where only reading all will do."""
    pattern = compared(rule.pattern)
    if not pattern.isascii():
        return None
    runs = [re.sub(r"([^A-Z0-9 ])", r"\\\1", part).replace(" ", r"\s+") for part in pattern.split(RUN)]
    if rule.form is not RuleForm.SHAPE:
        whole = re.sub(r"([^A-Z0-9 ])", r"\\\1", pattern).replace(" ", r"\s+")
    else:
        whole = "[0-9]+".join(runs)
    starts = rule.form in (RuleForm.SHAPE, RuleForm.PREFIX, RuleForm.EXACT)
    ends = rule.form in (RuleForm.SHAPE, RuleForm.SUFFIX, RuleForm.EXACT)
    return (r"^[\s*]*" if starts else "") + whole + (r"[\s*]*$" if ends else "")
