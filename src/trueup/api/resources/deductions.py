"""Deductions: every claim of which something is open, also those that nobody can dispute."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Day, Name, Page, Paging, Price, Shape
from trueup.storage.views.deductions import DeductionFilter, page_deductions

_HELD = {"amount": "90.00", "currency": "USD"}


class Deduction(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 3,
                "partner": "amazon-us",
                "claim": "shortage/INV1",
                "type": "shortage",
                "invoice": "INV-1",
                "since": "2026-10-15",
                "taken": _HELD,
                "given": {"amount": "0.00", "currency": "USD"},
                "lost": {"amount": "0.00", "currency": "USD"},
                "held": _HELD,
            }
        ]
    },
):
    """A claim of which something is open, whether it can be disputed or not."""

    id: int
    partner: str
    claim: str
    type: str
    """The type of deduction that it is."""
    invoice: str | None
    since: Day
    taken: Price
    given: Price
    """What was given back."""
    lost: Price
    """What was given up."""
    held: Price
    """Taken, less given back and given up."""


class DeductionQuery(Paging):
    """Which deductions."""

    partner: Name = ""
    """Of this partner."""
    currency: str = Field("", max_length=3)
    """In this currency."""
    type: Name = ""
    """Of this type of deduction."""


def list_deductions(call: Calling, asked: Annotated[DeductionQuery, Query()]) -> Page[Deduction]:
    """List every claim of which something is open, by partner, the oldest first. They come to what Today shows as deducted."""
    wanted = DeductionFilter(asked.partner, asked.currency.upper(), asked.type)
    with call.look() as connection:
        paged = page_deductions(connection, wanted, asked.at, asked.limit)
        return call.page(Deduction, paged.rows, paged.after)


RESOURCE = Resource("deductions", "Deductions", (Operation("/deductions", list_deductions),))
