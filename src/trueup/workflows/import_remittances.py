"""Import remittances: files that a person hands in are settled while the person waits, and a worker finishes what is broken off.

Each file is archived before it is read, and each batch is a transaction of its own; a trial does all of it in a single one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from trueup.base.errors import DocumentError
from trueup.base.money import Money
from trueup.storage.views.import_aftermath import cases_since, last_case, waiting_of
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import (
    SAFETY_NET,
    Plan,
    Settled,
    archive_remittance,
    ask_reconciliation,
    net_of,
    plan_document,
    read_remittances,
    settle_batch,
)
from trueup.workflows.world import Tx

T = TypeVar("T")


class Acting(Protocol):
    """Runs `fn(tx, *args)`: in a transaction of its own, or in the one of a trial."""

    def __call__(self, fn: Callable[..., T], *args: Any) -> T:
        """What `fn` returns; what it raises goes through, and nothing of it is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person hands in as remittances of a partner."""

    content: bytes
    name: str
    partner: str
    person: Person


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that was archived and can be read. `untied`: the payments that are not the sum of their lines, by how much."""

    upload: Upload
    digest: str
    plan: Plan
    payments: tuple[str, ...]
    untied: tuple[tuple[str, Money], ...]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How things stand after all files: what reconciliation did, what waits of their payments, which cases are new.

    Cases are those opened meanwhile, by whomever.
    """

    reconciled: dict[str, int]
    waiting: tuple[dict[str, Any], ...]
    opened: tuple[dict[str, Any], ...]


def begin_upload(act: Acting, upload: Upload) -> Begun:
    """Archive it and look what it holds. Raises Refused without a role that may, DocumentError when it is no remittance."""
    digest = act(archive_remittance, upload.content, upload.name, upload.partner, upload.person)
    try:
        return act(plan_upload, upload, digest)
    except DocumentError:
        # Who hands it in is told at once: no worker need find it, and no case need say it.
        act(end_upload, "", digest)
        raise


def settle_upload(act: Acting, begun: Begun, advance: Callable[[int], None]) -> Settled:
    """Book it batch by batch; `advance` is told how many lines each had."""
    done = Settled()
    for index in range(len(begun.plan.batches)):
        part = act(settle_part, begun.upload, begun.digest, index)
        done += part
        advance(part.lines)
    act(end_upload, begun.upload.partner, begun.digest)
    return done


def newest_case(tx: Tx) -> int:
    """By which cases that are opened from now on are told."""
    return last_case(tx.connection)


def finish_import(tx: Tx, partner: str, payments: Sequence[str], newest: int) -> Aftermath:
    """Hold what waits against everything that is open, and tell how things stand then."""
    reconciled = reconcile_partner(tx, partner)
    waiting = waiting_of(tx.connection, partner, payments)
    return Aftermath(reconciled, tuple(waiting), tuple(cases_since(tx.connection, newest)))


def plan_upload(tx: Tx, upload: Upload, digest: str) -> Begun:
    """What an archived upload holds. Raises DocumentError when it is no remittance."""
    reading = read_remittances(tx, digest)
    plan = plan_document(tx, upload.partner, digest, upload.name)
    untied = tuple((told.payment, told.tie) for told in reading.values if told.tie)
    return Begun(upload, digest, plan, tuple(told.payment for told in reading.values), untied)


def settle_part(tx: Tx, upload: Upload, digest: str, index: int) -> Settled:
    """Book one batch of it."""
    done = Settled(**settle_batch(tx, upload.partner, digest, index))
    # While we are at it no worker begins with it too.
    tx.at(tx.now + SAFETY_NET, "settle_remittance", net_of(digest), upload.partner, digest, upload.name)
    return done


def end_upload(tx: Tx, partner: str, digest: str) -> None:
    """The upload needs nobody any more; reconciliation follows, by a worker if not by us."""
    tx.cancel(net_of(digest))
    if partner:
        ask_reconciliation(tx, partner)
