"""Tests of connections: what is granted, until when, and when it was used last, from what Amazon and the shop really tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.workflows.installation import LAMP, PARTNER, SHOP, Installation, install, line
from tests.workflows.scenes import CALM, MINUTE
from trueup.base.clock import ManualClock
from trueup.base.errors import NotFound, Refused
from trueup.base.secret import Secret
from trueup.domain.cases import Role
from trueup.storage.database import Database
from trueup.storage.secrets import save_secret
from trueup.storage.views.acts import list_acts
from trueup.storage.views.connection_access import Access, Held, ends_state, list_access
from trueup.workflows.pause_connection import pause_connection
from trueup.workflows.probe_connection import access_row, keep_test, known_access, probe_connection
from trueup.workflows.resolve_case import Person
from trueup.workflows.watch import ensure_watch

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
AUDE = Person("Aude", frozenset({Role.AUDITOR}))


def _known(here: Installation, name: str) -> Access:
    with here.database.transaction() as connection:
        [access] = known_access(connection, here.world, [name])
    return access


def _test(here: Installation, name: str) -> Access:
    here.engine.act(keep_test, probe_connection(here.world, name, OLGA), OLGA)
    return _known(here, name)


def test_a_connection_is_unknown_until_it_is_tested_and_then_says_what_it_may_and_until_when(
    database: Database, clock: ManualClock
) -> None:
    """Never green before; then roles by what answered, scopes by the shop's own list, the token's end, and the last read-back."""
    with install(database, clock, LAMP, pace=CALM) as here:
        here.engine.act(ensure_watch)
        before = _known(here, PARTNER)
        assert (before.state, before.word, before.counted("granted")) == ("idle", "Unknown, never tested", 0)
        assert {held.name for held in before.untold} == {"client secret", "refresh token"}
        assert access_row(before)["state"] == "unknown"
        here.order(line(LAMP, 2))
        here.pass_time(90 * MINUTE)
        amazon = _test(here, PARTNER)
        assert (amazon.state, amazon.word, amazon.amiss) == ("ok", "Works", 0)
        standings = {each["name"]: each["standing"] for each in amazon.tested.grants} if amazon.tested else {}
        assert standings == {
            "Amazon Fulfillment or Inventory and Order Tracking": "granted",
            "Inventory and Order Tracking": "granted",
        }
        verdicts = {each["ability"]: each["verdict"] for each in amazon.tested.found} if amazon.tested else {}
        assert verdicts["submitAcknowledgement"] == "not tried", "what was not tried is not green"
        token = next(held for held in amazon.credentials if held.renewed)
        assert token.ends_at and clock.now() < token.ends_at <= clock.now() + timedelta(hours=1)
        assert ends_state(token, clock.now()) == "ok"
        assert {use.what for use in amazon.used} >= {"acknowledgements read back"}
        shop = _test(here, SHOP)
        assert shop.counted("granted") and not shop.counted("missing") and shop.last is not None
        with database.transaction() as connection:
            assert [act["act"] for act in list_acts(connection, subject=f"connection {SHOP}")] == ["connection.tested"]


def test_what_rests_is_an_answer_and_nobody_asks_without_the_permission(database: Database, clock: ManualClock) -> None:
    """An auditor is refused before anything is asked; what a test found is never edited."""
    with install(database, clock, LAMP, pace=CALM) as here:
        asked = here.amazon.journal.seen
        with pytest.raises(Refused, match=r"connections\.test"):
            probe_connection(here.world, PARTNER, AUDE)
        with pytest.raises(NotFound, match="nowhere"):
            probe_connection(here.world, "nowhere", OLGA)
        here.engine.act(pause_connection, PARTNER, "keys are changed", clock.now() + timedelta(hours=2), OLGA)
        paused = _test(here, PARTNER)
        assert paused.state == "bad" and paused.tested and "paused by Olga" in paused.tested.found[0]["found"]
        assert here.amazon.journal.seen == asked
        with pytest.raises(sa.exc.DBAPIError), database.transaction() as connection:
            connection.execute(sa.text("UPDATE trueup.connection_tests SET tested_by = 'nobody'"))


def test_a_secret_that_is_sealed_here_ends_at_the_latest_when_its_kind_does(
    database: Database, clock: ManualClock
) -> None:
    """Amazon tells no end of a client secret, but lets it live 180 days: it was not made after it was sealed here."""
    sealed_at = clock.now()
    told = {
        "name": "client secret",
        "kept": "sealed:amazon-secret",
        "ends_at": None,
        "lives_days": 180,
        "forever": False,
        "renewed": False,
        "how": "Amazon tells its end by mail",
    }
    elsewhere = {**told, "kept": "env:AMAZON_SECRET"}
    with install(database, clock, LAMP, pace=CALM) as here, database.transaction() as connection:
        save_secret(connection, here.world.archive.master, "amazon-secret", Secret("hush"), saved_at=sealed_at)
        first, second = list_access(connection, ["a", "b"], {"a": [told], "b": [elsewhere]})
    held: Held | None = first.ends_first
    assert held and held.latest and held.ends_at == sealed_at + timedelta(days=180)
    assert [ends_state(held, sealed_at + timedelta(days=day)) for day in (0, 151, 181)] == ["ok", "warn", "bad"]
    assert second.ends_first is None and [each.name for each in second.untold] == ["client secret"]
