"""Direct Fulfillment inventory: warehouses of vendor codes, what Amazon believes lies in each, and updates on their way into it.

An update is taken in at once and judged later, whole: one item that is wrong fails it, and its errors name every such item, in
words. Nothing lists updates, and nothing reads back what Amazon holds. Sources: the published models of the inventory and
transaction APIs and their issues (INVALID_ITEM_ID and its words; a vendor's own id without an ASIN is refused unless Amazon mapped
it). Where they are silent the harsher reading: an item named twice fails the update; an unknown vendor code is told late, by the
transaction.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from trueup.base.errors import Invalid
from trueup.simulators.amazon.budgets import DIRECT_TRANSACTION, SUBMIT_INVENTORY
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.replies import Problem, Reply, invalid_input, not_found, payload

if TYPE_CHECKING:
    from trueup.simulators.amazon.operations import Call
    from trueup.simulators.amazon.simulator import AmazonSimulator

_UNITS = ("Each", "EACH")
_MAPPED = "Ensure that your product ID (SKU/UPC/EAN) is correctly mapped to an Amazon ASIN."


class _Shape(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Camel case outside, snake case inside, nothing unknown."""


class _Quantity(_Shape):
    unit_of_measure: str
    amount: int | None = None


class _Item(_Shape):
    available_quantity: _Quantity
    buyer_product_identifier: str | None = None
    vendor_product_identifier: str | None = None
    is_obsolete: bool = False


class _Party(_Shape):
    party_id: str


class _Inventory(_Shape):
    selling_party: _Party
    is_full_update: bool
    items: list[_Item]


class _Update(_Shape):
    inventory: _Inventory


class CatalogItem(msgspec.Struct, forbid_unknown_fields=True):
    """A product that a warehouse may send. `vendor_product_id`: the vendor's own id, where Amazon mapped it to the ASIN."""

    asin: str
    vendor_product_id: str | None = None


class WarehouseDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A warehouse as it is set up."""

    vendor_code: str
    warehouse: str
    items: list[CatalogItem]


@dataclass(slots=True)
class Warehouse:
    """A warehouse with its catalogue, and how many of each ASIN Amazon believes it has."""

    vendor_code: str
    group: str
    items: dict[str, CatalogItem]
    held: dict[str, int] = field(default_factory=dict)
    history: list[tuple[datetime, str, int]] = field(default_factory=list)


@dataclass(slots=True)
class InventoryTransaction:
    """A submitted update. `due_at` is None when it will be processed for ever."""

    transaction_id: str
    group: str
    warehouse: str
    arrived_at: datetime
    due_at: datetime | None
    update: _Inventory
    doom: str | None = None
    settled_at: datetime | None = None
    errors: list[Problem] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Processing until it is judged."""
        if self.settled_at is None:
            return "Processing"
        return "Failure" if self.errors else "Success"


@dataclass(slots=True)
class Warehouses:
    """Every warehouse by its code, and every update by its transaction."""

    warehouses: dict[str, Warehouse] = field(default_factory=dict)
    transactions: dict[str, InventoryTransaction] = field(default_factory=dict)
    _due: list[tuple[datetime, int, str]] = field(default_factory=list)

    def add(self, documents: Sequence[Any], owner_of: Callable[[str], str]) -> list[str]:
        """Set warehouses up, or give them another catalogue; returns their codes. Raises Invalid."""
        try:
            read = msgspec.convert(list(documents), list[WarehouseDocument])
        except msgspec.ValidationError as error:
            raise Invalid(f"Warehouse given to the Amazon simulator: {error}.") from error
        for each in read:
            items = {item.asin: item for item in each.items}
            known = self.warehouses.get(each.warehouse)
            if known is None:
                group = owner_of(each.vendor_code)
                self.warehouses[each.warehouse] = Warehouse(each.vendor_code, group, items)
            else:
                known.items = items
        return [each.warehouse for each in read]

    def take_in(self, transaction: InventoryTransaction) -> None:
        """Keep an update until it is due."""
        self.transactions[transaction.transaction_id] = transaction
        if transaction.due_at is not None:
            heapq.heappush(self._due, (transaction.due_at, len(self.transactions), transaction.transaction_id))

    def settle(self, now: datetime) -> None:
        """Judge every update that is due, in the order in which they are: a late one overwrites what came after it."""
        while self._due and self._due[0][0] <= now:
            due, _, transaction_id = heapq.heappop(self._due)
            transaction = self.transactions[transaction_id]
            transaction.settled_at = due
            _judge(self.warehouses[transaction.warehouse], transaction)

    def next_event(self) -> datetime | None:
        """When an update is judged next."""
        return self._due[0][0] if self._due else None


