"""Stories: lines that follow one another over several payments. Claim chains, slices, provisions and their reversals."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import TypeAlias

from trueup.simulation.remittances.causes import DISPUTED, PROVISIONS
from trueup.simulation.remittances.records import Invoice, Line

Story: TypeAlias = "list[tuple[int, Line]]"
"""Lines with the days that pass before each."""

_PROVISIONS = (
    ("{day}_PROVISION_FOR_RECEIVABLES", "R", "Provision for receivables"),
    ("{day}-PROVISION FOR RECEIVABLES", "R", "Provision for receivables"),
    ("{day}_PROVISION_FOR_AGED_RECEIVABLE", "-R", "Provision for aged receivable"),
    ("{day}-PROVISION FOR AGED RECEIVABLE", "R", "Provision for aged receivable"),
    ("{day}_PROVISION_FOR_MISSING_ACTUALS", "R", "Provision for missing actuals"),
)


@dataclass(slots=True)
class Stories:
    """What is still to be told, each story at one line a payment."""

    _waiting: list[tuple[int, int, Story, int]] = field(default_factory=list)
    _entered: int = 0

    def begin(self, story: Story, day: date) -> None:
        """Tell a story from a day on."""
        if story:
            self._push(story, 0, day)

    def due(self, day: date, most: int) -> list[Line]:
        """The lines that are told on a day, one of each story."""
        told: list[tuple[Story, int]] = []
        while self._waiting and self._waiting[0][0] <= day.toordinal() and len(told) < most:
            _, _, story, place = heapq.heappop(self._waiting)
            told.append((story, place))
        for story, place in told:
            if place + 1 < len(story):
                self._push(story, place + 1, day)
        return [story[place][1] for story, place in told]

    def _push(self, story: Story, place: int, day: date) -> None:
        self._entered += 1
        heapq.heappush(self._waiting, (day.toordinal() + story[place][0], self._entered, story, place))


def shortage(chance: Random, invoice: Invoice) -> Story:
    """A shortage claim, perhaps given back, perhaps taken again, perhaps over several payments."""
    amount = max(1, invoice.total * chance.randint(2, 40) // 100)
    story = sliced(chance, _claim(invoice, "SC", -amount, "shortage"), chance.randrange(12) == 0)
    suffix, sign = "SC", 1
    for odds in (50, 30, 60, 40):
        if chance.randrange(100) >= odds:
            break
        suffix += "R" if sign > 0 else "SC"
        if chance.random() < 0.25:
            amount = max(1, amount * chance.randint(40, 95) // 100)
        story.append((chance.randint(4, 24), _claim(invoice, suffix, sign * amount, "shortage")))
        sign = -sign
    return story


def price(chance: Random, invoice: Invoice) -> Story:
    """A price claim, perhaps given back."""
    amount = max(1, invoice.total * chance.randint(1, 12) // 100)
    story = [(0, _claim(invoice, "PC", -amount, "price"))]
    if chance.random() < 0.4:
        story.append((chance.randint(5, 20), _claim(invoice, "PCR", amount, "price")))
    return story


def provision(chance: Random, day: date, amount: int) -> Story:
    """Money held back for a while, at times in slices, and most often given again: clearing, never a loss."""
    form, end, words = chance.choice(_PROVISIONS)
    reference = form.format(day=f"{day:%y%m%d}")
    chain = f"provision/{reference}"
    taken = Line(reference, -amount, "provision", PROVISIONS, gross=-amount, description=words, chain=chain)
    story = sliced(chance, taken, chance.randrange(3) == 0)
    if chance.random() < 0.8:
        again = Line(f"{reference}{end}", amount, "provision-reversal", PROVISIONS, gross=amount, chain=chain)
        again.description = f"{words} reversal"
        again.words = ("Provision reversal", "Provision for to be billed receivable")
        story.append((chance.randint(2, 9), again))
    for _, line in story:
        if line.paid < 0:
            line.words = ("Provision deduction", "Provision for to be billed receivable")
    return story


def sliced(chance: Random, whole: Line, cut: bool) -> Story:
    """A line as it is, or cut over two to nine payments: each slice repeats the whole and says what is left."""
    if not cut or abs(whole.paid) < 100:
        return [(0, whole)]
    count = chance.randint(2, 9)
    sign, size = (1 if whole.paid > 0 else -1), abs(whole.paid)
    cuts = sorted(chance.sample(range(1, size), count - 1))
    story: Story = []
    for place, (start, end) in enumerate(zip([0, *cuts], [*cuts, size], strict=True)):
        slice_ = replace(whole, paid=sign * (end - start), remaining=sign * (size - end), planted="sliced")
        slice_.parts = _scaled(whole.parts, slice_.paid)
        story.append((1 if place else 0, slice_))
    return story


def _claim(invoice: Invoice, suffix: str, paid: int, family: str) -> Line:
    word = "claim" if paid < 0 else "reversal"
    line = Line(f"{invoice.number}{suffix}", paid, f"{family}-{word}", DISPUTED, gross=paid)
    line.purchase_order = invoice.purchase_order
    line.description = f"{invoice.purchase_order}/{invoice.centre}/##NOT_AVAILABLE"
    line.parts = ((invoice.number, paid),)
    line.chain = f"{family}/{invoice.number}"
    name = "Quantity shortage" if family == "shortage" else "Price variance"
    line.words = ("Financial Debit Note Invoice", name if paid < 0 else f"{name} reversal")
    return line


def _scaled(parts: Sequence[tuple[str, int]], paid: int) -> tuple[tuple[str, int], ...]:
    return tuple((number, paid) for number, _ in parts[:1])
