"""Rules, terms and answers at the command line: what finance decides, and what the books say afterwards."""

from __future__ import annotations

import re
from typing import Any

from tests.cli.remitted import BY, export, invoices, line, with_books, write
from tests.cli.seeded import CommandLine

ANA = ("--by", "Ana Admin")


def case_of(trueup: CommandLine, kind: str) -> str:
    """The id of the one open case of a kind."""
    (row,) = trueup("cases", "list", "--kind", kind, "--json").json
    return str(row["id"])


def balances(trueup: CommandLine) -> dict[str, str]:
    rows = trueup("journal", "balances", "--json").json
    return {row["account"]: row["balance"] for row in rows if row["balance"] != "0.00 USD"}


def test_a_case_is_classified_and_its_rule_approved_by_another(trueup: CommandLine) -> None:
    """The lines are booked at once; the rule says what it would change, waits for a second person, and then reads new lines."""
    with_books(trueup)
    case = case_of(trueup, "remittance.unrecognised")
    assert "trueup cases classify" in trueup("cases", "explain", case).out
    past = trueup("rules", "past", case)
    assert past.code == 0 and "reference of the form XQZ 9+ WHAT: 1 line read, 1 would be explained" in past.out
    assert "  amazon-us/700100 line 4  XQZ 77 WHAT  -10.00 USD  unrecognised\n" in past.out
    said = trueup("cases", "classify", case, "fee", "--propose-rule", *BY)
    assert said.code == 0
    assert f"Case {case}: 1 line of -10.00 USD classified as fee. Rule rule-1 is proposed" in said.out
    listed = trueup("rules", "list", "--json")
    assert listed.code == 1 and [(row["pattern"], row["state"]) for row in listed.json] == [("XQZ 9+ WHAT", "proposed")]
    refused = trueup("rules", "approve", "rule-1", *BY)
    assert refused.code == 2 and "a second person must approve it" in refused.err
    tried = trueup("rules", "try", "rule-1")
    assert tried.code == 1  # its only line was answered by a person
    assert "1 line more it would read stay what a person or reconciliation said" in tried.out
    assert trueup("rules", "approve", "1", *ANA).out == "Rule rule-1 v1 is approved: nothing waited for it.\n"
    more = export("700101,-7.00", lines=(line("700101", "XQZ 88 WHAT", "-7.00"),))
    assert trueup("remittances", "import", write(trueup, more), *BY).code == 0
    assert "rule-1 v1" in trueup("remittances", "explain", "700101", "1").out
    assert trueup("rules", "show", "rule-1", "--json").json["versions"][0]["lines_posted"] == 1


def test_a_rule_is_proposed_tried_and_retired(trueup: CommandLine) -> None:
    """The trial shows money, before and after; approval books what waits; retirement lets it wait again."""
    with_books(trueup)
    wrong = trueup("rules", "propose", "--type", "fee", *BY)
    assert wrong.code == 2 and "give one of --shape, --prefix" in wrong.err
    pallets = ("--type", "pallet-fee", "--label", "pallet fee", "--family", "fee", "--purpose", "fees")
    assert trueup("rules", "propose", "--prefix", "XQZ", *pallets, *BY).code == 0
    tried = trueup("rules", "try", "rule-1")
    assert tried.code == 0
    assert "  unrecognised -> pallet-fee  1 line  such as XQZ 77 WHAT  -10.00 USD\n" in tried.out
    assert "Nothing was changed." in tried.out
    dry = trueup("rules", "approve", "rule-1", *ANA, "--dry-run")
    assert dry.out == "Rule rule-1 v1 is approved: 1 line of -10.00 USD left suspense (dry run: nothing kept).\n"
    before = balances(trueup)
    assert trueup("rules", "approve", "rule-1", *ANA).code == 0
    assert before["2950"] == "10.00 USD" and "2950" not in balances(trueup)
    assert trueup("cases", "list", "--kind", "remittance.", "--json").json == []
    retired = trueup("rules", "retire", "rule-1", "--from", "2026-10-01", "--note", "it was no fee", *ANA)
    assert retired.out == "Rule rule-1 v1 is retired from 2026-10-01: 1 payment booked anew.\n"
    assert balances(trueup) == before


