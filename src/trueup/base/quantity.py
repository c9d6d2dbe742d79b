"""Quantity: a whole count and what it counts. A case is never mistaken for an each, because the unit travels with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trueup.base.errors import Invalid

LARGEST_COUNT = 10**12  # beyond any warehouse; above it a number is a defect or an attack


class Unit(StrEnum):
    """What one piece of a quantity is. Amazon's vendor documents know these two (SP-API `Eaches`, `Cases`; X12 355 `EA`, `CA`)."""

    EACH = "each"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Quantity:
    """`amount` pieces of `unit`; `unit_size` is how many eaches one piece holds (1 for an each, None when not stated)."""

    amount: int
    unit: Unit
    unit_size: int | None = None

    def __post_init__(self) -> None:
        if type(self.amount) is not int or abs(self.amount) > LARGEST_COUNT:
            raise Invalid(f"Quantity of {self.amount!r}: expected a whole number below {LARGEST_COUNT}.")
        if self.unit_size is not None and not 0 < self.unit_size <= LARGEST_COUNT:
            raise Invalid(f"Quantity in units of {self.unit_size!r} eaches: expected a positive whole number.")

    @classmethod
    def eaches(cls, amount: int) -> Quantity:
        """A count of single pieces."""
        return cls(amount, Unit.EACH, 1)

    def __str__(self) -> str:
        name = {
            Unit.EACH: "each" if self.amount == 1 else "eaches",
            Unit.CASE: "case" if self.amount == 1 else "cases",
        }
        size = f" of {self.unit_size}" if self.unit is Unit.CASE and self.unit_size else ""
        return f"{self.amount} {name[self.unit]}{size}"
