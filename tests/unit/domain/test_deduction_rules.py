"""Rules of finance's: judged together with the built-in types, tried on history, approved by a second person, dated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.domain.deduction_lines import GRAMMAR, TYPES, in_words
from trueup.base.errors import Invalid, Refused
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Direction, Family, Recognised
from trueup.domain.deduction_rules import (
    DeductionRule,
    NewType,
    RuleField,
    RuleForm,
    approve,
    in_force,
    rivals_of,
    shape_of,
    with_rules,
)
from trueup.domain.remittances import RemittanceLine
from trueup.domain.rule_trials import HistoricLine, RuleEffect, add_up, try_rule

START = date(2026, 1, 1)
RULE = DeductionRule(
    "viba",
    1,
    RuleField.REFERENCE,
    RuleForm.SHAPE,
    "VIBA-9+X",
    Direction.TAKES,
    "co-op",
    START,
    "ana",
)
LINE = RemittanceLine(1, "VIBA-0042X", -1200)


def historic(line: RemittanceLine, currency: str = "USD", payee: str = "RIVR1") -> HistoricLine:
    return HistoricLine(line, currency, payee, date(2026, 3, 1))


def test_shapes_group_lines_of_one_form() -> None:
    """Digits vary from line to line; letters say what it is."""
    assert shape_of("16222737HPA26") == shape_of(" 99HPA1 ") == "9+HPA9+"
    assert shape_of("***viba-0042x*") == "VIBA-9+X"
    assert shape_of("CO OP") == "CO OP" != shape_of("COOP")


def test_a_rule_reads_what_no_type_does() -> None:
    """As the type it names, and it is told which rule decided."""
    assert in_words(GRAMMAR.classify(LINE, {})) == "unrecognised"
    found = with_rules(TYPES, [RULE]).classify(LINE, {})
    assert isinstance(found, Recognised)
    assert (found.type.code, found.type.purpose, found.type.rule) == ("co-op", Purpose.CO_OP, "viba v1")


def test_a_rule_can_bring_a_kind_of_its_own() -> None:
    """With a label, a family, an account and the reason why."""
    new = NewType("pallet-fee", "pallet fee", Family.FEE, Purpose.FEES, "An expense: a service bought.")
    found = with_rules(TYPES, [replace(RULE, type=new)]).classify(LINE, {})
    assert isinstance(found, Recognised)
    assert (found.type.code, found.type.treatment) == ("pallet-fee", "An expense: a service bought.")


@pytest.mark.parametrize(
    ("form", "pattern", "field", "reads"),
    [
        (RuleForm.PREFIX, "viba-", RuleField.REFERENCE, True),
        (RuleForm.SUFFIX, "2X", RuleField.REFERENCE, True),
        (RuleForm.CONTAINS, "a-00", RuleField.REFERENCE, True),
        (RuleForm.EXACT, "VIBA-0042X", RuleField.REFERENCE, True),
        (RuleForm.EXACT, "VIBA-0042", RuleField.REFERENCE, False),
        (RuleForm.CONTAINS, "pallet  fee for", RuleField.DESCRIPTION, True),
        (RuleForm.PREFIX, "the pal", RuleField.DESCRIPTION, True),
        (RuleForm.SUFFIX, "week 12", RuleField.DESCRIPTION, True),
        (RuleForm.SHAPE, "THE PALLET FEE FOR WEEK 9+", RuleField.DESCRIPTION, True),
        (RuleForm.PREFIX, "pallet", RuleField.DESCRIPTION, False),
        (RuleForm.EXACT, "viba kind", RuleField.KIND, True),
    ],
)
def test_every_form_reads_what_it_says(form: RuleForm, pattern: str, field: RuleField, reads: bool) -> None:
    """In upper case, with single blanks, through the grammar's quick marks."""
    line = replace(LINE, description="The pallet fee  for week 12", kind="Viba kind")
    rule = replace(RULE, form=form, pattern=pattern, field=field)
    assert (in_words(with_rules(TYPES, [rule]).classify(line, {})) == "co-op") is reads


def test_a_rule_takes_only_its_sign() -> None:
    """A rule for what takes says nothing of what gives."""
    assert in_words(with_rules(TYPES, [RULE]).classify(replace(LINE, paid=1200), {})) == "unrecognised"


