"""Access tokens in the console: made by a person for a machine, shown once, revoked, and gone with the person."""

from __future__ import annotations

import re

from tests.console.calling import calling
from tests.console.installed import Client, Console


def make(person: Client, label: str, *scopes: str) -> str:
    """Make a token by the page's form; its text."""
    page = person.post("/account/tokens/make", label=label, days="30", scope=list(scopes))
    shown = re.search(r'id="made-token">([\w-]+)</code>', page.text)
    assert shown, page.text
    return shown[1]


def test_a_token_is_made_shown_once_and_revoked(console: Console) -> None:
    """It works at once and for what it was made for; no page shows it again; revoked it opens nothing; others do not see it."""
    with console.visitor("Olga") as olga, console.visitor("Fina") as fina:
        text = make(olga, "from the page", "look", "stock.declare")
        with calling(console, text) as machine:
            assert machine.json("/me")["may"] == ["look", "stock.declare"]
            page = olga.get("/account/tokens").text
            assert "from the page" in page and text not in page
            assert "from the page" not in fina.get("/account/tokens").text
            [number] = re.findall(r'name="token" value="(\d+)"', page.split("from the page")[1])[:1]
            assert fina.post("/account/tokens/end", token=number).status_code == 404
            assert olga.post("/account/tokens/end", token=number).status_code == 303
            assert machine.get("/me").status_code == 401
        refused = olga.post("/account/tokens/make", label="more", days="30", scope=["people.keep"])
        assert refused.status_code == 409 and "people.keep" in refused.text


def test_tokens_go_with_their_person(console: Console) -> None:
    """Who is removed takes them along, also when somebody of the same name comes back."""
    with console.visitor("Ana Admin") as ana:
        ana.post("/settings/people/add", name="Tom", role=["operations"])
        with console.visitor("Tom") as tom, calling(console, make(tom, "toms", "look")) as machine:
            assert machine.get("/me").status_code == 200
            ana.post("/settings/people/remove", name="Tom")
            assert machine.get("/me").status_code == 401
            ana.post("/settings/people/add", name="Tom", role=["operations"])
            assert machine.get("/me").status_code == 401
