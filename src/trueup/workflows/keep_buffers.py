"""Keep buffers: a person changes what a channel is never shown; a version from an instant on, and what is published follows.

trueup.toml says what holds where nobody decided. A version is never edited: another stands over it, or takes it back. Which changes
take a second person, the settings say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.domain.buffer_changes import (
    ALL,
    BufferChange,
    BufferScope,
    SecondPerson,
    Standing,
    Version,
    rules_in_force,
    standing_of,
)
from trueup.domain.buffers import BufferRule
from trueup.domain.channels import Channel
from trueup.domain.inventory import Claimant
from trueup.durable.flow import Flow
from trueup.storage import acts, buffer_changes, supplies
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.compute_buffers import AT_ONCE, compute_now
from trueup.workflows.explain_stock import load_known
from trueup.workflows.promises import find_channel, with_buffers
from trueup.workflows.resolve_case import Person
from trueup.workflows.versions import LONGEST_AHEAD, ON_ANY, Basis
from trueup.workflows.wanted_stock import channel_changed
from trueup.workflows.world import Flowing, Tx, World

ACT = "buffer.change"
"""The proposal that waits for a second person."""
FLOW = "put_buffer_in_force"


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a change: the version, or the proposal that waits; which rule held and will hold then, and where each stands."""

    scope: BufferScope
    before: Standing
    after: Standing
    effective_from: datetime
    version: Version | None = None
    proposal: int | None = None

    def __str__(self) -> str:
        changed = f"The buffer of {self.scope}: {self.before.rule} → {self.after.rule}"
        return f"{changed}; proposal {self.proposal} waits for a second person" if self.proposal else changed


def change_buffer(tx: Tx, change: BufferChange, person: Person, policy: SecondPerson, basis: Basis = ON_ANY) -> Decided:
    """Decide a change, or propose it where the policy wants two people. A time that is over means now.

    Raises Refused for a role, NotFound for a channel or a product, Conflict where nothing would change, or somebody changed it
    since it was seen.
    """
    demand_role(person, "stock.buffers")
    _demand_seen(tx, change.scope, basis.seen)
    channel = _known_channel(tx, change.scope)
    if change.effective_from > tx.now + LONGEST_AHEAD:
        raise Invalid(
            f"The buffer of {change.scope} from {change.effective_from:%Y-%m-%d} on: expected a day within two years."
        )
    asked, change = change, replace(change, effective_from=max(tx.now, change.effective_from))
    before, after = _around(tx, channel, change)
    if before == after:
        who = acts.say_who(tx.connection, f"buffer of {change.scope}", "stock.buffer-changed")
        raise Conflict(
            f"The buffer of {change.scope} is {before.rule} then already{f', changed{who}' if who else ''}; nothing would change."
        )
    told = Decided(change.scope, before, after, change.effective_from)
    if policy.is_needed(before.rule, after.rule):
        later = asked.effective_from if asked.effective_from > tx.now else None
        arguments = _json(change, later, basis.undoes, told)
        wanted = acts.Proposal(ACT, f"buffer of {change.scope}", arguments, change.reason, person.name)
        return replace(told, proposal=acts.replace(tx.connection, wanted, tx.now, person.standing))
    decided = Version(0, change, person.name, tx.now, undoes=basis.undoes)
    return replace(told, version=_decide(tx, channel, decided, (person, before)))


def approve_change(tx: Tx, proposal_id: int, person: Person) -> Decided:
    """The second person: it holds from its time on, or from now where that is over. Raises as `change_buffer`."""
    demand_role(person, "stock.buffers")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    change, undoes = _change_of(row["arguments"], tx.now)
    channel = _known_channel(tx, change.scope)
    before, after = _around(tx, channel, change)
    decided = Version(0, change, row["proposed_by"], row["proposed_at"], person.name, undoes)
    version = _decide(tx, channel, decided, (person, before))
    return Decided(change.scope, before, after, change.effective_from, version)


def undo_change(tx: Tx, number: int, person: Person, policy: SecondPerson) -> Decided:
    """Take a version back: what held before it holds again, from now on, or from when it would have begun.

    Raises as `change_buffer`, and Conflict where a later version of the same stands over it.
    """
    taken = buffer_changes.load_version(tx.connection, number)
    scope = taken.change.scope
    buffer_changes.lock_scope(tx.connection, scope)
    versions = buffer_changes.load_versions(tx.connection, scope)
    if versions[-1].id != number:
        newest = versions[-1]
        raise Conflict(
            f"The buffer of {scope} was changed since, by version {newest.id} of {newest.decided_by} at "
            f"{write_instant(newest.decided_at)}; take that back first."
        )
    moment = max(tx.now, taken.change.effective_from)
    earlier = rules_in_force([each for each in versions if each.id != number], moment).get(scope)
    change = BufferChange(scope, earlier, moment, f"takes back version {number}")
    return change_buffer(tx, change, person, policy, Basis(number, number))


