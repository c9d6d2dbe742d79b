"""The books at the command line: remittances and invoices come in, and every payment can be read as a statement that adds up."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.remitted import BY, USUAL, export, invoices, line, with_books, write
from tests.cli.seeded import CommandLine
from tests.x12_text import group, interchange, transaction
from trueup.app import Application, Opening, open_application
from trueup.cli.remittances import _statement
from trueup.cli.statements import Names
from trueup.domain.cases import Role
from trueup.formats.remittance.portal_export import read_portal_export
from trueup.workflows.import_remittances import Upload, begin_upload
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import take_in
from trueup.workflows.world import Tx


def balances(trueup: CommandLine) -> dict[str, str]:
    return {row["account"]: row["balance"] for row in trueup("journal", "balances", "--json").json}


def table(text: str) -> list[str]:
    """The lines of a text with single spaces: how wide its columns are depends on what else stands in them."""
    return [" ".join(each.split()) for each in text.splitlines()]


def minor(money: str) -> Decimal:
    return Decimal(money.split()[0])


def test_a_remittance_is_imported_and_says_what_waits(trueup: CommandLine) -> None:
    """Payments, lines, what ties, what waits by kind, which cases are new; exit code 1 because a person has work."""
    trueup("invoices", "import", write(trueup, invoices("INV-1,1000.00", "INV-2,500.00"), "invoices.csv"), *BY)
    said = trueup("remittances", "import", write(trueup, USUAL), *BY)
    assert said.code == 1
    assert said.out == (
        "Taken in for amazon-us\n"
        "  Payments.csv  1 payment:  1 new, 0 changed, 0 known;  4 lines\n"
        "\n"
        "Every payment is the sum of its lines.\n"
        "\n"
        "What of these payments waits in suspense\n"
        "  remittance.unrecognised  1 line  1 case  -10.00 USD\n"
        "\n"
        "Reconciled with all that is open: 0 matched, 0 with several explanations, 1 left.\n"
        "\n"
        "Cases opened (trueup cases list)\n"
        "  claim.shortage           1 case  90.00 USD\n"
        "  remittance.unrecognised  1 case  10.00 USD\n"
    )
    assert balances(trueup) == {
        "1050": "1380.00 USD",
        "1200": "-1500.00 USD",
        "1210": "90.00 USD",
        "2950": "10.00 USD",
        "4520": "20.00 USD",
    }


def test_the_same_file_again_changes_nothing(trueup: CommandLine) -> None:
    """It is known, no case is opened, the books stay, and all is well: exit code 0."""
    with_books(trueup)
    before = balances(trueup)
    said = trueup("remittances", "import", write(trueup, USUAL), *BY, "--json")
    assert said.code == 0
    assert [(file["new"], file["changed"], file["same"]) for file in said.json["files"]] == [(0, 0, 1)]
    assert said.json["cases_opened"] == [] and balances(trueup) == before


def test_a_trial_tells_all_and_keeps_nothing(trueup: CommandLine) -> None:
    """--dry-run says what would come of it, suspense and cases included, and leaves no payment and no document."""
    tried = trueup("remittances", "import", write(trueup, USUAL), *BY, "--dry-run", "--json").json
    assert trueup("remittances", "list", "--json").json == []
    assert trueup("documents", "list", "--kind", "remittance", "--json").json == []
    done = trueup("remittances", "import", write(trueup, USUAL), *BY, "--json").json
    assert tried.pop("dry_run") and not done.pop("dry_run")
    assert tried == done and {row["kind"] for row in done["suspense"]} == {
        "remittance.unknown-invoice",
        "remittance.unrecognised",
    }


def test_a_file_that_is_no_remittance_stops_only_itself(trueup: CommandLine) -> None:
    """It is refused with the command that takes it in; it is archived all the same, and the others go on."""
    wrong = write(trueup, invoices("INV-1,1000.00"), "wrong.csv")
    alone = trueup("remittances", "import", wrong, *BY)
    assert alone.code == 2
    assert f"is no remittance; it is: Our invoices (CSV). Import it with `trueup invoices import {wrong}`." in alone.err
    both = trueup("remittances", "import", "nowhere.csv", wrong, write(trueup, USUAL), *BY, "--json")
    assert both.code == 1
    assert [bool(file["refused"]) for file in both.json["files"]] == [True, True, False]
    assert len(trueup("documents", "list", "--kind", "remittance", "--json").json) == 3
    assert _timed(trueup, "settle:") == []
    other = trueup("invoices", "import", write(trueup, USUAL), *BY)
    assert other.code == 2 and "`trueup remittances import" in other.err
    assert len(trueup("remittances", "list", "--json").json) == 1


def _timed(trueup: CommandLine, beginning: str) -> list[str]:
    rows: list[dict[str, Any]] = trueup("runs", "list", "--json").json
    return [row["run_id"] for row in rows if row["run_id"].startswith(beginning)]


def test_a_broken_import_is_finished_by_a_worker(trueup: CommandLine) -> None:
    """Stopped after a file was archived, a run waits for it; an import that ends needs none, only a last reconciliation."""
    path = trueup.folder / "trueup.toml"
    with open_application(path, Opening(environ=trueup.environ)) as app:
        person = Person("Bo Admin", frozenset({Role.FINANCE}))
        upload = Upload(USUAL.encode(), "Payments.csv", "amazon-us", person)
        begun = begin_upload(lambda fn, *args: app.act(False, fn, *args), upload)
    assert begun.plan.lines == 4
    assert _timed(trueup, "settle:") == [f"settle:{begun.digest}"]
    trueup("remittances", "import", write(trueup, USUAL), *BY)
    assert _timed(trueup, "settle:") == []
    assert [each.rpartition(":")[0] for each in _timed(trueup, "reconcile:")] == ["reconcile:amazon-us:soon"]


def test_two_imports_at_once_book_a_payment_once(trueup: CommandLine) -> None:
    """A person's file and a worker's tell of one new payment at the same moment: the second waits, and finds it known."""
    done: list[tuple[int, int]] = []
    with open_application(trueup.folder / "trueup.toml", Opening(environ=trueup.environ)) as app:
        reading = read_portal_export(USUAL.encode())

        def take(tx: Tx, *, wait: bool) -> None:
            settled = take_in(tx, "amazon-us", reading.values, reading.evidence)
            for _ in range(200 if wait else 0):
                if tx.connection.execute(_WAITING).scalar():
                    break
                time.sleep(0.02)
            done.append((settled.new, settled.same))

        first = threading.Thread(target=lambda: app.act(False, lambda tx: take(tx, wait=True)))
        first.start()
        while first.is_alive() and not _locked(app):
            time.sleep(0.01)
        app.act(False, lambda tx: take(tx, wait=False))
        first.join()
    assert done == [(1, 0), (0, 1)]
    assert balances(trueup)["1050"] == "1380.00 USD"


_WAITING = sa.text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")


def _locked(app: Application) -> bool:
    """Whether someone holds a payment of the installation's database."""
    held = "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory'"
    with app.database.transaction() as connection:
        return bool(connection.execute(sa.text(f"{held} AND datname = current_database())")).scalar())


