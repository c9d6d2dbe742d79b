"""`trueup trade-ins`: items that customers trade in, told here, graded here, and what became of their credits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.cli.documents import finding_json
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.statements import read_day
from trueup.cli.tables import Column, amount
from trueup.cli.uploads import read_upload, told_findings
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import TradeIn
from trueup.formats.trade_ins_csv import NAME, customer_id, read_trade_ins
from trueup.storage.views import trade_ins as views
from trueup.workflows import grade_trade_in as acts
from trueup.workflows.import_products import archive_upload

group = typer.Typer(
    name="trade-ins",
    help="Items customers trade in: record, import, grade, refuse, release, answer, break, code, list, show.",
    no_args_is_help=True,
)
_COLUMNS = (
    Column("trade-in", "key"),
    Column("state", "state"),
    Column("sku", "sku"),
    Column("serial", "serial"),
    Column("quoted", "quoted", number=True),
    Column("grade", "grade"),
    Column("value", "value", number=True),
    Column("credit", "credit_state"),
    Column("item", "item", number=True, spare=True),
    Column("recorded", "recorded_on", spare=True),
    Column("why", "why", wrap=True, spare=True),
)
Key = Annotated[str, typer.Argument(help="The trade-in, by its key.", metavar="KEY")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reads it later.", metavar="TEXT")]


@command(
    group,
    "record",
    writes=True,
    example="trueup trade-ins record T-1001 --sku TENT-2 --serial TN-0042 --quote '80.00 USD' --customer 7001 --by 'Ana Admin'",
)
def record(
    session: Session,
    key: Key,
    by: By,
    sku: Annotated[str, typer.Option(help="The product it is an item of.")],
    serial: Annotated[str, typer.Option(help="The serial that its item has or gets.")],
    quote: Annotated[str, typer.Option(help="What was quoted: '80.00 USD'.", metavar="MONEY")],
    customer: Annotated[str, typer.Option(help="The shop's number of the customer.")] = "",
    on: Annotated[str | None, typer.Option("--on", help="When; today when left out.", metavar="DAY")] = None,
) -> Result:
    """Record one trade-in: its item is created in the circular system, not available to anybody."""
    day = read_day(on, "--on") or session.now().date()
    told = TradeIn(key, sku, serial, _money(quote), day, customer_id(customer) if customer else "")
    with session.open() as app:
        person = person_of(app.settings.people, by)
        done = app.act(session.dry_run, acts.record_trade_ins, [told], person)
    words = f"Trade-in {key} {'is known already; nothing was changed' if done.same else 'recorded'}{_dry(session)}."
    return Result({"new": list(done.new), "same": done.same, "dry_run": session.dry_run}, words=words)


@command(group, "import", writes=True, example="trueup trade-ins import trade-ins.csv --dry-run --by 'Ana Admin'")
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Trade-ins as CSV; docs/trade-ins.md shows its columns.")],
    by: By,
) -> Result:
    """Record every trade-in of a file, whole or not at all. Exit code 1 when there is anything to mend."""
    content = read_upload(file)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        app.act(session.dry_run, archive_upload, content, NAME, file.name, person)
        reading = read_trade_ins(content, app.world.clock.now().date())
        done = acts.Recorded((), 0)
        if not reading.errors:
            done = app.act(session.dry_run, acts.record_trade_ins, reading.values, person, reading.evidence)
    findings = [finding_json(finding) for finding in reading.findings]
    data = {"taken": not reading.errors, "new": list(done.new), "same": done.same, "findings": findings}
    words = f"{amount(len(done.new), 'trade-in')} recorded, {done.same} known already{_dry(session)}."
    if reading.errors:
        words = "Nothing was recorded: mend the errors and import the whole file again."
    remark = told_findings(findings)
    return Result({**data, "dry_run": session.dry_run}, words=words, remark=remark, findings=bool(findings))


@command(group, "grade", writes=True, example="trueup trade-ins grade T-1001 good --by 'Ana Admin'")
def grade(
    session: Session,
    key: Key,
    condition: Annotated[str, typer.Argument(help="One of the grades in [trade_ins].", metavar="GRADE")],
    by: By,
    value: Annotated[
        str | None, typer.Option(help="Credit so much instead of the agreed percentage.", metavar="MONEY")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Do not release the item yet: it needs repair.")] = False,
    instrument: Annotated[
        Instrument | None, typer.Option("--as", help="As what the customer wants the credit; as agreed when left out.")
    ] = None,
) -> Result:
    """Say what condition an item is in: its credit is owed from then on, and given by itself.

    A value above the limit of two persons is only proposed.
    """
    judged = acts.Judgement(condition, _money(value) if value else None, release=not keep, instrument=instrument)
    return _act(session, by, acts.grade_trade_in, key, judged, limited=True)


@command(group, "refuse", writes=True, example="trueup trade-ins refuse T-1001 --why 'counterfeit' --by 'Ana Admin'")
def refuse(session: Session, key: Key, by: By, why: Why) -> Result:
    """Do not take an item: nothing is owed for it."""
    return _act(session, by, lambda tx, person: acts.refuse_trade_in(tx, key, why, person))


@command(group, "release", writes=True, example="trueup trade-ins release T-1001 --by 'Ana Admin'")
def release(session: Session, key: Key, by: By) -> Result:
    """Make an item available that was graded and kept back."""
    return _act(session, by, lambda tx, person: acts.release_trade_in(tx, key, person))


@command(
    group,
    "answer",
    writes=True,
    example="trueup trade-ins answer T-1001 --never-arrived --by 'Fay Finance'",
)
def answer(
    session: Session,
    key: Key,
    by: By,
    arrived: Annotated[
        str, typer.Option("--arrived", help="It arrived as this movement of the account.", metavar="ID")
    ] = "",
    never: Annotated[bool, typer.Option("--never-arrived", help="It did not arrive: give it anew.")] = False,
) -> Result:
    """Say what became of store credit that the shop did not answer; nobody but a person can tell."""
    if bool(arrived) == never:
        raise Invalid("Say either --arrived ID, with the movement's id in the shop, or --never-arrived.")
    return _act(session, by, acts.answer_credit, key, arrived, limited=True)


@command(
    group, "break", writes=True, example="trueup trade-ins break T-1001 --why 'expired in 2024' --by 'Fay Finance'"
)
def break_credit(session: Session, key: Key, by: By, why: Why) -> Result:
    """Decide that what is left of a credit is never spent: it is income then. Only of what can no longer be spent."""
    return _act(session, by, acts.break_credit, key, why, limited=True)


@command(group, "code", writes=True, example="trueup trade-ins code T-1001 --by 'Eve Commerce'")
def code(session: Session, key: Key, by: By) -> Result:
    """Show the code of a trade-in's gift card, to hand it to the customer. That you saw it is recorded."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        found = app.act(session.dry_run, acts.reveal_code, key, person)
    return Result({"trade_in": key, "code": found.reveal()}, words=found.reveal())


