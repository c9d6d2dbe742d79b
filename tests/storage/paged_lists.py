"""The lists that are paged, each in the ways in which people ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from trueup.domain.closing import Month, Setting
from trueup.domain.closing_rows import InvoiceRows, JournalRows, Part, Span
from trueup.domain.deduction import Family
from trueup.storage.buffer_changes import list_versions
from trueup.storage.views import (
    account_lines,
    acts,
    amazon_figures,
    audit_trail,
    case_causes,
    case_orders,
    case_queue,
    channels,
    circular_lanes,
    claim_ranks,
    deductions,
    dispute_outcomes,
    document_pages,
    invoices,
    journal,
    journal_lines,
    match_desk,
    order_pages,
    product_pages,
    remittances,
    rules,
    stock,
    told_inventory,
    trade_ins,
    vendor_returns,
    waiting_lines,
)
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.closing import Scope
from trueup.storage.views.closing_rows import Behind
from trueup.storage.views.paging import Paged

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_Wanted = TypeVar("_Wanted")
Ask = Callable[[sa.Connection, str, int], Paged]
"""A page of a list: at a place, of so many rows at most."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: the ways in which people ask for it, what names a row of it, and the template or function that draws its pager by
    hand."""

    ways: Mapping[str, Ask]
    names: tuple[str, ...]
    drawn_by: str = ""

    def name_of(self, row: Any) -> tuple[Any, ...]:
        return tuple(row[name] for name in self.names)


NOT_BY_KEY = {
    "flows.html": "runs, which move while one turns pages: by when they moved and their id, newest first",
    "document.html": "parts of one document, by their place in its bytes",
    "remittance.html": "the lines of one payment, which is read as one statement that is to tie",
    "close_figures.html": "the figures of a month, which are one value that was computed, with a page of it shown",
    "profit_cells.page_cell": "lines that a cell of profit is made of, which is allocated whole",
    "rules._list": "the newest version of each rule, all on one page",
}
"""What has pages and is no table of rows, and why."""

_OPEN_THEN = (Part.CLOSING, Part.OPENING)
_MONTH = Month.read("2026-10")
_DISPUTABLE = (
    ("shortage", "price", "chargeback", "return"),
    (Family.SHORTAGE, Family.PRICE, Family.CHARGEBACK, Family.RETURN),
)
_SETTING = Setting("1200", "1400", "1900", "1800", "1700", ("1500",), {}, {})


def _documents(connection: sa.Connection, at: str, limit: int, **wanted: str) -> Paged:
    """A page of documents, of a kind or a source."""
    return document_pages.page_documents(connection, document_pages.DocumentFilter(**wanted), at=at, limit=limit)  # type: ignore[arg-type]


def _ways(wanted: Mapping[str, _Wanted], ask: Callable[[sa.Connection, _Wanted, str, int], Paged]) -> dict[str, Ask]:
    """A list asked for in several ways."""

    def of(way: _Wanted) -> Ask:
        return lambda connection, at, limit: ask(connection, way, at, limit)

    return {label: of(way) for label, way in wanted.items()}


def _behind(connection: sa.Connection) -> Behind:
    return Behind(connection, Scope(_MONTH, NOW, NOW, ()), _SETTING, ())


def _account(part: str) -> Ask:
    def ask(connection: sa.Connection, at: str, limit: int) -> Paged:
        rolled = account_lines.Rolled("1400", "EUR", 0, 0, 0, 0, 0, 0)
        return account_lines.page_account(connection, _MONTH, rolled, part, at, limit)

    return ask


def _acts(**wanted: Any) -> Ask:
    return lambda c, at, n: audit_trail.page_acts(c, audit_trail.ActFilter(**wanted), at, n)


def _cases(sort: str = "", **wanted: Any) -> Ask:
    return lambda c, at, n: case_queue.page_cases(c, CaseFilter(**wanted), NOW, sort=sort, at=at, limit=n)


def _causes(**wanted: Any) -> Ask:
    return lambda c, at, n: case_causes.page_causes(c, CaseFilter(**wanted), NOW, at=at, limit=n)


def _by_hand(list_rows: Callable[[sa.Connection, int | None, int], list[Any]]) -> Ask:
    """A list whose place is the id of the row before."""

    def ask(connection: sa.Connection, at: str, limit: int) -> Paged:
        rows = list_rows(connection, int(at) if at else None, limit + 1)
        return Paged(rows[:limit], "", str(rows[limit - 1]["id"]) if len(rows) > limit else "")

    return ask


def _trade_ins(**wanted: Any) -> Ask:
    return _by_hand(lambda c, at, n: trade_ins.page_trade_ins(c, trade_ins.TradeInFilter(**wanted), before=at, limit=n))


def _units(connection: sa.Connection, at: str, limit: int) -> Paged:
    programme, _, number = at.rpartition("/")
    page = ((programme, int(number or 0)), limit)
    rows = circular_lanes.list_units(connection, NOW, circular_lanes.Asked(), page)
    return Paged(rows, "", f"{rows[-1]['programme']}/{rows[-1]['id']}" if len(rows) == limit else "")


def _versions(connection: sa.Connection, at: str, limit: int) -> Paged:
    found = list_versions(connection, before=int(at) if at else None, limit=limit + 1)
    rows = [{"id": each.id} for each in found[:limit]]
    return Paged(rows, "", str(rows[-1]["id"]) if len(found) > limit else "")


LISTS: dict[str, Listed] = {
    "account_lines.page_account": Listed({part: _account(part) for part in account_lines.PARTS}, ("id", "number")),
    "amazon_figures.page_listed": Listed(
        {"all": lambda c, at, n: amazon_figures.page_listed(c, ["V1", "V2"], "", at, n)}, ("sku",)
    ),
    "case_causes.page_causes": Listed(
        {
            "open": _causes(),
            "of a kind": _causes(kind="kind-1"),
            "of an owner": _causes(owner="finance"),
            "resolved": _causes(tab="resolved"),
        },
        ("kind", "cause"),
    ),
    "case_queue.page_cases": Listed(
        {
            **{f"by {sort}": _cases(sort) for sort in case_orders.SORTS},
            **{f"by {sort}, of an owner": _cases(sort, owner="finance") for sort in case_orders.SORTS},
            **{f"by {sort}, of a kind": _cases(sort, kind="kind-1") for sort in case_orders.SORTS},
            "resolved": _cases(tab="resolved"),
        },
        ("id",),
    ),
    "channels.page_channel_stock": Listed(
        {
            "all": lambda c, at, n: channels.page_channel_stock(c, which="all", at=at, limit=n),
            "of a channel": lambda c, at, n: channels.page_channel_stock(c, channel="A", which="all", at=at, limit=n),
            "drifting": lambda c, at, n: channels.page_channel_stock(c, at=at, limit=n),
        },
        ("sku", "location", "channel"),
    ),
    "claim_ranks.page_claims": Listed(
        _ways(
            {
                "all": claim_ranks.RankFilter(*_DISPUTABLE),
                "of a partner": claim_ranks.RankFilter(*_DISPUTABLE, partner="amazon-us"),
                "of a family": claim_ranks.RankFilter(*_DISPUTABLE, family="chargeback"),
                "of a currency": claim_ranks.RankFilter(*_DISPUTABLE, currency="EUR"),
                "end soon": claim_ranks.RankFilter(*_DISPUTABLE, soon=True),
                "with what cannot be disputed": claim_ranks.RankFilter(*_DISPUTABLE, every=True),
            },
            lambda c, wanted, at, n: claim_ranks.page_claims(c, wanted, NOW.date(), at, n),
        ),
        ("id",),
    ),
    "deductions.page_deductions": Listed(
        {
            "all": lambda c, at, n: deductions.page_deductions(c, deductions.DeductionFilter(), at, n),
            "of a partner": lambda c, at, n: deductions.page_deductions(
                c, deductions.DeductionFilter("amazon-us"), at, n
            ),
        },
        ("id",),
    ),
    "closing_rows.page_lines": Listed(
        {
            "of a month": lambda c, at, n: _behind(c).page_lines(JournalRows("EUR"), at, n),
            "until a month": lambda c, at, n: _behind(c).page_lines(JournalRows("EUR", Span.UNTIL), at, n),
            "of an account": lambda c, at, n: _behind(c).page_lines(JournalRows("EUR", account="1400"), at, n),
        },
        ("id", "number"),
    ),
    "closing_rows.page_invoices": Listed(
        _ways(
            {part.value: InvoiceRows("amazon-us", "US1", "EUR", part) for part in (Part.INVOICED, *_OPEN_THEN)},
            lambda c, wanted, at, n: _behind(c).page_invoices(wanted, at, n),
        ),
        ("id",),
    ),
    "dispute_outcomes.page_outcomes": Listed(
        _ways(
            {"all": None, "of a family": Family.CHARGEBACK},
            dispute_outcomes.page_outcomes,
        ),
        ("claim_id", "number"),
    ),
    "document_pages.page_documents": Listed(
        {
            "all": _documents,
            "of a kind": lambda c, at, n: _documents(c, at, n, kind="orders"),
            "of a source": lambda c, at, n: _documents(c, at, n, source="source-1"),
        },
        ("id",),
    ),
    "invoices.page_invoices": Listed(
        _ways(
            {
                "all": invoices.InvoiceFilter(),
                "of a partner": invoices.InvoiceFilter(partner="amazon-us"),
                "open": invoices.InvoiceFilter(open=True),
            },
            lambda c, wanted, at, n: invoices.page_invoices(c, wanted, NOW.date(), at, n),
        ),
        ("id",),
    ),
    "journal.page_entries": Listed(
        _ways(
            {
                "all": journal.EntryFilter(),
                "of an account": journal.EntryFilter(account="1400"),
                "of a kind": journal.EntryFilter(kind="remittance"),
                "of days": journal.EntryFilter(since=date(2026, 3, 1), until=date(2026, 10, 31)),
            },
            journal.page_entries,
        ),
        ("id",),
    ),
    "journal_lines.page_lines": Listed(
        _ways(
            {
                "all": journal.EntryFilter(),
                "of an account": journal.EntryFilter(account="1400"),
                "of days": journal.EntryFilter(since=date(2026, 3, 1), until=date(2026, 10, 31)),
                "of a side": journal.EntryFilter(account="1400", currency="EUR", side="debit"),
            },
            journal_lines.page_lines,
        ),
        ("id", "number"),
    ),
    "match_desk.page_matched": Listed({"all": match_desk.page_matched}, ("remittance", "line")),
    "match_desk.page_undone": Listed({"all": match_desk.page_undone}, ("id",)),
    "order_pages.page_orders": Listed(
        _ways(
            {
                "newest": ("", order_pages.OrderFilter()),
                "due": ("due", order_pages.OrderFilter()),
                "of a partner": ("", order_pages.OrderFilter(partner="amazon-us")),
                "to prove": ("", order_pages.OrderFilter(standing="to-prove")),
                "to answer": ("", order_pages.OrderFilter(standing="to-answer")),
                "to invoice": ("", order_pages.OrderFilter(standing="to-invoice")),
            },
            lambda c, wanted, at, n: order_pages.page_orders(c, wanted[1], sort=wanted[0], at=at, limit=n),
        ),
        ("id",),
    ),
    "product_pages.page_products": Listed(
        {"all": lambda c, at, n: product_pages.page_products(c, at=at, limit=n)}, ("sku",)
    ),
    "remittances.page_remittances": Listed(
        _ways(
            {
                "all": remittances.RemittanceFilter(),
                "of a partner": remittances.RemittanceFilter(partner="amazon-us"),
                "unexplained": remittances.RemittanceFilter(unexplained=True),
                "of days": remittances.RemittanceFilter(since=date(2026, 3, 1), until=date(2026, 10, 31)),
            },
            remittances.page_remittances,
        ),
        ("id",),
    ),
    "rules.page_posted": Listed(
        _ways(
            {"of all versions": None, "of a version": 2},
            lambda c, wanted, at, n: rules.page_posted(c, "rule-1", wanted, at, n),
        ),
        ("entry_id", "number"),
    ),
    "stock.page_products": Listed(
        {
            "all": lambda c, at, n: stock.page_products(c, "", "", at, n),
            "counted by the shop": lambda c, at, n: stock.page_products(c, "", "shop", at, n),
        },
        ("sku",),
    ),
    "told_inventory.page_told": Listed(
        {
            "all": lambda c, at, n: told_inventory.page_told(c, ("P", "V", "W"), at=at, limit=n),
            "differing": lambda c, at, n: told_inventory.page_told(c, ("P", "V", "W"), differing=True, at=at, limit=n),
        },
        ("sku",),
    ),
    "audit_trail.page_acts": Listed(
        {
            "all": lambda c, at, n: audit_trail.page_acts(c, at=at, limit=n),
            "people": _acts(actor=audit_trail.PEOPLE),
            "a person": _acts(actor="Olga"),
            "a kind": _acts(act="case.resolved"),
            "some days": _acts(since=NOW - timedelta(days=400), until=NOW),
            "a thing": _acts(about="order amazon-us/7"),
            "things of a kind": _acts(about="order"),
        },
        ("id",),
    ),
    "acts.page_proposals": Listed({"waiting": acts.page_proposals}, ("id",)),
    "vendor_returns.page_returned": Listed(
        {"all": lambda c, at, n: vendor_returns.page_returned(c, at, limit=n)}, ("id",)
    ),
    "waiting_lines.page_waiting": Listed(
        _ways(
            {
                "all": waiting_lines.WaitingFilter(),
                "of a partner": waiting_lines.WaitingFilter(partner="amazon-us"),
                "of a kind": waiting_lines.WaitingFilter(kind="kind-1"),
            },
            waiting_lines.page_waiting,
        ),
        ("remittance", "line"),
    ),
    "trade_ins.page_trade_ins": Listed(
        {"to be done": _trade_ins(only_open=True), "all": _trade_ins()}, ("id",), "trade_ins.html"
    ),
    "circular_lanes.list_units": Listed({"all": _units}, ("programme", "id"), "circular.html"),
    "buffer_changes.list_versions": Listed({"all": _versions}, ("id",), "stock_buffers.html"),
}
WHOLE = {
    **{
        ("closing_rows.page_invoices", part.value): "worked out of all that was settled since, or before"
        for part in _OPEN_THEN
    },
}
"""The ways whose rows are worked out from other tables when they are asked for: the page tells their sum first, which reads all of
them, and is never longer than what one payee owes."""
