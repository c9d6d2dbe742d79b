"""`trueup documents`: the archive. Every byte that came or went, what was made of it, whether it still holds; and erasure."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from trueup.base.clock import read_instant
from trueup.base.errors import DocumentError, Invalid
from trueup.base.ids import Digest
from trueup.cli.frame import By, Limit, Result, Session, command, person_of
from trueup.cli.tables import Column, amount
from trueup.formats.compressed import opened
from trueup.formats.document import Finding, Reading
from trueup.formats.finding_help import help_of
from trueup.formats.recognise import known_formats, recognise
from trueup.storage.views import documents as views
from trueup.storage.views.evidence import explain_document as explain
from trueup.workflows.erase_documents import propose_erasure
from trueup.workflows.read_again import read_again

group = typer.Typer(
    name="documents", help="The archive: list, show, read-again, explain, cat, verify, erase.", no_args_is_help=True
)
LARGEST_READ_BYTES = 64 * 1024 * 1024
_MOST_FINDINGS = 100
_COLUMNS = (
    Column("id", "id", number=True),
    Column("received", "received_at"),
    Column("kind", "kind"),
    Column("source", "source", spare=True),
    Column("name", "name", wrap=True),
    Column("bytes", lambda row: f"{row['size_bytes']:,}", number=True),
    Column("hash", lambda row: row["digest"][:16]),
)
_AGAIN = (
    Column("of", "name"),
    Column("part", "part", wrap=True),
    Column("then", "then", wrap=True),
    Column("today", "now", wrap=True),
)
_MADE = (Column("what", "what"), Column("which", "which"), Column("says", "says", wrap=True))
Wanted = Annotated[
    str, typer.Argument(help="The document's id, its hash, or the first 8 or more digits of it.", metavar="DOCUMENT")
]


@command(group, "list", example="trueup documents list --kind orders --since 2026-11-23")
def list_documents(
    session: Session,
    kind: Annotated[str | None, typer.Option(help="Of this kind: orders, file, acknowledgement, ...")] = None,
    source: Annotated[str | None, typer.Option(help="From this source.")] = None,
    subject: Annotated[str | None, typer.Option(help="About this subject: what can be erased as one.")] = None,
    since: Annotated[str | None, typer.Option(help="Received at this time or later (ISO 8601, UTC).")] = None,
    before: Annotated[int | None, typer.Option(help="Older than this id: the next page.")] = None,
    limit: Limit = 50,
) -> Result:
    """List documents, the newest first."""
    moment = read_instant(since) if since else None
    wanted = views.DocumentFilter(kind=kind, source=source, subject=subject, since=moment)
    with session.look() as connection:
        rows = views.list_documents(connection, wanted, before=before, limit=limit)
    return Result(rows, _COLUMNS)


@command(group, "show", example="trueup documents show 3f9a2c1e")
def show_document(session: Session, document: Wanted) -> Result:
    """Show one document: how it came, its place in the chain, and what its format finds in it. Exit code 1 for errors."""
    with session.open_store() as store, store.transaction() as connection:
        found = views.find_document(connection, document)
        shown = views.show_document(connection, found)
        content = b""
        readable = shown["erased"] is None and found.size_bytes <= LARGEST_READ_BYTES
        if readable:
            content = store.archive.load_content(connection, found.digest)
    shown |= _read(content) if readable else {"format": None, "findings": []}
    return Result(shown, findings=any(finding["severity"] == "error" for finding in shown["findings"]))


def _read(content: bytes) -> dict[str, Any]:
    """What a format makes of the bytes; replies that no format reads by itself have none."""
    try:
        inside = opened(content, LARGEST_READ_BYTES)
        known = recognise(inside, known_formats())
    except DocumentError as error:
        return {"format": None, "unread": str(error), "findings": []}
    try:
        reading: Reading[Any] = known.read(inside)
    except DocumentError as error:
        found = {"severity": "error", "code": "unreadable", "message": str(error), "at": ""}
        return {"format": known.title, "holds": 0, "findings": [found]}
    findings = [
        finding_json(finding) | _help_json(reading.format, finding.code)
        for finding in reading.findings[:_MOST_FINDINGS]
    ]
    return {"format": known.title, "holds": len(reading.values), "findings": findings}


def _help_json(format_name: str, code: str) -> dict[str, Any]:
    """What a code means, what is expected, what to do, and whose rule it is."""
    known = help_of(format_name, code)
    return {"help": asdict(known) if known else None}


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON."""
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "at": str(finding.location),
    }


