"""A provider of identities by OpenID Connect Core 1.0: the authorization code flow with a proof key, state and nonce.

settings   one provider: its issuer, our client, the address of this console
directory  what the provider says of itself, and its keys: fetched, kept, and fetched again when they are changed
tokens     an ID token: whether it is the provider's, for us, now, and of this attempt
provider   the flow, and the probe
"""

from trueup.connectors.openid.provider import OpenIdProvider
from trueup.connectors.openid.settings import OpenIdSettings

__all__ = ["OpenIdProvider", "OpenIdSettings"]
