"""Every key of trueup.toml: its type, its default, and the words that say what is expected. A folder of truth, no reading."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, model_validator

from trueup.base.errors import TrueupError
from trueup.base.money import Money
from trueup.domain.buffer_changes import SecondPerson
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.domain.chart import CREDITABLE, Purpose
from trueup.domain.circular import Visibility
from trueup.domain.partners import Agreement, CostBasis, Fallback, Partner, Route, Shortfall
from trueup.settings.direct_fulfillment import DirectFulfillmentSettings
from trueup.settings.fences import FenceSettings, RiskPercent
from trueup.settings.reports import ReportSettings
from trueup.settings.sign_in import SignInSettings
from trueup.settings.trade_ins import TradeInSettings
from trueup.settings.values import (
    Amount,
    DatabaseUrl,
    Exact,
    FilePath,
    Hours,
    Label,
    LoopbackUrl,
    Marketplace,
    Name,
    NotNegative,
    Percent,
    PlainText,
    Positive,
    SecretValue,
    Table,
    TimeZone,
    WebAddress,
    key,
    told,
)
from trueup.settings.worker import WorkerSettings

ProductId = Annotated[str, Field(pattern=r"^gid://shopify/Product/\d+$")]
NAME = "a name of letters, digits, spaces and . _ @ -"
LABEL = "a name of at most 80 characters without < and >"
SECRET = 'a reference to a secret: "env:NAME", "file:PATH" or "sealed:NAME"'


class InstallationSettings(Table):
    """Where this installation lives. `database` is None for the embedded server."""

    name: Label = key(LABEL, "trueup")
    data: FilePath = key("a folder", Path(platformdirs.user_data_dir("trueup", appauthor=False)))
    database: DatabaseUrl = key('"embedded" or a PostgreSQL URL', None)
    address: WebAddress | None = key('where people reach the console, such as "https://trueup.example.com"', None)
    time_zone: TimeZone = key("a time zone such as Europe/Berlin", "UTC")
    two_persons_above: Amount | None = key('an amount and its currency such as "1000.00 USD"', None)
    two_persons_for_buffers: SecondPerson = key('"never", "lowered" or "always"', SecondPerson.NEVER)


class ArchiveSettings(Table):
    """How documents are sealed."""

    master_key_file: FilePath | None = key("a file", None)


class AgreementSettings(Table):
    """The terms with one vendor code from one day to another; the keys are those of `domain.partners.Agreement`."""

    vendor_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,20}$")] = key('a vendor code such as "ABCDE"')
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = key('an ISO 4217 code such as "USD"')
    cost_basis: CostBasis = key('"each" or "case": what Amazon\'s net cost is the price of on lines ordered in cases')
    shop: Name = key("the name of one of [[shops]]")
    ship_from: PlainText = key("the name of one of that shop's locations")
    sells_by_pack: bool = key("true or false", True)
    cost_tolerance: Exact = key("an amount per each, zero or more", Decimal(0))
    cost_tolerance_percent: Exact = key("a percentage, zero or more", Decimal(0))
    absurd_factor: Positive = key("a whole number above zero", 10)
    absurd_floor_eaches: Positive = key("a whole number above zero", 10_000)
    buffer_eaches: NotNegative = key("a whole number, zero or more", 0)
    buffer_percent: Percent = key("a percentage from 0 to 100", Decimal(0))
    buffer_risk_percent: RiskPercent | None = key("a percentage above 0, 50 at most", None)
    fences: tuple[FenceSettings, ...] = key("[[partners.agreements.fences]]", ())
    shortfall: Shortfall = key('"backorder" or "reject"', Shortfall.BACKORDER)
    backorder_days: Positive = key("a whole number of days above zero", 14)
    acknowledge_within_hours: Hours = key("a number of hours above zero", Decimal(24))
    acknowledge_margin_hours: Hours = key("a number of hours above zero", Decimal(2))
    amend_within_hours: Hours = key("a number of hours above zero", Decimal(48))
    fallback: Fallback = key('"backorder", "backorder-else-reject" or "reject"', Fallback.BACKORDER)
    fallback_words: str = key("a sentence", "")
    company_location: str | None = key("the shop's id of a company location", None, pattern=r"^gid://\w+/\w+/\w+$")
    inventory_warehouse: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,20}$")] | None = key(
        "a warehouse code such as WH1", None
    )
    owner: Label = key("a role or the name of one of [[people]]", Role.OPERATIONS.value)
    items_shipped: Visibility = key('"retired" or "sold"', Visibility.RETIRED)
    items_released: Visibility = key('"available" or "unavailable"', Visibility.AVAILABLE)
    items_returned: Visibility | None = key('"unavailable" or "available"', None)
    books_revenue: bool = key("true or false", False)
    credit_notes: tuple[Purpose, ...] = key(f"a list of {', '.join(CREDITABLE)}", ())
    time_zone: TimeZone | None = key("a time zone such as America/New_York", None)
    valid_from: date = key("a day such as 2026-01-01, without quotes", date(2000, 1, 1))
    valid_to: date | None = key("a day such as 2027-01-01, without quotes", None)

    @model_validator(mode="after")
    def _holds(self) -> AgreementSettings:
        try:
            self.terms("", "UTC", None)
        except TrueupError as error:
            raise told(str(error).partition(": ")[2]) from error
        return self

    def terms(self, partner: str, time_zone: str, company_location: str | None) -> Agreement:
        """The agreement in the domain's words; the last two are what holds where the agreement names none."""
        fields: dict[str, Any] = {}
        for name, value in self:
            if name == "fences":
                fields[name] = tuple(each.fence() for each in value)
            elif name.endswith("_hours"):
                fields[name.removesuffix("_hours")] = timedelta(microseconds=int(value * 3_600_000_000))
            else:
                fields[name] = value
        fields["time_zone"] = self.time_zone or time_zone
        fields["company_location"] = self.company_location or company_location
        return Agreement(partner=partner, **fields)


