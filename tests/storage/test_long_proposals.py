"""A proposal of a sheet of 20,000 lines: lists of proposals read what they show of it, and itself shows it whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from trueup.base.errors import Conflict, NotFound
from trueup.storage.acts import Proposal, propose, replace
from trueup.storage.database import Database
from trueup.storage.views.acts import list_proposals, page_proposals, show_proposal

NOW = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
LINES = [
    {"remittance": n, "line": 1, "type": "co-op", "account": "6120", "note": f"line {n}", "minor": n}
    for n in range(20_000)
]


def test_a_list_reads_what_it_shows_and_one_proposal_is_shown_whole(database: Database) -> None:
    with database.transaction() as connection:
        told = {"lines": LINES, "words": "20,000 lines", "value": "812.40 EUR"}
        number = propose(connection, Proposal("lines.code", "20000 lines", told, "as agreed", "Fina"), NOW)
        for rows in (list_proposals(connection), page_proposals(connection).rows):
            [row] = rows
            assert row["arguments"] == {"words": "20,000 lines", "value": "812.40 EUR"}
            assert len(json.dumps(row)) < 500
        assert show_proposal(connection, number)["arguments"] == told


def test_one_that_was_replaced_says_by_which(database: Database) -> None:
    with database.transaction() as connection:
        first, second = (
            replace(connection, Proposal("stock.adjust", "count of A", {"words": words}, "", "Elke"), NOW, "ecommerce")
            for words in ("1 more", "2 more")
        )
        with pytest.raises(Conflict, match=f"look at proposal {second}"):
            show_proposal(connection, first)
        with pytest.raises(NotFound):
            show_proposal(connection, 99)
