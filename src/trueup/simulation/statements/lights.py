"""Lights: that what is always true was proven of this world, and held, when it was last asked and now."""

from __future__ import annotations

from trueup.simulation.statements.evidence import Evidence, Finding, Statement


def lights_hold(evidence: Evidence) -> Statement:
    """Each light was proven in these days and held, and the same proof holds of the rows as they are at the end."""
    found = Finding(
        "lights-hold",
        "Every light of the console was proven and holds, and holds of the rows as they are",
        "a console that is green, or red, and is wrong",
    )
    for row in evidence.given["lights"]["proofs"]:
        name = row["name"]
        found.count("lights")
        found.count("rows looked at", row["looked"])
        found.demand(row["kept"] is not None, f"{name} was never proven")
        found.demand(not row["kept"], f"{name} was broken {row['kept']} times when it was last proven")
        found.demand(not row["broken"], f"{name} is broken {row['broken']} times: {row['words']}")
    return found.stated("rows looked at")
