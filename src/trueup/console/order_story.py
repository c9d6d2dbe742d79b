"""An order as one story: the steps it takes with the proof of each, a sentence that says how it stands, and what happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from trueup.base.clock import read_instant
from trueup.console.case_words import label_of, title_of_group
from trueup.domain.amazon_invoices import PaymentDue
from trueup.domain.cases import Resolution
from trueup.domain.deliveries import DeliveryState
from trueup.domain.order_course import STAGES
from trueup.storage.views.order_looks import LOOK
from trueup.storage.views.order_money import OrderMoney

DELIVERIES = {
    DeliveryState.PREPARED: ("info", "Prepared, not sent"),
    DeliveryState.SENT: ("info", "Sent, not proven"),
    DeliveryState.RECEIVED: ("info", "Received, not proven"),
    DeliveryState.ACCEPTED: ("ok", "Accepted, read back"),
    DeliveryState.REJECTED: ("bad", "Rejected"),
    DeliveryState.UNANSWERED: ("warn", "Sent, no proof"),
    DeliveryState.SUPERSEDED: ("idle", "Superseded"),
}
"""The colour and the words of a document that was sent. What was merely sent is never called accepted."""
ANSWERS = {
    "history": ("idle", "Before our time"),
    "unanswered-yet": ("info", "Not answered yet"),
    **{state.value: shown for state, shown in DELIVERIES.items() if state is not DeliveryState.SUPERSEDED},
}
"""The same of where an order's answer stands: that of its newest document, or why there is none."""
_HASH = re.compile(r"[0-9a-f]{64}")
_OPENED = re.compile(r"case (\d+) opened: (\S+)")
_UNKNOWN_BEFORE = re.compile(r"committed \? to (\d+)")
_ROSE = re.compile(r"committed (\d+) to (\d+)")
_EVENTS = {
    "order.received": ("order received", "ok"),
    "order.revised": ("the buyer changed the order", "info"),
    "order.decided": ("lines decided", "ok"),
    "order.fallback": ("the agreement decided lines that were still held", "warn"),
    "acknowledgement.sent": ("answer sent", "info"),
    "acknowledgement.received": ("answer received, not proven", "info"),
    "acknowledgement.proven": ("answer proven: the buyer shows it", "ok"),
    "acknowledgement.unanswered": ("no reply to the answer: it may have arrived", "warn"),
    "acknowledgement.rejected": ("answer rejected", "bad"),
    "goods.counted-in": ("the buyer shows what it counted in", "info"),
    "shop order read back": ("shop order read back", "ok"),
    "goods.taken-back": ("goods that came back were taken in", "info"),
    "case.resolved": ("case decided", "ok"),
    "case.classified": ("case classified", "ok"),
    "case.chosen": ("case explained", "ok"),
    "case.proposed": ("case: a decision was proposed", "held"),
    "case.approved": ("case: a second person approved", "ok"),
    "case.snoozed": ("case put aside", "held"),
    "case.woken": ("case taken up again", "info"),
    "case.assigned": ("case assigned", "info"),
    "case.commented": ("case commented on", "info"),
}
"""What acts are in words, and their colours. What was merely sent is never drawn as done."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its colour, a word on it, when, where its proof is, and until when it is due. `undue`: why that is not known of one
    that is not done; "" where it is known, or nothing is left to do."""

    name: str
    state: str
    word: str
    at: str | None = None
    href: str = ""
    due: str | None = None
    undue: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `folded` are the events like it before, which say nothing new."""

    at: str
    who: str
    what: str
    state: str = "idle"
    words: str = ""
    evidence: str = ""
    folded: tuple[Event, ...] = field(default=())
    by_person: bool = False
    unchanged: bool = False

    @property
    def fold_words(self) -> str:
        """What is folded away: how many of what, and that they say nothing new."""
        count = len(self.folded)
        if self.unchanged:
            return f"{count} more {'look' if count == 1 else 'looks'}, no change"
        return f"{count} like it"


def steps_of(order: Mapping[str, Any], money: Sequence[OrderMoney], dues: Sequence[PaymentDue] = ()) -> list[Step]:
    """The steps from receipt to payment, as far as they are known. A step that is due and not done says until when."""
    first, shop = order["revisions"][0], order["shop_order"]
    state, word = ANSWERS[order["standing"]]
    answer = next((each for each in reversed(order["deliveries"]) if each["kind"] == "acknowledgement"), None)
    reserved = sum(line["reserved_eaches"] for line in order["lines"])
    due = order["answer_due_at"] if order["standing"] in ("unanswered-yet", "prepared", "rejected") else None
    at = (answer["proved_at"] or answer["sent_at"]) if answer else None
    return [
        Step("Received", "ok", f"by {first['route']}", first["received_at"], f"/documents/{first['evidence']}"),
        Step("Reserved", "ok" if reserved else "idle", f"{reserved} eaches" if reserved else "Nothing held"),
        _shop_step(shop),
        Step("Answered", state, word, at, due=due),
        _shipped_step(order),
        *_money_steps(money, dues),
    ]


def _shipped_step(order: Mapping[str, Any]) -> Step:
    """What left, as it is confirmed. Where nobody confirms it that is unknown, not nothing."""
    counts = [line["course"]["shipped"] for line in order["lines"]]
    known = [count["eaches"] for count in counts if count["eaches"] is not None]
    evidence = next((digest for count in counts for digest in count["evidence"]), "")
    href, due = f"/documents/{evidence}" if evidence else "", order["ship_by"] if order["state"] != "closed" else None
    if not known:
        return Step("Shipped", "idle", "Not confirmed", href=href, due=due)
    if len(known) == len(counts) and not any(count["word"] for count in counts):
        return Step("Shipped", "ok", f"{sum(known)} eaches", href=href)
    return Step("Shipped", "info", f"{sum(known)} eaches so far", href=href, due=due)


NO_BILLING_DAY = "Neither the order nor the agreement says by when it is billed: it may be once the goods have left."
NO_PAYMENT_DAY = "The days until a payment count from an invoice, and none is known."


def _money_steps(money: Sequence[OrderMoney], dues: Sequence[PaymentDue]) -> list[Step]:
    """Invoiced, paid and explained; without an invoice none of them is done, and none is green."""
    if not money:
        return [
            Step("Invoiced", "idle", "No invoice is known", undue=NO_BILLING_DAY),
            Step("Paid", "idle", "Nothing billed yet", undue=NO_PAYMENT_DAY),
            Step("Explained", "idle", "Nothing paid yet"),
        ]
    is_open = any(each.open for each in money)
    is_paid = any(each.paid for each in money)
    deductions = sum(len(each.deductions) for each in money)
    explained = Step("Explained", "ok", "Nothing deducted", href="#money")
    if any(each.difference for each in money):
        explained = Step("Explained", "bad", "Does not add up", href="#money")
    elif deductions:
        word = f"{deductions} {'deduction' if deductions == 1 else 'deductions, each'} with its reason"
        explained = Step("Explained", "ok", word, href="#deductions")
    elif not is_paid:
        explained = Step("Explained", "idle", "Nothing paid yet")
    paid = ("idle", "Not paid yet") if not is_paid else ("info", "Open in part") if is_open else ("ok", "Settled")
    return [
        # That we billed it proves nothing about Amazon; that Amazon paid of it does.
        Step(
            "Invoiced",
            *(("ok", "Amazon pays it") if is_paid else ("info", "Billed, nothing paid yet")),
            href="#invoices",
        ),
        _paid_step(paid, "#payments" if is_paid else "", dues),
        explained,
    ]


def _paid_step(paid: tuple[str, str], href: str, dues: Sequence[PaymentDue]) -> Step:
    """Due at the end of the first day on which something that is open is; why that is not known where nobody tells a day."""
    if not dues:
        return Step("Paid", *paid, href=href)
    day = dues[0].day
    due = f"{day.isoformat()}T23:59:59Z" if day else None
    return Step("Paid", *paid, href=href, due=due, undue="" if due else dues[0].word)


def _shop_step(shop: Mapping[str, Any] | None) -> Step:
    if shop is None:
        return Step("In the shop", "idle", "No order there")
    word = "Cancelled" if shop["cancelled"] else "Agrees, read back" if shop["agrees"] else "Differs"
    state = "idle" if shop["cancelled"] else "ok" if shop["agrees"] else "bad"
    return Step("In the shop", state, f"{shop['name']}: {word}", shop["read_back_at"], f"/documents/{shop['evidence']}")


def sentence_of(order: Mapping[str, Any], now: datetime, money: Sequence[OrderMoney] = ()) -> str:
    """Where is it, is it right, and what is next."""
    return f"{_standing_of(order, money)} {next_of(order, now, money)}".rstrip()


def next_of(order: Mapping[str, Any], now: datetime, money: Sequence[OrderMoney] = ()) -> str:
    """What is next, by when where that is agreed; "" for an order from before our time of which nobody tells more."""
    if order["standing"] in ("unanswered-yet", "prepared", "rejected"):
        due = order["answer_due_at"]
        if not due:
            return "Next: the answer."
        return f"Next: the answer, {'which was due' if read_instant(due) < now else 'due'} {due}."
    if order["standing"] in ("sent", "received", "unanswered"):
        return "Next: the buyer shows the answer, or a case says that it does not."
    if money:
        left = " and ".join(str(each.open) for each in money if each.open)
        return f"Next: the payment of {left}." if left else "Nothing is left to do."
    if order["standing"] != "accepted":
        return ""
    if order["state"] == "closed" or _shipped_step(order).state == "ok":
        return "Next: its invoice."
    by = f", by {order['ship_by'][:10]}" if order["ship_by"] else ""
    return f"Next: the goods leave{by}."


def _standing_of(order: Mapping[str, Any], money: Sequence[OrderMoney]) -> str:
    is_open = [case for case in order["cases"] if case["state"] == "open"]
    word = ANSWERS[order["standing"]][1].lower()
    answer = f"it is {word}" if order["standing"] == "unanswered-yet" else f"the answer is {word}"
    if is_open:
        count = len(is_open)
        return f"{count} {'case needs' if count == 1 else 'cases need'} a decision; {answer}."
    if money and order["standing"] in ("accepted", "history"):
        return _where_the_money_is(money)
    if order["standing"] == "accepted":
        return "Answered in full, and the buyer shows the same."
    return f"Nothing needs a decision; {answer}."


def _where_the_money_is(money: Sequence[OrderMoney]) -> str:
    parts = []
    for each in money:
        deducted = f" after {each.deducted} of deductions" if each.deducted else ""
        is_open = f"; {each.open} are open" if each.open else ""
        parts.append(f"{each.paid} of {each.invoiced} invoiced are paid{deducted}{is_open}")
    return f"{'; '.join(parts)}."


@dataclass(frozen=True, slots=True)
class Unknown:
    """What nobody tells of some lines, and why."""

    stage: str
    lines: str
    why: str


def unknowns_of(order: Mapping[str, Any]) -> list[Unknown]:
    """The counts that are not known, together where the reason is the same: an en dash has its reason beneath the table."""
    whys: dict[tuple[str, str], list[str]] = {}
    for line in order["lines"]:
        for stage in STAGES:
            count = line["course"][stage]
            if count["eaches"] is None:
                whys.setdefault((stage, count["why"]), []).append(str(line["sequence"]))
    every = len(order["lines"])
    return [
        Unknown(stage.capitalize(), "" if len(lines) == every else f"line {', '.join(lines)}", why)
        for (stage, why), lines in whys.items()
    ]


def contradictions_of(order: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What of the lines is told in two ways: which lines, and the sentence that says by whom."""
    found: dict[str, list[str]] = {}
    for line in order["lines"]:
        for stage in STAGES:
            if against := line["course"][stage]["against"]:
                found.setdefault(against, []).append(str(line["sequence"]))
    return [(f"Line{'s' if len(lines) > 1 else ''} {', '.join(lines)}", against) for against, lines in found.items()]


