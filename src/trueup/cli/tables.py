"""Tables and details on a terminal: rows of plain JSON by declared columns, one thing as its keys and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

_COLOURS = {
    "accepted": "green",
    "works": "green",
    "holds": "green",
    "done": "green",
    "rejected": "red",
    "fails": "red",
    "broken": "red",
    "failed": "red",
    "poisoned": "red",
    "unanswered": "yellow",
    "missing": "yellow",
    "held": "yellow",
    "open": "yellow",
}
NOTHING = "-"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_HASH = re.compile(r"[0-9a-f]{64}")
_NARROWEST = 24
_GAP = 2


class Terminal(Console):
    """A console that tells its caller when the reader went away, rather than ending the program itself."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, the key of the row it shows (or what makes the text), and whether it is a number.

    `wrap`: it may become narrow. `spare`: it is left out where the terminal is too narrow for all, the last one first.
    """

    title: str
    value: str | Callable[[Mapping[str, Any]], Any]
    number: bool = False
    wrap: bool = False
    spare: bool = False

    def of(self, row: Mapping[str, Any]) -> Text:
        """The cell."""
        found = row.get(self.value) if isinstance(self.value, str) else self.value(row)
        return cell(found)


def cell(value: Any) -> Text:
    """A value as a person reads it: nothing as a dash, times without their T, words of state in colour."""
    text = words(value)
    return Text(text, style="dim" if text == NOTHING else _COLOURS.get(text, ""))


def words(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "" or value in ([], (), {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(words(item) for item in value)
    text = str(value)
    return f"{text[:10]} {text[11:16]}" if _INSTANT.fullmatch(text) else text


def amount(number: int, unit: str) -> str:
    """A quantity in words: 1 case, 2 cases, 12 eaches."""
    return f"{number:,} {unit if number == 1 else unit + ('es' if unit.endswith('h') else 's')}"


def details(after: Any) -> str:
    """What an event left behind, in one line. Hashes are for machines and have a place of their own."""
    if not isinstance(after, Mapping):
        return "" if after is None else words(after)
    shown = {key: value for key, value in after.items() if value not in ("", None, [], {}) and not _is_hash(value)}
    return "; ".join(f"{_key(key)}: {words(value)}" for key, value in shown.items())


def _key(key: str) -> str:
    return f"line {key}" if key.isdecimal() else key.replace("_", " ")


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def print_table(
    console: Console, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], nothing: str = "Nothing to show."
) -> None:
    """Rows under their columns; a sentence when there are none."""
    if not rows:
        console.print(nothing)
        return
    shown = list(columns) or [Column(key.replace("_", " "), key) for key in rows[0]]
    shown = _fitting(shown, rows, console.width)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in shown:
        table.add_column(
            column.title, justify="right" if column.number else "left", no_wrap=not column.wrap, overflow="fold"
        )
    for row in rows:
        table.add_row(*(column.of(row) for column in shown))
    console.print(table)


def _fitting(columns: list[Column], rows: Sequence[Mapping[str, Any]], width: int) -> list[Column]:
    """Without the spare columns that there is no room for: a cell cut off says something else than it holds."""
    widths = {}
    for column in columns:
        widest = max((column.of(row).cell_len for row in rows), default=0)
        room = max(len(column.title), min(widest, _NARROWEST) if column.wrap else widest)
        widths[column.title] = room + _GAP
    kept = list(columns)
    for column in reversed(columns):
        if column.spare and sum(widths[each.title] for each in kept) > width:
            kept.remove(column)
    return kept


def print_details(console: Console, data: Any, title: str = "") -> None:
    """One thing: keys and values, what is inside indented below."""
    tree = Tree(title, hide_root=True, guide_style="dim")
    _grow(tree, data)
    console.print(tree)


def _grow(tree: Tree, data: Any) -> None:
    if isinstance(data, Mapping):
        for key, value in data.items():
            name = Text(f"{str(key).replace('_', ' ')}: ", style="bold")
            if isinstance(value, Mapping | list | tuple) and value and not _plain(value):
                _grow(tree.add(name), value)
            else:
                tree.add(name + cell(value))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data, 1):
            if isinstance(item, Mapping | list | tuple):
                _grow(tree.add(Text(f"{index}.", style="dim")), item)
            else:
                tree.add(cell(item))
    else:
        tree.add(cell(data))


def _plain(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(not isinstance(item, Mapping | list | tuple) for item in value)
