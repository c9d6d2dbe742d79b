"""Products and stock levels as the connector reads them from a shop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contracts.shopify_connector import NOW, Bench, metafield, open_bench, product, variant
from trueup.base.errors import ConfigurationError, Conflict
from trueup.domain.catalog import CountSource, Product
from trueup.remote.capability import ProductSource, StockSource, Wanted

PACK = "trueup.case_pack"


def read_all(bench: Bench) -> list[Product]:
    """Every product, page by page."""
    assert isinstance(bench.shop, ProductSource)
    found: list[Product] = []
    page: str | None = None
    while True:
        seen = bench.shop.fetch_products(page)
        products, page = seen.value
        found += products
        if page is None:
            return found


def test_a_variant_becomes_a_product() -> None:
    """SKU, title, pack, barcode, ids and who counts the stock come from the variant, its item and its product."""
    pack = metafield(PACK, "number_integer", "12")
    bench = open_bench([product("Anvil", variant("AN-1", title="Large", barcode="4006381333931", metafields=[pack]))])
    (found,) = read_all(bench)
    record = bench.variant("AN-1")
    assert found == Product(
        "AN-1", "Anvil - Large", 12, "4006381333931", record.id, record.inventory_item.id, tracked=True, circular=False
    )


@pytest.mark.parametrize(
    ("seeded", "size"),
    [
        (metafield(PACK, "number_integer", "6"), 6),
        (metafield(PACK, "number_decimal", "6.0"), 6),
        (metafield(PACK, "number_decimal", "6.5"), None),
        (metafield(PACK, "number_integer", "0"), None),
        (metafield(PACK, "number_integer", "-6"), None),
        (metafield(PACK, "single_line_text_field", "a dozen"), None),
        (metafield("other.case_pack", "number_integer", "6"), None),
    ],
)
def test_only_a_positive_whole_number_is_a_case_size(seeded: dict[str, str], size: int | None) -> None:
    """Anything else in the pack metafield is no case size, and never a guess."""
    bench = open_bench([product("Anvil", variant("AN-1", metafields=[seeded]))])
    assert [found.case_size for found in read_all(bench)] == [size]


@pytest.mark.parametrize(("barcode", "gtin"), [("4006381333930", None), ("B012345678", None), (None, None)])
def test_a_barcode_that_is_no_gtin_is_left_out(barcode: str | None, gtin: str | None) -> None:
    """Shops keep other things in the barcode field; only a GTIN whose check digit holds is taken."""
    bench = open_bench([product("Anvil", variant("AN-1", barcode=barcode))])
    assert [found.gtin for found in read_all(bench)] == [gtin]


def test_supercycle_takes_a_product_over_even_when_shopify_tracks_it() -> None:
    """The metafield decides who counts, not the tracked flag, which an import may flip back."""
    marker = metafield("supercycle.supercycle_enabled", "boolean", "true")
    bench = open_bench(
        [
            product("Rented", variant("RE-1"), metafields=[marker]),
            product("Sold", variant("SO-1"), metafields=[{**marker, "value": "false"}]),
            product("Uncounted", variant("UN-1", tracked=False)),
        ]
    )
    sources = {found.sku: found.count_source for found in read_all(bench)}
    assert sources == {"RE-1": CountSource.UNKNOWN, "SO-1": CountSource.SHOP, "UN-1": CountSource.UNKNOWN}


def test_every_page_is_read_and_variants_without_sku_left_out() -> None:
    """250 variants over three pages, each once."""
    variants = [variant(f"V-{number}", title=str(number)) for number in range(250)]
    bench = open_bench([product("Many", *variants, variant(None, title="unnamed"))])
    skus = [found.sku for found in read_all(bench)]
    assert sorted(skus) == sorted(f"V-{number}" for number in range(250))
    assert bench.operations().count("productVariants") == 3


def test_a_page_shows_every_double_of_a_sku() -> None:
    """Shopify's SKUs are not unique: the item master sees both and can say so."""
    bench = open_bench([product("Anvil", variant("AN-1")), product("Anvil, old", variant("AN-1"))])
    assert [found.title for found in read_all(bench)] == ["Anvil", "Anvil, old"]


def test_asking_for_an_ambiguous_sku_is_refused_with_both_named() -> None:
    """Whoever asks by SKU would take one of the two, so neither is given."""
    bench = open_bench([product("Anvil", variant("AN-1")), product("Anvil, old", variant("AN-1"))])
    with pytest.raises(Conflict, match=r"AN-1: Anvil \(gid.*Anvil, old \(gid"):
        bench.shop.fetch_products_by_sku(["AN-1"])


def test_a_sku_is_compared_exactly() -> None:
    """Shopify's search goes by words and finds AB-1-X for AB-1; only the very SKU is given, and doubles
    of its neighbours do not matter."""
    bench = open_bench(
        [product("A", variant("AB-1")), product("B", variant("AB-1-X")), product("C", variant("AB-1-X"))]
    )
    assert [found.sku for found in bench.shop.fetch_products_by_sku(["AB-1", "AB"]).value] == ["AB-1"]


