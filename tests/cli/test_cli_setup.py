"""Setting up: a file to begin with, secrets that never show, and a check that finds and never fails itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.seeded import CommandLine
from trueup.base.clock import SystemClock
from trueup.settings import load_foundation
from trueup.storage.database import Database
from trueup.storage.hints import SavedHint, save_hints

BARE = '[installation]\ndatabase = "env:DATABASE_URL"\n'


def test_init_writes_a_file_and_never_overwrites(trueup: CommandLine) -> None:
    """Commented, with the names that were given, for this user alone; what is there stays."""
    folder = trueup.folder / "new" / "place"
    said = trueup("init", str(folder), "--company", "Norda Lighting", "--person", "Ana Admin")
    path = folder / "trueup.toml"
    assert said.code == 0 and said.out.startswith(f"Wrote {path}.\n1. Fill in what stands in <angle brackets>: ")
    assert path.stat().st_mode & 0o077 == 0
    foundation = load_foundation(path, {})
    assert foundation.installation.name == "Norda Lighting" and foundation.people[0].name == "Ana Admin"
    before = path.read_text()
    again = trueup("init", str(folder))
    assert again.code == 2 and "is there already and stays as it is" in again.err
    assert path.read_text() == before
    assert trueup("init", str(trueup.folder / "x"), "--company", 'a"b').code == 2


def test_a_secret_comes_from_standard_input(trueup: CommandLine) -> None:
    """It is kept, replaced, named and forgotten; its text is nowhere to be seen, and no argument could hold it."""
    said = trueup("secrets", "set", "amazon", "--by", "Ana Admin", stdin="s3cr3t-text\n")
    assert said.out == 'Secret amazon kept; in trueup.toml write "sealed:amazon".\n'
    assert trueup("secrets", "set", "amazon", "--by", "Ana Admin", "--json", stdin="other").json["replaced"]
    everything = said.out + said.err
    for words in (("secrets", "list"), ("secrets", "list", "--json"), ("acts", "list"), ("acts", "list", "--json")):
        everything += trueup(*words).out
    assert "secret.replaced" in everything and "s3cr3t-text" not in everything and '"other"' not in everything
    assert trueup("secrets", "delete", "amazon", "--by", "Ana Admin").out == "Secret amazon forgotten.\n"
    assert trueup("secrets", "delete", "amazon", "--by", "Ana Admin").code == 2
    assert trueup("secrets", "set", "amazon", "--by", "Olga", stdin="text").code == 2
    assert trueup("secrets", "set", "amazon", "--by", "Ana Admin", stdin="").code == 2


def test_a_sealed_secret_can_be_set_before_the_settings_are_whole(trueup: CommandLine) -> None:
    """trueup.toml refers to a secret that is not there yet: looking and setting it work, deciding says what is missing."""
    path = trueup.folder / "trueup.toml"
    path.write_text(path.read_text().replace("env:CLIENT_SECRET", "sealed:amazon"))
    missing = trueup("cases", "resolve", "1", "reject", "--by", "Olga")
    assert missing.code == 2 and "no secret 'amazon' is sealed in the database" in missing.err
    assert trueup("orders", "list").code == 0
    assert trueup("secrets", "set", "amazon", "--by", "Ana Admin", stdin="text").code == 0
    assert trueup("cases", "resolve", "1", "reject", "--by", "Olga").code == 0


def test_check_says_what_works_and_what_to_do(trueup: CommandLine) -> None:
    """One row a thing; systems that do not answer are verdicts, and the exit code is 1."""
    said = trueup("check", "--json")
    assert said.code == 1
    found = {(row["connection"], row["ability"]): row for row in said.json}
    assert found["trueup", "keep data in its database"]["verdict"] == "works"
    assert found["trueup", "keep documents in its archive"]["verdict"] == "works"
    assert found["trueup", "work"]["remedy"].startswith("Start one: `trueup run`")
    for name in ("amazon-us", "shop"):
        rows = [row for row in said.json if row["connection"] == name]
        assert rows and all(row["verdict"] == "fails" and row["remedy"] for row in rows)
    assert "need something done." in trueup("check").err
    assert trueup("documents", "list", "--kind", "trial").out == "Nothing to show.\n"


def test_check_says_whether_a_shop_that_we_write_into_is_heard(trueup: CommandLine) -> None:
    """Sweeps alone would find each change late; one event is enough to know that they come."""

    def told() -> list[tuple[str, str]]:
        rows = trueup("check", "--json").json
        return [(row["verdict"], row["remedy"]) for row in rows if row["ability"] == "tell of changes"]

    assert told() == [], "nothing is published, so nothing has to be heard"
    path = trueup.folder / "trueup.toml"
    path.write_text(path.read_text().replace('kind = "shopify"', 'kind = "shopify"\npublishes_stock = true'))
    ((verdict, remedy),) = told()
    assert verdict == "missing" and "/webhooks/shopify/shop into the subscriptions" in remedy
    database = Database(trueup.environ["DATABASE_URL"])
    with database.transaction() as connection:
        now = SystemClock().now()
        save_hints(connection, [SavedHint("shop", "1", "1", "inventory_levels/update", now, now, "0" * 64, 0)])
    database.close()
    assert told() == [("works", "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BARE, {"know its partners": "missing", "know a shop": "missing", "know who decides": "missing"}),
        (BARE + '[[shops]]\nname = "shop"\n', {"read its settings": "missing"}),
        ('[installation]\ndatabase = "env:NOT_SET"\n', {"open its settings and database": "missing"}),
        ('[installation]\ndatabase = "postgresql://127.0.0.1:9/none"\n', {"open its settings and database": "fails"}),
        ("not toml", {"open its settings and database": "missing"}),
    ],
)
def test_check_works_with_whatever_is_there(trueup: CommandLine, text: str, found: dict[str, str]) -> None:
    """Without any connection, with broken settings, without a database: a table, never an error."""
    (trueup.folder / "trueup.toml").write_text(text)
    said = trueup("check", "--json")
    assert said.code == 1
    assert {row["ability"]: row["verdict"] for row in said.json}.items() >= found.items()


def test_no_settings_is_a_sentence(trueup: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It says where was looked and what to do."""
    empty = tmp_path_factory.mktemp("empty")
    said = trueup("orders", "list", "--config", str(empty / "trueup.toml"))
    assert said.code == 2 and "there is no such settings file; `trueup init` writes one" in said.err


