"""Escalation at the command line: rules are tried on the past month, set, shown and taken back."""

from __future__ import annotations

from tests.cli.seeded import CommandLine

OLGA = ("--by", "Olga")


def test_rules_of_escalation_are_tried_set_and_taken_back(trueup: CommandLine) -> None:
    """A dry run keeps nothing; a rule that cannot be read says how one is written."""
    assert "no case escalates by time" in trueup("escalation", "show").out
    rule = ("--rule", "held.:1::operations")
    tried = trueup("escalation", "try", *rule, "--json").json
    assert tried["by_target"] == [{"to": "operations", "count": tried["escalated"]}] and tried["escalated"] == 2
    wrong = trueup("escalation", "set", "--rule", "held.:soon", "--reason", "x", *OLGA)
    assert wrong.code == 2 and "expected KIND:HOURS" in wrong.err
    dry = trueup("escalation", "set", *rule, "--reason", "weekends", *OLGA, "--dry-run")
    assert "nothing kept" in dry.out and trueup("escalation", "show", "--json").json == []
    done = trueup("escalation", "set", *rule, "--reason", "weekends", *OLGA)
    assert done.out.startswith("Escalation: held. to operations after 1 h without an owner (version ")
    number = done.out.rpartition(" ")[2].removesuffix(").\n")
    assert trueup("escalation", "show", "--json").json[0]["to"] == "operations"
    assert trueup("escalation", "undo", number, *OLGA).out.startswith("Escalation: no rule (version ")
    assert [each["undoes"] for each in trueup("escalation", "versions", "--json").json] == [int(number), None]