@pytest.mark.parametrize("sku", ['12" ruler', "back\\slash", "A OR B", "sku:X", "(paren)", "NOT", "x*", "ünï-1", "a'b"])
def test_a_sku_may_hold_any_character(sku: str) -> None:
    """Nothing in a SKU is taken for search syntax."""
    bench = open_bench([product("Odd", variant(sku)), product("Even", variant("EV-1"))])
    assert [found.sku for found in bench.shop.fetch_products_by_sku([sku]).value] == [sku]


def test_many_skus_are_asked_for_in_few_requests() -> None:
    """Sixty SKUs in three searches, in the order asked, each once, unknown ones left out."""
    bench = open_bench([product("Many", *(variant(f"V{number}", title=str(number)) for number in range(60)))])
    asked = [f"V{number}" for number in range(60)]
    found = bench.shop.fetch_products_by_sku([*asked, "V0", "unknown"]).value
    assert [each.sku for each in found] == asked
    assert bench.operations().count("productVariants") == 3


def wanted(bench: Bench, *skus: str) -> list[Wanted]:
    """What to ask levels for."""
    return [Wanted(sku, bench.variant(sku).inventory_item.id) for sku in skus]


def test_levels_say_what_the_shop_counts_and_since_when() -> None:
    """Available, committed and on hand of the location asked for, observed when the request left."""
    bench = open_bench([product("A", variant("AN-1", 50)), product("B", variant("UN-1", 0, tracked=False))])
    assert isinstance(bench.shop, StockSource)
    bench.simulator.sell("AN-1", 7)
    bench.clock.advance(timedelta(minutes=3))
    anvil, uncounted = bench.shop.fetch_levels(wanted(bench, "AN-1", "UN-1"), "main").value
    assert (anvil.available, anvil.committed, anvil.on_hand, anvil.tracked) == (43, 7, 50, True)
    assert (anvil.location, anvil.observed_at) == ("main", NOW + timedelta(minutes=3))
    assert not uncounted.tracked


def test_states_that_are_neither_available_nor_committed_are_on_hand() -> None:
    """Damaged and reserved goods are on hand and not for sale."""
    counts = {"available": 10, "damaged": 2, "reserved": 3, "incoming": 100}
    bench = open_bench([product("A", variant("AN-1", levels={"Main": counts}))])
    (level,) = bench.shop.fetch_levels(wanted(bench, "AN-1"), "main").value
    assert (level.available, level.committed, level.on_hand) == (10, 0, 15)


def test_a_product_not_stocked_at_the_location_has_none_there() -> None:
    """Zero, not absent: nothing can be shipped from there."""
    bench = open_bench()
    (level,) = bench.shop.fetch_levels(wanted(bench, "AN-1"), "annex").value
    assert (level.available, level.committed, level.on_hand, level.tracked) == (0, 0, 0, True)


def test_a_product_that_is_gone_or_has_another_sku_has_no_level() -> None:
    """A number for one product is never taken for another's."""
    bench = open_bench()
    item = bench.variant("AN-1").inventory_item.id
    asked = [Wanted("RENAMED", item), Wanted("GONE", "gid://shopify/InventoryItem/1"), *wanted(bench, "BE-1")]
    assert [level.sku for level in bench.shop.fetch_levels(asked, "main").value] == ["BE-1"]


def test_many_levels_come_in_few_requests() -> None:
    """251 products in two requests, each answered: as many as an input list may have."""
    bench = open_bench([product("Many", *(variant(f"V{number}", number, title=str(number)) for number in range(251)))])
    skus = [f"V{number}" for number in range(251)]
    levels = bench.shop.fetch_levels(wanted(bench, *skus), "main").value
    assert [(level.sku, level.available) for level in levels] == [(sku, number) for number, sku in enumerate(skus)]
    assert bench.operations().count("nodes") == 2


def test_an_unknown_location_is_refused_by_name() -> None:
    """A wrong location never reads as empty shelves."""
    bench = open_bench()
    with pytest.raises(ConfigurationError, match=r"no location is called 'mian' \(known: annex, main\)"):
        bench.shop.fetch_levels(wanted(bench, "AN-1"), "mian")
    with pytest.raises(ConfigurationError, match="which the shop does not have"):
        bench.shop.fetch_levels(wanted(bench, "AN-1"), "gid://shopify/Location/1")


def test_a_location_may_be_named_by_its_id() -> None:
    """Agreements may use Shopify's own id where no name is mapped."""
    bench = open_bench()
    location = bench.settings.locations["main"]
    (level,) = bench.shop.fetch_levels(wanted(bench, "AN-1"), location).value
    assert (level.location, level.available) == (location, 50)
