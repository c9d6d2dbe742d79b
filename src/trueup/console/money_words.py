"""What accounts, deduction types and rules are called on the pages about money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from trueup.console.visit import Visit
from trueup.domain.rule_trials import AMBIGUOUS
from trueup.storage.views.closing import hold_still

SOURCES = {
    "portal-export": "Portal export",
    "x12-820": "X12 820",
    "advice": "Advice",
    "finance-api": "Finance API",
    "edifact-remadv": "EDIFACT REMADV",
}
LIGHTS = {"green": ("ok", "Proven"), "yellow": ("warn", "Open"), "red": ("bad", "Against closing")}
"""The colour and the word of a light of the close."""


class Names:
    """Codes in words, by the chart and the types of this installation."""

    def __init__(self, visit: Visit) -> None:
        self.chart = visit.desk.world.books.chart
        self.types = visit.desk.world.books.types

    def account(self, code: str) -> str:
        """`1200 Amazon receivable`; the code alone where the chart has no such account."""
        found = self.chart.account(code)
        return f"{code} {found.name}" if found is not None else code

    def type(self, code: str) -> str:
        """What a deduction type is called."""
        found = self.types.get(code)
        words = found.label if found is not None else code.replace("-", " ")
        return f"{words[:1].upper()}{words[1:]}"

    def reading(self, said: str) -> str:
        """What a trial of a rule says a line is: not read, read as two things, or its type."""
        if said == "unrecognised":
            return "not read"
        if said.startswith(AMBIGUOUS):
            return (
                f"read as two things: {' or '.join(self.type(each) for each in said.partition(': ')[2].split(' or '))}"
            )
        return self.type(said)

    def why(self, code: str) -> str:
        """How lines of a type are booked, and why."""
        found = self.types.get(code)
        return found.treatment if found is not None else ""

    def source(self, code: str) -> str:
        """Who tells of a payment."""
        return SOURCES.get(code, code)


@contextmanager
def held_still(visit: Visit) -> Iterator[sa.Connection]:
    """A transaction of its own that sees the books as they are at one instant, whatever is posted while figures are summed."""
    with visit.desk.world.database.transaction() as connection:
        hold_still(connection)
        yield connection
