"""Order status and transaction replies: what they prove, and that what they do not say proves nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from trueup.base.errors import Unreadable
from trueup.base.quantity import Unit
from trueup.domain.landing import LineStatus
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.formats.amazon_vendor.transactions import TransactionState, TransactionStatus, read_transaction


def eaches(amount: int) -> dict[str, Any]:
    """An ItemQuantity."""
    return {"amount": amount, "unitOfMeasure": "Eaches", "unitSize": 1}


def line(**changes: Any) -> dict[str, Any]:
    """A line of 20 of which 15 are accepted."""
    return {
        "itemSequenceNumber": "00002",
        "buyerProductIdentifier": "B07DFYF5AB",
        "orderedQuantity": {"orderedQuantity": eaches(20)},
        "acknowledgementStatus": {
            "confirmationStatus": "PARTIALLY_ACCEPTED",
            "acceptedQuantity": eaches(15),
            "rejectedQuantity": eaches(5),
            "acknowledgementStatusDetails": [
                {"acknowledgementDate": "2020-08-17T21:05:58.193Z"},
                {"acknowledgementDate": "2020-08-18T21:05:58Z"},
                {"acknowledgementDate": "2020-08-16T21:05:58Z"},
            ],
        },
        **changes,
    }


def page(*lines: dict[str, Any], **changes: Any) -> bytes:
    """A reply with one order."""
    order = {"purchaseOrderNumber": "2JK3S9VB", "purchaseOrderStatus": "OPEN", "itemStatus": list(lines), **changes}
    return json.dumps({"payload": {"ordersStatus": [order]}}).encode()


def test_a_status_is_read_whole() -> None:
    """Quantities, confirmation and the newest answer, whatever the order of the history."""
    reading = read_order_statuses(page(line(), lastUpdatedDate="2020-08-17T21:05:58.193Z"))
    assert reading.findings == ()
    (status,) = reading.values
    assert (status.number, status.open) == ("2JK3S9VB", True)
    assert status.updated_at == datetime(2020, 8, 17, 21, 5, 58, 193000, tzinfo=UTC)
    answered_at = datetime(2020, 8, 18, 21, 5, 58, tzinfo=UTC)
    assert status.lines == (LineStatus(2, 20, 15, 5, "PARTIALLY_ACCEPTED", answered_at),)


@pytest.mark.parametrize("word", ["NOT_RECEIVED", "PARTIALLY_RECEIVED", "PARTIALLY_RECEIVE", "RECEIVED"])
def test_both_spellings_of_partly_received_are_known(word: str) -> None:
    """Amazon's list and Amazon's page differ."""
    assert read_order_statuses(page(line(receivingStatus={"receiveStatus": word}))).findings == ()


def test_what_was_counted_in_is_read_in_the_unit_that_is_told_and_never_costs_the_answer() -> None:
    """How much and when last; what is amiss with it is a warning, and the line's confirmation is read all the same."""
    told = {
        "receiveStatus": "PARTIALLY_RECEIVED",
        "receivedQuantity": eaches(12),
        "lastReceiveDate": "2020-09-01T10:00:00Z",
    }
    [found] = read_order_statuses(page(line(receivingStatus=told))).values[0].lines
    assert (found.received, found.received_at) == (12, datetime(2020, 9, 1, 10, tzinfo=UTC))
    cases = {"orderedQuantity": {"amount": 10, "unitOfMeasure": "Cases", "unitSize": 12}}
    [found] = read_order_statuses(page(line(orderedQuantity=cases, receivingStatus=told))).values[0].lines
    assert (found.received, found.unit, found.unit_size) == (12, Unit.EACH, 1)
    told_in_cases = {**told, "receivedQuantity": {"amount": 2, "unitOfMeasure": "Cases", "unitSize": 4}}
    [found] = read_order_statuses(page(line(orderedQuantity=cases, receivingStatus=told_in_cases))).values[0].lines
    assert (found.received, found.unit, found.unit_size) == (2, Unit.CASE, 4)
    for odd in (
        {**told, "receivedQuantity": eaches(-1)},
        {**told, "lastReceiveDate": "soon"},
        {"receivedQuantity": {"amount": 3}},
    ):
        reading = read_order_statuses(page(line(receivingStatus=odd)))
        [found] = reading.values[0].lines
        assert (found.received, found.confirmation, found.accepted) == (None, "PARTIALLY_ACCEPTED", 15)
        assert [finding.severity.value for finding in reading.findings] == ["warning"]