class AccountSettings(Table):
    """A partner as an account: one vendor group with its way in, and the agreements with its vendor codes."""

    name: Name = key(NAME)
    kind: Literal["amazon-vendor"] = key('"amazon-vendor"')
    region: Literal["na", "eu", "fe"] = key('"na", "eu" or "fe"')
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = key('["sp-api"], ["edi"] or both')
    folder: Name | None = key("the name of one of [[folders]]", None)
    vendor_codes: Annotated[tuple[str, ...], Field(min_length=1)] = key('vendor codes such as ["ABCDE"]')
    marketplaces: tuple[Marketplace, ...] = key('countries such as ["US"], or Amazon\'s ids of its stores', ())
    client_id: PlainText | None = key("the application's client id", None)
    client_secret: SecretValue | None = key(SECRET, None)
    refresh_token: SecretValue | None = key(SECRET, None)
    reports: tuple[ReportSettings, ...] = key("[[partners.reports]]", ())
    direct_fulfillment: tuple[DirectFulfillmentSettings, ...] = key("[[partners.direct_fulfillment]]", ())
    agreements: Annotated[tuple[AgreementSettings, ...], Field(min_length=1)] = key(
        "at least one [[partners.agreements]]"
    )

    @model_validator(mode="after")
    def _reachable(self) -> AccountSettings:
        if Route.SP_API in self.routes:
            missing = [name for name in ("client_id", "client_secret", "refresh_token") if getattr(self, name) is None]
            if missing:
                raise told(f"route sp-api also needs {', '.join(missing)}; they come from the developer console")
        elif self.reports or self.direct_fulfillment:
            raise told(
                "[[partners.reports]] and [[partners.direct_fulfillment]] need route sp-api; add it, or leave them out"
            )
        if Route.EDI in self.routes and self.folder is None:
            raise told("route edi also needs folder, the name of one of [[folders]]")
        for index, one in enumerate(self.agreements):
            for other in self.agreements[index + 1 :]:
                if one.vendor_code == other.vendor_code and _overlap(one, other):
                    raise told(
                        f"two agreements with {one.vendor_code} are in force at once; let one end where the other begins"
                    )
        return self


