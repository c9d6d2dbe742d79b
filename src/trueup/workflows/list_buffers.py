"""List buffers: what each channel is never shown, where that stands, and every version that people decided. As plain JSON."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.domain.buffer_changes import ALL, BufferScope, Version, standing_of
from trueup.domain.buffers import BufferRule, percent_text
from trueup.domain.inventory import Claimant
from trueup.storage import buffer_changes
from trueup.workflows.promises import all_channels, with_buffers
from trueup.workflows.world import World

FILE = {
    Claimant.SHOP: "trueup.toml, under its [[shops]]",
    Claimant.WHOLESALE: "trueup.toml, under its [[partners.agreements]]",
    Claimant.DIRECT: "trueup.toml, under its [[partners.direct_fulfillment]]",
}
"""Where the default of a channel stands."""


def list_buffers(connection: sa.Connection, world: World, sku: str, now: datetime) -> list[dict[str, Any]]:
    """The rule that each channel has now for a product (`ALL`: where a product has none of its own), the file's beneath it, and the
    newest version of exactly that scope, 0 without one; `exceptions` are products with a rule of their own."""
    rows = []
    for channel in all_channels(world, now):
        known = with_buffers(connection, channel, None if sku == ALL else [sku], now)
        standing = standing_of(known.buffer, known.buffers, sku)
        versions = buffer_changes.load_versions(connection, BufferScope(channel.name, channel.location, sku))
        rows.append(
            {
                "channel": channel.name,
                "location": channel.location,
                "file": str(channel.buffer),
                "file_place": FILE[channel.claimant],
                **rule_json(standing.rule),
                "stands": stands_words(standing.where, channel.claimant),
                "own": standing.where == sku,
                "seen": versions[-1].id if versions else 0,
                "exceptions": sorted(known.buffers.keys() - {ALL}) if sku == ALL else [],
            }
        )
    return rows


def stands_words(where: str | None, claimant: Claimant) -> str:
    """Where a rule stands, in words."""
    if where is None:
        return FILE[claimant]
    return "decided for every product" if where == ALL else "decided for this product"


def rule_json(rule: BufferRule | None) -> dict[str, Any]:
    """A rule in words and in its numbers; all None for none."""
    if rule is None:
        return {"buffer": None, "eaches": None, "percent": None, "risk_percent": None}
    risk = rule.risk_percent
    return {
        "buffer": str(rule),
        "eaches": rule.eaches,
        "percent": percent_text(rule.percent),
        "risk_percent": percent_text(risk) if risk is not None else None,
    }


def list_decided(
    connection: sa.Connection,
    now: datetime,
    *,
    skus: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Versions, the newest first, each with whether its time has come."""
    found = buffer_changes.list_versions(connection, skus=skus, before=before, limit=limit)
    return [version_json(each, now) for each in found]


def version_json(version: Version, now: datetime) -> dict[str, Any]:
    """One version."""
    change = version.change
    return {
        "version": version.id,
        "channel": change.scope.channel,
        "location": change.scope.location,
        "sku": change.scope.sku or None,
        **rule_json(change.rule),
        "effective_from": write_instant(change.effective_from),
        "began": change.effective_from <= now,
        "reason": change.reason,
        "decided_by": version.decided_by,
        "decided_at": write_instant(version.decided_at),
        "approved_by": version.approved_by or None,
        "undoes": version.undoes,
    }
