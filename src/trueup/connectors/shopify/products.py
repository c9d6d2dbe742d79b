"""The shop's variants as products: their packs, barcodes, and where their stock is counted.

A SKU is not unique in Shopify. Pages show every variant as it is, doubles included, for the item master to flag; asking by
SKU refuses an ambiguous one, because whoever asks would take one of them. Source: Shopify's `InventoryItem.duplicateSkuCount`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from trueup.base.errors import Conflict, Invalid
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import VARIANTS
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.domain.catalog import Product
from trueup.domain.identifiers import Gtin
from trueup.remote.observed import Observed

SKUS_A_SEARCH = 25
_ONLY_VARIANT = "Default Title"  # Shopify's title for the one variant of a product without options


def fetch_products(client: ShopifyClient, page: str | None) -> Observed[tuple[tuple[Product, ...], str | None]]:
    """One page of variants in order of their ids, and the cursor of the next. Left out is what `is_sold` does not take for sold."""
    nodes, following, evidence = _fetch_page(client, page, None)
    with expecting(client, VARIANTS):
        goods = [node for node in nodes if is_sold(client.settings, node)]
        return Observed((tuple(read_variant(node) for node in goods), following), evidence)


def fetch_products_by_sku(client: ShopifyClient, skus: Sequence[str]) -> Observed[tuple[Product, ...]]:
    """The products that have exactly these SKUs. A product made seconds ago may not be in Shopify's search yet.

    Raises Conflict when several variants share one of the SKUs.
    """
    wanted = list(dict.fromkeys(sku for sku in skus if sku))
    found: dict[str, list[Product]] = {}
    trail: list[bytes] = []
    for start in range(0, len(wanted), SKUS_A_SEARCH):
        chunk = wanted[start : start + SKUS_A_SEARCH]
        query = " OR ".join(f"sku:{_quoted(sku)}" for sku in chunk)
        following: str | None = None
        while True:
            nodes, following, evidence = _fetch_page(client, following, query)
            trail.append(evidence)
            with expecting(client, VARIANTS):
                # The search goes by words: AB-1 finds AB-1-X too.
                for node in nodes:
                    if node["sku"] in chunk and _is_offered(node):
                        found.setdefault(node["sku"], []).append(read_variant(node))
            if following is None:
                break
    doubles = {sku: products for sku, products in found.items() if len(products) > 1}
    if doubles:
        listed = "; ".join(
            f"{sku}: {', '.join(f'{product.title} ({product.shop_variant})' for product in products)}"
            for sku, products in sorted(doubles.items())
        )
        raise Conflict(
            f"Shop {client.settings.name}: several variants share a SKU, so the product is not certain: {listed}. "
            f"Give each variant its own SKU in Shopify."
        )
    return Observed(tuple(found[sku][0] for sku in wanted if sku in found), b"\n".join(trail))


def _fetch_page(
    client: ShopifyClient, page: str | None, query: str | None
) -> tuple[Sequence[Mapping[str, Any]], str | None, bytes]:
    namespace, key = client.settings.pack_metafield
    answer = client.run(VARIANTS, after=page, query=query, packNamespace=namespace, packKey=key)
    with expecting(client, VARIANTS):
        info = answer.root["pageInfo"]
        return answer.root["nodes"], (info["endCursor"] if info["hasNextPage"] else None), answer.evidence


def _quoted(text: str) -> str:
    """A phrase of Shopify's search syntax."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_sold(settings: ShopifySettings, node: Mapping[str, Any]) -> bool:
    """Whether a variant is goods that the shop sells: it bears a SKU, is no deposit or membership, and its product is no draft and
    not archived. On which of its sales channels a product stands is the shop's own business: its stock is one for all of them."""
    return bool(node["sku"]) and node["product"]["id"] not in settings.hidden_products and _is_offered(node)


def _is_offered(node: Mapping[str, Any]) -> bool:
    return node["product"]["status"] not in ("DRAFT", "ARCHIVED")


def read_variant(node: Mapping[str, Any]) -> Product:
    """A variant as our operations ask for it, as a product."""
    product, item = node["product"], node["inventoryItem"]
    title = product["title"] if node["title"] == _ONLY_VARIANT else f"{product['title']} - {node['title']}"
    return Product(
        sku=node["sku"],
        title=title,
        case_size=_read_case_size(node["pack"]),
        gtin=_read_gtin(node["barcode"]),
        shop_variant=node["id"],
        shop_item=item["id"],
        tracked=item["tracked"],
        circular=(product["circular"] or {}).get("value") == "true",
    )


def _read_case_size(metafield: Mapping[str, Any] | None) -> int | None:
    """A positive whole number (`12`, `12.0`). Anything else is no case size: lines ordered in cases are then held."""
    try:
        size = Decimal(metafield["value"].strip()) if metafield else Decimal(0)
    except (InvalidOperation, AttributeError):
        return None
    return int(size) if size.is_finite() and 0 < size < 10**9 and size == int(size) else None


def _read_gtin(barcode: str | None) -> str | None:
    """The barcode where it is a GTIN; shops keep other things in that field too."""
    try:
        return Gtin.parse(barcode) if barcode else None
    except Invalid:
        return None
