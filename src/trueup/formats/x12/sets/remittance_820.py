"""The 820, a remittance advice: its grammar, and how each of its sets becomes a Remittance.

A payment is one set, its number TRN02, its amount BPR02. Errors within lines do not cost the payment: a line whose amount cannot
be read is left out, and the payment does not tie by it. Files without ENT are read as if one stood before their first line.
Sources: the 820 guide of Amazon (BPR, TRN, DTM, N1 payee, ENT) and X12 for what stands inside ENT; releases 003020 to 008010.
"""

from __future__ import annotations

from trueup.base.ids import digest_of
from trueup.domain.remittances import Remittance
from trueup.formats.document import Finding, Format, Location, Reading, Severity
from trueup.formats.edi.faults import Fault, Level
from trueup.formats.edi.grammar import Grammar, Loop, Use, segment
from trueup.formats.x12.codes import CODES
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.guide import Guide
from trueup.formats.x12.interchanges import Journal, read_sets
from trueup.formats.x12.openings import opens_with_set
from trueup.formats.x12.partners.amazon import GUIDE as AMAZON
from trueup.formats.x12.payment_advice import AdviceReader

RELEASES = (
    *(f"0030{number}0" for number in range(2, 8)),
    *(f"0040{number}0" for number in range(1, 7)),
    *(f"0050{number}0" for number in range(1, 6)),
    *(f"0060{number}0" for number in range(1, 6)),
    *(f"0070{number}0" for number in range(1, 7)),
    "008010",
)
_MOST = 1_000_000
_COST_A_LINE = (Fault.UNRECOGNIZED_SEGMENT, Fault.SEGMENT_COUNT_DIFFERS)
_REFERENCE = segment("REF", "qualifier 128 ID 2/3 M\n reference 127 AN 1/80\n description 352 AN 1/80\n id C040 C 1/80")
_DATE = segment(
    "DTM",
    """
    qualifier 374 ID 3/3 M
    date      373 DT 6/8
    time      337 TM 4/8
    zone      623 ID 2/2
    format    1250 ID 2/3
    period    1251 AN 1/35
    """,
)
_NOTE = segment("NTE", "code 363 ID 3/3\n text 352 AN 1/264 M")
_CONTACT = segment(
    "PER",
    """
    function  366 ID 2/2 M
    name      93  AN 1/60
    qualifier 365 ID 2/2
    number    364 AN 1/256
    qualifier 365 ID 2/2
    number    364 AN 1/256
    qualifier 365 ID 2/2
    number    364 AN 1/256
    inquiry   443 AN 1/20
    """,
)
_PAYMENT = segment(
    "BPR",
    """
    handling          305 ID 1/2 M
    amount            782 R 1/18 M
    sign              478 ID 1/1 M C D
    method            591 ID 3/3 M
    format            812 ID 1/10
    bank qualifier    506 ID 2/2
    bank              507 AN 3/12
    account qualifier 569 ID 1/3
    account           508 AN 1/35
    company           509 AN 10/10
    supplement        510 AN 9/9
    bank qualifier    506 ID 2/2
    bank              507 AN 3/12
    account qualifier 569 ID 1/3
    account           508 AN 1/35
    effective date    373 DT 6/8
    function          1048 ID 1/3
    bank qualifier    506 ID 2/2
    bank              507 AN 3/12
    account qualifier 569 ID 1/3
    account           508 AN 1/35
    """,
)
_CURRENCY = segment(
    "CUR",
    """
    entity   98  ID 2/3 M
    currency 100 ID 3/3 M
    rate     280 R 4/10
    entity   98  ID 2/3
    currency 100 ID 3/3
    market   669 ID 3/3
    """,
)
_TRACE = segment("TRN", "type 481 ID 1/2 M\n reference 127 AN 1/50 M\n company 509 AN 10/10\n reference 127 AN 1/50")
_PARTY = segment(
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
_PLACE = segment(
    "N4",
    """
    city        19  AN 2/30
    state       156 ID 2/2
    postal code 116 ID 3/15
    country     26  ID 2/3
    qualifier   309 ID 1/2
    location    310 AN 1/30
    """,
)
_ADJUSTMENT = Loop(
    "ADX",
    (
        Use(
            segment(
                "ADX",
                """
                amount    782 R 1/18 M
                reason    426 ID 2/2 M
                qualifier 128 ID 2/3
                reference 127 AN 1/80
                """,
            )
        ),
        Use(_NOTE, most=_MOST),
        Use(_CONTACT, most=_MOST),
        Use(_REFERENCE, most=_MOST),
        Use(_DATE, most=_MOST),
    ),
    most=_MOST,
    closed=True,
)
_REMITTED = Loop(
    "RMR",
    (
        Use(
            segment(
                "RMR",
                """
                qualifier 128 ID 2/3
                reference 127 AN 1/80
                action    482 ID 2/2
                paid      782 R 1/18
                gross     777 R 1/18
                discount  780 R 1/18
                reason    426 ID 2/2
                adjusted  782 R 1/18
                """,
            )
        ),
        Use(_NOTE, most=_MOST),
        Use(_REFERENCE, most=_MOST),
        Use(_DATE, most=_MOST),
        _ADJUSTMENT,
    ),
    most=_MOST,
    closed=True,
)
_ENTITY = Loop(
    "ENT",
    (
        Use(
            segment(
                "ENT",
                """
                number    554 N0 1/6
                entity    98  ID 2/3
                qualifier 66  ID 1/2
                code      67  AN 2/80
                entity    98  ID 2/3
                qualifier 66  ID 1/2
                code      67  AN 2/80
                qualifier 128 ID 2/3
                reference 127 AN 1/80
                """,
            )
        ),
        _ADJUSTMENT,
        _REMITTED,
    ),
    most=_MOST,
    closed=True,
)

SET = Grammar(
    "820",
    "Payment order and remittance advice",
    "RA",
    RELEASES,
    (
        Use(segment("ST", "set 143 ID 3/3 M 820\n control number 329 AN 4/9 M\n guide 1705 AN 1/35"), required=True),
        Use(_PAYMENT, required=True),
        Use(_NOTE, most=_MOST),
        Use(_TRACE, required=True),
        Use(_CURRENCY),
        Use(_REFERENCE, most=_MOST),
        Use(_DATE, most=_MOST),
        Loop(
            "N1",
            (
                Use(_PARTY),
                Use(segment("N2", "name 93 AN 1/60 M\n name 93 AN 1/60"), most=_MOST),
                Use(segment("N3", "street 166 AN 1/55 M\n street 166 AN 1/55"), most=_MOST),
                Use(_PLACE),
                Use(_REFERENCE, most=_MOST),
                Use(_CONTACT, most=_MOST),
                Use(_DATE, most=_MOST),
            ),
            most=_MOST,
            closed=True,
        ),
        _ENTITY,
        _ADJUSTMENT,
        _REMITTED,
        Use(segment("SE", "segments 96 N0 1/10 M\n control number 329 AN 4/9 M"), required=True),
    ),
)


def read_remittances_820(content: bytes, *, currency: str | None = None, guide: Guide = AMAZON) -> Reading[Remittance]:
    """Every payment of every interchange in the bytes. Never raises for what they hold: what is wrong is a finding.

    The currency is the one in CUR, else `currency`, else the guide's. `facts` carry the envelopes, which is all that a 997 needs.
    """
    from trueup.formats.x12.registry import known_sets

    journal = Journal(guide.tolerated)
    remittances: list[Remittance] = []
    for received in read_sets(content, known_sets(), journal):
        if received.code != SET.code:
            words = f"set {received.code} is not a remittance; another format reads it"
            journal.find(Finding(Severity.WARNING, "other-set", words, Location(received.offsets[0], received.where)))
        elif received.sound or _has_meaning(received):
            read = AdviceReader(received, guide, currency).read()
            if read is not None:
                remittances.append(read)
    return Reading(digest_of(content), FORMAT.name, tuple(remittances), tuple(journal.findings), journal.facts)


def _has_meaning(received: ReceivedSet) -> bool:
    """Whether all that is wrong costs single lines: faults in elements, and what is no segment. The tie shows the rest."""
    faults = {Fault[note["fault"]] for note in received.facts["notes"] if note["severity"] == Severity.ERROR}
    return all(fault in _COST_A_LINE or CODES[fault][0] is Level.ELEMENT for fault in faults)


FORMAT = Format("x12-820", "X12 820 remittances", opens_with_set("820"), read_remittances_820)
