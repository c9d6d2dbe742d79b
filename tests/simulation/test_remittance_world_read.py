"""Trueup's own readers before the files of a simulated history: each recognised, every cent of every line as in the world."""

from __future__ import annotations

import pytest

from trueup.domain.remittances import PaymentState, Remittance, RemittanceLine
from trueup.formats.document import Severity
from trueup.formats.recognise import known_formats, recognise
from trueup.simulation.remittances.history import write_history
from trueup.simulation.remittances.records import Line, Payment
from trueup.simulation.remittances.world import History

SEED = 3
_STATES = {"paid": PaymentState.PAID, "voided": PaymentState.VOIDED, "failed": PaymentState.FAILED}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Remittance]]:
    """Every remittance of a month's files, with the folder it came from. No file has an error."""
    path = tmp_path_factory.mktemp("history")
    write_history(path, SEED)
    found: list[tuple[str, Remittance]] = []
    for name in ("exports", "820", "advice"):
        for file in sorted((path / name).iterdir()):
            content = file.read_bytes()
            reading = recognise(content, known_formats()).read(content)
            errors = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
            assert not errors, f"{file.name}: {errors[0]}"
            found += [(name, value) for value in reading.values]
    return found


@pytest.fixture(scope="module")
def payments() -> dict[str, Payment]:
    """The payments of the same world by their numbers."""
    return {payment.number: payment for period in History(SEED).periods() for payment in period.payments}


def as_told(line: Line) -> tuple[str, int, int, int]:
    """What every source says of a line."""
    return line.reference, line.paid, line.discount, line.withheld


def as_read(line: RemittanceLine) -> tuple[str, int, int, int]:
    """The same, as it was read."""
    return line.reference, line.paid, line.discount, line.withheld


def test_every_payment_is_read_as_it_is(read: list[tuple[str, Remittance]], payments: dict[str, Payment]) -> None:
    """Amounts, currencies, days, states and lines; only what was misstated on purpose differs, by that much."""
    for folder, remittance in read:
        payment = payments[remittance.payment]
        header = (remittance.paid_on, remittance.amount.minor, remittance.amount.currency, remittance.expected.minor)
        assert header == (payment.paid_on, payment.amount, payment.market.pays_in, payment.invoiced)
        assert remittance.state in {_STATES[payment.state], _STATES.get(payment.retold)}
        misstated = payment.misstated if folder != "exports" else 0
        if misstated:
            assert sum(line.paid for line in remittance.lines) == sum(line.paid for line in payment.shown) + misstated
        else:
            assert sorted(map(as_read, remittance.lines)) == sorted(map(as_told, payment.shown))


def test_every_payment_is_read_at_least_once(read: list[tuple[str, Remittance]], payments: dict[str, Payment]) -> None:
    """As often as it was told: once a source, and again where an export repeats it."""
    assert {remittance.payment for _, remittance in read} == payments.keys()
    for payment in payments.values():
        told = [folder for folder, remittance in read if remittance.payment == payment.number]
        assert len(told) >= len(payment.sources) + bool(payment.retold)


def test_ties_break_by_what_was_planted(read: list[tuple[str, Remittance]], payments: dict[str, Payment]) -> None:
    """A payment ties but for its hidden items, a header that was falsified and a line that was misstated."""
    for folder, remittance in read:
        payment = payments[remittance.payment]
        hidden = sum(line.paid for line in payment.lines if line.hidden)
        misstated = payment.misstated if folder != "exports" else 0
        assert remittance.tie.minor == hidden + payment.untied - misstated
        assert remittance.hides_items == payment.hides
