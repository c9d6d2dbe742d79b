"""One Shopify shop as Trueup's workflows see it: products, stock and hints come from it, orders and stock go to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from trueup.base.clock import Clock
from trueup.connectors.shopify import amendments, exports, levels, orders, probes, products, stock, webhooks
from trueup.connectors.shopify.client import ShopifyClient
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.connectors.shopify.stock_operations import ROWS_A_WRITE
from trueup.domain.catalog import Product
from trueup.domain.inventory import Level
from trueup.domain.publishing import CountWrite, HoldMove, ShownStock
from trueup.domain.sales_orders import SalesOrder, ShownOrder
from trueup.remote.access import Credential
from trueup.remote.budget import Budget
from trueup.remote.capability import Probe, Wanted
from trueup.remote.exports import Exported, ExportedItem, ExportedLevel, ShownExport
from trueup.remote.hints import Hint, Subject
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed
from trueup.remote.stock import Written


class ShopifyShop:
    """ProductSource, StockSource, StockReader, StockSink, ShopExporter, SalesOrderSink, HintSource and Probed.

    `http` goes to `settings.base_url`. Safe to share between threads.

    Every method raises RemoteError as its contract says, and ConfigurationError for a location or definition that a person
    must mend.
    """

    def __init__(self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self._settings = settings
        self._client = ShopifyClient(settings, http, budget, clock)
        self._prepared = False

    def __repr__(self) -> str:
        return f"ShopifyShop({self.name!r}, {self._settings.shop!r})"

    @property
    def name(self) -> str:
        """The name it has in the settings."""
        return self._settings.name

    def fetch_products(self, page: str | None) -> Observed[tuple[tuple[Product, ...], str | None]]:
        """A hundred variants with a SKU. Doubles of a SKU are all there: SKUs are not unique in Shopify."""
        return products.fetch_products(self._client, page)

    def fetch_products_by_sku(self, skus: Sequence[str]) -> Observed[tuple[Product, ...]]:
        """Raises Conflict, naming the variants, when several share one of the SKUs."""
        return products.fetch_products_by_sku(self._client, skus)

    def fetch_levels(self, wanted: Sequence[Wanted], location: str) -> Observed[tuple[Level, ...]]:
        """`location` is one of our names or Shopify's id. Not stocked there is a level of zero; no longer a product, none."""
        return levels.fetch_levels(self._client, wanted, location)

    def read_stock(self, items: Sequence[str], location: str) -> Observed[tuple[ShownStock, ...]]:
        """What it may sell, has committed and holds for others, by its own ids of inventory items."""
        return stock.read_stock(self._client, items, location)

    def find_exports(self, of: Exported, since: datetime) -> Observed[tuple[ShownExport, ...]]:
        """Bulk operations that export all stock, or the catalogue, and were begun since."""
        return exports.find_exports(self._client, of, since)

    def start_export(self, of: Exported) -> Observed[ShownExport]:
        """Begin one. Find before: Shopify takes no key for it."""
        return exports.start_export(self._client, of)

    def look_at_export(self, reference: str) -> Observed[ShownExport]:
        """How far it is."""
        return exports.look_at_export(self._client, reference)

    def fetch_export(self, reference: str) -> Iterator[bytes]:
        """Its lines of JSON, whole or as far as it came."""
        return exports.fetch_export(self._client, reference)

    def read_stock_export(self, content: Iterable[bytes]) -> Iterator[ExportedItem | ExportedLevel]:
        """Its items, and their levels at our locations."""
        return exports.read_stock_export(self._client, content)

    def read_product_export(self, content: Iterable[bytes]) -> Iterator[Product]:
        """Its variants, as a page would show them."""
        return exports.read_product_export(self._client, content)

    @property
    def most_rows(self) -> int:
        """Of one write of stock."""
        return ROWS_A_WRITE

    @property
    def remembers_seconds(self) -> int:
        """How long it knows the key of a write."""
        return stock.REMEMBERS_SECONDS

    def set_counts(self, key: str, writes: Sequence[CountWrite]) -> Written:
        """All of them, or none: one that is no longer what was expected refuses them all."""
        return stock.set_counts(self._client, key, writes)

    def move_holds(self, key: str, moves: Sequence[HoldMove]) -> Written:
        """As `set_counts`. What others reserve there is compared with, and left as it is."""
        return stock.move_holds(self._client, key, moves)

    def recognise_hint(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Signed by the app of this shop, or Unauthorized."""
        return webhooks.recognise(self._settings, headers, body)

    def read_hint(self, hint: Hint, body: bytes) -> Sequence[Subject]:
        """What a webhook is about; nothing of what it says is taken over."""
        return webhooks.read(hint, body)

    def prepare(self) -> None:
        """Have the order key defined in the shop; done by itself before the first look-up of an order."""
        if not self._prepared:
            orders.define_key(self._client)
            self._prepared = True

    def find_sales_order(self, key: str) -> Observed[ShownOrder | None]:
        """By the order's own `id` metafield: no search, no lag."""
        self.prepare()
        return orders.find_order(self._client, key)

    def send_sales_order(self, order: SalesOrder) -> Observed[ShownOrder]:
        """All stock claimed by policy, or Conflict with INVENTORY_CLAIM_FAILED and no order. Shopify chooses the location:
        compare, and move. Look the key up before: Shopify has no idempotency for orders."""
        self.prepare()
        return orders.send_order(self._client, order)

    def amend_sales_order(self, shown: ShownOrder, order: SalesOrder) -> Observed[ShownOrder]:
        """By order editing, checked before it is committed; Rejected with PRICE_NOT_EXACT changes nothing. Editing may claim
        more than there is: look at the levels before and after. An order that is cancelled is created anew."""
        self.prepare()
        return amendments.amend_order(self._client, shown, order)

    def cancel_sales_order(self, shown: ShownOrder, reason: str) -> Observed[ShownOrder]:
        """Asynchronous at Shopify: returned as it shows after a few seconds, cancelled or not yet."""
        return orders.cancel_order(self._client, shown, reason)

    def move_sales_order(self, shown: ShownOrder, location: str) -> Observed[ShownOrder]:
        """Everything not yet shipped, from this location. Look at its level before: Shopify does not."""
        return orders.move_order(self._client, shown, location)

    def credentials(self) -> Sequence[Credential]:
        """By what it is let in; asks nobody."""
        return self._client.credentials()

    def probe(self) -> Sequence[Probe]:
        """What works, what is missing, what to do. Never raises for what it finds."""
        return probes.probe_shop(self._client)
