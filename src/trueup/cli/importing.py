"""Importing remittances at the command line: file after file while a person watches, and what came of it in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.base.errors import ConfigurationError, DocumentError, Invalid, Unreadable
from trueup.cli.documents import finding_json
from trueup.cli.frame import Session
from trueup.cli.statements import block, counted, grouped
from trueup.cli.uploads import read_upload
from trueup.formats import invoices_csv, item_master, shipments_csv
from trueup.formats.recognise import HEAD_BYTES, known_formats
from trueup.workflows.import_remittances import (
    Acting,
    Aftermath,
    Begun,
    Upload,
    begin_upload,
    finish_import,
    newest_case,
    settle_upload,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import Settled
from trueup.workflows.tie_bank import FORMATS as STATEMENTS
from trueup.workflows.world import Tx

if TYPE_CHECKING:
    from trueup.app import Application

T = TypeVar("T")
_MOST_TOLD = 10
_REMITTANCES = ("amazon-portal-export", "amazon-advice", "amazon-finance-remittances", "x12-820", "edifact-remadv")
_COMMANDS = {
    invoices_csv.FORMAT.name: "trueup invoices import",
    item_master.FORMAT.name: "trueup products import",
    shipments_csv.FORMAT.name: "trueup proofs import",
    **dict.fromkeys(STATEMENTS, "trueup bank import"),
    **dict.fromkeys(_REMITTANCES, "trueup remittances import"),
}
"""What takes in the documents that people mistake for each other."""


@dataclass(frozen=True, slots=True)
class Import:
    """Files that a person hands in as remittances of a partner."""

    files: tuple[Path, ...]
    partner: str
    person: Person


def one_partner(known: tuple[str, ...], said: str | None) -> str:
    """Whose remittances these are: the one that was said, or the only one there is. Raises Invalid."""
    if said is None and len(known) == 1:
        return known[0]
    names = ", ".join(sorted(known)) or "none"
    if said is None:
        raise Invalid(f"Whose remittances are these? Say it with --partner (known: {names}).")
    if said not in known:
        raise Invalid(f"--partner {said}: no such partner in trueup.toml (known: {names}).")
    return said


def run_import(session: Session, app: Application, wanted: Import) -> dict[str, Any]:
    """All files, then reconciliation; what came of it as JSON. Raises Unreadable when not one file is a remittance."""
    if not session.dry_run:

        def act(fn: Callable[..., T], *args: Any) -> T:
            return app.act(False, fn, *args)

        return _run(session, act, wanted)

    def tried(tx: Tx) -> dict[str, Any]:
        def act(fn: Callable[..., T], *args: Any) -> T:
            return fn(tx, *args)

        return _run(session, act, wanted)

    return app.act(True, tried)


def _run(session: Session, act: Acting, wanted: Import) -> dict[str, Any]:
    newest = act(newest_case)
    files = []
    payments: list[str] = []
    for path in wanted.files:
        try:
            upload = Upload(read_upload(path), _name(path), wanted.partner, wanted.person)
        except (DocumentError, ConfigurationError) as error:
            files.append(_refused(path, str(error)))
            continue
        try:
            begun = begin_upload(act, upload)
        except DocumentError as error:
            files.append(_refused(path, _no_remittance(upload.content, path, str(error))))
            continue
        with session.progress(upload.name, begun.plan.lines) as advance:
            settled = settle_upload(act, begun, advance)
        payments += begun.payments
        files.append(_taken(begun, settled))
    if all(each["refused"] for each in files):
        raise Unreadable("\n".join(each["refused"] for each in files))
    after = act(finish_import, wanted.partner, payments, newest)
    return _data(session, wanted, files, after)


def _name(path: Path) -> str:
    return path.name if str(path) != "-" else "standard input"


def other_kind(content: bytes, path: Path, expected: str) -> str:
    """What a document is that is not of the `expected` format, and the command that takes it in; "" where nothing is known.

    Nothing either for what opens as the expected format too.
    """
    head = content[:HEAD_BYTES]
    every = {each.name: each for each in (*known_formats(), invoices_csv.FORMAT)}
    found = [each for each in every.values() if each.recognise(head)]
    if len(found) != 1 or found[0].name == expected:
        return ""
    command = _COMMANDS.get(found[0].name)
    return f"it is: {found[0].title}." + (f" Import it with `{command} {path}`." if command else "")


def _no_remittance(content: bytes, path: Path, why: str) -> str:
    other = other_kind(content, path, "")
    return f"{path} is no remittance; {other}" if other and "remittances import" not in other else f"{path}: {why}"


def _refused(path: Path, why: str) -> dict[str, Any]:
    return {"name": _name(path), "refused": why, "findings": [], "untied": []}


def _taken(begun: Begun, settled: Settled) -> dict[str, Any]:
    return {
        "name": begun.upload.name,
        "refused": None,
        "digest": begun.digest,
        "format": begun.plan.format,
        "payments": begun.plan.payments,
        "new": settled.new,
        "changed": settled.changed,
        "same": settled.same,
        "lines": begun.plan.lines,
        "untied": [{"payment": payment, "by": str(tie)} for payment, tie in begun.untied],
        "findings": [finding_json(finding) for finding in begun.plan.findings],
    }


def _data(session: Session, wanted: Import, files: list[dict[str, Any]], after: Aftermath) -> dict[str, Any]:
    return {
        "partner": wanted.partner,
        "files": files,
        "suspense": list(after.waiting),
        "reconciliation": after.reconciled,
        "cases_opened": list(after.opened),
        "dry_run": session.dry_run,
    }


def import_words(data: dict[str, Any]) -> str:
    """What came of it, for people."""
    said: list[str] = []
    rows = [
        (
            each["name"],
            f"{counted(each['payments'], 'payment') or 'no payment'}:",
            f"{each['new']} new, {each['changed']} changed, {each['same']} known;",
            counted(each["lines"]) or "no lines",
        )
        for each in data["files"]
        if not each["refused"]
    ]
    would = " would be" if data["dry_run"] else ""
    said += block(f"Taken in for {data['partner']}{' (dry run: nothing kept)' if would else ''}", rows)
    said += _untied(data["files"])
    waiting = [
        (each["kind"], counted(each["lines"]), counted(each["cases"], "case"), grouped(each["amount"]))
        for each in data["suspense"]
    ]
    said += block("What of these payments waits in suspense", waiting) or [
        "Nothing of these payments waits in suspense.",
        "",
    ]
    done = data["reconciliation"]
    said.append(
        f"Reconciled with all that is open: {done['matched']} matched, {done['contested']} with several explanations, "
        f"{done['left']} left."
    )
    opened = [(each["kind"], counted(each["cases"], "case"), grouped(each["at_risk"])) for each in data["cases_opened"]]
    said += ["", *block("Cases opened (trueup cases list)", opened)] if opened else ["No case was opened."]
    return "\n".join([*said, *_troubles(data["files"])]).rstrip()


def _untied(files: list[dict[str, Any]]) -> list[str]:
    untied = [each for file in files for each in file["untied"]]
    if not untied:
        return ["Every payment is the sum of its lines.", ""]
    rows = [(each["payment"], grouped(each["by"])) for each in untied[:_MOST_TOLD]]
    if len(untied) > _MOST_TOLD:
        rows.append((f"and {len(untied) - _MOST_TOLD:,} more", ""))
    return block("Payments that are more (or less) than their lines", rows)


def _troubles(files: list[dict[str, Any]]) -> list[str]:
    said = []
    for file in files:
        if file["refused"]:
            said.append(f"refused: {file['refused']}")
        found = file["findings"]
        said += [
            f"{file['name']}: {each['severity']}: {each['message']} at {each['at']}" for each in found[:_MOST_TOLD]
        ]
        if len(found) > _MOST_TOLD:
            said.append(f"{file['name']}: and {len(found) - _MOST_TOLD:,} more findings; --json shows them all")
    return ["", *said] if said else []
