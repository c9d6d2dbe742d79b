"""What a shop keeps of its customers' money: gift cards, store credit, payments and refunds. No rules here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from trueup.simulators.shopify.records import LineItem, Location, Order, Record


@dataclass(slots=True, eq=False)
class Customer(Record):
    """Who buys, and may own store credit: one account a currency."""

    type_name = "Customer"
    display_name: str
    email: str | None = None
    accounts: dict[str, StoreCreditAccount] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class GiftCard(Record):
    """A gift card. Its code is shown when it is made and never again; later there are its last four characters."""

    type_name = "GiftCard"
    code: str = field(repr=False)
    currency: str
    initial: Decimal
    left: Decimal
    searchable_at: datetime
    customer: Customer | None = None
    note: str | None = None
    expires_on: date | None = None
    deactivated_at: datetime | None = None
    source: str = "api_client"
    movements: list[GiftCardMovement] = field(default_factory=list)

    @property
    def last_characters(self) -> str:
        """What is shown of the code."""
        return self.code[-4:]

    @property
    def enabled(self) -> bool:
        """Whether it was not deactivated."""
        return self.deactivated_at is None


@dataclass(slots=True, eq=False)
class GiftCardMovement(Record):
    """Money that left a card (negative) or came to it."""

    gift_card: GiftCard
    amount_moved: Decimal
    note: str | None = None

    @property
    def type_name(self) -> str:  # type: ignore[override]
        """Its GraphQL type goes by its sign."""
        return "GiftCardDebitTransaction" if self.amount_moved < 0 else "GiftCardCreditTransaction"


@dataclass(slots=True, eq=False)
class StoreCreditAccount(Record):
    """What an owner has in one currency. Nothing in it bears a reference of who credited it or why."""

    type_name = "StoreCreditAccount"
    owner: Customer
    currency: str
    amount: Decimal = Decimal(0)
    entries: list[StoreCreditEntry] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class StoreCreditEntry(Record):
    """One movement of an account: `kind` is Credit, Debit, DebitRevert or Expiration."""

    account: StoreCreditAccount
    kind: str
    moved: Decimal
    after: Decimal
    event: str
    expires_at: datetime | None = None
    remaining: Decimal = Decimal(0)
    origin: Payment | None = None
    earlier: StoreCreditEntry | None = None

    @property
    def type_name(self) -> str:  # type: ignore[override]
        """Its GraphQL type goes by its kind."""
        return f"StoreCreditAccount{self.kind}Transaction"


@dataclass(slots=True, eq=False)
class Payment(Record):
    """A transaction of an order: SALE or REFUND, by a gateway."""

    type_name = "OrderTransaction"
    order: Order
    kind: str
    gateway: str
    amount: Decimal
    status: str = "SUCCESS"
    test: bool = False


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """Units of a line that money was given back for, and what became of the goods: put back at `location`, or not."""

    line: LineItem
    count: int
    restock_type: str = "NO_RESTOCK"
    location: Location | None = None


@dataclass(slots=True, eq=False)
class Refund(Record):
    """Money given back for lines of an order."""

    type_name = "Refund"
    order: Order
    payments: list[Payment]
    lines: list[RefundedLine]
    note: str | None = None


@dataclass(slots=True, eq=False)
class Till:
    """The money of a shop: its customers, cards, and what was paid for each order by its id."""

    customers: list[Customer] = field(default_factory=list)
    cards: list[GiftCard] = field(default_factory=list)
    cards_by_code: dict[str, GiftCard] = field(default_factory=dict)
    buyers: dict[str, Customer] = field(default_factory=dict)
    payments: dict[str, list[Payment]] = field(default_factory=dict)
    refunds: dict[str, list[Refund]] = field(default_factory=dict)
