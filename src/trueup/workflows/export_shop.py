"""Export a shop: all of its stock or products in one file, found or asked for, looked at, archived, and taken in page by page.

Every run does one thing and sets the next. What the file shows is dated by when the export began: whatever was read or written
since then wins. Its lines are written to the database once, in the order they come, and taken in from there: a crash in the middle
goes on with the page it was at. What a file of stock does not tell, because it is not whole or the item is not in it, is read item
by item after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound, Throttled
from trueup.durable.flow import Flow
from trueup.remote.exports import Exported, ExportState
from trueup.storage import exported_rows, shop_exports, sources
from trueup.storage.documents import Arrival
from trueup.storage.shop_exports import UNDER_WAY, ExportStage, ShopExport
from trueup.workflows.exported import Taking
from trueup.workflows.exported_products import PRODUCTS
from trueup.workflows.exported_stock import STOCK
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

EXPORT_FLOW = "export_shop"
SKEW = timedelta(minutes=1)
"""By how much the channel's clock may be behind ours: what it began within that before our wish may be ours."""
LOOKS = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 20, 30, 60))
"""How long after each look the next follows, the last again and again; where the channel tells of the end it comes at once."""
LONGEST = timedelta(hours=6)
"""An export that takes so long is given up: its shop is read otherwise."""


def start_export(tx: Tx, channel: str, content: Exported) -> bool:
    """Want an export of the channel's stock or products, unless one is under way. One that has been for too long is given up."""
    lost = shop_exports.find_under_way(tx.connection, channel, content.value)
    if lost is not None and tx.now - lost.wanted_at > 2 * LONGEST:
        give_up(tx, lost.id, "the run that took it in ended")
    made = shop_exports.want_export(tx.connection, channel, content.value, tx.now)
    if made is not None:
        tx.start(EXPORT_FLOW, _run(made.id, made.turn), made.id, made.turn)
    return made is not None


def may_export(tx: Tx, channel: str, content: Exported) -> bool:
    """Whether the channel can export, and did so well the last time, or a long while ago: else it is read by pages."""
    if channel not in tx.resources.connections.exporters:
        return False
    failed_at = shop_exports.last_failure(tx.connection, channel, content.value)
    return failed_at is None or tx.now - failed_at > LONGEST


def export_ended(tx: Tx, channel: str, reference: str) -> None:
    """The channel tells that one of its operations ended: ours is looked at now. Told twice or late it changes nothing."""
    export = shop_exports.find_by_reference(tx.connection, channel, reference)
    if export is not None and export.stage is ExportStage.RUNNING:
        tx.cancel(_run(export.id, export.turn))
        turn = shop_exports.next_turn(tx.connection, export.id)
        tx.start(EXPORT_FLOW, _run(export.id, turn), export.id, turn)


def export_shop(c: Flowing, export_id: int, turn: int) -> None:
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
    try:
        c.commit(write_rows, export_id)
    except DocumentError as error:
        c.commit(note_unreadable, export_id, str(error))
        return
    after: str | None = ""
    while after is not None:
        after = c.commit(take_in_page, export_id, after)
    c.commit(finish_export, export_id)


def next_act(tx: Tx, export_id: int, turn: int) -> dict[str, Any] | None:
    """What is known of an export that is under way; None when it has ended, or another run has its turn."""
    export = shop_exports.load_export(tx.connection, export_id)
    if export.stage not in (ExportStage.WANTED, ExportStage.RUNNING) or export.turn != turn:
        return None
    sources.load_source(tx.connection, export.channel, _query(export))
    since = export.wanted_at - SKEW
    return {
        "id": export.id,
        "channel": export.channel,
        "content": export.content,
        "reference": export.reference,
        "since": write_instant(since),
        "excluded": shop_exports.known_references(tx.connection, export.channel, since - LONGEST),
    }


