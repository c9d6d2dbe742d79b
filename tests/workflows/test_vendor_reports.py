"""Amazon's reports as history: asked for once each, late and restated days, and every way in which a report does not come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.retail_reports import forecast, inventory, sales
from tests.workflows.bookkeeping import PARTNER
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere
from tests.workflows.reported import DAY, HOUR, SOURCE, TERMS, begin, report
from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound, Refused
from trueup.base.money import UnitPrice
from trueup.checks.amazon_open_units import CHECK
from trueup.domain.cases import Role
from trueup.domain.catalog import Listing, Product
from trueup.domain.report_plans import Planned
from trueup.domain.vendor_reports import Question, ReportKind
from trueup.storage import vendor_reports
from trueup.storage.database import Database
from trueup.storage.products import save_master
from trueup.workflows.plan_reports import ask_in_turn
from trueup.workflows.request_report import WantedReport, request_report
from trueup.workflows.resolve_case import Person


def test_days_are_kept_restated_and_both_words_stay_readable(database: Database) -> None:
    """Asked for once a day; a late product and a restated day come with the next; the archive has every document."""
    with report(database) as books:
        for ago in (3, 4, 5):
            books.tell(books.day(ago), sales(ago))
        books.tell(books.day(3), sales(8), visibleAt=write_instant(books.clock.now() + 12 * HOUR))
        books.tell(books.day(4), sales(1), "B000000002", visibleAt=write_instant(books.clock.now() + 12 * HOUR))
        begin(books)
        books.pass_time(6 * HOUR)
        assert books.reports("state, attempts") == [("kept", 1)] and books.requests("createReport") == 1
        first = {("B000000001", f"{books.day(ago):%d.%m.}"): str(ago) for ago in (5, 4, 3)}
        assert books.held() == first
        restated, late = f"{books.day(3):%d.%m.}", f"{books.day(4):%d.%m.}"
        books.pass_time(DAY)
        assert books.held() == first | {("B000000001", restated): "8", ("B000000002", late): "1"}
        history = books.rows(
            "SELECT numbers ->> 'shippedUnits', holds, said_at < confirmed_at FROM trueup.vendor_figures "
            "WHERE asin = 'B000000001' ORDER BY begins DESC, said_at LIMIT 3"
        )
        assert [tuple(row) for row in history] == [("3", False, False), ("8", True, False), ("4", True, True)]
        (kept,) = books.rows("SELECT count(*) FROM trueup.documents WHERE kind = 'vendor-report'")
        assert kept[0] == books.requests("createReport") == 2 and books.open_cases() == []


def test_the_past_is_filled_in_whole_blocks_and_hours_as_they_come(database: Database) -> None:
    """Ninety days in a few reports of fifteen; the forecast once a day; hours without a gap."""
    kinds = (ReportKind.SALES, ReportKind.FORECAST, ReportKind.HOUR_SALES)
    with report(database, replace(TERMS, kinds=kinds, late_days=14, back_fill_days=60)) as books:
        for ago in range(3, 70):
            books.tell(books.day(ago), sales(1))
        books.tell(books.day(books.clock.now().isoweekday() % 7), forecast("2.5"))
        for ago in range(40):
            hour = books.clock.now().replace(minute=0) - (ago - 8) * HOUR
            books.tell(write_instant(hour), {"type": "hour-sales", "orderedUnits": 1})
        begin(books)
        books.pass_time(7 * HOUR + timedelta(minutes=30))
        assert set(books.reports()) == {"kept"}
        known = books.rows("SELECT count(*), min(begins) FROM trueup.vendor_figures WHERE kind = 'sales' AND holds")
        assert known[0][0] >= 60 and known[0][1] <= books.day(62)
        (weeks,) = books.rows("SELECT count(*) FROM trueup.vendor_figures WHERE kind = 'forecast'")
        (hours,) = books.rows(
            "SELECT count(*), count(DISTINCT begins) FROM trueup.vendor_figures WHERE kind LIKE 'real%'"
        )
        assert weeks[0] == 1 and hours[0] == hours[1] >= 28
        asked = books.requests("createReport")
        books.pass_time(HOUR)
        assert books.requests("createReport") == asked + 1, "only the newest hour is new"


def test_reports_that_do_not_come_are_outcomes_and_life_goes_on(database: Database) -> None:
    """No data; fatal with and without words; stuck; damaged; an address that expired; a lost answer; a garbled one."""
    with report(database) as books:
        add = books.amazon.add_fault
        begin(books)
        books.pass_time(HOUR)
        assert books.reports("state, words") == [("empty", "Amazon has no data for it")]
        for ago in range(1, 5):
            books.tell(books.day(ago), sales(2))
        add({"kind": "report_fatal", "text": "The sun was in our eyes.", "count": 1})
        add({"kind": "address_expired", "operation": "getReportDocument"})
        books.pass_time(13 * HOUR)  # the next day is due; fatal once, then made
        assert books.reports("state, attempts")[1] == ("kept", 2)
        assert books.open_cases() == [] and len(books.held()) == 3
        add({"kind": "report_fatal", "text": "", "count": 3})
        books.pass_time(DAY + 8 * HOUR)
        assert books.reports()[2] == "failed"
        assert [case[:2] for case in books.open_cases()] == [
            ("report.failed", f"reports {SOURCE} sales sourcing retail")
        ]
        add({"kind": "applied_but_timed_out", "operation": "createReport", "mode": "504"})
        add({"kind": "document_damaged", "operation": "document"})
        add({"kind": "malformed_json", "operation": "getReport"})
        add({"kind": "throttled", "operation": "getReport", "count": 2})
        before = books.requests("createReport")
        books.pass_time(DAY)
        assert books.reports("state, words")[3][0] == "kept" and books.open_cases() == []
        assert books.requests("createReport") == before, "the one whose answer was lost was found"
        add({"kind": "report_stuck", "seconds": 8 * 3600})
        books.pass_time(DAY)
        assert books.reports()[4] == "kept" and books.open_cases() == []
        assert books.rows("SELECT state FROM trueup.cases WHERE kind = 'report.stuck'") == [("resolved",)]


def test_what_is_not_there_yet_is_asked_for_again_until_it_is(database: Database) -> None:
    """Asked for too early, it is late and no failure; a case only when four days did not bring it."""
    with report(database, replace(TERMS, known_after=timedelta(hours=1))) as books:
        for ago in range(-3, 6):
            books.tell(books.day(ago), sales(2))
        begin(books)
        books.pass_time(HOUR)
        ((state, words),) = books.reports("state, words")
        assert state == "planned" and "not yet available" in words and books.open_cases() == []
        books.pass_time(2 * DAY)
        assert books.reports()[0] == "kept" and books.open_cases() == []


def test_a_report_of_other_options_is_not_taken_for_ours(database: Database) -> None:
    """A list does not repeat options: what another program asked for is found, read, left, and ours is asked for."""
    with report(database) as books:
        for ago in range(3, 6):
            books.tell(books.day(ago), sales(ago))
        start, end = books.day(5), books.day(3)
        answer = ask_like_another_program(books, start, end)
        begin(books)
        books.pass_time(HOUR)
        ((state, attempts, others),) = books.reports("state, attempts, others")
        assert (state, attempts, others) == ("kept", 2, [answer]) and len(books.held()) == 3


def ask_like_another_program(books: Any, start: Any, end: Any) -> str:
    """The same window in another view, asked for by someone else; its reference."""
    connection = books.world.connections.vendor_reports[SOURCE]
    scope = replace(TERMS.scope(ReportKind.SALES), view="manufacturing")
    reference: str = connection.request_report(Question(scope, start, end + DAY)).value
    return reference


def test_an_application_without_the_role_is_told_at_once(database: Database) -> None:
    """A person must act; reports wait, and one case says so."""
    with report(database, roles=("Amazon Fulfillment",)) as books:
        begin(books)
        books.pass_time(2 * HOUR)
        assert [case[0] for case in books.open_cases()] == ["source.failing"]
        assert books.reports() == ["planned"]


def test_many_reports_are_asked_for_one_a_minute(database: Database) -> None:
    """Their runs are set apart, so that no worker waits for Amazon's budget."""
    with report(database) as books:
        scope = TERMS.scope(ReportKind.SALES)

        def plan(tx: Any) -> None:
            ids = []
            for ago in range(10, 18):
                planned = Planned(Question(scope, books.day(ago), books.day(ago - 1)))
                ids.append(vendor_reports.plan_report(tx.connection, SOURCE, planned, "Olga", tx.now))
            ask_in_turn(tx, SOURCE, [each for each in ids if each is not None])

        books.engine.act(plan)
        due = [row[0] for row in books.rows("SELECT due FROM durable.timers ORDER BY due")]
        assert len(due) == 8 and due[-1] - due[0] >= timedelta(minutes=5)


