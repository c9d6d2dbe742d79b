"""Acts in the database: who did what, when, before and after; and proposals, which a second person must approve."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotAllowed, NotFound
from trueup.storage.schema import metadata

acts = sa.Table(
    "acts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("before", JSONB),
    sa.Column("after", JSONB),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Index("ix_acts_subject", "subject", "id", postgresql_ops={"subject": "text_pattern_ops"}),
    sa.Index("ix_acts_people", "actor", "at", postgresql_where=sa.text("actor <> 'trueup'")),
    sa.Index("ix_acts_at", "at", "id"),
    sa.Index("ix_acts_kinds", "act", "at", "id"),
    sa.Index("ix_acts_by_people", "at", "id", postgresql_where=sa.text("actor <> 'trueup'")),
    sa.Index("ix_acts_evidence", "evidence", postgresql_where=sa.text("evidence <> ''")),
)
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("arguments", JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_at", sa.TIMESTAMP(timezone=True)),
    sa.CheckConstraint("approved_by IS NULL OR lower(approved_by) <> lower(proposed_by)", name="two_persons"),
    sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_whole"),
    sa.Index("uq_proposals_open", "act", "subject", unique=True, postgresql_where=sa.text("approved_by IS NULL")),
    sa.Index("ix_proposals_waiting", "id", postgresql_where=sa.text("approved_by IS NULL")),
)


REPLACED = "proposal.replaced"
"""The act on a proposal in whose place another waits."""
REFUSED = "act.refused"
"""The act of somebody who was not let do something: kept, though it changed nothing."""
_LONGEST_TOLD = 300
"""So many characters of what waits are told to who wants it otherwise; the whole stands with the proposals."""


@dataclass(frozen=True, slots=True)
class Act:
    """What someone did to something: a person with their role, or a worker; what was before and after, and on what evidence."""

    actor: str
    role: str
    act: str
    subject: str
    before: Any = None
    after: Any = None
    evidence: str = ""


def append_act(connection: sa.Connection, at: datetime, done: Act) -> None:
    """Record it. Rows are only ever added: the table refuses updates and deletes."""
    connection.execute(
        sa.insert(acts).values(
            at=at,
            actor=done.actor,
            role=done.role,
            act=done.act,
            subject=done.subject,
            before=done.before,
            after=done.after,
            evidence=done.evidence,
        )
    )


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was recorded: its number, who did it when, how it was before and after, and on what evidence."""

    id: int
    actor: str
    at: datetime
    act: str
    before: Any
    after: Any
    evidence: str


