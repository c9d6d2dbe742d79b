"""Cycles and returns of the Supercycle simulator: windows and buffers, Ally, commitment at fulfilment, sales, what lags."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.contracts.supercycle_account import BOOT, JACKET, NOW, Account
from trueup.base.errors import Conflict, Invalid
from trueup.simulators.supercycle import Buffers
from trueup.simulators.supercycle.records import Rental

START, END = date(2026, 12, 8), date(2026, 12, 10)


def placed(account: Account, start: date = START, end: date = END) -> Rental:
    """A calendar rental that got an item."""
    rental = account.simulator.place_rental(JACKET, start, end)
    assert rental.item is not None
    return rental


def test_a_cycle_keeps_its_item_for_the_rental_and_its_buffers() -> None:
    """Preparation and delivery before, the way back and restocking after: a neighbour in those days gets no item."""
    account = Account(buffers=Buffers(1, 2, 2, 1))
    account.made()
    rental = placed(account)
    shown = account.cycle(rental.id)
    assert (shown["fulfillAt"], shown["rentalStart"]) == ("2026-12-06T05:00:00.000Z", "2026-12-08T05:00:00.000Z")
    assert (shown["rentalEnd"], shown["receiveAt"]) == ("2026-12-11T04:59:59.000Z", "2026-12-12T05:00:00.000Z")
    occupancy = account.ask("GET", "/availability_timelines", variant_shopify_id=JACKET)["occupancy"]
    assert [day for day, count in occupancy.items() if count] == [f"2026-12-{day:02}" for day in range(5, 14)]
    assert account.simulator.place_rental(JACKET, date(2026, 12, 16), date(2026, 12, 18)).item is None
    assert account.simulator.place_rental(JACKET, date(2026, 12, 17), date(2026, 12, 18)).item is rental.item


def test_an_item_commits_when_it_is_sent() -> None:
    """Between order and dispatch neither the item nor the count tells; the kinder choice commits at the order."""
    account = Account()
    account.made(2)
    rental = placed(account)
    number = rental.item.id if rental.item else 0
    query = {"variant_shopify_id": JACKET}
    assert account.item(number)["activeRentalId"] is None
    assert account.ask("GET", "/availability_timelines", **query)["uncommitedInventoryCount"] == 2
    account.simulator.fulfil(rental.id)
    assert account.item(number)["activeRentalId"] == rental.id
    counts = account.ask("GET", "/availability_timelines", **query)
    assert (counts["inventoryCount"], counts["uncommitedInventoryCount"]) == (2, 1)
    assert counts["futureAvailabilityInventoryCount"] == 1
    early = Account(commits_at="order")
    early.made()
    rental = placed(early)
    assert early.item(rental.item.id if rental.item else 0)["activeRentalId"] == rental.id


def test_ally_moves_cycles_that_have_not_begun() -> None:
    """Retiring an item moves its coming cycles; Ally may also move one for no reason; what is out stays."""
    account = Account()
    one, two, three = (item["id"] for item in account.made(3))
    rental = placed(account)
    assert rental.item is not None
    first = rental.item.id
    account.simulator.set_visibility(first, "retired")
    second = account.cycle(rental.id)["itemId"]
    assert second in {one, two, three} - {first}
    account.simulator.reallocate(rental.id)
    assert account.cycle(rental.id)["itemId"] not in (first, second)
    account.simulator.fulfil(rental.id)
    with pytest.raises(Conflict):
        account.simulator.reallocate(rental.id)


def test_a_cycle_without_a_free_item_stands_with_none() -> None:
    """itemId is null, or stays on an item that is gone, and the timeline says that there is a conflict."""
    account = Account()
    [item] = account.made()
    held, without = placed(account), account.simulator.place_rental(JACKET, START, END)
    assert account.cycle(without.id)["itemId"] is None
    account.simulator.set_visibility(item["id"], "retired")
    shown = account.cycle(held.id)
    assert (shown["itemId"], shown["timelineEvents"][-1]["eventType"]) == (item["id"], "item_conflict")
    with pytest.raises(Conflict):
        account.simulator.fulfil(without.id)


def test_a_return_makes_the_item_not_ready_and_restocking_frees_it() -> None:
    """Received: unprocessed, yet available; restocked: free at once though its buffers run on."""
    account = Account()
    [item] = account.made()
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    account.simulator.set_clock(NOW + timedelta(days=16))
    created = account.ask("POST", "/return_orders", {"data": [{"rentalId": rental.id, "status": "received"}]})
    [order], [line] = created["returnOrders"], created["returnOrders"][0]["returnLines"]
    assert created["errors"] == []
    assert (line["status"], order["status"], order["receivalStatus"]) == ("awaiting", "requested", "unreceived")
    again = account.ask("POST", "/return_orders", {"data": [{"rentalId": rental.id}]})
    assert again["returnOrders"][0]["id"] == order["id"], "an item that is in a return already"
    change = {"returnLines": [{"id": line["id"], "status": "received"}]}
    done = account.ask("PUT", f"/return_orders/{order['id']}", change)
    assert (done["status"], done["receivalStatus"]) == ("received", "received")
    back = account.item(item["id"])
    assert (back["status"], back["visibility"], back["activeRentalId"]) == ("unprocessed", "available", None)
    near = (date(2026, 12, 14), date(2026, 12, 15))
    assert account.simulator.place_rental(JACKET, *near).item is None
    account.ask("PUT", f"/items/{item['id']}", {"status": "processed"})
    assert account.ask("GET", f"/return_orders/{order['id']}")["status"] == "completed"
    assert account.cycle(rental.id)["restockedAt"] is not None
    assert account.simulator.place_rental(JACKET, *near).item is not None


def test_an_item_that_is_late_is_free_again_on_paper() -> None:
    """When the reservation ends it counts as available, although the customer still has it."""
    account = Account()
    account.made()
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    account.simulator.set_clock(NOW + timedelta(days=30))
    assert account.cycle(rental.id)["status"] == "unreceived"
    assert account.cycle(rental.id)["receivalStatus"] == "overdue"
    assert account.simulator.place_rental(JACKET, date(2027, 1, 10), date(2027, 1, 12)).item is rental.item


def test_a_status_that_time_changes_moves_no_updated_at() -> None:
    """A poll by `updated` never hears that a cycle became late."""
    account = Account()
    account.made()
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    before = account.cycle(rental.id)
    account.simulator.set_clock(NOW + timedelta(days=30))
    after = account.cycle(rental.id)
    assert (before["status"], after["status"]) == ("fulfilled", "unreceived")
    assert before["updatedAt"] == after["updatedAt"]
    assert account.all("/rentals", **{"updated[gte]": "2026-12-01T00:00:00Z"}) == []


def test_cycles_are_filtered_and_the_last_changed_come_first() -> None:
    """updated, created and rental start as objects; order, item, variant; unfulfilled; the walk can be overtaken."""
    account = Account()
    account.made(3)
    rentals = [placed(account) for _ in range(3)]
    account.wait(hours=1)
    account.simulator.fulfil(rentals[0].id)
    since = {"updated[gte]": "2026-11-23T15:30:00Z"}
    assert [each["id"] for each in account.all("/rentals", **since)] == [rentals[0].id]
    page = account.ask("GET", "/rentals", limit=1, **{"updated[gt]": "2026-01-01"})
    assert page["data"][0]["id"] == rentals[0].id
    account.simulator.fulfil(rentals[1].id)
    rest = account.all("/rentals", limit=1, page=page["nextPage"], **{"updated[gt]": "2026-01-01"})
    assert rentals[1].id not in [each["id"] for each in rest], "it moved before the page that was read already"
    unfulfilled = account.all("/rentals", unfulfilled="true")
    assert [each["id"] for each in unfulfilled] == [rentals[2].id]
    held = rentals[2].item.id if rentals[2].item else 0
    assert [each["id"] for each in account.all("/rentals", itemId=held)] == [rentals[2].id]
    assert len(account.all("/rentals", shopifyVariantId=JACKET, **{"rentalStart[lt]": "2026-12-09"})) == 3
    account.simulator.cancel(rentals[2].id)
    assert len(account.all("/rentals", excludeCancelled="true", **{"created[lte]": "2026-11-24"})) == 2
    assert account.send("GET", "/rentals", **{"updated[gte]": "yesterday"}).status == 422


def test_a_subscription_has_no_end_until_it_comes_back() -> None:
    """Its item is taken for good, then until what it needs to be restocked."""
    account = Account()
    account.made()
    rental = account.simulator.place_rental(JACKET, method_type="subscription", minimum_days=90)
    account.simulator.fulfil(rental.id)
    shown = account.cycle(rental.id)
    assert (shown["rentalEnd"], shown["receivalStatus"]) == (None, "pending")
    assert shown["minimumRentalEnd"] == "2027-02-22T04:59:59.000Z"
    assert set(account.ask("GET", "/availability_timelines", variant_shopify_id=JACKET)["occupancy"].values()) == {1}
    account.simulator.receive(rental.id)
    occupancy = account.ask("GET", "/availability_timelines", variant_shopify_id=JACKET)["occupancy"]
    assert sum(occupancy.values()) == 4, "today, two days of the way back, one to restock"


def test_a_resale_sells_its_item_when_it_is_sent() -> None:
    """By condition; until then it looks available. A refund leaves it sold. Both are choices of the account."""
    account = Account()
    used = list(account.simulator.world.conditions)[1]
    new, worn = account.made()[0], account.made(conditionId=used)[0]
    sale = account.simulator.sell_resale(JACKET, [used])
    assert account.cycle(sale.id)["itemId"] == worn["id"]
    assert account.item(worn["id"])["visibility"] == "available"
    account.simulator.fulfil(sale.id)
    assert account.item(worn["id"])["visibility"] == "sold"
    account.simulator.cancel(sale.id)
    assert account.item(worn["id"])["visibility"] == "sold"
    assert account.item(new["id"])["visibility"] == "available"
    early = Account(resale_sold_at="order", refunded_resale="available")
    [item] = early.made()
    sale = early.simulator.sell_resale(JACKET)
    assert early.item(item["id"])["visibility"] == "sold"
    early.simulator.cancel(sale.id)
    assert early.item(item["id"])["visibility"] == "available"


def test_a_customer_may_keep_what_is_out() -> None:
    """Converted to a purchase: sold, the cycle ends, those to come get another item."""
    account = Account()
    account.made(2)
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    coming = placed(account, date(2027, 1, 10), date(2027, 1, 12))
    account.simulator.change_item(coming.id, rental.item.id if rental.item else 0)
    account.simulator.convert(rental.id)
    assert rental.item is not None
    assert account.item(rental.item.id)["visibility"] == "sold"
    assert account.cycle(coming.id)["itemId"] != rental.item.id
    with pytest.raises(Conflict):
        account.simulator.convert(rental.id)


def test_a_cycle_can_be_given_an_item_of_another_product() -> None:
    """The order's line stays; lists by variant follow the item."""
    account = Account()
    account.made()
    [boot] = account.made(variant=BOOT)
    rental = placed(account)
    before = rental.item.id if rental.item else 0
    account.simulator.fulfil(rental.id)
    changed = account.ask("PUT", f"/rentals/{rental.id}", {"itemId": boot["id"]})
    assert (changed["itemId"], changed["item"]["shopifyVariantId"]) == (boot["id"], BOOT)
    assert account.item(before)["activeRentalId"] is None
    assert account.item(boot["id"])["activeRentalId"] == rental.id
    assert account.all("/rentals", shopifyVariantId=JACKET) == []


