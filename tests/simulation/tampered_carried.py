"""Ways to falsify what is said of carried orders, tested connections and lights, each with the statement that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Evidence = dict[str, Any]
Tampering = Callable[[Evidence], None]
_CLEAN, _CLAIMED = "4CWHOLE1", "4CCLAIM4"


def _course(given: Evidence, number: str) -> Evidence:
    found: Evidence = given["trueup"][number]["lines"][0]["course"]
    return found


def _ship_one_less(given: Evidence) -> None:
    order = next(order for order in given["shop"] if order["po_number"] == _CLEAN)
    order["lines"][0]["fulfilled"] -= 1


def _count_in_one_more(given: Evidence) -> None:
    order = next(order for order in given["amazon"] if order["purchase_order"] == _CLEAN)
    order["lines"][0]["received"] += 1


def _bill_one_more(given: Evidence) -> None:
    _course(given, _CLEAN)["invoiced"]["eaches"] += 1


def _pay_a_cent_less(given: Evidence) -> None:
    given["trueup"][_CLEAN]["money"][0]["paid"]["minor"] -= 1


def _call_a_claim_a_discount(given: Evidence) -> None:
    for row in given["trueup"][_CLAIMED]["money"][0]["deductions"]:
        row["type"] = "terms-discount"


def _say_nothing_against_it(given: Evidence) -> None:
    _course(given, _CLAIMED)["received"]["against"] = ""


def _say_something_against_what_agrees(given: Evidence) -> None:
    _course(given, _CLEAN)["received"]["against"] = "Amazon tells two numbers."


OF_CARRIED: tuple[tuple[str, Tampering], ...] = (
    ("carried-steps", _ship_one_less),
    ("carried-steps", _count_in_one_more),
    ("carried-steps", _bill_one_more),
    ("carried-money", _pay_a_cent_less),
    ("carried-money", _call_a_claim_a_discount),
    ("carried-contradictions", _say_nothing_against_it),
    ("carried-contradictions", _say_something_against_what_agrees),
)


def _forget_a_test(given: Evidence) -> None:
    del given["access"][given["names"][0]]


def _hide_a_failure(given: Evidence) -> None:
    given["access"][given["names"][0]]["answers"][0]["verdict"] = "fails"


def _take_a_role_away(given: Evidence) -> None:
    given["roles"] = {name: [] for name in given["roles"]}


OF_CONNECTIONS: tuple[tuple[str, Tampering], ...] = (
    ("connections-tested", _forget_a_test),
    ("connections-tested", _hide_a_failure),
    ("roles-as-granted", _take_a_role_away),
)


def _break_a_light(given: Evidence) -> None:
    given["proofs"][0]["broken"] = 1


def _forget_a_proof(given: Evidence) -> None:
    given["proofs"][0]["kept"] = None


def _break_a_light_in_the_night(given: Evidence) -> None:
    given["proofs"][0]["kept"] = 2


OF_LIGHTS: tuple[tuple[str, Tampering], ...] = (
    ("lights-hold", _break_a_light),
    ("lights-hold", _forget_a_proof),
    ("lights-hold", _break_a_light_in_the_night),
)
