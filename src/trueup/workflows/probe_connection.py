"""Test a connection: ask it what it can do, by what it is let in and what that grants; and keep what was found, with who asked.

What is asked goes out before anything is kept: a dead system takes its time, and no transaction waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound, TrueupError
from trueup.remote.access import Credential, Credentialed, Grant, grants_of
from trueup.remote.capability import Probe, Verdict
from trueup.storage.connection_tests import Tested, append_test
from trueup.storage.views.connection_access import Access, list_access
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx, World


@dataclass(frozen=True, slots=True)
class Answers:
    """What a connection answered."""

    connection: str
    probes: Sequence[Probe]
    credentials: Sequence[Credential]
    grants: Sequence[Grant]

    @property
    def amiss(self) -> int:
        """How many answers ask for something to be done."""
        return sum(each.verdict.is_amiss for each in self.probes)


def probe_connection(world: World, name: str, person: Person) -> Answers:
    """Ask it. A system that is dead is an answer. Raises NotFound, Refused."""
    demand_role(person, "connections.test")
    found = world.connections.probed.get(name)
    if found is None:
        known = ", ".join(sorted(world.connections.probed)) or "none"
        raise NotFound(f"Connection {name!r}: there is none of that name that can be tested (known: {known}).")
    try:
        probes = [replace(each, connection=name) for each in found.probe()]
    except TrueupError as error:  # a pause, a budget that is spent: what a connector raises before it asks
        probes = [Probe(name, "be asked", Verdict.FAILS, str(error), "Mend what was found, then test it again.")]
    credentials = found.credentials() if isinstance(found, Credentialed) else ()
    return Answers(name, tuple(probes), tuple(credentials), grants_of(probes))


def keep_test(tx: Tx, answers: Answers, person: Person) -> Tested:
    """Keep what was found, under the person's name. Raises Refused."""
    demand_role(person, "connections.test")
    kept = Tested(
        answers.connection,
        tx.now,
        person.name,
        [_probe(each) for each in answers.probes],
        [_credential(each) for each in answers.credentials],
        [_grant(each) for each in answers.grants],
    )
    append_test(tx.connection, kept)
    after = {"answers": len(answers.probes), "amiss": answers.amiss}
    record_deed(
        tx.connection, tx.now, person, Deed("connection.tested", f"connection {answers.connection}", None, after)
    )
    return kept


def _probe(each: Probe) -> dict[str, Any]:
    return {"ability": each.ability, "verdict": each.verdict.value, "found": each.found, "remedy": each.remedy}


def _credential(each: Credential) -> dict[str, Any]:
    return {
        "name": each.name,
        "kept": each.kept,
        "ends_at": write_instant(each.ends_at) if each.ends_at else None,
        "lives_days": each.lives.days if each.lives else None,
        "forever": each.forever,
        "renewed": each.renewed,
        "how": each.how,
    }


def _grant(each: Grant) -> dict[str, Any]:
    return {
        "name": each.name,
        "needed_for": list(each.needed_for),
        "standing": each.standing.value,
        "how": each.how,
    }


def known_access(connection: sa.Connection, world: World, names: Sequence[str]) -> list[Access]:
    """What is known of each connection without asking it: its last test, its credentials, and when it was used last."""
    probed = world.connections.probed
    known = {name: probed[name] for name in names if name in probed}
    told = {
        name: [_credential(each) for each in found.credentials()]
        for name, found in known.items()
        if isinstance(found, Credentialed)
    }
    return list_access(connection, names, told)


def access_row(access: Access) -> dict[str, Any]:
    """The same for programs: as objects of JSON. What was never tested is unknown."""
    tested = access.tested
    return {
        "name": access.name,
        "state": "unknown" if tested is None else access.state,
        "words": access.word,
        "tested_at": write_instant(tested.tested_at) if tested else None,
        "tested_by": tested.tested_by if tested else None,
        "answers": list(tested.found) if tested else [],
        "credentials": [
            {**asdict(each), "ends_at": write_instant(each.ends_at) if each.ends_at else None}
            for each in access.credentials
        ],
        "grants": list(tested.grants) if tested else [],
        "used": [{"what": each.what, "at": write_instant(each.at)} for each in access.used],
    }
