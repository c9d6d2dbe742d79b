"""Entries of credits and deposits: on the first open day from today, under their own key."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.domain.credit_posting import KIND
from trueup.domain.posting import Heading, post_placements
from trueup.domain.settlement import Placement
from trueup.storage import journal
from trueup.workflows.world import Tx


def post(tx: Tx, key: str, narration: str, placed: Sequence[Placement], evidence: str, actor: str) -> None:
    """One entry. `key` is its natural key; the same twice is a defect."""
    day = journal.first_open_day(tx.connection, tx.now.date())
    entry = post_placements(Heading(key, day, narration, evidence), placed)
    journal.append_entries(tx.connection, [journal.Posted(entry, placed, KIND, actor)], tx.now)
