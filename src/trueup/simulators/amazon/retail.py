"""What Amazon knows of a vendor's products: sales and stock of each day, of each hour, and its forecast; every version of each.

A figure becomes visible some time after its day (`Rules.retail_lag`), an hour's after five minutes, and may be told again later
with other values: then the newer is what reports made from that moment on say, and no report says that anything changed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from trueup.base.errors import Invalid
from trueup.simulators.amazon.shapes import instant

HOUR_LAG = timedelta(minutes=5)
_ZERO = Decimal(0)


class _Figures(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Camel case outside, snake case inside, nothing unknown."""


class Sales(_Figures, tag="sales"):
    """A day's sales of one product."""

    ordered_units: int = 0
    ordered_revenue: Decimal = _ZERO
    shipped_units: int = 0
    shipped_revenue: Decimal = _ZERO
    shipped_cogs: Decimal = _ZERO
    customer_returns: int = 0


class Inventory(_Figures, tag="inventory"):
    """A day's movements of one product, and what lay there when it ended."""

    net_received_inventory_units: int = 0
    net_received_inventory_cost: Decimal = _ZERO
    open_purchase_order_units: int = 0
    sellable_on_hand_inventory_units: int = 0
    sellable_on_hand_inventory_cost: Decimal = _ZERO
    unsellable_on_hand_inventory_units: int = 0
    unsellable_on_hand_inventory_cost: Decimal = _ZERO
    unfilled_customer_ordered_units: int = 0
    receive_fill_rate: Decimal | None = None
    vendor_confirmation_rate: Decimal | None = None
    average_vendor_lead_time_days: Decimal | None = None


class HourSales(_Figures, tag="hour-sales"):
    """An hour's orders less cancellations: it may be negative."""

    ordered_units: int = 0
    ordered_revenue: Decimal = _ZERO


class HourInventory(_Figures, tag="hour-inventory"):
    """What could be sold at the end of an hour."""

    highly_available_inventory: Annotated[int, msgspec.Meta(ge=0)] = 0


class Forecast(_Figures, tag="forecast"):
    """What Amazon expects to sell in a week that begins on a Sunday."""

    mean_forecast_units: Decimal
    p70_forecast_units: Decimal
    p80_forecast_units: Decimal
    p90_forecast_units: Decimal


Figures: TypeAlias = Sales | Inventory | HourSales | HourInventory | Forecast


class RetailFact(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Figures of one product. `at`: the day, the first day of a forecast week, or the beginning of an hour.

    `view`: in which distributor view they are seen; in both when absent. `visible_at`: from when on.
    """

    marketplace_id: str
    vendor_code: str
    asin: str
    at: str
    figures: Figures
    visible_at: str | None = None
    selling_program: Literal["RETAIL", "BUSINESS", "FRESH"] = "RETAIL"
    view: Literal["MANUFACTURING", "SOURCING"] | None = None
    currency: str = "USD"

    @property
    def begins(self) -> datetime:
        """When it begins; a day at its midnight in UTC."""
        if isinstance(self.figures, HourSales | HourInventory):
            return instant(self.at)
        return datetime.combine(date.fromisoformat(self.at), datetime.min.time(), UTC)

    def __post_init__(self) -> None:
        begins = self.begins
        if isinstance(self.figures, HourSales | HourInventory) and (begins.minute or begins.second):
            raise ValueError(f"{self.at} is not the beginning of an hour")
        if isinstance(self.figures, Forecast) and begins.weekday() != 6:
            raise ValueError(f"{self.at} is not a Sunday")
        if self.visible_at is not None:
            instant(self.visible_at)


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is made of: of which group and store, which kind of figures, in which program and view."""

    group: str
    marketplace_id: str
    kind: type[Figures]
    selling_program: str = "RETAIL"
    view: str | None = None


@dataclass(slots=True)
class Retail:
    """Every version of every fact. `lag`: how long after a day ended its figures are seen."""

    lag: timedelta
    _versions: dict[tuple[Any, ...], list[tuple[datetime, int, RetailFact]]] = field(default_factory=dict)

    def add(self, facts: bytes | Sequence[Mapping[str, Any]], owner_of: Callable[[str], str]) -> int:
        """Keep facts, or later versions of them; returns how many. All or none. Raises Invalid."""
        try:
            if isinstance(facts, bytes):
                read = msgspec.json.decode(facts, type=list[RetailFact])
            else:
                read = msgspec.convert(facts, list[RetailFact])
        except msgspec.MsgspecError as error:
            raise Invalid(f"RetailFact given to the Amazon simulator: {error}.") from error
        owners = [owner_of(fact.vendor_code) for fact in read]
        for fact, owner in zip(read, owners, strict=True):
            place = (owner, fact.marketplace_id, fact.selling_program, type(fact.figures), fact.begins, fact.asin)
            for view in (fact.view,) if fact.view else ("MANUFACTURING", "SOURCING"):
                kept = self._versions.setdefault((*place, view), [])
                insort(kept, (self.visible_from(fact), len(kept), fact), key=lambda each: each[:2])
        return len(read)

    def visible_from(self, fact: RetailFact) -> datetime:
        """From when on a fact is seen."""
        if fact.visible_at is not None:
            return instant(fact.visible_at)
        match fact.figures:
            case HourSales() | HourInventory():
                return fact.begins + timedelta(hours=1) + HOUR_LAG
            case Forecast():
                return datetime.min.replace(tzinfo=UTC)
        return fact.begins + timedelta(days=1) + self.lag

    def seen(
        self, question: Question, start: datetime, end: datetime, now: datetime
    ) -> Iterator[tuple[datetime, RetailFact]]:
        """The facts that begin from `start` to before `end` as they are seen now: by time, then by product."""
        asked = (question.group, question.marketplace_id, question.selling_program, question.kind)
        found = []
        for place, versions in self._versions.items():
            *head, begins, asin, view = place
            if tuple(head) != asked or not start <= begins < end or view != (question.view or "MANUFACTURING"):
                continue
            visible = [fact for at, _, fact in versions if at <= now]
            if visible:
                found.append((begins, asin, visible[-1]))
        for begins, _, fact in sorted(found, key=lambda each: each[:2]):
            yield begins, fact
