"""GraphQL documents made ready once: parsed, validated, priced, and kept by their text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    StringValueNode,
    Undefined,
    VariableNode,
    parse,
    type_from_ast,
    validate,
)

from trueup.simulators.shopify.cost import CostNode, plan_of

_KEPT_DOCUMENTS = 500


@dataclass(slots=True)
class Operation:
    """One operation of a document."""

    node: OperationDefinitionNode
    plan: CostNode
    fields: list[str]
    keys: list[str | tuple[str]]  # idempotency keys: a text, or the variable that bears it
    defaults: dict[str, int]

    def idempotency_keys(self, variables: Mapping[str, Any]) -> list[str]:
        """The keys that a request with these variables sends."""
        return [key if isinstance(key, str) else str(variables.get(key[0])) for key in self.keys]


@dataclass(slots=True)
class Prepared:
    """A document and its operations by name, or what is wrong with it."""

    document: DocumentNode | None
    operations: dict[str, Operation] = field(default_factory=dict)
    errors: list[GraphQLError] = field(default_factory=list)


class Documents:
    """The documents a schema has seen, newest kept."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Prepared] = OrderedDict()

    def prepare(self, text: str) -> Prepared:
        """The document of a text, from memory when it was seen before."""
        found = self._kept.get(text)
        if found is None:
            found = self._kept[text] = self._read(text)
            if len(self._kept) > _KEPT_DOCUMENTS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(text)
        return found

    def _read(self, text: str) -> Prepared:
        try:
            document = parse(text)
        except GraphQLError as error:
            return Prepared(None, errors=[error])
        except RecursionError:
            return Prepared(None, errors=[GraphQLError("Query is nested too deeply.")])
        errors = validate(self._schema, document)
        if errors:
            return Prepared(document, errors=errors)
        nodes = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        named = {each.name.value if each.name else "": self._operation(document, each) for each in nodes}
        return Prepared(document, named)

    def _operation(self, document: DocumentNode, node: OperationDefinitionNode) -> Operation:
        roots = [each for each in node.selection_set.selections if isinstance(each, FieldNode)]
        keys: list[str | tuple[str]] = []
        for root in roots:
            for directive in root.directives or ():
                for argument in (directive.arguments or ()) if directive.name.value == "idempotent" else ():
                    if isinstance(argument.value, StringValueNode):
                        keys.append(argument.value.value)
                    elif isinstance(argument.value, VariableNode):
                        keys.append((argument.value.name.value,))
        defaults = {
            each.variable.name.value: int(each.default_value.value)
            for each in node.variable_definitions or ()
            if isinstance(each.default_value, IntValueNode)
        }
        plan = plan_of(self._schema, document, node)
        return Operation(node, plan, [root.name.value for root in roots], keys, defaults)


def variable_errors(
    schema: GraphQLSchema, node: OperationDefinitionNode, variables: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """INVALID_VARIABLE errors, one for each variable that does not fit its type, as Shopify words them."""
    errors = []
    for definition in node.variable_definitions or ():
        name = definition.variable.name.value
        kind: Any = type_from_ast(schema, definition.type)
        given = variables.get(name, Undefined)
        if given is Undefined and (definition.default_value or not isinstance(kind, GraphQLNonNull)):
            continue
        given = None if given is Undefined else given
        problems = _problems(kind, given, [])
        if not problems:
            continue
        said = [f"{'.'.join(map(str, path))} ({text})" for path, text in problems if path]
        tail = f" for {', '.join(said)}" if said else ""
        where = definition.loc.start_token if definition.loc else None
        errors.append(
            {
                "message": f"Variable ${name} of type {kind} was provided invalid value{tail}",
                "locations": [{"line": where.line, "column": where.column}] if where else [],
                "extensions": {
                    "code": "INVALID_VARIABLE",
                    "value": given,
                    "problems": [{"path": path, "explanation": text} for path, text in problems],
                },
            }
        )
    return errors


def _problems(kind: GraphQLInputType, value: Any, path: list[str | int]) -> list[tuple[list[str | int], str]]:
    if isinstance(kind, GraphQLNonNull):
        return [(path, "Expected value to not be null")] if value is None else _problems(kind.of_type, value, path)
    if value is None:
        return []
    if isinstance(kind, GraphQLList):
        if not isinstance(value, list):
            return _problems(kind.of_type, value, path)
        return [problem for at, item in enumerate(value) for problem in _problems(kind.of_type, item, [*path, at])]
    if isinstance(kind, GraphQLInputObjectType):
        return _object_problems(kind, value, path)
    if isinstance(kind, GraphQLEnumType):
        known = isinstance(value, str) and value in kind.values
        return [] if known else [(path, f'Expected "{value}" to be one of: {", ".join(kind.values)}')]
    assert isinstance(kind, GraphQLScalarType)
    try:
        fits = kind.coerce_input_value(value) is not Undefined
    except GraphQLError:
        fits = False
    return [] if fits else [(path, f'Could not coerce value "{value}" to {kind.name}')]


def _object_problems(
    kind: GraphQLInputObjectType, value: Any, path: list[str | int]
) -> list[tuple[list[str | int], str]]:
    if not isinstance(value, dict):
        return [(path, f"Expected {value} to be a key-value object.")]
    problems = [([*path, name], f"Field is not defined on {kind.name}") for name in value if name not in kind.fields]
    for name, each in kind.fields.items():
        if name in value or (isinstance(each.type, GraphQLNonNull) and each.default is None):
            problems += _problems(each.type, value.get(name), [*path, name])
    if kind.is_one_of and (len(value) != 1 or None in value.values()):
        problems.append((path, f"'{kind.name}' requires exactly one argument, but {len(value)} were provided."))
    return problems
