"""Direct fulfillment inventory over our connection: as the published models have it, judged late, refused item by item."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.contracts.amazon_connection import settings_for
from tests.contracts.amazon_vendor import CREDENTIALS, NOW, VENDOR_CODE
from tests.contracts.published import spapi_model, validate_request, validate_response
from trueup.base.clock import ManualClock
from trueup.base.errors import NotFound, Rejected, Throttled, Transient, Unauthorized
from trueup.connectors.amazon_vendor.direct_fulfillment import AmazonDirectFulfillment
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.domain.direct_fulfillment import refused_items
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.formats.amazon_vendor.inventory_updates import read_inventory_update, write_inventory_update
from trueup.formats.amazon_vendor.transactions import TransactionState, TransactionStatus, read_transaction
from trueup.remote.budget import Unlimited
from trueup.remote.capability import Probed, Verdict
from trueup.remote.inventory import InventorySink
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import DIRECT_SHIPPING, TRACKING
from trueup.simulators.serving import serve

INVENTORY, TRANSACTIONS = "vendorDirectFulfillmentInventoryV1", "vendorDirectFulfillmentTransactionsV1"
CATALOGUE = [{"asin": "B000000001", "vendor_product_id": "SKU-1"}, {"asin": "B000000002"}]


class Checked(httpx2.BaseTransport):
    """Holds every request and every reply of the two APIs against the published models."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        reply = self._inner.handle_request(request)
        path = request.url.path
        if path.startswith("/vendor/directFulfillment/"):
            submits = path.startswith("/vendor/directFulfillment/inventory/v1/warehouses/")
            model, name = (INVENTORY, "submitInventoryUpdate") if submits else (TRANSACTIONS, "getTransactionStatus")
            if submits:
                validate_request(spapi_model(model), name, json.loads(request.read()))
            with suppress(json.JSONDecodeError):  # what is garbled on the way was whole when it left
                validate_response(spapi_model(model), name, reply.status_code, json.loads(reply.read()))
        return reply

    def close(self) -> None:
        self._inner.close()


@dataclass
class Direct:
    """Our connection, the simulator behind it, and the clock of both."""

    sink: AmazonDirectFulfillment
    amazon: AmazonSimulator
    clock: ManualClock

    def submit(self, *items: AdvisedItem, whole: bool = False, warehouse: str = "WH1", code: str = VENDOR_CODE) -> str:
        """Submit an update; its transaction."""
        content = write_inventory_update(InventoryAdvice("A-1", code, warehouse, NOW, items, whole))
        return self.sink.submit_inventory(warehouse, content, "update").reference

    def word(self, reference: str) -> TransactionStatus:
        """Amazon's word on a transaction."""
        [found] = read_transaction(self.sink.fetch_inventory_transaction(reference).content).values
        return found

    def judged(self, *items: AdvisedItem, **how: Any) -> TransactionStatus:
        """What becomes of an update."""
        reference = self.submit(*items, **how)
        assert self.word(reference).state is TransactionState.PROCESSING
        self.clock.advance(timedelta(minutes=5))
        return self.word(reference)

    @property
    def held(self) -> dict[str, int]:
        """What Amazon believes the warehouse has."""
        self.amazon.now()
        return self.amazon.inventory.warehouses["WH1"].held


def open_direct(roles: Sequence[str] = (DIRECT_SHIPPING,)) -> Direct:
    """A warehouse of two products, of which Amazon mapped one to our own id."""
    clock = ManualClock(NOW)
    amazon = AmazonSimulator(now=clock.now)
    amazon.add_vendor_group(**CREDENTIALS, vendor_codes=[VENDOR_CODE], roles=roles)
    amazon.add_warehouses([{"vendor_code": VENDOR_CODE, "warehouse": "WH1", "items": CATALOGUE}])
    server = serve(amazon.app)
    sink = AmazonDirectFulfillment(settings_for(server.url), Unlimited(), clock, wire=Wire(Checked()))
    return Direct(sink, amazon, clock)


@pytest.fixture
def direct() -> Iterator[Direct]:
    """A connection with the role."""
    found = open_direct()
    yield found
    found.sink.close()


def item(number: int, eaches: int, sku: str = "") -> AdvisedItem:
    """So many of a product."""
    return AdvisedItem(sku or f"SKU-{number}", f"B00000000{number}", eaches)


def test_it_is_what_workflows_ask_for(direct: Direct) -> None:
    """The capability, and a connection that can be probed."""
    assert all(isinstance(direct.sink, each) for each in (InventorySink, Probed))


def test_what_changed_leaves_the_rest_and_everything_does_not(direct: Direct) -> None:
    """A partial update changes what it names; after a full one what it does not name has none."""
    assert direct.judged(item(1, 5), item(2, 7), whole=True).state is TransactionState.SUCCESS
    assert direct.judged(item(2, 3)).state is TransactionState.SUCCESS
    assert direct.held == {"B000000001": 5, "B000000002": 3}
    assert direct.judged(item(1, 4), whole=True).state is TransactionState.SUCCESS
    assert direct.held == {"B000000001": 4, "B000000002": 0}


