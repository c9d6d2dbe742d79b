"""What is agreed, and to whom cases escalate: proposed, approved, withdrawn, changed and taken back."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.racing import Sent, row
from trueup.domain.agreement_changes import AgreementChange, AgreementScope
from trueup.domain.escalation import EscalationRule
from trueup.storage import acts, escalations
from trueup.workflows.escalate_cases import RulesOfEscalation, change_rules
from trueup.workflows.keep_agreements import ACT, ProposedTerms, approve_terms, propose_terms, subject_of

SCOPE = AgreementScope("amazon-us", "NORDA")
HERE = f"/settings/agreements/{SCOPE.partner}/{SCOPE.vendor_code}"
WHY = "the warehouse rounds"
_numbers = itertools.count(1)


def _day(console: Console) -> date:
    return (console.app.world.clock.now() + timedelta(days=3)).date()


def _proposed(console: Console) -> ProposedTerms:
    """Other terms that wait for a second person; another number than ever before."""
    change = AgreementChange(SCOPE, {"cost_tolerance": f"0.{next(_numbers):03}"}, _day(console), WHY)
    return console.app.act(False, propose_terms, change, person(console, "Olga"))


def _none_waits(console: Console) -> None:
    with console.app.database.transaction() as connection:
        waiting = acts.find_proposal(connection, ACT, subject_of(SCOPE))
        if waiting is not None:
            acts.withdraw(connection, waiting)


@row("/settings/agreements/{partner}/{code}", people=("Olga", "Fina"))
def propose(console: Console) -> Sent:
    _none_waits(console)
    changed = {"cost_tolerance": f"0.{next(_numbers):03}", "from": _day(console).isoformat(), "reason": WHY}
    return Sent(HERE, {**changed, "sure": "yes"})


@row("/settings/agreements/proposals/{proposal:int}/approve")
def approve(console: Console) -> Sent:
    _none_waits(console)
    told = _proposed(console)
    fields = {"because": "as in the contract", "look": told.look}
    return Sent(f"/settings/agreements/proposals/{told.id}/approve", fields)


@row("/settings/agreements/proposals/{proposal:int}/withdraw")
def withdraw(console: Console) -> Sent:
    _none_waits(console)
    told = _proposed(console)
    return Sent(f"/settings/agreements/proposals/{told.id}/withdraw", {"because": "it stays", "look": told.look})


@row("/settings/agreements/versions/{version:int}/undo")
def take_back(console: Console) -> Sent:
    _none_waits(console)
    fina, told = person(console, "Fina"), _proposed(console)
    version = console.app.act(False, approve_terms, told.id, fina, "as in the contract")
    return Sent(f"/settings/agreements/versions/{version.id}/undo")


def _newest(console: Console) -> int | None:
    with console.app.database.transaction() as connection:
        return next((each.id for each in escalations.list_versions(connection, 1)), None)


@row("/settings/escalation")
def change(console: Console) -> Sent:
    rule = {"kind-0": "", "unowned-0": str(next(_numbers)), "left-0": "", "to-0": "finance"}
    return Sent("/settings/escalation", {**rule, "reason": WHY, "seen": str(_newest(console) or 0), "sure": "yes"})


@row("/settings/escalation/versions/{version:int}/undo")
def take_rules_back(console: Console) -> Sent:
    rules = (EscalationRule("", timedelta(hours=next(_numbers)), None, "finance"),)
    wanted = RulesOfEscalation(rules, WHY, _newest(console))
    version = console.app.act(False, change_rules, wanted, person(console, "Olga"), {"Olga"})
    return Sent(f"/settings/escalation/versions/{version.id}/undo")
