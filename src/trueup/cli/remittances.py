"""`trueup remittances`: what Amazon paid. Import, list, one payment as a statement that adds up, each line with its why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli import codings
from trueup.cli.drift import register
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.importing import Import, import_words, one_partner, run_import
from trueup.cli.statements import (
    Names,
    block,
    counted,
    document_words,
    grouped,
    load_names,
    read_day,
    said,
)
from trueup.cli.tables import Column
from trueup.domain.posting import rule_words
from trueup.domain.remittances import PaymentState
from trueup.storage.views import remittance_lines
from trueup.storage.views import remittances as views
from trueup.workflows.compare_tellings import compare

group = typer.Typer(
    name="remittances",
    help="What Amazon paid: import, list, show, explain, drift, undo, sheet, code.",
    no_args_is_help=True,
)
_STATES = (*(state.value for state in PaymentState), *views.POSTINGS)
_COLUMNS = (
    Column("id", "id", number=True, spare=True),
    Column("payment", "payment"),
    Column("partner", "partner", spare=True),
    Column("paid on", "paid_on"),
    Column("amount", lambda row: grouped(row["amount"]), number=True),
    Column("state", lambda row: row["state"] if row["posting"] != "held" else "held"),
    Column("told by", "source", spare=True),
    Column("lines", lambda row: f"{row['lines']:,}", number=True),
    Column("in suspense", lambda row: grouped(row["in_suspense"]), number=True),
    Column("cases", "cases", number=True),
)
Wanted = Annotated[str, typer.Argument(help="The payment's number, or PARTNER/NUMBER.", metavar="PAYMENT")]
OfPartner = Annotated[str | None, typer.Option(help="Of this partner.")]


@command(group, "import", writes=True, example="trueup remittances import Payments.xlsx advice.pdf --by 'Fay Finance'")
def import_files(
    session: Session,
    files: Annotated[
        list[Path], typer.Argument(help="Exports of Vendor Central, 820s or advices; - is standard input.")
    ],
    by: By,
    partner: Annotated[str | None, typer.Option(help="Who paid; may be left out where there is one partner.")] = None,
) -> Result:
    """Take remittances in, book them, and say what waits. The same again changes nothing. Exit code 1 when cases were opened."""
    with session.open() as app:
        wanted = Import(
            tuple(files), one_partner(tuple(app.world.partners), partner), person_of(app.settings.people, by)
        )
        data = run_import(session, app, wanted)
    found = any(each["refused"] or each["findings"] for each in data["files"]) or bool(data["cases_opened"])
    return Result(data, words=import_words(data), findings=found)


@command(group, "list", example="trueup remittances list --since 2026-10-01 --unexplained")
def list_remittances(
    session: Session,
    partner: OfPartner = None,
    since: Annotated[str | None, typer.Option(help="Paid on this day or later.", metavar="DAY")] = None,
    until: Annotated[str | None, typer.Option(help="Paid on this day or before.", metavar="DAY")] = None,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(_STATES)}.")] = None,
    unexplained: Annotated[bool, typer.Option("--unexplained", help="Only with money in suspense.")] = False,
    before: Annotated[int | None, typer.Option(help="From before this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List payments, the latest first, with what of each is not explained yet."""
    if state is not None and state not in _STATES:
        raise Invalid(f"--state {state}: expected one of {', '.join(_STATES)}.")
    days = read_day(since, "--since"), read_day(until, "--until")
    wanted = views.RemittanceFilter(partner, *days, state, unexplained)
    with session.look() as connection:
        rows = views.list_remittances(connection, wanted, before=before, limit=limit)
    nothing = (
        "No payment is like that." if since or until or state or unexplained else "No remittance was imported yet."
    )
    return Result(rows, _COLUMNS, nothing=nothing)


@command(group, "show", example="trueup remittances show 700123456")
def show_remittance(session: Session, payment: Wanted, partner: OfPartner = None) -> Result:
    """Show a payment as a statement: what Amazon tells, how it is booked, what came. Every block comes to the payment."""
    with session.look() as connection:
        shown = views.show_remittance(connection, views.find_remittance(connection, payment, partner))
    return Result(shown, words="\n".join(_statement(shown, load_names(session))), findings=not shown["adds_up"])


