"""Sign-in: the first administrator by a link, passwords, too many tries, people who come and go, and what they prefer."""

from __future__ import annotations

import re

import sqlalchemy as sa

from tests.console.installed import Client, Console
from trueup.base.clock import write_instant
from trueup.workflows.people import all_people, invite, make_first_link
from trueup.workflows.sign_in import Visitor, enter

PASSWORD = "a green lamp on the left"


def invited(console: Console, name: str) -> str:
    """A link for someone, made by an administrator."""
    settled = console.app.settings.people
    with console.app.database.transaction() as connection:
        admin = all_people(connection, settled)["Ana Admin"]
    return console.app.act(False, invite, name, admin, settled)


def choose(client: Client, link: str, password: str = PASSWORD) -> int:
    return client.http.post(f"/enter/{link}", data={"password": password, "again": password}).status_code


def test_the_first_administrator_comes_in_by_a_link_once(console: Console) -> None:
    """As long as no administrator can sign in a start shows a link; it opens once, and none is shown afterwards."""
    made = console.app.act(True, make_first_link, console.app.settings.people)
    assert made is None or made[0] == "Ana Admin"
    link = invited(console, "Ana Admin")
    with console.visitor() as ana:
        assert choose(ana, link) == 303
        assert "Your account: " not in ana.get("/account").text
        assert ana.get("/account").status_code == 200
        assert choose(ana, link, "another long sentence") == 409
    assert console.app.act(True, make_first_link, console.app.settings.people) is None


def test_a_link_that_opens_nothing_says_why_and_what_to_do(console: Console) -> None:
    """Used, with when; too old, with until when; cut off or followed by a newer one. The form stands on none of them, and nothing
    is changed."""
    link, now = invited(console, "Elke"), console.app.world.clock.now()
    with console.visitor() as elke, console.visitor() as other:
        assert 'name="again"' in other.get(f"/enter/{link}").text
        assert choose(elke, link) == 303
        form = {"password": "another long sentence", "again": "another long sentence"}
        second = other.http.post(f"/enter/{link}", data=form)
        for page in (second.text, other.get(f"/enter/{link}").text):
            assert "This link was used" in page and 'name="again"' not in page
            assert f'<time datetime="{write_instant(now)}' in page, "when is said"
            assert "sign in with that password" in page and "tell an administrator at once" in page
        assert second.status_code == 409
        assert other.http.post("/sign-in", data={"name": "Elke", "password": PASSWORD}).status_code == 303
        old = invited(console, "Elke")
        with console.app.database.transaction() as connection:
            ended = sa.text("UPDATE trueup.one_time_links SET ends_at = :now WHERE person = 'Elke'")
            connection.execute(ended, {"now": now})
        late = other.http.post(f"/enter/{old}", data=form)
        assert late.status_code == 409 and "This link is too old" in late.text and "It held until" in late.text
        invited(console, "Elke")
        newer = other.http.post(f"/enter/{old}", data=form)
        assert newer.status_code == 409 and "a newer link took its place" in newer.text


def test_a_password_lets_in_and_a_wrong_one_is_told_alike(console: Console) -> None:
    """Whether the name or the password is wrong is nobody's business."""
    with console.visitor() as fina:
        assert choose(fina, invited(console, "Fina")) == 303
    with console.visitor() as nobody:
        wrong = nobody.http.post("/sign-in", data={"name": "Fina", "password": "not this one at all"})
        unknown = nobody.http.post("/sign-in", data={"name": "Nobody Here", "password": "not this one at all"})
        assert wrong.status_code == unknown.status_code == 422
        told = [re.sub(r'name="form_key" value="[^"]*"|Fina|Nobody Here', "", each.text) for each in (wrong, unknown)]
        assert told[0] == told[1]
        let = nobody.http.post("/sign-in", data={"name": "fina", "password": PASSWORD, "next": "/orders?standing=sent"})
        assert let.headers["location"] == "/orders?standing=sent"
        assert "HttpOnly" in let.headers["set-cookie"]
        elsewhere = nobody.http.post("/sign-in", data={"name": "Fina", "password": PASSWORD, "next": "//evil.example"})
        assert elsewhere.headers["location"] == "/"