@command(group, "read-again", example="trueup documents read-again 3f9a2c1e")
def read_document_again(session: Session, document: Wanted) -> Result:
    """Read a document with today's rules and tell what would be another value than was kept of it. It changes nothing.

    Exit code 1 when anything is read otherwise.
    """
    with session.open() as app, app.database.transaction() as connection:
        found = views.find_document(connection, document)
        again = read_again(connection, app.world, found.digest)
    rows = [{"name": each.name, "part": each.part, "then": each.then, "now": each.now} for each in again.differences]
    data = {"format": again.format, "values": again.values, "compared": again.compared, "differences": rows}
    return Result(data, _AGAIN, rows=rows, remark=str(again), nothing=str(again), findings=bool(rows))


@command(group, "explain", example="trueup documents explain 3f9a2c1e")
def explain_document(session: Session, document: Wanted) -> Result:
    """Tell what was made of a document: orders, decisions, deliveries, products, cases that carry its hash."""
    with session.look() as connection:
        found = views.find_document(connection, document)
        made = explain(connection, found.digest)
    remark = "" if made else f"Nothing carries the hash of document {found.id} ({found.kind} from {found.source})."
    data = {"id": found.id, "digest": found.digest, "kind": found.kind, "made": made}
    return Result(data, _MADE, rows=made, remark=remark)


@command(group, "cat", example="trueup documents cat 3f9a2c1e --output order.json")
def print_document(session: Session, document: Wanted) -> Result:
    """Write a document's bytes as they came, to standard output or to --output."""
    if session.as_json:
        raise Invalid("documents cat gives the bytes themselves: leave --json out.")
    with session.open_store() as store, store.transaction() as connection:
        found = views.find_document(connection, document)
        pieces = store.archive.open_document(connection, found.digest)
        if session.output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            with session.written(session.output, "wb") as file:
                for piece in pieces:
                    file.write(piece)
    return Result(None, silent=True)


@command(group, "verify", example="trueup documents verify")
def verify_documents(
    session: Session,
    document: Annotated[
        str | None, typer.Argument(help="One document by id or hash; all of them, and their chain, when left out.")
    ] = None,
) -> Result:
    """Read documents again and compare each with its hash, and every row with the chain. Exit code 1 when one is broken."""
    with session.open_store() as store, store.transaction() as connection:
        if document is not None:
            digests = [views.find_document(connection, document).digest]
            checked = [views.verify_document(connection, store.archive, Digest(digest)) for digest in digests]
            chain = None
        else:
            checked = []
            with session.progress("Documents", views.count_digests(connection)) as advance:
                for one in views.verify_documents(connection, store.archive):
                    checked.append(one)
                    advance(1)
            chain = views.verify_chain(connection)
    return _verified(checked, chain)


def _verified(checked: list[views.Verified], chain: dict[str, Any] | None) -> Result:
    count = {state: sum(1 for one in checked if one.state == state) for state in ("holds", "erased", "broken")}
    broken = [
        {"digest": one.digest, "state": one.state, "found": one.found} for one in checked if one.state == "broken"
    ]
    data = {
        "documents": len(checked),
        **count,
        "size_bytes": sum(one.size_bytes for one in checked),
        "chain": chain,
        "broken_documents": broken,
    }
    words = f"{amount(count['holds'], 'document')} verified ({data['size_bytes']:,} bytes)"
    if count["erased"]:
        words += f", {count['erased']} erased (the hashes stand)"
    rows = [words + "."]
    rows += [f"BROKEN {one['digest']}: {one['found']}" for one in broken]
    if chain is not None:
        held = f"The chain of {amount(chain['rows'], 'row')} in {amount(chain['lanes'], 'lane')} holds."
        rows += [f"BROKEN chain: {text}" for text in chain["breaks"]] or [held]
    return Result(data, words="\n".join(rows), findings=bool(broken or (chain and chain["breaks"])))


@command(
    group, "erase", writes=True, example="trueup documents erase amazon-us --reason 'contract ended' --by 'Ana Admin'"
)
def erase_documents(
    session: Session,
    subject: Annotated[str, typer.Argument(help="Whose documents: see subject in `documents show`.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, in words.")],
) -> Result:
    """Propose to destroy all documents about a subject for ever. A second admin approves with `trueup cases approve`."""
    with session.open() as app:
        person = person_of(app.settings.people, by)
        proposed = app.act(session.dry_run, propose_erasure, subject, person, reason)
    data = {
        "proposal": None if session.dry_run else proposed.proposal,
        "subject": subject,
        "documents": proposed.documents,
        "state": "proposed",
        "dry_run": session.dry_run,
    }
    if session.dry_run:
        return Result(
            data, words=f"{amount(proposed.documents, 'document')} about {subject!r} would go (dry run: nothing kept)."
        )
    number, much = proposed.proposal, amount(proposed.documents, "document")
    words = (
        f"Proposal {number}: {much} about {subject!r} will go for ever when a second admin approves: "
        f"trueup cases approve {number} --by NAME."
    )
    return Result(data, words=words)