class ShopSettings(Table):
    """A shop that holds our stock and our sales orders. `locations` are our names for its locations' ids."""

    name: Name = key(NAME)
    kind: Literal["shopify"] = key('"shopify"')
    domain: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.myshopify\.com$")] = key(
        'a domain such as "my-shop.myshopify.com"'
    )
    client_id: PlainText | None = key("the app's client id", None)
    client_secret: SecretValue | None = key(SECRET, None)
    access_token: SecretValue | None = key(SECRET, None)
    api_version: Annotated[str, Field(pattern=r"^20\d\d-(01|04|07|10)$")] = key(
        'a version such as "2026-10"', "2026-10"
    )
    locations: Annotated[
        dict[str, Annotated[str, Field(pattern=r"^gid://shopify/Location/\d+$")]], Field(min_length=1)
    ] = key('names and ids such as { main = "gid://shopify/Location/123" }')
    case_pack_metafield: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,}\.[A-Za-z0-9_-]{2,}$")] = key(
        'a namespace and key such as "trueup.case_pack"', "trueup.case_pack"
    )
    source_name: str | None = key("a source name that the shop lets this app use", None)
    company_location: str | None = key(
        "the id of a company location", None, pattern=r"^gid://shopify/CompanyLocation/\d+$"
    )
    buffer_eaches: NotNegative = key("a whole number, zero or more", 0)
    buffer_percent: Percent = key("a percentage from 0 to 100", Decimal(0))
    buffer_risk_percent: RiskPercent | None = key("a percentage above 0, 50 at most", None)
    books_revenue: bool | None = key("true or false: whether the shop's own feed books the revenue of our orders", None)
    publishes_stock: bool = key("true or false: whether counts that are ours are written into the shop", False)
    webhook_secret: SecretValue | None = key(SECRET, None)
    deposit_products: tuple[ProductId, ...] = key(
        'ids of the products that deposits are, such as ["gid://shopify/Product/1"]', ()
    )
    membership_products: tuple[ProductId, ...] = key(
        'ids of the products that membership plans are, such as ["gid://shopify/Product/2"]', ()
    )

    @model_validator(mode="after")
    def _authorised(self) -> ShopSettings:
        pair = (self.client_id is not None, self.client_secret is not None)
        if any(pair) == (self.access_token is not None) or (any(pair) and not all(pair)):
            raise told(
                "expected either client_id and client_secret (an app of the Dev Dashboard), or access_token alone"
            )
        return self

    @property
    def buffer(self) -> BufferRule:
        """How much of each product this shop is never shown."""
        return BufferRule.of(self.buffer_eaches, self.buffer_percent, self.buffer_risk_percent)


class CircularSettings(Table):
    """A circular programme: the system that keeps a shop's serialised items, and their rentals, resales and returns."""

    name: Name = key(NAME)
    kind: Literal["supercycle"] = key('"supercycle"')
    shop: Name = key("the name of one of [[shops]]")
    api_key: SecretValue = key(SECRET)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = key('the shop\'s currency, such as "USD"')
    time_zone: TimeZone | None = key("the shop's time zone, such as America/New_York", None)
    version: Literal["v1"] = key('"v1"', "v1")
    owner: Label = key("a role or the name of one of [[people]]", Role.ECOMMERCE.value)


class FolderSettings(Table):
    """A local folder where documents come in, go out, or both. `archive` takes what was read; by default `in`/processed."""

    name: Name = key(NAME)
    inbox: FilePath | None = key("a folder", None, alias="in")
    outbox: FilePath | None = key("a folder", None, alias="out")
    archive: FilePath | None = key("a folder", None)
    quiet_seconds: NotNegative = key("how long a file must rest before it is taken for whole", 5)

    @model_validator(mode="after")
    def _some_use(self) -> FolderSettings:
        if self.inbox is None and self.outbox is None:
            raise told("expected `in`, `out` or both; a folder with neither is of no use")
        if self.inbox is not None and self.inbox == self.outbox:
            raise told("`in` and `out` are the same folder, so Trueup would read what it wrote; use two")
        return self


class BooksSettings(Table):
    """How the books are kept, and how other ledgers know us. `chart` is None for the one that comes with Trueup."""

    chart: FilePath | None = key("a file: the chart of accounts", None)
    base_currency: str = key('an ISO 4217 code such as "USD"', "USD", pattern=r"^[A-Z]{3}$")
    customer: Label = key("how the ledger knows Amazon as a customer", "Amazon")
    subsidiary: Label | None = key("the subsidiary entries are booked in, where the ledger has several", None)
    no_tax: Label | None = key("the name of the ledger's rate for no tax", None)
    day_first: bool = key("true where the ledger reads dates as day, month, year", False)
    journal: Label = key("the journal that entries go to, where the ledger has several", "GJ")


