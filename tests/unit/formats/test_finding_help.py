"""Every code that a format gives a finding is described: what it means, what is expected, what to do, and whose rule it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import trueup.formats
from trueup.formats.bank.bank_csv import FORMAT as BANK_CSV
from trueup.formats.finding_help import allowed_in, help_of, table_of
from trueup.formats.invoices_csv import FORMAT as INVOICES
from trueup.formats.item_master import FORMAT as ITEMS
from trueup.formats.recognise import known_formats
from trueup.formats.x12.codes import CODES

_HERE = Path(trueup.formats.__file__).parent
_SAY = {
    "Finding",
    "Note",
    "find",
    "Misread",
    "Unfit",
    "unfit",
    "warn",
    "warning",
    "error",
    "_Unread",
    "_warn",
    "_refuse",
}
"""By what a format says that something is to be found; the first text that it is given is the code."""
_SAY |= {"_error", "add"}
_OF_PLACES = (
    ("x12/", ("x12-850",)),
    ("amazon_vendor/_elements", ("amazon-vendor-orders", "amazon-finance-remittances", "amazon-report-sales")),
    ("amazon_vendor/", ("amazon-vendor-orders",)),
    ("remittance/_finance_json", ("amazon-finance-remittances",)),
    ("remittance/finance_", ("amazon-finance-remittances",)),
    ("remittance/advice", ("amazon-advice",)),
    ("remittance/_advice", ("amazon-advice",)),
    ("remittance/", ("amazon-portal-export",)),
    ("vendor_reports/", ("amazon-report-sales",)),
    ("bank/_drafts", ("camt053", "mt940", "bai2", "bank-csv")),
    ("bank/camt053", ("camt053",)),
    ("bank/mt940", ("mt940",)),
    ("bank/bai2", ("bai2",)),
    ("bank/bank_csv", ("bank-csv",)),
    ("tabular", ("item-master", "bank-csv")),
    ("regional", ("item-master", "bank-csv")),
    ("", ("item-master",)),
)
"""Whose codes stand in which files."""


def _codes(path: Path) -> Iterator[tuple[str, int]]:
    """Each code that a file of a format says, and in which line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _SAY or (name == "add" and "findings" not in ast.unparse(node.func)):
            continue
        for code in _texts(node.args[:2])[:1]:
            yield code, node.lineno


def _texts(arguments: list[ast.expr]) -> list[str]:
    """The first of them that is a text; of a choice between two, both."""
    for each in arguments:
        found = (each.body, each.orelse) if isinstance(each, ast.IfExp) else (each,)
        told = [part.value for part in found if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if told:
            return told
    return []


_FILES = sorted(str(path.relative_to(_HERE)) for path in _HERE.rglob("*.py") if list(_codes(path)))


def test_the_codes_of_files_are_found() -> None:
    """So that a way of saying one that is new to this test cannot pass by it unseen."""
    assert len(_FILES) > 20 and sum(len(list(_codes(_HERE / name))) for name in _FILES) > 120


@pytest.mark.parametrize("name", _FILES)
def test_no_code_goes_without_help(name: str) -> None:
    """In whichever file of a format it is given."""
    formats = next(formats for begins, formats in _OF_PLACES if name.startswith(begins))
    missing = [(code, line, of) for code, line in _codes(_HERE / name) for of in formats if help_of(of, code) is None]
    assert not missing, f"{name}: no help for {missing}; add it in trueup/formats/finding_help"


def test_no_code_of_x12_goes_without_help() -> None:
    """Of each fault that a functional acknowledgement can name."""
    assert not [code for _, code in CODES.values() if help_of("x12-997", code) is None]


def test_help_is_whole() -> None:
    """Of each format, each part of each is a sentence, or names a source."""
    for known in known_formats():
        for code, told in table_of(known.name).items():
            assert all((told.means, told.expected, told.do, told.source)), f"{known.name} {code}"
            assert told.means.endswith(".") and told.do.endswith("."), f"{known.name} {code}"


@pytest.mark.parametrize(
    ("format_name", "columns"),
    [
        (
            ITEMS.name,
            ("sku", "title", "case_size", "gtin", "declared_source", "obsolete", "vendor_code", "asin", "cost"),
        ),
        (
            INVOICES.name,
            ("number", "partner", "payee", "issued", "due", "currency", "total", "tax", "line", "quantity"),
        ),
        (BANK_CSV.name, ("booked_on", "value_on", "amount", "debit", "credit", "direction", "currency", "account")),
        (
            "amazon-finance-remittances",
            ("remittanceStatus", "paymentMethod", "currencyAmount", "relatedIdentifierName"),
        ),
        ("amazon-finance-invoices", ("invoiceStatus", "lineItemType", "varianceType", "breakdownType", "currencyCode")),
        (
            "amazon-report-sales",
            ("reportPeriod", "sellingProgram", "shippedUnits", "customerReturns", "amount", "asin"),
        ),
        ("amazon-report-forecast", ("p70ForecastUnits", "forecastGenerationDate", "startDate")),
        ("camt053", ("CdtDbtInd", "Amt", "Ccy", "IBAN", "Sts", "EndToEndId", "Cd")),
        ("amazon-vendor-orders", ("purchaseOrderState", "shipWindow", "unitOfMeasure", "amount", "currencyCode")),
    ],
)
def test_what_a_field_may_hold_is_said(format_name: str, columns: tuple[str, ...]) -> None:
    """Of each column that a table has, whichever way its heading is written; nothing is said of a name that is not known."""
    assert all(allowed_in(format_name, each) for each in columns)
    assert allowed_in(format_name, columns[0].upper().replace("_", " ")) == allowed_in(format_name, columns[0])
    assert allowed_in(format_name, "colour of the box") == ""
