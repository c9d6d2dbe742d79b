"""The connection to one vendor group at Amazon: a source of orders and of their status, a sink of acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from trueup.base.clock import Clock, aware_utc, write_instant
from trueup.base.errors import ContractChanged, Refused
from trueup.base.ids import digest_of
from trueup.connectors.amazon_vendor.calls import Call
from trueup.connectors.amazon_vendor.operations import (
    GET_PURCHASE_ORDER,
    GET_PURCHASE_ORDERS,
    GET_STATUS,
    GET_TRANSACTION,
    SUBMIT_ACKNOWLEDGEMENT,
)
from trueup.connectors.amazon_vendor.probes import probe_connection
from trueup.connectors.amazon_vendor.replies import by, named, payload_of
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.wire import Wire, Wired
from trueup.remote.budget import Budget
from trueup.remote.capability import OrderQuery, Page, Probe, Receipt
from trueup.remote.http import Reply, Transport

LONGEST_WINDOW = timedelta(days=7)
FARTHEST_BACK = timedelta(days=180)
"""Amazon says six months; the shortest six calendar months are 181 days."""
PAGE_SIZE = 100
_EMPTY_PAGES = 20  # a status page may be empty and yet not the last
_MEDIA_TYPE = "application/json"


class AmazonVendor(Wired):
    """OrderSource, AcknowledgementSink, OrderStatusSource and Probed for one vendor group. Safe to share between threads.

    Several groups are several instances; they share the budget alone, whose buckets are named by application, group and
    operation. `transport` and `on_effect` are HttpClient's.
    """

    format = "amazon-vendor"
    longest_window_seconds = int(LONGEST_WINDOW.total_seconds())
    farthest_back_seconds = int(FARTHEST_BACK.total_seconds())

    def __init__(
        self,
        settings: AmazonVendorSettings,
        budget: Budget,
        clock: Clock,
        *,
        transport: Transport | None = None,
        on_effect: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(settings.name, settings, budget, clock, Wire(transport, on_effect))

    def fetch_orders(self, query: OrderQuery, start: datetime, end: datetime, page: str | None) -> Page:
        """One page of the orders created, or changed by Amazon, between two instants, at most 100 of them.

        No order of the list is asked for: Amazon ignores ascending, or refuses it. Raises Refused for a window longer than
        7 days, empty, or farther back than 180; RemoteError.
        """
        start, end = self._checked(start, end)
        kind = query.value
        params = {
            f"{kind}After": write_instant(start),
            f"{kind}Before": write_instant(end),
            "limit": str(PAGE_SIZE),
            "includeDetails": "true",
        }
        if page is not None:
            params["nextToken"] = page
        reply = self._calls.make(Call(GET_PURCHASE_ORDERS, params))
        name = f"{GET_PURCHASE_ORDERS.name}-{kind}-{_stamp(start)}-{_stamp(end)}"
        return self._page(reply, f"{name}-{digest_of(page.encode())[:8]}" if page is not None else name)

    def fetch_order(self, number: str) -> Page:
        """One order. Raises NotFound (absence is no deletion: Amazon has hidden orders for days), RemoteError."""
        reply = self._calls.make(Call(GET_PURCHASE_ORDER, identifier=named(self.name, number, "order")))
        return self._page(reply, f"{GET_PURCHASE_ORDER.name}-{number}")

    def send_acknowledgement(self, content: bytes, name: str) -> Receipt:
        """Submit one acknowledgement body. Amazon has no key for it: after `maybe_applied` ask for the status first.

        Raises RemoteError.
        """
        reply = self._calls.make(Call(SUBMIT_ACKNOWLEDGEMENT, content=content))
        transaction = payload_of(self.name, reply, f"{name} was taken, but its receipt", applied=True).get(
            "transactionId"
        )
        if not isinstance(transaction, str) or not transaction:
            raise ContractChanged(
                f"{self.name}: {name} was taken, but the receipt has no transactionId{by(reply)}. "
                f"Read the order's status before sending it again.",
                maybe_applied=True,
            )
        return Receipt(transaction, reply.content)

    def fetch_order_status(self, number: str, vendor_code: str, since: datetime, until: datetime) -> Page:
        """What Amazon holds of one order. Raises RemoteError.

        Asked by number alone, which Amazon documents as a query of its own; `vendor_code`, `since` and `until` could only
        hide the order: its last update may lie outside of them. Pages that are empty and not the last are passed over.
        """
        params = {"purchaseOrderNumber": named(self.name, number, "order")}
        for _ in range(_EMPTY_PAGES):
            reply = self._calls.make(Call(GET_STATUS, params))
            page = self._page(reply, f"{GET_STATUS.name}-{number}")
            if page.next_page is None or payload_of(self.name, reply, "the status").get("ordersStatus"):
                return page
            params["nextToken"] = page.next_page
        raise ContractChanged(
            f"{self.name}: the status of {number} is {_EMPTY_PAGES} empty pages; Amazon leads nowhere."
        )

    def fetch_order_statuses(self, start: datetime, end: datetime, page: str | None) -> Page:
        """One page of what Amazon holds of the orders whose status changed between two instants, receipts at its docks among it.

        Its windows are of updates, not of changes (which this operation refuses). Raises Refused for a window longer than 7 days,
        empty, or farther back than 180; RemoteError.
        """
        start, end = self._checked(start, end)
        params = {
            "updatedAfter": write_instant(start),
            "updatedBefore": write_instant(end),
            "limit": str(PAGE_SIZE),
        }
        if page is not None:
            params["nextToken"] = page
        reply = self._calls.make(Call(GET_STATUS, params))
        name = f"{GET_STATUS.name}-updated-{_stamp(start)}-{_stamp(end)}"
        return self._page(reply, f"{name}-{digest_of(page.encode())[:8]}" if page is not None else name)

    def fetch_transaction(self, reference: str) -> Page:
        """How far Amazon is with a submission. Raises NotFound, RemoteError."""
        reply = self._calls.make(Call(GET_TRANSACTION, identifier=named(self.name, reference, "transaction")))
        return self._page(reply, f"{GET_TRANSACTION.name}-{reference}")

    def probe(self) -> Sequence[Probe]:
        """What works and what a person must do where it does not. Writes nothing; never raises for what it finds."""
        return probe_connection(self.settings, self._tokens, self._calls, self._clock)

    def _checked(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        start, end = aware_utc(start).replace(microsecond=0), aware_utc(end).replace(microsecond=0)
        said = f"{self.name}: orders from {write_instant(start)} to {write_instant(end)}"
        if end <= start:
            raise Refused(f"{said}: the window is empty; expected an end after its start.")
        if end - start > LONGEST_WINDOW:
            raise Refused(f"{said}: {end - start} long; Amazon allows windows of at most 7 days, ask for several.")
        if start < self._clock.now() - FARTHEST_BACK - timedelta(days=1):
            raise Refused(f"{said}: Amazon keeps orders for six months; ask from at most 180 days back.")
        return start, end

    def _page(self, reply: Reply, name: str) -> Page:
        pagination = payload_of(self.name, reply, name).get("pagination")
        token = pagination.get("nextToken") if isinstance(pagination, dict) else None
        if token is not None and not isinstance(token, str):
            raise ContractChanged(
                f"{self.name}: {name}: nextToken is no text{by(reply)}; the next page cannot be asked for."
            )
        return Page(reply.content, f"{name}.json", _MEDIA_TYPE, token or None)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
