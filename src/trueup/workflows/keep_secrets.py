"""Keep secrets: sealed under the master key, replaced and forgotten by name. Their texts are never recorded."""

from __future__ import annotations

import hmac
from datetime import datetime

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import ConfigurationError, Conflict
from trueup.base.secret import Secret
from trueup.storage.acts import hold_subject, newest_act
from trueup.storage.sealing import MasterKey
from trueup.storage.secrets import delete_secret, list_secret_names, load_secret, save_secret
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person


def keep_secret(
    connection: sa.Connection, master: MasterKey, named: tuple[str, Secret], person: Person, now: datetime
) -> bool:
    """Keep (name, secret); whether one of that name was replaced. Raises Invalid for an empty one, Refused without the role."""
    demand_role(person, "secrets.keep")
    name, secret = named
    hold_subject(connection, f"secret {name}")
    replaced = name in list_secret_names(connection)
    if replaced and _is_kept(connection, master, name, secret):
        last = newest_act(connection, f"secret {name}")
        if last is not None and last.actor != person.name:
            raise Conflict(f"{last.actor} kept that secret at {write_instant(last.at)} already; nothing was changed.")
        return replaced
    save_secret(connection, master, name, secret, saved_at=now)
    deed = Deed("secret.replaced" if replaced else "secret.kept", f"secret {name}")
    record_deed(connection, now, person, deed)
    return replaced


def _is_kept(connection: sa.Connection, master: MasterKey, name: str, secret: Secret) -> bool:
    """Whether that is the text that is kept; not, where another master key keeps it."""
    try:
        kept = load_secret(connection, master, name)
    except ConfigurationError:
        return False
    return hmac.compare_digest(kept.reveal().encode(), secret.reveal().encode())


def forget_secret(connection: sa.Connection, name: str, person: Person, now: datetime) -> None:
    """Forget it. Raises NotFound, Refused without the role."""
    demand_role(person, "secrets.keep")
    delete_secret(connection, name)
    record_deed(connection, now, person, Deed("secret.forgotten", f"secret {name}"))