def newest_act(connection: sa.Connection, subject: str, kinds: Collection[str] = ()) -> Done | None:
    """The newest act on a subject, of some kinds or of all that changed something; or None."""
    query = sa.select(*(acts.c[name] for name in ("id", "actor", "at", "act", "before", "after", "evidence")))
    query = query.where(acts.c.act.in_(list(kinds)) if kinds else acts.c.act != REFUSED)
    query = query.where(acts.c.subject == subject).order_by(acts.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return Done(*row) if row else None


def list_refused(connection: sa.Connection, subject: str, actor: str, since: datetime) -> list[dict[str, Any]]:
    """What was told of what somebody was not let do to a subject since an instant."""
    query = sa.select(acts.c.after).where(acts.c.subject == subject, acts.c.act == REFUSED)
    return list(connection.execute(query.where(acts.c.actor == actor, acts.c.at > since)).scalars())


def count_refused(connection: sa.Connection, asked_for: str, actor: str, since: datetime) -> int:
    """How often somebody was not let do a kind of thing since an instant."""
    query = sa.select(sa.func.count()).where(acts.c.actor == actor, acts.c.at > since, acts.c.act == REFUSED)
    return int(connection.execute(query.where(acts.c.after["asked_for"].astext == asked_for)).scalar_one())


def act_on_proposal(connection: sa.Connection, proposal_id: int, kinds: Collection[str]) -> Done | None:
    """The newest act of some kinds by which a person decided a proposal, whose row may be gone; None where there is none."""
    query = sa.select(*(acts.c[name] for name in ("id", "actor", "at", "act", "before", "after", "evidence")))
    query = query.where(acts.c.actor != "trueup", acts.c.act.in_(list(kinds)))
    query = query.where(acts.c.after.contains({"proposal": proposal_id})).order_by(acts.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return Done(*row) if row else None


def hold_subject(connection: sa.Connection, subject: str) -> None:
    """Whoever acts on the same subject waits until this transaction ends, and then sees what it did."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"acts on {subject}", 0))))


def say_who(connection: sa.Connection, subject: str, *kinds: str) -> str:
    """Who did one of these to a subject last, and when: " by Olga at 2026-11-23T09:00:00Z"; "" where nobody did."""
    found = newest_act(connection, subject, kinds)
    return f" by {found.actor} at {write_instant(found.at)}" if found else ""


def list_outcomes(connection: sa.Connection, of: tuple[str, str], since: datetime) -> list[dict[str, Any]]:
    """What somebody left by each act of a kind since an instant; `of`: who, and which act."""
    actor, act = of
    query = sa.select(acts.c.after).where(acts.c.actor == actor, acts.c.act == act, acts.c.at > since)
    return [after for after in connection.execute(query).scalars() if isinstance(after, dict)]


def list_acts(connection: sa.Connection, subject: str | None = None, *, limit: int = 200) -> list[dict[str, Any]]:
    """The newest acts, of one subject or of all."""
    query = sa.select(acts).order_by(acts.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(acts.c.subject == subject)
    return [dict(row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that a second person must approve: what, to what, with which arguments, why, and who proposes it."""

    act: str
    subject: str
    arguments: dict[str, Any]
    reason: str
    by: str


def _meant(arguments: dict[str, Any]) -> dict[str, Any]:
    """What would be done; how it was explained does not matter."""
    return {name: value for name, value in arguments.items() if name != "note"}


def _in_short(arguments: dict[str, Any]) -> str:
    """What would be done, for a sentence: in its own words where it has some, and never a whole sheet."""
    told = str(arguments.get("words") or _meant(arguments))
    return told if len(told) <= _LONGEST_TOLD else f"{told[: _LONGEST_TOLD - 2]} …"


def propose(connection: sa.Connection, wanted: Proposal, now: datetime) -> int:
    """Ask for a second person. The same proposal again is the one that waits already, also when both come at once."""
    return propose_once(connection, wanted, now)[0]


def propose_once(connection: sa.Connection, wanted: Proposal, now: datetime) -> tuple[int, bool]:
    """As `propose`; and whether it is a new one. Who approves is not waited for: they may wait for what the caller holds."""
    waiting = _alone(connection, wanted.act, wanted.subject, hold=False)
    if waiting is not None:
        if _meant(waiting["arguments"]) != _meant(wanted.arguments):
            raise Conflict(
                f"Proposal {waiting['id']} by {waiting['proposed_by']} to {wanted.act} {wanted.subject} otherwise waits already: "
                f"{_in_short(waiting['arguments'])}; it must be approved, or the matter settled another way, first."
            )
        return int(waiting["id"]), False
    number: int = connection.execute(
        sa.insert(proposals)
        .values(
            act=wanted.act,
            subject=wanted.subject,
            arguments=wanted.arguments,
            reason=wanted.reason,
            proposed_by=wanted.by,
            proposed_at=now,
        )
        .returning(proposals.c.id)
    ).scalar_one()
    return number, True


def hold_proposal(connection: sa.Connection, act: str, subject: str) -> dict[str, Any] | None:
    """The proposal of an act to a subject that waits, or None: whoever proposes or approves the same waits until this transaction
    ends. Held before what it is about is locked, for who approves holds it first."""
    return _alone(connection, act, subject, hold=True)


def _alone(connection: sa.Connection, act: str, subject: str, *, hold: bool) -> dict[str, Any] | None:
    """What waits, alone among those who propose the same; with `hold` also among those who approve it."""
    connection.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"proposal {act} {subject}", 0)))
    )
    query = sa.select(proposals).where(
        proposals.c.act == act, proposals.c.subject == subject, proposals.c.approved_by.is_(None)
    )
    row = connection.execute(query.with_for_update() if hold else query).mappings().first()
    return dict(row) if row is not None else None


def replace(connection: sa.Connection, wanted: Proposal, now: datetime, standing: str) -> int:
    """Ask for a second person in place of what waits for the same subject; returns the number.

    A proposal that is approved by its number never changes, for somebody may have looked at it: what says otherwise has a number of
    its own, and an act of its maker, by their `standing`, says which it replaced. What the same person says in the same words
    waits as it is.
    """
    waiting = hold_proposal(connection, wanted.act, wanted.subject)
    if waiting is None:
        return propose(connection, wanted, now)
    said = (waiting["arguments"], waiting["reason"], waiting["proposed_by"])
    if said == (wanted.arguments, wanted.reason, wanted.by):
        return int(waiting["id"])
    connection.execute(sa.delete(proposals).where(proposals.c.id == waiting["id"]))
    number = propose(connection, wanted, now)
    before = {
        "to": f"{wanted.act} {wanted.subject}",
        "words": waiting["arguments"].get("words", ""),
        "reason": waiting["reason"],
        "proposed_by": waiting["proposed_by"],
        "proposed_at": write_instant(waiting["proposed_at"]),
    }
    append_act(connection, now, Act(wanted.by, standing, REPLACED, _named(waiting["id"]), before, {"proposal": number}))
    return number


