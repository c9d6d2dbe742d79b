"""The audit trail: whatever anybody did on any page, in one list, narrowed by who, what, about what and when; refusals too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import console_over_money
from trueup.console.subject_places import place_of_subject
from trueup.storage.acts import REFUSED, Act, append_act

COUNT = 60


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    path: Path = tmp_path_factory.mktemp("trail")
    with console_over_money(server_url, path) as running:
        now = running.app.world.clock.now()
        with running.app.database.transaction() as connection:
            for number in range(COUNT):
                append_act(
                    connection, now - timedelta(days=400), Act("Olga", "operations", "seen.old", f"case 12{number}")
                )
            append_act(
                connection, now, Act("Olga", "operations", "case.commented", "case 12", None, {"why": "asked them"})
            )
            append_act(
                connection, now, Act("Fina", "finance", REFUSED, "case 12", None, {"asked_for": "cases.resolve"})
            )
            append_act(connection, now, Act("trueup", "", "order.received", "order amazon-us/4TRAIL line 2"))
        yield running


def _shown(console: Console, asked: str, by: str = "Fina") -> str:
    with console.visitor(by) as visitor:
        return visitor.get(f"/acts?{asked}").text.partition("<main")[2]


@pytest.mark.parametrize(
    ("asked", "there", "gone"),
    [
        ("about=case+12", ["Case commented", "asked them", "Act refused"], ["Seen old"]),
        ("about=order+amazon-us/4TRAIL", ["Order received"], ["Case commented"]),
        ("about=case&by=Fina", ["Act refused"], ["Case commented"]),
        ("by=people&about=order+amazon-us/4TRAIL", [], ["Order received</td>"]),
        ("act=case.commented", ["asked them"], ["Act refused "]),
        ("by=trueup&act=order.received", ["4TRAIL"], ["asked them"]),
    ],
)
def test_the_trail_is_narrowed_by_who_what_and_about_what(
    console: Console, asked: str, there: list[str], gone: list[str]
) -> None:
    """`case 12` is that case and not case 120; a thing is told with its parts."""
    rows = _shown(console, asked).partition("<tbody>")[2].partition("</tbody>")[0]
    assert [each for each in there if each not in rows] == [] and [each for each in gone if each in rows] == []


def test_days_are_whole_ones_and_pages_lose_nothing(console: Console) -> None:
    """All acts of a day, on two pages, each once; and a day that is none is said to be none."""
    day = (console.app.world.clock.now() - timedelta(days=400)).date()
    first = _shown(console, f"from={day}&to={day}")
    following = re.search(r'rel="next" href="/acts\?([^"]+)"', first)
    assert following is not None
    second = _shown(console, following[1].replace("&amp;", "&"))
    told = re.findall(r"row=12(\d+)", first + second)
    assert sorted(told, key=int) == [str(number) for number in range(COUNT)]
    with console.visitor("Fina") as fina:
        assert fina.http.get("/acts?from=yesterday").status_code == 422


def test_the_trail_is_a_file_and_a_long_one_is_asked_for_with_its_filters(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the page lists and no more, also where a worker writes it."""
    day = (console.app.world.clock.now() - timedelta(days=400)).date()
    asked = f"by=Olga&act=seen.old&from={day}&to={day}"
    with console.visitor("Fina") as fina:
        assert f'href="/acts.csv?{asked}"' in unescape(fina.get(f"/acts?{asked}").text)
        rows = list(csv.DictReader(io.StringIO(fina.get(f"/acts.csv?{asked}").text)))
        assert len({row["id"] for row in rows}) == len(rows) == COUNT and {row["actor"] for row in rows} == {"Olga"}
        monkeypatch.setattr("trueup.workflows.jobs.write_list.AT_ONCE", 0)
        page = fina.get(f"/acts.csv?{asked}").text
        monkeypatch.undo()
        assert "Write the file" in page and f'name="from" value="{day}"' in page
        sent = dict(re.findall(r'<input type="hidden" name="(list|form|by|act|from|to)" value="([^"]*)"', page))
        done = fina.get(fina.post("/lists", **sent).headers["location"]).text
        digest = done.partition("/documents/")[2][:64]
        assert list(csv.DictReader(io.StringIO(fina.get(f"/documents/{digest}/original").text))) == rows


@pytest.mark.parametrize(
    ("subject", "place"),
    [
        ("case 12", "/exceptions?row=12"),
        ("order amazon-us/4TRAIL line 2", "/orders/amazon-us/4TRAIL"),
        ("month 2026-10", "/close/2026-10"),
        ("person Olga Two", "/settings/people?person=Olga%20Two"),
        ("stock-counts", ""),
        ("secret x", ""),
    ],
)
def test_what_was_acted_on_is_a_link_where_it_has_a_page(subject: str, place: str) -> None:
    assert place_of_subject(subject) == place


def test_a_program_asks_for_the_trail_of_some_days(console: Console) -> None:
    """By the API and at the command line; both days are counted."""
    day = (console.app.world.clock.now() - timedelta(days=400)).date()
    with calling(console, token(console, "Fina", "look")) as fina:
        asked = f"/acts?act=seen.&limit=100&since={day}&until={day}"
        assert len(fina.json(asked)["items"]) == COUNT
        assert fina.json(f"/acts?act=seen.&since={day + timedelta(days=1)}")["items"] == []
        told = {"form": "csv", "actor": "Olga", "act": "seen.old", "since": f"{day}", "until": f"{day}"}
        assert fina.send("/lists/acts?dry_run=true", told).json()["done"] == COUNT
        later = {**told, "since": f"{day + timedelta(days=1)}", "until": "9999-12-31"}
        assert fina.send("/lists/acts", later).status_code == 409