@dataclass(frozen=True, slots=True)
class PriceDiffers:
    """A line that an invoice bills at another price than the order's cost, in a sentence."""

    line: int
    words: str


def prices_of(order: Mapping[str, Any]) -> list[PriceDiffers]:
    """The lines whose invoice has another price."""
    return [
        PriceDiffers(
            line["sequence"],
            f"Invoice {each['invoice']} bills {each['price']} an each, {each['word']} than the order's cost of {each['cost']}.",
        )
        for line in order["lines"]
        if (each := line["charged"])
    ]


DOCUMENTS, PEOPLE = "documents", "people"
"""What of a timeline is shown: what a document proves, or what people did and said; else all of it."""


def timeline_of(
    events: Sequence[Mapping[str, Any]], comments: Sequence[Mapping[str, Any]] = (), only: str = ""
) -> list[Event]:
    """What happened, the newest first; events of a machine that repeat are folded into one."""
    told = [_event(each) for each in events] + [
        Event(each["at"], each["actor"], "Comment", "info", each["text"], by_person=True) for each in comments
    ]
    return newest_first(told, only)


def newest_first(told: Sequence[Event], only: str = "") -> list[Event]:
    """Events as they came, turned round and folded; only those that a document proves, or that people did, where that is asked."""
    if only in (DOCUMENTS, PEOPLE):
        told = [each for each in told if (each.by_person if only == PEOPLE else each.evidence)]
    # They come oldest first, and of one instant the last is the newest too.
    latest = list(reversed(told))
    latest.sort(key=lambda event: event.at, reverse=True)
    folded: list[Event] = []
    for event in latest:
        last = folded[-1] if folded else None
        if (
            last is not None
            and last.who == event.who == "Trueup"
            and last.what == event.what
            and _says_nothing_new(event)
        ):
            folded[-1] = replace(last, folded=(*last.folded, event))
        else:
            folded.append(event)
    return folded


