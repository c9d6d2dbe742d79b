"""Two sheets of as many lines, both above the limit: the second was refused, because the first waited under the same name."""

from __future__ import annotations

import pytest

from tests.workflows.bookkeeping import FINA, NOON, Bookkeeping, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.storage import acts
from trueup.storage.database import Database
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.code_lines import Coding
from trueup.workflows.limit_codings import code_within
from trueup.workflows.resolve_case import Person

LIMIT = Money(1_00, "USD")


def test_each_waits_for_a_second_person_by_itself(database: Database) -> None:
    """Both are proposed, told apart by what they say, and approved one after the other; the same sheet again is the same."""
    books, bo = Bookkeeping(database), Person("Bo", frozenset({Role.FINANCE}))
    books.take_in(payment("P1", line("QQX77-1", -5_00), line("ZZY88-2", -7_00)))
    [(at,)] = books.rows("SELECT id FROM trueup.remittances")
    asked = [books.act(code_within, [Coding(at, number, "co-op")], FINA, LIMIT)[1] for number in (1, 2, 1)]
    assert None not in asked and len(set(asked)) == 2 and asked[0] == asked[2]
    for proposal in asked[:2]:
        assert books.act(approve_proposal, proposal, bo).outcome == {"lines": 1}
    assert books.balance(Purpose.SUSPENSE) == 0
    books.check()


def test_two_that_say_other_things_of_the_same_lines_wait_beside_each_other(database: Database) -> None:
    """The second was refused with the whole of the first in its words. In another order it is the same sheet."""
    books, bo = Bookkeeping(database), Person("Bo", frozenset({Role.FINANCE}))
    books.take_in(payment("P1", line("QQX77-1", -5_00), line("ZZY88-2", -7_00)))
    [(at,)] = books.rows("SELECT id FROM trueup.remittances")
    sheets = [[Coding(at, 1, first), Coding(at, 2, "promotion")] for first in ("co-op", "promotion")]
    asked = [books.act(code_within, sheet, FINA, LIMIT)[1] for sheet in (*sheets, sheets[0][::-1])]
    assert None not in asked and asked[0] != asked[1] and asked[0] == asked[2]
    told = books.rows("SELECT arguments ->> 'words', arguments ->> 'value' FROM trueup.proposals ORDER BY id")
    expected = [
        ("2 lines in suspense as co-op, promotion", "12.00 USD"),
        ("2 lines in suspense as promotion", "12.00 USD"),
    ]
    assert [tuple(row) for row in told] == expected
    books.act(approve_proposal, asked[1], bo)
    with pytest.raises(Refused, match="does not wait as it was proposed"):
        books.act(approve_proposal, asked[0], bo)


def test_what_waits_otherwise_is_told_in_short(database: Database) -> None:
    books = Bookkeeping(database)
    books.act(
        lambda tx: acts.propose(tx.connection, acts.Proposal("x", "it", {"lines": ["a line"] * 500}, "", "Fina"), NOON)
    )
    with pytest.raises(Conflict, match="otherwise waits already") as refused:
        books.act(lambda tx: acts.propose(tx.connection, acts.Proposal("x", "it", {"lines": []}, "", "Fina"), NOON))
    assert len(str(refused.value)) < 500
