"""Matches: lines with what could explain them side by side; a person chooses, puts a match together, or takes one apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.base.money import Money
from trueup.console.money_words import Names
from trueup.console.page import Group, Page, Place, Route
from trueup.console.pages.answers import choices_of
from trueup.console.tables import Choice, Column, State, state_of
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.domain.evidence import MARGIN
from trueup.domain.settlement import TO_CHECK, UNMATCHED
from trueup.storage.views import match_desk as desk
from trueup.storage.views.acts import list_proposals
from trueup.storage.views.case_queue import CaseFilter, page_cases, sum_cases
from trueup.storage.views.cases import show_case
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import choose_rival
from trueup.workflows.match_lines import MAY, HandMatch, Share, match_by_hand
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.undo_match import ACT as UNDO
from trueup.workflows.undo_match import undo_match

_CONTESTED = "remittance.contested"
_WAITING = f"{_CONTESTED},{UNMATCHED},{TO_CHECK}"
_CASES = (Column("Case"), Column("What"), Column("At risk", "number"), Column("Time left", "number"))
_MATCHED = (
    Column("Payment"),
    Column("Line"),
    Column("Settled", "number"),
    Column("Why"),
    Column("By", spare=True),
    Column("When", spare=True),
    Column("Undo", "mark"),
)
_UNDONE = (Column("Payment"), Column("Was"), Column("Said by", spare=True), Column("Undone by"), Column("Why"))
_TABS = (Choice("waits", "To match"), Choice("matched", "Matched"), Choice("undone", "Undone"))
_STATE = ("line", "q", "item", "fees")


def _list(visit: Visit) -> Response:
    state = state_of(visit, "view", "at")
    context: dict[str, Any] = {"state": state, "tabs": _TABS, "names": Names(visit), "view": state["view"] or "waits"}
    context["proposals"] = undoings(visit)
    match context["view"]:
        case "matched":
            paged = desk.page_matched(visit.connection, state["at"])
            return visit.render("matches.html", columns=_MATCHED, paged=paged, **context)
        case "undone":
            return visit.render(
                "matches.html", columns=_UNDONE, paged=desk.page_undone(visit.connection, state["at"]), **context
            )
        case _:
            paged = page_cases(visit.connection, CaseFilter(kind=_WAITING), visit.now, sort="money", at=state["at"])
            return visit.render("matches.html", columns=_CASES, paged=paged, **context)


def undoings(visit: Visit, of: str = "") -> list[dict[str, Any]]:
    """Undoings that wait for a second person; those of lines of one payment, named as proposals name it."""
    waiting = list_proposals(visit.connection, limit=500)
    return [each for each in waiting if each["act"] == UNDO and each["subject"].startswith(of)]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is on the desk of a case: the case, its lines, and the one that is looked at."""

    case: Mapping[str, Any]
    lines: list[desk.DeskLine]
    line: desk.DeskLine | None


def _desk(visit: Visit, name: str) -> _Desk:
    case = show_case(visit.connection, visit.number("case"))
    lines = desk.list_desk_lines(visit.connection, case["kind"], case["subject"])
    if not case["kind"].startswith("remittance.") or (not lines and case["state"] == "open"):
        raise NotFound(f"Case {case['id']} is {case['kind']}: no line of a payment waits in it that could be matched.")
    line = next((each for each in lines if each.name == name), lines[0] if lines else None)
    return _Desk(case, lines, line)


def _show(visit: Visit) -> Response:
    return _page(visit, _desk(visit, visit.asked("line")))


