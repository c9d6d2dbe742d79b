"""Lists that grow while they are looked at: how many rows came to one since, found by a number that each new row has above all
before it. No row is moved for it: who asks for the list again sees them.

Numbers are given when a row is written and seen when its transaction ends, so that of two that are written at the same instant the
one that ends last may have the smaller one: it is not counted, and is in the list when that is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from trueup.storage.views.paging import count_up_to

MOST = 99
"""So many are counted; where there are more, that is said."""
_LOOKED = 20 * MOST
"""So many rows beyond the number are looked at, for filters that leave few of them: what comes after those is told of only when the
list is asked for again."""
_LONGEST_REST = 30
"""So many looks, some half a minute, what was worked out is told again at most."""
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


class Growing(Protocol):
    """A list under its filters, as one that grows."""

    def newest(self, connection: sa.Connection) -> int:
        """The number up to which all that there is was there; 0 where there is nothing."""

    def count_after(self, connection: sa.Connection, number: int) -> tuple[int, bool]:
        """How many rows of the list came after that number, up to MOST, and whether there are more."""


@dataclass(frozen=True, slots=True)
class GrowingRows:
    """The rows of a query, and the column that numbers them as they come, which an index begins with: of integers, or of instants,
    told in microseconds."""

    rows: sa.Select[Any]
    number: sa.ColumnElement[Any]
    indexed: sa.ColumnElement[bool] | None = None
    """Which rows the index is of, where it is not of all."""

    def newest(self, connection: sa.Connection) -> int:
        """Of all rows there are, whatever the filters: the end of the index."""
        last = sa.select(sa.func.max(self.number))
        found = connection.execute(last if self.indexed is None else last.where(self.indexed)).scalar()
        return (found - _BEGAN) // timedelta(microseconds=1) if isinstance(found, datetime) else int(found or 0)

    def count_after(self, connection: sa.Connection, number: int) -> tuple[int, bool]:
        """The part of the index beyond the number, and of that what the filters leave."""
        try:
            at = isinstance(self.number.type, sa.DateTime)
            beyond = self.number > (_BEGAN + timedelta(microseconds=number) if at else number)
        except OverflowError:  # no row comes after a day that no calendar has
            return 0, False
        near = sa.select(self.number.label("number")).where(beyond).order_by(self.number).limit(_LOOKED)
        if self.indexed is not None:
            near = near.where(self.indexed)
        edge = sa.select(sa.func.max(near.subquery().c.number)).scalar_subquery()
        columns = self.rows.with_only_columns(self.number, maintain_column_froms=True)
        return count_up_to(connection, columns.where(beyond, self.number <= edge), MOST)


@dataclass(slots=True)
class _Rest:
    """What was worked out last, after which number, and for how many looks that is told again: for twice as many each time."""

    number: int = -1
    told: tuple[int, bool] = (0, False)
    looks: int = 0
    next: int = 1


@dataclass(frozen=True, slots=True)
class GrowingNot:
    """A list that nothing comes to while one looks, beside others of its page that grow."""

    def newest(self, connection: sa.Connection) -> int:
        """None of it is newer."""
        return 0

    def count_after(self, connection: sa.Connection, number: int) -> tuple[int, bool]:
        """None ever."""
        return 0, False


@dataclass(frozen=True, slots=True)
class GrowingWhole:
    """A list whose rows are worked out: numbered like the rows of a query, and counted by what is worked out of those that came.

    That something came is told at the next look. How many it is by then is worked out the less often the longer somebody looks: all
    that came is worked out anew each time.
    """

    numbered: GrowingRows
    count: Callable[[sa.Connection, int], int]
    rest: _Rest = field(default_factory=_Rest, compare=False)

    def newest(self, connection: sa.Connection) -> int:
        """As of the rows that it is worked out of."""
        return self.numbered.newest(connection)

    def count_after(self, connection: sa.Connection, number: int) -> tuple[int, bool]:
        """Nothing is worked out while nothing came, and what was worked out just now is told again."""
        rest = self.rest
        if rest.number == number and rest.looks > 0:
            rest.looks -= 1
            return rest.told
        if not self.numbered.count_after(connection, number)[0]:
            return 0, False
        count = self.count(connection, number)
        rest.number, rest.told, rest.looks = number, (min(count, MOST), count > MOST), rest.next
        rest.next = min(2 * rest.next, _LONGEST_REST)
        return rest.told
