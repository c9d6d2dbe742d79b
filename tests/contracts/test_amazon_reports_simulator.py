"""The Reports API of the simulator: published shapes, its slow limits, its fatal reports, figures that change afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.contracts.amazon_vendor import NOW, iso
from tests.contracts.retail_reports import (
    BY_DAY,
    DAY,
    REPORTS,
    US,
    Reporting,
    check_specification,
    fact,
    forecast,
    inventory,
    midnight,
    sales,
    window,
)
from trueup.simulators.amazon.report_rules import UNAVAILABLE

SALES, INVENTORY = "GET_VENDOR_SALES_REPORT", "GET_VENDOR_INVENTORY_REPORT"
HOUR_SALES, HOUR_INVENTORY = "GET_VENDOR_REAL_TIME_SALES_REPORT", "GET_VENDOR_REAL_TIME_INVENTORY_REPORT"
FORECAST = "GET_VENDOR_FORECASTING_REPORT"


def test_every_report_is_as_its_published_schema_has_it() -> None:
    """All five kinds, both views, weeks and days; what the views and programmes leave out is left out."""
    amazon = Reporting()
    hour = iso(NOW.replace(minute=0) - timedelta(hours=3))
    sunday = midnight(1)  # NOW is a Monday
    amazon.simulator.add_retail(
        [
            *(fact(midnight(ago), sales(ago), asin) for ago in range(2, 20) for asin in ("B000000001", "B000000002")),
            *(fact(midnight(ago), inventory(100 - ago, 10, ago)) for ago in range(2, 20)),
            fact(sunday, forecast("3.5")),
            fact(sunday + 7 * DAY, forecast("4.25")),
            fact(hour, {"type": "hour-sales", "orderedUnits": -1, "orderedRevenue": "-9.99"}),
            fact(hour, {"type": "hour-inventory"}),
        ]
    )
    days, week = window(midnight(4), midnight(3)), window(midnight(15), midnight(9))
    state, found = amazon.made(SALES, BY_DAY, **days)
    assert state == "DONE" and [row["shippedUnits"] for row in found["salesByAsin"]] == [4, 4, 3, 3]
    assert [row["shippedUnits"] for row in found["salesAggregate"]] == [8, 6]
    assert "orderedUnits" not in found["salesByAsin"][0]
    _, found = amazon.made(SALES, {**BY_DAY, "reportPeriod": "WEEK", "distributorView": "MANUFACTURING"}, **week)
    assert found["salesByAsin"][0]["orderedUnits"] == sum(range(9, 16))
    _, found = amazon.made(INVENTORY, {**BY_DAY, "reportPeriod": "WEEK"}, **week)
    (row,) = found["inventoryByAsin"]
    assert (row["sellableOnHandInventoryUnits"], row["netReceivedInventoryUnits"]) == (91, sum(range(9, 16)))
    _, found = amazon.made(FORECAST, {"sellingProgram": "RETAIL"})
    assert [row["meanForecastUnits"] for row in found["forecastByAsin"]] == [3.5, 4.25]
    hours = window(NOW - timedelta(hours=5), NOW)
    _, found = amazon.made(HOUR_SALES, {"currencyCode": "USD"}, **hours)
    assert found["reportData"][0]["orderedUnits"] == -1
    _, found = amazon.made(HOUR_INVENTORY, **hours)
    assert found["reportData"][0]["highlyAvailableInventory"] == 0


@pytest.mark.parametrize(
    ("report_type", "options", "dates", "says"),
    [
        (SALES, {"reportPeriod": "DAY"}, window(midnight(3), midnight(3)), "distributorView"),
        (SALES, [BY_DAY], window(midnight(3), midnight(3)), "reportOption to be specified"),
        (INVENTORY, {**BY_DAY, "sellingProgram": "BUSINESS"}, window(midnight(3), midnight(3)), "BUSINESS"),
        (SALES, {**BY_DAY, "reportPeriod": "WEEK"}, window(midnight(9), midnight(3)), "first and dataEndTime the last"),
        (SALES, {**BY_DAY, "reportPeriod": "MONTH"}, window(midnight(52), midnight(23)), "last day of a MONTH"),
        (SALES, BY_DAY, window(midnight(18), midnight(3)), "is 15"),
        (SALES, BY_DAY, window(midnight(1470), midnight(1469)), "lookback"),
        (SALES, BY_DAY, window(midnight(2), midnight(1)), UNAVAILABLE),
        (SALES, BY_DAY, {}, "requires dataStartTime"),
        (HOUR_INVENTORY, None, window(NOW - timedelta(hours=169), NOW - timedelta(hours=160)), "168 hours"),
        (HOUR_SALES, {}, window(NOW - timedelta(hours=30), NOW), "24 hours"),
    ],
)
def test_what_is_wrong_with_a_request_stands_in_the_document_of_a_fatal_report(
    report_type: str, options: Any, dates: dict[str, str], says: str
) -> None:
    """Amazon takes it in, and says so minutes later."""
    amazon = Reporting()
    amazon.simulator.add_retail([fact(midnight(3), sales(1))])
    state, found = amazon.made(report_type, options, **dates)
    assert state == "FATAL" and says in found["errorDetails"]


def test_without_data_a_report_is_cancelled_and_has_no_document() -> None:
    """Nothing to say is no document."""
    amazon = Reporting()
    assert amazon.made(SALES, BY_DAY, **window(midnight(4), midnight(3))) == ("CANCELLED", None)


def test_one_report_at_a_time_and_only_a_queued_one_can_be_cancelled() -> None:
    """The second waits for the first; a cancelled one is still listed, and a list has no options."""
    amazon = Reporting()
    amazon.simulator.add_retail([fact(midnight(3), sales(1))])
    dates = window(midnight(3), midnight(3))
    first, second = (amazon.create(SALES, BY_DAY, **dates).json()["reportId"] for _ in range(2))
    amazon.wait(timedelta(minutes=1))
    states = [amazon.report(each)["processingStatus"] for each in (first, second)]
    assert states == ["IN_PROGRESS", "IN_QUEUE"]
    assert amazon.call("cancelReport", "DELETE", f"{REPORTS}/{first}").status_code == 400
    assert amazon.call("cancelReport", "DELETE", f"{REPORTS}/{second}").status_code == 200
    amazon.wait(timedelta(minutes=5))
    listed = amazon.call("getReports", "GET", REPORTS, params={"reportTypes": SALES}).json()["reports"]
    assert [(each["reportId"], each["processingStatus"]) for each in listed] == [(second, "CANCELLED"), (first, "DONE")]
    assert not any("reportOptions" in each for each in listed)
    amazon.wait(91 * DAY)
    assert amazon.call("getReport", "GET", f"{REPORTS}/{first}").status_code == 404


def test_a_list_is_paged_by_a_token_that_comes_alone() -> None:
    """With any other parameter it is refused, and so is a list of no types."""
    amazon = Reporting()
    made = [amazon.create(FORECAST, {"sellingProgram": "RETAIL"}).json()["reportId"] for _ in range(5)]
    asked = {"reportTypes": f"{FORECAST},{SALES}", "marketplaceIds": US, "pageSize": "2"}
    found: list[str] = []
    while asked:
        page = amazon.call("getReports", "GET", REPORTS, params=asked).json()
        found += [each["reportId"] for each in page["reports"]]
        asked = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
        if asked:
            assert amazon.call("getReports", "GET", REPORTS, params={**asked, "pageSize": "2"}).status_code == 400
    assert sorted(found) == made
    assert amazon.call("getReports", "GET", REPORTS).status_code == 400


def test_late_data_changes_what_a_later_report_says_and_nothing_says_so() -> None:
    """The day is restated; a report made before keeps what it said."""
    amazon = Reporting()
    amazon.simulator.add_retail([fact(midnight(3), sales(5))])
    amazon.simulator.add_retail([fact(midnight(3), sales(8), visibleAt=iso(NOW + DAY))])
    dates = window(midnight(3), midnight(3))
    _, first = amazon.made(SALES, BY_DAY, **dates)
    amazon.wait(2 * DAY)
    _, second = amazon.made(SALES, BY_DAY, **dates)
    assert [each["salesByAsin"][0]["shippedUnits"] for each in (first, second)] == [5, 8]


def test_an_address_holds_for_five_minutes_and_takes_no_credentials() -> None:
    """Storage answers in XML, and refuses what brings an Authorization or Amazon's own headers."""
    amazon = Reporting()
    amazon.simulator.add_retail([fact(midnight(3), sales(1))])
    report_id = amazon.create(SALES, BY_DAY, **window(midnight(3), midnight(3))).json()["reportId"]
    amazon.wait(timedelta(minutes=5))
    document = amazon.report(report_id)["reportDocumentId"]
    url = amazon.address(document)["url"]

    def get(address: str, **headers: str) -> httpx2.Response:
        return httpx2.get(address, headers=headers, trust_env=False)

    assert get(url).headers["content-type"] == "application/octet-stream"
    assert get(url, authorization="Bearer x").status_code == 400
    assert "not signed" in get(url, **{"x-amz-access-token": amazon.vendor.token}).text
    assert get(url.replace("2026", "2027")).status_code == 403
    transparent = get(amazon.address(document, enableContentEncodingUrlHeader="true")["url"])
    assert transparent.json()["reportSpecification"]["reportType"] == SALES
    amazon.wait(timedelta(minutes=6))
    assert "Request has expired" in get(url).text
    assert get(amazon.address(document)["url"]).status_code == 200


