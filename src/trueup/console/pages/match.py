"""The desk of one match: a line of a payment left, what could explain it right, the difference on top, as it is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.base.money import Money
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.pages.answers import choices_of
from trueup.console.tables import State, state_of
from trueup.console.typed_numbers import whole_number
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.domain.evidence import MARGIN
from trueup.storage.views import match_desk as desk
from trueup.storage.views.cases import show_case
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import choose_rival
from trueup.workflows.match_lines import MAY, HandMatch, Share, match_by_hand
from trueup.workflows.preview_entries import with_entries

_STATE = ("line", "q", "item", "fees")
_MOST_PARTS = 10


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is on the desk of a case: the case, its lines, the one that is looked at, and what could explain it."""

    case: Mapping[str, Any]
    lines: list[desk.DeskLine]
    line: desk.DeskLine | None
    rivals: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A match as it is put together. `choice`: the explanation that is taken as it stands; `picked`: the items that are ticked, by
    their names in addresses; `shares`: each with its key or its type and account, and its amount as it was typed; `parts`: how many
    rows there are for what is no item; `words`: what is searched for."""

    choice: str
    picked: list[str]
    shares: list[dict[str, str]]
    parts: int
    words: str


def _desk(visit: Visit, name: str) -> _Desk:
    case = show_case(visit.connection, visit.number("case"))
    lines = desk.list_desk_lines(visit.connection, case["kind"], case["subject"])
    if not case["kind"].startswith("remittance.") or (not lines and case["state"] == "open"):
        raise NotFound(f"Case {case['id']} is {case['kind']}: no line of a payment waits in it that could be matched.")
    line = next((each for each in lines if each.name == name), lines[0] if lines else None)
    return _Desk(case, lines, line, list_rivals(visit.connection, case["kind"], case["subject"]))


def _waiting_desk(visit: Visit) -> tuple[_Desk, desk.DeskLine]:
    """The desk of a form. Raises NotFound where nothing waits any more."""
    on = _desk(visit, visit.given("line"))
    if on.line is None:
        raise NotFound(f"Case {on.case['id']}: nothing waits in it any more.")
    return on, on.line


def _show(visit: Visit) -> Response:
    state = state_of(visit, *_STATE)
    on = _desk(visit, state["line"])
    ticked = next((str(each["choice"]) for each in on.rivals[:1] if each["ticked"]), "")
    picked = [each for each in state["item"].split(",") if each]
    parts = whole_number(state["fees"]) or 1
    draft = _Drafted("" if picked else ticked, picked, [], min(parts, _MOST_PARTS), state["q"])
    return _page(visit, on, draft)


def _page(visit: Visit, on: _Desk, draft: _Drafted, trouble: TrueupError | None = None) -> Response:
    return visit.render(
        "match.html",
        status=trouble.http_status if trouble else 200,
        title=f"Match of case {on.case['id']}",
        trouble=trouble,
        margin=MARGIN,
        **_drawn(visit, on, draft),
    )


def _drawn(visit: Visit, on: _Desk, draft: _Drafted) -> dict[str, Any]:
    """All that the page and its parts show of a match that is put together."""
    found: list[dict[str, Any]] = []
    shares, difference = draft.shares, None
    if on.line is not None:
        found = desk.candidates_for(visit.connection, on.line, [_key(each) for each in draft.picked], draft.words)
        shares = _shares(on.line, found, draft)
        difference = _difference(visit, on, draft.choice, shares)
    amounts = {each["key"]: each["amount"] for each in shares if each["key"]}
    return {
        "state": _state(visit, on, draft),
        "case": on.case,
        "lines": on.lines,
        "line": on.line,
        "rivals": on.rivals,
        "choice": draft.choice,
        "picked": draft.picked,
        "candidates": [
            {**each, "short": _short(each["key"]), "amount": amounts.get(each["key"], "")} for each in found
        ],
        "parts": [each for each in shares if not each["key"]],
        "words": draft.words,
        "leave": visit.given("leave"),
        "difference": difference,
        "names": Names(visit),
        **choices_of(visit),
    }


def _state(visit: Visit, on: _Desk, draft: _Drafted) -> State:
    """The address of what is on the desk now: reloaded, or sent to a colleague, it shows the same items ticked."""
    values = {
        "line": on.line.name if on.line is not None and len(on.lines) > 1 else "",
        "q": draft.words,
        "item": ",".join(draft.picked),
        "fees": str(draft.parts) if draft.parts > 1 else "",
    }
    return State(f"/matches/{visit.number('case')}", {name: value for name, value in values.items() if value})


def _short(key: str) -> str:
    """An item in an address: `i12` is invoice 12, `c7` claim 7."""
    return f"{key[0]}{key.partition(' ')[2]}"


def _key(short: str) -> str:
    return f"{'invoice' if short[:1] == 'i' else 'claim'} {short[1:]}"


def _drafted(visit: Visit) -> _Drafted:
    """The match as the form has it. An item that was just ticked has no amount yet."""
    picked = visit.all_given("pick")
    known = visit.given("was").split(",")
    shares = [{"key": _key(each), "amount": visit.given(f"amount-{each}")} for each in picked if each in known]
    names = ("type", "account", "of")
    for type_, account, amount in zip(*(visit.all_given(name) for name in names), strict=False):
        shares.append({"key": "", "type": type_, "account": account, "amount": amount})
    parts = len(visit.all_given("of")) + (1 if visit.given("more") else 0)
    return _Drafted(visit.given("choice"), picked, shares, min(max(parts, 1), _MOST_PARTS), visit.given("q"))


def _shares(line: desk.DeskLine, found: Sequence[Mapping[str, Any]], draft: _Drafted) -> list[dict[str, str]]:
    """The shares as they were typed; an item that was just ticked is meant in full, as far as the line goes beside them."""
    typed = {each["key"]: each["amount"] for each in draft.shares if each["key"]}
    parts = [each for each in draft.shares if not each["key"]]
    left = line.minor - sum(_minor(each["amount"], line.currency) for each in draft.shares)
    shares = []
    for each in found:
        if each["picked"]:
            amount = typed.get(each["key"])
            if amount is None:
                open_ = Money.of(*each["open"].split(" ")).minor
                share = min(open_, left) if open_ > 0 and left > 0 else open_
                left -= share
                amount = str(Money(share, line.currency).amount)
            shares.append({"key": each["key"], "amount": amount})
    empty = {"key": "", "type": "", "account": "", "amount": ""}
    return [*shares, *parts, *(dict(empty) for _ in range(draft.parts - len(parts)))]


def _minor(amount: str, currency: str) -> int:
    """What was typed, in minor units; nothing where it is no amount, which is told when the match is tried."""
    try:
        return _money(amount, currency).minor
    except Invalid:
        return 0


def _money(amount: str, currency: str) -> Money:
    return Money.of(amount.strip().replace("\N{MINUS SIGN}", "-"), currency)


def _wanted(visit: Visit, line: desk.DeskLine, shares: Sequence[Mapping[str, str]]) -> HandMatch:
    """The match as the form says it. Raises Invalid for an amount that is none."""
    wanted = tuple(
        Share(_money(each["amount"], line.currency).minor, each["key"], each.get("type", ""), each.get("account", ""))
        for each in shares
        if each["amount"].strip()
    )
    at = (visit.number("case"), line.remittance, line.said.number)
    return HandMatch(*at, wanted, visit.given("leave") == "yes", visit.given("note"))


def _difference(visit: Visit, on: _Desk, choice: str, shares: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What is left beside what is chosen, and what booking it would post, found out by doing it and rolling it back."""
    assert on.line is not None, "nothing waits: there is no difference to tell"
    left, why = on.line.amount, ""
    entries: tuple[dict[str, Any], ...] = ()
    try:
        if choice:
            left = _left_by(on, choice)
            if visit.may(MAY):
                entries = _try(visit, lambda tx: choose_rival(tx, on.case["id"], _choice(choice), visit.who))
        else:
            wanted = _wanted(visit, on.line, shares)
            left = Money(on.line.minor - sum(each.minor for each in wanted.shares), on.line.currency)
            if not wanted.shares:
                why = "Choose an explanation, tick an open item, or say what a part of the line is."
            elif visit.may(MAY):
                limit = visit.desk.settings.two_persons_above
                entries = _try(visit, lambda tx: match_by_hand(tx, wanted, visit.who, limit))
    except TrueupError as error:
        why = str(error)
    return {"left": left, "why": why, "entries": entries}


