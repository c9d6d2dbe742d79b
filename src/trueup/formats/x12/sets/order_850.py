"""The 850, a purchase order: its grammar, and how its segments become a PurchaseOrder.

Dates: a day is its midnight in UTC, at both ends of a window, as the vendor orders API writes the same days; a time of day
in DTM03 is kept, in UTC unless DTM04 names another zone. Purposes (BEG01): 00, 06, 07, 15 and 18 are the order as it is;
01 cancels it (every line to zero); 04 and 05 replace it whole, changed when the group was sent.
Source: the retail 850 guide of Amazon, release 004010.
"""

from __future__ import annotations

from trueup.base.ids import digest_of
from trueup.domain.orders import PurchaseOrder
from trueup.formats.document import Finding, Format, Location, Reading, Severity
from trueup.formats.edi.grammar import Grammar, Loop, Use, segment
from trueup.formats.x12.guide import Guide
from trueup.formats.x12.interchanges import Journal, read_sets
from trueup.formats.x12.openings import opens_with_set
from trueup.formats.x12.order_lines import Remembered
from trueup.formats.x12.orders import OrderReader
from trueup.formats.x12.partners.amazon import GUIDE as AMAZON

_REFERENCE = segment("REF", "qualifier 128 ID 2/3 M\n reference 127 AN 1/30\n description 352 AN 1/80\n id C040 C 1/80")
_DATE = segment(
    "DTM",
    """
    qualifier 374 ID 3/3 M
    date      373 DT 8/8
    time      337 TM 4/8
    zone      623 ID 2/2
    format    1250 ID 2/3
    period    1251 AN 1/35
    """,
)
_CURRENCY = segment(
    "CUR", "entity 98 ID 2/3 M\n currency 100 ID 3/3 M\n rate 280 R 4/10\n entity 98 ID 2/3\n currency 100 ID 3/3"
)
_TEXT = segment("MSG", "text 933 AN 1/264 M\n carriage 934 ID 2/2\n number 1470 N0 1/9")

