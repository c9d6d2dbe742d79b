"""What cells of profit are made of: lines of the journal with what a cell bears of each, and the invoices that were billed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.chart import Chart, Purpose
from trueup.domain.profit import Margin, Part, Sold, Taken, allocate, parts_of
from trueup.domain.profit_cells import Booked, Cell, shares_of
from trueup.storage.views.paging import ROWS, Paged, cut_page, keyed_by
from trueup.storage.views.profit import TAKEN_LINES, load_sold, load_taken, weights_of


class CellLine(NamedTuple):
    """A line of the journal and what a cell comes to by it: `whole` of the line, `share` of the cell, with the sign of the cell, in
    minor units of its currency.

    `entry` and `number` are None for an invoice whose revenue is not booked here; `rule` says why the cell bears its share;
    `units` are those of an invoice.
    """

    day: date
    part: str
    entry: int | None
    number: int | None
    share: int
    whole: int
    rule: str
    invoice: int | None
    units: int = 0


def _place(line: CellLine) -> tuple[date, int, int, int]:
    return (line.day, line.entry or 0, line.number or 0, line.invoice or 0)


_ORDER = keyed_by(date, int, int, int, descending=True)


@dataclass(frozen=True, slots=True)
class CellMade:
    """A cell with what profit says it comes to, and every line that it is made of, the latest first."""

    amount: Money
    lines: tuple[CellLine, ...]

    @property
    def total(self) -> Money:
        """What its lines come to: the same."""
        return Money(sum(each.share for each in self.lines), self.amount.currency)


def load_margins(connection: sa.Connection, since: date, until: date, chart: Chart) -> tuple[Margin, ...]:
    """Profit of the days, both included: a row a SKU of a channel."""
    sold = load_sold(connection, since, until)
    return allocate(sold, load_taken(connection, since, until, parts_of(chart)), {})


def load_cell(connection: sa.Connection, days: tuple[date, date], cell: Cell, part: str, chart: Chart) -> CellMade:
    """What a cell of the days, both included, is made of; `part` is one of `profit_cells.PARTS`. The books are held still."""
    lines: list[CellLine] = []
    sold = load_sold(connection, *days)
    if part in ("gross", "net"):
        lines += _billed(connection, days, cell, chart.code(Purpose.REVENUE))
    booked = _load_booked(connection, days, cell.currency, chart) if part != "gross" else []
    lines += _borne(cell, part, sold, booked)
    lines.sort(key=_place, reverse=True)
    # Profit reads the sums of these very lines: what they come to is not asked of the database a second time.
    return CellMade(cell.amount(allocate(sold, _summed(booked), {}), part), tuple(lines))


def _summed(booked: Iterable[Booked]) -> list[Taken]:
    """What `load_taken` finds of the same lines: each invoice's, and what is about none by its channel, as one."""
    of: defaultdict[tuple[object, ...], list[Taken]] = defaultdict(list)
    for each in booked:
        of[each.taken.partner, each.taken.payee, each.taken.part, each.invoice].append(each.taken)
    sums = [replace(every[0], minor=sum(each.minor for each in every)) for every in of.values()]
    return [each for each in sums if each.minor]


def page_cell(connection: sa.Connection, made: CellMade, at: str, limit: int = ROWS) -> Paged:
    """Some of the lines of a cell, with what their entries and invoices say, and the places before and after them.

    A cell is made whole, to be summed; its pages are cut by key, so that what is posted meanwhile moves none. Raises Invalid for a
    place that is none.
    """
    cut = cut_page(made.lines, _ORDER, _place, at, limit)
    return Paged(_describe(connection, made.amount.currency, cut.rows), cut.before, cut.after)


def _billed(connection: sa.Connection, days: tuple[date, date], cell: Cell, revenue: str) -> Iterator[CellLine]:
    partner, payee = cell.channel or (None, None)
    values = {"since": days[0], "until": days[1], "currency": cell.currency, "revenue": revenue}
    values |= {"partner": partner, "payee": payee, **({} if cell.sku is None else {"sku": cell.sku})}
    for row in connection.execute(_BILLED if cell.sku is None else _BILLED_OF_SKU, values):
        share, whole = int(row.minor), int(row.whole)
        why = "all of its invoice" if share == whole else "its lines of the invoice" if cell.sku else "beyond its lines"
        yield CellLine(row.issued_on, "gross", row.entry_id, row.number, share, whole, why, row.id, int(row.units))


