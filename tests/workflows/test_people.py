"""People: who may decide what, when two must, that every act is recorded for ever, and that a retry does what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from tests.workflows.installation import AGREEMENT, LAMP, PARTNER, SHOP, VENDOR, Installation, install, line, with_terms
from tests.workflows.scenes import CALM, HOUR, case, rows, scarce, standing
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.partners import Partner
from trueup.storage.cases import open_case
from trueup.storage.database import Database
from trueup.workflows.resolve_case import Person, approve_proposal, resolve_case
from trueup.workflows.watch import note_defect

SEEN = CALM.poll + timedelta(minutes=20)
OLGA, PAUL = (Person(name, frozenset({Role.OPERATIONS})) for name in ("Olga", "Paul"))
LIMIT = Money.of("100.00", "USD")


def person(*roles: Role) -> Person:
    """Someone with roles."""
    return Person("Someone", frozenset(roles))


def held(here: Installation, cases: int = 4) -> str:
    """An order whose one line waits for a person: 240.00 USD and more."""
    number = here.order(line(LAMP, cases, cost="10.40"))
    here.pass_time(SEEN)
    return number


def acts_of(here: Installation, subject: str) -> list[dict[str, Any]]:
    """What was recorded of a subject, oldest first."""
    return rows(here, "SELECT * FROM trueup.acts WHERE subject = :subject ORDER BY id", subject=subject)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (
            Role.OPERATIONS,
            {
                "held.cost-differs",
                "held.stock-uncounted",
                "stock.short",
                "document.invalid",
                "acknowledgement.fallback",
            },
        ),
        (Role.FINANCE, {"held.cost-differs", "acknowledgement.fallback"}),
        (Role.ECOMMERCE, {"held.stock-uncounted", "stock.short", "shop.differs", "product.ambiguous"}),
        (Role.AUDITOR, set()),
    ],
)
def test_a_role_decides_its_own_cases_and_no_others(
    database: Database, clock: ManualClock, role: Role, kinds: set[str]
) -> None:
    """Everything else is refused with the role, and who owns the case."""
    every = ["held.cost-differs", "held.stock-uncounted", "stock.short", "shop.differs", "product.ambiguous"]
    every += ["document.invalid", "acknowledgement.fallback", "source.failing"]
    with install(database, clock, LAMP, pace=CALM) as here:
        for kind in every:
            number = _open(here, kind, f"thing {kind}")
            if kind in kinds:
                here.engine.act(resolve_case, number, Resolution.DISMISS, person(role), "seen")
                continue
            with pytest.raises(Refused, match=f"may not resolve a {kind} case"):
                here.engine.act(resolve_case, number, Resolution.DISMISS, person(role), "seen")
        admin = _open(here, "source.failing", "thing of admin")
        here.engine.act(resolve_case, admin, Resolution.DISMISS, person(Role.ADMIN), "seen")


def test_a_resolution_the_case_does_not_allow_is_refused_with_those_it_does(
    database: Database, clock: ManualClock
) -> None:
    """And the case stays as it was."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = _open(here, "document.invalid", "thing")
        with pytest.raises(Refused, match="allowed: retry, dismiss"):
            here.engine.act(resolve_case, number, Resolution.REJECT, OLGA, "no")
        assert here.case_kinds() == ["document.invalid"]


def test_resolving_twice_is_a_conflict_that_names_who_was_first(database: Database, clock: ManualClock) -> None:
    """The second decision changes nothing and records nothing."""
    with install(database, clock, LAMP, pace=CALM) as here:
        held(here)
        found = case(here, "held.cost-differs")
        here.engine.act(resolve_case, found["id"], Resolution.BACKORDER, OLGA, "later")
        with pytest.raises(Conflict, match="by Olga"):
            here.engine.act(resolve_case, found["id"], Resolution.REJECT, PAUL, "never")
        assert [act["actor"] for act in acts_of(here, f"case {found['id']}")] == ["Olga"]


