"""A unit's story on the same timeline as an order's: what its programme said of it, who claimed it, what people did, and cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trueup.console.order_story import Event, newest_first

_ACTS = {
    "trade-in.recorded": "Trade-in recorded",
    "trade-in.graded": "Trade-in graded",
    "trade-in.released": "Trade-in released",
    "trade-in.refused": "Trade-in refused",
    "credit.answered": "Credit answered for",
    "credit.broken": "Credit written off",
    "credit.revealed": "Code of the credit shown",
}
_NOT_TOLD = ("unread", "updated_at")
"""What no rule of ours reads is in the evidence; that something changed says itself when."""


def story_of(
    item: Mapping[str, Any], trade_in: Mapping[str, Any] | None, cases: Sequence[Mapping[str, Any]], only: str = ""
) -> list[Event]:
    """What happened to a unit, the newest first; only what documents prove, or what people did, where that is asked."""
    told = [
        *(_change(each) for each in reversed(item["changes"])),
        *(event for each in reversed(item["claims"]) for event in _claim(each)),
        *(_came_back(item["came_back"]) if item["came_back"] else ()),
        *(_act(each) for each in reversed(trade_in["acts"] if trade_in else ())),
        *(event for each in cases for event in _case(each)),
    ]
    return newest_first(sorted(told, key=lambda event: event.at), only)


def _change(change: Mapping[str, Any]) -> Event:
    words = ""
    if change["what"] == "changed":
        told = change["before"]
        words = "; ".join(
            f"{name.replace('_', ' ')}: {_said(told.get(name))} → {_said(value)}"
            for name, value in change["after"].items()
            if name not in _NOT_TOLD and _said(value) != _said(told.get(name))
        )
    state = "warn" if change["what"] == "gone" else "info"
    return Event(change["at"], "Supercycle", f"{change['of']} {change['what']}", state, words, change["evidence"])


def _claim(claim: Mapping[str, Any]) -> Iterator[Event]:
    about = f"order {claim['order']}, line {claim['line']}"
    yield Event(claim["made_at"], "Trueup", f"Claimed for purchase {about}", "held", "", claim["evidence"])
    if claim["changed_at"] != claim["made_at"]:
        state = "warn" if claim["state"] == "lost" else "held"
        yield Event(claim["changed_at"], "Trueup", f"Claim of purchase {about}: {claim['state']}", state, claim["why"])


def _came_back(origin: Mapping[str, Any]) -> Iterator[Event]:
    what = f"Came back from purchase order {origin['order']}, line {origin['line']}"
    yield Event(
        origin["recorded_at"], origin["recorded_by"], what, "warn", "", origin["evidence"] or "", by_person=True
    )


def _act(act: Mapping[str, Any]) -> Event:
    after = act["after"] if isinstance(act["after"], Mapping) else {}
    words = "; ".join(
        f"{name.replace('_', ' ')}: {value}" for name, value in after.items() if isinstance(value, str) and value
    )
    by_person = act["by"] != "trueup"
    return Event(
        act["at"],
        act["by"] if by_person else "Trueup",
        _ACTS.get(act["act"], act["act"].replace(".", " ").replace("-", " ").capitalize()),
        "ok",
        words,
        by_person=by_person,
    )


def _case(case: Mapping[str, Any]) -> Iterator[Event]:
    yield Event(case["opened_at"], "Trueup", f"Case {case['id']} opened", "warn", case["title"], case["evidence"] or "")
    if case["resolved_at"]:
        by = case["resolved_by"] or "trueup"
        what = f"Case {case['id']} closed: {case['resolution'] or 'by itself'}"
        by_person = by != "trueup"
        who = by if by_person else "Trueup"
        yield Event(case["resolved_at"], who, what, "ok", case["note"] or "", by_person=by_person)


def _said(value: Any) -> str:
    """A value as it was told, for people: nothing is said to be nothing."""
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, Mapping):  # a condition is known by its title
        return str(value.get("title") or ", ".join(f"{name} {each}" for name, each in value.items() if each))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