def _says_nothing_new(event: Event) -> bool:
    return event.unchanged or not event.evidence


def _event(each: Mapping[str, Any]) -> Event:
    what, state = _told(each)
    details = each["details"] if isinstance(each["details"], Mapping) else {}
    unchanged = details.get("unchanged") is True
    told = details.items() if each["what"] != LOOK else ()
    words = _TELLING[each["what"]](details) if each["what"] in _TELLING else _facts(told)
    if details.get("agrees") is False:
        state = "bad"
    who = "Trueup" if each["who"] == "trueup" else each["who"]
    by_person = each["who"] != "trueup" and each["what"] != "shop order read back"
    return Event(each["at"], who, what, state, words, each["evidence"] or "", (), by_person, unchanged)


def _told(each: Mapping[str, Any]) -> tuple[str, str]:
    """What happened in words, and its colour. An act that has no words of its own is told by its name."""
    act = each["what"]
    opened = _OPENED.fullmatch(act)
    if opened:
        return f"Case {opened[1]} opened: {title_of_group(opened[2])}", "warn"
    if act == LOOK:
        return ("The buyer was asked: no change" if each["details"]["unchanged"] else "The buyer shows it anew"), "idle"
    words, state = _EVENTS.get(act, (act.replace(".", " ").replace("-", " "), "idle"))
    about = each["about"] or ""
    if about.startswith("case ") and words.startswith("case "):
        words = about + words.removeprefix("case")
    elif act == "shop order read back" and about:
        words = f"{words}: {about}"
    return f"{words[:1].upper()}{words[1:]}", state


