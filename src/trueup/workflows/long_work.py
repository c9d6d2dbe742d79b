"""Long work that a person asks for and need not wait for: a worker does it piece by piece, and its page says how far it is.

A kind of long work is one file in `jobs/` with a constant WORK. Each piece is a transaction with its progress, so that what is
shown as done is done, and a worker that dies leaves nothing half: another goes on after the last piece. What can only be had as a
whole is one piece, and tells its progress on the side. What came of it stays: as a sentence, by name, and as files in the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from trueup.base.errors import ConfigurationError, Conflict, DocumentError, Invalid, NotFound, Refused
from trueup.base.plugins import collect
from trueup.domain.cases import Role
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import jobs
from trueup.storage.jobs import Job
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Flowing, Tx, World

_TOLD_EVERY = 1000
_NOTHING_BEGUN = "Nothing of it was begun."
_REASONS = (ConfigurationError, Conflict, DocumentError, Invalid, NotFound, Refused)
"""What makes work fail with words for a person; anything else is a defect, and stops the run where it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do: what each piece is told, as JSON, and how many units there are of it all ("lines")."""

    pieces: Sequence[Any]
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of a piece: how many units it was, and what the end is to know of it, as JSON."""

    done: int
    found: Any = None


@dataclass(frozen=True, slots=True)
class End:
    """What came of it all: a sentence, and by name.

    Names that the page of every job shows: `files` (`File` as JSON), `notes` (sentences), `links` (words and an address).
    """

    words: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LongWork:
    """A kind of long work. `flow`: the name of its flow, kept in the database; kinds that are done alike share one.

    `stays`: what stays of it when it is called off under way, as a sentence; None: it cannot be, for half of it would be wrong.
    `stop`: what must be done then. `drop`: what is left of it when it is called off before it was begun. `whole`: one piece, one
    transaction, all or nothing. `look`: others do it, and so often it is looked how far they are; `do` is told None then, and says
    how much is done in all.
    """

    name: str
    flow: str
    plan: Callable[[Tx, Job], Plan]
    do: Callable[[Tx, Job, Any], Piece]
    end: Callable[[Tx, Job, Sequence[Any]], End]
    stays: Callable[[Job], str] | None = None
    drop: Callable[[Tx, Job], str] | None = None
    whole: bool = False
    look: timedelta | None = None
    stop: Callable[[Tx, Job], None] | None = None
    queue: str = "books"


@cache
def known_works() -> Mapping[str, LongWork]:
    """Every kind there is, by name."""
    from trueup.workflows import jobs as folder

    return collect(folder, "WORK", LongWork, key=lambda work: work.name)


def flows_of_works() -> tuple[Flow[World], ...]:
    """The flows by which workers do them."""
    queues = {work.flow: work.queue for work in known_works().values()}
    return tuple(Flow[World](name, do_work, queue) for name, queue in sorted(queues.items()))


def ask_work(tx: Tx, kind: str, title: str, args: Mapping[str, Any], person: Person) -> int:
    """Have a worker do it. Returns the job's id."""
    number = note_work(tx, kind, title, args, person)
    tx.start(known_works()[kind].flow, f"job:{number}", number)
    return number


def note_work(tx: Tx, kind: str, title: str, args: Mapping[str, Any], person: Person) -> int:
    """Note that it is asked for, and by whom; whoever notes it has it done, too."""
    return jobs.add_job(tx.connection, kind, title, {**args, "person": _told(person)}, person.name, tx.now)


def do_at_once(tx: Tx, job_id: int) -> None:
    """Do all of it in this transaction: it is little, and the person waits. Raises what its pieces raise."""
    found = []
    for piece in begin_work(tx, job_id) or ():
        done = do_piece(tx, job_id, piece)
        found.append(done["found"] if done else None)
    end_work(tx, job_id, found)


def do_work(c: Flowing, job_id: int, look: int = 0) -> None:
    """Piece by piece; whoever calls it off in between keeps what was done. What others do is looked at, the `look`th time."""
    if look:
        c.commit(look_on, job_id, look)
        return
    try:
        pieces = c.commit(begin_work, job_id)
        if pieces is None:
            return
        found = []
        for piece in pieces:
            done = c.commit(do_piece, job_id, piece)
            if done is None:
                return
            found.append(done["found"])
        c.commit(end_work, job_id, found)
    except _REASONS as error:
        c.commit(fail_work, job_id, str(error))


def begin_work(tx: Tx, job_id: int) -> list[Any] | None:
    """What each piece is told; None when it was called off meanwhile."""
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if job.state in jobs.ENDED:
        return None
    plan = known_works()[job.kind].plan(tx, job)
    jobs.begin_job(tx.connection, job_id, plan.total, plan.unit, tx.now)
    return list(plan.pieces)


