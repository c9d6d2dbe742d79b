"""Lines and items as a test says them, and what all matchers of the product make of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from trueup.base.plugins import collect
from trueup.domain import matchers as folder
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.open_items import ItemKind, OpenItem, ResidueLine, purchase_orders_of
from trueup.domain.reconciliation import Reconciliation, reconcile

MATCHERS = tuple(collect(folder, "MATCHER", Matcher, key=lambda each: each.name).values())
DAY = date(2026, 10, 3)


def line(number: int, reference: str, settled: int, description: str = "", day: date | None = DAY) -> ResidueLine:
    """A residue line of 3 October, unless said otherwise."""
    return ResidueLine(number, reference, settled, day, description, {}, purchase_orders_of(description, {}))


def invoice(reference: str, minor: int, order: str = "", day: date | None = DAY, about: str = "") -> OpenItem:
    """An open invoice, or a credit note where the amount is negative; its key is its reference."""
    return OpenItem(reference, ItemKind.INVOICE, reference, minor, day, order, about=about)


def claim(reference: str, minor: int, about: str) -> OpenItem:
    """An open claim about an invoice."""
    return OpenItem(reference, ItemKind.CLAIM, reference, minor, date(2026, 8, 1), about=about)


def balance(minor: int) -> OpenItem:
    """What Amazon carries against us."""
    return OpenItem(f"debit{minor}", ItemKind.BALANCE, "of September", minor)


def matched(lines: Iterable[ResidueLine], *items: OpenItem) -> Reconciliation:
    """What all matchers together make of it."""
    return reconcile(lines, items, MATCHERS)


def told(match: Candidate) -> tuple[str, dict[str, int]]:
    """Who matched, and how much of what."""
    return match.matcher, {part.key: part.minor for part in match.parts}


def only(found: Reconciliation) -> tuple[str, dict[str, int]]:
    """The one match there is, with nothing left."""
    assert not found.contests
    assert not found.residue
    (match,) = found.matches
    return told(match)
