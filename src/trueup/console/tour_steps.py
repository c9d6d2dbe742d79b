"""The guided tour: ten steps through real things of this installation, each a page and what to see there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from trueup.console.visit import Visit
from trueup.storage.views.tour import find_thing


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is about, what to look at and do there, and where. `address` has `{thing}` in place of the `thing` that is
    looked for, and `{month}` for the last month; without such a thing the step is at `otherwise`, "" for nowhere. `acts`: how many
    things to press it speaks of, beside going on."""

    title: str
    words: str
    address: str
    thing: str = ""
    otherwise: str = ""
    acts: int = 0


STEPS = (
    Step(
        "Begin at Today",
        "What is due, what is at risk, and the chain from orders to cash. Every number leads to the rows that it sums. Look at the "
        "lights too: sentences that are always true, proven again and again.",
        "/",
    ),
    Step(
        "Find the case with the most money",
        "A case is something that does not agree and waits for a decision; this queue holds all of them. Here it is sorted by "
        "money at risk, and the dearest case is open. With j and k you go from row to row.",
        "/exceptions?sort=money&row={thing}",
        "dearest-case",
        "/exceptions?sort=money",
        acts=2,
    ),
    Step(
        "See the evidence, down to the bytes",
        "The document as it arrived, beside what was read from it. What was found stands at its place; n and p go from finding to "
        "finding. It was archived before anything read it.",
        "/documents/{thing}",
        "evidence",
        acts=2,
    ),
    Step(
        "Answer a case, as a trial first",
        "Press one of the numbered buttons: what it would do is found out by doing it and rolling it back. Nothing is done before "
        "you confirm. A button that is not for your role says which permission it takes.",
        "/exceptions?row={thing}",
        "answerable-case",
        acts=2,
    ),
    Step(
        "See what a decision did",
        "A case that was decided: who did it, when and why. Those that closed by themselves, because their cause was gone, say so.",
        "/exceptions?tab=resolved&row={thing}",
        "resolved-case",
        "/exceptions?tab=resolved",
    ),
    Step(
        "Read an order as one story",
        "From the order as it came to the answer as the buyer's own system shows it, and on to what was shipped, billed, received "
        "and paid. What was only sent is never called accepted: that takes a reading back.",
        "/orders/{thing}",
        "proven-order",
    ),
    Step(
        "See a remittance add up",
        "A remittance is the buyer's list of what a payment is for. What Amazon tells, how it is booked, and what came to the "
        "bank, each to the cent. A line that nobody can explain waits in an account of its own, suspense, and has a case.",
        "/remittances/{thing}",
        "remittance",
    ),
    Step(
        "Choose between rival explanations",
        "What a line could be, side by side, with what speaks for each and against it. Nothing is guessed: a person chooses, "
        "with one key.",
        "/matches/{thing}",
        "contested-case",
        "/matches",
        acts=1,
    ),
    Step(
        "Take a number of stock apart",
        "What may be sold is a sum: what is on hand, less what is held, kept for others, and the buffer. Each term opens its rows.",
        "/stock/{thing}",
        "product",
        acts=1,
    ),
    Step(
        "Close the month by its checklist",
        "What is green signs itself. For what is open one person answers and another looks again: until then the month is not "
        "locked, unless two say why it is all the same. One proposes, a second approves, and the papers are kept.",
        "/close/{month}",
    ),
)


def place_of(visit: Visit, step: Step) -> str:
    """Where a step is in this installation; "" where there is nothing of it."""
    thing = find_thing(visit.connection, step.thing) if step.thing else ""
    if step.thing and not thing:
        return step.otherwise
    last_month = visit.now.date().replace(day=1) - timedelta(days=1)
    return step.address.format(thing=thing, month=f"{last_month:%Y-%m}")
