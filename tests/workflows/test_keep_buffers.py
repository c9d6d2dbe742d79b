"""Buffers that people change: in force at their time, published without another word, taken back, and by two where it is agreed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from tests.workflows.channels import KEEPER, Channel, selling
from tests.workflows.installation import LOCATION, SHOP
from trueup.base.clock import ManualClock
from trueup.base.errors import Conflict, Invalid, NotFound, Refused
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import BufferRule
from trueup.domain.cases import Role
from trueup.domain.inventory import TermKind
from trueup.storage.database import Database
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.keep_buffers import Decided, change_buffer, undo_change
from trueup.workflows.promises import load_promises, shop_channel
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_buffers import preview_change
from trueup.workflows.versions import Basis

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ELKE = Person("Elke", frozenset({Role.ECOMMERCE}))
AUDE = Person("Aude", frozenset({Role.AUDITOR}))
VASES, ALL_OF_SHOP = (BufferScope(f"shop {SHOP}", LOCATION, sku) for sku in ("VASE-1", ALL))


def changed(shop: Channel, scope: BufferScope, rule: BufferRule | None, **how: object) -> Decided:
    """Elke decides; `at`: hours from now; `policy`, `seen`."""
    now = shop.here.clock.now()
    change = BufferChange(scope, rule, now + timedelta(hours=how.get("at", 0)), "sells fast")  # type: ignore[arg-type]
    policy = SecondPerson(str(how.get("policy", "never")))
    return shop.here.engine.act(change_buffer, change, ELKE, policy, Basis(how.get("seen")))  # type: ignore[arg-type]


def kept_back(shop: Channel, sku: str) -> tuple[int, int]:
    """What is never shown by our sum, and what the shop reserves for us."""
    world, now = shop.here.world, shop.here.clock.now()
    with shop.here.database.transaction() as connection:
        promise = load_promises(connection, shop_channel(world, SHOP, LOCATION, now), [sku], now)[sku]
    return -promise.of(TermKind.BUFFER), shop.here.level(sku)["reserved"]


def test_a_buffer_holds_at_its_time_and_the_shop_follows(database: Database) -> None:
    """One for all, one for a product over it, one that begins later, and each taken back: what the shop reserves is what we say."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(60)
        for_all = changed(shop, ALL_OF_SHOP, BufferRule(1))
        shop.pass_time(60)
        assert (kept_back(shop, "VASE-1"), kept_back(shop, "BOWL-1")) == ((1, 1), (1, 1))
        own = changed(shop, VASES, BufferRule(eaches=2, percent=Fraction(25)))
        shop.pass_time(60)
        assert (kept_back(shop, "VASE-1"), kept_back(shop, "BOWL-1")) == ((3, 3), (1, 1)), "a quarter of twelve"
        later = changed(shop, VASES, BufferRule(), at=2)
        shop.pass_time(3600)
        assert kept_back(shop, "VASE-1") == (3, 3), "its time has not come"
        shop.pass_time(3700)
        assert kept_back(shop, "VASE-1") == (0, 0), "nothing of its own is nothing, whatever holds for all"
        assert own.version is not None and later.version is not None and for_all.version is not None
        with pytest.raises(Conflict, match="was changed since"):
            shop.here.engine.act(undo_change, own.version.id, ELKE, SecondPerson.NEVER)
        shop.here.engine.act(undo_change, later.version.id, ELKE, SecondPerson.NEVER)
        shop.here.engine.act(undo_change, for_all.version.id, ELKE, SecondPerson.NEVER)
        shop.pass_time(60)
        assert (kept_back(shop, "VASE-1"), kept_back(shop, "BOWL-1")) == ((3, 3), (0, 0))
        changed(shop, VASES, None)
        shop.pass_time(60)
        assert kept_back(shop, "VASE-1") == (0, 0), "what trueup.toml says holds again"
        acts = shop.rows("SELECT actor, subject FROM trueup.acts WHERE act = 'stock.buffer-changed' ORDER BY id")
        assert len(acts) == 6 and acts[1] == ("Elke", f"buffer of VASE-1 in shop {SHOP} at {LOCATION}")
        assert shop.here.case_kinds() == []


