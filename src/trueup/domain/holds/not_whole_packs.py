"""Held: eaches that are not a whole number of packs, where the agreement sells by the pack."""

from __future__ import annotations

from trueup.domain.cases import Resolution
from trueup.domain.hold import Held, Hold, LineFacts


def _look(facts: LineFacts) -> Held | None:
    if facts.units is None or not facts.agreement.sells_by_pack:
        return None
    size = facts.units.product.case_size
    if not size or facts.units.eaches % size == 0:
        return None
    return Held(f"a whole multiple of {size} eaches", f"{facts.units.eaches} eaches")


HOLD = Hold(
    "not-whole-packs",
    "Not whole packs",
    60,
    (Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER, Resolution.REJECT, Resolution.RETRY),
    _look,
)
