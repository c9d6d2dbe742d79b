"""Audit trail: who did what to what, the newest first, whatever page it was done on; what somebody was not let do too."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.subject_places import place_of_subject
from trueup.console.tables import Choice, Filter, State, read_day, state_of
from trueup.console.visit import Visit
from trueup.storage.views import audit_trail as views
from trueup.storage.views.growing import Growing
from trueup.workflows.people import all_people

STATE = ("by", "act", "about", "from", "to")


def _list(visit: Visit) -> Response:
    """All of it: a person's acts, those on a thing, those of some days."""
    state = state_of(visit, *STATE, "at")
    people = sorted(all_people(visit.connection, visit.desk.settings.people))
    by = [
        Choice(views.PEOPLE, "people"),
        Choice(views.WORKERS, "Trueup itself"),
        *(Choice(name, name) for name in people),
    ]
    kinds = [Choice(name, _words(name)) for name in views.list_kinds(visit.connection)]
    return visit.render(
        "acts.html",
        state=state,
        filters=(
            Filter("by", "By", by),
            Filter("act", "Act", sorted(kinds, key=lambda each: each.label)),
            Filter("about", "About, as case 12 or order"),
            Filter("from", "From", kind="date"),
            Filter("to", "To", kind="date"),
        ),
        paged=views.page_acts(visit.connection, filter_of(visit, state), state["at"]),
        place_of=place_of_subject,
        refused=views.REFUSAL,  # of a thing that may not be there: it leads to what else was done about it
    )


def _growing(visit: Visit) -> Growing:
    return views.growing_acts(filter_of(visit, state_of(visit, *STATE)))


def filter_of(visit: Visit, state: State) -> views.ActFilter:
    """What the address says; its days are those of the person's zone. Raises Invalid."""
    first, last = read_day(state["from"]), read_day(state["to"])
    since = _begin(visit, first) if first else None
    until = _begin(visit, last + timedelta(days=1)) if last and last < date.max else None
    return views.ActFilter(state["by"], state["act"], state["about"].strip(), since, until)


def _begin(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time(), visit.present.zone)


def _words(name: str) -> str:
    """An act in words: "trade-in.graded" is "Trade-in graded"."""
    about, _, what = name.rpartition(".")
    return f"{about.replace('.', ' ')} {what.replace('-', ' ')}".strip().capitalize()


PAGE = Page(
    "acts",
    "Audit trail",
    (Route("/acts", _list),),
    Place(Group.SYSTEM, 3, "history"),
    grows=(Grows("/acts", "act", "acts", _growing),),
)
