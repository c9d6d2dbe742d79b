"""One GraphQL request from bytes to bytes: read, priced, paid for, executed, and answered as Shopify answers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import msgspec
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType, execute_sync

from trueup.simulators.shopify import cost as costs
from trueup.simulators.shopify.access import Token
from trueup.simulators.shopify.assembly import assemble
from trueup.simulators.shopify.calls import Call
from trueup.simulators.shopify.documents import Documents, Operation, variable_errors
from trueup.simulators.shopify.faults import Faults
from trueup.simulators.shopify.idempotency import IdempotentResults
from trueup.simulators.shopify.order_index import OrderIndex
from trueup.simulators.shopify.other_mutations import MUTATIONS
from trueup.simulators.shopify.queries import QUERIES
from trueup.simulators.shopify.reads import OBJECTS
from trueup.simulators.shopify.settings import BUCKET_SECONDS, DEV_STORE_ORDERS_A_MINUTE, RESTORE_POINTS_A_SECOND
from trueup.simulators.shopify.world import World

TOO_MANY_ORDERS = (
    "Exceeded order API rate limit, please try again in a minute. Upgrade to a paid account to remove this limit."
)


@dataclass(slots=True)
class Reply:
    """An HTTP reply. `wait_seconds` are of the wall clock; a `lost` reply is never sent: the connection is cut."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    lost: bool = False


@dataclass(slots=True)
class Note:
    """What the journal keeps of a request: never a token."""

    operations: list[str] = field(default_factory=list)
    idempotency_keys: list[str] = field(default_factory=list)
    result: str = "ok"
    order_ids: list[str] = field(default_factory=list)
    cost: int = 0


