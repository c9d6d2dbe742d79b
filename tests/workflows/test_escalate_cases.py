"""Cases that nobody takes: they go to whom was agreed, once, in time; an example run says beforehand which would have gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.installation import LAMP, Installation, install, line
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.domain.cases import Role
from trueup.domain.escalation import Escalation, EscalationRule, Unowned, escalation_of, rule_of
from trueup.storage.database import Database
from trueup.storage.escalations import EscalationVersion, escalate, list_unowned
from trueup.storage.views.case_queue import CaseFilter, page_cases
from trueup.workflows.discuss_case import assign_case, snooze_case, wake_case
from trueup.workflows.escalate_cases import RulesOfEscalation, change_rules, escalate_unowned, try_rules, undo_rules
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.resolve_case import Person
from trueup.workflows.watch import ensure_watch

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
AUDE = Person("Aude", frozenset({Role.AUDITOR}))
HELD = EscalationRule("held.", 2 * HOUR, None, "operations")
LATE = EscalationRule("", None, 3 * HOUR, "Ada")


def change(here: Installation, *rules: EscalationRule, by: Person = OLGA, **seen: int) -> EscalationVersion:
    """A person decides the rules."""
    return here.engine.act(change_rules, RulesOfEscalation(rules, "weekends", **seen), by, {"Ada", "Olga"})


def gone(here: Installation) -> list[tuple[str, str, str]]:
    """Kind, to whom and why, of the cases that went to somebody."""
    with here.database.transaction() as connection:
        rows = page_cases(connection, CaseFilter(standing="escalating"), here.clock.now()).rows
    return [(row["kind"], row["escalated_to"], row["escalated_why"]) for row in rows]


def acts(here: Installation) -> list[Any]:
    """What is in the audit trail of it."""
    with here.database.transaction() as connection:
        return list(connection.execute(sa.text("SELECT actor, after FROM trueup.acts WHERE act = 'case.escalated'")))


def test_what_nobody_takes_goes_to_whom_was_agreed_once_and_stays_until_somebody_takes_it(database: Database) -> None:
    """In time, by the watch alone; done twice it is done once; an update of the case keeps it; whoever takes it up ends it."""
    with install(database, ManualClock(START)) as here:
        here.engine.act(ensure_watch)
        change(here, HELD)
        here.order(line(LAMP, 1, cost="11.00"))
        here.pass_time(HOUR)
        assert here.case_kinds() == ["held.cost-differs"] and gone(here) == []
        here.pass_time(2 * HOUR)
        assert gone(here) == [("held.cost-differs", "operations", "nobody had it for 2 h")]
        [(actor, after)] = acts(here)
        assert actor == "trueup" and after == {"to": "operations", "because": "nobody had it for 2 h"}
        assert here.engine.act(escalate_unowned) == [], "done twice, it is done once"
        here.pass_time(HOUR)
        assert len(acts(here)) == 1 and len(gone(here)) == 1
        [case] = here.open_cases()
        here.engine.act(assign_case, case["id"], OLGA, OLGA)
        here.pass_time(3 * HOUR)
        assert gone(here) == [] and len(acts(here)) == 1, "somebody has it"
        here.engine.act(assign_case, case["id"], None, OLGA)
        here.pass_time(HOUR)
        assert gone(here) == [], "until an hour ago somebody had it"
        here.pass_time(2 * HOUR)
        assert len(gone(here)) == 1, "nobody has it for longer than two hours since it was given back"


def test_the_time_counts_from_when_somebody_last_had_it(database: Database) -> None:
    """A case that was put aside, or stood under another, was somebody's until that ended: by itself or by hand."""
    with install(database, ManualClock(START)) as here:
        for cost in ("11.00", "12.00", "13.00"):
            here.order(line(LAMP, 1, cost=cost))
        here.pass_time(HOUR)
        ended, woken, merged = (each["id"] for each in here.open_cases())
        here.engine.act(snooze_case, ended, here.clock.now() + 5 * HOUR, "asked Amazon", OLGA)
        here.engine.act(snooze_case, woken, here.clock.now() + 9 * HOUR, "asked Amazon", OLGA)
        here.engine.act(merge_case, merged, ended, OLGA, "the same")
        here.pass_time(5 * HOUR)
        here.engine.act(wake_case, woken, OLGA)
        here.engine.act(unmerge_case, merged, OLGA)
        with here.database.transaction() as connection:
            since = {each.id: each.since for each in list_unowned(connection, here.clock.now() + HOUR)}
        assert since == dict.fromkeys((ended, woken, merged), START + 6 * HOUR)


