"""Our invoices to look at: a list with what is open of each, and one with its story: what payments said about it, and claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict, NotFound
from trueup.base.money import Money
from trueup.domain.invoices import normal_reference
from trueup.storage.invoices import WITH_OPEN, SavedInvoice, invoices, open_invoices, saved_invoice
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page
from trueup.storage.views.ranges import Ranges
from trueup.storage.views.remittances import documents_of, load_cases
from trueup.storage.views.trends import AGE_DAYS, AGES

_KINDS = ("invoice.overpaid", "invoice.differs")


def list_invoices(
    connection: sa.Connection,
    *,
    partner: str | None = None,
    only_open: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Invoices, the latest first, from before one (by id); those of which something is open when `only_open`."""
    query = WITH_OPEN.order_by(invoices.c.issued_on.desc(), invoices.c.id.desc()).limit(limit)
    if partner is not None:
        query = query.where(invoices.c.partner == partner)
    if only_open:
        query = query.where(open_invoices.c.invoice_id.is_not(None))
    if before is not None:
        last = sa.select(invoices.c.issued_on, invoices.c.id).where(invoices.c.id == before).scalar_subquery()
        query = query.where(sa.tuple_(invoices.c.issued_on, invoices.c.id) < last)
    return [_head(saved_invoice(row)) for row in connection.execute(query).mappings()]


LATE = len(AGES)
"""The age of all that is past its day, however long."""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices: to a partner, only open ones, how long past due (a place of `trends.AGES`, or LATE), in a currency, the
    beginning of a number or the whole number of an order, ranges of its total and the day of its issue."""

    partner: str = ""
    open: bool = False
    age: int | None = None
    currency: str = ""
    words: str = ""
    ranges: Ranges = field(default_factory=Ranges)


def page_invoices(
    connection: sa.Connection, wanted: InvoiceFilter, today: date, at: str = "", limit: int = ROWS
) -> Paged:
    """Invoices by pages, the latest first. Raises Invalid for a place that is none."""
    order = Order((invoices.c.issued_on, invoices.c.id), descending=True)
    paged = fetch_page(connection, WITH_OPEN.where(*_conditions(wanted, today)), order, at, limit)
    return Paged([_head(saved_invoice(row)) for row in paged.rows], paged.before, paged.after)


def growing_invoices(wanted: InvoiceFilter, today: date) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(WITH_OPEN.where(*_conditions(wanted, today)), invoices.c.id)


def sum_open(connection: sa.Connection, wanted: InvoiceFilter, today: date) -> list[tuple[int, Money]]:
    """What is open of the invoices of a filter, per currency: of how many, and how much."""
    conditions = (*_conditions(wanted, today), open_invoices.c.invoice_id.is_not(None))
    rows = WITH_OPEN.where(*conditions).subquery()
    counts = sa.func.count(), sa.func.sum(rows.c.open_minor)
    query = sa.select(rows.c.currency, *counts).group_by(rows.c.currency).order_by(counts[0].desc(), rows.c.currency)
    return [(count, Money(int(minor), currency)) for currency, count, minor in connection.execute(query)]


def _conditions(wanted: InvoiceFilter, today: date) -> Iterator[sa.ColumnElement[bool]]:
    table = invoices.c
    if wanted.partner:
        yield table.partner == wanted.partner
    if wanted.open or wanted.age is not None:
        yield open_invoices.c.invoice_id.is_not(None)
    if wanted.currency:
        yield table.currency == wanted.currency
    if wanted.words:
        begins = table.reference.startswith(normal_reference(wanted.words), autoescape=True)
        yield sa.or_(begins, table.purchase_order == wanted.words.upper())
    yield from wanted.ranges.amounts(table.total_minor, table.currency)
    yield from wanted.ranges.days(table.issued_on)
    if wanted.age is not None:
        late = sa.literal(today) - sa.func.coalesce(table.due_on, table.issued_on)
        least, most = AGE_DAYS[wanted.age] if wanted.age < LATE else (1, None)
        yield sa.true() if least is None else late >= least
        yield sa.true() if most is None else late <= most


def find_invoice(connection: sa.Connection, wanted: str, partner: str | None = None) -> SavedInvoice:
    """An invoice by its number, however it is written. Raises NotFound, Conflict when it is several partners' number."""
    query = WITH_OPEN.where(invoices.c.reference == normal_reference(wanted))
    if partner is not None:
        query = query.where(invoices.c.partner == partner)
    else:
        # The index begins with the partner, and there are few: ask for each.
        query = query.where(invoices.c.partner.in_(list(connection.execute(_PARTNERS).scalars())))
    found = [saved_invoice(row) for row in connection.execute(query).mappings()]
    if len(found) > 1:
        partners = ", ".join(sorted(each.invoice.partner for each in found))
        raise Conflict(f"Invoice {wanted} is one to {partners}: say which with --partner.")
    if not found:
        raise NotFound(
            f"Invoice {wanted}: no such invoice; `trueup invoices list` shows them, `trueup invoices import FILE` takes "
            f"them in."
        )
    return found[0]