def _statement(shown: Mapping[str, Any], names: Names) -> Iterator[str]:
    yield from _heading(shown)
    came_to = "= the payment" if shown["posting"] == "posted" else "= what is booked"
    told = [(row["what"], counted(row["lines"]), grouped(row["amount"])) for row in shown["told"]]
    yield from block("What Amazon tells", told, ("= the payment", grouped(shown["told_sum"])))
    booked = [_booked(row, names) for row in shown["booked"]]
    yield from block("How it is booked", booked, (came_to, grouped(shown["booked_sum"])))
    cash = [(row["what"], names.account(row["account"]), grouped(row["amount"])) for row in shown["cash"]]
    yield from block("What came", cash)
    yield from _bank(shown["bank"])
    yield from _unposted(shown)
    cases = [(f"case {each['id']}", each["kind"], grouped(each["in_suspense"])) for each in shown["cases"]]
    yield from block("What waits for a person (trueup cases explain)", cases)
    entries = [(f"entry {each['id']}", each["day"], each["kind"], each["key"]) for each in shown["entries"]]
    if entries:
        yield "In the journal (trueup journal show)"
        yield from (f"  {'  '.join(entry)}" for entry in entries)
        yield ""
    yield from _other_sources(shown)
    if shown["adds_up"]:
        yield "Every block comes to the payment, to the cent."
    else:
        yield "THE BLOCKS DO NOT COME TO THE PAYMENT. This is a defect of Trueup: report this statement."


def _bank(bank: Mapping[str, Any]) -> Iterator[str]:
    """What the bank says of it."""
    lines = [(each["booked_on"], each["account"], grouped(each["amount"])) for each in bank["lines"]]
    yield from block("In the bank", lines)
    others = f", with {len(bank['payments']) - 1} other payments" if len(bank["payments"]) > 1 else ""
    case = f" (case {bank['case']})" if bank["case"] else ""
    words = {
        "tied": f"It ties to the bank{others}: {bank['why']}.",
        "differs": f"The bank differs{case}: {bank['why']}.",
        "open": f"Not tied to the bank{case}: {bank['why']}.",
        "awaited": f"Not in the bank up to {bank['known_until']}.",
        "unknown": "No bank statement in its currency is known: whether it came, nothing proves.",
        "none": "Nothing of it is to come to the bank.",
    }
    yield words[bank["state"]]
    yield ""


def _heading(shown: Mapping[str, Any]) -> Iterator[str]:
    to = f" to {shown['payee']}" if shown["payee"] else ""
    yield f"Payment {shown['payment']} of {shown['partner']}, {shown['paid_on']}{to}: {grouped(shown['amount'])}"
    if shown["in_invoice_currency"] != shown["amount"]:
        rate = f" at {shown['rate']}" if shown["rate"] else ""
        yield f"  for invoices of {grouped(shown['in_invoice_currency'])}{rate}"
    method = f" by {shown['method']}" if shown["method"] else ""
    reason = f" ({shown['voided_reason']})" if shown["voided_reason"] else ""
    yield f"  {shown['state']}{method}{reason}, told by {shown['source']}: {document_words(shown['document'])}"
    if shown["hides_items"]:
        yield "  the export itself warns that it hides items of this payment"
    yield ""


def _booked(row: Mapping[str, Any], names: Names) -> tuple[str, str, str, str]:
    what = names.type(row["type"])
    if row["kind"]:
        what = f"suspense, case {row['case']}" if row["case"] else "suspense"
    return what, names.account(row["account"]), counted(row["lines"]) or "the whole", grouped(row["amount"])


def _unposted(shown: Mapping[str, Any]) -> Iterator[str]:
    if shown["posting"] == "held":
        yield "Nothing is booked: its month is closed. A person says in its case on which day it is posted."
        yield ""
    elif shown["posting"] == "unposted":
        yield f"Nothing stays booked: a payment that is {shown['state']} moves no money."
        yield ""


def _other_sources(shown: Mapping[str, Any]) -> Iterator[str]:
    others = [each for each in shown["tellings"] if each["source"] != shown["source"]]
    rows = [
        (each["source"], document_words(each["document"]), counted(each["lines"]), grouped(each["amount"]))
        for each in others
    ]
    yield from block("Also told by (compared, never added)", rows)


