"""The capabilities of the Amazon connection over HTTP: what arrives, what is proven, and what every trouble becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.contracts.amazon_connection import answer, connect, fetch, fetch_one, held, send, settings_for
from tests.contracts.amazon_vendor import CREDENTIALS, NOW, item, order
from trueup.base.clock import ManualClock
from trueup.base.errors import (
    ConfigurationError,
    NotFound,
    Refused,
)
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendor
from trueup.domain.acknowledgements import Answer
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.formats.amazon_vendor.transactions import TransactionState, read_transaction
from trueup.remote.access import Standing, grants_of
from trueup.remote.budget import Unlimited
from trueup.remote.capability import (
    AcknowledgementSink,
    OrderQuery,
    OrderSource,
    OrderStatusSource,
    Probed,
    Verdict,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLACED = order("PO000001")
ACKNOWLEDGE, ORDERS, ORDER, STATUS = (
    "submitAcknowledgement",
    "getPurchaseOrders",
    "getPurchaseOrder",
    "getPurchaseOrdersStatus",
)


def test_it_is_every_capability_it_says() -> None:
    """A source of orders and of their status, a sink of acknowledgements, and it can be probed."""
    amazon = connect().amazon
    for capability in (OrderSource, AcknowledgementSink, OrderStatusSource, Probed):
        assert isinstance(amazon, capability)
    assert (amazon.name, amazon.format) == ("amazon-us", "amazon-vendor")


@pytest.mark.parametrize("lie", ["", "empty_page", "duplicate_orders", "reordered_pages"])
def test_every_order_of_a_window_arrives_whatever_the_pages_look_like(lie: str) -> None:
    """Three pages; an empty one in between, an order twice, any order among them."""
    placed = [order(f"PO{number:06}", item(1), placed=NOW - timedelta(minutes=number + 1)) for number in range(250)]
    connected = connect(*placed)
    if lie:
        connected.lie(kind=lie, count=2)
    found = {each.number for each in fetch(connected)}
    assert found == {each["purchaseOrderNumber"] for each in placed}


def test_changed_orders_are_a_window_of_their_own() -> None:
    """An order changed by Amazon is found by its change, with the new quantity and the time of the change."""
    connected = connect(PLACED, order("PO000002"))
    connected.vendor.simulator.change_order("PO000001", {"lines": [{"itemSequenceNumber": "1", "amount": 12}]})
    connected.wait(MINUTE)
    (changed,) = fetch(connected, OrderQuery.CHANGED)
    assert (changed.number, changed.lines[0].ordered.amount, changed.changed_at) == ("PO000001", 12, NOW)


def test_irregular_orders_go_all_the_way() -> None:
    """ "CASES", "00001", no state, no zone: read, answered with the same words, and proven."""
    connected = connect()
    cases = {"amount": 24, "unitOfMeasure": "Cases", "unitSize": 12}
    connected.vendor.simulator.add_orders(order("PO000001", item(1, orderedQuantity=cases)), irregular=True)
    (placed,) = fetch(connected)
    assert placed.lines[0].sequence_text == "00001"
    acknowledgement = answer(placed)
    send(connected, acknowledgement)
    connected.wait(10 * MINUTE)
    assert held(connected, acknowledgement)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (NOW - 8 * DAY, NOW, "at most 7 days"),
        (NOW, NOW, "empty"),
        (NOW, NOW - HOUR, "empty"),
        (NOW - 200 * DAY, NOW - 199 * DAY, "180 days"),
    ],
)
def test_a_window_that_amazon_does_not_serve_is_refused_in_words(start: datetime, end: datetime, words: str) -> None:
    """Nothing is sent."""
    connected = connect()
    with pytest.raises(Refused, match=words):
        connected.amazon.fetch_orders(OrderQuery.CREATED, start, end, None)
    assert connected.transport.sent == []


def test_the_widest_windows_that_are_announced_are_served() -> None:
    """Seven days to the microsecond, and the farthest back, pass Amazon's own checks."""
    connected = connect(PLACED)
    end = NOW - timedelta(microseconds=1)
    width = timedelta(seconds=connected.amazon.longest_window_seconds)
    connected.amazon.fetch_orders(OrderQuery.CREATED, end - width, end, None)
    far = NOW - timedelta(seconds=connected.amazon.farthest_back_seconds)
    connected.amazon.fetch_orders(OrderQuery.CHANGED, far, far + width, None)
    assert connected.answered(ORDERS) == [200, 200]


