"""Trade-ins in words: the colour of where one stands, and the stages of its credit from the promise to the books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueup.console.order_story import Step
from trueup.domain.trade_ins import TradeInTerms
from trueup.storage.views.trade_ins import CreditStep

STATES = {
    "recorded": ("info", "Recorded"),
    "received": ("warn", "To be graded"),
    "graded": ("held", "Graded"),
    "released": ("ok", "Released"),
    "refused": ("idle", "Refused"),
}
CREDITS = {
    "due": ("info", "On its way"),
    "issued": ("ok", "Given"),
    "unanswered": ("bad", "Nobody knows"),
    "declined": ("bad", "Not given"),
}
STEPS = {
    CreditStep.PROMISED: "Promised",
    CreditStep.INSPECTED: "Inspected",
    CreditStep.PAID: "Paid",
    CreditStep.BOOKED: "Booked",
}
"""How far credits have come."""
INSTRUMENTS = {"gift-card": "Gift card", "store-credit": "Store credit"}


def stages_of(shown: Mapping[str, Any], entry: int | None) -> list[Step]:
    """Promised, inspected, paid, booked. What was only sent is not paid: the shop's own word is."""
    refused = shown["state"] == "refused"
    promised = Step("Promised", "ok", f"{shown['quoted']} at most")
    if shown["value"]:
        inspected = Step("Inspected", "ok", f"{shown['grade']}: {shown['value']}")
    elif refused:
        inspected = Step("Inspected", "idle", "Not taken")
    else:
        word = "Waits for a grade" if shown["state"] == "received" else "Waits for its item"
        inspected = Step("Inspected", "info", word)
    booked = Step("Booked", "idle", "Nothing owed" if refused else "Not yet")
    if entry is not None:
        booked = Step("Booked", "ok", "Owed to the customer", href=f"/journal/{entry}")
    return [promised, inspected, _paid(shown["credit"], refused=refused), booked]


def _paid(credit: Mapping[str, Any] | None, *, refused: bool) -> Step:
    if credit is None:
        return Step("Paid", "idle", "Nothing owed" if refused else "Not yet")
    state, word = CREDITS[credit["state"]]
    shop = INSTRUMENTS[credit["instrument"]].lower()
    ending = f" ending in {credit['ends_in']}" if credit["ends_in"] and credit["state"] == "issued" else ""
    return Step("Paid", state, f"{word}: {shop}{ending}", credit["issued_at"])


def worth_of(terms: TradeInTerms) -> dict[str, str]:
    """What each grade is worth, in words."""
    return {
        name: f"{grade.percent.normalize():f} % of the quote" if grade.percent else "not taken, nothing owed"
        for name, grade in terms.grades.items()
    }
