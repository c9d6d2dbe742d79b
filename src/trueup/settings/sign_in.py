"""The company's provider of identities as trueup.toml names it, and who comes in by it without having been asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from trueup.domain.cases import Role
from trueup.settings.values import Label, PlainText, SecretValue, Table, WebAddress, key, told

_ROLES = ", ".join(role.value for role in Role)
SECRET = 'a reference to a secret: "env:NAME", "file:PATH" or "sealed:NAME"'
Domain = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")]


class SignInSettings(Table):
    """A provider by OpenID Connect.

    Whom an administrator invited by their address comes in by it. Beyond them: who has a verified address in `domains`, where that
    names any; as what `roles` gives the groups that `groups_claim` holds, and as `join_as`.
    """

    name: Label = key("what people call it, such as Acme ID")
    issuer: WebAddress = key('its address as it says itself, such as "https://login.example.com"')
    client_id: PlainText = key("the client id that it gave us")
    client_secret: SecretValue = key(SECRET)
    domains: tuple[Domain, ...] = key('domains of e-mail addresses such as ["example.com"], in lower case', ())
    join_as: tuple[Role, ...] = key(f"roles among {_ROLES}", ())
    groups_claim: Label | None = key('the name of a claim such as "groups"', None)
    roles: dict[Label, tuple[Role, ...]] = key(
        f'groups and roles such as {{ books = ["finance"] }}, among {_ROLES}', {}
    )

    @model_validator(mode="after")
    def _shut(self) -> SignInSettings:
        if self.join_as and not self.domains:
            raise told("join_as also needs domains; without them everybody with an account there would come in")
        if bool(self.roles) != (self.groups_claim is not None):
            raise told("groups_claim names where groups stand and roles what they may: expected both or neither")
        if self.domains and not (self.join_as or self.roles):
            raise told("domains also needs join_as, or groups_claim and roles: which roles those people have")
        return self