@pytest.mark.parametrize(
    "number", ["PO999999", "", " ", ".", "..", "a/b", "../purchaseOrdersStatus", "Ü?x=1#y", "%2e%2e"]
)
def test_an_order_that_is_not_there_is_not_found(number: str) -> None:
    """Whatever its name contains, it never asks for something else."""
    connected = connect(PLACED)
    with pytest.raises(NotFound):
        connected.amazon.fetch_order(number)
    assert set(connected.answered(ORDER)) <= {404}
    assert connected.answered(ORDERS) == connected.answered(STATUS) == []


@pytest.mark.parametrize(
    "shares",
    [
        [(Answer.ACCEPTED, 24)],
        [(Answer.REJECTED, 24)],
        [(Answer.ACCEPTED, 20), (Answer.REJECTED, 4)],
        [(Answer.ACCEPTED, 12), (Answer.BACKORDERED, 12)],
        [(Answer.BACKORDERED, 24)],
    ],
)
def test_an_acknowledgement_is_proven_by_the_status_alone(shares: list[tuple[Answer, int]]) -> None:
    """The transaction says Processing for ever; the status shows our quantities once Amazon has applied them."""
    connected = connect(PLACED)
    acknowledgement = answer(fetch_one(connected), *shares)
    reference = send(connected, acknowledgement)
    assert not held(connected, acknowledgement)
    connected.wait(10 * MINUTE)
    assert held(connected, acknowledgement)
    (transaction,) = read_transaction(connected.amazon.fetch_transaction(reference).content).values
    assert (transaction.reference, transaction.state) == (reference, TransactionState.PROCESSING)


def test_a_failed_transaction_says_why() -> None:
    """Amazon's own words come with it."""
    connected = connect(PLACED)
    connected.lie(kind="transaction_failure", text="Vendor is blocked.")
    reference = send(connected, answer(fetch_one(connected)))
    connected.wait(10 * MINUTE)
    (transaction,) = read_transaction(connected.amazon.fetch_transaction(reference).content).values
    assert transaction.state is TransactionState.FAILURE
    assert "Vendor is blocked." in transaction.errors[0]
    with pytest.raises(NotFound):
        connected.amazon.fetch_transaction("20190827182357-unknown")


def test_a_status_behind_empty_pages_is_found() -> None:
    """An empty page with a token is not the answer."""
    connected = connect(PLACED)
    connected.lie(kind="empty_page", operation=STATUS, count=3)
    page = connected.amazon.fetch_order_status("PO000001", "ACME1", NOW - DAY, NOW)
    assert [each.number for each in read_order_statuses(page.content).values] == ["PO000001"]


def test_a_status_is_found_long_after_its_last_update() -> None:
    """The window of the question cannot hide the order."""
    connected = connect(PLACED)
    connected.wait(60 * DAY)
    page = connected.amazon.fetch_order_status("PO000001", "ACME1", NOW + 59 * DAY, NOW + 60 * DAY)
    assert len(read_order_statuses(page.content).values) == 1


def test_statuses_are_listed_by_when_they_changed_receipts_among_them() -> None:
    """What a dock counted in since is an update: it is in the window of that day, and in no earlier one."""
    connected = connect(PLACED)
    connected.wait(2 * DAY)
    connected.vendor.simulator.receive("PO000001", {"1": 2})
    connected.wait(MINUTE)
    assert (
        read_order_statuses(
            connected.amazon.fetch_order_statuses(NOW + DAY, NOW + 2 * DAY - MINUTE, None).content
        ).values
        == ()
    )
    page = connected.amazon.fetch_order_statuses(NOW + DAY, NOW + 3 * DAY, None)
    (status,) = read_order_statuses(page.content).values
    assert (status.lines[0].received, status.lines[0].received_at) == (2, NOW + 2 * DAY)
    assert page.next_page is None
    with pytest.raises(Refused, match="at most 7 days"):
        connected.amazon.fetch_order_statuses(NOW - 8 * DAY, NOW, None)


def test_two_vendor_groups_share_nothing() -> None:
    """Each sees its own orders; the other's do not exist for it."""
    connected = connect(PLACED)
    other = {**CREDENTIALS, "refresh_token": "Atzr|two"}
    connected.vendor.simulator.add_vendor_group(**other, vendor_codes=["OTHER"])
    connected.vendor.simulator.add_orders([order("PO000002", sellingParty={"partyId": "OTHER"})])
    settings = settings_for(connected.vendor.url, name="amazon-two", refresh_token=Secret("Atzr|two"))
    second = replace(connected, amazon=AmazonVendor(settings, Unlimited(), ManualClock(NOW)))
    assert [each.number for each in fetch(connected)] == ["PO000001"]
    assert [each.number for each in fetch(second)] == ["PO000002"]
    with pytest.raises(NotFound):
        second.amazon.fetch_order("PO000001")


