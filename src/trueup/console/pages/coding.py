"""The coding sheet: lines in suspense as a grid; what one says of a marked line is said of all that are marked, and booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.pages.answers import choices_of
from trueup.console.tables import Choice, Filter, State, state_of
from trueup.console.typed_numbers import shortened, whole_number
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.formats.tabular import write_sheet
from trueup.storage.views.growing import Growing
from trueup.storage.views.jobs import load_job
from trueup.storage.views.waiting_lines import WaitingFilter, growing_waiting, page_waiting, sum_waiting
from trueup.workflows.code_lines import MOST, Coded, Coding
from trueup.workflows.hand_in_codings import archive_codings
from trueup.workflows.jobs.code_lines import ask_codings, book_tried
from trueup.workflows.limit_codings import code_within
from trueup.workflows.match_lines import MAY
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.world import Tx

STATE = ("partner", "kind", "words", "month", "currency", "at")
_KINDS = (
    Choice("remittance.unrecognised", "Unrecognised"),
    Choice("remittance.unknown-invoice", "Unknown invoice"),
    Choice("remittance.contested", "Ambiguous match"),
    Choice("remittance.ambiguous", "Reads as two things"),
    Choice("remittance.unmatched", "Undone"),
    Choice("remittance.to-check", "To check"),
    Choice("remittance.does-not-tie", "Does not tie"),
    Choice("remittance.hidden-items", "Hidden items"),
)
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a sheet does or did: the outcome of each line, the entries, and whether it was only tried."""

    outcomes: Sequence[Coded]
    entries: Sequence[dict[str, Any]]
    only_tried: bool
    notes: Sequence[str] = ()
    proposal: int | None = None
    """With a number nothing is booked: together the lines are above the limit."""

    @property
    def refused(self) -> list[Coded]:
        """Those that were not booked."""
        return [each for each in self.outcomes if each.refused]


def _show(visit: Visit) -> Response:
    return _page(visit, state_of(visit, *STATE))


def _page(visit: Visit, state: State, drafts: Sequence[Coding] = (), tried: _Tried | None = None) -> Response:
    wanted = wanted_of(state)
    paged = page_waiting(visit.connection, wanted, state["at"])
    shown = {(row["remittance"], row["line"]) for row in paged.rows}
    of_line = {(each.remittance, each.line): each for each in drafts}
    return visit.render(
        "coding.html",
        status=200,
        state=state,
        paged=paged,
        drafts=of_line,
        others=[each for key, each in of_line.items() if key not in shown],
        tried=tried,
        entries=tried.entries[:_SHOWN] if tried is not None else (),
        most=MOST,
        two=visit.desk.settings.two_persons_above,
        sums=sum_waiting(visit.connection, wanted) if wanted.month or wanted.currency else (),
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("kind", "Why it waits", _KINDS),
            Filter("words", "Reference"),
            Filter("month", "Paid in", kind="month"),
            Filter("currency", "Currency"),
        ),
        names=Names(visit),
        **choices_of(visit),
    )


def wanted_of(state: State) -> WaitingFilter:
    """The filter that an address says."""
    month = Month.read(state["month"]) if state["month"] else None
    return WaitingFilter(
        state["partner"], state["kind"], state["words"], month=month, currency=state["currency"].upper()
    )


def _growing(visit: Visit) -> Growing:
    return growing_waiting(wanted_of(state_of(visit, *STATE)))


def _codings(visit: Visit) -> list[Coding]:
    """What was filled in; a row without a type says nothing. Raises Invalid for one that is of no line."""
    columns = ("row", "type", "account", "note")
    rows = zip(*(visit.all_given(name) for name in columns), strict=False)
    found = []
    for where, type_, account, note in rows:
        remittance, _, line = where.partition(".")
        if type_.strip():
            payment, number = whole_number(remittance), whole_number(line.removeprefix("-"))
            if payment is None or number is None:
                raise Invalid(f"Row {shortened(where)}: expected a payment and a line of it, such as 12.4.")
            # What is chosen of a list may be written as "co-op, Co-op advertising": its code stands first.
            code, on = type_.split(",")[0].strip(), account.split(" ")[0].strip()
            found.append(Coding(payment, -number if line.startswith("-") else number, code, on, note.strip()))
    return found


def _preview(visit: Visit) -> Response:
    """What the sheet would do, found out by doing it and rolling it back; what was typed stays."""
    codings = _codings(visit)
    return _page(visit, _state(visit), codings, _try(visit, codings))


def _try(visit: Visit, codings: list[Coding], notes: Sequence[str] = ()) -> _Tried:
    tried = visit.act(lambda tx: with_entries(tx, lambda inner: _code(visit, inner, codings), visit.who), dry_run=True)
    outcomes, proposal = tried.done
    return _Tried(outcomes, tried.entries, True, notes, proposal)


def _code(visit: Visit, tx: Tx, codings: list[Coding]) -> tuple[list[Coded], int | None]:
    return code_within(tx, codings, visit.who, visit.desk.settings.two_persons_above)


def _book(visit: Visit) -> Response:
    """Books it, and says what came of each line; what was refused stays in the sheet."""
    codings, state = _codings(visit), _state(visit)
    page_waiting(
        visit.connection, wanted_of(state), state["at"]
    )  # what no address says is refused before anything is booked
    done = visit.act(lambda tx: with_entries(tx, lambda inner: _code(visit, inner, codings), visit.who))
    outcomes, proposal = done.done
    refused = [each.coding for each in outcomes if each.refused]
    response = _page(visit, state, refused, _Tried(outcomes, done.entries, False, proposal=proposal))
    if outcomes and len(refused) == len(outcomes):
        response.status_code = 409  # nothing was done: somebody was faster, or none of it can be
    return response


def _state(visit: Visit) -> State:
    values = {name: visit.given(f"state-{name}") for name in STATE}
    return State("/coding", {name: value for name, value in values.items() if value})


def _upload(visit: Visit) -> Response:
    """A sheet that was filled in: tried, with the place of every row that could not be read. A long one is tried by a worker."""
    name, content = visit.upload("file")
    handed = visit.prepare(archive_codings, name, content, visit.who)
    if handed.trouble is not None:
        raise handed.trouble
    long = handed.long
    if long is not None:
        job = visit.act(lambda tx: ask_codings(tx, long, visit.who, tried=True))
        return visit.go(f"/jobs/{job}")
    codings = list(handed.codings)
    return _page(visit, State("/coding"), codings, _try(visit, codings, handed.notes))


def _book_tried(visit: Visit) -> Response:
    return visit.go(f"/jobs/{visit.act(book_tried, visit.number('job'), visit.who)}")


def _refused(visit: Visit) -> Response:
    """What was refused of a long sheet, each with why: to be mended and handed in again."""
    job = load_job(visit.connection, visit.number("job"))
    head = ("remittance", "line", "type", "account", "note", "why")
    rows = ([each[name] for name in head] for each in job.result.get("refused", ()) if "remittance" in each)
    return download(f"refused-{job.id}.csv", write_sheet(head, rows))


PAGE = Page(
    "coding",
    "Coding sheet",
    (
        Route("/coding", _show),
        Route("/coding/preview", _preview, MAY, "POST"),
        Route("/coding/book", _book, MAY, "POST"),
        Route("/coding/upload", _upload, MAY, "POST"),
        Route("/jobs/{job:int}/book", _book_tried, MAY, "POST"),
        Route("/jobs/{job:int}/lines.csv", _refused),
    ),
    Place(Group.MONEY, 3, "table"),
    grows=(Grows("/coding", "line", "lines", _growing),),
)
