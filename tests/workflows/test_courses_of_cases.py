"""The course of a case: new, ongoing, worse than was expected, come back, merged into another; and grouped by what made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.bookkeeping import Bookkeeping
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.storage import cases
from trueup.storage.case_batches import close_cases_of, open_cases
from trueup.storage.cases import close_case, load_case, open_case
from trueup.storage.database import Database
from trueup.storage.views import case_causes, case_queue, case_sums
from trueup.storage.views.case_queue import CaseFilter
from trueup.workflows.act_on_cases import Acting, CaseAct, act_on_each
from trueup.workflows.discuss_case import assign_case, snooze_case
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.resolve_case import Person, resolve_case

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
FAY = Person("Fay", frozenset({Role.FINANCE}))
DAY = timedelta(days=1)


@pytest.fixture
def here(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def _draft(subject: str, minor: int = 100, **more: Any) -> CaseDraft:
    allowed = (Resolution.RETRY, Resolution.DISMISS)
    draft = CaseDraft(
        "stock.short", subject, f"{subject} is short", "24", "20", Money(minor, "USD"), None, "operations", allowed
    )
    return replace(draft, **more)


def tell(here: Bookkeeping, draft: CaseDraft, *, many: bool = False) -> int:
    """Open it or bring it up to date, alone or in a batch; its number."""

    def act(tx: Any) -> int:
        if not many:
            return open_case(tx.connection, draft, tx.now)
        open_cases(tx.connection, [draft], tx.now)
        return cases.find_open(tx.connection, draft.kind, draft.subject)[0]

    return here.act(act)


def shown(here: Bookkeeping, number: int) -> dict[str, Any]:
    row = here.act(lambda tx: case_queue.show_queued(tx.connection, number, tx.now))
    assert row is not None
    return row


def listed(here: Bookkeeping, **wanted: Any) -> list[int]:
    paged = here.act(lambda tx: case_queue.page_cases(tx.connection, CaseFilter(**wanted), tx.now, sort="age"))
    return [row["id"] for row in paged.rows]


@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a batch"])
def test_a_case_is_new_then_ongoing_and_escalates_beyond_what_was_expected(here: Bookkeeping, many: bool) -> None:
    """In its first day it takes its shape; what comes on top later, in money or in number, is worse, until somebody takes it up."""
    number = tell(here, _draft("lines", things=2), many=many)
    assert shown(here, number)["standing"] == "new"
    tell(here, _draft("lines", 300, things=5), many=many)
    assert shown(here, number)["standing"] == "new"
    here.clock.advance(DAY)
    assert shown(here, number)["standing"] == "ongoing"
    tell(here, _draft("lines", 250, things=5), many=many)
    assert shown(here, number)["standing"] == "ongoing"
    began = here.clock.now()
    here.clock.advance(DAY)
    tell(here, _draft("lines", 301, things=5), many=many)
    found = shown(here, number)
    assert (found["standing"], found["known_money"], found["money_at_risk"]) == ("escalating", "3.00 USD", "3.01 USD")
    assert listed(here, standing="escalating") == [number] and not listed(here, standing="ongoing")
    assert listed(here, standing="escalating", since=began) == [number], "as Today counts them"
    here.act(assign_case, number, OLGA, OLGA)
    assert shown(here, number)["standing"] == "ongoing"
    tell(here, _draft("lines", 301, things=6), many=many)
    assert shown(here, number)["standing"] == "escalating"
    tell(here, _draft("lines", 301, things=5), many=many)
    assert shown(here, number)["standing"] == "ongoing"


def test_money_in_another_currency_is_compared_with_nothing(here: Bookkeeping) -> None:
    """100 dollars are not less than 9,000 yen."""
    number = tell(here, _draft("yen"))
    here.clock.advance(2 * DAY)
    tell(here, _draft("yen", money_at_risk=Money(9000, "JPY")))
    assert shown(here, number)["standing"] == "ongoing"
    tell(here, _draft("yen", money_at_risk=Money(9001, "JPY")))
    assert shown(here, number)["standing"] == "escalating"


def test_a_snoozed_case_that_worsens_or_is_due_sooner_returns_and_says_why(here: Bookkeeping) -> None:
    """Nobody waits for the end of a snooze while money is lost or a deadline passes."""
    worse, due = tell(here, _draft("worse")), tell(here, _draft("due"))
    for number in (worse, due):
        here.act(snooze_case, number, here.clock.now() + 5 * DAY, "asked the buyer", OLGA)
    assert listed(here, tab="snoozed") == [worse, due] and not listed(here)
    tell(here, _draft("worse", 101))
    tell(here, _draft("due", deadline=here.clock.now() + 2 * DAY))
    assert listed(here) == [worse, due] and not listed(here, tab="snoozed")
    assert (shown(here, worse)["back_early"], shown(here, worse)["standing"]) == ("worse", "escalating")
    assert (shown(here, due)["back_early"], shown(here, due)["snooze_reason"]) == ("due", "asked the buyer")


@pytest.mark.parametrize("many", [False, True], ids=["alone", "in a batch"])
def test_what_was_resolved_and_comes_again_has_regressed(here: Bookkeeping, many: bool) -> None:
    """It leads to the case that it was, until somebody takes it up. By whom that one was resolved is told apart."""
    first, other = tell(here, _draft("again")), tell(here, _draft("never again"))
    here.act(resolve_case, first, Resolution.DISMISS, OLGA, "counted")
    here.act(lambda tx: close_case(tx.connection, "stock.short", "never again", why="it came", now=tx.now))
    assert (listed(here, tab="resolved", resolved_by="people"), listed(here, tab="resolved", resolved_by="itself")) == (
        [first],
        [other],
    )
    second = tell(here, _draft("again"), many=many)
    assert (shown(here, second)["standing"], shown(here, second)["came_back_from"]) == ("regressed", first)
    here.act(assign_case, second, OLGA, OLGA)
    assert shown(here, second)["standing"] == "ongoing"


def _merged(here: Bookkeeping, subjects: Sequence[str] = ("kept", "other")) -> tuple[int, ...]:
    kept, *others = (tell(here, _draft(subject)) for subject in subjects)
    for other in others:
        here.act(merge_case, other, kept, OLGA, "the same pallet")
    return (kept, *others)


def test_a_merged_case_is_counted_once_is_not_opened_anew_and_comes_apart(here: Bookkeeping) -> None:
    """Nothing acts on it while another stands for it; taking it apart is the way back."""
    kept, other = _merged(here)
    assert listed(here) == [kept] and listed(here, tab="resolved", resolved_by="merged") == [other]
    assert here.act(lambda tx: case_sums.sum_cases(tx.connection, CaseFilter(), tx.now)).money == (Money(100, "USD"),)
    assert tell(here, _draft("other", 150)) == other
    assert (shown(here, other)["standing"], shown(here, other)["merged_into"]) == ("merged", kept)
    refused: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: here.act(resolve_case, other, Resolution.DISMISS, OLGA, "x"), Conflict, f"merged into case {kept}"),
        (lambda: here.act(assign_case, other, OLGA, OLGA), Conflict, f"merged into case {kept}"),
        (lambda: here.act(merge_case, other, kept, OLGA), Conflict, "merged into"),
        (lambda: here.act(merge_case, kept, kept, OLGA), Refused, "cannot stand for itself"),
        (lambda: here.act(unmerge_case, other, FAY), Refused, "may not decide"),
        (lambda: here.act(unmerge_case, kept, OLGA), Conflict, "merged into no other"),
    ]
    for act, error, words in refused:
        with pytest.raises(error, match=words):
            act()
    assert here.act(unmerge_case, other, OLGA) == kept
    assert listed(here) == [kept, other]


def test_who_may_not_decide_or_is_due_first_is_not_merged(here: Bookkeeping) -> None:
    """A merge would hide a deadline that is sooner; and it is a decision like any other."""
    late, soon = tell(here, _draft("late")), tell(here, _draft("soon", deadline=here.clock.now() + DAY))
    with pytest.raises(Refused, match=f"merge {late} into {soon} instead"):
        here.act(merge_case, soon, late, OLGA)
    with pytest.raises(Refused, match="may not decide"):
        here.act(merge_case, late, soon, FAY)
    assert here.act(merge_case, late, soon, OLGA) == [late]


def test_what_was_merged_ends_with_its_own_cause_or_comes_back(here: Bookkeeping) -> None:
    """Its own cause closes it; a dismissal takes it along; any other end of the case that stood for it brings it back."""
    kept, other, third = _merged(here, ("kept", "other", "third"))
    here.act(lambda tx: close_cases_of(tx.connection, [("stock.short", "other")], why="it came", now=tx.now))
    assert here.act(lambda tx: load_case(tx.connection, other)).resolution == "cause-gone"
    here.act(lambda tx: close_cases_of(tx.connection, [("stock.short", "kept")], why="it came", now=tx.now))
    back = shown(here, third)
    assert listed(here) == [third] and (back["standing"], back["came_back_from"]) == ("regressed", kept)
    kept, other = _merged(here, ("a", "b"))
    here.act(resolve_case, kept, Resolution.DISMISS, OLGA, "counted")
    done = here.act(lambda tx: load_case(tx.connection, other))
    assert (done.resolution, done.resolved_by) == ("dismiss", "Olga") and f"case {kept}" in done.note
    assert shown(here, other)["merged_into"] == kept


def test_many_are_merged_into_one_and_taken_apart(here: Bookkeeping) -> None:
    """Each has its outcome, and the act that takes it back."""
    kept, first, second = (tell(here, _draft(subject)) for subject in ("one", "two", "three"))
    wanted = [CaseAct(each, Acting.MERGE, str(kept), "the same") for each in (kept, first, second)]
    done = here.act(act_on_each, wanted, OLGA)
    assert [bool(each.refused) for each in done] == [True, False, False] and listed(here) == [kept]
    here.act(act_on_each, [each.undo for each in done if each.undo], OLGA)
    assert listed(here) == [kept, first, second]


def test_causes_are_grouped_paged_by_key_and_never_add_currencies(here: Bookkeeping) -> None:
    """Forty causes in pages of seven: each once, from what presses most, with all of its cases."""
    for number in range(40):
        for copy in range(number % 3 + 1):
            money = Money(100 * number + copy, ("USD", "EUR")[copy % 2])
            tell(here, _draft(f"{number}-{copy}", cause=f"item A-{number}", money_at_risk=money, things=2))
    found: list[Any] = []
    at = ""
    while True:
        page = here.act(lambda tx, at=at: case_causes.page_causes(tx.connection, CaseFilter(), tx.now, at=at, limit=7))
        found += page.rows
        at = page.after
        if not at:
            break
    every = here.act(lambda tx: case_causes.sum_causes(tx.connection, CaseFilter(), tx.now))
    assert (every.causes, every.cases) == (40, 79) and {each.currency for each in every.money} == {"EUR", "USD"}
    assert len(found) == len({row["cause"] for row in found}) == 40
    assert [row["cause"] for row in found[:2]] == ["item A-39", "item A-38"]
    dearest = next(row for row in found if row["cause"] == "item A-38")
    assert (dearest["cases"], dearest["things"], dearest["money"]) == (3, 6, ["76.02 USD", "38.01 EUR"])
    assert len(listed(here, kind="stock.short", cause="item A-38")) == 3
