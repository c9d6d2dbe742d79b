"""Lies and accidents on demand: what can go wrong between a shop and whoever trusts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trueup.simulators import faults
from trueup.simulators.faults import Faults

__all__ = ["KINDS", "Fault", "Faults"]

KINDS = frozenset(
    {
        "server_error",
        "applied_but_timed_out",
        "slow",
        "malformed_json",
        "throttled",
        "too_many_requests",
        "token_refused",
        "search_lag",
        "wrong_location",
        "claim_race",
        "claim_lost",
        "edited_by_hand",
        "concurrent_request",
        "previous_attempt_failed",
        "bulk_failed",
        "webhook_duplicate",
        "webhook_reorder",
        "webhook_lost",
    }
)


@dataclass(slots=True)
class Fault(faults.Fault):
    """One thing to go wrong in the shop: `operation` is a root field such as orderCreate, or a webhook topic."""

    KINDS: ClassVar[frozenset[str]] = KINDS
