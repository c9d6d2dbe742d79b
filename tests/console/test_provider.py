"""Sign-in by a provider of identities: who comes in and as whom, who stays out, and that no answer is worth more than its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.console.conftest import Filled, console_over
from tests.console.installed import Client, Console
from trueup.console.pages.provider import ATTEMPT
from trueup.console.server import csrf_of
from trueup.console.visit import SESSION
from trueup.simulators.openid import Fault, OpenIdSimulator
from trueup.simulators.serving import serve
from trueup.storage.acts import list_acts

SECRET = "what only the two of us know"
SETTINGS = """
[sign_in]
name = "Acme ID"
issuer = "{issuer}"
client_id = "trueup"
client_secret = "env:SIGN_IN_SECRET"
domains = ["acme.example"]
groups_claim = "groups"
roles = {{ books = ["finance"], look = ["auditor"] }}
"""


@dataclass(frozen=True)
class Company:
    """A console whose people come in by a provider, and that provider."""

    console: Console
    provider: OpenIdSimulator

    def come(self, subject: str, client: Client, path: str = "/sign-in/provider") -> httpx2.Response:
        """Go the whole way as a browser does; the last answer of the console."""
        self.provider.signed_in = subject
        there = client.get(path)
        assert there.status_code == 303, there.text
        return self.answered(client, there.headers["location"])

    def answered(self, client: Client, address: str) -> httpx2.Response:
        """What the console says to the provider's answer."""
        back = urlsplit(httpx2.get(address).headers["location"])
        return client.get(f"{back.path}?{back.query}")

    def acts(self, act: str) -> list[str]:
        """Whom an act of this kind was about, the newest first."""
        with self.console.app.database.transaction() as connection:
            return [str(each["subject"]) for each in list_acts(connection) if each["act"] == act]


