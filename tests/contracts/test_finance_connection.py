"""The two finance APIs over our connection: every payment and invoice to the cent, all pages; where they are missing, said so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import httpx2
import pytest

from tests.contracts.amazon_connection import check_parameter, settings_for
from tests.contracts.amazon_vendor import CREDENTIALS, NOW, VENDOR_CODE, Vendor, iso
from tests.contracts.published import operation_of, spapi_model
from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, NotFound, Refused, Transient, Unauthorized
from trueup.connectors.amazon_vendor.finances import AmazonFinances
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceStatus
from trueup.domain.remittances import PaymentState, Remittance
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.formats.remittance.finance_invoices import read_invoice, read_invoice_list
from trueup.formats.remittance.finance_remittances import ListedRemittance, read_remittance, read_remittance_list
from trueup.remote.budget import Unlimited
from trueup.remote.capability import InvoiceStatusSource, Page, Probed, RemittanceSource, Verdict
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import FINANCE, FULFILLMENT, TRACKING

DAY = timedelta(days=1)
US = "ATVPDKIKX0DER"


class Watched(httpx2.BaseTransport):
    """Checks each request of the invoices API against its published model, and keeps what was asked of both."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()
        self.asked: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.startswith("/finances/"):
            assert request.method == "GET"
            self.asked.append(path.rsplit("/", 1)[-1])
        if path.startswith("/finances/invoices/"):
            operation = "getInvoiceHeaders" if path.endswith("/invoices") else "getInvoice"
            parameters = operation_of(spapi_model("financesInvoices_2026-06-25"), operation)["parameters"]
            declared = {each["name"]: each for each in parameters if each["in"] == "query"}
            for name, value in request.url.params.multi_items():
                check_parameter(declared, name, value)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Finances:
    """A simulator whose clock stands at NOW, and our connection to its finance APIs."""

    def __init__(self, roles: Sequence[str] = (FULFILLMENT, TRACKING, FINANCE)) -> None:
        self.simulator = AmazonSimulator(seed=7, rate_limit=False)
        self.simulator.set_clock(NOW)
        self.simulator.add_vendor_group(**CREDENTIALS, vendor_codes=[VENDOR_CODE], roles=roles)
        self.clock = ManualClock(NOW)
        self.watched = Watched()
        settings = settings_for(Vendor(self.simulator).url)
        self.connection = AmazonFinances(settings, "US", Unlimited(), self.clock, wire=Wire(self.watched))

    def remittances(self, start: datetime = NOW - 60 * DAY) -> list[ListedRemittance]:
        """Every payment of the list."""
        pages = every_page(lambda token: self.connection.fetch_remittances(start, self.clock.now(), token))
        readings = [read_remittance_list(page.content) for page in pages]
        assert [reading.facts["next_page"] for reading in readings] == [page.next_page for page in pages]
        assert not any(reading.findings for reading in readings)
        return [value for reading in readings for value in reading.values]

    def remittance(self, unique_id: str) -> Remittance:
        """One payment, whole."""
        pages = every_page(lambda token: self.connection.fetch_remittance(unique_id, token))
        reading = read_remittance(*(page.content for page in pages))
        assert reading.findings == ()
        (value,) = reading.values
        return value

    def invoice(self, identifier: str) -> AmazonInvoice:
        """One invoice, whole."""
        pages = every_page(lambda token: self.connection.fetch_invoice(identifier, token))
        reading = read_invoice(*(page.content for page in pages))
        assert reading.findings == ()
        (value,) = reading.values
        return value


def every_page(fetch: Callable[[str | None], Page]) -> list[Page]:
    """All pages, by their tokens."""
    pages = [fetch(None)]
    while pages[-1].next_page is not None:
        pages.append(fetch(pages[-1].next_page))
    return pages


def money(minor: int) -> dict[str, Any]:
    """Cents as an amount."""
    return {"currencyCode": "USD", "currencyAmount": Decimal(minor).scaleb(-2)}


def payment(number: int, paid: Sequence[int], at: datetime = NOW - DAY, **header: Any) -> dict[str, Any]:
    """A payment of lines of so many cents."""
    return {
        "marketplaceId": US,
        "remittanceHeader": {
            "paymentDate": iso(at),
            "uniquePaymentId": f"U-{number}",
            "paymentNumber": str(number),
            "paymentAmount": money(sum(paid)),
            "remittanceStatus": "SUCCESSFUL",
            "relatedIdentifiers": [{"relatedIdentifierName": "PAYEE_CODE", "relatedIdentifierValue": [VENDOR_CODE]}],
            **header,
        },
        "remittanceItems": [
            {"invoiceNumber": f"I{number}-{place}", "netAmountPaid": money(each)} for place, each in enumerate(paid)
        ],
    }


