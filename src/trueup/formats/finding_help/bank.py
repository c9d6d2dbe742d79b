"""Help for statements of banks: camt.053, MT940, BAI2 and tables that a bank lets one download."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source
from trueup.formats.finding_help.tables import TABLES

_ANY = of_source(
    "Trueup's own proof of a statement: opening balance and movements come to the closing balance",
    {
        "balance": Help(
            "The movements do not lead from the opening balance to the closing one.",
            "Opening + movements = closing, to the cent.",
            "What came is taken in. A movement may be missing: download the statement again, whole.",
        ),
        "currency": Help(
            "Something of the statement is in another currency than its account.",
            "The account's currency throughout.",
            "Compare with the bank; currencies are never added.",
        ),
        "not-booked": Help(
            "A movement is announced and not booked yet.",
            "Booked movements.",
            "It is not taken in. It comes again when it is booked.",
        ),
        "empty": Help(
            "The file holds no statement.",
            "One statement at least.",
            "Ask the bank for the period again; a day without movements has balances still.",
        ),
    },
)
CAMT: Table = {
    **_ANY,
    **of_source(
        "ISO 20022 camt.053.001.02, .04 and .08",
        {
            "element": Help(
                "An element is missing or cannot be read.",
                "The element as the message definition has it: amounts with Ccy, days as ISO dates.",
                "That entry is not taken in: ask the bank for the file again.",
            ),
            "batch": Help(
                "The parts of a batch do not add up to it.",
                "TxDtls whose amounts come to the entry's.",
                "It is taken as one line. Ask the bank for the details if you must match them.",
            ),
        },
    ),
}
MT940: Table = {
    **_ANY,
    **of_source(
        "SWIFT user handbook, category 9, MT940",
        {
            "field": Help(
                "A field is missing or cannot be read.",
                "Fields :20:, :25:, :28C:, :60F:, :61:, :86:, :62F: as SWIFT has them.",
                "That movement is not taken in: ask the bank for the file again.",
            ),
            "pages": Help(
                "The statement goes on over pages, and one is missing.",
                "Pages :28C: in a row, from :60F: to :62F:.",
                "Ask the bank for the missing page.",
            ),
        },
    ),
}
BAI2: Table = {
    **_ANY,
    **of_source(
        "BAI Cash Management Balance Reporting Specifications, version 2",
        {
            "record": Help(
                "A record cannot be read, or stands where it does not belong.",
                "Records 01, 02, 03, 16, 88, 49, 98 and 99, ended by /.",
                "It is not taken in: ask the bank for the file again.",
            ),
            "control": Help(
                "A control total is another than what was added up.",
                "The sum of all amounts of the account, group or file, in minor units.",
                "Something may be missing: ask the bank for the file again.",
            ),
            "cut-off": Help(
                "The file has no end.",
                "A record 99 as the last one.",
                "Ask the bank for the whole file; a transfer was cut off.",
            ),
            "group-status": Help(
                "The group is no update of balances.",
                "Status 1 (update); 2 (deletion), 3 (correction) and 4 (test) are something else.",
                "Look what the message says was done with it, and ask the bank what they meant.",
            ),
            "time": Help(
                "A time of day is none.",
                "Four digits, 0001 to 2400; 9999 for the end of the day.",
                "The day stands without its time.",
            ),
            "type-code": Help(
                "A movement's type says neither in nor out.",
                "100 to 399 for credits, 400 to 699 for debits.",
                "It is not taken in. Ask the bank what the code stands for.",
            ),
        },
    ),
}
BANK_CSV: Table = {
    **TABLES,
    **_ANY,
    **of_source(
        "Trueup's own layout of a table of bank movements",
        {
            "account": Help(
                "The table does not say which account it is of.",
                "A column with the account, or its name told when it is handed in.",
                "Say the account; movements of two accounts are never mixed.",
            ),
        },
    ),
}
