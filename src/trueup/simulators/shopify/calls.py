"""What a resolver knows of the request it serves, and the gate that every root field passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema
from graphql.execution.values import get_directive_values

from trueup.simulators.shopify import access
from trueup.simulators.shopify.assembly import Resolver, bad_gid
from trueup.simulators.shopify.errors import refusal
from trueup.simulators.shopify.faults import Faults
from trueup.simulators.shopify.idempotency import IdempotentResults, failure
from trueup.simulators.shopify.order_index import OrderIndex
from trueup.simulators.shopify.world import World

Payload = dict[str, Any]
Mutation = Callable[..., Payload]

IDEMPOTENT = frozenset(
    ("inventoryActivate", "inventoryAdjustQuantities", "inventoryMoveQuantities", "inventorySetQuantities")
)
"""Mutations of our subset that demand `@idempotent` in 2026-10. orderCreate is not among them."""


@dataclass(slots=True)
class Call:
    """One request: the shop, who asks, what may go wrong, and what is found on the way."""

    world: World
    token: access.Token
    faults: Faults
    index: OrderIndex
    kept: IdempotentResults
    schema: GraphQLSchema
    search_warnings: list[dict[str, Any]] = field(default_factory=list)
    order_ids: list[str] = field(default_factory=list)
    user_errors: list[dict[str, Any]] = field(default_factory=list)


def root_query(name: str, resolve: Resolver) -> Resolver:
    """A query field behind its scopes."""
    scopes = access.SCOPES.get(name, ())

    def gate(_: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        call: Call = info.context
        access.demand(call.token, name, scopes)
        _check_ids(arguments)
        return resolve(call, **arguments)

    return gate


def root_mutation(name: str, act: Mutation) -> Resolver:
    """A mutation behind its scopes, its idempotency key, and one event id for all it causes."""
    scopes = access.SCOPES.get(name, ())

    def gate(_: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Payload:
        call: Call = info.context
        access.demand(call.token, name, scopes)
        _check_ids(arguments)
        call.world.new_event()
        payload = once(call, info, arguments) if name in IDEMPOTENT else act(call, **arguments)
        call.user_errors += payload["userErrors"]
        return payload

    def once(call: Call, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]) -> Payload:
        if call.faults.strike("concurrent_request", [name]):
            return failure("IDEMPOTENCY_CONCURRENT_REQUEST")
        if call.faults.strike("previous_attempt_failed", [name]):
            return failure("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
        key = idempotency_key(info)
        return call.kept.run(call.token.app, key, name, arguments, lambda: act(call, **arguments))

    return gate


def idempotency_key(info: GraphQLResolveInfo[Any]) -> str | None:
    """The key of the field's `@idempotent`; None without the directive."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return None if values is None else str(values["key"])


def _check_ids(arguments: dict[str, Any]) -> None:
    wrong = bad_gid(arguments)
    if wrong is not None:
        raise refusal(f"Invalid global id '{wrong}'", "INVALID_VARIABLE")