def _page(visit: Visit, on: _Desk, trouble: TrueupError | None = None) -> Response:
    state = state_of(visit, *_STATE)
    rivals = list_rivals(visit.connection, on.case["kind"], on.case["subject"])
    keys = [each for each in state["item"].split(",") if each]
    found, rows, difference = [], [], None
    if on.line is not None:
        found = desk.candidates_for(visit.connection, on.line, [_key(each) for each in keys], state["q"])
        rows = _rows(visit, on.line, found)
        difference = _difference(visit, on.line, rows)
    return visit.render(
        "match.html",
        status=trouble.http_status if trouble else 200,
        title=f"Match of case {on.case['id']}",
        state=state,
        case=on.case,
        lines=on.lines,
        line=on.line,
        rivals=rivals,
        margin=MARGIN,
        candidates=[{**each, "short": _short(each["key"])} for each in found],
        picked=keys,
        rows=rows,
        leave=visit.given("leave"),
        difference=difference,
        trouble=trouble,
        names=Names(visit),
        **choices_of(visit),
    )


def _short(key: str) -> str:
    """An item in an address: `i12` is invoice 12, `c7` claim 7."""
    return f"{key[0]}{key.partition(' ')[2]}"


def _key(short: str) -> str:
    return f"{'invoice' if short[:1] == 'i' else 'claim'} {short[1:]}"


def _typed(visit: Visit) -> list[dict[str, str]]:
    """The shares as they were typed."""
    items = zip(visit.all_given("key"), visit.all_given("amount"), strict=False)
    parts = zip(visit.all_given("type"), visit.all_given("account"), visit.all_given("of"), strict=False)
    return [
        *({"key": key, "amount": amount} for key, amount in items),
        *({"key": "", "type": type_, "account": account, "amount": amount} for type_, account, amount in parts),
    ]