_PERIOD = (
    "WITH period AS (SELECT id, lines, total_minor - tax_minor AS minor FROM trueup.invoices"
    " WHERE issued_on BETWEEN :since AND :until AND currency = :currency"
    " AND partner = coalesce(CAST(:partner AS text), partner) AND payee = coalesce(CAST(:payee AS text), payee)),"
)
_OF_SKU = (
    " of_lines AS (SELECT p.id, x.line ->> 'sku' AS sku, sum((x.line -> 'amount' ->> 'minor')::bigint) AS minor,"
    " sum((x.line ->> 'quantity')::bigint) AS units FROM period p"
    " CROSS JOIN LATERAL jsonb_array_elements(p.lines) AS x(line) GROUP BY 1, 2),"
    " beyond AS (SELECT p.id, '' AS sku, p.minor - coalesce(sum(o.minor), 0) AS minor, 0 AS units FROM period p"
    " LEFT JOIN of_lines o ON o.id = p.id GROUP BY p.id, p.minor),"
    " mine AS (SELECT id, sum(minor) AS minor, sum(units) AS units FROM (SELECT * FROM of_lines UNION ALL SELECT * FROM beyond) x"
    " WHERE sku = :sku GROUP BY 1 HAVING sum(minor) <> 0 OR sum(units) <> 0)"
)
_OF_ALL = (
    " mine AS (SELECT * FROM (SELECT id, minor, coalesce((SELECT sum((x.line ->> 'quantity')::bigint)"
    " FROM jsonb_array_elements(p.lines) AS x(line)), 0) AS units FROM period p) w WHERE minor <> 0 OR units <> 0)"
)
_MINE = (
    " SELECT i.id, i.issued_on, i.total_minor - i.tax_minor AS whole, m.minor, m.units, b.entry_id, b.number FROM mine m"
    " JOIN trueup.invoices i ON i.id = m.id LEFT JOIN LATERAL (SELECT l.entry_id, l.number FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id AND e.kind = 'invoice'"
    " WHERE l.invoice_id = i.id AND l.account = :revenue ORDER BY 1, 2 LIMIT 1) b ON true"
)
_BILLED, _BILLED_OF_SKU = sa.text(_PERIOD + _OF_ALL + _MINE), sa.text(_PERIOD + _OF_SKU + _MINE)


def _borne(cell: Cell, part: str, sold: Sequence[Sold], booked: Sequence[Booked]) -> Iterator[CellLine]:
    """What the cell bears: all that reduces what is left for the net, where it counts against it; else of its own part."""
    sign = -1 if part == "net" else 1
    for share in shares_of(cell, sold, booked):
        line = share.booked
        if part in ("net", line.taken.part):
            minor, whole = sign * share.minor, sign * line.taken.minor
            yield CellLine(line.day, line.taken.part, line.entry, line.number, minor, whole, share.rule, line.invoice)


def _load_booked(connection: sa.Connection, days: tuple[date, date], currency: str, chart: Chart) -> list[Booked]:
    """Every line of the days that takes something, in the order of the journal."""
    parts = parts_of(chart)
    values = {
        "since": days[0],
        "until": days[1],
        "accounts": list(parts),
        "parts": [part.value for part in parts.values()],
    }
    rows = connection.execute(_BOOKED, {**values, "currency": currency}).all()
    weights = _load_weights(connection, {row.invoice_id for row in rows if row.invoice_id is not None})
    return [
        Booked(
            Taken(row.partner, row.payee, Part(row.part), currency, int(row.minor), weights.get(row.invoice_id, ())),
            row.invoice_id, row.day, row.entry_id, row.number,
        )
        for row in rows
    ]  # fmt: skip


_BOOKED = sa.text(
    TAKEN_LINES
    + " SELECT coalesce(i.partner, t.partner) AS partner, coalesce(i.payee, t.payee) AS payee, t.part, t.minor, t.invoice_id,"
    " t.day, t.entry_id, t.number FROM taken t LEFT JOIN trueup.invoices i ON i.id = t.invoice_id"
    " WHERE t.currency = :currency ORDER BY t.day, t.entry_id, t.number"
)


def _load_weights(connection: sa.Connection, ids: Iterable[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    query = sa.text("SELECT id, lines FROM trueup.invoices WHERE id = ANY(:ids)")
    return {row.id: weights_of(row.lines) for row in connection.execute(query, {"ids": list(ids)})}


def _describe(connection: sa.Connection, currency: str, lines: Sequence[CellLine]) -> list[dict[str, Any]]:
    told = _told_entries(connection, [(each.entry, each.number) for each in lines if each.entry is not None])
    query = sa.text("SELECT id, partner, number FROM trueup.invoices WHERE id = ANY(:ids)")
    ids = [each.invoice for each in lines if each.invoice is not None]
    invoices = {row.id: row for row in connection.execute(query, {"ids": ids})}
    of = [(each, told.get((each.entry, each.number)), invoices.get(each.invoice)) for each in lines]
    return [_described(currency, *each) for each in of]


def _described(currency: str, line: CellLine, said: Any, invoice: Any) -> dict[str, Any]:
    return {
        "day": line.day,
        "part": line.part,
        "entry": line.entry,
        "line": line.number,
        "account": said.account if said is not None else None,
        "narration": said.narration if said is not None else "",
        "reference": said.reference if said is not None else "",
        "type": said.type if said is not None else "",
        "invoice": invoice.number if invoice is not None else None,
        "partner": invoice.partner if invoice is not None else None,
        "units": line.units,
        "rule": line.rule,
        "whole": Money(line.whole, currency),
        "share": Money(line.share, currency),
    }


def _told_entries(connection: sa.Connection, places: Sequence[tuple[int | None, int | None]]) -> Mapping[Any, Any]:
    values = {"entries": [entry for entry, _ in places], "numbers": [number for _, number in places]}
    return {(row.entry_id, row.number): row for row in connection.execute(_TOLD, values)}


_TOLD = sa.text(
    "SELECT l.entry_id, l.number, l.account, l.reference, l.type, e.narration"
    " FROM unnest(CAST(:entries AS bigint[]), CAST(:numbers AS integer[])) AS p(entry, number)"
    " JOIN trueup.journal_lines l ON l.entry_id = p.entry AND l.number = p.number"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id"
)
