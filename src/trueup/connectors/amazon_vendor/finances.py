"""The finance APIs of one vendor group in one marketplace: what Amazon paid, and how it matched our invoices. Both may be missing.

An account that is not offered them is told 403 or 404: a condition that `probe` states, and no fault of the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from trueup.base.clock import Clock, aware_utc, write_instant
from trueup.base.errors import (
    ContractChanged,
    NotFound,
    Refused,
    RemoteError,
    TrueupError,
    Unauthorized,
)
from trueup.base.ids import digest_of
from trueup.connectors.amazon_vendor.calls import Call
from trueup.connectors.amazon_vendor.finance_operations import (
    FINANCE_ROLES,
    GET_INVOICE,
    GET_INVOICE_HEADERS,
    GET_REMITTANCE,
    GET_REMITTANCE_HEADERS,
    marketplace_id,
)
from trueup.connectors.amazon_vendor.operations import Operation
from trueup.connectors.amazon_vendor.replies import by, named, object_of
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.wire import NETWORK, Wire, Wired
from trueup.remote.budget import Budget
from trueup.remote.capability import Page, Probe, Verdict
from trueup.remote.http import Reply

LONGEST_WINDOW = timedelta(days=90)
FARTHEST_BACK = timedelta(days=365)
_MEDIA_TYPE = "application/json"
_IN_FUTURE = timedelta(minutes=5)  # clocks differ


class AmazonFinances(Wired):
    """RemittanceSource, InvoiceStatusSource and Probed for one vendor group in one marketplace. Safe to share between threads.

    `marketplace` is a country such as US or an id of Amazon's own.
    """

    longest_window_seconds = int(LONGEST_WINDOW.total_seconds())
    farthest_back_seconds = int(FARTHEST_BACK.total_seconds())

    def __init__(
        self,
        settings: AmazonVendorSettings,
        marketplace: str,
        budget: Budget,
        clock: Clock,
        *,
        wire: Wire = NETWORK,
    ) -> None:
        """Raises ConfigurationError for a marketplace that is neither a country of Amazon's nor like one of its ids."""
        self._marketplace = marketplace_id(settings.name, marketplace)
        super().__init__(finances_name(settings.name, marketplace), settings, budget, clock, wire)

    def fetch_remittances(self, start: datetime, end: datetime, page: str | None) -> Page:
        """One page of the payments between two instants, without their lines. An empty page need not be the last.

        Raises Refused for a window longer than 90 days, empty, or farther back than a year; RemoteError.
        """
        start, end = self._checked(start, end, "remittances")
        params = {"startDate": write_instant(start), "endDate": write_instant(end)}
        name = f"{GET_REMITTANCE_HEADERS.name}-{self._marketplace}-{_stamp(start)}-{_stamp(end)}"
        return self._fetch(GET_REMITTANCE_HEADERS, params, page, name)

    def fetch_remittance(self, unique_id: str, page: str | None = None) -> Page:
        """One page of the lines of a payment. Raises NotFound, RemoteError."""
        return self._fetch_one(GET_REMITTANCE, unique_id, page)

    def fetch_invoices(
        self, start: datetime, end: datetime, page: str | None, *, changed_after: datetime | None = None
    ) -> Page:
        """One page of the invoices issued between two instants, without lines; of those the ones that changed since.

        Raises Refused for a window longer than 90 days or empty; RemoteError.
        """
        start, end = self._checked(start, end, "invoices", farthest_back=None)
        params = {"fromIssueDate": write_instant(start), "toIssueDate": write_instant(end)}
        name = f"{GET_INVOICE_HEADERS.name}-{self._marketplace}-{_stamp(start)}-{_stamp(end)}"
        if changed_after is not None:
            since = aware_utc(changed_after).replace(microsecond=0)
            params["invoicesModifiedAfter"] = write_instant(since)
            name = f"{name}-changed-{_stamp(since)}"
        return self._fetch(GET_INVOICE_HEADERS, params, page, name)

    def fetch_invoice(self, identifier: str, page: str | None = None) -> Page:
        """One page of the lines of an invoice, by Amazon's identifier `number~payee`. Raises NotFound, RemoteError."""
        return self._fetch_one(GET_INVOICE, identifier, page)

    def probe(self) -> Sequence[Probe]:
        """Whether each of the two APIs answers this account. Reads a day of each; never raises for what it finds."""
        return [self.probe_remittances(), self.probe_invoices()]

    def probe_remittances(self) -> Probe:
        """Whether remittances can be fetched; UNAVAILABLE where Amazon does not offer them to this account."""
        now = self._clock.now()
        return self._probe("remittances (optional)", lambda: self.fetch_remittances(now - timedelta(days=1), now, None))

    def probe_invoices(self) -> Probe:
        """Whether the status of invoices can be fetched; UNAVAILABLE where Amazon does not offer it to this account."""
        now = self._clock.now()
        return self._probe("invoice status (optional)", lambda: self.fetch_invoices(now - timedelta(days=1), now, None))

    def _probe(self, ability: str, ask: Callable[[], Page]) -> Probe:
        try:
            self._tokens.current()
        except TrueupError as error:
            words = "Store client id, client secret and refresh token of this connection anew (Vendor Central, API Integration)."
            return Probe(self.name, ability, Verdict.FAILS, str(error), words)
        try:
            ask()
        except (Unauthorized, NotFound) as error:
            words = (
                "Nothing need be done: remittances come by file as well. To use this API, ask Amazon for it, add its role to the "
                "application and authorise it again."
            )
            refused = f"Amazon does not offer it here: {error}"
            return Probe(self.name, ability, Verdict.UNAVAILABLE, refused, words, FINANCE_ROLES)
        except RemoteError as error:
            return Probe(self.name, ability, Verdict.FAILS, str(error), "Try again in a few minutes.")
        except TrueupError as error:
            return Probe(
                self.name, ability, Verdict.FAILS, str(error), "Check region and marketplace of this connection."
            )
        return Probe(self.name, ability, Verdict.WORKS, "Amazon answers.", grant=FINANCE_ROLES)

    def _fetch_one(self, operation: Operation, identifier: str, page: str | None) -> Page:
        params = {} if page is None else {"nextTokenForLineItems": page}
        name = f"{operation.name}-{_file_name(identifier)}"
        call = Call(
            operation, {"marketplaceId": self._marketplace, **params}, named(self.name, identifier, operation.name)
        )
        return self._page(self._calls.make(call), _numbered(name, page), "nextTokenForLineItems")

    def _fetch(self, operation: Operation, params: Mapping[str, str], page: str | None, name: str) -> Page:
        asked = {"marketplaceId": self._marketplace, **params}
        if page is not None:
            asked["nextToken"] = page
        return self._page(self._calls.make(Call(operation, asked)), _numbered(name, page), "nextToken")

    def _page(self, reply: Reply, name: str, member: str) -> Page:
        """A whole reply as a page. One that is cut off or garbled is Transient: asked again it may be whole."""
        body = object_of(self.name, reply, name)
        token = body.get(member)
        if token is not None and not isinstance(token, str):
            raise ContractChanged(
                f"{self.name}: {name}: {member} is no text{by(reply)}; the next page cannot be asked for."
            )
        return Page(reply.content, f"{name}.json", _MEDIA_TYPE, token or None)

    def _checked(
        self, start: datetime, end: datetime, what: str, farthest_back: timedelta | None = FARTHEST_BACK
    ) -> tuple[datetime, datetime]:
        start, end = aware_utc(start).replace(microsecond=0), aware_utc(end).replace(microsecond=0)
        said = f"{self.name}: {what} from {write_instant(start)} to {write_instant(end)}"
        if end <= start:
            raise Refused(f"{said}: the window is empty; expected an end after its start.")
        if end - start > LONGEST_WINDOW:
            raise Refused(
                f"{said}: {(end - start).days} days long; Amazon allows windows of at most 90, ask for several."
            )
        if farthest_back is not None and start < self._clock.now() - farthest_back - _IN_FUTURE:
            raise Refused(
                f"{said}: Amazon keeps them for a year; ask from at most 365 days back, or import older ones by file."
            )
        return start, end


def finances_name(connection: str, marketplace: str) -> str:
    """How the connection to the finance APIs of one marketplace is called."""
    return f"{connection}-finances-{marketplace}"


def _numbered(name: str, page: str | None) -> str:
    return name if page is None else f"{name}-{digest_of(page.encode())[:8]}"


def _file_name(identifier: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_~." else "_" for sign in identifier)[:80]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
