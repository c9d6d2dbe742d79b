"""Direct Fulfillment of one vendor group: inventory of its warehouses is submitted, and how Amazon judged it is asked for.

Amazon has no key for an update and lists no transactions: one whose answer was lost cannot be found again. Sources: the models
vendorDirectFulfillmentInventoryV1 and vendorDirectFulfillmentTransactionsV1 (usage plans); Amazon's pages of roles.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from trueup.base.clock import Clock
from trueup.base.errors import (
    ConfigurationError,
    ContractChanged,
    NotFound,
    Rejected,
    RemoteError,
    Transient,
    TrueupError,
    Unauthorized,
)
from trueup.connectors.amazon_vendor.calls import Call, remedy
from trueup.connectors.amazon_vendor.operations import Operation
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.wire import NETWORK, Wire, Wired
from trueup.remote.budget import Budget
from trueup.remote.capability import Page, Probe, Receipt, Verdict
from trueup.remote.http import Reply

_ROLES = "Direct to Consumer Shipping (Restricted)"
SUBMIT_INVENTORY = Operation(
    "submitInventoryUpdate", "POST", "/vendor/directFulfillment/inventory/v1/warehouses/{}/items", 10, 10, _ROLES
)
GET_INVENTORY_TRANSACTION = Operation(
    "getTransactionStatus", "GET", "/vendor/directFulfillment/transactions/v1/transactions/{}", 10, 10, _ROLES
)
_NO_TRANSACTION = "00000000-0000-0000-0000-000000000000"


class AmazonDirectFulfillment(Wired):
    """InventorySink and Probed for one vendor group. Safe to share between threads."""

    def __init__(self, settings: AmazonVendorSettings, budget: Budget, clock: Clock, *, wire: Wire = NETWORK) -> None:
        super().__init__(direct_fulfillment_name(settings.name), settings, budget, clock, wire)

    def submit_inventory(self, warehouse: str, content: bytes, name: str) -> Receipt:
        """Submit one update of a warehouse. After `maybe_applied` nothing tells whether it came.

        Raises RemoteError, NotFound for a warehouse that is not this vendor group's.
        """
        reply = self._calls.make(
            Call(SUBMIT_INVENTORY, identifier=self._named(warehouse, "warehouse"), content=content)
        )
        reference = self._payload(reply, f"{name} was taken, but its receipt", applied=True).get("transactionId")
        if not isinstance(reference, str) or not reference:
            raise ContractChanged(
                f"{self.name}: {name} was taken, but the receipt has no transactionId{_by(reply)}; how Amazon judges it "
                f"cannot be asked.",
                maybe_applied=True,
            )
        return Receipt(reference, reply.content)

    def fetch_inventory_transaction(self, reference: str) -> Page:
        """How far Amazon is with an update. Raises NotFound, RemoteError."""
        call = Call(GET_INVENTORY_TRANSACTION, identifier=self._named(reference, "transaction"))
        reply = self._calls.make(call)
        self._payload(reply, f"transaction {reference}")
        return Page(reply.content, f"{GET_INVENTORY_TRANSACTION.name}-{reference}.json", "application/json", None)

    def probe(self) -> Sequence[Probe]:
        """Whether the role is there: asks for a transaction that does not exist. Writes nothing, never raises for what it finds."""
        found = self._ask()
        writes = Probe(
            self.name,
            SUBMIT_INVENTORY.name,
            found.verdict,
            "Not tried, a probe writes nothing: the role that reads transactions also submits inventory.",
            found.remedy,
        )
        return [found, writes]

    def _ask(self) -> Probe:
        def answer(verdict: Verdict, found: str, to_do: str = "") -> Probe:
            return Probe(self.name, GET_INVENTORY_TRANSACTION.name, verdict, found, to_do)

        try:
            self._calls.make(Call(GET_INVENTORY_TRANSACTION, identifier=_NO_TRANSACTION))
        except Unauthorized as error:
            return answer(Verdict.MISSING, str(error), remedy(GET_INVENTORY_TRANSACTION))
        except (NotFound, Rejected):
            return answer(Verdict.WORKS, "Amazon answers; what was asked for does not exist, as expected.")
        except ConfigurationError as error:
            return answer(Verdict.FAILS, str(error), "Store the secrets of this connection anew.")
        except TrueupError as error:
            return answer(Verdict.FAILS, str(error), "Try again in a few minutes.")
        return answer(Verdict.WORKS, "Amazon answers.")

    def _named(self, identifier: str, kind: str) -> str:
        """An empty name, or dots, would lead elsewhere."""
        if not identifier.strip() or identifier in (".", ".."):
            raise NotFound(f"{self.name}: no {kind} is named {identifier!r}.")
        return identifier

    def _payload(self, reply: Reply, what: str, *, applied: bool = False) -> dict[str, Any]:
        """The payload of a good reply. One that is cut off or garbled is Transient: asked again it may be whole."""
        try:
            body = json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            fault = type(error).__name__
        else:
            payload = body.get("payload") if isinstance(body, dict) else None
            if isinstance(payload, dict):
                return payload
            fault = "no payload"
        said = f"{self.name}: {what} is cut off or garbled after {len(reply.content)} bytes ({fault}){_by(reply)}."
        garbled: RemoteError = Transient(said, maybe_applied=applied)
        garbled.evidence = reply.content
        raise garbled


def direct_fulfillment_name(connection: str) -> str:
    """How the connection to the direct fulfillment of a vendor group is called."""
    return f"{connection}-direct-fulfillment"


def _by(reply: Reply) -> str:
    return f" (request id {reply.request_id})" if reply.request_id else ""
