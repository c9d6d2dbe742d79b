"""Lights: what is always true, proven by the worker as everywhere, and once more by the auditor at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.demo.part import Part, Player, Rows, Stage
from trueup.simulation.auditor import audit_lights
from trueup.simulation.statements.evidence import Statement
from trueup.storage.lights import load_lights
from trueup.workflows.prove_invariants import every_invariant


@dataclass
class Looking(Player):
    """Nobody acts, for proofs have rounds of their own: the lights are looked at."""

    stage: Stage

    def progress(self, connection: sa.Connection) -> Rows:
        """How many hold."""
        known = load_lights(connection).values()
        return [("lights", f"{sum(not each.broken for each in known)} of {len(every_invariant())} proven and holding")]

    def evidence(self) -> dict[str, Any]:
        """Each light as it was kept, and its proof anew."""
        proofs = []
        with self.app.database.transaction() as connection:
            ground = self.app.world.proof_ground(connection, self.stage.clock.now())
            kept = load_lights(connection)
            for name, invariant in every_invariant().items():
                proof = invariant.prove(connection, ground)
                proofs.append(
                    {
                        "name": name,
                        "looked": proof.looked,
                        "broken": proof.broken,
                        "words": "; ".join(f"{each.about} {each.name} {each.words}" for each in proof.rows[:5]),
                        "kept": kept[name].broken if name in kept else None,
                    }
                )
        return {"lights": {"proofs": proofs}}

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """How many lights there are, and how many rows they looked at."""
        proofs = evidence["lights"]["proofs"]
        return {"lights": len(proofs), "looked": sum(each["looked"] for each in proofs)}

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of them."""
        return audit_lights(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        return [
            ("lights", f"{summary['lights']} sentences that are always true, proven over {summary['looked']:,} rows")
        ]


PART = Part("lights", "What is always true", 90, Looking)
