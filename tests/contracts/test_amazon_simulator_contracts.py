"""The Amazon simulator and Amazon's own published examples: what Amazon shows is taken, and given back as shown."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.contracts import published
from tests.contracts.amazon_vendor import ACKNOWLEDGE, CREDENTIALS, ORDERS, Vendor, order
from tests.contracts.published import operation_of, spapi_model, validate_request, validate_response
from trueup.base.errors import Invalid
from trueup.simulators.amazon import AmazonSimulator


def sandbox(operation: str, status: int) -> list[dict[str, Any]]:
    """The published static sandbox cases of an operation; skips where only derived shapes are at hand."""
    reply = operation_of(spapi_model("vendorOrders"), operation)["responses"][str(status)]
    if "x-amzn-api-sandbox" not in reply:
        pytest.skip("Published sandbox cases are not on this machine; set TRUEUP_CONTRACTS.")
    cases: list[dict[str, Any]] = reply["x-amzn-api-sandbox"]["static"]
    return cases


def vendor_of(*codes: str) -> Vendor:
    """A vendor of these codes."""
    simulator = AmazonSimulator(rate_limit=False)
    simulator.add_vendor_group(**CREDENTIALS, vendor_codes=codes)
    return Vendor(simulator)


def test_every_regular_order_that_amazon_published_reads_back_unchanged() -> None:
    """Placed as shown, returned as shown; the irregular samples are refused with the element that is irregular."""
    orders = [each for case in sandbox("getPurchaseOrders", 200) for each in case["response"]["payload"]["orders"]]
    orders += [case["response"]["payload"] for case in sandbox("getPurchaseOrder", 200)]
    kept = refused = 0
    for sample in (each for each in orders if "orderDetails" in each):
        code = sample["orderDetails"]["sellingParty"]["partyId"]
        vendor = vendor_of(code)
        try:
            vendor.simulator.add_orders(sample)
        except Invalid as error:
            assert "CASES" in str(sample)
            assert "unitOfMeasure" in str(error)
            refused += 1
            continue
        vendor.lies = "purchaseOrderState" not in sample
        shown = vendor.send("GET", f"{ORDERS}/{sample['purchaseOrderNumber']}").json()["payload"]
        expected = deepcopy(sample)
        expected.setdefault("purchaseOrderState", "New")
        placed = expected["orderDetails"]["purchaseOrderDate"]
        expected["orderDetails"].setdefault("purchaseOrderStateChangedDate", placed)
        assert shown == expected
        kept += 1
    assert (kept > 5, refused > 0) == (True, True)


def test_the_published_acknowledgements_are_taken_and_refused_as_published() -> None:
    """202 with a transaction id for the one, 400 InvalidInput for the other."""
    vendor = vendor_of("API01")
    good = sandbox("submitAcknowledgement", 202)[0]["request"]["parameters"]["body"]["value"]
    validate_request(spapi_model("vendorOrders"), "submitAcknowledgement", good)
    reply = vendor.send("POST", ACKNOWLEDGE, json=good)
    assert reply.status_code == 202
    bad = sandbox("submitAcknowledgement", 400)[0]
    reply = vendor.send("POST", ACKNOWLEDGE, json=bad["request"]["parameters"]["body"]["value"])
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["code"] == bad["response"]["errors"][0]["code"]


@pytest.mark.parametrize("operation", ["getPurchaseOrders", "getPurchaseOrdersStatus"])
def test_the_published_bad_queries_are_refused_in_the_published_words(operation: str) -> None:
    """Code and message of the sandbox's 400."""
    path = ORDERS if operation == "getPurchaseOrders" else f"{ORDERS}Status"
    for case in sandbox(operation, 400):
        parameters = {name: value["value"] for name, value in case["request"]["parameters"].items()}
        reply = vendor_of("API01").send("GET", path, params=parameters)
        assert (reply.status_code, reply.json()) == (400, case["response"])


@pytest.mark.parametrize("name", ["vendorOrders", "vendorTransactionStatus"])
def test_shapes_derived_from_the_official_client_agree_with_the_published_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a clone without the published models tests the same: required fields and enumerations are equal."""
    model = spapi_model(name)
    if "swagger" not in model:
        pytest.skip("The published model is not on this machine; set TRUEUP_CONTRACTS.")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TRUEUP_CONTRACTS", "/nowhere")
    with pytest.warns(UserWarning, match="amzn-sp-api"):
        derived = published.spapi_model.__wrapped__(name)
    official = dict(model["definitions"])
    for shape, definition in model["definitions"].items():  # the client names what the model nests
        for field, schema in definition.get("properties", {}).items():
            if "properties" in schema:
                official[shape + field[0].upper() + field[1:]] = schema
    for shape, definition in derived["definitions"].items():
        assert sorted(definition.get("required", [])) == sorted(official[shape].get("required", []))
        assert definition["properties"].keys() == official[shape]["properties"].keys()
        for field, schema in definition["properties"].items():
            assert schema.get("enum") == official[shape]["properties"][field].get("enum")


def test_derived_shapes_judge_as_the_published_ones_do() -> None:
    """A good list passes them, a line without its quantity does not."""
    derived = published._model_from_package("vendorOrders")
    shown = order("PO000001")
    validate_response(derived, "getPurchaseOrders", 200, {"payload": {"orders": [shown]}})
    del shown["orderDetails"]["items"][1]["orderedQuantity"]
    with pytest.raises(AssertionError, match="orderedQuantity"):
        validate_response(derived, "getPurchaseOrders", 200, {"payload": {"orders": [shown]}})


def test_missing_contracts_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may believe a contract was checked that was not there."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("TRUEUP_CONTRACTS", "/nowhere")
    with pytest.raises(pytest.fail.Exception, match="TRUEUP_CONTRACTS"):
        published.contracts_folder()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"payload": {"orders": [{"purchaseOrderNumber": "X"}]}}),
        (200, {"payload": {"orders": {}}}),
        (400, {"errors": [{"message": "no code"}]}),
        (418, {"errors": []}),
    ],
)
def test_the_contract_check_can_fail(status: int, body: dict[str, Any]) -> None:
    """A missing field, a wrong type and an undeclared status are found."""
    with pytest.raises(AssertionError):
        validate_response(spapi_model("vendorOrders"), "getPurchaseOrders", status, body)


def test_a_time_without_a_zone_breaks_the_contract() -> None:
    """The published shape asks for date-time, which has a zone; an irregular sample must not pass for regular."""
    details = {"purchaseOrderDate": "2026-11-23T10:00:00", "purchaseOrderStateChangedDate": "2026-11-23T10:00:00Z"}
    content = {"purchaseOrderNumber": "X", "purchaseOrderState": "New", "orderDetails": {**details, "items": []}}
    with pytest.raises(AssertionError, match="date-time"):
        validate_response(spapi_model("vendorOrders"), "getPurchaseOrder", 200, {"payload": content})
