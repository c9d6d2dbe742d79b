"""Purchase orders that a few days carry to the end: answered, sent, billed, counted in over days, paid, deducted from, explained.

Six orders of their own goods. Of one Amazon counts fewer pieces than were sent and claims them; of one its claim says less than its
own docks counted; one was billed at a price that is not agreed yet; one is still under way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from trueup.simulation.catalogue import BuyerTerms
from trueup.simulation.happenings import Line as OrderLine
from trueup.simulation.happenings import Order
from trueup.simulation.remittances.causes import MARKETS, TREATMENT, percent_of
from trueup.simulation.remittances.invoicing import NET_DAYS
from trueup.simulation.remittances.records import BankEntry, Invoice, Item, Line, Payment, Period
from trueup.simulation.wares import Ware

TERMS = BuyerTerms("amazon-us", "RIVR1", "USD", "each", "sp-api", Decimal(1))
MARKET = MARKETS[0]
PAYMENT, CENTRE = "520000037", "ABE8"
PLACED, SENT, BILLED, FIRST_DOCK, SECOND_DOCK, PAID = (0, 0), (1, 2), (1, 4), (2, 2), (2, 22), (3, 8)
"""Day and hour of the demonstration at which the orders are placed, leave, are billed, are counted in, and are paid."""
_PAID_ON, _CARRIER = 3, "Old Dominion"
_WINDOW = timedelta(days=6)


LANTERN = Ware("WH-LANTERN", "Storm Lantern", "B0WHLANTR1", 240, "18.40", "39.00")
CRATE = Ware("WH-CRATE", "Apple Crate, oak", "B0WHCRATE1", 260, "12.60", "27.00")
BLANKET = Ware("WH-BLANKET", "Picnic Blanket", "B0WHBLANK1", 120, "22.10", "49.00")
FLASK = Ware("WH-FLASK", "Vacuum Flask 1 l", "B0WHFLASK1", 180, "9.75", "24.00")
GRILL = Ware("WH-GRILL", "Table Grill, cast iron", "B0WHGRILL1", 80, "34.90", "79.00")
BUCKET = Ware("WH-BUCKET", "Zinc Bucket 10 l", "B0WHBUCKT1", 140, "7.20", "18.00")
GOODS = (LANTERN, CRATE, BLANKET, FLASK, GRILL, BUCKET)
SKUS = frozenset(each.sku for each in GOODS)


@dataclass(frozen=True, slots=True)
class Leg:
    """A line of an order: so many are ordered and `sent`, counted in at two visits of the dock, and billed at a price in cents."""

    goods: Ware
    ordered: int
    sent: int
    docked: tuple[int, int]
    price_minor: int

    @property
    def received(self) -> int:
        """All that was counted in."""
        return sum(self.docked)


@dataclass(frozen=True, slots=True)
class Journey:
    """An order: its lines; `missing` pieces of its first line that Amazon claims; `overbilled` cents that it claims of the price;
    whether it is `paid` yet, and `proven`, beside the shop's parcels, by the carrier's papers."""

    number: str
    place: int
    legs: tuple[Leg, ...]
    missing: int = 0
    overbilled: int = 0
    paid: bool = True
    proven: bool = True

    @property
    def invoice(self) -> str:
        """The number of its invoice."""
        return f"{MARKET.prefix}26-9000{self.place:02d}"

    @property
    def total(self) -> int:
        """What its invoice comes to, in cents."""
        return sum(leg.sent * leg.price_minor for leg in self.legs)

    @property
    def discount(self) -> int:
        """What Amazon keeps for paying within thirty days."""
        return percent_of(self.total, Decimal(MARKET.quick_pay)) if self.paid else 0

    @property
    def shortage(self) -> int:
        """What Amazon claims for pieces that it misses."""
        return self.missing * self.legs[0].price_minor


def _leg(goods: Ware, ordered: int, *docked: int, sent: int | None = None, dearer: int = 0) -> Leg:
    first, second = (*docked, 0, 0)[:2]
    price = int(Decimal(goods.cost).scaleb(2)) + dearer
    return Leg(goods, ordered, ordered if sent is None else sent, (first, second), price)


JOURNEYS = (
    Journey("4CWHOLE1", 1, (_leg(LANTERN, 48, 48), _leg(CRATE, 60, 30, 30))),
    Journey("4CPLAIN2", 2, (_leg(BLANKET, 36, 36),), proven=False),
    Journey("4CSHORT3", 3, (_leg(CRATE, 40, 16, 20),), missing=4),
    Journey("4CCLAIM4", 4, (_leg(FLASK, 60, 60),), missing=6),
    Journey("4CPRICE5", 5, (_leg(GRILL, 20, 20, dearer=150), _leg(BUCKET, 30, 10, 20)), overbilled=20 * 150),
    Journey("4CUNDER6", 6, (_leg(LANTERN, 24, sent=16),), paid=False, proven=False),
)
NUMBERS = frozenset(each.number for each in JOURNEYS)


def orders(placed_at: datetime) -> list[Order]:
    """The purchase orders."""
    opens = (placed_at + timedelta(days=1)).replace(hour=0, minute=0)
    found = []
    for journey in JOURNEYS:
        about = (journey.number, TERMS.partner, TERMS.vendor_code, TERMS.currency, TERMS.route, placed_at, "carried")
        order = Order(*about, (opens, opens + _WINDOW))
        for place, leg in enumerate(journey.legs, 1):
            goods = leg.goods
            order.lines.append(OrderLine(place, goods.asin, goods.sku, leg.ordered, "Eaches", 1, Decimal(goods.cost)))
        found.append(order)
    return found


def docked(visit: int) -> dict[str, dict[str, int]]:
    """What the docks count in at their first (0) or second (1) visit, by order and line."""
    found = {
        journey.number: {
            str(place): leg.docked[visit] for place, leg in enumerate(journey.legs, 1) if leg.docked[visit]
        }
        for journey in JOURNEYS
    }
    return {number: pieces for number, pieces in found.items() if pieces}


def period(first: date) -> Period:
    """What these days bring to the books, for files and for the truth: invoices, a payment with what is taken from it, the bank."""
    billed = [_invoice(journey, first) for journey in JOURNEYS]
    paid_on = first + timedelta(days=_PAID_ON)
    payment = Payment(PAYMENT, MARKET, paid_on, list(_lines(billed, first)))
    for number, line in enumerate(payment.lines, 1):
        line.number = number
    payment.amount = payment.invoiced = sum(line.paid for line in payment.lines)
    account, text = f"RIVERSIDE-{MARKET.pays_in}", f"AMAZON PAYMENT {PAYMENT}"
    bank = BankEntry(account, MARKET.pays_in, paid_on, payment.amount, "AMAZON.COM SERVICES", text, PAYMENT)
    return Period("2026-11-a", first, paid_on, billed, [payment], [], [bank])


def _invoice(journey: Journey, first: date) -> Invoice:
    issued = first + timedelta(days=BILLED[0])
    items = tuple(Item(leg.goods.sku, leg.goods.asin, leg.sent, leg.price_minor) for leg in journey.legs)
    due = issued + timedelta(days=NET_DAYS)
    fate = "paid" if journey.paid else "open"
    return Invoice(journey.invoice, MARKET, journey.number, CENTRE, issued, due, journey.total, 0, items, fate)


def _lines(billed: Iterable[Invoice], first: date) -> Iterable[Line]:
    for journey, invoice in zip(JOURNEYS, billed, strict=True):
        if not journey.paid:
            continue
        line = Line(
            invoice.number, invoice.total - journey.discount, "invoice", TREATMENT["invoice"], gross=invoice.total
        )
        line.discount, line.parts = journey.discount, ((invoice.number, invoice.total),)
        yield _about(line, invoice)
        claims = (("SC", "shortage", journey.shortage), ("PC", "price", journey.overbilled))
        for suffix, family, minor in claims:
            if minor:
                claim = Line(f"{invoice.number}{suffix}", -minor, f"{family}-claim", TREATMENT[f"{family}-claim"])
                claim.gross, claim.parts, claim.chain = (
                    -minor,
                    ((invoice.number, -minor),),
                    f"{family}/{invoice.number}",
                )
                yield _about(claim, invoice)


def _about(line: Line, invoice: Invoice) -> Line:
    line.invoice_day, line.purchase_order = invoice.issued_on, invoice.purchase_order
    line.description = f"{invoice.purchase_order}/{invoice.centre}/##NOT_AVAILABLE"
    return line


def proofs_csv(kind: str, day: date) -> bytes:
    """The carrier's papers of a day: what it was handed (`shipped`), or what was signed for (`delivered`)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("kind", "purchase_order", "invoice", "sku", "quantity", "day", "carrier", "tracking", "document"))
    paper = {"shipped": "BOL", "delivered": "POD"}[kind]
    for journey in JOURNEYS:
        tracking = f"PRO{71_000_000 + journey.place * 13}"
        for leg in journey.legs if journey.proven else ():
            about = (kind, journey.number, journey.invoice, leg.goods.sku, leg.sent, day)
            writer.writerow((*about, _CARRIER, tracking, f"{paper}-{tracking}"))
    return out.getvalue().encode()


