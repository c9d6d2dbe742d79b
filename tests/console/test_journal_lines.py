"""The journal as lines: debit, credit, account, period and source of each; both sides equal in the footer, by currency."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import console_over_money, lacking
from tests.console.test_all_pages import violations
from trueup.console.pages import journal
from trueup.storage.views.journal import EntryFilter
from trueup.storage.views.journal_lines import sum_lines


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("journal"))) as running:
        yield running


def _rows(page: str) -> list[list[str]]:
    """The cells of the table's body, in words."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)
    ]


def _minor(text: str) -> int:
    return int(re.sub(r"[^\d]", "", text.replace("USD", "")) or 0)


def test_a_line_has_its_side_account_period_and_source_and_the_footer_is_equal(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """All lines come to the footer, side by side; of an account its lines alone; a period narrows as its days do, also the file."""
    with console.visitor("Aude") as aude, calling(console, token(console, "Fina")) as program:
        shown = aude.get("/journal?tab=lines").text
        rows = _rows(shown)
        foot = [_minor(cell) for cell in re.findall(r'class="num">(.*?)</td>', shown.split("<tfoot>")[1], re.S)]
        sides = [sum(_minor(row[at]) for row in rows) for at in (-2, -1)]
        assert rows and foot == sides and sides[0] == sides[1] > 0
        assert not lacking(shown, "2026-10<", "Equal", "1200 Amazon receivable", "?at=")
        own = _rows(aude.get("/journal?tab=lines&account=1200").text)
        assert own and {row[3].partition(" ")[0] for row in own} == {"1200"}
        assert len(own) == sum(row[3].startswith("1200") for row in rows)
        assert _rows(aude.get("/journal?tab=lines&month=2026-10").text) == rows
        assert lacking(aude.get("/journal?tab=lines&month=2026-09").text, "data-open")
        narrowed = aude.get("/journal?tab=lines&account=1200").text
        assert "/journal/export?tab=lines&amp;account=1200" in narrowed
        assert f"{len(own)} lines are left" in aude.get("/journal/export?tab=lines&account=1200").text
        listed = aude.get("/journal.csv?tab=lines&account=1200").text
        assert len(list(csv.DictReader(io.StringIO(listed)))) == len(own), "the file keeps the filter of the list"
        whole = aude.get("/journal.csv?account=1200").text
        assert len(list(csv.DictReader(io.StringIO(whole)))) > len(own), "of entries it has all their lines"
        file = aude.get("/journal.csv?month=2026-10").text
        assert len(list(csv.DictReader(io.StringIO(file)))) == len(rows)
        told = program.json("/journal/lines?limit=200")["items"]
        assert len(told) == len(rows) and any(each["place"] for each in told)
    tab = page_of("Aude")
    tab.goto("/journal?tab=lines")
    assert violations(tab, "the journal's lines", "light") == []
    tab.locator("td.where a").first.click()
    tab.wait_for_url("**/documents/*")


def test_a_side_that_no_filter_shows_narrows_no_list(console: Console) -> None:
    """Of entries, which have both sides, the address may still say one from the lines: list, sums and file are as without it."""
    with console.visitor("Aude") as aude:
        for path in ("/journal?account=1200&month=2026-10&side=debit", "/journal.csv?account=1200&side=debit"):
            said, alone = aude.get(path).text, aude.get(path.replace("&side=debit", "")).text
            assert (_rows(said) if "tbody" in alone else said) == (_rows(alone) if "tbody" in alone else alone)
        assert "No match" in aude.get("/journal?tab=lines&account=1200&side=debit").text, "of lines it is a filter"
        assert aude.get("/journal?side=sideways").status_code == 422


def test_the_footer_is_equal_only_where_both_sides_are(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where all lines are shown, and in a currency that has no cents: what is between the sides is told, not taken as none."""

    def told(debits: int, credits_: int) -> Any:
        row = SimpleNamespace(currency="JPY", lines=2, debits=debits, credits=credits_)
        connection: Any = SimpleNamespace(execute=lambda query: [row])
        sums = sum_lines(connection, EntryFilter())
        monkeypatch.setattr(journal, "sum_lines", lambda connection, wanted: sums)
        with console.visitor("Aude") as aude:
            return aude.get("/journal?tab=lines").text.split("<tfoot>")[1].split("</tfoot>")[0]

    assert not lacking(told(500, 500), "Equal") and "between" not in told(500, 500)
    assert not lacking(told(500, 300), "between") and "Equal" not in told(500, 300)


def test_gross_to_net_is_drawn_after_its_table_and_says_the_same(console: Console, page_of: Callable[..., Tab]) -> None:
    """The table stands first; a bar's parts come to its gross, to the cent; the chart says in a sentence what is to be seen."""
    with console.visitor("Aude") as aude:
        for by in ("channel", "sku"):
            shown = aude.get(f"/profit?month=2026-10&by={by}").text
            assert shown.index('aria-label="Profit"') < shown.index('id="profit-chart"')
            assert not lacking(shown, "that were invoiced", "are left")
            chart = shown.split('id="profit-chart"')[1].split("<tbody>")[1].split("</tbody>")[0]
            for row in re.findall(r"<tr>(.*?)</tr>", chart, re.S):
                cells = [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
                *parts, gross = [_signed(each) for each in cells]
                assert sum(parts) == gross
    tab = page_of("Aude")
    tab.goto("/profit?month=2026-10")
    tab.locator("#profit-chart canvas, #profit-chart svg").first.wait_for()
    assert violations(tab, "profit with its chart", "light") == []


def _signed(text: str) -> int:
    return _minor(text) * (-1 if "\N{MINUS SIGN}" in text else 1)
