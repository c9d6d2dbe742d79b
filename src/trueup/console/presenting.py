"""How values are shown to a person: money, quantities, days and times, in the locale and the time zone they read in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError, dates, negotiate_locale, numbers
from markupsafe import Markup, escape

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
LOCALES = ("en_GB", "en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "sv_SE", "pl_PL", "en_CA", "en_AU", "ja_JP")
"""How numbers and days can be written; the words of the console are English."""
FIGURES = {"comma-point": "en_US", "point-comma": "de_DE", "space-comma": "fr_FR"}
"""How figures can be written whatever else is chosen, by the marks of groups and of decimals: locales that write them so."""
_SOON = timedelta(hours=4)
_NOW = timedelta(seconds=10)
_MOMENT = re.compile(
    r"(?<![\w/.-])\d{4}-\d\d-\d\d(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?(?![\w/-])(?!\.\w)"
)
_AMOUNT = re.compile(r"(?<![\w.,/-])(-?\d+(?:\.\d+)?) ([A-Z]{3})(?![\w-])")
_AMOUNTS = re.compile(r"-?[\d,]+(?:\.\d+)? [A-Z]{3}(?: and -?[\d,]+(?:\.\d+)? [A-Z]{3}){2,}(?![\w-])")
"""Three sums of money or more, as a program joins them; a person reads a list."""
_HYPHEN_MINUS = re.compile(r"(?<![^\s(])-(?= ?\d)")
_GID = re.compile(r"gid://\w+/(\w+)/(\d+)")
_ONES = {"eaches": "each", "deliveries": "delivery"} | {
    f"{one}s": one for one in ("unit", "case", "pack", "line", "order", "item", "day", "hour", "minute", "document")
}
_ONE = re.compile(rf"(?<![\w.,:/#-])(?<![Ll]ine )1 ({'|'.join(_ONES)})\b")
"""A program counts "1 eaches" where a person reads "1 each"."""
_FIRST_WORD = re.compile(r"^[a-z]+(?=[\s,:;.'’]|$)")


@dataclass(frozen=True, slots=True)
class Presenting:
    """A person's way of reading: locale and time zone, and the time it is now. `figures` writes numbers and money."""

    locale: Locale
    zone: ZoneInfo
    now: datetime
    figures: Locale

    @property
    def day_ends(self) -> datetime:
        """The midnight at which this person's day ends."""
        return datetime.combine(self.now.astimezone(self.zone).date() + timedelta(days=1), time(), self.zone)

    def number(self, value: int | Decimal) -> str:
        """A number with its groups."""
        return _minus(numbers.format_decimal(value, locale=self.figures, decimal_quantization=False))

    def money(self, amount: Money | str | None, *, code: bool = True) -> Markup:
        """Money, from a value or from text such as "12.40 EUR"; an en dash when it is not known."""
        found = _money(amount)
        if found is None:
            return Markup('<span class="unknown" title="Not known">{}</span>').format(UNKNOWN)
        css = "money negative" if found.minor < 0 else "money"
        currency = Markup('\N{NO-BREAK SPACE}<span class="currency">{}</span>').format(found.currency) if code else ""
        return Markup('<span class="{}">{}{}</span>').format(css, self._grouped(found), currency)

    def minor(self, minor: int, currency: str) -> Markup:
        """Money that was kept as its minor units."""
        return self.money(Money(minor, currency))

    def quantity(self, count: int | None, unit: str = "") -> str:
        """A count with its unit."""
        if count is None:
            return UNKNOWN
        shown = self.number(count)
        return f"{shown}\N{NO-BREAK SPACE}{unit}" if unit else shown

    def day(self, value: date | datetime | str | None) -> str:
        """A day: 12 Nov 2026."""
        if value is None or value == "":
            return UNKNOWN
        if isinstance(value, str):
            value = read_instant(value) if "T" in value else date.fromisoformat(value)
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return str(dates.format_date(value, format="d MMM y", locale=self.locale))

    def clock(self, value: datetime | str) -> str:
        """A time of the day: 14:32."""
        moment = read_instant(value) if isinstance(value, str) else value
        return str(dates.format_time(moment, format="short", tzinfo=self.zone, locale=self.locale))

    def exact(self, value: datetime | str) -> str:
        """A moment with its seconds and its zone, for the one who asks."""
        moment = (read_instant(value) if isinstance(value, str) else value).astimezone(self.zone)
        return f"{self.day(moment)} {moment:%H:%M:%S} {moment.tzname()}"

    def when(self, value: datetime | str | None) -> Markup:
        """A moment: its time when it is of today, else with its day; the exact one on asking."""
        if not value:
            return Markup('<span class="unknown" title="Not known">{}</span>').format(UNKNOWN)
        moment = read_instant(value) if isinstance(value, str) else value
        today = self.now.astimezone(self.zone).date()
        local = moment.astimezone(self.zone)
        shown = self.clock(moment) if local.date() == today else f"{self.day(moment)}, {self.clock(moment)}"
        return self._time(moment, shown)

    def ago(self, value: datetime | str | None) -> Markup:
        """How long since a moment, or until it: "2 hours ago", "just now"; the exact one on asking."""
        if not value:
            return Markup('<span class="unknown">never</span>')
        moment = read_instant(value) if isinstance(value, str) else value
        since = self.now - moment
        words = dates.format_timedelta(-since, add_direction=True, locale="en")
        return self._time(moment, "just now" if abs(since) < _NOW else words)

    def left(self, value: datetime | str | None) -> Markup:
        """How long until a deadline, in the colour of its nearness and always in words."""
        if not value:
            return Markup('<span class="unknown" title="No deadline">{}</span>').format(UNKNOWN)
        return self._left(value, "")

    def due(self, value: datetime | str | None) -> Markup:
        """The same within a sentence: "due in 4 d", "2 d late"."""
        if not value:
            return Markup('<span class="quiet">no deadline</span>')
        return self._left(value, "due in ")

    def ordered(self, value: datetime | str | None) -> Markup:
        """When something was ordered. An 850 names the day alone, which is kept as its midnight: of that only the day is shown, and
        in no zone, where it might be another day."""
        moment = read_instant(value) if isinstance(value, str) else value
        if moment is None or moment.astimezone(UTC).time() != time():
            return self.when(moment)
        return Markup('<time datetime="{0}" title="The order names the day alone">{1}</time>').format(
            moment.astimezone(UTC).date(), self.day(moment.astimezone(UTC).date())
        )

    def _left(self, value: datetime | str, before: str) -> Markup:
        moment = read_instant(value) if isinstance(value, str) else value
        left = moment - self.now
        words = f"{_span(abs(left))} late" if left < timedelta(0) else f"{before}{_span(left)}"
        state = "bad" if left < timedelta(0) else "warn" if left < _SOON else "plain"
        return Markup('<span class="deadline deadline-{}">{}</span>').format(state, self._time(moment, words))

    def month(self, value: str | date) -> str:
        """A month: November 2026, from "2026-11" or any of its days."""
        day = value if isinstance(value, date) else date.fromisoformat(f"{value}-01")
        return str(dates.format_date(day, format="LLLL y", locale="en"))

    def prose(self, text: str, *, begins: bool = True) -> str:
        """A sentence that the program keeps, as this person reads it: its days, its moments and its amounts in their way, one of a
        thing as one, a minus that is one, ids of a shop without their address, and a capital where it `begins`. What is drawn
        already stays as it is."""
        if isinstance(text, Markup):
            return text
        text = _AMOUNTS.sub(lambda found: found[0].replace(" and ", ", ", found[0].count(" and ") - 1), text)
        for pattern, shown in ((_MOMENT, self._moment), (_AMOUNT, self._amount), (_GID, _thing)):
            text = pattern.sub(shown, text)
        text = _ONE.sub(lambda found: f"1 {_ONES[found[1]]}", _HYPHEN_MINUS.sub(MINUS, text))
        return _FIRST_WORD.sub(lambda found: found[0].capitalize(), text) if begins else text

    def _moment(self, found: re.Match[str]) -> str:
        try:
            return f"{self.day(found[0])}, {self.clock(found[0])}" if found[1] else self.day(found[0])
        except ValueError:  # 2026-13-45 is a number of somebody's
            return found[0]

    def _amount(self, found: re.Match[str]) -> str:
        try:
            amount = Money.of(found[1], found[2])
        except Invalid:  # a price with more digits than can be paid
            return found[0]
        if amount.currency not in self.locale.currencies:
            return found[0]
        return f"{self._grouped(amount)}\N{NO-BREAK SPACE}{amount.currency}"

    def _grouped(self, amount: Money) -> str:
        pattern = "#,##0" + ("." + "0" * digits if (digits := -amount.amount.as_tuple().exponent) else "")  # type: ignore[operator]
        return _minus(numbers.format_decimal(amount.amount, format=pattern, locale=self.figures))

    def span(self, length: timedelta) -> str:
        """A length of time: 15 min, 3 h."""
        return f"{int(length.total_seconds())} s" if length < timedelta(minutes=1) else _span(length)

    def _time(self, moment: datetime, shown: str) -> Markup:
        stamp = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, self.exact(moment), escape(shown))


def present_in(locale: str, accepted: str, zone: str, now: datetime, figures: str = "") -> Presenting:
    """For the locale that a person chose, or the first that their browser accepts; the zone likewise, UTC when unknown.

    `figures` is one of FIGURES; "" writes numbers as the locale does.
    """
    wanted = [locale] if locale else [part.split(";")[0].strip() for part in accepted.split(",") if part.strip()]
    found = negotiate_locale([each.replace("-", "_") for each in wanted], LOCALES) or LOCALES[0]
    return Presenting(_locale(found), _zone(zone), now, _locale(FIGURES.get(figures, found)))


def zones() -> list[str]:
    """The time zones a person can choose."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(LOCALES[0])


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def _money(amount: Money | str | None) -> Money | None:
    if isinstance(amount, str):
        value, _, currency = amount.partition(" ")
        return Money.of(value, currency) if currency else None
    return amount


def _thing(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2]}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def _span(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if hours < 4 and minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days < 3 and hours else f"{days} d"
