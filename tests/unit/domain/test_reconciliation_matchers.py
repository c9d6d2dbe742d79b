"""Matchers: what each of them finds, what it leaves to a person, and the sentence it says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.domain.reconciling import DAY, MATCHERS, balance, claim, invoice, line, matched, only, told
from trueup.domain.open_items import ItemKind, OpenItem, ResidueLine, purchase_orders_of
from trueup.domain.reconciliation import Reconciliation

ORDER = "7XK2M9QD"
OTHER = date(2026, 5, 20)


def undecided(found: Reconciliation) -> set[str]:
    """The items that a person is shown for lines of which nothing posts."""
    assert not found.matches
    return {part.key for contest in found.contests for rival in contest.rivals for part in rival.parts}


@pytest.mark.parametrize(
    "written",
    ["**INV-2026_0042*", "inv 2026 0042", "INV.2026/0042", "INV-2O26-0O42", "XX-INV-2026-0042-01", "2026-0042"],
)
def test_a_reference_written_otherwise_is_found(written: str) -> None:
    """Padding, wraps, other dashes, an O for a zero, and something before or behind do not hide an invoice."""
    found = matched([line(1, written, 1_234_57)], invoice("INV-2026-0042", 1_234_57, day=OTHER))
    assert only(found) == ("padded-reference", {"INV-2026-0042": 1_234_57})


def test_leading_zeros_do_not_hide_an_invoice() -> None:
    """Spreadsheets drop leading zeros; the amount may then be a part of it."""
    assert only(matched([line(1, "4711", 500)], invoice("0004711", 800))) == ("padded-reference", {"0004711": 500})


def test_a_slip_needs_a_second_fact() -> None:
    """Two neighbours swapped, the whole amount and the day or the order are enough; without them a person decides."""
    open_ = invoice("INV-10324", 1_234_57, ORDER, OTHER)
    assert only(matched([line(1, "INV-10342", 1_234_57, day=OTHER)], open_))[1] == {"INV-10324": 1_234_57}
    assert only(matched([line(1, "INV-1324", 1_234_57, f"{ORDER}/X")], open_))[1] == {"INV-10324": 1_234_57}
    assert undecided(matched([line(1, "INV-10342", 1_234_57)], open_)) == {"INV-10324"}
    assert not matched([line(1, "INV-10342", 1_234_56, day=OTHER)], open_).matches


def test_another_digit_may_be_another_invoice() -> None:
    """Invoices in a row differ by a digit and often bill the same: it is shown, not posted."""
    assert undecided(matched([line(1, "INV-10325", 500_00)], invoice("INV-10324", 500_00))) == {"INV-10324"}


def test_letters_after_a_number_may_say_what_the_line_is() -> None:
    """A suffix of a kind that nobody knows yet does not pay the invoice before it."""
    assert undecided(matched([line(1, "INV-10325XRC", 512_37)], invoice("INV-10325", 512_37))) == {"INV-10325"}


def test_an_order_that_disagrees_speaks_against_a_reference() -> None:
    """A slip that makes another number of ours, with the same amount, is caught by the order that the line names."""
    meant = invoice("INV-1042", 500_00, ORDER)
    hit = invoice("INV-1024", 500_00, "1AAAAAA1", OTHER)
    assert undecided(matched([line(1, "INV-1024", 500_00, f"{ORDER}/PHX3/X")], meant, hit)) == {"INV-1042", "INV-1024"}


def test_a_description_names_an_invoice_or_several() -> None:
    """One named invoice is settled wholly or in part; several named ones when they come to the amount."""
    one, two, three = (invoice(f"INV-2026-{n}", n * 100, day=OTHER) for n in (41, 42, 50))
    assert only(matched([line(1, "", 4100, "for INV-2026 41, thank you")], one, two))[1] == {"INV-2026-41": 4100}
    assert only(matched([line(1, "", 100, "INV-2026-41 first part")], one, two))[1] == {"INV-2026-41": 100}
    both = matched([line(1, "", 8300, "INV-2026-41, INV-2026-42")], one, two)
    assert only(both) == ("reference-in-description", {"INV-2026-41": 4100, "INV-2026-42": 4200})
    some = matched([line(1, "", 9100, "INV-2026-41/INV-2026-42/INV-2026-50")], one, two, three)
    assert only(some) == ("reference-in-description", {"INV-2026-41": 4100, "INV-2026-50": 5000})


def test_a_claim_comes_back_in_a_form_nobody_knew() -> None:
    """A whole claim under its invoice with an unknown ending is given back; a part of it only suggests."""
    held = claim("INV-77001", 120_00, about="INV-77001")
    assert only(matched([line(1, "INV-77001QQR", 120_00)], held)) == ("claim-reversal", {"INV-77001": 120_00})
    assert undecided(matched([line(1, "INV-77001QQR", 50_00)], held)) == {"INV-77001"}
    assert matched([line(1, "INV-77001QQ", -120_00)], held).residue == (1,)


def test_a_claim_and_its_invoice_of_one_amount_are_a_contest() -> None:
    """An unknown ending and the amount of both: nobody but a person knows which."""
    found = matched(
        [line(1, "INV-77001QQR", 120_00)],
        OpenItem("claim", ItemKind.CLAIM, "INV77001", 120_00, about="INV-77001"),
        OpenItem("other", ItemKind.CLAIM, "INV77001P", 120_00, about="INV-77001"),
    )
    assert undecided(found) == {"claim", "other"}


def test_a_credit_note_is_a_line_or_is_kept_from_its_invoice() -> None:
    """A note is taken under the invoice it credits, or the invoice comes short by it; a short payment needs more."""
    note = invoice("CN-9", -30_00, about="INV-50001")
    billed = invoice("INV-50001", 200_00)
    assert only(matched([line(1, "INV-50001/CN", -30_00, "INV-50001")], note)) == ("credit-notes", {"CN-9": -30_00})
    kept = matched([line(1, "INV-50001", 170_00)], billed, note)
    assert only(kept) == ("credit-notes", {"INV-50001": 200_00, "CN-9": -30_00})
    strange = invoice("CN-8", -30_00, about="INV-90000")
    assert undecided(matched([line(1, "INV-50001", 170_00)], billed, strange)) == {"INV-50001", "CN-8"}


def test_a_debit_balance_is_recovered() -> None:
    """By a line that says so, in whole or in part, or from the payment of an invoice."""
    billed = invoice("INV-50001", 900_00)
    assert only(matched([line(1, "", -250_00, "Debit balance recovery")], balance(-250_00)))[1] == {
        "debit-25000": -250_00
    }
    assert only(matched([line(1, "", -50_00, "debit_balance")], balance(-250_00)))[1] == {"debit-25000": -50_00}
    kept = matched([line(1, "INV-50001", 650_00)], billed, balance(-250_00))
    assert only(kept) == ("netted-debit-balance", {"INV-50001": 900_00, "debit-25000": -250_00})
    assert undecided(matched([line(1, "INV-50001", 800_00)], billed, balance(-250_00))) == {"INV-50001", "debit-25000"}
    unnamed = matched([line(1, "", 650_37, day=DAY)], invoice("INV-3", 900_37, day=OTHER), balance(-250_00))
    assert only(unnamed)[1] == {"INV-3": 900_37, "debit-25000": -250_00}


def test_an_order_and_an_amount_say_which_invoice() -> None:
    """Among the invoices of an order the amount decides; two of one amount are told apart by the day, or not at all."""
    one, two = invoice("INV-1", 500_00, ORDER, OTHER), invoice("INV-2", 640_00, ORDER, OTHER)
    text = f"{ORDER}/PHX3/##NOT_AVAILABLE"
    assert only(matched([line(1, "", 640_00, text)], one, two)) == ("purchase-order-and-amount", {"INV-2": 640_00})
    twin = invoice("INV-3", 500_00, ORDER, OTHER)
    assert undecided(matched([line(1, "", 500_00, text)], one, two, twin)) == {"INV-1", "INV-3"}
    dated = invoice("INV-3", 500_00, ORDER, DAY)
    assert only(matched([line(1, "", 500_00, text)], one, two, dated))[1] == {"INV-3": 500_00}


def test_the_invoice_goes_before_the_order_it_bills() -> None:
    """Where an order and its invoice are both open for one amount, the invoice is what is paid."""
    order = OpenItem("order", ItemKind.ORDER, ORDER, 500_00, DAY, ORDER)
    billed = invoice("INV-1", 500_00, ORDER)
    assert only(matched([line(1, "", 500_00, f"{ORDER}/PHX3/X")], order, billed))[1] == {"INV-1": 500_00}
    assert only(matched([line(1, "", 500_00, f"{ORDER}/PHX3/X")], order))[1] == {"order": 500_00}


def test_an_order_paid_in_other_pieces_than_billed() -> None:
    """Two lines and two invoices that agree only in their totals settle each other, in order."""
    items = invoice("INV-1", 150_00, ORDER, OTHER), invoice("INV-2", 150_00, ORDER, OTHER)
    found = matched([line(n, "", minor, f"{ORDER}/PHX3/X") for n, minor in ((1, 100_00), (2, 200_00))], *items)
    assert only(found) == ("purchase-order-total", {"INV-1": 150_00, "INV-2": 150_00})


def test_slices_make_one_item() -> None:
    """Lines of one unknown name that come to one item, and lines of an order of which some do."""
    slices = [line(n, "DEAL-88", minor, day=DAY) for n, minor in ((1, -300_11), (2, -200_22), (3, -99_00))]
    announced = OpenItem("claim", ItemKind.CLAIM, "AGR-1", -599_33, DAY)
    assert only(matched(slices, announced)) == ("many-to-one", {"claim": -599_33})
    pieces = [line(n, "", minor, f"{ORDER}/PHX3/X") for n, minor in ((1, 310_13), (2, 522_29), (3, 777_01))]
    found = matched(pieces, invoice("INV-1", 832_42, ORDER, OTHER), invoice("INV-2", 777_01, ORDER, OTHER))
    assert [told(match) for match in found.matches] == [
        ("many-to-one", {"INV-1": 832_42}),
        ("purchase-order-and-amount", {"INV-2": 777_01}),
    ]


def test_one_line_pays_several_invoices_of_an_order() -> None:
    """The exact subset is found; when two subsets come to the same, both are shown and neither posts."""
    amounts = (310_13, 522_29, 777_01, 120_57, 918_83)
    items = [invoice(f"INV-{n}", minor, ORDER, OTHER) for n, minor in enumerate(amounts)]
    paid = line(1, "", 310_13 + 777_01 + 918_83, f"{ORDER}/PHX3/X")
    assert only(matched([paid], *items)) == ("sum-of-many", {"INV-0": 310_13, "INV-2": 777_01, "INV-4": 918_83})
    twin = invoice("INV-9", 310_13, ORDER, OTHER)
    assert undecided(matched([paid], *items, twin)) == {"INV-0", "INV-2", "INV-4", "INV-9"}


def test_a_batch_of_a_day_and_a_pair_of_it() -> None:
    """All invoices of a day, or two with rare amounts, are a sum; of amounts that are everywhere they are a guess."""
    items = [invoice(f"INV-{n}", minor) for n, minor in enumerate((3_310_13, 5_522_29, 7_777_01))]
    assert len(only(matched([line(1, "", 16_609_43)], *items))[1]) == 3
    assert only(matched([line(1, "", 8_832_42)], *items))[1] == {"INV-0": 3_310_13, "INV-1": 5_522_29}
    common = [invoice(f"INV-{n}", 500_00 + n % 3) for n in range(12)]
    assert not matched([line(1, "", 1000_01)], *common).matches


def test_an_amount_alone_needs_its_day_and_to_be_rare() -> None:
    """On its day a rare amount is enough. Undated, months away, common, or under another name it is a suggestion."""
    assert only(matched([line(1, "", 1_234_57)], invoice("INV-1", 1_234_57)))[0] == "amount-and-date"
    near = invoice("INV-1", 1_234_57, day=DAY + timedelta(days=3))
    assert only(matched([line(1, "NOT AVAILABLE", 1_234_57)], near))[0] == "amount-and-date"
    for written, day, other in (
        ("", None, invoice("INV-1", 1_234_57)),
        ("", DAY, invoice("INV-1", 1_234_57, day=OTHER)),
        ("DEAL-9", DAY, invoice("INV-1", 1_234_57)),
        ("", DAY, invoice("INV-1", 8_60)),
    ):
        assert undecided(matched([line(1, written, other.open, day=day)], other)) == {"INV-1"}


def test_lines_that_take_each_other_back() -> None:
    """Made and reversed in one payment: no item is touched, and no cent is left."""
    found = matched([line(1, "ADJ-5", -75_00), line(2, "ADJ-5", 75_00), line(3, "ADJ-6", -75_00)])
    assert told(found.matches[0]) == ("offsetting-lines", {})
    assert found.matches[0].lines == (1, 2)
    assert found.residue == (3,)


def test_what_nobody_can_explain_stays() -> None:
    """A deduction that resembles nothing open is residue, never forced onto the nearest invoice."""
    assert matched([line(1, "ADJ-5", -75_00), line(2, "ADJ-6", 75_01)], invoice("INV-1", 75_00)).residue == (1, 2)


def test_other_payees_are_not_paid() -> None:
    """A line of one payee settles no item of another, however well it fits; items of no stated payee are everybody's."""
    theirs = OpenItem("theirs", ItemKind.INVOICE, "INV-1001", 500_00, DAY, payee="BETA")
    nobodys = OpenItem("nobodys", ItemKind.INVOICE, "INV-1002", 600_00, DAY)
    lines = [
        ResidueLine(1, "INV-1001", 500_00, DAY, payee="ALFA"),
        ResidueLine(2, "INV-1002", 600_00, DAY, payee="ALFA"),
    ]
    found = matched(lines, theirs, nobodys)
    assert [told(match)[1] for match in found.matches] == [{"nobodys": 600_00}]
    assert found.residue == (1,)


@pytest.mark.parametrize(
    ("description", "references", "orders"),
    [
        (f"{ORDER}/PHX3/##NOT_AVAILABLE", {}, (ORDER,)),
        ("7xk2m9qd/PHX3", {"PO": "1ABCDEF2"}, ("1ABCDEF2", ORDER)),
        ("QUANTITY/PRICE", {}, ()),
        ("no slash 7XK2M9QD", {}, ()),
        ("", {"AN": "1ABCDEF2, 1ABCDEF3", "IA": "77"}, ("1ABCDEF2", "1ABCDEF3")),
    ],
)
def test_purchase_orders_of_a_line(description: str, references: dict[str, str], orders: tuple[str, ...]) -> None:
    """Orders stand before the first slash of a description, or under the qualifiers that mean one."""
    assert purchase_orders_of(description, references) == orders


def test_every_matcher_has_a_place_of_its_own() -> None:
    """No two speak at the same place, and each says why it speaks there."""
    assert len({each.order for each in MATCHERS}) == len(MATCHERS)
    assert all(each.reason for each in MATCHERS)