def _taken_back(details: Mapping[str, Any]) -> str:
    items = [f"{serial} of line {line}" for serial, line in zip(details["serials"], details["lines"], strict=False)]
    return f"{', '.join(items)}: in {details['programme']}, where they become {details['become']}"


def _read_back(details: Mapping[str, Any]) -> str:
    """Whether the shop agrees, and what it shows as committed: what it showed before is not always known."""
    proof = _UNKNOWN_BEFORE.sub(r"has \1 committed", str(details.get("proof") or ""))
    proof = _ROSE.sub(r"has \2 committed, \1 before", proof)
    return "; ".join(filter(None, ("Agrees" if details.get("agrees") else "Does not agree", proof)))


_TELLING: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "goods.taken-back": _taken_back,
    "shop order read back": _read_back,
}
"""Events whose facts are told in a sentence of their own."""


def _facts(told: Iterable[tuple[str, Any]]) -> str:
    return "; ".join(filter(None, (_detail(name, value) for name, value in told)))


def _detail(name: str, value: Any) -> str:
    """One fact of an event in words; "" for what says nothing to a person."""
    if value in (None, "", [], {}) or _HASH.fullmatch(str(value)):
        return ""
    if name.isdecimal():
        return f"line {name}: {value}"
    if name == "attempts":
        return f"after {value} attempts" if value != 1 else ""
    if name == "resolution":
        return label_of(value) if value in {each.value for each in Resolution} else str(value)
    if isinstance(value, bool):
        return name.replace("_", " ") if value else f"it does not: {name.replace('_', ' ')}"
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return str(value) if name in ("title", "note", "why", "error", "proof") else f"{name.replace('_', ' ')} {value}"
