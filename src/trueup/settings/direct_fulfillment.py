"""Warehouses of Amazon's direct fulfillment programme as trueup.toml says them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from trueup.base.errors import TrueupError
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.domain.direct_fulfillment import DirectFulfillment
from trueup.settings.fences import RiskPercent
from trueup.settings.values import Hours, Label, NotNegative, Percent, PlainText, Positive, Table, key, told

Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,20}$")]


class DirectFulfillmentSettings(Table):
    """One warehouse from which Amazon's customers are sent goods; keys of `domain.direct_fulfillment.DirectFulfillment`."""

    vendor_code: Code = key('the vendor code of the programme, such as "ABCDE"')
    warehouse: Code = key('Amazon\'s code of our warehouse, such as "WH1"')
    ship_from: PlainText = key("the ship_from of one of [[partners.agreements]]")
    buffer_eaches: NotNegative = key("a whole number, zero or more", 0)
    buffer_percent: Percent = key("a percentage from 0 to 100", Decimal(0))
    buffer_risk_percent: RiskPercent | None = key("a percentage above 0, 50 at most", None)
    every_minutes: Positive = key("a whole number of minutes above zero", 5)
    whole_every_hours: Hours = key("a number of hours above zero", Decimal(24))
    owner: Label = key("a role or the name of one of [[people]]", Role.OPERATIONS.value)

    @model_validator(mode="after")
    def _holds(self) -> DirectFulfillmentSettings:
        try:
            self.terms("")
        except TrueupError as error:
            raise told(str(error).partition(": ")[2]) from error
        return self

    def terms(self, partner: str) -> DirectFulfillment:
        """The same in the domain's words."""
        return DirectFulfillment(
            partner=partner,
            vendor_code=self.vendor_code,
            warehouse=self.warehouse,
            ship_from=self.ship_from,
            buffer=BufferRule.of(self.buffer_eaches, self.buffer_percent, self.buffer_risk_percent),
            every=timedelta(minutes=self.every_minutes),
            whole_every=timedelta(seconds=int(self.whole_every_hours * 3600)),
            owner=self.owner,
        )
