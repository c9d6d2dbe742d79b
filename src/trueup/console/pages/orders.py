"""Orders: the list, and each order as one story from its bytes to its payment, every event with its evidence."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from trueup.base.clock import read_instant
from trueup.console.money_chain import case_costs
from trueup.console.money_words import Names
from trueup.console.order_story import (
    ANSWERS,
    DELIVERIES,
    DOCUMENTS,
    PEOPLE,
    contradictions_of,
    prices_of,
    sentence_of,
    steps_of,
    timeline_of,
    unknowns_of,
)
from trueup.console.page import Group, Grows, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.order_course import STAGES
from trueup.storage.views import case_queue, orders
from trueup.storage.views.growing import Growing
from trueup.storage.views.money_stages import load_worths
from trueup.storage.views.order_course import load_billed
from trueup.storage.views.order_money import load_dues, load_money
from trueup.storage.views.order_pages import (
    STANDINGS,
    OrderFilter,
    answered_in_time,
    billed_json,
    growing_orders,
    list_partners,
    page_orders,
)

_NEXT = {
    "to-answer": "Open, to be answered",
    "to-prove": "Open, to be proven",
    "to-invoice": "Open, to be invoiced",
}
_COLUMNS = (
    Column("Order"),
    Column("Partner", spare=True),
    Column("Answer"),
    Column("Ordered", sort="newest", spare=True),
    Column("Answer due", "number", sort="due"),
    Column("Worth", "number", spare=True),
    Column("Open cases", "number"),
)


_PARTS = (Choice("", "All"), Choice(DOCUMENTS, "Documents"), Choice(PEOPLE, "People"))


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "standing", "words", "sort", "at")
    wanted = _wanted(visit)
    filters = [
        Filter("partner", "Partner", [Choice(each, each) for each in list_partners(visit.connection)]),
        Filter(
            "standing",
            "Answer",
            [Choice(each, ANSWERS[each][1] if each in ANSWERS else _NEXT[each]) for each in STANDINGS],
        ),
        Filter("words", "Number or vendor code"),
    ]
    paged = page_orders(visit.connection, wanted, sort=state["sort"], at=state["at"])
    worths = load_worths(visit.connection, [row["id"] for row in paged.rows], case_costs(visit))
    return visit.render(
        "orders.html",
        state=state,
        filters=filters,
        columns=_COLUMNS,
        paged=paged,
        answers=ANSWERS,
        worths=worths,
        in_time=answered_in_time(visit.connection, [row["id"] for row in paged.rows]),
    )


def _wanted(visit: Visit) -> OrderFilter:
    return OrderFilter(visit.asked("partner"), visit.asked("standing"), visit.asked("words"))


def _growing(visit: Visit) -> Growing:
    return growing_orders(_wanted(visit))


def _story(visit: Visit) -> Response:
    key, state = f"{visit.path('partner')}/{visit.path('number')}", state_of(visit, "events")
    order_id = orders.find_order(visit.connection, key)
    order = orders.show_order(visit.connection, order_id)
    billed = load_billed(visit.connection, order["partner"], order["number"])
    names = Names(visit)
    money = load_money(visit.connection, billed, names.chart.code(Purpose.RECEIVABLE))
    comments = [
        comment for case in order["cases"] for comment in case_queue.list_comments(visit.connection, case["id"])
    ]
    return visit.render(
        "order.html",
        terms=_terms(visit, order),
        order=order,
        key=key,
        sentence=sentence_of(order, visit.now, money),
        steps=steps_of(order, money, load_dues(visit.connection, billed)),
        prices=prices_of(order),
        stages=STAGES,
        unknowns=unknowns_of(order),
        contradictions=contradictions_of(order),
        money=money,
        billed=billed_json(billed),
        names=names,
        state=state,
        parts=_PARTS,
        events=timeline_of(orders.explain_order(visit.connection, order_id), comments, state["events"]),
        answers=ANSWERS,
        deliveries=DELIVERIES,
        takes_back=_takes_back(visit, order),
    )


def _terms(visit: Visit, order: dict[str, Any]) -> dict[str, str] | None:
    """The terms that the order stands under: whose word they are, and where they are seen; None where nothing is agreed."""
    partner = visit.desk.world.agreed.now(visit.connection).get(order["partner"])
    if partner is None or not order["vendor_code"] or not order["ordered_at"]:
        return None
    terms = partner.agreement(order["vendor_code"], read_instant(order["ordered_at"]))
    if terms is None:
        return None
    where = f"/settings/agreements/{quote(partner.name)}/{quote(terms.vendor_code)}"
    return {"words": terms.stands, "href": where}


def _takes_back(visit: Visit, order: dict[str, Any]) -> bool:
    """Whether what comes back of it becomes items of a programme, as its agreement says."""
    partner = visit.desk.world.agreed.now(visit.connection).get(order["partner"])
    agreed = (terms for terms in partner.agreements if terms.vendor_code == order["vendor_code"]) if partner else ()
    return any(terms.items_returned is not None for terms in agreed)


def _by_number(visit: Visit) -> Response:
    """An order by its number alone leads to its whole address."""
    found = orders.show_order(visit.connection, orders.find_order(visit.connection, visit.path("number")))
    return RedirectResponse(f"/orders/{found['partner']}/{found['number']}", status_code=303)


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("order") or sought.ranges.of_amounts:
        return []  # what an order is worth changes with its answer: no one amount is its own
    wanted, words = OrderFilter(sought.partner, words=sought.words, ranges=sought.ranges), sought.words
    hits = []
    for row in page_orders(visit.connection, wanted, limit=sought.most).rows:
        exact = row["number"].lower() == words.lower().rpartition("/")[2]
        begins = row["number"].startswith(words.rpartition("/")[2].upper())
        why = sought.why("its number" if exact else "its number begins so" if begins else "its vendor code")
        address, state = f"/orders/{row['partner']}/{row['number']}", ANSWERS[row["standing"]][1]
        hits.append(Hit("order", row["number"], address, why, state, exact, party=row["partner"], at=row["ordered_at"]))
    return hits


PAGE = Page(
    "orders",
    "Orders",
    (
        Route("/orders", _list),
        Route("/orders/{number}", _by_number),
        Route("/orders/{partner}/{number}", _story),
    ),
    Place(Group.WORK, 3, "shopping-cart"),
    "o",
    find=_find,
    grows=(Grows("/orders", "order", "orders", _growing),),
)
