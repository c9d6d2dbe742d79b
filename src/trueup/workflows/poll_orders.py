"""Poll orders: fetch what was created or changed in overlapping windows, archive each page, take in its orders.

Amazon sends no word of a new purchase order, so polling is all there is. Windows overlap because pages come late and
re-ordered; taking in is by number and revision, so seeing an order again changes nothing. Absence is not deletion.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, RemoteError, Throttled, TrueupError
from trueup.durable.flow import Flow
from trueup.formats.amazon_vendor.orders import read_orders
from trueup.remote.capability import OrderQuery
from trueup.storage import sources
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, keep_evidence, needs_person, note_failure, note_working
from trueup.workflows.taking_in import hold_document, take_in_orders
from trueup.workflows.world import Flowing, Tx, World

MOST_PAGES = 10_000
"""A listing longer than this repeats itself: a page token that never ends is a defect of the other side."""


def poll_orders(c: Flowing, partner: str, query: str) -> None:
    """One window of one query of one partner, all its pages; then the next round is set."""
    window = c.commit(next_window, partner, query, c.run_id)
    page: str | None = None
    for number in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_page, partner, query, window, page, number)
        except NOT_DONE as error:
            c.commit(note_poll_failure, partner, window, str(error), _pause_seconds(error), needs_person(error))
            return
        c.commit(take_in_page, partner, fetched["digest"], fetched["name"])
        if page is not None and fetched["next_page"] == page:
            c.commit(note_poll_failure, partner, window, f"page {number + 1} leads to the same page again", 300, False)
            return
        page = fetched["next_page"]
        if page is None:
            c.commit(finish_window, partner, window, number + 1)
            return
    c.commit(note_poll_failure, partner, window, f"a listing of more than {MOST_PAGES} pages", 3600, False)


def ensure_polls(tx: Tx) -> None:
    """Ask every query at once, and go on from there. Called whenever a worker starts."""
    for rounds in poll_rounds(tx.resources):
        start_rounds(tx, rounds)


def poll_rounds(world: World) -> list[Rounds]:
    """Every chain of polls: one a query of a partner."""
    partners = [partner for partner, routes in world.routes.items() if routes.order_source is not None]
    return [_rounds(world, partner, query.value) for partner in partners for query in OrderQuery]


def next_window(tx: Tx, partner: str, query: str, run_id: str) -> dict[str, str]:
    """From where the source is covered, less the overlap, to now, at most as long as the source allows; of which query
    and run it is."""
    world = tx.resources
    source = world.connections.order_sources[world.routes[partner].order_source or ""]
    state = sources.load_source(tx.connection, source.name, query)
    longest = timedelta(seconds=source.longest_window_seconds)
    farthest = tx.now - timedelta(seconds=source.farthest_back_seconds) + timedelta(hours=1)
    # A clock that jumped back must not leave a gap behind it: never start later than an overlap before now.
    covered = min(state.covered_until, tx.now) if state.covered_until else tx.now - world.pace.back_fill
    start = max(farthest, covered - world.pace.overlap)
    end = min(tx.now, start + longest)
    return {"start": write_instant(start), "end": write_instant(end), "query": query, "run": run_id}


def fetch_page(
    world: World, partner: str, query: str, window: dict[str, str], page: str | None, number: int
) -> dict[str, Any]:
    """Fetch one page and archive it before anything reads it."""
    source = world.connections.order_sources[world.routes[partner].order_source or ""]
    start, end = read_instant(window["start"]), read_instant(window["end"])
    name = f"{query} {window['start']} to {window['end']} page {number + 1}"
    try:
        fetched = source.fetch_orders(OrderQuery(query), start, end, page)
    except RemoteError as error:
        keep_evidence(world, error, kind="orders", source=source.name, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind="orders", source=source.name, name=name)
    return {"digest": digest, "name": name, "next_page": fetched.next_page}


def take_in_page(tx: Tx, partner: str, digest: str, name: str) -> int:
    """Read an archived page; returns how many orders are to be answered."""
    content = tx.resources.read(tx.connection, digest)
    try:
        reading = read_orders(content, partner=partner)
    except DocumentError as error:
        hold_document(tx, digest, partner, name, str(error))
        return 0
    return len(take_in_orders(tx, reading, partner))


def finish_window(tx: Tx, partner: str, window: dict[str, str], pages: int) -> None:
    """The window is covered; the next round follows at once while we are behind."""
    world, query = tx.resources, window["query"]
    source = world.routes[partner].order_source or ""
    end = read_instant(window["end"])
    sources.note_success(tx.connection, source, query, covered_until=end, documents=pages, now=tx.now)
    note_working(tx, source, query)
    behind = tx.now - end > world.pace.poll
    _set_next(tx, partner, window, timedelta(seconds=1) if behind else world.pace.poll)


def note_poll_failure(
    tx: Tx, partner: str, window: dict[str, str], error: str, pause_seconds: int, forbidden: bool
) -> None:
    """It failed; try again later, and tell someone when it goes on or only a person can mend it."""
    source = tx.resources.routes[partner].order_source or ""
    failures = note_failure(tx, source, window["query"], error, at_once=forbidden)
    _set_next(tx, partner, window, timedelta(seconds=pause_seconds * min(failures, 20)))


def _set_next(tx: Tx, partner: str, window: dict[str, str], after: timedelta) -> None:
    set_next(tx, _rounds(tx.resources, partner, window["query"]), window["run"], after)


def _rounds(world: World, partner: str, query: str) -> Rounds:
    source = world.routes[partner].order_source or ""
    return Rounds("poll_orders", f"poll:{partner}:{query}", source, query, (partner, query), world.pace.poll)


def _pause_seconds(error: TrueupError) -> int:
    if isinstance(error, Throttled):
        return max(1, int(error.retry_after_seconds) + 1)
    return 300 if needs_person(error) else 30


FLOWS = (Flow[World]("poll_orders", poll_orders, "polls"),)
