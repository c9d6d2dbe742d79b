"""What is agreed with customers who trade items in, as trueup.toml says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import Grade, TradeInTerms
from trueup.settings.values import Exact, Name, Positive, Table, key


class GradeSettings(Table):
    """What one grade is worth, and the circular system's condition for it."""

    percent: Annotated[Exact, Field(le=100)] = key("a percentage of what was quoted, 0 to 100")
    condition: Positive | None = key("the number of the circular system's condition", None)


class TradeInSettings(Table):
    """What is agreed with customers who trade items in."""

    programme: Name = key("the name of one of [[circular]], where their items are")
    shop: Name = key("the name of one of [[shops]], which gives the credit")
    instrument: Instrument = key('"gift-card" or "store-credit"', Instrument.GIFT_CARD)
    expires_after_days: Positive | None = key("a whole number of days above zero", None)
    location: Annotated[str, Field(pattern=r"^gid://shopify/Location/\d+$")] | None = key(
        "the shop's id of the location where items arrive", None
    )
    grades: Annotated[dict[Name, GradeSettings], Field(min_length=1)] = key(
        "grades such as { good = { percent = 100 }, worn = { percent = 60 } }"
    )

    @property
    def terms(self) -> TradeInTerms:
        """The agreement in the domain's words."""
        grades = {name: Grade(each.percent, each.condition) for name, each in self.grades.items()}
        days = timedelta(days=self.expires_after_days) if self.expires_after_days is not None else None
        return TradeInTerms(self.programme, self.shop, self.instrument, grades, days, self.location)
