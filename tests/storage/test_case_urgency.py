"""The urgency of cases: money by the step of the hours that are left, counted anew when a case comes to another one."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from random import Random

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.case_batches import open_cases
from trueup.storage.case_urgency import count_hours
from trueup.storage.cases import cases, open_case, reopen_case, resolve_case
from trueup.storage.database import Database
from trueup.storage.views.case_orders import counted_as_of
from trueup.storage.views.case_queue import CaseFilter, page_cases

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEPS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144]


def step(deadline: datetime | None, at: datetime) -> int:
    """What decision 0033 says: the least step that the hours do not exceed."""
    if deadline is None:
        return 720
    hours = max(1, -((at - deadline) // HOUR))
    return STEPS[min(bisect_left(STEPS, hours), len(STEPS) - 1)]


def draft(number: int, minor: int | None, deadline: datetime | None) -> CaseDraft:
    risk = Money(minor, "EUR") if minor is not None else None
    return CaseDraft(
        kind="stock.short", subject=f"item {number}", title=f"Case {number}", expected="1", found="2", money_at_risk=risk,
        deadline=deadline, owner="operations", resolutions=(Resolution.DISMISS,), evidence="",
    )  # fmt: skip


def some_deadline(chance: Random) -> datetime | None:
    hours = chance.choice([chance.uniform(-50, 50), chance.randrange(1, 30), chance.uniform(0, 9000), None])
    return NOW + timedelta(microseconds=round(hours * 3_600_000_000)) if hours is not None else None


def test_urgency_is_money_by_the_step_of_the_hours_left(database: Database) -> None:
    chance = Random(5)
    with database.engine.begin() as connection:
        for _ in range(500):
            deadline, minor = some_deadline(chance), chance.choice([None, chance.randrange(-(10**9), 10**12)])
            query = "SELECT trueup.urgency(:minor, :deadline, :at), trueup.urgency_until(:deadline, :at)"
            typed = sa.text(query).bindparams(
                sa.bindparam("minor", type_=sa.BigInteger), sa.bindparam("deadline", type_=sa.TIMESTAMP(timezone=True))
            )
            urgency, until = connection.execute(typed, {"minor": minor, "deadline": deadline, "at": NOW}).one()
            assert urgency == abs(minor or 0) // step(deadline, NOW)
            if until is None:
                assert step(deadline, NOW) in (1, 720)
            else:
                assert until > NOW
                assert (
                    step(deadline, until - timedelta(seconds=1))
                    == step(deadline, NOW)
                    > step(deadline, until + HOUR / 60)
                )


def test_cases_that_come_to_another_step_are_counted_and_no_others(database: Database) -> None:
    """Through three days, a look every few hours: what was counted is the order that counting every case would give."""
    chance, now = Random(6), NOW
    drafts = [draft(number, chance.randrange(1, 10**6), some_deadline(chance)) for number in range(200)]
    with database.engine.begin() as connection:
        open_cases(connection, drafts[:100], now)
        for each in drafts[100:]:
            open_case(connection, each, now)
        looked = counted = 0
        while now < NOW + 72 * HOUR:
            shown = [row["id"] for row in page_cases(connection, CaseFilter(), now, limit=200).rows]
            every = connection.execute(sa.select(cases.c.id, cases.c.risk_minor, cases.c.deadline)).all()
            whole = sorted(every, key=lambda row: (row.risk_minor // step(row.deadline, now), row.id), reverse=True)
            assert shown == [row.id for row in whole]
            assert counted_as_of(connection, now) == now
            now += chance.randrange(1, 5) * HOUR
            due = connection.execute(sa.select(sa.func.min(cases.c.urgency_until))).scalar_one()
            assert counted_as_of(connection, now) == min(due, now)
            looked, counted = looked + len(shown), counted + count_hours(connection, now)
        assert 0 < counted < looked / 10


def test_what_writes_a_case_counts_it(database: Database) -> None:
    """A case is found by what it comes to at once, however it was told; one that was closed and is open again too."""
    with database.engine.begin() as connection:
        number = open_case(connection, draft(1, 24_000, NOW + 24 * HOUR), NOW)
        urgency = sa.select(cases.c.urgency).where(cases.c.id == number)
        assert connection.execute(urgency).scalar_one() == 1_000
        open_cases(connection, [draft(1, 24_000, NOW + 24 * HOUR)], NOW + 20 * HOUR)
        assert connection.execute(urgency).scalar_one() == 6_000
        open_case(connection, draft(1, 48_000, NOW + 24 * HOUR), NOW + 21 * HOUR)
        assert connection.execute(urgency).scalar_one() == 16_000
        resolve_case(connection, number, "dismiss", by="Olga", note="", now=NOW + 22 * HOUR)
        assert count_hours(connection, NOW + 23 * HOUR) == 0
        reopen_case(connection, number, NOW + 24 * HOUR)
        assert counted_as_of(connection, NOW + 24 * HOUR) == NOW + 24 * HOUR
        assert connection.execute(urgency).scalar_one() == 48_000
