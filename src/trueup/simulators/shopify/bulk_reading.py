"""Bulk reading: the rules that a query to be run in bulk must keep, and the lines that its records become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.values import get_argument_values

from trueup.simulators.shopify.calls import Call
from trueup.simulators.shopify.pages import LARGEST_PAGE

MOST_CONNECTIONS, MOST_DEPTH = 5, 2
_A_BATCH = 100


@dataclass(frozen=True, slots=True)
class Export:
    """A query that keeps the rules: its one root connection."""

    schema: GraphQLSchema
    root: FieldNode


@dataclass(frozen=True, slots=True)
class _Info:
    """What a resolver asks of its surroundings."""

    context: Call


def broken_rule(schema: GraphQLSchema, document: DocumentNode) -> tuple[str, FieldNode | None]:
    """What is wrong with a document that is valid otherwise, or its root."""
    operation = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
        return "one query, without fragments, is expected.", None
    if operation.operation is not OperationType.QUERY or len(operation.selection_set.selections) != 1:
        return "one root field of a query is expected.", None
    root = operation.selection_set.selections[0]
    if not isinstance(root, FieldNode) or root.name.value in ("node", "nodes"):
        return "top-level node and nodes fields are not supported.", None
    assert schema.query_type is not None
    kind = get_named_type(schema.query_type.fields[root.name.value].type)
    if not kind.name.endswith("Connection"):
        return "at least one connection is expected.", None
    count, depth = _connections(schema, root, kind)
    if count > MOST_CONNECTIONS:
        return f"{count} connections; {MOST_CONNECTIONS} at most are supported.", None
    if depth > MOST_DEPTH + 1:
        return f"connections nested {depth - 1} deep; {MOST_DEPTH} levels at most are supported.", None
    return "", root


def _connections(schema: GraphQLSchema, field: FieldNode, kind: Any) -> tuple[int, int]:
    """How many connections a field and what is in it are, and how deep they go."""
    here = 1 if kind.name.endswith("Connection") else 0
    count, deepest = here, 0
    for child in _fields(field.selection_set):
        inner = get_named_type(kind.fields[child.name.value].type) if hasattr(kind, "fields") else None
        if inner is not None and child.selection_set is not None:
            below, depth = _connections(schema, child, inner)
            count, deepest = count + below, max(deepest, depth)
    return count, here + deepest


def _fields(selected: SelectionSetNode | None) -> list[FieldNode]:
    found = selected.selections if selected is not None else ()
    return [each for each in found if isinstance(each, FieldNode)]


def read_lines(call: Call, export: Export, records: list[Any]) -> list[bytes]:
    """A line for each record, and one for each thing in its connections, after it. Raises what a resolver raises."""
    assert export.schema.query_type is not None
    kind = get_named_type(export.schema.query_type.fields[export.root.name.value].type)
    selected = _node_selection(export.root)
    assert isinstance(kind, GraphQLObjectType)
    node_kind = get_named_type(kind.fields["nodes"].type)
    reader = _Reader(_Info(call))
    lines: list[bytes] = []
    for start in range(0, len(records), _A_BATCH):
        below: list[dict[str, Any]] = []
        parents = [reader.line(record, node_kind, selected, below) for record in records[start : start + _A_BATCH]]
        lines += [msgspec.json.encode(each) for each in (*parents, *below)]
    return lines


def _node_selection(connection: FieldNode) -> SelectionSetNode:
    for field in _fields(connection.selection_set):
        if field.name.value == "nodes":
            assert field.selection_set is not None
            return field.selection_set
        if field.name.value == "edges":
            inner = next(each for each in _fields(field.selection_set) if each.name.value == "node")
            assert inner.selection_set is not None
            return inner.selection_set
    raise AssertionError("A connection without nodes passes validation of nothing.")


class _Reader:
    """Walks records by a selection; what connections hold becomes lines of its own."""

    def __init__(self, info: _Info) -> None:
        self._info = info

    def line(
        self, record: Any, kind: Any, selected: SelectionSetNode, below: list[dict[str, Any]], parent: str | None = None
    ) -> dict[str, Any]:
        """One record as a line; the lines of its connections are added to `below`."""
        found: dict[str, Any] = {}
        for field in _fields(selected):
            name, key = field.name.value, field.alias.value if field.alias else field.name.value
            if name == "__typename":
                found[key] = kind.name
                continue
            definition = kind.fields[name]
            inner = get_named_type(definition.type)
            arguments = get_argument_values(definition, field)
            if inner.name.endswith("Connection"):
                value = definition.resolve(record, self._info, **{**arguments, "first": LARGEST_PAGE})
                for each in value["nodes"]:
                    node_kind = get_named_type(inner.fields["nodes"].type)
                    below.append(self.line(each, node_kind, _node_selection(field), below, found.get("id", "")))
            else:
                found[key] = self._value(definition.resolve(record, self._info, **arguments), inner, field, below)
        if parent is not None:
            found["__parentId"] = parent
        return found

    def _value(self, value: Any, kind: Any, field: FieldNode, below: list[dict[str, Any]]) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [self._value(each, kind, field, below) for each in value]
        if isinstance(kind, GraphQLObjectType):
            assert field.selection_set is not None
            return self.line(value, kind, field.selection_set, below)
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return kind.serialize(value)
        return value