class GraphqlRequest(msgspec.Struct):
    """The body of a request."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815


_requests = msgspec.json.Decoder(GraphqlRequest)  # made once: msgspec must not learn a type in two threads at once


def json_reply(status: int, body: Any) -> Reply:
    """A reply of JSON."""
    return Reply(status, msgspec.json.encode(body), {"content-type": "application/json; charset=utf-8"})


@cache
def executable_schema() -> GraphQLSchema:
    """The schema with its resolvers: one for all simulators of the process, for it keeps no state."""
    return assemble({"QueryRoot": QUERIES, "Mutation": MUTATIONS, **OBJECTS})


class Engine:
    """Executes requests on a world. Every call holds the world's lock."""

    def __init__(self, world: World, faults: Faults, index: OrderIndex) -> None:
        self._world, self._faults, self._index = world, faults, index
        self._schema = executable_schema()
        self._documents = Documents(self._schema)
        self._kept = IdempotentResults(world)
        self._buckets: dict[str, costs.Bucket] = {}
        self._order_times: deque[Any] = deque(maxlen=DEV_STORE_ORDERS_A_MINUTE)
        self.after_order: Callable[[list[str]], None] = lambda ids: None

    def run(self, token: Token, body: bytes) -> tuple[Reply, Note]:
        """Answer one request of a token that is valid."""
        note = Note(result="bad request")
        try:
            request = _requests.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return json_reply(400, {"errors": {"query": "Required parameter missing or invalid"}}), note
        prepared = self._documents.prepare(request.query)
        if prepared.errors:
            note.result = "errors: invalid document"
            return json_reply(200, {"errors": [_document_error(error) for error in prepared.errors]}), note
        name = request.operationName or ""
        operation = prepared.operations.get(name)
        if operation is None and not name and len(prepared.operations) == 1:
            operation = next(iter(prepared.operations.values()))
        if operation is None:
            note.result = "errors: no operation"
            text = f"No operation named {name!r}" if name else "An operation name is required"
            return json_reply(200, {"errors": [{"message": text}]}), note
        variables = {**operation.defaults, **(request.variables or {})}
        note = Note(operation.fields, operation.idempotency_keys(variables))
        reply = self._refused(operation, note) or self._paid(token, prepared.document, operation, variables, note)
        self._lie_about(reply, operation)
        return reply, note

    def _refused(self, operation: Operation, note: Note) -> Reply | None:
        """Replies that come before anything is done."""
        fault = self._faults.strike("server_error", operation.fields)
        if fault is not None:
            note.result = "server error"
            return json_reply(fault.status or 500, {"errors": "Internal Server Error"})
        if self._faults.strike("too_many_requests", operation.fields):
            note.result = "too many requests"
            return _too_many(
                "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
            )
        if self._world.plan == "dev" and "orderCreate" in operation.fields:
            minute_ago = self._world.now() - timedelta(minutes=1)
            recent = [moment for moment in self._order_times if moment > minute_ago]
            if len(recent) >= DEV_STORE_ORDERS_A_MINUTE:
                note.result = "too many orders"
                return _too_many(TOO_MANY_ORDERS)
        return None

    def _paid(
        self, token: Token, document: Any, operation: Operation, variables: Mapping[str, Any], note: Note
    ) -> Reply:
        """Price, pay, execute, and give back what was not used."""
        each_node = self._world.settings.nodes_priced == "each"
        wanted = note.cost = costs.requested(operation.plan, variables, each_node=each_node)
        if wanted > costs.LARGEST_QUERY_COST:
            note.result = "errors: MAX_COST_EXCEEDED"
            return json_reply(200, {"errors": [_too_dear(wanted)]})
        bucket = self.bucket(token)
        if self._faults.strike("throttled", operation.fields) or not bucket.take(wanted):
            bucket.refill()
            note.result = "errors: THROTTLED"
            report = bucket.report(wanted, None)
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": costs.DOCUMENTATION}}
            return json_reply(200, {"errors": [error], "extensions": {"cost": report}})
        call = Call(self._world, token, self._faults, self._index, self._kept, self._schema)
        result = execute_sync(
            self._schema,
            document,
            context_value=call,
            variable_values=dict(variables),
            operation_name=operation.node.name.value if operation.node.name else None,
        )
        answer = self._answer(result, operation, variables, call)
        spent = min(wanted, costs.actual_of_object(operation.plan, result.data)) if result.data else 0
        if operation.node.operation is OperationType.MUTATION and result.data is not None:
            spent = max(spent, min(wanted, costs.MUTATION_COST))
        if not bucket.unlimited:
            bucket.give_back(wanted - spent)
        extensions: dict[str, Any] = {"cost": bucket.report(wanted, spent)}
        if call.search_warnings:
            extensions["search"] = call.search_warnings
        answer["extensions"] = extensions
        note.order_ids, note.result = call.order_ids, _outcome(answer, call)
        self._order_times.extend(self._world.now() for _ in call.order_ids)
        self.after_order(call.order_ids)
        return json_reply(200, answer)

    def _answer(
        self, result: ExecutionResult, operation: Operation, variables: Mapping[str, Any], call: Call
    ) -> dict[str, Any]:
        """The body of a reply. A defect of the simulator itself is raised, not answered."""
        if not result.errors:
            return {"data": result.data}
        for error in result.errors:
            if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                raise error.original_error
        if result.data is None and all(error.path is None for error in result.errors):
            wrong = variable_errors(self._schema, operation.node, variables)
            return {"errors": wrong or [_error(error) for error in result.errors]}
        return {"data": result.data, "errors": [_error(error) for error in result.errors]}

    def _lie_about(self, reply: Reply, operation: Operation) -> None:
        """What may happen to a reply on its way."""
        fault = self._faults.strike("slow", operation.fields)
        if fault is not None:
            reply.wait_seconds = fault.seconds
        if self._faults.strike("malformed_json", operation.fields):
            reply.body = reply.body[: len(reply.body) // 2]
        fault = self._faults.strike("applied_but_timed_out", operation.fields)
        if fault is not None:
            reply.wait_seconds += fault.seconds if fault.mode == "hang" else 0
            reply.lost = fault.mode != "504"
            if fault.mode == "504":
                reply.status, reply.body = 504, b"<html><body>504 Gateway Timeout</body></html>"

    def bucket(self, token: Token) -> costs.Bucket:
        """The points of an app."""
        found = self._buckets.get(token.app.id)
        if found is None:
            world = self._world
            wall = world.settings.rate_clock == "wall"
            seconds = time.monotonic if wall else lambda: world.now().timestamp()
            rate = RESTORE_POINTS_A_SECOND[world.plan]
            unlimited = not world.settings.rate_limit
            found = self._buckets[token.app.id] = costs.Bucket(rate * BUCKET_SECONDS, rate, seconds, unlimited)
        return found


def _too_many(text: str) -> Reply:
    reply = json_reply(429, {"errors": text})
    reply.headers["retry-after"] = "2.0"
    return reply


def _too_dear(wanted: int) -> dict[str, Any]:
    limit = costs.LARGEST_QUERY_COST
    text = f"Query cost is {wanted}, which exceeds the single query max cost limit ({limit})."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": wanted, "maxCost": limit, "documentation": costs.DOCUMENTATION}
    return {"message": text, "extensions": extensions}


def _error(error: GraphQLError) -> dict[str, Any]:
    said: dict[str, Any] = {"message": error.message}
    if error.locations:
        said["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path:
        said["path"] = list(error.path)
    if error.extensions:
        said["extensions"] = error.extensions
    return said


def _document_error(error: GraphQLError) -> dict[str, Any]:
    """An error of validation, with Shopify's code where a field or argument is unknown."""
    said = _error(error)
    if error.message.startswith("Cannot query field"):
        said["extensions"] = {"code": "undefinedField"}
    elif error.message.startswith("Unknown argument"):
        said["extensions"] = {"code": "argumentNotAccepted"}
    return said


def _outcome(answer: dict[str, Any], call: Call) -> str:
    if answer.get("errors"):
        codes = [str(each.get("extensions", {}).get("code", each["message"])) for each in answer["errors"]]
        return f"errors: {', '.join(codes)}"
    if call.user_errors:
        return f"userErrors: {', '.join(str(each['code'] or each['message']) for each in call.user_errors)}"
    return "ok"
