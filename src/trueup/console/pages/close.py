"""Close: a month's checklist with its lights and figures; one person proposes, a second approves, and its papers are kept."""

from __future__ import annotations

import io

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.ids import Digest
from trueup.console.money_words import LIGHTS, held_still, rows_of
from trueup.console.page import Group, Page, Place, Route
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.reports.close_pack import TABLES, write_close_pack_pages, write_close_pack_workbook
from trueup.storage.views.closing_points import known_packs, months_closed
from trueup.workflows.close_month import Looked, look_at_month, propose_closing

_MEDIA = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_MONTHS = 12


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
        title=f"Close of {looked.pack.of}",
        looked=looked,
        month=str(looked.pack.of),
        lights=LIGHTS,
        over=looked.pack.of.last < visit.now.date(),
        red=[point for point in looked.points if point.light.value == "red"],
        tables=[(table, rows) for table in TABLES if (rows := rows_of(table, looked.pack))],
    )


def _paper(visit: Visit) -> Response:
    """The pack as PDF or XLSX: of a closed month the archived one."""
    looked, ending = _look(visit), visit.path("ending")
    if ending not in _MEDIA:
        raise NotFound(f"The pack comes as pdf or xlsx, not as {ending}.")
    headers = {"Content-Disposition": f'attachment; filename="close-{looked.pack.of}.{ending}"'}
    return Response(_content(visit, looked, ending), media_type=_MEDIA[ending], headers=headers)


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
    return visit.go(f"/close/{month}", f"Closing {month} is proposal {done.proposal}; a second person must approve it.")


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
        Route("/close/{month}/propose", _propose, "month.close", "POST"),
    ),
    Place(Group.MONEY, 5, "lock"),
)
