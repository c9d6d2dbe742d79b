"""Cases in words: what a kind of them is about, what a resolution does, and the colour of where one stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from trueup.console.presenting import Presenting
from trueup.domain.case_causes import REASON
from trueup.domain.cases import CaseStanding, Resolution

_KINDS = {
    "acknowledgement": "Answers to orders",
    "agreement": "Agreements",
    "bank": "Bank",
    "books": "Books",
    "charge": "Charges",
    "circular": "Circular",
    "claim": "Claims",
    "credit": "Credits",
    "deposit": "Deposits",
    "document": "Documents",
    "held": "Held lines",
    "inventory": "Direct Fulfillment",
    "invoice": "Invoices",
    "product": "Products",
    "remittance": "Remittances",
    "report": "Amazon's reports",
    "run": "Runs",
    "settlement": "Settlement",
    "shop": "Shop",
    "source": "Sources",
    "stock": "Stock",
    "trade-in": "Trade-ins",
    "vendor-return": "Goods that came back",
}
_DOES = {
    Resolution.USE_OURS: ("Use our number", "The line is decided on our number."),
    Resolution.ACCEPT_AS_ORDERED: ("Accept as ordered", "The hold is lifted and the line is filled from stock."),
    Resolution.BACKORDER: ("Backorder", "The line is promised for a later day."),
    Resolution.REJECT: ("Reject the line", "The line is answered with a rejection, which cannot be taken back."),
    Resolution.RETRY: ("Try again", "What the case kept from being done is done again."),
    Resolution.CLASSIFY: ("Classify", "The lines get a type and leave suspense."),
    Resolution.CHOOSE: ("Choose an explanation", "One of the rival explanations is booked."),
    Resolution.POST_NOW: ("Post now", "It is posted on the first day of the open month."),
    Resolution.DISPUTE: ("Dispute", "The deduction is claimed back."),
    Resolution.WRITE_OFF: ("Write off", "The claim is given up: a loss."),
    Resolution.SETTLE: ("Say what became of it", "A credit that nobody answered is taken for given, or given anew."),
    Resolution.DISMISS: ("Dismiss", "Nothing is changed; the case is closed."),
}
_DONE = {
    Resolution.USE_OURS: "our number used",
    Resolution.ACCEPT_AS_ORDERED: "accepted as ordered",
    Resolution.BACKORDER: "backordered",
    Resolution.REJECT: "rejected",
    Resolution.RETRY: "tried again",
    Resolution.CLASSIFY: "classified",
    Resolution.CHOOSE: "explanation chosen",
    Resolution.POST_NOW: "posted",
    Resolution.DISPUTE: "disputed",
    Resolution.WRITE_OFF: "written off",
    Resolution.SETTLE: "settled",
    Resolution.DISMISS: "dismissed",
}
"""What a resolution is called once it was made."""
STANDINGS = {
    CaseStanding.NEW.value: ("info", "New"),
    CaseStanding.ONGOING.value: ("idle", "Ongoing"),
    CaseStanding.ESCALATING.value: ("bad", "Escalating"),
    CaseStanding.REGRESSED.value: ("warn", "Regressed"),
    CaseStanding.MERGED.value: ("idle", "Merged"),
    CaseStanding.RESOLVED.value: ("ok", "Resolved"),
}
"""The colour and the word of where a case stands."""
_MEANS = {
    CaseStanding.NEW.value: "Younger than a day, and nobody took it up.",
    CaseStanding.ONGOING.value: "Known, and no worse than when somebody looked at it last.",
    CaseStanding.REGRESSED.value: "It was resolved once, and came back.",
    CaseStanding.MERGED.value: "Another case stands for it.",
    CaseStanding.RESOLVED.value: "Nothing is left to do.",
}
_ACTS = {
    "opened": "opened it",
    "assigned": "assigned it",
    "commented": "commented",
    "comment-withdrawn": "withdrew a comment",
    "snoozed": "put it aside",
    "woken": "took it up",
    "escalated": "escalated it",
    "proposed": "proposed a decision",
    "approved": "approved the decision",
    "resolved": "decided it",
    "retried": "tried it again",
    "classified": "classified it",
    "chosen": "chose an explanation",
    "recalled": "took the decision back",
    "merged": "merged it",
    "unmerged": "took it apart",
}
"""What is done to a case, as a verb of who did it."""
BINDING = (Resolution.REJECT, Resolution.WRITE_OFF)
"""What cannot be taken back."""


def title_of_group(kind: str) -> str:
    """A kind of cases as a heading: `held.cost-differs` is "Held lines: cost differs"."""
    stem, _, rest = kind.partition(".")
    heading = _KINDS.get(stem, stem.capitalize())
    words = rest.replace("-", " ").replace(".", ", ").replace("amazon", "Amazon")
    return f"{heading}: {words}" if rest else heading


def title_of_cause(kind: str, cause: str) -> str:
    """A cause as a heading: "Held lines: cost differs, item LAMP-1". A cause without a name is its kind alone."""
    thing, _, name = cause.partition(" ")
    return (
        f"{title_of_group(kind)}, {'reason code' if thing == REASON else thing} {name}"
        if name
        else title_of_group(kind)
    )


def closed_by(case: Mapping[str, Any]) -> str:
    """What became of a case that is resolved, and by whom: "dismissed by Ana"; one whose cause went away closed by itself."""
    if case["resolved_by"] == "trueup":
        return "closed by itself"
    known = {each.value: words for each, words in _DONE.items()}
    how = known.get(case["resolution"], str(case["resolution"] or "resolved").replace("-", " "))
    return f"{how} by {case['resolved_by']}"


def item_of(case: Mapping[str, Any]) -> str:
    """The product that made a case, where its title does not name it; "" otherwise."""
    thing, _, name = case["cause"].partition(" ")
    return name if thing == "item" and name not in case["title"] else ""


def history_of(case: Mapping[str, Any], acts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All that happened to a case, the oldest first: that it was opened and closed by itself is told by no act."""
    told = [
        {**act, "who": "Trueup" if act["who"] == "trueup" else act["who"], "what": _act_words(act["what"])}
        for act in acts
    ]
    if not any(act["what"] == _ACTS["opened"] for act in told):
        told.insert(0, {"at": case["opened_at"], "who": "Trueup", "what": _ACTS["opened"], "details": None})
    if case["resolved_by"] == "trueup" and case["resolved_at"]:
        told.append({"at": case["resolved_at"], "who": "Trueup", "what": "closed it", "details": case["note"] or None})
    return told


