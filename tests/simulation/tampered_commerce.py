"""Ways to falsify what the sides say of circular commerce and of stock, each with the statement that it breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from trueup.simulation.statements.evidence import Statement

Evidence = dict[str, Any]
Tampering = Callable[[Evidence], None]


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
    rented = next(each for each in given["supercycle"]["rentals"] if each["status"] == "scheduled")
    rented["itemId"] = withheld["id"]


def _promise_one_more(given: Evidence) -> None:
    given["amazon"]["orders"][0]["lines"][0]["accepted"] += 1


def _forget_their_money(given: Evidence) -> None:
    case = next(case for case in given["trueup"]["cases"] if case["kind"] == "circular.wholesale-conflict")
    case["title"] = case["title"].replace("95.00 USD", "worth not stated")


def _leave_the_conflict(given: Evidence) -> None:
    next(case for case in given["trueup"]["cases"] if case["kind"] == "circular.wholesale-conflict")["resolved_by"] = ""


def _lose_what_came_back(given: Evidence) -> None:
    given["supercycle"]["items"] = [item for item in given["supercycle"]["items"] if item["serial"] != "TN-0207"]


def _offer_what_came_back(given: Evidence) -> None:
    next(item for item in given["supercycle"]["items"] if item["serial"] == "TN-0207")["visibility"] = "available"


def _take_back_more_than_went_out(given: Evidence) -> None:
    told = given["trueup"]["came_back"]
    told += [{**told[0], "serial": f"TN-1{number}"} for number in range(3)]


def _take_it_for_a_trade_in(given: Evidence) -> None:
    case = {
        "id": -1,
        "kind": "trade-in.no-credit",
        "title": "Item 9 (serial TN-0207) cost 210.00 USD",
        "state": "resolved",
    }
    given["trueup"]["cases"].append(case)


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
    ("came-back-become-items", _lose_what_came_back),
    ("came-back-become-items", _offer_what_came_back),
    ("came-back-become-items", _take_back_more_than_went_out),
    ("came-back-become-items", _take_it_for_a_trade_in),
    ("trade-ins-become-items", _offer_a_broken_item),
    ("trade-ins-become-items", _offer_before_grading),
    ("credited-once", _give_a_card_twice),
    ("credited-once", _give_credit_twice),
    ("credits-reconcile", _owe_a_cent_more),
    ("statement-adds-up", _sell_a_cent_more),
    ("statement-adds-up", _untie),
)


def _offer_too_many_and_sell_them(given: Evidence) -> None:
    sale = given["season"]["demands"][0]
    sale["offered"] = sale["got"] = 999


def _send_everybody_away(given: Evidence) -> None:
    for sale in given["season"]["demands"]:
        sale["got"] = 0


def _tell_of_no_drift(given: Evidence) -> None:
    given["season"]["found"].pop()


def _invent_a_drift(given: Evidence) -> None:
    told = given["season"]["found"][0]
    given["season"]["found"].append({**told, "theirs": told["theirs"] + 1})


def _offer_one_less(given: Evidence) -> None:
    sku = next(iter(given["season"]["standing"]))
    given["season"]["standing"][sku] -= 1


def _change_nothing_by_hand(given: Evidence) -> None:
    given["season"]["troubles"]["happened"].pop("drift")


def _hold_another_number(given: Evidence) -> None:
    given["channel"]["shop"]["levels"][0]["on_hand"] += 1


def _never_read_back(given: Evidence) -> None:
    row = next(row for row in given["channel"]["publications"] if row["published"] is not None)
    row["shown_at"] = row["accepted_at"]


def _lose_a_webhook_here(given: Evidence) -> None:
    given["channel"]["hints"].pop()


def _take_one_in_twice(given: Evidence) -> None:
    given["channel"]["hints"].append(given["channel"]["hints"][0])


def _see_it_a_day_later(given: Evidence) -> None:
    sale = next(sale for sale in given["season"]["demands"] if sale["told"] == "never")
    rows = given["channel"]["observations"]
    rows[:] = [row for row in rows if row["sku"] != sale["sku"] or row["at"] < sale["at"]]


OF_THE_SHELF: tuple[tuple[str, Tampering], ...] = (
    ("no-oversell-of-ours", _offer_too_many_and_sell_them),
    ("sales-near-the-best", _send_everybody_away),
    ("drift-found", _tell_of_no_drift),
    ("no-false-drift", _invent_a_drift),
    ("right-at-the-end", _offer_one_less),
    ("troubles-happened", _change_nothing_by_hand),
    ("published-read-back", _hold_another_number),
    ("published-read-back", _never_read_back),
    ("webhooks-once", _lose_a_webhook_here),
    ("webhooks-once", _take_one_in_twice),
    ("lost-webhook-found", _see_it_a_day_later),
)


def demand_agreement(
    audited: Callable[[Evidence], list[Statement]],
    evidence: Evidence,
    tamperings: tuple[tuple[str, Tampering], ...],
    of: str | None = None,
) -> None:
    """Every statement holds over the evidence, and each way of falsifying it breaks the right one; no statement goes untried."""
    stated = audited(evidence)
    assert [statement.as_json() for statement in stated if not statement.holds] == []
    for name, tamper in tamperings:
        copied = copy.deepcopy(evidence)
        tamper(copied[of] if of else copied)
        assert name in {statement.name for statement in audited(copied) if not statement.holds}, tamper.__name__
    assert {statement.name for statement in stated} == {name for name, _ in tamperings}