def _demand_seen(tx: Tx, scope: BufferScope, seen: int | None) -> None:
    newest = buffer_changes.lock_scope(tx.connection, scope)
    if newest is not None and seen is not None and newest.id != seen:
        raise Conflict(
            f"The buffer of {scope} was changed meanwhile: version {newest.id} by {newest.decided_by}, {newest.change}. "
            f"Look at it, and change that."
        )


def _known_channel(tx: Tx, scope: BufferScope) -> Channel:
    channel = find_channel(tx.resources, scope.channel, scope.location, tx.now)
    if channel is None:
        raise NotFound(
            f"No channel {scope.channel!r} at {scope.location!r}; `trueup stock buffers` shows those there are."
        )
    if scope.sku != ALL:
        load_known(tx.connection, scope.sku)
    return channel


def _around(tx: Tx, channel: Channel, change: BufferChange) -> tuple[Standing, Standing]:
    """What holds for the scope at the change's time without it, and with it."""
    sku = change.scope.sku
    rules = dict(with_buffers(tx.connection, channel, [sku], change.effective_from).buffers)
    before = standing_of(channel.buffer, rules, sku)
    beneath = {name: rule for name, rule in rules.items() if name != sku}
    after = beneath if change.rule is None else {**beneath, sku: change.rule}
    return before, standing_of(channel.buffer, after, sku)


def _decide(tx: Tx, channel: Channel, decided: Version, who: tuple[Person, Standing]) -> Version:
    person, before = who
    version = buffer_changes.append_change(tx.connection, decided)
    change = version.change
    after = {
        "version": version.id,
        "buffer": str(change),
        "from": write_instant(change.effective_from),
        "reason": change.reason,
        **({"proposed_by": version.decided_by} if version.approved_by else {}),
    }
    deed = Deed("stock.buffer-changed", f"buffer of {change.scope}", {"buffer": str(before.rule)}, after)
    record_deed(tx.connection, tx.now, person, deed)
    if change.effective_from > tx.now:
        tx.at(change.effective_from, FLOW, f"buffer-in-force:{version.id}", version.id)
    elif change.scope.sku == ALL:
        tx.start(FLOW, f"buffer-in-force:{version.id}", version.id)
    else:
        _follow(tx, channel, [change.scope.sku])
    return version


def put_buffer_in_force(c: Flowing, number: int) -> None:
    """The time of a version came: buffers are computed and numbers published anew, some thousand products a transaction."""
    after: str | None = ""
    while after is not None:
        after = c.commit(follow_some, number, after)


def follow_some(tx: Tx, number: int, after: str) -> str | None:
    """The products of a version from after a SKU; returns the last, None when there are no more."""
    scope = buffer_changes.load_version(tx.connection, number).change.scope
    channel = find_channel(tx.resources, scope.channel, scope.location, tx.now)
    if channel is None:
        return None
    if scope.sku != ALL:
        _follow(tx, channel, [scope.sku])
        return None
    skus = supplies.list_counted(tx.connection, scope.location, after, AT_ONCE)
    _follow(tx, channel, skus or supplies.list_by_items(tx.connection))
    return skus[-1] if skus else None


def _follow(tx: Tx, channel: Channel, skus: list[str]) -> None:
    """Buyers that are told in rounds of their own get the new numbers with the next; a shop is told now."""
    compute_now(tx, channel, skus)
    if channel.claimant is Claimant.SHOP:
        channel_changed(tx, channel.name.removeprefix("shop "), skus, channel.location)


def _json(change: BufferChange, later: datetime | None, undoes: int | None, told: Decided) -> dict[str, Any]:
    """What waits for a second person. `later`: from when on (None: from its approval, so that said again it is the same)."""
    rule = change.rule
    return {
        "channel": change.scope.channel,
        "location": change.scope.location,
        "sku": change.scope.sku,
        "eaches": rule.eaches if rule else None,
        "percent": str(rule.percent) if rule else None,
        "risk_percent": str(rule.risk_percent) if rule and rule.risk_percent is not None else None,
        "effective_from": write_instant(later) if later else None,
        "reason": change.reason,
        "undoes": undoes,
        "words": f"{told.before.rule} → {told.after.rule}" + (f", from {later:%Y-%m-%d %H:%M} UTC on" if later else ""),
    }


def _change_of(told: dict[str, Any], now: datetime) -> tuple[BufferChange, int | None]:
    rule = None
    if told["eaches"] is not None:
        risk = told["risk_percent"]
        rule = BufferRule(told["eaches"], Fraction(told["percent"]), None if risk is None else Fraction(risk))
    scope = BufferScope(told["channel"], told["location"], told["sku"])
    later = read_instant(told["effective_from"]) if told["effective_from"] else now
    return BufferChange(scope, rule, max(now, later), told["reason"]), told["undoes"]


FLOWS = (Flow[World](FLOW, put_buffer_in_force),)
