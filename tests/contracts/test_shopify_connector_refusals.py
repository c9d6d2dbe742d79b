"""What a shop refuses and how the connector says it: rates, tokens, scopes, versions, broken replies; secrets."""

from __future__ import annotations

import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import structlog

from tests.contracts.shopify_connector import (
    CLIENT_ID,
    CLIENT_SECRET,
    DOMAIN,
    NOW,
    SCOPES,
    Bench,
    Purse,
    open_bench,
    product,
    variant,
)
from trueup.base.clock import ManualClock
from trueup.base.errors import (
    ConfigurationError,
    ContractChanged,
    Rejected,
    RemoteError,
    Throttled,
    Transient,
    TrueupError,
    Unauthorized,
)
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.remote.capability import Wanted
from trueup.remote.http import HttpClient

STOCKED = [
    product(name, variant(sku, levels={"Main": 50, "Annex": 50})) for name, sku in (("A", "AN-1"), ("B", "BE-1"))
]


def wanted_item(bench: Bench) -> Wanted:
    """A product to ask the level of."""
    return Wanted("AN-1", bench.variant("AN-1").inventory_item.id)


# Rates


def test_requests_are_paid_for_before_they_are_sent() -> None:
    """What is taken from the budget is never less than what the shop asks, and the shop's own count corrects it."""
    bench = open_bench(STOCKED, plan="plus")
    order = bench.wanted(("AN-1", 12))
    shown = bench.shop.send_sales_order(order).value
    shown = bench.shop.amend_sales_order(shown, bench.wanted(("AN-1", 9), ("BE-1", 3))).value
    bench.shop.move_sales_order(shown, "annex")
    bench.shop.cancel_sales_order(shown, "no more")
    bench.shop.fetch_products(None)
    bench.shop.fetch_levels([wanted_item(bench)], "main")
    bench.shop.probe()
    asked = [entry["cost"] for entry in bench.simulator.journal if entry["operations"] != ["token"]]
    assert len(asked) == len(bench.purse.taken) == len(bench.purse.observed)
    assert [pair for pair in zip(bench.purse.taken, asked, strict=True) if pair[0] < pair[1]] == []


def test_a_spent_budget_is_waited_for() -> None:
    """Pacing beforehand: a hundred pages of a catalogue never meet a throttled reply."""
    bench = open_bench()
    for _ in range(100):
        bench.shop.fetch_products(None)
    assert "errors: THROTTLED" not in {entry["result"] for entry in bench.simulator.journal}


def test_being_throttled_says_how_long_to_wait() -> None:
    """Another worker spent the points: the wait is what the shop needs to restore them, and everyone is told."""
    bench = open_bench()
    bench.shop.fetch_products(None)
    token = bench.simulator.access.token(bench.simulator.issue_token(CLIENT_ID))
    assert token is not None
    bench.simulator.engine.bucket(token).points = 3.0
    with pytest.raises(Throttled) as caught:
        bench.shop.fetch_products(None)
    assert 4.9 < caught.value.retry_after_seconds <= 5.0  # (503 - 3) / 100
    assert bench.purse.penalties == [caught.value.retry_after_seconds]
    bench.clock.advance(timedelta(seconds=5))
    bench.shop.fetch_products(None)


def test_http_429_is_throttled_too() -> None:
    """Limits other than cost answer with a status and Retry-After; nothing was done."""
    bench = open_bench()
    bench.simulator.add_fault("too_many_requests", operation="orderCreate")
    with pytest.raises(Throttled) as caught:
        bench.shop.send_sales_order(bench.wanted(("AN-1", 1)))
    assert caught.value.retry_after_seconds == 2.0 and not caught.value.maybe_applied
    assert bench.purse.penalties == [2.0] and bench.orders() == []


# Tokens


def test_one_token_serves_its_day_and_is_renewed_before_it_ends() -> None:
    """A token lives 24 hours; a request shortly before its end already has the next."""
    bench = open_bench()
    bench.shop.fetch_products(None)
    bench.clock.advance(timedelta(hours=23, minutes=50))
    bench.shop.fetch_products(None)
    assert bench.operations().count("token") == 1
    bench.clock.advance(timedelta(minutes=6))
    bench.shop.fetch_products(None)
    assert bench.operations().count("token") == 2
    assert "unauthorized" not in {entry["result"] for entry in bench.simulator.journal}


def test_a_revoked_token_is_renewed_once_even_for_a_write() -> None:
    """Refused before anything was read, so one renewal and one more try are safe: one order comes of it."""
    bench = open_bench()
    bench.shop.prepare()
    bench.simulator.access.revoke_all()
    bench.shop.send_sales_order(bench.wanted(("AN-1", 12)))
    assert len(bench.orders()) == 1 and bench.operations().count("token") == 2


