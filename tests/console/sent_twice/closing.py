"""The close of a month: its points answered for, reviewed and given to people, its papers, and the month proposed."""

from __future__ import annotations

import itertools

import sqlalchemy as sa

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.money import of_books
from tests.console.sent_twice.racing import Sent, Two, row
from trueup.domain.closing import Month
from trueup.domain.closing_checklist import checklist
from trueup.domain.sign_offs import Standing
from trueup.workflows.close_month import prepare_pack, signed_points
from trueup.workflows.sign_off import sign_point
from trueup.workflows.world import Tx

_months = itertools.count(1)


def open_point(console: Console) -> tuple[str, str]:
    """A point that waits for a signature, of a month that nobody else has."""
    back = next(_months)
    month = Month.read(f"{2026 - (back + 1) // 12}-{12 - (back + 1) % 12:02}")

    def look(tx: Tx) -> list[str]:
        pack = prepare_pack(tx.connection, tx.resources.books, month, tx.now)
        signed = signed_points(tx.connection, month, checklist(pack))
        return [each.point.name for each in signed if each.standing is Standing.UNSIGNED]

    return str(month), console.app.act(True, look)[0]


@of_books("/close/{month}/points/{point}/sign")
def sign(console: Console) -> Sent:
    month, point = open_point(console)
    return Sent(f"/close/{month}/points/{point}/sign", {"note": "the buyer answers in May"})


@row("/close/{month}/points/{point}/review", world="money", people=("Bo Admin", "Ana Admin"))
def review(console: Console) -> Sent:
    month, point = open_point(console)
    fina = person(console, "Fina")
    console.app.act(False, sign_point, Month.read(month), point, "the buyer answers in May", fina)
    return Sent(f"/close/{month}/points/{point}/review")


@of_books("/close/{month}/points/{point}/owner")
def give(console: Console) -> Sent:
    month, point = open_point(console)
    fields = {"owner": "Fina", "reviewer": "Bo Admin", "due": "2026-11-06", "seen": ""}
    return Sent(f"/close/{month}/points/{point}/owner", fields)


@of_books("/close/{month}/papers", Two.EACH)
def papers(console: Console) -> Sent:
    """Written for whoever asks."""
    return Sent("/close/2026-10/papers")


@of_books("/close/{month}/propose", Two.SAME)
def propose(console: Console) -> Sent:
    """One proposal waits for a month at a time."""
    with console.app.database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM trueup.proposals WHERE act = 'month.close' AND approved_by IS NULL"))
    return Sent("/close/2026-10/propose", {"override": "the bank is late"})
