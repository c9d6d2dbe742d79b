"""The sets there are, by code: the modules of `sets/`, collected once."""

from __future__ import annotations

from functools import cache

from trueup.base.plugins import collect
from trueup.formats.edi.grammar import Grammar


@cache
def known_sets() -> dict[str, Grammar]:
    """Every grammar of `sets/`, by the code of ST01."""
    from trueup.formats.x12 import sets

    return collect(sets, "SET", Grammar, key=lambda grammar: grammar.code, group="trueup.x12.sets")
