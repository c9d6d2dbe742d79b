"""Trade-ins from what a person says to the credit in the customer's hands, and what keeps them from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workflows.traded_in import EVE, FAY, OLGA, SHOP, TERMS, lost, store_credit_terms, trade
from trueup.base.errors import ConfigurationError, Conflict, Refused, Rejected, Transient
from trueup.base.money import Money
from trueup.domain.cases import Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.circular import Readiness, Visibility
from trueup.domain.credits import Instrument
from trueup.storage.database import Database
from trueup.storage.documents import Archive
from trueup.storage.sealing import MasterKey
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.grade_trade_in import answer_credit, refuse_trade_in, release_trade_in, reveal_code
from trueup.workflows.issue_credit import fingerprint_of, give_gift_card
from trueup.workflows.resolve_case import Person, resolve_case

SIXTY = Money.of("60.00", "USD")


def test_a_trade_in_becomes_an_item_and_a_gift_card(database: Database) -> None:
    """Created not available; graded and released; one card under our code; the books hold item and liability."""
    with trade(database) as books:
        books.record()
        books.pass_time()
        item = books.item()
        assert (item.visibility, item.acquisition_cost) == (Visibility.UNAVAILABLE, Money.of("80.00", "USD"))
        assert books.cards() == []
        books.grade()
        books.pass_time()
        item = books.item()
        assert (item.visibility, item.readiness) == (Visibility.AVAILABLE, Readiness.PROCESSED)
        assert item.condition is not None
        assert item.condition.id == 1
        (card,) = books.cards()
        assert (card["initial"], card["customer"], card["note"]) == ("80.00", books.customer, "Trade-in T-1")
        shown = books.shown()
        assert (shown["state"], shown["credit"]["state"]) == ("released", "issued")
        assert shown["credit"]["ends_in"] == card["last_characters"]
        assert books.liability() == 80_00 == books.balance(Purpose.CIRCULAR_STOCK)
        assert books.open_cases() == []
        books.check()


def test_a_customer_may_have_store_credit_where_gift_cards_are_agreed(database: Database) -> None:
    """Asked for at the grading; it belongs to a customer, so without one it is refused and nothing is owed."""
    with trade(database) as books:
        books.record(books.told(), books.told("T-2", "TN-2", customer=""))
        books.pass_time()
        books.grade(grade="worn", instrument=Instrument.STORE_CREDIT)
        with pytest.raises(Refused, match="belongs to a customer"):
            books.grade("T-2", instrument=Instrument.STORE_CREDIT)
        books.pass_time()
        assert books.store_credit() == ("48.00", 1) and books.cards() == []
        assert books.shown()["credit"]["instrument"] == "store-credit"
        assert books.shown("T-2")["credit"] is None and books.liability() == 4800


def test_a_worn_item_is_worth_less_and_a_broken_one_nothing(database: Database) -> None:
    """The agreed share of the quote is credited; zero is a refusal, and its item is retired."""
    with trade(database) as books:
        books.record(books.told(), books.told("T-2", "TN-2"))
        books.pass_time()
        books.grade("T-1", "worn")
        books.grade("T-2", "broken")
        books.pass_time()
        assert [card["initial"] for card in books.cards()] == ["48.00"]
        assert books.shown("T-2")["state"] == "refused"
        assert books.item("TN-2").visibility is Visibility.RETIRED
        assert books.liability() == 48_00


def test_an_item_that_needs_repair_is_credited_and_kept(database: Database) -> None:
    """The customer's credit does not wait for the warehouse; the item goes when somebody says so."""
    with trade(database) as books:
        books.record()
        books.grade(release=False)
        books.pass_time()
        assert len(books.cards()) == 1
        assert books.item().visibility is Visibility.UNAVAILABLE
        books.act(release_trade_in, "T-1", OLGA)
        books.pass_time()
        assert books.item().visibility is Visibility.AVAILABLE


def test_a_card_whose_reply_was_lost_is_made_once(database: Database) -> None:
    """The code is taken before the search shows it: looked for again later, and found."""
    with trade(database) as books:
        books.shopify.add_fault("applied_but_timed_out", operation="giftCardCreate", mode="504")
        books.shopify.add_fault("search_lag", operation="giftCards", seconds=200)
        books.record()
        books.grade()
        books.pass_time(timedelta(minutes=2))
        assert books.shown()["credit"]["state"] == "due"
        books.pass_time(timedelta(minutes=30))
        assert books.shown()["credit"]["state"] == "issued"
        assert len(books.cards()) == 1


