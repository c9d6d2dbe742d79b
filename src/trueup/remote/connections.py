"""Every connection of an installation, by what it is able to do: what `wiring.py` fills and workflows look into."""

from __future__ import annotations

from dataclasses import dataclass, field

from trueup.remote.capability import (
    AcknowledgementSink,
    DocumentSink,
    DocumentSource,
    InvoiceStatusSource,
    OrderSource,
    OrderStatusSource,
    Probed,
    ProductSource,
    RemittanceSource,
    SalesOrderSink,
    StockSource,
)
from trueup.remote.credits import GiftCardSink, StoreCreditSink
from trueup.remote.exports import ShopExporter
from trueup.remote.gate import Guarded
from trueup.remote.hints import HintSource
from trueup.remote.identity import IdentityProvider
from trueup.remote.inventory import InventorySink
from trueup.remote.sales import SaleSource
from trueup.remote.showcase import Showcase
from trueup.remote.stock import StockReader, StockSink
from trueup.remote.vendor_reports import VendorReportSource


@dataclass(frozen=True, slots=True)
class Connections:
    """Every connection of an installation by capability and name."""

    order_sources: dict[str, OrderSource] = field(default_factory=dict)
    acknowledgement_sinks: dict[str, AcknowledgementSink] = field(default_factory=dict)
    status_sources: dict[str, OrderStatusSource] = field(default_factory=dict)
    document_sources: dict[str, DocumentSource] = field(default_factory=dict)
    document_sinks: dict[str, DocumentSink] = field(default_factory=dict)
    product_sources: dict[str, ProductSource] = field(default_factory=dict)
    stock_sources: dict[str, StockSource] = field(default_factory=dict)
    sales_order_sinks: dict[str, SalesOrderSink] = field(default_factory=dict)
    remittance_sources: dict[str, RemittanceSource] = field(default_factory=dict)
    invoice_status_sources: dict[str, InvoiceStatusSource] = field(default_factory=dict)
    hint_sources: dict[str, HintSource] = field(default_factory=dict)
    stock_readers: dict[str, StockReader] = field(default_factory=dict)
    stock_sinks: dict[str, StockSink] = field(default_factory=dict)
    exporters: dict[str, ShopExporter] = field(default_factory=dict)
    gift_cards: dict[str, GiftCardSink] = field(default_factory=dict)
    store_credits: dict[str, StoreCreditSink] = field(default_factory=dict)
    sales: dict[str, SaleSource] = field(default_factory=dict)
    vendor_reports: dict[str, VendorReportSource] = field(default_factory=dict)
    showcases: dict[str, Showcase] = field(default_factory=dict)
    identity_providers: dict[str, IdentityProvider] = field(default_factory=dict)
    """By which people sign in: one at most."""
    inventory_sinks: dict[str, InventorySink] = field(default_factory=dict)
    probed: dict[str, Probed] = field(default_factory=dict)
    guarded: dict[str, Guarded] = field(default_factory=dict)
    """By the name that a person pauses: what asks a gate before anything leaves."""
