"""Orders, products and terms for tests of decisions: small, and ordinary unless told otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.catalog import Listing, Product
from trueup.domain.hold import LineFacts
from trueup.domain.orders import OrderLine, OrderState, OrderType, Party, PurchaseOrder, Window
from trueup.domain.partners import Agreement, CostBasis, Route
from trueup.domain.units import line_units

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
AGREEMENT = Agreement("amazon-us", "NORDA", "USD", CostBasis.EACH, "shop", "main")
PRODUCT = Product("LAMP-1", "Lamp", case_size=6, shop_variant="v1", shop_item="i1", tracked=True)
LISTING = Listing("NORDA", "LAMP-1", "B000000001", "0012345678905", UnitPrice.of("10.25", "USD"))
LINE = OrderLine(
    sequence=1,
    sequence_text="1",
    asin="B000000001",
    product_ids=(("VN", "0012345678905"),),
    ordered=Quantity(4, Unit.CASE, 6),
    net_cost=UnitPrice.of("10.25", "USD"),
    backorder_allowed=True,
)


def order(*lines: OrderLine, **changes: Any) -> PurchaseOrder:
    """A new order placed an hour ago, to be delivered within two weeks."""
    made = PurchaseOrder(
        partner="amazon-us",
        number="4Z32PABC",
        vendor_code="NORDA",
        route=Route.SP_API,
        state=OrderState.NEW,
        type=OrderType.REGULAR,
        ordered_at=NOW - timedelta(hours=1),
        changed_at=None,
        ship_to=Party("PHX3"),
        lines=lines or (LINE,),
        delivery_window=Window(NOW + timedelta(days=3), NOW + timedelta(days=14)),
    )
    return replace(made, **changes)


def facts(
    line: OrderLine = LINE, *, product: Product = PRODUCT, listing: Listing = LISTING, **changes: Any
) -> LineFacts:
    """What a hold rule looks at, for one line of one known product."""
    terms: Agreement = changes.pop("agreement", AGREEMENT)
    made = LineFacts(
        order=order(line),
        line=line,
        candidates=((product, listing),),
        units=line_units(line, product, listing, terms),
        agreement=terms,
        largest_before=None,
        now=NOW,
    )
    return replace(made, **changes)
