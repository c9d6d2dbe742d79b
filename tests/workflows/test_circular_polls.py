"""A circular programme is followed: items by sweeps, cycles by what changed, and nothing is believed that was not told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx2

from tests.workflows.circulating import BIKE, PROGRAMME, Circulation, circulate
from trueup.api.server import build_api
from trueup.base.clock import ManualClock
from trueup.base.ids import Digest
from trueup.base.secret import Secret
from trueup.formats.requests import read_requests
from trueup.settings.model import SignalSettings
from trueup.simulators.serving import serve
from trueup.storage.database import Database
from trueup.storage.views import circular as views


def test_items_and_cycles_become_units_in_their_lanes(database: Database, clock: ManualClock) -> None:
    """Free, booked, out, overdue, back and not ready: each lane is Supercycle's facts and the day."""
    with circulate(database, clock) as circle:
        first, *_ = circle.items(3)
        circle.supercycle.set_visibility(first, "unavailable")
        cycle = circle.rent(4, 8)
        circle.look()
        assert circle.lanes() == {"withheld": 1, "booked": 1, "free": 1}
        circle.supercycle.fulfil(cycle)
        circle.look()
        assert circle.lanes() == {"withheld": 1, "out": 1, "free": 1}
        clock.advance(timedelta(days=30))
        assert circle.lanes() == {"withheld": 1, "overdue": 1, "free": 1}
        with database.transaction() as connection:
            [late] = views.list_cycles(connection, clock.now(), overdue=True)
        assert late["item"] == circle.holder(cycle) and late["overdue_days"] > 15
        circle.supercycle.receive(cycle)
        circle.look()
        assert circle.lanes()["free"] == 1 and "overdue" not in circle.lanes()
        item = circle.story(late["item"])
        assert [change["what"] for change in item["changes"] if change["of"] == f"cycle {cycle}"][-1] == "appeared"
        assert all(change["evidence"] for change in item["changes"])


@contextmanager
def called(circle: Circulation) -> Iterator[Callable[..., int]]:
    """What an automation may do: call by a signal's name and a secret; the status of the answer."""
    signals = (SignalSettings.model_construct(name="rentals", secret=Secret("s3cret"), about=PROGRAMME),)
    with serve(build_api(circle.installed.world, circle.installed.engine.act, signals)) as api:

        def call(name: str = "rentals", secret: str = "s3cret", body: bytes = b"{}") -> int:
            headers = {"authorization": f"Bearer {secret}"}
            answer = httpx2.post(f"{api.url}/webhooks/flow/{name}", content=body, headers=headers, timeout=30)
            return answer.status_code

        yield call


def test_a_signal_brings_the_next_look_forward(database: Database, clock: ManualClock) -> None:
    """Without one a cycle is seen at the next round; with one at once, and what the signal says is kept and not believed."""
    with circulate(database, clock) as circle, called(circle) as call:
        circle.items(1)
        circle.look()
        circle.rent(4, 8)
        asked = circle.supercycle.totals["GET /rentals 200"]
        assert call(secret="forged") == 401 and call(name="returns") == 404
        circle.installed.pass_time(timedelta(seconds=5))
        assert circle.lanes() == {"free": 1} and circle.supercycle.totals["GET /rentals 200"] == asked
        told = b'{"rental": {"id": "gid://supercycle/Rental/999", "status": "fulfilled"}}'
        assert [call(body=told) for _ in range(3)] == [202, 202, 202]
        circle.installed.pass_time(timedelta(seconds=5))
        assert circle.lanes() == {"booked": 1}
        assert circle.supercycle.totals["GET /rentals 200"] == asked + 1, "a signal and its doubles are one look"
        assert kept_signals(circle) == [told] * 3


def test_signals_without_end_neither_put_off_a_look_nor_heap_up(database: Database, clock: ManualClock) -> None:
    """Cycles are asked for twice a minute at most, and always; a sweep reads everything, so it is asked for more seldom."""
    with circulate(database, clock) as circle, called(circle) as call:
        circle.items(1)
        circle.look()
        begun = Counter(circle.supercycle.totals)
        circle.items(1)
        for _ in range(30):
            assert call() == 202
            circle.installed.pass_time(timedelta(seconds=10))
        asked = Counter(circle.supercycle.totals) - begun
        assert 8 <= asked["GET /rentals 200"] <= 11, "five minutes of signals"
        assert asked["GET /items 200"] == 0
        circle.installed.pass_time(timedelta(minutes=25))
        assert (Counter(circle.supercycle.totals) - begun)["GET /items 200"] == 1
        assert circle.lanes() == {"free": 2}


