"""A partner's guide as data: which qualifiers and codes it uses for what. Sets read and write by it; it holds no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trueup.base.quantity import Unit
from trueup.domain.acknowledgements import Answer, Reason
from trueup.domain.orders import OrderType
from trueup.formats.edi.faults import Fault


@dataclass(frozen=True, slots=True)
class Guide:
    """What one partner means by X12's codes. Element numbers of the standard's dictionary are given in brackets.

    `currency` is used when neither document nor caller names one; `asin_qualifiers` [235] may carry an ASIN, which its
    shape then confirms; `windows` [374] say of each date which window it bounds and on which side.
    """

    name: str
    title: str
    currency: str
    units: Mapping[str, Unit]
    order_types: Mapping[str, OrderType]
    windows: Mapping[str, tuple[str, str]]
    answers: Mapping[Answer, str]
    reasons: Mapping[Reason, str]
    asin_qualifiers: frozenset[str]
    vendor_code_reference: str
    deal_reference: str
    acknowledgement_type: str
    ship_date_qualifier: str
    backorder_codes: Mapping[str, bool]
    currencies: Mapping[str, str] = field(default_factory=dict)
    tolerated: frozenset[Fault] = frozenset()

    def unit_code(self, unit: Unit) -> str:
        """The code for a unit: the first the guide lists for it."""
        return next(code for code, named in self.units.items() if named is unit)