def find_or_start(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """An export of ours that nobody here knows yet, or one that is begun now. The channel takes no key: whoever begins one looks
    first, so that one whose answer was lost is not begun again."""
    exporter, content = world.connections.exporters[plan["channel"]], Exported(plan["content"])
    listed = exporter.find_exports(content, read_instant(plan["since"])).value
    usable = (ExportState.RUNNING, ExportState.DONE)
    found = [each for each in listed if each.reference not in plan["excluded"] and each.state in usable]
    shown = found[0] if found else exporter.start_export(content).value
    return {"reference": shown.reference, "started_at": write_instant(shown.started_at)}


def look_at(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """How far the channel is."""
    shown = world.connections.exporters[plan["channel"]].look_at_export(plan["reference"]).value
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
    pieces = world.connections.exporters[channel].fetch_export(plan["reference"])
    with world.database.transaction() as connection:
        name = f"export {plan['reference']}"
        arrival = Arrival(
            kind=plan["content"], source=channel, name=name, received_at=world.clock.now(), subject=channel
        )
        return {"digest": world.archive.append(connection, pieces, arrival).digest}


def note_begun(tx: Tx, export_id: int, begun: dict[str, Any]) -> None:
    """It is known there. What it shows is no older than its beginning there, and no younger than our wish for it."""
    export = shop_exports.load_export(tx.connection, export_id)
    if export.stage is not ExportStage.WANTED:
        return
    as_of = min(export.wanted_at, read_instant(begun["started_at"]))
    shop_exports.move_export(
        tx.connection, export_id, stage=ExportStage.RUNNING.value, reference=begun["reference"], as_of=as_of
    )
    note_working(tx, export.channel, _query(export))
    _again(tx, export, LOOKS[0])


def take_in(tx: Tx, export_id: int, shown: dict[str, Any]) -> bool:
    """Whether its file is to be taken in by this run. One that goes on is looked at later, one without a file is given up."""
    export = shop_exports.load_export(tx.connection, export_id)
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
        note_working(tx, export.channel, _query(export))
    else:
        note_failure(
            tx, export.channel, _query(export), f"an export ended as {shown['words']}", at_once=shown["denied"]
        )
    if shown.get("digest") is None and not whole:
        give_up(tx, export_id, shown["words"])
        return False
    shop_exports.move_export(
        tx.connection,
        export_id,
        stage=ExportStage.READ.value,
        evidence=shown.get("digest"),
        whole=whole,
        rows=shown["lines"],
        words=shown["words"],
    )
    return True


def write_rows(tx: Tx, export_id: int) -> int:
    """Its lines as rows of the database, once; how many. Raises DocumentError, and keeps none of them."""
    export = shop_exports.load_export(tx.connection, export_id)
    return _taking(export).write_rows(tx, export, export.evidence) if export.evidence is not None else 0


def take_in_page(tx: Tx, export_id: int, after: str) -> str | None:
    """The next page of its rows; from after which the next begins, None when there is none."""
    export = shop_exports.load_export(tx.connection, export_id)
    return _taking(export).take_in_page(tx, export, after)


def finish_export(tx: Tx, export_id: int) -> None:
    """Taken in."""
    export = shop_exports.load_export(tx.connection, export_id)
    exported_rows.forget_rows(tx.connection, export_id)
    shop_exports.move_export(tx.connection, export_id, stage=ExportStage.DONE.value, ended_at=tx.now)
    if export.whole:
        covered = export.as_of or export.wanted_at
        sources.note_success(
            tx.connection, export.channel, _query(export), covered_until=covered, documents=1, now=tx.now
        )
    _taking(export).finish(tx, export)


def note_unreadable(tx: Tx, export_id: int, words: str) -> None:
    """Its file is not as published: somebody is told, and the shop read otherwise."""
    export = shop_exports.load_export(tx.connection, export_id)
    note_failure(tx, export.channel, _query(export), words, at_once=True)
    give_up(tx, export_id, words)


def give_up(tx: Tx, export_id: int, words: str) -> None:
    """It will not come: its shop is read otherwise."""
    export = shop_exports.load_export(tx.connection, export_id)
    if export.stage in UNDER_WAY:
        values = {"stage": ExportStage.FAILED.value, "words": words[:4000], "ended_at": tx.now}
        shop_exports.move_export(tx.connection, export_id, **values)
        exported_rows.forget_rows(tx.connection, export_id)
        _taking(export).give_up(tx, export)


def note_not_done(tx: Tx, export_id: int, words: str, wait: int, at_once: bool) -> None:
    """Not now: tried again later, or given up when that has gone on for long."""
    export = shop_exports.load_export(tx.connection, export_id)
    failures = note_failure(tx, export.channel, _query(export), words, at_once=at_once)
    if tx.now - export.wanted_at > LONGEST or at_once:
        give_up(tx, export_id, words)
    else:
        _again(tx, export, max(timedelta(seconds=wait), LOOKS[min(failures, len(LOOKS) - 1)]))


def _query(export: ShopExport) -> str:
    """How the source's failures and successes are told apart."""
    return f"{export.content}-export"


def _taking(export: ShopExport) -> Taking:
    match Exported(export.content):
        case Exported.STOCK:
            return STOCK
        case Exported.PRODUCTS:
            return PRODUCTS


def _again(tx: Tx, export: ShopExport, after: timedelta) -> None:
    turn = shop_exports.next_turn(tx.connection, export.id)
    due: datetime = tx.now + after
    tx.at(due, EXPORT_FLOW, _run(export.id, turn), export.id, turn)


def _run(export_id: int, turn: int) -> str:
    return f"export:{export_id}:{turn}"


FLOWS = (Flow[World](EXPORT_FLOW, export_shop, "looks"),)
