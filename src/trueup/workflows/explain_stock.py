"""Explain stock: a product's numbers with the sums that make them, its history, and what other buffers would have cost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.domain.buffers import ComputedBuffer, compute_buffer
from trueup.domain.catalog import CountSource, Product
from trueup.domain.channels import Channel
from trueup.domain.circular import Window
from trueup.domain.circular_units import Fitness
from trueup.domain.count_sources import rule_of
from trueup.domain.inventory import WORDS, Availability, Claimant, Term
from trueup.domain.stock_ledger import Entry, history
from trueup.domain.stock_policy import Choice, Course, Outcome, best, replay
from trueup.domain.unit_calendar import answer_units, calendar, with_reallocation
from trueup.storage import products, stock_ledger
from trueup.storage.circular_units import units_of_skus
from trueup.storage.views.stock import list_levels, list_reservations, name_documents, name_orders
from trueup.storage.views.told_inventory import list_told
from trueup.workflows.product_courses import SHORTEST_DELAY, load_product_courses
from trueup.workflows.promises import all_channels, fitness_of, load_promises, with_buffers
from trueup.workflows.world import World

INTERVALS = (timedelta(0), timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1))
DEFAULT_RISK = Fraction(1, 200)
AHEAD = timedelta(days=90)


def explain_stock(connection: sa.Connection, world: World, sku: str, now: datetime) -> dict[str, Any]:
    """What each channel may sell of a product and the sum that says so, who counts it and why. Raises NotFound."""
    product = load_known(connection, sku)
    channels = []
    for channel in all_channels(world, now):
        promise = load_promises(connection, channel, [sku], now).get(sku)
        channels.append(_told(channel, promise, now))
    return {
        "sku": sku,
        "title": product.title,
        "counted_by": product.count_source.value,
        "rule": rule_of(product),
        "case_size": product.case_size,
        "channels": channels,
        "levels": list_levels(connection, sku),
        "held": list_reservations(connection, sku),
        "told": list_told(connection, sku),
        **_units(connection, world, sku, now),
    }


def list_promises(
    connection: sa.Connection, world: World, skus: Collection[str], now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Of each product what each channel may sell, without the terms; eaches None where nobody counts it there."""
    found: dict[str, list[dict[str, Any]]] = {sku: [] for sku in skus}
    for channel in all_channels(world, now):
        promises = load_promises(connection, channel, skus, now)
        for sku, told in found.items():
            promise = promises.get(sku)
            as_of = promise.as_of if promise else None
            told.append(
                {
                    "channel": channel.name,
                    "location": channel.location,
                    "eaches": promise.eaches if promise else None,
                    "as_of": write_instant(as_of) if as_of else None,
                }
            )
    return found


def _units(connection: sa.Connection, world: World, sku: str, now: datetime) -> dict[str, Any]:
    """Each unit of a product that a circular programme has, whether wholesale may take it and why not, and what is ahead."""
    units = units_of_skus(connection, [sku]).get(sku, [])
    channel = next((each for each in all_channels(world, now) if each.claimant is Claimant.WHOLESALE), None)
    fitness = fitness_of(channel, sku, now) if channel is not None else Fitness()
    ahead = Window(now, now + AHEAD)
    return {
        "units": [
            {
                "unit": f"{answer.unit.programme} {answer.unit.item.label}",
                "condition": answer.unit.item.condition.title if answer.unit.item.condition else None,
                "free": answer.free,
                "why": answer.why,
                "until": write_instant(answer.until) if answer.until else None,
            }
            for answer in answer_units(units, fitness, Window(now), now)
        ],
        "ahead": [
            {"at": write_instant(step.at), "free": step.free, "taken": step.taken}
            for step in (calendar(units, fitness, ahead, now) if units else ())
        ],
        "free_with_reallocation": with_reallocation(units, fitness, Window(now), now) if units else 0,
    }


def load_known(connection: sa.Connection, sku: str) -> Product:
    """The product. Raises NotFound."""
    product = products.load_product(connection, sku)
    if product is None:
        raise NotFound(f"No product {sku!r} in the item master; `trueup products list` shows those that are.")
    return product


