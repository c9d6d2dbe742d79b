"""Channels: where stock is promised or published, for whom, from which location, and under which buffer and fences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from trueup.domain.buffer_changes import standing_of
from trueup.domain.buffers import BufferRule
from trueup.domain.inventory import Availability, Claimant, Supply, available
from trueup.domain.ring_fences import Fence, fencing


@dataclass(frozen=True, slots=True)
class Channel:
    """A place that is told how much of each product it may sell. `name` is its key: a computed buffer is kept under it.

    `buffer` is what the settings say; `buffers` are the rules in force that people decided since, by SKU (`domain.buffer_changes`).
    `fences` are those of every agreement in force that ships from the location: what is kept, is kept from all.
    """

    name: str
    claimant: Claimant
    location: str
    buffer: BufferRule = BufferRule()  # noqa: RUF009 - frozen
    fences: tuple[Fence, ...] = ()
    buffers: Mapping[str, BufferRule] = field(default_factory=dict)

    def buffer_of(self, sku: str) -> BufferRule:
        """The rule that holds for a product."""
        return standing_of(self.buffer, self.buffers, sku).rule

    def available(self, supply: Supply, day: date, computed_buffer: int = 0) -> Availability:
        """What may be promised or published of a product there on a day, and the sum that makes it."""
        buffer = self.buffer_of(supply.level.sku).size(supply.pool, computed_buffer)
        return available(supply, fencing(self.fences, supply.level.sku, day).asking(self.claimant, supply, buffer))
