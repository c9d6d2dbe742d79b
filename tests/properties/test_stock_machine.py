"""A shop, a warehouse and purchase orders in any order of events: never more is promised than what had reached us allows.

The machine is a world that knows the truth, and our side, which knows only what it observed. Purchase orders take what they
are promised; the shop sells, is observed late or not at all, is told of reservations, restocks and ships.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from trueup.domain.buffers import BufferRule
from trueup.domain.channels import Channel
from trueup.domain.inventory import Availability, Claimant, Level, Reservation, TermKind, weigh
from trueup.domain.ring_fences import Fence, Share
from trueup.domain.stock_ledger import Movement, MovementKind, Observation, Place, balances, history

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
SKU, PLACE = "LAMP-1", "main"


@dataclass
class Truth:
    """What the shop really has."""

    available: int = 0
    committed: int = 0
    sold_since_seen: int = 0
    claims: dict[int, int] = field(default_factory=dict)
    """Of our orders, what the shop has committed for them and not shipped."""


class Stock(RuleBasedStateMachine):
    """Promises at any point of any course of events."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.truth = Truth()
        self.level: Level | None = None
        self.held: dict[int, Reservation] = {}
        self.told: list[Movement] = []
        self.seen: list[Observation] = []
        self.numbers = iter(range(1, 1_000_000))
        self.oversold = 0

    @initialize(on_hand=st.integers(0, 60), buffer=st.integers(0, 4), keeps=st.integers(0, 20), most=st.integers(0, 60))
    def open_shop(self, on_hand: int, buffer: int, keeps: int, most: int) -> None:
        """The shop has so many; the agreement keeps some and lets wholesale hold so many."""
        self.truth.available = on_hand
        fence = Fence(circular_keeps=Share(units=keeps), wholesale_most=Share(units=most))
        self.wholesale = Channel("wholesale", Claimant.WHOLESALE, PLACE, BufferRule(buffer), (fence,))
        self.shop = Channel("shop", Claimant.SHOP, PLACE, BufferRule(buffer), (fence,))

    def tick(self) -> None:
        self.now += timedelta(seconds=1)

    def promise(self, channel: Channel) -> Availability | None:
        """What our side would promise now."""
        if self.level is None:
            return None
        known = weigh(self.level, self.held.values(), for_order=0)
        return channel.available(known, self.now.date())

    @rule()
    def observe(self) -> None:
        """Our side looks at the shop."""
        self.tick()
        truth = self.truth
        on_hand = truth.available + truth.committed
        self.level = Level(SKU, PLACE, truth.available, truth.committed, on_hand, True, self.now)
        self.seen.append(Observation("shop", on_hand, self.now))
        truth.sold_since_seen = 0
        self.tick()

    @rule(eaches=st.integers(1, 12))
    def sell(self, eaches: int) -> None:
        """A customer of the shop buys; the shop refuses what it has not."""
        sold = min(eaches, max(0, self.truth.available))
        self.truth.available -= sold
        self.truth.committed += sold
        self.truth.sold_since_seen += sold

    @rule(eaches=st.integers(1, 30))
    def restock(self, eaches: int) -> None:
        """Goods come in."""
        self.truth.available += eaches

    @rule(eaches=st.integers(1, 30))
    def order(self, eaches: int) -> None:
        """A purchase order takes what it is promised."""
        promise = self.promise(self.wholesale)
        taken = min(eaches, promise.eaches) if promise else 0
        if taken:
            self.tick()
            number = next(self.numbers)
            self.held[number] = Reservation(number, 1, SKU, PLACE, taken)
            self.told.append(
                Movement(SKU, PLACE, MovementKind.RESERVED, taken, self.now, "reservations", f"{number}/1/1")
            )

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """The shop commits the goods of an order for us. What it does not have is an oversell: by us, or by its own sale."""
        waiting = [number for number, held in self.held.items() if held.claimed_at is None]
        if not waiting:
            return
        number = data.draw(st.sampled_from(waiting))
        held = self.held[number]
        self.tick()
        short = held.eaches - max(0, self.truth.available)
        if short > 0:
            self.oversold += 1
            assert self.truth.sold_since_seen > 0, "nobody else took them: we promised what was not there"
            self.release(number)
            return
        self.truth.available -= held.eaches
        self.truth.committed += held.eaches
        self.truth.claims[number] = held.eaches
        self.held[number] = Reservation(number, 1, SKU, PLACE, held.eaches, self.now)
        self.tick()

    def release(self, number: int) -> None:
        """An order gives up what it holds."""
        held = self.held.pop(number)
        self.told.append(
            Movement(SKU, PLACE, MovementKind.RELEASED, held.eaches, self.now, "reservations", f"{number}/1/1/released")
        )

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """An order is cancelled; what the shop had committed for it is free there again, and known to be only when seen."""
        if self.held:
            self.tick()
            number = data.draw(st.sampled_from(sorted(self.held)))
            self.release(number)
            back = self.truth.claims.pop(number, 0)
            self.truth.available += back
            self.truth.committed -= back

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        """What we promise now is there, unless the shop sold it after we looked; and the ledger holds what orders hold."""
        for channel in (self.wholesale, self.shop) if self.level else ():
            promise = self.promise(channel)
            assert promise is not None
            waiting = sum(held.eaches for held in self.held.values() if held.claimed_at is None)
            assert promise.eaches <= max(0, self.truth.available + self.truth.sold_since_seen - waiting)
            assert promise.eaches == max(0, sum(term.eaches for term in promise.terms))
            assert not promise.eaches or -promise.of(TermKind.BUFFER) == channel.buffer.eaches
        held = sum(each.eaches for each in self.held.values())
        places = balances(self.told)
        assert places[Place.WHOLESALE] == held and sum(places.values()) == 0

    def teardown(self) -> None:
        """The same course, told backwards and twice, is the same history."""
        assert history(self.seen[::-1] * 2, self.told[::-1] * 2) == history(self.seen, self.told)


Stock.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStock = Stock.TestCase
