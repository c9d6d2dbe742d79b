"""The figures of a month's close: what the journal says by its last day, and the invoices known by an instant.

Few statements over everything, each a sum: a million lines take seconds. Of a closed month they come out the same ever after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.domain.closing import (
    Chain,
    Deducted,
    Disputed,
    Figures,
    Month,
    Receivable,
    Received,
    Roll,
    Setting,
    Settled,
    Suspense,
    Waits,
)

_PAYMENTS = ("remittance", "correction")
_WRITE_OFF = "write-off"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which month, as known when. `opening_known_at`: what the opening balance of receivables knew of: when the month before
    was closed, else `known_at`. `not_deducted`: the types that are no deductions (invoices)."""

    month: Month
    known_at: datetime
    opening_known_at: datetime
    not_deducted: Sequence[str]

    def values(self, setting: Setting) -> dict[str, Any]:
        """The parameters of the statements."""
        return {
            "start": self.month.first,
            "last": self.month.last,
            "known": self.known_at,
            "opening_known": self.opening_known_at,
            "receivable": setting.receivable,
            "suspense": setting.suspense,
            "chained": [*setting.disputed, setting.provisions],
        }


@dataclass(slots=True)
class _Sum:
    """How much of something came before the month, and on each side within it."""

    before: int = 0
    debits: int = 0
    credits: int = 0

    def add(self, row: Any) -> None:
        if row.before:
            self.before += int(row.minor)
        elif row.minor > 0:
            self.debits += int(row.minor)
        else:
            self.credits -= int(row.minor)


def hold_still(connection: sa.Connection) -> None:
    """Every statement of the transaction sees the same books. Must be its first."""
    connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def load_figures(connection: sa.Connection, scope: Scope, setting: Setting) -> Figures:
    """Everything that follows from the journal and the invoices. The caller sees to it that nothing is posted meanwhile."""
    values = scope.values(setting)
    connection.execute(_ROOM)
    rows = list(connection.execute(_SUMS, values))
    chains = [_chain(row) for row in connection.execute(_CHAINS, values)]
    disputed = frozenset(setting.disputed)
    balances = _balances(rows)
    return Figures(
        balances=balances,
        received=_received(rows, setting),
        settled=_settled(rows, setting),
        deducted=_deducted(rows, scope.not_deducted),
        disputed=_disputed(rows, disputed),
        claims=tuple(each for each in chains if each.account in disputed),
        suspense=_suspense(rows, setting),
        waiting=tuple(_waits(row) for row in connection.execute(_WAITING, values)),
        provisions=tuple(each for each in balances if each.account == setting.provisions),
        open_provisions=tuple(each for each in chains if each.account == setting.provisions),
        receivables=_receivables(connection, values),
    )


# Sums of a million lines by claim and by invoice fit in memory: until the transaction ends, for the statements of a close alone.
_ROOM = sa.text("SET LOCAL work_mem = '128MB'")
_SUMS = sa.text(
    "SELECT s.account, s.currency, s.type, e.kind, e.day < :start AS before, s.taken_back AS back, s.debit,"
    " s.partner <> '' AS of_invoice, sum(s.minor) AS minor, sum(s.lines) AS lines"
    " FROM trueup.journal_entries e JOIN trueup.journal_sums s ON s.entry_id = e.id WHERE e.day <= :last"
    " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
)
_WAITING = sa.text(
    "SELECT case_key, currency, sum(minor) AS minor, sum(abs(minor)) AS unexplained, count(*) AS lines, min(since) AS since"
    " FROM (SELECT l.case_key, l.currency, -sum(l.minor) AS minor, min(e.day) AS since"
    " FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " WHERE l.account = :suspense AND e.day <= :last"
    " GROUP BY l.case_key, l.currency, e.remittance_id, l.source_line, l.reference HAVING sum(l.minor) <> 0) AS w"
    " GROUP BY case_key, currency ORDER BY min(since), case_key, currency"
)
# What we gave up of a claim names it by its key and its reference: write-off PARTNER/family/chain case 7. It is the credit.
_LINES_OF_CHAINS = (
    " coalesce(r.partner, CASE WHEN e.kind = 'write-off' THEN split_part(substr(e.key, 11), '/', 1) ELSE '' END) AS partner,"
    " CASE WHEN l.claim <> '' OR e.kind <> 'write-off' THEN l.claim ELSE l.reference END AS claim"
    " FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " LEFT JOIN trueup.remittances r ON r.id = e.remittance_id"
)
_CHAINS = sa.text(
    "SELECT partner, claim, account, currency, sum(minor) AS minor, min(day) AS since FROM (SELECT l.account, l.currency,"
    f" l.minor, e.day,{_LINES_OF_CHAINS} WHERE l.account = ANY(:chained) AND e.day <= :last) AS c"
    " GROUP BY 1, 2, 3, 4 HAVING sum(minor) <> 0 ORDER BY min(day), 1, 2, 3, 4"
)
_APART = sa.text(
    "SELECT coalesce(j.partner, c.partner) AS partner, coalesce(j.claim, c.claim) AS claim, coalesce(j.currency, c.currency)"
    " AS currency, coalesce(j.minor, 0) AS journal, coalesce(c.minor, 0) AS claimed"
    " FROM (SELECT partner, claim, currency, sum(minor) AS minor FROM (SELECT l.currency, l.minor,"
    f"{_LINES_OF_CHAINS} WHERE l.claim <> '' OR (e.kind = 'write-off' AND e.reverses = '' AND l.minor < 0)) AS x"
    " GROUP BY 1, 2, 3) AS j"
    " FULL JOIN (SELECT partner, claim, currency, taken_minor - given_minor - lost_minor AS minor FROM trueup.claims) AS c"
    " ON c.partner = j.partner AND c.claim = j.claim AND c.currency = j.currency"
    " WHERE coalesce(j.minor, 0) <> coalesce(c.minor, 0) ORDER BY 1, 2, 3 LIMIT 1000"
)


