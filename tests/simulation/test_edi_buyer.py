"""The EDI trading partner: leaves orders and broken files, and judges what comes back by its own means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trueup.base.clock import ManualClock
from trueup.formats.x12.acknowledgement import read_functional_acknowledgements
from trueup.formats.x12.sets.order_850 import read_orders
from trueup.simulators.edi_buyer import EdiBuyer, Habits, envelope_problems, split_segments

ORDER: dict[str, Any] = {
    "number": "4TJ8X1QA",
    "vendor_code": "RIVED",
    "placed_at": "2026-11-02T08:00:00Z",
    "window": ["2026-11-03T00:00:00Z", "2026-11-10T00:00:00Z"],
    "lines": [
        {"sequence": 1, "asin": "B0TRUEUP01", "amount": 24, "unit": "Eaches", "unit_size": 1, "net_cost": "4.20"},
        {"sequence": 2, "asin": "B0TRUEUP02", "amount": 2, "unit": "Cases", "unit_size": 12, "net_cost": "3.00"},
    ],
}
ECHO = (
    "PO1*1*24*EA*4.20*NE*BP*B0TRUEUP01",
    "ACK*IA*24*EA",
    "PO1*2*2*CA*3.00*NE*BP*B0TRUEUP02",
    "ACK*IB*2*CA*068*20261120",
)


class Trade:
    """A buyer on two folders, and what the vendor leaves for it."""

    def __init__(self, folder: Path, habits: Habits | None = None) -> None:
        self.inbox, self.outbox = folder / "in", folder / "out"
        self.inbox.mkdir()
        self.outbox.mkdir()
        self.clock = ManualClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
        self.buyer = EdiBuyer(self.inbox, self.outbox, self.clock.now, habits)

    def answer(self, *segments: str, number: str = "4TJ8X1QA", control: int = 7, count: int = 0) -> None:
        """Leave an 855."""
        body = ["ST*855*0001", f"BAK*00*AC*{number}*20261102", *segments]
        body.append(f"SE*{count or len(body) + 1}*0001")
        head = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'RIVERSIDE':<15}*ZZ*{'AMAZONEDI':<15}*261102*0900*U*00401*{control:09d}*0*P*>"
        rows = [head, f"GS*PR*RIVERSIDE*AMAZONEDI*20261102*0900*{control}*X*004010", *body]
        rows += [f"GE*1*{control}", f"IEA*1*{control:09d}"]
        (self.outbox / f"a{control}.edi").write_text("".join(row + "~" for row in rows))
        self.buyer.look()

    def files(self) -> list[bytes]:
        """What waits in the vendor's inbox."""
        return [path.read_bytes() for path in sorted(self.inbox.iterdir())]


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A partner of usual habits."""
    return Trade(tmp_path)


def test_an_order_it_leaves_reads_as_it_was_meant(trade: Trade) -> None:
    """Numbers, units, pack sizes and costs of its 850 survive the way through our reader."""
    trade.buyer.send_order(ORDER)
    reading = read_orders(trade.files()[0], partner="amazon-edi", currency="USD")
    assert not reading.errors
    (order,) = reading.values
    assert (order.number, order.vendor_code) == ("4TJ8X1QA", "RIVED")
    assert [(line.ordered.amount, line.ordered.unit_size, str(line.net_cost)) for line in order.lines] == [
        (24, 1, "4.20 USD"),
        (2, 12, "3.00 USD"),
    ]


@pytest.mark.parametrize("kind", ["truncated", "wrong-count", "wrong-control"])
def test_a_file_in_trouble_is_refused_by_a_reader(trade: Trade, kind: str) -> None:
    """Each kind of broken file is broken: our reader takes no order from it and says why."""
    trade.buyer.send_order(ORDER)
    trade.buyer.send_trouble(kind, ORDER)
    reading = read_orders(trade.files()[1], partner="amazon-edi", currency="USD")
    assert reading.values == ()
    assert reading.errors


def test_a_duplicate_is_the_same_bytes_under_another_name(trade: Trade) -> None:
    """The second file differs in name alone, even when it comes later."""
    trade.buyer.send_order(ORDER)
    trade.clock.advance(timedelta(hours=5))
    trade.buyer.send_trouble("duplicate", ORDER)
    one, other = trade.files()
    assert one == other


def test_a_good_answer_gets_a_997_that_accepts_it(trade: Trade) -> None:
    """The 855 is read without problems and the 997 names its group."""
    trade.buyer.send_order(ORDER)
    trade.answer(*ECHO)
    (answer,) = trade.buyer.state()["answers"]
    assert answer["problems"] == []
    assert answer["lines"][1] == {"sequence": 2, "accepted": 0, "backordered": 2, "rejected": 0}
    (said,) = read_functional_acknowledgements(trade.files()[1]).values
    assert (said.group_control_number, said.accepted) == (7, True)


@pytest.mark.parametrize(
    ("segments", "problem"),
    [
        (ECHO[:2], "line 2 is not answered"),
        ((*ECHO[:3], "ACK*IB*1*CA*068*20261120"), "line 2 is answered for another quantity"),
        (("PO1*1*24*EA*4.21*NE*BP*B0TRUEUP01", *ECHO[1:]), "line 1 is not echoed"),
    ],
)
def test_what_is_wrong_with_an_answer_is_found(trade: Trade, segments: tuple[str, ...], problem: str) -> None:
    """A line left out, a quantity that is not the order's, a cost that is not the order's."""
    trade.buyer.send_order(ORDER)
    trade.answer(*segments)
    assert any(problem in words for words in trade.buyer.state()["answers"][0]["problems"])


def test_an_answer_with_a_wrong_count_is_rejected_by_its_997(trade: Trade) -> None:
    """Envelopes that do not agree are told so."""
    trade.buyer.send_order(ORDER)
    trade.answer(*ECHO, count=99)
    (said,) = read_functional_acknowledgements(trade.files()[1]).values
    assert not said.accepted


def test_its_habits_make_a_997_late(tmp_path: Path) -> None:
    """The first 997 comes thirty hours after the 855, by the look after that."""
    trade = Trade(tmp_path, Habits(late=frozenset({1})))
    trade.buyer.send_order(ORDER)
    trade.answer(*ECHO)
    assert len(trade.files()) == 1
    assert trade.buyer.next_event() == trade.clock.now() + timedelta(hours=30)
    trade.clock.advance(timedelta(hours=30))
    trade.buyer.look()
    assert len(trade.files()) == 2


def test_envelopes_of_what_it_sends_agree(trade: Trade) -> None:
    """Its own checks find nothing in its own order but that it is for the vendor."""
    trade.buyer.send_order(ORDER)
    assert envelope_problems(split_segments(trade.files()[0]), "RIVERSIDE") == []
