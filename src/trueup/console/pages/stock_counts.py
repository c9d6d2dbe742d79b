"""Counts: what lies of a product that no shop counts, said by a person; what that does to every channel is shown first."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.console.page import Page, Route
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.typed_numbers import shortened, whole_number
from trueup.console.visit import Visit
from trueup.workflows.adjust_stock import MOST, Adjusted, Adjustment, Made, adjust_stock, undo_adjustment
from trueup.workflows.day_of_counts import takes_two
from trueup.workflows.explain_stock import explain_stock
from trueup.workflows.resolve_case import is_above
from trueup.workflows.world import Tx

_FIELDS = ("sku", "location", "count", "reason", "seen")
_SIGNS = ("+", "-", "\N{MINUS SIGN}")


def _count(visit: Visit) -> Response:
    """Tried first: every channel's number before and after. Above the limit a second person is asked."""
    wanted = _meant(visit)
    address = f"/stock/{quote(wanted.sku)}"
    before = _numbers(explain_stock(visit.connection, visit.desk.world, wanted.sku, visit.now))
    if is_sure(visit):
        sure = visit.act(adjust_stock, wanted, visit.who, visit.desk.settings.two_persons_above)
        return visit.go(address, f"{sure}.", "" if sure.proposal else undo_address(sure))
    done, after = visit.act(_try, wanted, visit, dry_run=True)
    limit, alone = visit.desk.settings.two_persons_above, {done.earlier.currency: done.earlier} if done.earlier else {}
    by_two = done.value is not None and takes_two([done.value], alone, limit)
    changed = [
        f"{name}: {before[name]} → {number} may be sold" for name, number in after.items() if before[name] != number
    ]
    effects = (
        f"{done.sku} at {done.location}: {_said(done.before)} → {done.on_hand} on hand{_worth(done)}.",
        "Goods that are held for orders are among them; what closed orders held is not.",
        *(changed or ("No channel may sell another number.",)),
        *([f"{_together(done, limit)}A second person must approve it; until then nothing changes."] if by_two else ()),
        "It can be taken back while no other count stands over it; both stay in the history.",
    )
    title, above = f"Count {wanted.sku}", ("Stock", "/stock")
    label = "Propose this count" if by_two else "Declare this count"
    asked = Sure(title, wanted.sku, address, effects, label, "stock.declare", above)
    return ask_whether(visit, asked, {name: visit.given(name) for name in _FIELDS if name in visit.form})


def _together(done: Adjusted, limit: Money | None) -> str:
    """Why a count below the limit takes two: with what its maker declared alone within a day it is above."""
    if done.value is None or not done.earlier or is_above(done.value, limit):
        return ""
    total = done.value + done.earlier
    return f"With {done.earlier} that you declared alone in the last 24 hours it comes to {total}, above {limit}. "


def _worth(done: Adjusted) -> str:
    """What the difference is worth, where a cost is agreed and there is one."""
    return f", which is worth {done.value}" if done.value else ""


def _meant(visit: Visit) -> Adjustment:
    """What the form says: a number is what lies there, one with a sign is more or fewer than lie there now."""
    sku, location, count, reason, seen = (visit.given(name) for name in _FIELDS)
    sign, digits = (count[:1], count[1:]) if count[:1] in _SIGNS else ("", count)
    number, since = whole_number(digits), seen if "seen" in visit.form else None
    if number is None or number > MOST:
        raise Invalid(
            f"Count {shortened(count)}: expected a whole number such as 48, or a change of what lies there such as +5 or -2; "
            f"at most {MOST:,}."
        )
    if not sign:
        return Adjustment(sku, location, reason, on_hand=number, seen=since)
    return Adjustment(sku, location, reason, change=number if sign == "+" else -number, seen=since)


def _try(tx: Tx, wanted: Adjustment, visit: Visit) -> tuple[Adjusted, dict[str, int]]:
    """What would come of it, and what every channel may sell then, whoever else it takes."""
    done = adjust_stock(tx, wanted, visit.who)
    return done, _numbers(explain_stock(tx.connection, tx.resources, wanted.sku, tx.now))


def _numbers(told: dict[str, Any]) -> dict[str, int]:
    return {f"{each['channel']} at {each['location']}": each["eaches"] for each in told["channels"]}


def _said(number: int | None) -> str:
    return "never counted" if number is None else str(number)


def undo_address(done: Adjusted) -> str:
    """Where that count is taken back."""
    return "/stock-counts/undo?" + urlencode({"sku": done.sku, "location": done.location, "at": done.at})


def _undo(visit: Visit) -> Response:
    """What lay there before that count lies there again, less what moved since."""
    made = Made(visit.asked("sku"), visit.asked("location"), visit.asked("at"))
    done = visit.act(undo_adjustment, made, visit.who, visit.desk.settings.two_persons_above)
    return visit.go(f"/stock/{quote(made.sku)}", f"{done}.", "" if done.proposal else undo_address(done))


PAGE = Page(
    "stock-counts",
    "Count",
    (
        Route("/stock-counts", _count, "stock.declare", "POST"),
        Route("/stock-counts/undo", _undo, "stock.declare", "POST"),
    ),
)
