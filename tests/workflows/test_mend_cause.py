"""Causes are mended as one: a row of the item master, a connection that goes on; what closes is found by doing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.installation import LAMP, PARTNER, VENDOR, Installation, install, line
from tests.workflows.scenes import CALM, HOUR
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, Refused
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.storage.views.case_causes import page_causes
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.today import next_deadline
from trueup.workflows.mend_cause import Cause, known_item, mend_connection, mend_item
from trueup.workflows.pause_connection import pause_connection
from trueup.workflows.resolve_case import Person

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
AUDE = Person("Aude", frozenset({Role.AUDITOR}))
GHOST = replace(LAMP, sku="GHOST-1", asin="B0UNKNOWN0")
UNKNOWN, DEAR = Cause("held.product-unknown", "item B0UNKNOWN0"), Cause("held.cost-differs", "item LAMP-1")


class Tried(Exception):
    """Ends a transaction that is only tried."""


def tried(here: Installation, act: Any, *args: Any) -> Any:
    """What an act would come to."""
    found = []

    def tx_act(tx: Any) -> None:
        found.append(act(tx, *args))
        raise Tried

    with pytest.raises(Tried):
        here.engine.act(tx_act)
    return found[0]


def causes(here: Installation) -> dict[tuple[str, str], int]:
    paged = here.engine.act(lambda tx: page_causes(tx.connection, CaseFilter(), tx.now))
    return {(row["kind"], row["cause"]): row["cases"] for row in paged.rows}


def test_an_item_in_the_master_closes_every_case_that_it_explains(database: Database, clock: ManualClock) -> None:
    """Three orders wait for one unknown item and two for one cost: the preview names them, changes nothing, and is what comes."""
    with install(database, clock, LAMP, pace=CALM) as here:
        for _ in range(3):
            here.order(line(GHOST, 1))
        for cost in ("10.50", "10.50", "11.00"):
            here.order(line(LAMP, 1, cost=cost))
        here.pass_time(HOUR)
        assert causes(here) == {(UNKNOWN.kind, UNKNOWN.name): 3, (DEAR.kind, DEAR.name): 3}
        known = here.engine.act(known_item, UNKNOWN)
        assert known == {"vendor_code": VENDOR, "asin": "B0UNKNOWN0"}
        row = {**known, "sku": "GHOST-1", "title": "Ghost", "case_size": "6", "cost": "10.00", "currency": "USD"}
        before = tried(here, mend_item, UNKNOWN, row, OLGA)
        assert (len(before.closed), before.left, before.money) == (3, 0, (Money(180_00, "USD"),))
        assert len(before.opened) == 3, "nobody counts it yet: that is said before"
        assert causes(here)[UNKNOWN.kind, UNKNOWN.name] == 3, "a preview changes nothing"
        done = here.engine.act(mend_item, UNKNOWN, row, OLGA)
        assert (done.closed, [title for _, title in done.opened]) == (
            before.closed,
            [title for _, title in before.opened],
        )
        uncounted = Cause("held.stock-uncounted", "item GHOST-1")
        assert here.engine.act(mend_item, uncounted, {"sku": "GHOST-1", "declared_source": "warehouse"}, OLGA).left == 0
        dear = here.engine.act(known_item, DEAR)
        assert (dear["sku"], dear["cost"], dear["case_size"]) == ("LAMP-1", "10.00", "6")
        part = here.engine.act(mend_item, DEAR, {**dear, "cost": "10.50"}, OLGA)
        assert (len(part.closed), part.left) == (2, 1), "the third costs something else still"
        here.pass_time(HOUR)
        assert causes(here) == {(DEAR.kind, DEAR.name): 1, ("stock.short", "item GHOST-1"): 3}
        for told, person, error, words in (
            ({**dear, "cost": "none"}, OLGA, Invalid, "cost"),
            (dear, AUDE, Refused, "products.import"),
        ):
            with pytest.raises(error, match=words):
                here.engine.act(mend_item, DEAR, told, person)
        with pytest.raises(Conflict, match="No order is held for item B0UNKNOWN0"):
            here.engine.act(mend_item, UNKNOWN, row, OLGA)
        with pytest.raises(Refused, match="not mended in the item master"):
            here.engine.act(mend_item, Cause("source.failing", "connection shop"), row, OLGA)


def test_a_connection_that_goes_on_closes_what_its_rest_caused(database: Database, clock: ManualClock) -> None:
    """The pause is one cause, whose case closes with it; resuming what does not rest is refused."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.amazon.add_fault({"kind": "processing_forever", "count": None})
        number = here.order(line(LAMP, 1))
        here.pass_time(HOUR)
        first = here.engine.act(lambda tx: next_deadline(tx.connection, tx.now))
        assert first is not None and (first.order, first.case) == (f"{PARTNER}/{number}", None), (
            "its answer is not proven yet"
        )
        cause = Cause("source.paused", f"connection {PARTNER}")
        here.engine.act(pause_connection, PARTNER, "they mend it", here.clock.now() + timedelta(hours=3), OLGA)
        assert causes(here)[cause.kind, cause.name] == 1
        sooner = here.engine.act(lambda tx: next_deadline(tx.connection, tx.now))
        assert sooner is not None and sooner.case is not None and sooner.at < first.at
        assert len(tried(here, mend_connection, cause, OLGA).closed) == 1
        assert here.engine.act(mend_connection, cause, OLGA).left == 0
        with pytest.raises(Conflict, match="not paused"):
            here.engine.act(mend_connection, cause, OLGA)
