"""Every line is read as what it is, by all means and only by those; what is not read says what came near."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.domain.deduction_lines import CORPUS, GRAMMAR, TYPES, corpus, in_words
from trueup.base.errors import ConfigurationError
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Direction, Family, Recognised, Unrecognised, classify, sight, stems
from trueup.domain.grammar import Grammar
from trueup.domain.reason_codes import REASONS, CodeList, reason
from trueup.domain.remittances import RemittanceLine

GOLDEN = corpus()


@pytest.mark.parametrize("row", range(len(GOLDEN)))
def test_a_line_is_what_the_corpus_says(row: int) -> None:
    """Type, story and place in the story; and no other type."""
    golden = GOLDEN[row]
    found = GRAMMAR.classify(golden.line, golden.known)
    where = f"{CORPUS.name} line {golden.line.number} {golden.line.reference!r}: {found}"
    assert in_words(found) == golden.expected, where
    if isinstance(found, Recognised):
        assert (found.sighting.chain, found.sighting.link) == (golden.chain, golden.link), where


@pytest.mark.parametrize("row", range(len(GOLDEN)))
def test_no_type_sees_the_line_of_another(row: int) -> None:
    """All and only: what is read in particular, is read so by the line's own type alone.

    Where two stems are ours, the shorter one is seen as well; that the longer one wins, the corpus says.
    """
    golden = GOLDEN[row]
    seen = {
        each.type.code
        for each in GRAMMAR.sight(golden.line)
        if not each.misfit and each.sighting.general == 0 and not each.sighting.document
        if stems((each,)) <= golden.known.keys() and len(golden.known) < 2
    }
    under_the_roof = {code for code in seen if code.startswith(f"{golden.expected}-")}
    assert seen - under_the_roof <= set(golden.expected.removeprefix("ambiguous: ").split(" | "))


def test_every_type_has_a_line_of_its_own() -> None:
    """A type that no line of the corpus is would be untested, or unreachable."""
    assert {each.code for each in TYPES} == {golden.expected for golden in GOLDEN if " " not in golden.expected} - {
        "unrecognised"
    }


def test_only_what_must_be_looked_up_is() -> None:
    """The stems of a chain and of the plain invoice, normalised; for a word or a code, nothing."""
    line = RemittanceLine(1, "INV-1SCRSC", -100)
    assert stems(GRAMMAR.sight(line)) == {"INV1SCRSC", "INV1SCR", "INV1"}
    assert stems(GRAMMAR.sight(RemittanceLine(1, "260807_PROVISION_FOR_RECEIVABLES", 100))) == {
        "260807PROVISIONFORRECEIVABLES"
    }


def why(line: RemittanceLine, *known: str) -> str:
    """Why a line is not recognised."""
    found = GRAMMAR.classify(line, dict.fromkeys(known, 1))
    assert isinstance(found, Unrecognised)
    return found.why


def test_a_claim_on_an_unknown_invoice_says_which() -> None:
    """Finance learns which invoice to import."""
    assert why(RemittanceLine(1, "INV-1SC", -100)) == "it would be shortage claim, but INV-1 is no invoice of ours"


def test_a_sign_that_does_not_fit_says_what_came_near() -> None:
    """A chargeback that gives is no chargeback, but nearly one."""
    said = why(RemittanceLine(1, "1520811216VCBSINV", 100))
    assert "it is written as chargeback, which takes, but it gives" in said
    assert "which gives, but it takes" in why(RemittanceLine(1, "INV1SCR", -100), "INV1")


def test_a_code_says_what_it_means_or_that_nobody_knows() -> None:
    """An unknown code is a finding, never an error."""
    assert "its code Q9 is none that we know" in why(RemittanceLine(1, "A1", -100, kind="Q9", standalone=True))
    assert "ZZ (agreed between the two parties) does not say enough" in why(
        RemittanceLine(1, "A1", -100, kind="ZZ", standalone=True)
    )


def test_a_line_of_nothing_at_all_is_no_error() -> None:
    """A line without a reference, a word or an amount is unrecognised, and says so."""
    assert why(RemittanceLine(1, "", 0)) == "no deduction type reads '' with a minus sign"


def test_two_readings_are_each_told() -> None:
    """The rivals of an ambiguous line are what a person chooses from."""
    found = GRAMMAR.classify(RemittanceLine(1, "6268-1490899880", -100), {"62681490899880": 1})
    assert in_words(found) == "ambiguous: co-op | invoice-taken-back"


def test_a_payment_taken_back_names_its_invoice() -> None:
    """So that the receivable that opens again is that invoice's."""
    found = GRAMMAR.classify(RemittanceLine(1, "INV-1", -100), {"INV1": 1})
    assert isinstance(found, Recognised)
    assert found.sighting.stem == "INV-1"


def test_every_code_stands_for_a_type_that_there_is() -> None:
    """A code for a type that nobody defines would be lost in silence."""
    known = {each.code for each in TYPES}
    for table in REASONS.values():
        for each in table.values():
            assert each.type in known | {""}, each
            assert each.label and each.label == each.label.strip()
    assert all(len(code) == 2 for code in REASONS[CodeList.X12])


def test_a_code_is_read_by_its_list() -> None:
    """X12 06 and EDIFACT 6 are two codes; with the list named, 10 is either."""
    assert reason("06") == REASONS[CodeList.X12]["06"]
    assert (found := reason("6")) is not None and found.label == "no proof of delivery"
    assert (found := reason("4465:10")) is not None and found.type == "bank-charge"
    assert (found := reason("426:10")) is not None and found.type == "chargeback-preparation"
    assert reason("4465:9999") is None


def test_types_are_booked_as_finance_expects() -> None:
    """Provisions are clearing, claims are receivable while disputed, and each type says in words why."""
    for each in TYPES:
        assert each.treatment.endswith(".") and len(each.treatment) > 20, each.code
        assert each.label and each.label == each.label.strip()
        if each.family is Family.PROVISION:
            assert each.purpose is Purpose.PROVISIONS and not each.disputable
        if each.disputable and each.purpose is Purpose.DISPUTED:
            assert each.direction is not Direction.GIVES, each.code


def test_a_code_twice_is_refused() -> None:
    """Recognition is never first-wins, so neither is definition."""
    with pytest.raises(ConfigurationError, match="defined twice"):
        Grammar((*TYPES, TYPES[0]))


@pytest.mark.parametrize("row", range(len(GOLDEN)))
def test_asking_every_type_gives_the_same(row: int) -> None:
    """The marks by which the grammar is quick hide nothing."""
    golden = GOLDEN[row]
    assert sight(golden.line, TYPES) == GRAMMAR.sight(golden.line)
    assert classify(golden.line, sight(golden.line, reversed(TYPES)), golden.known) == GRAMMAR.classify(
        golden.line, golden.known
    )


def test_the_handbook_tells_of_every_type() -> None:
    """docs/deductions.md has each type once in its table, with its sign, its account and whether it can be disputed."""
    text = (Path(__file__).parents[3] / "docs" / "deductions.md").read_text(encoding="utf-8")
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| `")]
    told = {row[0].strip("`"): (row[2], row[3].rstrip("| "), row[-1] == "yes") for row in rows}
    assert len(told) == len(rows)
    assert told == {each.code: (each.direction.value, each.purpose.value, each.disputable) for each in TYPES}
    for each in TYPES:
        family = each.code if not each.code.startswith(("chargeback-", "provision-")) else each.code.split("-")[0]
        assert text.count(f"`{family}") > 1, f"{each.code} has no paragraph"
