"""Lists that grow: what came is counted by the end of an index, and is as many rows as the list has then and had not before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count

import pytest
import sqlalchemy as sa

from tests.databases import Databases
from tests.storage.paged_lists import LISTS, NOW
from tests.storage.paged_tables import ROWS, fill_all
from tests.storage.test_paging import FEW, MOST, PAGE, _drawn, _looked_at, _plan, _statements
from trueup.storage.acts import Proposal, propose
from trueup.storage.database import Database
from trueup.storage.views import (
    case_queue,
    channels,
    deductions,
    document_pages,
    invoices,
    journal,
    journal_lines,
    match_desk,
    order_pages,
    remittances,
    trade_ins,
    vendor_returns,
    waiting_lines,
)
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.growing import MOST as MOST_COUNTED
from trueup.storage.views.growing import Growing, GrowingRows, GrowingWhole

_DAYS = {"since": date(2026, 3, 1), "until": date(2026, 10, 31)}
GROWING: dict[tuple[str, str], Growing] = {
    ("order_pages.page_orders", "newest"): order_pages.growing_orders(order_pages.OrderFilter()),
    ("order_pages.page_orders", "of a partner"): order_pages.growing_orders(
        order_pages.OrderFilter(partner="amazon-us")
    ),
    ("order_pages.page_orders", "to prove"): order_pages.growing_orders(order_pages.OrderFilter(standing="to-prove")),
    ("document_pages.page_documents", "all"): document_pages.growing_documents(document_pages.DocumentFilter()),
    ("document_pages.page_documents", "of a kind"): document_pages.growing_documents(
        document_pages.DocumentFilter(kind="orders")
    ),
    ("remittances.page_remittances", "all"): remittances.growing_remittances(remittances.RemittanceFilter()),
    ("remittances.page_remittances", "of a partner"): remittances.growing_remittances(
        remittances.RemittanceFilter(partner="amazon-us")
    ),
    ("remittances.page_remittances", "of days"): remittances.growing_remittances(
        remittances.RemittanceFilter(since=_DAYS["since"], until=_DAYS["until"])
    ),
    ("invoices.page_invoices", "all"): invoices.growing_invoices(invoices.InvoiceFilter(), NOW.date()),
    ("invoices.page_invoices", "open"): invoices.growing_invoices(invoices.InvoiceFilter(open=True), NOW.date()),
    ("journal.page_entries", "all"): journal.growing_entries(journal.EntryFilter()),
    ("journal.page_entries", "of an account"): journal.growing_entries(journal.EntryFilter(account="1400")),
    ("journal.page_entries", "of a kind"): journal.growing_entries(journal.EntryFilter(kind="remittance")),
    ("journal_lines.page_lines", "all"): journal_lines.growing_lines(journal.EntryFilter()),
    ("journal_lines.page_lines", "of an account"): journal_lines.growing_lines(journal.EntryFilter(account="1400")),
    ("match_desk.page_undone", "all"): match_desk.growing_undone(),
    ("deductions.page_deductions", "all"): deductions.growing_deductions(deductions.DeductionFilter()),
    ("vendor_returns.page_returned", "all"): vendor_returns.growing_returned(),
    ("channels.page_channel_stock", "drifting"): channels.growing_stock(),
    ("waiting_lines.page_waiting", "all"): waiting_lines.growing_waiting(waiting_lines.WaitingFilter()),
    ("waiting_lines.page_waiting", "of a kind"): waiting_lines.growing_waiting(
        waiting_lines.WaitingFilter(kind="kind-1")
    ),
    ("trade_ins.page_trade_ins", "to be done"): trade_ins.growing_trade_ins(trade_ins.TradeInFilter(only_open=True)),
    ("trade_ins.page_trade_ins", "all"): trade_ins.growing_trade_ins(trade_ins.TradeInFilter()),
    ("case_queue.page_cases", "by money"): case_queue.growing_cases(CaseFilter(), NOW),
    ("case_queue.page_cases", "by money, of an owner"): case_queue.growing_cases(CaseFilter(owner="finance"), NOW),
}
BY_TIME = {
    ("channels.page_channel_stock", "waiting"): channels.growing_stock(which="waiting"),
    ("match_desk.page_matched", "all"): match_desk.growing_matched(),
    ("case_queue.page_cases", "resolved"): case_queue.growing_cases(CaseFilter(tab="resolved"), NOW),
}
"""Numbered by instants, which the filled tables do not have in the order of their rows."""


BY_LINES = {each for each in GROWING if each[0] == "journal_lines.page_lines" or each[1] == "of an account"}
"""Found by lines of the journal, of which the filled tables have so many that half of the entries have none yet."""


@pytest.mark.parametrize(("name", "way"), [*GROWING, *BY_TIME])
def test_what_came_is_counted_by_the_end_of_an_index(filled: Database, name: str, way: str) -> None:
    growing = (GROWING | BY_TIME)[name, way]
    with filled.engine.connect() as connection:
        told = _statements(connection)
        newest = growing.newest(connection)
        fill_all(connection, (ROWS + 1, ROWS + PAGE))
        growing.count_after(connection, newest)
        counted = [each for each in told if each[0].startswith("SELECT")]
        assert len(counted) == 2
        for statement, parameters in counted:
            plan = _plan(connection, statement, parameters)
            looked = {node: rows for node, rows in _looked_at(plan) if rows > MOST // 2}
            assert not looked, f"{looked} in {statement}\n{parameters}\n" + _drawn(plan)


@pytest.fixture(scope="module")
def few(databases: Databases) -> Iterator[Database]:
    with databases.lent() as database:
        with database.engine.begin() as connection:
            fill_all(connection, (1, FEW))
        yield database


@pytest.mark.parametrize(("name", "way"), list(GROWING))
def test_as_many_are_told_as_the_list_has_then_and_had_not_before(few: Database, name: str, way: str) -> None:
    growing, listed = GROWING[name, way], LISTS[name]
    with few.engine.connect() as connection:  # never committed: the next list begins with as many rows
        before, newest = _names(connection, name, way), growing.newest(connection)
        if (name, way) in BY_LINES:
            newest = FEW // 2
        assert growing.count_after(connection, newest) == (0, False)
        fill_all(connection, (FEW + 1, FEW + 40))
        came = _names(connection, name, way) - before
        assert growing.count_after(connection, newest) == (len(came), False)
        assert came or way == "of days", f"nothing came to {listed.names}"


def test_a_case_that_is_proposed_comes_to_those_that_wait(few: Database) -> None:
    """Also an old one: what waits for a second person is numbered by what was proposed, not by when its case was opened."""
    wanted = CaseFilter(tab="waiting")
    with few.engine.connect() as connection:
        growing = case_queue.growing_cases(wanted, NOW)
        opened = case_queue.list_case_ids(connection, CaseFilter(), NOW)
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('trueup.proposals', 'id'), 1000000)"))
        for number, seen in ((opened[-1], 0), (opened[0], 1)):
            newest = growing.newest(connection)
            propose(connection, Proposal("case.resolve", f"case {number}", {"case": number}, "", "Olga"), NOW)
            assert growing.count_after(connection, newest) == (1, False), f"after {seen} others"
        assert set(case_queue.list_case_ids(connection, wanted, NOW)) == {opened[0], opened[-1]}
        assert growing.count_after(connection, growing.newest(connection)) == (0, False)
        others = case_queue.growing_cases(CaseFilter(tab="waiting", kind="no-such"), NOW)
        assert others.count_after(connection, 0) == (0, False)


def test_more_than_are_counted_are_said_to_be_more(few: Database) -> None:
    growing = GROWING["document_pages.page_documents", "all"]
    with few.engine.connect() as connection:
        newest = growing.newest(connection)
        fill_all(connection, (FEW + 1, FEW + MOST_COUNTED + 1))
        assert growing.count_after(connection, newest) == (MOST_COUNTED, True)


def test_what_drifts_is_numbered_since_it_began_to_whoever_writes(databases: Databases) -> None:
    """A number is given when it begins to drift, kept while it does, and is gone when it does not."""
    growing = channels.growing_stock("A")
    with databases.lent() as database, database.engine.begin() as connection:
        written = (
            "INSERT INTO trueup.publications (channel, sku, location, item, changes, held, why, should_show, on_hand, reserved)"
            " VALUES ('A', 'SKU-1', 'main', 'i', 0, 0, '', 10, 10, 0), ('B', 'SKU-1', 'main', 'i', 0, 0, '', 10, 10, 0)"
        )
        connection.execute(sa.text(written))
        assert growing.newest(connection) == 0
        connection.execute(sa.text("UPDATE trueup.publications SET on_hand = 9"))
        assert growing.count_after(connection, 0) == (1, False), "of the channel alone"
        newest = growing.newest(connection)
        connection.execute(sa.text("UPDATE trueup.publications SET on_hand = 8"))
        assert growing.count_after(connection, newest) == (0, False), "it drifts as it did"
        connection.execute(sa.text("UPDATE trueup.publications SET on_hand = 10"))
        assert channels.page_channel_stock(connection).rows == [] and growing.count_after(connection, 0) == (0, False)
        connection.execute(sa.text("UPDATE trueup.publications SET held = 1"))
        assert growing.count_after(connection, newest) == (1, False)


def test_each_view_of_channels_counts_what_it_shows(databases: Databases) -> None:
    """What begins to drift is no row that comes to those that wait to be told, nor to all that is published."""
    drifting, waiting, every = (channels.growing_stock("A", which) for which in ("drifting", "waiting", "all"))
    with databases.lent() as database, database.engine.begin() as connection:
        written = (
            "INSERT INTO trueup.publications (channel, sku, location, item, changes, held, why, should_show, on_hand, reserved,"
            " changed_since) VALUES ('A', 'S-1', 'main', 'i', 0, 0, '', 10, 10, 0, timestamptz '2026-11-23 09:00+00'),"
            " ('A', 'S-2', 'main', 'i', 0, 0, '', 10, 9, 0, NULL), ('B', 'S-3', 'main', 'i', 0, 0, '', 10, 9, 0, now())"
        )
        connection.execute(sa.text(written))
        counted = [each.count_after(connection, 0) for each in (drifting, waiting, every)]
        rows = [
            len(channels.page_channel_stock(connection, channel="A", which=each).rows)
            for each in ("drifting", "waiting")
        ]
        assert counted == [(1, False), (1, False), (0, False)] and rows == [1, 1]
        assert every.newest(connection) == 0 and waiting.newest(connection) > 0


def _names(connection: sa.Connection, name: str, way: str) -> set[tuple[object, ...]]:
    listed = LISTS[name]
    return {listed.name_of(row) for row in listed.ways[way](connection, "", 10 * FEW).rows}


def test_a_number_of_no_calendar_has_nothing_after_it(few: Database) -> None:
    growing = match_desk.growing_matched()
    with few.engine.connect() as connection:
        assert growing.count_after(connection, 2**63 - 1) == (0, False)


def test_what_is_worked_out_anew_is_so_the_less_often_the_longer_somebody_looks(few: Database) -> None:
    """While nothing came it is not; that something came is told at the next look, and how many within half a minute."""
    rows, worked_out = document_pages.growing_documents(document_pages.DocumentFilter()), count(1)
    assert isinstance(rows, GrowingRows)
    growing = GrowingWhole(rows, lambda _connection, _number: next(worked_out))
    with few.engine.connect() as connection:
        newest = growing.newest(connection)
        assert {growing.count_after(connection, newest) for _ in range(10)} == {(0, False)}
        fill_all(connection, (FEW + 1, FEW + 2))
        told = [growing.count_after(connection, newest)[0] for _ in range(120)]
    assert [told.index(number) for number in sorted(set(told))] == [0, 2, 5, 10, 19, 36, 67, 98]