def test_a_cycle_is_changed_by_the_api() -> None:
    """Dates as before and after, packing, tags, fulfilment and receipt; what cannot be is refused."""
    account = Account()
    account.made()
    rental = placed(account)
    change = {"rentalEnd": {"before": "2026-12-10", "after": "2026-12-12"}, "packingStatus": "printed"}
    shown = account.ask("PUT", f"/rentals/{rental.id}", {**change, "tagsAttributes": [{"title": "gift"}]})
    assert (shown["rentalEnd"], shown["packingStatus"]) == ("2026-12-13T04:59:59.000Z", "printed")
    assert (shown["fulfillmentStatus"], rental.tags[0]["title"]) == ("in_progress", "gift")
    account.ask("PUT", f"/rentals/{rental.id}", {"tagsAttributes": [{"id": rental.tags[0]["id"], "_destroy": True}]})
    assert rental.tags == []
    bad = {"rentalEnd": {"after": "2026-12-01"}}
    assert account.send("PUT", f"/rentals/{rental.id}", bad).status == 422
    assert account.send("PUT", f"/rentals/{rental.id}", {"itemId": 5}).status == 422
    assert account.ask("PUT", f"/rentals/{rental.id}", {"fulfilledAt": "2026-12-06T10:00:00Z"})["status"] == "fulfilled"
    assert account.ask("PUT", f"/rentals/{rental.id}", {"receivedAt": "2026-12-14T10:00:00Z"})["status"] == "received"


