"""What a caller tells who decides a change that waits for a second person: why, and what it was shown."""

from __future__ import annotations

from pydantic import Field

from trueup.api.shapes import Line, Text, Told
from trueup.domain.agreement_changes import LONGEST_REASON

LOOK = f"{'0' * 32}.{'0' * 32}"
"""A look, for examples."""


class ApprovingChange(Told, json_schema_extra={"examples": [{"reason": "as in the contract", "look": LOOK}]}):
    """Why it is approved, and what was looked at."""

    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)
    look: Line
    """`look` of the proposal as it was shown, or of its trial, which then counts too; refused where anything of that is another."""


class WithdrawingChange(Told, json_schema_extra={"examples": [{"reason": "not agreed yet", "look": LOOK}]}):
    """Why it is taken back or declined, and what was looked at."""

    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)
    look: Line | None = None
    """`look` of the proposal as it was seen; one that was edited since is refused. Null: as it is now."""


class HowFarBack(Told):
    """On how many past months it is tried."""

    months: int = Field(3, ge=1, le=12)
    """1, 3, 6 or 12."""
