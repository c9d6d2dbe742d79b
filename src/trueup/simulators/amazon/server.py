"""The simulator's front door: routes, tokens, budgets, faults of the wire, headers and the journal, over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from trueup.simulators.amazon import control
from trueup.simulators.amazon.access import VendorGroup, refuse_client
from trueup.simulators.amazon.budgets import (
    ACKNOWLEDGE,
    CANCEL_REPORT,
    CREATE_REPORT,
    DIRECT_TRANSACTION,
    DOCUMENT,
    INVOICE,
    INVOICES,
    ORDER,
    ORDERS,
    REMITTANCE,
    REMITTANCES,
    REPORT,
    REPORT_DOCUMENT,
    REPORTS,
    STATUS,
    SUBMIT_INVENTORY,
    TOKEN,
    TRANSACTION,
    plan_of,
)
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.journal import ReceivedRequest
from trueup.simulators.amazon.operations import PERFORM, Call, read_submission
from trueup.simulators.amazon.replies import (
    RATE_HEADER_STATUSES,
    Refusal,
    Reply,
    errors,
    not_found,
    quota_exceeded,
    unauthorized,
)
from trueup.simulators.amazon.reports import DOCUMENTS, download
from trueup.simulators.serving import DROP, Receive, Scope, Send

if TYPE_CHECKING:
    from trueup.simulators.amazon.simulator import AmazonSimulator

_LARGEST_BODY_BYTES = 5 * 1024 * 1024  # Amazon declares 413 but no limit
_LARGEST_CONTROL_BYTES = 1024 * 1024 * 1024

_ROUTES = {
    ("POST", "/auth/o2/token"): TOKEN,
    ("GET", "/vendor/orders/v1/purchaseOrders"): ORDERS,
    ("POST", "/vendor/orders/v1/acknowledgements"): ACKNOWLEDGE,
    ("GET", "/vendor/orders/v1/purchaseOrdersStatus"): STATUS,
    ("GET", "/finances/remittances/2026-03-17/remittances"): REMITTANCES,
    ("GET", "/finances/invoices/2026-06-25/invoices"): INVOICES,
    ("POST", "/reports/2021-06-30/reports"): CREATE_REPORT,
    ("GET", "/reports/2021-06-30/reports"): REPORTS,
}
_NAMED_ROUTES = {
    ("GET", "/vendor/orders/v1/purchaseOrders"): ORDER,
    ("GET", "/vendor/transactions/v1/transactions"): TRANSACTION,
    ("POST", "/vendor/directFulfillment/inventory/v1/warehouses"): SUBMIT_INVENTORY,
    ("GET", "/vendor/directFulfillment/transactions/v1/transactions"): DIRECT_TRANSACTION,
    ("GET", "/finances/remittances/2026-03-17/remittances"): REMITTANCE,
    ("GET", "/finances/invoices/2026-06-25/invoices"): INVOICE,
    ("GET", "/reports/2021-06-30/reports"): REPORT,
    ("DELETE", "/reports/2021-06-30/reports"): CANCEL_REPORT,
    ("GET", "/reports/2021-06-30/documents"): REPORT_DOCUMENT,
    ("GET", DOCUMENTS.rstrip("/")): DOCUMENT,
}
_WITHOUT_TOKEN = (TOKEN, DOCUMENT)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read. `body` is None when it was larger than allowed."""

    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    body: bytes | None

    def header(self, name: str) -> str | None:
        """A header's text; None when it was not sent."""
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")


