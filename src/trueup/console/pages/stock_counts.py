"""Counts: what lies of a product that no shop counts, said by a person; what that does to every channel is shown first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.page import Page, Route
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.visit import Visit
from trueup.storage.views.stock import list_declared
from trueup.workflows.declare_stock import count_of, declare_stock
from trueup.workflows.explain_stock import explain_stock
from trueup.workflows.import_products import archive_upload
from trueup.workflows.take_in_counts import KIND
from trueup.workflows.world import Tx

_FIELDS = ("sku", "location", "count", "reason")
_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Counting:
    """A count as it is meant: of a product at a location, so many eaches where there were `before`, and why."""

    sku: str
    location: str
    on_hand: int
    before: int | None
    reason: str


def _count(visit: Visit) -> Response:
    """Tried first: every channel's number before and after."""
    counting = _meant(visit)
    address = f"/stock/{quote(counting.sku)}"
    told = f"{counting.sku} at {counting.location}: {_said(counting.before)} → {counting.on_hand} on hand"
    before = _offered(visit, counting.sku)
    after = visit.act(_declare, counting, visit, dry_run=not is_sure(visit))
    if is_sure(visit):
        return visit.go(address, f"{told}.")
    changed = [
        f"{name}: {before[name]} → {number} may be sold" for name, number in after.items() if before[name] != number
    ]
    effects = (
        f"{told}. Goods that are held for orders are among them; what closed orders held is not.",
        *(changed or ("No channel may sell another number.",)),
        "A count is not taken back: the next one stands over it, and both stay in the history.",
    )
    title, above = f"Count {counting.sku}", ("Stock", "/stock")
    asked = Sure(title, counting.sku, address, effects, "Declare this count", "stock.declare", above)
    return ask_whether(visit, asked, {name: visit.given(name) for name in _FIELDS})


def _meant(visit: Visit) -> _Counting:
    """What the form says: a number is what lies there, one with a sign is added to the last count."""
    sku, location, count, reason = (visit.given(name) for name in _FIELDS)
    if not reason:
        raise Invalid("Say why it is counted, such as “recount” or “two broken”: whoever reads the history later asks.")
    before = list_declared(visit.connection, [sku]).get((sku, location))
    sign, digits = (count[:1], count[1:]) if count[:1] in ("+", "-", "\N{MINUS SIGN}") else ("", count)
    if not (digits.isascii() and digits.isdecimal()) or int(digits) > _MOST:
        raise Invalid(
            f"Count {count!r}: expected a whole number such as 48, or a change of the last count such as +5 or -2."
        )
    if sign and before is None:
        raise Invalid(f"{sku} was never counted at {location}: say how many lie there, not how many more.")
    change = int(digits) if sign in ("", "+") else -int(digits)
    on_hand = change if not sign else (before or 0) + change
    if on_hand < 0:
        raise Invalid(
            f"{sku} at {location}: {before} were counted last, {count} would leave {on_hand}; expected zero or more."
        )
    return _Counting(sku, location, on_hand, before, reason)


def _declare(tx: Tx, counting: _Counting, visit: Visit) -> dict[str, int]:
    """The count is archived and taken in; what every channel may sell then."""
    content = count_of(counting.sku, counting.location, counting.on_hand)
    archive_upload(tx, content, KIND, f"count of {counting.sku}: {counting.reason}"[:200], visit.who)
    done = declare_stock(tx, content, visit.who)
    if not done.taken:
        raise Invalid("The count was not taken: " + "; ".join(str(finding) for finding in done.findings))
    return _numbers(explain_stock(tx.connection, tx.resources, counting.sku, tx.now))


def _offered(visit: Visit, sku: str) -> dict[str, int]:
    return _numbers(explain_stock(visit.connection, visit.desk.world, sku, visit.now))


def _numbers(told: dict[str, Any]) -> dict[str, int]:
    return {f"{each['channel']} at {each['location']}": each["eaches"] for each in told["channels"]}


def _said(number: int | None) -> str:
    return "never counted" if number is None else str(number)


PAGE = Page("stock-counts", "Count", (Route("/stock-counts", _count, "stock.declare", "POST"),))
