"""What is said of a finding's code, beside its message: what it means, what is expected there, what to do, and who says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Help:
    """Sentences for a person. `expected`: the form or the values that may stand there; `source`: whose rule it is."""

    means: str
    expected: str
    do: str
    source: str = ""


Table = dict[str, Help]


def of_source(source: str, table: Table) -> Table:
    """The table with this source where a code names none of its own."""
    return {
        code: each if each.source else Help(each.means, each.expected, each.do, source) for code, each in table.items()
    }
