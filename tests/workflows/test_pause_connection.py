"""Pauses: a connection at rest is asked nothing; what comes due is a case before its deadline, and resuming catches up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.workflows.installation import LAMP, PARTNER, SHOP, Installation, install, line
from tests.workflows.scenes import CALM, DAY, HOUR, MINUTE, case, rows, standing
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, NotFound, Paused, Refused
from trueup.domain.cases import Role
from trueup.remote.capability import OrderQuery
from trueup.storage.database import Database
from trueup.storage.jobs import load_job
from trueup.storage.sources import load_source
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.jobs.read_again import ask_reading
from trueup.workflows.pause_connection import (
    PAUSED,
    WAITS,
    ask_now,
    pause_connection,
    replay_connection,
    resume_connection,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.watch import ensure_watch

ROUNDS = len(OrderQuery) + 1
"""Of an account: what is read of its orders, and what Amazon has counted in."""
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
FINA = Person("Fina", frozenset({Role.FINANCE}))


def _asked(here: Installation) -> tuple[int, int]:
    """How many requests Amazon and the shop have seen."""
    return here.amazon.journal.seen, here.shopify.requests_seen


def test_a_paused_account_is_asked_nothing_and_its_deadlines_are_cases(database: Database, clock: ManualClock) -> None:
    """Held when it is paused, an answer comes due: a case says so before, nothing leaves, and it is sent on resuming."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.engine.act(ensure_watch)
        here.pass_time(MINUTE)
        number = here.order(line(LAMP, 2, cost="10.50"))
        here.pass_time(HOUR + 5 * MINUTE)
        assert case(here, "held.cost-differs")
        rest = here.engine.act(pause_connection, PARTNER, "Amazon's keys are changed", clock.now() + 30 * HOUR, OLGA)
        assert [key for key, _ in rest.due] == [f"{PARTNER}/{number}"]
        assert rest.rounds == ROUNDS
        assert case(here, WAITS)["deadline"] == here.shown(number)["answer_due_at"]
        assert "Amazon's keys are changed" in case(here, PAUSED)["title"]
        before = _asked(here)
        here.pass_time(26 * HOUR)
        assert _asked(here)[0] == before[0], "Amazon was asked while its account was paused"
        assert here.sends(number) == 0
        assert not [kind for kind in here.case_kinds() if kind.startswith("source.") and kind != PAUSED]
        with pytest.raises(Paused, match="paused by Olga"):
            here.world.connections.order_sources[PARTNER].fetch_order(number)
        # As a send is called that somebody asked for again, and that waits for its order.
        [sent] = rows(here, "SELECT id, attempt, order_id FROM trueup.deliveries WHERE state = 'prepared'")
        again = f"send:{sent['id']}:{sent['attempt']} case 1 at 20261124090000000000+"
        here.engine.act(lambda tx: tx.at(tx.now + HOUR, "resend", again, sent["id"], sent["attempt"], sent["order_id"]))
        assert here.engine.act(resume_connection, PARTNER, OLGA) == ROUNDS
        here.pass_time(20 * MINUTE)
        assert here.sends(number) == 1
        assert {PAUSED, WAITS}.isdisjoint(here.case_kinds())


