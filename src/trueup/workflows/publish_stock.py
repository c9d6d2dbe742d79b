"""Publish stock: one run at a time brings a channel to hold what it should, in the fewest writes, and settles what it was told.

    what changed ──> read, where nothing is known ──> decide ──> kept with a key ──> sent ──> settled

A run takes what waits when it begins, so a burst becomes full writes and a single change leaves at once. What it takes stays
marked until it is settled. A write is kept before it is sent and sent under its key until its end is known: after a crash the
same bytes go again under the same key, which the channel does once. A row that is no longer what was expected is read and
decided again; the rest go without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from trueup.base.errors import Refused, Rejected, RemoteError, Throttled, TrueupError
from trueup.domain.escalation import span_words
from trueup.domain.publishing import CountWrite, Due, HoldMove, ShownStock, WantedStock, decide
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import accepted_stock, publications, pumps, sources, stock_writes
from trueup.storage.accepted_stock import AcceptedStock
from trueup.storage.json_values import from_json, to_json
from trueup.storage.publications import Publication
from trueup.storage.stock_writes import StockWrite, WriteKind, WriteRow, WriteState
from trueup.workflows.shown_stock import note_gone, take_in_shown
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.stock_cases import close_refused, tell_refused, tell_unanswered
from trueup.workflows.wake_stock import FLOW, look_later, pump_name
from trueup.workflows.wanted_stock import wanted_stock
from trueup.workflows.world import Flowing, Tx, World

QUERY = "stock"
_UNTRACKED = "not counted there"
LONGEST_PAUSE = timedelta(minutes=10)
"""What failed is tried again after a pause that grows with its failures, and is never longer than this."""


def publish_stock(c: Flowing, channel: str, number: int) -> None:
    """One run of a channel's pump: read what is to be read, write what is to be written, and rest or go on."""
    reads = c.commit(plan_reads, channel, number)
    if reads is None:
        return
    failed: TrueupError | None = None
    try:
        if reads:
            shown = c.step(read_items, channel, reads)
            c.commit(note_read, channel, reads, shown)
    except NOT_DONE as error:
        failed = error
    for key in c.commit(prepare_writes, channel, c.run_id) if failed is None else ():
        try:
            written = c.step(send_write, channel, key)
        except Rejected as error:
            c.commit(note_refused, channel, key, str(error))
        except NOT_DONE as error:
            failed = error
            c.commit(note_undone, key, str(error))
            break
        else:
            c.commit(settle_written, channel, key, written)
    words, pause, at_once = (str(failed), pause_seconds(failed), needs_person(failed)) if failed else ("", 0, False)
    c.commit(finish_run, channel, number, words, pause, at_once)


def plan_reads(tx: Tx, channel: str, number: int) -> list[str] | None:
    """The items about which nothing can be decided unread. None when this run was taken for lost and another took its place."""
    if not pumps.keep_pump(tx.connection, pump_name(channel), number, tx.now):
        return None
    changed = publications.list_changed(tx.connection, channel, _most_rows(tx.resources, channel))
    return sorted(
        {each.place.item for each in changed if each.standing.believed is None or each.standing.shown is None}
    )


def read_items(world: World, channel: str, items: list[str]) -> dict[str, Any]:
    """What the channel shows of the items, at every place it sells from."""
    found: list[ShownStock] = []
    trail: list[bytes] = []
    for location in world.places_of(channel):
        observed = world.connections.stock_readers[channel].read_stock(items, location)
        found += observed.value
        trail.append(observed.evidence)
    return {"shown": to_json(found), "evidence": b"\n".join(trail).decode()}


def note_read(tx: Tx, channel: str, items: list[str], shown: dict[str, Any]) -> int:
    """The channel's word on them, known from now on."""
    found = [from_json(each, ShownStock) for each in shown["shown"]]
    news = take_in_shown(tx, channel, found, shown["evidence"])
    note_gone(tx, channel, items, found)
    return news


def prepare_writes(tx: Tx, channel: str, run_id: str) -> list[str]:
    """The keys of what is to be sent now: writes whose end is not known yet, and what changed since, in as few as possible."""
    standing = stock_writes.open_writes(tx.connection, channel)
    if standing:
        tx.count(Tally("writes whose end is not known", len(standing), {"sent again under their keys": len(standing)}))
        return [write.key for write in standing]
    most = _most_rows(tx.resources, channel)
    changed = publications.list_changed(tx.connection, channel, most)
    decided = _decided(tx, channel, changed)
    settled = [each for each, _, due in decided if due.nothing or not may_write(each)]
    publications.settle_changed(tx.connection, channel, [_settled(each) for each in settled])
    rows = [(_row(each, due, wanted), due) for each, wanted, due in decided if may_write(each)]
    became = Counter(_becomes(each, due) for each, _, due in decided)
    tx.count(Tally("numbers", len(changed), became, {_UNTRACKED: became.pop(_UNTRACKED, 0)}))
    keys = []
    for kind in WriteKind:
        mine = [row for row, due in rows if (due.count if kind is WriteKind.COUNTS else due.hold)]
        if mine:
            key = str(uuid5(NAMESPACE_URL, f"trueup stock {run_id} {kind.value}"))
            write = StockWrite(key, channel, kind, WriteState.OPEN, tuple(_of_kind(row, kind) for row in mine), tx.now)
            stock_writes.save_write(tx.connection, write)
            keys.append(key)
    return keys


