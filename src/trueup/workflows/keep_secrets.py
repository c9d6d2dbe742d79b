"""Keep secrets: sealed under the master key, replaced and forgotten by name. Their texts are never recorded."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trueup.base.secret import Secret
from trueup.storage.sealing import MasterKey
from trueup.storage.secrets import delete_secret, list_secret_names, save_secret
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person


def keep_secret(
    connection: sa.Connection, master: MasterKey, named: tuple[str, Secret], person: Person, now: datetime
) -> bool:
    """Keep (name, secret); whether one of that name was replaced. Raises Invalid for an empty one, Refused without the role."""
    demand_role(person, "secrets.keep")
    name, secret = named
    replaced = name in list_secret_names(connection)
    save_secret(connection, master, name, secret, saved_at=now)
    deed = Deed("secret.replaced" if replaced else "secret.kept", f"secret {name}")
    record_deed(connection, now, person, deed)
    return replaced


def forget_secret(connection: sa.Connection, name: str, person: Person, now: datetime) -> None:
    """Forget it. Raises NotFound, Refused without the role."""
    demand_role(person, "secrets.keep")
    delete_secret(connection, name)
    record_deed(connection, now, person, Deed("secret.forgotten", f"secret {name}"))
