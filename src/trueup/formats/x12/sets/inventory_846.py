"""The 846, our word on what may be ordered: written from an InventoryAdvice, and read back.

BIA says whether it is the whole inventory (00) or what changed (04); QTY 33 is the quantity available for sale. Amazon's own
guide of this set is not public: these are the standard's words (X12 004010), and a partner's guide goes before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trueup.base.clock import aware_utc
from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.domain.inventory_advice import AdvisedItem, InventoryAdvice
from trueup.formats.document import Finding, Format, Location, Reading, Severity
from trueup.formats.edi.elements import read_date
from trueup.formats.edi.grammar import Grammar, Loop, Use, segment
from trueup.formats.x12.envelope import Envelope, write_interchange, write_set
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.interchanges import Journal, read_sets
from trueup.formats.x12.openings import opens_with_set
from trueup.formats.x12.partners.amazon import GUIDE as AMAZON

WHOLE, CHANGED = "00", "04"
_SELLERS, _FOR_SALE, _EACH = "SI", "33", "EA"

SET = Grammar(
    "846",
    "Inventory inquiry or advice",
    "IB",
    ("004010",),
    (
        Use(segment("ST", "set 143 ID 3/3 M 846\n control number 329 AN 4/9 M"), required=True),
        Use(
            segment(
                "BIA",
                """
                purpose     353 ID 2/2 M
                report type 755 ID 2/2 M
                reference   127 AN 1/30 M
                date        373 DT 8/8 M
                time        337 TM 4/8
                action      306 ID 1/2
                """,
            ),
            required=True,
        ),
        Use(segment("REF", "qualifier 128 ID 2/3 M\n reference 127 AN 1/30\n words 352 AN 1/80"), most=12),
        Loop(
            "N1",
            (
                Use(
                    segment(
                        "N1",
                        """
                        party     98 ID 2/3 M
                        name      93 AN 1/60
                        qualifier 66 ID 1/2
                        code      67 AN 2/80
                        """,
                    )
                ),
            ),
            most=5,
        ),
        Loop(
            "LIN",
            (
                Use(segment("LIN", "line number 350 AN 1/20", pairs=(2, 15))),
                Use(segment("QTY", "qualifier 673 ID 2/2 M\n quantity 380 R 1/15\n unit 355 ID 2/2"), most=99),
            ),
            most=10_000,
            closed=True,
        ),
        Use(segment("CTT", "lines 354 N0 1/6 M\n hash 347 R 1/10")),
        Use(segment("SE", "segments 96 N0 1/10 M\n control number 329 AN 4/9 M"), required=True),
    ),
)


def write_advice(advice: InventoryAdvice, returns: Mapping[str, Any], *, control_number: int, now: datetime) -> bytes:
    """One interchange with one 846. `returns` is what a partner's order said of its envelope: the advice goes back there.

    `control_number` is both ISA13 and GS06. Raises Invalid when a value cannot be written, or there is nothing to say.
    """
    if not advice.items:
        raise Invalid(f"Inventory advice {advice.number}: it names no product; there is nothing to say.")
    envelope = Envelope.answering(returns, control_number=control_number, now=now)
    at = aware_utc(advice.as_of)
    purpose = WHOLE if advice.whole else CHANGED
    segments: list[tuple[str, ...]] = [
        ("BIA", purpose, _SELLERS, advice.number, f"{at:%Y%m%d}", f"{at:%H%M}"),
        ("REF", "IA", advice.vendor_code),
        ("N1", "SF", "", "92", advice.warehouse),
    ]
    for number, item in enumerate(advice.items, 1):
        ids = ("VP", item.vendor_product_id, *(("BP", item.asin) if item.asin else ()))
        segments.append(("LIN", str(number), *ids))
        segments.append(("QTY", _FOR_SALE, str(item.eaches), _EACH))
    segments.append(("CTT", str(len(advice.items))))
    return write_interchange(envelope, SET.group, [write_set(envelope.separators, SET.code, 1, segments)])


def read_advices(content: bytes) -> Reading[InventoryAdvice]:
    """Every 846 in the bytes. What is wrong is a finding."""
    from trueup.formats.x12.registry import known_sets

    journal = Journal(AMAZON.tolerated)
    values = []
    for received in read_sets(content, known_sets(), journal):
        if received.code != SET.code:
            words = f"set {received.code} is no inventory advice; another format reads it"
            journal.find(Finding(Severity.WARNING, "other-set", words, Location(received.offsets[0], received.where)))
        elif received.sound:
            found = _read(received)
            if found is not None:
                values.append(found)
    return Reading(digest_of(content), FORMAT.name, tuple(values), tuple(journal.findings), journal.facts)


def _read(received: ReceivedSet) -> InventoryAdvice | None:
    head: list[str] = []
    vendor_code = warehouse = ""
    items: list[AdvisedItem] = []
    ids: dict[str, str] = {}
    for index, (node, elements) in enumerate(zip(received.checked.nodes, received.checked.segments, strict=True)):
        values = elements + [""] * 6
        match node.name if node is not None else "":
            case "BIA":
                head = values
            case "REF" if values[1] == "IA":
                vendor_code = values[2]
            case "N1/N1" if values[1] == "SF":
                warehouse = values[4]
            case "LIN/LIN":
                ids = dict(zip(values[2::2], values[3::2], strict=False))
            case "LIN/QTY" if values[1] == _FOR_SALE:
                item = _item(ids, values)
                if item is None:
                    words = f"QTY*33*{values[2]}*{values[3]} of {ids.get('VP', 'no product')}: expected whole eaches of a product"
                    received.find(Severity.ERROR, "quantity-unclear", words, index)
                    return None
                items.append(item)
    day = read_date(head[4])
    if day is None:
        return None
    hour, minute = (int(head[5][:2]), int(head[5][2:4])) if len(head[5]) >= 4 and head[5][:4].isdecimal() else (0, 0)
    if hour > 23 or minute > 59:
        return None
    as_of = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return InventoryAdvice(head[3], vendor_code, warehouse, as_of, tuple(items), head[1] == WHOLE)


def _item(ids: Mapping[str, str], values: list[str]) -> AdvisedItem | None:
    amount = values[2]
    if values[3] != _EACH or not ids.get("VP") or not amount or len(amount) > 15:
        return None
    eaches = Decimal(amount)
    if eaches != eaches.to_integral_value() or eaches < 0:
        return None
    return AdvisedItem(ids["VP"], ids.get("BP"), int(eaches))


FORMAT = Format("x12-846", "X12 846 inventory advice", opens_with_set("846"), read_advices)
