"""Deciding: who may, what it takes two persons for, that everything is recorded, and that a dry run keeps nothing."""

from __future__ import annotations

import sqlalchemy as sa

from tests.cli.seeded import CommandLine
from trueup.storage.database import Database

LAMPS = ("LAMP-1", "--channel", "shop shop", "--location", "main")
UNKNOWN, COST = "1", "2"  # cases of 6.00 USD and 318.00 USD; two persons decide above 50.00 USD


def counted(trueup: CommandLine) -> dict[str, int]:
    """How many rows there are of everything that a decision could leave behind."""
    database = Database(trueup.environ["DATABASE_URL"])
    tables = (
        "trueup.acts",
        "trueup.proposals",
        "trueup.documents",
        "trueup.products",
        "trueup.secrets",
        "durable.timers",
    )
    with database.transaction() as connection:
        found = {name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
        found["open"] = connection.execute(
            sa.text("SELECT count(*) FROM trueup.cases WHERE state = 'open'")
        ).scalar_one()
        found["declared"] = connection.execute(sa.text("SELECT sum(declared_on_hand) FROM trueup.stock")).scalar_one()
        found["erased"] = connection.execute(
            sa.text("SELECT count(*) FROM trueup.subject_keys WHERE erased_at IS NOT NULL")
        ).scalar_one()
    database.close()
    return found


def test_a_case_is_resolved_by_a_person(trueup: CommandLine) -> None:
    """With the person's name and note in its history and in the acts."""
    said = trueup("cases", "resolve", UNKNOWN, "reject", "--by", "Olga", "--note", "we do not sell it")
    assert (said.code, said.out) == (0, "Case 1 resolved.\n")
    shown = trueup("cases", "show", UNKNOWN, "--json").json
    assert (shown["state"], shown["resolved_by"], shown["note"]) == ("resolved", "Olga", "we do not sell it")
    act = trueup("acts", "list", "--by", "olga", "--json").json[0]
    assert (act["act"], act["role"], act["subject"]) == ("case.resolved", "operations", "case 1")
    again = trueup("cases", "resolve", UNKNOWN, "reject", "--by", "Olga")
    assert again.code == 2 and "was resolved on" in again.err


def test_who_decides_may_stand_in_the_environment(trueup: CommandLine) -> None:
    """TRUEUP_PERSON stands for --by; without either nothing happens."""
    assert trueup("cases", "resolve", UNKNOWN, "backorder", TRUEUP_PERSON="Olga").code == 0
    said = trueup("cases", "resolve", COST, "backorder", COLUMNS="200")
    assert said.code == 2 and "--by" in said.err


def test_roles_and_resolutions_are_demanded(trueup: CommandLine) -> None:
    """An auditor decides nothing, a stranger is nobody, and a case allows what it allows."""
    before = counted(trueup)
    auditor = trueup("cases", "resolve", COST, "accept-as-ordered", "--by", "Aude")
    assert auditor.code == 2 and "Aude (roles: auditor) may not resolve a held.cost-differs case" in auditor.err
    stranger = trueup("cases", "resolve", COST, "accept-as-ordered", "--by", "Eve")
    assert stranger.code == 2 and "'Eve' is not one of [[people]]" in stranger.err
    other = trueup("cases", "resolve", UNKNOWN, "accept-as-ordered", "--by", "Olga")
    assert other.code == 2 and "cannot be resolved by accept-as-ordered; allowed: retry, reject, backorder" in other.err
    assert counted(trueup) == {**before, "trueup.acts": before["trueup.acts"] + 1}, "but that one was not let is kept"
    kept = trueup("acts", "list", "--subject", "case 2", "--json").json
    assert [(act["actor"], act["act"], act["after"]["asked_for"]) for act in kept] == [
        ("Aude", "act.refused", "cases resolve")
    ]


def test_much_money_takes_two_persons(trueup: CommandLine) -> None:
    """A binding decision above the limit is proposed, its proposer is refused by the database, another person carries it out."""
    said = trueup(
        "cases", "resolve", COST, "accept-as-ordered", "--by", "Ana Admin", "--note", "agreed by mail", "--json"
    )
    assert said.json == {"case": 2, "state": "proposed", "proposal": 1, "dry_run": False}
    listed = trueup("cases", "proposals")
    assert listed.code == 1 and "agreed by mail" in listed.out
    whole = trueup("cases", "proposals", "1", "--json")
    assert whole.code == 1 and whole.json["arguments"]["resolution"] == "accept-as-ordered"
    same = trueup("cases", "approve", "1", "--by", "Ana Admin")
    assert same.code == 2 and "Ana Admin proposed it; a second person must approve it" in same.err
    assert trueup("cases", "show", COST, "--json").json["state"] == "open"
    other = trueup("cases", "approve", "1", "--by", "Bo Admin", "--json").json
    assert other == {
        "proposal": 1,
        "act": "case.resolve",
        "subject": "case 2",
        "case": 2,
        "resolution": "accept-as-ordered",
        "dry_run": False,
    }
    assert trueup("cases", "show", COST, "--json").json["state"] == "resolved"
    assert trueup("cases", "proposals").code == 0
    late = trueup("cases", "approve", "1", "--by", "Bo Admin")
    assert late.code == 2 and "was approved by Bo Admin already" in late.err
    assert trueup("cases", "approve", "9", "--by", "Bo Admin").code == 2


def test_documents_are_erased_by_two_admins(trueup: CommandLine) -> None:
    """Proposed by one, approved by another; then the bytes are gone, the hashes stand, and verify says so."""
    digest = trueup("orders", "show", "PO000001", "--json").json["evidence"]
    words = ("documents", "erase", "amazon-us", "--reason", "contract ended")
    assert "may not do this (documents.erase)" in trueup(*words, "--by", "Olga").err
    proposed = trueup(*words, "--by", "Ana Admin", "--json").json
    assert proposed["state"] == "proposed" and proposed["documents"] > 10
    assert trueup("documents", "cat", digest).code == 0
    assert "a second person must approve it" in trueup("cases", "approve", "1", "--by", "Ana Admin").err
    assert "may not do this" in trueup("cases", "approve", "1", "--by", "Olga").err
    done = trueup("cases", "approve", "1", "--by", "Bo Admin", "--json").json
    assert done["documents"] == proposed["documents"] and done["stored_bytes"] > 0
    gone = trueup("documents", "cat", digest)
    assert gone.code == 2 and "by Ana Admin and Bo Admin (contract ended)" in gone.err
    shown = trueup("documents", "show", digest, "--json").json
    assert shown["erased"]["because"] == "contract ended" and shown["digest"] == digest
    verified = trueup("documents", "verify", "--json")
    assert verified.code == 0 and verified.json["erased"] > 0 and verified.json["broken"] == 0
    assert trueup(*words, "--by", "Ana Admin").code == 2, "nothing is left to erase"


def test_a_changed_document_is_a_finding(trueup: CommandLine) -> None:
    """Bytes or rows changed behind the archive's back: verify names them and ends with 1."""
    database = Database(trueup.environ["DATABASE_URL"])
    with database.transaction() as connection:
        connection.execute(
            sa.text(
                "UPDATE trueup.content_chunks SET sealed = sealed || '\\x00' "
                "WHERE content_id = (SELECT min(id) FROM trueup.contents)"
            )
        )
        connection.execute(sa.text("UPDATE trueup.documents SET name = 'other' WHERE id = 3"))
    database.close()
    said = trueup("documents", "verify")
    assert said.code == 1
    assert sum(line.startswith("BROKEN ") for line in said.out.splitlines()) == 2
    assert "BROKEN chain: Document 3 (lane 0, position 3): its row was changed after it was written." in said.out


def test_a_buffer_is_changed_and_taken_back_by_a_second_person(trueup: CommandLine) -> None:
    """More is kept back at once; less, and taking back is less, waits for another person."""
    done = trueup(
        "stock", "set-buffer", *LAMPS, "--eaches", "3", "--reason", "sells fast", "--by", "Olga", "--json"
    ).json
    assert trueup("stock", "set-buffer", *LAMPS, "--reason", "x", "--by", "Olga").code == 2, "which buffer is not said"
    shown = {row["channel"]: row for row in trueup("stock", "buffers", "LAMP-1", "--json").json}["shop shop"]
    assert (shown["eaches"], shown["stands"], shown["file"]) == (3, "decided for this product", "nothing")
    waits = trueup("stock", "undo-buffer", str(done["version"]), "--by", "Olga", "--json").json["proposal"]
    approved = trueup("cases", "approve", str(waits), "--by", "Bo Admin")
    assert "3 eaches → nothing" in approved.out, approved.err
    [back, made] = trueup("stock", "buffers", "--versions", "--json").json
    assert (back["undoes"], back["approved_by"], made["buffer"]) == (made["version"], "Bo Admin", "3 eaches")


def test_a_dry_run_keeps_nothing(trueup: CommandLine) -> None:
    """Every command that writes does everything and leaves nothing behind."""
    items, counts = trueup.folder / "items.csv", trueup.folder / "counts.csv"
    items.write_text("sku,title,vendor_code,cost,currency\nNEW-1,New lamp,NORDA,9.50,USD\n")
    counts.write_text("sku,location,on_hand\nVASE-1,main,40\n")
    trueup("cases", "resolve", COST, "accept-as-ordered", "--by", "Ana Admin")  # a proposal to approve
    before = counted(trueup)
    for words in (
        ("cases", "resolve", UNKNOWN, "reject"),
        ("cases", "approve", "1"),
        ("documents", "erase", "amazon-us", "--reason", "trial"),
        ("products", "import", str(items)),
        ("stock", "declare", str(counts)),
        ("stock", "set-buffer", *LAMPS, "--eaches", "3", "--reason", "trial"),
        ("secrets", "set", "token"),
    ):
        said = trueup(*words, "--by", "Bo Admin", "--dry-run", stdin="text")
        assert said.code == 0, said.err
        assert "dry run" in said.out + said.err
    assert trueup("init", str(trueup.folder / "other"), "--dry-run").code == 0
    assert counted(trueup) == before
    assert {path.name for path in trueup.folder.iterdir()} == {"trueup.toml", "items.csv", "counts.csv"}


def test_a_sheet_of_decisions_is_tried_carried_out_and_told_by_cell(trueup: CommandLine) -> None:
    """Each row stands by itself; a dry run decides nothing, and its job is carried out by who tried it, once."""
    sheet = trueup.folder / "cases.csv"
    rows = (f"{UNKNOWN},reject,we do not sell it", "999,reject,", f"{COST},nonsense,")
    sheet.write_text("\n".join(("case,resolution,note", *rows)))
    tried = trueup("cases", "decide", str(sheet), "--by", "Olga", "--dry-run", "--json")
    assert (tried.code, tried.json["state"], [each["case"] for each in tried.json["refused"]]) == (1, "done", [999])
    assert trueup("cases", "show", UNKNOWN, "--json").json["state"] == "open"
    job = str(tried.json["job"])
    assert trueup("jobs", "carry-out", job, "--by", "Ana Admin").code == 2
    assert "would be carried out" in trueup("jobs", "carry-out", job, "--by", "Olga", "--dry-run").out
    done = trueup("jobs", "carry-out", job, "--by", "Olga")
    assert done.code == 0 and "Saved 1 of 3 rows. Refused: B3, B4." in done.out
    assert trueup("cases", "show", UNKNOWN, "--json").json["state"] == "resolved"
    again = trueup("cases", "decide", str(sheet), "--by", "Olga")
    assert again.code == 1 and "Saved 0 of 3 rows. Refused: B2, B3, B4." in again.out and "nonsense" in again.out
    assert trueup("cases", "decide", str(sheet), "--by", "Aude").code == 2


def test_comparisons_of_stock_are_told_where_there_are_any(trueup: CommandLine) -> None:
    said = trueup("stock", "comparisons")
    assert said.code == 0 and "No channel's stock was compared with ours yet." in said.out
