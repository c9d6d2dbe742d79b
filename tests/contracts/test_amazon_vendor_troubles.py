"""What every trouble of the Amazon connection becomes: lost replies, server errors, refusals, throttles, tokens."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.amazon_connection import answer, connect, fetch, fetch_one, held, send
from tests.contracts.amazon_vendor import NOW, order
from trueup.base.errors import (
    NotFound,
    Rejected,
    RemoteError,
    Throttled,
    Transient,
    Unauthorized,
)
from trueup.base.secret import Secret
from trueup.formats.amazon_vendor.acknowledgements import write_acknowledgement
from trueup.remote.budget import Unlimited

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLACED = order("PO000001")
ACKNOWLEDGE, ORDERS, ORDER, STATUS = (
    "submitAcknowledgement",
    "getPurchaseOrders",
    "getPurchaseOrder",
    "getPurchaseOrdersStatus",
)


@pytest.mark.parametrize("mode", ["drop", "504", "hang"])
def test_a_write_whose_reply_is_lost_may_have_been_applied(mode: str) -> None:
    """It says so, it was sent once, and Amazon does hold it."""
    connected = connect(PLACED, settings={"timeout_seconds": 0.5})
    acknowledgement = answer(fetch_one(connected))
    connected.lie(kind="applied_but_timed_out", operation=ACKNOWLEDGE, mode=mode, seconds=2)
    with pytest.raises(Transient, match="may have been applied") as caught:
        send(connected, acknowledgement)
    assert caught.value.maybe_applied
    assert connected.transport.sent.count(ACKNOWLEDGE) == 1
    connected.wait(10 * MINUTE)
    assert held(connected, acknowledgement)


@pytest.mark.parametrize("status", [500, 503])
def test_a_write_that_meets_a_server_error_is_not_repeated(status: int) -> None:
    """Amazon does not say whether it was applied; the request id is in the words."""
    connected = connect(PLACED)
    acknowledgement = answer(fetch_one(connected))
    connected.lie(kind="server_error", operation=ACKNOWLEDGE, status=status)
    with pytest.raises(Transient, match=r"request id [0-9a-f-]{36}") as caught:
        send(connected, acknowledgement)
    assert caught.value.maybe_applied
    assert connected.answered(ACKNOWLEDGE) == [status]


def test_a_read_that_meets_trouble_is_repeated() -> None:
    """Twice; the third trouble in a row is told, and nothing can have been applied."""
    connected = connect(PLACED)
    connected.lie(kind="server_error", operation=ORDERS, count=2)
    assert len(fetch(connected)) == 1
    connected.lie(kind="server_error", operation=ORDERS, count=3)
    with pytest.raises(Transient) as caught:
        fetch(connected)
    assert not caught.value.maybe_applied


def test_a_refused_acknowledgement_is_rejected_with_amazons_words() -> None:
    """The same bytes would be refused again."""
    connected = connect(PLACED)
    body = json.loads(write_acknowledgement(answer(fetch_one(connected))))
    body["acknowledgements"][0]["items"][0]["surprise"] = 1
    with pytest.raises(Rejected, match="Invalid content") as caught:
        connected.amazon.send_acknowledgement(json.dumps(body).encode(), "ack")
    assert caught.value.code == "InvalidInput"


class Ledger(Unlimited):
    """A budget that keeps what it was asked."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, float, float]] = []
        self.penalties: list[tuple[str, float]] = []

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        self.taken.append((name, rate_per_second, burst))
        return 0.0

    def penalize(self, name: str, seconds: float) -> None:
        self.penalties.append((name, seconds))


def test_a_throttled_call_is_told_and_everyone_waits() -> None:
    """429 becomes Throttled, the bucket of that application, group and operation is closed, a write was not applied."""
    budget = Ledger()
    connected = connect(PLACED, budget=budget)
    acknowledgement = answer(fetch_one(connected))
    connected.lie(kind="throttled", operation=ACKNOWLEDGE)
    with pytest.raises(Throttled, match="QuotaExceeded") as caught:
        send(connected, acknowledgement)
    assert not caught.value.maybe_applied
    bucket = "amazon-vendor/app/amazon-us/submitAcknowledgement"
    assert budget.penalties == [(bucket, 1.0)]
    with pytest.raises(NotFound):
        connected.amazon.fetch_transaction("none")
    assert budget.taken == [
        ("amazon-vendor/app/amazon-us/getPurchaseOrder", 10, 10),
        (bucket, 10, 10),
        ("amazon-vendor/app/amazon-us/getTransaction", 10, 20),
    ]


