"""A payment beside the bank, on its page and in the API: tied to the cent, or what differs, or why nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import FINA, console_over_money, lacking
from tests.x12_text import group, interchange, transaction
from trueup.workflows.import_bank import import_bank, tie_by_hand
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.tie_bank import BankFile
from trueup.workflows.world import Tx

BANK = """account,date,amount,currency,payer,text,reference
ACC-1,2026-10-16,1679.00,USD,AMAZON,AMAZON PAYMENT,700100
ACC-1,2026-10-17,55.00,USD,AMAZON,AMAZON PAYMENT,700200
ACC-1,2026-10-17,-5.00,USD,BANK,FEE,
"""
INVOICES = """number,partner,payee,issued,due,currency,total
INV-500,amazon-us,NORDA,2026-10-01,2026-11-30,USD,50.00
"""
LONG = export(
    "700200,55.00",
    "700300,10.00,10/17/2026",
    lines=(
        *(line("700200", "INV-500", "0.10") for _ in range(500)),
        line("700200", "QQ/LAST/1", "5.00"),
        line("700300", "QQ/LATER/1", "10.00"),
    ),
)
"""A payment of 501 lines, and one that the bank does not have yet."""


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("bank"))) as running:

        def act(fn: Any, *args: Any) -> Any:
            return running.app.act(False, fn, *args)

        act(import_invoices, INVOICES.encode(), FINA)
        begun = begin_upload(act, Upload(LONG.encode(), "Long.csv", "amazon-us", FINA))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield running


def test_a_payment_ties_to_the_bank_or_the_difference_is_shown(console: Console) -> None:
    """Unknown without a statement and never green; a difference leads to its case; tied to the cent with its line and its day."""
    with console.visitor("Aude") as aude, calling(console, token(console, "Fina")) as program:
        before = aude.get("/remittances/1").text
        assert not lacking(before, "whether it came, nothing proves", "Unknown")
        assert lacking(before, "Ties to the bank") and program.json("/remittances/1")["bank"]["state"] == "unknown"
        console.app.act(False, import_bank, BankFile(BANK.encode()), FINA)
        differs = aude.get("/remittances/1").text
        assert not lacking(differs, "Differs", "1,679.00", "/exceptions?row=") and lacking(differs, "Ties to the bank")
        assert not lacking(
            differs, "In the bank 1,679.00\xa0USD on 16 Oct 2026: 1.00\xa0USD too little", "ACC-1", "?at="
        )
        told = program.json("/remittances/1")["bank"]
        assert told["case"] and told["difference"] == [{"amount": "-1.00", "currency": "USD"}], "the line that names it"
        every, untied = aude.get("/remittances").text, aude.get("/remittances?bank=untied").text
        assert not lacking(every, "Tied", "Differs", "All in USD") and lacking(untied, ">700200<")
        assert not lacking(untied, ">700100<", ">700300<"), "what differs, and what the bank does not have yet"
        tied, told = aude.get("/remittances/2").text, program.json("/remittances/2")["bank"]
        awaited = aude.get("/remittances/3").text
    assert told["state"] == "tied" and told["booked_on"] == "2026-10-17" and told["difference"] == []
    assert told["received"] == told["announced"] == [{"amount": "55.00", "currency": "USD"}]
    assert not lacking(tied, "Ties to the bank: 55.00", "In the bank, 17 Oct 2026", "ACC-1", "?at=")
    assert not lacking(awaited, "Awaited", "known up to 17 Oct 2026") and lacking(awaited, "Ties to the bank")


def test_what_waits_of_a_payment_is_shown_however_far_down_it_stands(console: Console) -> None:
    """The 501st line waits: the view of what waits has it, and no other; the page after the first 500 lines has it too."""
    with console.visitor("Aude") as aude:
        waits = aude.get("/remittances/2?only=waits").text
        first = aude.get("/remittances/2").text
        after = aude.get("/remittances/2?at=501").text
    assert not lacking(waits, "QQ/LAST/1", "1 shown") and lacking(waits, "INV-500<")
    assert not lacking(first, "500 of 501 lines", "at=501") and lacking(first, "QQ/LAST/1<")
    assert not lacking(after, "QQ/LAST/1", "1 of 501 lines") and lacking(after, "INV-500<")


def test_what_is_carved_out_of_a_line_waits_with_its_line(console: Console) -> None:
    """An 820's adjustment of a reason that nobody knows is in suspense: what waits has its line, with its part and its case."""
    segments = ("BPR*I*90.00*C*ACH************20261017", "TRN*1*700400", "N1*PE*A*92*NORDA", "ENT*1")
    of_line = ("RMR*IV*QQ/KNOWN/1**40.00*40.00*0", "RMR*IV*INV-500**50.00*57.00*0", "ADX*-4.00*ZZ", "ADX*-3.00*YY")
    content = interchange(group("RA", 1, transaction("820", "0001", *segments, *of_line))).encode()

    def act(fn: Any, *args: Any) -> Any:
        return console.app.act(False, fn, *args)

    begun = begin_upload(act, Upload(content, "advice.edi", "amazon-us", FINA))
    settle_upload(act, begun, lambda lines: None)
    with console.app.database.transaction() as connection:
        number = connection.execute(sa.text("SELECT id FROM trueup.remittances WHERE payment = '700400'")).scalar_one()
    with console.visitor("Aude") as aude:
        shown = aude.get(f"/remittances/{number}?only=waits").text
        alone = aude.get(f"/remittances/{number}/lines/2").text
    assert not lacking(shown, "2 shown", "INV-500", "adjustment ZZ inside the line", "Waits", "\N{MINUS SIGN}7.00")
    assert "adjustment YY inside the line" in shown, "it is asked about in a case of its own"
    assert not lacking(
        alone, "Adjustment ZZ", "Adjustment YY", "Waits", ">4.00\N{NO-BREAK SPACE}", ">3.00\N{NO-BREAK SPACE}"
    ), "each is booked with its line"
    assert lacking(shown, "Nothing waits") and shown.count("/matches/") == 1, "an adjustment is no line to match"