_HEADER = (
    Use(segment("ST", "set 143 ID 3/3 M 850\n control number 329 AN 4/9 M"), required=True),
    Use(
        segment(
            "BEG",
            """
            purpose       353 ID 2/2 M 00 01 04 05 06 07 15 18
            type          92  ID 2/2 M
            order number  324 AN 1/22 M
            release       328 AN 1/30
            order date    373 DT 8/8 M
            contract      367 AN 1/30
            acknowledge   587 ID 2/2
            invoice type  1019 ID 3/3
            contract type 1166 ID 2/2
            category      1232 ID 2/2
            security      786 ID 2/2
            transaction   640 ID 2/2
            """,
        ),
        required=True,
    ),
    Use(_CURRENCY),
    Use(_REFERENCE, most=100),
    Use(
        segment(
            "FOB",
            """
            paid by         146 ID 2/2 M
            place qualifier 309 ID 1/2
            place           352 AN 1/80
            terms qualifier 334 ID 2/2
            terms           335 ID 3/3
            place qualifier 309 ID 1/2
            place           352 AN 1/80
            risk            54  ID 2/2
            place           352 AN 1/80
            """,
        ),
        most=100,
    ),
    Use(
        segment(
            "CSH",
            """
            back-order  563 ID 1/2
            action      306 ID 1/2
            amount      610 N0 1/15
            account     508 AN 1/35
            date        373 DT 8/8
            agency      559 ID 2/2
            services    560 ID 2/10
            substitute  566 ID 1/2
            percent     954 R 1/10
            percent use 1004 ID 2/2
            """,
        ),
        most=5,
    ),
    Use(_DATE, most=10),
    Use(
        segment(
            "PKG",
            """
            description type 349 ID 1/1
            characteristic   753 ID 1/5
            agency           559 ID 2/2
            packaging        754 AN 1/7
            description      352 AN 1/80
            load             400 ID 2/2
            """,
        ),
        most=200,
    ),
    Loop(
        "N9",
        (
            Use(segment("N9", "qualifier 128 ID 2/3 M\n reference 127 AN 1/30\n text 369 AN 1/45")),
            Use(_TEXT, most=1000),
        ),
        most=1000,
    ),
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
                    relation  706 ID 2/2
                    party     98 ID 2/3
                    """,
                )
            ),
            Use(segment("N2", "name 93 AN 1/60 M\n name 93 AN 1/60"), most=2),
            Use(segment("N3", "street 166 AN 1/55 M\n street 166 AN 1/55"), most=2),
            Use(
                segment(
                    "N4",
                    """
                    city          19  AN 2/30
                    state         156 ID 2/2
                    postal code   116 ID 3/15
                    country       26  ID 2/3
                    qualifier     309 ID 1/2
                    location      310 AN 1/30
                    """,
                ),
            ),
            Use(_REFERENCE, most=12),
        ),
        most=200,
    ),
)
_LINES = Loop(
    "PO1",
    (
        Use(
            segment(
                "PO1",
                """
                line number 350 AN 1/20
                quantity    330 R 1/15 M
                unit        355 ID 2/2 M
                unit price  212 R 1/17
                price basis 639 ID 2/2
                """,
                pairs=(6, 10),
            )
        ),
        Use(_CURRENCY),
        Use(
            segment(
                "CTP",
                """
                trade class   687 ID 2/2
                price code    236 ID 3/3
                unit price    212 R 1/17
                quantity      380 R 1/15
                unit          C001 C 1/30
                multiplier code 648 ID 3/3
                multiplier    649 R 1/10
                amount        782 R 1/18
                price basis   639 ID 2/2
                """,
            ),
            most=25,
        ),
        Use(
            segment(
                "PID",
                """
                description type 349 ID 1/1 M
                characteristic   750 ID 2/3
                agency           559 ID 2/2
                description      751 AN 1/12
                description      352 AN 1/80
                surface          752 ID 2/2
                source           822 AN 1/15
                yes or no        1073 ID 1/1
                language         819 ID 2/3
                """,
            ),
            most=1000,
        ),
        Use(
            segment(
                "PO4",
                """
                pack        356 N0 1/6
                size        357 R 1/8
                unit        355 ID 2/2
                packaging   103 AN 3/25
                qualifier   187 ID 1/2
                weight      384 R 1/9
                unit        355 ID 2/2
                volume      385 R 1/9
                unit        355 ID 2/2
                length      82 R 1/8
                width       189 R 1/8
                height      65 R 1/8
                unit        355 ID 2/2
                inner pack  810 N0 1/6
                surface     752 ID 2/2
                assigned    350 AN 1/20
                assigned    350 AN 1/20
                number      1470 N0 1/9
                """,
            ),
            most=100,
        ),
    ),
    required=True,
    most=100_000,
    closed=True,
)
_TOTALS = (
    Use(
        segment(
            "CTT",
            """
            lines     354 N0 1/6 M
            hash      347 R 1/10
            weight    81 R 1/10
            unit      355 ID 2/2
            volume    183 R 1/8
            unit      355 ID 2/2
            text      352 AN 1/80
            """,
        )
    ),
    Use(segment("AMT", "qualifier 522 ID 1/3 M\n amount 782 R 1/18 M\n sign 478 ID 1/1")),
    Use(segment("SE", "segments 96 N0 1/10 M\n control number 329 AN 4/9 M"), required=True),
)

SET = Grammar("850", "Purchase order", "PO", ("004010",), (*_HEADER, _LINES, *_TOTALS))


def read_orders(
    content: bytes, *, partner: str = "", currency: str | None = None, guide: Guide = AMAZON
) -> Reading[PurchaseOrder]:
    """Every purchase order of every interchange in the bytes. Never raises for what they hold: what is wrong is a finding.

    `partner` is our name of whoever sent it (the sender's id of ISA06 when not given). The currency is the one in CUR, else
    `currency`, else the guide's. `facts` carry the envelopes, separators and faults by set, which is all that a
    997 needs, and in `orders`, one for each value, all that its 855 needs: whence it came and its PO1s as they came; `listed`
    is how many orders came, `unfit` how many of them have no meaning. All JSON.
    """
    from trueup.formats.x12.registry import known_sets

    journal = Journal(guide.tolerated)
    remembered = Remembered()
    orders: list[PurchaseOrder] = []
    facts: list[dict[str, object]] = []
    listed = unfit = 0
    for received in read_sets(content, known_sets(), journal):
        if received.code != SET.code:
            words = f"set {received.code} is not an order; another format reads it"
            journal.find(Finding(Severity.WARNING, "other-set", words, Location(received.offsets[0], received.where)))
            continue
        listed += 1
        reader = OrderReader(received, guide, journal, (partner, currency), remembered) if received.sound else None
        read = reader.read() if reader is not None else None
        if read is None:
            unfit += 1
        else:
            orders.append(read[0])
            facts.append(read[1])
    journal.facts |= {"orders": facts, "listed": listed, "unfit": unfit}
    return Reading(digest_of(content), FORMAT.name, tuple(orders), tuple(journal.findings), journal.facts)


FORMAT = Format("x12-850", "X12 850 purchase orders", opens_with_set("850"), read_orders)