def test_a_worker_killed_at_any_effect_changes_nothing(new_database: NewDatabase) -> None:
    """Requests and transactions are counted; whichever is the last, the report is asked for once and kept once."""

    def live(fate: Fate) -> Any:
        with new_database() as database, report(database) as books:
            for ago in (3, 4):
                books.tell(books.day(ago), sales(ago))
            books.engine.fate = fate
            begin(books)
            books.pass_time(6 * HOUR)
            state = books.reports("state, products, words"), books.held(), books.open_cases()
            return state, books.requests("createReport")

    wanted = kill_everywhere(live)
    assert wanted[0][0][0][0] == "kept" and wanted[1] == 1


def test_units_that_amazon_waits_for_and_nobody_ordered_here_are_a_case(database: Database) -> None:
    """Compared with all orders that may be open, above the signed tolerance, with its money; never with our own stock."""
    with report(database, replace(TERMS, kinds=(ReportKind.INVENTORY,))) as books:
        books.tell(books.day(3), inventory(100, on_order=60))
        cost = UnitPrice.of("10.00", "USD")
        rows = [(Product("LAMP-1", "Lamp"), Listing("NORDA", "LAMP-1", "B000000001", cost=cost))]
        with books.database.transaction() as connection:
            save_master(connection, rows, "0" * 64, books.clock.now())
        begin(books)
        books.pass_time(HOUR)

        def found() -> list[tuple[str, str, int]]:
            with books.database.transaction() as connection:
                drafts = list(CHECK.find(connection, books.world.proof_ground(connection, books.clock.now())))
            return [
                (each.subject, each.expected, each.money_at_risk.minor if each.money_at_risk else 0) for each in drafts
            ]

        subject = f"product LAMP-1 {SOURCE}"
        assert found() == [(subject, "0 units on orders that may be open, at most", 600_00)]
        for number, eaches, state in (("PO1", 40, "new"), ("PO2", 9, "closed")):
            with books.database.transaction() as connection:
                connection.exec_driver_sql(
                    "WITH o AS (INSERT INTO trueup.orders (partner, number, vendor_code, state, revision, ordered_at,"
                    " first_seen_at, history, again, runs) VALUES (%s, %s, 'NORDA', %s, 1, %s, %s, false, false, 0)"
                    " RETURNING id) INSERT INTO trueup.order_lines SELECT id, 1, 'NORDA', 'LAMP-1', %s FROM o",
                    (PARTNER, number, state, books.day(20), books.day(20), eaches),
                )
            expected = {"PO1": [(subject, "40 units on orders that may be open, at most", 200_00)], "PO2": []}
            assert found() == expected[number]


