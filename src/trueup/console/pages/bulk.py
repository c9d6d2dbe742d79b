"""Many cases at once: decided, assigned or put aside after a look at what each would do; or in a spreadsheet, out and in.

Whatever is asked for is a job: it is tried first, its page says what would come of each case, and has the button that does it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.responses import Response

from trueup.base.clock import write_instant
from trueup.base.errors import DocumentError, Invalid, NotFound
from trueup.console.case_words import label_of
from trueup.console.files import download
from trueup.console.page import Offer, Page, Route
from trueup.console.pages.discussing import until_of
from trueup.console.pages.exceptions import STATE, back_to_queue, filter_of, resolution_of, snoozes
from trueup.console.tables import Choice, State
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.formats.tabular import write_sheet
from trueup.storage.views import case_queue, case_sums
from trueup.storage.views.jobs import load_job
from trueup.workflows.act_on_cases import Acting, CaseAct, words_of
from trueup.workflows.cases_as_job import MOST, Asked, carry_out, preview_acts, undo_acts
from trueup.workflows.hand_in_decisions import hand_in_decisions
from trueup.workflows.people import all_people
from trueup.workflows.resolve_case import DONE_ELSEWHERE
from trueup.workflows.world import Tx

_MAY = "cases.discuss"
_SHOWN = 100


def _choose(visit: Visit) -> Response:
    """The chosen cases, and what can be done with at least one of them."""
    ids = _chosen(visit)
    if not ids:
        raise Invalid("No case is chosen; mark some in the list first, with x or the mouse.")
    counts = case_sums.count_resolutions(visit.connection, ids)
    offered = [each for each in Resolution if counts.get(each.value) and each not in DONE_ELSEWHERE]
    whole = visit.given("which") == "all"
    return visit.render(
        "bulk.html",
        rows=case_queue.list_cases_by_id(visit.connection, ids[:_SHOWN], visit.now),
        count=len(ids),
        sent={"which": "all"} if whole else {},
        ids=[] if whole else ids,
        choices=[Choice(each.value, f"{label_of(each.value)} ({counts[each.value]:,} allow it)") for each in offered],
        people=sorted(all_people(visit.connection, visit.desk.settings.people)),
        snoozes=snoozes(visit),
        back=back_to_queue(visit),
    )


def _chosen(visit: Visit) -> list[int]:
    """Those that are marked; or all of the filter that the queue showed, as they are now."""
    if visit.given("which") != "all":
        return [int(value) for value in visit.all_given("case") if value.isdecimal() and len(value) < 19]
    _, _, query = back_to_queue(visit).partition("?")
    state = State("/exceptions", dict(_pairs(query)))
    return case_queue.list_case_ids(visit.connection, filter_of(visit, state), visit.now, MOST + 1)


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(query) if name in STATE]


def _preview(visit: Visit) -> Response:
    acting, value, note = _asked(visit)
    acts = [CaseAct(case, acting, value, note) for case in _chosen(visit)]
    asked = Asked(acts, words_of(acting, value), visit.desk.settings.two_persons_above)
    return visit.go(f"/jobs/{visit.act(preview_acts, asked, visit.who)}")


def _asked(visit: Visit) -> tuple[Acting, str, str]:
    """What is to be done with each, and why."""
    match visit.given("act"):
        case Acting.ASSIGN:
            name = visit.given("person")
            if name and name not in all_people(visit.connection, visit.desk.settings.people):
                raise NotFound(f"{name!r} is nobody here.")
            return Acting.ASSIGN, name, ""
        case Acting.SNOOZE:
            return Acting.SNOOZE, write_instant(until_of(visit)), visit.given("reason")
        case Acting.WAKE:
            return Acting.WAKE, "", ""
        case _:
            return Acting.RESOLVE, resolution_of(visit.given("resolution")).value, visit.given("note")


def _carry_out(visit: Visit) -> Response:
    job = visit.act(carry_out, visit.number("job"), visit.who)
    return visit.go(f"/jobs/{job}")


def _undo(visit: Visit) -> Response:
    job = visit.act(undo_acts, visit.number("job"), visit.who)
    return visit.go(f"/jobs/{job}")


def _refused(visit: Visit) -> Response:
    """What was refused, as a file: each with why; of a sheet as it was, also what could not be read, to be mended and handed in."""
    job = load_job(visit.connection, visit.number("job"))
    head: tuple[str, ...] = ("case", "title", "why")
    refused = job.result.get("refused", ())
    if job.args.get("sheet"):
        head = ("case", "resolution", "note", "cell", "title", "why")
        cells, said = job.args["sheet"]["cells"], {each["case"]: each for each in job.args["acts"]}
        refused = [
            {**each, "resolution": said[each["case"]]["value"], "note": said[each["case"]]["note"]}
            | {"cell": cells[str(each["case"])]}
            for each in refused
        ]
        refused += [{**each, "title": ""} for each in job.args["sheet"].get("unread", ())]
    rows = ([each[name] for name in head] for each in refused)
    return download(f"refused-{job.id}.csv", write_sheet(head, rows))


def _ask_file(visit: Visit) -> Response:
    return visit.render("bulk_upload.html", findings=())


def _upload(visit: Visit) -> Response:
    """Every row that says a resolution is tried; a row that cannot be read is told, by its cell. A long file is a worker's."""
    name, content = visit.upload("file")

    def hand_in(tx: Tx) -> int | DocumentError | None:
        handed = hand_in_decisions(tx, name, content, visit.who, tried=True)
        return handed.trouble or handed.job

    try:
        job = visit.attempt(hand_in)
    except DocumentError as trouble:
        return visit.render("bulk_upload.html", findings=str(trouble).split("; "), status=422)
    return visit.go(f"/jobs/{job}")


PAGE = Page(
    "bulk",
    "Many cases at once",
    (
        Route("/exceptions/upload", _ask_file),
        Route("/exceptions/upload", _upload, "cases.resolve", "POST"),
        Route("/exceptions/bulk", _choose, _MAY, "POST"),
        Route("/exceptions/bulk/preview", _preview, _MAY, "POST"),
        Route("/jobs/{job:int}/carry-out", _carry_out, _MAY, "POST"),
        Route("/jobs/{job:int}/undo", _undo, _MAY, "POST"),
        Route("/jobs/{job:int}/refused.csv", _refused),
    ),
    offers=(Offer("Upload decisions on cases", "/exceptions/upload"),),
)
