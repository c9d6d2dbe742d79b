"""Poll invoice statuses: what Amazon says it matched and paid of our invoices. A witness: nothing of it is booked.

The invoices of a year are listed once; after that, of all of them those that changed. Lines are fetched of invoices of which
Amazon does not pay all, for they say why. Optional, as remittances by API are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound, RemoteError, Unauthorized
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceStatus
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats.remittance.finance_invoices import read_invoice, read_invoice_list
from trueup.remote.capability import Verdict
from trueup.storage import amazon_invoices, sources
from trueup.workflows.claim_causes import route_claims
from trueup.workflows.poll_remittances import ASK_AGAIN, MOST_PAGES
from trueup.workflows.prove_books import ask_proofs
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, keep_evidence, needs_person, note_failure, note_working
from trueup.workflows.taking_in import hold_document
from trueup.workflows.world import Flowing, Tx, World

KIND, QUERY = "invoice-status", "invoice statuses"
FARTHEST_BACK = timedelta(days=365)
OVERLAP = timedelta(hours=6)
_SHORT = (
    AmazonInvoiceStatus.REJECTED,
    AmazonInvoiceStatus.PARTIALLY_PAID,
    AmazonInvoiceStatus.PARTIALLY_DEDUCTED,
    AmazonInvoiceStatus.DEDUCTED,
)


def poll_invoice_statuses(c: Flowing, partner: str, source: str) -> None:
    """Every window of issue of one source, what changed in it; then the next round is set."""
    plan = c.commit(plan_round, source, c.run_id)
    seen = 0
    try:
        for window in plan["windows"]:
            seen += _look(c, partner, source, plan, window)
    except (Unauthorized, NotFound) as error:
        verdict = c.step(probe, source)
        c.commit(note_refused, partner, plan, str(error), verdict)
        return
    except NOT_DONE as error:
        c.commit(note_poll_failure, partner, plan, str(error), needs_person(error))
        return
    c.commit(finish_round, partner, plan, seen)


def _look(c: Flowing, partner: str, source: str, plan: dict[str, Any], window: list[str]) -> int:
    page: str | None = None
    seen = 0
    for number in range(MOST_PAGES):
        fetched = c.step(fetch_list, source, [*window, plan["changed_after"]], page, number)
        wanted = c.commit(take_in_list, partner, fetched["digest"], fetched["name"])
        seen += 1
        for identifier in wanted:
            _fetch_one(c, partner, source, identifier)
        page = fetched["next_page"]
        if page is None:
            break
    return seen


def _fetch_one(c: Flowing, partner: str, source: str, identifier: str) -> None:
    digests: list[str] = []
    page: str | None = None
    for number in range(MOST_PAGES):
        try:
            fetched = c.step(fetch_lines, source, identifier, page, number)
        except NotFound:
            return  # listed, and taken back since: the list will say so
        digests.append(fetched["digest"])
        page = fetched["next_page"]
        if page is None:
            break
    c.commit(take_in_invoice, partner, source, identifier, digests)


def status_rounds(world: World) -> list[Rounds]:
    """Every chain of polls: one a source of a partner."""
    return [
        _rounds(world, partner, source)
        for partner, routes in world.routes.items()
        for source in routes.invoice_status_sources
    ]


def ensure_status_polls(tx: Tx) -> None:
    """Ask every source at once, and go on from there. Called whenever a worker starts."""
    for rounds in status_rounds(tx.resources):
        start_rounds(tx, rounds)


def plan_round(tx: Tx, source: str, run_id: str) -> dict[str, Any]:
    """The windows of a year back, and since when changes are asked for: "" at first, which asks for all."""
    longest = timedelta(seconds=tx.resources.connections.invoice_status_sources[source].longest_window_seconds)
    state = sources.load_source(tx.connection, source, QUERY)
    since = write_instant(min(state.covered_until, tx.now) - OVERLAP) if state.covered_until else ""
    windows = [[write_instant(start), write_instant(end)] for start, end in _windows(tx.now, longest)]
    return {"source": source, "windows": windows, "changed_after": since, "now": write_instant(tx.now), "run": run_id}


def _windows(now: datetime, longest: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The newest first. They overlap by a second, for neither end of a window is inside it."""
    end = now
    while end > now - FARTHEST_BACK:
        start = max(end - longest, now - FARTHEST_BACK)
        yield start, end
        end = start + timedelta(seconds=1) if start > now - FARTHEST_BACK else start


def fetch_list(world: World, source: str, window: list[str], page: str | None, number: int) -> dict[str, Any]:
    """One page of the list, archived. `window`: from, to, and since when invoices must have changed ("" for all)."""
    start, end, since = window
    name = f"invoices {start} to {end}{' changed since ' + since if since else ''} page {number + 1}"
    changed_after = read_instant(since) if since else None
    found = world.connections.invoice_status_sources[source]
    try:
        fetched = found.fetch_invoices(read_instant(start), read_instant(end), page, changed_after=changed_after)
    except RemoteError as error:
        keep_evidence(world, error, kind=KIND, source=source, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind=KIND, source=source, name=name)
    return {"digest": digest, "name": name, "next_page": fetched.next_page}