def _act_words(act: str) -> str:
    """An act on a case as a verb: `case.snoozed` is "put it aside". One that has no words of its own is told by its name."""
    name = act.removeprefix("case.")
    return _ACTS.get(name, name.replace(".", " ").replace("-", " "))


def why_it_stands(case: Mapping[str, Any], present: Presenting) -> Markup:
    """Where a case stands, in a sentence: of one that escalates, by how much, and since when."""
    if case["standing"] != CaseStanding.ESCALATING.value:
        return Markup("{}").format(_MEANS[case["standing"]])
    if case["escalated_to"]:
        told = Markup("Escalated to {} {} because {}.")
        return told.format(case["escalated_to"], present.when(case["escalated_at"]), case["escalated_why"])
    then = "when somebody last took it up" if case["known_at"] else "after its first day"
    grown = []
    if case["money_at_risk"] and case["money_at_risk"] != case["known_money"]:
        before = present.money(case["known_money"]) if case["known_money"] else "nothing"
        grown.append(Markup("{} at risk, {} {}").format(present.money(case["money_at_risk"]), before, then))
    if case["things"] > case["known_things"]:
        now, before = present.number(case["things"]), present.number(case["known_things"])
        grown.append(Markup("{} of them, {} {}").format(now, before, then))
    return Markup("{}.").format(Markup("; ").join(grown))


def why_back_early(case: Mapping[str, Any], present: Presenting) -> Markup:
    """Why a case that was put aside is back before its time; empty for any other."""
    aside = Markup("It was put aside (“{}”) and ").format(case["snooze_reason"])
    match case["back_early"]:
        case "worse":
            return aside + Markup("got worse: {}").format(why_it_stands(case, present))
        case "due":
            return aside + "is due sooner than it would have come back."
    return Markup()


def label_of(resolution: str) -> str:
    """What its button says."""
    return _DOES[Resolution(resolution)][0]


def effect_of(resolution: str) -> str:
    """What it does, in a sentence."""
    return _DOES[Resolution(resolution)][1]
