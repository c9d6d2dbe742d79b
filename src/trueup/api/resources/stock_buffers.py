"""Buffers: what each channel is never shown, changing it, what a change would have come to, and taking a version back."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.exact import Percent
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import (
    AskedInstant,
    DryRun,
    Instant,
    Key,
    Line,
    Listed,
    Name,
    Number,
    Page,
    Paging,
    Shape,
    Text,
    Told,
    id_at,
)
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import MOST_BUFFER, BufferRule, percent_text
from trueup.workflows.keep_buffers import Decided, change_buffer, undo_change
from trueup.workflows.list_buffers import list_buffers, list_decided
from trueup.workflows.try_buffers import preview_change, told
from trueup.workflows.versions import Basis
from trueup.workflows.world import Tx

_NUMBERS = {"buffer": "2 eaches", "eaches": 2, "percent": "0", "risk_percent": None}


class BufferSize(Told):
    """How large a buffer is: the largest of so many eaches, a part of what lies there, and the computed one."""

    eaches: int = Field(0, ge=0, le=MOST_BUFFER)
    percent: Percent = Decimal(0)
    risk_percent: Annotated[Percent, Field(gt=0, le=50)] | None = None
    """The fewest eaches with which promising what sold meanwhile is rarer than this; null: not computed."""


class ChannelBuffer(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "channel": "shop shop",
                "location": "main",
                "file": "nothing",
                **_NUMBERS,
                "stands": "decided for this product",
                "own": True,
                "seen": 7,
                "exceptions": [],
            }
        ]
    },
):
    """What a channel is never shown now. `file`: what trueup.toml says; `seen`: the newest version of exactly this scope."""

    channel: str
    location: str
    file: str
    buffer: str
    eaches: int
    percent: str
    risk_percent: str | None
    stands: str
    own: bool
    seen: int
    exceptions: list[str]
    """The products with a buffer of their own; told where no product is asked for."""


class BufferVersion(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "version": 7,
                "channel": "shop shop",
                "location": "main",
                "sku": "LAMP-1",
                **_NUMBERS,
                "effective_from": "2026-11-23T09:00:00Z",
                "began": True,
                "reason": "sells fast before the holidays",
                "decided_by": "Elke",
                "decided_at": "2026-11-23T09:00:00Z",
                "approved_by": None,
                "undoes": None,
            }
        ]
    },
):
    """What was decided; never edited. `sku` null: for every product; `buffer` null: what stands beneath holds again."""

    version: int
    channel: str
    location: str
    sku: str | None
    buffer: str | None
    eaches: int | None
    percent: str | None
    risk_percent: str | None
    effective_from: Instant
    began: bool
    reason: str
    decided_by: str
    decided_at: Instant
    approved_by: str | None
    undoes: int | None


class Changing(
    Told,
    json_schema_extra={
        "examples": [
            {
                "channel": "shop shop",
                "location": "main",
                "sku": "LAMP-1",
                "rule": {"eaches": 2},
                "reason": "sells fast before the holidays",
            }
        ]
    },
):
    """What is to hold, from when on, and why."""

    channel: Line
    location: Line
    sku: Name = ALL
    """The product; "" for every product that has none of its own."""
    rule: BufferSize | None
    """Null: give its own up; what stands beneath it holds again."""
    effective_from: AskedInstant | None = None
    """Now, when it is not said."""
    reason: Text = Field(min_length=1, max_length=500)
    seen: int | None = Field(None, ge=0)
    """The newest version that the caller knows of; another one since is refused."""


class Changed(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "words": "The buffer of LAMP-1 in shop shop at main: nothing → 2 eaches",
                "before": "nothing",
                "after": "2 eaches",
                "version": 7,
                "proposal": None,
                "dry_run": False,
            }
        ]
    },
):
    """What came of it: a version, or the proposal that waits for a second person."""

    words: str
    before: str
    after: str
    version: int | None
    proposal: int | None
    dry_run: bool


class Figure(Shape):
    """A figure of the replay, in words, as it is and changed; exact to six decimals."""

    figure: str
    before: str
    after: str


class Trial(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "before": "nothing",
                "after": "2 eaches",
                "needs_second_person": False,
                "offered_before": 14,
                "offered_after": 12,
                "products_replayed": 1,
                "products_without_history": 0,
                "figures": [{"figure": "eaches oversold", "before": "3", "after": "0"}],
            }
        ]
    },
):
    """What a change would do now, and would have come to on the products' own history of 90 days."""

    before: str
    after: str
    needs_second_person: bool
    offered_before: int | None
    offered_after: int | None
    products_replayed: int
    products_without_history: int
    figures: list[Figure]


