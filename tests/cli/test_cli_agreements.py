"""Agreements at the command line: tried on the past, proposed by one, approved by another with a reason, taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tests.cli.seeded import CommandLine

ANA, BO, OLGA = (("--by", name) for name in ("Ana Admin", "Bo Admin", "Olga"))
WITH = "amazon-us/NORDA"


def test_an_agreement_is_tried_changed_by_two_and_taken_back(trueup: CommandLine) -> None:
    """What of the past would have passed is said first; who proposed is refused; the version names both and why."""
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    tolerance = ("--set", "cost_tolerance=1.00")
    tried = trueup("agreements", "try", WITH, *tolerance, "--months", "6", "--json")
    assert tried.code == 1
    [effect] = tried.json["effects"]
    assert (effect["words"], effect["count"], effect["money"]) == ("lines passed that were held", 1, ["318.00 USD"])
    assert effect["examples"][0]["name"] == "PO000002"
    said = ("--from", tomorrow, "--reason", "a euro of rounding")
    dry = trueup("agreements", "propose", WITH, *tolerance, *said, *OLGA, "--dry-run")
    assert dry.code == 0 and "0 USD per each → 1 USD per each (dry run: nothing kept)" in dry.err
    assert trueup("agreements", "list", "--json").json[0]["proposal"] is None
    wrong = trueup("agreements", "propose", WITH, "--set", "cost_tolerance=much", *said, *OLGA)
    assert wrong.code == 2 and "expected an amount such as 0.02" in wrong.err
    proposed = trueup("agreements", "propose", WITH, "--set", "cost_tolerance=1", *said, *BO, "--json").json
    number = str(proposed["proposal"])
    assert proposed["changes"] == [{"clause": "cost_tolerance", "before": "0 USD per each", "after": "1 USD per each"}]
    listed = trueup("agreements", "list")
    assert listed.code == 1 and f"proposal {number}" in listed.out
    because = ("--reason", "as in the contract")
    blind = trueup("agreements", "approve", number, *because, *ANA)
    assert blind.code == 2 and f"`trueup agreements approve {number} --dry-run` shows" in blind.err
    seen = trueup("agreements", "approve", number, *because, *ANA, "--dry-run", "--json").json
    assert seen["effects"][0]["money"] == ["318.00 USD"] and seen["changes"] == proposed["changes"]
    look = ("--look", seen["look"])
    refused = trueup("agreements", "approve", number, *because, *BO, *look)
    assert refused.code == 2 and "a second person must approve it" in refused.err
    elsewhere = trueup("cases", "approve", number, *ANA)
    assert elsewhere.code == 2 and "trueup agreements approve" in elsewhere.err
    proposal, _, instant, effects = seen["look"].rsplit(".", 3)
    again = re.search(
        r"look (\S+?)\.3\.(\d+)\.(\w+)", trueup("agreements", "approve", number, *because, *ANA, "--dry-run").err
    )
    assert again is not None and (again[1], again[3]) == (proposal, effects) and int(again[2]) > int(instant)
    assert "nothing kept" in trueup("agreements", "approve", number, *because, *ANA, *look, "--dry-run").out
    approved = trueup("agreements", "approve", number, *because, *ANA, *look, "--json").json
    assert (approved["proposed_by"], approved["approved_by"]) == ("Bo Admin", "Ana Admin")
    shown = trueup("agreements", "show", WITH, "--json").json
    assert [each["version"] for each in shown["schedule"]] == [None, approved["version"]]
    assert shown["schedule"][1]["stands"].endswith("approved by Ana Admin")
    [version] = trueup("agreements", "versions", "--json").json
    assert (version["reason"], version["approved_because"]) == ("a euro of rounding", "as in the contract")
    undone = trueup("agreements", "undo", str(version["version"]), *OLGA, "--json").json
    assert undone["words"].endswith("1 USD per each → 0 USD per each")
    off = trueup("agreements", "withdraw", str(undone["proposal"]), "--reason", "it stays", *ANA)
    assert off.code == 0 and "is off" in off.out
    for act in ("withdraw", "approve"):
        twice = trueup("agreements", act, str(undone["proposal"]), "--reason", "it stays", *ANA, *look)
        assert twice.code == 2 and "was declined by Ana Admin at 20" in twice.err and "“it stays”" in twice.err
