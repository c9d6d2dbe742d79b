"""Shapes that every resource shares: amounts, instants, hashes, pages; and what a body that comes in may hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from trueup.base.errors import Invalid
from trueup.base.money import Money, UnitPrice

T = TypeVar("T")
LARGEST_ID = 2**63 - 1


class Shape(BaseModel):
    """What is told. What a view knows beyond its fields stays here."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Told(BaseModel):
    """What a caller tells. A field that is not expected is refused: it would be taken for one that was obeyed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, told: Any, about: ValidationInfo) -> Any:
        """Refuses true for 1 and false for 0, which Python takes for the same."""
        wanted = cls.model_fields[about.field_name or ""].annotation
        if isinstance(told, bool) and wanted in (int, int | None):
            raise ValueError(f"expected a whole number, found {str(told).lower()}")
        return told


class Amount(Shape, json_schema_extra={"examples": [{"amount": "812.40", "currency": "EUR"}]}):
    """Money, exact: a decimal text and its currency. Never a number of JSON, which readers take for a float."""

    amount: str = Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["812.40"])
    currency: str = Field(pattern="^[A-Z]{3}$", examples=["EUR"])

    def money(self) -> Money:
        """As an amount of the domain. Raises Invalid for more digits than the currency has."""
        return Money.of(self.amount, self.currency)


def _iso(kind: type[date], told: Any) -> Any:
    """Raises ValueError for what is no text of that kind."""
    if isinstance(told, kind):
        return told
    return kind.fromisoformat(told if isinstance(told, str) else "")


def amount_of(told: Any) -> Any:
    """An amount as the views tell it ("812.40 EUR") as its two parts."""
    if isinstance(told, Money | UnitPrice):
        told = str(told)
    if not isinstance(told, str):
        return told
    amount, _, currency = told.rpartition(" ")
    return {"amount": amount, "currency": currency}


class DocumentName(Shape):
    """A document by its hash and the name it came under."""

    digest: str = Field(pattern="^[0-9a-f]{64}$", examples=["0f" * 32])
    name: str


Price = Annotated[Amount, BeforeValidator(amount_of)]
"""An amount that is told as text within Trueup."""
Blank = Annotated[str | None, BeforeValidator(lambda told: told or None)]
"""Text that is null where there is none."""
Instant = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T09:00:00Z"]})
]
"""RFC 3339, in UTC."""
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-23"]})]
AskedDay = Annotated[date, BeforeValidator(lambda told: _iso(date, told))]
"""A day that a caller tells, as ISO 8601 alone: a number is none."""
AskedInstant = Annotated[datetime, BeforeValidator(lambda told: _iso(datetime, told))]
Hash = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$", "examples": ["0f" * 32]})]
"""SHA-256 of a document's bytes: `/api/v1/documents/{document}` has them."""
Text = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=4000)]
"""Text that a database can hold."""
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]
"""Text of one line, with something in it."""
DryRun = Annotated[bool, Query(description="Do everything, tell what came of it, and keep nothing.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A name of your own for this act, such as a UUID. The same request under the same key is done once, and told "
        "in the same words for seven days; another one under it is refused.",
    ),
]
Number = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Its number.")]
Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
"""What something is called, in a filter; "" asks nothing."""


class Paging(Told):
    """Where a list goes on, and how much of it is told."""

    at: str = Field("", max_length=1000)
    """Where to go on: part of what `next` said. Opaque."""
    limit: int = Field(50, ge=1, le=200)
    """At most so many."""


def id_at(at: str) -> int | None:
    """The number after which a page begins; None for the first page. Raises Invalid."""
    if not at:
        return None
    if not (at.isascii() and at.isdecimal()) or int(at) > LARGEST_ID:
        raise Invalid("`at` names a place in another list; leave it away to begin at the first page.")
    return int(at)


class Page(Shape, Generic[T]):
    """Some of many, in their order. Paging goes by key: what is added meanwhile is neither skipped nor told twice."""

    items: list[T]
    next: str | None = Field(examples=["/api/v1/cases?view=open&at=W2ZhbHNlLCA4NF0"])
    """The address of those after these; null at the end."""


class Listed(Shape, Generic[T]):
    """All of few."""

    items: list[T]
