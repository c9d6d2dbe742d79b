"""An inventory update as the body of submitInventoryUpdate, and read back: one warehouse, everything or what changed.

Sources: the published model vendorDirectFulfillmentInventoryV1.json; its issues: an item named by the vendor's own id alone is
refused as INVALID_ITEM_ID where Amazon never mapped it, so the ASIN goes with it wherever it is known. The unit of measure is the
one of Amazon's own samples. The warehouse stands in the address alone.
"""

from __future__ import annotations

import msgspec

from trueup.base.errors import Invalid, Unreadable
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice

NAME = "amazon-direct-fulfillment-inventory"
EACH = "Each"


class _Quantity(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    amount: int
    unit_of_measure: str


class _Item(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    buyer_product_identifier: str | None = None
    vendor_product_identifier: str
    available_quantity: _Quantity


class _Party(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    party_id: str


class _Inventory(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    selling_party: _Party
    is_full_update: bool
    items: list[_Item]


class _Update(msgspec.Struct, forbid_unknown_fields=True):
    inventory: _Inventory


def write_inventory_update(advice: InventoryAdvice) -> bytes:
    """The update as UTF-8 JSON. Raises Invalid for one without items, or with an item twice: Amazon takes neither for certain."""
    names = [item.vendor_product_id for item in advice.items]
    if not names:
        raise Invalid(
            f"Inventory {advice.number}: it names no product; a full update without any would empty a warehouse."
        )
    if len(set(names)) != len(names):
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise Invalid(
            f"Inventory {advice.number}: {', '.join(doubled[:5])} stands there twice; expected each item once."
        )
    items = [
        _Item(
            buyer_product_identifier=item.asin,
            vendor_product_identifier=item.vendor_product_id,
            available_quantity=_Quantity(item.eaches, EACH),
        )
        for item in advice.items
    ]
    return msgspec.json.encode(_Update(_Inventory(_Party(advice.vendor_code), advice.whole, items)))


def read_inventory_update(content: bytes) -> tuple[bool, tuple[AdvisedItem, ...]]:
    """Whether an update of ours was everything, and what it said of each product. Raises Unreadable for what we did not write."""
    try:
        inventory = msgspec.json.decode(content, type=_Update).inventory
        items = tuple(
            AdvisedItem(each.vendor_product_identifier, each.buyer_product_identifier, each.available_quantity.amount)
            for each in inventory.items
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Invalid) as error:
        raise Unreadable(f"Not an inventory update that Trueup wrote: {error}") from error
    return inventory.is_full_update, items
