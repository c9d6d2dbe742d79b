"""The demonstration as a whole: the auditor agrees with an honest run, and with none of its tampered copies."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.simulation.tampered_carried import OF_CARRIED, OF_CONNECTIONS, OF_LIGHTS
from tests.simulation.tampered_commerce import OF_THE_PROGRAMME, OF_THE_SHELF, demand_agreement
from tests.simulation.tampered_direct import OF_DIRECT
from tests.simulation.tampered_reports import OF_THE_REPORTS
from trueup.app import build_web
from trueup.cli.serve import address_of, in_background, listen_near
from trueup.demo.running import open_demo
from trueup.simulation.auditor import (
    OF_A_MONTH,
    OF_BOOKS,
    STATEMENTS,
    audit,
    audit_carried,
    audit_circular,
    audit_connections,
    audit_direct,
    audit_lights,
    audit_month,
    audit_reports,
    audit_stock,
)
from trueup.simulation.plan import make_plan

Evidence = dict[str, Any]
Tampering = Callable[[Evidence], None]


def _proven(evidence: Evidence) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order of Trueup's that is proven, about which there is no case, and Amazon's own of it."""
    for order in evidence["trueup"]["orders"]:
        lines = [line for line in order["lines"] if line["amount"]]
        if order["standing"] == "accepted" and not order["cases"] and all(line["reserved_eaches"] for line in lines):
            number = order["number"]
            return order, next(row for row in evidence["amazon"]["orders"] if row["purchase_order"] == number)
    raise AssertionError("no order was answered without a case")


def _shop_order(evidence: Evidence) -> dict[str, Any]:
    number = _proven(evidence)[0]["number"]
    return next(order for order in evidence["shopify"]["orders"] if order["po_number"] == number)


def _forget_an_order(evidence: Evidence) -> None:
    evidence["trueup"]["orders"].pop()


def _unanswer(evidence: Evidence) -> None:
    for line in _proven(evidence)[1]["lines"]:
        line["acknowledgements"] = []


def _hold_otherwise(evidence: Evidence) -> None:
    _proven(evidence)[1]["lines"][0]["accepted"] += 1


def _repeat(evidence: Evidence) -> None:
    number = _proven(evidence)[0]["number"]
    sent = [row for row in evidence["amazon"]["transactions"] if row["purchase_orders"] == [number]][-1]
    evidence["amazon"]["transactions"].append({**sent, "arrived_at": "2026-11-06T23:59:00Z"})


def _claim_late(evidence: Evidence) -> None:
    _shop_order(evidence)["created_at"] = "2026-11-06T23:59:00Z"


def _order_twice(evidence: Evidence) -> None:
    evidence["shopify"]["orders"].append(copy.deepcopy(_shop_order(evidence)))


def _reprice(evidence: Evidence) -> None:
    line = _shop_order(evidence)["lines"][0]
    line["unit_price"] = str(Decimal(line["unit_price"]) + Decimal("0.01"))


def _lose_the_exact_value(evidence: Evidence) -> None:
    _shop_order(evidence)["metafields"]["trueup.exact_costs"] = "{}"


def _commit_one_more(evidence: Evidence) -> None:
    level = next(level for level in evidence["shopify"]["levels"] if level["tracked"])
    level["committed"] += 1
    level["available"] -= 1


def _oversell(evidence: Evidence) -> None:
    next(level for level in evidence["shopify"]["levels"] if level["tracked"])["lowest_available"] = -1


def _let_both_win(evidence: Evidence) -> None:
    numbers = evidence["plan"]["races"][0]["orders"]
    for order in evidence["trueup"]["orders"]:
        if order["number"] in numbers:
            line = order["lines"][0]
            line["decision"]["parts"] = [{"answer": "accepted", "amount": line["amount"]}]


def _miscount_money(evidence: Evidence) -> None:
    next(row for row in evidence["trueup"]["cases"] if row["kind"] == "held.cost-differs")["money_at_risk"] = "1.00 USD"


def _unhear(evidence: Evidence) -> None:
    wanted = evidence["plan"]["decisions"][0]
    for row in evidence["trueup"]["cases"]:
        if row["kind"] == wanted["kind"]:
            row["resolved_by"] = "trueup"