def test_payments_tied_in_two_currencies_have_their_sides_each_and_a_voided_one_ties_no_more(console: Console) -> None:
    """One act ties what is in dollars and in euros: each is beside what came of it. What is voided later is not announced."""

    def change(tx: Tx, words: str) -> None:
        tx.connection.execute(sa.text(f"UPDATE trueup.remittances SET {words}"))

    euros = b"account,date,amount,currency,payer,text,reference\nACC-2,2026-10-18,10.00,EUR,AMAZON,PAID,X\n"
    dollars = b"account,date,amount,currency,payer,text,reference\nACC-1,2026-10-18,1680.00,USD,AMAZON,PAID,Y\n"
    act, names = console.app.act, [f"amazon-us/{each}" for each in ("700100", "700300")]
    for each in (BANK.encode(), dollars, euros):
        act(False, import_bank, BankFile(each), FINA)
    with console.visitor("Aude") as aude:
        lines = act(False, lambda tx: list(tx.connection.scalars(sa.text(_LATEST))))
        act(False, tie_by_hand, names, lines, FINA, "told in writing")
        act(False, change, "currency = 'EUR' WHERE payment = '700300'")
        tied = aude.get("/remittances/3").text
        assert not lacking(tied, "Ties to the bank: 10.00\xa0EUR and 1,680.00\xa0USD on 18 Oct 2026")
        assert tied.count("Announced by 2 payments") == 2
        act(False, change, "state = 'voided' WHERE payment = '700300'")
        voided = aude.get("/remittances/3").text
    assert not lacking(voided, "Differs") and lacking(voided, "Ties to the bank")


_LATEST = "SELECT id FROM trueup.bank_lines WHERE booked_on = '2026-10-18'"
