"""What is asked of a search: words, and filters among them such as `type:invoice party:amazon-us amount>1000 before:2026-11-01`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, TrueupError
from trueup.base.money import Money, exact_decimal
from trueup.console.page import Hit
from trueup.storage.views.ranges import Ranges

FILTERS = ("type", "status", "party", "amount", "before", "after")
_FILTER = re.compile(r'(?<!\S)(type|status|party|amount|before|after)\s?(:|>=|<=|>|<|=)\s?("[^"]*"|\S+)', re.IGNORECASE)
_AMOUNT = re.compile(r"[-\N{MINUS SIGN}]?(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,4})?|\d{1,15}\.\d{1,4})")
_MANY, _FEW = 20, 6


@dataclass(frozen=True, slots=True)
class Sought:
    """One search. `words` are what is left of it without its filters; `partner` is the only one that `party` can mean, "" if there
    are several; `problems` are filters that could not be read, in words."""

    words: str = ""
    type: str = ""
    status: str = ""
    party: str = ""
    partner: str = ""
    ranges: Ranges = field(default_factory=Ranges)
    problems: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """Whether a filter says what is sought, so that words are not needed."""
        return bool(self.type or self.status or self.party or self.ranges)

    @property
    def most(self) -> int:
        """How many of one kind are wanted: a filter asks for a list, words for a thing."""
        return _MANY if self.narrowed else _FEW

    @property
    def amount(self) -> Ranges:
        """The amount that the words are, as in `1,204.50`; no range where they are none."""
        text = self.words.replace("\N{MINUS SIGN}", "-")
        if not _AMOUNT.fullmatch(self.words):
            return Ranges()
        value = abs(exact_decimal(text.replace(",", "")))
        return replace(self.ranges, least=value, most=value)

    def wants(self, kind: str) -> bool:
        """Whether things of a kind can be among what is sought: a page whose things are not need not look."""
        return not self.type or kind.startswith(self.type) or self.type.rstrip("s") == kind

    def why(self, matched: str) -> str:
        """Why something was found: what of it the words are, or that the filters alone said so."""
        return matched if self.words else "fits the filters"

    def fits(self, hit: Hit) -> bool:
        """Whether a hit is as every filter says. What a hit does not say of itself, no filter finds."""
        money, at = _money(hit.money), _day(hit.at)
        return (
            self.wants(hit.kind)
            and self.status in hit.state.lower()
            and self.party in hit.party.lower()
            and self.ranges.has_amount(money)
            and self.ranges.has_day(at)
        )


def read_search(text: str, partners: Iterable[str] = ()) -> Sought:
    """The filters of a search and the words beside them; `partners` are those that there are."""
    found = Sought()
    for name, sign, value in _FILTER.findall(text):
        found = _narrowed(found, name.lower(), sign, value.strip('"'))
    meant = [name for name in partners if found.party and found.party in name.lower()]
    partner = found.party if found.party in meant else meant[0] if len(meant) == 1 else ""
    return replace(found, words=" ".join(_FILTER.sub(" ", text).split()), partner=partner)


def _narrowed(sought: Sought, name: str, sign: str, value: str) -> Sought:
    ranges = sought.ranges
    try:
        match name:
            case "before":
                return replace(sought, ranges=replace(ranges, before=date.fromisoformat(value)))
            case "after":
                return replace(sought, ranges=replace(ranges, after=date.fromisoformat(value)))
            case "amount":
                return replace(sought, ranges=_of_amount(ranges, sign, abs(exact_decimal(value.replace(",", "")))))
            case "type":
                return replace(sought, type=value.lower())
            case "status":
                return replace(sought, status=value.lower())
            case _:
                return replace(sought, party=value.lower())
    except (ValueError, Invalid):
        expected = "an amount such as 1,204.50" if name == "amount" else "a day such as 2026-11-01"
        return replace(sought, problems=(*sought.problems, f"{name}: expected {expected}, found “{value}”."))


def _of_amount(ranges: Ranges, sign: str, value: Decimal) -> Ranges:
    match sign:
        case ">" | ">=":
            return replace(ranges, least=value, above=sign == ">")
        case "<" | "<=":
            return replace(ranges, most=value, below=sign == "<")
        case _:
            return replace(ranges, least=value, most=value)


def _money(value: Money | str | None) -> Money | None:
    if isinstance(value, str):
        amount, _, currency = value.partition(" ")
        return Money.of(amount, currency) if currency else None
    return value


def _day(value: date | datetime | str | None) -> date | None:
    if isinstance(value, str) and value:
        try:
            return read_instant(value).date() if "T" in value else date.fromisoformat(value)
        except (ValueError, TrueupError):
            return None
    return value.date() if isinstance(value, datetime) else value or None