@command(group, "list", example="trueup trade-ins list --all")
def list_trade_ins(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Also those that are done.")] = False,
    limit: Limit = 50,
) -> Result:
    """List trade-ins, the newest first: those whose item is not released or refused yet, or all."""
    with session.look() as connection:
        rows = views.list_trade_ins(connection, only_open=not every, limit=limit)
    return Result(rows, _COLUMNS, nothing="No trade-in is open." if not every else "No trade-in was recorded yet.")


@command(group, "show", example="trueup trade-ins show T-1001")
def show(session: Session, key: Key) -> Result:
    """Show one trade-in with its item, its credit and what people did."""
    with session.look() as connection:
        return Result(views.show_trade_in(connection, key))


def _act(session: Session, by: str, fn: Any, *args: Any, limited: bool = False) -> Result:
    """A person's act; `limited` ones may take a second person."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        more = (app.settings.two_persons_above,) if limited else ()
        done = app.act(session.dry_run, fn, *args, person, *more)
    data = {"done": done.words, "proposal": done.proposal, "dry_run": session.dry_run}
    return Result(data, words=f"{done.words[:1].upper()}{done.words[1:]}{_dry(session)}.")


def _money(text: str) -> Money:
    number, _, currency = text.strip().rpartition(" ")
    return Money.of(number.replace(",", ""), currency)


def _dry(session: Session) -> str:
    return " (dry run: nothing kept)" if session.dry_run else ""
