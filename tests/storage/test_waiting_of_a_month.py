"""What is open of a month is the sum of its lines that wait, to the cent: of that month and that currency, and no others."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.databases import Databases
from tests.storage.paged_tables import fill_all
from trueup.base.money import Money
from trueup.domain.closing import Month
from trueup.storage.views.today import explained_in
from trueup.storage.views.waiting_lines import WaitingFilter, page_waiting, sum_waiting, walk_waiting


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_the_open_rest_of_a_month_is_the_sum_of_its_lines(databases: Databases, currency: str) -> None:
    with databases.lent() as database, database.engine.begin() as connection:
        fill_all(connection, (1, 600))
        for table, number in (("remittances", "id"), ("suspense", "remittance_id")):
            connection.execute(sa.text(f"UPDATE trueup.{table} SET currency = 'USD' WHERE {number} % 3 = 0"))
        connection.execute(sa.text("UPDATE trueup.suspense SET minor = -minor WHERE remittance_id % 5 = 0"))
        [explained] = [each for each in explained_in(connection) if each.paid.currency == currency]
        wanted = WaitingFilter(month=Month.of(explained.month), currency=currency)
        rows = list(walk_waiting(connection, wanted))
        sums = sum_waiting(connection, wanted)
        assert rows and sum(abs(Money.of(*row["amount"].split(" ")).minor) for row in rows) == explained.waits.minor
        assert [(each.lines, each.amount) for each in sums] == [(len(rows), explained.waits)]
        months = {row["paid_on"][:7] for row in walk_waiting(connection, WaitingFilter(currency=currency))}
        assert len(months) > 1 and {row["paid_on"][:7] for row in rows} == {f"{explained.month:%Y-%m}"}
        paged, seen = page_waiting(connection, wanted, limit=5), 0
        while True:
            seen += len(paged.rows)
            if not paged.after:
                break
            paged = page_waiting(connection, wanted, paged.after, limit=5)
        assert seen == len(rows)
