"""Two sheets of as many lines, both above the limit: the second was refused, because the first waited under the same name."""

from __future__ import annotations

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.chart import Purpose
from trueup.storage.database import Database
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.code_lines import Coding
from trueup.workflows.limit_codings import code_within
from trueup.workflows.resolve_case import Person

LIMIT = Money(1_00, "USD")


def test_each_waits_for_a_second_person_by_itself(database: Database) -> None:
    """Both are proposed, told apart by their first line, and approved one after the other; the same sheet again is the same."""
    books, bo = Bookkeeping(database), Person("Bo", frozenset({Role.FINANCE}))
    books.take_in(payment("P1", line("QQX77-1", -5_00), line("ZZY88-2", -7_00)))
    [(at,)] = books.rows("SELECT id FROM trueup.remittances")
    asked = [books.act(code_within, [Coding(at, number, "co-op")], FINA, LIMIT)[1] for number in (1, 2, 1)]
    assert None not in asked and len(set(asked)) == 2 and asked[0] == asked[2]
    for proposal in asked[:2]:
        assert books.act(approve_proposal, proposal, bo).outcome == {"lines": 1}
    assert books.balance(Purpose.SUSPENSE) == 0
    books.check()
