"""Rules that finance adds: proposed, tried on history, approved by a second person, versioned, retired; the books follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.workflows.bookkeeping import FINA, PARTNER, Bookkeeping, invoice, line, payment
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.cases import Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Direction, Family, sight_by
from trueup.domain.deduction_rules import DeductionRule, NewType, RuleField, RuleForm, compile_rule
from trueup.domain.rule_trials import RuleTrial
from trueup.durable.simulated import run_until
from trueup.storage import jobs
from trueup.storage.database import Database
from trueup.storage.views import rule_history
from trueup.workflows.answer_suspense import classify_case
from trueup.workflows.draft_rules import WantedRule, rule_of_case, try_wanted
from trueup.workflows.jobs.try_rule import ask_trial
from trueup.workflows.keep_rules import (
    approve_rule,
    count_trial,
    propose_rule,
    reject_rule,
    retire_rule,
    try_rule,
)
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.try_rules import trial_json, try_on
from trueup.workflows.world import Tx

OTTO = Person("Otto", frozenset({Role.FINANCE}))
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
LOGISTICS = WantedRule(RuleField.REFERENCE, RuleForm.SHAPE, "ZQ-9+-LOGI", "allowance-freight")


@pytest.fixture
def books(database: Database) -> Bookkeeping:
    return Bookkeeping(database)


def take_in(books: Bookkeeping, number: str, *references: str, **more: object) -> None:
    books.take_in(payment(number, *(line(each, -10_00) for each in references), **more))


def test_what_waits_is_booked_when_a_second_person_approves(books: Bookkeeping) -> None:
    """Proposed, nothing happens; approved, lines that wait are posted by the rule, and so are those to come."""
    take_in(books, "P1", "ZQ-12345-LOGI", "ZQ-99-LOGI", "WHAT IS THIS")
    books.act(propose_rule, LOGISTICS, FINA)
    take_in(books, "P2", "ZQ-7-LOGI")
    assert books.balance(Purpose.SUSPENSE) == 40_00
    done = books.act(approve_rule, "rule-1", OTTO)
    assert (done.payments, done.lines, done.amounts) == (2, 3, (Money(-30_00, "USD"),))
    take_in(books, "P3", "ZQ-8-LOGI")
    assert books.balance(Purpose.ALLOWANCES) == 40_00
    assert books.balance(Purpose.SUSPENSE) == 10_00
    assert [case[0] for case in books.open_cases()] == ["remittance.unrecognised"]
    rules = books.rows("SELECT DISTINCT rule FROM trueup.journal_lines WHERE type = 'allowance-freight'")
    assert [row[0] for row in rules] == ["rule-1 v1"]
    books.check()


def test_the_proposer_may_not_approve_and_the_database_says_so_too(books: Bookkeeping) -> None:
    """By the program, by the table, and by role."""
    books.act(propose_rule, LOGISTICS, FINA)
    with pytest.raises(Refused, match="a second person must approve"):
        books.act(approve_rule, "1", FINA)
    with pytest.raises(Refused, match="it takes the role finance or admin"):
        books.act(approve_rule, "1", OLGA)
    for proposer in ("Fina", "Otto"):  # as it is, and with another proposer than the rule's
        with books.database.engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql(
                "INSERT INTO trueup.rule_reviews (rule, version, proposed_by, approved, reviewed_by, reviewed_at, note)"
                f" VALUES (1, 1, '{proposer}', true, 'FINA', now(), '')"
            )
    with books.database.engine.begin() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("UPDATE trueup.deduction_rules SET pattern = 'X'")


def test_a_rule_is_tried_on_all_history_and_changes_nothing(books: Bookkeeping) -> None:
    """Counts and money, before and after; what a person decided stays, and its own days are told apart."""
    take_in(books, "P1", "ZQ-1-LOGI", paid_on=date(2026, 5, 4))
    books.act(classify_case, books.case("remittance.unrecognised"), "co-op", FINA)
    take_in(books, "P2", "ZQ-2-LOGI", "ZQ-3-LOGI", paid_on=date(2026, 6, 4))
    take_in(books, "P3", "ZQ-4-LOGI", "6268-1490899880", paid_on=date(2026, 7, 6))
    books.act(propose_rule, replace(LOGISTICS, valid_from=date(2026, 7, 1)), FINA)
    before = books.balances()
    tried = books.act(try_rule, "rule-1")
    (effect,) = tried.whole.effects
    assert (effect.before, effect.after, effect.lines) == ("unrecognised", "allowance-freight", 3)
    assert effect.money == Money(-30_00, "USD") and tried.answered == 1
    assert (tried.whole.looked_at, tried.whole.seen, tried.own.looked_at, tried.own.seen) == (5, 3, 2, 1)
    since = books.act(try_rule, "rule-1", date(2026, 7, 1))
    assert since.whole.seen == 1
    assert books.balances() == before
    books.act(approve_rule, "rule-1", OTTO)
    assert books.balance(Purpose.ALLOWANCES) == 10_00  # P2 was paid before its days
    books.check()


def test_history_is_read_a_span_at_a_time_and_whoever_waits_is_told(
    books: Bookkeeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spans of any length give the same trial, of a version and of the one it would replace, and end with every line read."""
    for number in range(5):
        take_in(books, f"P{number}", f"ZQ-{number}-LOGI", "6268-1490899880", paid_on=date(2026, 5, 1 + number))
    books.act(propose_rule, replace(LOGISTICS, valid_from=date(2026, 5, 3)), FINA)
    books.act(approve_rule, "rule-1", OTTO)
    wider = replace(LOGISTICS, form=RuleForm.PREFIX, pattern="ZQ", valid_from=date(2026, 5, 4), replaces="rule-1")
    books.act(propose_rule, wider, FINA)
    whole = books.act(try_rule, "rule-1")
    for length in (1, 3, 4, 100):
        monkeypatch.setattr(rule_history, "LINES_AT_ONCE", length)
        told: list[int] = []
        assert books.act(try_rule, "rule-1", None, told.append) == whole
        assert sum(told) == books.act(count_trial, "rule-1") == 20
    monkeypatch.setattr(rule_history, "LINES_AT_ONCE", 3)
    number = books.act(ask_trial, "rule-1", None, FINA)
    run_until(books.engine, books.clock, books.clock.now() + timedelta(minutes=1))
    with books.database.transaction() as connection:
        job = jobs.load_job(connection, number)
    assert (job.state, job.done, job.total) == ("done", 20, 20)
    assert job.result["history"] == trial_json(whole.whole) and job.result["own_days"] == trial_json(whole.own)
    assert "reads 5 of 10 lines" in job.words
    assert whole.replaced is not None
    assert (whole.whole.seen, whole.own.seen, whole.replaced.seen) == (5, 2, 5)