def _lose_a_997(evidence: Evidence) -> None:
    next(file for file in evidence["buyer"]["files"] if not file["trouble"])["verdicts"].clear()


def _take_in_a_broken_file(evidence: Evidence) -> None:
    file = next(file for file in evidence["buyer"]["files"] if file["trouble"] == "truncated")
    file["verdicts"].append("A")


def _miss_a_rule(evidence: Evidence) -> None:
    cases = evidence["trueup"]["cases"]
    cases[:] = [row for row in cases if row["kind"] != "held.window-past"]


def _tell_no_lie(evidence: Evidence) -> None:
    evidence["amazon"]["faults"]["told"].pop("contradicts")


def _change_a_document(evidence: Evidence) -> None:
    evidence["documents"]["failed"].append("a document does not match its hash")


def _lose_evidence(evidence: Evidence) -> None:
    documents = evidence["documents"]
    documents["digests"].remove(_proven(evidence)[0]["evidence"])


def _tell_a_secret(evidence: Evidence) -> None:
    evidence["secrets"]["found"].append("1 row of trueup.acts")


TAMPERINGS: tuple[tuple[str, Tampering], ...] = (
    ("every-order-known", _forget_an_order),
    ("answered-in-time", _unanswer),
    ("accepted-is-held", _hold_otherwise),
    ("no-blind-repeats", _repeat),
    ("nothing-by-default", _claim_late),
    ("one-shop-order", _order_twice),
    ("priced-at-cost", _reprice),
    ("priced-at-cost", _lose_the_exact_value),
    ("stock-adds-up", _commit_one_more),
    ("never-oversold", _oversell),
    ("one-winner", _let_both_win),
    ("money-at-risk", _miscount_money),
    ("people-heard", _unhear),
    ("edi-answered", _lose_a_997),
    ("edi-answered", _take_in_a_broken_file),
    ("every-rule", _miss_a_rule),
    ("every-lie", _tell_no_lie),
    ("archive-whole", _change_a_document),
    ("archive-whole", _lose_evidence),
    ("no-secret", _tell_a_secret),
)


def _lose_a_case_at_the_bank(books: Evidence) -> None:
    cases = books["ledger"]["cases"]
    cases.remove(next(row for row in cases if row["kind"] == "bank.other-amount"))


def _overcharge_by_a_cent_more(books: Evidence) -> None:
    next(row for row in books["ledger"]["cases"] if row["kind"] == "charge.overcharged")["minor"] += 1


def _forget_an_answer(books: Evidence) -> None:
    prefix = next(iter(books["answers"]["forms"]))
    row = next(row for row in books["truth"]["suspicions"] if row["reference"].startswith(prefix) and row["minor"] < 0)
    for posting in books["ledger"]["postings"]:
        if posting["payment"] == row["payment"] and books["ledger"]["accounts"].get(posting["account"]) != "cash":
            posting["minor"] += 1


def _approve_alone(books: Evidence) -> None:
    rule = books["answers"]["rules"][0]
    rule["approved_by"] = rule["proposed_by"]


def _lose_a_proof(books: Evidence) -> None:
    books["disputes"][0]["missing"].append("proof of delivery")


def _close_alone(books: Evidence) -> None:
    closed = books["ledger"]["closed"][0]
    closed["approved_by"] = closed["closed_by"]


def _report_a_cent_more(books: Evidence) -> None:
    books["pack"]["received"][0]["minor"] += 1


OF_THE_MONTH: tuple[tuple[str, Tampering], ...] = (
    ("bank-compared", _lose_a_case_at_the_bank),
    ("overcharges-found", _overcharge_by_a_cent_more),
    ("answers-followed", _forget_an_answer),
    ("answers-followed", _approve_alone),
    ("disputes-packed", _lose_a_proof),
    ("month-locked", _close_alone),
    ("month-locked", _report_a_cent_more),
)


def _signed_in(url: str, name: str) -> str:
    """The page that somebody sees who chose to sign in with the company's provider, and there was `name`."""
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        asked = browser.get(f"{url}/sign-in/provider")
        form = unescape(asked.text)
        action = re.search(r'action="([^"]+)"', form)
        subject = re.search(rf'value="([^"]+)">{name}<', form)
        assert action and subject, form
        page = browser.post(str(asked.url.join(action[1])), data={"subject": subject[1]}).text
        browser.get(str(asked.url.join("/logout")), follow_redirects=False)
    return page


