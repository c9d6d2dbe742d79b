"""What is agreed with buyers and of charges, and to whom cases escalate: proposed, approved, withdrawn, changed and taken back."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.racing import Sent, row
from trueup.domain.agreement_changes import AgreementChange, AgreementScope
from trueup.domain.escalation import EscalationRule
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Basis, Term
from trueup.storage import acts, escalations
from trueup.workflows.approve_agreement import approve_terms
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.escalate_cases import RulesOfEscalation, change_rules
from trueup.workflows.import_products import archive_upload
from trueup.workflows.keep_agreements import (
    ACT,
    ProposedTerms,
    propose_terms,
    subject_of,
)
from trueup.workflows.keep_terms import ACT as TERMS
from trueup.workflows.keep_terms import (
    KIND,
    Sheet,
    propose_change,
)

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


_HEAD = "kind,basis,percent,valid_from,source"


def _sheet(console: Console) -> Sheet:
    """A term that waits for a second person, of days that no other has."""
    with console.app.database.transaction() as connection:
        for waiting in acts.list_waiting(connection, TERMS):
            acts.withdraw(connection, waiting)
    today = console.app.world.clock.now().date()
    begins = date(2030, 1, 1) + timedelta(days=next(_numbers))
    term = Term("co-op", "", Basis.NET_RECEIPTS, begins, today, "6268", Decimal(4), valid_to=begins + timedelta(days=1))
    return console.app.act(False, propose_change, TermChange((WantedTerm(term),), WHY), person(console, "Bo Admin"))


_of_terms = partial(row, people=("Fina", "Ana Admin"))


@_of_terms("/settings/terms")
def propose_a_term(console: Console) -> Sent:
    number = _sheet(console).id
    with console.app.database.transaction() as connection:
        acts.withdraw(connection, number)
    begins = date(2032, 1, 1) + timedelta(days=next(_numbers))
    fields = {"kind": "co-op", "basis": "net-receipts", "percent": "4", "from": begins.isoformat(), "source": "6268"}
    return Sent("/settings/terms", {**fields, "to": (begins + timedelta(days=1)).isoformat(), "reason": WHY})


@_of_terms("/settings/terms/file")
def propose_a_file(console: Console) -> Sent:
    _sheet(console)
    begins = date(2034, 1, 1) + timedelta(days=next(_numbers))
    content = f"{_HEAD}\nco-op,net-receipts,4,{begins},6268\nquick-pay,invoice,1,{begins},6268\n".encode()
    digest = console.app.act(False, archive_upload, content, KIND, "terms.csv", person(console, "Fina"))
    return Sent("/settings/terms/file", {"digest": digest, "reason": WHY, "sure": "yes"})


@_of_terms("/settings/terms/proposals/{proposal:int}/approve")
def approve_a_term(console: Console) -> Sent:
    told = _sheet(console)
    return Sent(f"/settings/terms/proposals/{told.id}/approve", {"because": "as in the contract", "look": told.look})


@_of_terms("/settings/terms/proposals/{proposal:int}/withdraw")
def withdraw_a_term(console: Console) -> Sent:
    told = _sheet(console)
    return Sent(f"/settings/terms/proposals/{told.id}/withdraw", {"because": "it stays", "look": told.look})


@_of_terms("/settings/terms/versions/{version:int}/undo")
def take_terms_back(console: Console) -> Sent:
    told = _sheet(console)
    done = console.app.act(False, approve_change, told.id, person(console, "Fina"), "as in the contract")
    return Sent(f"/settings/terms/versions/{done.version.id}/undo")