@pytest.mark.parametrize("limit", [LIMIT, Money.of("1000.00", "EUR"), Money.zero("USD")])
def test_a_binding_decision_above_the_limit_waits_for_a_second_person(
    database: Database, clock: ManualClock, limit: Money
) -> None:
    """Money that cannot be compared with the limit, and a limit of nothing, take two as well."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = held(here)
        found = case(here, "held.cost-differs")
        proposed = here.engine.act(resolve_case, found["id"], Resolution.ACCEPT_AS_ORDERED, OLGA, "agreed", limit)
        assert proposed.proposal is not None
        here.pass_time(HOUR)
        assert here.sends(number) == 0 and here.case_kinds() == ["held.cost-differs"]
        with pytest.raises(Refused, match="a second person must approve it"):
            here.engine.act(approve_proposal, proposed.proposal, Person("olga", OLGA.roles))
        with pytest.raises(Refused, match="may not resolve"):
            here.engine.act(approve_proposal, proposed.proposal, Person("Ann", frozenset({Role.AUDITOR})))
        here.engine.act(approve_proposal, proposed.proposal, PAUL)
        here.pass_time(HOUR)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.case_kinds() == []
        done = acts_of(here, f"case {found['id']}")
        assert [(act["act"], act["actor"]) for act in done] == [
            ("case.proposed", "Olga"),
            ("case.approved", "Paul"),
            ("case.resolved", "Paul"),
        ]
        with pytest.raises(Conflict, match="approved by Paul already"):
            here.engine.act(approve_proposal, proposed.proposal, Person("Rita", PAUL.roles))


def test_the_database_itself_refuses_the_same_person(database: Database, clock: ManualClock) -> None:
    """Whatever program writes: one name, in any case of letters, is one person."""
    with install(database, clock, LAMP, pace=CALM) as here:
        held(here)
        found = case(here, "held.cost-differs")
        here.engine.act(resolve_case, found["id"], Resolution.REJECT, OLGA, "no", LIMIT)
        with pytest.raises(sa.exc.IntegrityError, match="two_persons"), database.transaction() as connection:
            connection.execute(sa.text("UPDATE trueup.proposals SET approved_by = 'OLGA', approved_at = now()"))


@pytest.mark.parametrize(
    ("resolution", "limit"),
    [
        (Resolution.ACCEPT_AS_ORDERED, Money.of("1000.00", "USD")),
        (Resolution.ACCEPT_AS_ORDERED, None),
        (Resolution.BACKORDER, LIMIT),
    ],
)
def test_below_the_limit_or_not_binding_one_person_is_enough(
    database: Database, clock: ManualClock, resolution: Resolution, limit: Money | None
) -> None:
    """It is carried out at once."""
    with install(database, clock, LAMP, pace=CALM) as here:
        held(here)
        found = case(here, "held.cost-differs")
        assert here.engine.act(resolve_case, found["id"], resolution, OLGA, "so", limit).proposal is None
        assert here.case_kinds() == []


def test_two_different_proposals_about_one_case_do_not_pass_for_each_other(
    database: Database, clock: ManualClock
) -> None:
    """The second is told what waits; approving approves what the first meant."""
    with install(database, clock, LAMP, pace=CALM) as here:
        held(here)
        found = case(here, "held.cost-differs")
        first = here.engine.act(resolve_case, found["id"], Resolution.ACCEPT_AS_ORDERED, OLGA, "yes", LIMIT)
        again = here.engine.act(resolve_case, found["id"], Resolution.ACCEPT_AS_ORDERED, OLGA, "yes!", LIMIT)
        assert again.proposal == first.proposal
        with pytest.raises(Conflict, match="waits already"):
            here.engine.act(resolve_case, found["id"], Resolution.REJECT, PAUL, "no", LIMIT)


def test_a_proposal_about_terms_that_changed_cannot_be_approved(database: Database, clock: ManualClock) -> None:
    """Nobody approves numbers that nobody saw."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = held(here)
        found = case(here, "held.cost-differs")
        proposed = here.engine.act(resolve_case, found["id"], Resolution.ACCEPT_AS_ORDERED, OLGA, "10.40", LIMIT)
        assert proposed.proposal is not None
        here.amazon.change_order(number, {"lines": [{"itemSequenceNumber": "1", "netCost": "99.00"}]})
        here.pass_time(SEEN)
        with pytest.raises(Conflict, match="nothing was changed"):
            here.engine.act(approve_proposal, proposed.proposal, PAUL)
        assert here.case_kinds() == ["held.cost-differs"] and here.sends(number) == 0


