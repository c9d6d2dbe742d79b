"""Orders of the shop as sales, through the connector: what changed, and each one whole."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.contracts.test_shopify_credits import FORTY, Till
from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.connectors.shopify.sales import UNKNOWN_METHOD, ShopifySales
from trueup.domain.shop_sales import HiddenProducts, PaidBy, SaleKind, kind_of
from trueup.remote.credits import WantedStoreCredit
from trueup.remote.sales import ChangedSales, SaleSource
from trueup.simulators.shopify.shopping import Basket


def sales_of(till: Till) -> ShopifySales:
    """The connector."""
    return ShopifySales(till.bench.settings, till.bench.http, till.bench.purse, till.bench.clock)


def test_an_order_is_read_with_its_payments_and_refunds() -> None:
    """Lines with their method, money with its way, refunds by line; nobody's secret is in it."""
    till = Till()
    source = sales_of(till)
    assert isinstance(source, SaleSource)
    till.credits.send_store_credit(WantedStoreCredit(till.customer, FORTY))
    lines = [
        (till.bench.variant("AN-1").id, 2, {}),
        (till.bench.variant("BE-1").id, 1, {"_cycle": '{"method_type": "membership"}'}),
        (till.bench.variant("CH-1").id, 1, {"_cycle": "no JSON at all"}),
    ]
    order = till.bench.simulator.buy(Basket(lines, till.customer, store_credit=Decimal(15), tags=["Has membership"]))
    till.bench.simulator.refund_by_hand(order.name, {order.line_items[0].id: 1})
    sale = source.fetch_sale(order.id).value
    assert [line.method for line in sale.lines] == ["", "membership", UNKNOWN_METHOD]
    assert [line.amount for line in sale.lines] == [Money.of(text, "USD") for text in ("40", "20", "20")]
    paid = [(payment.by, payment.amount.minor) for payment in sale.payments]
    assert paid == [(PaidBy.STORE_CREDIT, 15_00), (PaidBy.MONEY, 65_00), (PaidBy.MONEY, -20_00)]
    assert [(refund.line, refund.amount.minor) for refund in sale.refunds] == [(order.line_items[0].id, 20_00)]
    assert (sale.customer, sale.tags, sale.ours) == (till.customer, ("Has membership",), "")
    hidden = HiddenProducts(memberships=frozenset({till.bench.variant("BE-1").product.id}))
    assert [kind_of(sale, line, hidden) for line in sale.lines] == [
        SaleKind.RETAIL,
        SaleKind.MEMBERSHIP,
        SaleKind.CIRCULAR,
    ]


def test_what_changed_is_found_when_the_search_has_it() -> None:
    """Page by page, the longest ago first; a moment after the change, not at once."""
    till = Till()
    source, since = sales_of(till), till.bench.clock.now()
    names = []
    for _ in range(3):
        order = till.bench.simulator.buy(Basket([(till.bench.variant("AN-1").id, 1, {})], till.customer))
        names.append(order.id)
        till.wait(1)
    assert source.fetch_changed(since, None).value == ChangedSales(())
    till.wait(10)
    found = source.fetch_changed(since, None).value
    assert [sale.id for sale in found.sales] == names
    assert (found.long, found.next_page) == ((), None)
    assert list(found.sales) == [source.fetch_sale(name).value for name in names]


def test_our_own_orders_are_told_apart() -> None:
    """An order that holds stock for a purchase order is no sale."""
    till = Till()
    till.bench.shop.find_sales_order("amzv:ACME1:PO1")
    made = till.bench.shop.send_sales_order(till.bench.wanted(("AN-1", 2))).value
    sale = sales_of(till).fetch_sale(made.id).value
    assert sale.ours == "amzv:ACME1:PO1"
    assert {kind_of(sale, line, HiddenProducts()) for line in sale.lines} == {SaleKind.WHOLESALE}
    with pytest.raises(NotFound):
        sales_of(till).fetch_sale("gid://shopify/Order/1")
