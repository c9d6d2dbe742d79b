"""A set's segments against its grammar, in one pass that finds every fault: where each segment stands, and what is wrong.

The walk from one segment to the next is worked out once per pair (where we are, next tag) and remembered, so that checking
a segment costs a look-up and one match of its expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from trueup.formats.edi.elements import expression, look
from trueup.formats.edi.faults import Fault, Note, Place
from trueup.formats.edi.grammar import Grammar, Loop, Shape, Use
from trueup.formats.edi.syntax import Separators

MOST_NOTES = 100  # a set; beyond it a person has seen enough, and a hostile file must not fill the memory
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")


@dataclass(slots=True, eq=False)
class Node:
    """A segment's place in the grammar. `name` is its loops and tag: `BEG`, `N1/N3`, `PO1/CTP`; `match` is its expression's."""

    name: str
    use: Use
    loop: LoopNode
    index: int
    match: Callable[[str], re.Match[str] | None]
    most: int = 1
    is_head: bool = False
    steps: dict[str, Step] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class LoopNode:
    """A loop's place in the grammar; the set itself is the outermost, without a name."""

    name: str
    most: int
    parent: LoopNode | None
    index: int
    required: bool = False
    closed: bool = False
    items: list[Node | LoopNode] = field(default_factory=list)
    inner: list[LoopNode] = field(default_factory=list)

    @property
    def head(self) -> Node:
        """The node of its first segment."""
        first = self.items[0]
        return first if isinstance(first, Node) else first.head


@dataclass(frozen=True, slots=True)
class Step:
    """From one segment to the next: where it stands (None: it is passed over), what was left out, what is wrong with it."""

    node: Node | None
    missing: tuple[Node, ...] = ()
    fault: Fault | None = None


