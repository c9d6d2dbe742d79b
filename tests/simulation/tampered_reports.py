"""Ways to falsify what is said of Amazon's reports, each with the statement that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Evidence = dict[str, Any]
Tampering = Callable[[Evidence], None]


def _holding(given: Evidence, kind: str) -> Evidence:
    """A recent word that holds, of a day that was told once."""
    asin = given["plan"]["products"][1]["asin"]
    rows = [row for row in given["figures"] if (row["kind"], row["asin"], row["holds"]) == (kind, asin, True)]
    found: Evidence = max((row for row in rows if row["begins"] < given["since"]), key=lambda row: str(row["begins"]))
    return found


def _hold_a_unit_more(given: Evidence) -> None:
    numbers = _holding(given, "sales")["numbers"]
    numbers["shippedUnits"] = str(int(numbers["shippedUnits"]) + 1)


def _lose_a_day(given: Evidence) -> None:
    given["figures"].remove(_holding(given, "inventory"))


def _forget_the_first_word(given: Evidence) -> None:
    given["figures"].remove(next(row for row in given["figures"] if not row["holds"]))


def _say_a_day_twice(given: Evidence) -> None:
    given["figures"].append({**_holding(given, "sales"), "holds": False})


def _never_ask_again(given: Evidence) -> None:
    failed = next(each for each in given["reports"] if each["outcome"] == "FATAL" and each["said"])
    given["reports"][:] = [
        each for each in given["reports"] if each["asked"] != failed["asked"] or each["outcome"] != "DONE"
    ]


def _tell_nobody(given: Evidence) -> None:
    given["cases"].clear()


def _leave_it_open(given: Evidence) -> None:
    given["cases"][0]["state"] = "open"


def _show_a_unit_more(given: Evidence) -> None:
    fields = next(iter(given["shop"].values()))
    fields["shipped_28_days"] = str(int(fields["shipped_28_days"]) + 1)


def _show_it_of_another_day(given: Evidence) -> None:
    fields = next(iter(given["shop"].values()))
    fields["stock_day"] = "2026-10-20"


def _show_it_elsewhere(given: Evidence) -> None:
    given["shop"]["RW-OTHER"] = {"sellable_on_hand": "1"}


def _say_otherwise_in_the_object(given: Evidence) -> None:
    next(iter(given["objects"].values()))["sellable_on_hand"] = "1"


OF_THE_REPORTS: tuple[tuple[str, Tampering], ...] = (
    ("figures-kept", _hold_a_unit_more),
    ("figures-kept", _lose_a_day),
    ("figures-kept", _forget_the_first_word),
    ("figures-kept", _say_a_day_twice),
    ("reports-obtained", _never_ask_again),
    ("reports-obtained", _tell_nobody),
    ("reports-obtained", _leave_it_open),
    ("numbers-shown", _show_a_unit_more),
    ("numbers-shown", _show_it_of_another_day),
    ("numbers-shown", _show_it_elsewhere),
    ("numbers-shown", _say_otherwise_in_the_object),
)