def test_an_item_whose_reply_was_lost_is_found_by_its_serial(database: Database) -> None:
    """One item, whatever was lost on the way."""
    with trade(database) as books:
        books.shelf.troubles = [lost(), Transient("down")]
        books.record()
        books.pass_time(timedelta(minutes=30))
        assert books.shown()["item"] == books.item().id
        assert len(books.shelf.items) == 1


def test_store_credit_that_nobody_answered_is_a_case_and_never_repeated(database: Database) -> None:
    """Applied, unanswered: however long one waits it is given once, and a person says what became of it."""
    with trade(database, store_credit_terms()) as books:
        books.shopify.add_fault("applied_but_timed_out", operation="storeCreditAccountCredit", mode="drop")
        books.record()
        books.grade()
        books.pass_time(timedelta(days=2))
        assert books.store_credit() == ("80.00", 1)
        case = books.case("credit.unanswered")
        with books.database.transaction() as connection:
            found = connection.exec_driver_sql(f"SELECT found FROM trueup.cases WHERE id = {case}").scalar_one()
        assert "0.00 USD before it, 80.00 USD now; movements of exactly that amount: gid://" in found
        with pytest.raises(Refused, match="trueup trade-ins answer"):
            books.act(resolve_case, case, Resolution.SETTLE, FAY, "")
        movement = found.partition("amount: ")[2].partition(" of ")[0]
        books.act(answer_credit, "T-1", movement, FAY)
        books.pass_time()
        assert books.store_credit() == ("80.00", 1)
        assert books.shown()["credit"]["shop_id"] == movement
        assert books.shown()["state"] == "released"
        assert books.open_cases() == []


def test_store_credit_that_never_arrived_is_given_anew_by_two_persons(database: Database) -> None:
    """Above the limit giving it again takes a second person; then it is given once."""
    with trade(database, store_credit_terms()) as books:
        books.shopify.add_fault("server_error", operation="storeCreditAccountCredit", status=502)
        books.record()
        books.grade()
        books.pass_time(timedelta(days=1))
        assert books.store_credit()[1] == 0
        done = books.act(answer_credit, "T-1", "", FAY, SIXTY)
        assert done.proposal is not None
        books.pass_time()
        assert books.store_credit()[1] == 0
        with pytest.raises(Refused, match="a second person"):
            books.act(approve_proposal, done.proposal, FAY)
        books.act(approve_proposal, done.proposal, Person("Finn", frozenset({Role.FINANCE})))
        books.pass_time()
        assert books.store_credit() == ("80.00", 1)
        with pytest.raises(Refused, match="nothing about its credit is in doubt"):
            books.act(answer_credit, "T-1", "", FAY)


def test_a_value_above_the_limit_takes_two_persons(database: Database) -> None:
    """Proposed, nothing posted or given; approved by another, all of it is done."""
    with trade(database) as books:
        books.record()
        done = books.grade(limit=SIXTY)
        books.pass_time()
        assert books.cards() == []
        assert books.liability() == 0
        books.act(approve_proposal, done.proposal, EVE)
        books.pass_time()
        assert len(books.cards()) == 1
        with pytest.raises(Refused, match="is released; it cannot become graded"):
            books.grade()


def test_what_the_shop_declines_waits_for_a_person(database: Database) -> None:
    """Refused for its amount: a case; raised limit and a retry, and it is given."""
    with trade(database, gift_card_limit=50) as books:
        books.record()
        books.grade()
        books.pass_time(timedelta(hours=5))
        case = books.case("credit.declined")
        assert books.cards() == []
        object.__setattr__(books.shopify.world.settings, "gift_card_limit", 500)
        books.act(resolve_case, case, Resolution.RETRY, FAY, "limit raised")
        books.pass_time()
        assert len(books.cards()) == 1
        assert books.open_cases() == []


