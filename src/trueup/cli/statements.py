"""Words of a statement: money with thousands, accounts and types by name, blocks of rows that come to a sum."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from trueup.base.errors import ConfigurationError, Invalid
from trueup.base.secret import Secret

if TYPE_CHECKING:
    from trueup.cli.frame import Session
    from trueup.domain.deduction import DeductionType

_GAP = "  "
_WIDTH = 98


@dataclass(frozen=True, slots=True)
class Names:
    """What accounts and deduction types are called: by code."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, DeductionType] = field(default_factory=dict)

    def account(self, code: str) -> str:
        """`1200 Amazon receivable`; the code alone where the chart has no such account."""
        return f"{code} {self.accounts[code]}" if code in self.accounts else code

    def type(self, code: str) -> str:
        """The label of a deduction type, or what the code says by itself."""
        return self.types[code].label if code in self.types else code.replace("-", " ")

    def treatment(self, code: str) -> str:
        """How lines of the type are booked and why, in a sentence or two; "" where the type is not one of ours."""
        return self.types[code].treatment if code in self.types else ""


def load_names(session: Session) -> Names:
    """The names of the installation's chart. Codes stand for themselves where its settings cannot be read whole."""
    from trueup.app import build_books, deduction_types
    from trueup.settings.load import load_settings

    try:
        settings = load_settings(session.config_path(), session.environ, Secret)  # none is opened
        books = build_books(settings.books.chart)
    except ConfigurationError:
        return Names({}, deduction_types())
    return Names({account.code: account.name for account in books.chart.accounts}, books.types)


def read_day(text: str | None, option: str) -> date | None:
    """A day as an option gives it. Raises Invalid."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{option} {text}: expected a day such as 2026-10-31.") from None


def grouped(money: str | None) -> str:
    """An amount with thousands: `-1,234.50 USD`."""
    if not money:
        return ""
    number, _, currency = money.partition(" ")
    whole, point, part = number.lstrip("-").partition(".")
    sign = "-" if number.startswith("-") else ""
    return f"{sign}{int(whole):,}{point}{part} {currency}"


def counted(count: int, what: str = "line") -> str:
    """`1 line`, `3 lines`; nothing for none."""
    return f"{count:,} {what if count == 1 else what + 's'}" if count else ""


def block(title: str, rows: Sequence[Sequence[str]], total: Sequence[str] = ()) -> list[str]:
    """A titled block: columns side by side, the last one to the right, and beneath a rule what it comes to."""
    if not rows:
        return []
    every = [list(row) for row in (*rows, *([total] if total else []))]
    most = max(len(row) for row in every)
    for row in every:
        row[-1:-1] = [""] * (most - len(row))
    widths = [max(len(row[place]) for row in every) for place in range(most)]
    lines = [_row(row, widths) for row in every]
    if total:
        lines.insert(-1, " " * (2 + sum(widths[:-1]) + len(_GAP) * (most - 1)) + "-" * widths[-1])
    return [title, *lines, ""]


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
    return (_GAP + _GAP.join([*cells, row[-1].rjust(widths[-1])])).rstrip()


def document_words(document: Mapping[str, Any]) -> str:
    """`Payments.csv (9f3a2c1e0b7d4c55)`: the hash as `trueup documents` takes it."""
    short = str(document["digest"])[:16]
    return f"{document['name']} ({short})" if document["name"] else short


def said(label: str, text: str) -> str:
    """A labelled sentence, wrapped beneath itself."""
    lead = f"  {label:<8} "
    return textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))
