"""`/metrics` as a scraper reads it: who may, that the numbers are those of the database, and that looking is cheap."""

from __future__ import annotations

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.console.calling import calling, token
from tests.console.installed import Console
from trueup.api.metrics import FRESH_SECONDS
from trueup.storage.views.status import show_status

Samples = dict[tuple[str, tuple[str, ...]], float]


def ask(console: Console) -> httpx2.Response:
    """Scrape once."""
    with calling(console, token(console, "Aude", "metrics")) as scraper:
        return scraper.http.get("/metrics")


def scrape(console: Console) -> Samples:
    """Every sample by its name and the values of its labels; never those of a moment ago."""
    console.app.world.clock.sleep(FRESH_SECONDS)
    answer = ask(console)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def test_who_shows_no_scope_is_kept_out(console: Console) -> None:
    """From this machine too: a proxy on it would pass on everybody."""
    with calling(console, token(console, "Aude", "look")) as other:
        assert other.http.get("/metrics").status_code == 403
    assert httpx2.get(f"{console.url}/metrics").status_code == 401
    with console.visitor("Ana Admin") as signed_in:
        assert signed_in.get("/metrics").status_code == 401


def test_the_numbers_are_those_of_the_database(console: Console) -> None:
    """Open cases by kind, money at risk to the minor unit, sources, deliveries, what waits; and webhooks as they were answered."""
    httpx2.post(f"{console.url}/webhooks/shopify/shop", content=b"{}")
    httpx2.post(f"{console.url}/webhooks/shopify/nobody", content=b"{}")
    found = scrape(console)
    with console.app.database.transaction() as connection:
        status = show_status(connection)
        risk = connection.exec_driver_sql(
            "SELECT sum(abs(risk_minor)) FROM trueup.cases WHERE state = 'open' AND merged_into IS NULL"
        ).scalar_one()
    kinds = {labels[0]: value for (name, labels), value in found.items() if name == "trueup_open_cases"}
    assert kinds == status["open_cases"]
    assert sum(value for (name, _), value in found.items() if name == "trueup_money_at_risk_minor_units") == risk
    assert found["trueup_backlog_runs", ("orders", "timed")] >= 1
    assert ("trueup_last_read_back_age_seconds", ("amazon-us", "acknowledgements")) in found
    answered = {labels: value for (name, labels), value in found.items() if name == "trueup_webhook_deliveries_total"}
    assert answered["/webhooks/shopify/shop", "401"] >= 1 and answered["unknown", "404"] >= 1


def test_who_scrapes_again_at_once_is_told_the_same(console: Console) -> None:
    """The database is asked once in a while, however many look."""
    scrape(console)
    first = ask(console).text
    with pytest.raises(httpx2.HTTPStatusError):
        httpx2.post(f"{console.url}/webhooks/shopify/shop", content=b"{}").raise_for_status()
    assert ask(console).text == first
    assert scrape(console)["trueup_webhook_deliveries_total", ("/webhooks/shopify/shop", "401")] >= 1
