"""Agreements: what is agreed with each vendor code, where that stands, and changing it: tried on the past, by two persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, Refused, TrueupError
from trueup.console.page import Offer, Page, Route
from trueup.console.sure import is_sure
from trueup.console.tables import Choice
from trueup.console.typed_numbers import given_number
from trueup.console.visit import Visit
from trueup.domain.agreement_changes import AgreementChange, AgreementScope
from trueup.domain.agreement_clauses import CLAUSES, Clause, Form, Unfit
from trueup.workflows.approve_agreement import approve_terms
from trueup.workflows.keep_agreements import (
    APPROVE,
    PROPOSE,
    ProposedTerms,
    look_at_proposed,
    propose_terms,
    undo_terms,
    withdraw_terms,
)
from trueup.workflows.list_agreements import list_agreements, show_agreement
from trueup.workflows.try_agreements import MONTHS, look_tried, try_proposed
from trueup.workflows.versions import Basis

_SHOWN = 20
"""So many examples of each effect."""


def _list(visit: Visit) -> Response:
    return visit.render("agreements.html", rows=list_agreements(visit.connection, visit.desk.world, visit.now.date()))


def _show(visit: Visit) -> Response:
    return _page(visit, _scope(visit))


def _page(
    visit: Visit,
    scope: AgreementScope,
    given: Mapping[str, str] | None = None,
    trouble: TrueupError | None = None,
    of: str = "change",
) -> Response:
    """The page of a vendor code. `given`: what was typed into a form that was refused, for `trouble`; `of`: which form."""
    shown = show_agreement(visit.connection, visit.desk.world, scope, visit.now.date())
    proposed = visit.act(look_at_proposed, shown["proposal"], dry_run=True) if shown["proposal"] else None
    stands = proposed is not None and proposed.trouble is None
    months = _months(visit.asked("months"))
    trial = visit.act(try_proposed, proposed, months, dry_run=True) if proposed is not None and stands else None
    if proposed is not None and trial is not None:  # what is shown is what is approved
        proposed = replace(proposed, look=look_tried(proposed, trial, months))
    return visit.render(
        "agreement.html",
        status=trouble.http_status if trouble else 200,
        title=f"Agreement {scope}",
        scope=scope,
        address=_address(scope),
        shown=shown,
        groups=_groups(),
        given={**shown["clauses"], **_defaults(visit, shown), **(given or {})},
        trouble=trouble,
        problems=trouble.problems if isinstance(trouble, Unfit) else {},
        of=of,
        proposed=proposed,
        rows=_rows(proposed),
        trial=trial,
        months=months,
        choices_of=_choices,
        most=_SHOWN,
        earliest=(visit.now.date() + timedelta(days=1)).isoformat(),
    )


def _defaults(visit: Visit, shown: Mapping[str, Any]) -> dict[str, str]:
    # The day after tomorrow: a second person has until the end of tomorrow.
    return {
        "from": (visit.now.date() + timedelta(days=2)).isoformat(),
        "reason": "",
        "seen": str(shown["newest"]),
        "because": "",
        "months": "3",
    }


def _rows(proposed: ProposedTerms | None) -> list[dict[str, str]]:
    """What a proposal changes, as a difference is drawn."""
    found = proposed.differences if proposed else []
    return [{"name": each.title, "before": each.before, "after": each.after} for each in found]


def _groups() -> dict[str, list[Clause]]:
    found: defaultdict[str, list[Clause]] = defaultdict(list)
    for clause in CLAUSES:
        found[clause.group].append(clause)
    return found


def _choices(clause: Clause, stands: str) -> list[Choice]:
    """What a clause may be; what stands is among it, also an owner by name."""
    if clause.form is Form.SWITCH:
        return [Choice("yes", "Yes"), Choice("no", "No")]
    found = [Choice(value, words) for value, words in (clause.options or {}).items()]
    return found if any(each.value == stands for each in found) else [*found, Choice(stands, stands)]


def _change(visit: Visit) -> Response:
    """Looked at and tried first; then proposed to a second person."""
    scope = _scope(visit)
    given = {name: visit.given(name) for name in ("from", "reason", "seen", "as_file", "months")} | _typed(visit)
    terms = None if given["as_file"] else _typed(visit)
    try:
        change = AgreementChange(scope, terms, _day(given["from"]), given["reason"])
        basis = Basis(given_number(given["seen"], "What was seen"))
        if is_sure(visit):
            proposed = visit.act(propose_terms, change, visit.who, basis)
            return visit.go(_address(scope), f"Proposal {proposed.id} waits for a second person. {proposed}.")
        proposed = visit.act(propose_terms, change, visit.who, basis, dry_run=True)
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, scope, given, error)
    months = _months(given["months"])
    fields = {**given, "sure": "yes"}
    if not given["as_file"]:
        fields.pop("as_file")
    return visit.render(
        "agreement_try.html",
        title=f"Change the agreement {scope}",
        scope=scope,
        address=_address(scope),
        proposed=proposed,
        rows=_rows(proposed),
        trial=visit.act(try_proposed, proposed, months, dry_run=True),
        months=months,
        spans=MONTHS,
        fields=fields,
        most=_SHOWN,
    )


def _typed(visit: Visit) -> dict[str, str]:
    """What the form says of each clause; what it does not say stays as it is."""
    return {
        clause.key: ", ".join(visit.all_given(clause.key)) if clause.form is Form.CHOICES else visit.given(clause.key)
        for clause in CLAUSES
        if clause.form is Form.CHOICES or clause.key in visit.form
    }


def _months(text: str) -> int:
    return int(text) if text in {str(each) for each in MONTHS} else 3


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unfit({"from": f"From {text!r}: expected a day such as 2027-01-01."}) from error


def _approve(visit: Visit) -> Response:
    number = visit.number("proposal")
    proposed = visit.act(look_at_proposed, number, dry_run=True)
    scope, because = proposed.change.scope, visit.given("because")
    try:
        version = visit.act(approve_terms, number, visit.who, because, visit.given("look"))
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, scope, {"because": because}, error, "approve")
    began = visit.present.day(version.change.effective_from)
    return visit.go(_address(scope), f"Version {version.id} comes into force on {began}.")


def _withdraw(visit: Visit) -> Response:
    number = visit.number("proposal")
    scope, because = visit.act(look_at_proposed, number, dry_run=True).change.scope, visit.given("because")
    try:
        visit.act(withdraw_terms, number, visit.who, because, visit.given("look"))
    except (Conflict, Invalid, Refused) as error:
        return _page(visit, scope, {"because": because}, error, "withdraw")
    return visit.go(_address(scope), f"Proposal {number} is off; nothing changed.")


def _undo(visit: Visit) -> Response:
    """What held before a version is proposed again."""
    proposed: ProposedTerms = visit.act(undo_terms, visit.number("version"), visit.who)
    told = f"Proposal {proposed.id} waits for a second person. {proposed}."
    return visit.go(_address(proposed.change.scope), told)


def _scope(visit: Visit) -> AgreementScope:
    return AgreementScope(visit.path("partner"), visit.path("code"))


def _address(scope: AgreementScope) -> str:
    return f"/settings/agreements/{quote(scope.partner)}/{quote(scope.vendor_code)}"


PAGE = Page(
    "agreements",
    "Agreements",
    (
        Route("/settings/agreements", _list),
        Route("/settings/agreements/{partner}/{code}", _show),
        Route("/settings/agreements/{partner}/{code}", _change, PROPOSE, "POST"),
        Route("/settings/agreements/proposals/{proposal:int}/approve", _approve, APPROVE, "POST"),
        Route("/settings/agreements/proposals/{proposal:int}/withdraw", _withdraw, PROPOSE, "POST"),
        Route("/settings/agreements/versions/{version:int}/undo", _undo, PROPOSE, "POST"),
    ),
    about={"/settings/agreements": "agreement "},
    offers=(Offer("Change an agreement", "/settings/agreements", PROPOSE),),
)