def edit(connection: sa.Connection, wanted: Proposal, now: datetime) -> int:
    """Ask for a second person; what waits for the same subject says this from now on, under its number, and whoever says it is its
    proposer. Only for what is approved by the look that was seen of it, as `workflows.versions` has it."""
    waiting = hold_proposal(connection, wanted.act, wanted.subject)
    if waiting is None:
        return propose(connection, wanted, now)
    values = {"arguments": wanted.arguments, "reason": wanted.reason, "proposed_by": wanted.by, "proposed_at": now}
    connection.execute(sa.update(proposals).where(proposals.c.id == waiting["id"]).values(**values))
    return int(waiting["id"])


def _named(proposal_id: int) -> str:
    """What acts on a proposal are about."""
    return f"proposal {proposal_id}"


def withdraw(connection: sa.Connection, proposal_id: int) -> bool:
    """Take back a proposal that nobody approved yet; whether there was one. Who took it back, the acts say."""
    gone = connection.execute(
        sa.delete(proposals).where(proposals.c.id == proposal_id, proposals.c.approved_by.is_(None))
    )
    return gone.rowcount > 0


def find_proposal(connection: sa.Connection, act: str, subject: str) -> int | None:
    """The proposal of an act that waits for a second person; None where there is none."""
    query = sa.select(proposals.c.id).where(
        proposals.c.act == act, proposals.c.subject == subject, proposals.c.approved_by.is_(None)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def list_waiting(connection: sa.Connection, act: str) -> list[int]:
    """The proposals of an act that wait for a second person, the oldest first."""
    query = sa.select(proposals.c.id).where(proposals.c.act == act, proposals.c.approved_by.is_(None))
    return list(connection.execute(query.order_by(proposals.c.id)).scalars())


def load_proposal(connection: sa.Connection, proposal_id: int) -> dict[str, Any]:
    """A proposal's row. Raises NotFound, and Conflict where another waits in its place."""
    row = connection.execute(sa.select(proposals).where(proposals.c.id == proposal_id)).mappings().first()
    if row is None:
        raise _gone(connection, proposal_id)
    return dict(row)


def _gone(connection: sa.Connection, proposal_id: int) -> Conflict | NotFound:
    """What to say of a proposal that is not there: by which it was replaced, where it was."""
    newest, done = proposal_id, newest_act(connection, _named(proposal_id), (REPLACED,))
    if done is None:
        return NotFound(f"Proposal {proposal_id}: no such proposal; `trueup cases proposals` shows those there are.")
    while (later := newest_act(connection, _named(newest), (REPLACED,))) is not None:
        newest = later.after["proposal"]
    return Conflict(
        f"Proposal {proposal_id} was replaced by {done.actor} at {write_instant(done.at)}, and nothing was changed: "
        f"look at proposal {newest}, and decide that."
    )


def approve(connection: sa.Connection, proposal_id: int, by: str, now: datetime) -> dict[str, Any]:
    """Approve it as another person than its proposer; the database itself refuses the same one.

    Returns the proposal's row. Raises NotFound, Conflict when it is approved already or another waits in its place, Refused for
    the same person.
    """
    row = (
        connection.execute(sa.select(proposals).where(proposals.c.id == proposal_id).with_for_update())
        .mappings()
        .first()
    )
    if row is None:
        raise _gone(connection, proposal_id)
    if row["approved_by"] is not None:
        raise Conflict(
            f"Proposal {proposal_id} was approved by {row['approved_by']} already, at {write_instant(row['approved_at'])}; "
            "nothing was changed."
        )
    try:
        with connection.begin_nested():
            connection.execute(
                sa.update(proposals).where(proposals.c.id == proposal_id).values(approved_by=by, approved_at=now)
            )
    except sa.exc.IntegrityError as error:
        raise NotAllowed(
            f"Proposal {proposal_id} to {row['act']} {row['subject']}: {by} proposed it; a second person must approve it."
        ) from error
    return {**row, "approved_by": by, "approved_at": now}
