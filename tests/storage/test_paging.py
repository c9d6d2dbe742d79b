"""Every list that is paged by key costs what its page has, at the first page as at the last; and what arrives between two pages
neither repeats a row nor hides one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

import trueup
from tests.databases import Databases
from tests.storage.paged_lists import LISTS, NOT_BY_KEY, WHOLE, Ask
from tests.storage.paged_tables import TABLES, fill_all
from trueup.base.errors import Invalid
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.database import Database
from trueup.storage.orders import orders
from trueup.storage.views.case_queue import list_filters
from trueup.storage.views.distinct import list_distinct
from trueup.storage.views.order_pages import list_partners
from trueup.storage.views.paging import cut_page, keyed_by

PAGE = 50
FAR = 2_000
FEW = 1_000
MOST = 20 * PAGE
"""So many rows a statement of a page may look at: with a filter that keeps one of ten, or what a row has of others."""
SOURCE = Path(trueup.__file__).parent
CASES = [(name, label) for name, listed in LISTS.items() for label in listed.ways]


@pytest.fixture(scope="module")
def growing(databases: Databases) -> Iterator[Database]:
    with databases.lent() as database:
        with database.engine.begin() as connection:
            fill_all(connection, (1, FEW))
        yield database


@pytest.mark.parametrize(("name", "label"), [each for each in CASES if each not in WHOLE])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_page_looks_at_the_rows_it_shows(filled: Database, name: str, label: str, place: str) -> None:
    ask = LISTS[name].ways[label]
    with filled.engine.connect() as connection:
        at = _places(connection, ask)[place]
        told = _statements(connection)
        found = ask(connection, at, PAGE)
        assert len(found.rows) == (PAGE // 2 if place == "last" else PAGE)
        for statement, parameters in list(told):
            plan = _plan(connection, statement, parameters)
            looked = {node: rows for node, rows in _looked_at(plan) if rows > MOST}
            assert not looked, f"{looked} in {statement}\n{parameters}\n" + _drawn(plan)


@pytest.mark.parametrize(("name", "label"), CASES)
def test_what_arrives_between_pages_repeats_and_hides_nothing(growing: Database, name: str, label: str) -> None:
    listed, last = LISTS[name], FEW
    ask = listed.ways[label]
    with growing.engine.connect() as connection:  # never committed: the next list begins with as many rows
        there = {listed.name_of(row) for row in ask(connection, "", FEW).rows}
        seen: list[tuple[Any, ...]] = []
        at = ""
        while True:
            found = ask(connection, at, FEW // 10)
            seen += [listed.name_of(row) for row in found.rows]
            if not (at := found.after):
                break
            fill_all(connection, (last + 1, last + 20))
            last += 20
        assert len(seen) == len(set(seen)), "a row was shown twice"
        assert there and there <= set(seen), f"lost: {sorted(there - set(seen))[:5]}"


@pytest.mark.parametrize("ask", [list_partners, list_filters])
def test_what_can_be_chosen_is_found_without_reading_all_rows(filled: Database, ask: Callable[..., Any]) -> None:
    """As many steps as there are values; and they are those that the rows have."""
    with filled.engine.connect() as connection:
        told = _statements(connection)
        found = ask(connection)
        for statement, parameters in list(told):
            plan = _plan(connection, statement, parameters)
            looked = {node: rows for node, rows in _looked_at(plan) if rows > PAGE}
            assert not looked, f"{looked} in {statement}\n" + _drawn(plan)
        partners = list_distinct(connection, orders.c.partner)
        assert partners == ["amazon-de", "amazon-us"] and found in (
            partners,
            {**_chosen(connection), "partner": partners},
        )
        assert list_distinct(connection, orders.c.partner, orders.c.id < 0) == []


def _chosen(connection: sa.Connection) -> dict[str, list[str]]:
    columns = {"kind": cases.c.kind, "owner": cases.c.owner}
    return {
        name: list(connection.execute(sa.select(column).where(IS_OPEN).distinct().order_by(column)).scalars())
        for name, column in columns.items()
    }


@pytest.mark.parametrize("descending", [False, True])
def test_rows_that_were_worked_out_whole_are_cut_by_key(descending: bool) -> None:
    """Forward and back the same pages, and what comes between them repeats and hides nothing."""
    chance, order = Random(3), keyed_by(date, int, descending=descending)

    def key_of(row: tuple[date, int]) -> tuple[date, int]:
        return row

    rows = {(date(2026, 1, 1 + chance.randrange(28)), number) for number in range(95)}
    pages, at = [cut_page(sorted(rows, reverse=descending), order, key_of, "", 10)], ""
    while at := pages[-1].after:
        pages.append(cut_page(sorted(rows, reverse=descending), order, key_of, at, 10))
    assert [row for page in pages for row in page.rows] == sorted(rows, reverse=descending)
    assert not pages[0].before and len(pages) == 10
    for earlier, later in pairwise(pages):
        assert cut_page(sorted(rows, reverse=descending), order, key_of, later.before, 10).rows == earlier.rows
    seen, now, at = list(pages[0].rows), set(rows), pages[0].after
    while at:
        now |= {(date(2026, 1, 1 + chance.randrange(28)), 1000 + len(now) + n) for n in range(5)}
        page = cut_page(sorted(now, reverse=descending), order, key_of, at, 10)
        seen, at = [*seen, *page.rows], page.after
    assert len(seen) == len(set(seen)) and rows <= set(seen)
    with pytest.raises(Invalid, match="another list"):
        cut_page([], order, key_of, "50", 10)


def test_no_paged_list_is_left_out() -> None:
    """A function that pages by key, and a template that draws a pager of its own, are tried here or said not to be."""
    paged = set()
    for path in sorted((SOURCE / "storage" / "views").glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and re.search(
                r"\b(fetch_page|cut_page|Paged)\(", ast.unparse(function)
            ):
                paged.add(f"{path.stem}.{function.name}")
    paged -= {"paging.fetch_page", "paging.cut_page"}
    made = {
        f"{path.stem}.{function.name}"
        for path in sorted((SOURCE / "console").rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and re.search(r"\b(cut_page|Paged)\(", ast.unparse(function))
    }
    drawn = {
        path.name
        for path in sorted((SOURCE / "console").rglob("*.html"))
        if path.name != "macros.html" and re.search(r'class="pager"|rel="next"|at=more', path.read_text())
    }
    known = {name for name, listed in LISTS.items() if not listed.drawn_by}
    by_hand = {listed.drawn_by for listed in LISTS.values() if listed.drawn_by}
    assert (paged | made | drawn) ^ known ^ by_hand ^ NOT_BY_KEY.keys() == set()


_KNOWN: dict[Ask, dict[str, str]] = {}


def _places(connection: sa.Connection, ask: Ask) -> dict[str, str]:
    """Where the first, a middle and the last page of a list begin."""
    if ask not in _KNOWN:
        ends = [""]
        while (found := ask(connection, ends[-1], FAR)).after:
            ends.append(found.after)
        before = ends[-2] if len(found.rows) <= PAGE // 2 and len(ends) > 1 else ends[-1]
        rows = len(found.rows) + (FAR if before != ends[-1] else 0)
        assert rows > PAGE, "too few to have pages"
        last = ask(connection, before, rows - PAGE // 2).after
        _KNOWN[ask] = {
            "first": "",
            "middle": ends[len(ends) // 2] or ask(connection, "", rows // 2).after,
            "last": last,
        }
    return _KNOWN[ask]


def _statements(connection: sa.Connection) -> list[tuple[str, Any]]:
    """What is asked on a connection from now on."""
    found: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            found.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", hear)
    return found


def _plan(connection: sa.Connection, statement: str, parameters: Any) -> dict[str, Any]:
    told = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters
    ).scalar_one()
    plan: dict[str, Any] = told[0]["Plan"]
    return plan


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _nodes(each)


def _looked_at(plan: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Of each node that reads a table or sorts, how many rows it had before it, kept or not."""
    for node in _nodes(plan):
        if node.get("Relation Name") in TABLES or "Sort" in node["Node Type"]:
            beside = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
            given = node["Plans"][0]["Actual Rows"] if "Sort" in node["Node Type"] else node["Actual Rows"]
            name = f"{node['Node Type']} {node.get('Index Name') or node.get('Relation Name', '')}"
            yield name, (given + beside) * node["Actual Loops"]


def _drawn(node: dict[str, Any], depth: int = 0) -> str:
    what = (
        "Node Type",
        "Relation Name",
        "Index Name",
        "Index Cond",
        "Filter",
        "Sort Key",
        "Actual Rows",
        "Actual Loops",
    )
    told = " ".join(str(node[name]) for name in what if name in node)
    return "\n".join(["  " * depth + told, *(_drawn(each, depth + 1) for each in node.get("Plans", ()))])
