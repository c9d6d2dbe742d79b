"""Help for X12's own codes, by element and code as a 997 or TA1 would send them: 720:3, 723:7, 718:4, 716:5, I18:001."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source

_SEGMENT = of_source(
    "X12 data element 720 (segment syntax error code), sent as AK304 of a 997; releases 004010 and 005010",
    {
        "720:1": Help(
            "The segment's tag is none that the set knows.",
            "One of the segments that the guide of this set lists.",
            "Ask the sender which release and guide they write by; a typing error in the tag is theirs to mend.",
        ),
        "720:2": Help(
            "The segment is known, and does not belong where it stands.",
            "The segments of the guide, each in its loop.",
            "It is passed over and the rest is taken in. Tell the sender if what it says is missed.",
        ),
        "720:3": Help(
            "A segment that every such set must have is not there.",
            "The segment, where the guide has it as mandatory.",
            "The set cannot be understood without it: ask the sender for the document again, whole.",
        ),
        "720:4": Help(
            "A loop is repeated more often than the guide lets it.",
            "At most as many repetitions as the guide names.",
            "What came is taken in. Look whether the sender put two documents into one.",
        ),
        "720:5": Help(
            "A segment is repeated more often than the guide lets it.",
            "At most as many repetitions as the guide names.",
            "What came is taken in. Look whether the repetitions say different things.",
        ),
        "720:7": Help(
            "The segments stand in another order than the guide has.",
            "The order of the guide: it says what belongs to what.",
            "It is taken in where its meaning is clear. Ask the sender to keep the order.",
        ),
    },
)
_ELEMENT = of_source(
    "X12 data element 723 (data element syntax error code), sent as AK403 of a 997; releases 004010 and 005010",
    {
        "723:1": Help(
            "An element that must be filled is empty.",
            "A value of the kind that the guide names for it.",
            "Ask the sender for the document with the value; nothing stands in for it.",
        ),
        "723:2": Help(
            "An element is empty that must be there because another one is.",
            "Both elements, or neither: qualifier and value go together.",
            "Ask the sender which of the two was meant.",
        ),
        "723:3": Help(
            "The segment has more elements than the guide describes.",
            "As many elements as the guide has, or fewer.",
            "What is beyond is not read. Look whether a separator stands inside a text.",
        ),
        "723:4": Help(
            "The value has fewer characters than the element has at least.",
            "The length that the guide names.",
            "It is taken as it is. A number that lost its leading zeros is the usual cause.",
        ),
        "723:5": Help(
            "The value has more characters than the element has at most.",
            "The length that the guide names.",
            "It is taken as it is, whole. Others may cut it: ask the sender to shorten it.",
        ),
        "723:6": Help(
            "The value holds a character that its kind of element may not.",
            "Digits and a point for a number; printable characters for text; no separator of the interchange.",
            "Ask the sender for the value again.",
        ),
        "723:7": Help(
            "The value is none of the codes that the element may hold.",
            "One of the codes of the guide, in capital letters.",
            "Ask the sender which code they mean; a code that is new to the trade is added to the partner's guide here.",
        ),
        "723:8": Help(
            "The value is no day of the calendar.",
            "A day as CCYYMMDD, such as 20261123; in old releases YYMMDD.",
            "Ask the sender for the day. Nothing is guessed: a deadline may hang on it.",
        ),
        "723:9": Help(
            "The value is no time of day.",
            "A time as HHMM or HHMMSS, from 0000 to 235959.",
            "Ask the sender for the time.",
        ),
    },
)
_SET = of_source(
    "X12 data element 718 (transaction set syntax error code), sent as AK502 of a 997; releases 004010 and 005010",
    {
        "718:1": Help(
            "This kind of set is none that is read here.",
            "One of the sets that the message lists.",
            "It is kept and not read. If it should be, it takes a new format; if not, ask the partner to send it elsewhere.",
        ),
        "718:2": Help(
            "The set has no end (SE): it was cut off.",
            "ST, the segments, and SE with their count.",
            "Ask the sender for the interchange again; half a document is none.",
        ),
        "718:3": Help(
            "The set's end names another number than its beginning.",
            "SE02 equal to ST02.",
            "Ask the sender for it again: two sets may have run into one another.",
        ),
        "718:4": Help(
            "The set says another number of segments than it has.",
            "SE01: all segments from ST to SE, both counted.",
            "Ask the sender for it again: segments may be lost.",
        ),
        "718:5": Help(
            "The set is refused because of segments in it.",
            "Segments without errors.",
            "Look at the other findings of this set, and mend those.",
        ),
        "718:7": Help(
            "The set's number is missing or is none.",
            "ST02: four to nine letters or digits.",
            "Ask the sender to number the set; an answer to it would have no name.",
        ),
        "718:23": Help(
            "Two sets of a group have the same number.",
            "Every ST02 once within its group.",
            "Both are taken in. Look whether the same document came twice.",
        ),
    },
)
_GROUP = of_source(
    "X12 data element 716 (functional group syntax error code), sent as AK905 of a 997; releases 004010 and 005010",
    {
        "716:1": Help(
            "The group is of a kind that is not read here.",
            "GS01 of the sets that are read: PO, PR, RA, IB, FA.",
            "It is kept and not read. Ask the partner whether it was meant for somebody else.",
        ),
        "716:2": Help(
            "The group is written in a release that is not read here.",
            "GS08 of a release from 003020 to 008010.",
            "Ask the partner for a release that is agreed.",
        ),
        "716:3": Help(
            "The group has no end (GE): it was cut off.",
            "GS, the sets, and GE with their count.",
            "Ask the sender for the interchange again.",
        ),
        "716:4": Help(
            "The group's end names another number than its beginning.",
            "GE02 equal to GS06.",
            "The sets are taken in. Ask the sender to mend their numbering.",
        ),
        "716:5": Help(
            "The group says another number of sets than it has.",
            "GE01: the sets between GS and GE.",
            "What came is taken in. Ask the sender whether one is missing.",
        ),
        "716:6": Help(
            "The group's number is missing or is none.",
            "GS06: one to nine digits.",
            "The sets are taken in; an answer to the group has no number to name.",
        ),
    },
)
_INTERCHANGE = of_source(
    "X12 data element I18 (interchange note code), sent as TA105 of a TA1; releases 004010 and 005010",
    {
        "I18:001": Help(
            "The interchange's end names another number than its beginning.",
            "IEA02 equal to ISA13.",
            "What came is taken in. Ask the sender whether two files were joined.",
        ),
        "I18:006": Help(
            "Sender or receiver of the interchange is not named as it must be.",
            "A qualifier of two characters and an id of at most 15.",
            "It is read; no answer can be addressed until the sender mends it.",
        ),
        "I18:018": Help(
            "The interchange's number is none.",
            "ISA13: nine digits.",
            "It is read. Ask the sender to number interchanges: by the number a repetition is known.",
        ),
        "I18:021": Help(
            "The interchange says another number of groups than it has.",
            "IEA01: the groups between ISA and IEA.",
            "What came is taken in. Ask the sender whether a group is missing.",
        ),
        "I18:022": Help(
            "The envelope is not built as one: something stands outside of its groups.",
            "ISA, GS, ST … SE, GE, IEA, each closed before the next.",
            "What stands outside is not read. Ask the sender for the interchange again.",
        ),
        "I18:023": Help(
            "The file ends in the middle.",
            "An IEA, ended by the segment terminator.",
            "Ask the sender for the whole file; a transfer was cut off.",
        ),
        "I18:024": Help(
            "What stands in the interchange is no X12.",
            "Segments of letters and digits, parted by the separators that the ISA names.",
            "Look at the bytes: another file may have been sent under this name.",
        ),
        "I18:025": Help(
            "An interchange of this number came before from the same sender.",
            "Every ISA13 once for each sender.",
            "Look whether it is the same document: it is kept, and orders are taken in once.",
        ),
        "I18:026": Help(
            "The separators cannot be told from the text.",
            "ISA of 106 characters: element separator at 4, component separator at 105, terminator at 106; all three different.",
            "Ask the sender for the file as they wrote it: an editor or a transfer has changed it.",
        ),
    },
)
SYNTAX: Table = {**_SEGMENT, **_ELEMENT, **_SET, **_GROUP, **_INTERCHANGE}
