"""A number that is longer than any of ours is refused in words, whoever says it and wherever: never an error of the program."""

from __future__ import annotations

import pytest

from tests.console.calling import calling, token
from tests.console.installed import Console
from trueup.base.errors import Invalid
from trueup.console.typed_numbers import given_number, whole_number

LONG, BEYOND = "9" * 5000, str(2**63)
ADDRESSES = (
    "/coding?at={}",
    "/exceptions?row={}",
    "/exceptions/{}",
    "/remittances/{}",
    "/invoices?age={}",
    "/match/{}",
    "/rules/new?case={}",
    "/rules/new?replaces=x&instead_of={}",
    "/stock/buffers?at={}",
    "/settings/terms/lines?proposal={}",
    "/search?q={}",
    "/trade-ins?at={}",
    "/jobs/{}",
    "/documents?at={}",
    "/circular?at=x/{}",
    "/close/2026-10/figures/journal?at={}",
)
FORMS = (
    ("Fina", "/coding/preview", {"row": "{}.1", "type": "co-op", "account": "", "note": ""}),
    ("Fina", "/coding/preview", {"row": "1.{}", "type": "co-op", "account": "", "note": ""}),
    ("Fina", "/coding/book", {"row": "{}.-{}", "type": "co-op", "account": "", "note": ""}),
    ("Ana Admin", "/stock-counts", {"sku": "A", "location": "main", "count": "{}", "reason": "x"}),
    ("Ana Admin", "/stock-counts", {"sku": "A", "location": "main", "count": "+{}", "reason": "x"}),
    ("Ana Admin", "/tour", {"to": "{}"}),
    ("Ana Admin", "/exceptions/bulk", {"case": "{}"}),
    ("Ana Admin", "/exceptions/1/merge", {"into": "{}"}),
    ("Ana Admin", "/account/tokens/end", {"token": "{}"}),
    ("Ana Admin", "/settings/escalation", {"seen": "{}", "reason": "x"}),
    ("Ana Admin", "/rules/x/approve", {"seen": "{}", "note": "x"}),
)


@pytest.mark.parametrize("number", [LONG, BEYOND])
def test_addresses_with_a_number_beyond_all_are_answered(console: Console, number: str) -> None:
    with console.visitor("Ana Admin") as ana:
        told = {address: ana.get(address.format(number)).status_code for address in ADDRESSES}
    assert {address: status for address, status in told.items() if status >= 500} == {}


@pytest.mark.parametrize("number", [LONG, BEYOND])
def test_forms_with_a_number_beyond_all_are_refused_in_words(console: Console, number: str) -> None:
    wrong = {}
    for who, address, fields in FORMS:
        with console.visitor(who) as visitor:
            filled = {name: value.replace("{}", number) for name, value in fields.items()}
            answer = visitor.post(address, **filled)
        if answer.status_code >= 500 or (address.startswith(("/coding", "/stock-counts")) and answer.status_code < 400):
            wrong[address, str(fields)] = answer.status_code
    assert wrong == {}


def test_programs_are_answered(console: Console) -> None:
    with calling(console, token(console, "Ana Admin")) as program:
        for address in ("/remittances/{}", "/cases?at={}", "/items?at=x/{}", "/jobs/{}"):
            for number in (LONG, BEYOND):
                assert program.http.get(f"/api/v1{address.format(number)}").status_code < 500


def test_a_number_is_whole_and_fits() -> None:
    assert [whole_number(text) for text in ("12", "", "-1", "1.5", "٣", "²", BEYOND)] == [12, *[None] * 6]
    assert given_number("", "Count") is None and given_number("7", "Count") == 7
    with pytest.raises(Invalid, match=r"Count '9{40}' and 4,960 characters more: expected a whole number"):
        given_number(LONG, "Count")
