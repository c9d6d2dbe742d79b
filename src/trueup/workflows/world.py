"""The world of a workflow: everything the flows of one installation are given. It names capabilities, never a system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

import sqlalchemy as sa

from trueup.base.clock import Clock
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.checks import Ground
from trueup.domain.bank import BankRules
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.domain.chart import Chart
from trueup.domain.credits import gift_card_code
from trueup.domain.deduction import DeductionType
from trueup.domain.grammar import Grammar
from trueup.domain.hold import Hold
from trueup.domain.matcher import Matcher
from trueup.domain.partners import Agreement, Partner, Route
from trueup.domain.report_plans import ReportTerms
from trueup.domain.shop_sales import HiddenProducts
from trueup.domain.trade_ins import TradeInTerms
from trueup.durable.flow import Context, Transaction
from trueup.remote.circular import CircularConnection
from trueup.remote.connections import Connections
from trueup.storage.database import Database
from trueup.storage.documents import Archive, Arrival
from trueup.storage.orders import SavedOrder
from trueup.storage.shop_products import Neighbours
from trueup.workflows.agreed import Agreed
from trueup.workflows.grammar_of import Grammars


@dataclass(frozen=True, slots=True)
class PartnerRoutes:
    """By which connections a partner is reached: names in `Connections`. Any may be absent."""

    order_source: str | None = None
    status_source: str | None = None
    document_source: str | None = None
    acknowledgements: Mapping[Route, str] = field(default_factory=dict)
    remittance_sources: tuple[str, ...] = ()
    invoice_status_sources: tuple[str, ...] = ()
    inventory: str | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, and how long they may take before someone is told."""

    poll: timedelta = timedelta(minutes=15)
    overlap: timedelta = timedelta(hours=1)
    back_fill: timedelta = timedelta(days=180)
    files: timedelta = timedelta(minutes=1)
    products: timedelta = timedelta(minutes=30)
    finances: timedelta = timedelta(hours=1)
    """Amazon pays in weekly runs; its answers are budgeted to one a second."""
    receipts: timedelta = timedelta(hours=6)
    """How often it is asked what docks have counted in: that takes them days."""
    receipts_overlap: timedelta = timedelta(days=3)
    """How far back it is asked again: a status may show a receipt long after the order's last change, and then names no new one."""
    circular: timedelta = timedelta(minutes=5)
    """How often cycles are asked for what changed."""
    sweep: timedelta = timedelta(hours=1)
    """How often all items, returns and blocked dates are read whole: nothing else tells which of them changed."""
    credits: timedelta = timedelta(hours=1)
    """How often shops are asked what is left of credits."""
    sales: timedelta = timedelta(minutes=5)
    """How often shops are asked which orders changed: one request where none did."""
    reports: timedelta = timedelta(hours=1)
    """How often it is looked which reports are due; Amazon lets one a minute be asked for."""
    proofs: timedelta = timedelta(hours=1)
    buffers: timedelta = timedelta(days=1)
    watch: timedelta = timedelta(minutes=10)
    stock_pause: timedelta = timedelta(milliseconds=500)
    """Between writes to a channel: what changes meanwhile goes together. The first change of a quiet channel leaves at once."""
    stock_read_back: timedelta = timedelta(seconds=30)
    """How long after a write it is read back."""
    stock_sweep: timedelta = timedelta(hours=1)
    """How often every published number is read, whatever was heard."""
    stock_export_from: int = 2000
    """From how many published numbers, looks due at once, or products on the channel exports them in one file, where it can. By
    pages two thousand numbers cost eight requests and 6,000 points, a minute of what a standard plan restores; an export costs ten
    points and takes minutes."""
    advices: timedelta = timedelta(minutes=15)
    """How often a buyer whose programme takes inventory is told what changed."""
    silence: timedelta = timedelta(hours=2)
    settle: timedelta = timedelta(minutes=2)
    """How long Amazon is given before the first read-back."""
    looks: tuple[timedelta, ...] = tuple(timedelta(minutes=minutes) for minutes in (3, 5, 10, 15, 30, 60))
    """How long after each read-back that shows nothing the next follows; the last again and again."""
    processed: timedelta = timedelta(minutes=30)
    """After so long an acknowledgement that does not show has not landed (Amazon: 15 minutes, look again after 30)."""
    syntax: timedelta = timedelta(hours=24)
    """By when a functional acknowledgement is expected."""
    unproven: timedelta = timedelta(days=30)
    """By when an EDI answer that nothing reads back must be proven by a receipt, a payment or an export."""


@dataclass(frozen=True, slots=True)
class Books:
    """How the books are kept: the chart, and the types of deductions by which lines of remittances are recognised.

    `grammars`: the types together with the rules of finance's that are in force.
    """

    chart: Chart
    types: Mapping[str, DeductionType]
    matchers: tuple[Matcher, ...]
    grammars: Grammars

    @classmethod
    def of(cls, chart: Chart, types: Mapping[str, DeductionType], matchers: Iterable[Matcher]) -> Books:
        """With a grammar made of the types."""
        return cls(chart, types, tuple(matchers), Grammars(Grammar(types.values())))


@dataclass(frozen=True, slots=True)
class Programme:
    """A circular programme: the connection that keeps it, the shop whose products it took over, and what its amounts are in."""

    name: str
    shop: str
    currency: str
    connection: CircularConnection
    time_zone: str = "UTC"
    owner: str = Role.ECOMMERCE.value