def load_claims_apart(connection: sa.Connection) -> list[tuple[str, str, int, int]]:
    """Claims whose row and journal disagree: (name, currency, by the journal, by the claim). Of all days, for claims have none."""
    rows = connection.execute(_APART)
    return [(f"{row.partner}/{row.claim}", row.currency, int(row.journal), int(row.claimed)) for row in rows]


def _balances(rows: Iterable[Any]) -> tuple[Roll, ...]:
    found: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for row in rows:
        found[row.account, row.currency].add(row)
    return tuple(
        Roll(account, currency, each.before, each.debits, each.credits)
        for (account, currency), each in sorted(found.items())
    )


def _received(rows: Iterable[Any], setting: Setting) -> tuple[Received, ...]:
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.account == setting.cash and not row.before:
            found[row.currency][0] += int(row.minor)
            found[row.currency][1] += int(row.lines)
    return tuple(Received(currency, *found[currency]) for currency in sorted(found))


def _settled(rows: Iterable[Any], setting: Setting) -> tuple[Settled, ...]:
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.account == setting.receivable and not row.before and row.kind in _PAYMENTS:
            found[row.currency][0 if row.of_invoice else 1] -= int(row.minor)
    return tuple(Settled(currency, *found[currency]) for currency in sorted(found))


def _deducted(rows: Iterable[Any], not_deducted: Sequence[str]) -> tuple[Deducted, ...]:
    """A line that takes an earlier one back belongs to the side of what it takes back."""
    found: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.before or row.kind not in _PAYMENTS or not row.type or row.type in not_deducted:
            continue
        taken = row.debit is not row.back
        found[row.type, row.account, row.currency][0 if taken else 1] += int(row.minor) if taken else -int(row.minor)
    return tuple(Deducted(*key, *sides) for key, sides in sorted(found.items()) if any(sides))


@dataclass(slots=True)
class _Dispute:
    opening: int = 0
    taken: int = 0
    given: int = 0
    lost: int = 0
    other: int = 0

    def add(self, row: Any) -> None:
        minor = int(row.minor)
        if row.before:
            self.opening += minor
        elif row.kind == _WRITE_OFF:
            self.lost -= minor
        elif row.kind not in _PAYMENTS:
            self.other += minor
        elif row.debit is not row.back:
            self.taken += minor
        else:
            self.given -= minor


def _disputed(rows: Iterable[Any], accounts: frozenset[str]) -> tuple[Disputed, ...]:
    found: defaultdict[tuple[str, str], _Dispute] = defaultdict(_Dispute)
    for row in rows:
        if row.account in accounts:
            found[row.account, row.currency].add(row)
    return tuple(
        Disputed(*key, each.opening, each.taken, each.given, each.lost, each.other)
        for key, each in sorted(found.items())
    )


