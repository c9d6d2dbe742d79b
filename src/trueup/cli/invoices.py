"""`trueup invoices`: what we billed. Import, list with what is open, one invoice with what payments said about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid, Unreadable
from trueup.base.money import Money
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.importing import other_kind
from trueup.cli.statements import Names, block, counted, document_words, grouped, load_names
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.credit_notes import CreditNote
from trueup.formats.invoices_csv import FORMAT
from trueup.storage.views import credit_notes as notes_views
from trueup.storage.views import invoices as views
from trueup.workflows.import_invoices import KIND, ImportedInvoices, import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.issue_credit_notes import issue_credit_notes, notes_owed
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

group = typer.Typer(name="invoices", help="Our invoices: import, list, show, credit-notes.", no_args_is_help=True)
_COLUMNS = (
    Column("id", "id", number=True, spare=True),
    Column("number", "number"),
    Column("partner", "partner", spare=True),
    Column("payee", "payee", spare=True),
    Column("issued", "issued_on"),
    Column("due", "due_on", spare=True),
    Column("order", "purchase_order", spare=True),
    Column("total", lambda row: grouped(row["total"]), number=True),
    Column("settled", lambda row: grouped(row["settled"]), number=True),
    Column("open", lambda row: grouped(row["open"]), number=True),
)
OfPartner = Annotated[str | None, typer.Option(help="To this partner.")]


@command(group, "import", writes=True, example="trueup invoices import invoices.csv --dry-run --by 'Fay Finance'")
def import_file(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(
            help="Invoices as CSV: number, partner, issued, currency, total; also payee, due, tax, purchase_order, credits, "
            "and a row a line with sku, quantity, price. Credit notes have negative totals."
        ),
    ],
    by: By,
) -> Result:
    """Take invoices in, each that can be read; lines of payments that waited for them are settled. Exit code 1 for findings."""
    content = read_upload(file)
    with session.open() as app, session.progress(f"Importing {file.name}", None):
        person = person_of(app.settings.people, by)
        # Two transactions: a file that cannot be read is in the archive all the same.
        app.act(session.dry_run, archive_upload, content, KIND, file.name, person)
        if other := other_kind(content, file, FORMAT.name):
            raise Unreadable(f"{file} is no file of invoices; {other}")
        done, reconciled = app.act(session.dry_run, _import, content, person)
    findings = [finding_json(finding) for finding in done.findings]
    data = {
        "new": done.new,
        "same": done.same,
        "different": done.different,
        "payments_settled_again": done.settled,
        "reconciliation": reconciled,
        "findings": findings,
        "digest": done.digest,
        "dry_run": session.dry_run,
    }
    words = _told(done, reconciled, dry_run=session.dry_run)
    return Result(data, words=words, remark=told_findings(findings), findings=bool(findings or done.different))


def _import(tx: Tx, content: bytes, person: Person) -> tuple[ImportedInvoices, dict[str, int]]:
    """With new invoices known, what waits of any partner's payments may have an explanation."""
    done = import_invoices(tx, content, person)
    sums = {"matched": 0, "contested": 0, "left": 0}
    for partner in sorted(tx.resources.partners) if done.new else ():
        for name, count in reconcile_partner(tx, partner).items():
            sums[name] += count
    return done, sums


def _told(done: ImportedInvoices, reconciled: Mapping[str, int], *, dry_run: bool) -> str:
    words = (
        f"{'Would import' if dry_run else 'Imported'} {amount(done.new, 'new invoice')}; {done.same:,} known already."
    )
    if done.different:
        words += f" {amount(done.different, 'invoice')} known with other figures: left as they are, each a case."
    if done.settled or reconciled["matched"]:
        words += (
            f" {amount(done.settled, 'payment')} that waited for them settled again, "
            f"{amount(reconciled['matched'], 'more line')} matched."
        )
    return words + (" (Dry run: nothing kept.)" if dry_run else f" Evidence {done.digest[:16]}.")


