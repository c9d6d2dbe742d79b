"""Ways to falsify what is said of direct fulfillment, each with the statement that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Evidence = dict[str, Any]
Tampering = Callable[[Evidence], None]


def _case(given: Evidence, kind: str) -> Evidence:
    found: Evidence = next(case for case in given["trueup"]["cases"] if case["kind"] == kind)
    return found


def _believe_in_one_more(given: Evidence) -> None:
    held = given["amazon"]["warehouse"]["held"]
    held[next(iter(held))] += 1


def _believe_in_too_many_once(given: Evidence) -> None:
    given["amazon"]["warehouse"]["history"][0][2] += 30


def _say_another_was_accepted(given: Evidence) -> None:
    next(iter(given["trueup"]["told"].values()))[0]["accepted"] -= 1


def _leave_one_out(given: Evidence) -> None:
    last = [each for each in given["amazon"]["updates"] if each["full"] and each["status"] == "Success"][-1]
    last["numbers"].popitem()


def _say_what_is_held(given: Evidence) -> None:
    changes = [each for each in given["amazon"]["updates"] if not each["full"]][-1]
    asin = next(asin for asin in given["amazon"]["warehouse"]["held"] if asin not in changes["numbers"])
    at = changes["arrived_at"]
    history = [number for since, of, number in given["amazon"]["warehouse"]["history"] if of == asin and since <= at]
    changes["numbers"][asin] = history[-1]


def _tell_it_whole_only_once(given: Evidence) -> None:
    updates = given["amazon"]["updates"]
    whole = [each for each in updates if each["full"] and each["status"] == "Success"]
    updates[:] = [each for each in updates if each not in whole[1:]]


def _send_again(given: Evidence) -> None:
    given["amazon"]["updates"].append(dict(given["amazon"]["updates"][-1]))


def _lose_the_question(given: Evidence) -> None:
    given["trueup"]["cases"].remove(_case(given, "inventory.unanswered"))


def _say_nothing_of_the_refusal(given: Evidence) -> None:
    _case(given, "inventory.item-refused")["found"] = "refused"


def _mend_it_by_itself(given: Evidence) -> None:
    _case(given, "inventory.item-refused")["resolved_by"] = "trueup"


def _never_tell_it(given: Evidence) -> None:
    asin = next(each["asin"] for each in given["plan"]["goods"] if each["sku"] == given["plan"]["unmapped"])
    history = given["amazon"]["warehouse"]["history"]
    history[:] = [row for row in history if row[1] != asin]


def _tell_of_no_drift(given: Evidence) -> None:
    given["trueup"]["cases"].remove(_case(given, "inventory.differs"))


def _say_less_money(given: Evidence) -> None:
    _case(given, "inventory.differs")["money_at_risk"] = "1.00 USD"


def _invent_a_drift(given: Evidence) -> None:
    case = _case(given, "inventory.differs")
    given["trueup"]["cases"].append({**case, "id": -1, "found": "DF-TRAY 99"})


OF_DIRECT: tuple[tuple[str, Tampering], ...] = (
    ("direct-told-as-counted", _believe_in_one_more),
    ("direct-told-as-counted", _believe_in_too_many_once),
    ("direct-told-as-counted", _say_another_was_accepted),
    ("direct-whole-and-changes", _leave_one_out),
    ("direct-whole-and-changes", _say_what_is_held),
    ("direct-whole-and-changes", _tell_it_whole_only_once),
    ("direct-never-repeated", _send_again),
    ("direct-never-repeated", _lose_the_question),
    ("direct-refused-item", _say_nothing_of_the_refusal),
    ("direct-refused-item", _mend_it_by_itself),
    ("direct-refused-item", _never_tell_it),
    ("direct-drift-told", _tell_of_no_drift),
    ("direct-drift-told", _say_less_money),
    ("direct-drift-told", _invent_a_drift),
)
