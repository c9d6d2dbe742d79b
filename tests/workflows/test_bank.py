"""The bank: what remittances announce is held against what came, and every difference is a case with its money."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date

import pytest

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, line, payment
from tests.workflows.conftest import NewDatabase
from trueup.base.errors import Conflict, Refused, Unreadable
from trueup.base.ids import digest_of
from trueup.domain.cases import Resolution, Role
from trueup.storage.database import Database
from trueup.workflows.import_bank import ImportedBank, import_bank, tie_by_hand, untie
from trueup.workflows.prove_books import prove
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.tie_bank import BankFile, tie_bank

HEADING = "account,date,amount,currency,payer,text,reference,transaction_id\n"


def statement(*rows: str) -> bytes:
    """Movements of one account as CSV: date, amount, text, reference, the bank's own reference."""
    cells = (row.split("|") for row in rows)
    return (
        HEADING
        + "".join(f"ACC-1,{day},{amount},USD,AMAZON,{text},{ref},{own}\n" for day, amount, text, ref, own in cells)
    ).encode()


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    found = Bookkeeping(database)
    found.take_in(paid("700001", 118_00), paid("700002", 50_00), paid("700003", 75_00))
    return found


def paid(number: str, amount: int, **more: object):  # type: ignore[no-untyped-def]
    return payment(number, line("", amount, kind="x"), **more)


def bring(books: Bookkeeping, content: bytes, **more: str) -> ImportedBank:
    """A file of statements is imported."""
    return books.act(import_bank, BankFile(content, **more), FINA)


def bank_cases(books: Bookkeeping) -> list[tuple[str, str, int]]:
    return [case for case in books.open_cases() if case[0].startswith("bank.")]


def ties(books: Bookkeeping) -> list[tuple[list[str], str]]:
    return [(row[0], row[1]) for row in books.rows("SELECT payments, rule FROM trueup.bank_ties ORDER BY payments")]


WHOLE = (
    "2026-10-03|118.00|AMAZON PAYMENT|700001|B1",
    "2026-10-04|50.00|AMAZON|x|B2",
    "2026-10-05|74.00|AMAZON 700003||B3",
    "2026-10-06|12.34|AMAZON SOMETHING||B4",
    "2026-10-09|-5.00|FEE||B5",
)


def test_payments_are_tied_to_what_came_and_differences_are_cases(books: Bookkeeping) -> None:
    """By number, by amount with payer and days; another amount and an unannounced credit are told with their money."""
    done = bring(books, statement(*WHOLE))
    assert (done.taken.new, done.tied, done.findings) == (5, 2, ())
    assert ties(books) == [([f"{PARTNER}/700001"], "payment-number"), ([f"{PARTNER}/700002"], "amount-payer-days")]
    assert [(kind, risk) for kind, _, risk in bank_cases(books)] == [
        ("bank.other-amount", 1_00),
        ("bank.received-not-announced", 12_34),
    ]


def test_a_payment_that_never_came_is_a_case_until_it_comes(books: Bookkeeping) -> None:
    """The case waits until the bank is known beyond the days a payment may take, and closes when the money shows."""
    bring(books, statement("2026-09-30|-5.00|FEE||B0", "2026-10-03|118.00|AMAZON|700001|B1"))
    assert [case[0] for case in bank_cases(books)] == []
    bring(books, statement("2026-10-20|-5.00|FEE||B9"))
    assert bank_cases(books) == [
        ("bank.paid-not-received", f"payment {PARTNER}/700002", 50_00),
        ("bank.paid-not-received", f"payment {PARTNER}/700003", 75_00),
    ]
    bring(books, statement("2026-10-06|50.00|AMAZON|700002|B2", "2026-10-06|75.00|AMAZON|700003|B3"))
    assert bank_cases(books) == []


def test_the_same_statements_again_in_any_order_and_cut_say_the_same(new_database: NewDatabase) -> None:
    """Movements have keys of their own, and everything is matched anew: no order of files is better than another."""
    rows = (
        "2026-10-03|100.00|AMAZON||B1",
        "2026-10-04|100.00|AMAZON||B2",
        "2026-10-03|40.00|AMAZON PAYMENT 700012||B3",
        "2026-10-30|-1.00|FEE||B4",
    )
    files = [statement(rows[0], rows[2]), statement(rows[1]), statement(rows[3], rows[0])]
    payments = (paid("700010", 100_00), paid("700011", 100_00), paid("700012", 40_00), paid("700013", 9_00))
    stands: set[str] = set()
    for order in itertools.permutations(range(3)):
        with new_database() as database:
            books = Bookkeeping(database)
            books.take_in(*payments[:2])
            for place in order:
                bring(books, files[place])
                bring(books, files[place])
            books.take_in(*payments[2:], document="later")
            books.act(tie_bank)
            lines: Sequence[object] = books.rows("SELECT key, names, payer, text FROM trueup.bank_lines ORDER BY key")
            stands.add(repr((ties(books), bank_cases(books), lines)))
    assert len(stands) == 1, stands
    (stand,) = stands
    assert "bank.contest" in stand and f"{PARTNER}/700012" in stand and "700013" in stand


