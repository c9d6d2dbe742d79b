"""Sign-offs of a month's close: who answers for a point, who looks again, and what a balance that changed does to both."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.base.errors import Conflict, NotFound, Refused
from trueup.domain.cases import Role
from trueup.domain.closing import Month
from trueup.domain.closing_checklist import checklist
from trueup.domain.sign_offs import Signed, Task
from trueup.storage.database import Database
from trueup.workflows.close_month import prepare_pack, signed_points
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_off import give_task, review_point, sign_point
from trueup.workflows.world import Tx

OTTO = Person("Otto", frozenset({Role.FINANCE}))
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
OCTOBER = Month(date(2026, 10, 1))


def points(books: Bookkeeping, month: Month = OCTOBER) -> dict[str, Signed]:
    """The points of a month by name."""

    def look(tx: Tx) -> list[Signed]:
        return signed_points(
            tx.connection, month, checklist(prepare_pack(tx.connection, books.world.books, month, tx.now))
        )

    return {each.point.name: each for each in books.act(look)}


def test_a_sign_off_stands_until_the_balance_changes(database: Database) -> None:
    """Signed with a reason, reviewed by another, suspended by a line that comes late, seen all the same, and signed anew."""
    books = Bookkeeping(database)
    books.take_in(payment("P1", line("WHAT IS THIS", -10_00)))
    assert (points(books)["suspense"].standing, points(books)["journal"].standing) == ("unsigned", "automatic")
    with pytest.raises(Refused, match="say why it may stay so"):
        books.act(sign_point, OCTOBER, "suspense", " ", FINA)
    with pytest.raises(Refused, match="it takes the role finance or admin"):
        books.act(sign_point, OCTOBER, "suspense", "known", OLGA)
    with pytest.raises(Conflict, match="nothing that stands waits"):
        books.act(review_point, OCTOBER, "suspense", OTTO)
    assert books.act(sign_point, OCTOBER, "suspense", "the buyer answers in November", FINA).standing == "signed"
    with pytest.raises(Conflict, match="is signed as it reads, by Fina"):
        books.act(sign_point, OCTOBER, "suspense", "again", OTTO)
    with pytest.raises(Refused, match="a second person must review"):
        books.act(review_point, OCTOBER, "suspense", FINA)
    with books.database.engine.begin() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("UPDATE trueup.sign_offs SET note = 'another'")
    assert books.act(review_point, OCTOBER, "suspense", OTTO).standing == "reviewed"
    books.take_in(payment("P2", line("AND THIS", -5_00)))
    late = points(books)["suspense"]
    assert late.standing == "suspended" and late.sign_off is not None
    assert (late.sign_off.by, late.sign_off.reviewed_by, late.is_open) == ("Fina", "Otto", True)
    assert late.sign_off.text != late.point.text
    assert books.act(sign_point, OCTOBER, "suspense", "both are known", OTTO).standing == "signed"
    acts = books.rows("SELECT act FROM trueup.acts WHERE act LIKE 'close.%' ORDER BY id")
    assert [row[0] for row in acts] == ["close.signed", "close.reviewed", "close.signed"]


def test_whose_a_point_is_carries_over_without_its_day(database: Database) -> None:
    """Owner and reviewer are two; what was said of one month holds for the next until that has its own."""
    books = Bookkeeping(database)
    with pytest.raises(Refused, match="cannot be owner and reviewer"):
        books.act(give_task, OCTOBER, "suspense", Task("Fina", "fina"), FINA)
    with pytest.raises(NotFound, match="has no point 'weather'"):
        books.act(give_task, OCTOBER, "weather", Task("Fina"), FINA)
    books.act(give_task, OCTOBER, "suspense", Task("Fina", "Otto", date(2026, 11, 5)), FINA)
    assert points(books)["suspense"].task == Task("Fina", "Otto", date(2026, 11, 5))
    assert points(books, OCTOBER.next)["suspense"].task == Task("Fina", "Otto")
    with pytest.raises(Refused, match="proven; nobody needs to sign it"):
        books.act(sign_point, OCTOBER, "journal", "why not", FINA)
