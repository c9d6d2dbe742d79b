"""Anomalies that are planted on purpose: what each payment is made to have wrong with it, and where it may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from trueup.simulation.remittances.records import ADVICE, EXPORT, X12, Market

HIDDEN, UNTIED, VOIDED, FAILED, VOIDED_LATER = "hidden-items", "untied", "voided", "failed", "voided-later"
TWO_SOURCES, SOURCES_DIFFER, RETOLD = "two-sources", "sources-differ", "retold"
AMBIGUOUS, SUM, UNKNOWN_INVOICE = "ambiguous", "invoice-sum", "unknown-invoice"
DEBIT_BALANCE, RESPELLED, PADDED, SLIPPED = "debit-balance", "respelled", "padded", "slipped"
HIGH_CHARGEBACK, LATE_DISCOUNT, HIGH_CO_OP = "overcharge-chargeback", "overcharge-discount", "overcharge-co-op"
BANK_MISSING, BANK_OTHER, BANK_UNANNOUNCED = "bank-missing", "bank-other-amount", "bank-unannounced"
UNPAID = (VOIDED, FAILED, VOIDED_LATER)
"""Payments that come to nothing: their invoices are paid again later."""
OF_THE_PORTAL = (HIDDEN, RETOLD, PADDED, *UNPAID)
"""What only the portal's export tells so."""
ALL = (
    TWO_SOURCES, HIDDEN, UNTIED, AMBIGUOUS, SUM, VOIDED_LATER, RETOLD, UNKNOWN_INVOICE, HIGH_CHARGEBACK, SOURCES_DIFFER,
    VOIDED, DEBIT_BALANCE, LATE_DISCOUNT, RESPELLED, PADDED, SLIPPED, FAILED, BANK_MISSING, BANK_OTHER, BANK_UNANNOUNCED,
)  # fmt: skip
"""What is planted in payments, in the order of the first round."""
_EVERY = 3
_ADVISED = ("US", "DE", "UK")
"""Markets that also send advices: they keep no tax and exchange nothing, so an advice can say everything."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a payment is about to be made in."""

    market: Market
    twins: bool
    last_period: bool


@dataclass(slots=True)
class Planting:
    """The anomalies still to be planted: each once, then in new orders for ever; every third payment takes the next that fits."""

    chance: Random
    _waiting: deque[str] = field(default_factory=lambda: deque(ALL))
    _payments: int = 0

    def next(self, scene: Scene) -> str:
        """What is wrong with the next payment, "" for nothing."""
        self._payments += 1
        if self._payments % _EVERY:
            return ""
        if len(self._waiting) < len(ALL) // 2:
            self._waiting.extend(self.chance.sample(ALL, len(ALL)))
        for place, planted in enumerate(self._waiting):
            if _FITS.get(planted, _anywhere)(scene):
                del self._waiting[place]
                return planted
        return ""


def sources_of(chance: Random, market: Market, planted: str) -> tuple[str, ...]:
    """Who tells of a payment."""
    if planted in (TWO_SOURCES, SOURCES_DIFFER):
        return (EXPORT, X12 if market.name == "US" and chance.random() < 0.6 else ADVICE)
    if planted in OF_THE_PORTAL or market.name not in _ADVISED:
        return (EXPORT,)
    drawn = chance.randrange(100)
    if market.name == "US" and drawn < 18:
        return (X12,)
    return (ADVICE,) if 18 <= drawn < 26 else (EXPORT,)


def _anywhere(_scene: Scene) -> bool:
    return True


def _told_again(scene: Scene) -> bool:
    return not scene.last_period


def _advised(scene: Scene) -> bool:
    return scene.market.name in _ADVISED


_FITS: dict[str, Callable[[Scene], bool]] = {
    TWO_SOURCES: _advised,
    SOURCES_DIFFER: _advised,
    VOIDED_LATER: _told_again,
    RETOLD: _told_again,
    AMBIGUOUS: lambda scene: scene.twins,
    LATE_DISCOUNT: lambda scene: scene.market.quick_pay > 0,
}
