"""Lies and accidents on demand: what can go wrong between Supercycle and whoever trusts it."""

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
        "too_many_requests",
        "token_refused",
        "stale_page",
        "empty_page",
        "order_missed",
        "metafield_lost",
        "flow_lost",
        "flow_delayed",
        "flow_duplicate",
    }
)


@dataclass(slots=True)
class Fault(faults.Fault):
    """One thing to go wrong: `operation` is a route such as "GET /items", a Flow trigger, a metafield's owner."""

    KINDS: ClassVar[frozenset[str]] = KINDS