class BufferQuery(Told):
    """For which product."""

    sku: Name = ALL
    """The product; "" for what holds where a product has none of its own."""


class VersionQuery(Paging, BufferQuery):
    """Which versions; without a product, all of them."""


def list_channel_buffers(call: Calling, asked: Annotated[BufferQuery, Query()]) -> Listed[ChannelBuffer]:
    """List what each channel is never shown now, and where that stands."""
    with call.look() as connection:
        rows = list_buffers(connection, call.desk.world, asked.sku, call.now)
    return Listed[ChannelBuffer](items=[ChannelBuffer.model_validate(row) for row in rows])


def list_versions(call: Calling, asked: Annotated[VersionQuery, Query()]) -> Page[BufferVersion]:
    """List what was decided, the newest first."""
    skus = [asked.sku] if asked.sku else None
    with call.look() as connection:
        rows = list_decided(connection, call.now, skus=skus, before=id_at(asked.at), limit=asked.limit + 1)
    return call.page_by(BufferVersion, rows, asked.limit, "version")


def change(call: Calling, told: Changing, dry_run: DryRun = False, key: Key = None) -> Changed:
    """Change what a channel is never shown. What is published follows by itself; where the settings want it, two people decide."""
    meant, basis = _meant(call, told), Basis(told.seen)

    def act(tx: Tx) -> Changed:
        return _changed(change_buffer(tx, meant, call.person, _policy(call), basis), dry_run)

    return call.once(act, key, dry_run=dry_run)


def try_change(call: Calling, told: Changing) -> Trial:
    """Tell what a change would do now, and would have come to on the products' own history. Nothing is kept."""
    preview = call.act(preview_change, _meant(call, told), call.person, _policy(call), Basis(told.seen), dry_run=True)
    return _trial(preview)


def _trial(preview: Any) -> Trial:
    before, after, _ = preview.offered or (None, None, 0)
    return Trial(
        before=str(preview.decided.before.rule),
        after=str(preview.decided.after.rule),
        needs_second_person=preview.needs_second,
        offered_before=before,
        offered_after=after,
        products_replayed=len(preview.trial.replayed),
        products_without_history=preview.trial.without,
        figures=[
            Figure(figure=words, before=_exact(was), after=_exact(will)) for words, was, will in told(preview.trial)
        ],
    )


def take_buffer_back(call: Calling, version: Number, dry_run: DryRun = False, key: Key = None) -> Changed:
    """Take the newest version of a buffer back: what held before it holds again."""

    def act(tx: Tx) -> Changed:
        return _changed(undo_change(tx, version, call.person, _policy(call)), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _meant(call: Calling, told: Changing) -> BufferChange:
    rule = BufferRule.of(told.rule.eaches, told.rule.percent, told.rule.risk_percent) if told.rule else None
    scope = BufferScope(told.channel, told.location, told.sku)
    return BufferChange(scope, rule, told.effective_from or call.now, told.reason)


def _policy(call: Calling) -> SecondPerson:
    return call.desk.settings.installation.two_persons_for_buffers


def _changed(done: Decided, dry_run: bool) -> Changed:
    return Changed(
        words=str(done),
        before=str(done.before.rule),
        after=str(done.after.rule),
        version=done.version.id if done.version else None,
        proposal=done.proposal,
        dry_run=dry_run,
    )


def _exact(figure: Any) -> str:
    return percent_text(round(figure, 6))


RESOURCE = Resource(
    "stock-buffers",
    "Stock",
    (
        Operation("/stock-buffers", list_channel_buffers),
        Operation("/stock-buffers", change, "stock.buffers", "POST"),
        Operation("/stock-buffers/trial", try_change, "stock.buffers", "POST"),
        Operation("/stock-buffers/versions", list_versions),
        Operation("/stock-buffers/versions/{version}/undoing", take_buffer_back, "stock.buffers", "POST"),
    ),
)
