"""The flow with a provider: where the browser goes, what its answer is worth, who it is; and whether all of it would work."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from trueup.base.clock import Clock
from trueup.base.errors import Refused, Rejected, RemoteError, TrueupError, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.openid.directory import Directory, Metadata, read_as
from trueup.connectors.openid.settings import OpenIdSettings
from trueup.connectors.openid.tokens import ALGORITHMS, SKEW_SECONDS, Expected, verify
from trueup.remote.access import Credential
from trueup.remote.capability import Probe, Verdict
from trueup.remote.http import Problem, Reply
from trueup.remote.identity import Attempt, Identity

_MOST_GROUPS = 500


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""

    def __repr__(self) -> str:
        return "_Tokens(****)"


class _Error(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


class OpenIdProvider:
    """An `IdentityProvider` and `Probed`. Safe to share between threads; `close` it."""

    def __init__(
        self, settings: OpenIdSettings, clock: Clock, *, on_effect: Callable[[str], None] | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self._directory = Directory(settings, clock, on_effect=on_effect)

    @property
    def name(self) -> str:
        """What people call it."""
        return self._settings.name

    def close(self) -> None:
        """Close every connection."""
        self._directory.close()

    def write_address(self, attempt: Attempt) -> str:
        """Where the browser goes, with the public half of everything that the answer is held against. Raises RemoteError."""
        return self._address(self._directory.metadata(), attempt)

    def _address(self, metadata: Metadata, attempt: Attempt, **more: str) -> str:
        settings = self._settings
        return str(
            prepare_grant_uri(
                metadata.authorization_endpoint,
                settings.client_id,
                "code",
                redirect_uri=settings.redirect_uri,
                scope=" ".join(settings.scopes),
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def fetch_identity(self, answer: Mapping[str, str], attempt: Attempt) -> Identity:
        """Who it is. Raises as `IdentityProvider` says."""
        metadata = self._directory.metadata()
        self._check_answer(metadata, answer, attempt)
        tokens = self._exchange(metadata, answer["code"], attempt)
        expected = Expected(
            self.name, self._settings.issuer, self._settings.client_id, metadata.id_token_signing_alg_values_supported
        )
        claims = verify(tokens.id_token, expected, attempt, self._directory.keys, self._clock.now())
        return self._identity(self._completed(metadata, claims, tokens))

    def _check_answer(self, metadata: Metadata, answer: Mapping[str, str], attempt: Attempt) -> None:
        """Of this attempt, from this provider (RFC 9207), and a code."""
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise Refused(f"This answer of {self.name} is of another attempt; nobody was signed in. Sign in again.")
        issuer = answer.get("iss", "" if metadata.authorization_response_iss_parameter_supported else metadata.issuer)
        if issuer != metadata.issuer:
            raise Refused(f"This answer is not from {self.name}; nobody was signed in. Sign in again.")
        if answer.get("error") == "access_denied":
            raise Refused(f"{self.name} let nobody in: it was cancelled there, or this account may not use Trueup.")
        if "error" in answer or not answer.get("code"):
            raise Refused(f"{self.name} let nobody in ({answer.get('error', 'no code')[:40]}). Sign in again.")

    def _exchange(self, metadata: Metadata, code: str, attempt: Attempt) -> _Tokens:
        settings = self._settings
        form: dict[str, str | Secret] = {
            "grant_type": "authorization_code",
            "code": Secret(code),
            "redirect_uri": settings.redirect_uri,
            "code_verifier": Secret(attempt.verifier),
        }
        headers: dict[str, str | Secret] = {"accept": "application/json"}
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["authorization"] = _basic(settings)
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        try:
            reply = self._directory.ask(
                metadata.token_endpoint, writes=True, form=form, headers=headers, explain=_explain
            )
        except Rejected as error:
            if error.code == "invalid_client":
                raise Unauthorized(f"{error} Check client_id and client_secret in [sign_in].") from None
            raise Refused(f"{self.name} did not take its own answer back ({error.code}). Sign in again.") from None
        return read_as(reply, _Tokens, f"{self.name}: its token endpoint")

    def _completed(self, metadata: Metadata, claims: dict[str, Any], tokens: _Tokens) -> dict[str, Any]:
        """With what the provider tells at its userinfo endpoint alone. That must be of the same subject (Core, 5.3.2)."""
        wanted = {"email", "name"} | ({self._settings.groups_claim} - {""})
        if not metadata.userinfo_endpoint or not tokens.access_token or wanted <= claims.keys():
            return claims
        bearer = {"authorization": Secret(f"Bearer {tokens.access_token}")}
        reply = self._directory.ask(metadata.userinfo_endpoint, writes=False, headers=bearer)
        told = read_as(reply, dict, f"{self.name}: its userinfo endpoint")
        if told.get("sub") != claims["sub"]:
            raise Refused(f"{self.name} told of somebody else than it let in; nobody was signed in. Sign in again.")
        return {**told, **claims}

    def _identity(self, claims: dict[str, Any]) -> Identity:
        email = claims.get("email")
        verified = isinstance(email, str) and claims.get("email_verified") is True and email.count("@") == 1
        shown = next((claims[key] for key in ("name", "preferred_username", "email") if _is_text(claims.get(key))), "")
        groups = claims.get(self._settings.groups_claim, ()) if self._settings.groups_claim else ()
        listed = groups if isinstance(groups, list) else [groups]
        return Identity(
            self._settings.issuer,
            claims["sub"],
            " ".join(str(shown).split())[:80],
            str(email).strip().lower() if verified else "",
            frozenset(each for each in listed[:_MOST_GROUPS] if isinstance(each, str)),
        )

    def sign_out_address(self) -> str:
        """Where the person signs out of the provider (OpenID Connect RP-Initiated Logout 1.0); "" where there is no such place."""
        try:
            metadata = self._directory.metadata()
        except RemoteError:
            return ""
        place = metadata.end_session_endpoint
        if not place.startswith(("https://", "http://")):
            return ""
        joint = "&" if "?" in place else "?"
        back = quote(f"{self._settings.address.rstrip('/')}/sign-in", safe="")
        client = quote(self._settings.client_id, safe="")
        return f"{place}{joint}client_id={client}&post_logout_redirect_uri={back}"

    def credentials(self) -> Sequence[Credential]:
        """By what it is let in; asks nobody."""
        how = f"OpenID Connect has no way to tell it: look where client {self._settings.client_id} is registered"
        return [Credential.untold("client secret", self._settings.client_secret, how)]

    def probe(self) -> Sequence[Probe]:
        """Its document, how it signs, whether the clocks agree, its keys, and whether it would send people back here."""
        try:
            reply = self._directory.fetch_document()
            metadata = self._directory.read_document(reply)
        except TrueupError as error:
            remedy = "Correct `issuer` in [sign_in]; its document stands at <issuer>/.well-known/openid-configuration."
            return [Probe(self.name, "say what it is", Verdict.FAILS, str(error), remedy)]
        return [
            Probe(self.name, "say what it is", Verdict.WORKS, f"issuer {metadata.issuer}"),
            *self._probe_signing(metadata),
            self._probe_clock(reply),
            self._probe_way_back(metadata),
        ]

    def _probe_signing(self, metadata: Metadata) -> Iterator[Probe]:
        common = [each for each in ALGORITHMS if each in metadata.id_token_signing_alg_values_supported]
        if not common:
            offered = ", ".join(metadata.id_token_signing_alg_values_supported)
            remedy = "Have the provider sign ID tokens for this client by RS256 or ES256."
            yield Probe(self.name, "sign so that it can be checked", Verdict.MISSING, f"it offers {offered}", remedy)
            return
        try:
            keys = self._directory.keys(None)
            found = f"{len(keys.keys)} keys; {', '.join(common)}"
            yield Probe(self.name, "sign so that it can be checked", Verdict.WORKS, found)
        except TrueupError as error:
            yield Probe(self.name, "sign so that it can be checked", Verdict.FAILS, str(error), "Try again later.")

    def _probe_clock(self, reply: Reply) -> Probe:
        ability = "agree on the time"
        try:
            apart = (parsedate_to_datetime(reply.headers["date"]) - self._clock.now()).total_seconds()
        except (KeyError, ValueError, TypeError):
            return Probe(self.name, ability, Verdict.UNAVAILABLE, "it does not say what time it is")
        if abs(apart) < SKEW_SECONDS:
            return Probe(self.name, ability, Verdict.WORKS, f"{abs(apart):.0f} s apart")
        remedy = f"Set this machine's clock by NTP: more than {SKEW_SECONDS} s apart, nobody is let in."
        return Probe(self.name, ability, Verdict.FAILS, f"{abs(apart):.0f} s apart", remedy)

    def _probe_way_back(self, metadata: Metadata) -> Probe:
        """Asked to let in whoever is signed in there without a word, it answers with an error; to us, if it knows our address."""
        ability, back = "send people back here", self._settings.redirect_uri
        attempt = Attempt("probe", "probe", "probe" * 10, self._clock.now())
        address = self._address(metadata, attempt, prompt="none")
        try:
            reply = self._directory.ask(address, writes=False, accept=(301, 302, 303, 307, 400, 401, 403))
        except TrueupError as error:
            return Probe(self.name, ability, Verdict.FAILS, str(error), "Try again later.")
        if reply.headers.get("location", "").startswith(back):
            return Probe(self.name, ability, Verdict.WORKS, back)
        found = f"it answers {reply.status} with a page of its own"
        remedy = f"Register {back} as a redirect URI of client {self._settings.client_id}, letter by letter."
        return Probe(self.name, ability, Verdict.MISSING, found, remedy)


def _basic(settings: OpenIdSettings) -> Secret:
    """Client id and secret as RFC 6749, 2.3.1 has them: each form-encoded first."""
    pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret.reveal(), safe='')}"
    return Secret("Basic " + base64.b64encode(pair.encode()).decode())


def _explain(reply: Reply) -> Problem | None:
    """The code of an error of RFC 6749, 5.2. Its words are not shown: they may quote what was sent."""
    try:
        told = msgspec.json.decode(reply.content, type=_Error)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    return Problem(told.error[:60], "") if told.error.isprintable() else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
