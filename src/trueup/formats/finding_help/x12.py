"""Help for what X12 documents say that cannot be so: our codes, beyond the syntax."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source

_FILE = of_source(
    "X12.5 and X12.6 (interchange control and application syntax), with Trueup's own limits",
    {
        "empty": Help("The file has no bytes.", "An interchange that begins with ISA.", "Ask the sender for it again."),
        "encoding": Help(
            "The bytes are in another encoding than X12 files are written in.",
            "ASCII or UTF-8.",
            "Look at names with accents: they may be wrong. Ask the sender for UTF-8.",
        ),
        "byte-order-mark": Help(
            "Three bytes stand before the ISA that a text editor has put there.",
            "ISA as the first three bytes.",
            "They are passed over. Ask the sender to leave them out; other readers stop at them.",
        ),
        "header-width": Help(
            "The ISA is not 106 characters wide.",
            "ISA01 to ISA16, each filled with blanks to its width.",
            "It is read by its separators. Ask the sender to fill the fields: others refuse it.",
        ),
        "outside": Help(
            "Something stands before, between or after the interchanges.",
            "Interchanges only, line breaks between them.",
            "It is not read. Look at it: it may be the rest of a document that was cut.",
        ),
        "findings-cut": Help(
            "There are more findings than are listed.",
            "A document with few or none.",
            "Mend the first ones and read it again; they mostly have one cause.",
        ),
        "set-too-large": Help(
            "A set has more segments than are held at once.",
            "At most as many segments as the message names.",
            "Ask the sender to part the document; it is kept and not read.",
        ),
        "segment-not-read": Help(
            "The segment is not in the guide, and nothing is made of it.",
            "The segments of the guide.",
            "Nothing, unless it says something that is needed here: then the guide is to be extended.",
        ),
        "other-set": Help(
            "The file has a set of another kind beside those that are read from it.",
            "Sets of one kind in a file that is handed in as that kind.",
            "Hand the file in as what the other set is, too.",
        ),
    },
)
_ORDER = of_source(
    "Amazon's retail 850 guide, release 004010",
    {
        "order-type-unknown": Help(
            "The order's type is a code that is not agreed.",
            "BEG02: SA stand-alone, NE new, or what the partner's guide names.",
            "Ask the buyer what the order is; nothing is confirmed until then.",
        ),
        "order-replaced": Help(
            "The order is sent anew, and stands for the earlier one as a whole.",
            "BEG01 05 for a replacement, 00 for an original.",
            "Look at lines that are missing now: they count as cancelled.",
        ),
        "order-date-impossible": Help(
            "The day of the order is no day on which something was ordered.",
            "BEG05 as CCYYMMDD, in a year that is near.",
            "Ask the buyer: deadlines are counted from it.",
        ),
        "vendor-code-missing": Help(
            "The order does not say which of our vendor codes it is for.",
            "A REF with our vendor code after BEG.",
            "Ask the buyer; without it nobody knows whose agreement holds.",
        ),
        "ship-to-missing": Help(
            "The order names no place to ship to.",
            "N1*ST with the place's code in N104.",
            "Ask the buyer for the place.",
        ),
        "currency-unknown": Help(
            "The currency is none that is known.",
            "CUR02: three letters of ISO 4217, such as USD or EUR.",
            "Ask the sender; amounts without a currency are not taken in.",
        ),
        "backorder-unknown": Help(
            "Whether what is missing may follow later is told by a code that is not known.",
            "CSH01: one of the codes of the partner's guide.",
            "It is read as not allowed. Ask the buyer if it should be.",
        ),
        "window-reversed": Help(
            "A window ends before it begins.",
            "For shipping DTM 037 (not before) before 038 (not after), for delivery 064 (not before) before 063 (not after).",
            "Ask the buyer which days they mean before anything is planned by it.",
        ),
        "zone-unknown": Help(
            "A time names a zone that is not known here.",
            "DTM04: a code of data element 623, such as UT or ET.",
            "It is read as UTC. Look whether a deadline is some hours off.",
        ),
        "line-count-differs": Help(
            "The order says another number of lines than it has.",
            "CTT01: the number of PO1 segments.",
            "Lines may be lost: ask the buyer for the order again.",
        ),
        "hash-total-differs": Help(
            "The sum of the quantities is another than the order says.",
            "CTT02: all PO102 added up.",
            "It is taken in. Compare the quantities with the buyer's own view before you confirm.",
        ),
        "line-number-missing": Help(
            "A line has no number.",
            "PO101: digits, each once in the order.",
            "It is counted by its place. Ask the buyer, if an answer by line is to be found again.",
        ),
        "line-number-repeated": Help(
            "Two lines have the same number.",
            "Every PO101 once in the order.",
            "Ask the buyer: an answer to that number could mean either.",
        ),
        "product-id-missing": Help(
            "A line names no product.",
            "PO106 and PO107: a qualifier (UP, EN, VN, BP or IN) and its value.",
            "It is held for a person. Ask the buyer what is ordered.",
        ),
        "quantity-not-whole": Help(
            "A quantity is no whole number.",
            "PO102: digits, above zero.",
            "Ask the buyer; no part of a unit can be shipped.",
        ),
        "quantity-absurd": Help(
            "A quantity is larger than anybody orders.",
            "PO102 below the largest quantity that is read here.",
            "Ask the buyer; a number of another field may stand there.",
        ),
        "unit-unknown": Help(
            "The unit of a quantity is none that is known.",
            "PO103: EA for eaches or CA for cases, and what the partner's guide names.",
            "Ask the buyer: between a case and an each lies the size of the case.",
        ),
        "price-unreadable": Help(
            "A price is no amount of money.",
            "PO104: a decimal such as 12.50, with a point.",
            "Its order is not taken in. Ask the buyer to send it with a price that can be read.",
        ),
    },
)
_ANSWERS = of_source(
    "Amazon's retail 855 guide and the 846, release 004010",
    {
        "answer-unknown": Help(
            "A line is answered by a code that is not known.",
            "ACK01: one of the codes of the guide, such as IA accepted, IB backordered, IR refused.",
            "Look at the line yourself; it is not taken as answered.",
        ),
        "quantity-unclear": Help(
            "An item's quantity cannot be read, or it names several.",
            "QTY02: a whole number, one for each item and kind.",
            "Ask the sender; the item is left out and its stock stays as it was.",
        ),
    },
)
_PAYMENT = of_source(
    "Amazon's 820 guide, and X12's 820 for what stands inside ENT; releases 003020 to 008010",
    {
        "payment-number-missing": Help(
            "The payment has no number.",
            "TRN02: the payer's number of the payment.",
            "Ask the payer; a payment without a number is not taken in.",
        ),
        "amount-missing": Help(
            "The payment says no amount.",
            "BPR02: a decimal with a point.",
            "Ask the payer; it is not taken in.",
        ),
        "day-missing": Help(
            "Nothing says on which day it was paid.",
            "BPR16 or a DTM, as CCYYMMDD.",
            "Ask the payer; it is not taken in, for its period is not known.",
        ),
        "day-assumed": Help(
            "The day of payment stands somewhere else than it should.",
            "BPR16 as CCYYMMDD.",
            "The day that the set or its group names is taken. Compare it with the bank.",
        ),
        "two-currencies": Help(
            "The payment names two currencies.",
            "One CUR for the payment and all its lines.",
            "Amounts are taken in the payment's own. Compare the total with the bank.",
        ),
        "line-without-amount": Help(
            "A line, or an adjustment that stands alone, says no amount.",
            "RMR04 or ADX01: a decimal with a point.",
            "It is left out and the payment does not tie by it: ask the payer.",
        ),
        "amount-computed": Help(
            "A line's amount paid is empty, and follows from its other amounts.",
            "RMR04, or RMR05 less RMR06 with the ADX of the line.",
            "Nothing, if the payment ties. Else look at this line first.",
        ),
        "line-differs": Help(
            "A line's amount paid is another than its invoice less its deductions.",
            "RMR04 = RMR05 − RMR06 + ADX.",
            "RMR04 is booked. Ask the payer what the rest is.",
        ),
        "adjustment-without-amount": Help(
            "An adjustment within a line says no amount.",
            "ADX01: a decimal with a sign.",
            "The line's own amount stands. Ask the payer what was adjusted.",
        ),
        "too-many-digits": Help(
            "An amount has more digits after the point than its currency.",
            "As many as the currency has: two for USD and EUR, none for JPY.",
            "Ask the payer for the exact amount; nothing is rounded.",
        ),
    },
)
X12: Table = {**_FILE, **_ORDER, **_ANSWERS, **_PAYMENT}