_PARTNERS = sa.text(
    "WITH RECURSIVE p AS ((SELECT partner FROM trueup.invoices ORDER BY partner LIMIT 1) UNION ALL SELECT (SELECT i.partner"
    " FROM trueup.invoices i WHERE i.partner > p.partner ORDER BY i.partner LIMIT 1) FROM p WHERE p.partner IS NOT NULL)"
    " SELECT partner FROM p WHERE partner IS NOT NULL"
)
"""From partner to partner by the index, however many invoices each has."""


def show_invoice(connection: sa.Connection, saved: SavedInvoice) -> dict[str, Any]:
    """One invoice whole: its lines, everything booked about it in the order of days, its claims and open cases."""
    invoice = saved.invoice
    story = [_event(row) for row in connection.execute(_STORY, {"invoice": saved.id})]
    claims = _claims(connection, saved)
    keys = {(kind, f"invoice {invoice.partner}/{invoice.number}") for kind in _KINDS}
    keys |= {_case_of(invoice.partner, claim) for claim in claims}
    names = documents_of(connection, [saved.evidence])
    return {
        **_head(saved),
        "tax": str(invoice.tax),
        "credits": invoice.credits or None,
        "lines": [
            {
                "line": line.number,
                "sku": line.sku,
                "asin": line.asin or None,
                "quantity": line.quantity,
                "price": f"{line.price.value:f} {line.price.currency}",
                "amount": str(line.amount),
            }
            for line in invoice.lines
        ],
        "document": {"digest": saved.evidence, "name": names.get(saved.evidence, "")},
        "story": story,
        "claims": claims,
        "cases": list(load_cases(connection, keys).values()),
    }


def _head(saved: SavedInvoice) -> dict[str, Any]:
    invoice = saved.invoice
    return {
        "id": saved.id,
        "number": invoice.number,
        "partner": invoice.partner,
        "payee": invoice.payee,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": _day(invoice.due_on),
        "purchase_order": invoice.purchase_order,
        "total": str(invoice.total),
        "settled": str(saved.settled),
        "open": str(saved.open),
    }


_STORY = sa.text(
    "SELECT e.id, e.key, e.day, e.kind, l.number, l.account, l.minor, l.currency, l.reference, l.type, l.claim, l.rule,"
    " l.source_line, r.payment, r.source FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " LEFT JOIN trueup.remittances r ON r.id = e.remittance_id WHERE l.invoice_id = :invoice ORDER BY e.day, e.id, l.number"
)


def _event(row: Any) -> dict[str, Any]:
    """`amount`: as Amazon pays where a payment says it, else as it stands in the books."""
    minor = -row.minor if row.payment else row.minor
    return {
        "day": row.day.isoformat(),
        "kind": row.kind,
        "payment": row.payment,
        "line": row.source_line or None,
        "reference": row.reference,
        "type": row.type,
        "claim": row.claim,
        "amount": str(Money(minor, row.currency)),
        "account": row.account,
        "rule": row.rule,
        "entry": row.id,
        "number": row.number,
        "key": row.key,
    }


def _claims(connection: sa.Connection, saved: SavedInvoice) -> list[dict[str, Any]]:
    """The claims that postings about the invoice belong to, with what Amazon still holds of each."""
    rows = connection.execute(_CLAIMS, {"invoice": saved.id, "partner": saved.invoice.partner})
    return [
        {
            "id": row.id,
            "claim": row.claim,
            "currency": row.currency,
            "taken": str(Money(row.taken_minor, row.currency)),
            "given_back": str(Money(row.given_minor, row.currency)),
            "given_up": str(Money(row.lost_minor, row.currency)),
            "open": str(Money(row.taken_minor - row.given_minor - row.lost_minor, row.currency)),
            "since": row.first_on.isoformat(),
        }
        for row in rows
    ]


_CLAIMS = sa.text(
    "SELECT c.* FROM trueup.claims c JOIN (SELECT DISTINCT claim FROM trueup.journal_lines WHERE invoice_id = :invoice"
    " AND claim <> '') AS l ON l.claim = c.claim WHERE c.partner = :partner ORDER BY c.first_on, c.id"
)


def _case_of(partner: str, claim: Mapping[str, Any]) -> tuple[str, str]:
    family = claim["claim"].partition("/")[0]
    return f"claim.{family}", f"claim {partner}/{claim['claim']} {claim['currency']}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