def test_every_act_is_recorded_with_its_actor_before_and_after(database: Database, clock: ManualClock) -> None:
    """Workers and persons alike, in the order it happened."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = held(here)
        found = case(here, "held.cost-differs")
        here.engine.act(resolve_case, found["id"], Resolution.ACCEPT_AS_ORDERED, OLGA, "agreed by mail")
        here.pass_time(SEEN)
        [resolved] = acts_of(here, f"case {found['id']}")
        assert (resolved["actor"], resolved["role"]) == ("Olga", "operations")
        assert resolved["before"] == {"state": "open"}
        assert resolved["after"] == {"resolution": "accept-as-ordered", "note": "agreed by mail"}
        about = [act["act"] for act in acts_of(here, f"order {PARTNER}/{number}")]
        assert about == ["order.received", "order.decided"]
        delivery = here.shown(number)["deliveries"][0]["id"]
        of_delivery = acts_of(here, f"delivery {delivery}")
        assert [act["act"] for act in of_delivery] == ["acknowledgement.sent", "acknowledgement.proven"]
        assert all(act["role"] == "worker" and act["evidence"] for act in of_delivery)


@pytest.mark.parametrize(
    "statement", ["UPDATE trueup.acts SET actor = 'nobody'", "DELETE FROM trueup.acts", "TRUNCATE trueup.acts"]
)
def test_what_was_recorded_cannot_be_changed_by_anyone(database: Database, clock: ManualClock, statement: str) -> None:
    """The database refuses, not the program alone."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.order(line(LAMP, 1))
        here.pass_time(SEEN)
        before = rows(here, "SELECT count(*) AS n FROM trueup.acts")
        assert before[0]["n"] > 0
        with pytest.raises(sa.exc.DBAPIError), database.transaction() as connection:
            connection.execute(sa.text(statement))
        assert rows(here, "SELECT count(*) AS n FROM trueup.acts") == before


def test_retrying_a_short_line_decides_it_on_the_stock_of_now(database: Database, clock: ManualClock) -> None:
    """The decision makes way, and the line takes what has come in."""
    with install(database, clock, scarce(LAMP, 78), pace=CALM) as here:
        bought = here.shopify.sell("LAMP-1", 60)
        number = here.order(line(LAMP, 5))
        here.pass_time(SEEN)
        here.shopify.cancel_by_hand(bought.name)
        here.resolve("stock.short", Resolution.RETRY)
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(5, 0, 0)] and here.case_kinds() == []


def test_retrying_a_refused_answer_sends_it_again_under_a_key_of_its_own(
    database: Database, clock: ManualClock
) -> None:
    """Amazon failed it, a person mended what was wrong there: the same answer goes out anew, and lands."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": "transaction_failure"})
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        assert standing(here, number) == "rejected"
        here.resolve("acknowledgement.rejected", Resolution.RETRY)
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and standing(here, number) == "accepted"
        assert here.sends(number) == 2 and here.case_kinds() == []


def test_retrying_an_unanswered_one_looks_at_once_and_sends_nothing(database: Database, clock: ManualClock) -> None:
    """A person's look is a read-back like any other: no blind repeat."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": "processing_forever", "count": None})
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN + HOUR)
        sends, looks = here.sends(number), _requests(here, "getPurchaseOrdersStatus")
        here.resolve("acknowledgement.unanswered", Resolution.RETRY)
        here.engine.settle()
        assert _requests(here, "getPurchaseOrdersStatus") == looks + 1 and here.sends(number) == sends


