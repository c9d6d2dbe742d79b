"""A simulated season on the platform: nothing oversold by us, sales near the best, every drift found, none invented.

A longer one: TRUEUP_SEASONS=1,2,3,4 TRUEUP_SEASON_DAYS=28 .venv/bin/python -m pytest -n0 tests/simulation/test_season.py
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.season_on_trueup import play_season
from trueup.simulation.auditor import audit_season
from trueup.simulation.season.plan import make_season
from trueup.storage.database import Database

SEEDS = [int(seed) for seed in os.environ.get("TRUEUP_SEASONS", "1,2").split(",")]
DAYS = int(os.environ.get("TRUEUP_SEASON_DAYS", "1"))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_season_keeps_its_promises(database: Database, seed: int) -> None:
    """Six products: shoppers, wholesale, goods that come and go; files, webhooks and workers that do as they like; hands that raise
    numbers, and hands that lower them."""
    evidence, platform = play_season(database, make_season(seed, DAYS))
    for statement in audit_season(evidence):
        assert statement.holds, (statement.name, statement.numbers, statement.violations)
    assert platform.crashes, "a worker died on the way"