def test_what_other_types_have_posted_stays_as_it_is(books: Bookkeeping) -> None:
    """A rule that would read posted lines otherwise is refused, until it is dated after them."""
    take_in(books, "P1", "6268-1490899880")
    books.act(
        propose_rule, replace(LOGISTICS, form=RuleForm.PREFIX, pattern="6268-", valid_from=date(2026, 1, 1)), FINA
    )
    with pytest.raises(Refused, match=r"1 line of -10.00 USD .* that are co-op would be allowance-freight"):
        books.act(approve_rule, "rule-1", OTTO)
    books.act(reject_rule, "rule-1", OTTO, "begins too early")
    with pytest.raises(Conflict, match="is rejected by Otto"):
        books.act(approve_rule, "rule-1", OTTO)
    later = replace(LOGISTICS, form=RuleForm.PREFIX, pattern="6268-", valid_from=date(2026, 10, 3), replaces="rule-1")
    books.act(propose_rule, later, FINA)
    books.act(approve_rule, "rule-1", OTTO)
    take_in(books, "P2", "6268-1490899881", paid_on=date(2026, 10, 3))
    assert (books.balance(Purpose.CO_OP), books.balance(Purpose.ALLOWANCES)) == (10_00, 10_00)
    books.check()


def test_a_rule_that_rivals_a_type_is_refused_with_an_example(books: Bookkeeping) -> None:
    """Its lines would become ambiguous."""
    take_in(books, "P1", "IPAPUS1234567")
    books.act(propose_rule, replace(LOGISTICS, pattern="IPAPUS9+", valid_from=date(2026, 1, 1)), FINA)
    with pytest.raises(Refused, match=r"is in conflict: .* IPAPUS1234567"):
        books.act(approve_rule, "rule-1", OTTO)
    assert "price-protection" in books.act(try_rule, "rule-1").whole.conflicts
    books.check()