@dataclass(frozen=True, slots=True)
class Told:
    """What the auditor is told of the plan."""

    journeys: tuple[Journey, ...] = field(default=JOURNEYS)

    def as_json(self) -> list[Mapping[str, Any]]:
        """Plain data."""
        return [_told_of(each) for each in self.journeys]


def _told_of(journey: Journey) -> dict[str, Any]:
    taken = journey.discount + journey.shortage + journey.overbilled
    return {
        "number": journey.number,
        "invoice": journey.invoice,
        "paid": journey.paid,
        "contradicted": bool(journey.missing) and all(leg.received == leg.sent for leg in journey.legs),
        "missing": journey.missing,
        "invoiced_minor": journey.total,
        "deducted_minor": taken,
        "paid_minor": journey.total - taken if journey.paid else 0,
        "open_minor": 0 if journey.paid else journey.total,
        "deductions": sorted(
            [
                (name, minor)
                for name, minor in (
                    ("terms-discount", journey.discount),
                    ("shortage-claim", journey.shortage),
                    ("price-claim", journey.overbilled),
                )
                if minor
            ]
        ),
        "lines": [
            {
                "sku": leg.goods.sku,
                "ordered": leg.ordered,
                "sent": leg.sent,
                "received": leg.received,
                "price_minor": leg.price_minor,
            }
            for leg in journey.legs
        ],
    }
