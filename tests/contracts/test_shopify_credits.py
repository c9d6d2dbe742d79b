"""Gift cards and store credit: the simulator's rules, and the connector against them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.shopify_connector import CATALOGUE, SCOPES, Bench, open_bench
from trueup.base.errors import Conflict, NotFound, Rejected, Transient, Unauthorized
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.connectors.shopify.credit_operations import CREDIT_OPERATIONS
from trueup.connectors.shopify.credits import ShopifyCredits
from trueup.domain.credits import GiftCard
from trueup.remote.credits import GiftCardSink, StoreCreditSink, WantedGiftCard, WantedStoreCredit
from trueup.simulators.shopify.shopping import STORE_CREDIT, Basket

CREDIT_SCOPES = "write_gift_cards write_customers read_store_credit_accounts write_store_credit_account_transactions"
CODE = Secret("k3m9x7q2w8e4r6t1")
FORTY = Money.of("40.00", "USD")


class Till:
    """A shop, its credits through the connector, and a customer."""

    def __init__(self, scopes: str = f"{SCOPES} {CREDIT_SCOPES}", **choices: Any) -> None:
        self.bench: Bench = open_bench(CATALOGUE, scopes, **choices)
        self.credits = ShopifyCredits(self.bench.settings, self.bench.http, self.bench.purse, self.bench.clock)
        self.customer = self.bench.simulator.add_customer("Cara Nunes", "cara@example.com").id

    def wanted(self, amount: str = "40.00", **more: Any) -> WantedGiftCard:
        return WantedGiftCard(CODE, Money.of(amount, "USD"), "Trade-in T-1", self.customer, **more)

    def cards(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.bench.simulator.state()["gift_cards"]
        return found

    def wait(self, seconds: float) -> None:
        self.bench.clock.advance(timedelta(seconds=seconds))

    def fault(self, kind: str, operation: str, **more: Any) -> None:
        self.bench.simulator.add_fault(kind, operation=operation, **more)


def test_the_connector_is_both_sinks() -> None:
    """What workflows ask for is there."""
    credits = Till().credits
    assert isinstance(credits, GiftCardSink)
    assert isinstance(credits, StoreCreditSink)


def test_a_card_is_made_under_our_code_and_found_by_it() -> None:
    """Found by its whole code once the search has it; it shows the last characters and nothing more."""
    till = Till()
    assert till.credits.find_gift_card(CODE).value is None
    made = till.credits.send_gift_card(till.wanted(expires_on=date(2027, 11, 30)))
    assert made.value.last_characters == "r6t1"
    assert (made.value.initial, made.value.balance, made.value.customer) == (FORTY, FORTY, till.customer)
    assert till.credits.find_gift_card(CODE).value is None, "the search lags"
    till.wait(6)
    found = till.credits.find_gift_card(CODE)
    assert found.value == made.value
    assert till.credits.fetch_gift_card(made.value.id).value == made.value


def test_a_code_is_used_once_for_ever() -> None:
    """The same code again is refused at once, though the search does not show the card yet; deactivated or not."""
    till = Till()
    made = till.credits.send_gift_card(till.wanted()).value
    with pytest.raises(Conflict, match="its code is taken"):
        till.credits.send_gift_card(till.wanted())
    assert till.credits.deactivate_gift_card(made.id).value.enabled is False
    assert till.credits.deactivate_gift_card(made.id).value.enabled is False
    with pytest.raises(Conflict):
        till.credits.send_gift_card(till.wanted("10.00"))
    assert len(till.cards()) == 1


def test_a_lost_reply_leaves_one_card() -> None:
    """Applied and not answered: the error says so, and asking again finds the code taken."""
    till = Till()
    till.fault("applied_but_timed_out", "giftCardCreate", mode="504")
    with pytest.raises(Transient) as lost:
        till.credits.send_gift_card(till.wanted())
    assert lost.value.maybe_applied
    with pytest.raises(Conflict):
        till.credits.send_gift_card(till.wanted())
    till.wait(6)
    found = till.credits.find_gift_card(CODE).value
    assert isinstance(found, GiftCard)
    assert [card["id"] for card in till.cards()] == [found.id]


@pytest.mark.parametrize(
    ("amount", "more", "code"),
    [
        ("0.00", {}, "GREATER_THAN"),
        ("2000.01", {}, "GIFT_CARD_LIMIT_EXCEEDED"),
        ("40.00", {"expires_on": date(2026, 11, 23)}, "INVALID"),
    ],
)
def test_what_a_shop_refuses_of_a_card(amount: str, more: dict[str, Any], code: str) -> None:
    """Nothing is made, and the error has Shopify's code and not ours."""
    till = Till()
    with pytest.raises(Rejected) as refused:
        till.credits.send_gift_card(till.wanted(amount, **more))
    assert refused.value.code == code
    assert CODE.reveal() not in str(refused.value)
    assert till.cards() == []


def test_cards_need_their_scopes() -> None:
    """Without them Shopify denies, and the error says where to grant them."""
    with pytest.raises(Unauthorized, match="read_gift_cards"):
        Till(SCOPES).credits.find_gift_card(CODE)
    till = Till(f"{SCOPES} write_gift_cards read_customers")
    with pytest.raises(Unauthorized, match="write_customers"):
        till.credits.send_gift_card(till.wanted())


def test_the_code_is_in_no_reply_and_no_journal() -> None:
    """What is archived and what the simulator logs do not hold it: only the request does."""
    till = Till()
    till.wait(6)
    trail = [till.credits.send_gift_card(till.wanted()).evidence]
    till.wait(6)
    trail.append(till.credits.find_gift_card(CODE).evidence)
    assert all(CODE.reveal().encode() not in evidence for evidence in trail)
    assert CODE.reveal() not in repr(till.bench.simulator.state())