def do_piece(tx: Tx, job_id: int, piece: Any) -> dict[str, Any] | None:
    """One piece, and how far the job is with it; None when it was called off meanwhile."""
    job = jobs.load_job(tx.connection, job_id)
    work = known_works()[job.kind]
    if not work.whole:
        # Held until the piece is done: whoever calls it off meanwhile waits, and is told what stays with it.
        job = jobs.load_job(tx.connection, job_id, lock=True)
    if job.state in jobs.ENDED:
        return None
    done = work.do(tx, job, piece)
    if not tx.tallies:
        tx.count(Tally(job.unit, done.done, {"done": done.done}))
    if work.whole:
        if jobs.load_job(tx.connection, job_id, lock=True).state in jobs.ENDED:
            raise _called_off(job_id)
        jobs.set_done(tx.connection, job_id, job.total or done.done)
    else:
        jobs.advance_job(tx.connection, job_id, done.done)
    return {"found": done.found}


def look_on(tx: Tx, job_id: int, number: int) -> None:
    """How far those are who do it; the next look follows, unless they are done or it was called off."""
    job = jobs.load_job(tx.connection, job_id, lock=True)
    work = known_works()[job.kind]
    if job.state in jobs.ENDED or work.look is None:
        return
    found = work.do(tx, job, None)
    jobs.set_done(tx.connection, job_id, found.done)
    if found.done >= (job.total or 0):
        end_work(tx, job_id, [found.found])
    else:
        tx.at(tx.now + work.look, work.flow, f"job:{job_id}:{number + 1}", job_id, number + 1)


def end_work(tx: Tx, job_id: int, found: Sequence[Any]) -> None:
    """The job says what came of it."""
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if job.state in jobs.ENDED:
        return
    end = known_works()[job.kind].end(tx, job, found)
    jobs.end_job(tx.connection, job_id, end.words, end.result, tx.now)


def fail_work(tx: Tx, job_id: int, words: str) -> None:
    """It could not be done, and says why; what was called off stays called off."""
    if jobs.load_job(tx.connection, job_id, lock=True).state not in jobs.ENDED:
        jobs.fail_job(tx.connection, job_id, words, tx.now)


def what_stays(tx: Tx, job: Job) -> str:
    """Stop a job that is called off now; what stays of it, as a sentence. Raises Refused when it must be finished.

    One of a kind that is not known here (an outside package's that is gone) can be called off while it waits.
    """
    work = known_works().get(job.kind)
    if job.state == "waiting":
        return work.drop(tx, job) if work is not None and work.drop else _NOTHING_BEGUN
    if work is None or work.stays is None:
        raise Refused(
            f"Job {job.id} is under way ({job.done:,} of {job.total or 0:,} {job.unit}) and is finished: half of a payment is not "
            "left in the books. What it books can be corrected afterwards."
        )
    if work.stop is not None:
        work.stop(tx, job)
    return work.stays(job)


def can_stop(job: Job) -> bool:
    """Whether it can be called off as it stands."""
    work = known_works().get(job.kind)
    return job.state == "waiting" or (job.state == "running" and work is not None and work.stays is not None)


def asker_of(job: Job) -> Person:
    """Who asked for it, with the roles and by the token of then."""
    said = job.args["person"]
    roles = frozenset(Role(role) for role in said["roles"])
    scopes = frozenset(said["scopes"]) if said["scopes"] is not None else None
    return Person(said["name"], roles, scopes, said["token"])


class Telling:
    """How far work that is one transaction is, told in small ones beside it: what it shows is written, and not yet kept.

    A worker that dies has its transaction taken back, and whoever does it again tells it from the beginning.
    """

    def __init__(self, tx: Tx, job: Job, every: int = _TOLD_EVERY) -> None:
        self._database, self._job, self._every = tx.resources.database, job.id, every
        self._told = 0

    def at(self, done: int) -> None:
        """So many units are written. Raises Conflict when it was called off meanwhile, which takes all of it back."""
        if done - self._told < self._every:
            return
        self._told = done
        with self._database.transaction() as connection:
            # What is done at once, in the transaction that asks for it, nobody else sees: there is nobody to tell.
            if not jobs.set_done(connection, self._job, done) and jobs.is_there(connection, self._job):
                raise _called_off(self._job)


def _called_off(job_id: int) -> Conflict:
    return Conflict(f"Job {job_id} was called off meanwhile.")


def _told(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "token": person.token,
        "roles": sorted(role.value for role in person.roles),
        "scopes": sorted(person.scopes) if person.scopes is not None else None,
    }
