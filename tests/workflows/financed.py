"""Books whose remittances come by Amazon's finance APIs: the simulator over HTTP, the connector, and time turned by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.workflows.bookkeeping import PARTNER, Bookkeeping
from tests.workflows.crashing import outlive
from trueup.app import FLOWS
from trueup.base.clock import write_instant
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendorSettings
from trueup.connectors.amazon_vendor.finances import AmazonFinances
from trueup.connectors.amazon_vendor.wire import Wire
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.remote.budget import Unlimited
from trueup.remote.connections import Connections
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import FINANCE, FULFILLMENT, TRACKING
from trueup.simulators.serving import serve
from trueup.storage.database import Database
from trueup.workflows.poll_invoice_statuses import ensure_status_polls
from trueup.workflows.poll_remittances import ensure_remittance_polls
from trueup.workflows.world import Pace, PartnerRoutes

US = "ATVPDKIKX0DER"
SOURCE = f"{PARTNER}-finances-US"
ROLES = (FULFILLMENT, TRACKING, FINANCE)


class Financed(Bookkeeping):
    """The books, and Amazon beside them."""

    amazon: AmazonSimulator

    def pay(self, number: str, *lines: tuple[str, str], **more: Any) -> None:
        """Amazon tells a payment of lines (reference, amount), now, or as it will be seen from `visible_at` on."""
        paid_at = more.pop("paid_at", self.clock.now() - timedelta(hours=1))
        total = more.pop("amount", str(sum(round(float(amount) * 100) for _, amount in lines) / 100))
        document = {
            "marketplaceId": US,
            "remittanceHeader": {
                "paymentDate": write_instant(paid_at),
                "uniquePaymentId": f"U{number}",
                "paymentNumber": number,
                "paymentAmount": money(total),
                "remittanceStatus": more.pop("status", "SUCCESSFUL"),
                "relatedIdentifiers": [{"relatedIdentifierName": "PAYEE_CODE", "relatedIdentifierValue": ["NORDA"]}],
            },
            "remittanceItems": [
                {"invoiceNumber": reference, "netAmountPaid": money(amount)} for reference, amount in lines
            ],
        }
        if (visible_at := more.pop("visible_at", None)) is not None:
            document["visibleAt"] = write_instant(visible_at)
        self.amazon.add_remittances([document])

    def pass_time(self, by: timedelta) -> None:
        """Let everything happen that happens until then, however often a worker is killed."""
        until = self.clock.now() + by
        outlive(self.engine, lambda: run_until(self.engine, self.clock, until, self.amazon.next_event))

    def source(self, query: str = "remittances") -> Sequence[Any]:
        """(failures, last error, documents) of the source."""
        wanted = "SELECT failures, last_error, documents FROM trueup.sources WHERE name = :name AND query = :asked"
        (row,) = self.rows(wanted, name=SOURCE, asked=query)
        return tuple(row)


def money(amount: str) -> dict[str, str]:
    """Dollars as Amazon has them."""
    return {"currencyCode": "USD", "currencyAmount": amount}


@contextmanager
def finance(
    database: Database, *, roles: Sequence[str] = ROLES, codes: Sequence[str] = ("NORDA",), crash_at: int | None = None
) -> Iterator[Financed]:
    """Books with both finance APIs asked from now on."""
    books = Financed(database)
    books.amazon = AmazonSimulator(now=books.clock.now, rate_limit=False)
    names = {"client_id": "client", "client_secret": "secret", "refresh_token": "refresh"}
    books.amazon.add_vendor_group(**names, vendor_codes=list(codes), roles=tuple(roles))
    with serve(books.amazon.app) as server:
        effects: list[Any] = []
        settings = AmazonVendorSettings(
            name=PARTNER,
            region="na",
            client_id="client",
            client_secret=Secret("secret"),
            refresh_token=Secret("refresh"),
            endpoint=server.url,
            token_endpoint=f"{server.url}/auth/o2/token",
        )
        wire = Wire(None, lambda label: effects[0](label) if effects else None)
        source = AmazonFinances(settings, "US", Unlimited(), books.clock, wire=wire)
        routes = PartnerRoutes(remittance_sources=(SOURCE,), invoice_status_sources=(SOURCE,))
        books.world = replace(
            books.world,
            connections=Connections(remittance_sources={SOURCE: source}, invoice_status_sources={SOURCE: source}),
            routes={PARTNER: routes},
            pace=Pace(finances=timedelta(hours=6)),
        )
        books.engine = InProcessEngine(database.engine, Program(books.world, FLOWS, books.clock), crash_at=crash_at)
        effects.append(books.engine.count_effect)
        try:
            yield books
        finally:
            source.close()


def ask(books: Financed) -> None:
    """The polls begin."""
    books.engine.act(ensure_remittance_polls)
    books.engine.act(ensure_status_polls)
