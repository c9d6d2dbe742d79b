"""The journal at the command line: entries and balances, and exports that give an entry to a ledger once, whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.remitted import BY, export, invoices, line, with_books, write
from tests.cli.seeded import CommandLine
from tests.journal_books import bean_check, beancount_balances, hledger, hledger_balances, rows
from trueup.app import Application, Opening, open_application
from trueup.base.errors import Conflict
from trueup.cli.shelf import FileShelf
from trueup.domain.cases import Role
from trueup.formats.journal_export import known_exports
from trueup.workflows.export_journal import Ledger, Scope, export_journal
from trueup.workflows.resolve_case import Person

FAY = Person("Bo Admin", frozenset({Role.FINANCE}))


def opened(trueup: CommandLine) -> Application:
    return open_application(trueup.folder / "trueup.toml", Opening(environ=trueup.environ))


def one_more(trueup: CommandLine) -> None:
    """Another payment, of a day before the usual one."""
    later = export("700101,40.00,10/02/2026", lines=(line("700101", "INV-3", "40.00"),))
    trueup("invoices", "import", write(trueup, invoices("INV-3,40.00"), "more.csv"), *BY)
    trueup("remittances", "import", write(trueup, later, "later.csv"), *BY)


def exported(trueup: CommandLine, target: str, name: str, *words: str) -> Path:
    path = trueup.folder / name
    said = trueup("journal", "export", "--format", target, "--output", str(path), *BY, *words)
    assert said.code == 0, said.err
    return path


def test_an_entry_is_shown_with_its_lines(trueup: CommandLine) -> None:
    """By id or key: account, what each line is about, debit and credit; and the exports that it was in."""
    with_books(trueup)
    exported(trueup, "csv", "out.csv")
    entry = trueup("journal", "list", "--json").json[0]
    assert (entry["key"], entry["lines"], entry["debits"]) == ("amazon-us/700100", 6, ["1500.00 USD"])
    shown = trueup("journal", "show", str(entry["id"]), "--json").json
    assert shown == trueup("journal", "show", "amazon-us/700100", "--json").json
    assert [each["target"] for each in shown["exports"]] == ["csv"]
    said = trueup("journal", "show", "amazon-us/700100", COLUMNS="100").out
    assert "1050 Amazon payments" in said and max(map(len, said.splitlines())) <= 100
    assert trueup("journal", "show", "77").code == 2
    assert trueup("journal", "list", "--account", "2950", "--to", "2026-10-14").out == "No entry is like that.\n"


def test_lines_are_listed_and_written_by_account_side_and_currency(trueup: CommandLine) -> None:
    """Those alone, with what they come to; a page leads to the next; the file has them all; what is none is said."""
    with_books(trueup)
    whole = trueup("journal", "lines", "--json").json
    assert len(whole["lines"]) == 6 and [row["balance"] for row in whole["totals"]] == ["0.00 USD"]
    account = whole["lines"][0]["account"]
    own = [row for row in whole["lines"] if row["account"] == account]
    found = trueup("journal", "lines", "--account", account, "--json").json
    assert found["lines"] == own and found["totals"][0]["lines"] == len(own)
    debits = trueup("journal", "lines", "--side", "debit", "--currency", "usd", "--json").json["lines"]
    assert debits == [row for row in whole["lines"] if row["debit"]] and all(row["credit"] is None for row in debits)
    first = trueup("journal", "lines", "--limit", "4", "--json").json
    second = trueup("journal", "lines", "--limit", "4", "--at", first["next"], "--json").json
    assert first["lines"] + second["lines"] == whole["lines"] and second["next"] is None
    said = trueup("journal", "lines", COLUMNS="120").err
    assert "6 lines: debits 1,500.00 USD, credits 1,500.00 USD, between them 0.00 USD." in said
    assert "expected debit or credit" in trueup("journal", "lines", "--side", "both").err
    for name in ("own.csv", "own.xlsx"):
        kept = trueup.folder / name
        words = trueup("journal", "sheet", "--account", account, "-o", str(kept)).out
        assert words == f"{'1 line' if len(own) == 1 else f'{len(own)} lines'} in {kept}.\n"
    assert len((trueup.folder / "own.csv").read_text().splitlines()) == len(own) + 1
    assert "say --output FILE" in trueup("journal", "sheet").err


def test_balances_come_to_nothing(trueup: CommandLine) -> None:
    """Debits are credits; on a day before the payment nothing was booked."""
    assert trueup("journal", "balances").out == "Nothing is booked.\n"
    with_books(trueup)
    said = trueup("journal", "balances", COLUMNS="100").out
    assert said.splitlines()[-1].split() == ["all", "1,500.00", "1,500.00", "0.00"]
    assert trueup("journal", "balances", "--on", "2026-10-14", "--json").json == []
    one_more(trueup)
    on = trueup("journal", "balances", "--on", "2026-10-02", "--json").json
    assert {row["account"]: row["balance"] for row in on} == {"1050": "40.00 USD", "1200": "-40.00 USD"}
    codes = {row["code"] for row in trueup("journal", "accounts", "--json").json}
    assert {"1050", "1200", "2950"} <= codes


def test_every_format_gets_each_entry_once(trueup: CommandLine) -> None:
    """The second export holds what is new alone, the third nothing, and writes no file. Formats do not know of each other."""
    with_books(trueup)
    for target in known_exports():
        first = exported(trueup, target, f"first.{target}").read_bytes()
        assert b"700100" in first and b"700101" not in first, target
    one_more(trueup)
    for target in known_exports():
        second = exported(trueup, target, f"second.{target}").read_bytes()
        assert b"700101" in second and b"700100" not in second, target
    said = trueup("journal", "export", "--format", "xero", "-o", str(trueup.folder / "third"), *BY)
    assert said.code == 0 and "given every such entry before" in said.out
    assert not (trueup.folder / "third").exists()
    again = exported(trueup, "xero", "again", "--again", "--from", "2026-10-15").read_bytes()
    assert b"700100" in again and b"700101" not in again


def test_exports_agree_with_the_books(trueup: CommandLine) -> None:
    """hledger adds a file up to our balances; two beancount files, one after the other, pass bean-check together."""
    with_books(trueup)
    exported(trueup, "beancount", "first.beancount")
    one_more(trueup)
    exported(trueup, "beancount", "second.beancount")
    with opened(trueup) as app, app.database.transaction() as connection:
        from trueup.storage import exports

        entries = [entry for number in (1, 2) for entry in exports.stream_entries(connection, number)]
    whole = trueup.folder / "whole.beancount"
    whole.write_text('include "first.beancount"\ninclude "second.beancount"\n' + beancount_balances(entries))
    assert bean_check(whole) == ""
    found = hledger_balances(exported(trueup, "hledger", "all.journal").read_bytes())
    ours = {row["account"]: row["balance"] for row in trueup("journal", "balances", "--json").json}
    assert {name.split(":")[1][:4]: f"{amount} {currency}" for (name, currency), amount in found.items()} == ours


def test_an_export_is_limited_to_days(trueup: CommandLine) -> None:
    """What lies outside the days is still new to the next one."""
    with_books(trueup)
    one_more(trueup)
    table = rows(exported(trueup, "csv", "early.csv", "--to", "2026-10-14").read_bytes())
    assert {row["entry_key"] for row in table} == {"amazon-us/700101"}
    table = rows(exported(trueup, "csv", "rest.csv").read_bytes())
    assert {row["entry_key"] for row in table} == {"amazon-us/700100"}
    assert {row["source_line"] for row in table} == {"", "1", "2", "3", "4"}


def test_a_file_that_is_there_is_not_written_over(trueup: CommandLine) -> None:
    """It may not have been imported yet. Nothing is recorded, so nothing is lost; a trial writes and records nothing either."""
    with_books(trueup)
    path = trueup.folder / "out.csv"
    path.write_text("yesterday's")
    said = trueup("journal", "export", "--format", "csv", "-o", str(path), *BY)
    assert said.code == 2 and "may not have been imported yet" in said.err and path.read_text() == "yesterday's"
    tried = trueup("journal", "export", "--format", "csv", *BY, "--dry-run")
    assert tried.code == 0 and "Would export 1 entry" in tried.out
    assert trueup("journal", "exports").out == "Nothing was exported yet.\n"
    assert trueup("journal", "export", "--format", "csv", *BY).code == 2
    nowhere = trueup("journal", "export", "--format", "csv", "-o", str(trueup.folder / "no" / "out.csv"), *BY)
    assert nowhere.code == 2 and "cannot be written (No such file or directory)" in nowhere.err
    exported(trueup, "csv", "new.csv")
    assert [each.name for each in trueup.folder.iterdir() if each.name.endswith(".writing")] == []


def test_what_a_target_cannot_take_is_not_recorded(trueup: CommandLine) -> None:
    """A ledger in euros without a rate: refused with the entry named, no file; with the rate it goes."""
    with_books(trueup)
    path = trueup.folder / "x.csv"
    said = trueup("journal", "export", "--format", "xero", "--base", "EUR", "-o", str(path), *BY)
    assert said.code == 2 and "amazon-us/700100" in said.err and not path.exists()
    assert trueup("journal", "exports", "--json").json == []
    exported(trueup, "xero", "x.csv", "--base", "EUR", "--rate", "USD=0.9")
    assert trueup("journal", "export", "--format", "xls", "-o", str(path), *BY).code == 2
    assert trueup("journal", "export", "--format", "csv", "--rate", "EUR", "-o", "r.csv", *BY).code == 2


def test_an_export_that_was_broken_off_is_written_again(trueup: CommandLine) -> None:
    """Stopped between record and file: the next export is refused and says how; --redo gives the same entries, then all is well."""
    with_books(trueup)
    with opened(trueup) as app, FileShelf(trueup.folder / "lost.journal") as shelf:
        scope = Scope("hledger")
        lost = app.act(False, lambda tx: export_journal(tx, scope, Ledger("USD"), FAY, shelf))
        with pytest.raises(Conflict):
            app.act(False, lambda tx: export_journal(tx, scope, Ledger("USD"), FAY, shelf))
    assert lost is not None and not (trueup.folder / "lost.journal").exists()
    listed = trueup("journal", "exports")
    assert listed.code == 1 and listed.out.splitlines()[1].split()[-1] == "recorded"
    one_more(trueup)
    path = trueup.folder / "next.journal"
    said = trueup("journal", "export", "--format", "hledger", "-o", str(path), *BY)
    assert said.code == 2 and f"--redo {lost.id}" in said.err and not path.exists()
    again = trueup.folder / "again.journal"
    assert trueup("journal", "export", "--redo", str(lost.id), "-o", str(again), *BY).code == 0
    assert b"700100" in again.read_bytes() and b"700101" not in again.read_bytes()
    assert trueup("journal", "exports").code == 0
    assert b"700101" in exported(trueup, "hledger", "next.journal").read_bytes()
    told = [row["subject"] for row in trueup("acts", "list", "--act", "journal.", "--json").json]
    assert told == ["export 2 to hledger", f"export {lost.id} to hledger", f"export {lost.id} to hledger"]


def test_who_exports_is_recorded_and_may_be_an_auditor(trueup: CommandLine) -> None:
    """Auditors export, operations do not."""
    with_books(trueup)
    path = str(trueup.folder / "a.csv")
    refused = trueup("journal", "export", "--format", "csv", "-o", path, "--by", "Olga")
    assert refused.code == 2 and "finance or admin or auditor" in refused.err
    done = trueup("journal", "export", "--format", "csv", "-o", path, "--by", "Aude", "--json")
    assert done.code == 0 and done.json["entries"] == 1 and done.json["files"][0]["name"] == path
    assert trueup("journal", "exports", "--json").json[0]["by"] == "Aude"


def test_an_export_is_prepared_sent_and_read_back(trueup: CommandLine) -> None:
    """Sent is only said; the ledger's own balances prove it. What differs is a case, which ends when a later file agrees."""
    with_books(trueup)
    exported(trueup, "csv", "out.csv")

    def state() -> str:
        return str(trueup("journal", "exports", "--json").json[0]["state"])

    assert state() == "prepared" and trueup("journal", "exports").code == 0
    assert trueup("journal", "sent", "1", *BY, "--dry-run").code == 0 and state() == "prepared"
    assert trueup("journal", "sent", "1", "--how", "imported by hand", *BY).code == 0 and state() == "sent"
    assert "before" in trueup("journal", "sent", "1", *BY).out
    balances = trueup("journal", "balances", "--json").json
    amounts = [(each["account"], each["name"], each["balance"].split()[0]) for each in balances]
    lines = [f'{code},"{name}",{amount}' for code, name, amount in amounts]
    right = ["Account Code,Account,Balance", "9999,Rent of the office,-77.00", *lines]
    wrong = [*right[:-1], f'{amounts[-1][0]},"{amounts[-1][1]}",1.00']
    less = write(trueup, "\n".join(wrong), "wrong.csv")
    assert trueup("journal", "read-back", "1", less, *BY, "--dry-run").code == 1 and state() == "sent"
    said = trueup("journal", "read-back", "1", less, *BY)
    assert said.code == 1 and amounts[-1][1] in said.out and "1.00 USD" in said.out and "a case says so" in said.err
    assert state() == "differs" and trueup("journal", "exports").code == 1
    (case,) = trueup("cases", "list", "--kind", "books.ledger-differs", "--json").json
    assert case["subject"] == "ledger csv" and case["found"] == "1.00 USD"
    debits = ["Account Code,Account,Debit - Year to date,Credit - Year to date"]
    debits += [
        f'{code},"{name}",{"," + amount[1:] if amount.startswith("-") else amount + ","}'
        for code, name, amount in amounts
    ]
    full = write(trueup, "\n".join(debits), "trial.csv")
    assert trueup("journal", "read-back", "1", full, *BY).code == 0 and state() == "read-back"
    assert trueup("cases", "list", "--kind", "books.ledger-differs", "--json").json == []
    one_more(trueup)
    exported(trueup, "csv", "next.csv")
    assert [each["state"] for each in trueup("journal", "exports", "--json").json] == ["prepared", "read-back"]
    assert trueup("journal", "read-back", "2", full, *BY).code == 1
    days = trueup("journal", "read-back", "1", full, *BY, "--from", "2026-10-15")
    assert days.code == (2 if "leave some of them out" in days.err else 0)
    refused = trueup("journal", "read-back", "1", write(trueup, "a,b\n1,2\n", "no.csv"), *BY)
    assert refused.code == 2 and "with the columns such as code, account, balance" in refused.err
    half = trueup("journal", "read-back", "1", write(trueup, "code,debit\n1200,2\n", "no.csv"), *BY)
    assert half.code == 2 and "expected a column code or account" in half.err
    assert trueup("journal", "read-back", "1", full, "--by", "Olga").code == 2


def test_hledger_is_read_back_as_it_writes_balances(trueup: CommandLine) -> None:
    """Its own program reads the exported file, and its balances are what it was given."""
    with_books(trueup)
    path = exported(trueup, "hledger", "out.journal")
    told = hledger(path.read_bytes(), "balance", "--flat", "-O", "csv")
    assert trueup("journal", "read-back", "1", write(trueup, told, "balances.csv"), *BY).code == 0
    assert trueup("journal", "exports", "--json").json[0]["state"] == "read-back"
