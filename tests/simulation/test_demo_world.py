"""The demonstration as a whole: the auditor agrees with an honest run, and with none of its tampered copies."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trueup.demo.running import open_demo
from trueup.simulation.auditor import OF_A_MONTH, OF_BOOKS, STATEMENTS, audit, audit_circular, audit_month
from trueup.simulation.plan import make_plan
from trueup.simulation.statements.evidence import Statement

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


def _lose_a_unit(given: Evidence) -> None:
    given["trueup"]["items"].pop()


def _move_a_cycle(given: Evidence) -> None:
    given["trueup"]["cycles"][0]["item"] += 1


def _track_again(given: Evidence) -> None:
    next(level for level in given["shop"]["levels"] if level["sku"] == "RE-TENT")["tracked"] = True


def _say_nothing_of_the_stove(given: Evidence) -> None:
    cases = given["trueup"]["cases"]
    cases.remove(next(case for case in cases if case["kind"] == "stock.uncounted"))


def _book_a_withheld_unit(given: Evidence) -> None:
    withheld = next(
        item
        for item in given["supercycle"]["items"]
        if item["visibility"] == "unavailable" and item["timelineEvents"][-1]["eventType"] != "created"
    )
    next(each for each in given["supercycle"]["rentals"] if each["status"] != "cancelled")["itemId"] = withheld["id"]


def _promise_one_more(given: Evidence) -> None:
    given["amazon"]["orders"][0]["lines"][0]["accepted"] += 1


def _forget_their_money(given: Evidence) -> None:
    case = next(case for case in given["trueup"]["cases"] if case["kind"] == "circular.wholesale-conflict")
    case["title"] = case["title"].replace("95.00 USD", "worth not stated")


def _leave_the_conflict(given: Evidence) -> None:
    next(case for case in given["trueup"]["cases"] if case["kind"] == "circular.wholesale-conflict")["resolved_by"] = ""


def _offer_a_broken_item(given: Evidence) -> None:
    refused = next(told for told in given["trade_ins"] if not told["credited_as"])
    next(item for item in given["supercycle"]["items"] if item["serial"] == refused["serial"])["visibility"] = (
        "available"
    )


def _offer_before_grading(given: Evidence) -> None:
    serial = given["trade_ins"][0]["serial"]
    item = next(item for item in given["supercycle"]["items"] if item["serial"] == serial)
    item["timelineEvents"] = [
        {"eventType": "visibility_changed", "metadata": {"visibility": "available"}, "createdAt": item["createdAt"]}
    ]


def _give_a_card_twice(given: Evidence) -> None:
    given["shop"]["gift_cards"].append(dict(given["shop"]["gift_cards"][0]))


def _give_credit_twice(given: Evidence) -> None:
    movements = given["shop"]["store_credit"][0]["movements"]
    movements.append(movements[0])


def _owe_a_cent_more(given: Evidence) -> None:
    given["trueup"]["owed_on_credits_minor"] += 1


def _sell_a_cent_more(given: Evidence) -> None:
    given["trueup"]["month"]["sold_minor"] += 1


def _untie(given: Evidence) -> None:
    given["trueup"]["month"]["ties"][0]["one"] += 1


OF_THE_PROGRAMME: tuple[tuple[str, Tampering], ...] = (
    ("units-known", _lose_a_unit),
    ("units-known", _move_a_cycle),
    ("who-counts", _track_again),
    ("who-counts", _say_nothing_of_the_stove),
    ("one-unit-one-claim", _book_a_withheld_unit),
    ("one-unit-one-claim", _promise_one_more),
    ("collision-told", _promise_one_more),
    ("collision-told", _forget_their_money),
    ("collision-told", _leave_the_conflict),
    ("trade-ins-become-items", _offer_a_broken_item),
    ("trade-ins-become-items", _offer_before_grading),
    ("credited-once", _give_a_card_twice),
    ("credited-once", _give_credit_twice),
    ("credits-reconcile", _owe_a_cent_more),
    ("statement-adds-up", _sell_a_cent_more),
    ("statement-adds-up", _untie),
)


def test_auditor_agrees_with_the_demo_and_with_no_tampered_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement holds over a whole simulated world; each way of falsifying what a side says breaks the right one."""
    monkeypatch.chdir(tmp_path)
    with open_demo(0) as demo:
        demo.play(lambda look: None)
        evidence, month = demo.evidence("orders"), demo.evidence("remittances")
        programme = demo.evidence("circular")
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
    _demand_agreement(audit_circular, programme, "circular", OF_THE_PROGRAMME)
    papers = {path.name for path in (tmp_path / ".demo" / "papers").iterdir()}
    assert {"close-2026-10.pdf", "close-2026-10.xlsx"} <= papers and any(name.startswith("dispute-") for name in papers)


def _demand_agreement(
    audited: Callable[[Evidence], list[Statement]],
    evidence: Evidence,
    of: str,
    tamperings: tuple[tuple[str, Tampering], ...],
) -> None:
    """Every statement holds over the evidence, and each way of falsifying it breaks the right one; no statement goes untried."""
    stated = audited(evidence)
    assert [statement.as_json() for statement in stated if not statement.holds] == []
    for name, tamper in tamperings:
        copied = copy.deepcopy(evidence)
        tamper(copied[of])
        assert name in {statement.name for statement in audited(copied) if not statement.holds}, tamper.__name__
    assert {statement.name for statement in stated} == {name for name, _ in tamperings}


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
