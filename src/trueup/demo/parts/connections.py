"""Connections: an administrator tests every one of them before the week begins, and once more when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.demo.part import Cue, Part, Player, Rows, Stage, person, plain
from trueup.simulation import installation
from trueup.simulation.auditor import audit_connections
from trueup.simulation.statements.evidence import Statement
from trueup.simulators.amazon.control import state as amazon_state
from trueup.workflows.probe_connection import access_row, keep_test, known_access, probe_connection

_TESTED_AT = ((0, 1), (4, 22))


@dataclass
class Connecting(Player):
    """The administrator, at the page of connections."""

    stage: Stage

    def cues(self) -> Iterable[Cue]:
        """Monday morning, and the last night."""
        for day, hour in _TESTED_AT:
            yield Cue(self.stage.start + timedelta(days=day, hours=hour, minutes=10), self._test)

    def _test(self) -> None:
        world, by = self.app.world, person(self.app, installation.APPROVER)
        for name in self._names():
            self.app.engine.act(keep_test, probe_connection(world, name, by), by)

    def _names(self) -> list[str]:
        return sorted(self.app.world.connections.probed)

    def progress(self, connection: sa.Connection) -> Rows:
        """How many are tested, and of how many something is amiss."""
        known = known_access(connection, self.app.world, self._names())
        tested = [each for each in known if each.tested is not None]
        amiss = sum(each.amiss > 0 for each in tested)
        return [("connections", f"{len(tested)} of {len(known)} tested, {amiss} with something amiss")]

    def evidence(self) -> dict[str, Any]:
        """What Amazon granted, and what Trueup shows of each connection."""
        with self.app.database.transaction() as connection:
            known = known_access(connection, self.app.world, self._names())
        groups = plain(amazon_state(self.stage.amazon, []))["vendor_groups"]
        of = {code: group["roles"] for group in groups for code in group["vendor_codes"]}
        accounts = self.app.settings.accounts
        return {
            "connections": {
                "names": self._names(),
                "access": {each.name: plain(access_row(each)) for each in known},
                "roles": {
                    each.name: of[each.vendor_codes[0]]
                    for each in accounts
                    if each.vendor_codes[0] in of and each.name in self._names()
                },
            }
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Connections by their state."""
        states = [each["state"] for each in evidence["connections"]["access"].values()]
        return {"tested": len(states), "states": {state: states.count(state) for state in sorted(set(states))}}

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of tests."""
        return audit_connections(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        states = ", ".join(f"{count} {state}" for state, count in summary["states"].items())
        return [("connections", f"{summary['tested']} tested by a person: {states}")]

    def commands(self) -> list[str]:
        """What each may, and until when."""
        return ["connections access"]


PART = Part("connections", "Connections, tested", 80, Connecting)
