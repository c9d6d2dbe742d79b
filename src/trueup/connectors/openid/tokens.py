"""An ID token: believed only when the provider signed it, for us, now, and for this attempt (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from trueup.base.errors import Refused
from trueup.remote.identity import Attempt

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""How a provider may sign: by a key of which we have the public half. Never "none", and never HS*: whoever knows our copy of a
shared key, or takes a public key for one, could sign too."""
SKEW_SECONDS = 60
"""How far the provider's clock and ours may be apart."""
_LARGEST_LETTERS = 32 * 1024
_log = structlog.get_logger("trueup.openid")


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say: who wrote it, for which client; and how it may be signed."""

    name: str
    issuer: str
    client_id: str
    algorithms: tuple[str, ...]


def verify(
    text: str, expected: Expected, attempt: Attempt, keys: Callable[[str | None], KeySet], now: datetime
) -> dict[str, Any]:
    """The claims of an ID token. Raises Refused, which names what was wrong and never shows what was found.

    `keys` gives the provider's keys, with that of a name where there is one; it raises RemoteError.
    """
    allowed = [each for each in ALGORITHMS if each in expected.algorithms]
    try:
        header = jws.extract_compact(text[:_LARGEST_LETTERS].encode()).headers()
        if header.get("alg") not in allowed:
            raise _refused(expected, "alg", f"it is signed by {str(header.get('alg'))[:20]!r}")
        token = jwt.decode(text, keys(_key_id(header)), algorithms=allowed)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {"nonce": attempt.nonce, "client_id": expected.client_id},
        )
        claims.validate(now=int(now.timestamp()), leeway=SKEW_SECONDS)
    except JoseError as error:
        raise _refused(expected, getattr(error, "claim", "") or error.error, str(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(expected, "form", type(error).__name__) from None
    return _checked(dict(claims), expected, attempt)


def _checked(claims: dict[str, Any], expected: Expected, attempt: Attempt) -> dict[str, Any]:
    """What the library leaves open: a token of the past, other audiences, a subject that is no text."""
    if claims["iat"] < attempt.began_at.timestamp() - SKEW_SECONDS:
        raise _refused(expected, "iat", "it was written before this attempt began")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if audiences != [expected.client_id] and claims.get("azp") != expected.client_id:
        raise _refused(expected, "azp", "it is for others too, and not issued to us")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise _refused(expected, "sub", "it names nobody")
    return claims


def _key_id(header: dict[str, Any]) -> str | None:
    found = header.get("kid")
    return found if isinstance(found, str) else None


def _refused(expected: Expected, claim: str, why: str) -> Refused:
    _log.warning("id token refused", provider=expected.name, claim=claim, why=why)
    return Refused(
        f"{expected.name} was answered for, but its ID token was not accepted ({claim}); nobody was signed in. Try again; "
        "if it stays so, an administrator finds more in the log and by `trueup check`."
    )
