"""Small values that several resolvers give in the same shape."""

from __future__ import annotations

from typing import Any

from trueup.simulators.shopify import access
from trueup.simulators.shopify.records import Order, Price


def bag(price: Price, order: Order) -> dict[str, Any]:
    """A price as a MoneyBag."""
    return {
        "shopMoney": {"amount": price.shop, "currencyCode": order.currency_code},
        "presentmentMoney": {"amount": price.presentment, "currencyCode": order.presentment_currency_code},
    }


def version_object(handle: str) -> dict[str, Any]:
    """An ApiVersion."""
    name = "unstable" if handle == "unstable" else handle
    display = f"{name} (Latest)" if handle == access.SUPPORTED_VERSIONS[-1] else name
    return {"handle": handle, "supported": handle in access.SUPPORTED_VERSIONS, "displayName": display}
