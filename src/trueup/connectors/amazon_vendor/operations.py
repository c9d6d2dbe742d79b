"""The operations of the Retail Procurement APIs that are used: address, documented usage plan, and the roles that allow them.

Sources: vendorOrders.json and vendorTransactionStatus.json (usage plans), Amazon's role pages of these APIs.
"""

from __future__ import annotations

from dataclasses import dataclass

ROLES = "Amazon Fulfillment or Inventory and Order Tracking"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` has a `{}` where an identifier goes; the rate is in requests."""

    name: str
    method: str
    path: str
    rate_per_second: float
    burst: float
    roles: str

    @property
    def writes(self) -> bool:
        """Whether it changes something at Amazon."""
        return self.method != "GET"


GET_PURCHASE_ORDERS = Operation("getPurchaseOrders", "GET", "/vendor/orders/v1/purchaseOrders", 10, 10, ROLES)
GET_PURCHASE_ORDER = Operation("getPurchaseOrder", "GET", "/vendor/orders/v1/purchaseOrders/{}", 10, 10, ROLES)
SUBMIT_ACKNOWLEDGEMENT = Operation("submitAcknowledgement", "POST", "/vendor/orders/v1/acknowledgements", 10, 10, ROLES)
GET_STATUS = Operation("getPurchaseOrdersStatus", "GET", "/vendor/orders/v1/purchaseOrdersStatus", 10, 10, ROLES)
GET_TRANSACTION = Operation(
    "getTransaction", "GET", "/vendor/transactions/v1/transactions/{}", 10, 20, "Inventory and Order Tracking"
)
