"""`trueup terms`: what was agreed to be deducted, as it was known when, and whether what Amazon took is that."""

from __future__ import annotations

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
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.terms import Basis, Term
from trueup.formats.terms_csv import kind_of
from trueup.storage.views import terms as views
from trueup.workflows.check_charges import begin_check, check_batch
from trueup.workflows.import_products import archive_upload
from trueup.workflows.keep_terms import KIND, Entered, enter_terms, import_terms, kinds_of_terms
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

group = typer.Typer(
    name="terms", help="What was agreed to be deducted: import, add, list, unrated, check.", no_args_is_help=True
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
    Column("entered by", "entered_by", spare=True),
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


@command(group, "import", writes=True, example="trueup terms import terms.csv --dry-run --by 'Fay Finance'")
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Terms as CSV; docs/expected-charges.md shows its columns.")],
    by: By,
) -> Result:
    """Take a file of terms in, whole or not at all. Exit code 1 when there is anything to mend."""
    content = read_upload(file)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        # Two transactions: a file that cannot be read is in the archive all the same.
        app.act(session.dry_run, archive_upload, content, KIND, file.name, person)
        done = app.act(session.dry_run, import_terms, content, person)
    findings = [finding_json(finding) for finding in done.findings]
    data = {"taken": done.taken, **_entered(done.entered), "findings": findings, "digest": done.digest}
    words = _told(done.entered, session.dry_run)
    if not done.taken:
        words = "Nothing was entered: mend the errors and import the whole file again."
    remark = told_findings(findings)
    return Result({**data, "dry_run": session.dry_run}, words=words, remark=remark, findings=bool(findings))


@command(
    group,
    "add",
    writes=True,
    example="trueup terms add co-op --percent 4 --of net-receipts --from 2026-01-01 --source 'agreement 6268' --by 'Fay Finance'",
)
def add(
    session: Session,
    kind: Annotated[str, typer.Argument(help="What it is for: a deduction type's code, quick-pay or withholding.")],
    by: By,
    basis: Annotated[Basis, typer.Option("--of", help="What the rate is taken of.")],
    valid_from: Annotated[str, typer.Option("--from", help="In force from this day.", metavar="DAY")],
    source: Annotated[str, typer.Option(help="Where it is written.")],
    percent: Annotated[
        str | None, typer.Option(help="So many per cent; without any rate it says that none is known.")
    ] = None,
    per_unit: Annotated[str | None, typer.Option(help="So much for each unit: '0.50 USD'.", metavar="MONEY")] = None,
    marketplace: Annotated[str, typer.Option(help="A partner or one of its vendor codes; all without it.")] = "",
    valid_to: Annotated[str | None, typer.Option("--to", help="In force before this day.", metavar="DAY")] = None,
    known_from: Annotated[
        str | None, typer.Option(help="Known since this day; today without it.", metavar="DAY")
    ] = None,
    within: Annotated[
        int | None, typer.Option("--within-days", help="Only for payments so many days after the invoice.", min=0)
    ] = None,
    rounding: Annotated[str, typer.Option(help="How the last part of a cent is rounded.")] = ROUND_HALF_EVEN,
) -> Result:
    """Enter a term. Nothing entered is ever changed: a correction is entered with the day since when it is known."""
    days = _needed(valid_from, "--from"), read_day(valid_to, "--to"), read_day(known_from, "--known-from")

    def enter(tx: Tx, person: Person) -> Entered:
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
        return enter_terms(tx, [term], person)

    with session.open() as app:
        person = person_of(app.settings.people, by)
        done = app.act(session.dry_run, lambda tx: enter(tx, person))
    return Result({**_entered(done), "dry_run": session.dry_run}, words=_told(done, session.dry_run))


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


def _entered(done: Entered) -> dict[str, Any]:
    new = [
        {"id": number, "kind": term.kind, "marketplace": term.marketplace, "term": str(term)}
        for number, term in done.new
    ]
    return {"new": new, "same": done.same}


def _told(done: Entered, dry_run: bool) -> str:
    rows = [f"Term {number}: {term.kind} {term.marketplace or 'everywhere'}, {term}" for number, term in done.new]
    if done.same:
        rows.append(f"{amount(done.same, 'term')} stood there already.")
    if done.new:
        rows.append("Charges are judged anew by a worker, or now with `trueup terms check`.")
    return "\n".join(rows) + (" (dry run: nothing kept)" if dry_run else "")
