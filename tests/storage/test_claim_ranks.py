"""Claims by what a dispute brings: the pages put together are the whole list in its order, whatever day it is and whatever came of
disputes; and until when a claim can be disputed is what the domain says."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
import sqlalchemy as sa

from tests.databases import Databases
from tests.filled import fill
from trueup.base.errors import Invalid
from trueup.domain.deduction import Family
from trueup.domain.disputes import DisputeState, Outcome, standing
from trueup.domain.recovery import Experience
from trueup.storage.claims import claims
from trueup.storage.database import Database
from trueup.storage.disputes import disputes, load_experiences, load_recoverables
from trueup.storage.views.claim_ranks import RankFilter, count_settled, growing_claims, page_claims, sum_ranks
from trueup.storage.views.deductions import DeductionFilter, page_deductions
from trueup.storage.views.dispute_outcomes import page_outcomes
from trueup.storage.views.paging import write_cursor
from trueup.workflows.rank_claims import Ranked, rank_claims

TODAY = date(2026, 11, 23)
FAMILIES = (Family.SHORTAGE, Family.PRICE, Family.CHARGEBACK, Family.OTHER, Family.CO_OP)
TYPES = tuple(each.value for each in FAMILIES[:-1])
MANY = 400
ALL = RankFilter(TYPES, FAMILIES[:-1])
FILTERS = {
    "all": ALL,
    "of a partner": RankFilter(TYPES, FAMILIES[:-1], partner="amazon-de"),
    "of a family": RankFilter(TYPES, FAMILIES[:-1], family="shortage"),
    "of a currency": RankFilter(TYPES, FAMILIES[:-1], currency="JPY"),
    "soon": RankFilter(TYPES, FAMILIES[:-1], soon=True),
    "every": RankFilter(TYPES, FAMILIES[:-1], every=True),
    "every of a partner": RankFilter(TYPES, FAMILIES[:-1], partner="amazon-us", every=True),
    "free": RankFilter(TYPES, FAMILIES[:-1], cost="0"),
}


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Database]:
    with databases.lent() as lent:
        with lent.engine.begin() as connection:
            fill(
                connection,
                "invoices",
                (1, 60),
                {"reference": "'INV' || n", "due_on": "CASE WHEN n % 3 > 0 THEN date '2026-11-23' - n::int * 17 END"},
            )
            connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
            add_claims(connection, Random(7), MANY)
        yield lent


def add_claims(connection: sa.Connection, chance: Random, count: int, *, tried: bool = True) -> None:
    """Claims as payments bring them, many of the same amount and the same day, and disputes about some."""
    for _ in range(count):
        name = chance.randrange(10**9)
        family = chance.choice(FAMILIES).value
        taken = chance.choice((0, 1, 19_99, 20_00, 20_01, 100_00, chance.randrange(5_000_00)))
        first = TODAY - timedelta(days=chance.choice((0, 5, 29, 30, 31, chance.randrange(800))))
        values = {
            "partner": chance.choice(("amazon-us", "amazon-de")),
            "claim": f"{family}/{name}",
            "currency": chance.choice(("USD", "JPY")),
            "taken_minor": taken,
            "given_minor": chance.choice((0, 0, taken, taken // 2)),
            "lost_minor": chance.choice((0, 0, 0, 5)),
            "type": family,
            "invoice_id": chance.choice((None, chance.randrange(1, 70))),
            "first_on": first,
            "last_on": first,
        }
        claim = connection.execute(sa.insert(claims).values(values).returning(claims.c.id)).scalar_one()
        for number in range(1, chance.choice((1, 1, 1, 2, 3)) if tried else 1):
            dispute(connection, chance, claim, number)


def dispute(connection: sa.Connection, chance: Random, claim: int, number: int) -> None:
    """Submitted, and answered or not."""
    key = {"claim_id": claim, "number": number}
    submitted = TODAY - timedelta(days=chance.randrange(60))
    told = {
        "submitted_on": submitted,
        "reference": "CASE",
        "submitted_by": "Fina",
        "open_minor": 90_00,
        "given_minor": 0,
    }
    connection.execute(sa.insert(disputes).values(**key, **told, noted_at=datetime(2026, 11, 23, tzinfo=UTC)))
    outcome = chance.choice((None, *Outcome))
    if outcome is not None:
        won = {Outcome.WON: 90_00, Outcome.PARTLY: chance.randrange(1, 90_00), Outcome.LOST: 0}[outcome]
        values = {"outcome": outcome.value, "answered_on": submitted + timedelta(days=3), "won_minor": won}
        query = sa.update(disputes).where(disputes.c.claim_id == claim, disputes.c.number == number)
        connection.execute(query.values(answered_by="Fina", **values))


def whole(connection: sa.Connection, wanted: RankFilter, today: date) -> list[Ranked]:
    """The list worked out of all claims."""
    return [
        each
        for each in rank_claims(connection, TYPES, today, cost=wanted.cost, partner=wanted.partner or None)
        if wanted.family in ("", each.found.claim.family.value)
        and wanted.currency in ("", each.found.balance.currency)
        and (wanted.every or each.pays)
        and (not wanted.soon or each.ends_soon)
    ]


@pytest.mark.parametrize("days", [-40, 0, 1, 400])
@pytest.mark.parametrize("name", FILTERS)
def test_the_pages_are_the_whole_list_in_its_order_forward_and_back(database: Database, name: str, days: int) -> None:
    wanted, today = FILTERS[name], TODAY + timedelta(days=days)
    with database.engine.connect() as connection:
        expected = [each.found.balance.id for each in whole(connection, wanted, today)]
        assert expected or (name == "soon" and days)
        for size in (1, 7, 50, 1000):
            pages = [page_claims(connection, wanted, today, "", size)]
            while pages[-1].after and len(pages) < 60:
                pages.append(page_claims(connection, wanted, today, pages[-1].after, size))
            shown = [row["id"] for page in pages for row in page.rows]
            assert shown == expected[: len(shown)] and (size < 7 or len(shown) == len(expected))
            for earlier, later in pairwise(pages):
                back = page_claims(connection, wanted, today, later.before, size)
                assert back.rows == earlier.rows and bool(back.before) == (earlier is not pages[0])


@pytest.mark.parametrize("name", FILTERS)
def test_what_stands_above_the_list_is_of_its_rows(database: Database, name: str) -> None:
    wanted = FILTERS[name]
    with database.engine.connect() as connection:
        rows = whole(connection, wanted, TODAY)
        sums = sum_ranks(connection, wanted, TODAY)
        settled, more = count_settled(connection, wanted, TODAY) if wanted.every else (0, False)
        for currency in {each.found.balance.currency for each in rows}:
            of = [each for each in rows if each.found.balance.currency == currency]
            can = [each for each in of if each.standing.state in (DisputeState.OPEN, DisputeState.EARLY)]
            assert sums[currency].soon == sum(each.ends_soon for each in of)
            if not wanted.soon:
                assert sums[currency].count == len(can)
                assert sums[currency].expected.minor == sum(each.worth.expected for each in of)
        if wanted.every:
            assert sum(each.count for each in sums.values()) + settled == len(rows) and not more


@pytest.mark.parametrize("name", FILTERS)
def test_what_comes_is_counted_and_neither_repeats_nor_hides_a_row(database: Database, name: str) -> None:
    """Claims come between pages: what was there is shown once."""
    wanted, chance = FILTERS[name], Random(11)
    with database.engine.connect() as connection:  # never committed
        there = {each.found.balance.id for each in whole(connection, wanted, TODAY)}
        growing = growing_claims(connection, wanted, TODAY)
        newest = growing.newest(connection)
        assert growing.count_after(connection, newest) == (0, False)
        seen: list[int] = []
        at = ""
        while True:
            page = page_claims(connection, wanted, TODAY, at, 10)
            seen += [row["id"] for row in page.rows]
            if not (at := page.after):
                break
            add_claims(connection, chance, 4, tried=False)
        assert len(seen) == len(set(seen)) and there <= set(seen)
        came = {each.found.balance.id for each in whole(connection, wanted, TODAY)} - there
        growing = growing_claims(connection, wanted, TODAY)
        assert growing.count_after(connection, newest) == (min(len(came), 99), len(came) > 99)


@pytest.mark.parametrize("days", [-40, 0, 400])
def test_until_when_a_claim_can_be_disputed_is_what_the_domain_says(database: Database, days: int) -> None:
    """Of each family, due day, number of attempts and outcome; also when an invoice's due day is told later."""
    today = TODAY + timedelta(days=days)
    with database.engine.connect() as connection:
        for _ in range(2):
            kept = {
                row.id: row.dispute_until for row in connection.execute(sa.select(claims.c.id, claims.c.dispute_until))
            }
            found = load_recoverables(connection, [each.value for each in FAMILIES])
            assert len(found) > MANY // 2
            for each in found:
                assert kept[each.balance.id] == standing(each.claim, today).until, each
            assert not any(kept[each] for each in kept.keys() - {each.balance.id for each in found})
            connection.execute(sa.text("UPDATE trueup.invoices SET due_on = date '2026-11-01' WHERE id % 2 = 0"))


