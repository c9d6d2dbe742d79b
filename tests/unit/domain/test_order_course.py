"""What became of an order's lines: each count by who tells it, unknown where nobody does, and marked where it differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from trueup.base.money import Money, UnitPrice
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine, AmazonInvoiceStatus, payment_due
from trueup.domain.invoices import Invoice, InvoiceLine
from trueup.domain.order_course import Billed, CountedIn, LineCourse, OrderFacts, Placed, Told, course_of
from trueup.domain.proofs import ProofKind

LAMP = Placed(1, "LAMP", "B00LAMP", 24, 24, "in stock")
VASE = Placed(2, "VASE", "", 10, 8, "8 in stock")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def billed(*lines: tuple[str, int, int], number: str = "INV-1", open_minor: int = 0, shortage: int = 0) -> Billed:
    """An invoice of (sku, quantity, price in cents)."""
    rows = tuple(
        InvoiceLine(place, sku, count, UnitPrice.of(f"{price / 100:.2f}", "USD"), usd(count * price))
        for place, (sku, count, price) in enumerate(lines, 1)
    )
    total = usd(sum(count * price for _, count, price in lines))
    invoice = Invoice(number, "amazon-us", "NORDA", date(2026, 9, 1), None, total, usd(0), "4AAAAAAA", "", rows)
    return Billed(invoice, usd(open_minor), usd(shortage), "i" * 64)


def said(counts: dict[str, tuple[int | None, int | None]]) -> AmazonInvoice:
    """Amazon's word on it: matched and paid eaches by SKU."""
    lines = tuple(
        AmazonInvoiceLine(sku, 1, 24, product_ids={"SKU": sku}, matched_quantity=matched, paid_quantity=paid)
        for sku, (matched, paid) in counts.items()
    )
    at = datetime(2026, 10, 1, tzinfo=UTC)
    status = AmazonInvoiceStatus.PAID
    return AmazonInvoice("INV-1", "INV-1~NORDA", "NORDA", status, "", date(2026, 9, 1), usd(100), at, lines=lines)


def words(course: LineCourse, *stages: str) -> list[tuple[int | None, str]]:
    return [(getattr(course, stage).eaches, getattr(course, stage).word) for stage in stages]


def test_what_nobody_tells_is_unknown_and_says_why() -> None:
    """No shipment, no invoice, no receipt: three reasons, and no zero."""
    [course] = course_of(OrderFacts((LAMP,), closed=False))
    assert words(course, "ordered", "acknowledged") == [(24, ""), (24, "")]
    for stage in ("shipped", "invoiced", "received", "paid"):
        count = getattr(course, stage)
        assert count.eaches is None and count.why.endswith(".") and not count.word
    held = replace(LAMP, acknowledged=None, why="It waits for a decision.", held=True)
    assert words(course_of(OrderFacts((held,), closed=False))[0], "acknowledged") == [(None, "held")]


def test_what_differs_from_the_step_before_is_marked_with_a_word() -> None:
    """Fewer of an order that goes on are so far; of a closed one they are short; more are over."""
    told = (Told(ProofKind.SHIPPED, "LAMP", "", 20, "s" * 64), Told(ProofKind.RECEIVED, "", "B00LAMP", 21, "r" * 64))
    bills = (billed(("LAMP", 24, 1000), ("VASE", 8, 500), open_minor=28000),)
    facts = OrderFacts((LAMP, VASE), closed=False, told=told, billed=bills)
    lamp, vase = course_of(facts)
    stages = ("acknowledged", "shipped", "invoiced", "received", "paid")
    assert words(lamp, *stages) == [(24, ""), (20, "so far"), (24, "over"), (21, "over"), (0, "open")]
    assert words(vase, *stages) == [(8, "short"), (None, ""), (8, ""), (None, ""), (0, "open")]
    assert words(course_of(replace(facts, closed=True))[0], "shipped") == [(20, "short")]
    assert lamp.shipped.evidence == ("s" * 64,)


