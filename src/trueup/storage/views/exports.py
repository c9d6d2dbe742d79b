"""Exports to look at: what ledgers were given, and how far each is known to have come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.storage import exports, read_backs
from trueup.storage.exports import Export
from trueup.storage.read_backs import ReadBack

STATES = ("recorded", "prepared", "sent", "differs", "read-back")
"""Recorded: its files were never said to be there. Prepared: they are. Sent: somebody says that the ledger has them. Differs and
read back: what the ledger showed afterwards, which is the only proof."""


def list_exports(connection: sa.Connection, *, target: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Exports, the newest first, each with its state and what that is known by."""
    return _told(connection, exports.list_exports(connection, target=target, limit=limit))


def show_export(connection: sa.Connection, number: int) -> dict[str, Any]:
    """One export, and every time that its ledger was read back. Raises NotFound."""
    export = exports.load_export(connection, number)
    (told,) = _told(connection, [export])
    first, last = read_backs.days_of(connection, number)
    target = export.scope.target
    read = [each for each in read_backs.read_backs_of(connection, [target]) if each.tells_of(number, target)]
    days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
    return {**told, **days, "read_backs": [_told_read(each) for each in read]}


def _told(connection: sa.Connection, found: Sequence[Export]) -> list[dict[str, Any]]:
    sent = read_backs.load_sent(connection, [each.id for each in found])
    read = read_backs.read_backs_of(connection, [each.scope.target for each in found])
    return [
        _said(each, sent.get(each.id), [of for of in read if of.tells_of(each.id, each.scope.target)]) for each in found
    ]


def _said(export: Export, sent: Any, read: Sequence[ReadBack]) -> dict[str, Any]:
    return {
        "id": export.id,
        "target": export.scope.target,
        "entries": export.entries,
        "from": export.scope.since.isoformat() if export.scope.since else None,
        "to": export.scope.until.isoformat() if export.scope.until else None,
        "again": export.scope.again,
        "files": [dict(file) for file in export.files],
        "by": export.actor,
        "at": write_instant(export.exported_at),
        "in_place": export.placed_at is not None,
        "state": _state(export, sent is not None, read),
        "sent_by": sent.actor if sent is not None else None,
        "sent_at": write_instant(sent.sent_at) if sent is not None else None,
        "how": sent.how if sent is not None else "",
        "read_at": write_instant(read[0].at) if read else None,
        "read_by": read[0].actor if read else None,
    }


def _state(export: Export, sent: bool, read: Sequence[ReadBack]) -> str:
    if export.placed_at is None:
        return "recorded"
    if read:
        return "differs" if read[0].differing else "read-back"
    return "sent" if sent else "prepared"


def _told_read(each: ReadBack) -> dict[str, Any]:
    return {
        "export": each.export,
        "since": each.since.isoformat() if each.since else None,
        "until": each.until.isoformat() if each.until else None,
        "document": each.document,
        "accounts": each.accounts,
        "differing": [
            {
                "account": differs.account,
                "given": str(Money(differs.given, differs.currency)),
                "found": str(Money(differs.found, differs.currency)) if differs.found is not None else None,
                "off": str(differs.off),
            }
            for differs in each.differing
        ],
        "by": each.actor,
        "at": write_instant(each.at),
    }