def test_retrying_a_failing_source_asks_at_once(database: Database, clock: ManualClock) -> None:
    """Instead of waiting for the next round, which may be far."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": "token_refused", "operation": "token", "count": None})
        number = here.order(line(LAMP, 4))
        here.pass_time(2 * HOUR)
        here.amazon.faults.clear()
        first = here.open_cases()[0]
        here.engine.act(resolve_case, first["id"], Resolution.RETRY, person(Role.ADMIN), "rotated the secret")
        here.engine.settle()
        assert _requests(here, "getPurchaseOrders") > 0 and number in {row["number"] for row in _orders(here)}
        assert here.case_kinds() == []


def test_retrying_a_missing_agreement_answers_once_there_is_one(database: Database, clock: ManualClock) -> None:
    """The order waited with its deadline; the settings were mended; the retry goes on."""
    terms = with_terms(vendor_code="OTHER")
    with install(database, clock, LAMP, agreement=terms, pace=CALM) as here:
        number = here.order(line(LAMP, 4))
        here.pass_time(SEEN)
        assert here.case_kinds() == ["agreement.missing"] and here.sends(number) == 0
        here.resolve("agreement.missing", Resolution.RETRY)
        here.pass_time(HOUR / 2)
        assert here.case_kinds() == ["agreement.missing"], "still none: said again"
        cast(dict[str, Partner], here.world.partners)[PARTNER] = Partner(PARTNER, "na", (AGREEMENT,))
        with database.transaction() as connection:
            connection.execute(sa.text("UPDATE trueup.listings SET vendor_code = :code"), {"code": VENDOR})
        here.resolve("agreement.missing", Resolution.RETRY)
        here.pass_time(HOUR / 2)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.case_kinds() == []


@pytest.mark.parametrize("kind", ["product.ambiguous", "source.failing"])
def test_retrying_what_the_shop_said_looks_at_the_shop_again(database: Database, clock: ManualClock, kind: str) -> None:
    """At once, whatever round is next."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(SEEN)
        before = here.shopify.requests_seen
        subject = "product LAMP-1" if kind.startswith("product") else f"source {SHOP} products"
        number = _open(here, kind, subject)
        here.engine.act(resolve_case, number, Resolution.RETRY, person(Role.ADMIN), "mended")
        here.engine.settle()
        assert here.shopify.requests_seen > before


def test_retrying_a_run_that_failed_does_anew_what_it_was_about(database: Database, clock: ManualClock) -> None:
    """A defect stopped it; after the program was mended the order is answered."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = held(here)
        order_id = here.shown(number)["id"]
        with database.transaction() as connection:
            note_defect(connection, clock.now(), f"acknowledge:{order_id}:1", "acknowledge_order", "KeyError: 'x'")
            connection.execute(sa.text("UPDATE trueup.listings SET cost = 10.40"))
        found = case(here, "run.failed")
        here.engine.act(resolve_case, found["id"], Resolution.RETRY, person(Role.ADMIN), "mended")
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(4, 0, 0)] and here.case_kinds() == []


def _requests(here: Installation, operation: str) -> int:
    return sum(here.amazon.journal.totals_by_operation().get(operation, {}).values())


def _orders(here: Installation) -> list[dict[str, Any]]:
    return rows(here, "SELECT number FROM trueup.orders")


def _open(here: Installation, kind: str, subject: str) -> int:
    draft = CaseDraft(
        kind, subject, "A thing", "one", "two", None, None, "somebody", (Resolution.RETRY, Resolution.DISMISS)
    )
    with here.database.transaction() as connection:
        return open_case(connection, draft, here.clock.now())
