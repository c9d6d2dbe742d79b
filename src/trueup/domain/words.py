"""Words: the names that may stand in a line's text, normalised, to be looked up among what is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trueup.domain.invoices import normal_reference
from trueup.domain.open_items import Items, OpenItem, ResidueLine

_BREAKS = re.compile(r"[\s,;:|()\[\]#\"'=+&]+")
_SHORTEST = 4
_LONGEST_RUN = 3
"""A long number is wrapped over at most so many pieces."""


def names_in(line: ResidueLine) -> tuple[str, ...]:
    """What could be a reference in the description and the further references: words with a digit, and runs of up to three.

    A word that holds slashes is also taken apart at them: `PO/FC/...`.
    """
    found: dict[str, None] = {}
    for text in (line.description, *(line.references[name] for name in sorted(line.references))):
        found.update(dict.fromkeys(_names(text)))
    return tuple(found)


def named_items(line: ResidueLine, items: Items) -> tuple[OpenItem, ...]:
    """Items that the line's reference or text names, whatever their amounts: what a person looks at first."""
    names = dict.fromkeys((normal_reference(line.reference), *names_in(line)))
    found = {item.key: item for name in names for item in items.by_reference.get(name, ())}
    return tuple(found[key] for key in sorted(found))


def _names(text: str) -> Iterator[str]:
    words = [word for word in _BREAKS.split(text) if word]
    pieces = [piece for word in words for piece in word.split("/") if piece]
    for run in (words, pieces) if pieces != words else (words,):
        for first in range(len(run)):
            for last in range(first + 1, min(first + _LONGEST_RUN, len(run)) + 1):
                name = normal_reference("".join(run[first:last]))
                if len(name) >= _SHORTEST and any(each.isdigit() for each in name):
                    yield name
