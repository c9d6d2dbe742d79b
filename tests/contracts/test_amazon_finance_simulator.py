"""The simulator's two finance APIs: Amazon's own client reads them, money is exact, windows, pages, roles and late changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import httpx2
import pytest
import spapi
from spapi.api.finance_remittance_v2026_03_17.default_api import DefaultApi as RemittanceApi
from spapi.api.finances_invoices_v2026_06_25.default_api import DefaultApi as InvoicesApi

from tests.contracts.amazon_vendor import CREDENTIALS, NOW, Vendor, iso
from tests.contracts.published import spapi_model, validate_response
from trueup.simulation.remittances.records import Payment, Period
from trueup.simulation.remittances.world import History
from trueup.simulation.remittances.writers.amazon_api import (
    as_json,
    invoice_documents,
    remittance_document,
    remittances_as_told,
)
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import FINANCE, FULFILLMENT, TRACKING

DAY = timedelta(days=1)
US = "ATVPDKIKX0DER"
REMITTANCES = "/finances/remittances/2026-03-17/remittances"
INVOICES = "/finances/invoices/2026-06-25/invoices"
_AMOUNT = re.compile(rb'"currencyAmount":([^,}]*)')


@cache
def periods() -> tuple[Period, ...]:
    """A month of history of one vendor."""
    return tuple(History(5, 1).periods())


def paid_in_us() -> list[Payment]:
    """Its payments of the largest market that stand."""
    payments = [payment for period in periods() for payment in period.payments]
    return [each for each in payments if each.market.name == "US" and each.state == "paid" and not each.hides]


def us_invoices(count: int) -> list[dict[str, Any]]:
    """So many of its invoices as Amazon matched them, those that were paid first."""
    issued = [invoice for period in periods() for invoice in period.invoices if invoice.market.name == "US"]
    issued.sort(key=lambda invoice: (invoice.fate != "paid", invoice.number))
    return invoice_documents(issued[:count], paid_in_us(), date(2026, 10, 31))


def open_finance(roles: Sequence[str] = (FULFILLMENT, TRACKING, FINANCE), **choices: Any) -> Vendor:
    """A vendor of that history, whose clock stands at NOW; its simulator knows nothing of it yet."""
    choices.setdefault("rate_limit", False)
    simulator = AmazonSimulator(seed=7, **choices)
    simulator.set_clock(NOW)
    simulator.add_vendor_group(**CREDENTIALS, vendor_codes=["RIVR1"], roles=roles)
    vendor = Vendor(simulator)
    vendor.lies = True  # its own check knows the orders API alone
    return vendor


def small(place: int, paid_at: datetime = NOW - DAY, lines: int = 1, **header: Any) -> dict[str, Any]:
    """A payment of lines of 1.10 each."""
    money = {"currencyCode": "USD", "currencyAmount": "1.10"}
    return {
        "marketplaceId": US,
        "remittanceHeader": {
            "paymentDate": iso(paid_at),
            "uniquePaymentId": f"U{place:04d}",
            "paymentNumber": f"{place}",
            "paymentAmount": money,
            "remittanceStatus": "SUCCESSFUL",
            "relatedIdentifiers": [{"relatedIdentifierName": "PAYEE_CODE", "relatedIdentifierValue": ["RIVR1"]}],
            **header,
        },
        "remittanceItems": [{"invoiceNumber": f"I{place}-{line}", "netAmountPaid": money} for line in range(lines)],
    }


def listed(vendor: Vendor, **parameters: Any) -> httpx2.Response:
    """getRemittanceHeaders."""
    return vendor.send("GET", REMITTANCES, params={"marketplaceId": US, **parameters})


def all_pages(vendor: Vendor, **parameters: Any) -> tuple[list[str], list[int]]:
    """The unique ids of every page, and how many stood on each."""
    found: list[str] = []
    sizes: list[int] = []
    while True:
        content = listed(vendor, **parameters).json()
        found += [each["uniquePaymentId"] for each in content["remittances"]]
        sizes.append(len(content["remittances"]))
        if "nextToken" not in content:
            return found, sizes
        parameters["nextToken"] = content["nextToken"]


def test_the_official_client_reads_remittances() -> None:
    """Every payment of a month with all its lines, each payment the sum of its lines where the world says it ties."""
    vendor = open_finance()
    payments = paid_in_us()
    vendor.simulator.add_remittances(as_json([remittance_document(each) for each in payments]))
    client = spapi.SPAPIClient(
        spapi.SPAPIConfig(**CREDENTIALS), oauth_endpoint=f"{vendor.url}/auth/o2/token", endpoint=vendor.url
    ).api_client
    api = RemittanceApi(client)
    page = api.get_remittance_headers(US, start_date=NOW - 60 * DAY, end_date=NOW)
    assert page.num_of_records == len(payments)
    assert {each.unique_payment_id for each in page.remittances} == {each.unique_id for each in payments}
    for payment in payments[:5]:
        shown = api.get_remittance(payment.unique_id, US)
        assert shown.remittance_header.payment_number == payment.number
        assert shown.remittance_header.line_item_count == len(shown.remittance_items) == len(payment.lines)
        sums = sum(round(100 * item.net_amount_paid.currency_amount) for item in shown.remittance_items)
        assert sums == payment.invoiced - payment.untied


def test_the_official_client_reads_invoices() -> None:
    """Headers and lines; a paid invoice names the payments that paid it, and its settlement adds up to its total."""
    vendor = open_finance()
    documents = us_invoices(40)
    vendor.simulator.add_invoices(as_json(documents))
    client = spapi.SPAPIClient(
        spapi.SPAPIConfig(**CREDENTIALS), oauth_endpoint=f"{vendor.url}/auth/o2/token", endpoint=vendor.url
    ).api_client
    api = InvoicesApi(client)
    found = api.get_invoice_headers(US, from_issue_date=NOW - 120 * DAY, to_issue_date=NOW - 31 * DAY)
    assert len(found.invoices) == 40
    paid = [each for each in found.invoices if each.invoice_status != "IN_PROGRESS"]
    assert paid
    uniques = {payment.unique_id for payment in paid_in_us()}
    for header in paid:
        names = {each.related_identifier_name: each.related_identifier_value for each in header.related_identifiers}
        assert set(names["UNIQUE_PAYMENT_IDS"]) <= uniques
        parts = sum(round(100 * each.breakdown_amount.currency_amount) for each in header.invoice_settlement_breakdowns)
        assert parts == round(100 * header.invoice_amount.currency_amount)
        shown = api.get_invoice(US, header.invoice_identifier)
        total = sum(round(100 * item.total_amount.currency_amount) for item in shown.invoice_items)
        assert total == parts


def test_replies_have_the_published_shape() -> None:
    """The model of the invoices API allows every reply, good or refused."""
    model = spapi_model("financesInvoices_2026-06-25")
    vendor = open_finance()
    keys = vendor.simulator.add_invoices(as_json(us_invoices(10)))
    window = {"fromIssueDate": iso(NOW - 120 * DAY), "toIssueDate": iso(NOW - 31 * DAY)}
    for parameters in ({"marketplaceId": US, **window}, {"marketplaceId": US}, {}):
        reply = vendor.send("GET", INVOICES, params=parameters)
        validate_response(model, "getInvoiceHeaders", reply.status_code, reply.json())
    for key in (keys[0], "NOBODY~RIVR1"):
        reply = vendor.send("GET", f"{INVOICES}/{key}", params={"marketplaceId": US})
        validate_response(model, "getInvoice", reply.status_code, reply.json())


def test_money_is_a_number_of_two_digits() -> None:
    """0.10 stays 0.10: no amount passes through a float on its way out, whether given as JSON or as text."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(1)])
    vendor.simulator.add_remittances(as_json([remittance_document(paid_in_us()[0])]))
    for key in ("U0001", paid_in_us()[0].unique_id):
        body = vendor.send("GET", f"{REMITTANCES}/{key}", params={"marketplaceId": US}).content
        amounts = _AMOUNT.findall(body)
        assert amounts
        assert all(re.fullmatch(rb"-?(0|[1-9][0-9]*)\.[0-9]{2}", amount) for amount in amounts)