def test_a_case_that_is_taken_between_the_look_and_the_writing_does_not_go(database: Database) -> None:
    """Whoever took it up, or merged it, in that moment has it: nothing is written over that."""
    with install(database, ManualClock(START)) as here:
        for cost in ("11.00", "12.00", "13.00"):
            here.order(line(LAMP, 1, cost=cost))
        here.pass_time(3 * HOUR)
        taken, merged, left = (each["id"] for each in here.open_cases())
        with here.database.transaction() as connection:
            seen = list_unowned(connection, here.clock.now())
        here.engine.act(assign_case, taken, OLGA, OLGA)
        here.engine.act(merge_case, merged, taken, OLGA, "the same")
        due = [(case, Escalation(case.id, case.since, "operations", "nobody had it for 2 h")) for case in seen]
        with here.database.transaction() as connection:
            assert escalate(connection, due, here.clock.now()) == [left]


def test_the_rule_that_says_most_counts_and_the_earlier_of_its_two_times() -> None:
    """Of "held." and "" the longer; without a deadline only the first time; what is late goes at once."""
    assert rule_of([LATE, HELD], "held.cost-differs") == HELD and rule_of([LATE, HELD], "bank.x") == LATE
    assert rule_of([HELD], "bank.x") is None
    both = EscalationRule("", 10 * HOUR, 2 * HOUR, "admin")
    case = Unowned(1, "bank.x", START, START + 5 * HOUR)
    assert escalation_of([both], case) == Escalation(
        1, START + 3 * HOUR, "admin", "it was due in 2 h and nobody took it"
    )
    assert escalation_of([both], Unowned(1, "bank.x", START, None)) == Escalation(
        1, START + 10 * HOUR, "admin", "nobody had it for 10 h"
    )
    assert escalation_of([LATE], Unowned(1, "bank.x", START, None)) is None
    late = escalation_of([both], Unowned(1, "bank.x", START, START - HOUR))
    assert late == Escalation(1, START, "admin", "it was late and nobody took it")


def test_an_example_run_is_what_the_rules_would_have_done(database: Database) -> None:
    """Which cases would have gone, when, to whom and how many a day; those that were taken up in time would not have."""
    with install(database, ManualClock(START)) as here:
        taken, left = here.order(line(LAMP, 1, cost="11.00")), here.order(line(LAMP, 1, cost="12.00"))
        here.pass_time(HOUR)
        [case] = [each for each in here.open_cases() if taken in each["subject"]]
        here.engine.act(assign_case, case["id"], OLGA, OLGA)
        here.pass_time(5 * HOUR)
        run = here.engine.act(try_rules, [HELD, LATE])
        assert run.cases == 2 and run.by_target() == [("operations", 1)]
        [went] = run.gone
        assert left in here.shown(left)["number"] and left in _subject(here, went.case.unowned.id)
        assert went.escalation.at == went.case.unowned.since + 2 * HOUR
        assert [count for _, count in run.by_day() if count] == [1]
        assert gone(here) == [] and acts(here) == [], "nothing was done"


def _subject(here: Installation, case_id: int) -> str:
    return next(str(each["subject"]) for each in here.open_cases() if each["id"] == case_id)


def test_rules_are_versions_that_are_taken_back_and_what_cannot_be_is_refused(database: Database) -> None:
    """Without a role, a reason, anybody to go to; twice the same kind; nothing that changes; what another changed since."""
    with install(database, ManualClock(START)) as here:
        first = change(here, HELD, seen=0)
        with pytest.raises(Conflict, match="nothing would change"):
            change(here, HELD)
        with pytest.raises(Conflict, match="changed meanwhile, by Olga"):
            change(here, LATE, seen=0)
        second = change(here, HELD, LATE, seen=first.id)
        with pytest.raises(Conflict, match="take that back first"):
            here.engine.act(undo_rules, first.id, OLGA, {"Ada"})
        third = here.engine.act(undo_rules, second.id, OLGA, {"Ada"})
        assert third.rules == (HELD,) and third.undoes == second.id
        with pytest.raises(Invalid, match="two rules; one says it"):
            change(here, HELD, HELD)
        with pytest.raises(Invalid, match="expected a role"):
            change(here, EscalationRule("", HOUR, None, "Nobody"))
        with pytest.raises(Invalid, match="say after how long"):
            EscalationRule("", None, None, "admin")
        with pytest.raises(Refused, match=r"escalation\.change"):
            change(here, LATE, by=AUDE)
        with pytest.raises(sa.exc.DBAPIError), here.database.transaction() as connection:
            connection.execute(sa.text("DELETE FROM trueup.escalation_versions"))
