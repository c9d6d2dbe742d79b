"""Rate budgets shared by all workers: a token bucket a name, kept as one PostgreSQL row (GCRA).

The row holds the moment at which the bucket is full again; taking moves it later by cost / rate, in one statement, so that
callers are served in the order in which they asked. A caller that must wait has already reserved its turn: it sleeps and
then sends. Source: the generic cell rate algorithm of ITU-T I.371, in its virtual-scheduling form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import Clock
from trueup.base.errors import Invalid

CLOCK_JUMP = timedelta(seconds=30)
"""Workers' clocks may differ; a clock further back than this behind the latest one seen has jumped, and so do the rows."""

# A lost budget costs one throttled request, so its writes need not wait for the disk.
_QUICKLY = "WITH quickly AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) "
_JUMPED = "(budget.seen_at - EXCLUDED.seen_at > %(clock_jump)s)"
_FULL_AT = f"(budget.full_at - CASE WHEN {_JUMPED} THEN budget.seen_at - EXCLUDED.seen_at ELSE interval '0' END)"
_SEEN_AT = f"CASE WHEN {_JUMPED} THEN EXCLUDED.seen_at ELSE GREATEST(budget.seen_at, EXCLUDED.seen_at) END"

_TAKE = f"""{_QUICKLY}
INSERT INTO durable.budgets AS budget (name, full_at, seen_at, rate_per_second, burst)
SELECT %(name)s, %(now)s + %(cost_time)s, %(now)s, %(rate)s, %(burst)s FROM quickly
ON CONFLICT (name) DO UPDATE SET
    full_at = GREATEST({_FULL_AT}, EXCLUDED.seen_at) + %(cost_time)s,
    seen_at = {_SEEN_AT}, rate_per_second = EXCLUDED.rate_per_second, burst = EXCLUDED.burst
RETURNING full_at"""

# A caller who is turned away takes nothing: the row is moved only where the bucket holds what is asked for.
_ADMIT = f"""{_QUICKLY}
INSERT INTO durable.budgets AS budget (name, full_at, seen_at, rate_per_second, burst)
SELECT %(name)s, %(now)s + %(cost_time)s, %(now)s, %(rate)s, %(burst)s FROM quickly
ON CONFLICT (name) DO UPDATE SET
    full_at = GREATEST({_FULL_AT}, EXCLUDED.seen_at) + %(cost_time)s,
    seen_at = {_SEEN_AT}, rate_per_second = EXCLUDED.rate_per_second, burst = EXCLUDED.burst
WHERE GREATEST({_FULL_AT}, EXCLUDED.seen_at) + %(cost_time)s <= EXCLUDED.seen_at + %(burst_time)s
RETURNING full_at"""

# The remote's own reading wins, except that it knows nothing of callers who have reserved and still sleep: while some
# do (the row is further ahead than an empty bucket) the row is not moved earlier.
_OBSERVE = f"""{_QUICKLY}
UPDATE durable.budgets AS budget SET
    full_at = CASE WHEN budget.full_at > %(now)s + make_interval(secs => budget.burst / budget.rate_per_second)
              THEN budget.full_at
              ELSE %(now)s + make_interval(secs => GREATEST(COALESCE(%(burst)s, budget.burst) - %(available)s, 0) / %(rate)s) END,
    rate_per_second = %(rate)s, burst = COALESCE(%(burst)s, budget.burst)
FROM quickly WHERE budget.name = %(name)s"""

_PENALIZE = f"""{_QUICKLY}
UPDATE durable.budgets AS budget SET full_at = GREATEST(
    budget.full_at, %(now)s + %(pause)s + make_interval(secs => budget.burst / budget.rate_per_second))
FROM quickly WHERE budget.name = %(name)s"""


@dataclass(frozen=True)
class Budgets:
    """The buckets of one database, by name (a remote system's account and operation)."""

    engine: sa.Engine
    clock: Clock

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        """Reserve `cost` tokens of a bucket that holds `burst` and refills at `rate_per_second`; the seconds to wait first.

        Raises Invalid when the cost can never be had, or the numbers are not positive.
        """
        if min(cost, rate_per_second, burst) <= 0 or cost > burst:
            found = f"cost {cost}, rate {rate_per_second} a second, burst {burst}"
            raise Invalid(f"Budget {name!r}: expected positive numbers and a cost within the burst, found {found}.")
        now = self.clock.now()
        parameters = {
            "name": name,
            "now": now,
            "cost_time": timedelta(seconds=cost / rate_per_second),
            "rate": rate_per_second,
            "burst": burst,
            "clock_jump": CLOCK_JUMP,
        }
        full_at: datetime = self._execute(_TAKE, parameters)
        return max(0.0, (full_at - now).total_seconds() - burst / rate_per_second)

    def admit(self, name: str, rate_per_second: float, burst: float) -> float:
        """Take one token if the bucket has it: 0. Otherwise take nothing, and tell about how many seconds it takes to have one."""
        parameters = {
            "name": name,
            "now": self.clock.now(),
            "cost_time": timedelta(seconds=1 / rate_per_second),
            "burst_time": timedelta(seconds=burst / rate_per_second),
            "rate": rate_per_second,
            "burst": burst,
            "clock_jump": CLOCK_JUMP,
        }
        return 0.0 if self._execute(_ADMIT, parameters) is not None else 1 / rate_per_second

    def observe(self, name: str, available: float, rate_per_second: float, burst: float | None = None) -> None:
        """Correct the bucket from the remote's own reading: `available` tokens now, of `burst`, refilling at that rate."""
        if rate_per_second <= 0:
            raise Invalid(f"Budget {name!r}: expected a positive rate, found {rate_per_second}.")
        parameters = {
            "name": name,
            "now": self.clock.now(),
            "available": available,
            "rate": rate_per_second,
            "burst": burst,
        }
        self._execute(_OBSERVE, parameters)

    def penalize(self, name: str, seconds: float) -> None:
        """The remote refused for lack of budget: the bucket is empty, and stays so for `seconds`."""
        parameters = {"name": name, "now": self.clock.now(), "pause": timedelta(seconds=max(0.0, seconds))}
        self._execute(_PENALIZE, parameters)

    def _execute(self, statement: str, parameters: dict[str, object]) -> Any:
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            result = connection.exec_driver_sql(statement, parameters)
            return result.scalar() if result.returns_rows else None
