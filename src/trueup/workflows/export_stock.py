"""Export stock: the whole stock of a big channel in one file, found or asked for, looked at, archived, and taken in page by page.

Every run does one thing and sets the next. What the file shows is dated by when the export began: whatever was read or written
since then wins. What the file does not tell, because it is not whole or the item is not in it, is read item by item after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound, Throttled
from trueup.base.ids import Digest
from trueup.domain.publishing import ShownStock
from trueup.durable.flow import Flow
from trueup.remote.stock import ExportState
from trueup.storage import publications, sources, stock_exports, stock_looks
from trueup.storage.documents import Arrival
from trueup.storage.stock_exports import UNDER_WAY, ExportStage, StockExport
from trueup.workflows.shown_stock import KIND, take_in_export
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.wake_stock import EXPORT_FLOW, look_now
from trueup.workflows.world import Flowing, Tx, World

QUERY = "stock-export"
SKEW = timedelta(minutes=1)
"""By how much the channel's clock may be behind ours: what it began within that before our wish may be ours."""
LOOKS = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 20, 30, 60))
"""How long after each look the next follows, the last again and again; where the channel tells of the end it comes at once."""
ROWS_AT_ONCE = 10_000
LONGEST = timedelta(hours=6)
"""An export that takes so long is given up, and its shop read item by item."""


def start_export(tx: Tx, channel: str) -> bool:
    """Want an export of the channel's stock, unless one is under way."""
    made = stock_exports.want_export(tx.connection, channel, tx.now)
    if made is not None:
        tx.start(EXPORT_FLOW, _run(made.id, made.turn), made.id, made.turn)
    return made is not None


def export_ended(tx: Tx, channel: str, reference: str) -> None:
    """The channel tells that one of its operations ended: ours is looked at now. Told twice or late it changes nothing."""
    export = stock_exports.find_under_way(tx.connection, channel)
    if export is not None and export.stage is ExportStage.RUNNING and export.reference == reference:
        tx.cancel(_run(export.id, export.turn))
        turn = stock_exports.next_turn(tx.connection, export.id)
        tx.start(EXPORT_FLOW, _run(export.id, turn), export.id, turn)


def export_stock(c: Flowing, export_id: int, turn: int) -> None:
    """The next thing to be done about an export."""
    plan = c.commit(next_act, export_id, turn)
    if plan is None:
        return
    try:
        if plan["reference"] is None:
            c.commit(note_begun, export_id, c.step(find_or_start, plan))
            return
        shown = c.step(look_at, plan)
        if shown["state"] != ExportState.RUNNING.value and shown["has_content"]:
            shown |= c.step(archive_export, plan)
    except NotFound as error:
        c.commit(give_up, export_id, str(error))
        return
    except NOT_DONE as error:
        wait = int(error.retry_after_seconds) if isinstance(error, Throttled) else 0
        c.commit(note_not_done, export_id, str(error), wait, needs_person(error))
        return
    if not c.commit(take_in, export_id, shown):
        return
    after: int | None = 0
    while after is not None:
        after = c.commit(take_in_page, export_id, after)
    c.commit(finish_export, export_id)


def next_act(tx: Tx, export_id: int, turn: int) -> dict[str, Any] | None:
    """What is known of an export that is under way; None when it has ended, or another run has its turn."""
    export = stock_exports.load_export(tx.connection, export_id)
    if export.stage not in (ExportStage.WANTED, ExportStage.RUNNING) or export.turn != turn:
        return None
    sources.load_source(tx.connection, export.channel, QUERY)
    since = export.wanted_at - SKEW
    return {
        "id": export.id,
        "channel": export.channel,
        "reference": export.reference,
        "since": write_instant(since),
        "excluded": stock_exports.known_references(tx.connection, export.channel, since - LONGEST),
    }


