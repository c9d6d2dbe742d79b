"""`trueup recover`: what can be disputed, worth first; one claim's pack; what was submitted, and what came of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.base.errors import Invalid, Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.cli.close import load_books
from trueup.cli.frame import Limit, Result, Session, command, person_of
from trueup.cli.statements import read_day
from trueup.cli.tables import Column
from trueup.domain.deduction import Family
from trueup.domain.disputes import Outcome
from trueup.domain.recovery import HANDLING_COST, SOON_DAYS

if TYPE_CHECKING:
    from trueup.storage.views.recovery import Brief
    from trueup.workflows.rank_claims import Ranked

group = typer.Typer(name="recover", help="What can be disputed, and winning it back.")
_COLUMNS = (
    Column("id", "id", number=True),
    Column("claim", "claim"),
    Column("partner", "partner", spare=True),
    Column("held", "held", number=True),
    Column("expected", "expected", number=True),
    Column("likely between", lambda row: f"{row['low']} and {row['high']}", spare=True),
    Column("chance", "chance", number=True),
    Column("state", "state"),
    Column("until", "until"),
    Column("days", "days_left", number=True),
    Column("tries", "attempts", number=True, spare=True),
)


@command(group, "recover", writes=True, example="trueup recover 17 --pack dispute.zip")
def recover(
    session: Session,
    claim: Annotated[int | None, typer.Argument(help="One claim, by its id.", metavar="[CLAIM]")] = None,
    family: Annotated[Family | None, typer.Option(help="Only claims of this family.", metavar="FAMILY")] = None,
    partner: Annotated[str | None, typer.Option(help="Only of this partner.", metavar="NAME")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also what cannot be disputed (any more).")] = False,
    cost: Annotated[str, typer.Option(help="What handling one dispute costs.", metavar="AMOUNT")] = HANDLING_COST,
    limit: Limit = 50,
    pack: Annotated[
        Path | None, typer.Option(help="Write the claim's pack: PDF and originals as .zip, or .pdf.", metavar="FILE")
    ] = None,
    stage: Annotated[
        bool, typer.Option("--stage", help="Make its pack and keep it; nothing is submitted by that.")
    ] = False,
    submit: Annotated[str, typer.Option(help="It was submitted, under this reference.", metavar="REFERENCE")] = "",
    as_staged: Annotated[
        bool, typer.Option("--as-staged", help="With --submit: as its pack was staged, though something changed since.")
    ] = False,
    outcome: Annotated[Outcome | None, typer.Option(help="What Amazon answered.")] = None,
    won: Annotated[str, typer.Option(help="How much was won, with --outcome partly.", metavar="AMOUNT")] = "",
    on: Annotated[str | None, typer.Option("--on", help="The day of it; today when left out.", metavar="DAY")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", help="Who says so: a name among the people of trueup.toml.", envvar="TRUEUP_PERSON", metavar="NAME"
        ),
    ] = None,
) -> Result:
    """List what can be disputed, by what a dispute brings on average; or show, pack, submit and answer one claim.

    Expected is what is held x the chance of winning x the share that comes back, from your own outcomes, less the cost of
    handling. Exit code 1 when something worth disputing ends within 7 days.
    """
    if claim is None:
        if pack or stage or submit or outcome:
            raise Invalid("--pack, --stage, --submit and --outcome are about one claim: say which, by its id.")
        return _list(session, (family, partner, every), cost, limit)
    day = read_day(on, "--on") or session.now().date()
    if stage:
        _stage(session, claim, by)
    if submit or outcome:
        _act(session, claim, (submit, as_staged, outcome, won, day), by)
    return _one(session, claim, cost, pack)


def _list(session: Session, only: tuple[Family | None, str | None, bool], cost: str, limit: int) -> Result:
    from trueup.storage.views.claim_ranks import count_settled, sum_ranks
    from trueup.workflows.rank_claims import disputable, page_ranked

    family, partner, every = only
    today, books = session.now().date(), load_books(session)
    wanted = disputable(books, partner or "", family=family.value if family else "", every=every, cost=cost)
    with session.look() as connection:
        ranked = [row["ranked"] for row in page_ranked(connection, wanted, today, limit=limit).rows]
        sums = sum_ranks(connection, wanted, today).values()
        settled, beyond = count_settled(connection, wanted, today) if every else (0, False)
    more, soon = sum(each.count for each in sums) + settled - limit, sum(each.soon for each in sums)
    remark = f"{more}{' or' if beyond else ''} more; --limit shows them.\n" if more > 0 else ""
    if soon:
        remark += f"{soon} end within {SOON_DAYS} days.\n"
    return Result(
        [_row(each) for each in ranked],
        _COLUMNS,
        findings=bool(soon),
        remark=remark,
        nothing="Nothing can be disputed.",
    )


def _one(session: Session, claim: int, cost: str, pack: Path | None) -> Result:
    from trueup.storage.views.recovery import load_brief

    (each,) = _ranked(session, cost, claim) or (None,)
    if each is None:
        raise Refused(f"No claim {claim} that can be disputed is known; `trueup recover` lists them.")
    with session.open_store() as store, store.transaction() as connection:
        brief = load_brief(connection, each.found)
        data = {**_row(each), **_told(brief)}
        if pack is not None and not session.dry_run:
            company = store.foundation.installation.name
            content = _pack(
                brief,
                each,
                (company, session.now().date()),
                pack.suffix.lower(),
                lambda digest: store.archive.load_content(connection, Digest(digest)),
            )
            with session.written(pack, "wb") as file:
                file.write(content)
    remark = f"{pack} written.\n" if pack is not None and not session.dry_run else ""
    return Result(data, remark=remark, findings=each.ends_soon)


def _stage(session: Session, claim: int, by: str | None) -> None:
    from trueup.workflows.stage_dispute import stage_claim

    if by is None:
        raise Invalid("Say who says so, with --by.")
    with session.open() as app:
        person, company = person_of(app.settings.people, by), app.settings.installation.name
        app.act(session.dry_run, stage_claim, claim, company, person)


def _act(session: Session, claim: int, said: tuple[str, bool, Outcome | None, str, date], by: str | None) -> None:
    from trueup.workflows.dispute_claim import Submission, note_outcome, recoverable, submit_claim

    submitted, as_staged, outcome, won, day = said
    if by is None:
        raise Invalid("Say who says so, with --by.")
    if submitted and outcome:
        raise Invalid("--submit and --outcome are two days' work; give one.")
    with session.open() as app:
        person = person_of(app.settings.people, by)
        if submitted:
            app.act(session.dry_run, submit_claim, claim, Submission(submitted, day, as_staged=as_staged), person)
        elif outcome is not None:

            def answer(tx: Any) -> None:
                currency = recoverable(tx, claim).balance.currency
                amount = Money.of(won, currency) if won else None
                note_outcome(tx, claim, outcome, (day, amount), person)

            app.act(session.dry_run, answer)


def _ranked(session: Session, cost: str, claim_id: int) -> list[Ranked]:
    from trueup.workflows.dispute_claim import disputable_types
    from trueup.workflows.rank_claims import rank_claims

    today = session.now().date()
    types = disputable_types(load_books(session))
    with session.look() as connection:
        return rank_claims(connection, types, today, cost=cost, claim_id=claim_id)


def _row(each: Ranked) -> dict[str, Any]:
    balance, value = each.found.balance, each.worth

    def money(minor: int) -> str:
        return str(Money(minor, balance.currency))

    return {
        "id": balance.id,
        "claim": balance.claim,
        "partner": balance.partner,
        "invoice": each.found.invoice,
        "held": money(balance.open),
        "taken": money(balance.taken),
        "given_back": money(balance.given),
        "expected": money(value.expected),
        "low": money(value.low),
        "high": money(value.high),
        "chance": f"{float(value.chance.mean):.0%}",
        "chance_from_outcomes": value.chance.outcomes,
        "state": each.standing.state.value,
        "from": str(each.standing.opens_on) if each.standing.opens_on else None,
        "until": str(each.standing.until) if each.standing.until else None,
        "days_left": value.days_left,
        "attempts": len(each.found.disputes),
        "rule": each.standing.window.source,
        "rule_as_of": str(each.standing.window.as_of),
    }


def _told(brief: Brief) -> dict[str, Any]:
    from trueup.storage.views.exhibits import exhibit_json, list_exhibits

    currency = brief.found.balance.currency
    return {
        "slices": [
            {
                "payment": each.payment,
                "paid_on": str(each.paid_on),
                "reference": each.reference,
                "amount": str(Money(each.minor, currency)),
                "document": each.name,
                "place": each.place,
            }
            for each in brief.slices
        ],
        "disputes": [
            {
                "number": each.attempt.number,
                "submitted_on": str(each.attempt.submitted_on),
                "reference": each.attempt.reference,
                "by": each.attempt.by,
                "outcome": each.attempt.outcome.value if each.attempt.outcome else None,
                "won": str(Money(each.attempt.won, currency)) if each.attempt.won is not None else None,
            }
            for each in brief.found.disputes
        ],
        "proofs": [f"{each.proof.kind.value} {each.proof.day} {each.proof.tracking}".strip() for each in brief.proofs],
        "exhibits": [exhibit_json(each) for each in list_exhibits(brief)],
        "missing": list(brief.missing),
    }


def _pack(brief: Brief, each: Ranked, made: tuple[str, date], suffix: str, read: Any) -> bytes:
    from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack

    pdf = write_dispute_pack(brief, each.standing, made[1], made[0])
    if suffix == ".pdf":
        return pdf
    if suffix != ".zip":
        raise Invalid(f"--pack FILE{suffix}: expected a .zip with the originals, or a .pdf alone.")
    return write_dispute_archive(brief, pdf, read)