def _rows(visit: Visit, line: desk.DeskLine, found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The shares as they were typed, or as they may be meant: each picked item in full, as far as the line goes."""
    typed = _typed(visit)
    amounts = {row["key"]: row["amount"] for row in typed if row["key"]}
    left, rows = line.minor, []
    for each in found:
        if each["picked"]:
            open_ = Money.of(*each["open"].split(" ")).minor
            share = min(open_, left) if open_ > 0 and left > 0 else open_
            left -= share
            amount = amounts.get(each["key"], str(Money(share, line.currency).amount))
            rows.append({"key": each["key"], "called": each["called"], "amount": amount})
    parts = [row for row in typed if not row["key"]]
    wanted = int(visit.asked("fees")) if visit.asked("fees").isdecimal() else 1
    empty = {"key": "", "type": "", "account": "", "amount": ""}
    return [*rows, *parts, *(empty for _ in range(min(wanted, 10) - len(parts)))]


def _choose(visit: Visit) -> Response:
    choice = visit.given("choice")
    if not choice.isdecimal():
        raise Invalid("Choose one of the explanations first.")
    number, note = visit.number("case"), visit.given("note")
    done = visit.act(lambda tx: choose_rival(tx, number, int(choice), visit.who, note=note))
    more = f" {done.left} more wait in the case; they are matched again." if done.left else ""
    return visit.go(
        "/matches", f"Case {number}: explanation {choice} is booked, {done.lines} lines of {done.amount}.{more}"
    )


def _wanted(visit: Visit, line: desk.DeskLine, rows: list[dict[str, str]]) -> HandMatch:
    """The match as the form says it. Raises Invalid for an amount that is none."""
    shares = tuple(
        Share(
            Money.of(row["amount"].strip().replace("\N{MINUS SIGN}", "-"), line.currency).minor,
            row["key"],
            row.get("type", ""),
            row.get("account", ""),
        )
        for row in rows
        if row["amount"].strip()
    )
    at = (visit.number("case"), line.remittance, line.said.number)
    return HandMatch(*at, shares, visit.given("leave") == "yes", visit.given("note"))


def _difference(visit: Visit, line: desk.DeskLine, rows: list[dict[str, str]]) -> dict[str, Any]:
    """What is left beside the shares, and what the match would post, found out by doing it and rolling it back."""
    left, why, limit = line.amount, "", visit.desk.settings.two_persons_above
    entries: tuple[dict[str, Any], ...] = ()
    try:
        wanted = _wanted(visit, line, rows)
        left = Money(line.minor - sum(each.minor for each in wanted.shares), line.currency)
        if not wanted.shares:
            why = "Add an open item, or a part that is something else."
        elif visit.may(MAY):
            entries = visit.act(
                lambda tx: with_entries(tx, lambda inner: match_by_hand(inner, wanted, visit.who, limit), visit.who),
                dry_run=True,
            ).entries
    except TrueupError as error:
        why = str(error)
    return {"left": left, "why": why, "entries": entries}


def _tell_difference(visit: Visit) -> Response:
    """The part of the page that follows what is typed."""
    on = _desk(visit, visit.given("line"))
    if on.line is None:
        raise NotFound(f"Case {on.case['id']}: nothing waits in it any more.")
    difference = _difference(visit, on.line, _typed(visit))
    return visit.render("match_difference.html", difference=difference, names=Names(visit))


def _match(visit: Visit) -> Response:
    on = _desk(visit, visit.given("line"))
    if on.line is None:
        raise NotFound(f"Case {on.case['id']}: nothing waits in it any more.")
    try:
        limit = visit.desk.settings.two_persons_above
        done = visit.act(match_by_hand, _wanted(visit, on.line, _typed(visit)), visit.who, limit)
    except TrueupError as error:
        if error.http_status != 409 and not isinstance(error, Invalid):
            raise
        return _page(visit, on, error)
    more = f" {done.left} more wait in the case." if done.left else ""
    address = f"/matches/{done.case}" if done.left else "/matches"
    return visit.go(address, f"Case {done.case}: {visit.present.money(done.amount)} of the line are booked.{more}")


def _ask_undo(visit: Visit) -> Response:
    """What undoing would post, found out by doing it and rolling it back; and what was undone of the line before."""
    remittance, line = visit.number("id"), visit.number("line")
    tried, trouble = None, None
    if visit.may(MAY):
        try:
            tried = visit.act(
                lambda tx: with_entries(
                    tx, lambda inner: undo_match(inner, remittance, line, visit.who, "…"), visit.who
                ),
                dry_run=True,
            )
        except TrueupError as error:
            trouble = error
    return visit.render(
        "match_undo.html",
        status=trouble.http_status if isinstance(trouble, NotFound) else 200,
        title=f"Undo the match of line {line}",
        remittance=remittance,
        line=line,
        tried=tried,
        trouble=trouble,
        two=visit.desk.settings.two_persons_above,
        history=desk.undone_of(visit.connection, remittance, line),
        names=Names(visit),
        state=State(visit.request.url.path),
    )


def _undo(visit: Visit) -> Response:
    remittance, line = visit.number("id"), visit.number("line")
    limit = visit.desk.settings.two_persons_above
    done = visit.act(undo_match, remittance, line, visit.who, visit.given("reason"), limit)
    lines = "1 line" if done.lines == 1 else f"{done.lines} lines"
    if done.proposal is not None:
        words = (
            f"Proposal {done.proposal}: {lines} of {visit.present.money(done.amount)}; a second person must approve it."
        )
        return visit.go(f"/remittances/{remittance}", words)
    return visit.go(
        f"/matches/{done.case}", f"{lines} of {visit.present.money(done.amount)} are undone and wait again."
    )


def _count(visit: Visit) -> int:
    return sum_cases(visit.connection, CaseFilter(kind=_WAITING), visit.now).count


PAGE = Page(
    "matches",
    "Matches",
    (
        Route("/matches", _list),
        Route("/matches/{case:int}", _show),
        Route("/matches/{case:int}/choose", _choose, MAY, "POST"),
        Route("/matches/{case:int}/difference", _tell_difference, MAY, "POST"),
        Route("/matches/{case:int}/match", _match, MAY, "POST"),
        Route("/matches/undo/{id:int}/{line:int}", _ask_undo),
        Route("/matches/undo/{id:int}/{line:int}", _undo, MAY, "POST"),
    ),
    Place(Group.MONEY, 2, "arrows-exchange"),
    count=_count,
    decides={Resolution.CHOOSE.value: "/matches/{case}"},
)