def find_or_start(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """An export of ours that nobody here knows yet, or one that is begun now. The channel takes no key: whoever begins one looks
    first, so that one whose answer was lost is not begun again."""
    exporter = world.connections.stock_exporters[plan["channel"]]
    listed = exporter.find_exports(read_instant(plan["since"])).value
    usable = (ExportState.RUNNING, ExportState.DONE)
    found = [each for each in listed if each.reference not in plan["excluded"] and each.state in usable]
    shown = found[0] if found else exporter.start_export().value
    return {"reference": shown.reference, "started_at": write_instant(shown.started_at)}


def look_at(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """How far the channel is."""
    shown = world.connections.stock_exporters[plan["channel"]].look_at_export(plan["reference"]).value
    return {
        "state": shown.state.value,
        "lines": shown.lines,
        "has_content": shown.has_content,
        "words": shown.words,
        "denied": shown.denied,
    }


def archive_export(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """Stream the file into the archive as it lies there, before anything reads it."""
    channel = plan["channel"]
    pieces = world.connections.stock_exporters[channel].fetch_export(plan["reference"])
    with world.database.transaction() as connection:
        name = f"export {plan['reference']}"
        arrival = Arrival(kind=KIND, source=channel, name=name, received_at=world.clock.now(), subject=channel)
        return {"digest": world.archive.append(connection, pieces, arrival).digest}


def note_begun(tx: Tx, export_id: int, begun: dict[str, Any]) -> None:
    """It is known there. What it shows is no older than its beginning there, and no younger than our wish for it."""
    export = stock_exports.load_export(tx.connection, export_id)
    if export.stage is not ExportStage.WANTED:
        return
    as_of = min(export.wanted_at, read_instant(begun["started_at"]))
    stock_exports.move_export(
        tx.connection, export_id, stage=ExportStage.RUNNING.value, reference=begun["reference"], as_of=as_of
    )
    note_working(tx, export.channel, QUERY)
    _again(tx, export, LOOKS[0])


def take_in(tx: Tx, export_id: int, shown: dict[str, Any]) -> bool:
    """Whether its file is to be taken in by this run. One that goes on is looked at later, one without a file is given up."""
    export = stock_exports.load_export(tx.connection, export_id)
    if export.stage is not ExportStage.RUNNING:
        return False
    if shown["state"] == ExportState.RUNNING.value:
        if tx.now - export.wanted_at > LONGEST:
            give_up(tx, export_id, f"it has been under way since {export.wanted_at:%Y-%m-%d %H:%M} UTC")
        else:
            _again(tx, export, LOOKS[min(export.turn, len(LOOKS) - 1)])
        return False
    whole = shown["state"] == ExportState.DONE.value
    if whole:
        note_working(tx, export.channel, QUERY)
    else:
        note_failure(tx, export.channel, QUERY, f"an export ended as {shown['words']}", at_once=shown["denied"])
    if shown.get("digest") is None and not whole:
        give_up(tx, export_id, shown["words"])
        return False
    stock_exports.move_export(
        tx.connection,
        export_id,
        stage=ExportStage.READ.value,
        evidence=shown.get("digest"),
        whole=whole,
        rows=shown["lines"],
        words=shown["words"],
    )
    return True


def take_in_page(tx: Tx, export_id: int, after: int) -> int | None:
    """The next rows of its file; after how many of them the next page begins, None when there is none."""
    export = stock_exports.load_export(tx.connection, export_id)
    try:
        rows = _rows_of(tx, export)
    except DocumentError as error:
        note_failure(tx, export.channel, QUERY, str(error), at_once=True)
        return None
    page = rows[after : after + ROWS_AT_ONCE]
    assert export.as_of is not None and export.evidence is not None, f"export {export.id} is read and was never begun"
    fresh = take_in_export(tx, export.channel, page, export.evidence)
    stock_looks.forget_looks(tx.connection, export.channel, fresh, export.as_of)
    following = after + ROWS_AT_ONCE
    return following if following < len(rows) else None


def _rows_of(tx: Tx, export: StockExport) -> tuple[ShownStock, ...]:
    if export.evidence is None or export.as_of is None:
        return ()
    exporter = tx.resources.connections.stock_exporters[export.channel]
    content = tx.resources.archive.open_document(tx.connection, Digest(export.evidence))
    return exporter.read_export(content, export.as_of, whole=bool(export.whole))


def finish_export(tx: Tx, export_id: int) -> None:
    """Taken in. What it did not tell of is read item by item."""
    export = stock_exports.load_export(tx.connection, export_id)
    stock_exports.move_export(tx.connection, export_id, stage=ExportStage.DONE.value, ended_at=tx.now)
    if export.whole:
        sources.note_success(tx.connection, export.channel, QUERY, covered_until=export.as_of, documents=1, now=tx.now)
    _read_rest(tx, export)


def give_up(tx: Tx, export_id: int, words: str) -> None:
    """It will not come: its shop is read item by item."""
    export = stock_exports.load_export(tx.connection, export_id)
    if export.stage in UNDER_WAY:
        values = {"stage": ExportStage.FAILED.value, "words": words[:4000], "ended_at": tx.now}
        stock_exports.move_export(tx.connection, export_id, **values)
        _read_rest(tx, export)


def _read_rest(tx: Tx, export: StockExport) -> None:
    unseen = publications.list_unseen(tx.connection, export.channel, export.as_of or export.wanted_at)
    if unseen:
        look_now(tx, export.channel, unseen)


def note_not_done(tx: Tx, export_id: int, words: str, wait: int, at_once: bool) -> None:
    """Not now: tried again later, or given up when that has gone on for long."""
    export = stock_exports.load_export(tx.connection, export_id)
    failures = note_failure(tx, export.channel, QUERY, words, at_once=at_once)
    if tx.now - export.wanted_at > LONGEST or at_once:
        give_up(tx, export_id, words)
    else:
        _again(tx, export, max(timedelta(seconds=wait), LOOKS[min(failures, len(LOOKS) - 1)]))


def _again(tx: Tx, export: StockExport, after: timedelta) -> None:
    turn = stock_exports.next_turn(tx.connection, export.id)
    due: datetime = tx.now + after
    tx.at(due, EXPORT_FLOW, _run(export.id, turn), export.id, turn)


def _run(export_id: int, turn: int) -> str:
    return f"stock-export:{export_id}:{turn}"


FLOWS = (Flow[World](EXPORT_FLOW, export_stock, "looks"),)
