"""Profit: what is left of what was invoiced, by SKU and by channel, each deduction with the rule it was allocated by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa
from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.money_words import Names, held_still
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.chart import Chart, Purpose
from trueup.domain.closing import Month
from trueup.domain.profit import Margin, allocate, by_channel, by_sku, causes, parts_of
from trueup.storage.views import profit as views

_PARTS = ("gross", "discounts", "returns", "deductions", "other", "net")
_MOST = 200
_CAUSES = 3
_NOT_FINAL = (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS, Purpose.SUSPENSE)


def _show(visit: Visit) -> Response:
    state, names = state_of(visit, "by", "month", "against"), Names(visit)
    month = Month.read(state["month"]) if state["month"] else Month.of(visit.now.date()).before
    of_channel = state["by"] != "sku"
    chart = names.chart
    with held_still(visit) as connection:
        margins = _margins(connection, month, chart)
        waiting = views.load_waiting(connection, month.last, [chart.code(purpose) for purpose in _NOT_FINAL])
        other = Month.read(state["against"]) if state["against"] else None
        before = _margins(connection, other, chart) if other is not None else ()
    merged = by_channel(margins) if of_channel else by_sku(margins)
    ordered = sorted(merged, key=lambda each: (each.currency, -each.net, each.partner, each.payee, each.sku))
    whole = by_channel(replace(each, partner="", payee="") for each in margins)
    return visit.render(
        "profit.html",
        state=state,
        month=str(month),
        of_channel=of_channel,
        parts=_PARTS,
        tabs=(Choice("channel", "By channel"), Choice("sku", "By SKU")),
        filters=(Filter("month", "Month, as 2026-10"), Filter("against", "Against, as 2026-09")),
        rows=_rows(ordered[:_MOST], of_channel),
        more=max(0, len(ordered) - _MOST),
        totals=_rows(whole, of_channel),
        opened=_opened(chart, month),
        waiting=[_waiting(names, row, whole) for row in waiting],
        against=other,
        compared=_compared(before, margins, of_channel) if other is not None else (),
    )


def _margins(connection: sa.Connection, month: Month, chart: Chart) -> tuple[Margin, ...]:
    sold = views.load_sold(connection, month.first, month.last)
    taken = views.load_taken(connection, month.first, month.last, parts_of(chart))
    return allocate(sold, taken, {})


def _opened(chart: Chart, month: Month) -> dict[str, str]:
    """Where the lines of the journal are that make each part of the month, whatever its channel."""
    of_part: dict[str, list[str]] = {}
    for code, part in parts_of(chart).items():
        of_part.setdefault(part.value, []).append(code)
    days = f"from={month.first}&to={month.last}"
    return {part: f"/journal?account={','.join(codes)}&{days}" for part, codes in of_part.items()}


def _waiting(names: Names, row: tuple[str, str, int], whole: Sequence[Margin]) -> dict[str, object]:
    """What is not final on an account, and its share of what was invoiced."""
    code, currency, minor = row
    gross = sum(each.gross for each in whole if each.currency == currency)
    share = f"{Decimal(abs(minor) * 100) / gross:.1f}" if gross > 0 else ""
    return {"code": code, "name": names.account(code), "amount": Money(minor, currency), "share": share}


def _compared(before: Sequence[Margin], after: Sequence[Margin], of_channel: bool) -> list[dict[str, object]]:
    """Both nets of each currency, their difference, and its three largest causes; the rest of them together."""
    merge = by_channel if of_channel else by_sku
    every = causes(merge(before), merge(after))
    found: list[dict[str, object]] = []
    for currency in sorted({each.currency for each in (*before, *after)}):
        old, new = (sum(each.net for each in rows if each.currency == currency) for rows in (before, after))
        own = [each for each in every if each.currency == currency]
        largest = [
            {
                "name": (
                    f"{each.partner}/{each.payee or '(no vendor code)'}" if of_channel else each.sku or "(no SKU)"
                ),
                "part": each.part,
                "amount": Money(each.minor, currency),
            }
            for each in own[:_CAUSES]
        ]
        found.append(
            {
                "currency": currency,
                "before": Money(old, currency),
                "after": Money(new, currency),
                "difference": Money(new - old, currency),
                "causes": largest,
                "rest": Money(sum(each.minor for each in own[_CAUSES:]), currency),
            }
        )
    return found


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
