"""The 997, which says of received groups and sets whether their syntax was right: its grammar, and its format.

What is written into one and read out of one is in `x12/acknowledgement.py`, beside the codes it shares.
Source: the 997 of release 004010, which is the same in 005010 for all that is used here.
"""

from __future__ import annotations

from trueup.formats.document import Format
from trueup.formats.edi.grammar import Grammar, Loop, Use, segment
from trueup.formats.x12.acknowledgement import read_functional_acknowledgements
from trueup.formats.x12.openings import opens_with_set

_ERRORS = "\n".join(f"error {number} 718 ID 1/3" for number in range(1, 6))
_GROUP_ERRORS = "\n".join(f"error {number} 716 ID 1/3" for number in range(1, 6))

SET = Grammar(
    "997",
    "Functional acknowledgement",
    "FA",
    ("004010", "005010"),
    (
        Use(
            segment("ST", "set 143 ID 3/3 M 997\n control number 329 AN 4/9 M\n convention 1705 AN 1/35"), required=True
        ),
        Use(
            segment("AK1", "group 479 ID 2/2 M\n group control number 28 N0 1/9 M\n release 480 AN 1/12"), required=True
        ),
        Loop(
            "AK2",
            (
                Use(segment("AK2", "set 143 ID 3/3 M\n set control number 329 AN 4/9 M\n convention 1705 AN 1/35")),
                Loop(
                    "AK3",
                    (
                        Use(
                            segment(
                                "AK3",
                                """
                                segment  721 ID 2/3 M
                                position 719 N0 1/10 M
                                loop     447 AN 1/6
                                error    720 ID 1/3
                                error 2  720 ID 1/3
                                error 3  720 ID 1/3
                                error 4  720 ID 1/3
                                error 5  720 ID 1/3
                                """,
                            )
                        ),
                        Use(
                            segment(
                                "AK4",
                                """
                                position  C030 C 1/20 M
                                reference 725 N0 1/4
                                error     723 ID 1/3 M
                                copy      724 AN 1/99
                                """,
                            ),
                            most=99,
                        ),
                    ),
                    most=999_999,
                ),
                Use(segment("AK5", f"verdict 717 ID 1/1 M A E M R W X\n{_ERRORS}"), required=True),
            ),
            most=999_999,
        ),
        Use(
            segment(
                "AK9",
                f"""
                verdict   715 ID 1/1 M A E M P R W X
                included  97  N0 1/6 M
                received  123 N0 1/6 M
                accepted  2   N0 1/6 M
                {_GROUP_ERRORS}
                """,
            ),
            required=True,
        ),
        Use(segment("SE", "segments 96 N0 1/10 M\n control number 329 AN 4/9 M"), required=True),
    ),
)

FORMAT = Format(
    "x12-997", "X12 997 functional acknowledgements", opens_with_set("997"), read_functional_acknowledgements
)
