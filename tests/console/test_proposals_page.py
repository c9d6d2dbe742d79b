"""What waits for a second person: counted whole on Today, listed page by page, and told at what it is about however many wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from trueup.storage import acts

COUNT = 60


@pytest.fixture
def crowded(filled: Filled, tmp_path: Path) -> Iterator[tuple[Console, str]]:
    """A console with so many proposals that the last is on a second page; and the subject of the last, a case."""
    with console_over(filled, tmp_path) as console:
        now = console.app.world.clock.now()
        with console.visitor("Olga") as olga:
            case = re.findall(r"/exceptions\?row=(\d+)", olga.get("/exceptions").text)[0]
        with console.app.database.transaction() as connection:
            for number in range(COUNT):
                subject = f"case {9_000_000 + number}" if number < COUNT - 1 else f"case {case}"
                told = {"resolution": "dismiss"}
                acts.propose(connection, acts.Proposal("case.resolve", subject, told, f"why {number}", "Olga"), now)
        yield console, case


def test_all_that_waits_for_a_second_person_is_counted_and_paged(crowded: tuple[Console, str]) -> None:
    """Today counts every one and shows the oldest; the list has the rest, each once; the case has its own."""
    console, case = crowded
    with console.visitor("Fina") as fina:
        today = fina.get("/").text
        assert re.search(rf'href="/proposals"[^>]*>\s*<?[^<]*{COUNT}', today) and "why 59" not in today
        first = fina.get("/proposals").text
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following is not None and ">Later" in first
        second = fina.get(following[1].replace("&amp;", "&")).text
        told = re.findall(r"“why (\d+)”", first + second)
        assert told == [str(number) for number in range(COUNT)]
        assert "why 59" in fina.get(f"/exceptions?row={case}").text
