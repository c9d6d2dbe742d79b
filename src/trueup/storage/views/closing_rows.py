"""The rows behind a number of a close, page by page: lines of the journal, or invoices with what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func

from trueup.domain.closing import Month, Setting
from trueup.domain.closing_rows import InvoiceRows, JournalRows, Kinds, Part, Side, Span, Whose
from trueup.storage.claims import find_claim
from trueup.storage.invoices import invoices
from trueup.storage.journal import journal_entries, journal_lines
from trueup.storage.remittances import remittances
from trueup.storage.views.closing import OPEN_EACH, Scope
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

_PAYMENTS = ("remittance", "correction")
_WRITE_OFF = "write-off"
_CLAIM_OF_KEY = 11
"""Where the claim begins in the key of a write-off: `write-off PARTNER/family/chain case 7`."""
_FROM_DAYS = {Part.TO_30: (None, 30), Part.TO_60: (31, 60), Part.TO_90: (61, 90), Part.BEYOND_90: (91, None)}


@dataclass(frozen=True, slots=True)
class Behind:
    """What the numbers of a month's close are the sum of. `copied`: the types that come with an invoice of Amazon's."""

    connection: sa.Connection
    scope: Scope
    setting: Setting
    copied: Sequence[str]

    def sum_lines(self, wanted: JournalRows) -> tuple[int, int]:
        """What lines come to in minor units, in the sign of their number, and how many they are."""
        minor, count = self._sum(_lines(self, wanted, journal_lines.c.minor))
        return (-minor if wanted.turned else minor), count

    def page_lines(self, wanted: JournalRows, at: str = "", limit: int = ROWS) -> Paged:
        """These lines, the latest first: entry, day, kind, what, line, account, amount (debits positive), what it is about.

        Raises Invalid for a place that is none.
        """
        entry, line = journal_entries.c, journal_lines.c
        of_line = (line.number, line.account, line.minor, line.reference, line.type)
        query = _lines(self, wanted, entry.id, entry.day, entry.kind, entry.narration, *of_line)
        return fetch_page(self.connection, query, Order((entry.day, entry.id, line.number), descending=True), at, limit)

    def sum_invoices(self, wanted: InvoiceRows) -> tuple[int, int]:
        """What these invoices come to in minor units, and how many they are."""
        return self._sum(_invoices(self.scope, wanted, self.setting))

    def page_invoices(self, wanted: InvoiceRows, at: str = "", limit: int = ROWS) -> Paged:
        """These invoices, the latest first: number, days, total, and what of it counts. Raises Invalid for a place that is none."""
        order = Order((invoices.c.issued_on, invoices.c.id), descending=True)
        return fetch_page(self.connection, _invoices(self.scope, wanted, self.setting), order, at, limit)

    def claim_of(self, partner: str, claim: str, currency: str) -> int | None:
        """The id of the claim of a chain, or None."""
        found = find_claim(self.connection, partner, claim, currency)
        return found.id if found is not None else None

    def _sum(self, query: sa.Select[Any]) -> tuple[int, int]:
        rows = query.subquery("r")
        summed = sa.select(func.coalesce(func.sum(rows.c.minor), 0), func.count()).select_from(rows)
        minor, count = self.connection.execute(summed).one()
        return int(minor), int(count)


def _lines(of: Behind, wanted: JournalRows, *columns: Any) -> sa.Select[Any]:
    entry, line = journal_entries.c, journal_lines.c
    joined = journal_lines.join(journal_entries, line.entry_id == entry.id)
    joined = joined.outerjoin(remittances, remittances.c.id == entry.remittance_id)
    joined = joined.outerjoin(invoices, invoices.c.id == line.invoice_id)
    exact = (
        (line.account, wanted.account),
        (line.type, wanted.type),
        (line.case_key, wanted.case),
        (line.reference, wanted.reference),
    )
    conditions = [
        line.currency == wanted.currency,
        *_days(of.scope.month, wanted.span),
        *(column == value for column, value in exact if value),
        *_of_kind(wanted),
        *_of_whom(wanted),
    ]
    if wanted.copied:
        conditions += [line.type.in_(of.copied), line.rule != "column"]
    return sa.select(*columns).select_from(joined).where(*conditions)


def _days(month: Month, span: Span) -> list[sa.ColumnElement[bool]]:
    day = journal_entries.c.day
    match span:
        case Span.BEFORE:
            return [day < month.first]
        case Span.UNTIL:
            return [day <= month.last]
        case Span.WITHIN:
            return [day >= month.first, day <= month.last]


def _of_kind(wanted: JournalRows) -> list[sa.ColumnElement[bool]]:
    kind, line = journal_entries.c.kind, journal_lines.c
    debit, back = line.minor > 0, line.rule == "taken back"
    kinds: dict[Kinds | None, list[Any]] = {
        None: [],
        Kinds.PAYMENTS: [kind.in_(_PAYMENTS)],
        Kinds.WRITE_OFFS: [kind == _WRITE_OFF],
        Kinds.OTHERS: [kind.not_in((*_PAYMENTS, _WRITE_OFF))],
    }
    sides: dict[Side | None, list[Any]] = {
        None: [],
        Side.DEBIT: [debit],
        Side.CREDIT: [~debit],
        Side.TAKEN: [debit != back],
        Side.GIVEN: [debit == back],
    }
    about: dict[str, list[Any]] = {
        "": [],
        "invoice": [line.invoice_id.is_not(None)],
        "nothing": [line.invoice_id.is_(None)],
    }
    taken_back: dict[str, list[Any]] = {"": [], "yes": [back], "no": [~back]}
    return [*kinds[wanted.kinds], *sides[wanted.side], *about[wanted.about], *taken_back[wanted.back]]


def _of_whom(wanted: JournalRows) -> list[sa.ColumnElement[bool]]:
    match wanted.whose:
        case None:
            return []
        case Whose.INVOICE:
            return [invoices.c.partner == wanted.partner, invoices.c.payee == wanted.payee]
        case Whose.PAYMENT:
            return [remittances.c.partner == wanted.partner, remittances.c.payee == wanted.payee]
        case Whose.CLAIM:
            return _of_claim(wanted.partner, wanted.claim)


def _of_claim(partner: str, claim: str) -> list[sa.ColumnElement[bool]]:
    """What we gave up of a claim names it by its key and its reference: the same as the figures' own words for it."""
    entry, line = journal_entries.c, journal_lines.c
    given_up = entry.kind == _WRITE_OFF
    in_key = sa.case((given_up, func.split_part(func.substr(entry.key, _CLAIM_OF_KEY), "/", 1)), else_="")
    named = sa.case((sa.or_(line.claim != "", ~given_up), line.claim), else_=line.reference)
    return [func.coalesce(remittances.c.partner, in_key) == partner, named == claim]


