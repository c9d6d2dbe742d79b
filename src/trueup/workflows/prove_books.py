"""Prove the books: proofs go round, each holding two independent sources against each other; what they find becomes cases.

A proof is also asked for soon after something arrived that it is about: whoever brings it need not wait for the round.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from trueup.base.plugins import collect
from trueup.checks import Check, Ground
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.durable.timers import find_timers
from trueup.storage import sources
from trueup.storage.proven_cases import Proven, ids_of_kinds, replace_cases
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.tie_bank import tie_bank
from trueup.workflows.world import Flowing, Tx, World

SOURCE, QUERY = "trueup", "proofs"
SOON = timedelta(minutes=2)
"""Documents come in heaps: what is asked for again meanwhile is proven once, later."""


@cache
def every_check() -> tuple[Check, ...]:
    """Every proof in the order of its name, our own and those of outside packages."""
    from trueup import checks

    found = collect(checks, "CHECK", Check, key=lambda check: check.name, group="trueup.checks")
    return tuple(found[name] for name in sorted(found))


def prove_books(c: Flowing) -> None:
    """Every proof once, each in a transaction of its own; then the next round is set."""
    for check in every_check():
        c.commit(prove, check.name)
    c.commit(finish_round, c.run_id)


def prove_once(c: Flowing) -> None:
    """Every proof once, because something arrived."""
    for check in every_check():
        c.commit(prove, check.name)


def prove(tx: Tx, name: str) -> dict[str, int]:
    """One proof: its cases become what it finds now. Returns how many differences are open, dismissed, and gone."""
    check = next(each for each in every_check() if each.name == name)
    done = tie_bank(tx) if check.name == "bank" else _prove(tx, check)
    waiting = ids_of_kinds(tx.connection, check.kinds) if done.open else ()
    tx.count(Tally("differences", done.found, {"let be by a person": done.dismissed}, {"open": done.open}, waiting))
    return {"open": done.open, "dismissed": done.dismissed, "closed": done.closed}


def _prove(tx: Tx, check: Check) -> Proven:
    drafts = list(check.find(tx.connection, ground_of(tx)))
    return replace_cases(tx.connection, check.kinds, drafts, why="both sources agree now", now=tx.now)


def ground_of(tx: Tx) -> Ground:
    """What proofs are given."""
    return tx.resources.proof_ground(tx.connection, tx.now)


def ask_proofs(tx: Tx) -> None:
    """Have everything proven soon."""
    prefix = "prove-once:"
    if not find_timers(tx.connection, prefix):
        # A run of one name happens once for ever: what is asked for after it is another run.
        due = tx.now + SOON
        tx.at(due, "prove_once", f"{prefix}{due:%Y%m%d%H%M%S%f}")


def ensure_proofs(tx: Tx) -> None:
    """Set the first round. Called whenever a worker starts."""
    for rounds in proof_rounds(tx.resources):
        start_rounds(tx, rounds, SOON)


def proof_rounds(world: World) -> list[Rounds]:
    """The one chain of proofs."""
    return [Rounds("prove_books", "proofs", SOURCE, QUERY, (), world.pace.proofs)]


def finish_round(tx: Tx, run_id: str) -> None:
    """Set the next round."""
    (rounds,) = proof_rounds(tx.resources)
    sources.note_success(tx.connection, SOURCE, QUERY, covered_until=tx.now, documents=0, now=tx.now)
    set_next(tx, rounds, run_id, rounds.pace)


FLOWS = (Flow[World]("prove_books", prove_books, "polls"), Flow[World]("prove_once", prove_once, "books"))