def test_a_person_asks_for_reports_of_many_days_and_it_is_recorded(database: Database) -> None:
    """As many reports as the days need; who may not is refused; what cannot be is told."""
    with report(database) as books:
        olga = Person("Olga", frozenset({Role.OPERATIONS}))
        first, last = books.day(30).date(), books.day(6).date()
        done = books.act(request_report, WantedReport(ReportKind.SALES, first, last), olga)
        assert len(done["ids"]) == 2 and done["source"] == SOURCE
        assert books.act(request_report, WantedReport(ReportKind.FORECAST), olga)["reports"] == ["forecast retail"]
        assert (
            books.rows("SELECT actor, act FROM trueup.acts WHERE act = 'reports.asked'")
            == [("Olga", "reports.asked")] * 2
        )
        for wanted, person, error in (
            (WantedReport(ReportKind.SALES, first), Person("Ann", frozenset({Role.AUDITOR})), Refused),
            (WantedReport(ReportKind.SALES), olga, Invalid),
            (WantedReport(ReportKind.SALES, last, first), olga, Invalid),
            (WantedReport(ReportKind.FORECAST, first), olga, Invalid),
            (WantedReport(ReportKind.HOUR_SALES, first, last), olga, Invalid),
            (WantedReport(ReportKind.SALES, first, source="elsewhere"), olga, NotFound),
        ):
            with pytest.raises(error):
                books.act(request_report, wanted, person)
