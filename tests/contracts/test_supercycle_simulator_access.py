"""Who may call the Supercycle simulator, how often, and how it says no; spelling, unknown fields, lies, the control plane."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from tests.contracts.supercycle_account import JACKET, KEY, NOW, PRODUCTS, Account, over_http
from trueup.base.errors import Invalid
from trueup.simulators import supercycle
from trueup.simulators.serving import serve
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.simulators.supercycle.faults import KINDS


def test_nothing_is_answered_without_a_good_key() -> None:
    """401 in words that are no JSON; with error_body errors in the one documented shape."""
    account = Account()
    for key in ("", "sc_live_other"):
        account.key = key
        assert account.send("GET", "/items").status == 401
        assert account.send("GET", "/items").body == b"Unauthorized\n"
    account = Account(error_body="errors")
    account.key = "wrong"
    assert msgspec.json.decode(account.send("GET", "/items").body) == {"errors": ["Unauthorized"]}


def test_a_key_has_120_requests_in_any_minute() -> None:
    """The 121st is refused without a word on when to come back; refused requests count as well."""
    account = Account(rate_limit=True)
    assert [account.send("GET", "/items", limit=1).status for _ in range(121)] == [200] * 120 + [429]
    assert account.send("GET", "/items").headers.keys() == {"content-type"}
    account.wait(seconds=59)
    assert account.send("GET", "/items").status == 429
    account.wait(seconds=1)
    assert [account.send("GET", "/items").status for _ in range(120)] == [200] * 119 + [429], "the last refusal counts"
    account.simulator.add_key("other", "second")
    account.key = "second"
    assert account.send("GET", "/items").status == 200, "each key has its own"


def test_timelines_have_ten_of_their_own_and_count_among_the_others() -> None:
    """10 a minute; the eleventh leaves the other endpoints open."""
    account = Account(rate_limit=True, refusals_count=False)
    ask = [account.send("GET", "/availability_timelines", variant_shopify_id=JACKET).status for _ in range(11)]
    assert ask == [200] * 10 + [429]
    assert [account.send("GET", "/items").status for _ in range(111)] == [200] * 110 + [429]


def test_a_fixed_window_begins_each_minute_and_may_say_how_long_to_wait() -> None:
    """The kinder choices: 240 around the turn of a minute, a Retry-After."""
    account = Account(rate_limit=True, throttle_window="fixed", retry_after=True)
    account.wait(seconds=59)
    assert [account.send("GET", "/items").status for _ in range(120)] == [200] * 120
    assert account.send("GET", "/items").headers["retry-after"] == "2"
    account.wait(seconds=1)
    assert account.send("GET", "/items").status == 200


def test_keys_are_spelled_as_the_account_is_told() -> None:
    """camelCase; snake_case; and mixed as on the older pages: camelCase with three names in snake_case."""
    shapes = {}
    for spelling in ("camel", "snake", "mixed"):
        account = Account(spelling=spelling)
        account.simulator.add_location(7001, "Reuse hub")
        [item] = account.made(locationShopifyId=7001)
        rental = account.simulator.place_rental(JACKET, date(2026, 12, 1), date(2026, 12, 4))
        account.simulator.fulfil(rental.id)
        order = account.ask("POST", "/return_orders", {"data": [{"rentalId": rental.id}]})
        [returned] = order["return_orders" if spelling == "snake" else "returnOrders"]
        shapes[spelling] = {*item, *returned}
    assert {"location", "timelineEvents", "returnLines", "shopifyVariantId", "pickLocation"} <= shapes["camel"]
    assert {"location", "timeline_events", "return_lines", "shopify_variant_id", "acquisition_cost_cents"} <= shapes[
        "snake"
    ]
    assert {"location_shopify_id", "timeline_events", "return_lines", "shopifyVariantId"} <= shapes["mixed"]
    assert not {"location", "timelineEvents", "returnLines"} & shapes["mixed"]


def test_a_key_in_the_wrong_spelling_is_ignored() -> None:
    """Unknown keys are no error: with camel spelling pick_location does nothing, with mixed it does."""
    [item] = (account := Account()).made()
    assert account.ask("PUT", f"/items/{item['id']}", {"pick_location": "A1-02-B3"})["pickLocation"] is None
    [item] = (account := Account(spelling="mixed")).made()
    assert account.ask("PUT", f"/items/{item['id']}", {"pick_location": "A1-02-B3"})["pickLocation"] == "A1-02-B3"


def test_fields_that_no_page_names_are_there() -> None:
    """A reader must keep or ignore what it does not know."""
    assert "attestationState" in Account().made()[0]
    assert "attestationState" not in Account(extra_fields=False).made()[0]


def test_there_is_no_route_but_the_documented_ones() -> None:
    """No DELETE, no POST of a cycle, no conditions whose path is not published."""
    account = Account()
    [item] = account.made()
    block = account.ask("POST", "/blocked_dates", {"resourceType": "Item", "resourceId": item["id"]})
    for method, path in (
        ("DELETE", f"/blocked_dates/{block['id']}"),
        ("PUT", f"/blocked_dates/{block['id']}"),
        ("DELETE", f"/items/{item['id']}"),
        ("POST", "/rentals"),
        ("GET", "/conditions"),
        ("GET", "/cycles"),
        ("GET", "/webhooks"),
    ):
        assert account.send(method, path, {}).status == 404, path
    assert account.send("GET", "/items/SC-1042").status == 404
    assert account.send("GET", "/items/1").status == 404


def test_requests_suffer_as_told() -> None:
    """Refused before anything is done, or carried out with the reply lost, late or cut."""
    account = Account()
    for kind, status in (("server_error", 500), ("too_many_requests", 429), ("token_refused", 401)):
        account.simulator.add_fault(kind, operation="POST /items")
        assert account.send("POST", "/items", {"shopifyVariantId": JACKET, "visibility": "available"}).status == status
    assert account.all("/items") == []
    account.simulator.add_fault("malformed_json", operation="POST /items")
    reply = account.send("POST", "/items", {"shopifyVariantId": JACKET, "visibility": "available"})
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(reply.body)
    account.simulator.add_fault("applied_but_timed_out", mode="504")
    assert account.send("POST", "/items", {"shopifyVariantId": JACKET, "visibility": "available"}).status == 504
    account.simulator.add_fault("applied_but_timed_out")
    assert account.send("POST", "/items", {"shopifyVariantId": JACKET, "visibility": "available"}).lost
    account.simulator.add_fault("slow", seconds=3)
    assert account.send("GET", "/items").wait_seconds == 3
    assert len(account.all("/items")) == 3, "what timed out was applied, and a repeat makes another"
    with pytest.raises(Invalid, match="expected one of"):
        account.simulator.add_fault("nonsense")


def test_every_lie_is_documented() -> None:
    """The package's own text names each kind."""
    assert supercycle.__doc__ is not None
    assert {kind for kind in KINDS if kind not in supercycle.__doc__} == set()