def test_returns_say_what_they_could_not_do_beside_what_they_did() -> None:
    """Errors are sentences in a reply of 200; by serial too; a serial on two items is no answer."""
    account = Account()
    account.made(serials=["S1"])
    account.made(2, BOOT, serials=["S2", "S2"])
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    mixed = account.ask("POST", "/return_orders", {"data": [{"rentalId": rental.id}, {"rentalId": 5}]})
    assert (len(mixed["returnOrders"]), mixed["errors"]) == (1, ["Rental 5 not found"])
    by_serial = account.ask("POST", "/return_orders", {"serials": ["S1", "S2", "S3"], "visibility": "unavailable"})
    assert [order["id"] for order in by_serial["returnOrders"]] == [mixed["returnOrders"][0]["id"]]
    assert len(by_serial["errors"]) == 2
    assert account.all("/items", serial="S1")[0]["visibility"] == "unavailable"
    for body in ({}, {"data": "all"}):
        assert account.ask("POST", "/return_orders", body) == {"errors": ["Invalid request body"], "returnOrders": []}
    order = account.all("/return_orders")[0]
    wrong = {"returnLines": [{"id": order["returnLines"][0]["id"], "status": "lost"}]}
    assert account.send("PUT", f"/return_orders/{order['id']}", wrong).status == 422
    assert account.ask("PUT", f"/return_orders/{order['id']}", {"status": "cancelled"})["status"] == "cancelled"


def test_an_account_may_take_returns_in_one_step() -> None:
    """The kinder choice: a line that is posted as received is."""
    account = Account(one_step_returns=True)
    account.made()
    rental = placed(account)
    account.simulator.fulfil(rental.id)
    made = account.ask("POST", "/return_orders", {"data": [{"rentalId": rental.id, "status": "received"}]})
    assert made["returnOrders"][0]["receivalStatus"] == "received"


def test_a_rental_that_makes_no_sense_is_refused() -> None:
    """A calendar rental needs an end after its start, a method must be known."""
    account = Account()
    for start, end, method in ((START, None, "calendar"), (END, START, "calendar"), (START, END, "trade_in")):
        with pytest.raises(Invalid):
            account.simulator.place_rental(JACKET, start, end, method)
