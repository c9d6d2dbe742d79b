"""Came back: goods of purchase orders that a buyer sent back. A person says what came; each unit becomes an item."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from trueup.base.errors import Invalid, Refused, TrueupError
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.tables import Choice, Column, state_of
from trueup.console.typed_numbers import shortened, whole_number
from trueup.console.visit import Visit
from trueup.domain.vendor_returns import Returned
from trueup.storage.views import vendor_returns as views
from trueup.storage.views.growing import Growing
from trueup.storage.views.orders import find_order, show_order
from trueup.workflows.take_back_goods import Returnable, look_at_order, take_back

_COLUMNS = (
    Column("Serial"),
    Column("Product"),
    Column("Order"),
    Column("State", "mark"),
    Column("Agreed cost", "number", spare=True),
    Column("Told", "number"),
    Column("By", spare=True),
    Column("Evidence", spare=True),
)
STATES = {"wanted": ("info", "Being made an item"), "made": ("ok", "An item"), "refused": ("bad", "No item: a case")}
_FIELDS = ("sku", "eaches", "serials", "condition", "programme")
_BECOME = {"unavailable": "not to be had until somebody has looked", "available": "offered at once"}


def _list(visit: Visit) -> Response:
    """All that came back; with `order`, the way to that order's."""
    if visit.asked("order"):
        order = show_order(visit.connection, find_order(visit.connection, visit.asked("order")))
        return RedirectResponse(_address(order["partner"], order["number"]), status_code=303)
    state = state_of(visit, "at")
    return visit.render(
        "came_back.html",
        state=state,
        columns=_COLUMNS,
        paged=views.page_returned(visit.connection, state["at"]),
        states=STATES,
        programmes=sorted(visit.desk.world.programmes),
    )


def _growing(_visit: Visit) -> Growing:
    return views.growing_returned()


def _show(visit: Visit) -> Response:
    return _shown(visit)


def _shown(visit: Visit, refused: str = "", status: int = 200) -> Response:
    """The order's products that may come back, and those that did; `refused`: why what was typed was not taken, still there."""
    partner, number = visit.path("partner"), visit.path("number")
    order_id = find_order(visit.connection, f"{partner}/{number}")
    rows, why_not = _returnable(visit, order_id)
    state = state_of(visit, "at")
    names = sorted(visit.desk.world.programmes)
    return visit.render(
        "came_back_order.html",
        status=status,
        title=f"Came back of {number}",
        order=f"{partner}/{number}",
        address=_address(partner, number),
        rows=rows,
        why_not=why_not,
        products=[Choice(row.sku, f"{row.sku}, up to {row.left}") for row in rows if row.left and not row.why_not],
        programmes=[Choice(name, name) for name in names],
        conditions=[
            Choice(str(each), title) for name in names for each, title in views.list_conditions(visit.connection, name)
        ],
        given={name: visit.given(name) for name in _FIELDS},
        refused=refused,
        state=state,
        columns=_COLUMNS,
        paged=views.page_returned(visit.connection, state["at"], order_id=order_id),
        states=STATES,
    )


def _returnable(visit: Visit, order_id: int) -> tuple[Sequence[Returnable], str]:
    """What may come back, and what keeps anything from it: an agreement that does not say, or a programme that nobody named."""
    try:
        return look_at_order(visit.connection, visit.desk.world, order_id, visit.given("programme")), ""
    except TrueupError as error:
        return (), str(error)


def _take_back(visit: Visit) -> Response:
    """Tried first: what cannot be taken is said beside what was typed."""
    partner, number = visit.path("partner"), visit.path("number")
    order_id, address = find_order(visit.connection, f"{partner}/{number}"), _address(partner, number)
    try:
        returned = _told(visit)
        done = visit.act(take_back, order_id, returned, visit.who, dry_run=not is_sure(visit))
    except TrueupError as error:
        return _shown(visit, str(error), error.http_status)
    units = "1 unit" if returned.eaches == 1 else f"{returned.eaches} units"
    if is_sure(visit):
        return visit.go(address, f"{units} of {returned.sku} came back; {done.programme} gets them as items.")
    effects = (
        f"{units} of {returned.sku} become items of {done.programme}, {_BECOME[done.become.value]}.",
        f"Their serials: {', '.join(done.serials)}.",
        f"Each costs what the buyer had agreed to pay, and tells in its story that it came back from order {number}.",
        "This cannot be undone here: Supercycle has no way to unmake an item. One that was told by mistake is retired there.",
    )
    title, above = f"Take back {units} of {returned.sku}", ("Came back", "/came-back")
    asked = Sure(title, f"Order {number}", address, effects, title, "goods.take-back", above)
    return ask_whether(visit, asked, {name: visit.given(name) for name in _FIELDS} | {"before": _before(visit)})


def _told(visit: Visit) -> Returned:
    """What the form says. Serials stand one a line, or between commas."""
    eaches, condition = visit.given("eaches"), visit.given("condition")
    if not (eaches.isascii() and eaches.isdecimal()) or len(eaches) > 6:
        raise Invalid(f"How many came back: {eaches!r}; expected a whole number above zero.")
    number = whole_number(condition)
    if condition and number is None:
        raise Invalid(f"Condition {shortened(condition)}: expected one of those of the programme.")
    if not visit.given("sku"):
        raise Refused("Say which product came back.")
    serials = tuple(filter(None, (each.strip() for each in visit.given("serials").replace(",", "\n").splitlines())))
    before = _before(visit)
    known = int(before) if before.isascii() and before.isdecimal() and len(before) < 7 else 0
    return Returned(visit.given("sku"), int(eaches), serials, number, visit.given("programme"), known)


def _before(visit: Visit) -> str:
    """How many of the product had come back when the page was drawn on which it was chosen."""
    return visit.given("before") or visit.given(f"before-{visit.given('sku')}")


def _address(partner: str, number: str) -> str:
    return f"/came-back/{quote(partner)}/{quote(number)}"


PAGE = Page(
    "came-back",
    "Came back",
    (
        Route("/came-back", _list),
        Route("/came-back/{partner}/{number}", _show),
        Route("/came-back/{partner}/{number}", _take_back, "goods.take-back", "POST"),
    ),
    Place(Group.GOODS, 7, "truck"),
    grows=(Grows("/came-back", "unit", "units", _growing),),
)
