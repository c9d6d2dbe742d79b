"""Who did what stands on the page of each thing: what was done to it and to its parts, and what somebody was not let do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import console_over_money
from tests.console.routes import all_routes
from tests.console.test_terms_pages import look_of, proposed
from trueup.base.clock import ManualClock
from trueup.console.page import OPEN_TO_ALL
from trueup.storage.acts import Act, append_act
from trueup.storage.views.acts import list_deeds
from trueup.storage.views.subjects import subject_of

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_TELL_NOTHING = {
    "/amazon/{sku:path}": "what Amazon says of a product; nobody acts on it here",
    "/circular/{programme}/{item:int}": "its timeline tells what people did to the unit and its trade-in",
    "/enter/{link}": "opens a session",
    "/invoices/{partner}/{invoice:path}": "what people did to an invoice stands on its document, its claims and its lines",
    "/live/exceptions/{after:int}": "a stream",
    "/live/new/{after:int}/{list:path}": "a stream",
    "/orders/{number}": "leads to the order",
    "/stock/{sku:path}": "each count by hand has its own, beside its number",
    "/trends/{trend}.csv": "a file",
}
"""Addresses with a name in them that tell no acts of one thing, and why."""


@pytest.fixture
def console(server_url: str, tmp_path: Path) -> Iterator[Console]:
    with console_over_money(server_url, tmp_path) as running:
        yield running


def test_no_page_of_a_thing_is_without_who_did_what(console: Console) -> None:
    """Whatever an address names has a name among the acts, or stands above with the reason why not."""
    wordless = set()
    with console.app.database.transaction() as connection:
        for _, route in all_routes():
            names = dict.fromkeys(_PLACE.findall(route.path), "7")
            names = {"entry" if name == "id" else name: number for name, number in names.items()}
            if route.method == "GET" and names and route.may != OPEN_TO_ALL and not subject_of(connection, names):
                wordless.add(route.path)
    assert wordless == _TELL_NOTHING.keys() - {"/enter/{link}"}


def test_what_people_do_stands_on_the_page_of_what_they_do_it_to(console: Console) -> None:
    """A claim that was staged, a point of a month that was given to somebody, a person who came in."""
    with console.visitor("Fina") as fina:
        claim = re.findall(r'href="(/recovery/\d+)">shortage/INV1<', fina.get("/recovery?all=yes").text)[0]
        assert 'id="acts"' not in fina.get(claim).text
        assert fina.post(f"{claim}/stage").status_code == 303
        staged = _trail(fina.get(claim).text)[0]
        assert staged[1:3] == ("Fina (finance)", "Claim staged Evidence")
        assert staged[4].replace(" ;", ";").startswith("90.00 USD; attempt: 1; lacking: "), staged[4]
        month = min(re.findall(r'href="(/close/\d{4}-\d\d)"', fina.get("/close").text))
        point = re.findall(rf'action="({month}/points/[\w-]+)/owner"', fina.get(month).text)[0]
        assert fina.post(f"{point}/owner", owner="Fina", reviewer="", due="").status_code == 303
        assert _trail(fina.get(month).text)[0][2] == "Close assigned", "of a part of it"
        assert _trail(fina.get("/close").text)[0][2] == "Close assigned"
        assert _trail(fina.get("/account").text)[-1][1:3] == ("Fina (finance)", "Session began")


def test_what_somebody_was_not_let_do_is_told_beside_what_was_done(console: Console) -> None:
    """By a form, by a token: with who, when and why; the same again within minutes once; a look that is refused is no act."""
    with console.visitor("Fina") as fina, console.visitor("Aude") as aude:
        claim = re.findall(r'href="(/recovery/\d+)">shortage/INV1<', fina.get("/recovery?all=yes").text)[0]
        for _ in range(3):
            assert aude.post(f"{claim}/stage").status_code == 403
        assert aude.get("/rules/new").status_code == 403
        (refused,) = _trail(fina.get(claim).text)
        assert refused[1:3] == ("Aude (auditor)", "Act refused")
        assert "asked for: Dispute deductions" in refused[4] and "This needs “Dispute deductions”" in refused[4]
        with calling(console, token(console, "Aude")) as caller:
            assert caller.send(f"/claims/{claim.rpartition('/')[2]}/stage").status_code == 403
            assert caller.get(f"/claims/{claim.rpartition('/')[2]}/exhibits").status_code == 200
        by_token = _trail(fina.get(claim).text)
        assert len(by_token) == 2 and "takes the scope claims.dispute" in by_token[0][4]
        cast("ManualClock", console.app.world.clock).advance(timedelta(minutes=11))
        assert aude.post(f"{claim}/stage").status_code == 403
        assert len(_trail(fina.get(claim).text)) == 3


def test_a_maker_who_approves_is_told_no_and_others_are_told_so(console: Console) -> None:
    """What the two-person rule refuses is on the page of what was proposed; and is no act that a second person has to look at."""
    with console.visitor("Fina") as fina:
        page = f"/settings/terms/proposals/{proposed(fina)}"
        again = fina.post(f"{page}/approve", because="mine", look=look_of(fina, page.rpartition("/")[2]))
        assert again.status_code == 409, again.text
        trail = _trail(fina.get(page).text)
        assert [each[2] for each in trail] == ["Act refused", "Terms proposed"]


def test_acts_on_a_part_of_a_thing_are_of_it_and_of_no_other(console: Console) -> None:
    """ "case 1" is not "case 12", and Ana is not Ana Admin, whatever the collation; all of a kind are asked for as such."""

    def done(*subjects: str) -> None:
        for each in subjects:
            console.app.act(
                False, lambda tx, each=each: append_act(tx.connection, tx.now, Act("Fina", "finance", "tried", each))
            )

    done("case 1", "case 12", "person Ana", "person Ana Admin", "payment amazon-us/77", "payment amazon-us/77 line 4")
    done(
        "payment amazon-us/771",
        "rule rule-1",
        "rule rule-1 v2",
        "rule rule-10 v1",
        "month 2026-10",
        "month 2026-10 clearing",
    )
    with console.app.database.transaction() as connection:

        def told(subject: str) -> list[str]:
            return sorted(each["subject"] for each in list_deeds(connection, subject) if each["act"] == "tried")

        assert told("case 1") == ["case 1"] and told("person Ana") == ["person Ana"] and told("cas") == []
        assert told("payment amazon-us/77") == ["payment amazon-us/77", "payment amazon-us/77 line 4"]
        assert told("rule rule-1") == ["rule rule-1", "rule rule-1 v2"]
        assert told("month 2026-10") == ["month 2026-10", "month 2026-10 clearing"]
        assert told("rule ") == ["rule rule-1", "rule rule-1 v2", "rule rule-10 v1"]


def test_a_program_that_does_not_stop_fills_no_table(console: Console) -> None:
    """Refused by turns the same is kept once; of ever other things so many within minutes; a trial is no act, and the longest
    address is answered as any other."""
    count = "SELECT count(*) FROM trueup.acts WHERE act = 'act.refused'"

    def kept() -> int:
        with console.app.database.transaction() as connection:
            return int(connection.execute(sa.text(count)).scalar_one())

    with console.visitor("Aude") as aude, calling(console, token(console, "Aude")) as caller:
        for _ in range(3):
            aude.post("/exceptions/1/comment", text="mine")
            aude.post("/exceptions/1/resolve", resolution="dismiss", note="mine")
        assert kept() == 2
        assert caller.send("/claims/1/stage?dry_run=true").status_code == 403 and kept() == 2
        assert aude.post(f"/connections/{'x' * 3000}/pause").status_code == 403 and kept() == 3
        for number in range(80):
            assert caller.send(f"/claims/{number}/stage").status_code == 403
        assert kept() == 63, "sixty of one kind, beside what was kept before"
        assert aude.post("/journal/1/reverse", note="mine").status_code == 403 and kept() == 64, "another kind is kept"
        told = caller.json("/acts?act=act.refused&limit=5")["items"]
    assert [each["after"].get("then", "")[:6] for each in told[:2]] == ["", "60 of "], "the last one says that it is"


def _trail(page: str) -> list[tuple[str, ...]]:
    """The rows of who did what on a page, as text; none where it has no such section."""
    section = page.partition('id="acts"')[2].partition("</section>")[0].partition("<tbody>")[2]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", section, re.DOTALL)
    return [tuple(_words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)) for row in rows]


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
