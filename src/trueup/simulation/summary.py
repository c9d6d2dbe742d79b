"""What happened in a simulated world, counted from what each side says."""

from __future__ import annotations

from typing import Any


def summarise(evidence: dict[str, Any]) -> dict[str, Any]:
    """Placeholder."""
    return {}