def test_a_paused_shop_ends_by_itself_and_what_waited_for_it_goes_on(database: Database, clock: ManualClock) -> None:
    """Orders that come meanwhile wait in cases; at the time that was said the shop is asked again and they are answered."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.engine.act(ensure_watch)
        here.pass_time(MINUTE)
        here.engine.act(pause_connection, SHOP, "the theme is changed", clock.now() + 3 * HOUR, OLGA)
        before = _asked(here)
        number = here.order(line(LAMP, 1))
        here.pass_time(2 * HOUR)
        assert _asked(here)[1] == before[1], "the shop was asked while it was paused"
        assert "paused by Olga" in case(here, "shop.unreachable")["found"]
        here.pass_time(HOUR + 30 * MINUTE)
        assert standing(here, number) == "accepted"
        assert PAUSED not in here.case_kinds()
        assert rows(here, "SELECT ended_by FROM trueup.pauses") == [{"ended_by": "trueup"}]


def test_who_pauses_says_why_and_until_when_and_is_recorded(database: Database, clock: ManualClock) -> None:
    """Not without a role, a reason, a time within a week and a connection; not twice; and each act is in the trail."""
    with install(database, clock, LAMP, pace=CALM) as here:
        until = clock.now() + HOUR
        act = here.engine.act
        for error, name, reason, end, who in (
            (Refused, SHOP, "why", until, FINA),
            (NotFound, "nobody", "why", until, OLGA),
            (Invalid, SHOP, " ", until, OLGA),
            (Invalid, SHOP, "why", clock.now() + 8 * DAY, OLGA),
            (Invalid, SHOP, "why", clock.now() - MINUTE, OLGA),
        ):
            with pytest.raises(error):
                act(pause_connection, name, reason, end, who)
        with pytest.raises(Conflict):
            act(resume_connection, SHOP, OLGA)
        act(pause_connection, SHOP, "why", until, OLGA)
        with pytest.raises(Conflict):
            act(pause_connection, SHOP, "again", until, OLGA)
        with pytest.raises(Conflict):
            act(ask_now, SHOP, OLGA)
        act(resume_connection, SHOP, OLGA)
        acts = rows(here, "SELECT act FROM trueup.acts WHERE subject = 'connection shop' ORDER BY id")
        assert [each["act"] for each in acts] == ["connection.paused", "connection.resumed"]


def test_a_window_is_read_again_and_changes_nothing_that_is_known(database: Database, clock: ManualClock) -> None:
    """What was missed would arrive; what is known is one order still, with one answer."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(MINUTE)
        number = here.order(line(LAMP, 1))
        here.pass_time(2 * HOUR)
        documents = rows(here, "SELECT count(*) FROM trueup.documents WHERE kind = 'orders'")[0]["count"]
        query = OrderQuery.CREATED.value
        replay = here.engine.act(replay_connection, PARTNER, query, clock.now() - timedelta(hours=20), OLGA)
        assert replay.documents > 0 and "changes nothing" in replay.why
        here.pass_time(10 * MINUTE)
        assert rows(here, "SELECT count(*) FROM trueup.documents WHERE kind = 'orders'")[0]["count"] > documents
        assert rows(here, "SELECT number, revision FROM trueup.orders") == [{"number": number, "revision": 1}]
        assert here.sends(number) == 1
        with pytest.raises(Invalid):
            here.engine.act(replay_connection, PARTNER, query, clock.now(), OLGA)
        with pytest.raises(NotFound):
            here.engine.act(replay_connection, SHOP, "products", clock.now() - HOUR, OLGA)
        assert here.engine.act(ask_now, PARTNER, OLGA) == ROUNDS


def test_how_far_a_window_is_read_again_is_followed_and_it_is_called_off(
    database: Database, clock: ManualClock
) -> None:
    """Its polls do it, and the job says how far they are; called off, the connection goes on from where it was before."""
    query = OrderQuery.CREATED.value
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(MINUTE)
        here.pass_time(2 * HOUR)

        def covered() -> datetime:
            found = here.engine.act(lambda tx: load_source(tx.connection, PARTNER, query).covered_until)
            assert found is not None
            return found

        before = covered()
        number, _ = here.engine.act(ask_reading, PARTNER, query, clock.now() - 20 * HOUR, OLGA)
        job = here.engine.act(lambda tx: load_job(tx.connection, number))
        assert (job.state, job.done, job.unit) == ("running", 0, "hours of it") and (job.total or 0) >= 18
        here.pass_time(10 * MINUTE)
        job = here.engine.act(lambda tx: load_job(tx.connection, number))
        assert (job.state, job.done) == ("done", job.total) and covered() >= before
        assert "what was known stayed as it is" in job.words and job.result["documents"] > 0
        number, _ = here.engine.act(ask_reading, PARTNER, query, clock.now() - 20 * HOUR, OLGA)
        assert covered() < before
        assert "What was read again stays" in here.engine.act(cancel_job, number, OLGA)
        assert covered() >= before
        here.pass_time(10 * MINUTE)
        assert here.engine.act(lambda tx: load_job(tx.connection, number)).state == "cancelled"
