"""Help for what tells of payments besides EDI and APIs: the portal's export and its companions, and the advice."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source
from trueup.formats.finding_help.tables import TABLES

_ANY = of_source(
    "Public descriptions of Amazon's remittance export and advice, in their variants by marketplace",
    {
        "payment-twice": Help(
            "A payment stands there twice, alike.", "Each payment once.", "It is taken once; there is nothing to do."
        ),
        "payment-differs": Help(
            "A payment stands there twice, with different values.",
            "Each payment once.",
            "The first one is taken. Export it again, and compare with the bank.",
        ),
        "no-lines": Help(
            "A payment has no line.",
            "One line at least for each payment.",
            "It is taken in and stays unexplained. Export again, with its items.",
        ),
        "no-reference": Help(
            "A line has no invoice number.",
            "The number of the invoice, credit or claim that is paid.",
            "It is taken in and waits for a person to say what it is.",
        ),
        "day": Help(
            "A day cannot be read.",
            "A day in the order of the store: 11/23/2026, 23.11.2026 or 2026-11-23.",
            "The line is taken in without its day.",
        ),
        "amount": Help(
            "An amount cannot be read, or is missing.",
            "A number with the store's decimal mark; below zero as (1,234.56) or -1,234.56.",
            "The payment is not taken in: export it again, unchanged.",
        ),
        "currency": Help(
            "The currency is none that is known.",
            "Three letters of ISO 4217, such as USD.",
            "The payment is not taken in: export it again, unchanged.",
        ),
        "decimal-mark-assumed": Help(
            "No amount shows whether point or comma parts the cents.",
            "One amount at least with two digits after its mark.",
            "It is read as stores of the currency write. Compare the total with the bank.",
        ),
        "day-order-assumed": Help(
            "No day shows whether day or month comes first.",
            "One day at least above the 12th.",
            "It is read as stores of the currency write. Compare the day of payment with the bank.",
        ),
    },
)
PORTAL: Table = {
    **TABLES,
    **_ANY,
    **of_source(
        "Public descriptions of Amazon's Payments.xlsx, in its variants by marketplace",
        {
            "decimal-mark-unknown": Help(
                "An amount can be read in two ways, and nothing in the file shows which.",
                "One decimal mark throughout.",
                "Say the decimal mark when you hand it in; nothing is taken in before.",
            ),
            "decimal-marks-mixed": Help(
                "Amounts are written with a point and with a comma.",
                "One decimal mark throughout.",
                "Each is read as it shows itself. Compare the total with the bank; a spreadsheet may have changed some.",
            ),
            "day-order-unknown": Help(
                "A day can be read in two ways, and nothing in the file shows which.",
                "One order of day and month throughout.",
                "Say whether the day comes first when you hand it in; nothing is taken in before.",
            ),
            "digits-lost": Help(
                "A long number was saved as 1.23E+15, and its last digits are gone.",
                "All digits, in a cell of text.",
                "Export it again and do not open it in a spreadsheet before you hand it in.",
            ),
            "no-number": Help(
                "A payment has no number.",
                "A number in the upper table.",
                "It is not taken in, nor are its lines: export again.",
            ),
            "no-payment": Help(
                "A line does not say which payment it is of.",
                "The payment's number in every line.",
                "It is not taken in, and the payment does not tie by it: export the whole sheet.",
            ),
            "no-payments": Help(
                "There are lines and no table of payments above them.",
                "Both tables of the sheet.",
                "Export the whole sheet.",
            ),
            "unknown-payment": Help(
                "Lines name a payment that is not in the upper table.",
                "Payments of the upper table.",
                "They are not taken in: export again, with that payment.",
            ),
            "row-not-read": Help(
                "A row is neither payment, line nor total.",
                "Rows of the two tables.",
                "It is not read. Look at it: a note that somebody wrote is no line.",
            ),
            "hidden-items": Help(
                "Amazon says that items are not shown in this export.",
                "An account that may see every ordering code.",
                "Have the ordering codes set up in Vendor Central for whoever exports, and export again.",
            ),
            "status-unknown": Help(
                "A payment's status is a word that is not known.",
                "One of the portal's words, such as Paid or In progress.",
                "It is taken for in progress and posts nothing. If Amazon has a new word, it is to be added here.",
            ),
            "rate": Help("A rate cannot be read.", "A decimal above zero.", "It is left out; the amounts stand."),
            "balance-differs": Help(
                "A balance is another than the amounts beside it come to.",
                "Invoiced less paid less deducted.",
                "It is taken in. Ask Amazon which of the amounts is right.",
            ),
        },
    ),
}
ADVICE: Table = {
    **_ANY,
    **of_source(
        "Public descriptions of Amazon's remittance advice, in both its layouts",
        {
            "payment-not-read": Help(
                "A payment cannot be understood.",
                "Number, date, amount and currency of the payment above its table.",
                "It is not taken in, nor are its lines. Hand the advice in as it was mailed, unchanged.",
            ),
            "line-not-read": Help(
                "A row of the table cannot be read.",
                "Invoice number, day and amounts under their headings.",
                "It is left out, and the payment does not tie by it: export the payment from Vendor Central instead.",
            ),
            "text-not-read": Help(
                "Some text belongs to no line.",
                "Rows of the table, and what is aligned with them.",
                "Nothing, unless it is a number: then compare the line above with the original.",
            ),
            "total-differs": Help(
                "The lines come to something else than the total below them.",
                "The sum of the lines.",
                "A line may be lost: export the payment from Vendor Central and compare.",
            ),
        },
    ),
}
