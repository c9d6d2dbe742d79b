"""Secrets sealed in the database under the master key: a name and a text that only `load_secret` gives out."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.clock import aware_utc
from trueup.base.errors import Invalid, NotFound
from trueup.base.secret import Secret
from trueup.storage.schema import metadata
from trueup.storage.sealing import MasterKey

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("master_key", sa.CHAR(16), nullable=False),
    sa.Column("saved_at", sa.TIMESTAMP(timezone=True), nullable=False),
)


def save_secret(connection: sa.Connection, master: MasterKey, name: str, secret: Secret, *, saved_at: datetime) -> None:
    """Keep the secret by its name, in place of one of that name. Raises Invalid for an empty name or secret."""
    if not name.strip() or "\0" in name or not secret:
        raise Invalid(f"Secret {name!r}: expected a name, and a text that is not empty.")
    values = {
        "sealed": master.wrap(secret.reveal().encode(), _about(name)),
        "master_key": master.id,
        "saved_at": aware_utc(saved_at),
    }
    statement = insert(secrets).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def load_secret(connection: sa.Connection, master: MasterKey, name: str) -> Secret:
    """The secret of that name. Raises NotFound, ConfigurationError (another master key), Tampered (a defect)."""
    query = sa.select(secrets.c.sealed, secrets.c.master_key).where(secrets.c.name == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"No secret {name!r} is kept in the database: save it first.")
    return Secret(master.unwrap(row.sealed, _about(name), row.master_key).decode())


def list_secret_names(connection: sa.Connection) -> list[str]:
    """The names, in order."""
    return list(connection.execute(sa.select(secrets.c.name).order_by(secrets.c.name)).scalars())


def delete_secret(connection: sa.Connection, name: str) -> None:
    """Forget the secret. Raises NotFound."""
    if not connection.execute(sa.delete(secrets).where(secrets.c.name == name)).rowcount:
        raise NotFound(f"No secret {name!r} is kept in the database.")


def _about(name: str) -> str:
    return f"Secret {name!r}"
