"""An order as one story: the steps it takes with the proof of each, a sentence that says how it stands, and what happened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trueup.console.case_words import title_of_group

ANSWERS = {
    "history": ("idle", "Before our time"),
    "unanswered-yet": ("info", "Not answered yet"),
    "prepared": ("info", "Prepared, not sent"),
    "sent": ("info", "Sent, not proven"),
    "received": ("info", "Received, not proven"),
    "accepted": ("ok", "Accepted, read back"),
    "rejected": ("bad", "Rejected"),
    "unanswered": ("warn", "Sent, no proof"),
}
"""The colour and the words of where an answer stands. What was merely sent is never called accepted."""
_HASH = re.compile(r"[0-9a-f]{64}")
_OPENED = re.compile(r"case (\d+) opened: (\S+)")
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
    "shop order read back": ("shop order read back", "ok"),
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
    """One step: its colour, a word on it, when, and where its proof is."""

    name: str
    state: str
    word: str
    at: str | None = None
    href: str = ""


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


def steps_of(order: Mapping[str, Any], billed: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The steps from receipt to payment, as far as they are known."""
    first, shop = order["revisions"][0], order["shop_order"]
    state, word = ANSWERS[order["standing"]]
    answer = next((each for each in reversed(order["deliveries"]) if each["kind"] == "acknowledgement"), None)
    reserved = sum(line["reserved_eaches"] for line in order["lines"])
    steps = [
        Step("Received", "ok", f"by {first['route']}", first["received_at"], f"/documents/{first['evidence']}"),
        Step("Reserved", "ok" if reserved else "idle", f"{reserved} eaches" if reserved else "Nothing held"),
        _shop_step(shop),
        Step("Answered", state, word, (answer["proved_at"] or answer["sent_at"]) if answer else None),
    ]
    if billed:
        open_left = any(each["open"] for each in billed)
        steps.append(Step("Invoiced", "ok", f"{len(billed)} {'invoice' if len(billed) == 1 else 'invoices'}"))
        steps.append(Step("Paid", "info" if open_left else "ok", "Open in part" if open_left else "Settled"))
    return steps


def _shop_step(shop: Mapping[str, Any] | None) -> Step:
    if shop is None:
        return Step("In the shop", "idle", "No order there")
    word = "Cancelled" if shop["cancelled"] else "Agrees, read back" if shop["agrees"] else "Differs"
    state = "idle" if shop["cancelled"] else "ok" if shop["agrees"] else "bad"
    return Step("In the shop", state, f"{shop['name']}: {word}", shop["read_back_at"], f"/documents/{shop['evidence']}")


def sentence_of(order: Mapping[str, Any]) -> str:
    """Where is it, is it right, and what is next."""
    is_open = [case for case in order["cases"] if case["state"] == "open"]
    word = ANSWERS[order["standing"]][1].lower()
    if is_open:
        count = len(is_open)
        return f"{count} {'case needs' if count == 1 else 'cases need'} a decision; the answer is {word}."
    if order["standing"] == "accepted":
        return "Answered in full, and the buyer shows the same."
    return f"Nothing needs a decision; the answer is {word}."


def grid_of(order: Mapping[str, Any], billed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a line: ordered, promised, backordered, rejected, reserved, invoiced, in eaches; and which cell differs, in a word."""
    return [_grid_row(line, billed) for line in order["lines"]]


def _grid_row(line: Mapping[str, Any], billed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    size = line["unit_size"] or 1
    answered: dict[str, int] = {}
    for part in line["decision"]["parts"] if line["decision"] else ():
        answered[part["answer"]] = answered.get(part["answer"], 0) + part["amount"] * size
    ordered = line["amount"] * size
    promised = sum(count for answer, count in answered.items() if "reject" not in answer)
    invoiced = sum(each["quantities"].get(line["asin"], each["quantities"].get(line["sku"], 0)) for each in billed)
    return {
        "sequence": line["sequence"],
        "sku": line["sku"],
        "asin": line["asin"],
        "ordered": ordered,
        "cost": line["net_cost"],
        "answered": answered,
        "promised": promised if line["decision"] else None,
        "short": "held" if not line["decision"] else "short" if promised < ordered else "",
        "why": line["decision"]["why"] if line["decision"] else "Waits for a decision.",
        "reserved": line["reserved_eaches"],
        "claimed": line["claimed"],
        "invoiced": invoiced if billed else None,
        "billed_off": bool(billed) and invoiced != promised,
        "evidence": line["evidence"],
    }


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
        if last is not None and last.who == event.who == "Trueup" and last.what == event.what and not event.evidence:
            folded[-1] = Event(
                last.at, last.who, last.what, last.state, last.words, last.evidence, (*last.folded, event)
            )
        else:
            folded.append(event)
    return folded


def _event(each: Mapping[str, Any]) -> Event:
    what, state = _told(each)
    details = each["details"] if isinstance(each["details"], Mapping) else {}
    words = "; ".join(filter(None, (_detail(name, value) for name, value in details.items())))
    if details.get("agrees") is False:
        state = "bad"
    who = "Trueup" if each["who"] == "trueup" else each["who"]
    by_person = each["who"] != "trueup" and each["what"] != "shop order read back"
    return Event(each["at"], who, what, state, words, each["evidence"] or "", by_person=by_person)


def _told(each: Mapping[str, Any]) -> tuple[str, str]:
    """What happened in words, and its colour. An act that has no words of its own is told by its name."""
    act = each["what"]
    opened = _OPENED.fullmatch(act)
    if opened:
        return f"Case {opened[1]} opened: {title_of_group(opened[2])}", "warn"
    words, state = _EVENTS.get(act, (act.replace(".", " ").replace("-", " "), "idle"))
    about = each["about"] or ""
    if about.startswith("case ") and words.startswith("case "):
        words = about + words.removeprefix("case")
    elif act == "shop order read back" and about:
        words = f"{words}: {about}"
    return f"{words[:1].upper()}{words[1:]}", state


def _detail(name: str, value: Any) -> str:
    """One fact of an event in words; "" for what says nothing to a person."""
    if value in (None, "", [], {}) or _HASH.fullmatch(str(value)):
        return ""
    if name.isdecimal():
        return f"line {name}: {value}"
    if isinstance(value, bool):
        return name.replace("_", " ") if value else f"it does not: {name.replace('_', ' ')}"
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return str(value) if name in ("title", "note", "why", "error", "proof") else f"{name.replace('_', ' ')} {value}"