def test_a_probe_tells_what_works() -> None:
    """Sign-in, each operation, each vendor code; nothing is written, and what writes is not called working."""
    connected = connect(PLACED)
    probes = connected.amazon.probe()
    assert {probe.verdict for probe in probes[:-1]} == {Verdict.WORKS} and probes[-1].verdict is Verdict.UNTRIED
    assert [probe.ability for probe in probes][1:] == [
        ORDERS, ORDER, STATUS, "getTransaction", "orders of vendor code ACME1", ACKNOWLEDGE,
    ]  # fmt: skip
    assert connected.answered(ACKNOWLEDGE) == []


def test_a_probe_names_the_missing_role() -> None:
    """Transactions need another role than orders."""
    connected = connect(settings={"refresh_token": Secret("Atzr|half"), "vendor_codes": ()})
    half = {**CREDENTIALS, "refresh_token": "Atzr|half"}
    connected.vendor.simulator.add_vendor_group(**half, vendor_codes=["HALF1"], roles=["Amazon Fulfillment"])
    verdicts = {probe.ability: probe for probe in connected.amazon.probe()}
    missing = verdicts["getTransaction"]
    assert (missing.verdict, verdicts[ORDERS].verdict) == (Verdict.MISSING, Verdict.WORKS)
    assert "Inventory and Order Tracking" in missing.remedy
    assert "Vendor Central" in missing.remedy
    assert {grant.name: grant.standing for grant in grants_of(verdicts.values())} == {
        "Amazon Fulfillment or Inventory and Order Tracking": Standing.GRANTED,
        "Inventory and Order Tracking": Standing.MISSING,
    }


def test_a_connection_says_by_what_it_is_let_in_and_shows_no_secret() -> None:
    """Amazon tells the end of an access token alone; the rest is unknown, and says where a person finds it."""
    connected = connect(PLACED)
    assert [each.name for each in connected.amazon.credentials()] == ["client secret", "refresh token"]
    connected.amazon.probe()
    secret, refresh, token = connected.amazon.credentials()
    assert (secret.ends_at, secret.lives, refresh.ends_at) == (None, 180 * DAY, None)
    assert token.ends_at == NOW + HOUR and token.kept == ""
    shown = repr((secret, refresh, token))
    assert not any(text in shown for text in CREDENTIALS.values() if text != CREDENTIALS["client_id"])


def test_a_probe_of_what_is_dead_or_refuses_never_raises() -> None:
    """One verdict, and what to do."""
    connected = connect(settings={"client_id": "unknown"})
    (refused,) = connected.amazon.probe()
    assert (refused.verdict, "180 days" in refused.remedy) == (Verdict.FAILS, True)
    dead = AmazonVendor(settings_for("http://127.0.0.1:9"), Unlimited(), ManualClock(NOW))
    (gone,) = dead.probe()
    assert (gone.verdict, "nothing was sent" in gone.found) == (Verdict.FAILS, True)
    connected = connect(PLACED)
    connected.lie(kind="server_error", operation=STATUS, count=None)
    verdicts = {probe.ability: probe.verdict for probe in connected.amazon.probe()}
    assert (verdicts[STATUS], verdicts[ORDERS]) == (Verdict.FAILS, Verdict.WORKS)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"region": "us"},
        {"client_id": " app"},
        {"endpoint": "http://amazon.test"},
        {"endpoint": "https://user:pass@amazon.test"},
        {"token_endpoint": "ftp://x/y"},
    ],
)
def test_wrong_settings_are_refused_before_anything_is_sent(changes: dict[str, Any]) -> None:
    """With a sentence; an address without TLS is for this machine alone."""
    with pytest.raises(ConfigurationError):
        AmazonVendor(settings_for("http://127.0.0.1:9", **changes), Unlimited(), ManualClock(NOW))


def test_every_effect_is_counted_before_it_leaves_and_after_it_came() -> None:
    """The seam where crashes are injected; a crash before the request leaves means that nothing was sent."""
    connected = connect(PLACED)
    labels: list[str] = []
    settings = settings_for(connected.vendor.url)
    amazon = AmazonVendor(settings, Unlimited(), ManualClock(NOW), on_effect=labels.append)
    amazon.fetch_order("PO000001")
    assert [label.rsplit(" ", 1)[-1] for label in labels] == ["leaves", "answered", "leaves", "answered"]
    assert "/vendor/orders/v1/purchaseOrders/PO000001" in labels[2]

    class Killed(BaseException):
        pass

    def kill(label: str) -> None:
        if ACKNOWLEDGE[6:].lower() in label.lower():
            raise Killed

    dying = AmazonVendor(settings, Unlimited(), ManualClock(NOW), on_effect=kill)
    with pytest.raises(Killed):
        dying.send_acknowledgement(b"{}", "ack")
    assert connected.answered(ACKNOWLEDGE) == []
