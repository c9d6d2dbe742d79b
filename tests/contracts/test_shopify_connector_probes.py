"""What the probe of a shop says: what works, what is missing, what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contracts.shopify_connector import (
    CLIENT_ID,
    SCOPES,
    open_bench,
)
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifyShop
from trueup.remote.access import Standing, grants_of
from trueup.remote.capability import Probe, Probed, Verdict
from trueup.remote.http import HttpClient


def rows_of(shop: ShopifyShop) -> dict[str, Probe]:
    """The probe's rows by ability, up to the colon."""
    assert isinstance(shop, Probed)
    return {row.ability.split(":")[0]: row for row in shop.probe()}


def test_a_shop_that_is_set_up_well_works_in_every_row() -> None:
    """Everything Trueup needs is there, what is not used here is not needed, and looking changed nothing."""
    bench = open_bench()
    rows = rows_of(bench.shop)
    assert {row.verdict for row in rows.values()} == {Verdict.WORKS, Verdict.UNAVAILABLE}
    assert {row.grant for row in rows.values() if row.verdict is Verdict.UNAVAILABLE}.isdisjoint(SCOPES.split())
    assert rows["API version"].found == "2026-10, supported until 2027-10-01 at least"
    assert rows["location main"].found == "Main"
    assert bench.orders() == [] and bench.simulator.world.definitions == {}


@pytest.mark.parametrize("missing", SCOPES.split())
def test_each_missing_scope_is_a_row_that_says_what_to_do(missing: str) -> None:
    """The table says which scope is not granted, what it is for, and where to click."""
    bench = open_bench(scopes=" ".join(scope for scope in SCOPES.split() if scope != missing))
    row = rows_of(bench.shop)[missing]
    assert (row.verdict, row.found) == (Verdict.MISSING, "not granted") and "Dev Dashboard" in row.remedy


def test_a_token_that_may_not_create_orders_is_found_out() -> None:
    """orderCreate demands an offline token: an online one fails that row, whatever its scopes."""
    bench = open_bench()
    token = Secret(bench.simulator.issue_token(CLIENT_ID, "online"))
    rows = rows_of(bench.reconnected(client_id="", client_secret=None, access_token=token))
    row = rows["create orders (an offline token)"]
    assert row.verdict is Verdict.FAILS and "offline tokens" in row.found
    assert rows["write_orders"].verdict is Verdict.WORKS


def test_wrong_locations_and_company_locations_are_rows() -> None:
    """Each location of the settings is looked up; a wrong one is answered with those there are."""
    bench = open_bench()
    gone = "gid://shopify/Location/1"
    rows = rows_of(bench.reconnected(locations={"main": gone}, company_locations=("gid://shopify/CompanyLocation/1",)))
    assert rows["location main"].verdict is Verdict.FAILS
    assert f"Main is {bench.settings.locations['main']}" in rows["location main"].remedy
    assert rows["B2B location gid"].verdict is Verdict.FAILS
    bench.simulator.world.locations[0].is_active = False
    assert rows_of(bench.shop)["location main"].found == "Main is deactivated"


def test_an_ended_version_and_a_foreign_key_are_rows() -> None:
    """What would stop the first order is said before it."""
    bench = open_bench()
    bench.shop.prepare()
    (definition,) = bench.simulator.world.definitions.values()
    definition.type = "single_line_text_field"
    rows = rows_of(bench.reconnected(api_version="2025-04"))
    assert rows["API version"].verdict is Verdict.FAILS and "2026-01" in rows["API version"].found
    assert rows["order key"].verdict is Verdict.FAILS


def test_a_shop_that_cannot_be_reached_is_a_row() -> None:
    """A dead shop, or refused credentials, is a verdict and never an exception."""
    bench = open_bench()
    dead = HttpClient("acme", "http://127.0.0.1:9", timeout_seconds=1.0)
    for shop in (
        ShopifyShop(bench.settings, dead, bench.purse, bench.clock),
        bench.reconnected(client_secret=Secret("wrong")),
    ):
        (row,) = shop.probe()
        assert (row.ability, row.verdict) == ("reach the shop", Verdict.FAILS) and row.remedy


def test_scopes_are_needed_for_what_is_done_here_and_one_that_nothing_needs_is_told() -> None:
    """Gift cards need their scope where trade-ins are paid by them; a scope beyond all that is asked for should not be there."""
    bench = open_bench(scopes=f"{SCOPES} read_themes")
    shop = bench.reconnected(needed_scopes=frozenset({"write_gift_cards"}))
    rows = rows_of(shop)
    standings = {grant.name: grant.standing for grant in grants_of(shop.probe())}
    assert standings["write_gift_cards"] is Standing.MISSING and "Dev Dashboard" in rows["write_gift_cards"].remedy
    assert (standings["read_products"], standings["read_companies"]) == (Standing.GRANTED, Standing.OPTIONAL)
    assert "read_themes" in rows["no scope that nothing here needs"].found


def test_a_shop_says_by_which_kind_of_token_it_is_let_in() -> None:
    """A token by client credentials ends when Shopify said; an offline one of a custom app never; an online one is unknown."""
    bench = open_bench()
    assert [each.name for each in bench.shop.credentials()] == ["client secret"]
    rows_of(bench.shop)
    secret, token = bench.shop.credentials()
    assert secret.ends_at is None and not secret.forever
    assert token.ends_at is not None and timedelta(hours=23) < token.ends_at - bench.clock.now() <= timedelta(hours=24)
    kinds: list[tuple[bool, bool]] = []
    for kind in ("offline", "online"):
        issued = Secret(bench.simulator.issue_token(CLIENT_ID, kind), "env:SHOP_TOKEN")
        [held] = bench.reconnected(client_id="", client_secret=None, access_token=issued).credentials()
        assert held.kept == "env:SHOP_TOKEN" and issued.reveal() not in repr(held)
        kinds.append((held.forever, "online" in held.how))
    assert kinds == [(True, False), (False, True)]
