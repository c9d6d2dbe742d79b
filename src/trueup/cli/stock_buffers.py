"""`trueup stock buffers|set-buffer|undo-buffer`: what each channel is never shown, and changing it, tried on own history first."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, read_rule
from trueup.workflows.explain_stock import load_known
from trueup.workflows.keep_buffers import change_buffer, undo_change
from trueup.workflows.list_buffers import list_buffers, list_decided
from trueup.workflows.try_buffers import preview_change, told

group = typer.Typer()
_STANDING = (
    Column("channel", "channel"),
    Column("location", "location"),
    Column("never shown", "buffer", wrap=True),
    Column("stands", "stands", wrap=True),
    Column("in trueup.toml", "file", wrap=True, spare=True),
)
_VERSIONS = (
    Column("version", "version", number=True),
    Column("product", "sku"),
    Column("channel", "channel"),
    Column("location", "location", spare=True),
    Column("never shown", "buffer", wrap=True),
    Column("from", "effective_from"),
    Column("why", "reason", wrap=True),
    Column("by", "decided_by"),
    Column("approved by", "approved_by", spare=True),
)
_TRIAL = (
    Column("would have been", "figure", wrap=True),
    Column("as it is", "before", number=True),
    Column("changed", "after", number=True),
)
_Sku = Annotated[str | None, typer.Argument(help="The product; every product when left out.")]


@command(group, "buffers", example="trueup stock buffers LAMP-1")
def show_buffers(
    session: Session,
    sku: _Sku = None,
    versions: Annotated[bool, typer.Option("--versions", help="What was decided, the newest first.")] = False,
    limit: Limit = 50,
) -> Result:
    """Show what each channel is never shown and where that stands, or every version that was decided."""
    with session.open() as app, app.database.transaction() as connection:
        now = app.world.clock.now()
        if sku is not None:
            load_known(connection, sku)
        if versions:
            rows = list_decided(connection, now, skus=None if sku is None else [sku], limit=limit)
            return Result(rows, _VERSIONS, nothing="Nobody decided anything: what trueup.toml says holds.")
        return Result(list_buffers(connection, app.world, sku or ALL, now), _STANDING)


@command(
    group,
    "set-buffer",
    writes=True,
    example="trueup stock set-buffer LAMP-1 --channel 'shop shop' --location main --eaches 2 --reason 'sells fast' --by 'Elke'",
)
def set_buffer(
    session: Session,
    by: By,
    channel: Annotated[str, typer.Option(help="The channel, as `stock buffers` names it.")],
    location: Annotated[str, typer.Option(help="Where it sells from.")],
    reason: Annotated[str, typer.Option(help="Why; whoever meets the number later reads it.")],
    sku: _Sku = None,
    eaches: Annotated[str, typer.Option(help="So many at least.", metavar="N")] = "",
    percent: Annotated[str, typer.Option(help="A part of what lies there.", metavar="PERCENT")] = "",
    risk: Annotated[str, typer.Option(help="Computed: the accepted risk.", metavar="PERCENT")] = "",
    beneath: Annotated[bool, typer.Option("--beneath", help="Give its own up; what stands beneath holds.")] = False,
    since: Annotated[
        str | None, typer.Option("--from", help="From this instant; now when left out.", metavar="WHEN")
    ] = None,
) -> Result:
    """Change what a channel is never shown. With --dry-run: what it would have come to on the products' own history."""
    if beneath == bool(eaches or percent or risk):
        raise Invalid("Give --eaches, --percent or --risk (0 eaches: nothing), or --beneath; not both, not none.")
    rule = None if beneath else read_rule(eaches, percent, risk)
    with session.open() as app:
        now = app.world.clock.now()
        change = BufferChange(
            BufferScope(channel, location, sku or ALL), rule, _instant(since) if since else now, reason
        )
        person, policy = person_of(app.settings.people, by), app.settings.installation.two_persons_for_buffers
        if session.dry_run:
            return _tried(app.act(True, preview_change, change, person, policy))
        done = app.act(False, change_buffer, change, person, policy)
    data = {"version": done.version.id if done.version else None, "proposal": done.proposal, "dry_run": False}
    return Result({**data, "words": str(done)}, words=f"{done}.")


@command(group, "undo-buffer", writes=True, example="trueup stock undo-buffer 7 --by 'Elke'")
def undo_buffer(
    session: Session, version: Annotated[int, typer.Argument(help="Its number, as `stock buffers --versions`.")], by: By
) -> Result:
    """Take the newest version of a buffer back: what held before it holds again."""
    with session.open() as app:
        policy = app.settings.installation.two_persons_for_buffers
        done = app.act(session.dry_run, undo_change, version, person_of(app.settings.people, by), policy)
    kept = " (dry run: nothing kept)" if session.dry_run else ""
    data = {"version": done.version.id if done.version else None, "proposal": done.proposal, "dry_run": session.dry_run}
    return Result(data, words=f"{done}{kept}.")


def _tried(preview: Any) -> Result:
    rows = [
        {"figure": words, "before": _rounded(before), "after": _rounded(after)}
        for words, before, after in told(preview.trial)
    ]
    offered = ""
    if preview.offered:
        offered = f" It may sell {preview.offered[0]} → {preview.offered[1]} eaches."
    second = " A second person must approve it." if preview.needs_second else ""
    remark = f"{preview.decided} (dry run: nothing kept).{offered}{second}"
    data = {
        "words": str(preview.decided),
        "needs_second_person": preview.needs_second,
        "products_replayed": len(preview.trial.replayed),
        "figures": rows,
        "dry_run": True,
    }
    return Result(data, _TRIAL, rows=rows, remark=remark)


def _rounded(figure: Fraction) -> str:
    return f"{float(figure):.1f}".removesuffix(".0")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"--from {text}: expected an instant such as 2026-12-01T08:00+01:00.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
