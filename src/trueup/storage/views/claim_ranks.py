"""Claims in the order of what a dispute brings by the days that are left, page by page and never all of them; decision 0039.

Among claims of one family, currency and last day the order is that of what is held, whatever the chance and the day: those are the
ends of one index. Of each such group its next claim is looked at, and the page is of the groups whose next ones stand first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.deduction import Family
from trueup.domain.recovery import (
    HANDLING_COST,
    PARTS,
    SOON_DAYS,
    Experience,
    RankKey,
    Yield,
    rank_edge,
    rank_key,
    yield_of,
)
from trueup.storage.bulk import array_text, text_array
from trueup.storage.claims import claims
from trueup.storage.disputes import IS_LISTED, load_experiences
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import Paged, count_up_to, keyed_by, read_cursor, write_cursor

_NO_DAY = date(1, 1, 1)
_ALL = 2**63 - 1
_FEW = 8
_ORDER = keyed_by(int, int, int, int, int, int)


@dataclass(frozen=True, slots=True)
class RankFilter:
    """Which claims: of these types of deductions and their families; of a partner, a family, a currency ("" for any); of those what
    ends within a week; also those that cannot be disputed, or cost more than they bring. `cost`: of handling one dispute."""

    types: Collection[str]
    families: Collection[Family]
    partner: str = ""
    family: str = ""
    currency: str = ""
    soon: bool = False
    every: bool = False
    cost: str = HANDLING_COST


class _Group(NamedTuple):
    family: str
    currency: str
    until: date


_Edge = tuple[int, int]
"""Between two claims of a group: what is held, and an id."""
_Place = tuple[int, ...]
"""Where a claim stands: 0 and its rank where it can be disputed; 1, its last day and its number, both turned round, where not."""


def page_claims(connection: sa.Connection, wanted: RankFilter, today: date, at: str = "", limit: int = 50) -> Paged:
    """The claims of a filter, each row its id: the most urgent first; with `every`, then what cannot be disputed, what ended last
    first. Raises Invalid."""
    cursor = read_cursor(at, _ORDER) if at else None
    place, back = (_demand_place(cursor.values), cursor.back) if cursor else (None, False)
    found = _Ranks(connection, wanted, today).page(place, limit + 1, back=back)
    more, shown = len(found) > limit, found[:limit]
    if back:
        shown.reverse()
    if not shown:
        return Paged(())
    before = more if back else place is not None
    after = True if back else more
    return Paged(
        [{"id": _number(each)} for each in shown],
        write_cursor(shown[0], back=True) if before else "",
        write_cursor(shown[-1]) if after else "",
    )


def _demand_place(place: _Place) -> _Place:
    """A place as an address has it. Raises Invalid for one where no claim can stand."""
    if place[0] not in (0, 1) or (place[0] == 1 and not 1 <= -place[1] <= date.max.toordinal()):
        raise Invalid("This address names a place where no claim stands; begin at the first page.")
    return place


def _number(place: _Place) -> int:
    return -place[5] if place[0] == 0 else -place[2]


@dataclass(frozen=True, slots=True)
class RankSum:
    """What claims of one currency come to: how many can be disputed, what they bring on average, and how many end within a week."""

    count: int
    expected: Money
    soon: int


def sum_ranks(connection: sa.Connection, wanted: RankFilter, today: date) -> dict[str, RankSum]:
    """What a filter's claims that can be disputed come to, by currency: of all currencies and days; added up by an index alone."""
    ranks = _Ranks(connection, replace(wanted, currency="", soon=False), today)
    kinds = list(ranks.yields.items())
    rows = connection.execute(
        sa.text(_SUMS.format(partner=_OF_PARTNER if wanted.partner else "")),
        {
            **ranks.values,
            "families": text_array(kind[0] for kind, _ in kinds),
            "currencies": text_array(kind[1] for kind, _ in kinds),
            "parts": array_text(each.parts for _, each in kinds),
            "costs": array_text(each.cost_minor for _, each in kinds),
            "floors": array_text(ranks.floor_of(each) for _, each in kinds),
            "paying": array_text(_kept(each.most(0)) for _, each in kinds),
        },
    )
    return {
        row.currency: RankSum(int(row.claims), Money(int(row.expected), row.currency), int(row.soon)) for row in rows
    }


