"""Found by schemathesis: `"seen": false` was taken for the version 0, and `"choice": true` for the first explanation."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trueup.api.resources.matches import Choosing
from trueup.api.resources.stock_buffers import Changing


def test_a_truth_is_refused_where_a_number_is_expected() -> None:
    """JSON knows them apart; so do we, with a word for it."""
    change = {"channel": "shop shop", "location": "main", "rule": {"eaches": 2}, "reason": "sells fast"}
    assert Changing.model_validate({**change, "seen": 0}).seen == 0
    for shape, told in ((Changing, {**change, "seen": False}), (Choosing, {"choice": True})):
        with pytest.raises(ValidationError, match="expected a whole number, found"):
            shape.model_validate(told)