def test_one_bad_item_fails_all_and_is_named_in_words(direct: Direct) -> None:
    """Nothing of the update is applied; our reading of the words finds the item, by whichever id Amazon names it."""
    items = {"one": item(1, 5), "three": item(3, 7), "nine": AdvisedItem("SKU 9", None, 1)}
    found = direct.judged(*items.values())
    assert found.state is TransactionState.FAILURE and direct.held == {}
    assert refused_items(found.errors, items) == {
        "three": "INVALID_ITEM_ID: SKU-3 is not a valid product ID (Ensure that your product ID (SKU/UPC/EAN) is "
        "correctly mapped to an Amazon ASIN.)",
        "nine": "INVALID_ITEM_ID: SKU 9 is not a valid product ID (Ensure that your product ID (SKU/UPC/EAN) is "
        "correctly mapped to an Amazon ASIN.)",
    }
    assert refused_items(["INVALID_ITEM_ID: B000000001 is not a valid product ID", "INTERNAL: no"], items).keys() == {
        "one"
    }


def test_our_own_id_alone_serves_only_where_amazon_mapped_it(direct: Direct) -> None:
    """Whatever the model says: of two products without an ASIN one is found, the other is not."""
    assert direct.judged(AdvisedItem("SKU-1", None, 5)).state is TransactionState.SUCCESS
    assert direct.judged(AdvisedItem("SKU-2", None, 5)).state is TransactionState.FAILURE


def test_a_wrong_warehouse_is_refused_at_once_and_a_wrong_vendor_late(direct: Direct) -> None:
    """The one by the request, the other by its transaction."""
    with pytest.raises(Rejected, match="WH9 is not valid"):
        direct.submit(item(1, 5), warehouse="WH9")
    with pytest.raises(NotFound, match="no warehouse"):
        direct.submit(item(1, 5), warehouse="..")
    found = direct.judged(item(1, 5), code="OTHER")
    assert (found.state, found.errors) == (
        TransactionState.FAILURE,
        ("INVALID_VENDOR_CODE: OTHER is not a valid vendor.",),
    )


def test_a_late_update_overwrites_a_later_one(direct: Direct) -> None:
    """Amazon processes when it does."""
    direct.amazon.add_fault({"kind": "applied_late", "operation": "submitInventoryUpdate", "seconds": 3600})
    direct.submit(item(1, 5))
    assert direct.judged(item(1, 2)).state is TransactionState.SUCCESS
    assert direct.held == {"B000000001": 2}
    direct.clock.advance(timedelta(hours=1))
    assert direct.held == {"B000000001": 5}


def test_a_lost_answer_may_have_been_carried_out(direct: Direct) -> None:
    """Cut off, garbled, or timed out at the gateway: each says so; what was throttled was not."""
    for kind in ("applied_but_timed_out", "malformed_json"):
        direct.amazon.add_fault({"kind": kind, "operation": "submitInventoryUpdate"})
        with pytest.raises(Transient) as lost:
            direct.submit(item(1, 5))
        assert lost.value.maybe_applied
    direct.amazon.add_fault({"kind": "throttled", "operation": "submitInventoryUpdate"})
    with pytest.raises(Throttled) as later:
        direct.submit(item(1, 5))
    assert not later.value.maybe_applied
    with pytest.raises(NotFound):
        direct.sink.fetch_inventory_transaction("unknown")


def test_ten_updates_a_second_are_taken_and_no_more(direct: Direct) -> None:
    """The usage plan of the published model, when nobody spends a budget first."""
    for _ in range(10):
        direct.submit(item(1, 5))
    with pytest.raises(Throttled):
        direct.submit(item(1, 5))


def test_a_probe_says_which_role_is_missing_and_writes_nothing(direct: Direct) -> None:
    """The role is one that Amazon grants to few."""
    assert [each.verdict for each in direct.sink.probe()] == [Verdict.WORKS, Verdict.UNTRIED]
    assert direct.amazon.inventory.transactions == {}
    without = open_direct(roles=(TRACKING,))
    probes = without.sink.probe()
    assert [each.verdict for each in probes] == [Verdict.MISSING, Verdict.MISSING]
    assert "Direct to Consumer Shipping (Restricted)" in probes[0].remedy
    with pytest.raises(Unauthorized):
        without.submit(item(1, 5))
    without.sink.close()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_amazons_own_samples_of_transactions_are_read(number: int) -> None:
    """Every published reply that says a state."""
    operation = next(iter(spapi_model(TRANSACTIONS)["paths"].values()))["get"]
    case = operation["responses"]["200"]["x-amzn-api-sandbox"]["static"][number]
    [found] = read_transaction(json.dumps(case["response"]).encode()).values
    assert found.state.value == case["response"]["payload"]["transactionStatus"]["status"].lower()


def test_amazons_own_sample_of_an_update_is_ours_but_for_what_we_never_say() -> None:
    """The same bytes mean the same; that a product is obsolete is said in Vendor Central by a person."""
    operation = next(iter(spapi_model(INVENTORY)["paths"].values()))["post"]
    sample = operation["responses"]["202"]["x-amzn-api-sandbox"]["static"][0]["request"]["parameters"]["body"]["value"]
    for each in sample["inventory"]["items"]:
        del each["isObsolete"]
    whole, items = read_inventory_update(json.dumps(sample).encode())
    assert (whole, [each.eaches for each in items]) == (False, [10, 15, 20])
    written = write_inventory_update(InventoryAdvice("A-1", "VENDORID", "WH1", NOW, items, whole))
    assert json.loads(written) == sample