def test_auditor_agrees_with_the_demo_and_with_no_tampered_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement holds over a whole simulated world; each way of falsifying what a side says breaks the right one."""
    monkeypatch.chdir(tmp_path)
    with closing(listen_near(0)) as listener, open_demo(0, console=address_of(listener)) as demo:
        demo.play(lambda look: None)
        with in_background(build_web(demo.app, open_house=True), listener) as url:
            assert "Mara Lindqvist" in _signed_in(url, "Mara Lindqvist"), "known by her address"
            assert "auditor" in _signed_in(url, "Noor Haddad"), "who looks and changes nothing"
            assert "Noa Berg" in _signed_in(url, "Noa Berg"), "let in by her group, whom nobody asked"
            assert "nobody here does yet" in _signed_in(url, "Sam Field"), "in no group that may look"
        evidence, month = demo.evidence("orders"), demo.evidence("remittances")
        programme, shelf, told = demo.evidence("circular"), demo.evidence("stock"), demo.evidence("reports")
        direct, carried, tested = (demo.evidence(part) for part in ("direct", "carried", "connections"))
        lights = demo.evidence("lights")
        report = demo.audited(1.0)
    assert report["agrees"]
    for part in report["parts"]:
        rows = part["words"]
        assert all(words for _, words in rows) and all(label for label, _ in rows[:1]), part["title"]
    broken = [statement.as_json() for statement in audit(evidence) if not statement.holds]
    assert not broken
    for name, tamper in TAMPERINGS:
        copied = copy.deepcopy(evidence)
        tamper(copied)
        assert name in {statement.name for statement in audit(copied) if not statement.holds}, tamper.__name__
    assert {name for name, _ in TAMPERINGS} == {statement.name for statement in audit(evidence)}
    assert len(STATEMENTS) == len({name for name, _ in TAMPERINGS})
    assert [statement.as_json() for statement in audit_month(month) if not statement.holds] == []
    for name, tamper in OF_THE_MONTH:
        copied = copy.deepcopy(month)
        tamper(copied["books"])
        assert name in {statement.name for statement in audit_month(copied) if not statement.holds}, tamper.__name__
    assert len(OF_A_MONTH) - len(OF_BOOKS) == len({name for name, _ in OF_THE_MONTH})
    demand_agreement(audit_circular, programme, OF_THE_PROGRAMME, "circular")
    demand_agreement(audit_stock, shelf, OF_THE_SHELF)
    demand_agreement(audit_reports, told, OF_THE_REPORTS, "retail")
    demand_agreement(audit_direct, direct, OF_DIRECT, "direct")
    demand_agreement(audit_carried, carried, OF_CARRIED, "carried")
    demand_agreement(audit_connections, tested, OF_CONNECTIONS, "connections")
    demand_agreement(audit_lights, lights, OF_LIGHTS, "lights")
    papers = {path.name for path in (tmp_path / ".demo" / "papers").iterdir()}
    assert {"close-2026-10.pdf", "close-2026-10.xlsx"} <= papers and any(name.startswith("dispute-") for name in papers)


def test_an_auditor_who_is_given_nothing_agrees_with_nothing() -> None:
    """A world in which nothing happened proves nothing: statements that compared nothing do not hold."""
    plan = make_plan(0).vendor
    nothing: Evidence = {
        "plan": plan,
        "amazon": {"orders": [], "transactions": [], "faults": {"told": {}}, "requests_seen": 0},
        "shopify": {"orders": [], "levels": [], "faults": {"struck": {}}, "requests_seen": 0},
        "buyer": {"orders": [], "files": [], "answers": [], "unreadable": []},
        "trueup": {
            "orders": [],
            "cases": [],
            "deliveries": [],
        },
        "documents": {
            "arrivals": 0,
            "contents": 0,
            "size_bytes": 0,
            "failed": [],
            "leaking": [],
            "chained": 0,
            "breaks": [],
            "digests": [],
        },
        "secrets": {"tables": 0, "log_lines": 0, "found": []},
        "decided": [],
    }
    assert not any(statement.holds for statement in audit(nothing))