def fetch_lines(world: World, source: str, identifier: str, page: str | None, number: int) -> dict[str, Any]:
    """One page of an invoice's lines, archived."""
    name = f"invoice {identifier} page {number + 1}"
    try:
        fetched = world.connections.invoice_status_sources[source].fetch_invoice(identifier, page)
    except RemoteError as error:
        keep_evidence(world, error, kind=KIND, source=source, name=f"{name}, unreadable")
        raise
    with world.database.transaction() as connection:
        digest = world.keep(connection, fetched.content, kind=KIND, source=source, name=name)
    return {"digest": digest, "next_page": fetched.next_page}


def take_in_list(tx: Tx, partner: str, digest: str, name: str) -> list[str]:
    """Keep what a page says; returns the identifiers of invoices whose lines say why not all is paid."""
    try:
        reading = read_invoice_list(tx.resources.read(tx.connection, digest))
    except DocumentError as error:
        hold_document(tx, digest, partner, name, str(error))
        return []
    wanted = []
    became: Counter[str] = Counter()
    for said in reading.values:
        is_new = amazon_invoices.save_witness(tx.connection, partner, said, reading.evidence, tx.now)
        became["news" if is_new else "known before"] += 1
        if is_new and _pays_less(said):
            wanted.append(said.identifier)
    tx.count(Tally("invoices", len(reading.values), became))
    if reading.values:
        ask_proofs(tx)
    return wanted


def _pays_less(said: AmazonInvoice) -> bool:
    variances = [minor for name, minor in said.settlement.items() if "Variance" in name]
    return said.status in _SHORT or any(variances) or bool(said.shortages)


def take_in_invoice(tx: Tx, partner: str, source: str, identifier: str, digests: list[str]) -> bool:
    """Read all pages of an invoice and keep what its lines say; claims about it get their cause. Whether it was new."""
    pages = [tx.resources.read(tx.connection, digest) for digest in digests]
    try:
        reading = read_invoice(*pages)
    except DocumentError as error:
        hold_document(tx, digests[0], partner, f"invoice {identifier}", str(error))
        return False
    if len(pages) > 1:
        name = f"invoice {identifier}, whole"
        tx.resources.keep(tx.connection, b"".join(pages), kind=KIND, source=source, name=name)
    saved = [
        amazon_invoices.save_witness(tx.connection, partner, said, reading.evidence, tx.now) for said in reading.values
    ]
    tx.count(Tally("invoices", len(reading.values), {"news": saved.count(True), "known before": saved.count(False)}))
    route_claims(tx, partner, [said.number for said in reading.values])
    ask_proofs(tx)
    return any(saved)


def probe(world: World, source: str) -> dict[str, str]:
    """Whether the source is offered at all: a refusal says either that, or that the authorisation is broken."""
    probed = world.connections.invoice_status_sources[source].probe_invoices()
    return {"verdict": probed.verdict.value, "found": probed.found}


def note_refused(tx: Tx, partner: str, plan: dict[str, Any], error: str, verdict: dict[str, str]) -> None:
    """Not offered: nothing is amiss, and it is asked again tomorrow. Anything else is a failure for a person."""
    if verdict["verdict"] != Verdict.UNAVAILABLE.value:
        note_poll_failure(tx, partner, plan, error, verdict["verdict"] == Verdict.FAILS.value)
        return
    source = plan["source"]
    sources.note_success(tx.connection, source, QUERY, covered_until=None, documents=0, now=tx.now)
    note_working(tx, source, QUERY)
    set_next(tx, _rounds(tx.resources, partner, source), plan["run"], ASK_AGAIN)


def note_poll_failure(tx: Tx, partner: str, plan: dict[str, Any], error: str, forbidden: bool) -> None:
    """It failed; try again later, and tell someone when it goes on or only a person can mend it."""
    source = plan["source"]
    failures = note_failure(tx, source, QUERY, error, at_once=forbidden)
    set_next(tx, _rounds(tx.resources, partner, source), plan["run"], timedelta(minutes=min(5 * failures, 60)))


def finish_round(tx: Tx, partner: str, plan: dict[str, Any], pages: int) -> None:
    """All that changed until the round began is known."""
    source = plan["source"]
    began = read_instant(plan["now"])
    sources.note_success(tx.connection, source, QUERY, covered_until=began, documents=pages, now=tx.now)
    note_working(tx, source, QUERY)
    set_next(tx, _rounds(tx.resources, partner, source), plan["run"], tx.resources.pace.finances)


def _rounds(world: World, partner: str, source: str) -> Rounds:
    stem = f"invoices:{partner}:{source}"
    return Rounds("poll_invoice_statuses", stem, source, QUERY, (partner, source), max(world.pace.finances, ASK_AGAIN))


FLOWS = (Flow[World]("poll_invoice_statuses", poll_invoice_statuses, "polls"),)