def invoice(number: str, at: datetime, status: str = "PARTIALLY_PAID") -> dict[str, Any]:
    """An invoice of 24 units of which 20 were matched and paid."""
    reasons = [{"varianceType": "PQV", "defectTypes": ["SHORTAGES_IN_TRANSIT"]}]
    matching = {
        "matchedQuantity": 20,
        "matchedAmount": money(20_010),
        "paidQuantity": 20,
        "paidAmount": money(20_010),
        "varianceReasons": reasons,
    }
    return {
        "marketplaceId": US,
        "invoiceHeader": {
            "invoiceNumber": number,
            "invoiceIdentifier": f"{number}~{VENDOR_CODE}",
            "invoiceStatus": status,
            "invoiceType": "AP_INVENTORY",
            "payer": {"partnerId": "AMAZON", "partnerType": "AMAZON"},
            "payee": {"partnerId": "G1", "partnerType": "VENDOR", "partnerEntities": [VENDOR_CODE]},
            "issueDate": iso(at),
            "invoiceAmount": money(24_012),
            "creationDate": iso(at),
            "lastUpdatedDate": iso(at),
            "relatedIdentifiers": [
                {"relatedIdentifierName": "PAYEE_CODE", "relatedIdentifierValue": [VENDOR_CODE]},
                {"relatedIdentifierName": "UNIQUE_PAYMENT_IDS", "relatedIdentifierValue": ["U-1"]},
            ],
        },
        "invoiceItems": [
            {
                "lineItemId": "1",
                "quantity": 24,
                "totalAmount": money(24_012),
                "lineItemContext": {"lineItemType": "GOODS", "matchingContext": matching},
            }
        ],
    }


@cache
def lines_of_many_pages() -> tuple[int, ...]:
    """More lines than two pages hold, cents that no binary fraction is."""
    return tuple((place * 37 + 10) * (-1 if place % 5 == 0 else 1) for place in range(1_300))


def test_the_connection_has_the_capabilities() -> None:
    """What workflows ask for."""
    connection = Finances().connection
    assert isinstance(connection, RemittanceSource)
    assert isinstance(connection, InvoiceStatusSource)
    assert isinstance(connection, Probed)


def test_every_payment_comes_to_the_cent_over_all_its_pages() -> None:
    """Lists of more than a page, lines of several, and each sum is exact."""
    finances = Finances()
    paid = lines_of_many_pages()
    finances.simulator.add_remittances([payment(1, paid), *(payment(number, (10, 20)) for number in range(2, 130))])
    listed = finances.remittances()
    assert sorted(each.payment for each in listed) == sorted(str(number) for number in range(1, 130))
    (big,) = (each for each in listed if each.payment == "1")
    assert (big.lines, big.payee) == (len(paid), VENDOR_CODE)
    whole = finances.remittance(big.unique_id)
    assert [line.paid for line in whole.lines] == list(paid)
    assert [line.number for line in whole.lines] == list(range(1, len(paid) + 1))
    assert not whole.tie
    assert finances.watched.asked.count("U-1") == 3


def test_half_a_payment_is_none() -> None:
    """A page that says there is more is an error, never a value."""
    finances = Finances()
    finances.simulator.add_remittances([payment(1, lines_of_many_pages())])
    reading = read_remittance(finances.connection.fetch_remittance("U-1").content)
    assert reading.values == ()
    assert [finding.code for finding in reading.errors] == ["more-pages"]
    assert reading.facts["next_page"]


def test_a_late_change_is_seen_when_asked_again() -> None:
    """A line added, a state changed: the same payment says something else tomorrow."""
    finances = Finances()
    finances.simulator.add_remittances([payment(1, (1_000,), remittanceStatus="IN_PROGRESS")])
    first = finances.remittance("U-1")
    assert (first.state, first.tie.minor) == (PaymentState.IN_PROGRESS, 0)
    later = payment(1, (1_000, -110)) | {"visibleAt": iso(NOW + DAY)}
    finances.simulator.add_remittances([later])
    finances.clock.advance(2 * DAY)
    finances.simulator.set_clock(finances.clock.now())
    second = finances.remittance("U-1")
    assert (second.state, [line.paid for line in second.lines]) == (PaymentState.PAID, [1_000, -110])


def test_invoices_tell_what_was_matched_and_why_not_more() -> None:
    """Numbers, payments, reasons; changed ones alone when asked so."""
    finances = Finances()
    finances.simulator.add_invoices([invoice("INV/1 a", NOW - 5 * DAY), invoice("INV-2", NOW - 4 * DAY, "PAID")])
    page = finances.connection.fetch_invoices(NOW - 30 * DAY, NOW, None)
    listed = read_invoice_list(page.content)
    assert {value.number for value in listed.values} == {"INV/1 a", "INV-2"}
    known = finances.invoice(f"INV/1 a~{VENDOR_CODE}")
    assert (known.status, known.payee, known.payments) == (AmazonInvoiceStatus.PARTIALLY_PAID, VENDOR_CODE, ("U-1",))
    (line,) = known.lines
    assert (known.complete, line.total, line.paid, line.matched_quantity) == (True, 24_012, 20_010, 20)
    assert line.reasons[0].defects == ("SHORTAGES_IN_TRANSIT",)
    later = finances.connection.fetch_invoices(NOW - 30 * DAY, NOW, None, changed_after=NOW - DAY)
    assert read_invoice_list(later.content).values == ()


