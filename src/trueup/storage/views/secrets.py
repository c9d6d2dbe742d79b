"""Sealed secrets to look at: their names and since when; never what they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.storage.secrets import secrets


def list_secrets(connection: sa.Connection) -> list[dict[str, Any]]:
    """By name, each with how trueup.toml refers to it."""
    query = sa.select(secrets.c.name, secrets.c.saved_at).order_by(secrets.c.name)
    return [
        {"name": row.name, "saved_at": write_instant(row.saved_at), "reference": f"sealed:{row.name}"}
        for row in connection.execute(query)
    ]
