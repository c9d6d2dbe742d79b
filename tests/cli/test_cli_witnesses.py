"""Bank, proofs and drift at the command line: imported, shown, decided, and what is amiss told with its exit code."""

from __future__ import annotations

from tests.cli.remitted import BY, USUAL, export, invoices, line, write
from tests.cli.seeded import SECRET_TEXTS, CommandLine
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.access import FINANCE, FULFILLMENT, TRACKING
from trueup.simulators.serving import serve

BANK = (
    "account,date,amount,currency,payer,text,reference\n"
    "ACC-1,2026-10-16,1380.00,USD,AMAZON,AMAZON PAYMENT,700100\n"
    "ACC-1,2026-10-17,12.34,USD,AMAZON,AMAZON SOMETHING,\n"
    "ACC-1,2026-10-30,-5.00,USD,BANK,FEE,\n"
)


def test_a_statement_is_imported_looked_at_and_tied_by_hand(trueup: CommandLine) -> None:
    """Exit code 1 while anything differs; the same again changes nothing; a dry run keeps nothing."""
    trueup("remittances", "import", write(trueup, USUAL), *BY)
    file = write(trueup, BANK, "bank.csv")
    tried = trueup("bank", "import", file, "--dry-run", *BY)
    assert tried.code == 1 and "Dry run" in tried.out
    assert trueup("bank", "accounts").out == "No statement was imported yet.\n"
    done = trueup("bank", "import", file, *BY)
    assert done.code == 1
    assert (
        "bank.csv: 3 new movements, 0 known." in done.out
        and "1 tie between payments and the bank. 1 difference" in done.out
    )
    assert trueup("bank", "import", file, "--json", *BY).json["files"][0]["known"] == 3
    lines = trueup("bank", "lines", "--json").json
    assert [row["payments"] for row in lines] == [[], [], ["amazon-us/700100"]]
    assert lines[2]["why"].startswith("the bank's reference or text names 700100")
    assert trueup("bank", "accounts", "--json").json == [
        {"account": "ACC-1", "currency": "USD", "known_since": "2026-10-16", "known_until": "2026-10-30", "lines": 3}
    ]
    (stray,) = trueup("bank", "lines", "--untied", "--json").json
    trueup(
        "remittances", "import", write(trueup, export("700101,12.00", lines=(line("700101", "INV-9", "12.00"),))), *BY
    )
    refused = trueup("bank", "tie", "700101", str(stray["id"]), *BY)
    assert refused.code == 2 and "0.34 USD away from the payments" in refused.err
    tied = trueup("bank", "tie", "700101", str(stray["id"]), "--because", "interest", *BY)
    assert tied.code == 0 and tied.out.startswith("Tied amazon-us/700101 to ACC-1/2026-10-17")
    assert trueup("cases", "list", "--kind", "bank.", "--json").json == []
    (known,) = trueup("bank", "ties", "--by-person", "--json").json
    assert trueup("bank", "untie", str(known["id"]), *BY).code == 0
    kinds = {row["kind"] for row in trueup("cases", "list", "--kind", "bank.", "--json").json}
    assert kinds == {"bank.other-amount", "bank.received-not-announced"} or kinds == {
        "bank.paid-not-received",
        "bank.received-not-announced",
    }
    acts = [row["act"] for row in trueup("acts", "list", "--act", "bank.", "--json").json]
    assert acts == ["bank.untie", "bank.tie", "bank.import", "bank.import"]


def test_the_wrong_command_names_the_right_one(trueup: CommandLine) -> None:
    """A bank statement is no remittance, and a file that names no account says how to import it."""
    said = trueup("remittances", "import", write(trueup, BANK, "bank.csv"), *BY)
    assert said.code == 2 and "trueup bank import" in said.err
    nameless = write(trueup, "date,amount,payer,text\n2026-10-16,1.00,AMAZON,x\n", "nameless.csv")
    said = trueup("bank", "import", nameless, "--currency", "USD", *BY)
    assert said.code == 2 and "--account" in said.err
    said = trueup("bank", "import", nameless, "--account", "main", "--currency", "usd", *BY)
    assert "1 new movement" in said.out
    said = trueup("bank", "import", write(trueup, BANK, "bank.csv"), "--by", "Olga")
    assert said.code == 2 and "bank.import" in said.err


