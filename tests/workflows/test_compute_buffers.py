"""Computed buffers: from a product's own sales and the measured delay, and in force for whatever is promised after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.workflows.installation import LAMP, install, with_terms
from trueup.base.clock import ManualClock
from trueup.domain.buffer_changes import BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level, TermKind
from trueup.storage.database import Database
from trueup.storage.stock_ledger import record_levels
from trueup.workflows.keep_buffers import change_buffer
from trueup.workflows.promises import load_promises, wholesale_channel
from trueup.workflows.resolve_case import Person


def test_a_product_that_sells_fast_has_a_buffer(database: Database, clock: ManualClock) -> None:
    """Six sold in the shop every ten minutes, counts half an hour old: more than the mean of 18 is kept back."""
    terms = with_terms(buffer_risk_percent=Decimal(1))
    with install(database, clock, LAMP, agreement=terms) as here:
        here.pass_time(timedelta(minutes=2))
        now = clock.now()
        level = Level("LAMP-1", "main", 600, 0, 600, True, now, source="shop")
        told = [
            replace(
                level, available=600 - 6 * step, on_hand=600 - 6 * step, observed_at=now + timedelta(minutes=10 * step)
            )
            for step in range(61)
        ]
        with database.engine.begin() as connection:
            record_levels(connection, told, CountSource.SHOP)
        clock.move_to(told[-1].observed_at + timedelta(minutes=30))
        channel = wholesale_channel(here.world, terms, clock.now())
        with database.transaction() as connection:
            before = load_promises(connection, channel, ["LAMP-1"], clock.now())["LAMP-1"]
        here.engine.start("compute_buffers", "buffers-now")
        here.engine.settle()
        with database.transaction() as connection:
            after = load_promises(connection, channel, ["LAMP-1"], clock.now())["LAMP-1"]
        change = BufferChange(
            BufferScope(channel.name, "main", "LAMP-1"), BufferRule(risk_percent=Fraction(1, 10)), clock.now(), "x"
        )
        here.engine.act(change_buffer, change, Person("Olga", frozenset({Role.OPERATIONS})), SecondPerson.NEVER)
        with database.transaction() as connection:
            safer = load_promises(connection, channel, ["LAMP-1"], clock.now())["LAMP-1"]
        assert safer.of(TermKind.BUFFER) < after.of(TermKind.BUFFER), "a smaller risk is agreed, and computed at once"
        assert before.of(TermKind.BUFFER) == 0
        assert 18 <= -after.of(TermKind.BUFFER) <= 40 and after.eaches == before.eaches + after.of(TermKind.BUFFER)
