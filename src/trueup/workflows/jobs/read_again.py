"""Read again: a window of a connection is read from an earlier time on, and its job says how far that is.

The polls of the connection do it, within their rate budget, window by window; here it is looked how far they are. What is known
stays as it is, and what was missed arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.storage import jobs, sources
from trueup.storage.documents import count_arrived
from trueup.storage.jobs import Job
from trueup.workflows.long_work import End, LongWork, Piece, Plan, note_work
from trueup.workflows.pause_connection import Replay, replay_connection
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND, FLOW = "read-again", "follow_reading"
LOOK = timedelta(seconds=20)
_HOUR = timedelta(hours=1)


def ask_reading(tx: Tx, name: str, query: str, since: datetime, person: Person) -> tuple[int, Replay]:
    """Have a query read again from then on. Returns the job's id and what it means. Raises as `replay_connection`."""
    before = sources.load_source(tx.connection, name, query).covered_until or tx.now
    replay = replay_connection(tx, name, query, since, person)
    args = {
        "name": name,
        "query": query,
        "since": write_instant(since),
        "until": write_instant(before),
        "asked": write_instant(tx.now),
    }
    title = f"Read {query.replace('-', ' ')} of {name} again from {since:%Y-%m-%d %H:%M} UTC"
    number = note_work(tx, KIND, title, args, person)
    jobs.begin_job(tx.connection, number, _hours(before - since), "hours of it", tx.now)
    tx.at(tx.now + LOOK, FLOW, f"job:{number}:1", number, 1)
    return number, replay


def _hours(span: timedelta) -> int:
    """Whole hours, the last one begun counted: at least one."""
    return max(1, -(-span // _HOUR))


def _plan(tx: Tx, job: Job) -> Plan:
    since, until = read_instant(job.args["since"]), read_instant(job.args["until"])
    return Plan([], _hours(until - since), "hours of it")


def _look(tx: Tx, job: Job, _piece: Any) -> Piece:
    since, until = read_instant(job.args["since"]), read_instant(job.args["until"])
    covered = sources.load_source(tx.connection, job.args["name"], job.args["query"]).covered_until or since
    if covered >= until:
        came = count_arrived(tx.connection, job.args["name"], read_instant(job.args["asked"]))
        return Piece(_hours(until - since), came)
    return Piece(max(0, (covered - since) // _HOUR))


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    name = job.args["name"]
    links = [["The connection", f"/connections/{name}"], ["Its documents", f"/documents?source={name}"]]
    came = found[0] or 0
    documents = f"{came:,} {'document' if came == 1 else 'documents'}"
    words = f"It is read again up to where it was: {documents} came, and what was known stayed as it is."
    return End(words, {"documents": came, "links": links})


def _stays(job: Job) -> str:
    return "What was read again stays; the rest is not, and the connection goes on from where it was before."


def _stop(tx: Tx, job: Job) -> None:
    """It was read up to there before, so that nothing is left out."""
    name, query, until = job.args["name"], job.args["query"], read_instant(job.args["until"])
    covered = sources.load_source(tx.connection, name, query).covered_until
    if covered is None or covered < until:
        sources.set_covered(tx.connection, name, query, until)


WORK = LongWork(KIND, FLOW, _plan, _look, _end, _stays, look=LOOK, stop=_stop, queue="polls")
