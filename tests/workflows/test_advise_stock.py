"""A buyer that takes inventory is told what it may order: everything once a day, changes between, each proven by its 997."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.workflows.installation import LAMP, SHOP
from tests.workflows.scenes import (
    CALM,
    DAY,
    EDI_PARTNER,
    EDI_VENDOR,
    HOUR,
    MINUTE,
    EdiPartner,
    edi_partner,
    file_of,
    order_850,
    po1,
    rows,
)
from trueup.base.clock import ManualClock
from trueup.domain.inventory_advice import InventoryAdvice
from trueup.domain.partners import Partner
from trueup.formats.x12.sets.inventory_846 import read_advices
from trueup.storage.database import Database
from trueup.workflows.advise_stock import ensure_advices
from trueup.workflows.wake_stock import look_now

STATES = "SELECT key, state, control FROM trueup.deliveries WHERE kind = 'inventory' ORDER BY id"


@pytest.fixture
def buyer(database: Database, clock: ManualClock, tmp_path: Path) -> Iterator[EdiPartner]:
    """A buyer on EDI whose agreement names our warehouse."""
    pace = replace(CALM, advices=HOUR, files=10 * MINUTE)
    with edi_partner(database, clock, tmp_path, pace=pace) as partner:
        known = cast(dict[str, Partner], partner.here.world.partners)
        [terms] = known[EDI_PARTNER].agreements
        known[EDI_PARTNER] = replace(known[EDI_PARTNER], agreements=(replace(terms, inventory_warehouse="WH1"),))
        partner.here.engine.act(ensure_advices)
        partner.pass_time(MINUTE)
        yield partner


def advices(buyer: EdiPartner) -> list[InventoryAdvice]:
    """What lies in the outbox, read by our own reader."""
    found: list[InventoryAdvice] = []
    for text in buyer.answers("846"):
        reading = read_advices(text.encode())
        assert reading.findings == ()
        found += reading.values
    return found


def ordered(buyer: EdiPartner) -> None:
    """The buyer's first order arrives, is answered, and the next round of advices passes."""
    buyer.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4)), control=41))
    buyer.pass_time(2 * HOUR)


def test_nothing_is_said_before_anybody_asked(buyer: EdiPartner) -> None:
    """The buyer's first order says where to answer to."""
    buyer.pass_time(3 * HOUR)
    assert advices(buyer) == []


def test_the_first_advice_is_whole_and_later_ones_say_what_changed(buyer: EdiPartner) -> None:
    """What the shop counts less what is held; then only what is another number, and everything again a day later."""
    ordered(buyer)
    [first] = advices(buyer)
    assert (first.whole, first.vendor_code, first.warehouse) == (True, EDI_VENDOR, "WH1")
    assert [(item.vendor_product_id, item.asin, item.eaches) for item in first.items] == [(LAMP.sku, LAMP.asin, 76)]
    buyer.pass_time(3 * HOUR)
    assert len(advices(buyer)) == 1, "nothing changed"
    here = buyer.here
    here.shopify.sell(LAMP.sku, 6)
    here.engine.act(look_now, SHOP, [here.shopify.world.items_by_sku[LAMP.sku][0].id])
    buyer.pass_time(2 * HOUR)
    assert [(each.whole, [item.eaches for item in each.items]) for each in advices(buyer)[1:]] == [(False, [70])]
    buyer.pass_time(DAY)
    assert advices(buyer)[-1].whole


def test_a_997_proves_it_and_silence_is_a_case(buyer: EdiPartner) -> None:
    """Read by the buyer, it is done after its day; no word at all is told."""
    ordered(buyer)
    [row] = rows(buyer.here, STATES)
    assert row["state"] == "sent"
    buyer.accept(int(row["control"]))
    buyer.pass_time(HOUR)
    assert rows(buyer.here, STATES)[0]["state"] == "received"
    buyer.pass_time(DAY + HOUR)
    states = [row["state"] for row in rows(buyer.here, STATES)]
    assert states[0] == "accepted" and states[-1] == "sent"
    buyer.pass_time(DAY + 2 * HOUR)
    assert "inventory.unanswered" in buyer.here.case_kinds()


def test_a_rejected_advice_is_told_and_everything_is_said_again(buyer: EdiPartner) -> None:
    """What it said did not arrive, so the next says all of it."""
    ordered(buyer)
    [row] = rows(buyer.here, STATES)
    buyer.accept(int(row["control"]), "R")
    buyer.pass_time(2 * HOUR)
    assert "inventory.rejected" in buyer.here.case_kinds()
    assert [each.whole for each in advices(buyer)] == [True, True]
