"""Read again: a document as today's formats read it, held against what was kept of it when it was taken in. It changes nothing.

Orders and payments are kept word for word, so that each value that would be another today is told with both. What told nothing new
then was not kept of it, and is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import DocumentError
from trueup.domain.orders import PurchaseOrder
from trueup.domain.partners import Route
from trueup.domain.remittances import Remittance
from trueup.formats.amazon_vendor import orders as vendor_orders
from trueup.formats.document import Finding, Reading
from trueup.formats.recognise import read_as_known
from trueup.formats.x12.sets import order_850
from trueup.storage.json_values import to_json
from trueup.storage.views.readings import Kept, load_kept
from trueup.workflows.world import World

MOST_KEPT = 500
LARGEST_INSIDE_BYTES = 64_000_000
"""How much of what is inside of GZIP is read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is read otherwise today: of what, which part, then and now; None where it was not, or is no more."""

    name: str
    href: str
    part: str
    then: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What a reading of today comes to. `compared`: how many orders and payments were kept of it then."""

    format: str
    values: int
    findings: tuple[Finding, ...]
    compared: int
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        if not self.compared:
            return f"Read as {self.format} today: {self.values} values. Nothing was kept of it word for word to compare with."
        found = len(self.differences)
        said = (
            "nothing is read otherwise"
            if not found
            else f"{found} {'value is' if found == 1 else 'values are'} read otherwise"
        )
        return f"Read again as {self.format}: of {self.compared} that were kept, {said} today. Nothing was changed."


def read_again(connection: sa.Connection, world: World, digest: str) -> ReadAgain:
    """Raises Unreadable where no format reads it by itself."""
    content = world.read(connection, digest)
    kept = load_kept(connection, digest, MOST_KEPT)
    reading = _read(content, kept)
    today = {_key(value): value for value in reading.values}
    differences = [each for was in kept for each in _differences(was, today.get(_key(was.value)))]
    return ReadAgain(reading.format, len(reading.values), reading.findings, len(kept), tuple(differences))


def _read(content: bytes, kept: Iterable[Kept]) -> Reading[Any]:
    """As it was read then: an order for its partner, and of EDI in the currency that was taken for its own."""
    was = next((each for each in kept if isinstance(each.value, PurchaseOrder)), None)
    if was is None or not isinstance(was.value, PurchaseOrder):
        return read_as_known(content, LARGEST_INSIDE_BYTES)
    if was.value.route is Route.EDI:
        currency = next((line.net_cost.currency for line in was.value.lines if line.net_cost is not None), None)
        return order_850.read_orders(content, partner=was.partner, currency=currency)
    return vendor_orders.read_orders(content, partner=was.partner)


def _key(value: Any) -> str:
    if isinstance(value, PurchaseOrder):
        return f"order {value.number} {value.changed_at}"
    if isinstance(value, Remittance):
        return f"payment {value.payment}"
    return str(type(value).__name__)


def _differences(was: Kept, now: Any) -> list[Difference]:
    if now is None:
        return [Difference(was.name, was.href, "all of it", "read then", None)]
    before, after = dict(_leaves(to_json(was.value))), dict(_leaves(to_json(now)))
    return [
        Difference(was.name, was.href, part, before.get(part), after.get(part))
        for part in dict.fromkeys((*before, *after))
        if before.get(part) != after.get(part)
    ]


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, str | None]]:
    """Each value with the words that lead to it: `lines 3 net cost`."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{path} {str(name).replace('_', ' ')}")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value, 1):
            yield from _leaves(each, f"{path} {number}")
    elif value is not None and value != "":
        yield path.strip(), str(value)


def try_read_again(connection: sa.Connection, world: World, digest: str) -> tuple[ReadAgain | None, str]:
    """As `read_again`; or None, and why it cannot be read."""
    try:
        return read_again(connection, world, digest), ""
    except DocumentError as error:
        return None, str(error)
