"""The course of an order: of each line how many eaches were ordered, acknowledged, shipped, invoiced, received and paid.

Each count says who tells it. What nobody told is unknown, which is not zero; what differs from the step before it says so in a
word. Documents name products, not lines: what they tell of one that stands on several lines fills these in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from trueup.base.money import Money, UnitPrice
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine
from trueup.domain.invoices import Charged, Invoice, InvoiceLine, is_price
from trueup.domain.proofs import ProofKind

HELD, SHORT, OVER, SO_FAR, OPEN, DISPUTED = "held", "short", "over", "so far", "open", "disputed"
"""How a count differs: not decided yet; fewer, or more, than at the step before; fewer, of an order that goes on; not paid yet;
told in two ways by the buyer itself."""
STATUS = "Amazon's own status of the order"


@dataclass(frozen=True, slots=True)
class Count:
    """So many eaches, or None where nobody says. `why`: who says it, or why it is not known; `word`: how it differs, "" where it
    does not; `evidence`: the documents that say it; `against`: who says otherwise of the same, a sentence, "" where nobody does."""

    eaches: int | None
    why: str
    word: str = ""
    evidence: tuple[str, ...] = ()
    against: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line as it was ordered and answered. None: not known. `why` of the answer; `held`: it waits for a decision. `costs`: what
    an each costs by the order; of a line in cases, whose cost is of a case or of an each as was agreed, both."""

    sequence: int
    sku: str
    asin: str
    ordered: int | None
    acknowledged: int | None
    why: str
    held: bool = False
    costs: tuple[UnitPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """So many eaches of a product, in the document that says so. SKU or ASIN may be ""."""

    kind: ProofKind
    sku: str
    asin: str
    eaches: int
    evidence: str


@dataclass(frozen=True, slots=True)
class CountedIn:
    """What the buyer's own status of the order says that its docks counted in of a line, as a look on a `day` showed it.
    `eaches`: None where it counts cases and nobody says how many a case has."""

    sequence: int
    eaches: int | None
    day: date
    evidence: str


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice for the order: what is open of it, what Amazon holds of it for goods that it misses, and Amazon's word on it."""

    invoice: Invoice
    open: Money
    shortage: Money
    evidence: str
    said: AmazonInvoice | None = None
    said_in: str = ""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """All that is known. `closed`: nothing more comes of it; `told`: what proofs say; `parcels`: what the shop says that left, less
    what it called back; `uncounted`: the documents that confirm a shipment and count nothing; `counted_in`: what the buyer's status
    says of lines."""

    lines: tuple[Placed, ...]
    closed: bool
    told: tuple[Told, ...] = ()
    parcels: tuple[Told, ...] = ()
    uncounted: tuple[str, ...] = ()
    billed: tuple[Billed, ...] = ()
    counted_in: tuple[CountedIn, ...] = ()


@dataclass(frozen=True, slots=True)
class LineCourse:
    """What became of one line."""

    sequence: int
    ordered: Count
    acknowledged: Count
    shipped: Count
    invoiced: Count
    received: Count
    paid: Count
    charged: Charged | None = None


STAGES = ("ordered", "acknowledged", "shipped", "invoiced", "received", "paid")


def course_of(facts: OrderFacts) -> tuple[LineCourse, ...]:
    """The course of every line, in the order of the lines."""
    found: dict[int, LineCourse] = {}
    for lines in _by_product(facts.lines):
        product = _Product(lines)
        shipped, invoiced, paid = _shipped(facts, product), _invoiced(facts, product), _paid(facts, product)
        received = _received(facts, product)
        shared = [
            _share(shipped, product),
            _share(invoiced, product),
            received if len(received) > 1 else _share(received[0], product),
            _share(paid, product),
        ]
        for place, line in enumerate(lines):
            course = _course(line, facts, [each[place] for each in shared])
            found[line.sequence] = replace(course, charged=_charged(facts, product))
    return tuple(found[line.sequence] for line in facts.lines)


@dataclass(frozen=True, slots=True)
class _Product:
    """A product of the order, by all the lines that it stands on."""

    lines: Sequence[Placed]

    def is_named(self, sku: str, asin: str) -> bool:
        return any((sku and sku == line.sku) or (asin and asin == line.asin) for line in self.lines)

    def billed(self, invoice: Invoice) -> int:
        """How many eaches of it an invoice bills."""
        return sum(each.quantity for each in self.of(invoice.lines))

    def of(self, lines: Iterable[InvoiceLine]) -> list[InvoiceLine]:
        return [each for each in lines if self.is_named(each.sku, each.asin)]


def _by_product(lines: Sequence[Placed]) -> list[list[Placed]]:
    products: dict[str, list[Placed]] = {}
    for line in lines:
        products.setdefault(line.sku or line.asin or f"line {line.sequence}", []).append(line)
    return list(products.values())


def _course(line: Placed, facts: OrderFacts, counts: Sequence[Count]) -> LineCourse:
    shipped, invoiced, received, paid = counts
    ordered = Count(
        line.ordered, "the order" if line.ordered is not None else "The order counts cases of unknown size."
    )
    answer = _marked(Count(line.acknowledged, line.why, HELD if line.held else ""), ordered.eaches, closed=True)
    shipped = _marked(shipped, answer.eaches, closed=facts.closed)
    left = shipped.eaches if shipped.eaches is not None else answer.eaches
    invoiced = _marked(invoiced, left, closed=facts.closed)
    arrives = shipped.eaches if shipped.eaches is not None else invoiced.eaches
    received = _marked(received, arrives, closed=facts.closed)
    return LineCourse(
        line.sequence, ordered, answer, shipped, invoiced, received, _marked(paid, invoiced.eaches, closed=True)
    )


def _marked(count: Count, before: int | None, *, closed: bool) -> Count:
    """With the word by which it differs from the step before: one that it has already, else by its size."""
    if count.eaches is None or before is None or count.word == DISPUTED:
        return count
    if count.eaches >= before:
        return replace(count, word=OVER if count.eaches > before else "")
    return replace(count, word=count.word or (SHORT if closed else SO_FAR))


def _share(total: Count, product: _Product) -> list[Count]:
    """A count of a product over the lines that it stands on: each gets what it was promised, the last what is left."""
    if total.eaches is None or len(product.lines) == 1:
        return [total] * len(product.lines)
    left, shares = total.eaches, []
    for line in product.lines[:-1]:
        most = line.acknowledged if line.acknowledged is not None else line.ordered or 0
        shares.append(min(left, most))
        left -= shares[-1]
    return [replace(total, eaches=each) for each in (*shares, left)]


def _shipped(facts: OrderFacts, product: _Product) -> Count:
    parcels = _told(facts.parcels, product, ProofKind.SHIPPED, "the shop's parcels")
    for kind, source in ((ProofKind.SHIPPED, "confirmed shipments"), (ProofKind.DELIVERED, "confirmed deliveries")):
        if (found := _told(facts.told, product, kind, source)) is not None:
            differs = parcels is not None and parcels.eaches != found.eaches
            said = f"; the shop's parcels come to {parcels.eaches}" if parcels is not None and differs else ""
            return replace(found, why=found.why + said)
    if parcels is not None:
        return parcels
    if facts.uncounted:
        return Count(None, "A shipment is confirmed, but what was in it is not counted.", evidence=facts.uncounted)
    return Count(None, "No shipment is confirmed: neither by a warehouse's or carrier's file nor by the shop.")


def _told(told: Sequence[Told], product: _Product, kind: ProofKind, source: str) -> Count | None:
    found = [each for each in told if each.kind is kind and product.is_named(each.sku, each.asin)]
    if not found:
        return None
    return Count(sum(each.eaches for each in found), source, evidence=_hashes(each.evidence for each in found))


def _bills(facts: OrderFacts) -> list[Billed]:
    """The invoices; a credit note takes back money, not goods that were billed."""
    return [each for each in facts.billed if each.invoice.total.minor > 0 and not each.invoice.credits]


def _invoiced(facts: OrderFacts, product: _Product) -> Count:
    bills = _bills(facts)
    if not bills:
        return Count(None, "No invoice for this order is known.")
    if bare := [each.invoice.number for each in bills if not each.invoice.lines]:
        return Count(None, f"Invoice {', '.join(bare)} is known without its lines.", evidence=_documents(bills))
    named = [each for each in bills if product.of(each.invoice.lines)]
    if not named:
        return Count(None, "No invoice names this product.", evidence=_documents(bills))
    count = sum(product.billed(each.invoice) for each in named)
    return Count(count, f"invoice {', '.join(each.invoice.number for each in named)}", evidence=_documents(named))


def _charged(facts: OrderFacts, product: _Product) -> Charged | None:
    """The first price of an invoice that is no cost of the product's lines; None where all are, or the order has no cost."""
    costs = [cost for line in product.lines for cost in line.costs]
    for bill in _bills(facts) if costs else ():
        for each in product.of(bill.invoice.lines):
            if not any(is_price(each.price, cost) for cost in costs):
                return Charged(
                    bill.invoice.number, each.price, min(costs, key=lambda cost: abs(cost.value - each.price.value))
                )
    return None


def _received(facts: OrderFacts, product: _Product) -> list[Count]:
    """What the buyer counted in, by the first who tells it: a file of receipts, its own status of the order, what it matched with
    invoices, what it claims to miss. One count for the product or, where the status tells it of several lines, one for each."""
    told = [each for each in (_receipts(facts, product), _status(facts, product), *_by_invoice(facts, product)) if each]
    if not told:
        return [_unreceived(facts, product)]
    # A status that shows nothing yet was looked at before anything came, or lags: whoever tells of goods knows more.
    told = [each for each in told if each.eaches or not each.why.startswith(STATUS)] or told
    first, others = told[0], [each for each in told[1:] if each.eaches != told[0].eaches]
    if others:
        first = replace(first, word=DISPUTED, against=_contradiction([first, *others]))
    lines = _status_of_lines(facts, product)
    if first.why.startswith(STATUS) and len(lines) > 1:
        return [replace(each, word=first.word, against=first.against) for each in lines]
    return [first]


def _contradiction(told: Sequence[Count]) -> str:
    said = ", ".join(f"{each.eaches} ({each.why})" for each in told)
    return f"Amazon tells {'two' if len(told) == 2 else len(told)} numbers of what it received: {said}."


def _receipts(facts: OrderFacts, product: _Product) -> Count | None:
    return _told(facts.told, product, ProofKind.RECEIVED, "what Amazon counted in")


def _status(facts: OrderFacts, product: _Product) -> Count | None:
    """The sum of its lines, where the status tells of every one of them."""
    lines = _status_of_lines(facts, product)
    if len(lines) != len(product.lines):
        return None
    return replace(
        lines[0],
        eaches=sum(each.eaches or 0 for each in lines),
        evidence=_hashes(digest for each in lines for digest in each.evidence),
    )


def _status_of_lines(facts: OrderFacts, product: _Product) -> list[Count]:
    by_line = {each.sequence: each for each in facts.counted_in if each.eaches is not None}
    found = [by_line[line.sequence] for line in product.lines if line.sequence in by_line]
    return [
        Count(each.eaches, f"{STATUS}, looked at on {each.day}", evidence=_hashes([each.evidence])) for each in found
    ]


def _by_invoice(facts: OrderFacts, product: _Product) -> Iterator[Count]:
    """What Amazon matched, and what is left when what it claims to miss is taken off what was billed."""
    named = [each for each in _bills(facts) if product.of(each.invoice.lines)]
    matched = [_matched(each, product) for each in named]
    if named and None not in matched:
        words = f"what Amazon matched with invoice {', '.join(each.invoice.number for each in named)}"
        yield Count(sum(each or 0 for each in matched), words, evidence=_hashes(each.said_in for each in named))
    missing = [_missing(each, product) for each in named]
    if any(each.shortage for each in named) and None not in missing:
        claimed = sum(each or 0 for each in missing)
        count = sum(product.billed(each.invoice) for each in named) - claimed
        yield Count(count, "invoiced, less what Amazon claims to miss", SHORT if claimed else "")


def _unreceived(facts: OrderFacts, product: _Product) -> Count:
    if any(each.shortage for each in _bills(facts) if product.of(each.invoice.lines)):
        return Count(None, "Amazon claims to miss goods, and names no line.")
    numbers = {line.sequence for line in product.lines}
    if cases := [each for each in facts.counted_in if each.eaches is None and each.sequence in numbers]:
        return Count(None, f"{STATUS} counts cases of unknown size.", evidence=_hashes(each.evidence for each in cases))
    return Count(
        None, "Amazon told of no receipt: not in its status of the order, a file of receipts, or an invoice's lines."
    )


def _matched(bill: Billed, product: _Product) -> int | None:
    """What Amazon found of a product with its own receipts; None where it does not say that of every line of it."""
    lines = _said(bill, product)
    counts = [each.matched_quantity for each in lines]
    return sum(each or 0 for each in counts) if counts and None not in counts else None


def _said(bill: Billed, product: _Product) -> list[AmazonInvoiceLine]:
    if bill.said is None:
        return []
    return [each for each in bill.said.lines if product.is_named(each.product_ids.get("SKU", ""), each.asin)]


def _paid(facts: OrderFacts, product: _Product) -> Count:
    named = [each for each in _bills(facts) if product.of(each.invoice.lines)]
    if not named:
        return Count(None, "No invoice names this product, so that no payment does.")
    counts = [_paid_of(each, product) for each in named]
    if unknown := next((each for each in counts if each.eaches is None), None):
        return unknown
    total = sum(each.eaches or 0 for each in counts)
    word = next((each.word for each in counts if each.word), "")
    evidence = _hashes(digest for each in counts for digest in each.evidence)
    return Count(total, "; ".join(dict.fromkeys(each.why for each in counts)), word, evidence)


def _paid_of(bill: Billed, product: _Product) -> Count:
    """What of a product an invoice's payments paid for. Amazon pays invoices, not lines: it can be told where it says so itself,
    where all or nothing is settled, and where the invoice is for one product."""
    number, billed = bill.invoice.number, product.billed(bill.invoice)
    said = [each.paid_quantity for each in _said(bill, product)]
    if said and None not in said:
        return Count(sum(each or 0 for each in said), f"Amazon's word on invoice {number}", evidence=(bill.said_in,))
    settled = bill.invoice.total - bill.open
    if not settled:
        return Count(0, f"nothing of invoice {number} is settled", OPEN)
    if bill.open.minor > 0:
        units = _units(bill, product, settled)
        if units is None:
            return Count(None, f"Of invoice {number} {settled} are settled, and a payment names no line.")
        billed, word = units, OPEN
    else:
        word = ""
    missing = _missing(bill, product)
    if missing is None:
        return Count(
            None, f"Of invoice {number} {bill.shortage} are held for missing goods, and the claim names no line."
        )
    return Count(billed - missing, f"what is settled of invoice {number}", word)


def _missing(bill: Billed, product: _Product) -> int | None:
    """How many eaches Amazon's claim comes to; None where that cannot be said."""
    return _units(bill, product, bill.shortage) if bill.shortage else 0


def _units(bill: Billed, product: _Product, amount: Money) -> int | None:
    """How many eaches an amount is of an invoice for one product, with tax or without; None where it is no whole number of them, or
    either would do."""
    lines, billed = bill.invoice.lines, product.billed(bill.invoice)
    if billed <= 0 or len(product.of(lines)) != len(lines):
        return None
    bases = {bill.invoice.total.minor, (bill.invoice.total - bill.invoice.tax).minor}
    fits = {near for base in bases if base for near in _near(amount.minor, base, billed)}
    return fits.pop() if len(fits) == 1 else None


def _near(minor: int, base: int, billed: int) -> list[int]:
    """The whole number of eaches whose share of a base is that amount, rounded to the cent; or none."""
    guess = (2 * minor * billed + base) // (2 * base)
    return [guess] if 0 < guess <= billed and abs(guess * base - minor * billed) * 2 <= billed else []


def _documents(bills: Sequence[Billed]) -> tuple[str, ...]:
    return _hashes(each.evidence for each in bills)


def _hashes(digests: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in digests if each))