def count_settled(connection: sa.Connection, wanted: RankFilter, today: date) -> tuple[int, bool]:
    """How many of a filter's claims cannot be disputed (any more), up to 10,000, and whether there are more."""
    return count_up_to(connection, _settled(wanted, today, claims.c.id))


def growing_claims(connection: sa.Connection, wanted: RankFilter, today: date) -> Growing:
    """The same as a list that grows by what Amazon takes. What each kind of claim brings is as of now."""
    ranks = _Ranks(connection, wanted, today)
    pays = [
        sa.and_(claims.c.family == family, claims.c.currency == currency, claims.c.open_minor > ranks.floor_of(each))
        for (family, currency), each in ranks.yields.items()
    ]
    query = sa.select(claims.c.id).where(*_conditions(wanted))
    first, last = ranks.values["today"], ranks.values["last"]
    listed = sa.and_(claims.c.dispute_until.between(first, last), sa.or_(sa.false(), *pays))
    if ranks.has_rest:
        listed = sa.or_(listed, sa.and_(IS_LISTED, _until < today))
    return GrowingRows(query.where(listed), claims.c.id)


class _Ranks:
    """The claims of a filter on a day, as an index has them."""

    def __init__(self, connection: sa.Connection, wanted: RankFilter, today: date) -> None:
        self._connection, self._wanted, self._today = connection, wanted, today
        self.values: dict[str, Any] = {
            "partner": wanted.partner,
            "half": PARTS // 2,
            "whole": PARTS,
            "types": list(wanted.types),
            "today": today,
            "soon": today + timedelta(days=SOON_DAYS),
            # What is not open yet ends long after a week.
            "last": today + timedelta(days=SOON_DAYS) if wanted.soon else date.max,
        }
        self.yields = self._kinds()

    def floor_of(self, rate: Yield) -> int:
        """What is held is more than that in each claim of the list."""
        return 0 if self.has_rest else _kept(rate.most(0))

    def page(self, place: _Place | None, limit: int, *, back: bool) -> list[_Place]:
        """So many places beyond one, the nearest first."""
        found: list[_Place] = []
        if place is None or place[0] == 0:
            found = self._ranked(place, limit, back=back)
            if not back and self.has_rest and len(found) < limit:
                found += self._rest(None, limit - len(found), back=False)
            return found
        if self.has_rest:
            found = self._rest(place, limit, back=back)
        if back and len(found) < limit:
            found += self._ranked(None, limit - len(found), back=True)
        return found

    @property
    def has_rest(self) -> bool:
        """Whether what cannot be disputed is in the list."""
        return self._wanted.every and not self._wanted.soon

    def _rest(self, place: _Place | None, limit: int, *, back: bool) -> list[_Place]:
        """What cannot be disputed, what ended last first."""
        key = sa.tuple_(_until, claims.c.id)
        query = _settled(self._wanted, self._today, _until.label("until"), claims.c.id)
        if place is not None:
            beside = sa.tuple_(sa.literal(date.fromordinal(-place[1]), sa.Date), sa.literal(-place[2], sa.BigInteger))
            query = query.where(key > beside if back else key < beside)
        order = (_until.asc(), claims.c.id.asc()) if back else (_until.desc(), claims.c.id.desc())
        rows = self._connection.execute(query.order_by(*order).limit(limit))
        return [(1, -row.until.toordinal(), -row.id, 0, 0, 0) for row in rows]

    def _ranked(self, place: _Place | None, limit: int, *, back: bool) -> list[_Place]:
        """What can be disputed. Of each group the next one is looked at, of those that stand first a few, and of those all that the
        page needs: what was found so far says where it ends at the latest."""
        start, end = ((0, 0), (_ALL, _ALL)) if back else ((_ALL, _ALL), (0, 0))
        groups = self._groups()
        edges = [start if place is None else self._edge(group, place[1:]) for group in groups]
        near, last, found = list(range(len(groups))), None, []
        for each in (1, min(_FEW, limit), limit):
            sought = [(groups[n], edges[n], end if last is None else self._edge(groups[n], last)) for n in near]
            keys = self._next(sought, each, back=back)
            found = sorted(((key, near[number]) for number, key in keys), reverse=back)[:limit]
            near = sorted({number for _, number in found})
            last = found[-1][0] if len(found) == limit else None
        return [(0, *key) for key, _ in found]

    def _edge(self, group: _Group, key: Sequence[int]) -> _Edge:
        rank: RankKey = (key[0], key[1], key[2], key[3], key[4])
        return rank_edge(self._yield(group), (group.until - self._today).days, rank)

    def _yield(self, group: _Group) -> Yield:
        return self.yields[group.family, group.currency]

    def _next(
        self, sought: Sequence[tuple[_Group, _Edge, _Edge]], limit: int, *, back: bool
    ) -> list[tuple[int, RankKey]]:
        """Of each group so many claims beyond its first edge and not beyond the second: the number of the group, and where each
        stands."""
        if not sought:
            return []
        query = _NEXT.format(
            partner=_OF_PARTNER if self._wanted.partner else "", way="" if back else " DESC", **_BETWEEN[back]
        )
        edges = {1: [_kept_edge(near) for _, near, _ in sought], 2: [_kept_edge(far) for _, _, far in sought]}
        held = {f"held_{n}": array_text(edge[0] for edge in edges[n]) for n in edges}
        ids = {f"id_{n}": array_text(edge[1] for edge in edges[n]) for n in edges}
        rows = self._connection.execute(
            sa.text(query),
            {
                **self.values,
                **held,
                **ids,
                "limit": limit,
                "families": text_array(group.family for group, *_ in sought),
                "currencies": text_array(group.currency for group, *_ in sought),
                "untils": array_text(group.until for group, *_ in sought),
                "floors": array_text(self.floor_of(self._yield(group)) for group, *_ in sought),
            },
        )
        found = []
        for number, minor, claim in rows:
            group = sought[number - 1][0]
            left = (group.until - self._today).days
            found.append((number - 1, rank_key(self._yield(group).of(minor), left, minor, claim)))
        return found

    def _kinds(self) -> dict[tuple[str, str], Yield]:
        """What claims of each family and currency bring, of those that there are."""
        wanted = self._wanted
        experiences = load_experiences(self._connection)
        rows = self._connection.execute(sa.text(_KINDS))
        return {
            (row.family, row.currency): yield_of(
                experiences.get(Family(row.family), Experience()), Money.of(wanted.cost, row.currency).minor
            )
            for row in rows
            if row.family in wanted.families
            and wanted.family in ("", row.family)
            and wanted.currency in ("", row.currency)
        }

    def _groups(self) -> list[_Group]:
        kinds = list(self.yields)
        rows = self._connection.execute(
            sa.text(_GROUPS.format(partner=_OF_PARTNER if self._wanted.partner else "")),
            {
                **self.values,
                "families": text_array(family for family, _ in kinds),
                "currencies": text_array(currency for _, currency in kinds),
            },
        )
        return [_Group(row.family, row.currency, row.until) for row in rows]


