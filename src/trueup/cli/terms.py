"""`trueup terms`: what was agreed to be deducted, as it was known when, and whether what Amazon took is that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.base.money import UnitPrice, exact_decimal
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.statements import grouped, read_day
from trueup.cli.tables import Column, amount
from trueup.cli.two_persons import Look, LookApproved, Months, demand_look_said
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Basis, Term
from trueup.formats.terms_csv import kind_of
from trueup.storage.views import terms as views
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.check_charges import begin_check, check_batch
from trueup.workflows.import_products import archive_upload
from trueup.workflows.keep_terms import (
    KIND,
    ImportedTerms,
    Sheet,
    find_proposed,
    kinds_of_terms,
    propose_change,
    propose_file,
    undo_version,
    versions_json,
    withdraw_change,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_terms import look_tried, trial_json, try_sheet
from trueup.workflows.world import Tx

group = typer.Typer(
    name="terms",
    help="What was agreed to be deducted: import, propose, try, approve, withdraw, undo, versions, list, unrated, check.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("id", "id", number=True),
    Column("kind", "kind"),
    Column("marketplace", lambda row: row["marketplace"] or "all"),
    Column("rate", lambda row: row["rate"] or "no rate", number=True),
    Column("of", "basis"),
    Column("within days", "within_days", number=True, spare=True),
    Column("from", "valid_from"),
    Column("to", "valid_to"),
    Column("known from", "known_from"),
    Column("source", "source", wrap=True),
    Column("known to", lambda row: row["known_to"] or "", spare=True),
    Column("stands", "stands", wrap=True),
)
_UNRATED = (
    Column("kind", "kind"),
    Column("marketplace", "marketplace"),
    Column("missing", lambda row: "a rate" if row["missing"] == "rate" else "what it is taken of"),
    Column("lines", "lines", number=True),
    Column("money", lambda row: grouped(row["money"]), number=True),
    Column("first", "first"),
    Column("last", "last"),
    Column("such as", "example", spare=True),
    Column("why", "why", wrap=True),
)
_VERDICTS = (
    Column("found", "verdict"),
    Column("kind", "kind"),
    Column("lines", lambda row: f"{row['lines']:,}", number=True),
    Column("charged", lambda row: grouped(row["charged"]), number=True),
    Column("expected", lambda row: grouped(row["expected"]), number=True),
    Column("difference", lambda row: grouped(row["difference"]), number=True),
)
_MISSING = ("rate", "base")
_VERSIONS = (
    Column("version", "version", number=True),
    Column("terms", lambda row: f"{'takes back ' if row['takes_back'] else ''}{'; '.join(row['terms'])}", wrap=True),
    Column("why", "reason", wrap=True),
    Column("proposed by", "proposed_by"),
    Column("approved by", "approved_by"),
    Column("because", "approved_because", wrap=True),
    Column("taken back by", lambda row: row["taken_back_by"] or "", spare=True),
)
_TRIAL = (
    Column("called now", "before"),
    Column("then", "after"),
    Column("charges", "count", number=True),
    Column("charged", lambda row: grouped(row["charged"]), number=True),
    Column("above now", lambda row: grouped(row["above_before"]), number=True),
    Column("above then", lambda row: grouped(row["above_after"]), number=True),
    Column("such as", lambda row: _example(row["lines"][0]), wrap=True, spare=True),
)
_Reason = Annotated[str, typer.Option(help="Why; whoever meets it later reads it.")]
_Why = Annotated[str, typer.Option("--reason", help="Why; whoever meets it later reads it.")]
_Proposal = Annotated[int, typer.Argument(help="Its number, as `cases proposals` shows it.")]


@command(group, "import", writes=True, example="trueup terms import terms.csv --dry-run --by 'Fay Finance'")
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Terms as CSV; docs/expected-charges.md shows its columns.")],
    by: By,
    reason: _Reason = "",
) -> Result:
    """Propose a file of terms, whole or not at all. Exit code 1 when there is anything to mend. --dry-run tries it on the past."""
    content = read_upload(file)
    why = reason.strip() or f"as in {file.name}"

    def propose_and_try(tx: Tx, person: Person) -> tuple[ImportedTerms, dict[str, Any]]:
        done = propose_file(tx, content, why, person)
        return done, trial_json(try_sheet(tx, done.sheet, 3)) if session.dry_run and done.sheet else {}

    with session.open() as app:
        person = person_of(app.settings.people, by)
        # Two transactions: a file that cannot be read is in the archive all the same.
        app.act(session.dry_run, archive_upload, content, KIND, file.name, person)
        done, trial = app.act(session.dry_run, lambda tx: propose_and_try(tx, person))
    findings = [finding_json(finding) for finding in done.findings]
    data = {**_told(done.sheet), "trial": trial or None, "same": done.same, "findings": findings, "digest": done.digest}
    stood = f"{amount(done.same, 'term')} stood there already." if done.same else ""
    words = f"{_said(done.sheet, session.dry_run)}\n{stood}".strip() if done.sheet else stood
    if any(each["severity"] == "error" for each in findings):
        words = "Nothing was proposed: mend the errors and import the whole file again."
    remark = told_findings(findings)
    return Result({**data, "dry_run": session.dry_run}, words=words, remark=remark, findings=bool(findings))


@command(
    group,
    "propose",
    writes=True,
    example="trueup terms propose co-op --percent 4 --of net-receipts --from 2026-01-01 --source 6268 --reason signed --by 'Fay'",
)
def propose(
    session: Session,
    kind: Annotated[str, typer.Argument(help="What it is for: a deduction type's code, quick-pay or withholding.")],
    by: By,
    basis: Annotated[Basis, typer.Option("--of", help="What the rate is taken of.")],
    valid_from: Annotated[str, typer.Option("--from", help="In force from this day.", metavar="DAY")],
    source: Annotated[str, typer.Option(help="Where it is written.")],
    reason: Annotated[str, typer.Option(help="Why it is entered; whoever meets it later reads it.")],
    percent: Annotated[
        str | None, typer.Option(help="So many per cent; without any rate it says that none is known.")
    ] = None,
    per_unit: Annotated[str | None, typer.Option(help="So much for each unit: '0.50 USD'.", metavar="MONEY")] = None,
    marketplace: Annotated[str, typer.Option(help="A partner or one of its vendor codes; all without it.")] = "",
    valid_to: Annotated[str | None, typer.Option("--to", help="In force before this day.", metavar="DAY")] = None,
    known_from: Annotated[
        str | None, typer.Option(help="Known since this day; the day of its approval without it.", metavar="DAY")
    ] = None,
    within: Annotated[
        int | None, typer.Option("--within-days", help="Only for payments so many days after the invoice.", min=0)
    ] = None,
    rounding: Annotated[str, typer.Option(help="How the last part of a cent is rounded.")] = ROUND_HALF_EVEN,
) -> Result:
    """Propose a term; nothing changes until a second person approves. With --dry-run: tried on three months of charges.

    Nothing entered is ever changed: a correction is proposed with the day since when it is known."""
    days = _needed(valid_from, "--from"), read_day(valid_to, "--to"), read_day(known_from, "--known-from")

    def act(tx: Tx, person: Person) -> tuple[Sheet, dict[str, Any]]:
        term = Term(
            kind_of(kind, kinds_of_terms(tx)),
            marketplace,
            basis,
            days[0],
            days[2] or tx.now.date(),
            source,
            exact_decimal(percent) if percent is not None else None,
            _unit(per_unit),
            days[1],
            rounding,
            within,
        )
        sheet = propose_change(tx, TermChange((WantedTerm(term, days[2] is None),), reason), person)
        return sheet, trial_json(try_sheet(tx, sheet, 3)) if session.dry_run else {}

    with session.open() as app:
        person = person_of(app.settings.people, by)
        sheet, trial = app.act(session.dry_run, lambda tx: act(tx, person))
    data = {**_told(sheet), "trial": trial or None, "dry_run": session.dry_run}
    return _tried(data, trial, _said(sheet, True)) if trial else Result(data, words=_said(sheet, False))


@command(group, "try", example="trueup terms try 12 --months 6")
def try_proposal(
    session: Session,
    proposal: _Proposal,
    months: Annotated[int, typer.Option(help="So many months of charges: 1, 3, 6 or 12.")] = 3,
) -> Result:
    """Tell what charges of the past would be called under a proposal, and by how much. Exit code 1 for any otherwise."""
    with session.open() as app:
        sheet, trial = app.act(True, lambda tx: _looked(tx, proposal, months))
    return _tried(
        {**_told(sheet), "look": sheet.look, "trial": trial},
        trial,
        f"{sheet} (look {sheet.look}).",
        bool(trial["effects"]),
    )


@command(
    group,
    "approve",
    writes=True,
    example="trueup terms approve 12 --reason 'as in the contract' --look LOOK --by 'Ana Admin'",
)
def approve(
    session: Session, proposal: _Proposal, by: By, reason: _Why, look: LookApproved = None, months: Months = 3
) -> Result:
    """Approve terms that another person proposed, and say why; charges are judged by them.

    --dry-run shows what they change and what the past would have come to, with the look of that; --look says that this was seen."""
    demand_look_said(session, f"terms approve {proposal}", look)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if session.dry_run and look is None:
            sheet, trial = app.act(True, lambda tx: _looked(tx, proposal, months))
            app.act(True, approve_change, proposal, person, reason, sheet.look)
            words = "\n".join((f"{sheet}.", *_rows(sheet), f"(dry run: nothing kept; look {sheet.look})"))
            return _tried({**_told(sheet), "look": sheet.look, "trial": trial, "dry_run": True}, trial, words)
        done = app.act(session.dry_run, approve_change, proposal, person, reason, look)
    entered = [{"id": number, "kind": term.kind, "term": str(term)} for number, term in done.entered]
    data = {
        **_told(done.sheet),
        "version": done.version.id,
        "proposed_by": done.version.proposed_by,
        "approved_by": done.version.approval.by,
        "approved_because": done.version.approval.reason,
        "entered": entered,
        "look": look,
    }
    kept = "dry run: nothing kept" if session.dry_run else f"version {done.version.id}"
    rows = [f"{done.sheet} ({kept}).", *_rows(done.sheet)]
    if not session.dry_run:
        rows.append("Charges are judged anew by a worker, or now with `trueup terms check`.")
    return Result({**data, "dry_run": session.dry_run}, words="\n".join(rows))


@command(
    group, "withdraw", writes=True, example="trueup terms withdraw 12 --reason 'not signed yet' --by 'Fay Finance'"
)
def withdraw(session: Session, proposal: _Proposal, by: By, reason: _Why, look: Look = None) -> Result:
    """Take a proposal back, or decline what another proposed; nothing changes."""
    with session.open() as app:
        sheet = app.act(session.dry_run, withdraw_change, proposal, person_of(app.settings.people, by), reason, look)
    kept = f" (dry run: nothing kept; look {sheet.look})" if session.dry_run else ""
    data = {**_told(sheet), "look": sheet.look, "dry_run": session.dry_run}
    return Result(data, words=f"Proposal {proposal} is off: {sheet}{kept}.")


@command(group, "undo", writes=True, example="trueup terms undo 7 --by 'Fay Finance'")
def undo(
    session: Session,
    version: Annotated[int, typer.Argument(help="Its number, as `terms versions` shows it.")],
    by: By,
    reason: _Reason = "",
) -> Result:
    """Propose that a version is taken back; a second person must approve that too. What was known before stays known."""
    with session.open() as app:
        sheet = app.act(session.dry_run, undo_version, version, person_of(app.settings.people, by), reason)
    return Result({**_told(sheet), "dry_run": session.dry_run}, words=_said(sheet, session.dry_run))


@command(group, "versions", example="trueup terms versions")
def list_versions(session: Session) -> Result:
    """List what two people decided about terms, the newest first: why, by whom, and who approved it because of what."""
    with session.look() as connection:
        rows = versions_json(connection)
    return Result(
        rows, _VERSIONS, nothing="No version yet: two people make one by `terms propose` and `terms approve`."
    )


@command(group, "list", example="trueup terms list --as-of 2026-10-31 --known-on 2026-10-01")
def list_terms(
    session: Session,
    as_of: Annotated[str | None, typer.Option(help="Those in force on this day.", metavar="DAY")] = None,
    known_on: Annotated[str | None, typer.Option(help="As they were known on this day.", metavar="DAY")] = None,
) -> Result:
    """List terms: all that were entered, or what was in force on a day, as it was known on another."""
    days = read_day(as_of, "--as-of"), read_day(known_on, "--known-on")
    with session.look() as connection:
        rows = views.list_terms(connection, *days)
    return Result(rows, _COLUMNS, nothing="No term is like that." if as_of or known_on else "No term was entered yet.")


@command(group, "unrated", example="trueup terms unrated --missing rate")
def list_unrated(
    session: Session,
    missing: Annotated[str | None, typer.Option(help="For want of a rate, or of the base it is taken of.")] = None,
) -> Result:
    """List charges that could not be judged, by kind: what has no documented rate until someone enters one. Exit code 1 for any."""
    if missing is not None and missing not in _MISSING:
        raise Invalid(f"--missing {missing}: expected one of {', '.join(_MISSING)}.")
    with session.look() as connection:
        rows = views.list_unrated(connection, missing)
    return Result(rows, _UNRATED, findings=bool(rows), nothing="Every charge that was checked has a rate.")


@command(group, "check", writes=True, example="trueup terms check --by 'Fay Finance'")
def check(session: Session, by: By) -> Result:
    """Hold every charge in the books against its term, now. Exit code 1 when any is above it; each is a case."""
    with session.open() as app:
        person, partners = person_of(app.settings.people, by), sorted(app.world.partners)
        if session.dry_run:
            rows = app.act(True, lambda tx: _all_at_once(tx, partners, person))
        else:
            app.act(False, begin_check, person)
            for partner in partners:
                after: int | None = 0
                while after is not None:
                    after = app.act(False, check_batch, partner, after, True)
            rows = app.act(True, lambda tx: views.list_verdicts(tx.connection))
    found = any(row["verdict"] == "overcharge" for row in rows)
    remark = "Overcharges are cases: trueup cases list --kind charge." if found else ""
    return Result(rows, _VERDICTS, findings=found, remark=remark, nothing="Nothing was charged that a rate could say.")


def _all_at_once(tx: Tx, partners: list[str], person: Person) -> list[dict[str, Any]]:
    begin_check(tx, person)
    for partner in partners:
        after: int | None = 0
        while after is not None:
            after = check_batch(tx, partner, after, True)
    return views.list_verdicts(tx.connection)


def _example(line: dict[str, Any]) -> str:
    return f"{line['partner']}/{line['payment']} line {line['line']}, {line['reference']}: {line['charged']}"


def _needed(text: str, option: str) -> date:
    day = read_day(text, option)
    assert day is not None  # read_day gives None for None alone
    return day


def _unit(text: str | None) -> UnitPrice | None:
    if text is None:
        return None
    number, _, currency = text.strip().partition(" ")
    if not currency:
        raise Invalid(f"--per-unit {text}: expected an amount with its currency, such as '0.50 USD'.")
    return UnitPrice.of(number, currency.strip())


def _looked(tx: Tx, proposal: int, months: int) -> tuple[Sheet, dict[str, Any]]:
    sheet = find_proposed(tx, proposal)
    trial = try_sheet(tx, sheet, months)
    return replace(sheet, look=look_tried(sheet, trial, months)), trial_json(trial)


def _tried(data: dict[str, Any], trial: dict[str, Any], remark: str, findings: bool = False) -> Result:
    left = f" {trial['payments_left_out']} older payments were not looked at." if trial["payments_left_out"] else ""
    looked = (
        f"{amount(trial['charges'], 'charge')} in {amount(trial['payments'], 'payment')} since {trial['since']}.{left}"
    )
    nothing = "No charge of the past would be called otherwise."
    return Result(
        data, _TRIAL, rows=trial["effects"], findings=findings, remark=f"{remark}\n{looked}".strip(), nothing=nothing
    )


def _told(sheet: Sheet | None) -> dict[str, Any]:
    if sheet is None:
        return {"proposal": None, "changes": [], "words": None}
    changes = [
        {"what": each.name, "before": str(each.before or "no rate"), "after": str(each.after or "no rate")}
        for each in sheet.moved
    ]
    return {"proposal": sheet.id or None, "changes": changes, "words": str(sheet)}


def _rows(sheet: Sheet) -> list[str]:
    return [str(each) for each in sheet.moved] or ["No day has another rate by it."]


def _said(sheet: Sheet, dry_run: bool) -> str:
    last = (
        "(dry run: nothing kept)"
        if dry_run
        else f"Proposal {sheet.id} waits for a second person: trueup terms approve {sheet.id} --dry-run"
    )
    return "\n".join((f"{sheet}.", *_rows(sheet), last))
