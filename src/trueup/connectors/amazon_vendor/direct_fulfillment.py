"""Direct Fulfillment of one vendor group: inventory of its warehouses is submitted, and how Amazon judged it is asked for.

Amazon has no key for an update and lists no transactions: one whose answer was lost cannot be found again. Sources: the models
vendorDirectFulfillmentInventoryV1 and vendorDirectFulfillmentTransactionsV1 (usage plans); Amazon's pages of roles.
"""

from __future__ import annotations

from collections.abc import Sequence

from trueup.base.clock import Clock
from trueup.base.errors import (
    ContractChanged,
)
from trueup.connectors.amazon_vendor.calls import Call
from trueup.connectors.amazon_vendor.operations import Operation
from trueup.connectors.amazon_vendor.probes import NO_TRANSACTION, Question, ask
from trueup.connectors.amazon_vendor.replies import by, named, payload_of
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.wire import NETWORK, Wire, Wired
from trueup.remote.budget import Budget
from trueup.remote.capability import Page, Probe, Receipt, Verdict

_ROLES = "Direct to Consumer Shipping (Restricted)"
SUBMIT_INVENTORY = Operation(
    "submitInventoryUpdate", "POST", "/vendor/directFulfillment/inventory/v1/warehouses/{}/items", 10, 10, _ROLES
)
GET_INVENTORY_TRANSACTION = Operation(
    "getTransactionStatus", "GET", "/vendor/directFulfillment/transactions/v1/transactions/{}", 10, 10, _ROLES
)


class AmazonDirectFulfillment(Wired):
    """InventorySink and Probed for one vendor group. Safe to share between threads."""

    def __init__(self, settings: AmazonVendorSettings, budget: Budget, clock: Clock, *, wire: Wire = NETWORK) -> None:
        super().__init__(direct_fulfillment_name(settings.name), settings, budget, clock, wire)

    def submit_inventory(self, warehouse: str, content: bytes, name: str) -> Receipt:
        """Submit one update of a warehouse. After `maybe_applied` nothing tells whether it came.

        Raises RemoteError, NotFound for a warehouse that is not this vendor group's.
        """
        reply = self._calls.make(
            Call(SUBMIT_INVENTORY, identifier=named(self.name, warehouse, "warehouse"), content=content)
        )
        reference = payload_of(self.name, reply, f"{name} was taken, but its receipt", applied=True).get(
            "transactionId"
        )
        if not isinstance(reference, str) or not reference:
            raise ContractChanged(
                f"{self.name}: {name} was taken, but the receipt has no transactionId{by(reply)}; how Amazon judges it "
                f"cannot be asked.",
                maybe_applied=True,
            )
        return Receipt(reference, reply.content)

    def fetch_inventory_transaction(self, reference: str) -> Page:
        """How far Amazon is with an update. Raises NotFound, RemoteError."""
        call = Call(GET_INVENTORY_TRANSACTION, identifier=named(self.name, reference, "transaction"))
        reply = self._calls.make(call)
        payload_of(self.name, reply, f"transaction {reference}")
        return Page(reply.content, f"{GET_INVENTORY_TRANSACTION.name}-{reference}.json", "application/json", None)

    def probe(self) -> Sequence[Probe]:
        """Whether the role is there: asks for a transaction that does not exist. Writes nothing, never raises for what it finds."""
        call = Call(GET_INVENTORY_TRANSACTION, identifier=NO_TRANSACTION)
        found = ask(self.name, Question(GET_INVENTORY_TRANSACTION.name, call, answers_not_found=True), self._calls)
        writes = Probe(
            self.name,
            SUBMIT_INVENTORY.name,
            Verdict.UNTRIED if found.verdict is Verdict.WORKS else found.verdict,
            "Not tried, a probe writes nothing: the role that reads transactions also submits inventory.",
            found.remedy,
            SUBMIT_INVENTORY.roles,
        )
        return [found, writes]


def direct_fulfillment_name(connection: str) -> str:
    """How the connection to the direct fulfillment of a vendor group is called."""
    return f"{connection}-direct-fulfillment"
