"""A provider of identities (OpenID Connect Core 1.0, authorization code flow) on HTTP, with the lies that no client may believe.

It is as strict as the specification: a redirect URI must be registered letter by letter, a code works once and for a minute, a
proof key (RFC 7636) must fit, and the client must say its secret. Signatures are made here, by `cryptography` alone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trueup.simulators.clock import SimulatorClock
from trueup.simulators.faults import Fault as AnyFault
from trueup.simulators.faults import Faults
from trueup.simulators.serving import Receive, Scope, Send, lose_reply, read_body

CODE_LASTS = timedelta(seconds=60)
TOKEN_LASTS = timedelta(minutes=5)
_LARGEST_BODY = 64 * 1024
_STYLE = (
    ":root{color-scheme:light dark} body{font:16px system-ui,sans-serif;max-width:24em;margin:12vh auto;padding:0 16px}"
    "button{display:block;width:100%;margin:0 0 8px;padding:10px;font:inherit;cursor:pointer}"
)


@dataclass(slots=True)
class Fault(AnyFault):
    """What a provider, or who stands between, may do. `slow` waits `seconds` before the token endpoint answers.

    Of the ID token: wrong_nonce, no_nonce, expired, from_the_future, stale, wrong_audience, other_audiences, wrong_issuer,
    alg_none, public_key_as_secret, forged_signature, unknown_key, no_subject, unverified_email, no_email_verified.
    Of the rest: wrong_state and mixed_up (the answer in the browser), other_userinfo, server_error, lost_reply (token endpoint),
    other_issuer (its document).
    """

    KINDS: ClassVar[frozenset[str]] = frozenset(
        {
            "wrong_nonce", "no_nonce", "expired", "from_the_future", "stale", "wrong_audience", "other_audiences",
            "wrong_issuer", "alg_none", "public_key_as_secret", "forged_signature", "unknown_key", "no_subject",
            "unverified_email", "no_email_verified", "wrong_state", "mixed_up", "other_userinfo", "server_error", "lost_reply",
            "slow", "other_issuer",
        }
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class User:
    """Someone with an account there. `claims` are told besides the subject; `allowed`: may use this client."""

    subject: str
    claims: Mapping[str, Any]
    allowed: bool = True


@dataclass(slots=True)
class Code:
    """A code that was given out: for whom, and what it was asked with."""

    user: User
    asked: Mapping[str, str]
    given_at: datetime
    used: bool = False


@dataclass(slots=True)
class Reply:
    """An HTTP reply."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


