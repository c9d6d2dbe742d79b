"""What somebody was not let say of lines in a sheet was told to them, and kept nowhere."""

from __future__ import annotations

from tests.workflows.bookkeeping import FINA, Bookkeeping, line, payment
from trueup.storage.database import Database
from trueup.workflows.code_lines import Coded, Coding, keep_refusals


def test_a_sheet_is_told_once_of_each_payment(database: Database) -> None:
    """With the words of its first line and of how many more; what was refused to anybody is no refusal to this person."""
    books = Bookkeeping(database)
    books.take_in(payment("P1", line("QQX77-1", -5_00), line("ZZY88-2", -7_00)))
    [(at,)] = books.rows("SELECT id FROM trueup.remittances")
    refused = [Coded(Coding(at, number, "co-op"), None, f"Line {number}: not yours.", True) for number in (1, 2)]
    books.act(keep_refusals, [*refused, Coded(Coding(at, 3, "co-op"), None, "No such line.")], FINA)
    rows = books.rows("SELECT actor, subject, after ->> 'why' FROM trueup.acts WHERE act = 'act.refused'")
    why = "Line 1: not yours. So 1 more of its lines."
    assert [(actor, why) for actor, _, why in rows] == [("Fina", why)]
    assert rows[0][1].startswith("payment ") and rows[0][1].endswith("/P1")
