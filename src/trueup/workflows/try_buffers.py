"""Try buffers: what another buffer would have come to on the products' own history, beside what the one in force would have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

import sqlalchemy as sa

from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import BufferRule, compute_buffer
from trueup.domain.channels import Channel
from trueup.domain.stock_policy import Choice, Outcome, replay
from trueup.storage import stock_ledger
from trueup.workflows.keep_buffers import Decided, change_buffer
from trueup.workflows.product_courses import ProductCourse, load_product_courses
from trueup.workflows.promises import find_channel, load_promises, with_buffers
from trueup.workflows.resolve_case import Person
from trueup.workflows.versions import ON_ANY, Basis
from trueup.workflows.world import Tx

HISTORY = timedelta(days=90)
MOST_REPLAYED = 500
"""So many products are replayed of a channel: those that were counted anew most often, which are those that sell."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One product: what the rule in force and the new one would have come to."""

    sku: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class BufferTrial:
    """What a change would have come to since `since`. `without`: products it is for that have no history to replay."""

    since: datetime
    replayed: tuple[Replayed, ...]
    without: int

    def total(self, name: str) -> tuple[Fraction, Fraction]:
        """The sum over all products of a figure of their outcomes, before and after."""
        return (
            Fraction(sum(getattr(each.before, name) for each in self.replayed)),
            Fraction(sum(getattr(each.after, name) for each in self.replayed)),
        )


def try_buffer(
    connection: sa.Connection, channel: Channel, scope: BufferScope, rule: BufferRule | None, now: datetime
) -> BufferTrial:
    """Replay 90 days of what a change is for; None as rule is what stands beneath the scope's own."""
    since = now - HISTORY
    concerned = (
        [scope.sku]
        if scope.sku != ALL
        else stock_ledger.list_most_counted(connection, channel.location, since, MOST_REPLAYED)
    )
    known = with_buffers(connection, channel, concerned, now)
    if scope.sku == ALL:
        concerned = [sku for sku in concerned if sku not in known.buffers]
    beneath = {sku: each for sku, each in known.buffers.items() if sku != scope.sku}
    after = rule or beneath.get(ALL, channel.buffer)
    replayed = tuple(
        Replayed(each.sku, _outcome(each, known.buffer_of(each.sku)), _outcome(each, after))
        for each in load_product_courses(connection, channel, concerned, since, now)
        if each.course.changes
    )
    return BufferTrial(since, replayed, len(concerned) - len(replayed))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: to the rule, to what the channel may sell now, and on the products' own history.

    `offered`: eaches that it may sell before and after, and of how many products; None where nobody counts any.
    """

    decided: Decided
    needs_second: bool
    offered: tuple[int, int, int] | None
    trial: BufferTrial


def preview_change(
    tx: Tx, change: BufferChange, person: Person, policy: SecondPerson, basis: Basis = ON_ANY
) -> Preview:
    """Do it as if it held now and nobody else were needed, and tell what that does. Call it in a transaction that is rolled back.

    Raises as `change_buffer`.
    """
    scope = change.scope
    channel = find_channel(tx.resources, scope.channel, scope.location, tx.now)
    before = _offered(tx, channel, scope)
    trial = try_buffer(tx.connection, channel, scope, change.rule, tx.now) if channel else None
    decided = change_buffer(tx, replace(change, effective_from=tx.now), person, SecondPerson.NEVER, basis)
    assert trial is not None, "what was changed is a channel's"
    after = _offered(tx, channel, scope)
    offered = (sum(before.values()), sum(after.values()), len(after)) if after else None
    told = replace(decided, effective_from=max(tx.now, change.effective_from))
    return Preview(told, policy.is_needed(decided.before.rule, decided.after.rule), offered, trial)


def _offered(tx: Tx, channel: Channel | None, scope: BufferScope) -> dict[str, int]:
    if channel is None:
        return {}
    skus = None if scope.sku == ALL else [scope.sku]
    promises = load_promises(tx.connection, channel, skus, tx.now)
    return {sku: promise.eaches for sku, promise in promises.items()}


def _outcome(known: ProductCourse, rule: BufferRule) -> Outcome:
    computed = 0
    if rule.risk_percent is not None:
        computed = compute_buffer(known.course.asked(known.delay, own=False), rule.risk_percent / 100).eaches
    return replay(known.course, Choice(max(rule.eaches, computed), timedelta(0), known.delay, rule.percent))


def told(trial: BufferTrial) -> Sequence[tuple[str, Fraction, Fraction]]:
    """What people are shown of a trial: each figure in words, before and after."""
    words = {
        "sold_out": "times shown as sold out with goods left",
        "lost": "eaches of sales lost",
        "oversold": "eaches oversold",
        "held_back": "eaches held back on average",
    }
    return [(words[name], *trial.total(name)) for name in words]
