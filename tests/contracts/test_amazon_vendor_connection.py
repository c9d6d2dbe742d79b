"""The capabilities of the Amazon connection over HTTP: what arrives, what is proven, and what every trouble becomes."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.contracts.amazon_connection import Connected, connect, settings_for
from tests.contracts.amazon_vendor import CREDENTIALS, NOW, item, order

from trueup.base.clock import ManualClock
from trueup.base.errors import (
    ConfigurationError,
    NotFound,
    Refused,
    Rejected,
    RemoteError,
    Throttled,
    Transient,
    Unauthorized,
)
from trueup.base.quantity import Quantity
from trueup.connectors.amazon_vendor import AmazonVendor
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.landing import judge
from trueup.domain.orders import PurchaseOrder
from trueup.formats.amazon_vendor.acknowledgements import write_acknowledgement
from trueup.formats.amazon_vendor.orders import read_orders
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.formats.amazon_vendor.transactions import TransactionState, read_transaction
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


def fetch(
    connected: Connected, query: OrderQuery = OrderQuery.CREATED, start: datetime = NOW - 6 * DAY
) -> list[PurchaseOrder]:
    """Every order of every page of a window up to now."""
    found: list[PurchaseOrder] = []
    page, more = None, True
    while more:
        got = connected.amazon.fetch_orders(query, start, connected.clock.now(), page)
        reading = read_orders(got.content, partner="acme")
        assert reading.errors == ()
        assert reading.facts["next_page"] == got.next_page
        found += reading.values
        page, more = got.next_page, got.next_page is not None
    return found


def fetch_one(connected: Connected, number: str = "PO000001") -> PurchaseOrder:
    """One order by its number."""
    (found,) = read_orders(connected.amazon.fetch_order(number).content, partner="acme").values
    return found


def answer(placed: PurchaseOrder, *shares: tuple[Answer, int], at: datetime = NOW) -> Acknowledgement:
    """The same split of every line; the ordered amount whole where none is given."""

    def part(kind: Answer, amount: int, ordered: Quantity) -> Part:
        return Part(
            kind,
            replace(ordered, amount=amount),
            None if kind is Answer.REJECTED else NOW + 7 * DAY,
            Reason.TEMPORARILY_UNAVAILABLE if kind is Answer.REJECTED else None,
        )

    lines = tuple(
        LineDecision(
            line.sequence,
            tuple(
                part(kind, amount, line.ordered) for kind, amount in shares or [(Answer.ACCEPTED, line.ordered.amount)]
            ),
            "test",
            None,
        )
        for line in placed.lines
        if line.ordered.amount
    )
    return Acknowledgement(placed, at, lines)


def send(connected: Connected, acknowledgement: Acknowledgement) -> str:
    """Send it; the transaction's reference."""
    return connected.amazon.send_acknowledgement(write_acknowledgement(acknowledgement), "ack-PO000001").reference


def held(connected: Connected, acknowledgement: Acknowledgement) -> bool:
    """Whether Amazon's own status proves the acknowledgement."""
    placed = acknowledgement.order
    page = connected.amazon.fetch_order_status(placed.number, placed.vendor_code, NOW - DAY, NOW + DAY)
    (status,) = read_order_statuses(page.content).values
    return judge(acknowledgement, status, acknowledgement.decided_at).held


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
    from trueup.base.secret import Secret

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


def test_two_vendor_groups_share_nothing() -> None:
    """Each sees its own orders; the other's do not exist for it."""
    from trueup.base.secret import Secret

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
    """Sign-in, each operation, each vendor code; nothing is written."""
    connected = connect(PLACED)
    probes = connected.amazon.probe()
    assert {probe.verdict for probe in probes} == {Verdict.WORKS}
    assert [probe.ability for probe in probes][1:] == [
        ORDERS, ORDER, STATUS, "getTransaction", "orders of vendor code ACME1", ACKNOWLEDGE,
    ]  # fmt: skip
    assert connected.answered(ACKNOWLEDGE) == []


def test_a_probe_names_the_missing_role() -> None:
    """Transactions need another role than orders."""
    from trueup.base.secret import Secret

    connected = connect(settings={"refresh_token": Secret("Atzr|half"), "vendor_codes": ()})
    half = {**CREDENTIALS, "refresh_token": "Atzr|half"}
    connected.vendor.simulator.add_vendor_group(**half, vendor_codes=["HALF1"], roles=["Amazon Fulfillment"])
    verdicts = {probe.ability: probe for probe in connected.amazon.probe()}
    missing = verdicts["getTransaction"]
    assert (missing.verdict, verdicts[ORDERS].verdict) == (Verdict.MISSING, Verdict.WORKS)
    assert "Inventory and Order Tracking" in missing.remedy
    assert "Vendor Central" in missing.remedy


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
