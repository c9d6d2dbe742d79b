"""A channel that sends goods off by itself, others that do so too, and orders told late: it never holds more than had reached us.

The channel takes its own parcels off its number; we write to it what went another way, compared with what we believe it holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from trueup.domain.publishing import CountWrite, Course, ShownStock, Standing, WantedStock, decide, find_drift

SKU, PLACE = "LAMP-1", "main"


class Publishing(RuleBasedStateMachine):
    """The shelf as it is, the channel's number, and what we know of both."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 2, 9, tzinfo=UTC)
        self.shelf = self.shown = self.counted = 0
        self.counted_at = self.now
        self.own: list[tuple[datetime, int]] = []
        self.others: list[int] = []
        self.told_own = self.told_others = 0
        self.standing = Standing()
        self.sent: CountWrite | None = None

    @initialize(eaches=st.integers(0, 40))
    def open_shop(self, eaches: int) -> None:
        """Goods lie there, and the channel shows some number."""
        self.shelf, self.shown = eaches, 7
        self.count()

    def tick(self) -> None:
        self.now += timedelta(minutes=1)

    @rule()
    def count(self) -> None:
        """The warehouse counts, and we know it at once; what left before is not in it."""
        self.tick()
        self.counted, self.counted_at = self.shelf, self.now
        self.own, self.others, self.told_own, self.told_others = [], [], 0, 0

    @rule(eaches=st.integers(1, 5))
    def send_off(self, eaches: int) -> None:
        """A parcel of the channel's own leaves; nobody has told us."""
        self.tick()
        eaches = min(eaches, self.shelf, self.shown)
        if eaches:
            self.shelf, self.shown = self.shelf - eaches, self.shown - eaches
            self.own.append((self.now, eaches))

    @rule(eaches=st.integers(1, 5))
    def go_elsewhere(self, eaches: int) -> None:
        """A parcel of another channel leaves."""
        self.tick()
        eaches = min(eaches, self.shelf)
        if eaches:
            self.shelf -= eaches
            self.others.append(eaches)

    @rule()
    def tell_own(self) -> None:
        """The channel's orders reach us."""
        self.told_own = len(self.own)

    @rule()
    def tell_others(self) -> None:
        """The others' orders reach us."""
        self.told_others = len(self.others)

    @rule()
    def read(self) -> None:
        """We look at the channel."""
        self.standing = _with(self.standing, believed=self.shown)

    @property
    def gone(self) -> int:
        """What left since the count that the channel did not take off itself, as far as we were told."""
        based = self.standing.based_at if self.standing.counted_at == self.counted_at else None
        before = sum(eaches for at, eaches in self.own[: self.told_own] if based is None or at <= based)
        return min(self.counted, before + sum(self.others[: self.told_others]))

    @rule()
    def write(self) -> None:
        """What is due is sent; the channel takes it only if it holds what we believe."""
        wanted = WantedStock(self.counted, self.counted_at, 0, "", self.gone)
        due = decide(SKU, "item", PLACE, wanted, self.standing)
        if due.must_read:
            self.read()
        elif due.count is not None and due.count.expected != self.shown:
            self.standing = _with(self.standing, believed=None)
        elif due.count is not None:
            assert due.recounted or due.count.eaches < self.shown, "only a new count raises a number"
            self.shown = due.count.eaches
            based = self.now if due.recounted else self.standing.based_at
            self.standing = Standing(
                self.shown, self.counted - self.gone, self.counted_at, gone=self.gone, based_at=based
            )
            self.tick()

    @invariant()
    def no_more_than_reached_us(self) -> None:
        """Beyond what lies there the channel holds at most what nobody told us of."""
        if self.standing.counted_at == self.counted_at and self.standing.based_at is not None:
            untold = sum(self.others[self.told_others :])
            untold += sum(eaches for at, eaches in self.own[self.told_own :] if at <= self.standing.based_at)
            pending = max(0, self.gone - self.standing.gone)
            assert self.shown <= self.shelf + untold + pending, (self.shown, self.shelf, untold, pending)

    @rule()
    def settle(self) -> None:
        """All is told and written: the channel shows what lies there, and nothing of it is a drift."""
        self.tell_own()
        self.tell_others()
        for _ in range(4):
            self.write()
        assert self.shown == self.shelf, (self.shown, self.shelf)
        based = self.standing.based_at
        assert based is not None
        sent = -sum(eaches for at, eaches in self.own if at > based)
        for change in (0, 1, -1):
            shown = ShownStock(SKU, "item", PLACE, 0, 0, self.shown + change, 0, True, self.now)
            drift = find_drift(SKU, PLACE, self.standing, shown, Course(sent))
            assert (drift is not None) == bool(change), "a hand is found, up and down, and a parcel is none"


def _with(standing: Standing, *, believed: int | None) -> Standing:
    return Standing(believed, standing.published, standing.counted_at, gone=standing.gone, based_at=standing.based_at)


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