@pytest.mark.parametrize("what", ["remittances", "invoices", "remittance", "invoice"])
def test_what_comes_is_recognised_like_a_file(what: str) -> None:
    """Every page is archived and told by its opening alone, empty ones too."""
    finances = Finances()
    finances.simulator.add_remittances([payment(1, (100,))])
    finances.simulator.add_invoices([invoice("INV-1", NOW - DAY)])
    pages = {
        "remittances": lambda: finances.connection.fetch_remittances(NOW - 20 * DAY, NOW - 10 * DAY, None),
        "invoices": lambda: finances.connection.fetch_invoices(NOW - 20 * DAY, NOW - 10 * DAY, None),
        "remittance": lambda: finances.connection.fetch_remittance("U-1"),
        "invoice": lambda: finances.connection.fetch_invoice(f"INV-1~{VENDOR_CODE}"),
    }
    content = pages[what]().content
    known = recognise(content[:HEAD_BYTES], known_formats())
    assert known.name == f"amazon-finance-{what.rstrip('s')}s"
    assert len(known.read(content).values) == (0 if what.endswith("s") else 1)


def test_an_account_without_the_apis_is_told_so_and_nothing_is_amiss() -> None:
    """403 is a condition that the probe states; the remedy says that files do."""
    finances = Finances(roles=(FULFILLMENT, TRACKING))
    probes = finances.connection.probe()
    assert [probe.verdict for probe in probes] == [Verdict.UNAVAILABLE] * 2
    assert all("by file" in probe.remedy for probe in probes)
    with pytest.raises(Unauthorized):
        finances.connection.fetch_remittances(NOW - DAY, NOW, None)
    assert [probe.verdict for probe in Finances().connection.probe()] == [Verdict.WORKS] * 2


def test_a_server_in_trouble_is_no_missing_api() -> None:
    """It fails, and is tried again later; a dead one too."""
    finances = Finances()
    finances.simulator.add_fault({"kind": "server_error", "operation": "getRemittanceHeaders", "count": None})
    assert finances.connection.probe_remittances().verdict is Verdict.FAILS
    assert finances.connection.probe_invoices().verdict is Verdict.WORKS
    dead = AmazonFinances(settings_for("http://127.0.0.1:9"), "US", Unlimited(), ManualClock(NOW))
    assert {probe.verdict for probe in dead.probe()} == {Verdict.FAILS}


def test_windows_that_amazon_refuses_never_leave() -> None:
    """Longer than 90 days, empty, older than a year: refused here, in words."""
    finances = Finances()
    for start, end in ((NOW - 91 * DAY, NOW), (NOW, NOW), (NOW - 380 * DAY, NOW - 370 * DAY)):
        with pytest.raises(Refused, match=r"90|empty|year"):
            finances.connection.fetch_remittances(start, end, None)
    with pytest.raises(Refused, match="90"):
        finances.connection.fetch_invoices(NOW - 91 * DAY, NOW, None)
    assert finances.watched.asked == []
    assert finances.connection.fetch_remittances(NOW - 90 * DAY, NOW, None).next_page is None


@pytest.mark.parametrize("name", ["", " ", ".", ".."])
def test_no_name_leads_elsewhere(name: str) -> None:
    """An empty one would ask for the whole list."""
    finances = Finances()
    with pytest.raises(NotFound):
        finances.connection.fetch_remittance(name)
    assert finances.watched.asked == []


def test_a_garbled_reply_is_asked_for_again() -> None:
    """It keeps what came as evidence."""

    class Garbled(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path.endswith("/token"):
                return httpx2.Response(200, json={"access_token": "a", "token_type": "bearer", "expires_in": 3600})
            return httpx2.Response(200, content=b'{"remittances": [')

    settings = settings_for("http://127.0.0.1:9")
    connection = AmazonFinances(settings, US, Unlimited(), ManualClock(NOW), wire=Wire(Garbled()))
    with pytest.raises(Transient, match="garbled") as caught:
        connection.fetch_remittances(NOW - DAY, NOW, None)
    assert caught.value.evidence == b'{"remittances": ['


@pytest.mark.parametrize("marketplace", ["", "Mars", "atvpdkikx0der", "../../x"])
def test_an_unknown_marketplace_is_refused_at_once(marketplace: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigurationError, match="marketplace"):
        AmazonFinances(settings_for("http://127.0.0.1:9"), marketplace, Unlimited(), ManualClock(NOW))


def test_the_samples_that_amazon_publishes_are_read() -> None:
    """Every good reply in the published model: an invoice with its amount, and the day it was issued."""
    model = spapi_model("financesInvoices_2026-06-25")
    read: list[AmazonInvoice] = []
    for path in model["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "operationId" in operation:
                for case in operation["responses"]["200"]["x-amzn-api-sandbox"]["static"]:
                    content = json.dumps(case["response"]).encode()
                    known = recognise(content, known_formats())
                    reading = known.read(content)
                    assert reading.errors == ()
                    read += reading.values
    assert [(value.number, value.issued_on) for value in read] == [("INV-202505001", date(2025, 6, 18))] * 2
    assert [str(value.amount) for value in read] == ["2500.00 USD", "540.00 USD"]