def test_proofs_are_imported_and_listed(trueup: CommandLine) -> None:
    """Each once, whoever tells it again; a row that proves nothing is a finding."""
    text = (
        "kind,purchase_order,sku,quantity,day,carrier,tracking\nshipped,PO000001,LAMP-1,12,2026-10-01,UPS,1Z1\n"
        "delivered,PO000001,,,2026-10-03,UPS,1Z1\nlost,PO000001,,,2026-10-04,UPS,1Z1\n"
    )
    file = write(trueup, text, "proofs.csv")
    said = trueup("proofs", "import", file, *BY)
    assert said.code == 1 and said.out.startswith("Imported 2 new proofs; 0 known already.") and "'lost'" in said.err
    assert trueup("proofs", "import", file, *BY).out.startswith("Imported 0 new proofs; 2 known already.")
    rows = trueup("proofs", "list", "--order", "PO000001", "--json").json
    assert [(row["kind"], row["quantity"]) for row in rows] == [("delivered", None), ("shipped", 12)]
    assert trueup("proofs", "list", "--invoice", "INV-1").out == "No proof is known of that.\n"


def test_drift_is_told_before_and_after_a_file_is_booked(trueup: CommandLine) -> None:
    """PO000001 is worth 12 lamps at 10.00 and 4 chairs at 25.50 in the shop: 222.00."""
    bills = (
        invoices("INV-1,200.00").replace("total\n", "total,purchase_order\n").replace("200.00\n", "200.00,PO000001\n")
    )
    bills = bills.replace("2026-09-01", "2026-11-23")
    assert trueup("invoices", "import", write(trueup, bills, "invoices.csv"), *BY).code == 0
    text = export("700100,200.00,11/23/2026", lines=(line("700100", "INV-1", "200.00"),))
    file = write(trueup, text)
    before = trueup("remittances", "drift", "--file", file, "--json")
    assert before.code == 1
    (row,) = before.json
    assert (row["order"], row["worth"], row["settled"], row["drift"]) == (
        "PO000001",
        "222.00 USD",
        "200.00 USD",
        "-22.00 USD",
    )
    assert trueup("remittances", "list", "--json").json == []
    assert trueup("remittances", "drift").out.startswith("Every order is paid")
    trueup("remittances", "import", file, *BY)
    after = trueup("remittances", "drift", "--payment", "700100", "--json")
    assert after.json == before.json
    assert "drift: 1, 22.00 USD" in trueup("remittances", "drift").err


def test_check_says_once_where_the_finance_apis_are_not_offered(trueup: CommandLine) -> None:
    """Nothing is amiss, nothing is to be done; where they are offered, they work."""
    client_secret, refresh_token, _ = SECRET_TEXTS
    settings = trueup.folder / "trueup.toml"
    words = settings.read_text().replace('routes = ["sp-api"]', 'routes = ["sp-api"]\nmarketplaces = ["US"]')
    for roles, verdict in (((FULFILLMENT, TRACKING), "not available"), ((FULFILLMENT, TRACKING, FINANCE), "works")):
        amazon = AmazonSimulator()
        names = {"client_id": "client", "client_secret": client_secret, "refresh_token": refresh_token}
        amazon.add_vendor_group(**names, vendor_codes=["NORDA"], roles=roles)
        with serve(amazon.app) as server:
            settings.write_text(words.replace("http://127.0.0.1:9", server.url, 1))
            rows = trueup("check", "--json").json
            said = trueup("check").err
        found = {row["ability"]: row for row in rows if row["connection"] == "amazon-us-finances-US"}
        assert found.keys() == {"remittances (optional)", "invoice status (optional)"}
        assert {row["verdict"] for row in found.values()} == {verdict}
        amiss = [row for row in rows if row["verdict"] not in ("works", "not available", "not tried")]
        assert f"{len(amiss)} of {len(rows)} need something done." in said
        assert ("2 that are optional are not offered" in said) == (verdict == "not available")
