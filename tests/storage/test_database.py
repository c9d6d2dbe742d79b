"""The database: transactions, migrations, URLs, and failures in words."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.storage.database import Database


def test_migrated(database: Database) -> None:
    """A fresh database is at the newest revision."""
    status = database.check()
    assert status.revision == status.newest
    with database.transaction() as c:
        assert c.execute(sa.text("select count(*) from trueup.documents")).scalar() == 0
