"""Poll receipts: what buyers' docks have counted in of each line, as their own status of orders tells it, over the days it takes.

A witness: nothing of it is booked. Windows overlap by days, for a status may lag behind the docks, and the newest word on a line
counts, so that pages may come late, twice and in any order. What a look at one order shows is kept in the same way
(prove_delivery.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, RemoteError
from trueup.domain.deliveries import DeliveryState
from trueup.domain.landing import OrderStatus
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.storage import deliveries, line_receipts, orders, sources
from trueup.storage.line_receipts import Look
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, keep_evidence, needs_person, note_failure, note_working
from trueup.workflows.taking_in import hold_document, note_findings
from trueup.workflows.world import Flowing, Tx, World

KIND, QUERY = "status", "receipts"
MOST_PAGES = 10_000
"""A listing longer than this repeats itself."""


def poll_receipts(c: Flowing, partner: str) -> None:
    """One window of what changed, all its pages; then the next round is set."""
    window = c.commit(next_window, partner, c.run_id)
    page: str | None = None
    for number in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_page, window, page, number)
        except NOT_DONE as error:
            c.commit(note_poll_failure, partner, window, str(error), needs_person(error))
            return
        c.commit(take_in_page, partner, window["source"], fetched["digest"], fetched["name"])
        if page is not None and fetched["next_page"] == page:
            c.commit(note_poll_failure, partner, window, f"page {number + 1} leads to the same page again", False)
            return
        page = fetched["next_page"]
        if page is None:
            c.commit(finish_window, partner, window, number + 1)
            return
    c.commit(note_poll_failure, partner, window, f"a listing of more than {MOST_PAGES} pages", False)


def receipt_rounds(world: World) -> list[Rounds]:
    """Every chain of polls: one a partner that tells the status of orders."""
    return [_rounds(world, partner) for partner, routes in world.routes.items() if routes.status_source is not None]


def ensure_receipts(tx: Tx) -> None:
    """Ask every partner at once, and go on from there. Called whenever a worker starts."""
    for rounds in receipt_rounds(tx.resources):
        start_rounds(tx, rounds)


def next_window(tx: Tx, partner: str, run_id: str) -> dict[str, str]:
    """From where it is covered, less the overlap, to now, at most as long as the source allows; of which source and run it is."""
    world, name = tx.resources, tx.resources.routes[partner].status_source or ""
    source = world.connections.status_sources[name]
    state = sources.load_source(tx.connection, name, QUERY)
    farthest = tx.now - timedelta(seconds=source.farthest_back_seconds) + timedelta(hours=1)
    # A clock that jumped back must not leave a gap behind it: never start later than an overlap before now.
    covered = min(state.covered_until, tx.now) if state.covered_until else tx.now - world.pace.back_fill
    longest = timedelta(seconds=source.longest_window_seconds)
    # A window that were all overlap would cover nothing new.
    start = max(farthest, covered - min(world.pace.receipts_overlap, longest / 2))
    end = min(tx.now, start + longest)
    return {"start": write_instant(start), "end": write_instant(end), "source": name, "run": run_id}


def fetch_page(world: World, window: dict[str, str], page: str | None, number: int) -> dict[str, Any]:
    """Fetch one page and archive it before anything reads it."""
    source = world.connections.status_sources[window["source"]]
    name = f"statuses {window['start']} to {window['end']} page {number + 1}"
    try:
        fetched = source.fetch_order_statuses(read_instant(window["start"]), read_instant(window["end"]), page)
    except RemoteError as error:
        keep_evidence(world, error, kind=KIND, source=source.name, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind=KIND, source=source.name, name=name)
    return {"digest": digest, "name": name, "next_page": fetched.next_page}


def take_in_page(tx: Tx, partner: str, source: str, digest: str, name: str) -> int:
    """Read an archived page; returns of how many orders it told news."""
    try:
        reading = read_order_statuses(tx.resources.read(tx.connection, digest))
    except DocumentError as error:
        hold_document(tx, digest, partner, name, str(error))
        return 0
    news = keep_receipts(tx, Look(partner, source, digest, tx.now), reading.values)
    for status in reading.values:
        if not status.open:
            _note_closed(tx, partner, status.number)
    case = note_findings(tx, reading, partner)
    became = Counter({"with news of receipts": news, "as known": len(reading.values) - news})
    unfit = {"could not be read": reading.facts["unfit"]}
    tx.count(Tally("orders", reading.facts["listed"], became, unfit, (case,) if case else ()))
    return news


def keep_receipts(tx: Tx, look: Look, statuses: Iterable[OrderStatus]) -> int:
    """Keep what these statuses say was counted in; returns of how many orders that was news."""
    # In one order, so that two looks at the same orders wait for each other and never in a circle.
    ordered = sorted(statuses, key=lambda status: status.number)
    return sum(line_receipts.save_receipts(tx.connection, look, status) > 0 for status in ordered)


def _note_closed(tx: Tx, partner: str, number: str) -> None:
    """The buyer shows it closed: all came, or no more will. One whose answer is not proven is left to who proves answers."""
    order_id = orders.find_order(tx.connection, partner, number)
    if order_id is not None:
        answers = deliveries.load_order_deliveries(tx.connection, order_id)
        if any(each.state is DeliveryState.ACCEPTED for each in answers):
            orders.note_closed(tx.connection, order_id)


def finish_window(tx: Tx, partner: str, window: dict[str, str], pages: int) -> None:
    """The window is covered; the next round follows at once while we are behind."""
    pace, end = tx.resources.pace, read_instant(window["end"])
    sources.note_success(tx.connection, window["source"], QUERY, covered_until=end, documents=pages, now=tx.now)
    note_working(tx, window["source"], QUERY)
    behind = tx.now - end > pace.receipts
    set_next(tx, _rounds(tx.resources, partner), window["run"], timedelta(seconds=1) if behind else pace.receipts)


def note_poll_failure(tx: Tx, partner: str, window: dict[str, str], error: str, forbidden: bool) -> None:
    """It failed; try again later, and tell someone when it goes on or only a person can mend it."""
    failures = note_failure(tx, window["source"], QUERY, error, at_once=forbidden)
    set_next(tx, _rounds(tx.resources, partner), window["run"], timedelta(minutes=min(5 * failures, 60)))


def _rounds(world: World, partner: str) -> Rounds:
    source = world.routes[partner].status_source or ""
    return Rounds("poll_receipts", f"receipts:{partner}", source, QUERY, (partner,), world.pace.receipts)


FLOWS = (Flow[World]("poll_receipts", poll_receipts, "polls"),)
