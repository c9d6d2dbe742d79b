"""What an attacker would try at the door: redirects, floods, lockouts, sessions that outlive their person, bodies without end."""

from __future__ import annotations

import threading

import httpx2
import pytest

from tests.console.installed import Console
from trueup.console.addresses import ours
from trueup.console.pages.sign_in import BROWSER
from trueup.domain.cases import Role
from trueup.workflows.people import NewPerson, add_person, all_people, invite, remove_person

PASSWORD = "a blue door with a brass key"


def _joined(console: Console, name: str) -> str:
    """Somebody who was added; their first link."""
    settled = console.app.settings.people
    with console.app.database.transaction() as connection:
        admin = all_people(connection, settled)["Ana Admin"]
    return console.app.act(False, add_person, NewPerson(name, (Role.OPERATIONS,)), admin, settled)


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "https://evil.example", "evil.example",
        "\\\\evil.example", "/ /evil.example", "javascript:alert(1)", "", "http:evil", "/\u2044evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere_after_signing_in(address: str) -> None:
    """Browsers take a backslash for a slash, and leave out tabs and line ends: such a path is another host."""
    assert ours(address) == "/"


def test_pages_of_ours_are_gone_on_to() -> None:
    """With their state."""
    for address in ("/", "/orders?standing=sent&at=a%2Fb", "/documents/ab12#line-3", "/exceptions?q=A%20B"):
        assert ours(address) == address


def test_guessing_from_elsewhere_locks_out_guessers_and_not_the_person(console: Console) -> None:
    """A browser that somebody came in from has a count of its own; and it is not endless either."""
    with console.visitor() as lena, console.visitor() as guesser:
        lena.http.post(f"/enter/{_joined(console, 'Lena')}", data={"password": PASSWORD, "again": PASSWORD})
        for _ in range(6):
            last = guesser.http.post("/sign-in", data={"name": "Lena", "password": "a guess"})
        assert last.status_code == 429
        come = {"name": "lena", "password": PASSWORD}
        assert guesser.http.post("/sign-in", data=come).status_code == 429
        assert BROWSER in {cookie.name for cookie in lena.http.cookies.jar}
        assert lena.http.post("/sign-in", data=come).status_code == 303
        for _ in range(6):
            last = lena.http.post("/sign-in", data={"name": "Lena", "password": "a guess"})
        assert last.status_code == 429


def test_many_tries_at_once_are_not_more_than_one_after_the_other(console: Console) -> None:
    """Each of a burst used to find that none had failed yet."""
    answers: list[int] = []

    def guess() -> None:
        answer = httpx2.post(f"{console.url}/sign-in", data={"name": "Burst", "password": "a guess"}, timeout=60)
        answers.append(answer.status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with console.app.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM trueup.sign_in_tries")
    assert sorted(answers) == [422] * 5 + [429] * 7


def test_a_wrong_password_in_the_account_counts_as_a_try(console: Console) -> None:
    """Whoever found a session open does not guess its password without end."""
    with console.visitor() as ida:
        ida.http.post(f"/enter/{_joined(console, 'Ida')}", data={"password": PASSWORD, "again": PASSWORD})
        csrf = ida.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
        new = {"csrf": csrf, "after": "another long sentence", "again": "another long sentence"}
        for _ in range(5):
            assert "is not that one" in ida.http.post("/account/password", data={**new, "before": "a guess"}).text
        assert "Too many tries" in ida.http.post("/account/password", data={**new, "before": PASSWORD}).text


def test_a_name_that_is_given_again_comes_with_nothing_of_the_one_before(console: Console) -> None:
    """A password of somebody who left does not open what another of that name has."""
    settled = console.app.settings.people
    with console.app.database.transaction() as connection:
        admin = all_people(connection, settled)["Ana Admin"]
    with console.visitor() as first, console.visitor() as second:
        first.http.post(f"/enter/{_joined(console, 'Kim')}", data={"password": PASSWORD, "again": PASSWORD})
        old_link = console.app.act(False, invite, "Kim", admin, settled)
        console.app.act(False, remove_person, "Kim", admin)
        _joined(console, "Kim")
        assert first.get("/account").status_code == 303
        assert second.http.post("/sign-in", data={"name": "Kim", "password": PASSWORD}).status_code == 422
        assert second.http.post(f"/enter/{old_link}", data={"password": PASSWORD, "again": PASSWORD}).status_code == 409


def test_a_stream_ends_with_its_session(console: Console) -> None:
    """Whoever signed out is shown nothing more, though the connection is open still."""
    ticket = console.ticket("Olga")
    with console.holder(ticket) as olga, olga.http.stream("GET", "/live/new/0/") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        with console.holder(ticket) as same:
            same.post("/sign-out")
        assert "event: ended" in list(lines)


def test_bodies_without_end_are_not_read(console: Console) -> None:
    """Of a stranger 64 KB; of who has a cookie that opens nothing, none at all."""
    large = b"name=" + b"x" * 100_000
    kind = {"content-type": "application/x-www-form-urlencoded"}
    with console.visitor() as stranger:
        assert stranger.http.post("/sign-in", content=large, headers=kind).status_code == 413
    with console.holder("no-such-ticket") as pretender:
        answer = pretender.http.post("/account/preferences", content=large, headers=kind)
        assert answer.status_code == 303


def test_a_form_of_another_site_does_nothing(console: Console) -> None:
    """By what the browser says of where it comes from, old browsers too; with the session's cookie and even its token."""
    with console.visitor("Olga") as olga:
        form = {"csrf": olga.csrf, "locale": "", "zone": "", "density": "normal"}
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
        ):
            assert olga.http.post("/account/preferences", data=form, headers=headers).status_code == 409
        assert olga.http.post("/account/preferences", data={**form, "csrf": ""}).status_code == 409
        assert olga.http.post("/account/preferences", data=form, headers={"origin": console.url}).status_code == 303


def test_other_sessions_are_ended_by_whoever_holds_one(console: Console) -> None:
    """This one goes on."""
    ticket, other = console.ticket("Elke"), console.ticket("Elke")
    with console.holder(ticket) as here, console.holder(other) as elsewhere:
        assert here.post("/account/sessions/end").status_code == 303
        assert here.get("/account").status_code == 200
        assert elsewhere.get("/account").status_code == 303


@pytest.mark.parametrize(
    "path", ["/jobs/99999999999999999999", "/exceptions/99999999999999999999", "/live/new/" + "9" * 40 + "/orders"]
)
def test_a_number_beyond_all_numbers_is_no_defect(console: Console, path: str) -> None:
    """There is nothing of that number; no page fails by it."""
    with console.visitor("Olga") as olga, olga.http.stream("GET", path) as answer:
        assert answer.status_code in (200, 404)
