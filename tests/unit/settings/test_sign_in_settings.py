"""The provider of identities in trueup.toml: what is taken, and which door is never left open by what was forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueup.base.errors import ConfigurationError, NotFound
from trueup.base.secret import Secret
from trueup.domain.cases import Role
from trueup.settings import Settings, load_settings

_HEAD = '[installation]\naddress = "https://trueup.example.com"\n'
_PROVIDER = '[sign_in]\nname = "Acme ID"\nissuer = "https://id.example.com"\nclient_id = "t"\nclient_secret = "env:S"\n'


def _load(folder: Path, text: str) -> Settings:
    def sealed(name: str) -> Secret:
        raise NotFound(name)

    path = folder / "trueup.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {"S": "words that nobody may read"}, sealed)


def test_a_provider_is_read_and_its_secret_is_not_shown(tmp_path: Path) -> None:
    """By invitation alone, unless the settings say who else."""
    found = _load(tmp_path, _HEAD + _PROVIDER).sign_in
    assert found is not None
    assert (found.domains, found.join_as, found.roles) == ((), (), {})
    assert "nobody may read" not in repr(found)
    groups = 'domains = ["example.com"]\ngroups_claim = "groups"\nroles = { books = ["finance", "auditor"] }\n'
    joined = _load(tmp_path, _HEAD + _PROVIDER + groups).sign_in
    assert joined is not None
    assert joined.roles == {"books": (Role.FINANCE, Role.AUDITOR)}


@pytest.mark.parametrize(
    ("head", "more", "words"),
    [
        ("", "", "also needs address in [installation]"),
        (_HEAD, 'join_as = ["admin"]', "everybody with an account there"),
        (_HEAD, 'domains = ["example.com"]', "which roles those people have"),
        (_HEAD, 'groups_claim = "groups"', "expected both or neither"),
        (_HEAD, 'domains = ["Example.com"]\njoin_as = ["auditor"]', "in lower case"),
        (_HEAD.replace("https", "http"), "", "http for this machine alone"),
        (_HEAD.replace("//", "//user:word@"), "", "expected an address"),
    ],
)
def test_a_door_is_not_left_open_by_what_was_forgotten(tmp_path: Path, head: str, more: str, words: str) -> None:
    """Each is a complaint that says what is expected."""
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, head + _PROVIDER + more)
    assert words in str(caught.value)
