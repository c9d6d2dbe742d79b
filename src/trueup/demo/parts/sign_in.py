"""Signing in: the vendor's own provider of identities, by which its people come in, and others do not."""

from __future__ import annotations

import secrets

from trueup.demo.part import Part, Player, Stage
from trueup.simulation import installation
from trueup.simulators.openid import OpenIdSimulator
from trueup.simulators.serving import serve

_BACK = "/sign-in/provider/back"
_GUESTS = (("Noa Berg", ("look",)), ("Sam Field", ("canteen",)))
"""Accounts there whom nobody asked: one comes in by its group, the other's group stands for no role."""


class SignIn(Player):
    """The provider stands there; what it is good for, whoever opens the console sees."""


def _join(stage: Stage) -> SignIn:
    secret = stage.secrets[installation.PROVIDER_CLIENT] = secrets.token_hex(16)
    provider = OpenIdSimulator(stage.seed, now=stage.clock.now)
    provider.issuer = stage.stack.enter_context(serve(provider.app)).url
    provider.add_client(installation.PROVIDER_CLIENT, secret, stage.console + _BACK)
    for name, groups in (*((name, ()) for name in installation.people()), *_GUESTS):
        email = installation.address_of(name)
        subject = f"riverside|{email.partition('@')[0]}"
        provider.add_user(subject, name=name, email=email, email_verified=True, groups=list(groups))
    stage.settings.append(installation.write_sign_in_settings(provider.issuer))
    return SignIn()


PART = Part("sign-in", "Signing in", 90, _join)
