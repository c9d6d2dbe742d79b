"""Cases that belong together: merged and taken apart, and a cause that is mended after a look at what it closes."""

from __future__ import annotations

from tests.cli.seeded import CommandLine

UNKNOWN, COST = "1", "2"
MEND = ("cases", "mend-item", "held.cost-differs", "item CHAIR-1", "--set", "sku=CHAIR-1", "--set", "cost=26.50")
OF_CHAIR = ("--set", "currency=USD", "--set", "vendor_code=NORDA")


def open_cases(trueup: CommandLine) -> list[int]:
    """Those in the queue."""
    rows = trueup("cases", "causes", "--json").json
    assert sum(row["cases"] for row in rows) == len({row["cause"] for row in rows})
    return [row["id"] for row in trueup("cases", "list", "--json").json]


def test_a_duplicate_is_merged_and_taken_apart(trueup: CommandLine) -> None:
    """A dry run keeps nothing; who may not decide may not merge; the undo gives it back to the queue."""
    tried = trueup("cases", "merge", UNKNOWN, COST, "--by", "Olga", "--dry-run", "--json")
    assert tried.json == {"case": 1, "into": 2, "stands_for": [1], "dry_run": True}
    assert trueup("cases", "unmerge", UNKNOWN, "--by", "Olga").code == 2
    assert trueup("cases", "merge", UNKNOWN, COST, "--by", "Aude").code == 2
    assert trueup("cases", "merge", UNKNOWN, COST, "--by", "Olga", "--note", "one matter").code == 0
    assert [row["cause"] for row in trueup("cases", "causes", "--json").json] == ["item CHAIR-1"]
    said = trueup("cases", "unmerge", UNKNOWN, "--by", "Olga")
    assert (said.code, said.out) == (0, "Case 1 stands for itself again; case 2 stood for it.\n")
    assert {row["cause"] for row in trueup("cases", "causes", "--json").json} == {"item CHAIR-1", "item B000000009"}


def test_a_cause_is_mended_after_a_look_at_what_it_closes(trueup: CommandLine) -> None:
    """The dry run names every case that it would close, and keeps it; who may not change the master may not mend."""
    tried = trueup(*MEND, *OF_CHAIR, "--by", "Ana Admin", "--dry-run", "--json").json
    assert [each["case"] for each in tried["closed"]] == [2] and tried["money"] == ["318.00 USD"] and tried["dry_run"]
    assert set(open_cases(trueup)) >= {1, 2}
    assert trueup(*MEND, *OF_CHAIR, "--by", "Aude").code == 2
    wrong = trueup(*MEND, "--set", "colour=red", "--by", "Ana Admin")
    assert wrong.code == 2 and "expected COLUMN=VALUE with one of sku" in wrong.err
    done = trueup(*MEND, *OF_CHAIR, "--by", "Ana Admin")
    assert done.code == 0 and "1 cases closed, 0 left" in done.out and "closed 2:" in done.out
    assert 2 not in open_cases(trueup)
    again = trueup("cases", "mend-connection", "source.silent", "connection shop", "--by", "Ana Admin")
    assert again.code == 2