class OpenIdSimulator:
    """State in memory and an ASGI application, `app`, in front of it. Safe to use from any thread.

    `issuer` is its own address; set it once that is known. Who is signed in there already, `signed_in`, is let through without a
    form; otherwise a page with one button a person is shown.
    """

    def __init__(self, seed: int = 0, now: Callable[[], datetime] | None = None) -> None:
        self.issuer = ""
        self.clock = SimulatorClock(now)
        self.faults = Faults(random.Random(f"openid faults {seed}"))
        self.users: dict[str, User] = {}
        self.clients: dict[str, tuple[str, frozenset[str]]] = {}
        self.signed_in = ""
        self.claims_in_token = True
        self.secret_in_form = False
        self.journal: list[str] = []
        self._codes: dict[str, Code] = {}
        self._access: dict[str, User] = {}
        self._lock = threading.Lock()
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self._serve(scope, receive, send)

        self.app = app

    def add_client(self, client_id: str, secret: str, *redirect_uris: str) -> None:
        """Register a client with the addresses that people may be sent back to."""
        self.clients[client_id] = (secret, frozenset(redirect_uris))

    def add_user(self, subject: str, *, allowed: bool = True, **claims: Any) -> None:
        """Give someone an account."""
        self.users[subject] = User(subject, claims, allowed)

    def rotate(self) -> None:
        """Sign by a new key from now on; the one before is published no more."""
        self._keys = {f"key-{secrets.token_hex(4)}": rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        body = await read_body(receive, _LARGEST_BODY) or b""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        form = dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        with self._lock:
            reply = self.answer(Request(scope["method"], scope["path"], query, headers, form))
        if reply.wait_seconds:
            await asyncio.sleep(reply.wait_seconds)
        if reply.lost:
            await lose_reply(scope, send)
            return
        shown = {"cache-control": "no-store", "date": f"{self.clock.now():%a, %d %b %Y %H:%M:%S} GMT", **reply.headers}
        given = [(name.encode(), value.encode("latin-1")) for name, value in shown.items()]
        given.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": given})
        await send({"type": "http.response.body", "body": reply.body})

    def answer(self, request: Request) -> Reply:
        """The reply to a request."""
        self.journal.append(f"{request.method} {request.path}")
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return _json(200, self._document())
            case "GET", "/jwks":
                return _json(200, {"keys": [_public(name, key) for name, key in self._keys.items()]})
            case "GET", "/authorize":
                return self._authorize(request)
            case "POST", "/authorize":
                return self._let_in(request.query, self.users.get(request.form.get("subject", "")))
            case "POST", "/token":
                return self._token(request)
            case "GET", "/userinfo":
                return self._userinfo(request)
            case "GET", "/logout":
                self.signed_in = ""
                return Reply(302, headers={"location": request.query.get("post_logout_redirect_uri", "/")})
        return Reply(404)

    def _document(self) -> dict[str, Any]:
        issuer = "https://elsewhere.example" if self.faults.strike("other_issuer") else self.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_post" if self.secret_in_form else "client_secret_basic"
            ],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _authorize(self, request: Request) -> Reply:
        """An address that is not registered is never sent anybody to: the person is told here."""
        asked = request.query
        known = self.clients.get(asked.get("client_id", ""))
        if known is None or asked.get("redirect_uri") not in known[1]:
            return _page(400, "<h1>This application is not registered with that address.</h1>")
        wrong = asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split()
        if wrong or asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return self._back(asked, error="invalid_request")
        user = self.users.get(self.signed_in)
        if user is not None:
            return self._let_in(asked, user)
        if asked.get("prompt") == "none":
            return self._back(asked, error="login_required")
        buttons = "".join(
            f'<button name="subject" value="{escape(each.subject)}">{escape(str(each.claims.get("name", each.subject)))}</button>'
            for each in self.users.values()
        )
        action = f"/authorize?{urlencode(asked)}"
        words = (
            "<p>A simulator of an OpenID Connect provider: whoever is chosen is signed in here, without a password.</p>"
        )
        return _page(200, f'<h1>Sign in as</h1>{words}<form method="post" action="{escape(action)}">{buttons}</form>')

    def _let_in(self, asked: Mapping[str, str], user: User | None) -> Reply:
        known = self.clients.get(asked.get("client_id", ""))
        if known is None or asked.get("redirect_uri") not in known[1]:
            return Reply(400)
        if user is None or not user.allowed:
            return self._back(asked, error="access_denied")
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(user, dict(asked), self.clock.now())
        self.signed_in = user.subject
        return self._back(asked, code=code)

    def _back(self, asked: Mapping[str, str], **answer: str) -> Reply:
        state = "another-state" if self.faults.strike("wrong_state") else asked.get("state", "")
        issuer = "https://elsewhere.example" if self.faults.strike("mixed_up") else self.issuer
        query = urlencode({**answer, "state": state, "iss": issuer})
        return Reply(302, headers={"location": f"{asked['redirect_uri']}?{query}"})

    def _token(self, request: Request) -> Reply:
        """RFC 6749, 4.1.3 and 5. A code that is shown twice is worth nothing, and neither is what it was exchanged for."""
        if self.faults.strike("server_error"):
            return _json(503, {"error": "temporarily_unavailable"})
        form = request.form
        client_id, secret = self._client(request)
        known = self.clients.get(client_id)
        if known is None or not hmac.compare_digest(known[0].encode(), secret.encode()):
            return _json(401, {"error": "invalid_client", "error_description": f"secret {secret} is wrong"})
        code = self._codes.get(form.get("code", ""))
        if form.get("grant_type") != "authorization_code":
            return _json(400, {"error": "unsupported_grant_type"})
        if code is None or code.used or self.clock.now() - code.given_at > CODE_LASTS:
            return _json(400, {"error": "invalid_grant"})
        code.used = True
        challenge = _text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        same = code.asked["client_id"] == client_id and code.asked["redirect_uri"] == form.get("redirect_uri")
        if not same or challenge != code.asked["code_challenge"]:
            return _json(400, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(24)
        self._access[access] = code.user
        body = {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self._id_token(code)}
        slow = self.faults.strike("slow")
        reply = _json(200, body)
        reply.wait_seconds, reply.lost = slow.seconds if slow else 0.0, bool(self.faults.strike("lost_reply"))
        return reply

    def _client(self, request: Request) -> tuple[str, str]:
        if self.secret_in_form:
            return request.form.get("client_id", ""), request.form.get("client_secret", "")
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return "", ""
        name, _, secret = base64.b64decode(text).decode().partition(":")
        return unquote(name), unquote(secret)

    def _id_token(self, code: Code) -> str:
        now, strike = self.clock.now(), self.faults.strike
        moved = timedelta(0)
        if strike("from_the_future"):
            moved = timedelta(minutes=10)
        if strike("stale"):
            moved = timedelta(minutes=-3)
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if strike("wrong_issuer") else self.issuer,
            "sub": code.user.subject,
            "aud": code.asked["client_id"],
            "iat": int((now + moved).timestamp()),
            "exp": int((now + moved + TOKEN_LASTS).timestamp()),
            "nonce": "another-nonce" if strike("wrong_nonce") else code.asked.get("nonce"),
        }
        if strike("expired"):
            claims |= {"iat": int((now - timedelta(seconds=50)).timestamp())}
            claims |= {"exp": int((now - timedelta(minutes=2)).timestamp())}
        if strike("wrong_audience"):
            claims["aud"] = "another-client"
        if strike("other_audiences"):
            claims |= {"aud": [code.asked["client_id"], "another-client"], "azp": "another-client"}
        if strike("no_nonce"):
            del claims["nonce"]
        if strike("no_subject"):
            del claims["sub"]
        if self.claims_in_token:
            claims |= self._told(code.user)
        return self._signed(claims)

    def _told(self, user: User) -> dict[str, Any]:
        told = dict(user.claims)
        if self.faults.strike("unverified_email"):
            told["email_verified"] = False
        if self.faults.strike("no_email_verified"):
            told.pop("email_verified", None)
        return told

    def _signed(self, claims: Mapping[str, Any]) -> str:
        name, key = next(iter(self._keys.items()))
        strike = self.faults.strike
        if strike("alg_none"):
            return _compact({"alg": "none"}, claims) + "."
        if strike("public_key_as_secret"):
            public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            text = _compact({"alg": "HS256", "kid": name}, claims)
            return f"{text}.{_text(hmac.new(public, text.encode(), hashlib.sha256).digest())}"
        if strike("forged_signature"):
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = _compact({"alg": "RS256", "kid": "nobody-knows" if strike("unknown_key") else name}, claims)
        return f"{text}.{_text(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def _userinfo(self, request: Request) -> Reply:
        user = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None:
            return Reply(401, headers={"www-authenticate": 'Bearer error="invalid_token"'})
        subject = "somebody-else" if self.faults.strike("other_userinfo") else user.subject
        return _json(200, {"sub": subject, **self._told(user)})


def _json(status: int, body: Mapping[str, Any]) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json"})


def _page(status: int, body: str) -> Reply:
    head = (
        f'<meta name="viewport" content="width=device-width"><title>Simulated provider</title><style>{_STYLE}</style>'
    )
    text = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    return Reply(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _compact(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return ".".join(_text(json.dumps(part).encode()) for part in (header, claims))


def _public(name: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": name,
        "n": _text(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": _text(numbers.e.to_bytes(3, "big")),
    }