def test_a_seed_repeats_every_number() -> None:
    """The same story twice has the same bytes."""

    def story() -> bytes:
        account = Account()
        account.made(3)
        account.simulator.place_rental(JACKET, date(2026, 12, 1), date(2026, 12, 4))
        return account.send("GET", "/items").body + account.send("GET", "/rentals").body

    assert story() == story()


def test_the_control_plane_drives_a_scenario_over_http() -> None:
    """Products, items, cycles, what staff do, faults and the clock, as the demo and an auditor use them."""
    simulator = SupercycleSimulator(3, now=lambda: NOW, rate_limit=False, deliver_in_background=False)
    with (
        serve(simulator.app) as serving,
        httpx2.Client(base_url=f"{serving.url}/_simulator", trust_env=False) as control,
    ):
        control.post("/keys", json={"name": "trueup", "token": KEY})
        control.post("/products", json=PRODUCTS)
        made = control.post("/items", json={"shopify_variant_id": JACKET, "quantity": 2}).json()["items"]
        asked = {"shopify_variant_id": JACKET, "start": "2026-12-01", "end": "2026-12-04"}
        cycle = control.post("/rentals", json=asked).json()
        assert cycle["itemId"] in made
        for act, status in (("fulfil", "fulfilled"), ("receive", "received")):
            assert control.post(f"/rentals/{cycle['id']}/{act}").json()["status"] == status
        condition = control.get("/state").json()["conditions"][1]["id"]
        graded = control.post(f"/items/{cycle['itemId']}/grade", json={"condition_id": condition}).json()
        assert (graded["status"], graded["conditionId"]) == ("unprocessed", condition)
        assert control.post(f"/items/{cycle['itemId']}/restock").json()["status"] == "processed"
        gone = control.post(f"/items/{made[1]}/visibility", json={"visibility": "retired"}).json()
        assert gone["visibility"] == "retired"
        assert control.post("/faults", json={"kind": "stale_page", "seconds": 5}).json()["active"][0]["count"] == 1
        assert control.post("/faults", json={"clear": True}).json()["active"] == []
        later = (NOW + timedelta(days=1)).isoformat()
        assert control.post("/clock", json={"now": later}).json()["now"].startswith("2026-11-24T15")
        api = httpx2.get(
            f"{serving.url}/api/v1/items",
            headers={"authorization": f"Bearer {KEY}"},
            params={"limit": 1},
            trust_env=False,
        )
        assert len(api.json()["data"]) == 1
        state = control.get("/state")
        assert state.json()["totals"] == {"GET /items 200": 1}
        assert KEY not in state.text
        for path, body, refused in (
            ("items", {"shopify_variant_id": 1}, 404),
            ("rentals", {"shopify_variant_id": JACKET, "start": "soon"}, 422),
            ("rentals", asked | {"end": "2026-11-30"}, 422),
            (f"rentals/{cycle['id']}/fulfil", None, 409),
            ("clock", {"now": 5}, 422),
            ("faults", {"kind": "gremlins"}, 422),
            ("faults", {"sort": "slow"}, 422),
            ("nothing", {}, 404),
        ):
            reply = control.post(f"/{path}", json=body)
            assert (reply.status_code, set(reply.json())) == (refused, {"error"}), path


def test_a_body_that_is_too_large_is_refused() -> None:
    """All of it is read, and the answer says so."""
    account = Account()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/items",
        "query_string": b"",
        "headers": [],
    }
    sent = over_http(account.simulator.app, scope, b"x" * (5 * 1024 * 1024 + 1))
    assert sent[0]["status"] == 413
