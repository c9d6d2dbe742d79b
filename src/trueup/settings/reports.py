"""Amazon's reports as trueup.toml asks for them, of one vendor group on one of Amazon's stores."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueup.domain.report_plans import ReportTerms
from trueup.domain.vendor_reports import MOST_DAYS, Program, ReportKind, View
from trueup.settings.values import Hours, Marketplace, Name, NotNegative, Percent, Positive, Table, key

_DAILY = (ReportKind.SALES, ReportKind.INVENTORY, ReportKind.FORECAST)


class ReportSettings(Table):
    """Which reports are asked for, how far back, where merchants see them, and what may differ from our orders."""

    marketplace: Marketplace = key('a country such as "US", or Amazon\'s id of its store')
    kinds: Annotated[tuple[ReportKind, ...], Field(min_length=1)] = key(
        f"a list of {', '.join(kind.value for kind in ReportKind)}", _DAILY
    )
    view: View = key('"sourcing" or "manufacturing"', View.SOURCING)
    program: Program = key('"retail", "business" or "fresh"', Program.RETAIL)
    known_after_hours: Hours = key("a number of hours above zero", Decimal(48))
    late_days: Annotated[Positive, Field(le=MOST_DAYS)] = key(f"a whole number of days from 1 to {MOST_DAYS}", 14)
    back_fill_days: Annotated[NotNegative, Field(le=1400)] = key("a whole number of days, 1400 at most", 90)
    shop: Name | None = key("the name of one of [[shops]]", None)
    tolerance_units: NotNegative = key("a whole number, zero or more", 12)
    tolerance_percent: Percent = key("a percentage from 0 to 100", Decimal(5))

    def terms(self, partner: str) -> ReportTerms:
        """The same in the domain's words."""
        return ReportTerms(
            partner=partner,
            marketplace=self.marketplace,
            kinds=tuple(dict.fromkeys(self.kinds)),
            view=self.view,
            program=self.program,
            known_after=timedelta(seconds=int(self.known_after_hours * 3600)),
            late_days=self.late_days,
            back_fill_days=self.back_fill_days,
            shop=self.shop,
            tolerance_units=self.tolerance_units,
            tolerance_percent=self.tolerance_percent,
        )
