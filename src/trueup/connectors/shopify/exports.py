"""The stock or the catalogue of a whole shop in one export: Shopify's bulk operation, found or started, looked at, fetched, read.

Ten points of the rate budget, whatever the shop's size; by pages a hundred thousand items are 400 requests and 300,000 points, and
as many variants a thousand requests and 500,000. Shopify knows no key for an operation: whoever starts one looks first for one of
the same query. Its file has a line for each item, variant or level of an item (`__parentId`), in no order that may be relied on
beyond "after its parent". Sources: shopify.dev, "Perform bulk operations with the GraphQL Admin API"; five operations of a kind at
once for an app in a shop since 2026-01, one before. We never run more than one of ours of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from trueup.base.clock import aware_utc, read_instant
from trueup.base.errors import NotFound, Throttled, Unreadable
from trueup.base.secret import Secret
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.export_operations import EXPORTS, SHOW_EXPORT, START_EXPORT, exported_query
from trueup.connectors.shopify.products import is_sold, read_variant
from trueup.connectors.shopify.refusals import user_error
from trueup.domain.catalog import Product
from trueup.remote.download import Download, download
from trueup.remote.exports import NUMBERS, Exported, ExportedItem, ExportedLevel, ExportState, ShownExport
from trueup.remote.observed import Observed

LARGEST_EXPORT_BYTES = 2 * 1024**3
BUSY_SECONDS = 60.0
_STATES = {
    "CREATED": ExportState.RUNNING,
    "RUNNING": ExportState.RUNNING,
    "CANCELING": ExportState.RUNNING,
    "COMPLETED": ExportState.DONE,
}
T = TypeVar("T")


class _Quantity(msgspec.Struct):
    name: str
    quantity: int


class _Place(msgspec.Struct):
    id: str


class _Line(msgspec.Struct):
    """A line of a file of stock: an item, or with a parent a level of one."""

    id: str | None = None
    sku: str | None = None
    tracked: bool = False
    parent: str | None = msgspec.field(default=None, name="__parentId")
    location: _Place | None = None
    quantities: list[_Quantity] = []


class _Metafield(msgspec.Struct):
    value: str


class _Goods(msgspec.Struct):
    id: str
    title: str
    status: str
    circular: _Metafield | None = None


class _Stocked(msgspec.Struct):
    id: str
    tracked: bool


class _Variant(msgspec.Struct):
    """A line of a file of products: a variant."""

    id: str
    title: str
    product: _Goods
    inventoryItem: _Stocked  # noqa: N815
    sku: str | None = None
    barcode: str | None = None
    pack: _Metafield | None = None


def find_exports(client: ShopifyClient, of: Exported, since: datetime) -> Observed[tuple[ShownExport, ...]]:
    """Operations of our query that were begun since, the newest first, whoever of us began them. Raises RemoteError."""
    answer = client.run(EXPORTS)
    query = exported_query(of, client.settings.pack_metafield).split()
    with expecting(client, EXPORTS):
        mine = [each for each in answer.root["nodes"] if each["query"].split() == query]
        found = [_shown(each) for each in mine if each["type"] == "QUERY"]
        return Observed(tuple(each for each in found if each.started_at >= since), answer.evidence)


def start_export(client: ShopifyClient, of: Exported) -> Observed[ShownExport]:
    """Begin one. Raises Throttled while the app has as many as it may have; after `maybe_applied` find it first."""
    answer = client.run(START_EXPORT, query=exported_query(of, client.settings.pack_metafield))
    what = f"Shop {client.settings.name}: {START_EXPORT.name}"
    with expecting(client, START_EXPORT):
        problems = list(answer.root["userErrors"])
        if any(problem["code"] in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED") for problem in problems):
            raise Throttled(
                f"{what}: {problems[0]['message']} Another export follows.", retry_after_seconds=BUSY_SECONDS
            )
        if problems:
            raise user_error(what, problems)
        return Observed(_shown(answer.root["bulkOperation"]), answer.evidence)


def look_at_export(client: ShopifyClient, reference: str) -> Observed[ShownExport]:
    """How far it is. Raises NotFound when the shop does not know it, RemoteError."""
    answer = client.run(SHOW_EXPORT, id=reference)
    with expecting(client, SHOW_EXPORT):
        if answer.root is None:
            raise NotFound(f"Shop {client.settings.name}: it has no bulk operation {reference} (any more).")
        return Observed(_shown(answer.root), answer.evidence)


def _shown(node: Mapping[str, Any]) -> ShownExport:
    status, failed = node["status"], node["errorCode"]
    state = _STATES.get(status, ExportState.FAILED)
    words = f"{status.lower()}: {failed}" if failed else status.lower()
    content = node["url"] if state is ExportState.DONE else node["partialDataUrl"]
    return ShownExport(
        reference=node["id"],
        state=state,
        started_at=aware_utc(read_instant(node["createdAt"])),
        lines=int(node["objectCount"]),
        has_content=content is not None,
        words=words,
        denied=failed == "ACCESS_DENIED",
    )


def fetch_export(client: ShopifyClient, reference: str) -> Iterator[bytes]:
    """The bytes of its file, whole or as far as it came. Its address is asked for anew each time, and holds for seven days.

    Raises NotFound, RemoteError.
    """
    answer = client.run(SHOW_EXPORT, id=reference)
    with expecting(client, SHOW_EXPORT):
        node = answer.root or {"url": None, "partialDataUrl": None}
        address = node["url"] or node["partialDataUrl"]
    name = f"Shop {client.settings.name}: export {reference}"
    if address is None:
        raise NotFound(f"{name}: Shopify has no file of it (any more).")
    return download(Download(name, Secret(address), LARGEST_EXPORT_BYTES))


def read_stock_export(client: ShopifyClient, content: Iterable[bytes]) -> Iterator[ExportedItem | ExportedLevel]:
    """The items of a file that have a SKU, and the levels at our locations, line by line. Raises Unreadable."""
    places = {location: word for word, location in client.settings.locations.items()}
    for line in _lines(client, content, _Line):
        if line.parent is None:
            if line.id and line.sku:
                yield ExportedItem(line.id, line.sku, line.tracked)
        elif line.location is not None and (place := places.get(line.location.id)) is not None:
            there = {each.name: each.quantity for each in line.quantities}
            yield ExportedLevel(line.parent, place, *(there.get(name, 0) for name in NUMBERS))


def read_product_export(client: ShopifyClient, content: Iterable[bytes]) -> Iterator[Product]:
    """What a page of variants would show of them, line by line. Raises Unreadable."""
    for line in _lines(client, content, _Variant):
        node = msgspec.to_builtins(line)
        if is_sold(client.settings, node):
            yield read_variant(node)


def _lines(client: ShopifyClient, content: Iterable[bytes], kind: type[T]) -> Iterator[T]:
    decoder = msgspec.json.Decoder(kind)
    rest = b""
    try:
        for piece in content:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if line.strip():
                    yield decoder.decode(line)
        if rest.strip():
            yield decoder.decode(rest)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unreadable(f"Shop {client.settings.name}: a line of its export is not as published: {error}.") from error