def _invoices(scope: Scope, wanted: InvoiceRows, setting: Setting) -> sa.Select[Any]:
    of, month = invoices.c, scope.month
    earlier, within = of.issued_on < month.first, sa.between(of.issued_on, month.first, month.last)
    joined: Any = invoices
    amount: sa.ColumnElement[Any] = of.total_minor
    conditions: list[Any] = [of.partner == wanted.partner, of.payee == wanted.payee, of.currency == wanted.currency]
    conditions.append(of.taken_in_at <= scope.known_at)
    match wanted.part:
        case Part.INVOICED:
            conditions.append(within)
        case Part.RECEIPTS:
            conditions.append(within)
            amount = of.total_minor - of.tax_minor
        case Part.LATE:
            conditions += [earlier, of.taken_in_at > scope.opening_known_at]
        case Part.OPENING:
            settled = _settled_before(month, setting)
            joined = invoices.outerjoin(settled, settled.c.id == of.id)
            known = sa.case((sa.and_(earlier, of.taken_in_at <= scope.opening_known_at), of.total_minor), else_=0)
            amount = known + func.coalesce(settled.c.minor, 0)
            conditions.append(amount != 0)
        case _:
            still = _open_then(month, setting)
            joined = invoices.join(still, still.c.id == of.id)
            amount = still.c.minor
            conditions += _aged(wanted.part, month)
    told = (
        of.id,
        of.number,
        of.partner,
        of.issued_on,
        of.due_on,
        of.total_minor,
        sa.cast(amount, sa.BigInteger).label("minor"),
    )
    return sa.select(*told).select_from(joined).where(*conditions)


def _settled_before(month: Month, setting: Setting) -> Any:
    entry, line = journal_entries.c, journal_lines.c
    return (
        sa.select(line.invoice_id.label("id"), func.sum(line.minor).label("minor"))
        .join_from(journal_lines, journal_entries, line.entry_id == entry.id)
        .where(line.account == setting.receivable, line.invoice_id.is_not(None))
        .where(entry.kind.in_(_PAYMENTS), entry.day < month.first)
        .group_by(line.invoice_id)
        .subquery("settled")
    )


def _open_then(month: Month, setting: Setting) -> Any:
    query = sa.text(OPEN_EACH).bindparams(last=month.last, receivable=setting.receivable)
    return query.columns(sa.column("id", sa.BigInteger), sa.column("minor", sa.BigInteger)).subquery("still")


def _aged(part: Part, month: Month) -> list[sa.ColumnElement[bool]]:
    """By days since issue on the last day of the month; overdue is what was due before it."""
    if part is Part.OVERDUE:
        return [invoices.c.due_on < month.last]
    days = sa.literal(month.last, sa.Date) - invoices.c.issued_on
    youngest, oldest = _FROM_DAYS.get(part, (None, None))
    least = [] if youngest is None else [days >= youngest]
    return least if oldest is None else [*least, days <= oldest]
