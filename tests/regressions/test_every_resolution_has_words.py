"""The console did not open the case of an unanswered credit: what a person may decide about it had no words."""

from __future__ import annotations

import pytest

from trueup.console.case_words import effect_of, label_of
from trueup.domain.cases import Resolution


@pytest.mark.parametrize("resolution", Resolution)
def test_every_resolution_has_words(resolution: Resolution) -> None:
    """Its button says something, and a sentence what it does."""
    assert label_of(resolution) and effect_of(resolution).endswith(".")
