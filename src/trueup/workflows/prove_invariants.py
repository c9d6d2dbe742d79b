"""Prove the invariants: each is looked at over whole tables, and stands as a light; a broken one is a case for an administrator."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from functools import cache

from trueup.base.errors import NotFound
from trueup.base.plugins import collect
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.invariants import Invariant, Proof
from trueup.storage import cases, sources
from trueup.storage.lights import Light, save_light
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.prove_books import ground_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.world import Flowing, Tx, World

SOURCE, QUERY = "trueup", "invariants"
BROKEN = "invariant.broken"
_FIRST = timedelta(minutes=5)
"""After a start what was under way is finished first: a light is red for what came to rest, not for what is being done."""
_DEADLINE = timedelta(hours=4)


@cache
def every_invariant() -> dict[str, Invariant]:
    """Every invariant by its name, in its stated order, our own and those of outside packages."""
    from trueup import invariants

    found = collect(invariants, "INVARIANT", Invariant, key=lambda each: each.name, group="trueup.invariants")
    return {each.name: each for each in sorted(found.values(), key=lambda each: (each.order, each.name))}


def prove_invariants(c: Flowing) -> None:
    """Every invariant once, each in a transaction of its own; then the next round is set."""
    for name in every_invariant():
        c.commit(prove_invariant, name)
    c.commit(_finish_round, c.run_id)


def prove_invariant(tx: Tx, name: str) -> int:
    """Look at one now. Returns how many rows break it. Raises NotFound."""
    invariant = every_invariant().get(name)
    if invariant is None:
        raise NotFound(f"Invariant {name!r}: there is none; expected one of {', '.join(every_invariant())}.")
    proof = invariant.prove(tx.connection, ground_of(tx))
    sums, rows = ([asdict(each) for each in group] for group in (proof.sums, proof.rows))
    save_light(tx.connection, Light(name, tx.now, tx.now, proof.looked, proof.broken, sums, rows))
    opened = [cases.open_case(tx.connection, _broken(tx, invariant, proof), tx.now)] if proof.broken else []
    holds = {"as they must be": max(proof.looked - proof.broken, 0)}
    tx.count(Tally(invariant.unit, proof.looked, holds, {"that break it": proof.broken}, opened))
    if not opened:
        cases.close_case(tx.connection, BROKEN, f"invariant {name}", why="it holds again", now=tx.now)
    return proof.broken


def prove_now(tx: Tx, name: str, person: Person) -> int:
    """A person asks for one proof. Returns how many rows break it. Raises NotFound, Refused."""
    demand_role(person, "proofs.ask")
    broken = prove_invariant(tx, name)
    record_deed(tx.connection, tx.now, person, Deed("invariant.proven", f"invariant {name}", None, {"broken": broken}))
    return broken


def ensure_invariants(tx: Tx) -> None:
    """Set the first round. Called whenever a worker starts."""
    for rounds in invariant_rounds(tx.resources):
        start_rounds(tx, rounds, _FIRST)


def invariant_rounds(world: World) -> list[Rounds]:
    """The one chain of them."""
    return [Rounds("prove_invariants", "invariants", SOURCE, QUERY, (), world.pace.proofs)]


def _finish_round(tx: Tx, run_id: str) -> None:
    (rounds,) = invariant_rounds(tx.resources)
    sources.note_success(tx.connection, SOURCE, QUERY, covered_until=tx.now, documents=0, now=tx.now)
    set_next(tx, rounds, run_id, rounds.pace)


def _broken(tx: Tx, invariant: Invariant, proof: Proof) -> CaseDraft:
    named = "; ".join(f"{row.about} {row.name} {row.words}" for row in proof.rows[:5])
    more = f"; and {proof.broken - 5} more" if proof.broken > 5 else ""
    return CaseDraft(
        kind=BROKEN,
        subject=f"invariant {invariant.name}",
        title=f"It does not hold that “{invariant.title}”: {proof.broken} of {proof.looked} {invariant.unit} break it",
        expected=invariant.title,
        found=f"{named}{more}: a defect of Trueup, or somebody changed a table by hand"[:4000],
        money_at_risk=None,
        deadline=tx.now + _DEADLINE,
        owner=Role.ADMIN.value,
        resolutions=(Resolution.DISMISS,),
    )


FLOWS = (Flow[World]("prove_invariants", prove_invariants, "proofs"),)
