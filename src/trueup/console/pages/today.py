"""Today: what needs me, by money and deadline; whether what is seen here can be trusted; what happened meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trueup.base.clock import read_instant, write_instant
from trueup.console.case_words import STANDINGS, label_of, title_of_group
from trueup.console.connection_words import reads
from trueup.console.files import download
from trueup.console.lights import shown_lights
from trueup.console.money_chain import chain_csv, money_chain, money_in
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.trust import trust_in, trusted_connections
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.storage.views import acts as act_views
from trueup.storage.views import case_queue, case_sums, today
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.growing import Growing
from trueup.workflows.resolve_case import kinds_of

_MINE = 8


def _show(visit: Visit) -> Response:
    connection, now = visit.connection, visit.now
    trusted = trusted_connections(visit)
    due = case_sums.sum_cases(connection, CaseFilter(due_before=visit.present.day_ends), now)
    mine = case_queue.page_cases(connection, CaseFilter(person=visit.who.name), now, limit=_MINE)
    to_me = ",".join([visit.who.name, *sorted(role.value for role in visit.who.roles)])
    mine_to_decide = ",".join(kinds_of(visit.who))
    team = case_queue.page_cases(connection, CaseFilter(kind=mine_to_decide, not_of=visit.who.name), now, limit=_MINE)
    since = today.last_act_before(connection, visit.who.name, now - timedelta(hours=1)) or now - timedelta(days=1)
    since = read_instant(write_instant(since))  # as its links say it
    groups = case_sums.group_cases(connection, CaseFilter(), now)
    lights = shown_lights(visit)
    return visit.render(
        "today.html",
        standings=STANDINGS,
        due=due,
        risk=money_in(groups),
        open_cases=sum(group["count"] for group in groups),
        groups=_by_kind(groups)[:_MINE],
        verb=_verb,
        mine=mine.rows,
        team=team.rows,
        escalated=case_queue.page_cases(connection, CaseFilter(escalated_to=to_me), now, limit=_MINE).rows,
        to_me=to_me,
        of_role=mine_to_decide,
        bank=_bank(visit, groups),
        explained=today.explained_in(connection),
        proposals=act_views.list_proposals(connection, limit=_MINE),
        proposed=act_views.count_proposals(connection),
        trusted=trusted,
        reads=reads,
        trust=trust_in(trusted),
        lights=lights,
        stages=money_chain(visit, groups),
        next_deadline=today.next_deadline(connection, now),
        since=since,
        since_said=quote(write_instant(since)),
        happened={**today.happened_since(connection, since), **_standing_since(visit, since)},
        my_count=case_sums.sum_cases(connection, CaseFilter(person=visit.who.name), now).count if mine.rows else 0,
    )


def _standing_since(visit: Visit, since: datetime) -> dict[str, int]:
    """Of what was opened or got worse since a moment, how many stand so now: as many as the lists behind their links."""
    wanted = {
        "open_still": CaseFilter(opened_since=since),
        "back": CaseFilter(standing="regressed", opened_since=since),
        "escalated": CaseFilter(standing="escalating", since=since),
    }
    return {name: case_sums.sum_cases(visit.connection, each, visit.now).count for name, each in wanted.items()}


def _verb(case: Mapping[str, Any]) -> str:
    """What is done about a case first."""
    offered = [each for each in case["resolutions"] if each != Resolution.DISMISS.value]
    return label_of(offered[0]) if offered else "Look into"


def _bank(visit: Visit, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Whether the books tie to the bank: up to which day it is known, and how many differences there are; None without a bank."""
    differences = sum(group["count"] for group in groups if group["kind"].startswith("bank."))
    return {"until": today.bank_known_until(visit.connection), "differences": differences}


def _by_kind(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a kind, whatever currencies are at risk in it: as many cases as the queue behind its link shows."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        found.setdefault(group["kind"], []).append(group)
    rows = [
        {
            "kind": kind,
            "title": title_of_group(kind),
            "count": sum(each["count"] for each in of_it),
            "money": money_in(of_it),
        }
        for kind, of_it in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["kind"]))


def _growing(visit: Visit) -> Growing:
    return case_queue.growing_cases(CaseFilter(), visit.now)


def _chain(visit: Visit) -> Response:
    """The chain from orders to cash as a table."""
    groups = case_sums.group_cases(visit.connection, CaseFilter(), visit.now)
    return download(f"orders-to-cash-{visit.now:%Y-%m-%d}.csv", chain_csv(money_chain(visit, groups)))


PAGE = Page(
    "today",
    "Today",
    (Route("/", _show), Route("/orders-to-cash.csv", _chain)),
    Place(Group.WORK, 1, "home"),
    "t",
    grows=(Grows("/", "case", "cases", _growing),),
)
