"""Poll remittances: what Amazon's finance API says it paid, payment by payment; each page is archived before it is read.

The list of a window tells which payments there are; the lines of each are fetched one payment at a time. Payments change late:
those of the last weeks are fetched again each day, and those that were not successful at every look, however old. Where the API
is not offered nothing is amiss: files bring remittances too, and `trueup check` says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound, RemoteError, Unauthorized
from trueup.base.ids import digest_of_json
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats.remittance.finance_remittances import ListedRemittance, read_remittance, read_remittance_list
from trueup.remote.capability import RemittanceSource, Verdict
from trueup.storage import amazon_invoices, sources
from trueup.storage.amazon_invoices import GONE, PAID, FetchedRemittance
from trueup.storage.json_values import to_json
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.settle_remittance import (
    ask_reconciliation,
    hold_remittance,
    note_remittance_findings,
    take_in,
)
from trueup.workflows.source_failures import NOT_DONE, keep_evidence, needs_person, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

KIND, QUERY = "remittance", "remittances"
MOST_PAGES = 10_000
"""A listing longer than this repeats itself: a page token that never ends is a defect of the other side."""
LATE = timedelta(days=30)
"""For so long lines are added to a payment and its status changes."""
AGAIN_AFTER = timedelta(hours=20)
"""So seldom the lines of a late payment are fetched again when its list says nothing new."""
ASK_AGAIN = timedelta(days=1)
"""How often a source that is not offered is asked whether it is now."""


def poll_remittances(c: Flowing, partner: str, source: str) -> None:
    """One window of one source: its list, the payments that are new or may have changed; then the next round is set."""
    window = c.commit(next_window, source, c.run_id)
    try:
        wanted = _listed(c, partner, source, window)
        for unique_id in wanted:
            _fetch_one(c, partner, source, unique_id, wanted[unique_id])
    except (Unauthorized, NotFound) as error:
        verdict = c.step(probe, source)
        c.commit(note_refused, partner, window, str(error), verdict)
        return
    except NOT_DONE as error:
        c.commit(note_poll_failure, partner, window, str(error), needs_person(error))
        return
    c.commit(finish_window, partner, window, len(wanted))


def _listed(c: Flowing, partner: str, source: str, window: dict[str, str]) -> dict[str, str]:
    """What is to be fetched: unique ids, each with the hash of what the list says of it ("" where it was not asked)."""
    wanted: dict[str, str] = dict.fromkeys(c.commit(unsettled, source), "")
    page: str | None = None
    for number in range(MOST_PAGES):
        fetched = c.step(fetch_list, source, window, page, number)
        wanted |= c.commit(choose_payments, partner, source, fetched["digest"], fetched["name"])
        page = fetched["next_page"]
        if page is None:
            break
    return wanted


def _fetch_one(c: Flowing, partner: str, source: str, unique_id: str, listed: str) -> None:
    """All pages of one payment, then what they say together: half a payment is none."""
    digests: list[str] = []
    page: str | None = None
    for number in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_lines, source, unique_id, page, number)
        except NotFound:
            c.commit(note_gone, source, unique_id, listed)
            return
        digests.append(fetched["digest"])
        page = fetched["next_page"]
        if page is None:
            break
    c.commit(take_in_payment, partner, source, digests, [unique_id, listed])


def remittance_rounds(world: World) -> list[Rounds]:
    """Every chain of polls: one a source of a partner."""
    return [
        _rounds(world, partner, source)
        for partner, routes in world.routes.items()
        for source in routes.remittance_sources
    ]


def ensure_remittance_polls(tx: Tx) -> None:
    """Ask every source at once, and go on from there. Called whenever a worker starts."""
    for rounds in remittance_rounds(tx.resources):
        start_rounds(tx, rounds)


def next_window(tx: Tx, source: str, run_id: str) -> dict[str, str]:
    """From where the source is covered, less what may change late, to now; at first from as far back as it goes."""
    found = tx.resources.connections.remittance_sources[source]
    state = sources.load_source(tx.connection, source, QUERY)
    farthest = tx.now - timedelta(seconds=found.farthest_back_seconds) + timedelta(hours=1)
    covered = min(state.covered_until, tx.now) if state.covered_until else farthest
    start = max(farthest, covered - LATE)
    end = min(tx.now, start + timedelta(seconds=found.longest_window_seconds))
    return {"source": source, "start": write_instant(start), "end": write_instant(end), "run": run_id}


def unsettled(tx: Tx, source: str) -> list[str]:
    """Payments that were under way or failed when they were fetched last."""
    return [each.unique_id for each in amazon_invoices.unsettled_remittances(tx.connection, source)]


def fetch_list(world: World, source: str, window: dict[str, str], page: str | None, number: int) -> dict[str, Any]:
    """One page of the list, archived."""
    found = world.connections.remittance_sources[source]
    name = f"remittances {window['start']} to {window['end']} page {number + 1}"
    start, end = read_instant(window["start"]), read_instant(window["end"])
    try:
        fetched = found.fetch_remittances(start, end, page)
    except RemoteError as error:
        keep_evidence(world, error, kind="remittance-list", source=source, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind="remittance-list", source=source, name=name)
    return {"digest": digest, "name": name, "next_page": fetched.next_page}


def fetch_lines(world: World, source: str, unique_id: str, page: str | None, number: int) -> dict[str, Any]:
    """One page of a payment's lines, archived."""
    name = f"remittance {unique_id} page {number + 1}"
    try:
        fetched = world.connections.remittance_sources[source].fetch_remittance(unique_id, page)
    except RemoteError as error:
        keep_evidence(world, error, kind=KIND, source=source, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind=KIND, source=source, name=name)
    return {"digest": digest, "next_page": fetched.next_page}