def test_a_case_that_is_answered_proposes_its_rule(books: Bookkeeping) -> None:
    """Of the lines' form and sign, with the type and the account that were chosen."""
    take_in(books, "P1", "ZQ-1-LOGI", "ZQ-22-LOGI")
    case = books.case("remittance.unrecognised")
    wanted = books.act(rule_of_case, case, "co-op", books.code(Purpose.FEES), "a service")
    books.act(classify_case, case, "co-op", FINA, account=books.code(Purpose.FEES))
    saved = books.act(propose_rule, wanted, FINA)
    assert (saved.rule.pattern, saved.rule.valid_to, saved.case) == ("ZQ-9+-LOGI", None, case)
    books.act(approve_rule, saved.rule.id, OTTO)
    take_in(books, "P2", "ZQ-333-LOGI")
    assert (books.balance(Purpose.FEES), books.balance(Purpose.CO_OP)) == (30_00, 0)
    books.check()


def test_a_rule_may_bring_a_type_of_its_own_which_others_then_name(books: Bookkeeping) -> None:
    """With a label, a family and an account; a case can be classified as it."""
    pallets = NewType("pallet-fee", "pallet fee", Family.FEE, Purpose.FEES, "An expense: a service that was bought.")
    books.act(propose_rule, replace(LOGISTICS, type=pallets), FINA)
    books.act(approve_rule, "rule-1", OTTO)
    take_in(books, "P1", "ZQ-1-LOGI", "PAL 77 X")
    assert books.balance(Purpose.FEES) == 10_00
    books.act(propose_rule, replace(LOGISTICS, type="pallet-fee", pattern="PAL 9+ X"), FINA)
    assert books.act(try_rule, "rule-2").whole.seen == 1
    books.act(approve_rule, "rule-2", OTTO)
    take_in(books, "P2", "AND THIS")
    books.act(classify_case, books.case("remittance.unrecognised"), "pallet-fee", FINA)
    assert books.balance(Purpose.FEES) == 30_00
    books.check()


def test_a_new_version_and_a_retirement_follow_in_the_books(books: Bookkeeping) -> None:
    """Lines that a version has posted go where the next one says; retired from a day, they wait again from that day on."""
    books.act(propose_rule, LOGISTICS, FINA)
    take_in(books, "P1", "ZQ-1-LOGI")
    take_in(books, "P2", "ZQ-2-LOGI", paid_on=date(2026, 10, 9))
    with pytest.raises(Conflict, match="waits for its review"):
        books.act(propose_rule, replace(LOGISTICS, replaces="rule-1"), FINA)
    edited = replace(LOGISTICS, replaces="rule-1", instead_of=1)
    assert books.act(try_wanted, edited, FINA).whole.seen == 2
    books.act(propose_rule, edited, FINA)
    with pytest.raises(Conflict, match="you looked at version 1, and version 2 waits now"):
        books.act(approve_rule, "rule-1", OTTO, "", 1)
    with pytest.raises(Conflict, match="version 1 waits no more"):
        books.act(propose_rule, edited, FINA)
    books.act(approve_rule, "rule-1", OTTO, "", 2)
    assert books.balance(Purpose.ALLOWANCES) == 20_00
    books.act(propose_rule, replace(LOGISTICS, type="fee", replaces="rule-1", valid_from=date(2026, 10, 1)), FINA)
    books.act(approve_rule, "rule-1", OTTO)
    assert (books.balance(Purpose.ALLOWANCES), books.balance(Purpose.FEES)) == (0, 20_00)
    books.act(retire_rule, "rule-1", date(2026, 10, 5), OTTO, "the agreement ended")
    assert (books.balance(Purpose.FEES), books.balance(Purpose.SUSPENSE)) == (10_00, 10_00)
    with pytest.raises(Conflict, match="no version in force"):
        books.act(retire_rule, "rule-1", None, OTTO, "again")
    books.check()


def test_a_trial_of_an_approval_leaves_no_trace_in_what_is_remembered(books: Bookkeeping) -> None:
    """Rolled back, the rule is not in force for whoever comes next."""
    books.act(propose_rule, LOGISTICS, FINA)

    def approve_and_fail(tx: Tx) -> None:
        approve_rule(tx, "rule-1", OTTO)
        tx.resources.books.grammars.now(tx.connection)
        raise Conflict("rolled back")

    with pytest.raises(Conflict, match="rolled back"):
        books.act(approve_and_fail)
    take_in(books, "P1", "ZQ-1-LOGI")
    assert books.balance(Purpose.SUSPENSE) == 10_00
    books.act(propose_rule, replace(LOGISTICS, pattern="YY-9+", type="fee"), FINA)
    books.act(approve_rule, "rule-2", OTTO)
    take_in(books, "P2", "ZQ-2-LOGI", "YY-3")
    assert (books.balance(Purpose.SUSPENSE), books.balance(Purpose.FEES)) == (20_00, 10_00)


