"""Profit: what is left of what was invoiced, by SKU and by channel, each deduction with the rule it was allocated by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.money_words import Names, held_still
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.closing import Month
from trueup.domain.profit import Margin, allocate, by_channel, by_sku, parts_of
from trueup.storage.views import profit as views

_PARTS = ("gross", "discounts", "returns", "deductions", "other", "net")
_MOST = 200
_NOT_FINAL = (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS, Purpose.SUSPENSE)


def _show(visit: Visit) -> Response:
    state, names = state_of(visit, "by", "month"), Names(visit)
    month = Month.read(state["month"]) if state["month"] else Month.of(visit.now.date()).before
    of_channel = state["by"] != "sku"
    chart = names.chart
    with held_still(visit) as connection:
        sold = views.load_sold(connection, month.first, month.last)
        taken = views.load_taken(connection, month.first, month.last, parts_of(chart))
        waiting = views.load_waiting(connection, month.last, [chart.code(purpose) for purpose in _NOT_FINAL])
    margins = allocate(sold, taken, {})
    merged = by_channel(margins) if of_channel else by_sku(margins)
    ordered = sorted(merged, key=lambda each: (each.currency, -each.net, each.partner, each.payee, each.sku))
    return visit.render(
        "profit.html",
        state=state,
        month=str(month),
        of_channel=of_channel,
        parts=_PARTS,
        tabs=(Choice("channel", "By channel"), Choice("sku", "By SKU")),
        filters=(Filter("month", "Month, as 2026-10"),),
        rows=_rows(ordered[:_MOST], of_channel),
        more=max(0, len(ordered) - _MOST),
        totals=_rows(by_channel(replace(each, partner="", payee="") for each in margins), of_channel),
        waiting=[(names.account(code), Money(minor, currency)) for code, currency, minor in waiting],
    )


def _rows(margins: Sequence[Margin], of_channel: bool) -> list[dict[str, object]]:
    return [
        {
            "name": (f"{each.partner}/{each.payee or '(no vendor code)'}" if of_channel else each.sku or "(no SKU)"),
            "units": each.units,
            "currency": each.currency,
            "cells": [Money(getattr(each, part), each.currency) for part in _PARTS],
            "rules": [(rule.value, Money(minor, each.currency)) for rule, minor in each.rules],
        }
        for each in margins
    ]


PAGE = Page("profit", "Profit", (Route("/profit", _show),), Place(Group.MONEY, 7, "chart-bar"))
