"""The connector to Supercycle before its simulator: every capability, its rates, its troubles, and that nothing is repeated."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.contracts.supercycle_connector import KEY, TENT, VARIANT, Circle, Purse, open_circle
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, ContractChanged, NotFound, Rejected, Throttled, Transient, Unauthorized
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.connectors.supercycle import SupercycleSettings, SupercycleV1
from trueup.domain.circular import (
    BlockedDate,
    BlockedResource,
    CycleStatus,
    Item,
    ItemChange,
    Method,
    NewItem,
    Readiness,
    ReturnLineStatus,
    Visibility,
    Window,
)
from trueup.remote.budget import Unlimited
from trueup.remote.capability import Verdict
from trueup.remote.circular import CycleQuery, ItemQuery

SPELLINGS = pytest.mark.parametrize("spelling", ["camel", "snake", "mixed"])


def all_items(circle: Circle) -> list[Item]:
    """Every item, page by page."""
    found: list[Item] = []
    page: str | None = None
    while True:
        batch = circle.system.fetch_items(ItemQuery(), page).value
        found += batch.values
        page = batch.next_page
        if page is None:
            return found


@SPELLINGS
def test_every_item_is_read_whatever_the_spelling(spelling: str) -> None:
    """Pages lead through all of them; nothing is odd but what no page documents."""
    circle = open_circle(spelling=spelling)
    made = circle.items(230)
    found = all_items(circle)
    assert sorted(item.id for item in found) == sorted(made)
    assert {item.variant for item in found} == {VARIANT}
    assert {(item.visibility, item.readiness) for item in found} == {(Visibility.AVAILABLE, Readiness.PROCESSED)}
    assert circle.system.fetch_items(ItemQuery(), None).value.findings == ()


@SPELLINGS
def test_an_item_is_made_with_its_cost_and_found_by_its_serial(spelling: str) -> None:
    """The serial is the key: nobody has it before, exactly one has it after."""
    circle = open_circle(spelling=spelling)
    grade = min(circle.simulator.world.conditions)
    wanted = NewItem(VARIANT, "TI-77", Visibility.UNAVAILABLE, grade, acquisition_cost=Money(12550, "USD"))
    assert circle.system.find_by_serial("TI-77").value is None
    made = circle.system.create_item(wanted).value
    found = circle.system.find_by_serial("TI-77").value
    assert found == made == circle.system.fetch_item(made.id).value
    assert (made.serial, made.visibility, made.acquisition_cost) == (
        "TI-77", Visibility.UNAVAILABLE, Money(12550, "USD"),
    )  # fmt: skip
    assert made.condition is not None and made.condition.id == grade


def test_a_serial_that_merely_resembles_is_another_s() -> None:
    """What the search finds beside the very one does not count; two of the very one are a conflict that names both."""
    circle = open_circle()
    circle.system.create_item(NewItem(VARIANT, "A-10", Visibility.AVAILABLE))
    assert circle.system.find_by_serial("A-1").value is None
    for _ in range(2):
        circle.system.create_item(NewItem(VARIANT, "A-1", Visibility.AVAILABLE))
    with pytest.raises(Conflict, match="2 items bear the serial 'A-1'"):
        circle.system.find_by_serial("A-1")


def test_a_change_says_only_what_is_to_be_another() -> None:
    """And may be said twice."""
    circle = open_circle()
    [number] = circle.items(1)
    change = ItemChange(visibility=Visibility.UNAVAILABLE, readiness=Readiness.UNPROCESSED, pick_location="A1-02-B3")
    once = circle.system.change_item(number, change).value
    assert circle.system.change_item(number, change).value == once
    assert change.is_done(once)
    with pytest.raises(NotFound):
        circle.system.change_item(999_999_999, change)


def test_a_lost_reply_says_that_it_may_have_been_applied_and_is_not_repeated() -> None:
    """The item is there once: who asks by the serial finds it."""
    circle = open_circle()
    circle.simulator.add_fault("applied_but_timed_out", operation="POST /items", seconds=3)
    with pytest.raises(Transient) as caught:
        circle.system.create_item(NewItem(VARIANT, "S-1", Visibility.UNAVAILABLE))
    assert caught.value.maybe_applied
    assert circle.system.find_by_serial("S-1").value is not None


def test_a_reply_that_is_no_json_is_kept_as_evidence() -> None:
    """And of a write nobody knows whether it was applied."""
    circle = open_circle()
    circle.simulator.add_fault("malformed_json", operation="GET /items")
    with pytest.raises(ContractChanged) as caught:
        circle.system.fetch_items(ItemQuery(), None)
    assert caught.value.evidence and not caught.value.maybe_applied
    circle.simulator.add_fault("malformed_json", operation="POST /items")
    with pytest.raises(ContractChanged) as written:
        circle.system.create_item(NewItem(VARIANT, "S-2", Visibility.UNAVAILABLE))
    assert written.value.maybe_applied


@SPELLINGS
def test_cycles_are_told_by_when_they_changed(spelling: str) -> None:
    """A rental from booking to restocking, and only what changed since is told."""
    circle = open_circle(spelling=spelling)
    [number] = circle.items(1)
    cycle_id = circle.rent(3, 7)
    began = circle.clock.now()
    [cycle] = circle.system.fetch_cycles(CycleQuery(updated_from=began), None).value.values
    assert (cycle.id, cycle.item, cycle.method) == (cycle_id, number, Method.CALENDAR)
    window = cycle.occupies(circle.clock.now())
    assert window is not None and window.start is not None and window.end is not None
    assert window.start.date() <= (began + timedelta(days=3)).date() and window.end >= began + timedelta(days=7)
    circle.clock.advance(timedelta(days=2))
    assert circle.system.fetch_cycles(CycleQuery(updated_from=circle.clock.now()), None).value.values == ()
    circle.simulator.fulfil(cycle_id)
    [sent] = circle.system.fetch_cycles(CycleQuery(updated_from=circle.clock.now()), None).value.values
    assert sent.is_out and sent == circle.system.fetch_cycle(cycle_id).value
    assert circle.system.fetch_item(number).value.active_cycle == cycle_id
    assert circle.system.fetch_cycles(CycleQuery(item=number), None).value.values == (sent,)


def test_a_resale_never_gives_its_item_back() -> None:
    """Although the item looks free until it is dispatched."""
    circle = open_circle()
    circle.items(1)
    resale = circle.simulator.sell_resale(9001)
    cycle = circle.system.fetch_cycle(resale.id).value
    assert cycle.method is Method.RESALE
    window = cycle.occupies(circle.clock.now())
    assert window is not None and window.end is None
    circle.simulator.cancel(resale.id)
    cancelled = circle.system.fetch_cycle(resale.id).value
    assert cancelled.status is CycleStatus.CANCELLED and cancelled.occupies(circle.clock.now()) is None


def test_a_cycle_is_given_another_item() -> None:
    """The order does not change; saying it twice changes nothing more."""
    circle = open_circle()
    circle.items(2)
    cycle_id = circle.rent(3, 7)
    before = circle.system.fetch_cycle(cycle_id).value
    [other] = [item.id for item in all_items(circle) if item.id != before.item]
    after = circle.system.assign_item(cycle_id, other).value
    assert (after.item, after.order_line) == (other, before.order_line)
    assert circle.system.assign_item(cycle_id, other).value.item == other


@SPELLINGS
def test_a_return_is_told_with_its_lines(spelling: str) -> None:
    """From the request to the receipt."""
    circle = open_circle(spelling=spelling)
    [number] = circle.items(1)
    cycle_id = circle.rent(0, 1)
    circle.simulator.fulfil(cycle_id)
    circle.simulator.request_return(cycle_id)
    [order] = circle.system.fetch_returns(None).value.values
    assert [(line.cycle, line.item, line.status) for line in order.lines] == [
        (cycle_id, number, ReturnLineStatus.AWAITING)
    ]
    circle.simulator.receive(cycle_id)
    assert circle.system.fetch_return(order.id).value.lines[0].status is ReturnLineStatus.RECEIVED
    assert circle.system.fetch_item(number).value.readiness is Readiness.UNPROCESSED


def test_dates_are_blocked_once_and_found_again() -> None:
    """There is no taking back, so it is looked for before it is written."""
    circle = open_circle()
    [number] = circle.items(1)
    wanted = BlockedDate(0, BlockedResource.ITEM, number, date(2026, 12, 1), None, description="service")
    assert circle.system.find_blocked_date(wanted).value is None
    made = circle.system.block_dates(wanted).value
    assert circle.system.find_blocked_date(wanted).value == made
    assert circle.system.fetch_blocked_dates(None).value.values == (made,)
    assert made.concerns(circle.system.fetch_item(number).value)


def test_a_timeline_is_read_with_its_misspelling() -> None:
    """Its counts and its days."""
    circle = open_circle()
    circle.items(3)
    timeline = circle.system.fetch_timeline(VARIANT).value
    assert timeline.inventory_count == 3 and timeline.uncommitted_count is not None
    assert timeline.occupancy and timeline.occupancy == tuple(sorted(timeline.occupancy))


def test_the_rates_are_kept_whatever_is_asked() -> None:
    """300 pages of a sweep and 25 timelines: the simulator, which counts refusals too, refuses none."""
    clock = ManualClock(open_circle().clock.now())
    circle = open_circle(clock=clock, budget=Purse(clock), rate_limit=True)
    circle.items(5)
    began = clock.now()
    for _ in range(300):
        circle.system.fetch_items(ItemQuery(), None)
    for _ in range(25):
        circle.system.fetch_timeline(VARIANT)
        circle.system.fetch_cycles(CycleQuery(), None)
    assert clock.now() - began < timedelta(minutes=9)


def test_a_refusal_for_the_rate_stops_everyone_for_a_while() -> None:
    """No header says how long; ten seconds at least."""
    clock = ManualClock(open_circle().clock.now())
    purse = Purse(clock)
    circle = open_circle(clock=clock, budget=purse)
    circle.simulator.add_fault("too_many_requests", operation="GET /items")
    with pytest.raises(Throttled) as caught:
        circle.system.fetch_items(ItemQuery(), None)
    assert caught.value.retry_after_seconds >= 10
    assert purse.penalties == {"supercycle/supercycle/sweeps": 10.0, "supercycle/supercycle/requests": 10.0}


def test_what_the_key_cannot_do_is_said_with_where_to_click_and_the_key_never_shows() -> None:
    """A wrong key is one row; a good one a row for each ability."""
    circle = open_circle()
    rows = circle.system.probe()
    assert [row.verdict for row in rows] == [*[Verdict.WORKS] * 4, Verdict.UNTRIED], "a probe writes nothing"
    [key] = circle.system.credentials()
    assert (key.ends_at, key.forever) == (None, False) and "documents no end" in key.how and KEY not in repr(key)
    wrong = SupercycleSettings("supercycle", Secret("sc_live_other"), "USD", endpoint=circle.system.settings.endpoint)
    stranger = SupercycleV1(wrong, circle.http, Unlimited(), circle.clock)
    [row] = stranger.probe()
    assert row.verdict is Verdict.MISSING and "Settings" in row.remedy
    with pytest.raises(Unauthorized) as caught:
        stranger.fetch_items(ItemQuery(), None)
    assert "sc_live_other" not in f"{caught.value} {rows} {row} {stranger} {wrong}" and KEY not in repr(circle.system)


def test_a_product_that_was_not_imported_is_refused() -> None:
    """In Supercycle's own words; the other variant of the product is not concerned."""
    circle = open_circle(error_body="errors")
    circle.system.create_item(NewItem(f"gid://shopify/ProductVariant/{TENT}", "T-1", Visibility.AVAILABLE))
    with pytest.raises(Rejected, match="imported"):
        circle.system.create_item(NewItem("gid://shopify/ProductVariant/9999", "T-2", Visibility.AVAILABLE))


def test_windows_of_cycles_do_not_touch_what_they_do_not_need() -> None:
    """Two rentals one after the other, as Supercycle books them, do not clash by our reckoning either."""
    circle = open_circle()
    circle.items(1)
    first, second = circle.rent(10, 12), circle.rent(30, 33)
    windows = [circle.system.fetch_cycle(each).value.occupies(circle.clock.now()) for each in (first, second)]
    assert all(isinstance(window, Window) for window in windows)
    one, other = windows
    assert one is not None and other is not None and not one.overlaps(other)
