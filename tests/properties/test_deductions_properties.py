"""Whatever a line holds, it is one thing, several, or none, and always the same, however the types stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.deduction_lines import GRAMMAR, TYPES, corpus, in_words
from trueup.domain.deduction import Ambiguous, Direction, Recognised, Unrecognised, classify, sight, stems
from trueup.domain.deduction_rules import DeductionRule, RuleField, RuleForm, shape_of, with_rules
from trueup.domain.remittances import Adjustment, RemittanceLine

GOLDEN = corpus()
GOLDEN_REFERENCES = sorted({golden.line.reference for golden in GOLDEN})
TEXT = st.one_of(
    st.text(max_size=30),
    st.text("SCRP0123456789-_ *VBINAEF", max_size=24),
    st.sampled_from(GOLDEN_REFERENCES),
)
WORDS = st.one_of(
    st.text(max_size=20), st.sampled_from(sorted({g.line.description for g in GOLDEN} | {g.line.kind for g in GOLDEN}))
)
SPOKEN = st.lists(
    st.sampled_from(
        sorted(
            {word for each in TYPES if each.marks for word in each.marks.words}
            | {word for golden in GOLDEN for word in golden.line.description.split()}
            | {
                "Refund",
                "refunded",
                "REPAID",
                "repayment",
                "reversed",
                "allowance",
                "discounts",
                "payment",
                "note",
                "pay",
            }
        )
    ),
    min_size=1,
    max_size=4,
).map(" ".join)
LINES = st.builds(
    RemittanceLine,
    st.just(1),
    TEXT,
    st.integers(-(10**9), 10**9),
    discount=st.sampled_from([0, 0, 5]),
    gross=st.none() | st.integers(-(10**9), 10**9),
    kind=WORDS,
    description=WORDS,
    references=st.dictionaries(st.sampled_from(["OI", "PO", "Transaction Description"]), TEXT, max_size=2),
    adjustments=st.lists(
        st.builds(Adjustment, st.sampled_from(["06", "ZZ", "??"]), st.integers(-9, 9)), max_size=2
    ).map(tuple),
    standalone=st.booleans(),
)


@given(LINES, st.randoms(use_true_random=False))
def test_no_line_breaks_the_grammar_and_the_order_of_types_is_nothing(line: RemittanceLine, chance: Random) -> None:
    """The quick grammar gives what asking every type gives, in whatever order they stand."""
    types = list(TYPES)
    chance.shuffle(types)
    sightings = GRAMMAR.sight(line)
    assert sight(line, types) == sightings
    wanted = stems(sightings)
    for known in ({}, dict.fromkeys(wanted, 1)):
        found = classify(line, sightings, known)
        match found:
            case Recognised(type_, sighting, misfit):
                assert type_.direction.fits(line.settled or line.gross or 0)
                assert not misfit and not sighting.document
            case Ambiguous(rivals):
                assert len({(rival.type.code, rival.sighting.stem) for rival in rivals}) == len(rivals) > 1
            case Unrecognised(why):
                assert why


@given(SPOKEN, st.sampled_from(GOLDEN_REFERENCES), st.sampled_from([-5, 5]))
def test_whatever_is_said_reaches_the_types_it_concerns(words: str, reference: str, paid: int) -> None:
    """The marks by which the grammar is quick hide no line from a type that would read it."""
    line = RemittanceLine(1, reference, paid, description=words)
    assert sight(line, TYPES) == GRAMMAR.sight(line)


@given(
    st.from_regex(r"[A-Z]{1,3}[0-9]{1,6}(SC|R|PC|SCR)?", fullmatch=True),
    st.lists(st.sampled_from(["SC", "SCR"]), min_size=1, max_size=5),
    st.sampled_from(["", "-", "_"]),
)
def test_a_chain_belongs_to_its_invoice_however_the_number_ends(stem: str, links: list[str], between: str) -> None:
    """An invoice number may end as claims do: the longest known stem wins, and the link counts from it."""
    reference = stem + between + "".join(links)
    minor = 100 if links[-1] == "SCR" else -100
    found = GRAMMAR.classify(RemittanceLine(1, reference, minor), {stem: 1})
    assert isinstance(found, Recognised)
    assert (found.sighting.chain, found.type.family.value) == (stem, "shortage")
    assert found.sighting.link == 2 * len(links) - (minor < 0)


@given(st.text("ABX-_/0123456789", min_size=1, max_size=20), st.text("0123456789", min_size=1, max_size=9))
def test_lines_of_one_shape_are_read_by_its_rule(reference: str, digits: str) -> None:
    """Another number of the same shape is the same kind of line."""
    shape = shape_of(reference)
    if not shape:
        return
    rule = DeductionRule(
        "r", 1, RuleField.REFERENCE, RuleForm.SHAPE, shape, Direction.TAKES, "bank-charge", date(2026, 1, 1), "ana"
    )
    grammar = with_rules(TYPES, [rule])
    for text in (reference, shape.replace("9+", digits)):
        assert shape_of(text) == shape
        assert "bank-charge" in {each.type.code for each in grammar.sight(RemittanceLine(1, text, -1))}


@given(st.integers(0, len(GOLDEN) - 1), st.sampled_from(["  ", "*", "***"]))
def test_padding_changes_nothing(row: int, padding: str) -> None:
    """Advices pad numbers with `*` and blanks."""
    golden = GOLDEN[row]
    padded = replace(golden.line, reference=f"{padding}{golden.line.reference}{padding}")
    assert in_words(GRAMMAR.classify(padded, golden.known)) == golden.expected