def _becomes(each: Publication, due: Due) -> str:
    if due.nothing:
        return "shown as they should be"
    return "to be sent" if may_write(each) else _UNTRACKED


def _decided(tx: Tx, channel: str, changed: Sequence[Publication]) -> list[tuple[Publication, WantedStock, Due]]:
    wanted = wanted_stock(tx, channel, [_key(each) for each in changed])
    return [
        (
            each,
            wanted[_key(each)],
            decide(each.place.sku, each.place.item, each.place.location, wanted[_key(each)], each.standing),
        )
        for each in changed
    ]


def _key(each: Publication) -> tuple[str, str]:
    return each.place.sku, each.place.location


def may_write(each: Publication) -> bool:
    """Whether anything can be written of it: what the channel does not track it sells without a count, whatever is written."""
    return each.standing.shown is None or each.standing.shown.tracked


def _row(each: Publication, due: Due, wanted: WantedStock) -> WriteRow:
    since = each.changed_since
    assert since is not None, f"{each.place}: listed as changed, and not marked"
    whole = due.count is None or due.hold is None
    row = WriteRow(due.count, due.hold, wanted.counted_at, wanted.held, wanted.why, each.changes, since, whole)
    if due.count is None or wanted.on_hand is None:
        return row
    return replace(row, published=wanted.on_hand - wanted.gone, gone=wanted.gone, recounted=due.recounted)


def _of_kind(row: WriteRow, kind: WriteKind) -> WriteRow:
    if kind is WriteKind.COUNTS:
        return replace(row, hold=None)
    return replace(row, count=None, counted_at=None, published=None, gone=None)


def _settled(each: Publication) -> tuple[str, str, int]:
    return each.place.sku, each.place.location, each.changes