def _try(visit: Visit, do: Any) -> tuple[dict[str, Any], ...]:
    tried = visit.act(lambda tx: with_entries(tx, do, visit.who), dry_run=True)
    entries: tuple[dict[str, Any], ...] = tried.entries
    return entries


def _left_by(on: _Desk, choice: str) -> Money:
    """What an explanation leaves of the lines that it is of. Raises Invalid for one that is not there."""
    rival = next((each for each in on.rivals if str(each["choice"]) == choice), None)
    if rival is None:
        raise Invalid(f"Explanation {choice} is not one of the {len(on.rivals)} that are there.")
    said, settled = (
        sum(Money.of(*each["amount"].split(" ")).minor for each in rival[of]) for of in ("lines", "settles")
    )
    assert on.line is not None, "an explanation is of lines that wait"
    return Money(said - settled, on.line.currency)


def _follow(visit: Visit) -> Response:
    """The parts of the page that follow what is ticked and typed; all of it for a browser without scripts."""
    on, _ = _waiting_desk(visit)
    draft = _drafted(visit)
    if not visit.partial:
        return _page(visit, on, draft)
    drawn = _drawn(visit, on, draft)
    again = visit.given("sought") != draft.words or visit.given("was") != ",".join(draft.picked)
    response = visit.render("match_answer.html", items=again, more=bool(visit.given("more")), **drawn)
    response.headers["HX-Replace-Url"] = drawn["state"].to()
    return response


