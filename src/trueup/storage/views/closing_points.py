"""What a close looks at besides its figures, as it stands now: payments held or not tying, open cases, documents, copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trueup.domain.accruals import Charged, Receipts
from trueup.domain.closing import Figures, Item, Month, Observed
from trueup.storage.closing import Closing, find_first, find_open_before, find_proposal, list_closings
from trueup.storage.documents import REFERENCE
from trueup.storage.views.closing import load_claims_apart

MOST_ITEMS = 500
"""Of one list; the rest is counted and summed."""


def load_observed(connection: sa.Connection, month: Month, figures: Figures, with_copies: Sequence[str]) -> Observed:
    """How things stand. `with_copies`: the deduction types that come with an invoice of Amazon's."""
    days = {"start": month.first, "last": month.last}
    unread = _cases(connection, ("remittance.unreadable", "remittance.findings"))
    differing = _cases(connection, ("remittance.sources-differ",))
    apart = load_claims_apart(connection)
    earlier = find_open_before(connection, month)
    return Observed(
        cases=_open_cases(connection, [each.case for each in figures.waiting]),
        claims_apart=tuple(
            Item(name, "the journal says otherwise", journal - claimed, currency)
            for name, currency, journal, claimed in apart
        ),
        not_tying=_payments(connection, _NOT_TYING, {**days, "hides": False}),
        hidden=_payments(connection, _NOT_TYING, {**days, "hides": True}),
        held=_payments(connection, _HELD, days),
        differing=differing,
        unread=unread,
        bank=_like(connection, "bank.%"),
        bank_statements=int(connection.execute(_STATEMENTS).scalar_one()),
        untied=_payments(connection, _UNTIED, days),
        without_copy=_payments(connection, _WITHOUT_COPY, {**days, "types": list(with_copies)}),
        earlier_open=str(earlier) if earlier is not None else "",
    )


def _open_cases(connection: sa.Connection, keys: Iterable[str]) -> dict[str, int]:
    wanted = sorted({key for key in keys if key})
    kinds = [key.partition(" ")[0] for key in wanted]
    subjects = [key.partition(" ")[2] for key in wanted]
    rows = connection.execute(_OPEN_CASES, {"kinds": kinds, "subjects": subjects})
    return {f"{row.kind} {row.subject}": row.id for row in rows}


_OPEN_CASES = sa.text(
    "SELECT c.id, c.kind, c.subject FROM trueup.cases c"
    " JOIN unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS w(kind, subject)"
    " ON c.kind = w.kind AND c.subject = w.subject WHERE c.state = 'open' ORDER BY c.kind, c.subject"
)


def _cases(connection: sa.Connection, kinds: Sequence[str]) -> tuple[Item, ...]:
    return _items(connection.execute(_BY_KIND, {"kinds": list(kinds)}))


def _like(connection: sa.Connection, pattern: str) -> tuple[Item, ...]:
    return _items(connection.execute(_BY_PATTERN, {"pattern": pattern}))


def _payments(connection: sa.Connection, query: sa.TextClause, values: dict[str, Any]) -> tuple[Item, ...]:
    return _items(connection.execute(query, values))


def _items(rows: Iterable[Any]) -> tuple[Item, ...]:
    """The first ones, and the rest by currency as one each."""
    every = [Item(row.about, row.words, int(row.minor), row.currency) for row in rows]
    rest: defaultdict[str, list[int]] = defaultdict(list)
    for each in every[MOST_ITEMS:]:
        rest[each.currency].append(abs(each.minor))
    more = [Item("further ones", "", sum(minors), currency, len(minors)) for currency, minors in sorted(rest.items())]
    return (*every[:MOST_ITEMS], *more)


_CASE = (
    "SELECT 'case ' || id AS about, title AS words, coalesce(risk_minor, 0) AS minor, coalesce(risk_currency, '') AS currency"
    " FROM trueup.cases WHERE state = 'open' AND"
)
_BY_KIND = sa.text(f"{_CASE} kind = ANY(:kinds) ORDER BY id")
_BY_PATTERN = sa.text(f"{_CASE} kind LIKE :pattern ORDER BY id")
_NOT_TYING = sa.text(
    "SELECT r.partner || '/' || r.payment AS about, 'paid on ' || r.paid_on || ', out by its lines' AS words,"
    " r.tie_minor AS minor, r.invoice_currency AS currency FROM trueup.remittances r"
    " JOIN trueup.remittance_tellings t ON t.remittance_id = r.id AND t.source = r.source"
    " WHERE r.tie_minor <> 0 AND r.posting = 'posted' AND r.paid_on BETWEEN :start AND :last"
    " AND coalesce((t.header ->> 'hides_items')::boolean, false) = :hides"
    " ORDER BY r.paid_on, r.payment"
)
_HELD = sa.text(
    "SELECT partner || '/' || payment AS about, 'paid on ' || paid_on || ', arrived after its month was closed' AS words,"
    " amount_minor AS minor, currency FROM trueup.remittances WHERE posting = 'held' AND paid_on <= :last"
    " ORDER BY paid_on, payment"
)
_STATEMENTS = sa.text("SELECT count(*) FROM trueup.bank_statements")
_UNTIED = sa.text(
    "SELECT r.partner || '/' || r.payment AS about, 'paid on ' || r.paid_on AS words, r.amount_minor AS minor, r.currency"
    " FROM trueup.remittances r LEFT JOIN (SELECT DISTINCT unnest(payments) AS name FROM trueup.bank_ties) AS t"
    " ON t.name = r.partner || '/' || r.payment WHERE t.name IS NULL AND r.posting = 'posted' AND r.amount_minor > 0"
    " AND r.paid_on BETWEEN :start AND :last ORDER BY r.paid_on, r.payment"
)
# A copy is a document that is named by Amazon's number, however that is written. What a column says has no number of its own.
_WITHOUT_COPY = sa.text(
    "SELECT d.reference AS about, d.type || ' of ' || d.day AS words, d.minor, d.currency FROM (SELECT l.reference, l.currency,"
    " min(l.type) AS type, min(e.day) AS day, sum(l.minor) AS minor FROM trueup.journal_entries e"
    " JOIN trueup.journal_lines l ON l.entry_id = e.id WHERE e.day BETWEEN :start AND :last AND l.rule <> 'column'"
    " AND e.kind IN ('remittance', 'correction') AND l.type = ANY(:types) GROUP BY 1, 2 HAVING sum(l.minor) > 0) AS d"
    f" WHERE NOT EXISTS (SELECT FROM trueup.documents n WHERE n.name <> '' AND {REFERENCE.format('n.name')}"
    " = upper(regexp_replace(d.reference, '[\\s_*/.-]+', '', 'g')))"
    " ORDER BY d.minor DESC, d.reference"
)