def kept_signals(circle: Circulation) -> list[bytes]:
    """What the archived signals about the programme carried, in the order of their arrival."""
    query = "SELECT evidence FROM trueup.hints ORDER BY received_at"
    with circle.installed.database.transaction() as connection:
        rows = connection.exec_driver_sql(query).scalars()
        documents = [circle.installed.world.read(connection, Digest(digest)) for digest in rows]
        return [request.body for document in documents for request in read_requests(document)]


def test_what_vanished_from_the_list_is_asked_for_before_it_is_believed(database: Database, clock: ManualClock) -> None:
    """A listing that skips an item is a lie; an item that is really gone leaves its shadow, and counts no more."""
    with circulate(database, clock) as circle:
        kept, gone = circle.items(2)
        circle.look()
        circle.supercycle.add_fault("empty_page", operation="GET /items")
        clock.advance(timedelta(minutes=1))
        circle.look()
        assert circle.lanes() == {"free": 2}
        del circle.supercycle.world.items[gone]
        clock.advance(timedelta(minutes=1))
        circle.look()
        assert circle.lanes() == {"free": 1, "gone": 1}
        story = circle.story(gone)
        assert story["changes"][0]["what"] == "gone" and story["changes"][0]["evidence"]
        assert circle.story(kept)["lane"] == "free"


def test_a_page_told_twice_or_late_changes_nothing(database: Database, clock: ManualClock) -> None:
    """Windows overlap, so every cycle is told again and again; history has each change once."""
    with circulate(database, clock) as circle:
        [number] = circle.items(1)
        cycle = circle.rent(4, 8)
        for _ in range(3):
            circle.look()
            clock.advance(timedelta(minutes=10))
        changes = circle.story(number)["changes"]
        assert [change["of"] for change in changes if change["what"] == "appeared"].count(f"cycle {cycle}") == 1
        assert len(changes) == 2


def test_a_word_that_nobody_documented_is_a_case_and_not_a_crash(database: Database, clock: ManualClock) -> None:
    """The item is kept as it was said, offered to nobody; a sweep without it closes the case."""
    with circulate(database, clock) as circle:
        [number] = circle.items(1)
        circle.supercycle.world.items[number].visibility = "in_repair"
        circle.look()
        assert circle.lanes() == {"unclear": 1}
        [case] = circle.installed.open_cases()
        assert case["kind"] == "circular.unfamiliar" and "'in_repair'" in case["title"]
        circle.supercycle.world.items[number].visibility = "available"
        clock.advance(timedelta(minutes=1))
        circle.look()
        assert circle.lanes() == {"free": 1} and circle.installed.open_cases() == []


def test_a_programme_that_does_not_answer_is_a_case_until_it_does(database: Database, clock: ManualClock) -> None:
    """A refused key is told at once: only a person can mend it."""
    with circulate(database, clock) as circle:
        circle.items(1)
        circle.supercycle.add_fault("token_refused", count=2)
        circle.look()
        assert set(circle.installed.case_kinds()) == {"source.failing"}
        circle.installed.pass_time(timedelta(minutes=15))
        assert circle.installed.case_kinds() == [] and circle.lanes() == {"free": 1}


def test_a_tracked_flag_that_came_back_is_a_standing_proof(database: Database, clock: ManualClock) -> None:
    """The shop counts an imported product again: its number is not believed, and somebody is told."""
    unsure = replace(BIKE, declared_source=None, tracked=True)
    with circulate(database, clock, unsure) as circle:
        circle.items(2)
        circle.look()
        circle.installed.pass_time(timedelta(minutes=10))
        [flipped] = [case for case in circle.installed.open_cases() if case["kind"] == "circular.tracked"]
        assert "BIKE-1" in flipped["title"] and flipped["found"] == "tracked in the shop"


def test_an_item_promised_to_two_rentals_is_a_case_that_names_both(database: Database, clock: ManualClock) -> None:
    """Staff put the item of one cycle on another of the same days."""
    with circulate(database, clock) as circle:
        circle.items(2)
        one, other = circle.rent(4, 8), circle.rent(5, 9)
        item = circle.holder(one)
        assert item is not None
        circle.supercycle.change_item(other, item)
        circle.look()
        circle.installed.pass_time(timedelta(minutes=10))
        [case] = [case for case in circle.installed.open_cases() if case["kind"] == "circular.item-twice"]
        assert case["subject"] == f"item {PROGRAMME}/{item}"
        assert len(circle.story(item)["clashes"]) == 1
        circle.supercycle.cancel(other)
        circle.look()
        circle.installed.pass_time(timedelta(minutes=10))
        assert circle.installed.case_kinds() == []
