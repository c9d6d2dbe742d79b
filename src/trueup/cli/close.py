"""`trueup close`: a month's pack with its lights, as words, JSON, PDF and XLSX; and the month locked, by two persons."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.cli.frame import Result, Session, command, person_of
from trueup.domain.closing import Month, shown, unexplained
from trueup.domain.closing_checklist import Light

if TYPE_CHECKING:
    import sqlalchemy as sa

    from trueup.reports.close_tables import Table
    from trueup.store import Store
    from trueup.workflows.close_month import Looked
    from trueup.workflows.world import Books

group = typer.Typer(name="close", help="The month's close.")
MOST_ROWS = 12
"""Of a table in words; JSON, PDF and XLSX have more."""


@command(group, "close", writes=True, example="trueup close 2026-10 --pdf close.pdf --xlsx close.xlsx")
def close(
    session: Session,
    month: Annotated[str, typer.Argument(help="The month, such as 2026-10.", metavar="MONTH")],
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the pack as PDF.", metavar="FILE")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write the pack as workbook.", metavar="FILE")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Propose to lock the month; a second person approves.")] = False,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", help="Who locks: a name among the people of trueup.toml.", envvar="TRUEUP_PERSON", metavar="NAME"
        ),
    ] = None,
    override: Annotated[str, typer.Option(help="Why it is locked in spite of open points.", metavar="REASON")] = "",
) -> Result:
    """Show what the books of a month come to, and what still stands against closing it.

    Exit code 1 when a light is red, or when the figures of a closed month are no longer what was closed.
    """
    wanted = Month.read(month)
    if lock:
        return _lock(session, wanted, by, override)
    if override:
        raise Invalid("--override is the reason of a --lock; give both.")
    from trueup.storage.views.closing import hold_still
    from trueup.workflows.close_month import look_at_month

    with session.open_store() as store, store.transaction() as connection:
        hold_still(connection)
        books = load_books(session)
        now = session.now()
        looked = look_at_month(
            connection, books, wanted, now, lambda digest: store.archive.load_content(connection, Digest(digest))
        )
        files = _files(store, connection, looked, {"pdf": pdf, "xlsx": xlsx})
    for path, content in files:
        if not session.dry_run:
            with session.written(path, "wb") as file:
                file.write(content)
    found = any(point.light is Light.RED for point in looked.points) or not looked.same
    remark = "".join(f"{path} written.\n" for path, _ in files if not session.dry_run)
    return Result(as_json(looked), words="\n".join(_tell(looked)), findings=found, remark=remark)


def load_books(session: Session) -> Books:
    """How the installation's books are kept. Raises ConfigurationError."""
    from trueup.app import build_books
    from trueup.settings.load import load_settings

    settings = load_settings(session.config_path(), session.environ, Secret)
    return build_books(settings.books.chart)


def _lock(session: Session, month: Month, by: str | None, override: str) -> Result:
    from trueup.workflows.close_month import propose_closing

    if by is None:
        raise Invalid("--lock needs --by NAME: who closes a month is recorded.")
    with session.open() as app:
        done = app.act(session.dry_run, propose_closing, month, person_of(app.settings.people, by), override)
    words = (
        f"Locking {month} is proposed as proposal {done.proposal}; a second person must approve it: "
        f"`trueup cases approve {done.proposal} --by NAME`."
    )
    if done.blocking:
        words += "".join(f"\n  in spite of {each.point.name}: {each.why}" for each in done.blocking)
    data = {
        "month": str(month),
        "state": "proposed",
        "proposal": done.proposal,
        "open": [each.point.name for each in done.blocking],
        "dry_run": session.dry_run,
    }
    return Result(data, words=words + (" (dry run: nothing kept)" if session.dry_run else ""))