def test_a_price_that_is_no_cost_of_the_order_is_told_with_both() -> None:
    """Of a case whose cost may be of an each too, the nearer; what an each of it comes to in cents is no other price."""
    costs = (UnitPrice.of("9.166667", "USD"), UnitPrice.of("55.00", "USD"))
    lamp = replace(LAMP, costs=costs)
    for price in (917, 5500):
        assert course_of(OrderFacts((lamp,), closed=False, billed=(billed(("LAMP", 24, price)),)))[0].charged is None
    bills = (billed(("LAMP", 12, 917)), billed(("LAMP", 12, 900), number="INV-2"))
    charged = course_of(OrderFacts((lamp,), closed=False, billed=bills))[0].charged
    assert charged is not None and (charged.invoice, charged.word) == ("INV-2", "cheaper")
    assert (str(charged.price), charged.cost) == ("9.00 USD", costs[0])
    assert course_of(OrderFacts((LAMP,), closed=False, billed=bills))[0].charged is None, "the order has no cost"


def test_a_payment_is_due_by_the_invoice_or_else_by_amazons_word() -> None:
    """Neither: it says why no day is known."""
    invoice, told = billed(("LAMP", 1, 100)).invoice, said({})
    assert payment_due(replace(invoice, due_on=date(2026, 10, 1)), told).day == date(2026, 10, 1)
    by_amazon = payment_due(invoice, replace(told, due_on=date(2026, 10, 2), terms="NET 30"))
    assert (by_amazon.day, by_amazon.word) == (date(2026, 10, 2), "Amazon's word on invoice INV-1, by its terms NET 30")
    for word, said_of_it in (("Amazon told nothing of it", None), ("Amazon's books have none either", told)):
        unknown = payment_due(invoice, said_of_it)
        assert unknown.day is None and unknown.word.endswith(f"{word}.")


def test_the_shops_parcels_are_said_where_no_file_confirms_and_beside_one_that_differs() -> None:
    """Two sources of one fact are held against each other, and never added."""
    parcels = (Told(ProofKind.SHIPPED, "LAMP", "", 24, "p" * 64), Told(ProofKind.SHIPPED, "LAMP", "", -4, "q" * 64))
    [course] = course_of(OrderFacts((LAMP,), closed=False, parcels=parcels))
    assert (course.shipped.eaches, course.shipped.why) == (20, "the shop's parcels")
    told = (Told(ProofKind.SHIPPED, "LAMP", "", 24, "s" * 64),)
    [course] = course_of(OrderFacts((LAMP,), closed=False, told=told, parcels=parcels))
    assert course.shipped.eaches == 24 and course.shipped.why.endswith("the shop's parcels come to 20")


def test_what_amazon_says_of_an_invoices_lines_is_received_and_paid() -> None:
    """Matched is what it received; what it says of no line is unknown, however much of the invoice is settled."""
    bill = replace(billed(("LAMP", 24, 1000), ("VASE", 8, 500), shortage=4000), said_in="w" * 64)
    named = replace(bill, said=said({"LAMP": (20, 20), "VASE": (None, None)}))
    lamp, vase = course_of(OrderFacts((LAMP, VASE), closed=True, billed=(named,)))
    assert words(lamp, "received", "paid") == [(20, "short"), (20, "short")]
    assert lamp.paid.evidence == ("w" * 64,)
    assert vase.received.eaches is None and "names no line" in vase.received.why
    assert vase.paid.eaches is None and "40.00 USD" in vase.paid.why


def test_a_claim_on_an_invoice_for_one_product_says_how_many_are_missing() -> None:
    """Whole eaches at its price, or nothing is said: 45.00 of lamps at 10.00 are none."""
    [course] = course_of(OrderFacts((LAMP,), closed=True, billed=(billed(("LAMP", 24, 1000), shortage=4000),)))
    assert words(course, "invoiced", "received", "paid") == [(24, ""), (20, "short"), (20, "short")]
    [course] = course_of(OrderFacts((LAMP,), closed=True, billed=(billed(("LAMP", 24, 1000), shortage=4500),)))
    assert words(course, "received", "paid") == [(None, ""), (None, "")]
    [course] = course_of(OrderFacts((LAMP,), closed=True, billed=(billed(("LAMP", 24, 1000), open_minor=14000),)))
    assert words(course, "paid") == [(10, "open")]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(0, 300))
