"""Lines of past payments as a rule is tried on them: all that it may read, found in the database before anything is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from trueup.domain.deduction_rules import RUN, DeductionRule, HistoricLine, RuleForm, compared
from trueup.storage.remittances import line_of

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line of a payment that counts. `answered`: a person or reconciliation said what it is, which stands above every rule."""

    remittance: int
    partner: str
    historic: HistoricLine
    answered: bool


def count_lines(connection: sa.Connection, since: date) -> int:
    """How many lines payments made since then have."""
    query = sa.text(
        "SELECT coalesce(sum(line_count), 0) FROM trueup.remittances WHERE state = 'paid' AND paid_on >= :since"
    )
    return int(connection.execute(query, {"since": since}).scalar_one())


def load_history(connection: sa.Connection, rule: DeductionRule) -> Iterator[PastLine]:
    """The lines that a rule may read, of every payment that it covers, by partner, currency and payment."""
    return _load(connection, rule, _HISTORY)


def load_waiting(connection: sa.Connection, rule: DeductionRule) -> Iterator[PastLine]:
    """Of these lines those that wait in suspense."""
    return _load(connection, rule, f"{_HISTORY} AND {_WAITS}")


def _load(connection: sa.Connection, rule: DeductionRule, query: str) -> Iterator[PastLine]:
    values = {"payee": rule.payee, "first": rule.valid_from, "last": rule.valid_to, "form": _expression(rule)}
    text = sa.text(
        f"{query.replace('{field}', rule.field.value)} ORDER BY r.partner, r.invoice_currency, r.id, l.number"
    )
    for row in connection.execute(text, values, execution_options={"yield_per": _AT_ONCE}).mappings():
        historic = HistoricLine(line_of(row), row["invoice_currency"], row["payee"], row["paid_on"])
        yield PastLine(row["remittance_id"], row["partner"], historic, row["answered"])


# A text that is not ASCII may have an upper case of another length: it is always compared.
_HISTORY = (
    "SELECT r.partner, r.payee, r.paid_on, r.invoice_currency, l.*, EXISTS (SELECT 1 FROM trueup.line_answers a"
    " WHERE a.remittance_id = l.remittance_id AND a.source = l.source AND a.line = l.number"
    " AND a.kind IN ('decision', 'match')) AS answered"
    " FROM trueup.remittances r JOIN trueup.remittance_lines l ON l.remittance_id = r.id AND l.source = r.source"
    " WHERE r.state = 'paid' AND (CAST(:payee AS text) = '' OR r.payee = :payee) AND r.paid_on >= :first"
    " AND (CAST(:last AS date) IS NULL OR r.paid_on < :last)"
    " AND (CAST(:form AS text) IS NULL OR upper(l.{field}) ~ :form OR l.{field} ~ '[^\\x01-\\x7f]')"
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