@pytest.mark.parametrize(
    "parameters",
    [
        {"startDate": iso(NOW - 91 * DAY)},
        {"startDate": iso(NOW - 366 * DAY), "endDate": iso(NOW - 300 * DAY)},
        {"startDate": iso(NOW), "endDate": iso(NOW - DAY)},
        {"startDate": "yesterday"},
        {"createdAfter": iso(NOW - DAY)},
        {"nextToken": "made-up"},
    ],
)
def test_remittances_refuse_what_is_out_of_bounds(parameters: dict[str, str]) -> None:
    """Ninety days wide, a year back, in order, known parameters, a token of its own: anything else is 400."""
    assert listed(open_finance(), **parameters).status_code == 400


def test_invoices_take_both_dates_or_neither() -> None:
    """One date alone is refused, and so is a window of more than ninety days."""
    vendor = open_finance()

    def status(**parameters: str) -> int:
        return vendor.send("GET", INVOICES, params={"marketplaceId": US, **parameters}).status_code

    assert status(fromIssueDate=iso(NOW - DAY)) == 400
    assert status(toIssueDate=iso(NOW)) == 400
    assert status(fromIssueDate=iso(NOW - 91 * DAY), toIssueDate=iso(NOW)) == 400
    assert status(fromIssueDate=iso(NOW - 90 * DAY), toIssueDate=iso(NOW)) == 200