def test_rival_explanations_stand_side_by_side_and_one_is_chosen(trueup: CommandLine) -> None:
    """With numbers, scores, reasons, and what each settles."""
    head = "number,partner,payee,issued,due,currency,total,purchase_order\n"
    rows = (f"INV-{number},amazon-us,NORDA,2026-09-01,2026-11-30,USD,100.00,4RABC123\n" for number in (1, 2))
    assert trueup("invoices", "import", write(trueup, head + "".join(rows), "i.csv"), *BY).code == 0
    told = export("700200,100.00", lines=(line("700200", "4RABC123", "100.00", description="4RABC123/PHX3/##X"),))
    assert trueup("remittances", "import", write(trueup, told), *BY).code == 1
    case = case_of(trueup, "remittance.contested")
    shown = trueup("cases", "show", case, "--json").json["explanations"]
    assert [each["choice"] for each in shown] == [1, 2]
    assert {part["item"] for each in shown for part in each["settles"]} == {"invoice INV-1", "invoice INV-2"}
    assert all(each["score"] > 0 and each["why"] for each in shown)
    assert shown[0]["lines"] == [{"payment": "700200", "line": 1, "amount": "100.00 USD"}]
    assert f"settles {shown[1]['settles'][0]['item']}  100.00 USD" in trueup("cases", "explain", case).out
    done = trueup("cases", "choose", case, "2", *BY)
    assert done.code == 0 and "settled by explanation 2" in done.out
    number = shown[1]["settles"][0]["item"].removeprefix("invoice ")
    assert trueup("invoices", "show", number, "--json").json["open"] == "0.00 USD"


def test_a_claim_is_written_off(trueup: CommandLine) -> None:
    """From disputed to losses, above the limit when a second person approves; by whom is recorded."""
    with_books(trueup)
    case = case_of(trueup, "claim.shortage")
    assert trueup("cases", "write-off", case, "--note", "too small", *BY).out == (
        f"Case {case}: 1 line of 90.00 USD proposed to be written off. A second person approves it: trueup cases approve 1.\n"
    )
    assert "1210" in balances(trueup)
    assert trueup("cases", "approve", "1", *BY).code == 2, "nobody approves what they proposed"
    assert trueup("cases", "approve", "1", "--by", "Ana Admin").code == 0
    assert "1210" not in balances(trueup)
    nobody = trueup("cases", "write-off", case, "--by", "Olga")
    assert nobody.code == 2


def approve_what_was_shown(trueup: CommandLine, number: str, tried: dict[str, Any]) -> None:
    """Not blindly, not by the proposer, not among the cases; tried first, which shows the look that is approved."""
    because = ("--reason", "as in the contract")
    blind = trueup("terms", "approve", number, *because, *ANA)
    assert blind.code == 2 and f"`trueup terms approve {number} --dry-run` shows" in blind.err
    seen = trueup("terms", "approve", number, *because, *ANA, "--dry-run", "--months", "12", "--json").json
    looks = [each["look"].split(".") for each in (tried, seen)]
    assert looks[0][:3] + looks[0][4:] == looks[1][:3] + looks[1][4:] and seen["trial"] == tried["trial"]
    assert int(looks[0][3]) < int(looks[1][3]), "each is of its instant"
    look = ("--look", seen["look"])
    own = trueup("terms", "approve", number, *because, *BY, *look)
    assert own.code == 2 and "a second person must approve it" in own.err
    elsewhere = trueup("cases", "approve", number, *ANA)
    assert elsewhere.code == 2 and "trueup terms approve" in elsewhere.err
    dry = trueup("terms", "approve", number, *because, *ANA, "--dry-run")
    assert "co-op everywhere from 2026-01-01 on: no rate → 4%" in dry.err and "nothing kept; look " in dry.err
    assert "nothing kept" in trueup("terms", "approve", number, *because, *ANA, *look, "--dry-run").out
    assert trueup("terms", "approve", number, *because, *ANA, *look).code == 0


