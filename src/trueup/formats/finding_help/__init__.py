"""Help for findings: of every code that a format gives, what it means, what is expected, what to do, and whose rule it is."""

from __future__ import annotations

from trueup.formats.finding_help.amazon_vendor import AMAZON_FINANCE, AMAZON_VENDOR, VENDOR_REPORTS
from trueup.formats.finding_help.bank import BAI2, BANK_CSV, CAMT, MT940
from trueup.formats.finding_help.fields import allowed_in
from trueup.formats.finding_help.help import Help, Table
from trueup.formats.finding_help.remittance import ADVICE, PORTAL
from trueup.formats.finding_help.tables import TABLES
from trueup.formats.finding_help.x12 import X12
from trueup.formats.finding_help.x12_syntax import SYNTAX

_OF_FORMATS: tuple[tuple[str, Table], ...] = (
    ("x12-", {**SYNTAX, **X12}),
    ("amazon-vendor-", AMAZON_VENDOR),
    ("amazon-finance-", AMAZON_FINANCE),
    ("amazon-report-", VENDOR_REPORTS),
    ("amazon-advice", ADVICE),
    ("amazon-portal-", PORTAL),
    ("amazon-payables", PORTAL),
    ("camt053", CAMT),
    ("mt940", MT940),
    ("bai2", BAI2),
    ("bank-csv", BANK_CSV),
)


def help_of(format_name: str, code: str) -> Help | None:
    """Help for a code of a format, which is called as its reading says; None for a code that nobody described."""
    return table_of(format_name).get(code)


def table_of(format_name: str) -> Table:
    """Every code of a format with its help; a format of no family of its own is a table that people hand in."""
    return next((table for begins, table in _OF_FORMATS if format_name.startswith(begins)), TABLES)


__all__ = ["Help", "allowed_in", "help_of", "table_of"]
