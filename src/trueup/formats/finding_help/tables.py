"""Help for tables that people hand in, as CSV or workbook: item master, invoices, shipments, counts, terms, trade-ins, balances."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source

TABLES: Table = of_source(
    "Trueup's own layout of the table, as the page shows it on which it is handed in; RFC 4180 for quoting",
    {
        "encoding": Help(
            "The file is not UTF-8.",
            "UTF-8; a spreadsheet saves it as “CSV UTF-8”.",
            "It is read as Windows-1252. Look at accented letters, and save it anew if they are wrong.",
        ),
        "quoting": Help(
            "A quotation mark is not closed, or stands inside a text.",
            'Text with separators or line breaks in " ", and "" for a mark inside.',
            "The row is not read: close the mark, or double it.",
        ),
        "unknown-column": Help(
            "A column has a name that is not known here.",
            "One of the names of the table, or one of the other names it is known by.",
            "It is not used. Mend its name if it was meant as another one.",
        ),
        "duplicate-column": Help(
            "Two columns have the same name.", "Every column once.", "Keep one of them; nothing is taken in before."
        ),
        "missing-column": Help(
            "A column that is needed is not there.",
            "A heading in row 1 with every needed column.",
            "Add the column, or hand the file in as what it is.",
        ),
        "too-many-cells": Help(
            "A row has more cells than the heading.",
            "As many cells as there are columns.",
            "A separator may stand in a text without quotation marks: quote it.",
        ),
        "cell": Help(
            "A cell holds what its column may not.",
            "What the message names for the column.",
            "The row is not taken in: mend the cell and hand the file in again. What is there already is not doubled.",
        ),
        "row": Help(
            "The cells of a row do not go together.",
            "A row that says one thing whole, as the message names it.",
            "The row is not taken in: mend it and hand the file in again.",
        ),
        "missing": Help(
            "A cell that is needed is empty.",
            "A value in every cell of a needed column.",
            "Fill it and hand the file in again.",
        ),
        "line": Help(
            "Lines of an invoice do not go together.",
            "Each line once, by its number, all with the invoice's own values.",
            "The invoice is not taken in: mend its rows.",
        ),
        "duplicate": Help(
            "Two rows say the same thing of the same object.",
            "Each once.",
            "The first one counts. Keep one, or mend the key of the other.",
        ),
        "contradiction": Help(
            "Rows of one object contradict each other.",
            "One value for the whole object.",
            "Nothing of it is taken in: keep the right value in all its rows.",
        ),
        "ambiguous": Help(
            "Two objects would be known by the same name.",
            "A name that belongs to one object.",
            "Both are taken in; what names only this becomes a case. Rename one if you can.",
        ),
        "amount": Help(
            "Amounts of a row do not come to one another.",
            "Price times quantity, and lines plus tax, equal to the amounts that are told.",
            "Look which of them is right; the message says which one is taken.",
        ),
        "doubt": Help(
            "Something is unlikely, and may still be right.",
            "What the message compares it with.",
            "Look at it. If it is right, there is nothing to do.",
        ),
        "two-conventions": Help(
            "Numbers or days are written in two ways within one file.",
            "One decimal mark, and one order of day and month.",
            "Say which one holds when you hand it in, or write all in one way.",
        ),
        "more": Help(
            "There are more findings than are listed.",
            "A file with few or none.",
            "Mend the first ones and read it again; they mostly have one cause.",
        ),
    },
)
