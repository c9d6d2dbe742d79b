"""Tables and details on a terminal: rows of plain JSON by declared columns, one thing as its keys and values."""

from __future__ import annotations

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


class Terminal(Console):
    """A console that tells its caller when the reader went away, rather than ending the program itself."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, the key of the row it shows (or what makes the text), and whether it is a number."""

    title: str
    value: str | Callable[[Mapping[str, Any]], Any]
    number: bool = False
    wrap: bool = False

    def of(self, row: Mapping[str, Any]) -> Text:
        """The cell."""
        found = row.get(self.value) if isinstance(self.value, str) else self.value(row)
        return cell(found)


def cell(value: Any) -> Text:
    """A value as a person reads it: nothing as a dash, times without their T, words of state in colour."""
    if value is None or value == "" or value == []:
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list):
        return Text(", ".join(str(item) for item in value))
    text = str(value)
    if len(text) >= 20 and text[4:5] == "-" and text[10:11] == "T" and text.endswith("Z"):
        text = f"{text[:10]} {text[11:16]}"
    return Text(text, style=_COLOURS.get(text, ""))


def print_table(console: Console, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    """Rows under their columns; a sentence when there are none."""
    if not rows:
        console.print("Nothing to show.")
        return
    shown = columns or [Column(key.replace("_", " "), key) for key in rows[0]]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in shown:
        table.add_column(
            column.title, justify="right" if column.number else "left", no_wrap=not column.wrap, overflow="fold"
        )
    for row in rows:
        table.add_row(*(column.of(row) for column in shown))
    console.print(table)


def print_details(console: Console, data: Any, title: str = "") -> None:
    """One thing: keys and values, what is inside indented below."""
    tree = Tree(title, hide_root=True, guide_style="dim")
    _grow(tree, data)
    console.print(tree)


def _grow(tree: Tree, data: Any) -> None:
    if isinstance(data, Mapping):
        for key, value in data.items():
            name = Text(f"{str(key).replace('_', ' ')}: ", style="bold")
            if isinstance(value, Mapping | list) and value and not _plain(value):
                _grow(tree.add(name), value)
            else:
                tree.add(name + cell(value))
    elif isinstance(data, list):
        for index, item in enumerate(data, 1):
            if isinstance(item, Mapping | list):
                _grow(tree.add(Text(f"{index}.", style="dim")), item)
            else:
                tree.add(cell(item))
    else:
        tree.add(cell(data))


def _plain(value: Any) -> bool:
    return isinstance(value, list) and all(not isinstance(item, Mapping | list) for item in value)