def test_people_are_listed(trueup: CommandLine) -> None:
    """Who may decide, with which roles."""
    assert trueup("people").out == (
        "name       roles\nAna Admin  admin\nBo Admin   admin, finance\nOlga       operations\nAude       auditor\n"
    )


def test_a_token_is_made_once_listed_without_its_text_and_revoked(trueup: CommandLine) -> None:
    """A trial makes none; its text is on standard output alone, so that it can be piped to where secrets are kept."""
    words = ("tokens", "create", "nightly report", "--scope", "look", "--by", "Olga")
    assert "was not" in trueup(*words, "--dry-run").out
    made = trueup(*words)
    assert made.code == 0
    text = made.out.strip()
    assert text.startswith("trueup_") and "shown this once" in made.err
    [row] = trueup("tokens", "list", "--json").json
    assert (row["label"], row["person"], row["scopes"], row["used_at"]) == ("nightly report", "Olga", ["look"], None)
    assert text not in trueup("tokens", "list", "--json").out
    assert trueup("tokens", "revoke", str(row["id"]), "--by", "Aude").code == 2
    assert "is revoked" in trueup("tokens", "revoke", str(row["id"]), "--by", "Ana Admin").out
    assert trueup("tokens", "list", "--json").json == []
    assert trueup("tokens", "list", "--all", "--json").json[0]["ended_by"] == "Ana Admin"


def test_an_unknown_log_level_is_a_sentence(trueup: CommandLine) -> None:
    """A word that is none is not passed over in silence."""
    said = trueup("people", TRUEUP_LOG="loud")
    assert said.code == 2 and "TRUEUP_LOG='loud': expected one of debug, info, warning, error." in said.err


def test_the_data_folder_can_be_chosen(trueup: CommandLine, tmp_path: Path) -> None:
    """--data overrules the settings: the master key is then looked for there."""
    environ = {name: value for name, value in trueup.environ.items() if name != "TRUEUP_MASTER_KEY"}
    said = CommandLine(trueup.folder, environ)("people", "--data", str(tmp_path / "elsewhere"), TRUEUP_PERSON="")
    assert said.code == 0
    assert (tmp_path / "elsewhere" / "master.key").stat().st_mode & 0o077 == 0
