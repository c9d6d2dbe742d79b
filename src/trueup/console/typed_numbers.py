"""Numbers that a person or an address says: whole, in digits alone, and no longer than any of ours."""

from __future__ import annotations

from trueup.base.errors import Invalid

MOST_DIGITS = 18
"""Every number of so many digits is one that the database can hold; of thousands of digits Python makes no number at all."""
_SHOWN = 40


def whole_number(text: str) -> int | None:
    """What was written; None for what is no whole number, or one longer than any of ours."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def given_number(text: str, what: str) -> int | None:
    """As `whole_number`; None where nothing was written. Raises Invalid for everything else, with `what` it was to be."""
    number = whole_number(text)
    if text and number is None:
        raise Invalid(
            f"{what} {shortened(text)}: expected a whole number in digits alone, at most {MOST_DIGITS} of them."
        )
    return number


def shortened(text: str) -> str:
    """What was written, for a sentence that refuses it."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r} and {len(text) - _SHOWN:,} characters more"
