"""The connector to a provider of identities against a simulated one: whom it believes, and every lie that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from trueup.base.clock import ManualClock
from trueup.base.errors import ConfigurationError, ContractChanged, Refused, Transient, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.openid import OpenIdProvider, OpenIdSettings
from trueup.connectors.openid.directory import KEPT_SECONDS, KEYS_PAUSE_SECONDS
from trueup.remote.capability import Verdict
from trueup.remote.identity import Attempt, Identity
from trueup.simulators.openid import Fault, OpenIdSimulator
from trueup.simulators.serving import serve

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a secret: with signs & more"
ADDRESS = "https://trueup.example"
LIES_OF_THE_TOKEN = (
    "wrong_nonce", "no_nonce", "expired", "from_the_future", "stale", "wrong_audience", "other_audiences", "wrong_issuer",
    "alg_none", "public_key_as_secret", "forged_signature", "unknown_key", "no_subject",
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """A provider with one account, our client there, and a clock that both go by."""

    clock: ManualClock
    simulator: OpenIdSimulator
    provider: OpenIdProvider
    settings: OpenIdSettings

    def attempt(self) -> Attempt:
        return Attempt("state", "nonce", "v" * 43, self.clock.now())

    def answer(self, attempt: Attempt) -> dict[str, str]:
        """What the browser brings back after it went where it was sent."""
        reply = httpx2.get(self.provider.write_address(attempt))
        assert reply.status_code == 302, reply.text
        assert reply.headers["location"].startswith(self.settings.redirect_uri)
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    def sign_in(self) -> Identity:
        attempt = self.attempt()
        return self.provider.fetch_identity(self.answer(attempt), attempt)


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdSimulator]:
    simulator = OpenIdSimulator()
    with serve(simulator.app, dated=False) as server:
        simulator.issuer = server.url
        yield simulator


@pytest.fixture
def stage(running: OpenIdSimulator) -> Iterator[Stage]:
    clock = ManualClock(NOW)
    running.clock.set(NOW)
    running.faults.clear()
    running.claims_in_token, running.secret_in_form = True, False
    settings = OpenIdSettings("Acme ID", running.issuer, "trueup", Secret(SECRET), ADDRESS, "groups")
    running.add_client("trueup", SECRET, settings.redirect_uri)
    running.add_user("u-1", name="Olga Olsen", email="Olga@Example.com", email_verified=True, groups=["finance", "all"])
    running.signed_in = "u-1"
    provider = OpenIdProvider(settings, clock)
    yield Stage(clock, running, provider, settings)
    provider.close()


def test_who_signed_in_is_told_with_a_verified_address_and_groups(stage: Stage) -> None:
    """Whether the claims stand in the token or at the userinfo endpoint, and however the secret is shown."""
    known = Identity(stage.settings.issuer, "u-1", "Olga Olsen", "olga@example.com", frozenset({"finance", "all"}))
    assert stage.sign_in() == known
    stage.simulator.claims_in_token = False
    assert stage.sign_in() == known
    stage.simulator.secret_in_form = True
    other = OpenIdProvider(stage.settings, stage.clock)
    attempt = stage.attempt()
    assert other.fetch_identity(stage.answer(attempt), attempt) == known
    other.close()


@pytest.mark.parametrize("lie", LIES_OF_THE_TOKEN)
def test_no_lie_of_an_id_token_is_believed(stage: Stage, lie: str) -> None:
    """Each is refused with the same few words, and the next honest answer lets in."""
    stage.simulator.faults.add(Fault(lie))
    with pytest.raises(Refused, match="ID token was not accepted"):
        stage.sign_in()
    assert stage.simulator.faults.struck.pop(lie)
    assert stage.sign_in().subject == "u-1"


@pytest.mark.parametrize("lie", ["unverified_email", "no_email_verified"])
def test_an_address_that_is_not_verified_is_none(stage: Stage, lie: str) -> None:
    """Anyone may write anyone's address into an account that nobody checks."""
    stage.simulator.faults.add(Fault(lie))
    assert stage.sign_in().email == ""


@pytest.mark.parametrize(("lie", "words"), [("wrong_state", "another attempt"), ("mixed_up", "not from Acme ID")])
def test_an_answer_of_another_attempt_or_provider_is_not_exchanged(stage: Stage, lie: str, words: str) -> None:
    """A code that somebody else's browser got is never taken to the token endpoint."""
    stage.simulator.faults.add(Fault(lie))
    attempt = stage.attempt()
    answer = stage.answer(attempt)
    before = stage.simulator.journal.count("POST /token")
    with pytest.raises(Refused, match=words):
        stage.provider.fetch_identity(answer, attempt)
    assert stage.simulator.journal.count("POST /token") == before