@pytest.fixture(scope="module")
def company(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    provider = OpenIdSimulator()
    with serve(provider.app) as server:
        provider.issuer = server.url
        address = f"http://localhost:{port}"
        provider.add_client("trueup", SECRET, f"{address}/sign-in/provider/back")
        environ = {"SIGN_IN_SECRET": SECRET, "TRUEUP_INSTALLATION_ADDRESS": address}
        more = SETTINGS.format(issuer=server.url)
        with console_over(filled, tmp_path_factory.mktemp("company"), more, port, **environ) as console:
            provider.clock.set(console.app.world.clock.now())
            yield Company(console, provider)


def test_who_was_asked_by_an_administrator_comes_in(company: Company) -> None:
    """By an address that the provider verified, once; from then on by who they are there, whatever their address becomes."""
    add = company.provider.add_user
    add("s-1", name="Nora N.", email="Nora@Elsewhere.example", email_verified=False)
    with company.console.visitor("Ana Admin") as ana:
        page = ana.post("/settings/people/add", name="Nora", role=["operations"], email="nora@elsewhere.example")
        assert page.status_code == 200
        assert "nora@elsewhere.example" in page.text
    with company.console.visitor() as nora:
        refused = company.come("s-1", nora)
        assert refused.status_code == 403
        assert "Ask an administrator" in refused.text
        add("s-1", name="Nora N.", email="Nora@Elsewhere.example", email_verified=True)
        come = company.come("s-1", nora, "/sign-in/provider?next=/orders%3Fstanding%3Dsent")
        assert (come.status_code, come.headers["location"]) == (303, "/orders?standing=sent")
        assert "Nora: operations" in nora.get("/account").text
    add("s-1", name="N.", email="nora@new.example", email_verified=True)
    add("s-2", name="Another", email="nora@elsewhere.example", email_verified=True)
    with company.console.visitor() as nora, company.console.visitor() as another:
        assert company.come("s-1", nora).status_code == 303
        taken = company.come("s-2", another)
        assert taken.status_code == 403
        assert "another account" in taken.text
    assert company.acts("person.identity-linked").count("person Nora") == 1
    assert company.acts("session.refused")


def test_the_company_s_people_join_by_their_groups_and_follow_them(company: Company) -> None:
    """Of the domain and in a group; another's name is not theirs to have; who leaves the group is out."""
    add = company.provider.add_user
    add("j-1", name="Fina", email="fina@acme.example", email_verified=True, groups=["books"])
    add("j-2", name="Gus", email="gus@other.example", email_verified=True, groups=["books"])
    add("j-3", name="Hal", email="hal@acme.example", email_verified=True, groups=["lunch"])
    with company.console.visitor() as fina, company.console.visitor() as other:
        assert company.come("j-1", fina).status_code == 303
        assert "Fina (fina@acme.example): finance" in fina.get("/account").text
        for subject in ("j-2", "j-3"):
            assert company.come(subject, other).status_code == 403
        add("j-1", name="Fina", email="fina@acme.example", email_verified=True, groups=["look"])
        assert company.come("j-1", fina).status_code == 303
        assert "Fina (fina@acme.example): auditor" in fina.get("/account").text
        add("j-1", name="Fina", email="fina@acme.example", email_verified=True, groups=[])
        with company.console.visitor() as again:
            assert company.come("j-1", again).status_code == 403
        assert fina.get("/account").status_code == 303


def test_who_was_removed_does_not_join_again_by_themselves(company: Company) -> None:
    """Neither by their account nor by another under the same address; an administrator can ask them anew."""
    company.provider.add_user("r-1", name="Rita", email="rita@acme.example", email_verified=True, groups=["books"])
    with company.console.visitor("Ana Admin") as ana, company.console.visitor() as rita:
        assert company.come("r-1", rita).status_code == 303
        ana.post("/settings/people/remove", name="Rita")
        assert rita.get("/account").status_code == 303
        out = company.come("r-1", rita)
        assert out.status_code == 403
        assert "was closed" in out.text
        ana.post("/settings/people/add", name="Rita", role=["auditor"], email="rita@acme.example")
        assert company.come("r-1", rita).status_code == 303
        assert "Rita: auditor" in rita.get("/account").text


def test_an_answer_is_of_the_browser_that_asked_and_used_once(company: Company) -> None:
    """Someone else's answer signs nobody in (login CSRF), nor does the same one twice; lies of the provider let nobody in."""
    company.provider.add_user("u-1", name="Uma", email="uma@acme.example", email_verified=True, groups=["books"])
    company.provider.signed_in = "u-1"
    with company.console.visitor() as thief, company.console.visitor() as victim:
        there = thief.get("/sign-in/provider").headers["location"]
        assert company.answered(victim, there).status_code == 422
        assert SESSION not in victim.http.cookies
        assert company.answered(thief, there).status_code == 303
        assert company.answered(thief, there).status_code == 422
        for lie in ("wrong_state", "alg_none", "wrong_nonce"):
            company.provider.faults.add(Fault(lie))
            refused = company.come("u-1", victim)
            assert refused.status_code == 422
            assert "nobody was signed in" in refused.text
        company.provider.faults.add(Fault("server_error"))
        down = company.come("u-1", victim)
        assert down.status_code == 502
        assert "cannot be asked now" in down.text
        assert "/token" not in down.text
        assert SESSION not in victim.http.cookies


def test_an_account_is_added_to_one_s_own_and_forgotten(company: Company) -> None:
    """By who is signed in, with the form's token; it is nobody else's then. The last way in is not thrown away."""
    company.provider.add_user("l-1", name="Olga", email="olga@private.example", email_verified=True)
    company.provider.signed_in = "l-1"
    with company.console.visitor("Olga") as olga, company.console.visitor("Elke") as elke:
        assert olga.http.post("/account/provider/link").status_code == 409
        page = olga.post("/account/provider/link").text
        address = page.split('id="go-on" href="')[1].split('"')[0].replace("&amp;", "&")
        elke.http.cookies.set(ATTEMPT, olga.http.cookies[ATTEMPT])
        assert company.answered(elke, address).status_code == 422
        page = olga.post("/account/provider/link").text
        address = page.split('id="go-on" href="')[1].split('"')[0].replace("&amp;", "&")
        assert company.answered(olga, address).headers["location"] == "/account"
        assert "Your account there lets you in" in olga.get("/account").text
        with company.console.visitor() as stranger:
            assert company.come("l-1", stranger).status_code == 303
            assert "Olga: operations" in stranger.get("/account").text
        assert "Nothing else would let you in" in olga.post("/account/provider/forget").text


def test_the_console_answers_under_its_own_name(company: Company) -> None:
    """A name that somebody else made lead here is no name of ours; links to us never bear it."""
    with company.console.visitor("Ana Admin") as ana:
        assert ana.get("/account", host="evil.example").status_code == 421
        told = ana.http.post("/settings/people/invite", data={"csrf": ana.csrf, "name": "Olga"})
        assert f"{company.console.url}/enter/" in told.text


def test_too_many_worthless_answers_wait(company: Company) -> None:
    """As with passwords, from one address; whoever comes with a password of theirs from elsewhere is not kept out."""
    from trueup.workflows.provider_sign_in import note_failure
    from trueup.workflows.sign_in import MOST_TRIES_OF_AN_ADDRESS, Visitor

    here = Visitor("127.0.0.1", "test")
    for _ in range(MOST_TRIES_OF_AN_ADDRESS):
        company.console.app.act(False, note_failure, here)
    with company.console.visitor() as guesser:
        assert guesser.get("/sign-in/provider").status_code == 429


def test_a_person_signs_in_and_out_in_a_browser(company: Company, browser: Browser) -> None:
    """From the button to the provider and back to the page that was wanted; and out of both."""
    with company.console.app.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM trueup.sign_in_tries")
    company.provider.add_user("b-1", name="Bea", email="bea@acme.example", email_verified=True, groups=["books"])
    company.provider.signed_in = ""
    context = browser.new_context(base_url=company.console.url)
    complaints: list[str] = []
    page = context.new_page()
    page.on(
        "console", lambda said: complaints.append(f"{said.location}: {said.text}") if said.type == "error" else None
    )
    page.goto("/profit")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_role("button", name="Bea").click()
    page.wait_for_url("**/profit")
    page.get_by_label("Bea").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign out of Acme ID too").click()
    page.wait_for_url("**/sign-in")
    assert company.provider.signed_in == ""
    context.close()
    assert not [each for each in complaints if company.console.url in each], complaints


def test_a_session_is_another_after_signing_in(company: Company) -> None:
    """A ticket that was there before opens nothing afterwards: nobody can lend one to a victim and use it later."""
    ticket = company.console.ticket("Aude")
    company.provider.add_user("f-1", name="Fay", email="fay@acme.example", email_verified=True, groups=["look"])
    with company.console.holder(ticket) as aude:
        assert csrf_of(ticket) in aude.get("/account").text
        assert company.come("f-1", aude).status_code == 303
    with company.console.holder(ticket) as lent:
        assert lent.get("/account").status_code == 303
