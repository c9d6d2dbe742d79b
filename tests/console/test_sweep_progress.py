"""A comparison of a channel's stock: how far it is, about how long it takes yet, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import lacking
from tests.filled import fill
from trueup.durable.tally import Tally, written_tallies
from trueup.storage import sources
from trueup.workflows.check_stock import NUMBERS, QUERY

RUN = "stock-sweep:shop:1"


def _do(console: Console, *statements: str, **values: Any) -> None:
    with console.app.database.transaction() as connection:
        for each in statements:
            connection.execute(sa.text(each), values)


@pytest.fixture
def compared(console: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """A channel with 3,100 published numbers, of which 1,240 were compared in 90 seconds; taken back after the test."""
    monkeypatch.setitem(cast(Any, console.app.world.connections.stock_sinks), "shop", object())
    began = console.app.world.clock.now()
    with console.app.database.transaction() as connection:
        values = {"channel": "'shop'", "location": "'main'", "item": "'item-' || n"}
        fill(connection, "publications", (100_001, 103_100), values)
        sources.load_source(connection, "shop", QUERY)
        sources.start_round(connection, "shop", QUERY, began)
    console.app.act(False, lambda tx: tx.start("check_stock", RUN, "shop"))
    became = {"as they should be": 1000, "marked to be sent: nobody had told": 238}
    tally = written_tallies([Tally(NUMBERS, 1240, became, {"not counted there": 2})])
    rows = [(0, "commit begin_sweep", None, began), (1, "commit sweep_page", tally, began + timedelta(seconds=90))]
    columns = "run_id, position, name, outcome, at, tally"
    insert = f"INSERT INTO durable.checkpoints ({columns}) VALUES (:run, :n, :name, '1', :at, :tally)"
    for number, name, counted, at in rows:
        _do(console, insert, run=RUN, n=number, name=name, at=at, tally=counted)
    yield console
    _do(
        console,
        "DELETE FROM dbos.workflow_status WHERE workflow_uuid = :run",
        "DELETE FROM durable.checkpoints WHERE run_id = :run",
        "DELETE FROM trueup.publications WHERE item LIKE 'item-%'",
        "DELETE FROM trueup.sources WHERE name = 'shop' AND query = 'stock-sweep'",
        run=RUN,
    )


def test_a_comparison_of_stock_says_how_far_it_is_and_what_it_came_to(compared: Console) -> None:
    """While it is under way on three pages; afterwards what became of all, and nothing is called compared that was not."""
    with compared.visitor("Olga") as olga:
        drift = olga.get("/stock-drift").text
        assert not lacking(drift, "1,240 of 3,100 numbers, about 2 min", "Under way", "held: 2 not counted there")
        assert f'href="/flows/{RUN.replace(":", "%3A")}"' in drift
        run = olga.get(f"/flows/{RUN}").text
        assert not lacking(run, "1,240 of 3,100 numbers, about 2 min", "This page may be closed")
        flows = olga.get("/flows").text
        assert not lacking(flows, "1,240 of 3,100</a>, about 2 min", "Stock, all of it</a>")
        _is_told_to_programs(
            compared, "running", "Under way: 1,240 of 3,100 numbers, about 2 min. 1,000 as they should be"
        )
        _do(compared, "UPDATE dbos.workflow_status SET status = 'SUCCESS' WHERE workflow_uuid = :run", run=RUN)
        _is_told_to_programs(compared, "done", "Compared 1,240 numbers. 1,000 as they should be")
        drift = olga.get("/stock-drift").text
        assert not lacking(drift, "Compared", "1,240 numbers, ") and "Under way" not in drift
        _do(compared, "UPDATE dbos.workflow_status SET status = 'CANCELLED' WHERE workflow_uuid = :run", run=RUN)
        assert not lacking(olga.get("/stock-drift").text, "Stopped", "after 1,240 numbers")
        _is_told_to_programs(compared, "stopped", "Stopped after 1,240 numbers; what was marked by then")


def _is_told_to_programs(compared: Console, state: str, words: str) -> None:
    """The API has the words and figures of the page."""
    with calling(compared, token(compared, "Olga", "look")) as program:
        [told] = program.json("/channels/comparisons")["items"]
    assert (told["channel"], told["run_id"], told["state"], told["done"]) == ("shop", RUN, state, 1240)
    assert told["words"].startswith(words) and told["words"].endswith("; held: 2 not counted there.")
    assert told["held"] == {"not counted there": 2} and told["left_seconds"] == (135 if state == "running" else None)
