"""Many cases at once: decided on a page that shows what each would do, or in a spreadsheet that goes out and comes in."""

from __future__ import annotations

import io
from urllib.parse import parse_qsl

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.case_words import label_of
from trueup.console.page import Page, Route
from trueup.console.pages.exceptions import STATE, back_to_queue, filter_of, resolution_of
from trueup.console.tables import Choice, State, state_of
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.formats.case_decisions import read_case_decisions, write_cases
from trueup.reports.case_sheet import write_case_sheet
from trueup.storage.views import case_queue
from trueup.workflows.preview_case import Decision, resolve_each
from trueup.workflows.resolve_case import DONE_ELSEWHERE

MOST = 5000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAY = "cases.resolve"


def _choose(visit: Visit) -> Response:
    """The chosen cases, and the resolutions that at least one of them allows."""
    ids = _chosen(visit)
    rows = case_queue.list_cases_by_id(visit.connection, ids, visit.now)
    if not rows:
        raise Invalid("No case is chosen; mark some in the list first, with x or the mouse.")
    counts = {each: sum(each.value in row["resolutions"] for row in rows) for each in Resolution}
    offered = [each for each, count in counts.items() if count and each not in DONE_ELSEWHERE]
    return visit.render(
        "bulk.html",
        rows=rows,
        ids=ids,
        choices=[Choice(each.value, f"{label_of(each.value)} ({counts[each]} allow it)") for each in offered],
        back=back_to_queue(visit),
    )


def _chosen(visit: Visit) -> list[int]:
    if visit.given("which") != "all":
        return [int(value) for value in visit.all_given("case") if value.isdecimal()][:MOST]
    _, _, query = back_to_queue(visit).partition("?")
    state = State("/exceptions", dict(_pairs(query)))
    return case_queue.list_case_ids(visit.connection, filter_of(visit, state), visit.now, MOST)


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(query) if name in STATE]


def _preview(visit: Visit) -> Response:
    decisions = [
        Decision(int(value), resolution_of(visit.given("resolution")), visit.given("note"))
        for value in visit.all_given("case")
        if value.isdecimal()
    ]
    return _previewed(visit, decisions)


def _previewed(visit: Visit, decisions: list[Decision], findings: tuple[str, ...] = ()) -> Response:
    limit = visit.desk.settings.two_persons_above
    outcomes = visit.act(resolve_each, decisions, visit.who, limit, dry_run=True)
    return visit.render(
        "bulk_preview.html",
        done=False,
        outcomes=outcomes,
        decisions=decisions,
        findings=findings,
        back=back_to_queue(visit),
        refused=sum(bool(each.refused) for each in outcomes),
    )


def _resolve(visit: Visit) -> Response:
    decisions = [_read(line) for line in visit.all_given("decision")]
    outcomes = visit.act(resolve_each, decisions, visit.who, visit.desk.settings.two_persons_above)
    return visit.render(
        "bulk_preview.html",
        done=True,
        outcomes=outcomes,
        decisions=decisions,
        findings=(),
        back=back_to_queue(visit),
        refused=sum(bool(each.refused) for each in outcomes),
    )


def _read(line: str) -> Decision:
    case, _, rest = line.partition(" ")
    resolution, _, note = rest.partition(" ")
    if not case.isdecimal():
        raise Invalid("A decision of this form names no case; reload the page.")
    return Decision(int(case), resolution_of(resolution), note)


def _download(visit: Visit) -> Response:
    wanted = filter_of(visit, state_of(visit, *STATE))
    ids = case_queue.list_case_ids(visit.connection, wanted, visit.now, 100_000)
    content = write_cases(case_queue.list_cases_by_id(visit.connection, ids, visit.now))
    name = f"cases-{visit.now:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _download_sheet(visit: Visit) -> Response:
    wanted = filter_of(visit, state_of(visit, *STATE))
    ids = case_queue.list_case_ids(visit.connection, wanted, visit.now, 100_000)
    out = io.BytesIO()
    write_case_sheet(out, case_queue.list_cases_by_id(visit.connection, ids, visit.now), visit.now)
    headers = {"Content-Disposition": f'attachment; filename="cases-{visit.now:%Y-%m-%d}.xlsx"'}
    return Response(out.getvalue(), media_type=_XLSX, headers=headers)


def _ask_file(visit: Visit) -> Response:
    return visit.render("bulk_upload.html")


def _upload(visit: Visit) -> Response:
    _, content = visit.upload("file")
    reading = read_case_decisions(content)
    decisions = [Decision(each.case, each.resolution, each.note) for each in reading.values][:MOST]
    return _previewed(visit, decisions, tuple(str(finding) for finding in reading.findings))


PAGE = Page(
    "bulk",
    "Many cases at once",
    (
        Route("/exceptions/upload", _ask_file),
        Route("/exceptions/upload", _upload, _MAY, "POST"),
        Route("/exceptions.csv", _download),
        Route("/exceptions.xlsx", _download_sheet),
        Route("/exceptions/bulk", _choose, _MAY, "POST"),
        Route("/exceptions/bulk/preview", _preview, _MAY, "POST"),
        Route("/exceptions/bulk/resolve", _resolve, _MAY, "POST"),
    ),
)
