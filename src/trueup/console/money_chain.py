"""The chain from orders to cash: what stands at each stage, and how much of it is stuck in open cases, each a link to its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.base.money import Money
from trueup.console.visit import Visit
from trueup.domain.partners import CostBasis
from trueup.formats.tabular import write_sheet
from trueup.storage.views.money_stages import RECENT, Standing, load_standings, paid_lately


@dataclass(frozen=True, slots=True)
class _Words:
    name: str
    title: str
    about: str
    href: str
    kinds: tuple[str, ...]


_PAID = "/remittances?state=posted&since={since}"
_STAGES = (
    _Words(
        "to-answer",
        "Ordered",
        "orders that wait for our answer",
        "/orders?standing=to-answer",
        ("held.", "agreement.", "product.", "stock.", "shop.", "document."),
    ),
    _Words(
        "to-prove", "Answered", "answers that are not read back yet", "/orders?standing=to-prove", ("acknowledgement.",)
    ),
    _Words("to-invoice", "Accepted", "open orders without an invoice", "/orders?standing=to-invoice", ()),
    _Words("invoiced", "Invoiced", "invoices of which something is open", "/invoices", ("invoice.", "settlement.")),
    _Words(
        "claimed", "Deducted", "claims of which something is held", "/deductions", ("claim.", "dispute.", "charge.")
    ),
    _Words("paid", "Paid", f"payments of the last {RECENT.days} days", _PAID, ("remittance.", "books.")),
    _Words(
        "banked",
        "In the bank",
        f"payments of the last {RECENT.days} days, tied to it",
        _PAID + "&bank=tied",
        ("bank.",),
    ),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: what stands there, and what of the work is stuck in cases. `share` is its money of the largest, 0 to 100."""

    title: str
    about: str
    href: str
    standing: Standing
    stuck: int
    stuck_money: tuple[Money, ...]
    stuck_href: str
    share: int


def money_chain(visit: Visit, groups: Iterable[Mapping[str, Any]]) -> list[Stage]:
    """Every stage in order. `groups` are the open cases by kind, as `case_sums.group_cases` gives them."""
    standings, listed = load_standings(visit.connection, visit.now, case_costs(visit)), list(groups)
    since = paid_lately(visit.now).since
    main = _main_currency(standings.values())
    amounts = {name: _of(standing.money, main) for name, standing in standings.items()}
    most = max([abs(minor) for minor in amounts.values()], default=0)
    return [
        Stage(
            words.title,
            words.about,
            words.href.format(since=since),
            standings[words.name],
            *_stuck(listed, words.kinds),
            f"/exceptions?kind={','.join(words.kinds)}",
            100 * abs(amounts[words.name]) // most if most else 0,
        )
        for words in _STAGES
    ]


def case_costs(visit: Visit) -> list[str]:
    """The vendor codes (partner/code) whose cost is agreed per case now."""
    return [
        f"{partner.name}/{terms.vendor_code}"
        for partner in visit.desk.world.agreed.now(visit.connection).values()
        for terms in partner.agreements
        if terms.cost_basis is CostBasis.CASE and terms.covers(visit.now)
    ]


def chain_csv(stages: Sequence[Stage]) -> bytes:
    """The stages as a table: one row a stage and currency."""
    head = ("stage", "what", "count", "amount", "currency", "cases", "money in cases", "lines without a cost")
    return write_sheet(head, (row for stage in stages for row in _rows(stage)))


def _rows(stage: Stage) -> Iterator[Sequence[object]]:
    stuck = {money.currency: money.amount for money in stage.stuck_money}
    money = {each.currency: each.amount for each in stage.standing.money}
    for currency in sorted(money.keys() | stuck.keys()) or [""]:
        standing = (stage.title, stage.about, stage.standing.count, money.get(currency), currency)
        yield (*standing, stage.stuck, stuck.get(currency), stage.standing.costless)


def money_in(groups: Iterable[Mapping[str, Any]]) -> tuple[Money, ...]:
    """What is at risk in these groups of cases, per currency, the most first."""
    sums = defaultdict[str, int](int)
    for group in groups:
        if group["money"]:
            value, _, currency = group["money"].partition(" ")
            sums[currency] += Money.of(value, currency).minor
    return tuple(
        sorted((Money(minor, currency) for currency, minor in sums.items()), key=lambda each: -abs(each.minor))
    )


def _stuck(groups: Iterable[Mapping[str, Any]], kinds: tuple[str, ...]) -> tuple[int, tuple[Money, ...]]:
    stuck = [group for group in groups if kinds and group["kind"].startswith(kinds)]
    return sum(group["count"] for group in stuck), money_in(stuck)


def _main_currency(standings: Iterable[Standing]) -> str:
    """The one in which most stages have money: of it bars are drawn, for currencies are never added."""
    seen = [money.currency for standing in standings for money in standing.money]
    return max(sorted(set(seen)), key=seen.count, default="")


def _of(money: Iterable[Money], currency: str) -> int:
    return next((each.minor for each in money if each.currency == currency), 0)
