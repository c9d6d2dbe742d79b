"""The master key and sealed secrets: made once, guarded, never shown."""

from __future__ import annotations

import base64
import os
import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, Invalid, NotFound
from trueup.base.secret import Secret
from trueup.storage.database import Database
from trueup.storage.sealing import MasterKey, Tampered
from trueup.storage.secrets import delete_secret, list_secret_names, load_secret, save_secret


def test_a_master_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    """Ten at once make one key; the file is 0600, nothing else is left, and the next start finds it."""
    path = tmp_path / "data" / "master.key"
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(MasterKey.load_or_create(path, {}).id)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10
    assert set(found) == {MasterKey.load_or_create(path, {}).id}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["master.key"]


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """A key in the environment is used, and no file is made."""
    key = os.urandom(32)
    given = {"TRUEUP_MASTER_KEY": base64.b64encode(key).decode()}
    assert MasterKey.load_or_create(tmp_path / "master.key", given).id == MasterKey(key).id
    assert not (tmp_path / "master.key").exists()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Better no start than a key that is known."""
    path = tmp_path / "master.key"
    MasterKey.load_or_create(path, {})
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        MasterKey.load_or_create(path, {})


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "é" * 44, "!" * 44])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    """The sentence names where it came from and how to make one."""
    with pytest.raises(ConfigurationError, match="TRUEUP_MASTER_KEY holds no master key") as error:
        MasterKey.load_or_create(tmp_path / "k", {"TRUEUP_MASTER_KEY": text})
    assert not text or text not in str(error.value)
    (tmp_path / "k").write_bytes(text.encode("latin-1"))
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(ConfigurationError):
        MasterKey.load_or_create(tmp_path / "k", {})


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: a sentence, not a trace."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be read or made"):
        MasterKey.load_or_create(tmp_path / "file" / "master.key", {})


def test_a_sealed_secret_comes_back_and_is_nowhere_in_the_clear(database: Database, clock: ManualClock) -> None:
    """Saved, replaced, listed by name, loaded as a Secret, deleted."""
    master = MasterKey(os.urandom(32))
    with database.transaction() as connection:
        save_secret(connection, master, "amazon/refresh", Secret("Atzr|ünique-text"), saved_at=clock.now())
        save_secret(connection, master, "shopify/token", Secret("old"), saved_at=clock.now())
        save_secret(connection, master, "shopify/token", Secret("new"), saved_at=clock.now())
    with database.transaction() as connection:
        assert load_secret(connection, master, "amazon/refresh") == Secret("Atzr|ünique-text")
        assert load_secret(connection, master, "shopify/token") == Secret("new")
        assert list_secret_names(connection) == ["amazon/refresh", "shopify/token"]
        assert b"unique" not in b"".join(connection.execute(sa.text("SELECT sealed FROM trueup.secrets")).scalars())
        delete_secret(connection, "shopify/token")
        for act in (lambda: load_secret(connection, master, "shopify/token"), lambda: delete_secret(connection, "no")):
            with pytest.raises(NotFound):
                act()
        with pytest.raises(Invalid):
            save_secret(connection, master, "empty", Secret(""), saved_at=clock.now())


def test_a_secret_moved_changed_or_under_another_key_is_not_given_out(database: Database, clock: ManualClock) -> None:
    """One secret in another's place is tampering; another master key is named."""
    master = MasterKey(os.urandom(32))
    with database.transaction() as connection:
        for name in ("a", "b"):
            save_secret(connection, master, name, Secret(name), saved_at=clock.now())
        connection.execute(
            sa.text("UPDATE trueup.secrets SET sealed = (SELECT sealed FROM trueup.secrets WHERE name = 'a')")
        )
        with pytest.raises(Tampered, match="Secret 'b'"):
            load_secret(connection, master, "b")
        with pytest.raises(ConfigurationError, match=f"sealed under master key {master.id}"):
            load_secret(connection, MasterKey(os.urandom(32)), "a")
