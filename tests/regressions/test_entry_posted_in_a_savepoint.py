"""An entry posted in a savepoint was refused as if another transaction had made it: deciding many cases at once failed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.domain.settlement import Placement
from trueup.storage.database import Database
from trueup.storage.journal import Posted, append_entries

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_LATE = (
    "INSERT INTO trueup.journal_lines"
    " (entry_id, number, account, minor, currency, reference, source_line, type, claim, rule, case_key)"
    " VALUES ({entry}, 3, '1200', 500, 'USD', '', 0, '', '', '', ''),"
    " ({entry}, 4, '4600', -500, 'USD', '', 0, '', '', '', '')"
)


def _post(connection: sa.Connection, key: str) -> int:
    sides = (Placement(0, "1200", 1000, "USD"), Placement(0, "4600", -1000, "USD"))
    lines = tuple(JournalLine(each.account, Money(each.minor, each.currency)) for each in sides)
    entry = JournalEntry(key, date(2026, 11, 23), "a sale", lines, "e" * 64)
    [number] = append_entries(connection, [Posted(entry, sides, "invoice", "trueup")], NOW)
    return number


def test_an_entry_is_posted_in_a_savepoint_and_is_whole(database: Database) -> None:
    """In a savepoint, in one within it, and after one that was taken back; what was committed takes no line more."""
    with database.transaction() as connection:
        with connection.begin_nested():
            _post(connection, "first")
            with connection.begin_nested():
                _post(connection, "second")
        lost = connection.begin_nested()
        _post(connection, "lost")
        lost.rollback()
        third = _post(connection, "third")
    with database.transaction() as connection:
        keys = connection.execute(sa.text("SELECT key FROM trueup.journal_entries ORDER BY id")).scalars().all()
        assert list(keys) == ["first", "second", "third"]
    for nested in (False, True):
        with (
            pytest.raises(sa.exc.DBAPIError, match="not made in this transaction"),
            database.transaction() as connection,
        ):
            if nested:
                connection.begin_nested()
            connection.execute(sa.text(_LATE.format(entry=third)))
