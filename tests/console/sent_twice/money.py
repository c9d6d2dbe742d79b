"""Money: what waits is answered, matched, coded and undone; claims, rules, exports; each thing is of a payment of its own."""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.cli.remitted import export, line
from tests.console.calling import person
from tests.console.installed import Console
from tests.console.money_books import FINA, newest_case
from tests.console.sent_twice.racing import Sent, Two, row
from trueup.base.errors import Conflict
from trueup.domain.deduction_rules import RuleField, RuleForm
from trueup.domain.handed_in import Paper
from trueup.workflows.add_papers import NewPaper, add_paper, archive_paper
from trueup.workflows.code_lines import Coding
from trueup.workflows.dispute_claim import Submission, submit_claim
from trueup.workflows.draft_rules import WantedRule
from trueup.workflows.export_journal import Ledger, Scope
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.jobs.code_lines import Sheet, ask_codings
from trueup.workflows.jobs.export_journal import ask_export
from trueup.workflows.keep_rules import approve_rule, propose_rule
from trueup.workflows.long_work import do_at_once
from trueup.workflows.prove_invariants import prove_now
from trueup.workflows.read_back_export import DOCUMENT, Shown
from trueup.workflows.read_back_export import read_back as read_back_export
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

of_books = partial(row, world="money", people=("Fina", "Bo Admin"))
_numbers = itertools.count(1)


