"""Connections, runs and jobs: tested, paused, resumed, asked, read again; retried and stopped; causes mended at once."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import sqlalchemy as sa

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.racing import Sent, Two, row
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.closing import Month
from trueup.storage.cases import open_case
from trueup.storage.pauses import list_pauses
from trueup.workflows.jobs.write_close_papers import ask_papers
from trueup.workflows.pause_connection import ask_now, pause_connection, resume_connection
from trueup.workflows.world import Tx

_numbers = itertools.count(1)
_days = itertools.count(1)
NAME = "amazon-us"


def rests(console: Console, rests: bool) -> None:
    """Have the connection rest, or go on."""
    admin = person(console, "Olga")
    with console.app.database.transaction() as connection:
        known = NAME in list_pauses(connection)
    if rests and not known:
        until = console.app.world.clock.now() + timedelta(hours=4)
        console.app.act(False, pause_connection, NAME, "the buyer moves", until, admin)
    if known and not rests:
        console.app.act(False, resume_connection, NAME, admin)


@row("/settings/connections/{connection}/test", Two.EACH)
def test_connection(console: Console) -> Sent:
    """Each asks it at their time, and keeps what it said then."""
    return Sent(f"/settings/connections/{NAME}/test")


@row("/connections/{connection}/pause")
def pause(console: Console) -> Sent:
    rests(console, False)
    return Sent(f"/connections/{NAME}/pause", {"span": "4h", "reason": "the buyer moves", "sure": "yes"})


@row("/connections/{connection}/resume")
def resume(console: Console) -> Sent:
    rests(console, True)
    return Sent(f"/connections/{NAME}/resume", {"sure": "yes"})


@row("/exceptions/causes/resume")
def resume_cause(console: Console) -> Sent:
    """It rested before: what is noted of a connection once is noted."""
    for each in (True, False, True):
        rests(console, each)
    fields = {"kind": "source.paused", "cause": f"connection {NAME}", "sure": "yes"}
    return Sent("/exceptions/causes/resume", fields)


@row("/connections/{connection}/ask", Two.EACH)
def ask(console: Console) -> Sent:
    """Each asks at their time."""
    rests(console, False)
    console.app.act(False, ask_now, NAME, person(console, "Olga"))
    return Sent(f"/connections/{NAME}/ask")


@row("/connections/{connection}/replay", people=("Olga", "Bo Admin"))
def replay(console: Console) -> Sent:
    rests(console, False)
    return Sent(
        f"/connections/{NAME}/replay", {"query": "created", "since": f"2026-11-{19 - next(_days):02}", "sure": "yes"}
    )


def _timed(console: Console) -> str:
    """A run that waits for its time."""
    number = 900_000 + next(_numbers)
    run = f"watch:{number}"

    def wait(tx: Tx) -> None:
        tx.at(tx.now + timedelta(days=9), "watch", run)

    console.app.act(False, wait)
    return run


@row("/flows/{run:path}/cancel")
def cancel_run(console: Console) -> Sent:
    return Sent(f"/flows/{_timed(console)}/cancel", {"sure": "yes"})


@row("/flows/{run:path}/retry")
def retry_run(console: Console) -> Sent:
    run = f"watch:{900_000 + next(_numbers)}"

    def start(tx: Tx) -> None:
        tx.start("watch", run)

    console.app.act(False, start)
    console.app.engine.cancel(run)
    return Sent(f"/flows/{run}/retry", {"sure": "yes"})


@row("/jobs/{job:int}/cancel")
def cancel_job(console: Console) -> Sent:
    job = console.app.act(False, ask_papers, Month.read("2026-10"), person(console, "Ana Admin"))
    return Sent(f"/jobs/{job}/cancel", {"sure": "yes"})


@row("/exceptions/{case:int}/recall", people=("Fina", "Bo Admin"))
def recall(console: Console) -> Sent:
    draft = CaseDraft(
        "charge.overcharged", f"charge amazon-us/P-{next(_numbers)} line 1", "Charged too much", "1.00 USD", "2.00 USD",
        Money(100, "USD"), None, "finance", (Resolution.RETRY, Resolution.DISMISS),
    )  # fmt: skip
    with console.app.database.transaction() as connection:
        case = open_case(connection, draft, console.app.world.clock.now())
    with console.visitor("Fina") as fina:
        assert fina.post(f"/exceptions/{case}/resolve", resolution="retry").status_code == 303
    return Sent(f"/exceptions/{case}/recall")


@row("/exceptions/causes/item", Two.SAME)
def mend_item(console: Console) -> Sent:
    """A row of the item master that is so already changes nothing."""
    with console.app.database.transaction() as connection:
        query = sa.text(
            "SELECT kind, cause FROM trueup.cases WHERE state = 'open' AND kind = 'held.cost-differs' ORDER BY id LIMIT 1"
        )
        kind, cause = connection.execute(query).one()
    with console.visitor("Ana Admin") as ana:
        page = ana.get(f"/exceptions/causes?kind={kind}").text
    fields = dict(re.findall(r'id="(sku|case_size|vendor_code|currency)" name="\w+" type="text" value="([^"]*)"', page))
    told = {"kind": kind, "cause": cause, **fields, "cost": f"26.{next(_numbers):02}", "sure": "yes"}
    return Sent("/exceptions/causes/item", told)


@row("/settings/connections/{connection}/secret", world="sealed")
def secret(console: Console) -> Sent:
    return Sent("/settings/connections/amazon-us/secret", {"kept": "sealed:refresh", "secret": f"new-{next(_numbers)}"})
