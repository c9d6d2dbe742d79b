"""Cases: resolved, discussed, put aside, merged, answered together; and the jobs and proposals that come of them."""

from __future__ import annotations

import itertools
from datetime import timedelta

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.racing import Sent, Two, row
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.cases import open_case
from trueup.workflows.act_on_cases import Acting, CaseAct
from trueup.workflows.cases_as_job import Asked, ask_acts, preview_acts
from trueup.workflows.discuss_case import comment_on, snooze_case
from trueup.workflows.merge_cases import merge_case
from trueup.workflows.resolve_case import resolve_case

_numbers = itertools.count(1)


def new_case(console: Console, minor: int = 1250) -> int:
    """A case that nobody else has."""
    draft = CaseDraft(
        "stock.short", f"sent twice {next(_numbers)}", "Stock is short", "24 eaches", "20 eaches", Money(minor, "USD"), None,
        "operations", (Resolution.RETRY, Resolution.REJECT, Resolution.DISMISS),
    )  # fmt: skip
    with console.app.database.transaction() as connection:
        return open_case(connection, draft, console.app.world.clock.now())


@row("/exceptions/{case:int}/try", Two.LOOK)
def try_resolution(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/try", {"resolution": "dismiss", "note": "counted by hand"})


@row("/exceptions/{case:int}/resolve")
def resolve(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/resolve", {"resolution": "dismiss", "note": "counted by hand"})


@row("/exceptions/{case:int}/comment", Two.EACH)
def comment(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/comment", {"text": "ask the buyer"})


@row("/exceptions/{case:int}/comments/{comment:int}/withdraw", Two.OWN)
def withdraw(console: Console) -> Sent:
    case = new_case(console)
    number = console.app.act(False, comment_on, case, "ask the buyer", person(console, "Ana Admin"))
    return Sent(f"/exceptions/{case}/comments/{number}/withdraw")


@row("/exceptions/{case:int}/assign")
def assign(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/assign", {"person": "Olga", "seen_act": "0"})


@row("/exceptions/{case:int}/snooze")
def snooze(console: Console) -> Sent:
    day = (console.app.world.clock.now() + timedelta(days=3)).date()
    return Sent(
        f"/exceptions/{new_case(console)}/snooze", {"until": str(day), "reason": "waits for the count", "seen_act": "0"}
    )


@row("/exceptions/{case:int}/wake")
def wake(console: Console) -> Sent:
    case = new_case(console)
    until = console.app.world.clock.now() + timedelta(days=3)
    console.app.act(False, snooze_case, case, until, "waits for the count", person(console, "Olga"))
    return Sent(f"/exceptions/{case}/wake")


@row("/exceptions/{case:int}/merge")
def merge(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/merge", {"into": str(new_case(console)), "note": "the same goods"})


@row("/exceptions/{case:int}/unmerge")
def unmerge(console: Console) -> Sent:
    case, into = new_case(console), new_case(console)
    console.app.act(False, merge_case, case, into, person(console, "Olga"))
    return Sent(f"/exceptions/{case}/unmerge")


@row("/exceptions/{case:int}/writing", Two.LOOK)
def writing(console: Console) -> Sent:
    return Sent(f"/exceptions/{new_case(console)}/writing")


@row("/exceptions/chosen", Two.LOOK)
def chosen(console: Console) -> Sent:
    return Sent("/exceptions/chosen", {"case": [str(new_case(console)), str(new_case(console))]})


@row("/exceptions/bulk", Two.LOOK)
def bulk(console: Console) -> Sent:
    return Sent("/exceptions/bulk", {"case": [str(new_case(console)), str(new_case(console))]})


@row("/exceptions/bulk/preview", Two.EACH)
def preview(console: Console) -> Sent:
    """What each may do is another matter, and so is what each tries."""
    cases = [str(new_case(console)), str(new_case(console))]
    return Sent("/exceptions/bulk/preview", {"case": cases, "act": "assign", "person": "Olga"})


def _acts(console: Console) -> list[CaseAct]:
    return [CaseAct(new_case(console), Acting.ASSIGN, "Olga") for _ in range(2)]


@row("/jobs/{job:int}/carry-out", Two.OWN)
def carry_out(console: Console) -> Sent:
    """Only who tried it carries it out."""
    job = console.app.act(False, preview_acts, Asked(_acts(console), "Assign"), person(console, "Ana Admin"))
    return Sent(f"/jobs/{job}/carry-out")


@row("/jobs/{job:int}/undo")
def undo(console: Console) -> Sent:
    job = console.app.act(False, ask_acts, Asked(_acts(console), "Assign"), person(console, "Ana Admin"))
    return Sent(f"/jobs/{job}/undo")


@row("/exceptions/upload", Two.EACH)
def upload(console: Console) -> Sent:
    """A sheet is tried, as a job of whoever handed it in."""
    sheet = f"case,resolution,note\n{new_case(console)},dismiss,counted by hand\n"
    return Sent("/exceptions/upload", files={"file": ("decisions.csv", sheet.encode())})


@row("/proposals/{proposal:int}/approve", people=("Bo Admin", "Ana Admin"))
def approve(console: Console) -> Sent:
    decided = console.app.act(
        False,
        resolve_case,
        new_case(console, 50_000_00),
        Resolution.REJECT,
        person(console, "Olga"),
        "",
        Money(1, "USD"),
    )
    return Sent(f"/proposals/{decided.proposal}/approve")