def test_a_token_that_stays_refused_is_a_persons_work() -> None:
    """Two refusals in a row are no accident."""
    bench = open_bench()
    bench.simulator.add_fault("token_refused", operation="graphql", count=None)
    with pytest.raises(Unauthorized, match="does not know this access token"):
        bench.shop.fetch_products(None)
    assert bench.operations().count("token") == 2


def test_wrong_credentials_say_where_to_look() -> None:
    """The token endpoint's refusal names the app and the shop, and what to check."""
    bench = open_bench()
    shop = bench.reconnected(client_secret=Secret("shpss_wrong"))
    with pytest.raises(Unauthorized, match=r"invalid_client.*no token for app app-1 in acme.*Dev Dashboard") as caught:
        shop.fetch_products(None)
    assert "shpss_wrong" not in str(caught.value)


def test_the_token_of_an_older_custom_app_goes_on_working() -> None:
    """An access token made in the admin is used as it is; no token is ever asked for."""
    bench = open_bench()
    token = Secret(bench.simulator.issue_token(CLIENT_ID))
    shop = bench.reconnected(client_id="", client_secret=None, access_token=token)
    assert len(shop.fetch_products(None).value[0]) == 3 and "token" not in bench.operations()
    bench.simulator.access.revoke_all()
    with pytest.raises(Unauthorized, match="uninstalled, or its token revoked"):
        shop.fetch_products(None)


# Scopes


@pytest.mark.parametrize(
    ("missing", "call"),
    [
        ("read_products", lambda bench: bench.shop.fetch_products(None)),
        ("write_orders", lambda bench: bench.shop.send_sales_order(bench.wanted(("AN-1", 1)))),
        ("read_inventory", lambda bench: bench.shop.fetch_levels([wanted_item(bench)], "main")),
    ],
)
def test_a_missing_scope_is_named_with_where_to_grant_it(missing: str, call: Callable[[Bench], object]) -> None:
    """The message names the scope and the clicks; nothing is written."""
    others = " ".join(scope for scope in SCOPES.split() if scope != missing)
    bench = open_bench(scopes=others)
    with pytest.raises(Unauthorized, match=f"{missing}.*Dev Dashboard"):
        call(bench)
    assert bench.orders() == []


def test_a_missing_edit_scope_leaves_the_order_as_it_was() -> None:
    """Without write_order_edits an order can be made but not amended."""
    bench = open_bench(scopes=SCOPES.replace("write_order_edits", ""))
    shown = bench.shop.send_sales_order(bench.wanted(("AN-1", 12))).value
    with pytest.raises(Unauthorized, match="write_order_edits"):
        bench.shop.amend_sales_order(shown, bench.wanted(("AN-1", 9)))
    assert bench.level("AN-1")["committed"] == 12


# Versions and broken replies


def test_an_ended_version_reads_on_and_writes_no_more() -> None:
    """Shopify answers an ended version with another one: nothing that was not tested there is changed there."""
    bench = open_bench()
    shop = bench.reconnected(api_version="2025-04")
    assert len(shop.fetch_products(None).value[0]) == 3
    with pytest.raises(ContractChanged, match=r"not sent.*2026-01 instead of 2025-04"):
        shop.send_sales_order(bench.wanted(("AN-1", 12)))
    assert bench.orders() == []


def test_a_version_that_does_not_exist_is_refused_in_words() -> None:
    """HTTP 404 is about the address, not about a product."""
    bench = open_bench()
    with pytest.raises(Rejected, match="no API version 2031-01"):
        bench.reconnected(api_version="2031-01").fetch_products(None)


