"""What happens in a season of stock and when: shoppers, wholesale, renters, the warehouse, and what goes wrong between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """The kinds of happening; `details` of each are in brackets."""

    SALE = "sale"  # [sku, eaches, told] a shopper wants to buy; told: once, twice, late or never
    WHOLESALE = "wholesale"  # [order, sku, eaches] a purchase order arrives
    ARRIVAL = "arrival"  # [sku, eaches] goods come to the warehouse
    LOSS = "loss"  # [sku, eaches] goods are broken or gone there
    COUNT = "count"  # [reaches_at] the warehouse writes its count of everything; the file is read at reaches_at
    RENTAL = "rental"  # [sku, start, end, told] a customer rents from one day to another, both inclusive
    RETURN = "return"  # [number] what the rental of that number took comes back, and is made ready
    DRIFT = "drift"  # [sku, by] somebody changes the number shown in the shop by hand, and nobody is told
    SWEEP = "sweep"  # [] what is published is read back
    CRASH = "crash"  # [until] Trueup is down: what reaches it waits
    THROTTLE = "throttle"  # [until] the shop takes no writes


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens at an instant."""

    at: datetime
    act: Act
    details: dict[str, Any] = field(default_factory=dict)