def _files(
    store: Store, connection: sa.Connection, looked: Looked, wanted: dict[str, Path | None]
) -> list[tuple[Path, bytes]]:
    """The pack as files: of a closed month those that were archived with it."""
    from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
    from trueup.storage.views.closing_points import known_packs

    archived: dict[str, str] = {}
    if looked.closing is not None:
        packs = known_packs(connection, looked.closing.evidence)
        archived = {name.rpartition(".")[2]: digest for name, digest, _ in packs}
    found = []
    for ending, path in wanted.items():
        if path is None:
            continue
        if ending in archived:
            content = store.archive.load_content(connection, Digest(archived[ending]))
        elif ending == "pdf":
            content = write_close_pack_pages(looked.pack)
        else:
            book = io.BytesIO()
            write_close_pack_workbook(book, looked.pack)
            content = book.getvalue()
        found.append((path, content))
    return found


def as_json(looked: Looked) -> dict[str, Any]:
    """The pack as plain JSON: every table by its title, the lights, and how the month was closed."""
    from trueup.reports.close_tables import TABLES
    from trueup.workflows.close_month import figures_digest

    pack, closing = looked.pack, looked.closing
    return {
        "month": str(pack.of),
        "state": _state(looked),
        "known_at": write_instant(pack.known_at),
        "points": [
            {"name": each.name, "light": each.light.value, "text": each.text, "detail": each.detail}
            for each in looked.points
        ],
        "unexplained": [
            {"amount": str(Money(minor, currency)), "oldest": str(since)}
            for currency, (minor, since) in sorted(unexplained(pack.figures.waiting).items())
        ],
        **{_key(table.title): [_row(table, cells) for cells in table.rows(pack)] for table in TABLES},
        "figures_digest": figures_digest(pack),
        "closed": {
            "by": closing.closed_by,
            "approved_by": closing.approved_by,
            "at": write_instant(closing.closed_at),
            "evidence": closing.evidence,
            "override": pack.override,
            "recomputed_the_same": looked.same,
        }
        if closing is not None
        else None,
        "proposal": looked.proposal["id"] if looked.proposal is not None else None,
    }


def _key(title: str) -> str:
    return title.lower().replace(" ", "_").replace("-", "_")


def _row(table: Table, cells: Sequence[Any]) -> dict[str, Any]:
    plain = [str(cell) if isinstance(cell, Money | date) else cell for cell in cells]
    return dict(zip((_key(name) for name in table.columns), plain, strict=True))


def _state(looked: Looked) -> str:
    if looked.closing is not None:
        return "closed"
    return "proposed" if looked.proposal is not None else "open"


def _tell(looked: Looked) -> Iterator[str]:
    from trueup.reports.close_tables import TABLES

    pack, closing = looked.pack, looked.closing
    yield f"Close of {pack.of}, known at {write_instant(pack.known_at.replace(microsecond=0))}"
    if closing is not None:
        yield f"Closed by {closing.closed_by}, approved by {closing.approved_by} on {closing.closed_at:%Y-%m-%d %H:%M}."
        same = "comes to the same" if looked.same else "DOES NOT COME TO THE SAME: something was changed since"
        yield f"Its pack is {closing.evidence}; computed again it {same}."
    elif looked.proposal is not None:
        by = looked.proposal["proposed_by"]
        yield f"{by} proposed to lock it: `trueup cases approve {looked.proposal['id']} --by NAME`."
    if pack.override:
        yield f"In spite of open points: {pack.override}"
    yield ""
    for point in looked.points:
        yield f"  {point.light.value.upper():<7} {point.text}"
        if point.detail:
            yield f"          {point.detail}"
    for table in TABLES:
        rows = [[_text(cell) for cell in cells] for cells in table.rows(pack)]
        if rows:
            yield ""
            yield table.title
            yield from _lines([list(table.columns), *rows[:MOST_ROWS]])
            if len(rows) > MOST_ROWS:
                yield f"  and {len(rows) - MOST_ROWS:,} more; --json and --xlsx show them"


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return shown(cell) if isinstance(cell, Money) else str(cell)


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side; what looks like an amount to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    right = [all(row[at][:1].isdigit() or row[at][:1] in "-" for row in rows[1:]) for at in range(len(widths))]
    for row in rows:
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield ("  " + "  ".join(cells)).rstrip()
