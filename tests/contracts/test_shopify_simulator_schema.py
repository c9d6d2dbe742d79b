"""Our subset of Shopify's schema says what the complete published schema says, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    print_ast,
)

from tests.contracts.published import shopify_schema
from trueup.simulators.shopify.access import SCOPES
from trueup.simulators.shopify.assembly import sdl
from trueup.simulators.shopify.calls import IDEMPOTENT

SUBSET = build_schema(sdl())
OURS = [name for name in SUBSET.type_map if not name.startswith("__")]


def _shape(kind: GraphQLNamedType) -> dict[str, Any]:
    """What a type says, part by part."""
    match kind:
        case GraphQLObjectType() | GraphQLInterfaceType():
            fields = {name: str(field.type) for name, field in kind.fields.items()}
            arguments = {
                f"{name}({argument})": f"{given.type} = {_default(given)}"
                for name, field in kind.fields.items()
                for argument, given in field.args.items()
            }
            return {**fields, **arguments, **{f"implements {each.name}": True for each in kind.interfaces}}
        case GraphQLInputObjectType():
            fields = {name: f"{field.type} = {_default(field)}" for name, field in kind.fields.items()}
            return {**fields, "oneOf": str(kind.is_one_of)}
        case GraphQLEnumType():
            return dict.fromkeys(kind.values, True)
        case GraphQLUnionType():
            return {each.name: True for each in kind.types}
    return {}


def _default(given: Any) -> str:
    default = given.default
    if default is None:
        return "no default"
    return print_ast(default.literal) if default.literal is not None else repr(default.value)


@pytest.mark.parametrize("name", OURS)
def test_every_type_is_the_published_one(name: str) -> None:
    """Each type, field, argument, input and word of ours is in the published schema with the same type."""
    ours, theirs = SUBSET.type_map[name], shopify_schema().type_map.get(name)
    assert theirs is not None, f"{name} is not in the published schema"
    assert type(ours).__name__ == type(theirs).__name__
    published = _shape(theirs)
    for part, said in _shape(ours).items():
        assert published.get(part) == said, f"{name}.{part}: ours {said}, published {published.get(part)}"


def test_an_order_bypasses_inventory_unless_it_says_otherwise() -> None:
    """The default that matters most is part of what is compared."""
    options = SUBSET.type_map["OrderCreateOptionsInput"]
    assert _shape(options)["inventoryBehaviour"] == "OrderCreateInputsInventoryBehavior = BYPASS"
    assert _shape(shopify_schema().type_map["OrderCreateOptionsInput"])["inventoryBehaviour"].endswith("= BYPASS")


def test_no_required_input_is_missing() -> None:
    """What Shopify demands we demand: no required field or argument of a published type is left out of ours."""
    for name in OURS:
        ours, theirs = SUBSET.type_map[name], shopify_schema().type_map[name]
        if isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
            required = {field for field, given in theirs.fields.items() if str(given.type).endswith("!")}
            assert required <= ours.fields.keys(), name


def test_rules_by_name_speak_of_fields_that_exist() -> None:
    """Scopes and idempotency are declared for root fields of the subset, and the directive is the published one."""
    assert SUBSET.query_type is not None
    assert SUBSET.mutation_type is not None
    roots = SUBSET.query_type.fields.keys() | SUBSET.mutation_type.fields.keys()
    assert SCOPES.keys() <= roots
    assert roots >= IDEMPOTENT
    ours, theirs = SUBSET.get_directive("idempotent"), shopify_schema().get_directive("idempotent")
    assert ours is not None
    assert theirs is not None
    assert [str(each) for each in ours.locations] == [str(each) for each in theirs.locations]
    assert str(ours.args["key"].type) == str(theirs.args["key"].type)