def _told(channel: Channel, promise: Availability | None, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {"channel": channel.name, "location": channel.location, "for": channel.claimant.value}
    if promise is None:
        return {**told, "eaches": 0, "sum": "0 eaches: not counted there", "as_of": None, "incoming": 0, "terms": []}
    as_of = promise.as_of
    return {
        **told,
        "eaches": promise.eaches,
        "sum": str(promise),
        "as_of": write_instant(as_of) if as_of else None,
        "age_seconds": int((now - as_of).total_seconds()) if as_of else None,
        "incoming": promise.incoming,
        "terms": [_term(term) for term in promise.terms],
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "term": term.kind.value,
        "words": WORDS[term.kind],
        "eaches": term.eaches,
        "source": term.source,
        "as_of": write_instant(term.as_of) if term.as_of else None,
        "evidence": term.evidence or None,
    }


def stock_history(connection: sa.Connection, sku: str, location: str, since: datetime | None) -> list[dict[str, Any]]:
    """All that moved and was counted of a product at a location, with the balance after each line, the newest last."""
    entries = history(
        stock_ledger.load_observations(connection, sku, location),
        stock_ledger.load_movements(connection, sku, location),
    )
    rows = [_entry(location, entry) for entry in entries if since is None or entry.at >= since]
    held_by = name_orders(connection, {int(row["reference"].partition("/")[0]) for row in rows if _is_held(row)})
    told_by = name_documents(connection, {row["evidence"] for row in rows if row["evidence"]})
    for row in rows:
        order_id, _, more = row["reference"].partition("/")
        order = held_by.get(int(order_id)) if _is_held(row) else None
        row |= {"order": order, "line": int(more.partition("/")[0]) if order else None}
        row["said_by"] = told_by.get(row["evidence"], "")
    return rows


def _is_held(row: dict[str, Any]) -> bool:
    """Whether a line is of our own reservations, whose references begin with the order's id and the line."""
    return bool(row["source"] == "reservations" and row["reference"])


def _entry(location: str, entry: Entry) -> dict[str, Any]:
    told = entry.movement or entry.observation
    assert told is not None, "a line of the ledger is a movement or an observation"
    return {
        "at": write_instant(entry.at),
        "location": location,
        "what": entry.movement.kind.value if entry.movement else "counted",
        "eaches": entry.movement.eaches if entry.movement else entry.unexplained,
        "on_hand": entry.on_hand,
        "held": entry.held,
        "free": entry.on_hand - (entry.held or 0) if entry.on_hand is not None else None,
        "unexplained": entry.unexplained,
        "states": [{"state": name, "eaches": count, "change": change} for name, count, change in entry.states],
        "source": told.source,
        "reference": entry.movement.reference if entry.movement else "",
        "evidence": told.evidence or None,
    }


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """Which history to replay: a product in a channel since then; `delay` None: as measured of its feed."""

    sku: str
    channel: Channel
    since: datetime
    delay: timedelta | None = None
    risk: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a replay came to: the choices with their outcomes, the best of them, and what the buffer would be, computed."""

    course: Course
    delay: timedelta
    outcomes: tuple[Outcome, ...]
    best: Outcome
    now: int
    computed: ComputedBuffer


def replay_policy(connection: sa.Connection, asked: PolicyRequest, now: datetime) -> Policy:
    """Replay a product's history against buffers and intervals. Raises NotFound, Invalid without enough history."""
    product, place = load_known(connection, asked.sku), asked.channel.location
    if product.count_source is CountSource.UNKNOWN:
        raise Invalid(f"{asked.sku}: {rule_of(product)} There is no history to replay.")
    known = next(load_product_courses(connection, asked.channel, [asked.sku], asked.since, now), None)
    if known is None or not known.course.changes:
        raise Invalid(
            f"{asked.sku} at {place}: nothing changed since {asked.since:%Y-%m-%d}, so there is nothing to replay; "
            f"go back further, or wait until something sells."
        )
    course = known.course
    delay = max(asked.delay if asked.delay is not None else known.delay, SHORTEST_DELAY)
    rule = with_buffers(connection, asked.channel, [asked.sku], now).buffer_of(asked.sku)
    risk = asked.risk or (rule.risk_percent / 100 if rule.risk_percent is not None else DEFAULT_RISK)
    computed = compute_buffer(course.asked(delay, own=False), risk)
    current = rule.size(known.on_hand, computed.eaches)
    buffers = sorted({0, 1, 2, 5, current, computed.eaches})
    outcomes = tuple(replay(course, Choice(buffer, interval, delay)) for interval in INTERVALS for buffer in buffers)
    found = best(outcomes)
    assert found is not None, "there is always a choice"
    return Policy(course, delay, outcomes, found, current, computed)