def _judge(warehouse: Warehouse, transaction: InventoryTransaction) -> None:
    """Apply an update whole or not at all."""
    update = transaction.update
    if transaction.doom is not None:
        transaction.errors = [Problem("INTERNAL_ERROR", transaction.doom)]
        return
    if update.selling_party.party_id != warehouse.vendor_code:
        transaction.errors = [Problem("INVALID_VENDOR_CODE", f"{update.selling_party.party_id} is not a valid vendor.")]
        return
    found = [(item, _find(warehouse, item)) for item in update.items]
    transaction.errors = list(_problems(found))
    if transaction.errors:
        return
    numbers = dict.fromkeys(warehouse.held, 0) if update.is_full_update else dict(warehouse.held)
    numbers |= {known.asin: item.available_quantity.amount or 0 for item, known in found if known is not None}
    assert transaction.settled_at is not None
    for asin, number in numbers.items():
        if warehouse.held.get(asin) != number:
            warehouse.history.append((transaction.settled_at, asin, number))
    warehouse.held = numbers


def _find(warehouse: Warehouse, item: _Item) -> CatalogItem | None:
    """By ASIN, else by an id of the vendor's that Amazon mapped."""
    if item.buyer_product_identifier is not None:
        return warehouse.items.get(item.buyer_product_identifier)
    mapped = {each.vendor_product_id: each for each in warehouse.items.values() if each.vendor_product_id is not None}
    return mapped.get(item.vendor_product_identifier or "")


def _problems(found: Sequence[tuple[_Item, CatalogItem | None]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for item, known in found:
        name = item.vendor_product_identifier or item.buyer_product_identifier or ""
        if known is None:
            yield Problem("INVALID_ITEM_ID", f"{name} is not a valid product ID", _MAPPED)
            continue
        if known.asin in seen:
            yield Problem("DUPLICATE_ITEM", f"{name} is named more than once")
        seen.add(known.asin)
        amount, unit = item.available_quantity.amount, item.available_quantity.unit_of_measure
        if amount is None or amount < 0 or unit not in _UNITS:
            yield Problem("INVALID_QUANTITY", f"{name} is given {amount} {unit}")


def submit_inventory(simulator: AmazonSimulator, call: Call) -> Reply:
    """submitInventoryUpdate: taken in now, judged later."""
    code, _, rest = call.name.partition("/")
    if rest != "items":
        raise not_found(f"POST warehouses/{call.name}")
    try:
        update = msgspec.json.decode(call.body, type=_Update).inventory
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_input("Invalid content was found in the request body.", str(error)[:300]) from error
    warehouse = simulator.inventory.warehouses.get(code)
    if warehouse is None or warehouse.group != call.group:
        raise invalid_input(f"Warehouse {code[:60]} is not valid for this vendor.")
    nameless = any(not each.buyer_product_identifier and not each.vendor_product_identifier for each in update.items)
    if nameless or not update.items:
        raise invalid_input(
            "Each item needs buyerProductIdentifier or vendorProductIdentifier, and one item is needed."
        )
    take = simulator.faults.take
    late = take(FaultKind.APPLIED_LATE, SUBMIT_INVENTORY)
    delay = simulator.rules.inventory_delay if late is None else timedelta(seconds=late.seconds)
    doom = take(FaultKind.TRANSACTION_FAILURE, SUBMIT_INVENTORY)
    transaction = InventoryTransaction(
        transaction_id=f"{simulator.new_uuid()}-{call.now:%Y%m%d%H%M%S}",
        group=call.group,
        warehouse=code,
        arrived_at=call.now,
        due_at=None if take(FaultKind.PROCESSING_FOREVER, SUBMIT_INVENTORY) is not None else call.now + delay,
        update=update,
        doom=None if doom is None else doom.text,
    )
    simulator.inventory.take_in(transaction)
    return payload(202, {"transactionId": transaction.transaction_id})


def get_transaction_status(simulator: AmazonSimulator, call: Call) -> Reply:
    """getTransactionStatus of direct fulfillment: all three states are said."""
    transaction = simulator.inventory.transactions.get(call.name)
    if transaction is None or transaction.group != call.group:
        raise not_found(f"Transaction {call.name}")
    status: dict[str, Any] = {"transactionId": transaction.transaction_id, "status": transaction.status}
    if transaction.errors:
        status["errors"] = transaction.errors
    return payload(200, {"transactionStatus": status})


def warehouses_state(simulator: AmazonSimulator) -> dict[str, Any]:
    """What Amazon believes of each warehouse, and every update: for tests and auditors alone."""
    simulator.now()
    shelf = simulator.inventory
    return {
        "warehouses": {
            code: {"vendor_code": each.vendor_code, "held": each.held, "history": each.history}
            for code, each in shelf.warehouses.items()
        },
        "transactions": [
            {
                "transaction_id": each.transaction_id,
                "warehouse": each.warehouse,
                "status": each.status,
                "arrived_at": each.arrived_at,
                "settled_at": each.settled_at,
                "full": each.update.is_full_update,
                "items": len(each.update.items),
                "numbers": {
                    item.buyer_product_identifier or item.vendor_product_identifier: item.available_quantity.amount
                    for item in each.update.items
                },
                "errors": each.errors,
            }
            for each in shelf.transactions.values()
        ],
    }


PERFORM_INVENTORY: dict[str, Callable[[AmazonSimulator, Call], Reply]] = {
    SUBMIT_INVENTORY: submit_inventory,
    DIRECT_TRANSACTION: get_transaction_status,
}