def shop_that_answers(answer: Callable[[str], httpx2.Response]) -> ShopifyShop:
    """A connector to something that answers GraphQL requests as told."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        return answer(json.loads(request.content)["operationName"])

    settings = ShopifySettings("acme", DOMAIN, access_token=Secret("shpat_1"))
    http = HttpClient("acme", settings.base_url, transport=httpx2.MockTransport(respond))
    clock = ManualClock(NOW)
    return ShopifyShop(settings, http, Purse(clock), clock)


def errors(code: str, message: str = "No.") -> dict[str, Any]:
    """A reply with one top-level error."""
    return {"errors": [{"message": message, "extensions": {"code": code}}], "data": None}


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (errors("INTERNAL_SERVER_ERROR", "Something went wrong"), Transient, "in trouble: Something went wrong"),
        (errors("undefinedField", "Field 'x' doesn't exist"), ContractChanged, "does not understand our request"),
        (errors("argumentNotAccepted", "No such argument"), ContractChanged, "update Trueup"),
        (errors("INVALID_VARIABLE", "y (Field is not defined on OrderInput)"), ContractChanged, "check api_version"),
        (errors("INVALID_VARIABLE", "Invalid global id 'x'"), Rejected, "INVALID_VARIABLE"),
        (errors("MAX_COST_EXCEEDED", "Query cost is 2000"), Rejected, "MAX_COST_EXCEEDED"),
        (errors("SHOP_INACTIVE", "Shop is frozen"), Rejected, "SHOP_INACTIVE"),
        ({"errors": "Not a list"}, Rejected, "Not a list"),
        ({"errors": [None, 1]}, Rejected, "refused"),
        ({"data": {}}, ContractChanged, "neither data nor errors"),
        ({"data": {"productVariants": None}}, ContractChanged, "not as the published schema says"),
        (
            {"data": {"productVariants": {"nodes": [{}], "pageInfo": {"hasNextPage": False}}}},
            ContractChanged,
            "Variants",
        ),
        ([], ContractChanged, "not a JSON object"),
    ],
)
def test_every_refusal_has_its_class(body: Any, kind: type[TrueupError], words: str) -> None:
    """Whatever a shop answers, the error says whether to wait, to mend, to update, or that it is refused for good."""
    shop = shop_that_answers(lambda _: httpx2.Response(200, json=body))
    with pytest.raises(RemoteError, match=words) as caught:
        shop.fetch_products(None)
    assert type(caught.value) is kind


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"<html>", b'{"data": {"a": 1e400}}'])
def test_no_reply_crashes_the_connector(content: bytes) -> None:
    """Cut off, not JSON, or absurd: a changed contract, never a stack trace."""
    with pytest.raises(ContractChanged):
        shop_that_answers(lambda _: httpx2.Response(200, content=content)).fetch_products(None)


@pytest.mark.parametrize("status", [400, 402, 403, 406, 423, 500, 503])
def test_http_refusals_are_remote_errors(status: int) -> None:
    """A frozen shop (402), a locked one (423), a server error: one of our errors with the shop's words in it."""
    shop = shop_that_answers(lambda _: httpx2.Response(status, json={"errors": "Unavailable Shop"}))
    with pytest.raises(RemoteError, match="Unavailable Shop"):
        shop.fetch_products(None)


def test_slow_shops_time_out_as_transient() -> None:
    """No reply in time: a read did nothing."""
    bench = open_bench()
    bench.shop.prepare()
    bench.simulator.add_fault("slow", operation="productVariants", count=None, seconds=1.0)
    http = HttpClient("acme", bench.settings.base_url, timeout_seconds=0.2)
    with pytest.raises(Transient) as caught:
        ShopifyShop(bench.settings, http, bench.purse, bench.clock).fetch_products(None)
    assert not caught.value.maybe_applied


# Secrets and settings


def test_no_secret_ever_shows() -> None:
    """Not in reprs, errors, tracebacks, logs or pickles of errors, whether requests succeed or fail."""
    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.DEBUG, force=True)
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
    try:
        bench = open_bench()
        bench.shop.fetch_products(None)
        shown = [repr(bench.shop), repr(bench.settings), repr(bench.http), str(bench.settings)]
        for kind, operation in (("token_refused", "graphql"), ("server_error", None), ("malformed_json", None)):
            bench.simulator.add_fault(kind, operation=operation, count=None)
            try:
                bench.shop.send_sales_order(bench.wanted(("AN-1", 1)))
            except TrueupError as error:
                caught = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown += ["".join(caught.format()), repr(pickle.dumps(str(error)))]
            bench.simulator.clear_faults()
    finally:
        logging.basicConfig(force=True)
    tokens = list(bench.simulator.access._tokens)  # only now: a traceback shows this function's own names as well
    assert len(shown) == 10 and log.getvalue() and len(tokens) == 2
    assert [secret for secret in (CLIENT_SECRET, *tokens) for text in (*shown, log.getvalue()) if secret in text] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shop": "acme.com"}, "expected the shop's own domain such as my-shop.myshopify.com"),
        ({"client_secret": None}, "expected either client_id and client_secret"),
        ({"access_token": Secret("shpat_1")}, "and not both"),
        ({"client_id": "", "client_secret": None}, "expected either client_id and client_secret"),
        ({"api_version": "latest"}, "expected a quarter such as 2026-10"),
        ({"case_pack": "case_pack"}, "expected namespace.key"),
        ({"locations": {"main": "123"}}, "expected gid://shopify/Location/ and a number"),
        (
            {"locations": {"a": "gid://shopify/Location/1", "b": "gid://shopify/Location/1"}},
            "'a' and 'b' name the same location",
        ),
    ],
)
def test_wrong_settings_are_refused_with_what_is_expected(changes: dict[str, Any], words: str) -> None:
    """Each setting says what was found, what is expected and where to find it."""
    given: dict[str, Any] = {"client_id": "a", "client_secret": Secret("b")}
    with pytest.raises(ConfigurationError, match="Shop acme: ") as caught:
        ShopifySettings(**{"name": "acme", "shop": DOMAIN, **given, **changes})
    assert words in str(caught.value)
