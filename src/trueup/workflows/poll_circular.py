"""Poll a circular programme: cycles by when they changed, in overlapping windows; items, returns and blocked dates read whole.

Items, returns and blocked dates have no telling of what changed, so a sweep reads all of them, paced by the connection's own
budget. What a whole sweep did not tell of is asked for by its id before it is believed to be gone; its shadow stays. A signal
(a shop's automation that calls us) only brings the next look forward: nothing it says is believed.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import NotFound, RemoteError, Throttled, TrueupError
from trueup.domain.circular import BlockedDate, Cycle, Item, ReturnOrder
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.remote.circular import Batch, CircularConnection, CycleQuery, ItemQuery
from trueup.remote.observed import Observed
from trueup.storage import circular, sources
from trueup.storage.circular import Kind, Said
from trueup.storage.json_values import from_json, to_json
from trueup.workflows.circular_findings import note_findings, settle_findings
from trueup.workflows.prove_books import ask_proofs
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, keep_evidence, needs_person, note_failure, note_working
from trueup.workflows.withhold_items import mend_claims
from trueup.workflows.world import Flowing, Tx, World

CYCLES, SWEEP = "cycles", "sweep"
MOST_PAGES = 100_000
MOST_ASKED = 200
"""So many records that a sweep did not tell of are asked for by id in one round; the others in the next."""
SWEEPS_ASKED_FOR = 12
"""So many sweeps may be asked for in the time of one that comes by itself: each reads everything, however little is news."""
_CLASSES: dict[str, type[Any]] = {
    Kind.ITEM.value: Item,
    Kind.CYCLE.value: Cycle,
    Kind.RETURN.value: ReturnOrder,
    Kind.BLOCKED.value: BlockedDate,
}
_SWEPT = (Kind.ITEM, Kind.RETURN, Kind.BLOCKED)
_ASKED_BY_ID = (Kind.ITEM, Kind.RETURN)


def poll_cycles(c: Flowing, programme: str) -> None:
    """One window of changed cycles, all its pages; then the next round is set."""
    window = c.commit(next_window, programme)
    done = _read_all(c, programme, CYCLES, Kind.CYCLE, window)
    if done is not None:
        c.commit(finish_window, programme, window, c.run_id, done)


def sweep_programme(c: Flowing, programme: str) -> None:
    """Everything that does not tell what changed, read whole; then what was not told of is asked for by id."""
    began = write_instant(c.now())
    count = 0
    for kind in _SWEPT:
        done = _read_all(c, programme, SWEEP, kind, {})
        if done is None:
            return
        count += done
    for kind in _ASKED_BY_ID:
        missing = c.commit(find_missing, programme, kind.value, began)
        for record in missing:
            try:
                found = c.step(fetch_one, programme, kind.value, record)
            except NOT_DONE as error:
                c.commit(note_poll_failure, programme, SWEEP, c.run_id, _failure(error))
                return
            c.commit(settle_missing, programme, kind.value, record, found)
    c.commit(finish_sweep, programme, c.run_id, count, began)


def _read_all(c: Flowing, programme: str, query: str, kind: Kind, window: dict[str, str]) -> int | None:
    """Every page of a listing; how many records, None when it did not come to its end (which is noted)."""
    page: str | None = None
    count = 0
    for number in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_page, programme, kind.value, window, page, number)
        except NOT_DONE as error:
            c.commit(note_poll_failure, programme, query, c.run_id, _failure(error))
            return None
        count += c.commit(take_in_page, programme, kind.value, fetched)
        if page is not None and fetched["next_page"] == page:
            words = f"page {number + 1} of {kind.value}s leads to the same page again"
            c.commit(note_poll_failure, programme, query, c.run_id, _told(words, 300))
            return None
        page = fetched["next_page"]
        if page is None:
            return count
    endless = _told(f"a listing of more than {MOST_PAGES} pages", 3600)
    c.commit(note_poll_failure, programme, query, c.run_id, endless)
    return None


def ensure_circular(tx: Tx) -> None:
    """Ask every programme at once, and go on from there. Called whenever a worker starts."""
    for rounds in circular_rounds(tx.resources):
        start_rounds(tx, rounds)


def circular_rounds(world: World) -> list[Rounds]:
    """Every chain of rounds: two a programme."""
    return [_rounds(world, name, query) for name in world.programmes for query in (CYCLES, SWEEP)]


def next_window(tx: Tx, programme: str) -> dict[str, str]:
    """From where cycles are covered, less the overlap, to now. There is no longest window."""
    world = tx.resources
    state = sources.load_source(tx.connection, programme, CYCLES)
    # A clock that jumped back must not leave a gap behind it: never start later than an overlap before now.
    covered = min(state.covered_until, tx.now) if state.covered_until else None
    window = {"end": write_instant(tx.now)}
    if covered is not None:
        window["start"] = write_instant(covered - world.pace.overlap)
    return window


def fetch_page(
    world: World, programme: str, kind: str, window: dict[str, str], page: str | None, number: int
) -> dict[str, Any]:
    """Fetch one page and archive it; returns its records, its findings, and when it was asked for."""
    at = world.clock.now()
    name = f"{kind}s{f' changed since {start}' if (start := window.get('start')) else ''}, page {number + 1}"
    try:
        observed = _ask(world.programmes[programme].connection, Kind(kind), window, page)
    except RemoteError as error:
        keep_evidence(world, error, kind=f"circular-{kind}", source=programme, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, observed.evidence, kind=f"circular-{kind}", source=programme, name=name)
    batch = observed.value
    return {
        "records": [to_json(record) for record in batch.values],
        "findings": [[finding.weight.value, finding.path, finding.words] for finding in batch.findings],
        "next_page": batch.next_page,
        "evidence": digest,
        "at": write_instant(at),
    }


def _ask(connection: CircularConnection, kind: Kind, window: dict[str, str], page: str | None) -> Observed[Batch[Any]]:
    match kind:
        case Kind.ITEM:
            return connection.items.fetch_items(ItemQuery(), page)
        case Kind.CYCLE:
            start = read_instant(window["start"]) if "start" in window else None
            return connection.cycles.fetch_cycles(CycleQuery(updated_from=start), page)
        case Kind.RETURN:
            return connection.returns.fetch_returns(page)
        case Kind.BLOCKED:
            return connection.blocked_dates.fetch_blocked_dates(page)


def take_in_page(tx: Tx, programme: str, kind: str, fetched: dict[str, Any]) -> int:
    """Keep what a page says; returns how many records it told of."""
    records = [from_json(record, _CLASSES[kind]) for record in fetched["records"]]
    said = Said(programme, fetched["evidence"], read_instant(fetched["at"]))
    changes = circular.save_records(tx.connection, records, said)
    case, left_out = note_findings(tx, programme, kind, fetched["findings"], fetched["evidence"])
    changed = {each.record for each in changes}
    became = Counter("changed" if each.id in changed else "as before" for each in records)
    held = {"could not be read": left_out}
    tx.count(Tally(f"{kind}s", len(records) + left_out, became, held, (case,) if case else ()))
    if changes:
        after_changes(tx, programme, changes)
    return len(records)


def after_changes(tx: Tx, programme: str, changes: list[circular.Change]) -> None:
    """Something is not as it was: what compares is asked to look, soon and once for many changes."""
    if any(change.kind is not Kind.RETURN for change in changes):
        ask_proofs(tx)


def finish_window(tx: Tx, programme: str, window: dict[str, str], run_id: str, count: int) -> None:
    """The window is covered; the next round follows."""
    mend_claims(tx)
    _finish(tx, programme, CYCLES, run_id, (read_instant(window["end"]), count))


def find_missing(tx: Tx, programme: str, kind: str, began: str) -> list[int]:
    """Records that the sweep which began then did not tell of."""
    return circular.unseen_since(tx.connection, programme, Kind(kind), read_instant(began), MOST_ASKED)


def fetch_one(world: World, programme: str, kind: str, record: int) -> dict[str, Any]:
    """One record by its id; without a record when the system does not know it."""
    connection = world.programmes[programme].connection
    at = world.clock.now()
    try:
        observed: Observed[Any] = (
            connection.items.fetch_item(record) if kind == Kind.ITEM else connection.returns.fetch_return(record)
        )
    except NotFound as error:
        return {"record": None, "evidence": str(error), "at": write_instant(at)}
    return {"record": to_json(observed.value), "evidence": observed.evidence.decode(), "at": write_instant(at)}


def settle_missing(tx: Tx, programme: str, kind: str, record: int, found: dict[str, Any]) -> None:
    """Gone, when the system says so by the id; else it is kept as it is said now, though the listing passed it over."""
    content = found["evidence"].encode()
    digest = tx.resources.keep(
        tx.connection, content, kind=f"circular-{kind}", source=programme, name=f"{kind} {record}, asked for by id"
    )
    said = Said(programme, digest, read_instant(found["at"]))
    if found["record"] is not None:
        changes = circular.save_records(tx.connection, [from_json(found["record"], _CLASSES[kind])], said)
    else:
        gone = circular.mark_gone(tx.connection, Kind(kind), record, said)
        changes = [gone] if gone else []
    if changes:
        after_changes(tx, programme, changes)


def finish_sweep(tx: Tx, programme: str, run_id: str, count: int, began: str) -> None:
    """All was read. What nobody finds odd any more is closed."""
    settle_findings(tx, programme, [kind.value for kind in _SWEPT], read_instant(began))
    _finish(tx, programme, SWEEP, run_id, (tx.now, count))


def note_poll_failure(tx: Tx, programme: str, query: str, run_id: str, failure: dict[str, Any]) -> None:
    """It failed; try again later, and tell someone when it goes on or only a person can mend it."""
    failures = note_failure(tx, programme, query, failure["words"], at_once=failure["at_once"])
    after = timedelta(seconds=failure["pause_seconds"] * min(failures, 20))
    set_next(tx, _rounds(tx.resources, programme, query), run_id, after)


def _finish(tx: Tx, programme: str, query: str, run_id: str, covered: tuple[Any, int]) -> None:
    until, count = covered
    sources.note_success(tx.connection, programme, query, covered_until=until, documents=count, now=tx.now)
    note_working(tx, programme, query)
    rounds = _rounds(tx.resources, programme, query)
    set_next(tx, rounds, run_id, rounds.pace)


def _failure(error: TrueupError) -> dict[str, Any]:
    """What is noted of a failure: its words, how long to wait, and whether only a person can mend it."""
    pause = 300 if needs_person(error) else 30
    if isinstance(error, Throttled):
        pause = max(1, int(error.retry_after_seconds) + 1)
    return _told(str(error), pause, at_once=needs_person(error))


def _told(words: str, pause_seconds: int, *, at_once: bool = False) -> dict[str, Any]:
    return {"words": words, "pause_seconds": pause_seconds, "at_once": at_once}


def _rounds(world: World, programme: str, query: str) -> Rounds:
    stem, args, pace = f"{query}:{programme}", (programme,), world.pace
    if query == CYCLES:
        return Rounds("poll_cycles", stem, programme, query, args, pace.circular)
    return Rounds("sweep_programme", stem, programme, query, args, pace.sweep, pace.sweep / SWEEPS_ASKED_FOR)


FLOWS = (
    Flow[World]("poll_cycles", poll_cycles, "polls"),
    Flow[World]("sweep_programme", sweep_programme, "polls"),
)