def test_lines_of_one_product_share_what_is_told_of_it(promised: list[int], shipped: int) -> None:
    """However many lines it stands on, they come to what was told, and all but the last get what they were promised at most."""
    lines = tuple(Placed(place, "LAMP", "", most, most, "") for place, most in enumerate(promised, 1))
    told = (Told(ProofKind.SHIPPED, "LAMP", "", shipped, "s" * 64),)
    counts = [course.shipped.eaches for course in course_of(OrderFacts(lines, closed=True, told=told))]
    assert sum(each or 0 for each in counts) == shipped
    assert all((each or 0) <= most for each, most in zip(counts[:-1], promised[:-1], strict=True))


def counted(sequence: int, eaches: int | None) -> CountedIn:
    """Amazon's status of a line, as a look showed it."""
    return CountedIn(sequence, eaches, date(2026, 11, 5), "c" * 64)


def test_what_amazons_status_counted_in_is_said_by_line_with_its_look() -> None:
    """Of a product on two lines each has its own; where one line is not told of, the product's sum is not known by it."""
    twin = replace(LAMP, sequence=2, ordered=6, acknowledged=6)
    facts = OrderFacts((LAMP, twin), closed=False, counted_in=(counted(1, 24), counted(2, 0)))
    first, second = course_of(facts)
    assert words(first, "received") == [(24, "")] and words(second, "received") == [(0, "")]
    assert first.received.why == "Amazon's own status of the order, looked at on 2026-11-05"
    assert first.received.evidence == ("c" * 64,)
    [alone, _] = course_of(replace(facts, counted_in=(counted(1, 24),)))
    assert alone.received.eaches is None and "told of no receipt" in alone.received.why
    told = (Told(ProofKind.SHIPPED, "LAMP", "", 24, "s" * 64),)
    [course] = course_of(OrderFacts((LAMP,), closed=False, told=told, counted_in=(counted(1, 10),)))
    assert words(course, "received") == [(10, "so far")]


def test_cases_of_unknown_size_that_amazons_status_counted_in_are_no_number() -> None:
    """The reason is said with the look."""
    [course] = course_of(OrderFacts((LAMP,), closed=False, counted_in=(counted(1, None),)))
    assert words(course, "received") == [(None, "")] and course.received.evidence == ("c" * 64,)
    assert course.received.why == "Amazon's own status of the order counts cases of unknown size."


def test_a_claim_that_amazons_own_status_contradicts_is_seen() -> None:
    """The status says all came, the claim says less: both are said; where they agree, or only the claim tells, it is short."""
    bills = (billed(("LAMP", 24, 1000), shortage=4000),)
    facts = OrderFacts((LAMP,), closed=True, billed=bills, counted_in=(counted(1, 24),))
    [course] = course_of(facts)
    assert words(course, "received") == [(24, "disputed")]
    assert course.received.against == (
        "Amazon tells two numbers of what it received: 24 (Amazon's own status of the order, looked at on 2026-11-05), "
        "20 (invoiced, less what Amazon claims to miss)."
    )
    [agreed] = course_of(replace(facts, counted_in=(counted(1, 20),)))
    assert (words(agreed, "received"), agreed.received.against) == ([(20, "short")], "")
    [lagging] = course_of(replace(facts, counted_in=(counted(1, 0),)))
    assert (words(lagging, "received"), lagging.received.against) == ([(20, "short")], ""), (
        "nothing yet contradicts nothing"
    )
    [derived] = course_of(replace(facts, closed=False, counted_in=()))
    assert (words(derived, "received"), derived.received.against) == ([(20, "short")], "")