def _choice(text: str) -> int:
    chosen = whole_number(text)
    if chosen is None:
        raise Invalid("Choose one of the explanations first.")
    return chosen


def _choose(visit: Visit) -> Response:
    chosen = _choice(visit.given("choice"))
    number, note = visit.number("case"), visit.given("note")
    done = visit.act(lambda tx: choose_rival(tx, number, chosen, visit.who, note=note))
    more = f" {done.left} more wait in the case; they are matched again." if done.left else ""
    return visit.go(
        "/matches", f"Case {number}: explanation {chosen} is booked, {done.lines} lines of {done.amount}.{more}"
    )


def _match(visit: Visit) -> Response:
    """Books what is on the desk: the explanation that is chosen, or what was put together."""
    on, line = _waiting_desk(visit)
    draft = _drafted(visit)
    if draft.choice:
        return _choose(visit)
    try:
        limit = visit.desk.settings.two_persons_above
        done = visit.act(match_by_hand, _wanted(visit, line, draft.shares), visit.who, limit)
    except TrueupError as error:
        if error.http_status != 409 and not isinstance(error, Invalid):
            raise
        return _page(visit, on, draft, error)
    more = f" {done.left} more wait in the case." if done.left else ""
    address = f"/matches/{done.case}" if done.left else "/matches"
    return visit.go(address, f"Case {done.case}: {visit.present.money(done.amount)} of the line are booked.{more}")


PAGE = Page(
    "match",
    "Match",
    (
        Route("/matches/{case:int}", _show),
        Route("/matches/{case:int}/choose", _choose, MAY, "POST"),
        Route("/matches/{case:int}/difference", _follow, MAY, "POST"),
        Route("/matches/{case:int}/match", _match, MAY, "POST"),
    ),
    decides={Resolution.CHOOSE.value: "/matches/{case}"},
)
