"""Answers by EDI: 855s that echo exactly, 997s that name what was wrong, and 997s of others understood."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pyx12
import pyx12.params
from pyx12.x12file import X12Reader
from pyx12.x12n_document import x12n_document

from tests.x12_text import HEADER, LINES, Marks, group, interchange, order, orders_file, transaction
from trueup.base.errors import Invalid, Refused
from trueup.base.quantity import Quantity, Unit
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.orders import PurchaseOrder
from trueup.formats.document import Reading
from trueup.formats.x12.acknowledgement import (
    FunctionalAcknowledgement,
    Verdict,
    owed_acknowledgements,
    read_functional_acknowledgements,
    write_functional_acknowledgement,
)
from trueup.formats.x12.sets.acknowledgement_855 import answered, read_acknowledgements, write_acknowledgement
from trueup.formats.x12.sets.order_850 import read_orders

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SHIP = datetime(2026, 11, 26, tzinfo=UTC)


def decided(found: PurchaseOrder) -> Acknowledgement:
    """The first line split in accepted and backordered, the second rejected."""
    first = (Part(Answer.ACCEPTED, Quantity.eaches(6), SHIP), Part(Answer.BACKORDERED, Quantity.eaches(4), SHIP))
    second = (Part(Answer.REJECTED, Quantity(4, Unit.CASE, 12), reason=Reason.OBSOLETE_PRODUCT),)
    lines = (LineDecision(1, first, "", None), LineDecision(2, second, "", None))
    return Acknowledgement(found, NOW, lines)


def write_855(content: bytes) -> bytes:
    reading = read_orders(content)
    return write_acknowledgement(decided(reading.values[0]), reading.facts["orders"][0], control_number=41, now=NOW)


def segments(content: bytes) -> list[str]:
    return content.decode().split("~")[:-1]


def test_an_855_echoes_the_lines_and_answers_each_part() -> None:
    """Back to who sent the order, every PO1 character for character, one ACK a part, counts that hold."""
    line = "PO1*0001*010*EA*09.50*PE*UP*012345678905*BP*B0TRUEUP01*VN*SKU-1"
    content = orders_file(order(*HEADER, line, *LINES[1:], "CTT*2"))
    written = segments(write_855(content))
    assert written[0].startswith(
        "ISA*00*          *00*          *ZZ*VENDOR         *ZZ*AMAZON         *261123*1230*U*00401*000000041*0*P*>"
    )
    assert written[1:] == [
        "GS*PR*VENDOR*AMAZON*20261123*1230*41*X*004010",
        "ST*855*0001",
        "BAK*00*AC*4TJ8X1QA*20261120*****20261123",
        line,
        "ACK*IA*6*EA*068*20261126",
        "ACK*IB*4*EA*068*20261126",
        LINES[1],
        "ACK*ID*4*CA",
        "CTT*2*14",
        "SE*9*0001",
        "GE*1*41",
        "IEA*1*000000041",
    ]


def test_an_855_reads_back_as_what_was_decided() -> None:
    """What was written says what was meant, by our own reader."""
    (found,) = read_orders(orders_file()).values
    reading = read_acknowledgements(write_855(orders_file()))
    assert reading.values == (answered(decided(found)),)
    assert not reading.findings


def test_an_independent_reader_takes_the_855() -> None:
    """pyx12 finds the same segments and no fault in envelopes, counts and control numbers."""
    content = write_855(orders_file(marks=Marks("~", "\r\n")))
    reader = X12Reader(io.StringIO(content.decode("ascii")))
    tags = [segment.get_seg_id() for segment in reader]
    assert tags.count("PO1") == 2
    assert tags.count("ACK") == 3
    assert reader.pop_errors() == []


def test_an_order_that_holds_a_separator_of_the_answer_is_refused_not_garbled() -> None:
    """X12 has no escape: what cannot be written is an error that names it."""
    reading = read_orders(orders_file())
    facts = dict(reading.facts["orders"][0])
    facts["separators"] = dict(facts["separators"]) | {"segment": "J"}
    with pytest.raises(Invalid, match="BAK03 '4TJ8X1QA' holds 'J'"):
        write_acknowledgement(decided(reading.values[0]), facts, control_number=1, now=NOW)


def acknowledge(content: bytes) -> tuple[Reading[PurchaseOrder], bytes]:
    reading = read_orders(content)
    return reading, write_functional_acknowledgement(reading, control_number=77, now=NOW)


def test_a_sound_order_is_acknowledged_as_accepted() -> None:
    """AK1 to AK9 name the group and set, in an envelope that goes back."""
    _, written = acknowledge(orders_file())
    assert segments(written)[1:] == [
        "GS*FA*VENDOR*AMAZON*20261123*1230*77*X*004010",
        "ST*997*0001",
        "AK1*PO*1",
        "AK2*850*0001",
        "AK5*A",
        "AK9*A*1*1*1",
        "SE*6*0001",
        "GE*1*77",
        "IEA*1*000000077",
    ]


def test_every_fault_is_named_in_the_997_by_its_code_and_place() -> None:
    """AK3 and AK4 are the faults found, sorted: which segment, which element, its number, what it held; AK9 counts."""
    bad = order(
        HEADER[0], *HEADER[2:3], "DTM*064*20261340", *HEADER[1:2], HEADER[5], "PO1*1*x1*EAC*9.50*NE*BP", control="0002"
    )
    counted = order(control="0003").replace("SE*12", "SE*13")
    _, written = acknowledge(orders_file(order(), bad, counted))
    assert segments(written)[3:-3] == [
        "AK1*PO*1",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*DTM*4**8",
        "AK4*2*373*8*20261340",
        "AK3*REF*5**7",
        "AK3*PO1*7*PO1*8",
        "AK4*2*330*6*x1",
        "AK4*3*355*5*EAC",
        "AK4*7*234*2",
        "AK5*R*5",
        "AK2*850*0003",
        "AK5*R*4",
        "AK9*P*3*3*1",
    ]


@pytest.mark.parametrize(
    ("change", "trailer"),
    [
        (("GE*1*1", "GE*4*1"), "AK9*E*4*1*1*5"),
        (("GE*1*1~", ""), "AK9*E*1*1*1*3"),
        (("*X*004010", "*X*005010"), "AK9*R*1*1*0*2"),
        (("N1*ST**92*ABE2", "N1*ST**92*ABE2*****x"), "AK9*E*1*1*1"),
    ],
)
def test_the_verdict_on_a_group_follows_from_its_sets_and_its_own_faults(change: tuple[str, str], trailer: str) -> None:
    """A accepted, E with faults let pass, P in part, R none of it."""
    _, written = acknowledge(orders_file().replace(change[0].encode(), change[1].encode(), 1))
    assert trailer in segments(written)


def test_what_is_wrong_with_the_content_alone_is_accepted_as_syntax() -> None:
    """A 997 speaks of syntax: an order without our vendor code reads well and is a case of ours."""
    reading, written = acknowledge(orders_file(order(HEADER[0], *HEADER[2:], *LINES, "CTT*2")))
    assert reading.errors
    assert not reading.values
    assert "AK9*A*1*1*1" in segments(written)


def test_a_997_is_never_answered_by_a_997() -> None:
    """Two systems that did would never stop."""
    content = interchange(group("FA", 2, transaction("997", "0001", "AK1*PR*1", "AK9*A*1*1*1"))).encode()
    reading = read_functional_acknowledgements(content)
    assert owed_acknowledgements(reading) == ()
    with pytest.raises(Refused, match="never answered"):
        write_functional_acknowledgement(reading, control_number=1, now=NOW)


@pytest.mark.parametrize("version", ["00401", "00501"])
def test_an_independent_validator_finds_no_fault_in_our_997(version: str, tmp_path: Path) -> None:
    """pyx12 checks it against its own map of the 997 (which knows health care's sets only, so ours go by one of theirs)."""
    bad = order(*HEADER, "PO1*1*x1*EA*9.50*NE*BP", "PO4*1234567", control="0002")
    content = orders_file(order(), bad)
    if version == "00501":
        content = content.replace(b"*U*00401*", b"*^*00501*")
    _, written = acknowledge(content)
    text = written.decode().replace("AK2*850*", "AK2*837*").replace("AK1*PO*", "AK1*HC*")
    file = tmp_path / "ours.997"
    file.write_text(text, encoding="ascii")
    errors = io.StringIO()
    parameters = pyx12.params.params()
    maps = str(Path(pyx12.__file__).parent / "map")
    sound = x12n_document(parameters, str(file), None, None, None, errors, map_path=maps)
    assert sound, errors.getvalue()


def read_one(*body: str) -> FunctionalAcknowledgement:
    (found,) = read_functional_acknowledgements(
        interchange(group("FA", 2, transaction("997", "0001", *body))).encode()
    ).values
    return found


def test_an_incoming_997_says_what_became_of_which_set() -> None:
    """Group and set by number, accepted or rejected, each reason with its place in what we sent."""
    found = read_one(
        *("AK1*PR*000041", "AK2*855*0001", "AK5*A", "AK2*855*0002", "AK3*PO1*4*PO1*8", "AK4*3>1*355*7*XX", "AK5*R*5"),
        "AK9*P*2*2*1",
    )
    assert (found.group_code, found.group_control_number, found.verdict) == ("PR", 41, Verdict.PARTIALLY_ACCEPTED)
    assert (found.verdict_on(1), found.verdict_on("0002"), found.verdict_on(3)) == (
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        None,
    )
    assert found.reasons == (
        "set 855 0002: invalid code value (723:7) at segment 4 PO1, element 3, component 1: 'XX'",
        "set 855 0002: one or more segments in error (718:5)",
    )
    assert not found.accepted


@pytest.mark.parametrize(
    ("trailer", "verdict"),
    [
        ("A*1*1*1", Verdict.ACCEPTED),
        ("E*1*1*1*5", Verdict.ACCEPTED_WITH_ERRORS),
        ("R*1*1*0*4", Verdict.REJECTED),
        ("X*1*1*0", Verdict.REJECTED),
    ],
)
def test_a_997_without_sets_speaks_for_all_of_them(trailer: str, verdict: Verdict) -> None:
    """Many senders name no sets: the group's verdict is each set's."""
    assert read_one("AK1*PR*41", f"AK9*{trailer}").verdict_on("0001") is verdict


def test_our_own_997_reads_back() -> None:
    """Counts, verdicts and places survive the way there and back."""
    bad = order(*HEADER, "PO1*1*x1*EA*9.50*NE*VN*SKU", "CTT*1", control="0002")
    _, written = acknowledge(orders_file(order(), bad))
    reading = read_functional_acknowledgements(written)
    (found,) = reading.values
    assert not reading.findings
    assert (found.included_count, found.received_count, found.accepted_count) == (2, 2, 1)
    assert [said.verdict for said in found.sets] == [Verdict.ACCEPTED, Verdict.REJECTED]
    said = found.sets[1].objections[0]
    assert (said.code, said.segment, said.tag, said.element, said.copy) == ("723:6", 8, "PO1", "2", "x1")


def test_a_damaged_997_is_a_finding_not_a_verdict() -> None:
    """A verdict that cannot be read moves no delivery."""
    content = interchange(group("FA", 2, transaction("997", "0001", "AK1*PR*41", "AK9*Q*1*1*1"))).encode()
    reading: Reading[Any] = read_functional_acknowledgements(content)
    assert not reading.values
    assert [finding.code for finding in reading.errors] == ["723:7"]