class AmazonServer:
    """The ASGI application of one simulator."""

    def __init__(self, simulator: AmazonSimulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        largest = _LARGEST_CONTROL_BYTES if path.startswith(control.PREFIX) else _LARGEST_BODY_BYTES
        body = await _read_body(receive, largest)
        request = Request(scope["method"], path, scope["query_string"], dict(scope["headers"]), body)
        reply = self.answer(request)
        if reply.wait_seconds:
            await asyncio.sleep(reply.wait_seconds)
        if reply.lost:
            scope["extensions"][DROP]()
            return
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        headers += [
            (b"content-type", reply.media_type.encode()),
            (b"content-length", str(len(reply.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def answer(self, request: Request) -> Reply:
        """The reply to a request, which is entered in the journal; the control plane is not."""
        simulator = self._simulator
        with simulator.lock:
            if request.path.startswith(control.PREFIX):
                return control.answer(simulator, request.method, request.path, request.query, request.body)
            now = simulator.now()
            operation, name = _route(request)
            told = simulator.faults.told.copy()
            group: VendorGroup | None = None
            numbers: Sequence[str] = ()
            try:
                if operation is None:
                    raise not_found(f"{request.method} {request.path}")
                if operation not in _WITHOUT_TOKEN:
                    group = simulator.access.admit(request.header("x-amz-access-token"), operation, now)
                    self._throttle(operation, group)
                call = _read_call(request, operation, "" if group is None else group.name, name, now)
                numbers = call.purchase_orders()
                reply = self._lie_first(operation, numbers) or self._perform(request, call)
            except Refusal as refusal:
                reply = errors(refusal)
            if operation is not None:
                self._lie_last(operation, reply, reply.purchase_orders or numbers)
            self._finish(request, operation, group, reply, tuple((simulator.faults.told - told).elements()))
            return reply

    def _throttle(self, operation: str, group: VendorGroup) -> None:
        simulator = self._simulator
        seconds = simulator.rate_seconds(simulator.clock.now())
        if simulator.rules.rate_limit and not simulator.budgets.spend(operation, group.name, seconds):
            raise quota_exceeded()

    def _perform(self, request: Request, call: Call) -> Reply:
        simulator = self._simulator
        if call.operation == DOCUMENT:
            return download(simulator, call, request.headers)
        if call.operation != TOKEN:
            return PERFORM[call.operation](simulator, call)
        form = dict(parse_qsl((request.body or b"").decode("utf-8", "replace"), keep_blank_values=True))
        return simulator.access.issue(form, call.now)

    def _lie_first(self, operation: str, numbers: Sequence[str]) -> Reply | None:
        """The faults that keep anything from being done."""
        take = self._simulator.faults.take
        if (fault := take(FaultKind.SERVER_ERROR, operation, numbers)) is not None:
            code = "InternalFailure" if fault.status == 500 else "ServiceUnavailable"
            message = "We encountered an internal error. Please try again."
            return errors(Refusal(fault.status, code, message))
        if take(FaultKind.THROTTLED, operation, numbers) is not None:
            return errors(quota_exceeded())
        if take(FaultKind.TOKEN_REFUSED, operation, numbers) is not None:
            if operation == TOKEN:
                return refuse_client()
            return errors(unauthorized("The access token you provided is revoked, malformed or invalid."))
        return None

    def _lie_last(self, operation: str, reply: Reply, numbers: Sequence[str]) -> None:
        """The faults of the wire: the request has been carried out, its reply suffers."""
        take = self._simulator.faults.take
        if reply.status >= 300:
            return
        if (slow := take(FaultKind.SLOW, operation, numbers)) is not None:
            reply.wait_seconds = slow.seconds
        if take(FaultKind.MALFORMED_JSON, operation, numbers) is not None:
            reply.body = reply.body[: len(reply.body) // 2]
        if (lost := take(FaultKind.APPLIED_BUT_TIMED_OUT, operation, numbers)) is not None:
            if lost.mode == "504":
                refusal = Refusal(504, "GatewayTimeout", "The request timed out.")
                reply.status, reply.body = refusal.status, errors(refusal).body
            else:
                reply.lost = True
                reply.wait_seconds = lost.seconds if lost.mode == "hang" else 0.0

    def _finish(
        self,
        request: Request,
        operation: str | None,
        group: VendorGroup | None,
        reply: Reply,
        faults: tuple[str, ...],
    ) -> None:
        simulator = self._simulator
        request_id = str(simulator.new_uuid())
        reply.headers["x-amzn-RequestId"] = request_id
        if operation not in (None, *_WITHOUT_TOKEN) and reply.status in RATE_HEADER_STATUSES:
            reply.headers["x-amzn-RateLimit-Limit"] = str(plan_of(operation or "").rate)
        query = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
        entry = ReceivedRequest(
            number=simulator.journal.seen + 1,
            at=simulator.clock.now(),
            method=request.method,
            path=request.path,
            query=tuple((name, "..." if name in ("nextToken", "X-Amz-Signature") else value) for name, value in query),
            operation=operation,
            vendor_group=None if group is None else group.name,
            status=reply.status,
            request_id=request_id,
            faults=faults,
        )
        simulator.journal.append(entry)


async def _read_body(receive: Receive, largest: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > largest:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _route(request: Request) -> tuple[str | None, str]:
    operation = _ROUTES.get((request.method, request.path))
    if operation is not None:
        return operation, ""
    for (method, folder), named in _NAMED_ROUTES.items():
        name = request.path.removeprefix(
            f"{folder}/"
        )  # the name may hold a slash: an invoice's number is the vendor's own
        if method == request.method and name and name != request.path:
            return named, name
    return None, ""


def _read_call(request: Request, operation: str, group: str, name: str, now: datetime) -> Call:
    """The request as a call of its operation. Raises Refusal: 413, 415, 400."""
    parameters = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    if request.body is None:
        raise Refusal(413, "InvalidInput", "The request size exceeded the maximum accepted size.")
    address = f"http://{request.header('host') or 'localhost'}"
    call = Call(operation, group, now, name, parameters, request.body, address=address)
    is_json = (request.header("content-type") or "").lower().startswith("application/json")
    if operation in (ACKNOWLEDGE, CREATE_REPORT, SUBMIT_INVENTORY) and not is_json:
        raise Refusal(415, "InvalidInput", "The request payload is in an unsupported format.")
    if operation == ACKNOWLEDGE:
        call.submission = read_submission(request.body)
    return call
