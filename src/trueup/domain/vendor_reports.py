"""Amazon's reports on a vendor's products: what can be asked for, and what a report says. Amazon's numbers, never ours.

Days only are asked for, not weeks or months: days add up, and a restated day is then one day. A day is Amazon's own, in the zone of
its store, and stands here as that date at midnight UTC; an hour is an instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid

DAY = timedelta(days=1)
MOST_DAYS = 15
"""How many days one report may span (Amazon's answer to vendors on the DAY period)."""
MOST_HOURS = timedelta(hours=24)
HOURS_BACK = timedelta(hours=168)
"""How long a real-time report may be, and how far it may reach back (schema of the real-time inventory report)."""
FARTHEST_BACK = timedelta(days=1460)


class ReportKind(StrEnum):
    """Which of Amazon's vendor reports."""

    SALES = "sales"
    INVENTORY = "inventory"
    FORECAST = "forecast"
    HOUR_SALES = "real-time-sales"
    HOUR_INVENTORY = "real-time-inventory"

    @property
    def by_hour(self) -> bool:
        """Whether it goes by hours."""
        return self in (ReportKind.HOUR_SALES, ReportKind.HOUR_INVENTORY)

    @property
    def dated(self) -> bool:
        """Whether it is asked for a window; a forecast is always the newest."""
        return self is not ReportKind.FORECAST


class View(StrEnum):
    """Whose goods are counted: all of the brand's whoever delivered them, or those that this vendor group delivered."""

    MANUFACTURING = "manufacturing"
    SOURCING = "sourcing"


class Program(StrEnum):
    """In which of Amazon's programmes they are sold."""

    RETAIL = "retail"
    BUSINESS = "business"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a series of figures is of: a kind of report, in a view and programme ("" where the report knows none)."""

    kind: ReportKind
    view: str = ""
    program: str = ""

    @classmethod
    def of(cls, kind: ReportKind, view: View, program: Program) -> Scope:
        """The scope of a kind: hourly reports know neither view nor programme, a forecast no view."""
        if kind.by_hour:
            return cls(kind)
        return cls(kind, "" if kind is ReportKind.FORECAST else view.value, program.value)

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind.value, self.view, self.program) if word)


@dataclass(frozen=True, slots=True)
class Question:
    """A report as it is asked for: of a scope, from `start` to before `end`; None for a forecast.

    Raises Invalid for a window that Amazon does not take.
    """

    scope: Scope
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        kind = self.scope.kind
        if not kind.dated:
            if self.start is not None or self.end is not None:
                raise Invalid(f"{self.scope}: it has no window; leave the days out.")
            return
        if self.start is None or self.end is None or self.end <= self.start:
            raise Invalid(f"{self.scope}: expected a window with an end after its start.")
        if kind.by_hour and self.end - self.start > MOST_HOURS:
            raise Invalid(f"{self.scope}: {self.end - self.start} long; Amazon allows 24 hours, ask for several.")
        if not kind.by_hour and self.end - self.start > MOST_DAYS * DAY:
            days = (self.end - self.start).days
            raise Invalid(f"{self.scope}: {days} days; Amazon allows {MOST_DAYS} days a report, ask for several.")

    @property
    def words(self) -> str:
        """What is asked for, in words; the same for the same question."""
        if self.start is None or self.end is None:
            return f"{self.scope}"
        if self.scope.kind.by_hour:
            return f"{self.scope} from {write_instant(self.start)} to {write_instant(self.end)}"
        return f"{self.scope} from {self.start:%Y-%m-%d} to {self.end - DAY:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a report says of one product from `begins` to before `ends`, under Amazon's own names of its figures.

    Amounts are of `currency`; `others` is what is no number, as JSON text.
    """

    asin: str
    begins: datetime
    ends: datetime
    numbers: Mapping[str, Decimal]
    currency: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VendorReport:
    """A report as it was read. `start` and `end` are the window it says it is of (None: a forecast), `end` excluded."""

    scope: Scope
    marketplace: str
    start: datetime | None
    end: datetime | None
    rows: tuple[Figures, ...]

    def answers(self, question: Question, marketplace: str) -> bool:
        """Whether it is what was asked for. A list of reports does not repeat their options: only the document tells."""
        mine = (self.scope, self.marketplace, self.start, self.end)
        return mine == (question.scope, marketplace, question.start, question.end)
