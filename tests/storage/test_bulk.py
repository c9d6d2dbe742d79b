"""Many rows at once: what is handed over as text arrives as what it was."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from trueup.storage.bulk import array_text, text_array
from trueup.storage.database import Database


def test_arrays_written_as_text_arrive_as_they_were(database: Database) -> None:
    """Quotes, backslashes, braces, commas, emptiness and the word NULL are text; None is none; an empty array is empty."""
    texts = ["", "NULL", "null", 'a"b', "back\\slash", '\\"', "{,}", " ü\n\t", "RWN-1"]
    days = [date(2026, 1, 31), None, date(1999, 12, 1)]
    query = sa.text(
        "SELECT CAST(:texts AS text[]), CAST(:days AS date[]), CAST(:none AS text[]), CAST(:numbers AS int[])"
    )
    given = {
        "texts": text_array(texts),
        "days": array_text(days),
        "none": text_array([]),
        "numbers": array_text([-1, 0]),
    }
    with database.transaction() as connection:
        assert tuple(connection.execute(query, given).one()) == (texts, days, [], [-1, 0])
