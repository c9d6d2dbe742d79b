"""Amazon's usage plans: a token bucket for each operation and vendor group."""

from __future__ import annotations

from dataclasses import dataclass

ORDERS = "getPurchaseOrders"
ORDER = "getPurchaseOrder"
ACKNOWLEDGE = "submitAcknowledgement"
STATUS = "getPurchaseOrdersStatus"
TRANSACTION = "getTransaction"
REMITTANCES = "getRemittanceHeaders"
REMITTANCE = "getRemittance"
INVOICES = "getInvoiceHeaders"
INVOICE = "getInvoice"
CREATE_REPORT = "createReport"
REPORT = "getReport"
REPORTS = "getReports"
CANCEL_REPORT = "cancelReport"
REPORT_DOCUMENT = "getReportDocument"
SUBMIT_INVENTORY = "submitInventoryUpdate"
DIRECT_TRANSACTION = "getTransactionStatus"
"""Of direct fulfillment: another operation than the one for wholesale."""
TOKEN = "token"
DOCUMENT = "document"
"""The download of a report's document: no operation of the API, and without a usage plan."""

OPERATIONS = (
    ORDERS, ORDER, ACKNOWLEDGE, STATUS, TRANSACTION, REMITTANCES, REMITTANCE, INVOICES, INVOICE, TOKEN,
    CREATE_REPORT, REPORT, REPORTS, CANCEL_REPORT, REPORT_DOCUMENT, DOCUMENT,
    SUBMIT_INVENTORY, DIRECT_TRANSACTION,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """Requests per second in the long run, and at once."""

    rate: float
    burst: float


_PLANS = {
    TRANSACTION: UsagePlan(10, 20),
    CREATE_REPORT: UsagePlan(0.0167, 15),
    REPORT: UsagePlan(2, 15),
    REPORTS: UsagePlan(0.0222, 10),
    CANCEL_REPORT: UsagePlan(0.0222, 10),
    REPORT_DOCUMENT: UsagePlan(0.0167, 15),
}
_DEFAULT = UsagePlan(10, 10)


def plan_of(operation: str) -> UsagePlan:
    """The default usage plan of an operation, as its model declares it."""
    return _PLANS.get(operation, _DEFAULT)


class Budgets:
    """The buckets of all vendor groups. Time is passed in, in seconds, and may jump backwards."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def spend(self, operation: str, group: str, now_seconds: float) -> bool:
        """Take one request from the bucket; False when it is empty."""
        plan = plan_of(operation)
        tokens, last = self._buckets.get((operation, group), (plan.burst, now_seconds))
        tokens = min(plan.burst, tokens + max(0.0, now_seconds - last) * plan.rate)
        spent = tokens >= 1.0 - 1e-5  # an instant as a float is good to a microsecond, ten tenths must make a whole
        self._buckets[operation, group] = (tokens - 1.0 if spent else tokens, now_seconds)
        return spent