def test_terms_are_entered_and_charges_checked(trueup: CommandLine) -> None:
    """Unrated until someone enters a rate; then an overcharge is found, with both numbers; what was known when is told."""
    trueup("invoices", "import", write(trueup, invoices("INV-1,1000.00"), "i.csv"), *BY)
    said = "Base accrual 2026-09-01 to 2026-09-07"
    charged = line("700300", "6268-1490899880", "-50.00", description=said)
    told = export("700300,950.00", lines=(line("700300", "INV-1", "1000.00"), charged))
    trueup("remittances", "import", write(trueup, told), *BY)
    first = trueup("terms", "check", *BY)
    assert first.code == 0
    unrated = trueup("terms", "unrated", "--json")
    assert unrated.code == 1
    assert [(row["kind"], row["money"], row["missing"]) for row in unrated.json] == [("co-op", "50.00 USD", "rate")]
    term = ("--of", "net-receipts", "--from", "2026-01-01", "--source", "agreement 6268")
    wanted = ("co-op", "--percent", "4", *term, "--known-from", "2026-02-01", "--reason", "it was signed", *BY)
    dry = trueup("terms", "propose", *wanted, "--dry-run", "--json").json
    assert dry["changes"][0]["after"] == "4% of net-receipts from 2026-01-01 (agreement 6268)" and dry["dry_run"]
    number = str(trueup("terms", "propose", *wanted, "--json").json["proposal"])
    tried = trueup("terms", "try", number, "--months", "12", "--json")
    assert tried.code == 1
    (effect,) = tried.json["trial"]["effects"]
    assert (effect["before"], effect["after"], effect["above_after"]) == ("unrated", "overcharge", "10.00 USD")
    assert trueup("terms", "list", "--json").json == [], "nothing holds yet"
    approve_what_was_shown(trueup, number, tried.json)
    checked = trueup("terms", "check", *BY, "--json")
    assert checked.code == 1
    (row,) = checked.json
    assert (row["verdict"], row["charged"], row["expected"], row["difference"]) == (
        "overcharge", "50.00 USD", "40.00 USD", "10.00 USD",
    )  # fmt: skip
    case = case_of(trueup, "charge.overcharged")
    assert "10.00 USD more than agreed" in trueup("cases", "explain", case).out
    assert trueup("terms", "unrated").code == 0
    assert len(trueup("terms", "list", "--as-of", "2026-03-01", "--json").json) == 1
    assert trueup("terms", "list", "--as-of", "2026-03-01", "--known-on", "2026-01-15", "--json").json == []
    (version,) = trueup("terms", "versions", "--json").json
    assert (version["approved_by"], version["approved_because"]) == ("Ana Admin", "as in the contract")
    undone = trueup("terms", "undo", str(version["version"]), *BY, "--json").json
    assert undone["changes"][0]["after"] == "no rate"
    off = trueup("terms", "withdraw", str(undone["proposal"]), "--reason", "it stays", *BY)
    assert off.code == 0 and "is off" in off.out
    for act in (("withdraw",), ("approve", "--look", "x")):
        twice = trueup("terms", *act, str(undone["proposal"]), "--reason", "it stays", *BY)
        assert twice.code == 2 and re.search(r"was withdrawn by .+ at 20\S+Z: “it stays”", twice.err)


def test_a_file_of_terms_is_refused_whole(trueup: CommandLine) -> None:
    """One wrong row, named with its column, keeps all of it out."""
    head = "kind,basis,percent,valid_from,source\n"
    good = "chargeback:asn-accuracy,purchase-order,2,2026-01-01,policy\n"
    wrong = trueup("terms", "import", write(trueup, f"{head}{good}co-op,nothing,4,2026-01-01,x\n", "terms.csv"), *BY)
    assert wrong.code == 1 and "row 3, column basis" in wrong.err
    assert trueup("terms", "list", "--json").json == []
    imported = trueup("terms", "import", write(trueup, head + good, "terms.csv"), *BY)
    assert imported.code == 0 and "waits for a second person" in imported.out
    assert trueup("terms", "list", "--json").json == []
    approve = ("terms", "approve", "1", "--reason", "as in the policy", *ANA)
    assert trueup(*approve, "--look", trueup(*approve, "--dry-run", "--json").json["look"]).code == 0
    again = trueup("terms", "import", write(trueup, head + good, "terms.csv"), *BY)
    assert again.code == 0 and "1 term stood there already" in again.out
    assert [row["kind"] for row in trueup("terms", "list", "--json").json] == ["chargeback-asn"]