def test_a_payment_that_does_not_tie_says_by_how_much(trueup: CommandLine) -> None:
    """The payment posts in full; what its lines lack waits in a case of its own, and the statement adds up all the same."""
    said = trueup(
        "remittances", "import", write(trueup, export("7,105.00", lines=(line("7", "INV-9", "100.00"),))), *BY
    )
    assert "Payments that are more (or less) than their lines\n  7  5.00 USD\n" in said.out
    shown = trueup("remittances", "show", "7").out
    assert "not explained by its lines 5.00 USD" in table(shown)
    assert "Every block comes to the payment, to the cent." in shown
    whole = trueup("remittances", "explain", "7", "0").out
    assert "The payment  what its lines do not explain  5.00 USD" in whole and "the payment is 105.00 USD" in whole


def test_a_payment_is_a_statement(trueup: CommandLine) -> None:
    """What Amazon tells, how it is booked on which account, what came: each block comes to the payment."""
    with_books(trueup)
    said = trueup("remittances", "show", "700100", COLUMNS="100")
    assert said.code == 0 and max(map(len, said.out.splitlines())) <= 100
    rows = table(said.out)
    start = rows.index("How it is booked")
    assert rows[start + 1 : start + 4] == [
        "invoice 1200 Amazon receivable 2 lines 1,500.00 USD",
        "shortage claim 1210 Amazon claims in dispute 1 line -90.00 USD",
        "terms discount 4520 Payment terms discounts 1 line -20.00 USD",
    ]
    shown = trueup("remittances", "show", "amazon-us/700100", "--json").json
    for block in ("told", "booked", "cash"):
        assert sum(minor(row["amount"]) for row in shown[block]) == Decimal("1380.00"), block
    case = next(row["case"] for row in shown["booked"] if row["case"])
    assert trueup("cases", "show", str(case), "--json").json["kind"] == "remittance.unrecognised"
    assert "\n  classify " in trueup("cases", "explain", str(case)).out