class BankSettings(Table):
    """How payments show at the bank."""

    days: Positive = key("how many days a payment may take, a whole number above zero", 5)
    payers: Annotated[tuple[Label, ...], Field(min_length=1)] = key(
        'the names the bank has for Amazon, such as ["AMAZON"]', ("AMAZON", "AMZN")
    )


class PersonSettings(Table):
    """Someone who may decide about cases."""

    name: Label = key(LABEL)
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = key(
        f"roles among {', '.join(role.value for role in Role)}"
    )
    email: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)] | None = key(
        "their e-mail address", None
    )


class SignalSettings(Table):
    """An automation that calls us when a connection has news, such as Shopify Flow's "Send HTTP request"."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")] = key(
        "a name that can stand in an address"
    )
    secret: SecretValue = key(SECRET)
    about: Name = key("the name of the connection that is asked then")


class SimulationSettings(Table):
    """Only for demonstrations: all accounts and shops are then spoken to at these addresses."""

    amazon_url: LoopbackUrl = key("the address of the Amazon simulator")
    shopify_url: LoopbackUrl = key("the address of the Shopify simulator")
    supercycle_url: LoopbackUrl | None = key("the address of the Supercycle simulator", None)
    seed: NotNegative = key("a whole number", 0)
    clock: FilePath | None = key("a file that says what time it is there, beside what time it was here", None)


class Foundation(Table):
    """What must be known before the database is open."""

    installation: InstallationSettings = key("the table [installation]", InstallationSettings())
    archive: ArchiveSettings = key("the table [archive]", ArchiveSettings())
    people: tuple[PersonSettings, ...] = key("[[people]]", ())
    simulation: SimulationSettings | None = key("the table [simulation]", None)

    @property
    def master_key_file(self) -> Path:
        """Where the key is that all others are sealed with."""
        return self.archive.master_key_file or self.installation.data / "master.key"


class Settings(Foundation):
    """All of trueup.toml. `accounts` are its [[partners]] with their ways in; `partners` is what the domain knows of them."""

    accounts: tuple[AccountSettings, ...] = key("[[partners]]", (), alias="partners")
    shops: tuple[ShopSettings, ...] = key("[[shops]]", ())
    circular: tuple[CircularSettings, ...] = key("[[circular]]", ())
    folders: tuple[FolderSettings, ...] = key("[[folders]]", ())
    books: BooksSettings = key("the table [books]", BooksSettings())
    bank: BankSettings = key("the table [bank]", BankSettings())
    trade_ins: TradeInSettings | None = key("the table [trade_ins]", None)
    worker: WorkerSettings = key("the table [worker]", WorkerSettings())
    signals: tuple[SignalSettings, ...] = key("[[signals]]", ())
    sign_in: SignInSettings | None = key("the table [sign_in]", None)

    @property
    def two_persons_above(self) -> Money | None:
        """Binding decisions with more than this at risk need a second person; None: none does."""
        return self.installation.two_persons_above

    @property
    def money_shops(self) -> frozenset[str]:
        """Shops whose sales are books; of the others nobody is asked who their customers are."""
        named = {shop.name for shop in self.shops if shop.deposit_products or shop.membership_products}
        trading = {self.trade_ins.terms.shop} if self.trade_ins else set()
        return frozenset(named | trading | {each.shop for each in self.circular})

    @cached_property
    def partners(self) -> tuple[Partner, ...]:
        """The accounts in the domain's words."""
        companies = {shop.name: shop.company_location for shop in self.shops}
        zone = self.installation.time_zone
        return tuple(
            Partner(
                account.name,
                account.region,
                tuple(each.terms(account.name, zone, companies.get(each.shop)) for each in account.agreements),
                tuple(each.terms(account.name) for each in account.direct_fulfillment),
            )
            for account in self.accounts
        )


def _overlap(one: AgreementSettings, other: AgreementSettings) -> bool:
    return one.valid_from < (other.valid_to or date.max) and other.valid_from < (one.valid_to or date.max)
