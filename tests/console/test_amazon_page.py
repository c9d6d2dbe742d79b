"""Amazon's figures in the console: sums with their days, restatements, and the forecast beside orders, as chart, table and file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.console.conftest import Filled, console_over
from tests.console.installed import Console


def test_figures_are_listed_and_told_day_by_day(console: Console) -> None:
    """Sums of the known days, their ages and restatements; unknown is no zero; what no report can name is told."""
    with console.visitor("Elke") as elke:
        listed = elke.get("/amazon").text
        lamp = listed.split('href="/amazon/LAMP-1')[1].split("</tr>")[0]
        assert [cell.split("<")[0] for cell in lamp.split('<td class="num">')[1:6]] == ["–", "56", "28", "63", "12"]
        assert "1</span></td></tr>" in listed, "one day was restated"
        assert "–" in listed.split('href="/amazon/CHAIR-1')[1].split("</tr>")[0]
        assert "No product matches" in elke.get("/amazon?words=nothing-like-it").text
        assert "LAMP-1" in elke.get("/amazon?words=b000000001").text
        product = elke.get("/amazon/LAMP-1").text
        assert "once" in product and "20 Nov 2026" in product and "13.5" in product
        assert "No report names it yet" in elke.get("/amazon/CHAIR-1").text
        assert elke.get("/amazon/NO-SUCH").status_code == 404
        assert elke.get("/stock/LAMP-1").status_code == 200


def test_weeks_and_figures_are_downloaded(console: Console) -> None:
    """The file says what the table says: the orders of the week, and an empty cell where nothing is known."""
    with console.visitor("Aude") as aude:
        answer = aude.get("/amazon.csv?sku=LAMP-1")
        assert answer.headers["content-type"].startswith("text/csv")
        head, *rows = answer.text.splitlines()
        assert head == "week,forecast_mean,forecast_p90,shipped_to_customers,ordered_by_amazon"
        weeks = {row.split(",")[0]: row.split(",")[1:] for row in rows}
        assert weeks["2026-11-22"] == ["13.5", "20", "", "12"]
        assert weeks["2026-11-15"] == ["13.5", "20", "12", "0"]
        assert weeks["2026-12-27"] == ["13.5", "20", "", "0"]
        listed = aude.get("/amazon.csv").text.splitlines()
        assert listed[0].startswith("sku,asins,ordered,shipped") and any(
            row.startswith("LAMP-1,B000000001,,56") for row in listed
        )
        assert aude.get("/amazon.csv?sku=NO-SUCH").status_code == 404


def test_two_products_of_one_asin_are_told_so(filled: Filled, tmp_path: Path) -> None:
    """Amazon counts the ASIN: the same numbers stand at both, and each names the other."""
    with console_over(filled, tmp_path) as running:
        with running.app.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.listings SET asin = 'B000000001' WHERE sku = 'CHAIR-1'")
        with running.visitor("Elke") as elke:
            assert "CHAIR-1 too" in elke.get("/amazon").text
            assert "They must not be added" in elke.get("/amazon/CHAIR-1").text


def test_the_forecast_is_a_chart_with_its_table(page_of: Callable[..., Page]) -> None:
    """From the list by a link; drawn, and told as a table that leads to the file."""
    page = page_of("Elke", "dark")
    page.goto("/amazon")
    page.get_by_role("link", name="LAMP-1").first.click()
    page.locator("[data-chart] svg").wait_for()
    page.get_by_text("As a table").click()
    assert page.get_by_role("cell", name="13.5").first.is_visible()
    with page.expect_download() as told:
        page.get_by_role("link", name="Download").first.click()
    assert told.value.suggested_filename.startswith("amazon-LAMP-1-")