def test_windows_of_payment_hold_their_ends() -> None:
    """Earliest and latest are meant literally; without dates it is the last thirty days."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(1, NOW - 10 * DAY), small(2, NOW - 29 * DAY), small(3, NOW - 31 * DAY)])
    ends = {"startDate": iso(NOW - 31 * DAY), "endDate": iso(NOW - 10 * DAY)}
    assert all_pages(vendor, **ends)[0] == ["U0001", "U0002", "U0003"]
    assert all_pages(vendor)[0] == ["U0001", "U0002"]


def test_pages_give_each_payment_once_although_some_are_empty() -> None:
    """An empty page leads on; following the tokens to the end neither loses nor repeats a payment."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(place, NOW - timedelta(hours=place)) for place in range(1, 231)])
    vendor.simulator.add_fault({"kind": "empty_page", "operation": "getRemittanceHeaders", "count": 2})
    found, sizes = all_pages(vendor)
    assert sorted(found) == [f"U{place:04d}" for place in range(1, 231)]
    assert sizes == [0, 0, 100, 100, 30]


def test_a_token_belongs_to_its_arguments() -> None:
    """With other dates the same token is refused."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(place) for place in range(101)])
    token = listed(vendor).json()["nextToken"]
    assert listed(vendor, nextToken=token).status_code == 200
    assert listed(vendor, nextToken=token, endDate=iso(NOW)).status_code == 400


def test_lines_come_in_pages_of_six_hundred() -> None:
    """A long payment is read with its own token, in order."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(1, lines=1300)])
    numbers: list[str] = []
    parameters = {"marketplaceId": US}
    while True:
        content = vendor.send("GET", f"{REMITTANCES}/U0001", params=parameters).json()
        numbers += [item["invoiceNumber"] for item in content["remittanceItems"]]
        if "nextTokenForLineItems" not in content:
            break
        parameters["nextTokenForLineItems"] = content["nextTokenForLineItems"]
    assert numbers == [f"I1-{line}" for line in range(1300)]


