"""What the story of an order says of its events, as sentences."""

from __future__ import annotations

from typing import Any

from trueup.console.order_story import timeline_of

AT = "2026-11-23T09:15:00Z"


def _words(what: str, details: dict[str, Any], about: str = "") -> str:
    event = {"at": AT, "who": "Mara", "what": what, "about": about, "details": details, "evidence": "e" * 64}
    (told,) = timeline_of([event])
    return f"{told.what}: {told.words}"


def test_goods_that_came_back_are_told_by_item_and_what_becomes_of_them() -> None:
    """Which item was of which line, and in which programme it is what now."""
    came_back = {"lines": [1, 2], "become": "unavailable", "serials": ["TN-0207", "TN-0208"], "programme": "supercycle"}
    assert _words("goods.taken-back", came_back) == (
        "Goods that came back were taken in: TN-0207 of line 1, TN-0208 of line 2: in supercycle, where they become unavailable"
    )


def test_a_shop_that_is_read_back_says_what_it_has_committed() -> None:
    """What it had before is said where it is known; no question mark stands for what is not."""
    proof = {"agrees": True, "proof": "TENT committed ? to 0; LAMP committed 3 to 7"}
    assert _words("shop order read back", proof, "#1109") == (
        "Shop order read back: #1109: Agrees; TENT has 0 committed; LAMP has 7 committed, 3 before"
    )
    assert "Does not agree" in _words("shop order read back", {"agrees": False, "proof": ""})