def letters(number: int) -> str:
    """A word of three letters for each number: digits of a reference tell its lines apart, letters its forms."""
    return "".join(chr(ord("A") + number // 26**place % 26) for place in (2, 1, 0))


def paid(console: Console, *lines: tuple[str, str], bills: tuple[str, ...] = ()) -> str:
    """A payment of lines (reference, amount), with invoices (`number,total`) before it; its number."""
    payment = f"91{next(_numbers):04}"

    def act(fn: Any, *args: Any) -> Any:
        return console.app.act(False, fn, *args)

    if bills:
        head = "number,partner,payee,issued,due,currency,total"
        rows = [
            f"{number},amazon-us,NORDA,2026-08-01,2026-09-30,USD,{total}"
            for number, total in (each.split(",") for each in bills)
        ]
        billed(console, [head, *rows])
    total = sum(int(amount.replace(".", "")) for _, amount in lines)
    text = export(f"{payment},{total / 100:.2f}", lines=tuple(line(payment, *each) for each in lines))
    begun = begin_upload(act, Upload(text.encode(), f"{payment}.csv", "amazon-us", FINA))
    settle_upload(act, begun, lambda lines: None)
    act(finish_import, "amazon-us", begun.payments, 0)
    return payment


def billed(console: Console, rows: list[str]) -> None:
    """Invoices of ours, whose document is kept."""
    content = "\n".join([*rows, ""]).encode()
    console.app.act(False, archive_upload, content, "invoices", "invoices.csv", FINA)
    console.app.act(False, import_invoices, content, FINA)


def found(console: Console, query: str, **values: Any) -> int:
    """The number that a query finds."""
    with console.app.database.transaction() as connection:
        return int(connection.execute(sa.text(query), values).scalar_one())


def remittance_of(console: Console, payment: str) -> int:
    """The number of a payment here."""
    return found(console, "SELECT id FROM trueup.remittances WHERE payment = :payment", payment=payment)


def unknown(console: Console) -> tuple[int, int]:
    """A line that nobody knows, alone in its case: the case and the payment."""
    payment = paid(console, (f"Q{letters(next(_numbers))} 7", "-10.00"))
    return newest_case(console, "remittance.unrecognised"), remittance_of(console, payment)


def contested(console: Console) -> int:
    """A line that two invoices fit: its case."""
    number = next(_numbers)
    order = f"4{letters(number)}ZZZZ"
    head = "number,partner,payee,issued,due,currency,total,purchase_order"
    amount = f"{20 + number % 3000 // 100}.{number % 100:02}"
    rows = [f"TW-{number}{each},amazon-us,NORDA,2026-10-01,2026-11-30,USD,{amount},{order}" for each in "78"]
    billed(console, [head, *rows])
    paid(console, (order, amount))
    return newest_case(console, "remittance.contested")


def claim(console: Console) -> int:
    """A claim of 20.00 that is open."""
    bill = f"INV-{next(_numbers) + 5000}"
    paid(console, (bill, "100.00"), (f"{bill}SC", "-20.00"), bills=(f"{bill},100.00",))
    return found(console, "SELECT max(id) FROM trueup.claims")


@of_books("/answers/{case:int}/try", Two.LOOK)
def try_answer(console: Console) -> Sent:
    return Sent(
        f"/answers/{unknown(console)[0]}/try", {"resolution": "classify", "type": "co-op", "note": "a fair in May"}
    )


@of_books("/answers/{case:int}")
def answer(console: Console) -> Sent:
    return Sent(f"/answers/{unknown(console)[0]}", {"resolution": "classify", "type": "co-op", "note": "a fair in May"})


@of_books("/matches/{case:int}/choose")
def choose(console: Console) -> Sent:
    return Sent(f"/matches/{contested(console)}/choose", {"choice": "1", "note": "the buyer says so"})


def _share(console: Console) -> dict[str, Any]:
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT id, total_minor FROM trueup.invoices ORDER BY id DESC LIMIT 1")
        key, minor = connection.execute(query).one()
    item = f"i{key}"
    return {"pick": item, "was": item, f"amount-{item}": f"{minor / 100:.2f}", "note": "the buyer says so"}


@of_books("/matches/{case:int}/difference", Two.LOOK)
def difference(console: Console) -> Sent:
    case = contested(console)
    return Sent(f"/matches/{case}/difference", _share(console))


@of_books("/matches/{case:int}/match")
def match(console: Console) -> Sent:
    case = contested(console)
    return Sent(f"/matches/{case}/match", _share(console))


@of_books("/matches/undo/{id:int}/{line:int}")
def undo(console: Console) -> Sent:
    bill = f"INV-{next(_numbers) + 5000}"
    payment = paid(console, (bill, "30.00"), bills=(f"{bill},30.00",))
    return Sent(f"/matches/undo/{remittance_of(console, payment)}/1", {"reason": "it is of the other shop"})


def _coding(console: Console) -> dict[str, str]:
    _, remittance = unknown(console)
    return {"row": f"{remittance}.1", "type": "co-op", "account": "", "note": "a fair in May"}


@of_books("/lists", Two.EACH)
def write_list(console: Console) -> Sent:
    """Each of them has a file of their own."""
    unknown(console)
    return Sent("/lists", {"list": "/exceptions", "form": "csv"})


@of_books("/coding/preview", Two.LOOK)
def preview(console: Console) -> Sent:
    return Sent("/coding/preview", _coding(console))


@of_books("/coding/book")
def book(console: Console) -> Sent:
    return Sent("/coding/book", _coding(console))


@of_books("/coding/upload", Two.EACH)
def upload_codings(console: Console) -> Sent:
    """It is archived, once, and tried."""
    _, remittance = unknown(console)
    sheet = f"remittance,line,type,account,note\n{remittance},1,co-op,,a fair in May\n"
    return Sent("/coding/upload", files={"file": ("lines.csv", sheet.encode())})


@of_books("/exceptions/causes/classify", Two.EACH)
def classify(console: Console) -> Sent:
    """Tried as a job of whoever asks."""
    case, _ = unknown(console)
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT kind, cause FROM trueup.cases WHERE id = :case")
        kind, cause = connection.execute(query, {"case": case}).one()
    return Sent("/exceptions/causes/classify", {"kind": kind, "cause": cause, "type": "co-op", "note": "a fair in May"})


@of_books("/recovery/{claim:int}/stage", Two.SAME)
def stage(console: Console) -> Sent:
    """The same pack is noted once."""
    return Sent(f"/recovery/{claim(console)}/stage")


@of_books("/recovery/{claim:int}/submit")
def submit(console: Console) -> Sent:
    number = claim(console)
    return Sent(f"/recovery/{number}/submit", {"reference": f"DSP {number}", "day": "2026-11-04"})


@of_books("/recovery/{claim:int}/papers")
def add_a_paper(console: Console) -> Sent:
    number, content = claim(console), f"%PDF-1.4 paper {next(_numbers)}".encode()
    fields = {"kind": "proof-of-delivery", "day": "2026-08-06", "note": "signed at the dock"}
    return Sent(f"/recovery/{number}/papers", fields, {"file": ("pod.pdf", content)})


@of_books("/recovery/papers/{paper:int}/take-back")
def take_a_paper_back(console: Console) -> Sent:
    def add(tx: Tx) -> int:
        digest = archive_paper(tx, f"%PDF-1.4 paper {next(_numbers)}".encode(), "pod.pdf", FINA)
        return add_paper(tx, number, NewPaper(Paper.DELIVERY, "pod.pdf", digest), FINA).id

    number = claim(console)
    return Sent(f"/recovery/papers/{console.app.act(False, add)}/take-back")


@of_books("/recovery/{claim:int}/answer")
def answer_claim(console: Console) -> Sent:
    number = claim(console)
    console.app.act(
        False, submit_claim, number, Submission(f"DSP-{number}", date(2026, 11, 4)), person(console, "Fina")
    )
    return Sent(f"/recovery/{number}/answer", {"outcome": "lost", "day": "2026-11-05"})


@of_books("/recovery/{claim:int}/write-off")
def write_off(console: Console) -> Sent:
    return Sent(f"/recovery/{claim(console)}/write-off", {"note": "cheaper than a dispute"})


@of_books("/recovery/packs", Two.EACH)
def packs(console: Console) -> Sent:
    claim(console)
    return Sent("/recovery/packs", {"partner": "amazon-us"})


@of_books("/journal/{id:int}/reverse")
def reverse(console: Console) -> Sent:
    claim(console)
    case = found(console, "SELECT max(id) FROM trueup.cases WHERE kind LIKE 'claim.%' AND state = 'open'")
    console.app.act(False, write_off_claim, case, person(console, "Fina"))
    entry = found(console, "SELECT max(id) FROM trueup.journal_entries")
    return Sent(f"/journal/{entry}/reverse", {"reason": "it is paid after all"})


@of_books("/journal/export/lines", Two.EACH)
def lines(console: Console) -> Sent:
    unknown(console)
    return Sent("/journal/export/lines", {"form": "csv", "kind": "remittance"})


@of_books("/journal/export/ledger")
def ledger(console: Console) -> Sent:
    with suppress(Conflict):
        _ask(console, "hledger")
    unknown(console)
    return Sent("/journal/export/ledger", {"target": "hledger"})


def _export(console: Console) -> int:
    unknown(console)
    _ask(console, "beancount")
    return found(console, "SELECT max(id) FROM trueup.exports")


def _ask(console: Console, target: str) -> None:
    books = Ledger.of(console.app.settings.books)
    console.app.act(False, ask_export, Scope(target, None, None, False), books, person(console, "Fina"))


@of_books("/journal/exports/{id:int}/sent")
def sent(console: Console) -> Sent:
    return Sent(f"/journal/exports/{_export(console)}/sent", {"how": "imported by hand"})


@of_books("/journal/exports/{id:int}/read-back", Two.EACH)
def read_back(console: Console) -> Sent:
    """Each look at what the ledger shows is a reading of its own."""
    number = _export(console)
    balances = f"account,balance,currency\n1050,{number}.00,USD\n"
    shown, fina = Shown(balances.encode()), person(console, "Fina")
    console.app.act(False, archive_upload, shown.content, DOCUMENT, "balances.csv", fina)
    console.app.act(False, read_back_export, number, shown, fina)
    balances += "1200,1.00,USD\n"
    return Sent(f"/journal/exports/{number}/read-back", files={"file": ("balances.csv", balances.encode())})


@of_books("/remittances/upload", Two.EACH)
def upload(console: Console) -> Sent:
    """Each follows their own upload; the document is kept once, and a payment is known by its number."""
    number = f"92{next(_numbers):04}"
    text = export(f"{number},-10.00", lines=(line(number, "QQQ 7", "-10.00"),))
    return Sent("/remittances/upload", {"partner": "amazon-us"}, files={"file": ("Payments.csv", text.encode())})


def _rule(console: Console) -> str:
    wanted = WantedRule(
        RuleField.REFERENCE, RuleForm.PREFIX, f"W{letters(next(_numbers))}", "fee", note="a fee of the fair"
    )
    return str(console.app.act(False, propose_rule, wanted, FINA).rule.id)


@of_books("/rules/new")
def new_rule(console: Console) -> Sent:
    fields = {"field": "reference", "form": "prefix", "pattern": f"W{letters(next(_numbers))}", "type": "fee"}
    return Sent("/rules/new", {**fields, "note": "a fee of the fair"})


@of_books("/rules/new/try", Two.EACH)
def try_new(console: Console) -> Sent:
    fields = {"field": "reference", "form": "prefix", "pattern": f"W{letters(next(_numbers))}", "type": "fee"}
    return Sent("/rules/new/try", fields)


@of_books("/rules/{rule}/try", Two.EACH)
def try_rule(console: Console) -> Sent:
    return Sent(f"/rules/{_rule(console)}/try")


@row("/rules/{rule}/approve", world="money", people=("Bo Admin", "Ana Admin"))
def approve(console: Console) -> Sent:
    return Sent(f"/rules/{_rule(console)}/approve", {"note": "seen with the buyer", "seen": "1"})


@of_books("/rules/{rule}/reject")
def reject(console: Console) -> Sent:
    return Sent(f"/rules/{_rule(console)}/reject", {"note": "the type is not right"})


@of_books("/rules/{rule}/retire")
def retire(console: Console) -> Sent:
    rule = _rule(console)
    console.app.act(False, approve_rule, rule, person(console, "Bo Admin"))
    return Sent(f"/rules/{rule}/retire", {"note": "the fair is over"})


@of_books("/lights/{light}/prove", Two.EACH)
def prove_light(console: Console) -> Sent:
    """Each asks for a proof of their own time."""
    console.app.act(False, prove_now, "debits-equal-credits", person(console, "Fina"))
    return Sent("/lights/debits-equal-credits/prove")


@of_books("/credits/reconcile", Two.LOOK)
def reconcile(console: Console) -> Sent:
    return Sent("/credits/reconcile")


@of_books("/jobs/{job:int}/book", Two.OWN)
def book_tried(console: Console) -> Sent:
    """Whoever tried a long sheet books it."""
    _, remittance = unknown(console)
    sheet = Sheet("A sheet", [Coding(remittance, 1, "co-op", "", "a fair in May")])
    job = console.app.act(False, lambda tx: ask_codings(tx, sheet, person(console, "Fina"), tried=True))
    console.app.act(False, do_at_once, job)
    return Sent(f"/jobs/{job}/book")
