"""An account through a month: opening and moves come to closing, and every line that each of them is the sum of."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.money import Money, check_currency
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.tables import Choice, Column, state_of
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.storage.views.account_lines import PARTS, page_account, roll_account

_COLUMNS = (
    Column("Day"),
    Column("Entry"),
    Column("What"),
    Column("Reference", spare=True),
    Column("Type", spare=True),
    Column("Debit", "number"),
    Column("Credit", "number"),
)


def _show(visit: Visit) -> Response:
    month, account, currency = Month.read(visit.path("month")), visit.path("account"), visit.path("currency")
    check_currency(currency)
    state, names = state_of(visit, "part", "at"), Names(visit)
    part = state["part"] or PARTS[0]
    rolled = roll_account(visit.connection, month, account, currency)
    minor, lines = rolled.of(part)

    def money(amount: int) -> Money:
        return Money(amount, currency)

    return visit.render(
        "close_account.html",
        title=f"{names.account(account)} in {month.words}",
        name=names.account(account),
        names=names,
        month=month,
        state=state,
        part=part,
        tabs=[Choice(each, each.capitalize()) for each in PARTS],
        parts=[
            (each, money(rolled.of(each)[0]), rolled.of(each)[1])
            for each in ("opening", "debits", "credits", "closing")
        ],
        total=money(minor),
        count=lines,
        columns=_COLUMNS,
        currency=currency,
        money=money,
        paged=page_account(visit.connection, month, rolled, part, state["at"]),
    )


PAGE = Page("close_account", "Account in a month", (Route("/close/{month}/accounts/{account}/{currency}", _show),))
