"""Each undo of one's own count gave its worth back to the day of counts, and skipped it: undone and undone again, or of an old
count, it made room for as much as anybody liked without a second person."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.workflows.channels import BOWL, VASE, Channel, selling
from tests.workflows.installation import LOCATION
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.workflows.adjust_stock import Adjusted, Adjustment, Made, adjust_stock, undo_adjustment
from trueup.workflows.day_of_counts import declared_alone
from trueup.workflows.resolve_case import Person

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
LIMIT = Money.of("50.00", "USD")
HOUR = 3600


def changed(shop: Channel, change: int, sku: str = "VASE-1") -> Adjusted:
    """Elke says so; vases cost 10.00 each, and above 50.00 it takes two."""
    done = shop.here.engine.act(adjust_stock, Adjustment(sku, LOCATION, "recount", change=change), ELKE, LIMIT)
    shop.pass_time(60)
    return done


def undone(shop: Channel, done: Adjusted) -> Adjusted:
    """Elke takes it back."""
    back = shop.here.engine.act(undo_adjustment, Made(done.sku, done.location, done.at), ELKE, LIMIT)
    shop.pass_time(60)
    return back


def day(shop: Channel) -> str:
    """What Elke declared alone within a day."""
    return str(shop.here.engine.act(declared_alone, "Elke").get("USD"))


def test_undoing_an_undo_counts_and_is_asked_against_the_day(database: Database) -> None:
    """Taken back, a count is none; taken back again it is one, which takes two where the day has no room for it."""
    with selling(database, ManualClock(START), VASE, BOWL) as shop:
        shop.count(VASE_1=12, BOWL_1=12)
        back = undone(shop, changed(shop, 4))
        assert day(shop) == "None"
        again = undone(shop, back)
        assert again.proposal is None and day(shop) == "40.00 USD"
        assert changed(shop, 2).proposal is not None, "40.00 and 20.00 are above the limit"
        back = undone(shop, again)
        assert day(shop) == "None"
        assert changed(shop, 2, "BOWL-1").proposal is None
        assert undone(shop, back).proposal is not None, "the day has no room for it any more"


def test_undoing_a_count_of_another_day_is_a_change_of_today(database: Database) -> None:
    """What counts no more is not given back; nor is anything given back for longer than what was taken back would have counted."""
    with selling(database, ManualClock(START), VASE) as shop:
        shop.count(VASE_1=12)
        old = changed(shop, 4)
        shop.pass_time(25 * HOUR)
        assert undone(shop, old).proposal is None and day(shop) == "40.00 USD"
        assert changed(shop, 2).proposal is not None
        shop.pass_time(25 * HOUR)
        late = changed(shop, 4)
        shop.pass_time(23 * HOUR)
        undone(shop, late)
        assert day(shop) == "None"
        shop.pass_time(2 * HOUR)
        assert changed(shop, 3).proposal is None and day(shop) == "30.00 USD", "the undo gives nothing to a later day"
