"""The JSON shapes of the vendor orders API as typed structs: purchase orders as placed, acknowledgements as sent.

Source: Amazon's published model of the Vendor Retail Procurement Orders API v1. Unknown elements are refused, as Amazon
refuses them ("Invalid content"), and enumerations are case-sensitive.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid

_DECIMAL = r"^-?(0|([1-9]\d*))(\.\d+)?([eE][+-]?\d{1,2})?$"
"""Amazon's pattern of a decimal, with the exponent held to two digits so that no number can fill the memory."""

DecimalText = Annotated[str, msgspec.Meta(pattern=_DECIMAL, max_length=60)]
Unit = Literal["Cases", "Eaches"]


def instant(text: str) -> datetime:
    """An ISO 8601 date and time; without a zone it is UTC, as in Amazon's own samples. Raises ValueError otherwise."""
    if len(text) < 16 or text[10] != "T":
        raise ValueError(f"{text!r} is not an ISO-8601 date/time")
    try:
        return read_instant(text)
    except Invalid as error:
        raise ValueError(f"{text!r} is not an ISO-8601 date/time") from error


class _Shape(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Camel case outside, snake case inside, nothing unknown, nothing absent written."""


class ItemQuantity(_Shape, kw_only=True):
    """A count; `unit_size` is the case size in eaches."""

    amount: int | None = None
    unit_of_measure: Unit | None = None
    unit_size: int | None = None


class Money(_Shape, kw_only=True):
    """Text decimal and currency; `unit_of_measure` only for goods sold by weight."""

    currency_code: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    amount: DecimalText | None = None
    unit_of_measure: Literal["POUNDS", "OUNCES", "GRAMS", "KILOGRAMS"] | None = None

    def value(self) -> Decimal | None:
        """The exact amount; None when absent."""
        return None if self.amount is None else Decimal(self.amount)


class Party(_Shape, kw_only=True):
    """A party by its id; address and tax information are carried unread."""

    party_id: str
    address: dict[str, Any] | None = None
    tax_info: dict[str, Any] | None = None


class OrderItem(_Shape, kw_only=True):
    """One line of a purchase order."""

    item_sequence_number: str
    amazon_product_identifier: str | None = None
    vendor_product_identifier: str | None = None
    ordered_quantity: ItemQuantity
    is_back_order_allowed: bool
    net_cost: Money | None = None
    list_price: Money | None = None

    def __post_init__(self) -> None:
        if not self.item_sequence_number.isdecimal():
            raise ValueError(f"itemSequenceNumber {self.item_sequence_number!r} is not a number")
        if self.ordered_quantity.amount is None or self.ordered_quantity.unit_of_measure is None:
            raise ValueError("orderedQuantity needs amount and unitOfMeasure")


class OrderDetails(_Shape, kw_only=True):
    """What a purchase order says beside its number and state."""

    purchase_order_date: str
    purchase_order_changed_date: str | None = None
    purchase_order_state_changed_date: str | None = None
    purchase_order_type: Literal["RegularOrder", "ConsignedOrder", "NewProductIntroduction", "RushOrder"] | None = None
    import_details: dict[str, Any] | None = None
    deal_code: str | None = None
    payment_method: Literal["Invoice", "Consignment", "CreditCard", "Prepaid"] | None = None
    buying_party: Party | None = None
    selling_party: Party
    ship_to_party: Party | None = None
    bill_to_party: Party | None = None
    ship_window: str | None = None
    delivery_window: str | None = None
    items: list[OrderItem]

    def __post_init__(self) -> None:
        instant(self.purchase_order_date)
        numbers = [int(item.item_sequence_number) for item in self.items]
        if not numbers or len(set(numbers)) != len(numbers):
            raise ValueError("items needs at least one line, each with its own itemSequenceNumber")


class OrderDocument(_Shape, kw_only=True):
    """A purchase order as getPurchaseOrder returns it: what a scenario gives to the simulator."""

    purchase_order_number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    purchase_order_state: Literal["New", "Acknowledged", "Closed"] = "New"
    order_details: OrderDetails


class ItemDecision(_Shape, kw_only=True):
    """One part of a line's acknowledgement. A missing code passes the door and fails the transaction, as documented."""

    acknowledgement_code: Literal["Accepted", "Backordered", "Rejected"] | None = None
    acknowledged_quantity: ItemQuantity
    scheduled_ship_date: str | None = None
    scheduled_delivery_date: str | None = None
    rejection_reason: Literal["TemporarilyUnavailable", "InvalidProductIdentifier", "ObsoleteProduct"] | None = None

    def __post_init__(self) -> None:
        for text in (self.scheduled_ship_date, self.scheduled_delivery_date):
            if text is not None:
                instant(text)


class AcknowledgedItem(_Shape, kw_only=True):
    """A line's acknowledgement; several decisions split the line."""

    item_sequence_number: str | None = None
    amazon_product_identifier: str | None = None
    vendor_product_identifier: str | None = None
    ordered_quantity: ItemQuantity
    net_cost: Money | None = None
    list_price: Money | None = None
    discount_multiplier: str | None = None
    item_acknowledgements: list[ItemDecision]


class OrderAcknowledgement(_Shape, kw_only=True):
    """The acknowledgement of one whole purchase order."""

    purchase_order_number: str
    selling_party: Party
    acknowledgement_date: str
    items: list[AcknowledgedItem]

    def __post_init__(self) -> None:
        instant(self.acknowledgement_date)


class AcknowledgementRequest(_Shape, kw_only=True):
    """The body of submitAcknowledgement."""

    acknowledgements: Annotated[list[OrderAcknowledgement], msgspec.Meta(min_length=1)]


class LineChange(_Shape, kw_only=True):
    """What Amazon changes on one line; amount 0 cancels it."""

    item_sequence_number: str
    amount: int | None = None
    net_cost: DecimalText | None = None


class OrderChange(_Shape, kw_only=True):
    """What Amazon changes on an order: lines, new lines, windows, the fulfilment centre, or everything cancelled."""

    lines: list[LineChange] = []
    add: list[OrderItem] = []
    ship_window: str | None = None
    delivery_window: str | None = None
    ship_to_party: Party | None = None
    cancel: bool = False