def test_a_statement_that_does_not_add_up_is_loud() -> None:
    """Blocks that differ from the payment can only be a defect of ours, and are said to be one."""
    shown: dict[str, Any] = {
        "payment": "7", "partner": "amazon-us", "paid_on": "2026-10-15", "payee": "", "amount": "5.00 USD",
        "in_invoice_currency": "5.00 USD", "rate": None, "method": "", "voided_reason": "", "state": "paid",
        "source": "portal-export", "document": {"name": "", "digest": "ab" * 32}, "hides_items": False, "posting": "posted",
        "told": [], "told_sum": "5.00 USD", "booked": [], "booked_sum": "4.00 USD", "cash": [], "cases": [], "entries": [],
        "tellings": [], "adds_up": False,
        "bank": {"state": "none", "lines": [], "payments": ["amazon-us/7"], "why": "", "case": None, "known_until": None},
    }  # fmt: skip
    assert "DO NOT COME TO THE PAYMENT" in "\n".join(_statement(shown, Names()))


def test_every_line_is_explained(trueup: CommandLine) -> None:
    """Its document and place there, what it is and why, where it is booked, and the case it waits in."""
    with_books(trueup)
    said = trueup("remittances", "explain", "700100", "3", COLUMNS="100").out
    assert "Line 3  INV-1SC  -90.00 USD\n  in       Payments.csv (" in said and ", row 7\n" in said
    assert "is       shortage claim of invoice INV-1, claim INV1: its reference or code says so" in said
    assert "booked   debit 90.00 USD on 1210 Amazon claims in dispute\n           entry " in said
    assert "rule     shortage claim: A receivable while it can be disputed" in said
    assert max(map(len, said.splitlines())) <= 100
    rows = trueup("remittances", "explain", "700100", "--json").json["lines"]
    assert [row["line"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["settled"] == "1000.00 USD" and rows[0]["discount"] == "20.00 USD"
    assert rows[3]["waits"]["kind"] == "remittance.unrecognised" and rows[3]["waits"]["case"] is not None
    booked = sum(minor(posting["amount"]) for row in rows for posting in row["postings"])
    assert booked == Decimal("-1380.00")
    assert trueup("remittances", "explain", "700100", "9").code == 2


def test_two_sources_of_a_payment_are_compared(trueup: CommandLine) -> None:
    """An 820 that says otherwise adds nothing to the books; what differs is said with both numbers, and is a case."""
    with_books(trueup)
    edi = _advice_820("700100", "1370.00", ("INV-1", "980.00"), ("INV-2", "500.00"), ("INV-1SC", "-110.00"))
    before = balances(trueup)
    said = trueup("remittances", "import", write(trueup, edi, "advice.edi"), *BY, "--json").json
    assert said["files"][0]["changed"] == 1
    assert "remittance.sources-differ" in {row["kind"] for row in said["cases_opened"]}
    assert balances(trueup)["1050"] in ("1370.00 USD", before["1050"])
    others = trueup("remittances", "explain", "700100", "--json").json["other_sources"]
    assert any("1380.00 USD" in words and "1370.00 USD" in words for found in others.values() for words in found)
    assert "Also told by (compared, never added)" in trueup("remittances", "show", "700100").out


def _advice_820(payment: str, amount: str, *lines: tuple[str, str]) -> str:
    remitted = [f"RMR*IV*{reference}**{paid}" for reference, paid in lines]
    advice = transaction(
        "820",
        "0001",
        f"BPR*I*{amount}*C*ACH************20261015",
        f"TRN*1*{payment}",
        "CUR*PR*USD",
        "N1*PE*NORDA*92*NORDA",
        "ENT*1",
        *remitted,
    )
    return interchange(group("RA", 1, advice))


def test_payments_are_listed_and_found(trueup: CommandLine) -> None:
    """The latest first, by day, by what is unexplained, page by page; an unknown one is a sentence."""
    known = write(trueup, invoices("A-1,10.00", "A-2,20.00", "A-3,30.00"), "invoices.csv")
    trueup("invoices", "import", known, *BY)
    lines = (line("1", "A-1", "10.00"), line("2", "A-2", "20.00"), line("3", "A-9", "30.00"))
    payments = export("1,10.00,10/01/2026", "2,20.00,10/02/2026", "3,30.00,10/03/2026", lines=lines)
    trueup("remittances", "import", write(trueup, payments), *BY)

    def listed(*words: str) -> list[str]:
        return [row["payment"] for row in trueup("remittances", "list", *words, "--json").json]

    assert listed() == ["3", "2", "1"]
    assert listed("--unexplained") == ["3"] and listed("--since", "2026-10-02", "--until", "2026-10-02") == ["2"]
    last = trueup("remittances", "list", "--limit", "2", "--json").json[-1]["id"]
    assert listed("--before", str(last)) == ["1"]
    assert listed("--state", "held") == [] and trueup("remittances", "list", "--state", "x").code == 2
    missing = trueup("remittances", "show", "99")
    assert missing.code == 2 and "`trueup remittances import FILE` takes one in" in missing.err
    assert "expected a day such as" in trueup("remittances", "list", "--since", "yesterday").err


def test_invoices_that_come_late_settle_what_waited(trueup: CommandLine) -> None:
    """Their lines leave suspense by a correction, not by an edit; the invoice tells its story."""
    trueup("remittances", "import", write(trueup, USUAL), *BY)
    assert balances(trueup)["2950"] == "-1400.00 USD"
    said = trueup("invoices", "import", write(trueup, invoices("INV-1,1000.00", "INV-2,500.00"), "late.csv"), *BY)
    assert "Imported 2 new invoices; 0 known already. 1 payment that waited for them settled again" in said.out
    assert balances(trueup)["2950"] == "10.00 USD"
    assert [row["kind"] for row in trueup("journal", "list", "--json").json] == ["correction", "remittance"]
    story = trueup("invoices", "show", "inv_1", COLUMNS="100").out
    assert "shortage claim  payment 700100 line 3  1210 Amazon claims in dispute    -90.00 USD" in story
    assert "Settled 1,000.00 USD, open 0.00 USD." in story
    assert trueup("invoices", "list", "--open", "--json").json == []


def test_invoices_of_a_stranger_are_told(trueup: CommandLine) -> None:
    """An invoice to a partner that the settings do not have is not taken in, and its finding names both; nor is another figure."""
    file = write(trueup, invoices("INV-1,1000.00").replace("amazon-us", "amazon-uk"), "invoices.csv")
    said = trueup("invoices", "import", file, *BY)
    assert said.code == 1 and "'amazon-uk' is not one of [[partners]]" in said.err and "Imported 0 new" in said.out
    trueup("invoices", "import", write(trueup, invoices("INV-1,1000.00"), "invoices.csv"), *BY)
    said = trueup("invoices", "import", write(trueup, invoices("INV-1,900.00"), "invoices.csv"), *BY)
    assert said.code == 1 and "1 invoice known with other figures" in said.out
    assert trueup("invoices", "list", "--json").json[0]["total"] == "1000.00 USD"


def test_whoever_may_not_is_refused(trueup: CommandLine) -> None:
    """Operations and auditors import nothing; the role that may is named. An unknown partner is refused with the known ones."""
    file = write(trueup, USUAL)
    for name in ("Olga", "Aude"):
        said = trueup("remittances", "import", file, "--by", name)
        assert said.code == 2 and "takes the role finance or admin" in said.err
    said = trueup("remittances", "import", file, *BY, "--partner", "amazon-uk")
    assert said.code == 2 and "(known: amazon-us)" in said.err
    assert trueup("remittances", "list").out == "No remittance was imported yet.\n"


@pytest.mark.parametrize("words", [("remittances", "show", "8"), ("remittances", "explain", "8")])
def test_a_payment_of_a_closed_month_is_held(trueup: CommandLine, words: tuple[str, ...]) -> None:
    """Nothing of it is booked until a person says when, and the statement says so."""
    engine = sa.create_engine(
        trueup.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool
    )
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO trueup.closed_months (month, closed_by, approved_by, closed_at, evidence)"
                " VALUES ('2026-10-01', 'Ana', 'Bo', now(), repeat('0', 64))"
            )
        )
    trueup("remittances", "import", write(trueup, export("8,10.00", lines=(line("8", "INV-8", "10.00"),))), *BY)
    said = trueup(*words)
    assert said.code == 0
    assert trueup("remittances", "list", "--state", "held", "--json").json[0]["payment"] == "8"
    if words[1] == "show":
        assert "Nothing is booked: its month is closed." in said.out and "books.closed-month" in said.out
