"""Posting of credits and deposits: what a trade-in, a redemption, a decision or a deposit moves on the accounts.

| what happened | debit | credit |
|---|---|---|
| a trade-in was graded and a credit is owed | circular stock | credits |
| a customer paid an order with it | credits | shop clearing |
| finance decided that it is never spent | credits | breakage |
| a customer left a deposit with an order | shop clearing | deposits |
| the deposit was given back | deposits | shop clearing |

The shop's own feed books its orders: it debits shop clearing for what was paid by credits and credits it for deposits.
"""

from __future__ import annotations

from trueup.base.money import Money
from trueup.domain.chart import Chart, Purpose
from trueup.domain.settlement import Placement

KIND = "circular"
"""The kind of these entries in the journal."""


def place_accepted(chart: Chart, key: str, value: Money) -> tuple[Placement, ...]:
    """The item is ours at what is credited for it."""
    return _pair(chart, (Purpose.CIRCULAR_STOCK, Purpose.CREDITS), value, key, "trade-in accepted")


def place_spent(chart: Chart, key: str, spent: Money) -> tuple[Placement, ...]:
    """A credit paid in the shop; negative when it was given back."""
    return _pair(chart, (Purpose.CREDITS, Purpose.SHOP_CLEARING), spent, key, "credit spent")


def place_broken(chart: Chart, key: str, broken: Money) -> tuple[Placement, ...]:
    """What is owed no more, by decision."""
    return _pair(chart, (Purpose.CREDITS, Purpose.BREAKAGE), broken, key, "credit never spent")


def place_deposit(chart: Chart, reference: str, held: Money) -> tuple[Placement, ...]:
    """A deposit that is held now and was not before; negative when it was given back."""
    return _pair(chart, (Purpose.SHOP_CLEARING, Purpose.DEPOSITS), held, reference, "deposit")


def _pair(
    chart: Chart, purposes: tuple[Purpose, Purpose], amount: Money, reference: str, rule: str
) -> tuple[Placement, ...]:
    debit, credit = (chart.code(purpose) for purpose in purposes)
    return (
        Placement(0, debit, amount.minor, amount.currency, reference, rule=rule),
        Placement(0, credit, -amount.minor, amount.currency, reference, rule=rule),
    )
