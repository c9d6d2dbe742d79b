"""Acts on many cases at the command line: those of a filter are decided, assigned, put aside or taken up, each by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from trueup.app import Application
from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.cli.frame import By, Result, Session, command, person_of
from trueup.cli.uploads import read_upload
from trueup.cli.written import write_listed
from trueup.domain.cases import Resolution
from trueup.storage.views.case_queue import CaseFilter, list_case_ids
from trueup.storage.views.jobs import load_job
from trueup.workflows.act_on_cases import Acting, CaseAct, act_on_each, words_of
from trueup.workflows.cases_as_job import MOST, Asked, ask_acts
from trueup.workflows.discuss_case import LONGEST_SNOOZE
from trueup.workflows.hand_in_decisions import hand_in_decisions
from trueup.workflows.people import all_people
from trueup.workflows.world import Tx

group = typer.Typer()
_TOLD = 20


@command(
    group, "many", writes=True, example="trueup cases many --kind stock.short --assign Olga --by 'Ana Admin' --dry-run"
)
def many(
    session: Session,
    by: By,
    tab: Annotated[str, typer.Option(help="Of those that stand so: open, waiting or snoozed.")] = "open",
    kind: Annotated[str, typer.Option(help="Of this kind, or of kinds that begin so.")] = "",
    owner: Annotated[str, typer.Option(help="Whose team it is.")] = "",
    words: Annotated[str, typer.Option(help="With these words in them.")] = "",
    resolve: Annotated[Resolution | None, typer.Option(help="Decide each so.")] = None,
    assign: Annotated[str | None, typer.Option(help="Who works on each; '' for nobody.", metavar="NAME")] = None,
    snooze_days: Annotated[int, typer.Option(min=0, max=LONGEST_SNOOZE.days, help="Put each aside for so long.")] = 0,
    wake: Annotated[bool, typer.Option("--wake", help="Take each up again.")] = False,
    note: Annotated[str, typer.Option(help="Why: kept with each.")] = "",
) -> Result:
    """Act on all cases of a filter. What is refused leaves the others standing. Exit code 1 when any is.

    A dry run says what each would do. Some hundred are done at once; more are long work, which a worker does (`trueup jobs show`).
    """
    with session.open() as app:
        acting, value = _one_of(app, (resolve, assign, snooze_days, wake))
        person, limit = person_of(app.settings.people, by), app.settings.two_persons_above

        def wanted(tx: Tx) -> list[CaseAct]:
            found = list_case_ids(tx.connection, CaseFilter(tab, kind, owner, words=words), tx.now, MOST + 1)
            return [CaseAct(case, acting, value, note) for case in found]

        if session.dry_run:
            outcomes = app.act(True, lambda tx: act_on_each(tx, wanted(tx), person, limit))
            rows = [
                {"case": each.case, "title": each.title, "effects": list(each.effects), "refused": each.refused or None}
                for each in outcomes
            ]
            refused = sum(bool(each.refused) for each in outcomes)
            said = f"{len(rows) - refused:,} of {len(rows):,} cases would be done (dry run: nothing kept)."
            return Result({"cases": rows, "dry_run": True}, words=said, findings=refused > 0)
        number = app.act(False, lambda tx: ask_acts(tx, Asked(wanted(tx), words_of(acting, value), limit), person))
    with session.look() as connection:
        job = load_job(connection, number)
    data = {"job": number, "state": job.state, "done": job.done, "refused": list(job.result.get("refused", ()))}
    waits = f"Job {number} waits for a worker; see `trueup jobs show {number}`."
    return Result({**data, "dry_run": False}, words=job.words or waits, findings=bool(data["refused"]))


@command(group, "sheet", example="trueup cases sheet --kind stock.short -o cases.xlsx")
def write_sheet(
    session: Session,
    tab: Annotated[str, typer.Option(help="Of those that stand so: open, waiting, snoozed or resolved.")] = "open",
    kind: Annotated[str, typer.Option(help="Of this kind, or of kinds that begin so.")] = "",
    owner: Annotated[str, typer.Option(help="Whose team it is.")] = "",
    words: Annotated[str, typer.Option(help="With these words in them.")] = "",
) -> Result:
    """Write cases as a table to be filled in, .xlsx or .csv: a resolution and a note each; then `decide` it, or upload it."""
    name, count = write_listed(session, "cases sheet", "cases", CaseFilter(tab, kind, owner, words=words))
    return Result({"file": name, "cases": count}, words=f"{count:,} {'case' if count == 1 else 'cases'} in {name}.")


@command(group, "decide", writes=True, example="trueup cases decide cases.xlsx --by Olga --dry-run")
def decide(
    session: Session,
    file: Annotated[Path, typer.Argument(help="The filled sheet, XLSX or CSV; - reads standard input.")],
    by: By,
) -> Result:
    """Decide what a filled sheet says of cases; each stands by itself. Exit code 1 when a row was refused.

    Some hundred are decided at once; more are long work of a worker (`trueup jobs show`). A dry run is a job too: it says what
    would come of each and changes nothing, and `trueup jobs carry-out` does it. The file is archived before it is read, also then.
    """
    content = read_upload(file)
    with session.open() as app:
        person = person_of(app.settings.people, by)
        handed = app.act(False, lambda tx: hand_in_decisions(tx, file.name, content, person, tried=session.dry_run))
    if handed.trouble is not None:
        raise handed.trouble
    assert handed.job is not None, "a sheet that says something is a job"
    with session.look() as connection:
        job = load_job(connection, handed.job)
    refused = list(job.result.get("refused", ()))
    notes, does = list(job.args.get("notes", ())), "tries" if session.dry_run else "does"
    waits = f"Job {job.id} waits for a worker, which {does} it; see `trueup jobs show {job.id}`."
    data = {"job": job.id, "state": job.state, "refused": refused, "findings": notes, "dry_run": session.dry_run}
    words = f"{job.words} Nothing is decided yet: trueup jobs carry-out {job.id}." if session.dry_run else job.words
    said = "\n".join([words if job.words else waits, *notes, *(each["why"] for each in refused[:_TOLD])])
    return Result(data, words=said, findings=bool(refused or notes))


def _one_of(app: Application, given: tuple[Resolution | None, str | None, int, bool]) -> tuple[Acting, str]:
    """The one act that is asked for, and its value."""
    resolve, assign, days, wake = given
    asked: list[tuple[Acting, str]] = []
    if resolve is not None:
        asked.append((Acting.RESOLVE, resolve.value))
    if assign is not None:
        with app.database.transaction() as connection:
            known = all_people(connection, app.settings.people)
        if assign and assign not in known:
            raise NotFound(f"{assign!r} is nobody here; known are {', '.join(sorted(known))}.")
        asked.append((Acting.ASSIGN, assign))
    if days:
        asked.append((Acting.SNOOZE, write_instant(app.world.clock.now() + timedelta(days=days))))
    if wake:
        asked.append((Acting.WAKE, ""))
    if len(asked) != 1:
        raise Invalid(f"Give one of --resolve, --assign, --snooze-days and --wake; found {len(asked)}.")
    return asked[0]