def test_store_credit_is_added_and_shown_without_a_reference() -> None:
    """Two credits of one amount are told apart by nothing but their ids and moments."""
    till = Till()
    empty = till.credits.fetch_store_credit(till.customer, "USD").value
    assert (empty.account, empty.balance) == (None, Money(0, "USD"))
    wanted = WantedStoreCredit(till.customer, FORTY)
    first = till.credits.send_store_credit(wanted).value
    till.wait(1)
    second = till.credits.send_store_credit(wanted).value
    shown = till.credits.fetch_store_credit(till.customer, "USD").value
    assert [each.id for each in shown.movements] == [second.id, first.id]
    assert shown.balance == Money.of("80.00", "USD") == second.balance_after
    assert {each.event for each in shown.movements} == {"ADJUSTMENT"}


def test_a_lost_reply_of_store_credit_is_in_doubt() -> None:
    """Applied and not answered; repeated blindly it would be given twice."""
    till = Till()
    till.fault("applied_but_timed_out", "storeCreditAccountCredit", mode="drop")
    with pytest.raises(Transient) as lost:
        till.credits.send_store_credit(WantedStoreCredit(till.customer, FORTY))
    assert lost.value.maybe_applied
    assert till.credits.fetch_store_credit(till.customer, "USD").value.balance == FORTY


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("-1.00", "USD", "NEGATIVE_OR_ZERO_AMOUNT"),
        ("1.00", "EUR", "UNSUPPORTED_CURRENCY"),
        ("100000.01", "USD", "CREDIT_LIMIT_EXCEEDED"),
    ],
)
def test_what_a_shop_refuses_of_store_credit(amount: str, currency: str, code: str) -> None:
    """Refused with Shopify's code; nothing is credited."""
    till = Till()
    with pytest.raises(Rejected) as refused:
        till.credits.send_store_credit(WantedStoreCredit(till.customer, Money.of(amount, currency)))
    assert refused.value.code == code
    assert not till.credits.fetch_store_credit(till.customer, "USD").value.balance


def test_unknown_owners() -> None:
    """Crediting says that the owner is not there; so does asking."""
    till, nobody = Till(), "gid://shopify/Customer/1"
    with pytest.raises(Rejected) as refused:
        till.credits.send_store_credit(WantedStoreCredit(nobody, FORTY))
    assert refused.value.code == "OWNER_NOT_FOUND"
    with pytest.raises(NotFound):
        till.credits.fetch_store_credit(nobody, "USD")


def test_store_credit_expires_by_itself() -> None:
    """What was not spent by its moment leaves the account, as a movement of its own."""
    till = Till()
    expires_at = till.bench.clock.now() + timedelta(days=30)
    till.credits.send_store_credit(WantedStoreCredit(till.customer, FORTY, expires_at))
    buy(till, "AN-1", store_credit=Decimal(15))
    till.wait(31 * 86400)
    shown = till.credits.fetch_store_credit(till.customer, "USD").value
    assert not shown.balance
    assert [each.amount for each in shown.movements] == [Money.of(text, "USD") for text in ("-25", "-15", "40")]


def buy(till: Till, sku: str, **pays: Any) -> Any:
    """A shopper buys one."""
    return till.bench.simulator.buy(Basket([(till.bench.variant(sku).id, 1, {})], till.customer, **pays))


def test_credits_are_spent_on_orders() -> None:
    """A gift card loses what it paid; store credit names the order; a refund to store credit is a credit by refund."""
    till = Till()
    card = till.credits.send_gift_card(till.wanted("5.00")).value
    till.credits.send_store_credit(WantedStoreCredit(till.customer, FORTY))
    order = buy(till, "AN-1", gift_cards=[CODE.reveal()], store_credit=Decimal(10))
    shown = till.credits.fetch_gift_card(card.id).value
    assert shown is not None
    assert shown.balance == Money(0, "USD")
    spent = till.credits.fetch_store_credit(till.customer, "USD").value
    assert (spent.movements[0].event, spent.movements[0].order) == ("ORDER_PAYMENT", order.id)
    till.wait(1)
    till.bench.simulator.refund_by_hand(order.name, {order.line_items[0].id: 1}, STORE_CREDIT)
    back = till.credits.fetch_store_credit(till.customer, "USD").value
    assert (back.movements[0].event, back.balance) == ("ORDER_REFUND", Money.of("50.00", "USD"))


def test_no_request_costs_more_than_stated() -> None:
    """What the shop says a document may cost is at most what is paid beforehand."""
    till = Till()
    made = till.credits.send_gift_card(till.wanted()).value
    till.credits.fetch_gift_card(made.id)
    till.credits.find_gift_card(CODE)
    till.credits.deactivate_gift_card(made.id)
    till.credits.send_store_credit(WantedStoreCredit(till.customer, FORTY))
    till.credits.fetch_store_credit(till.customer, "USD")
    stated = {operation.text: operation.estimated_cost({}) for operation in CREDIT_OPERATIONS}
    journal = [entry["cost"] for entry in till.bench.simulator.journal if entry["operations"]]
    names = [entry["operations"][0] for entry in till.bench.simulator.journal]
    for name, cost in zip(names, journal, strict=False):
        known = [most for text, most in stated.items() if f"{name}(" in text]
        if name == "customer":
            known = [stated[CREDIT_OPERATIONS[4].text]]
        assert not known or cost <= max(known), name
