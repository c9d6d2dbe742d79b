"""Partners and agreements: who orders from us, on which terms, from when to when. Nothing here is guessed; it is agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from trueup.base.errors import ConfigurationError
from trueup.base.money import check_currency
from trueup.domain.buffers import BufferRule
from trueup.domain.chart import CREDITABLE, Purpose
from trueup.domain.circular import Visibility
from trueup.domain.direct_fulfillment import DirectFulfillment
from trueup.domain.ring_fences import Fence


class Route(StrEnum):
    """How documents travel between a partner and us."""

    SP_API = "sp-api"
    EDI = "edi"


class CostBasis(StrEnum):
    """What Amazon's `netCost` is the price of on lines ordered in cases. Amazon's own model and guide contradict each other."""

    EACH = "each"
    CASE = "case"


class Shortfall(StrEnum):
    """What to answer for goods that are not there."""

    BACKORDER = "backorder"
    REJECT = "reject"


class Fallback(StrEnum):
    """What to answer for a line still held when the acknowledgement falls due.

    A rejected line can never be reopened at Amazon, so both ways of rejecting need `Agreement.fallback_words`.
    """

    BACKORDER = "backorder"
    BACKORDER_ELSE_REJECT = "backorder-else-reject"
    REJECT = "reject"


_ITEMS_BECOME = {
    "items_shipped": (Visibility.RETIRED, Visibility.SOLD),
    "items_released": (Visibility.AVAILABLE, Visibility.UNAVAILABLE),
    "items_returned": (Visibility.AVAILABLE, Visibility.UNAVAILABLE, None),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The terms between us and one vendor code of a partner, in force from `valid_from` up to, not including, `valid_to`.

    `acknowledge_within`: Amazon asks for an answer within 24 hours, backordered lines included.
    `amend_within`: quantities and prices may be changed for 48 hours; afterwards dates only.
    `absurd_factor`, `absurd_floor_eaches`: a line is absurd above `absurd_factor` times the largest line of that product
    before, or above the floor when there is no history.
    `buffer_eaches`, `buffer_percent`, `buffer_risk_percent`: what is never promised is the largest of the three.
    `inventory_warehouse`: the buyer's code of our warehouse, where its programme takes inventory and is told what it may order.
    `items_shipped`, `items_released`: what an item of a circular programme becomes when an order took it, and when an order
    gives it back: available again, or unavailable until a person has looked at it. `items_returned`: what goods that came back
    from the buyer become as items; None where they do not go to the programme.
    `books_revenue`: whether Trueup books revenue and receivable of our invoices; by default the shop's own feed does.
    `credit_notes`: what accounts are for whose deductions lower the price under VAT, so that a credit note is owed for each.
    `version`, `approved_by`: the version that people decided, and who approved it; 0 and "" for what trueup.toml says.
    """

    partner: str
    vendor_code: str
    currency: str
    cost_basis: CostBasis
    shop: str
    ship_from: str
    sells_by_pack: bool = True
    cost_tolerance: Decimal = Decimal(0)
    cost_tolerance_percent: Decimal = Decimal(0)
    absurd_factor: int = 10
    absurd_floor_eaches: int = 10_000
    buffer_eaches: int = 0
    buffer_percent: Decimal = Decimal(0)
    buffer_risk_percent: Decimal | None = None
    fences: tuple[Fence, ...] = ()
    items_shipped: Visibility = Visibility.RETIRED
    items_released: Visibility = Visibility.AVAILABLE
    items_returned: Visibility | None = None
    shortfall: Shortfall = Shortfall.BACKORDER
    backorder_days: int = 14
    acknowledge_within: timedelta = timedelta(hours=24)
    acknowledge_margin: timedelta = timedelta(hours=2)
    amend_within: timedelta = timedelta(hours=48)
    fallback: Fallback = Fallback.BACKORDER
    fallback_words: str = ""
    company_location: str | None = None
    inventory_warehouse: str | None = None
    owner: str = "operations"
    books_revenue: bool = False
    credit_notes: tuple[Purpose, ...] = ()
    time_zone: str = "UTC"
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None
    version: int = 0
    approved_by: str = ""

    def __post_init__(self) -> None:
        check_currency(self.currency)
        where = f"Agreement {self.partner}/{self.vendor_code}"
        if self.fallback is not Fallback.BACKORDER and len(self.fallback_words.split()) < 5:
            raise ConfigurationError(
                f"{where}: fallback {self.fallback.value!r} rejects lines for ever; say so in `fallback_words` in a whole "
                f"sentence, or use fallback 'backorder'."
            )
        for name, allowed in _ITEMS_BECOME.items():
            if getattr(self, name) not in allowed:
                words = " or ".join(repr(each.value) for each in allowed if each)
                raise ConfigurationError(f"{where}: {name} {getattr(self, name).value!r}; expected {words}.")
        if not timedelta(0) < self.acknowledge_margin < self.acknowledge_within:
            raise ConfigurationError(
                f"{where}: acknowledge_margin {self.acknowledge_margin} must lie between zero and {self.acknowledge_within}."
            )
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ConfigurationError(f"{where}: valid_to {self.valid_to} is not after valid_from {self.valid_from}.")
        if strange := [purpose.value for purpose in self.credit_notes if purpose not in CREDITABLE]:
            raise ConfigurationError(
                f"{where}: no credit note is owed for {', '.join(strange)}; `credit_notes` may list {', '.join(CREDITABLE)}."
            )
        for name in ("absurd_factor", "absurd_floor_eaches", "backorder_days"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{where}: {name} must be positive, found {getattr(self, name)}.")
        for name in ("buffer_eaches", "cost_tolerance", "cost_tolerance_percent"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{where}: {name} must not be negative, found {getattr(self, name)}.")
        try:
            _ = self.buffer
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from error

    @property
    def stands(self) -> str:
        """Where these terms stand, in words."""
        if not self.version:
            return "as trueup.toml says"
        return f"version {self.version} of the agreement, approved by {self.approved_by}"

    @property
    def buffer(self) -> BufferRule:
        """How much is never promised under these terms. Raises ConfigurationError for a share that cannot be."""
        return BufferRule.of(self.buffer_eaches, self.buffer_percent, self.buffer_risk_percent)

    def deadline(self, received_from: datetime) -> datetime:
        """When the acknowledgement of something ordered or changed at that instant is due."""
        return received_from + self.acknowledge_within

    def covers(self, moment: datetime) -> bool:
        """Whether the terms are in force on that day, in UTC."""
        day = moment.astimezone(UTC).date()
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Partner:
    """Someone who orders from us: one vendor group at Amazon, with one refresh token, in one region, of several vendor codes."""

    name: str
    region: str
    agreements: tuple[Agreement, ...]
    direct_fulfillment: tuple[DirectFulfillment, ...] = ()

    def agreement(self, vendor_code: str, moment: datetime) -> Agreement | None:
        """The terms in force for a vendor code at an instant, or None. Raises ConfigurationError when two are."""
        found = [terms for terms in self.agreements if terms.vendor_code == vendor_code and terms.covers(moment)]
        if len(found) > 1:
            raise ConfigurationError(
                f"Partner {self.name}: {len(found)} agreements with {vendor_code} are in force on {moment:%Y-%m-%d}; expected one."
            )
        return found[0] if found else None
