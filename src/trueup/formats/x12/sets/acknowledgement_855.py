"""The 855, our answer to a purchase order: written from an Acknowledgement, and read back.

Every PO1 is echoed as it came, followed by one ACK for each part of the answer. BAK02 is the guide's (Amazon: AC, with
detail and change). A ship date travels as a day: its hour, in UTC, is lost.
Source: the retail 855 guide of Amazon, release 004010.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trueup.base.clock import aware_utc
from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.quantity import Quantity
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, Part, Reason
from trueup.domain.orders import OrderLine
from trueup.formats.document import Finding, Format, Location, Reading, Severity
from trueup.formats.edi.elements import read_date
from trueup.formats.edi.grammar import Grammar, Loop, Use, segment
from trueup.formats.x12.envelope import Envelope, write_interchange, write_set
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.guide import Guide
from trueup.formats.x12.interchanges import Journal, read_sets
from trueup.formats.x12.openings import opens_with_set
from trueup.formats.x12.partners.amazon import GUIDE as AMAZON

SET = Grammar(
    "855",
    "Purchase order acknowledgement",
    "PR",
    ("004010",),
    (
        Use(segment("ST", "set 143 ID 3/3 M 855\n control number 329 AN 4/9 M"), required=True),
        Use(
            segment(
                "BAK",
                """
                purpose        353 ID 2/2 M
                type           587 ID 2/2 M
                order number   324 AN 1/22 M
                order date     373 DT 8/8 M
                release        328 AN 1/30
                request        326 AN 1/45
                contract       367 AN 1/30
                reference      127 AN 1/30
                answered on    373 DT 8/8
                transaction    640 ID 2/2
                """,
            ),
            required=True,
        ),
        Loop(
            "PO1",
            (
                Use(
                    segment(
                        "PO1",
                        """
                        line number 350 AN 1/20
                        quantity    330 R 1/15
                        unit        355 ID 2/2
                        unit price  212 R 1/17
                        price basis 639 ID 2/2
                        """,
                        pairs=(6, 10),
                    )
                ),
                Use(
                    segment(
                        "ACK",
                        """
                        answer         668 ID 2/2 M
                        quantity       380 R 1/15
                        unit           355 ID 2/2
                        date qualifier 374 ID 3/3
                        date           373 DT 8/8
                        request        326 AN 1/45
                        """,
                        pairs=(7, 11),
                    ),
                    most=104,
                ),
            ),
            most=100_000,
            closed=True,
        ),
        Use(segment("CTT", "lines 354 N0 1/6 M\n hash 347 R 1/10")),
        Use(segment("SE", "segments 96 N0 1/10 M\n control number 329 AN 4/9 M"), required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """A line of an 855: the number and identifiers it echoes, and its parts."""

    sequence_text: str
    ordered: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AnsweredOrder:
    """An 855 as it reads: which order, answered on which day, line by line."""

    number: str
    ordered_on: datetime
    answered_on: datetime | None
    lines: tuple[AnsweredLine, ...]


def write_acknowledgement(
    acknowledgement: Acknowledgement,
    order_facts: Mapping[str, Any],
    *,
    control_number: int,
    now: datetime,
    guide: Guide = AMAZON,
) -> bytes:
    """One interchange with one 855.

    `order_facts` is the order's entry in `facts["orders"]` of its 850's Reading: the answer goes back where the order came
    from, and its PO1 segments are echoed character for character (a line it does not hold is written from the order).
    `control_number` is both ISA13 and GS06. Raises Invalid when a value cannot be written.
    """
    order = acknowledgement.order
    envelope = Envelope.answering(order_facts, control_number=control_number, now=now)
    received, inner = order_facts.get("lines", {}), order_facts["separators"]["element"]
    day = f"{aware_utc(acknowledgement.decided_at):%Y%m%d}"
    ordered = f"{aware_utc(order.ordered_at):%Y%m%d}"
    segments: list[tuple[str, ...]] = [
        ("BAK", "00", guide.acknowledgement_type, order.number, ordered, "", "", "", "", day),
    ]
    total = 0
    for decision in acknowledgement.lines:
        line = order.line(decision.sequence)
        if line is None:
            raise Invalid(f"Acknowledgement of {order.key}: line {decision.sequence} is not of the order.")
        raw = received.get(str(decision.sequence))
        echo = tuple(raw.split(inner)) if raw else _line_segment(line, guide)
        segments.append(echo)
        segments += _answers(decision, echo[3], guide)
        total += line.ordered.amount
    hash_total = str(total) if len(str(total)) <= 10 else ""
    segments.append(("CTT", str(len(acknowledgement.lines)), hash_total))
    return write_interchange(envelope, SET.group, [write_set(envelope.separators, SET.code, 1, segments)])


def read_acknowledgements(content: bytes, *, guide: Guide = AMAZON) -> Reading[AnsweredOrder]:
    """Every 855 in the bytes. What is wrong is a finding."""
    from trueup.formats.x12.registry import known_sets

    journal = Journal(guide.tolerated)
    values = []
    for received in read_sets(content, known_sets(), journal):
        if received.code != SET.code:
            words = f"set {received.code} is not an acknowledgement of an order; another format reads it"
            journal.find(Finding(Severity.WARNING, "other-set", words, Location(received.offsets[0], received.where)))
        elif received.sound:
            found = _read(received, guide)
            if found is not None:
                values.append(found)
    return Reading(digest_of(content), FORMAT.name, tuple(values), tuple(journal.findings), journal.facts)


def answered(acknowledgement: Acknowledgement) -> AnsweredOrder:
    """What an 855 of this acknowledgement says: days without hours, units without sizes."""
    order = acknowledgement.order
    lines = []
    for decision in acknowledgement.lines:
        line = order.line(decision.sequence)
        parts = tuple(
            Part(part.answer, Quantity(part.quantity.amount, part.quantity.unit), _day(part.ship_on), _said(part))
            for part in decision.parts
        )
        lines.append(AnsweredLine(line.sequence_text if line else "", line.ordered.amount if line else 0, parts))
    return AnsweredOrder(order.number, _midnight(order.ordered_at), _day(acknowledgement.decided_at), tuple(lines))


def _said(part: Part) -> Reason | None:
    return part.reason if part.answer is Answer.REJECTED else None


def _midnight(moment: datetime) -> datetime:
    return aware_utc(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _day(moment: datetime | None) -> datetime | None:
    return None if moment is None else _midnight(moment)


def _line_segment(line: OrderLine, guide: Guide) -> tuple[str, ...]:
    price = f"{line.net_cost.value:f}" if line.net_cost else ""
    pairs = (("BP", line.asin), *line.product_ids) if line.asin else line.product_ids
    ids = [text for pair in pairs[:10] for text in pair]
    unit = guide.unit_code(line.ordered.unit)
    return ("PO1", line.sequence_text, str(line.ordered.amount), unit, price, "NE" if price else "", *ids)


def _answers(decision: LineDecision, unit: str, guide: Guide) -> list[tuple[str, ...]]:
    written: list[tuple[str, ...]] = []
    for part in decision.parts:
        rejected = part.answer is Answer.REJECTED and part.reason is not None
        code = guide.reasons[part.reason] if rejected and part.reason else guide.answers[part.answer]
        when = (guide.ship_date_qualifier, f"{aware_utc(part.ship_on):%Y%m%d}") if part.ship_on else ()
        written.append(("ACK", code, str(part.quantity.amount), unit, *when))
    return written


def _read(received: ReceivedSet, guide: Guide) -> AnsweredOrder | None:
    answers = {code: (answer, None) for answer, code in guide.answers.items()}
    reasons = {code: (Answer.REJECTED, reason) for reason, code in guide.reasons.items()}
    known: dict[str, tuple[Answer, Reason | None]] = {**answers, **reasons}
    beginning: list[str] = []
    lines: list[AnsweredLine] = []
    for index, (node, elements) in enumerate(zip(received.checked.nodes, received.checked.segments, strict=True)):
        values = elements + [""] * 10
        if node is None:
            continue
        if node.name == "BAK":
            beginning = values
        elif node.name == "PO1/PO1":
            lines.append(AnsweredLine(values[1], _whole(values[2]) or 0, ()))
        elif node.name == "PO1/ACK":
            part = _part(values, known, guide)
            if part is None:
                words = f"ACK*{values[1]}*{values[2]}*{values[3]} is not an answer known here, with a whole quantity and its unit"
                received.find(Severity.ERROR, "answer-unknown", words, index)
                return None
            last = lines[-1]
            lines[-1] = AnsweredLine(last.sequence_text, last.ordered, (*last.parts, part))
    ordered = _read_day(beginning[4])
    if ordered is None:
        return None
    return AnsweredOrder(beginning[3], ordered, _read_day(beginning[9]), tuple(lines))


def _part(values: list[str], known: Mapping[str, tuple[Answer, Reason | None]], guide: Guide) -> Part | None:
    amount, unit = _whole(values[2]), guide.units.get(values[3])
    if values[1] not in known or amount is None or unit is None:
        return None
    answer, reason = known[values[1]]
    try:
        return Part(answer, Quantity(amount, unit), _read_day(values[5]), reason)
    except Invalid:
        return None


def _read_day(text: str) -> datetime | None:
    day = read_date(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _whole(text: str) -> int | None:
    if not text or len(text) > 17:
        return None
    value = Decimal(text)
    return int(value) if value.adjusted() < 16 and value == value.to_integral_value() else None


FORMAT = Format("x12-855", "X12 855 purchase order acknowledgements", opens_with_set("855"), read_acknowledgements)