def _kept(number: int) -> int:
    """The nearest that an amount or an id can be as it is kept: no claim of the list is beyond either end."""
    return min(max(0, number), _ALL)


def _kept_edge(edge: _Edge) -> _Edge:
    """The same place among the claims that there can be."""
    held, claim = edge
    if held != _kept(held):
        return (_ALL, _ALL) if held > 0 else (0, 0)
    return held, _kept(claim)


_OF_PARTNER = "c.partner = :partner AND "
# One by one along the index, from each to the next that differs: as many steps as there are kinds, and days that end one.
_KINDS = (
    "WITH RECURSIVE kinds AS ((SELECT family, currency FROM trueup.claims WHERE dispute_until IS NOT NULL"
    " ORDER BY family, currency LIMIT 1) UNION ALL SELECT n.family, n.currency FROM kinds k, LATERAL (SELECT c.family, c.currency"
    " FROM trueup.claims c WHERE c.dispute_until IS NOT NULL AND (c.family, c.currency) > (k.family, k.currency)"
    " ORDER BY c.family, c.currency LIMIT 1) n) SELECT family, currency FROM kinds"
)
_GROUPS = (
    "SELECT k.family, k.currency, d.until FROM unnest(CAST(:families AS text[]), CAST(:currencies AS char(3)[]))"
    " AS k(family, currency), LATERAL (WITH RECURSIVE days AS ("
    "(SELECT c.dispute_until AS until FROM trueup.claims c WHERE {partner}c.family = k.family AND c.currency = k.currency"
    " AND c.dispute_until BETWEEN :today AND :last ORDER BY c.dispute_until LIMIT 1) UNION ALL"
    " SELECT n.dispute_until FROM days, LATERAL (SELECT c.dispute_until FROM trueup.claims c WHERE {partner}c.family = k.family"
    " AND c.currency = k.currency AND c.dispute_until > days.until AND c.dispute_until <= :last"
    " ORDER BY c.dispute_until LIMIT 1) n) SELECT until FROM days) d"
)
_NEXT = (
    "SELECT g.number, n.open_minor, n.id FROM unnest(CAST(:families AS text[]), CAST(:currencies AS char(3)[]),"
    " CAST(:untils AS date[]), CAST(:floors AS bigint[]), CAST(:held_1 AS bigint[]), CAST(:id_1 AS bigint[]),"
    " CAST(:held_2 AS bigint[]), CAST(:id_2 AS bigint[])) WITH ORDINALITY"
    " AS g(family, currency, until, floor, held_1, id_1, held_2, id_2, number),"
    " LATERAL (SELECT c.open_minor, c.id FROM trueup.claims c WHERE {partner}c.family = g.family AND c.currency = g.currency"
    " AND c.dispute_until = g.until AND c.open_minor > g.floor AND (c.open_minor, c.id) {beyond} (g.held_1, g.id_1)"
    " AND (c.open_minor, c.id) {until} (g.held_2, g.id_2) AND c.type = ANY(:types)"
    " ORDER BY c.open_minor{way}, c.id{way} LIMIT :limit) n"
)
_BETWEEN = {False: {"beyond": "<", "until": ">="}, True: {"beyond": ">", "until": "<="}}
_SUMS = (
    "SELECT c.currency, count(*) AS claims, sum(div(c.open_minor * k.parts + :half, :whole) - k.cost) AS expected,"
    " count(*) FILTER (WHERE c.dispute_until <= :soon AND c.open_minor > k.paying) AS soon"
    " FROM unnest(CAST(:families AS text[]), CAST(:currencies AS char(3)[]), CAST(:parts AS numeric[]), CAST(:costs AS numeric[]),"
    " CAST(:floors AS bigint[]), CAST(:paying AS bigint[])) AS k(family, currency, parts, cost, floor, paying)"
    " JOIN trueup.claims c ON {partner}c.family = k.family AND c.currency = k.currency AND c.dispute_until BETWEEN :today AND :last"
    " AND c.open_minor > k.floor AND c.type = ANY(:types) GROUP BY c.currency"
)
# Written as its index has it.
_until: sa.ColumnElement[date] = sa.literal_column("coalesce(trueup.claims.dispute_until, '0001-01-01'::date)", sa.Date)


def _settled(wanted: RankFilter, today: date, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What cannot be disputed (any more) of a filter."""
    return sa.select(*columns).where(IS_LISTED, _until < today, *_conditions(wanted))


def _conditions(wanted: RankFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [
        claims.c.type.in_(list(wanted.types)),
        claims.c.family.in_([each.value for each in wanted.families]),
    ]
    for column, value in ((claims.c.partner, wanted.partner), (claims.c.family, wanted.family)):
        if value:
            found.append(column == value)
    if wanted.currency:
        found.append(claims.c.currency == wanted.currency)
    return found