@command(group, "explain", example="trueup remittances explain 700123456 3")
def explain_remittance(
    session: Session,
    payment: Wanted,
    line: Annotated[
        int | None, typer.Argument(help="One line by its number; 0 is what the lines do not explain.", min=0)
    ] = None,
    partner: OfPartner = None,
    limit: Limit = 500,
) -> Result:
    """Tell of each line where it stands in which document, what it is and why, where it is booked, and what it waits for."""
    with session.look() as connection:
        saved = views.load_payment(connection, views.find_remittance(connection, payment, partner))
        rows = remittance_lines.explain_lines(connection, saved, line, limit=limit)
    told = saved.remittance
    others = {
        source.value: compare(told, telling.remittance)[0]
        for source, telling in saved.tellings.items()
        if source is not told.source
    }
    data = {
        "payment": told.payment,
        "partner": saved.partner,
        "source": told.source.value,
        "lines": rows,
        "other_sources": others,
    }
    names = load_names(session)
    text = [f"Payment {told.payment} of {saved.partner}, {told.paid_on}: {grouped(str(told.amount))}", ""]
    for row in rows:
        text += [*_explained(row, names, whole=line is not None), ""]
    text += [f"{source}: {words}" for source, words in _agreement(told.source.value, others)]
    left = len(told.lines) - limit
    remark = f"{left:,} more lines; name one, or say --limit." if line is None and left > 0 else ""
    return Result(data, words="\n".join(text), remark=remark)


def _agreement(followed: str, others: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for source, differences in others.items():
        yield source, "; ".join(differences) if differences else f"tells the same as {followed}"


def _explained(row: Mapping[str, Any], names: Names, *, whole: bool) -> Iterator[str]:
    called = row.get("reference") or row.get("kind") or "what its lines do not explain"
    where = f"Line {row['line']}" if row["line"] else "The payment"
    yield f"{where}  {called}  {grouped(row['settled'])}"
    if row["line"]:
        yield from _as_told(row)
    place = f", {row['place']}" if row.get("place") else ""
    yield f"  in       {document_words(row['document'])}{place}"
    for posting in row["postings"]:
        yield from _posting(posting, names)
    answer = row["answer"]
    if answer is not None:
        by = f" ({answer['by']})" if answer["by"] else ""
        yield said("because", f"{answer['why']}{by}")
    for waits in [row["waits"], *row["also_waits"]] if row["waits"] is not None else ():
        case = waits["case"]
        yield said("waits", f"{f'in case {case}' if case else 'in suspense'}: {waits['why']}")
    if whole:
        for code in dict.fromkeys(posting["type"] for posting in row["postings"] if posting["type"]):
            if treatment := names.treatment(code):
                yield said("rule", f"{names.type(code)}: {treatment}")


def _as_told(row: Mapping[str, Any]) -> Iterator[str]:
    kept = [
        f"{grouped(row[name])} kept {words}"
        for name, words in (("discount", "as terms discount"), ("withheld", "as tax"))
        if not row[name].startswith(("0 ", "0.0"))
    ]
    if kept:
        yield f"  paid     {grouped(row['paid'])}, {', '.join(kept)}"
    about = [row["description"], f"kind {row['kind']}" if row["kind"] and row["reference"] else ""]
    about += [f"{name} {value}" for name, value in row["references"].items()]
    if any(about):
        yield said("says", "; ".join(text for text in about if text))
    for each in row["adjustments"]:
        yield f"  of it    {grouped(each['amount'])} for {each['code']} {each['reference']}".rstrip()


def _posting(posting: Mapping[str, Any], names: Names) -> Iterator[str]:
    side = "credit" if posting["amount"].startswith("-") else "debit"
    amount = grouped(posting["amount"].lstrip("-"))
    what = names.type(posting["type"]) if posting["type"] else ""
    if posting["invoice"]:
        what += f" {posting['invoice']}" if what == "invoice" else f" of invoice {posting['invoice']}"
    if posting["claim"]:
        what += f", claim {posting['claim'].partition('/')[2]}"
    why = rule_words(posting["rule"])
    if what:
        yield said("is", f"{what}: {why}")
    yield f"  booked   {side} {amount} on {names.account(posting['account'])}"
    yield f"           entry {posting['entry']} line {posting['number']}, {posting['day']} ({posting['key']})"


register(group)


group.registered_commands += codings.group.registered_commands