@dataclass(frozen=True, slots=True)
class World:
    """Resources of every flow."""

    database: Database
    archive: Archive
    connections: Connections
    partners: Mapping[str, Partner]
    routes: Mapping[str, PartnerRoutes]
    rules: tuple[Hold, ...]
    books: Books
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    bank: BankRules = field(default_factory=lambda: BankRules(date.min))
    """Who pays, and how long it may take to arrive; up to when the bank is known, its statements say."""
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    feeds: Mapping[str, bool] = field(default_factory=dict)
    """Of which shops it is stated whether their own feed books the revenue of orders."""
    trade_ins: TradeInTerms | None = None
    """The agreement on trade-ins; None where there are none."""
    hidden: Mapping[str, HiddenProducts] = field(default_factory=dict)
    """Of each shop the products that are deposits and memberships."""
    shop_places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Our names of the places that each shop sells from, by the shop's own settings."""
    shop_buffers: Mapping[str, BufferRule] = field(default_factory=dict)
    """What each shop is never shown of any product; nothing where it is not stated."""
    reports: Mapping[str, ReportTerms] = field(default_factory=dict)
    """What is asked of each source of reports, by its name."""
    agreed: Agreed = field(init=False)
    """`partners`, with what people decided over what the settings say. `partners` itself answers what no decision changes: who
    orders, from where, in which currency, what is kept back."""
    two_persons_above: Money | None = None
    """Above how much what a person handed in, and a run reads, waits for a second person; None: nothing does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "agreed", Agreed(self.partners))

    def proof_ground(self, connection: sa.Connection, now: datetime) -> Ground:
        """What continuous proofs are given."""
        return Ground(now, self.agreed.now(connection), self.books.chart, self.bank, self.feeds, self.reports)

    def channels_at(self, location: str) -> list[str]:
        """The channels that sell what lies at a place."""
        agreed = {terms.shop for terms in self._agreements() if terms.ship_from == location}
        return sorted(agreed.union(shop for shop, places in self.shop_places.items() if location in places))

    def places_of(self, channel: str) -> list[str]:
        """The places a channel sells from: those of its settings, and what agreements ship from in it."""
        agreed = {terms.ship_from for terms in self._agreements() if terms.shop == channel}
        return sorted(agreed.union(self.shop_places.get(channel, ())))

    def neighbours_of(self, shop: str) -> Neighbours:
        """A shop, and those that sell from a place of its own."""
        others = {other for place in self.places_of(shop) for other in self.channels_at(place)}
        return Neighbours(shop, frozenset(others - {shop}))

    def _agreements(self) -> Iterator[Agreement]:
        return (terms for partner in self.partners.values() for terms in partner.agreements)

    def keep(self, connection: sa.Connection, content: bytes, *, kind: str, source: str, name: str) -> Digest:
        """Archive bytes in the caller's transaction; returns their hash, which is the evidence of what is made of them."""
        arrival = Arrival(kind=kind, source=source, name=name, received_at=self.clock.now(), subject=source)
        return self.archive.append(connection, content, arrival).digest

    @property
    def hidden_products(self) -> HiddenProducts:
        """Those of every shop: a shop's ids are no other's."""
        return HiddenProducts(
            frozenset().union(*(each.deposits for each in self.hidden.values())),
            frozenset().union(*(each.memberships for each in self.hidden.values())),
        )

    @property
    def sales_shops(self) -> frozenset[str]:
        """The shops whose sales are read: those whose goods we promise or publish, and those of `money_shops`."""
        agreed = {terms.shop for terms in self._agreements()}
        return self.money_shops | agreed | {shop for shop, places in self.shop_places.items() if places}

    @property
    def money_shops(self) -> frozenset[str]:
        """The shops whose sales are books: those with a circular programme, trade-ins, deposits or memberships."""
        shops = {programme.shop for programme in self.programmes.values()}
        shops |= {name for name, products in self.hidden.items() if products.every}
        return frozenset(shops | ({self.trade_ins.shop} if self.trade_ins is not None else set()))

    def gift_card_code(self, trade_in: str) -> Secret:
        """The code of the gift card for a trade-in, by its key: always the same, and made by nobody without the master key."""
        return Secret(gift_card_code(self.archive.master.code(f"gift card for trade-in {trade_in}")))

    def read(self, connection: sa.Connection, digest: str) -> bytes:
        """Archived bytes, verified against their hash."""
        return self.archive.load_content(connection, Digest(digest))

    def books_revenue(self, connection: sa.Connection, partner: str, payee: str, day: date) -> bool:
        """Whether Trueup books the revenue of an invoice, and not the shop's own feed: as the agreement says."""
        known = self.agreed.now(connection).get(partner)
        if known is None:
            return False
        moment = datetime.combine(day, time(12), UTC)
        terms = known.agreement(payee, moment)
        every = [terms] if terms is not None else [each for each in known.agreements if each.covers(moment)]
        return bool(every) and all(each.books_revenue for each in every)

    def agreement(self, connection: sa.Connection, saved: SavedOrder) -> Agreement | None:
        """The terms an order stands under: those in force when it was placed, as people decided them over what the settings say."""
        partner = self.agreed.now(connection).get(saved.order.partner)
        return partner.agreement(saved.order.vendor_code, saved.order.ordered_at) if partner else None


Tx: TypeAlias = Transaction[World]
Flowing: TypeAlias = Context[World]
ACTOR = "trueup"
"""Who acts when no person does."""
