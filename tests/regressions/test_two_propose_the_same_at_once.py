"""Two people, or a double click, propose the same at the same moment: the second failed on a unique index, as a defect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.waiting import count_waiting
from trueup.base.errors import Conflict
from trueup.storage.acts import Proposal, approve, propose
from trueup.storage.database import Database

NOW = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)


def test_the_second_is_given_the_proposal_of_the_first(database: Database) -> None:
    """Or is told that another one waits, when they mean to do different things."""

    def ask(amount: str) -> int:
        with database.transaction() as connection:
            wanted = Proposal("entry.reverse", "entry 3", {"amount": amount}, "above the limit", "Fina")
            return propose(connection, wanted, NOW)

    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as connection:
            wanted = Proposal("entry.reverse", "entry 3", {"amount": "1.00"}, "above the limit", "Bo")
            first = propose(connection, wanted, NOW)
            same, other = pool.submit(ask, "1.00"), pool.submit(ask, "2.00")
            while count_waiting(connection) < 2:
                assert not (same.done() or other.done())
        assert same.result(timeout=60) == first
        with pytest.raises(Conflict, match="waits already"):
            other.result(timeout=60)


def test_who_proposes_again_does_not_wait_for_who_approves(database: Database) -> None:
    """Who approves may wait for what the other holds already, a case or an entry, and both would wait for each other."""

    def ask() -> int:
        with database.transaction() as connection:
            return propose(connection, Proposal("entry.reverse", "entry 3", {}, "above the limit", "Fina"), NOW)

    number = ask()
    with ThreadPoolExecutor(1) as pool, database.transaction() as connection:
        approve(connection, number, "Bo", NOW)
        again = pool.submit(ask)
        while not again.done():
            assert count_waiting(connection) == 0
        assert again.result() == number
