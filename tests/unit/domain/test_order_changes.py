"""What a revision of an order changed, in the words of who reads it."""

from __future__ import annotations

from trueup.domain.orders import FieldChange, tell_changes


def test_what_changed_of_a_line_is_said_in_the_fields_words() -> None:
    """A quantity, a cost, whether backorders are allowed; a term of the order itself; none that is the same."""
    told = tell_changes(
        [
            FieldChange("ship_window", "2026-11-02T00:00:00Z to open", "2026-11-03T00:00:00Z to open"),
            FieldChange("line 1 amount", "4", "2"),
            FieldChange("line 1 backorder_allowed", "True", "False"),
            FieldChange("line 1 codes", "", ""),
            FieldChange("line 2 codes", "", "EAN 4006381333931"),
        ]
    )
    assert told == [
        "ship window: 2026-11-02T00:00:00Z to open became 2026-11-03T00:00:00Z to open",
        "line 1 quantity: 4 became 2",
        "line 1 backorders: allowed became not allowed",
        "line 2 product codes: (none) became EAN 4006381333931",
    ]


def test_a_line_that_is_new_or_gone_is_one_sentence() -> None:
    """Each of its terms by itself would say nothing more."""
    terms = {
        "asin": "B0000NW1YO",
        "codes": "",
        "amount": "48",
        "unit": "case",
        "unit_size": "6",
        "net_cost": "10.06 USD",
    }
    new = [FieldChange(f"line 3 {name}", "", value) for name, value in terms.items()]
    gone = [
        FieldChange(f"line 4 {name}", value, "") for name, value in {**terms, "unit": "each", "unit_size": "1"}.items()
    ]
    assert tell_changes([*new, *gone]) == [
        "line 3 is new: 48 cases of 6 of B0000NW1YO at 10.06 USD",
        "line 4 is gone: 48 eaches of B0000NW1YO at 10.06 USD",
    ]