@command(group, "list", example="trueup invoices list --open --partner amazon-us")
def list_invoices(
    session: Session,
    only_open: Annotated[bool, typer.Option("--open", help="Only those of which something is open.")] = False,
    partner: OfPartner = None,
    before: Annotated[int | None, typer.Option(help="From before this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List invoices and credit notes, the latest first, with what is settled and open of each."""
    with session.look() as connection:
        rows = views.list_invoices(connection, partner=partner, only_open=only_open, before=before, limit=limit)
    return Result(rows, _COLUMNS, nothing="Nothing is open." if only_open else "No invoice is known yet.")


@command(group, "show", example="trueup invoices show INV-10027")
def show_invoice(
    session: Session,
    number: Annotated[str, typer.Argument(help="Its number, however it is written.")],
    partner: OfPartner = None,
) -> Result:
    """Show an invoice with its story: what payments settled and took of it, its claims, and what is open."""
    with session.look() as connection:
        shown = views.show_invoice(connection, views.find_invoice(connection, number, partner))
    return Result(shown, words="\n".join(_story(shown, load_names(session))).rstrip())


def _story(shown: Mapping[str, Any], names: Names) -> Iterator[str]:
    kind = "Credit note" if shown["total"].startswith("-") else "Invoice"
    payee = f" by {shown['payee']}" if shown["payee"] else ""
    yield f"{kind} {shown['number']} to {shown['partner']}{payee}, {shown['issued_on']}: {grouped(shown['total'])}"
    facts = [
        f"due {shown['due_on']}" if shown["due_on"] else "",
        f"order {shown['purchase_order']}" if shown["purchase_order"] else "",
        f"tax {grouped(shown['tax'])}",
        f"credits {shown['credits']}" if shown["credits"] else "",
    ]
    yield f"  {', '.join(fact for fact in facts if fact)}; from {document_words(shown['document'])}"
    yield ""
    lines = [
        (f"{each['line']}", each["sku"], f"{each['quantity']:,} at {each['price']}", grouped(each["amount"]))
        for each in shown["lines"]
    ]
    yield from block("Its lines, without tax", lines)
    rows = [_event(each, names) for each in shown["story"]]
    yield from block("What was booked about it", rows)
    if not rows:
        yield "No payment has said anything about it yet."
        yield ""
    claims = [
        (
            each["claim"],
            f"since {each['since']}",
            f"taken {grouped(each['taken'])}",
            f"given back {grouped(each['given_back'])}",
            f"{grouped(each['open'])} held",
        )
        for each in shown["claims"]
    ]
    yield from block("Its claims", claims)
    cases = [(f"case {each['id']}", each["kind"], grouped(each["money_at_risk"])) for each in shown["cases"]]
    yield from block("What waits for a person (trueup cases explain)", cases)
    yield f"Settled {grouped(shown['settled'])}, open {grouped(shown['open'])}."


def _event(each: Mapping[str, Any], names: Names) -> tuple[str, ...]:
    what = names.type(each["type"]) if each["type"] else each["kind"]
    source = f"payment {each['payment']} {counted(1)[2:]} {each['line']}" if each["payment"] else each["key"]
    return each["day"], what, source, names.account(each["account"]), grouped(each["amount"])


@command(group, "credit-notes", writes=True, example="trueup invoices credit-notes --issue --by 'Fay Finance'")
def credit_notes(
    session: Session,
    issue: Annotated[bool, typer.Option("--issue", help="Issue what is owed; needs --by.")] = False,
    issued: Annotated[bool, typer.Option("--issued", help="List those that were issued.")] = False,
    partner: OfPartner = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who issues them: a name among the people.", envvar="TRUEUP_PERSON", metavar="NAME"),
    ] = None,
    limit: Limit = 50,
) -> Result:
    """List the credit notes that are owed under VAT for what is kept of invoices, issue them, or list those issued.

    Which deductions want one is said by `credit_notes` of each agreement. Exit code 1 while some are owed.
    """
    if issue and by is None:
        raise Invalid("--issue needs --by NAME: who issues a credit note is recorded.")
    with session.open() as app:
        if issue and by is not None:
            person = person_of(app.settings.people, by)
            done = app.act(session.dry_run, issue_credit_notes, person, partner or "")
            rows = [_note(each.note, each.number) for each in done]
            return Result(rows, _NOTE_COLUMNS, nothing="No credit note is owed.")
        with app.database.transaction() as connection:
            if issued:
                rows = notes_views.list_credit_notes(connection, partner=partner, limit=limit)
                return Result(rows, _NOTE_COLUMNS, nothing="No credit note was issued yet.")
            wanted = [each for name, each in app.world.agreed.now(connection).items() if partner in (None, name)]
            owed = [note for each in wanted for note in notes_owed(connection, app.world.books.chart, each)]
    remark = f"{len(owed) - limit} more; --limit shows them.\n" if len(owed) > limit else ""
    rows = [_note(each) for each in owed[:limit]]
    return Result(rows, _NOTE_COLUMNS, findings=bool(owed), remark=remark, nothing="No credit note is owed.")


_NOTE_COLUMNS = (
    Column("number", "number"),
    Column("invoice", "invoice"),
    Column("order", "purchase_order", spare=True),
    Column("partner", "partner", spare=True),
    Column("account", "account"),
    Column("gross", lambda row: grouped(row["gross"]), number=True),
    Column("tax", lambda row: grouped(row["tax"]), number=True),
    Column("net", lambda row: grouped(row["net"]), number=True),
)


def _note(note: CreditNote, number: str = "") -> dict[str, Any]:
    of = note.invoice
    return {
        "number": number or "owed",
        "partner": of.partner,
        "invoice": of.number,
        "purchase_order": of.purchase_order,
        "account": note.account,
        "gross": str(Money(note.gross, of.currency)),
        "tax": str(Money(note.tax, of.currency)),
        "net": str(note.net),
    }
