"""Credits: what customers may spend instead of money, as a shop shows it; and the code of a gift card, which is ours.

A gift card has a key, its code. Store credit has none: a movement of an account says how much and when, and nothing of why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from trueup.base.errors import Invalid
from trueup.base.money import Money

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 16
"""Characters of 5 bits: 80 bits, which nobody guesses. Shopify takes 8 to 20 letters and digits."""
SHOWN_CHARACTERS = 4
"""How many of a code's last characters a shop shows once the card is made."""


class Instrument(StrEnum):
    """In what form a credit is given."""

    GIFT_CARD = "gift-card"
    STORE_CREDIT = "store-credit"


@dataclass(frozen=True, slots=True)
class GiftCard:
    """A gift card as the shop shows it. Of its code only the last characters are ever shown."""

    id: str
    last_characters: str
    initial: Money
    balance: Money
    enabled: bool
    created_at: datetime
    note: str = ""
    customer: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class CreditMovement:
    """A movement of a store-credit account: credited where `amount` is positive. `event` is the shop's word for its occasion.

    `order`: the shop's id of the order it paid for, where the shop says so. `remaining`: of what was credited, what can still be
    spent. `expired`: the id of the credit that this movement let expire.
    """

    id: str
    at: datetime
    amount: Money
    balance_after: Money
    event: str
    expires_at: datetime | None = None
    order: str | None = None
    remaining: Money | None = None
    expired: str | None = None


@dataclass(frozen=True, slots=True)
class StoreCredit:
    """What a customer has of store credit in one currency, and its newest movements, the latest first. `account`: None where
    the customer never had any."""

    customer: str
    account: str | None
    balance: Money
    movements: tuple[CreditMovement, ...] = ()


def gift_card_code(mac: bytes) -> str:
    """The code of a gift card, of the first 80 bits of a keyed hash of what it is for. Raises Invalid for too few.

    Letters that are read as digits (i, l, o) and u are left out (Crockford's base 32): people read codes aloud.
    """
    if len(mac) * 8 < CODE_LENGTH * 5:
        raise Invalid(f"A code is made of {CODE_LENGTH * 5} bits, found {len(mac) * 8}.")
    bits = int.from_bytes(mac[: CODE_LENGTH * 5 // 8], "big")
    return "".join(_ALPHABET[bits >> (5 * place) & 31] for place in reversed(range(CODE_LENGTH)))
