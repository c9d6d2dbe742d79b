"""Close: a month's checklist with its lights and figures; one person proposes, a second approves, and its papers are kept."""

from __future__ import annotations

import io
from datetime import date

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.console.files import download
from trueup.console.money_words import LIGHTS, Names, held_still, rows_of
from trueup.console.page import Group, Page, Place, Route
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.domain.sign_offs import Standing, Task
from trueup.reports.close_pack import TABLES, write_close_pack_pages, write_close_pack_workbook
from trueup.storage.views.closing_points import known_packs, list_late, months_closed
from trueup.workflows.authority import is_allowed
from trueup.workflows.close_month import Looked, look_at_month, propose_closing, signed_points
from trueup.workflows.jobs.write_close_papers import ask_papers
from trueup.workflows.people import all_people
from trueup.workflows.sign_off import give_task, review_point, sign_point

_MONTHS = 12
_OWN = ("Trial balance", "Answered for")
"""Tables of the pack that the page shows in its own way."""
_PARTS = ("opening", "debits", "credits", "closing")
STANDS = {
    Standing.AUTOMATIC: ("ok", "Signed by itself"),
    Standing.BLOCKED: ("bad", "Blocked"),
    Standing.UNSIGNED: ("idle", "Not signed"),
    Standing.SIGNED: ("info", "Signed"),
    Standing.REVIEWED: ("ok", "Signed and reviewed"),
    Standing.SUSPENDED: ("warn", "Suspended"),
}
"""The colour and the word of where a point of the checklist stands."""


def _list(visit: Visit) -> Response:
    months = [Month.of(visit.now.date())]
    while len(months) < _MONTHS:
        months.append(months[-1].before)
    listed = months_closed(visit.connection, months)
    return visit.render("close.html", months=listed, current=months[0])


def _show(visit: Visit) -> Response:
    looked = _look(visit)
    return visit.render(
        "close_month.html",
        title=f"Close of {looked.pack.of.words}",
        looked=looked,
        month=str(looked.pack.of),
        lights=LIGHTS,
        signed=(signed := signed_points(visit.connection, looked.pack.of, looked.points)),
        blocking=[each for each in signed if each.blocks],
        today=visit.now.date(),
        rolls=_rolls(visit, looked),
        late=list_late(visit.connection, looked.pack.of),
        stands=STANDS,
        people=_people(visit),
        over=looked.pack.of.last < visit.now.date(),
        tables=[(table, rows) for table in TABLES if table.title not in _OWN and (rows := rows_of(table, looked.pack))],
    )


def _rolls(visit: Visit, looked: Looked) -> list[tuple[str, str, list[tuple[str, Money]]]]:
    """Each account with its opening, its moves and its closing, and the address of their lines."""
    names = Names(visit)
    return [
        (
            names.account(each.account),
            f"/close/{looked.pack.of}/accounts/{each.account}/{each.currency}",
            [(part, Money(getattr(each, part), each.currency)) for part in _PARTS],
        )
        for each in looked.pack.figures.balances
    ]


def _papers(visit: Visit) -> Response:
    """All papers of the month, as long work."""
    return visit.go(f"/jobs/{visit.act(ask_papers, Month.read(visit.path('month')), visit.who)}")


def _paper(visit: Visit) -> Response:
    """The pack as PDF or XLSX: of a closed month the archived one."""
    looked, ending = _look(visit), visit.path("ending")
    if ending not in ("pdf", "xlsx"):
        raise NotFound(f"The pack comes as pdf or xlsx, not as {ending}.")
    return download(f"close-{looked.pack.of}.{ending}", _content(visit, looked, ending))


def _content(visit: Visit, looked: Looked, ending: str) -> bytes:
    if looked.closing is not None:
        for name, digest, _ in known_packs(visit.connection, looked.closing.evidence):
            if name.endswith(f".{ending}"):
                return visit.desk.world.archive.load_content(visit.connection, Digest(digest))
    if ending == "pdf":
        return write_close_pack_pages(looked.pack)
    book = io.BytesIO()
    write_close_pack_workbook(book, looked.pack)
    return book.getvalue()


def _propose(visit: Visit) -> Response:
    month = Month.read(visit.path("month"))
    done = visit.act(propose_closing, month, visit.who, visit.given("override"))
    return visit.go(
        f"/close/{month}", f"Closing {month.words} is proposal {done.proposal}; a second person must approve it."
    )


def _people(visit: Visit) -> list[str]:
    """Who may have a point of the close."""
    known = all_people(visit.connection, visit.desk.settings.people)
    return sorted(name for name, person in known.items() if is_allowed(person, "month.close"))


def _sign(visit: Visit) -> Response:
    month, point = Month.read(visit.path("month")), visit.path("point")
    visit.act(sign_point, month, point, visit.given("note"), visit.who)
    return visit.go(f"/close/{month}#point-{point}", f"Signed: {point} of {month}, as it reads now.")


def _review(visit: Visit) -> Response:
    month, point = Month.read(visit.path("month")), visit.path("point")
    visit.act(review_point, month, point, visit.who)
    return visit.go(f"/close/{month}#point-{point}", f"Reviewed: {point} of {month}.")


def _give(visit: Visit) -> Response:
    month, point, due = Month.read(visit.path("month")), visit.path("point"), visit.given("due")
    try:
        task = Task(visit.given("owner"), visit.given("reviewer"), date.fromisoformat(due) if due else None)
    except ValueError:
        raise Invalid(f"Due {due!r}: expected a day such as 2026-11-05.") from None
    visit.act(give_task, month, point, task, visit.who)
    return visit.go(f"/close/{month}#point-{point}", f"{point} of {month} is {task.owner or 'nobody'}'s.")


def _look(visit: Visit) -> Looked:
    archive, books = visit.desk.world.archive, visit.desk.world.books
    month = Month.read(visit.path("month"))
    with held_still(visit) as connection:
        return look_at_month(
            connection, books, month, visit.now, lambda digest: archive.load_content(connection, Digest(digest))
        )


PAGE = Page(
    "close",
    "Close",
    (
        Route("/close", _list),
        Route("/close/{month}", _show),
        Route("/close/{month}/pack.{ending}", _paper),
        Route("/close/{month}/papers", _papers, "journal.export", "POST"),
        Route("/close/{month}/points/{point}/sign", _sign, "month.close", "POST"),
        Route("/close/{month}/points/{point}/review", _review, "month.close", "POST"),
        Route("/close/{month}/points/{point}/owner", _give, "month.close", "POST"),
        Route("/close/{month}/propose", _propose, "month.close", "POST"),
    ),
    Place(Group.MONEY, 5, "lock"),
)
