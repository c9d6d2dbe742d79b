"""What the simulated vendor and its customer know of each other: invoices, payments, their lines, and the true cause of each.

Amounts are whole minor units of the currency named beside them; a line is signed as Amazon has it, so that what raises a
payment is positive. Plain data: nothing here is shared with the program that will be judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

EXPORT, X12, ADVICE, API = "portal-export", "x12-820", "advice", "finance-api"
"""The sources a payment may be told by, by the words of the books."""


@dataclass(frozen=True, slots=True)
class Market:
    """A marketplace and what was agreed for it. `tax`, `withholding` in percent; `quick_pay` percent within 30 days.

    `currency` is that of the invoices, `pays_in` that of the payments. `style`: how its portal writes dates and numbers.
    """

    name: str
    partner: str
    payee: str
    marketplace_id: str
    currency: str
    pays_in: str
    style: str
    prefix: str
    tax: int = 0
    withholding: int = 0
    quick_pay: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an invoice: `quantity` at `price` minor units each."""

    sku: str
    asin: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """Without tax."""
        return self.quantity * self.price


@dataclass(slots=True)
class Invoice:
    """An invoice of the vendor's: `total` with `tax`. `fate`: what becomes of it: open, paid, ambiguous (nobody can say)."""

    number: str
    market: Market
    purchase_order: str
    centre: str
    issued_on: date
    due_on: date
    total: int
    tax: int
    items: tuple[Item, ...] = ()
    fate: str = "open"

    @property
    def net(self) -> int:
        """Without tax."""
        return self.total - self.tax


@dataclass(slots=True)
class Line:
    """A line of a payment, first as Amazon writes it, then (from `cause`) as it truly is.

    `cause`: a word of `causes`. `treatment`: what account family it belongs to. `parts`: the invoices it is really about with
    the cents that settle each. `chain`: the story it belongs to, as `family/stem`. `posts`: whether a correct system books it
    by itself; otherwise it waits in suspense. `planted`: the anomaly it was made for. `code`, `words`: X12 adjustment code and
    India's transaction words. `hidden`: the portal does not show it. `expected`: what the agreement allows, where rated.
    """

    reference: str
    paid: int
    cause: str
    treatment: str
    number: int = 0
    discount: int = 0
    withheld: int = 0
    gross: int = 0
    remaining: int = 0
    invoice_day: date | None = None
    description: str = ""
    purchase_order: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    chain: str = ""
    posts: bool = True
    planted: str = ""
    code: str = ""
    words: tuple[str, str] = ("", "")
    hidden: bool = False
    standalone: bool = False
    expected: int | None = None

    @property
    def settled(self) -> int:
        """What it settles: paid, and kept as discount and withholding."""
        return self.paid + self.discount + self.withheld


@dataclass(slots=True)
class Payment:
    """A payment: `amount` in what it is paid in, `invoiced` the same in the invoices' currency at `rate`.

    `untied`: how much the header is above all of its lines. `sources`: who tells of it, the first to be believed first.
    `state`: paid, voided or failed. `retold`: told again by a later export (with its state then), by amounts that differ in
    one line of the second source where `misstated` is not zero.
    """

    number: str
    market: Market
    paid_on: date
    lines: list[Line]
    amount: int = 0
    invoiced: int = 0
    rate: Decimal | None = None
    untied: int = 0
    state: str = "paid"
    voided_reason: str = ""
    sources: tuple[str, ...] = (EXPORT,)
    planted: str = ""
    retold: str = ""
    misstated: int = 0

    @property
    def unique_id(self) -> str:
        """Amazon's `uniquePaymentId`."""
        return f"{self.market.payee}-{self.number}"

    @property
    def shown(self) -> list[Line]:
        """The lines that its sources show."""
        return [line for line in self.lines if not line.hidden]

    @property
    def hides(self) -> bool:
        """Whether the portal keeps lines of it back."""
        return any(line.hidden for line in self.lines)


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A credit on the bank statement. `payment` is "" for one that nobody announced; `planted` says what is wrong with it."""

    account: str
    currency: str
    booked_on: date
    minor: int
    payer: str
    text: str
    payment: str = ""
    planted: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """What the agreement says of a deduction: `percent` of `basis`, in force from and to a day."""

    kind: str
    market: str
    percent: Decimal
    basis: str
    valid_from: date
    valid_to: date | None = None


@dataclass(slots=True)
class Period:
    """Half a month of history: the invoices that it needs, its payments, and what the bank says of them."""

    name: str
    start: date
    end: date
    invoices: list[Invoice] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    retold: list[Payment] = field(default_factory=list)
    """Payments of the period before that its exports tell again."""
    bank: list[BankEntry] = field(default_factory=list)
