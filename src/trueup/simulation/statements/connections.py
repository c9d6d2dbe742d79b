"""Connections: that each was tested by a person, and that what is shown of it is what the other side grants."""

from __future__ import annotations

from trueup.simulation.statements.evidence import Evidence, Finding, Statement


def every_connection_tested(evidence: Evidence) -> Statement:
    """Each connection has a test by a named person, whose answers stand; what was never tested is unknown."""
    found = Finding(
        "connections-tested",
        "Every connection was tested by a person, and shows what was answered",
        "a connection that is green because nobody asked it",
    )
    given = evidence.given["connections"]
    for name in given["names"]:
        row = given["access"].get(name, {"tested_at": None, "answers": []})
        found.count("connections")
        found.count("answers", len(row["answers"]))
        found.demand(row["tested_at"] is not None, f"{name} was never tested")
        found.demand(bool(row["answers"]), f"{name} has no answer")
    for name in given["names"]:
        amiss = [each["ability"] for each in given["access"].get(name, {"answers": []})["answers"] if _amiss(each)]
        state = given["access"].get(name, {"state": "unknown"})["state"]
        found.demand((state == "ok") == (not amiss), f"{name}: {state} is shown, amiss are {amiss or 'none'}")
    return found.stated("connections")


def _amiss(answer: dict[str, str]) -> bool:
    return answer["verdict"] in ("missing", "fails")


def roles_are_those_granted(evidence: Evidence) -> Statement:
    """Of each account at Amazon the roles that are shown as granted are those that Amazon gave."""
    found = Finding(
        "roles-as-granted",
        "Roles shown as granted are those that Amazon gave",
        "a permission that is believed and is not there",
    )
    given = evidence.given["connections"]
    for name, roles in given["roles"].items():
        shown = {each["name"] for each in given["access"][name]["grants"] if each["standing"] == "granted"}
        found.count("roles", len(shown))
        # One of several may do for a thing, and no answer tells which did: `A or B` is granted where either was.
        wrong = sorted(each for each in shown if not set(each.split(" or ")) & set(roles))
        found.demand(not wrong, f"{name}: {wrong} shown as granted, and not given")
    return found.stated("roles")