def test_what_the_circular_system_refuses_waits_for_a_person(database: Database) -> None:
    """A product that was not imported there: a case with the money at risk."""
    with trade(database) as books:
        books.shelf.troubles = [Rejected("the product is not imported")]
        books.record()
        books.pass_time(timedelta(hours=3))
        assert books.open_cases() == [("trade-in.item-refused", "trade-in T-1", 80_00)]
        books.act(resolve_case, books.case("trade-in.item-refused"), Resolution.RETRY, EVE, "imported")
        books.pass_time()
        assert books.open_cases() == []
        assert books.shown()["state"] == "received"


def test_a_serial_that_customers_have_already_is_no_new_item(database: Database) -> None:
    """An available item of that serial is somebody else's story."""
    with trade(database) as books:
        books.record()
        books.grade()
        books.pass_time()
        with pytest.raises(Conflict, match="serial TN-1 is that of trade-in T-1 already"):
            books.record(books.told("T-9"))
        books.shelf.items[501] = replace(books.shelf.items[501], serial="TN-9")
        books.record(books.told("T-9", "TN-9"))
        books.pass_time()
        assert [kind for kind, *_ in books.open_cases()] == ["trade-in.item-refused"]


def test_telling_again_changes_nothing_and_telling_otherwise_is_refused(database: Database) -> None:
    """The key is the trade-in's, the first telling stands."""
    with trade(database) as books:
        assert books.record().new == ("T-1",)
        assert books.record().same == 1
        with pytest.raises(Conflict, match=r"quote '80.00 USD' known, '90.00 USD' told"):
            books.record(books.told(quote="90.00"))
        with pytest.raises(Refused, match="may not do this"):
            books.record(books.told("T-2", "TN-2"), person=Person("Aud", frozenset({Role.AUDITOR})))


def test_a_refused_trade_in_owes_nothing(database: Database) -> None:
    """Nothing is posted, no credit is given, and the item is gone from the shelf."""
    with trade(database) as books:
        books.record()
        books.pass_time()
        books.act(refuse_trade_in, "T-1", "counterfeit", OLGA)
        books.pass_time()
        assert books.item().visibility is Visibility.RETIRED
        assert books.balances() == {}
        with pytest.raises(Refused, match="counterfeit"):
            books.grade()


def test_the_code_is_shown_to_who_may_and_kept_nowhere(database: Database) -> None:
    """Handed out with a record that it was; not in any row of the database."""
    with trade(database) as books:
        books.record()
        books.grade()
        books.pass_time()
        code = books.act(reveal_code, "T-1", EVE).reveal()
        assert code.endswith(books.cards()[0]["last_characters"])
        with pytest.raises(Refused):
            books.act(reveal_code, "T-1", OLGA)
        assert "credit.code-shown" in [act["act"] for act in books.shown()["acts"]]
        tables = books.rows("SELECT tablename FROM pg_tables WHERE schemaname IN ('trueup', 'durable')")
        for (table,) in tables:
            schema = books.rows("SELECT schemaname FROM pg_tables WHERE tablename = :table", table=table)[0][0]
            found = books.rows(
                f'SELECT count(*) FROM {schema}."{table}" AS r WHERE r::text LIKE :code', code=f"%{code}%"
            )
            assert found[0][0] == 0, table


def test_another_master_key_makes_no_second_card(database: Database) -> None:
    """The code would be another: refused until the key is the one it was prepared under."""
    with trade(database) as books:
        books.record()
        plan = {"shop": SHOP, "key": "T-1", "fingerprint": fingerprint_of(books.world, "T-1")}
        other = replace(books.world, archive=Archive(MasterKey(b"q" * 32)))
        with pytest.raises(ConfigurationError, match="another master key"):
            give_gift_card(other, plan)
        assert books.cards() == []


def test_terms_that_are_not_agreed_are_said(database: Database) -> None:
    """A grade nobody agreed, and store credit for nobody."""
    with trade(database) as books:
        books.record()
        with pytest.raises(Refused, match="there are: good, worn, broken"):
            books.grade(grade="mint")
        with pytest.raises(Refused, match="expected at most that"):
            books.grade(value=Money.of("80.01", "USD"))
        object.__setattr__(books.world, "trade_ins", store_credit_terms())
        with pytest.raises(Refused, match="belongs to a customer"):
            books.record(books.told("T-2", "TN-2", customer=""))
        assert TERMS.expires_on(books.clock.now().date()) is None