def choose_payments(tx: Tx, partner: str, source: str, digest: str, name: str) -> dict[str, str]:
    """Of an archived page of the list, the payments whose lines must be fetched: new, said otherwise, or due again."""
    try:
        reading = read_remittance_list(tx.resources.read(tx.connection, digest))
    except DocumentError as error:
        hold_remittance(tx, partner, name, digest, str(error))
        return {}
    note_remittance_findings(tx, partner, name, reading)
    listed = {each.unique_id or each.payment: each for each in reading.values}
    known = amazon_invoices.load_fetched(tx.connection, source, list(listed))
    same = {each for each in listed if each in known and not _may_differ(known[each], listed[each], tx.now)}
    wanted = {unique_id: _said(each) for unique_id, each in listed.items() if unique_id not in same}
    twice = len(reading.values) - len(listed)
    became = {"to be fetched": len(wanted), "known before": len(same), "listed twice": twice}
    tx.count(Tally("listed payments", len(reading.values), became))
    return wanted


def _may_differ(known: FetchedRemittance, listed: ListedRemittance, now: datetime) -> bool:
    if known.listed != _said(listed):
        return True
    return listed.paid_on >= (now - LATE).date() and now - known.fetched_at >= AGAIN_AFTER


def _said(listed: ListedRemittance) -> str:
    return digest_of_json(to_json(listed))


def take_in_payment(tx: Tx, partner: str, source: str, digests: list[str], asked: list[str]) -> dict[str, int]:
    """Read all pages of a payment and settle it. The evidence is the pages one after the other, archived as such.

    `asked`: its unique id, and the hash of what the list said of it.
    """
    pages = [tx.resources.read(tx.connection, digest) for digest in digests]
    unique_id, listed = asked
    name = f"remittance {unique_id}"
    state, paid_on = "unreadable", tx.now.date()
    evidence, done = digests[0], {"new": 0, "changed": 0, "same": 0}
    try:
        reading = read_remittance(*pages)
        if len(pages) > 1:
            tx.resources.keep(tx.connection, b"".join(pages), kind=KIND, source=source, name=f"{name}, whole")
        evidence = reading.evidence
        note_remittance_findings(tx, partner, name, reading)
        for told in reading.values:
            state, paid_on = told.state.value, told.paid_on
            taken = take_in(tx, partner, [told], evidence)
            done = {"new": taken.new, "changed": taken.changed, "same": taken.same}
    except DocumentError as error:
        hold_remittance(tx, partner, name, digests[0], str(error))
    _note(tx, source, FetchedRemittance(unique_id, paid_on, state, listed, tx.now, evidence))
    if done["new"] or done["changed"]:
        ask_reconciliation(tx, partner)
    return done


