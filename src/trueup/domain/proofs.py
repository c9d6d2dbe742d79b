"""Proofs: what a carrier, a warehouse or the buyer has confirmed about goods we sent. Evidence in a dispute, not a movement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trueup.base.errors import Invalid


class ProofKind(StrEnum):
    """What is confirmed: handed to the carrier, handed over at the dock, or counted in by the buyer."""

    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Proof:
    """`quantity` eaches of `sku` are shipped, delivered or received on a `day`, as `document` says.

    `sku` "" and `quantity` None: the whole shipment, uncounted (a signed delivery note). `purchase_order` and `invoice` say what
    it proves; one of them must be there. `tracking`: the carrier's number; `document`: bill of lading, delivery note, receipt.
    Raises Invalid for a proof of nothing.
    """

    kind: ProofKind
    day: date
    purchase_order: str = ""
    invoice: str = ""
    sku: str = ""
    quantity: int | None = None
    carrier: str = ""
    tracking: str = ""
    document: str = ""

    def __post_init__(self) -> None:
        what = f"Proof {self.kind.value} on {self.day.isoformat()}"
        if not (self.purchase_order or self.invoice):
            raise Invalid(f"{what}: expected a purchase order or an invoice that it proves, found neither.")
        if (self.quantity is None) != (not self.sku):
            raise Invalid(f"{what}: expected sku and quantity together, found one of them; give both or none.")
        if self.quantity is not None and self.quantity < 0:
            raise Invalid(f"{what}: {self.quantity} of {self.sku}; expected zero or more.")