def _suspense(rows: Iterable[Any], setting: Setting) -> tuple[Suspense, ...]:
    """Signs as Amazon pays: a payment's plus that nothing explains is a credit in the books."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if row.account == setting.suspense:
            sums, minor = found[row.currency], -int(row.minor)
            if row.before:
                sums[0] += minor
            elif row.back:
                sums[2] -= minor
            else:
                sums[1] += minor
    return tuple(Suspense(currency, *found[currency]) for currency in sorted(found))


def _waits(row: Any) -> Waits:
    return Waits(row.case_key, row.currency, int(row.minor), int(row.unexplained), row.lines, row.since)


def _chain(row: Any) -> Chain:
    return Chain(row.partner, row.claim, row.account, row.currency, int(row.minor), row.since)


@dataclass(slots=True)
class _Payee:
    """A payee's receivables while they are put together: invoiced as known at the opening, then what moved, then what is open."""

    opening: int = 0
    invoiced: int = 0
    late: int = 0
    settled: int = 0
    ages: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    overdue: int = 0

    @property
    def moved(self) -> bool:
        """Whether there is anything to say of it."""
        return any((self.opening, self.invoiced, self.late, self.settled, *self.ages))


def _receivables(connection: sa.Connection, values: dict[str, Any]) -> tuple[Receivable, ...]:
    found: defaultdict[tuple[str, str, str], _Payee] = defaultdict(_Payee)
    for row in connection.execute(_INVOICED, values):
        payee = found[row.partner, row.payee, row.currency]
        payee.opening, payee.late, payee.invoiced = int(row.opening), int(row.late), int(row.invoiced)
    for row in connection.execute(_SETTLED, values):
        payee = found[row.partner, row.payee, row.currency]
        payee.opening -= int(row.before)
        payee.settled = int(row.within)
    for row in connection.execute(_OPEN, values):
        payee = found[row.partner, row.payee, row.currency]
        payee.ages[row.age] += int(row.minor)
        payee.overdue += int(row.overdue)
    return tuple(_receivable(key, each) for key, each in sorted(found.items()) if each.moved)


def _receivable(key: tuple[str, str, str], each: _Payee) -> Receivable:
    to_30, to_60, to_90, beyond = each.ages
    moved = each.opening, each.invoiced, each.late, each.settled
    return Receivable(*key, *moved, to_30, to_60, to_90, beyond, each.overdue)


_INVOICED = sa.text(
    "SELECT partner, payee, currency,"
    " coalesce(sum(total_minor) FILTER (WHERE issued_on < :start AND taken_in_at <= :opening_known), 0) AS opening,"
    " coalesce(sum(total_minor) FILTER (WHERE issued_on < :start AND taken_in_at > :opening_known), 0) AS late,"
    " coalesce(sum(total_minor) FILTER (WHERE issued_on >= :start), 0) AS invoiced"
    " FROM trueup.invoices WHERE issued_on <= :last AND taken_in_at <= :known GROUP BY partner, payee, currency"
)
_SETTLES = "l.account = :receivable AND l.invoice_id IS NOT NULL AND e.kind IN ('remittance', 'correction')"
_SETTLED = sa.text(
    "SELECT s.partner, s.payee, s.currency, coalesce(-sum(s.minor) FILTER (WHERE e.day < :start), 0) AS before,"
    " coalesce(-sum(s.minor) FILTER (WHERE e.day >= :start), 0) AS within FROM trueup.journal_sums s"
    " JOIN trueup.journal_entries e ON e.id = s.entry_id WHERE s.account = :receivable AND s.partner <> ''"
    " AND e.kind IN ('remittance', 'correction') AND e.day <= :last GROUP BY 1, 2, 3"
)
# What is open now, with what was settled since taken back, and without what was not issued yet.
OPEN_EACH = (
    "SELECT id, sum(minor) AS minor FROM (SELECT invoice_id AS id, minor FROM trueup.open_invoices"
    " UNION ALL SELECT l.invoice_id, -l.minor FROM trueup.journal_entries e JOIN trueup.journal_lines l ON l.entry_id = e.id"
    f" WHERE e.day > :last AND {_SETTLES}"
    " UNION ALL SELECT id, -total_minor FROM trueup.invoices WHERE issued_on > :last"
    ") AS u GROUP BY id HAVING sum(minor) <> 0"
)
"""What was open of each invoice on the last day of a month. Parameters: `last`, `receivable`."""
_OPEN = sa.text(
    "SELECT i.partner, i.payee, i.currency, CASE WHEN :last - i.issued_on <= 30 THEN 0 WHEN :last - i.issued_on <= 60 THEN 1"
    " WHEN :last - i.issued_on <= 90 THEN 2 ELSE 3 END AS age, sum(o.minor) AS minor,"
    f" coalesce(sum(o.minor) FILTER (WHERE i.due_on < :last), 0) AS overdue FROM ({OPEN_EACH}) AS o"
    " JOIN trueup.invoices i ON i.id = o.id WHERE i.taken_in_at <= :known GROUP BY 1, 2, 3, 4"
)