def test_an_account_is_refused_where_its_balance_is_proven(books: Bookkeeping) -> None:
    """Claims stand on their account until they are settled; suspense, cash and strangers are none."""
    disputed = replace(LOGISTICS, type="shortage-claim", account=books.code(Purpose.FEES))
    with pytest.raises(Refused, match="can be disputed"):
        books.act(propose_rule, disputed, FINA)
    with pytest.raises(Refused, match="not where an explained line can go"):
        books.act(propose_rule, replace(LOGISTICS, account=books.code(Purpose.SUSPENSE)), FINA)
    with pytest.raises(Refused, match="is not in the chart"):
        books.act(propose_rule, replace(LOGISTICS, account="999999"), FINA)
    with pytest.raises(Refused, match="is no deduction type"):
        books.act(propose_rule, replace(LOGISTICS, type="nonsense"), FINA)


def test_a_retry_of_a_case_looks_again_and_loses_nothing(books: Bookkeeping) -> None:
    """A line that still waits has an open case afterwards, a payment that does not tie as well; what matches now is matched."""
    books.bill(invoice("INV-1", 100_00))
    take_in(books, "P1", "XQZ 77")
    books.take_in(payment("P2", line("INV-1", 100_00), amount=90_00))
    for kind in ("remittance.unrecognised", "remittance.does-not-tie"):
        books.act(resolve_case, books.case(kind), Resolution.RETRY, FINA, "")
    books.engine.settle()
    assert sorted(case[:2] for case in books.open_cases()) == [
        ("remittance.does-not-tie", f"payment {PARTNER}/P2"),
        ("remittance.unrecognised", f"{PARTNER} lines like XQZ 9+ USD minus"),
    ]
    books.check()


def test_what_is_classified_as_a_claim_is_one(books: Bookkeeping) -> None:
    """It can be disputed like every other: it has a case, and the account of claims is still the sum of theirs."""
    take_in(books, "P1", "QX-77")
    books.act(classify_case, books.case("remittance.unrecognised"), "shortage-claim", FINA)
    assert books.open_cases() == [("claim.shortage", f"claim {PARTNER}/shortage/QX77 USD", 10_00)]
    books.check()


_TEXTS = (
    "ZQ-12-LOGI", "***zq-1-logi**", "ZQ-12-LOGIX", "XZQ-12-LOGI", "zq-\u0661\u0662-logi", "ZQ- 12 -LOGI", "ZQ-12\tLOGI",
    "STRASSE 7", "stra\u00dfe 7", "FINE (1.5%)", "\ufb01ne (2.5%)", "A+B*C?9", "a+b*c?12", "100% [OFF]",
)  # fmt: skip
_PATTERNS = (
    "ZQ-9+-LOGI",
    "ZQ-",
    "LOGI",
    "STRASSE 9+",
    "STRASSE",
    "FINE (9+.9+%)",
    "FINE",
    "A+B*C?9+",
    "A+B*C?",
    "% [OFF]",
)


@pytest.mark.parametrize("field", list(RuleField))
def test_what_the_database_leaves_out_no_rule_would_have_read(books: Bookkeeping, field: RuleField) -> None:
    """A trial reads exactly the lines that the rule reads when it is shown every one."""
    lines = [
        line(text if field is RuleField.REFERENCE else f"R{index}", -1_00, **_of(field, text))
        for index, text in enumerate(_TEXTS)
    ]
    books.take_in(payment("P1", *lines))
    types = books.world.books.types
    for form in RuleForm:
        for pattern in _PATTERNS:
            if form is not RuleForm.SHAPE and any(letter.isdigit() for letter in pattern):
                continue
            rule = DeductionRule("rule-9", 1, field, form, pattern, Direction.TAKES, "fee", date(2026, 1, 1), "Fina")
            seen = sum(bool(sight_by(compile_rule(rule, types), each, each.settled)) for each in lines)
            trial, _ = books.act(_try_on, rule)
            assert trial.seen == seen, (form, pattern)


def _try_on(tx: Tx, rule: DeductionRule) -> tuple[RuleTrial, int]:
    return try_on(tx.connection, tx.resources.books.grammars.now(tx.connection), rule)


def _of(field: RuleField, text: str) -> dict[str, str]:
    return {} if field is RuleField.REFERENCE else {field.value: text}
