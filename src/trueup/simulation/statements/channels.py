"""What Trueup wrote into the shop and heard of it: read back, taken in once, and found without a webhook where none came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from trueup.simulation.season.best_policy import instant
from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement

_TOLD_WITHIN = {"once": timedelta(minutes=2), "twice": timedelta(minutes=2), "late": timedelta(minutes=15)}
"""How long after a sale the new number is known: webhooks come at once, or as late as simulated time jumps, which is minutes."""


def _given(evidence: Evidence) -> Row:
    return evidence.given["channel"]  # type: ignore[no-any-return]


def published_is_read_back(evidence: Evidence) -> Statement:
    """Each count that the shop took was read after it was taken, and what was read is what the shop itself holds."""
    found = Finding(
        "published-read-back",
        "Every number written into the shop was read back, and is what the shop itself holds",
        "a number that was sent and is not there",
    )
    given = _given(evidence)
    levels = {(level["sku"], level["location"]): level for level in given["shop"]["levels"]}
    for row in given["publications"]:
        if row["published"] is None:
            continue
        found.count("counts published")
        level = levels[row["sku"], given["location"]]
        where = f"{row['sku']} ({row['published']} published)"
        found.demand(bool(row["accepted_at"]) and row["shown_at"] > row["accepted_at"], f"{where}: never read back")
        for name in ("on_hand", "available", "committed", "reserved"):
            found.demand(row[name] == level[name], f"{where}: {name} {row[name]} as read, {level[name]} in the shop")
        found.demand(row["published"] == level["on_hand"], f"{where}: the shop holds {level['on_hand']}")
    writes = [each for each in given["shop"]["requests"] if "inventorySetQuantities" in each["operations"]]
    found.numbers["writes"] = len(writes)
    found.demand(all(each["idempotency_keys"] for each in writes), "a write of stock had no key")
    return found.stated("counts published")


def webhooks_taken_in_once(evidence: Evidence) -> Statement:
    """What the shop delivered is known under its own id, once however often it came; nothing else is known."""
    found = Finding(
        "webhooks-once",
        "Every webhook that the shop delivered is known, once, and no other",
        "events that are lost in a queue, or acted on twice",
    )
    given = _given(evidence)
    ours = [each for each in given["shop"]["webhooks"] if each["uri"] == given["address"]]
    delivered = {each["webhook_id"] for each in ours if each["status"] == "delivered"}
    known = [row["delivery"] for row in given["hints"]]
    found.numbers |= {
        "delivered": len(delivered),
        "doubled": sum(1 for each in ours if each["attempts"] > 1 and each["status"] == "delivered"),
        "lost": sum(1 for each in ours if each["status"] == "lost"),
    }
    found.demand(len(known) == len(set(known)), "a delivery is known twice")
    for number in sorted(delivered - set(known)):
        found.demand(False, f"webhook {number} was delivered and is not known")
    for number in sorted(set(known) - delivered):
        found.demand(False, f"webhook {number} is known and was not delivered")
    for name in ("doubled", "lost"):
        found.demand(found.numbers[name] > 0, f"no webhook was {name}")
    return found.stated("delivered")


def every_sale_seen(evidence: Evidence) -> Statement:
    """A sale is known minutes after it where a webhook told of it, by the next sweep where none did; how long it took is said."""
    found = Finding(
        "lost-webhook-found",
        "A sale whose webhook was lost was found by the next sweep; the others were known within minutes",
        "stock that is offered though it is sold",
    )
    given, season = _given(evidence), evidence.given["season"]
    sweeps = sorted((instant(row["began"]), instant(row["ended"])) for row in season["sweeps"])
    for sale in season["demands"]:
        if not sale["got"]:
            continue
        at, told = instant(sale["at"]), sale["told"]
        seen = _seen_after(given["observations"], sale["sku"], at)
        swept = next((ended for began, ended in sweeps if began > at), None)
        latest = swept if told == "never" else at + _TOLD_WITHIN[told]
        where = f"{sale['at']}: {sale['got']} of {sale['sku']} sold, webhook {told}"
        found.count("lost and found" if told == "never" else "told by webhook")
        found.demand(
            seen is not None and latest is not None and seen <= latest, f"{where}: known {seen}, expected by {latest}"
        )
        if seen is not None:
            name = "minutes until the sweep" if told == "never" else "longest seconds by webhook"
            took = (seen - at).total_seconds()
            found.numbers[name] = max(found.numbers.get(name, 0), int(took // 60 if told == "never" else took))
    return found.stated("lost and found")


def _seen_after(observations: Iterable[Row], sku: str, at: Any) -> Any:
    """When the shop was first read after an instant and showed something new: rows are kept of changes alone."""
    return min(
        (instant(row["at"]) for row in observations if row["sku"] == sku and instant(row["at"]) >= at), default=None
    )