def test_a_code_works_once_with_its_own_proof_key_and_for_whom_the_provider_lets_in(stage: Stage) -> None:
    """What a thief of the address bar has is not enough; and userinfo of somebody else is not taken."""
    attempt = stage.attempt()
    answer = stage.answer(attempt)
    thief = Attempt(attempt.state, attempt.nonce, "w" * 43, attempt.began_at)
    with pytest.raises(Refused, match="invalid_grant"):
        stage.provider.fetch_identity(answer, thief)
    with pytest.raises(Refused, match="invalid_grant"):
        stage.provider.fetch_identity(answer, attempt)
    stage.simulator.add_user("u-2", allowed=False, name="Nora")
    stage.simulator.signed_in = "u-2"
    with pytest.raises(Refused, match="let nobody in"):
        stage.sign_in()
    stage.simulator.signed_in, stage.simulator.claims_in_token = "u-1", False
    stage.simulator.faults.add(Fault("other_userinfo"))
    with pytest.raises(Refused, match="somebody else"):
        stage.sign_in()


def test_keys_are_kept_and_fetched_again_when_they_are_changed(stage: Stage) -> None:
    """Two sign-ins ask for the keys once. After a change the new key is fetched, once a minute at most."""
    stage.sign_in()
    stage.sign_in()
    assert stage.simulator.journal.count("GET /jwks") - stage.simulator.journal.count("POST /token") < 0
    asked = stage.simulator.journal.count("GET /jwks")
    stage.simulator.rotate()
    with pytest.raises(Refused):
        stage.sign_in()
    stage.clock.advance(timedelta(seconds=KEYS_PAUSE_SECONDS))
    stage.simulator.clock.set(stage.clock.now())
    stage.sign_in()
    assert stage.simulator.journal.count("GET /jwks") == asked + 1
    documents = stage.simulator.journal.count("GET /.well-known/openid-configuration")
    stage.clock.advance(timedelta(seconds=KEPT_SECONDS + 1))
    stage.simulator.clock.set(stage.clock.now())
    stage.sign_in()
    assert stage.simulator.journal.count("GET /.well-known/openid-configuration") == documents + 1


def test_a_provider_in_trouble_is_told_and_its_words_are_not_shown(stage: Stage) -> None:
    """A code is never shown twice by us; the secret stands in no message, though the provider quotes it."""
    for lie in ("server_error", "lost_reply"):
        stage.simulator.faults.add(Fault(lie))
        before = stage.simulator.journal.count("POST /token")
        with pytest.raises(Transient):
            stage.sign_in()
        assert stage.simulator.journal.count("POST /token") == before + 1
    stage.simulator.add_client("trueup", "another secret", stage.settings.redirect_uri)
    with pytest.raises(Unauthorized) as refused:
        stage.sign_in()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(stage.settings)


def test_a_document_of_another_issuer_is_not_believed(stage: Stage) -> None:
    """Nor is a provider asked in the clear."""
    stage.simulator.faults.add(Fault("other_issuer"))
    with pytest.raises(ContractChanged, match="letter by letter"):
        stage.provider.write_address(stage.attempt())
    with pytest.raises(ConfigurationError, match="https"):
        OpenIdProvider(OpenIdSettings("Acme ID", "http://id.example", "x", Secret("y"), ADDRESS), stage.clock)


def test_a_probe_says_what_is_amiss(stage: Stage) -> None:
    """Well; a redirect URI that is not registered; a clock that is off; another issuer."""
    stage.simulator.signed_in = ""
    assert {each.verdict for each in stage.provider.probe()} == {Verdict.WORKS}
    stage.simulator.add_client("trueup", SECRET, "https://trueup.example/elsewhere")
    stage.simulator.clock.set(NOW + timedelta(minutes=3))
    amiss = {each.ability: each for each in stage.provider.probe() if each.verdict is not Verdict.WORKS}
    assert amiss.keys() == {"agree on the time", "send people back here"}
    assert "180 s apart" in amiss["agree on the time"].found
    assert stage.settings.redirect_uri in amiss["send people back here"].remedy
    stage.simulator.faults.add(Fault("other_issuer"))
    assert [each.verdict for each in stage.provider.probe()] == [Verdict.FAILS]


def test_people_sign_out_of_the_provider_too(stage: Stage) -> None:
    """Its place for that is named with our client and the way back."""
    reply = httpx2.get(stage.provider.sign_out_address())
    assert reply.headers["location"] == f"{ADDRESS}/sign-in"
    assert stage.simulator.signed_in == ""