def test_a_browser_is_told_by_what_people_call_it(console: Console) -> None:
    """Where somebody is signed in says which browser on what; what nobody knows is told as it calls itself."""
    safari = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/26.0 Mobile/15E148 Safari/604.1"
    )
    with console.app.database.transaction() as connection:
        olga = all_people(connection, console.app.settings.people)["Olga"]
    console.app.act(False, enter, olga, "test", Visitor("127.0.0.1", safari))
    console.app.act(False, enter, olga, "test", Visitor("127.0.0.1", "my own reader"))
    with console.visitor("Olga") as here:
        page = here.get("/account").text
    assert "Mobile Safari 26 on iOS" in page and "my own reader" in page


def test_too_many_tries_wait_even_with_the_right_password(console: Console) -> None:
    """Five under one name within a quarter of an hour; others are not kept out by it."""
    with console.visitor() as elke:
        assert choose(elke, invited(console, "Elke")) == 303
    with console.visitor() as guesser:
        for _ in range(5):
            assert guesser.http.post("/sign-in", data={"name": "Elke", "password": "guess"}).status_code == 422
        assert guesser.http.post("/sign-in", data={"name": "Elke", "password": PASSWORD}).status_code == 429


def test_a_wrong_password_until_now_is_refused_and_its_try_counts(console: Console) -> None:
    """Nothing is told as done, the form may be sent again as it is, and after five tries it waits."""
    with console.visitor() as nobody:
        assert choose(nobody, invited(console, "Aude")) == 303
    wanted = "another long sentence"
    form = {"before": "not this one at all", "after": wanted, "again": wanted, "form_key": "changed once"}
    with console.visitor("Aude") as aude:
        told = [aude.post("/account/password", **form) for _ in range(6)]
        assert [each.status_code for each in told] == [409] * 6
        assert all("is not that one" in each.text for each in told[:5]) and "Too many" in told[5].text
        assert not any("done and kept" in each.text or "sent already" in each.text for each in told)
    with console.app.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM trueup.sign_in_tries WHERE name = 'Aude'")


def test_a_short_password_is_refused(console: Console) -> None:
    """The link stays usable, and the words say what is expected."""
    link = invited(console, "Aude")
    with console.visitor() as aude:
        assert choose(aude, link, "short") == 422
        assert choose(aude, link) == 303


def test_someone_who_left_is_out_at_once(console: Console) -> None:
    """An administrator adds a person with a link, changes their roles, and removes them: their session ends with it."""
    with console.visitor("Ana Admin") as ana:
        page = ana.post("/settings/people/add", name="Nora", role=["operations"])
        link = re.search(r"/enter/([\w-]+)</code>", page.text)
        assert link
        with console.visitor() as nora:
            assert choose(nora, link[1]) == 303
            assert nora.get("/settings").status_code == 200
            ana.post("/settings/people/roles", name="Nora", role=["auditor"])
            assert "auditor" in nora.get("/account").text
            ana.post("/settings/people/remove", name="Nora")
            assert nora.get("/account").status_code == 303
        assert ana.post("/settings/people/remove", name="Ana Admin").status_code == 404


def test_preferences_change_how_numbers_and_times_are_written(console: Console) -> None:
    """A German locale in Berlin: 318,00 and an hour later; and letters that are no keys."""
    with console.visitor("Bo Admin") as bo:
        bo.post("/account/preferences", locale="de_DE", zone="Europe/Berlin", density="compact", shortcuts_off="yes")
        page = bo.get("/exceptions").text
    assert "318,00" in page
    assert "data-shortcuts" not in page
    assert 'data-density="compact"' in page


def test_figures_and_theme_are_chosen_apart_from_language(console: Console) -> None:
    """British days with German figures, dark on this device; files stay as programs read them; what is not offered is refused."""
    wanted = {
        "locale": "en_GB",
        "figures": "point-comma",
        "zone": "Europe/Berlin",
        "density": "normal",
        "theme": "dark",
    }
    with console.visitor("Bo Admin") as bo:
        bo.post("/account/preferences", **wanted)
        page = bo.get("/exceptions").text
        assert "318,00" in page and 'data-figures="de-DE"' in page and 'data-bs-theme="dark"' in page
        assert "318.00" in bo.get("/exceptions.csv").text
        assert bo.post("/account/preferences", **{**wanted, "figures": "roman"}).status_code == 422
        bo.post("/account/preferences", locale="", figures="", zone="", density="normal", theme="")
        assert "data-theme-unset" in bo.get("/account").text


def test_nobody_steps_in_without_a_demonstration(console: Console) -> None:
    """The door of the demonstration is shut in an installation."""
    with console.visitor() as nobody:
        assert nobody.http.post("/sign-in/demo", data={"name": "Ana Admin"}).status_code == 409