def test_a_contest_is_settled_by_a_person_and_their_tie_stands(books: Bookkeeping) -> None:
    """Two payments of one amount and two credits: who knows says which; a difference needs its reason."""
    books.take_in(paid("700020", 50_00), document="twin")
    bring(books, statement("2026-10-03|50.00|AMAZON||B1", "2026-10-04|50.00|AMAZON||B2"))
    assert "bank.contest" in [case[0] for case in bank_cases(books)]
    first = books.rows("SELECT id FROM trueup.bank_lines ORDER BY id")[0][0]
    books.act(tie_by_hand, [f"{PARTNER}/700020"], [first], FINA, "")
    assert ties(books) == [
        ([f"{PARTNER}/700002"], "amount-payer-days"),
        ([f"{PARTNER}/700020"], "person"),
    ]
    assert "bank.contest" not in [case[0] for case in bank_cases(books)]
    with pytest.raises(Conflict, match="was tied to"):
        books.act(tie_by_hand, [f"{PARTNER}/700020"], [first], FINA, "")
    with pytest.raises(Refused, match=r"25\.00 USD away from the payments"):
        books.act(tie_by_hand, [f"{PARTNER}/700003"], [first + 1], FINA, "")
    number = books.rows("SELECT id FROM trueup.bank_ties WHERE rule = 'person'")[0][0]
    books.act(untie, number, FINA)
    assert "bank.contest" in [case[0] for case in bank_cases(books)]


def test_what_a_person_dismissed_stays_dismissed_while_it_is_the_same(books: Bookkeeping) -> None:
    """A credit of another business of Amazon's is looked at once; a payment of another amount is told again."""
    bring(books, statement(*WHOLE))
    case = books.case("bank.received-not-announced")
    books.act(resolve_case, case, Resolution.DISMISS, FINA, "seller payout")
    books.act(prove, "bank")
    bring(books, statement("2026-10-10|-5.00|FEE||B7"))
    assert [kind for kind, _, _ in bank_cases(books)] == ["bank.other-amount"]


def test_what_lies_before_either_history_is_no_difference(books: Bookkeeping) -> None:
    """Payments before the bank is known prove nothing; credits before the first remittance are one case with their sum."""
    books.take_in(paid("600001", 10_00, paid_on=date(2024, 1, 5)), document="old")
    bring(books, statement("2026-10-03|118.00|AMAZON|700001|B1", "2026-10-30|-5.00|FEE||B9"))
    assert f"payment {PARTNER}/600001" not in [case[1] for case in bank_cases(books)]
    bring(books, statement("2023-01-03|20.00|AMAZON|1|B2", "2023-02-03|30.00|AMAZON|2|B3"))
    (old,) = [case for case in bank_cases(books) if case[0] == "bank.before-history"]
    assert old == ("bank.before-history", "bank USD", 50_00)


def test_a_file_that_names_no_account_or_is_no_statement_is_refused_in_words(books: Bookkeeping) -> None:
    """Nothing is guessed; the command says what is missing, and takes it as an option."""
    content = b"date,amount,payer,text,reference\n2026-10-03,118.00,AMAZON,paid,700001\n"
    with pytest.raises(Unreadable, match="--account"):
        bring(books, content, currency="USD")
    with pytest.raises(Unreadable, match="currency"):
        bring(books, content, account="ACC-1")
    assert bring(books, content, account="acc-1", currency="USD").taken.new == 1
    with pytest.raises(Unreadable, match="expected a bank statement"):
        bring(books, b"number,partner,issued,currency,total\nI1,amazon-us,2026-10-01,USD,1.00\n")
    with pytest.raises(Refused, match=r"bank\.import"):
        books.act(import_bank, BankFile(content, "ACC-1", "USD"), Person("Olga", frozenset({Role.OPERATIONS})))
    assert books.rows("SELECT count(*) FROM trueup.bank_statements WHERE evidence = :d", d=digest_of(content)) == [(1,)]


@pytest.mark.parametrize("turned", [False, True])
def test_a_movement_told_by_two_formats_is_one(books: Bookkeeping, turned: bool) -> None:
    """Online banking's CSV without references, the bank's statement with them: neither a contest nor a second credit."""
    rich = statement("2026-10-03|118.00|AMAZON|700001|B1", "2026-10-03|50.00|AMAZON||B2", "2026-10-03|50.00|AMAZON||B3")
    poor = statement("2026-10-03|118.00|AMAZON PAYMENT||", "2026-10-03|50.00|AMAZON PAYMENT||")
    for content in (poor, rich) if turned else (rich, poor):
        bring(books, content)
    assert ties(books) == [([f"{PARTNER}/700001"], "payment-number")]
    assert [kind for kind, _, _ in bank_cases(books)] == ["bank.contest"]
    lone = statement("2026-10-06|75.00|AMAZON||B4", "2026-10-06|75.00|AMAZON||")
    bring(books, lone)
    assert [kind for kind, _, _ in bank_cases(books)] == ["bank.contest", "bank.contest"]


def test_a_bank_that_is_not_known_up_to_now_is_told(books: Bookkeeping) -> None:
    """Nothing proves payments that no statement can show: the money and the last known day are named."""
    books.clock.move_to(books.clock.now().replace(month=12, day=20))
    bring(books, statement("2026-09-01|-5.00|FEE||B0"))
    assert [case for case in bank_cases(books) if case[0] == "bank.behind"] == [("bank.behind", "bank USD", 243_00)]
