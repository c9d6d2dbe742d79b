"""Vendor returns: goods of a purchase order that came back from the buyer, as units that a circular programme is to have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.domain.circular import NewItem, Visibility


class ReturnedState(StrEnum):
    """How far a unit is. WANTED: its item is to be made. MADE: it was seen there. REFUSED: a person has to look."""

    WANTED = "wanted"
    MADE = "made"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReturnedUnit:
    """One each that came back. `cost`: what the buyer had agreed to pay for it; None where the order line has none.

    `become`: what its item is from the start, by the agreement. `condition`: the programme's id of a condition.
    """

    id: int
    order_id: int
    sequence: int
    sku: str
    programme: str
    serial: str
    become: Visibility
    cost: Money | None = None
    condition: int | None = None
    state: ReturnedState = ReturnedState.WANTED
    item: int | None = None

    @property
    def subject(self) -> str:
        """How cases speak of it."""
        return f"vendor-return {self.id}"

    def new_item(self, variant: str) -> NewItem:
        """The item that is to be made of it."""
        return NewItem(variant, self.serial, self.become, self.condition, acquisition_cost=self.cost)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a person says came back: so many eaches of a product; the serials of some, and the condition of all.

    `before`: how many of the product had come back of the order already, as the person knows. A unit without a serial is the next
    one after those: by this number it is told from a unit that somebody else has said just now.
    """

    sku: str
    eaches: int
    serials: tuple[str, ...] = ()
    condition: int | None = None
    programme: str = ""
    before: int = 0

    def __post_init__(self) -> None:
        if self.eaches < 1:
            raise Refused(f"{self.eaches} eaches of {self.sku} came back; expected one at least.")
        if len(self.serials) > self.eaches or len(set(self.serials)) < len(self.serials) or "" in self.serials:
            raise Refused(
                f"{len(self.serials)} serials for {self.eaches} eaches of {self.sku}; expected one for each at most, none twice."
            )


def serials_of(returned: Returned, stem: str, taken: Collection[str]) -> Sequence[str]:
    """A serial for each unit: those that were told, then `stem` with the next free numbers."""
    serials = list(returned.serials)
    number = 0
    while len(serials) < returned.eaches:
        number += 1
        if (serial := f"{stem}-{number}") not in taken and serial not in serials:
            serials.append(serial)
    return serials


def place_return(returned: Returned, sold: dict[int, int], before: dict[int, int]) -> list[int]:
    """The order's line of each unit that came back, one entry a unit, by sequence.

    `sold`: the eaches that the buyer was promised of the product, by line; `before`: those that came back before. Raises Refused
    when more came back than went out.
    """
    left = {line: eaches - before.get(line, 0) for line, eaches in sold.items()}
    free = sum(each for each in left.values() if each > 0)
    if returned.eaches > free:
        told = f", {sum(before.values())} of them came back before" if any(before.values()) else ""
        raise Refused(
            f"{returned.eaches} eaches of {returned.sku} came back, expected {free} at most: "
            f"the order was promised {sum(sold.values())}{told}."
        )
    lines = [line for line, each in sorted(left.items()) for _ in range(max(0, each))]
    return lines[: returned.eaches]