@dataclass(slots=True)
class Checked:
    """A set with each segment's place in the grammar (None: passed over). `passed_over` are tags it does not name."""

    nodes: list[Node | None] = field(default_factory=list)
    segments: list[list[str]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    passed_over: dict[str, Place] = field(default_factory=dict)


class Checker:
    """A grammar made ready for one choice of separators."""

    def __init__(self, grammar: Grammar, separators: Separators) -> None:
        self.separators = separators
        self.tags = grammar.tags()
        self._expressions: dict[int, re.Pattern[str]] = {}
        self.root = LoopNode("", 1, None, 0)
        self._build(self.root, grammar.items)

    def check(self, raws: Sequence[str], offsets: Sequence[int]) -> Checked:
        """Check the segments of one set, its header first and its trailer last. `raws` are segments as text."""
        checked = Checked()
        mark = self.separators.element
        node = last = here = self.root.head
        in_a_row = 0
        heads: dict[LoopNode, int] = {}
        nodes, segments = checked.nodes, checked.segments
        for raw in raws:
            elements = raw.split(mark)
            segments.append(elements)
            step = node.steps.get(elements[0]) or self._step(node, elements[0], len(segments))
            if step.node is None or step.fault or step.missing:
                self._report(checked, step, elements[0], offsets)
                if step.node is None:
                    nodes.append(None)
                    continue
                here = step.node
                node = node if step.fault else here
            else:
                here = node = step.node
            nodes.append(here)
            in_a_row = in_a_row + 1 if here is last else 1
            last = here
            if here.is_head:
                loop = here.loop
                heads[loop] = repeats = heads.get(loop, 0) + 1
                for inner in loop.inner:
                    heads[inner] = 0
                if repeats > loop.most:
                    self._note(checked, Fault.LOOP_OCCURS_TOO_OFTEN, here, offsets)
            elif in_a_row > here.most:
                self._note(checked, Fault.SEGMENT_EXCEEDS_MAXIMUM_USE, here, offsets)
            if here.match(raw) is None:
                self._look(checked, here, elements, offsets)
        return checked

    def _look(self, checked: Checked, node: Node, elements: list[str], offsets: Sequence[int]) -> None:
        position = len(checked.segments)
        place = Place(offsets[position - 1], position, node.use.tag, loop=node.loop.name)
        for found in look(node.use.shape, elements):
            if len(checked.notes) >= MOST_NOTES:
                return
            where = element_place(place, elements, found.element)
            checked.notes.append(Note(found.fault, where, found.message, found.reference, found.copy[:99]))

    def _report(self, checked: Checked, step: Step, tag: str, offsets: Sequence[int]) -> None:
        position = len(checked.segments)
        for node in step.missing:
            words = f"{node.use.tag} is missing before {tag}; expected {node.use.tag} in {node.loop.name or 'the set'}"
            where = Place(offsets[position - 1], position, node.use.tag, loop=node.loop.name)
            if len(checked.notes) < MOST_NOTES:
                checked.notes.append(Note(Fault.MANDATORY_SEGMENT_MISSING, where, words))
        if step.fault:
            self._note(checked, step.fault, step.node, offsets)
        elif step.node is None and len(checked.passed_over) < MOST_NOTES:
            checked.passed_over.setdefault(tag, Place(offsets[position - 1], position, tag))

    def _note(self, checked: Checked, fault: Fault, node: Node | None, offsets: Sequence[int]) -> None:
        if len(checked.notes) >= MOST_NOTES:
            return
        position = len(checked.segments)
        tag = checked.segments[-1][0]
        words = {
            Fault.UNRECOGNIZED_SEGMENT: f"{tag[:20]!r} is no segment tag: the data is damaged here",
            Fault.UNEXPECTED_SEGMENT: f"{tag} does not belong here",
            Fault.SEGMENT_NOT_IN_SEQUENCE: f"{tag} comes too late; read as if it stood in its place",
            Fault.LOOP_OCCURS_TOO_OFTEN: f"loop {tag} occurs more than {node.loop.most if node else 0} times",
            Fault.SEGMENT_EXCEEDS_MAXIMUM_USE: f"{tag} occurs more than {node.most if node else 0} times in a row",
        }[fault]
        where = Place(offsets[position - 1], position, tag[:3], loop=node.loop.name if node else "")
        checked.notes.append(Note(fault, where, words))

    def _step(self, node: Node, tag: str, position: int) -> Step:
        if position == 1:
            return Step(node)
        if tag not in self.tags:
            fault = None if _TAG.fullmatch(tag) else Fault.UNRECOGNIZED_SEGMENT
            return Step(None, fault=fault)  # not remembered: there is no end of wrong tags
        node.steps[tag] = step = self._work_out(node, tag)
        return step

    def _work_out(self, node: Node, tag: str) -> Step:
        missing: list[Node] = []
        loop: LoopNode | None = node.loop
        index, repeatable = node.index, not node.is_head
        while loop is not None:
            found, skipped = _search(loop, index, tag, repeatable)
            if found is not None:
                return Step(found, tuple(missing + skipped))
            missing += skipped
            index, loop, repeatable = loop.index, loop.parent, True
        before = _earlier(node, tag)
        if before is not None:
            return Step(before, fault=Fault.SEGMENT_NOT_IN_SEQUENCE)
        return Step(None, fault=None if _in_closed(node) else Fault.UNEXPECTED_SEGMENT)

    def _build(self, loop: LoopNode, items: tuple[Use | Loop, ...]) -> None:
        for index, item in enumerate(items):
            if isinstance(item, Loop):
                path = f"{loop.name}/{item.name}" if loop.name else item.name
                inner = LoopNode(path, item.most, loop, index, item.required, item.closed)
                self._build(inner, item.items)
                loop.items.append(inner)
                loop.inner.append(inner)
            else:
                name = f"{loop.name}/{item.tag}" if loop.name else item.tag
                is_head = index == 0 and loop.parent is not None
                match = self._expression(item.shape).fullmatch
                loop.items.append(Node(name, item, loop, index, match, item.most, is_head))

    def _expression(self, shape: Shape) -> re.Pattern[str]:
        if id(shape) not in self._expressions:
            self._expressions[id(shape)] = expression(shape, self.separators)
        return self._expressions[id(shape)]


@lru_cache(maxsize=64)
def checker(grammar: Grammar, separators: Separators) -> Checker:
    """The checker of a grammar for these separators, made once."""
    return Checker(grammar, separators)


def element_place(segment: Place, elements: list[str], element: int) -> Place:
    """The place of an element of a segment; of the segment's end when it has fewer elements."""
    before = elements[:element] if element <= len(elements) else elements
    offset = segment.offset + sum(len(value) + 1 for value in before)
    if element >= len(elements):
        offset -= 1
    return Place(offset, segment.segment, segment.tag, element, loop=segment.loop)


def _search(loop: LoopNode, index: int, tag: str, repeatable: bool) -> tuple[Node | None, list[Node]]:
    """The tag from `index` on in one loop, and the mandatory nodes passed on the way; the item at `index` was there."""
    skipped: list[Node] = []
    for place in range(index, len(loop.items)):
        item = loop.items[place]
        head = item.head if isinstance(item, LoopNode) else item
        if head.use.tag == tag and (place > index or repeatable):
            return head, skipped
        if place > index and (item.required if isinstance(item, LoopNode) else item.use.required):
            skipped.append(head)
    return None, skipped


def _earlier(node: Node, tag: str) -> Node | None:
    """A node of that tag earlier in the loops around `node`, the nearest loop first, up to a closed one."""
    loop: LoopNode | None = node.loop
    while loop is not None:
        for item in loop.items:
            if isinstance(item, Node) and item.use.tag == tag:
                return item
        loop = None if loop.closed else loop.parent
    return None


def _in_closed(node: Node) -> bool:
    loop: LoopNode | None = node.loop
    while loop is not None and not loop.closed:
        loop = loop.parent
    return loop is not None
