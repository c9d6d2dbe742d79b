"""The connection to one vendor group at Amazon: a source of orders and of their status, a sink of acknowledgements."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.base.clock import Clock, aware_utc, write_instant
from trueup.base.errors import ContractChanged, NotFound, Refused, Transient
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
        reply = self._calls.make(Call(GET_PURCHASE_ORDER, identifier=self._named(number, "order")))
        return self._page(reply, f"{GET_PURCHASE_ORDER.name}-{number}")

    def send_acknowledgement(self, content: bytes, name: str) -> Receipt:
        """Submit one acknowledgement body. Amazon has no key for it: after `maybe_applied` ask for the status first.

        Raises RemoteError.
        """
        reply = self._calls.make(Call(SUBMIT_ACKNOWLEDGEMENT, content=content))
        transaction = self._payload(reply, f"{name} was taken, but its receipt", applied=True).get("transactionId")
        if not isinstance(transaction, str) or not transaction:
            raise ContractChanged(
                f"{self.name}: {name} was taken, but the receipt has no transactionId{_by(reply)}. "
                f"Read the order's status before sending it again.",
                maybe_applied=True,
            )
        return Receipt(transaction, reply.content)

    def fetch_order_status(self, number: str, vendor_code: str, since: datetime, until: datetime) -> Page:
        """What Amazon holds of one order. Raises RemoteError.

        Asked by number alone, which Amazon documents as a query of its own; `vendor_code`, `since` and `until` could only
        hide the order: its last update may lie outside of them. Pages that are empty and not the last are passed over.
        """
        params = {"purchaseOrderNumber": self._named(number, "order")}
        for _ in range(_EMPTY_PAGES):
            reply = self._calls.make(Call(GET_STATUS, params))
            page = self._page(reply, f"{GET_STATUS.name}-{number}")
            if page.next_page is None or self._payload(reply, "the status").get("ordersStatus"):
                return page
            params["nextToken"] = page.next_page
        raise ContractChanged(
            f"{self.name}: the status of {number} is {_EMPTY_PAGES} empty pages; Amazon leads nowhere."
        )

    def fetch_transaction(self, reference: str) -> Page:
        """How far Amazon is with a submission. Raises NotFound, RemoteError."""
        reply = self._calls.make(Call(GET_TRANSACTION, identifier=self._named(reference, "transaction")))
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

    def _named(self, identifier: str, kind: str) -> str:
        """An empty name would ask for the whole list, and dots would lead elsewhere."""
        if not identifier.strip() or identifier in (".", ".."):
            raise NotFound(f"{self.name}: no {kind} is named {identifier!r}.")
        return identifier

    def _page(self, reply: Reply, name: str) -> Page:
        pagination = self._payload(reply, name).get("pagination")
        token = pagination.get("nextToken") if isinstance(pagination, dict) else None
        if token is not None and not isinstance(token, str):
            raise ContractChanged(
                f"{self.name}: {name}: nextToken is no text{_by(reply)}; the next page cannot be asked for."
            )
        return Page(reply.content, f"{name}.json", _MEDIA_TYPE, token or None)

    def _payload(self, reply: Reply, what: str, *, applied: bool = False) -> dict[str, Any]:
        """The payload of a good reply. One that is cut off or garbled is Transient: asked again it may be whole."""
        payload, fault = _payload_of(reply.content)
        if payload is not None:
            return payload
        if not fault:
            said = f"{self.name}: {what} has no payload{_by(reply)}; expected an object."
            raise ContractChanged(said, maybe_applied=applied)
        said = f"{self.name}: {what} is cut off or garbled after {len(reply.content)} bytes ({fault}){_by(reply)}."
        garbled = Transient(said, maybe_applied=applied)
        garbled.evidence = reply.content
        raise garbled


def _payload_of(content: bytes) -> tuple[dict[str, Any] | None, str]:
    """The payload, or what is wrong with the JSON. It never raises: no traceback shows what a reply repeats."""
    try:
        body = json.loads(content)
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at byte {error.pos}"
    except (ValueError, RecursionError) as error:
        return None, type(error).__name__
    payload = body.get("payload") if isinstance(body, dict) else None
    return (payload if isinstance(payload, dict) else None), ""


def _by(reply: Reply) -> str:
    return f" (request id {reply.request_id})" if reply.request_id else ""


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
