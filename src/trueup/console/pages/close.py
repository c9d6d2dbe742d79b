"""Close: a month's checklist with its lights and figures; one person proposes, a second approves, and its papers are kept."""

from __future__ import annotations

import io
from collections.abc import Sequence

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.ids import Digest
from trueup.console.files import download
from trueup.console.money_words import LIGHTS, held_still
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import read_day
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.domain.sign_offs import Signed, Standing, Task
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.reports.close_tables import ANSWERS, TABLES, Table
from trueup.storage.views.closing_points import known_packs, list_late, load_course, months_closed
from trueup.workflows.authority import is_allowed
from trueup.workflows.close_month import Looked, look_at_month, propose_closing, signed_points
from trueup.workflows.jobs.write_close_papers import ask_papers
from trueup.workflows.people import all_people
from trueup.workflows.sign_off import give_task, review_point, sign_point

_MONTHS = 12
FIGURES_OF = {
    "journal": "trial-balance",
    "clearing": "trial-balance",
    "suspense": "waiting-for-an-explanation",
    "disputed": "open-claims",
    "provisions": "open-provisions",
    "receivables": "receivables-rolled-forward",
    "tie": "payments-that-do-not-tie",
    "documents": "documents-not-read-whole",
    "sources": "sources-that-differ",
    "held": "held-payments",
    "bank": "payments-without-a-bank-line",
    "copies": "deductions-without-a-copy",
    "accruals": "expected-and-charged",
}
"""The table that a point of the checklist is about."""
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
    first, following = load_course(visit.connection, months[0])
    if first is not None:
        months = [each for each in months if each >= first]
    listed = months_closed(visit.connection, months)
    return visit.render(
        "close.html",
        months=listed,
        current=months[0],
        following=following,
        answer=_course(first, following, months[0]),
    )


def _course(first: Month | None, following: Month, current: Month) -> str:
    """Which month is the next, in a sentence."""
    if first is None:
        return "Nothing is posted yet. Months close in order, by two persons; what comes late is posted in the next."
    if following == current == first:
        return f"The first month to close is {current.words}, which ends on {current.last}."
    if following == current:
        return f"Closed up to {current.before.words}. Next: {current.words}, which ends on {current.last}."
    return f"Next to close: {following.words}. Months close in order, by two persons; what comes late is posted in the next."


def _show(visit: Visit) -> Response:
    looked = look_at(visit)
    return visit.render(
        "close_month.html",
        title=f"Close of {looked.pack.of.words}",
        looked=looked,
        month=str(looked.pack.of),
        lights=LIGHTS,
        signed=(signed := signed_points(visit.connection, looked.pack.of, looked.points)),
        answer=_answer(looked, signed),
        blocking=[each for each in signed if each.blocks],
        today=visit.now.date(),
        late=list_late(visit.connection, looked.pack.of),
        stands=STANDS,
        people=_people(visit),
        over=looked.pack.of.last < visit.now.date(),
        figures=(figures := _figures(looked)),
        shown={table.name for table, _ in figures},
        behind=FIGURES_OF,
    )


def _figures(looked: Looked) -> list[tuple[Table, int]]:
    """The tables of the pack that have rows, and how many; who answered stands in the checklist."""
    counted = [(table, len(table.listed(looked.pack))) for table in TABLES if table.title != ANSWERS]
    return [(table, rows) for table, rows in counted if rows]


def _papers(visit: Visit) -> Response:
    """All papers of the month, as long work."""
    return visit.go(f"/jobs/{visit.act(ask_papers, Month.read(visit.path('month')), visit.who)}")


def _paper(visit: Visit) -> Response:
    """The pack as PDF or XLSX: of a closed month the archived one."""
    looked, ending = look_at(visit), visit.path("ending")
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
    month, point = Month.read(visit.path("month")), visit.path("point")
    task = Task(visit.given("owner"), visit.given("reviewer"), read_day(visit.given("due"), "Due"))
    visit.act(give_task, month, point, task, visit.who)
    return visit.go(f"/close/{month}#point-{point}", f"{point} of {month} is {task.owner or 'nobody'}'s.")


def _answer(looked: Looked, signed: Sequence[Signed]) -> str:
    """Where the month stands, in a sentence."""
    if looked.closing is not None:
        return (
            "Computed again, its figures come to the same."
            if looked.same
            else "Its figures changed since it was closed."
        )
    blocking = sum(each.blocks for each in signed)
    if looked.proposal is not None:
        return "Proposed to be closed: a second person decides."
    if blocking:
        return f"{blocking} of {len(signed)} points {'stands' if blocking == 1 else 'stand'} against the lock."
    return f"All {len(signed)} points are answered for: it can be locked."


def look_at(visit: Visit) -> Looked:
    """The month that the address names, as its books have it."""
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
    about={"/close": "month "},
)
