"""Agreements that people change: by two, from a day on, for orders placed from then on, tried on history first, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.installation import (
    AGREEMENT,
    CHAIR,
    LAMP,
    PARTNER,
    VENDOR,
    Installation,
    fill_master,
    install,
    line,
)
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.domain.agreement_changes import AgreementChange, AgreementScope, AgreementVersion
from trueup.domain.agreement_clauses import Unfit
from trueup.domain.cases import Role
from trueup.storage import orders
from trueup.storage.database import Database
from trueup.workflows.approve_agreement import approve_terms
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.keep_agreements import (
    ProposedTerms,
    find_proposed,
    look_at_proposed,
    propose_terms,
    undo_terms,
    withdraw_terms,
)
from trueup.workflows.list_agreements import list_agreements
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_agreements import AgreementTrial, look_tried, try_proposed, try_terms
from trueup.workflows.versions import Basis

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SCOPE = AgreementScope(PARTNER, VENDOR)
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
FAY = Person("Fay", frozenset({Role.FINANCE}))
ADA = Person("Ada", frozenset({Role.ADMIN}))
AUDE = Person("Aude", frozenset({Role.AUDITOR}))


@contextmanager
def agreeing(database: Database) -> Iterator[Installation]:
    """An installation at work since an hour."""
    with install(database, ManualClock(START)) as here:
        here.pass_time(timedelta(hours=1))
        yield here


def propose(here: Installation, terms: dict[str, str] | None, day: date, by: Person = OLGA, **on: Any) -> ProposedTerms:
    """A person proposes terms from a day on."""
    change = AgreementChange(SCOPE, terms, day, "Amazon rounds")
    return here.engine.act(propose_terms, change, by, Basis(**on))


def decide(here: Installation, terms: dict[str, str] | None, day: date) -> AgreementVersion:
    """Olga proposes, Fay approves."""
    return here.engine.act(approve_terms, propose(here, terms, day).id, FAY, "checked with the contract")


def tried(here: Installation, terms: dict[str, str] | None, months: int = 1) -> AgreementTrial:
    """What a change would have come to."""
    return here.engine.act(try_terms, SCOPE, terms, months)


def stands(here: Installation, number: str) -> tuple[Decimal, int, str]:
    """Under which tolerance, version and approver an order stands."""
    with here.database.transaction() as connection:
        saved = orders.load_order(connection, orders.find_order(connection, PARTNER, number) or 0)
        terms = here.world.agreement(connection, saved)
    assert terms is not None
    return terms.cost_tolerance, terms.version, terms.approved_by


def test_a_version_holds_for_orders_from_its_day_on_and_names_who_approved(database: Database) -> None:
    """What was ordered before keeps its terms; a line that is held under a version says which, and who approved it."""
    with agreeing(database) as here:
        tomorrow = (START + DAY).date()
        before = here.order(line(LAMP, 1, cost="10.02"))
        here.pass_time(timedelta(hours=1))
        assert here.case_kinds(before) == ["held.cost-differs"]
        version = decide(here, {"cost_tolerance": "0.02"}, tomorrow)
        here.pass_time(timedelta(hours=1))
        assert stands(here, before) == (Decimal(0), 0, ""), "it was placed under what trueup.toml says"
        here.pass_time(DAY)
        passes, held = here.order(line(LAMP, 1, cost="10.02")), here.order(line(LAMP, 1, cost="10.03"))
        here.pass_time(timedelta(hours=1))
        assert stands(here, passes) == (Decimal("0.02"), version.id, "Fay")
        assert here.case_kinds(passes) == []
        [case] = [each for each in here.open_cases() if held in each["subject"]]
        assert f"(version {version.id} of the agreement, approved by Fay)" in case["expected"]
        assert stands(here, before) == (Decimal(0), 0, "")


def test_whoever_proposed_does_not_approve_and_an_edit_is_another_proposal(database: Database) -> None:
    """By no way: neither the workflow, nor the general approval, nor the database lets one person do both."""
    with agreeing(database) as here:
        tomorrow = (START + DAY).date()
        first = propose(here, {"cost_tolerance": "0.02"}, tomorrow, FAY)
        with pytest.raises(Refused, match="a second person must approve"):
            here.engine.act(approve_terms, first.id, FAY, "mine")
        with pytest.raises(Refused, match=r"agreements\.approve"):
            here.engine.act(approve_terms, first.id, OLGA, "not my role")
        with pytest.raises(Refused, match="approved with a reason"):
            here.engine.act(approve_proposal, first.id, ADA)
        with pytest.raises(Invalid, match="say why you approve"):
            here.engine.act(approve_terms, first.id, ADA, " ")
        edited = propose(here, {"cost_tolerance": "0.05"}, tomorrow, FAY)
        assert edited.id == first.id and edited.look != first.look
        with pytest.raises(Conflict, match="was edited meanwhile by Fay"):
            here.engine.act(approve_terms, first.id, ADA, "as I saw it", first.look)
        version = here.engine.act(approve_terms, edited.id, ADA, "as I see it", edited.look)
        assert version.change.terms is not None and version.change.terms["cost_tolerance"] == "0.05"
        with pytest.raises(Conflict, match="approved by Ada at"):
            here.engine.act(approve_terms, edited.id, ADA, "again")
        with pytest.raises(sa.exc.IntegrityError, match="two_persons"), here.database.transaction() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO trueup.agreement_versions (partner, vendor_code, effective_from, reason, proposed_by,"
                    " proposed_at, approved_by, approved_at, approved_because) VALUES ('a', 'B', '2027-01-01', 'x', 'Fay',"
                    " now(), 'fay', '2026-11-23', 'x')"
                )
            )
        with pytest.raises(sa.exc.DBAPIError), here.database.transaction() as connection:
            connection.execute(sa.text("UPDATE trueup.agreement_versions SET reason = 'y'"))
        told = here.engine.act(lambda tx: [(row.actor, row.act) for row in tx.connection.execute(_ACTS)])
        assert told == [("Fay", "agreement.proposed"), ("Fay", "agreement.proposed"), ("Ada", "agreement.approved")]


def test_who_approves_an_agreement_approves_what_the_past_would_have_come_to(database: Database) -> None:
    """An order that came since was not shown and voids nothing; what was shown and is otherwise since has it looked at again."""
    with agreeing(database) as here:
        here.order(line(LAMP, 1, cost="10.02"))
        here.pass_time(timedelta(hours=1))
        found = propose(here, {"cost_tolerance": "0.02"}, (START + DAY).date())

        def look() -> str:
            return here.engine.act(lambda tx: look_tried(found, try_proposed(tx, found, 1), 1))

        seen = look()
        here.order(line(LAMP, 2, cost="10.02"))
        here.pass_time(timedelta(hours=1))
        later = look()
        assert later.rpartition(".")[2] != seen.rpartition(".")[2], "another order passes that was held"
        with pytest.raises(Conflict, match="changes something else than when it was looked at"):
            here.engine.act(approve_terms, found.id, FAY, "as in the contract", f"{found.look[:33]}{'0' * 32}")
        fill_master(here, (replace(LAMP, cost="10.02"), CHAIR), AGREEMENT)
        with pytest.raises(Conflict, match="the past would have come to something else than when it was looked at"):
            here.engine.act(approve_terms, found.id, FAY, "as in the contract", seen)
        fill_master(here, (LAMP, CHAIR), AGREEMENT)
        stem, instant, effects = later.rsplit(".", 2)
        with pytest.raises(Conflict, match="the past would have come to something else"):
            here.engine.act(
                approve_terms, found.id, FAY, "as in the contract", f"{stem}.{int(instant) + 10**12}.{effects}"
            )
        here.engine.act(approve_terms, found.id, FAY, "as in the contract", seen)


_ACTS = sa.text("SELECT actor, act FROM trueup.acts WHERE act LIKE 'agreement.%' ORDER BY id")


def test_a_version_is_taken_back_by_another_and_a_proposal_is_declined(database: Database) -> None:
    """Taking back returns to what held before: another version, or what the file says; each by two again."""
    with agreeing(database) as here:
        first = decide(here, {"cost_tolerance": "0.02"}, (START + DAY).date())
        second = decide(here, {"cost_tolerance": "0.05", "shortfall": "reject"}, (START + 3 * DAY).date())
        with pytest.raises(Conflict, match="was changed since, by version"):
            here.engine.act(undo_terms, first.id, OLGA)
        undone = here.engine.act(undo_terms, second.id, OLGA)
        assert [(each.title, each.after) for each in undone.differences] == [
            ("Cost may differ by", "0.02 USD per each"),
            ("When goods are short", "backorder"),
        ]
        version = here.engine.act(approve_terms, undone.id, FAY, "the contract stays")
        assert (version.undoes, version.change.effective_from) == (second.id, (START + 3 * DAY).date())
        here.pass_time(5 * DAY)
        number = here.order(line(LAMP, 1))
        here.pass_time(timedelta(hours=1))
        assert stands(here, number) == (Decimal("0.02"), version.id, "Fay")
        to_file = propose(here, None, (START + 8 * DAY).date())
        assert str(to_file).endswith("Cost may differ by 0.02 USD per each → 0 USD per each")
        here.engine.act(withdraw_terms, to_file.id, FAY, "not now")
        for act in (find_proposed, lambda tx, number: withdraw_terms(tx, number, OLGA, "mine")):
            with pytest.raises(Conflict, match=rf"Proposal {to_file.id} was declined by Fay at \S+Z: “not now”"):
                here.engine.act(act, to_file.id)
        with pytest.raises(NotFound, match="no such proposal"):
            here.engine.act(find_proposed, to_file.id + 1)
        assert here.engine.act(lambda tx: [row.act for row in tx.connection.execute(_ACTS)])[-1] == "agreement.declined"


def test_what_cannot_be_agreed_is_refused_in_words(database: Database) -> None:
    """Terms that contradict each other at their clause; a day that is over; nothing that changes; what another changed since."""
    with agreeing(database) as here:
        tomorrow = (START + DAY).date()
        wrong = {"cost_tolerance": "-1", "fallback": "perhaps", "acknowledge_within_hours": "0"}
        with pytest.raises(Unfit) as found:
            propose(here, wrong, tomorrow)
        assert set(found.value.problems) == set(wrong)
        with pytest.raises(Unfit) as found:
            propose(here, {"fallback": "reject"}, tomorrow)
        assert set(found.value.problems) == {"fallback_words"}
        with pytest.raises(Unfit) as found:
            propose(here, {"acknowledge_margin_hours": "30"}, tomorrow)
        assert set(found.value.problems) == {"acknowledge_margin_hours"}
        with pytest.raises(Invalid, match="expected a day after 2026-11-23"):
            propose(here, {"cost_tolerance": "0.02"}, START.date())
        with pytest.raises(Conflict, match="nothing would change"):
            propose(here, {"cost_tolerance": "0.00"}, tomorrow)
        with pytest.raises(Conflict, match="nothing would change"):
            propose(here, None, tomorrow)
        with pytest.raises(NotFound, match="stands in trueup"):
            here.engine.act(
                propose_terms, AgreementChange(AgreementScope(PARTNER, "OTHER"), {}, tomorrow, "x"), OLGA, Basis()
            )
        with pytest.raises(Refused, match=r"agreements\.propose"):
            propose(here, {"cost_tolerance": "0.02"}, tomorrow, AUDE)
        version = decide(here, {"cost_tolerance": "0.02"}, tomorrow)
        with pytest.raises(Conflict, match=f"changed meanwhile: version {version.id}"):
            propose(here, {"cost_tolerance": "0.03"}, tomorrow, seen=0)
        late = propose(here, {"cost_tolerance": "0.03"}, tomorrow, seen=version.id)
        here.pass_time(DAY)
        with pytest.raises(Invalid, match="expected a day after 2026-11-24"):
            here.engine.act(approve_terms, late.id, FAY, "too late")


def test_an_owner_by_name_that_the_file_no_longer_says_stops_nothing(database: Database) -> None:
    """Versions that were approved hold, and can be taken back, when trueup.toml names another person than it did then."""
    named = replace(AGREEMENT, owner="Fay")
    with install(database, ManualClock(START), agreement=named) as here:
        decide(here, {"cost_tolerance": "0.02"}, (START + DAY).date())
        second = decide(here, {"cost_tolerance": "0.05"}, (START + 2 * DAY).date())
    with install(database, ManualClock(START), agreement=AGREEMENT) as here:
        last = propose(here, {"owner": "finance"}, (START + 2 * DAY).date())
        here.engine.act(withdraw_terms, last.id, FAY, "not now")
        undone = here.engine.act(undo_terms, second.id, OLGA)
        assert [each.after for each in undone.differences] == ["0.02 USD per each"]
        version = here.engine.act(approve_terms, undone.id, FAY, "as before")
        assert version.change.terms is not None and version.change.terms["owner"] == "Fay"


def test_a_version_beyond_the_end_of_the_file_is_the_newest_still(database: Database) -> None:
    """What a page shows as the newest is what a proposal is compared with, also when the file ends before that version begins."""
    with agreeing(database) as here:
        far = decide(here, {"cost_tolerance": "0.02"}, (START + 30 * DAY).date())
    ending = replace(AGREEMENT, valid_to=(START + 9 * DAY).date())
    with install(database, ManualClock(START), agreement=ending) as here:
        with here.database.transaction() as connection:
            [row] = list_agreements(connection, here.world, START.date())
        assert row["newest"] == far.id
        assert propose(here, {"cost_tolerance": "0.03"}, (START + DAY).date(), seen=row["newest"]).id


def test_a_proposal_that_was_edited_is_not_declined_unseen(database: Database) -> None:
    """Who declines says which look; the act tells what the proposal said at last."""
    with agreeing(database) as here:
        first = propose(here, {"cost_tolerance": "0.02"}, (START + DAY).date())
        edited = propose(here, {"cost_tolerance": "0.05"}, (START + DAY).date())
        with pytest.raises(Conflict, match="was edited meanwhile by Olga"):
            here.engine.act(withdraw_terms, first.id, FAY, "not so", first.look)
        done = here.engine.act(withdraw_terms, edited.id, FAY, "not so", edited.look)
        assert [each.after for each in done.differences] == ["0.05 USD per each"]


def test_a_proposal_beyond_the_end_of_the_file_is_shown_and_withdrawn(database: Database) -> None:
    """It cannot be approved while trueup.toml ends before its day; it is looked at with that trouble, and taken back."""
    with agreeing(database) as here:
        stuck = propose(here, {"cost_tolerance": "0.02"}, (START + 30 * DAY).date())
    ending = replace(AGREEMENT, valid_to=(START + 9 * DAY).date())
    with install(database, ManualClock(START), agreement=ending) as here:
        with pytest.raises(Refused, match="has none in force"):
            here.engine.act(approve_terms, stuck.id, FAY, "as agreed")
        seen = here.engine.act(look_at_proposed, stuck.id)
        assert "has none in force" in str(seen.trouble) and str(seen) == str(stuck)
        words, stands = zip(seen.look.split("."), stuck.look.split("."), strict=True)
        assert words[0] == words[1] and stands[0] != stands[1], "it says the same over what stands otherwise"
        assert str(here.engine.act(withdraw_terms, stuck.id, OLGA, "it ends", seen.look)) == str(stuck)


def test_a_change_is_tried_on_the_orders_of_the_past(database: Database) -> None:
    """Which lines would have passed, been held, or been worth another amount; answers that would have been late; what was short."""
    with agreeing(database) as here:
        cents = here.order(line(LAMP, 2, cost="10.02"))
        short = here.order(line(CHAIR, 30))
        here.pass_time(timedelta(hours=2))
        passed = tried(here, {"cost_tolerance": "0.02"})
        assert (passed.orders, passed.lines, passed.left_out) == (2, 2, 0)
        [effect] = passed.effects
        assert (effect.name, effect.words) == ("passed", "lines passed that were held")
        [moved] = effect.moved
        assert (moved.name, moved.line, moved.before, moved.after) == (cents, 1, "Cost differs", "passes")
        assert [str(money) for money in effect.money] == ["120.24 USD"], "two cases of six at 10.02"
        held = {each.name: each for each in tried(here, {"absurd_floor_eaches": "10"}).effects}
        assert set(held) == {"held"} and {each.name for each in held["held"].moved} == {short}
        worth = {each.name: each for each in tried(here, {"cost_basis": "case"}).effects}
        assert [str(money) for money in worth["worth"].money] == ["-2395.20 USD"]
        [shortened] = tried(here, {"shortfall": "reject"}).effects
        assert (shortened.name, [each.after for each in shortened.moved]) == ("short", ["rejected"])
        [late] = tried(here, {"acknowledge_within_hours": "0.01", "acknowledge_margin_hours": "0.005"}).effects
        assert (late.name, {each.name for each in late.moved}) == ("late", {short})
        assert tried(here, None).effects == (), "what the file says is what holds"