def test_trying_a_rule_says_what_would_change_in_money() -> None:
    """By currency and by before and after; other lines are looked at and left."""
    lines = [
        historic(LINE),
        historic(replace(LINE, number=2, reference="VIBA-7X", paid=-300)),
        historic(replace(LINE, reference="VIBA-8X"), "EUR"),
        historic(RemittanceLine(3, "INV1SC", -50)),
        historic(replace(LINE, paid=1200)),
    ]
    trial = try_rule(RULE, lines, GRAMMAR, {"INV1": 1})
    assert (trial.looked_at, trial.seen, trial.conflicts) == (5, 3, ())
    assert trial.effects == (
        RuleEffect("unrecognised", "co-op", 1, Money(-1200, "EUR"), "VIBA-8X"),
        RuleEffect("unrecognised", "co-op", 2, Money(-1500, "USD"), "VIBA-0042X"),
    )


@pytest.mark.parametrize("cut", range(6))
def test_trials_of_parts_come_to_the_trial_of_the_whole(cut: int) -> None:
    """Wherever history is cut: lines, money by currency, conflicts, and the first example of each effect."""
    rule = replace(RULE, form=RuleForm.PREFIX, pattern="V", type="fee", direction=Direction.EITHER)
    lines = [
        historic(LINE),
        historic(replace(LINE, number=2, reference="VIBA-7X", paid=-300)),
        historic(RemittanceLine(1, "VRET9A77", -900)),
        historic(replace(LINE, reference="VIBA-8X"), "EUR"),
        historic(replace(LINE, paid=1200)),
    ]
    parts = (try_rule(rule, part, GRAMMAR, {}) for part in (lines[:cut], lines[cut:]))
    assert add_up(*parts) == try_rule(rule, lines, GRAMMAR, {})


def test_a_rule_is_tried_only_where_it_would_hold() -> None:
    """Another payee's payments, and days before it, are not its business."""
    other = HistoricLine(LINE, "USD", "RIVR1", date(2025, 12, 31))
    trial = try_rule(replace(RULE, payee="RIVDE"), [historic(LINE), other], GRAMMAR, {})
    assert (trial.looked_at, trial.seen, trial.effects) == (2, 0, ())


def test_a_rule_that_rivals_a_type_says_so_at_once() -> None:
    """By its form alone, without any history; and in history, which lines would become ambiguous."""
    rule = replace(RULE, pattern="9+-9+", type="fee")
    assert rivals_of(rule, GRAMMAR) == ("co-op",)
    assert rivals_of(replace(rule, pattern="IPAPUS9+", type="audit-claim"), GRAMMAR) == ("price-protection",)
    assert rivals_of(RULE, GRAMMAR) == ()
    rule = replace(rule, form=RuleForm.PREFIX, pattern="VRET")
    trial = try_rule(rule, [historic(RemittanceLine(1, "VRET9A77", -900))], GRAMMAR, {})
    assert trial.conflicts == ("return",)
    assert [(each.before, each.after) for each in trial.effects] == [("return", "ambiguous: fee or return")]


def test_a_second_person_approves() -> None:
    """What one person proposes, the same person cannot turn on."""
    with pytest.raises(Refused, match="second person"):
        approve(RULE, "ana")
    approved = approve(RULE, "ben")
    assert approved.approved_by == "ben"
    with pytest.raises(Refused, match="approved already"):
        approve(approved, "cem")
    with pytest.raises(Invalid, match="second person"):
        replace(RULE, approved_by="ana")


def test_only_approved_rules_of_the_day_are_in_force_in_their_latest_version() -> None:
    """A proposal changes nothing; a version ends where its dates end."""
    first = approve(replace(RULE, valid_to=date(2026, 6, 1)), "ben")
    second = approve(replace(RULE, version=2, valid_from=date(2026, 4, 1), pattern="VIBA-9+"), "ben")
    proposal = replace(RULE, version=3)
    rules = [second, proposal, first]
    assert in_force(rules, "RIVR1", date(2025, 12, 31)) == ()
    assert in_force(rules, "RIVR1", date(2026, 3, 1)) == (first,)
    assert in_force(rules, "RIVR1", date(2026, 5, 1)) == (second,)
    assert in_force([replace(first, payee="RIVDE")], "RIVR1", date(2026, 3, 1)) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pattern": " ** "}, "no pattern"),
        ({"pattern": "VIBA-0042X"}, "is no shape; expected 9"),
        ({"valid_to": START}, "is not after valid_from"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(changes: dict[str, object], words: str) -> None:
    """With what is expected, in the message."""
    with pytest.raises(Invalid, match=words):
        replace(RULE, **changes)  # type: ignore[arg-type]


def test_a_rule_of_an_unknown_type_is_refused() -> None:
    """And a new type does not take the code of one that is there."""
    with pytest.raises(Invalid, match="no type 'nothing'"):
        with_rules(TYPES, [replace(RULE, type="nothing")])
    new = NewType("co-op", "x", Family.FEE, Purpose.FEES, "y")
    with pytest.raises(Invalid, match="is there already"):
        with_rules(TYPES, [replace(RULE, type=new)])
