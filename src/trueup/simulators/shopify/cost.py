"""Query cost: what a document asks for, what its answer came to, and the leaky bucket that pays for it.

Scalars and enums are free, an object costs 1, an interface or union its dearest branch, a connection 2 and its page's nodes, a
mutation 10. The requested cost is taken from the bucket before the document runs; the unused part is given back after.

What `nodes(ids:)` costs no page says. By the rule above each id is an object with all that is selected of it, and so it is
priced unless a shop is made to price it once: a live shop asked for the same, whether one id or eight were given
(airhorns/shopify-draft-proxy, recorded answers). A list that is no connection (`quantities`) costs one, however many names it is
asked for: so they say too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

MUTATION_COST = 10
CONNECTION_COST = 2
LARGEST_QUERY_COST = 1000
DOCUMENTATION = "https://shopify.dev/api/usage/rate-limits"


@dataclass(slots=True)
class CostNode:
    """One selected field: its own price, how many of its children a page may hold, and its children."""

    key: str
    own: int
    kind: str  # object, connection, wrapper (edges), page (nodes of a connection), ids (nodes of the root)
    size: int | str = 1  # a number, or the variable that bears it
    default_size: int = 1
    children: list[CostNode] = field(default_factory=list)
    branches: list[list[CostNode]] = field(default_factory=list)


def plan_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> CostNode:
    """The price list of an operation."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    is_mutation = operation.operation is OperationType.MUTATION
    root = schema.mutation_type if is_mutation else schema.query_type
    assert root is not None
    node = CostNode("", 0, "object")
    _Planner(schema, fragments).fill(node, operation.selection_set, root)
    if is_mutation:
        for child in node.children:
            child.own = MUTATION_COST
    return node


class _Planner:
    """Walks a document once."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._schema, self._fragments = schema, fragments

    def fill(self, node: CostNode, selected: SelectionSetNode, kind: GraphQLNamedType) -> None:
        """Add the children of a selection on a type; conditions on other types become branches."""
        for selection in selected.selections:
            if isinstance(selection, FieldNode):
                child = self._field(selection, kind, node.kind)
                if child is not None:
                    node.children.append(child)
                continue
            if isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                inner, condition = fragment.selection_set, fragment.type_condition.name.value
            else:
                assert isinstance(selection, InlineFragmentNode)
                inner = selection.selection_set
                condition = selection.type_condition.name.value if selection.type_condition else kind.name
            on = self._schema.type_map[condition]
            if on is kind or not isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
                self.fill(node, inner, on)
            else:
                branch = CostNode("", 0, node.kind)
                self.fill(branch, inner, on)
                node.branches.append(branch.children)

    def _field(self, selection: FieldNode, parent: GraphQLNamedType, parent_kind: str) -> CostNode | None:
        name = selection.name.value
        if name.startswith("__") or selection.selection_set is None:
            return None
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        kind = get_named_type(parent.fields[name].type)
        key = selection.alias.value if selection.alias else name
        node = CostNode(key, 1, "object")
        if kind.name.endswith("Connection"):
            node.own, node.kind = CONNECTION_COST, "connection"
            node.size, node.default_size = _size_of(selection), 0
        elif parent_kind == "connection":
            node.own = 1 if name == "nodes" else 0
            node.kind = "wrapper" if name == "edges" else "page" if name == "nodes" else "object"
        elif parent is self._schema.query_type and name == "nodes":
            node.kind, node.size = "ids", _count_of_ids(selection)
        elif any(argument.name.value in ("first", "last") for argument in selection.arguments or ()):
            node.size = _size_of(selection)
        self.fill(node, selection.selection_set, kind)
        return node


def _size_of(selection: FieldNode) -> int | str:
    for argument in selection.arguments or ():
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
    return 0


def _count_of_ids(selection: FieldNode) -> int | str:
    [ids] = [argument.value for argument in selection.arguments or () if argument.name.value == "ids"]
    if isinstance(ids, VariableNode):
        return ids.name.value
    return len(ids.values) if isinstance(ids, ListValueNode) else 1


def requested(node: CostNode, variables: Mapping[str, Any], *, each_node: bool = True) -> int:
    """The most an answer may come to. `each_node`: objects asked for by id are paid for one by one, not once for all."""
    inner = sum(requested(child, variables, each_node=each_node) for child in node.children)
    branches = (sum(requested(child, variables, each_node=each_node) for child in branch) for branch in node.branches)
    inner += max(branches, default=0)
    size = variables.get(node.size, node.default_size) if isinstance(node.size, str) else node.size
    if node.kind == "ids":
        count = len(size) if isinstance(size, list) else size if isinstance(size, int) else 1
        return (node.own + inner) * (max(1, count) if each_node else 1)
    return node.own + inner * (size if isinstance(size, int) and size >= 0 else 1)


def actual(node: CostNode, answer: Any) -> int:
    """What an answer came to: objects that are null or lists that are empty cost nothing; a mutation costs its ten."""
    if answer is None or answer == []:
        return node.own if node.own == MUTATION_COST else 0
    if isinstance(answer, list):
        each = [actual_of_object(node, item) for item in answer if item is not None]
        if node.kind == "ids":
            return max(node.own, node.own * len(each) + sum(each))
        if node.kind == "page":
            return sum(each) + len(each)
        return sum(each) if node.kind == "wrapper" else node.own + max(each, default=0)
    return node.own + actual_of_object(node, answer)


def actual_of_object(node: CostNode, answer: Any) -> int:
    """What the fields of one object came to."""
    children = [*node.children, *(child for branch in node.branches for child in branch)]
    return sum(actual(child, answer[child.key]) for child in children if child.key in answer)


@dataclass(slots=True)
class Bucket:
    """The points an app may spend in a shop. `seconds` is the clock it refills by; none means without limit."""

    capacity: float
    restore_rate: float
    seconds: Callable[[], float]
    unlimited: bool = False
    points: float = field(init=False)
    refilled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.points = self.capacity
        self.refilled_at = self.seconds()

    def refill(self) -> None:
        """Restore what time has brought; a clock that went back brings nothing."""
        now = self.seconds()
        self.points = min(self.capacity, self.points + max(0.0, now - self.refilled_at) * self.restore_rate)
        self.refilled_at = now

    def take(self, cost: int) -> bool:
        """Pay for a query; False when there is not enough."""
        self.refill()
        if self.unlimited:
            return True
        if cost > self.points:
            return False
        self.points -= cost
        return True

    def give_back(self, cost: int) -> None:
        """Return what was not used."""
        self.points = min(self.capacity, self.points + max(0, cost))

    def report(self, cost: int, spent: int | None) -> dict[str, Any]:
        """`extensions.cost` of a reply."""
        status = {
            "maximumAvailable": float(self.capacity),
            "currentlyAvailable": int(self.points),
            "restoreRate": float(self.restore_rate),
        }
        return {"requestedQueryCost": cost, "actualQueryCost": spent, "throttleStatus": status}