def test_every_window_of_the_domain_is_known_to_the_database(database: Database) -> None:
    with database.engine.connect() as connection:
        for family in Family:
            values = {"claim": f"{family.value}/W", "type": family.value, "on": TODAY}
            told = connection.execute(
                sa.text(
                    "INSERT INTO trueup.claims (partner, claim, currency, taken_minor, given_minor, lost_minor, type, first_on,"
                    " last_on) VALUES ('p', :claim, 'EUR', 1, 0, 0, :type, :on, :on) RETURNING id, dispute_until"
                ),
                values,
            ).one()
            [found] = load_recoverables(connection, [family.value], claim_id=told.id)
            assert told.dispute_until == standing(found.claim, TODAY).until, family


def test_what_disputes_teach_is_what_they_came_to(database: Database) -> None:
    """The sums that are kept are those of the rows."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            sa.select(claims.c.family, disputes.c.open_minor, disputes.c.won_minor)
            .join(claims, claims.c.id == disputes.c.claim_id)
            .where(disputes.c.outcome.is_not(None))
        ).all()
        assert rows
        for family, known in load_experiences(connection).items():
            of = [row for row in rows if row.family == family.value]
            won = [row for row in of if row.won_minor]
            sums = sum(row.open_minor for row in won), sum(row.won_minor for row in won)
            assert known == Experience(len(won), len(of) - len(won), *sums)
        connection.execute(sa.text("DELETE FROM trueup.disputes"))
        assert set(load_experiences(connection).values()) == {Experience()}
        assert not connection.execute(sa.text("SELECT count(*) FROM trueup.claims WHERE attempts > 0")).scalar_one()


def test_answers_are_paged_the_latest_first(database: Database) -> None:
    with database.engine.connect() as connection:
        pages = [page_outcomes(connection, Family.CHARGEBACK, "", 5)]
        while pages[-1].after:
            pages.append(page_outcomes(connection, Family.CHARGEBACK, pages[-1].after, 5))
        rows = [row["answered"] for page in pages for row in page.rows]
        known = load_experiences(connection)[Family.CHARGEBACK]
        assert len(pages) > 2 and len(rows) == known.won + known.lost
        assert rows == sorted(rows, key=lambda each: (each.answered_on, each.claim_id), reverse=True)
        assert all(each.claim.startswith("chargeback/") for each in rows)


def test_a_place_of_another_list_is_refused(database: Database) -> None:
    with database.engine.connect() as connection, pytest.raises(Invalid, match="another list"):
        page_claims(connection, ALL, TODAY, "50")


ODD = [
    (0, 1, 0, 0, 0, 0, 0),
    (1, 1, 5),
    (0, 2, 5),
    (0, -1),
    (0, 1, -(2**62)),
    (1, 0, *[2**63 - 1] * 5),
    (0, 0, *[1 - 2**63] * 5),
]
"""Back or not, and where: whose day there is not, of no part of the list, and of greater numbers than are kept."""


@pytest.mark.parametrize("place", ODD)
@pytest.mark.parametrize("every", [False, True])
def test_an_odd_place_is_refused_or_beside_all_there_is(
    database: Database, place: tuple[int, ...], every: bool
) -> None:
    back, *numbers = (*place, 0, 0, 0, 0, 0)[:7]
    at = write_cursor(numbers, back=bool(back))
    with database.engine.connect() as connection:
        if numbers[0] == 0:
            page_claims(connection, replace(ALL, every=every), TODAY, at)
        else:
            with pytest.raises(Invalid, match="no claim stands"):
                page_claims(connection, replace(ALL, every=every), TODAY, at)


@pytest.mark.parametrize("held", [10**15, 2**63 - 1])
def test_the_largest_amount_is_summed_and_listed_as_any_other(database: Database, held: int) -> None:
    values = {"partner": "amazon-us", "claim": "shortage/LARGE", "currency": "JPY", "type": "shortage"}
    with database.engine.connect() as connection:  # never committed
        told = {"taken_minor": held, "given_minor": 0, "lost_minor": 0, "first_on": TODAY, "last_on": TODAY}
        connection.execute(sa.insert(claims).values(**values, **told))
        rows = whole(connection, ALL, TODAY)
        shown = page_claims(connection, ALL, TODAY, "", 1000).rows
        assert [row["id"] for row in shown] == [each.found.balance.id for each in rows]
        expected = sum(each.worth.expected for each in rows if each.found.balance.currency == "JPY")
        assert sum_ranks(connection, ALL, TODAY)["JPY"].expected.minor == expected > held // 4


def test_a_day_at_the_end_of_time_breaks_no_list(database: Database) -> None:
    """No window ends after the last day that there is, of what is due, noticed or refused then."""
    end = date(9999, 12, 30)
    with database.engine.connect() as connection:  # never committed
        connection.execute(sa.text("UPDATE trueup.invoices SET due_on = :end WHERE id = 1"), {"end": end})
        for number, family in enumerate((Family.SHORTAGE, Family.CHARGEBACK, Family.SHORTAGE, Family.CHARGEBACK)):
            values = {"partner": "p", "claim": f"{family.value}/E{number}", "currency": "EUR", "type": family.value}
            told = {"taken_minor": 90_00, "given_minor": 0, "lost_minor": 0, "first_on": end, "last_on": end}
            query = sa.insert(claims).values(**values, **told, invoice_id=1 if number == 0 else None)
            claim = connection.execute(query.returning(claims.c.id)).scalar_one()
            if number > 1:
                told = {"submitted_on": TODAY, "reference": "C", "submitted_by": "Fina", "open_minor": 90_00}
                answer = {
                    "given_minor": 0,
                    "outcome": "lost",
                    "answered_on": end,
                    "won_minor": 0,
                    "answered_by": "Fina",
                }
                noted = {"claim_id": claim, "number": 1, "noted_at": datetime(2026, 11, 23, tzinfo=UTC)}
                connection.execute(sa.insert(disputes).values(**noted, **told, **answer))
        kept = sa.select(claims.c.dispute_until).where(claims.c.partner == "p")
        assert connection.execute(kept).scalars().all() == [date.max] * 4
        wanted = replace(ALL, partner="p")
        shown = [row["id"] for row in page_claims(connection, wanted, TODAY).rows]
        assert sorted(shown) == sorted(each.found.balance.id for each in whole(connection, wanted, TODAY))
        assert len(page_deductions(connection, DeductionFilter(partner="p"), "").rows) == len(shown) == 4


def test_what_was_there_before_stands_as_if_it_came_after(database: Database) -> None:
    """The migration counts what there is as the triggers count what comes."""
    migration = importlib.import_module("trueup.storage.migrations.versions.0067_ranks_of_claims")
    kept = sa.select(claims.c.id, claims.c.attempts, claims.c.dispute_until).order_by(claims.c.id)
    with database.engine.connect() as connection:
        rows, known = connection.execute(kept).all(), load_experiences(connection)
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE trueup.claims SET attempts = 0, dispute_until = NULL")
        connection.exec_driver_sql("DELETE FROM trueup.dispute_sums")
        connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
        connection.exec_driver_sql(migration._SUMS)
        connection.exec_driver_sql(migration._ATTEMPTS)
        assert connection.execute(kept).all() == rows and load_experiences(connection) == known