def test_not_received_without_a_number_is_none_and_no_word_at_all_is_unknown() -> None:
    """A correction down to nothing may come without a number; a line of whose receipts nothing is said is not received as zero."""

    def received(**changes: Any) -> int | None:
        return read_order_statuses(page(line(**changes))).values[0].lines[0].received

    assert received(receivingStatus={"receiveStatus": "NOT_RECEIVED"}) == 0
    assert received(receivingStatus={"receiveStatus": "NOT_RECEIVED", "receivedQuantity": None}) == 0
    assert received(receivingStatus={"receiveStatus": "NOT_RECEIVED", "receivedQuantity": eaches(5)}) == 5
    assert received(receivingStatus={"receiveStatus": "RECEIVED"}) is None
    assert received() is None and received(receivingStatus=None) is None and received(receivingStatus={}) is None


def test_what_amazon_does_not_say_confirms_nothing() -> None:
    """No status, or one of an unknown name, is UNCONFIRMED."""
    (bare,) = read_order_statuses(page({"itemSequenceNumber": "1"})).values
    assert bare.lines == (LineStatus(1, None, None, None, "UNCONFIRMED", None),)
    odd = read_order_statuses(page(line(acknowledgementStatus={"confirmationStatus": "MAYBE"})))
    assert odd.values[0].lines[0].confirmation == "UNCONFIRMED"
    assert [finding.code for finding in odd.findings] == ["unknown-value"]


def test_amounts_are_in_the_unit_of_the_order() -> None:
    """Sixty eaches of an order in cases of twelve are five cases; what is no whole number of cases is not guessed."""
    ordered = {"orderedQuantity": {"amount": 10, "unitOfMeasure": "Cases", "unitSize": 12}}
    answer = {"confirmationStatus": "ACCEPTED", "acceptedQuantity": eaches(60), "rejectedQuantity": eaches(7)}
    reading = read_order_statuses(page(line(orderedQuantity=ordered, acknowledgementStatus=answer)))
    (found,) = reading.values[0].lines
    assert (found.ordered, found.accepted, found.rejected) == (10, 5, None)
    assert [finding.code for finding in reading.findings] == ["other-unit"]


@pytest.mark.parametrize(
    "content",
    [
        page(line(itemSequenceNumber="x")),
        page(line(), line()),
        page(line(), purchaseOrderNumber=""),
        page(line(acknowledgementStatus={"acceptedQuantity": {"amount": 1, "unitOfMeasure": "Crates"}})),
    ],
)
def test_a_status_without_a_meaning_is_left_out(content: bytes) -> None:
    """An error, and no value that could prove a landing."""
    reading = read_order_statuses(content)
    assert (reading.values, len(reading.errors)) == ((), 1)


@pytest.mark.parametrize("content", [b"", b'{"payload": {"orders": []}}', b'{"errors": []}', page(line())[:-3]])
def test_what_is_no_status_reply_is_unreadable(content: bytes) -> None:
    """Another reply, or half of one."""
    with pytest.raises(Unreadable):
        read_order_statuses(content)


def transaction(**fields: Any) -> bytes:
    """A getTransaction reply."""
    return json.dumps({"payload": {"transactionStatus": {"transactionId": "t-1", **fields}}}).encode()


def test_a_transaction_is_read_with_amazons_reasons() -> None:
    """State and errors, code, words and details."""
    errors = [
        {"code": "InvalidInput", "message": "netCost is missing.", "details": "item 1"},
        {"code": "X", "message": ""},
    ]
    reading = read_transaction(transaction(status="Failure", errors=errors))
    assert reading.values == (
        TransactionStatus("t-1", TransactionState.FAILURE, ("InvalidInput: netCost is missing. (item 1)", "X")),
    )
    assert read_transaction(transaction(status="Processing")).values[0].state is TransactionState.PROCESSING
    assert read_transaction(transaction(status="Success")).values[0].state is TransactionState.SUCCESS


def test_an_unknown_transaction_state_is_still_processing() -> None:
    """It proves nothing, and is said."""
    reading = read_transaction(transaction(status="Done"))
    assert reading.values[0].state is TransactionState.PROCESSING
    assert [finding.code for finding in reading.findings] == ["unknown-value"]


def test_a_transaction_without_its_id_is_no_value() -> None:
    """An error at its place; another reply is unreadable."""
    content = b'{"payload": {"transactionStatus": {"status": "Failure"}}}'
    reading = read_transaction(content)
    assert (reading.values, reading.errors[0].location.path) == ((), "$.payload.transactionStatus.transactionId")
    with pytest.raises(Unreadable):
        read_transaction(b'{"payload": {}}')