def test_what_keeps_back_less_takes_a_second_person(database: Database) -> None:
    """More is done at once; less is proposed, changed by who proposes again, and approved by another alone, as of then."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=12)
        assert changed(shop, VASES, BufferRule(4), policy="lowered").version is not None
        first = changed(shop, VASES, BufferRule(3), policy="lowered")
        again = changed(shop, VASES, BufferRule(2), policy="lowered")
        assert first.version is None and None is not first.proposal != again.proposal is not None
        shop.pass_time(60)
        said_again = changed(shop, VASES, BufferRule(2), policy="lowered")
        assert said_again.proposal == again.proposal, "from now on is from whenever it is approved"
        with pytest.raises(Conflict, match=f"replaced by Elke .*: look at proposal {again.proposal}, and decide that"):
            shop.here.engine.act(approve_proposal, first.proposal, KEEPER)
        assert kept_back(shop, "VASE-1")[0] == 4
        with pytest.raises(Refused, match="a second person must approve it"):
            shop.here.engine.act(approve_proposal, again.proposal, ELKE)
        shop.here.engine.act(approve_proposal, again.proposal, KEEPER)
        shop.pass_time(60)
        assert kept_back(shop, "VASE-1") == (2, 2)
        decided = shop.rows("SELECT decided_by, approved_by FROM trueup.buffer_changes ORDER BY id")
        assert decided == [("Elke", None), ("Elke", "Ines")]


def test_what_cannot_be_is_refused_in_words(database: Database) -> None:
    """Without a role, for what there is not, when nothing would change, when somebody changed it since, without a reason."""
    with selling(database, ManualClock(START)) as shop:
        made = changed(shop, VASES, BufferRule(2))
        assert made.version is not None
        for scope in (BufferScope("shop elsewhere", LOCATION), BufferScope(f"shop {SHOP}", LOCATION, "GHOST-1")):
            with pytest.raises(NotFound):
                changed(shop, scope, BufferRule(1))
        with pytest.raises(Conflict, match="nothing would change"):
            changed(shop, VASES, BufferRule(2))
        with pytest.raises(Conflict, match="changed meanwhile: version"):
            changed(shop, VASES, BufferRule(3), seen=0)
        changed(shop, VASES, BufferRule(3), seen=made.version.id)
        with pytest.raises(Invalid, match="say why"):
            BufferChange(VASES, None, START, " ")
        with pytest.raises(Refused, match=r"stock\.buffers"):
            shop.here.engine.act(change_buffer, BufferChange(VASES, None, START, "x"), AUDE, SecondPerson.NEVER)


def test_a_change_is_tried_on_own_history_first(database: Database) -> None:
    """Nine of ten sold in the shop: a buffer of three would have lost two of them, held three back, and shown none once."""
    with selling(database, ManualClock(START)) as shop:
        shop.count(VASE_1=10)
        shop.pass_time(600)
        for _ in range(9):
            order = shop.here.shopify.sell("VASE-1", 1)
            shop.here.shopify.fulfil_by_hand(order.name)
            shop.pass_time(600)
        shop.count(VASE_1=1)
        shop.pass_time(60)
        change = BufferChange(VASES, BufferRule(3), shop.here.clock.now(), "sells fast")
        preview = shop.here.engine.act(preview_change, change, ELKE, SecondPerson.LOWERED)
        [replayed] = preview.trial.replayed
        assert (replayed.before.sold, replayed.before.lost, replayed.before.sold_out) == (9, 0, 0)
        assert (replayed.after.sold, replayed.after.lost, replayed.after.oversold) == (7, 2, 0)
        assert (replayed.after.held_back, replayed.after.sold_out) == (Fraction(3), 1)
        assert (preview.offered, preview.needs_second) == ((1, 0, 1), False)