def test_what_amazon_changes_later_is_seen_later() -> None:
    """In progress with one line, then successful with two: each as of its time, also when the clock goes back."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(1, remittanceStatus="IN_PROGRESS")])
    vendor.simulator.add_remittances([{**small(1, lines=2), "visibleAt": iso(NOW + DAY)}])

    def seen() -> tuple[str, int]:
        content = vendor.send("GET", f"{REMITTANCES}/U0001", params={"marketplaceId": US}).json()
        return content["remittanceHeader"]["remittanceStatus"], len(content["remittanceItems"])

    assert seen() == ("IN_PROGRESS", 1)
    vendor.wait(2 * DAY)
    assert seen() == ("SUCCESSFUL", 2)
    vendor.wait(-2 * DAY)
    assert seen() == ("IN_PROGRESS", 1)


def test_a_world_is_told_with_its_late_changes() -> None:
    """A payment of the simulated history is in progress on its day and a line short; two days later it is whole."""
    vendor = open_finance()
    payment = paid_in_us()[0]
    vendor.simulator.add_remittances(as_json(remittances_as_told([payment])))
    counts = []
    for days in (0, 3):
        vendor.simulator.set_clock(datetime.combine(payment.paid_on, NOW.timetz()) + days * DAY)
        vendor.sign_in()
        content = vendor.send("GET", f"{REMITTANCES}/{payment.unique_id}", params={"marketplaceId": US}).json()
        counts.append((content["remittanceHeader"]["remittanceStatus"], len(content["remittanceItems"])))
    assert counts == [("IN_PROGRESS", len(payment.lines) - 1), ("SUCCESSFUL", len(payment.lines))]


def test_modified_invoices_are_found_by_their_change() -> None:
    """`invoicesModifiedAfter` gives what changed since, and nothing else."""
    vendor = open_finance()
    documents = us_invoices(3)
    vendor.simulator.add_invoices(as_json(documents))
    documents[0]["invoiceHeader"]["lastUpdatedDate"] = iso(NOW + DAY)
    documents[0]["invoiceHeader"]["invoiceStatus"] = "REJECTED"
    vendor.simulator.add_invoices(as_json(documents[:1]))
    vendor.wait(2 * DAY)
    window = {"fromIssueDate": iso(NOW - 120 * DAY), "toIssueDate": iso(NOW - 31 * DAY)}
    reply = vendor.send(
        "GET", INVOICES, params={"marketplaceId": US, **window, "invoicesModifiedAfter": iso(NOW)}
    ).json()
    changed = [(each["invoiceIdentifier"], each["invoiceStatus"]) for each in reply["invoices"]]
    assert changed == [(documents[0]["invoiceHeader"]["invoiceIdentifier"], "REJECTED")]


def test_both_apis_are_refused_without_their_role() -> None:
    """403, as for a vendor to whom Amazon has not opened them."""
    vendor = open_finance(roles=(FULFILLMENT, TRACKING))
    for path in (REMITTANCES, f"{REMITTANCES}/U0001", INVOICES, f"{INVOICES}/A~B"):
        reply = vendor.send("GET", path, params={"marketplaceId": US})
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (403, "Unauthorized")


def test_another_group_and_another_marketplace_see_nothing() -> None:
    """404 for the payment, an empty list: the two are not told apart."""
    vendor = open_finance()
    vendor.simulator.add_remittances([small(1)])
    other = {**CREDENTIALS, "refresh_token": "Atzr|two"}
    vendor.simulator.add_vendor_group(**other, vendor_codes=["OTHER"], roles=(FINANCE,))
    stranger = Vendor(vendor.simulator, other)
    stranger.lies = True
    for client, marketplace in ((stranger, US), (vendor, "A1PA6795UKMFR9")):
        assert listed(client, marketplaceId=marketplace).json()["remittances"] == []
        reply = client.send("GET", f"{REMITTANCES}/U0001", params={"marketplaceId": marketplace})
        assert reply.status_code == 404


def test_too_many_requests_are_throttled() -> None:
    """The eleventh at once is 429, as for the other operations."""
    vendor = open_finance(rate_limit=True)
    assert [listed(vendor).status_code for _ in range(11)] == [200] * 10 + [429]


def test_the_control_plane_takes_documents_exactly() -> None:
    """Given as JSON numbers, read from the bytes: a hundred thousand trillion and a cent comes back whole."""
    vendor = open_finance()
    document = small(1, paymentAmount={"currencyCode": "USD", "currencyAmount": "17"})
    body = as_json([document]).replace(b'"17"', b"99999999999999999.01").replace(b'"1.10"', b"1.10")
    reply = vendor.http.post("/_simulator/remittances", content=body)
    assert reply.json() == {"added": ["U0001"]}
    assert Decimal(_AMOUNT.findall(listed(vendor).content)[0].decode()) == Decimal("99999999999999999.01")
    wrong = vendor.http.post("/_simulator/remittances", content=body.replace(b"1.10", b"1.105"))
    assert (wrong.status_code, "two digits" in wrong.text) == (422, True)
