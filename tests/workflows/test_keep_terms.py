"""Terms that people change: by two, tried on past charges first, taken back; those that one person entered before stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import ADA, FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.domain.term_changes import TermChange, WantedTerm
from trueup.domain.terms import Basis, Term
from trueup.storage.database import Database
from trueup.storage.terms import load_terms
from trueup.storage.views.terms import list_stated, list_terms
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.check_charges import ask_check
from trueup.workflows.keep_terms import (
    Sheet,
    find_proposed,
    look_at_proposed,
    propose_change,
    propose_file,
    undo_version,
    withdraw_change,
)
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_terms import TermTrial, look_tried, try_sheet

START, TODAY = date(2026, 1, 1), date(2026, 11, 2)
CO_OP = Term("co-op", "", Basis.NET_RECEIPTS, START, TODAY, "agreement 6268", percent=Decimal(4))
SPAN = "Base accrual 2026-09-07 to 2026-09-13"
AUDE, OLGA = (Person(name, frozenset({role})) for name, role in (("Aude", Role.AUDITOR), ("Olga", Role.OPERATIONS)))


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    """A payment that took 60.00 of 1,000.00 for co-op, and 5.00 in euros of nothing that we know."""
    here = Bookkeeping(database)
    here.bill(invoice("INV-1", 1000_00, issued_on=date(2026, 9, 9)))
    here.take_in(
        payment("P1", line("INV-1", 1000_00), line("6268-1490899880", -60_00, description=SPAN)),
        payment("P2", line("6268-1490899881", -5_00, description=SPAN), currency="EUR"),
    )
    here.act(ask_check, PARTNER)
    here.engine.settle()
    return here


def proposed(books: Bookkeeping, term: Term = CO_OP, by: Person = FINA, reason: str = "it was signed") -> Sheet:
    return books.act(propose_change, TermChange((WantedTerm(term),), reason), by)


def tried(books: Bookkeeping, sheet: Sheet, months: int = 3) -> TermTrial:
    return books.act(try_sheet, sheet, months)


def verdict(books: Bookkeeping) -> Any:
    ((found,),) = books.rows("SELECT verdict FROM trueup.charges WHERE charged_minor = 6000")
    return found


def test_nothing_holds_until_a_second_person_approves_with_a_reason(books: Bookkeeping) -> None:
    """Neither the proposer, nor one without the role, nor without words; then charges are judged by it, and it is recorded."""
    sheet = proposed(books)
    books.engine.settle()
    assert verdict(books) == "unrated"
    with pytest.raises(Refused, match="a second person must approve it"):
        books.act(approve_change, sheet.id, FINA, "mine")
    with pytest.raises(Refused, match=r"terms\.approve"):
        books.act(approve_change, sheet.id, OLGA, "as agreed")
    with pytest.raises(Invalid, match="say why you approve it"):
        books.act(approve_change, sheet.id, ADA, "  ")
    with pytest.raises(Refused, match=f"trueup terms approve {sheet.id}"):
        books.act(approve_proposal, sheet.id, ADA)
    done = books.act(approve_change, sheet.id, ADA, "as in the contract", sheet.look)
    books.engine.settle()
    assert verdict(books) == "overcharge"
    (term,) = load_on(books)
    assert (term["entered_by"], term["approved_by"], term["version"]) == ("Fina", "Ada", done.version.id)
    assert term["stands"] == f"version {done.version.id}, proposed by Fina, approved by Ada"
    acts = books.rows("SELECT actor, act, after FROM trueup.acts WHERE subject = 'terms co-op everywhere' ORDER BY id")
    assert [row[:2] for row in acts] == [("Fina", "terms.proposed"), ("Ada", "terms.approved")]
    assert acts[1][2]["approved_because"] == "as in the contract" and acts[1][2]["reason"] == "it was signed"
    with pytest.raises(Conflict, match="was approved by Ada"):
        books.act(approve_change, sheet.id, ADA, "again")
    books.check()


def load_on(books: Bookkeeping) -> list[dict[str, Any]]:
    with books.database.transaction() as connection:
        return list_terms(connection)


def test_an_edited_proposal_is_another_one(books: Bookkeeping) -> None:
    """Who approves says which look; one that was edited since is refused, and its editor is its proposer."""
    first = proposed(books)
    with pytest.raises(Conflict, match="Fina proposed the same"):
        proposed(books, by=ADA)
    second = proposed(books, replace(CO_OP, percent=Decimal(6)), by=ADA)
    assert second.id == first.id and second.look != first.look
    with pytest.raises(Conflict, match="edited meanwhile by Ada"):
        books.act(approve_change, first.id, FINA, "as in the contract", first.look)
    with pytest.raises(Refused, match="a second person must approve it"):
        books.act(approve_change, second.id, ADA, "as in the contract", second.look)
    with pytest.raises(Conflict, match="edited meanwhile"):
        books.act(withdraw_change, second.id, FINA, "no", first.look)
    gone = books.act(withdraw_change, second.id, FINA, "not what was agreed", second.look)
    assert gone.subject == "terms co-op everywhere"
    gone_by = rf"Proposal {second.id} was declined by Fina at 2026-11-02T\S+Z: “not what was agreed”"
    with pytest.raises(Conflict, match=gone_by):
        books.act(find_proposed, second.id)
    with pytest.raises(Conflict, match=gone_by):
        books.act(approve_change, second.id, FINA, "as in the contract", second.look)
    with pytest.raises(Conflict, match=gone_by):
        books.act(withdraw_change, second.id, ADA, "mine", second.look)
    with pytest.raises(NotFound, match="no such proposal"):
        books.act(withdraw_change, second.id + 1, ADA, "mine")
    ((before, after),) = books.rows("SELECT before, after FROM trueup.acts WHERE act = 'terms.declined'")
    assert before["proposed_by"] == "Ada" and after == {"reason": "not what was agreed", "proposal": second.id}
    assert load_on(books) == []
    with pytest.raises(Refused, match=r"terms\.propose"):
        proposed(books, by=AUDE)


def test_who_approves_approves_what_was_shown(books: Bookkeeping) -> None:
    """What it changes in what stands, and what the past would have come to: where either is another since, it is looked at again.
    A payment that came since was not shown, and voids nothing."""
    later = TODAY + timedelta(days=20)
    sheet = proposed(books, replace(CO_OP, percent=Decimal(6), known_from=later))
    assert [str(each).partition(": ")[2].partition(" of")[0] for each in sheet.moved] == ["no rate → 6%"]
    other = (replace(CO_OP, percent=Decimal(4)), replace(CO_OP, kind="withholding", basis=Basis.INVOICE))
    beneath = books.act(propose_change, TermChange(tuple(WantedTerm(each) for each in other), "the contract"), FINA)
    books.act(approve_change, beneath.id, ADA, "as in the contract", beneath.look)
    with pytest.raises(Conflict, match="changes something else than when it was looked at"):
        books.act(approve_change, sheet.id, ADA, "as in the contract", sheet.look)
    now = books.act(find_proposed, sheet.id)
    assert now.look.split(".")[0] == sheet.look.split(".")[0] and str(now.moved[0].before).startswith("4%")

    seen = look_tried(now, tried(books, now), 3)
    stem, _, effects = seen.rpartition(".")
    assert stem.startswith(f"{now.look}.3.")
    books.clock.advance(timedelta(hours=1))
    books.take_in(payment("P4", line("6268-1490899882", -7_00, description=SPAN)))
    books.engine.settle()
    anew, _, others = look_tried(now, tried(books, now), 3).rpartition(".")
    assert others != effects, "another charge would be judged otherwise"
    mixed = f"{anew}.{effects}"
    with pytest.raises(Conflict, match="the past would have come to something else"):
        books.act(approve_change, sheet.id, ADA, "as in the contract", mixed)
    zeros = "0" * 32
    for forged in (
        f"{now.look}.5.1.{zeros}",
        f"{now.look}.x.1.{zeros}",
        f"{now.look}.{'9' * 400}.0",
        f"{stem}9999.{effects}",
    ):
        with pytest.raises((Conflict, Invalid)):
            books.act(approve_change, sheet.id, ADA, "as in the contract", forged)
    books.clock.advance(timedelta(days=1))
    again = books.act(find_proposed, sheet.id)
    assert again.look == now.look, "another day changes nothing of it"
    with pytest.raises(Conflict, match=r"was shown at 20.*Z, more than a day ago\. Look at it again"):
        books.act(approve_change, sheet.id, ADA, "as in the contract", seen)
    fresh = look_tried(again, tried(books, again), 3)
    books.clock.advance(timedelta(hours=1))
    books.act(approve_change, sheet.id, ADA, "as in the contract", fresh)


def test_what_it_would_call_the_past_is_told_per_currency_with_its_lines(books: Bookkeeping) -> None:
    """By how much above what is agreed now, and then; each count is its lines; nothing is kept."""
    trial = tried(books, proposed(books))
    (effect,) = [each for each in trial.effects if each.charged.currency == "USD"]
    assert (effect.before, effect.after, len(effect.moved)) == ("unrated", "overcharge", 1)
    assert (effect.charged, effect.above_before, effect.above_after) == (Money(60_00, "USD"), None, Money(20_00, "USD"))
    assert [str(now) + " " + str(then) for now, then in trial.overcharged] == [
        "0.00 EUR 0.00 EUR",
        "0.00 USD 20.00 USD",
    ]
    (moved,) = trial.lines("unrated", "overcharge", "USD")
    assert (moved.before.taken.payment, moved.before.taken.line) == ("P1", 2)
    assert trial.charges == 2 and trial.payments == 2, "the one in euros has no invoice of ours, and stays as it is"
    assert verdict(books) == "unrated", "nothing is kept"
    assert tried(books, proposed(books, replace(CO_OP, percent=Decimal(6))), 1).effects == (), "older than a month"
    with pytest.raises(Invalid, match="expected one of 1, 3, 6, 12"):
        tried(books, proposed(books, replace(CO_OP, percent=Decimal(7))), 5)
    books.agree(CO_OP)
    books.engine.settle()
    six = proposed(books, replace(CO_OP, percent=Decimal(6), known_from=TODAY + timedelta(days=1)))
    (stretch,) = six.moved
    assert str(stretch).startswith("co-op everywhere from 2026-01-01 on: 4% of net-receipts")
    (effect,) = tried(books, six).effects
    assert (effect.before, effect.after) == ("overcharge", "as-agreed"), "as it is known once it counts"
    assert (effect.above_before, effect.above_after) == (Money(20_00, "USD"), Money(0, "USD"))


def test_a_version_is_taken_back_by_two_and_what_was_known_stays_known(books: Bookkeeping) -> None:
    """From the day of that on it is known no more; its case closes; taken back once; and that is taken back too."""
    first = books.agree(CO_OP)
    books.engine.settle()
    assert books.case("charge.overcharged")
    books.clock.advance(timedelta(days=5))
    back = books.act(undo_version, first.version.id, FINA)
    assert str(back).startswith("Takes back co-op everywhere") and str(back.moved[0]).endswith("→ no rate")
    with pytest.raises(Refused, match="a second person"):
        books.act(approve_change, back.id, FINA, "mine")
    second = books.act(approve_change, back.id, ADA, "another contract")
    books.engine.settle()
    assert verdict(books) == "unrated" and not books.open_cases()
    with books.database.transaction() as connection:
        assert list_stated(connection, date(2026, 11, 7)) == []
        (row,) = list_stated(connection, date(2026, 11, 7), everything=True)
        assert (row["state"], row["known_to"]) == ("taken-back", "2026-11-07")
        assert [each["kind"] for each in list_terms(connection, TODAY, TODAY)] == ["co-op"], "as it was known then"
        assert list_terms(connection, TODAY, date(2026, 11, 7)) == []
    with pytest.raises(Conflict, match=r"taken back already, by version 2, which .+ approved at 2026-11-07T"):
        books.act(undo_version, first.version.id, FINA)
    again = books.act(undo_version, second.version.id, FINA, "it was right")
    books.act(approve_change, again.id, ADA, "the contract holds")
    books.engine.settle()
    assert verdict(books) == "overcharge"
    books.check()


def test_what_is_known_only_later_is_taken_back_before_the_eyes_of_who_approves(books: Bookkeeping) -> None:
    """Both the change and its trial tell what would have counted on the day on which it becomes known."""
    made = books.agree(replace(CO_OP, known_from=TODAY + timedelta(days=60)))
    back = books.act(undo_version, made.version.id, FINA)
    assert back.known_on == TODAY + timedelta(days=60)
    assert [str(each).endswith("→ no rate") for each in back.moved] == [True]
    (effect,) = tried(books, back).effects
    assert (effect.before, effect.after, len(effect.moved)) == ("overcharge", "unrated", 1)


def test_what_was_taken_back_comes_back_since_when_it_is_known_and_with_its_paper(books: Bookkeeping) -> None:
    """A rate known only later comes back then; of a rate and its corrections that which held, on the days on which it did."""
    months = [date(2026, month, 1) for month in (3, 6)]
    right = replace(
        CO_OP, percent=Decimal(5), known_from=TODAY + timedelta(days=1), valid_from=months[0], valid_to=months[1]
    )
    later = replace(CO_OP, percent=Decimal(6), known_from=TODAY + timedelta(days=60), valid_from=months[1])
    other = replace(CO_OP, kind="allowance-damage")
    wanted = tuple(WantedTerm(each) for each in (CO_OP, right, later, other))
    sheet = books.act(propose_change, TermChange(wanted, "the agreement", evidence=digest_of(b"the agreement")), FINA)
    first = books.act(approve_change, sheet.id, ADA, "as in the contract").version
    books.clock.advance(timedelta(days=5))
    back = books.act(undo_version, first.id, FINA)
    second = books.act(approve_change, back.id, ADA, "another contract").version
    again = books.act(undo_version, second.id, FINA, "it was right")
    now = TODAY + timedelta(days=5)
    assert set(again.added) == {
        replace(CO_OP, valid_to=months[0], known_from=now),
        replace(right, known_from=now),
        replace(CO_OP, valid_from=months[1], known_from=now),
        later,
        replace(other, known_from=now),
    }
    assert not next(each for each in again.change.terms if each.term.valid_from == months[1]).once_approved
    books.clock.advance(timedelta(days=2))
    third = books.act(approve_change, again.id, ADA, "the contract holds")
    assert third.version.evidence == first.evidence == digest_of(b"the agreement")
    known = {term.known_from for _, term in third.entered}
    assert known == {now, now + timedelta(days=2), later.known_from}, "what a later rate corrects is known before that"


def test_a_trial_tells_what_a_change_does_and_not_what_becomes_known_without_it(books: Bookkeeping) -> None:
    """A rate that two agreed on for a later day counts before and after: what another would do is told beside it."""
    books.agree(CO_OP)
    books.agree(replace(CO_OP, percent=Decimal(6), known_from=TODAY + timedelta(days=30)))
    first_days = replace(CO_OP, valid_to=START + timedelta(days=9), known_from=TODAY + timedelta(days=60))
    assert tried(books, proposed(books, first_days)).effects == ()


def test_a_proposal_that_cannot_come_into_force_any_more_says_why_and_is_withdrawn(books: Bookkeeping) -> None:
    """What was entered meanwhile contradicts it: it is looked at and taken off, not approved."""
    sheet = books.act(
        propose_change,
        TermChange((WantedTerm(CO_OP), WantedTerm(replace(CO_OP, kind="withholding", basis=Basis.INVOICE))), "both"),
        FINA,
    )
    assert sheet.subject.startswith("terms of 2 kinds ")
    books.agree(replace(CO_OP, percent=Decimal(5)))
    looked = books.act(look_at_proposed, sheet.id)
    assert "contradicts" in str(looked.trouble) and looked.moved == ()
    with pytest.raises(Refused, match="contradicts"):
        books.act(approve_change, sheet.id, ADA, "as agreed")
    assert books.act(withdraw_change, sheet.id, FINA, "overtaken", looked.look).id == sheet.id


def test_a_file_that_is_known_already_proposes_nothing(books: Bookkeeping) -> None:
    """Also on a later day, where its terms say no day since when they are known."""
    content = b"kind,basis,percent,valid_from,source\nco-op,net-receipts,4,2026-01-01,agreement 6268\n"
    sheet = books.act(propose_file, content, "the file", FINA).sheet
    assert sheet is not None
    books.act(approve_change, sheet.id, ADA, "as in the contract")
    books.clock.advance(timedelta(days=9))
    again = books.act(propose_file, content, "the file", FINA)
    assert (again.sheet, again.same) == (None, 1)
    two = books.act(propose_file, content + b"quick-pay,invoice,1,2026-01-01,QPD\n", "the file", FINA)
    assert two.sheet is not None and [term.kind for term in two.sheet.added] == ["quick-pay"] and two.same == 1


_ENTER = (
    "INSERT INTO trueup.terms (kind, marketplace, basis, valid_from, known_from, source, percent, rounding,"
    " entered_by, entered_at, evidence, version) VALUES ('co-op', '{}', 'net-receipts', '2026-01-01', '2026-11-01', 'x', 3, "
    "'ROUND_HALF_EVEN', '{}', '{}', '', {})"
)


def test_the_database_refuses_a_term_of_one_person(books: Bookkeeping) -> None:
    """No version, no term; none under another's name or of another moment; no version of one person; no row changed."""
    made = books.agree(CO_OP).version
    at, of_it = made.approval.at, "fk_terms_version_entered_by_entered_at_term_versions"
    for person, when, version, constraint in (
        ("Fina", at, "NULL", "ck_terms_two_persons"),
        ("Olga", at, made.id, of_it),
        ("Fina", at + timedelta(seconds=1), made.id, of_it),
        ("Fina", at, made.id + 1, of_it),
    ):
        with books.database.engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match=f'"{constraint}"'):
            connection.execute(sa.text(_ENTER.format("", person, when, version)))
    with (
        books.database.engine.connect() as connection
    ):  # under its version the same row is one: nothing else keeps it out
        connection.execute(sa.text(_ENTER.format("", made.proposed_by, at, made.id)))
        connection.rollback()
    of_two = '"ck_term_versions_two_persons"'
    with books.database.engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match=of_two):
        connection.execute(
            sa.text(
                "INSERT INTO trueup.term_versions (reason, proposed_by, proposed_at, approved_by, approved_at,"
                " approved_because, evidence) VALUES ('x', 'Fina', now(), 'fina', now(), 'x', '')"
            )
        )
    with books.database.engine.begin() as connection, pytest.raises(sa.exc.DBAPIError, match="only ever added"):
        connection.execute(sa.text("UPDATE trueup.term_versions SET reason = 'y'"))


def test_what_one_person_entered_before_stays_and_says_so(books: Bookkeeping) -> None:
    """Until the same is proposed anew, and a second person approves it."""
    books.agree(CO_OP)
    with books.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE trueup.terms DROP CONSTRAINT ck_terms_two_persons"))
        connection.execute(sa.text(_ENTER.format("NORDA", "Old Fay", "2026-11-01T00:00:00Z", "NULL")))
        connection.execute(
            sa.text(
                "ALTER TABLE trueup.terms ADD CONSTRAINT ck_terms_two_persons CHECK (version IS NOT NULL) NOT VALID"
            )
        )
    with books.database.transaction() as connection:
        old = next(each for each in load_terms(connection) if each.version is None)
        assert old.stands == "entered by Old Fay alone, before two people were asked"
        states = {row["marketplace"]: row["state"] for row in list_stated(connection, TODAY)}
    assert states == {None: "in-force", "NORDA": "in-force"}
    mended = proposed(books, replace(old.term, known_from=date(2026, 11, 2)))
    assert mended.moved == (), "no other rate; but two people then"
    books.act(approve_change, mended.id, ADA, "as in the contract")
    assert all(row["version"] for row in load_on(books) if row["known_from"] != "2026-11-01")