def test_asking_is_budgeted_to_one_a_minute_after_fifteen() -> None:
    """The sixteenth is refused; a minute later one more is allowed, and no second."""
    amazon = Reporting(rate_limit=True)
    asked = [amazon.create(FORECAST, {"sellingProgram": "RETAIL"}).status_code for _ in range(16)]
    assert asked == [202] * 15 + [429]
    amazon.wait(timedelta(seconds=61))
    assert [amazon.create(FORECAST, {"sellingProgram": "RETAIL"}).status_code for _ in range(2)] == [202, 429]


def test_reports_of_a_group_are_not_seen_by_another_and_take_a_role() -> None:
    """Ids are unique within a group alone."""
    amazon = Reporting()
    other = {"client_id": "app", "client_secret": "hidden", "refresh_token": "Atzr|other"}
    amazon.simulator.add_vendor_group(**other, vendor_codes=["RIVAL"])
    report_id = amazon.create(FORECAST, {"sellingProgram": "RETAIL"}).json()["reportId"]
    form = {"grant_type": "refresh_token", **other}
    amazon.vendor.token = amazon.vendor.http.post("/auth/o2/token", data=form).json()["access_token"]
    assert amazon.call("getReport", "GET", f"{REPORTS}/{report_id}").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"reportType": "GET_NOTHING", "marketplaceIds": [US]},
        {"reportType": SALES, "marketplaceIds": []},
        {"reportType": SALES},
        {"reportType": SALES, "marketplaceIds": [US], "dataStartTime": "2027-01-01T00:00:00Z"},
        {"reportType": SALES, "marketplaceIds": [US], "dataStartTime": "yesterday"},
    ],
)
def test_what_cannot_be_read_is_refused_at_once(body: dict[str, Any]) -> None:
    """A type that is not allowed, no store, a time to come."""
    assert Reporting().call("createReport", "POST", REPORTS, json=body).status_code == 400


def test_the_published_model_allows_what_these_tests_ask() -> None:
    """A test of a request that Amazon would not read proves nothing."""
    dates = window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    check_specification({"reportType": SALES, "marketplaceIds": [US], "reportOptions": BY_DAY, **dates})