def send_write(world: World, channel: str, key: str) -> dict[str, Any]:
    """Send it under its key, unless the channel may have forgotten that key: then the same would be done again."""
    with world.database.transaction() as connection:
        write = stock_writes.load_write(connection, key)
    sink = world.connections.stock_sinks[channel]
    age = world.clock.now() - write.made_at
    if not timedelta(0) <= age + timedelta(minutes=1) < timedelta(seconds=sink.remembers_seconds // 2):
        raise Refused(
            f"Stock write {key} to {channel} is {span_words(age)} old; it is not sent again, but read back and decided anew."
        )
    if write.kind is WriteKind.COUNTS:
        counts = [row.count for row in write.rows if row.count is not None]
        written = sink.set_counts(key, counts)
    else:
        holds = [row.hold for row in write.rows if row.hold is not None]
        written = sink.move_holds(key, holds)
    return {
        "evidence": written.evidence.decode(errors="replace"),
        "stale": list(written.stale),
        "refused": {str(row): words for row, words in written.refused.items()},
    }


def settle_written(tx: Tx, channel: str, key: str, written: dict[str, Any]) -> str:
    """Taken: that is what the channel holds now, until it is read back. Not taken: the rows named are read, or told of."""
    write = stock_writes.load_write(tx.connection, key)
    if write.state is not WriteState.OPEN:
        return write.state.value
    evidence = tx.resources.keep(
        tx.connection,
        written["evidence"].encode(),
        kind="stock-write",
        source=channel,
        name=f"{write.kind.value} {key}",
    )
    stale = [write.rows[row] for row in written["stale"]]
    refused = {int(row): words for row, words in written["refused"].items()}
    if stale or refused:
        publications.forget_belief(tx.connection, channel, [_place(row) for row in stale])
        cases = [tell_refused(tx, channel, write.rows[number], words, evidence) for number, words in refused.items()]
        out = {"no longer as expected, read again": len(stale), "decided again": _others(write, written)}
        tx.count(Tally("numbers", len(write.rows), out, {"refused": len(refused)}, cases))
        given_up = [(*_place(write.rows[number]), write.rows[number].changes) for number in refused]
        publications.settle_changed(tx.connection, channel, given_up)
        said = f"{len(stale)} no longer as expected, {len(refused)} refused"
        stock_writes.settle_write(tx.connection, key, WriteState.REFUSED, said=said, evidence=evidence, now=tx.now)
        return said
    _note_accepted(tx, channel, write)
    tx.count(Tally("numbers", len(write.rows), {"taken, not read back yet": len(write.rows)}))
    stock_writes.settle_write(
        tx.connection, key, WriteState.ACCEPTED, said=f"{len(write.rows)} taken", evidence=evidence, now=tx.now
    )
    return WriteState.ACCEPTED.value


def _others(write: StockWrite, written: dict[str, Any]) -> int:
    """How many rows of a write the channel did not name: none of them was done."""
    named = {*written["stale"], *map(int, written["refused"])}
    return sum(1 for row in range(len(write.rows)) if row not in named)


def _note_accepted(tx: Tx, channel: str, write: StockWrite) -> None:
    rows = []
    for row in write.rows:
        believed = row.count.eaches if row.count else None
        published = believed if row.published is None else row.published
        accepted = AcceptedStock(
            *_place(row),
            believed,
            row.counted_at,
            row.held if row.hold else None,
            row.why,
            published,
            row.gone,
            write.made_at if row.count and row.recounted else None,
        )
        rows.append((accepted, row.since))
    accepted_stock.note_accepted(tx.connection, channel, rows, tx.now)
    close_refused(tx, channel, [_place(row) for row in write.rows])
    # Where the other kind of write is due too it stays marked: the next run finds whether both were taken.
    whole = [(*_place(row), row.changes) for row in write.rows if row.whole]
    publications.settle_changed(tx.connection, channel, whole)
    look_later(tx, channel, [what.item for row in write.rows if (what := row.count or row.hold) is not None])


def note_undone(tx: Tx, key: str, words: str) -> None:
    """It did not get through, or nobody knows: it stays open and goes again under its key. Too old for that, it is given up."""
    write = stock_writes.load_write(tx.connection, key)
    tx.count(Tally("numbers", len(write.rows), {"not known, sent again under their key": len(write.rows)}))
    sink = tx.resources.connections.stock_sinks.get(write.channel)
    remembers = timedelta(seconds=sink.remembers_seconds // 2) if sink else timedelta(0)
    if write.state is WriteState.OPEN and not timedelta(0) <= tx.now - write.made_at + timedelta(minutes=1) < remembers:
        _give_up(tx, write, words)


def _give_up(tx: Tx, write: StockWrite, words: str) -> None:
    """Nobody can say. A count is read and compared before the next; of a hold we believe the smaller number, which sells less
    twice: what was to be released counts as released."""
    for row in write.rows:
        if row.hold is not None and row.hold.eaches < 0:
            place = publications.ChannelItem(write.channel, row.hold.sku, row.hold.location, row.hold.item)
            publications.note_held(tx.connection, place, row.held)
    publications.forget_belief(tx.connection, write.channel, [_place(row) for row in write.rows])
    tell_unanswered(tx, write, words)
    stock_writes.settle_write(tx.connection, write.key, WriteState.UNANSWERED, said=words, evidence=None, now=tx.now)


def note_refused(tx: Tx, channel: str, key: str, words: str) -> None:
    """Refused as a whole: its rows are read and decided again later, and somebody is told why."""
    write = stock_writes.load_write(tx.connection, key)
    if write.state is not WriteState.OPEN:
        return
    stock_writes.settle_write(tx.connection, key, WriteState.REFUSED, said=words, evidence=None, now=tx.now)
    cases = [tell_refused(tx, channel, row, words, "") for row in write.rows]
    tx.count(Tally("numbers", len(write.rows), {}, {"refused": len(cases)}, cases))
    publications.forget_belief(tx.connection, channel, [_place(row) for row in write.rows])
    publications.settle_changed(tx.connection, channel, [(*_place(row), row.changes) for row in write.rows])


def _place(row: WriteRow) -> tuple[str, str]:
    what: CountWrite | HoldMove | None = row.count or row.hold
    assert what is not None, "a row of a write sets something"
    return what.sku, what.location


def finish_run(tx: Tx, channel: str, number: int, failed: str, pause: int, at_once: bool) -> None:
    """Rest when nothing waits; else the next run follows: at once with a full write's worth, soon while writes succeed, later
    when they do not."""
    name = pump_name(channel)
    if not pumps.lock_pump(tx.connection, name, number):
        return
    most = _most_rows(tx.resources, channel)
    waiting = publications.count_changed(tx.connection, channel, most)
    after = tx.resources.pace.stock_pause if waiting < most else timedelta(0)
    sources.load_source(tx.connection, channel, QUERY)
    if failed:
        failures = note_failure(tx, channel, QUERY, failed, at_once=at_once)
        after = min(LONGEST_PAUSE, timedelta(seconds=max(1, pause) * failures))
    else:
        note_working(tx, channel, QUERY)
    if waiting or stock_writes.open_writes(tx.connection, channel):
        following = pumps.next_round(tx.connection, name, tx.now)
        tx.at(tx.now + after, FLOW, f"stock:{channel}:{following}", channel, following)
    else:
        pumps.rest_pump(tx.connection, name)


def _most_rows(world: World, channel: str) -> int:
    return world.connections.stock_sinks[channel].most_rows


def pause_seconds(error: TrueupError) -> int:
    """How long to wait before the next try, at the first failure."""
    if isinstance(error, Throttled):
        return max(1, int(error.retry_after_seconds) + 1)
    return 10 if isinstance(error, RemoteError) and not needs_person(error) else 300


FLOWS = (Flow[World](FLOW, publish_stock, "stock"),)
