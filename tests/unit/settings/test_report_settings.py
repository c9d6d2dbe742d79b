"""Settings of Amazon's reports: what they become, and what is said of those that cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.settings.test_settings import ENVIRON, _shown_tables, complaint, filled, nothing_sealed
from trueup.settings import Settings, load_settings
from trueup.settings.reports import ReportSettings


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def load_text(text: str, environ: dict[str, str] | None = None) -> Settings:
        path = tmp_path / "trueup.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, {**ENVIRON, **(environ or {})}, nothing_sealed)

    return load_text


_REPORTS = """
[[partners.reports]]
marketplace = "US"
kinds = ["sales", "real-time-inventory"]
view = "manufacturing"
late_days = 7
known_after_hours = 30.5
shop = "main-shop"
"""


def test_reports_arrive_in_the_words_of_the_domain(load: Callable[..., Settings]) -> None:
    """Every key in its place; what the template shows as left out is what holds then."""
    text = filled().replace("# A Shopify shop:", _REPORTS + "\n# A Shopify shop:")
    terms = load(text).accounts[0].reports[0].terms("amazon-us")
    assert (terms.partner, terms.marketplace, terms.shop) == ("amazon-us", "US", "main-shop")
    assert [kind.value for kind in terms.kinds] == ["sales", "real-time-inventory"]
    assert (terms.view.value, terms.late_days, terms.known_after) == ("manufacturing", 7, timedelta(hours=30.5))
    shown = dict(re.findall(r"(?m)^#([a-z_]+) = (.+)$", _shown_tables()["reports"]))
    left_out = ReportSettings(marketplace="US")
    for name in ("view", "program", "known_after_hours", "late_days", "back_fill_days", "tolerance_units"):
        assert shown[name].strip('"') == str(getattr(left_out, name)), name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('"main-shop"\n', '"elsewhere"\n'), "reports: shop"),
        (("late_days = 7", "late_days = 16"), "from 1 to 15"),
        (('"sales", ', '"weather", '), "kinds"),
        (("late_days = 7", 'late_days = 7\n[[partners.reports]]\nmarketplace = "US"\n'), "marketplaces of"),
    ],
)
def test_reports_that_cannot_be_are_told(load: Callable[..., Settings], change: tuple[str, str], says: str) -> None:
    """A shop there is not, more days than Amazon gives, a report there is not, a store twice."""
    text = filled().replace("# A Shopify shop:", _REPORTS.replace(*change) + "\n# A Shopify shop:")
    assert says in complaint(load, text)