def load_receipts(connection: sa.Connection, month: Month, known_at: datetime) -> list[Receipts]:
    """What was invoiced in the month by vendor code, without tax, as far as it was known then."""
    values = {"start": month.first, "last": month.last, "known": known_at}
    rows = connection.execute(_RECEIPTS, values)
    return [Receipts(row.partner, row.payee, row.currency, int(row.minor)) for row in rows]


_RECEIPTS = sa.text(
    "SELECT partner, payee, currency, sum(total_minor - tax_minor) AS minor FROM trueup.invoices"
    " WHERE issued_on BETWEEN :start AND :last AND taken_in_at <= :known GROUP BY 1, 2, 3"
)


def load_charged(connection: sa.Connection, month: Month, types: Sequence[str]) -> list[Charged]:
    """What payments of the month took under these types, by the vendor code they were made to."""
    rows = connection.execute(_CHARGED, {"start": month.first, "last": month.last, "types": list(types)})
    return [Charged(row.partner, row.payee, row.type, row.currency, int(row.minor)) for row in rows]


_CHARGED = sa.text(
    "SELECT r.partner, r.payee, s.type, s.currency, sum(s.minor) AS minor FROM trueup.journal_entries e"
    " JOIN trueup.journal_sums s ON s.entry_id = e.id JOIN trueup.remittances r ON r.id = e.remittance_id"
    " WHERE e.day BETWEEN :start AND :last AND s.type = ANY(:types) GROUP BY 1, 2, 3, 4"
)


@dataclass(frozen=True, slots=True)
class Late:
    """A fact that came after its month was closed: its entry, the day it is of and the one it is posted on, who said so and why.

    `by` and `why` are empty for what follows by itself: a closed month takes nothing more.
    """

    entry: int
    narration: str
    of: date
    posted_on: date
    by: str
    why: str


def load_course(connection: sa.Connection, current: Month) -> tuple[Month | None, Month]:
    """With which month the books begin, None where nothing is posted yet, and which is the next to close: the earliest open,
    or the one that is not over."""
    return find_first(connection, current.next), find_open_before(connection, current) or current


def months_closed(connection: sa.Connection, months: Sequence[Month]) -> list[tuple[Month, Closing | None, Any, str]]:
    """Of each month how it was closed, the proposal that waits for a second person, None where there is none of it; and why it was
    closed in spite of open points, "" where none was open."""
    closed = {each.month: each for each in list_closings(connection)}
    why = {row.subject: row.why or "" for row in connection.execute(_OVERRIDES)}
    return [
        (month, closed.get(month), find_proposal(connection, month), why.get(f"month {month}", "")) for month in months
    ]


_OVERRIDES = sa.text("SELECT subject, after ->> 'override' AS why FROM trueup.acts WHERE act = 'month.closed'")


def list_late(connection: sa.Connection, month: Month) -> list[Late]:
    """What is posted in a month and is of an earlier one that was closed by then, the latest first."""
    return [Late(*row) for row in connection.execute(_LATE, {"start": month.first, "last": month.last})]


_LATE = sa.text(
    "SELECT e.id, e.narration, r.paid_on, e.day, coalesce(a.actor, ''), coalesce(a.after ->> 'note', '')"
    " FROM trueup.journal_entries e JOIN trueup.remittances r ON r.id = e.remittance_id AND r.paid_on < :start"
    " JOIN trueup.closed_months c ON c.month = date_trunc('month', r.paid_on)::date AND c.closed_at <= e.posted_at"
    " LEFT JOIN LATERAL (SELECT actor, after FROM trueup.acts WHERE act = 'remittance.posted-late'"
    "  AND subject = 'payment ' || r.partner || '/' || r.payment ORDER BY id DESC LIMIT 1) a ON true"
    " WHERE e.day BETWEEN :start AND :last ORDER BY e.day DESC, e.id DESC LIMIT 200"
)


def known_packs(connection: sa.Connection, evidence: str) -> list[tuple[str, str, datetime]]:
    """The documents that were archived with a pack: name, hash, when."""
    rows = connection.execute(_PACKS, {"evidence": evidence})
    return [(row.name, row.digest, row.received_at) for row in rows]


_PACKS = sa.text(
    "SELECT name, digest, received_at FROM trueup.documents WHERE kind = 'close-pack' AND received_at ="
    " (SELECT max(received_at) FROM trueup.documents WHERE digest = :evidence) ORDER BY id"
)