def note_gone(tx: Tx, source: str, unique_id: str, listed: str) -> None:
    """The source listed it and does not know it: it is asked for again when the list says something new of it."""
    _note(tx, source, FetchedRemittance(unique_id, tx.now.date(), GONE, listed, tx.now, ""))


def _note(tx: Tx, source: str, fetched: FetchedRemittance) -> None:
    """What was fetched; a payment of a day that the source no longer answers for is not asked for again."""
    known = amazon_invoices.load_fetched(tx.connection, source, [fetched.unique_id]).get(fetched.unique_id)
    if known is not None:
        fetched = replace(fetched, listed=fetched.listed or known.listed, evidence=fetched.evidence or known.evidence)
    if fetched.state != PAID and fetched.paid_on < _oldest(tx, source):
        fetched = replace(fetched, state=GONE)
    amazon_invoices.note_fetched(tx.connection, source, fetched)


def _oldest(tx: Tx, source: str) -> date:
    """The first day that the source still answers for."""
    found = tx.resources.connections.remittance_sources[source]
    return (tx.now - timedelta(seconds=found.farthest_back_seconds)).date()


def probe(world: World, source: str) -> dict[str, str]:
    """Whether the source is offered at all: a refusal says either that, or that the authorisation is broken."""
    found: RemittanceSource = world.connections.remittance_sources[source]
    probed = found.probe_remittances()
    return {"verdict": probed.verdict.value, "found": probed.found}


def note_refused(tx: Tx, partner: str, window: dict[str, str], error: str, verdict: dict[str, str]) -> None:
    """Not offered: nothing is amiss, and it is asked again tomorrow. Anything else is a failure for a person."""
    if verdict["verdict"] != Verdict.UNAVAILABLE.value:
        note_poll_failure(tx, partner, window, error, verdict["verdict"] == Verdict.FAILS.value)
        return
    source = window["source"]
    sources.note_success(tx.connection, source, QUERY, covered_until=None, documents=0, now=tx.now)
    note_working(tx, source, QUERY)
    set_next(tx, _rounds(tx.resources, partner, source), window["run"], ASK_AGAIN)


def note_poll_failure(tx: Tx, partner: str, window: dict[str, str], error: str, forbidden: bool) -> None:
    """It failed; try again later, and tell someone when it goes on or only a person can mend it."""
    source = window["source"]
    failures = note_failure(tx, source, QUERY, error, at_once=forbidden)
    set_next(tx, _rounds(tx.resources, partner, source), window["run"], timedelta(minutes=min(5 * failures, 60)))


def finish_window(tx: Tx, partner: str, window: dict[str, str], payments: int) -> None:
    """The window is covered; the next round follows at once while we are behind."""
    source, end = window["source"], read_instant(window["end"])
    sources.note_success(tx.connection, source, QUERY, covered_until=end, documents=payments, now=tx.now)
    note_working(tx, source, QUERY)
    pace = tx.resources.pace.finances
    behind = tx.now - end > pace
    set_next(tx, _rounds(tx.resources, partner, source), window["run"], timedelta(seconds=1) if behind else pace)


def _rounds(world: World, partner: str, source: str) -> Rounds:
    stem = f"remittances:{partner}:{source}"
    return Rounds("poll_remittances", stem, source, QUERY, (partner, source), max(world.pace.finances, ASK_AGAIN))


FLOWS = (Flow[World]("poll_remittances", poll_remittances, "polls"),)