class Waiting(Unlimited):
    """A budget that asks for half a second before each call."""

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        return 0.5


def test_the_budget_is_waited_for_on_the_given_clock() -> None:
    """Half a second a call, of simulated time."""
    connected = connect(PLACED, budget=Waiting())
    fetch(connected)
    fetch_one(connected)
    assert connected.clock.monotonic_seconds() == 1.0


def test_one_token_serves_an_hour_and_all_threads() -> None:
    """Eight threads at once fetch one token; after an hour there is a second."""
    connected = connect(PLACED)
    start = len(connected.answered("token"))
    connected.lie(kind="slow", operation="token", seconds=0.2)
    threads = [threading.Thread(target=fetch_one, args=(connected,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connected.answered(ORDER) == [200] * 8
    assert len(connected.answered("token")) - start == 1
    connected.wait(HOUR - 3 * MINUTE)
    fetch_one(connected)
    assert len(connected.answered("token")) - start == 1
    connected.wait(2 * MINUTE)
    fetch_one(connected)
    assert len(connected.answered("token")) - start == 2
    assert 403 not in connected.answered(ORDER)


def test_a_token_that_ran_out_early_is_replaced_in_passing() -> None:
    """Amazon's clock ran ahead of ours; even a write goes through, once."""
    connected = connect(PLACED)
    acknowledgement = answer(fetch_one(connected))
    connected.vendor.simulator.set_clock(NOW + 2 * HOUR)
    send(connected, acknowledgement)
    assert connected.answered(ACKNOWLEDGE) == [403, 202]


def test_a_refused_operation_says_which_role_is_missing_and_where_to_click() -> None:
    """After one fresh token, not after a hundred."""
    connected = connect(PLACED)
    connected.lie(kind="token_refused", operation=ORDER, count=None)
    with pytest.raises(Unauthorized) as caught:
        connected.amazon.fetch_order("PO000001")
    for words in ("Inventory and Order Tracking", "Vendor Central", "authorised", "revoked", "request id"):
        assert words in str(caught.value)
    assert connected.answered(ORDER) == [403]
    fetch(connected)
    with pytest.raises(Unauthorized):
        connected.amazon.fetch_order("PO000001")
    assert connected.answered(ORDER) == [403, 403, 403]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "other"}, "180 days"),
        ({"refresh_token": "Atzr|gone"}, "authorise the application again"),
    ],
)
def test_a_refused_sign_in_says_what_to_do(changes: dict[str, Any], words: str) -> None:
    """A secret that ran out and a grant that was revoked are told apart."""
    secret = {name: Secret(value) if name == "refresh_token" else value for name, value in changes.items()}
    connected = connect(PLACED, settings=secret)
    with pytest.raises(Unauthorized, match=words):
        connected.amazon.fetch_order("PO000001")


def test_a_garbled_reply_is_transient_and_says_how_far_it_came() -> None:
    """A page cut off is asked for again; an acknowledgement whose receipt is cut off may have been applied."""
    connected = connect(PLACED)
    placed = fetch_one(connected)
    connected.lie(kind="malformed_json", operation=ORDERS)
    with pytest.raises(Transient, match=r"cut off or garbled after \d+ bytes") as caught:
        fetch(connected)
    assert not caught.value.maybe_applied
    assert len(fetch(connected)) == 1
    connected.lie(kind="malformed_json", operation=ACKNOWLEDGE)
    with pytest.raises(Transient, match="request id") as lost:
        send(connected, answer(placed))
    assert lost.value.maybe_applied
    connected.lie(kind="malformed_json", operation="token")
    connected.wait(2 * HOUR)
    with pytest.raises(RemoteError, match="access_token"):
        fetch_one(connected)
