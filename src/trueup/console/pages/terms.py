"""Terms of charges: rates that were agreed, who agreed them, and changing them: tried on past charges, by two, in versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, NotFound, Refused, TrueupError
from trueup.base.ids import Digest
from trueup.base.money import UnitPrice, exact_decimal
from trueup.console.money_words import Names
from trueup.console.page import Offer, Page, Route
from trueup.console.sure import is_sure
from trueup.console.tables import Choice
from trueup.console.typed_numbers import given_number
from trueup.console.visit import Visit
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import ROUNDINGS, Basis, Term
from trueup.formats.document import Severity
from trueup.formats.terms_csv import kind_of
from trueup.storage.views.terms import list_stated
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.import_products import archive_upload
from trueup.workflows.keep_terms import (
    APPROVE,
    KIND,
    PROPOSE,
    ImportedTerms,
    Sheet,
    find_proposed,
    kinds_of_terms,
    list_proposed,
    look_at_proposed,
    propose_change,
    propose_file,
    undo_version,
    versions_json,
    withdraw_change,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_agreements import MONTHS
from trueup.workflows.try_terms import TermTrial, line_json, look_tried, try_change, try_sheet
from trueup.workflows.world import Tx

HERE = "/settings/terms"
_MOST_DAYS = 36_500
_FIELDS = (
    *(
        "kind",
        "marketplace",
        "basis",
        "percent",
        "per_unit",
        "currency",
        "from",
        "to",
        "known_from",
        "within_days",
        "rounding",
        "source",
    ),
    "reason",
)
_BASES = {
    Basis.NET_RECEIPTS: "net receipts: what we invoiced in the period, without tax",
    Basis.INVOICE: "the invoice that the line settles, without tax",
    Basis.ORDER: "the purchase order that the line names",
    Basis.UNITS: "units, each at an amount",
}
STATES = {
    "in-force": ("ok", "In force"),
    "to-come": ("held", "Waits for its day"),
    "ended": ("idle", "Ended"),
    "replaced": ("idle", "Replaced by one known later"),
    "taken-back": ("idle", "Taken back"),
}
CALLED = {"overcharge": ("bad", "Too much"), "undercharge": ("info", "Too little"), "as-agreed": ("ok", "As agreed")}
"""What a charge is called; any other cannot be told."""


def _list(visit: Visit) -> Response:
    everything = bool(visit.asked("all"))
    today = visit.now.date()
    return visit.render(
        "terms.html",
        rows=list_stated(visit.connection, today, everything=everything),
        everything=everything,
        proposed=visit.act(list_proposed, dry_run=True),
        versions=versions_json(visit.connection),
        names=Names(visit),
        states=STATES,
        again=_again,
    )


def _again(row: Mapping[str, Any]) -> str:
    """The form with a term that one person entered, to have a second one approve it."""
    percent, unit = (row["rate"][:-1], "") if (row["rate"] or "").endswith("%") else ("", row["rate"] or "")
    per_unit, _, currency = unit.partition(" ")
    given = {
        "kind": row["kind"],
        "marketplace": row["marketplace"],
        "basis": row["basis"],
        "percent": percent,
        "per_unit": per_unit,
        "currency": currency,
        "from": row["valid_from"],
        "to": row["valid_to"],
        "within_days": row["within_days"],
        "rounding": row["rounding"],
        "source": row["source"],
        "reason": f"approved by a second person: {row['entered_by']} entered it alone",
        "try": "yes",
    }
    return f"{HERE}/new?{urlencode({name: value for name, value in given.items() if value not in (None, '')})}"


def _new(visit: Visit) -> Response:
    """The form; with `try` what it would come to. The address holds all of it, so Back and a pasted address show the same."""
    given = {name: visit.asked(name) for name in _FIELDS}
    if not visit.asked("try"):
        return _form(visit, given)
    try:
        sheet, trial = visit.act(_tried, given, visit, _months(visit), dry_run=True)
    except (Conflict, Invalid, Refused) as error:
        return _form(visit, given, error)
    return _form(visit, given, sheet=sheet, trial=trial)


def _form(
    visit: Visit,
    given: Mapping[str, str],
    trouble: TrueupError | None = None,
    sheet: Sheet | None = None,
    trial: TermTrial | None = None,
) -> Response:
    kinds = sorted(visit.act(kinds_of_terms, dry_run=True))
    sent = {name: value for name, value in given.items() if value}
    return visit.render(
        "terms_new.html",
        status=trouble.http_status if trouble else 200,
        title="A new term",
        given=given,
        sent=sent,
        trouble=trouble,
        kinds=[Choice(each, each) for each in kinds],
        roundings=[Choice(each, each.removeprefix("ROUND_").replace("_", " ").lower()) for each in ROUNDINGS],
        bases=[Choice(each.value, words) for each, words in _BASES.items()],
        sheet=sheet,
        **_drawn(visit, sheet, trial, f"{HERE}/lines?{urlencode(sent)}&"),
    )


def _drawn(visit: Visit, sheet: Sheet | None, trial: TermTrial | None, lines_of: str) -> dict[str, Any]:
    """What a change of terms comes to, as its pages draw it. `lines_of`: the address of the lines of the trial."""
    moved = sheet.moved if sheet else ()
    rows = [(each.name, str(each.before or "no rate"), str(each.after or "no rate")) for each in moved]
    prose = partial(visit.present.prose, begins=False)
    return {
        "rows": [dict(zip(("name", "before", "after"), map(prose, row), strict=True)) for row in rows],
        "trial": trial,
        "months": _months(visit),
        "spans": MONTHS,
        "spans_as_choices": [Choice(str(each), f"{each} month{'s' if each > 1 else ''}") for each in MONTHS],
        "called": CALLED,
        "lines_of": f"{lines_of}months={_months(visit)}&",
    }


def _propose(visit: Visit) -> Response:
    given = {name: visit.given(name) for name in _FIELDS}
    try:
        sheet = visit.act(lambda tx: propose_change(tx, _change(tx, given), visit.who))
    except (Conflict, Invalid, Refused) as error:
        return _form(visit, given, error)
    return visit.go(f"{HERE}/proposals/{sheet.id}", f"Proposal {sheet.id} waits for a second person. {sheet}.")


def _file(visit: Visit) -> Response:
    """A file is archived before anything reads it; what it would change is shown, and proposed once that was seen."""
    reason = visit.given("reason")
    if is_sure(visit):
        digest = Digest(visit.given("digest"))
        content = visit.desk.world.read(visit.connection, digest)
        sheet = visit.act(_propose_of_file, content, reason, visit.who)
        return visit.go(f"{HERE}/proposals/{sheet.id}", f"Proposal {sheet.id} waits for a second person. {sheet}.")
    name, content = visit.upload("file")
    digest = visit.prepare(archive_upload, content, KIND, name, visit.who)
    months = _months(visit)

    def look(tx: Tx) -> tuple[ImportedTerms, TermTrial | None]:
        done = propose_file(tx, content, reason or f"as in {name}", visit.who)
        return done, try_sheet(tx, done.sheet, months) if done.sheet else None

    done, trial = visit.act(look, dry_run=True)
    return visit.render(
        "terms_file.html",
        status=422 if any(each.severity is Severity.ERROR for each in done.findings) else 200,
        title="Terms of a file",
        done=done,
        sheet=done.sheet,
        fields={"digest": digest, "reason": reason or f"as in {name}", "sure": "yes"},
        digest=digest,
        **_drawn(visit, done.sheet, trial, ""),
    )


def _propose_of_file(tx: Tx, content: bytes, reason: str, person: Person) -> Sheet:
    done = propose_file(tx, content, reason, person)
    if done.sheet is not None:
        return done.sheet
    wrong = [str(each) for each in done.findings if each.severity is Severity.ERROR]
    if wrong:
        raise Invalid(f"The file {done.digest[:16]}: {'; '.join(wrong)}")
    raise Conflict(f"The file {done.digest[:16]}: all of its terms stand there already; nothing would change.")


def _show(visit: Visit) -> Response:
    return _proposal(visit, visit.number("proposal"))


def _proposal(
    visit: Visit, number: int, trouble: TrueupError | None = None, of: str = "", because: str = ""
) -> Response:
    """The page of a proposal. `because`: what was typed as the reason of an act that was refused, for `trouble`."""
    try:
        sheet = visit.act(look_at_proposed, number, dry_run=True)
    except (Conflict, NotFound):
        if (
            trouble is not None
        ):  # somebody else decided it, and has no page of it any more: who did stands in the trouble
            raise trouble from None
        raise
    trial = None if sheet.trouble else visit.act(try_sheet, sheet, _months(visit), dry_run=True)
    if trial is not None:  # what is shown is what is approved
        sheet = replace(sheet, look=look_tried(sheet, trial, _months(visit)))
    return visit.render(
        "terms_proposal.html",
        status=trouble.http_status if trouble else 200,
        title=f"Proposal {number}",
        sheet=sheet,
        trouble=trouble,
        of=of,
        given={"because": because},
        **_drawn(visit, sheet, trial, f"{HERE}/lines?proposal={number}&"),
    )


def _lines(visit: Visit) -> Response:
    """The charges behind a count of a trial: of a proposal that waits, or of what stands in the form."""
    number, months = visit.asked("proposal"), _months(visit)
    given = {name: visit.asked(name) for name in _FIELDS}
    if not number and not given["kind"]:
        return visit.go(HERE)
    if number:
        proposal = given_number(number, "Proposal") or 0
        trial = visit.act(lambda tx: try_sheet(tx, find_proposed(tx, proposal), months), dry_run=True)
        back = (f"Proposal {number}", f"{HERE}/proposals/{number}?months={months}")
    else:
        _, trial = visit.act(_tried, given, visit, months, dry_run=True)
        sent = {name: value for name, value in given.items() if value}
        back = ("A new term", f"{HERE}/new?{urlencode({**sent, 'try': 'yes', 'months': str(months)})}")
    wanted = visit.asked("before"), visit.asked("after"), visit.asked("currency")
    return visit.render(
        "terms_lines.html",
        title="Charges of the trial",
        rows=[line_json(each) for each in trial.lines(*wanted)],
        wanted=wanted,
        called=CALLED,
        crumbs=(("Terms of charges", HERE), back),
    )


def _approve(visit: Visit) -> Response:
    number, because = visit.number("proposal"), visit.given("because")
    try:
        done = visit.act(approve_change, number, visit.who, because, visit.given("look"))
    except (Conflict, Invalid, Refused) as error:
        return _proposal(visit, number, error, "approve", because)
    return visit.go(HERE, f"Version {done.version.id} is in force; charges are judged anew by it.")


def _withdraw(visit: Visit) -> Response:
    number, because = visit.number("proposal"), visit.given("because")
    try:
        visit.act(withdraw_change, number, visit.who, because, visit.given("look"))
    except (Conflict, Invalid, Refused) as error:
        return _proposal(visit, number, error, "withdraw", because)
    return visit.go(HERE, f"Proposal {number} is off; nothing changed.")


def _undo(visit: Visit) -> Response:
    """That a version is taken back is proposed."""
    sheet = visit.act(undo_version, visit.number("version"), visit.who)
    return visit.go(f"{HERE}/proposals/{sheet.id}", f"Proposal {sheet.id} waits for a second person. {sheet}.")


def _tried(tx: Tx, given: Mapping[str, str], visit: Visit, months: int) -> tuple[Sheet, TermTrial]:
    return try_change(tx, _change(tx, given), visit.who, months)


def _change(tx: Tx, given: Mapping[str, str]) -> TermChange:
    """What the form says. Raises Invalid in words that name the field."""
    known = _day(given["known_from"], "Known since") if given["known_from"] else None
    if given["per_unit"] and not given["currency"]:
        raise Invalid("An amount a unit needs its currency, such as USD.")
    if not given["source"]:
        raise Invalid("Source: say where it is written, such as an agreement's number.")
    within = given_number(given["within_days"], "Within days")
    if within is not None and within > _MOST_DAYS:
        raise Invalid(f"Within days {within}: expected a whole number up to {_MOST_DAYS:,}, such as 30.")
    term = Term(
        kind=kind_of(given["kind"], kinds_of_terms(tx)),
        marketplace=given["marketplace"],
        basis=_basis(given["basis"]),
        valid_from=_day(given["from"], "From"),
        known_from=known or tx.now.date(),
        source=given["source"],
        percent=exact_decimal(given["percent"]) if given["percent"] else None,
        per_unit=UnitPrice.of(given["per_unit"], given["currency"].upper()) if given["per_unit"] else None,
        valid_to=_day(given["to"], "To") if given["to"] else None,
        rounding=given["rounding"] or ROUND_HALF_EVEN,
        within_days=within,
    )
    return TermChange((WantedTerm(term, known is None),), given["reason"])


def _basis(text: str) -> Basis:
    try:
        return Basis(text)
    except ValueError:
        raise Invalid(f"Basis {text!r}: expected one of {', '.join(each.value for each in Basis)}.") from None


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{name} {text!r}: expected a day such as 2027-01-01.") from None


def _months(visit: Visit) -> int:
    text = visit.asked("months") or visit.given("months")
    return int(text) if text in {str(each) for each in MONTHS} else 3


PAGE = Page(
    "terms",
    "Terms of charges",
    (
        Route(HERE, _list),
        Route(f"{HERE}/new", _new, PROPOSE),
        Route(f"{HERE}/lines", _lines, PROPOSE),
        Route(f"{HERE}/proposals/{{proposal:int}}", _show),
        Route(HERE, _propose, PROPOSE, "POST"),
        Route(f"{HERE}/file", _file, PROPOSE, "POST"),
        Route(f"{HERE}/proposals/{{proposal:int}}/approve", _approve, APPROVE, "POST"),
        Route(f"{HERE}/proposals/{{proposal:int}}/withdraw", _withdraw, PROPOSE, "POST"),
        Route(f"{HERE}/versions/{{version:int}}/undo", _undo, PROPOSE, "POST"),
    ),
    about={HERE: "terms "},
    offers=(Offer("Propose a term of charges", f"{HERE}/new", PROPOSE),),
)
