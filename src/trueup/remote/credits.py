"""Capabilities of credits: what a workflow may ask of a shop that gives them. A gift card can be found; store credit cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.domain.credits import CreditMovement, GiftCard, StoreCredit
from trueup.remote.observed import Observed


@dataclass(frozen=True, slots=True)
class WantedGiftCard:
    """A gift card to be made: `code` is its key, `note` says to the shop's people what it is for, `customer` is the shop's id."""

    code: Secret
    amount: Money
    note: str
    customer: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class WantedStoreCredit:
    """Store credit to be given to a customer of the shop."""

    customer: str
    amount: Money
    expires_at: datetime | None = None


@runtime_checkable
class GiftCardSink(Protocol):
    """Makes gift cards under codes of our choosing, which are unique there. Every write is preceded by `find_gift_card`."""

    @property
    def name(self) -> str: ...

    def find_gift_card(self, code: Secret) -> Observed[GiftCard | None]:
        """By its code, through a search that lags: None is no proof that there is none. Raises RemoteError."""
        ...

    def fetch_gift_card(self, card_id: str) -> Observed[GiftCard | None]:
        """By the shop's id, without a search. Raises RemoteError."""
        ...

    def send_gift_card(self, wanted: WantedGiftCard) -> Observed[GiftCard]:
        """Make it. Raises Conflict when a card has the code already: then it is found, if not now then soon. RemoteError."""
        ...

    def deactivate_gift_card(self, card_id: str) -> Observed[GiftCard]:
        """For ever. Doing it twice is harmless. Raises RemoteError."""
        ...


@runtime_checkable
class StoreCreditSink(Protocol):
    """Gives store credit. It has no key: never repeat a send blindly; what a read-back shows is no proof of whose it is."""

    @property
    def name(self) -> str: ...

    def fetch_store_credit(self, customer: str, currency: str) -> Observed[StoreCredit]:
        """What a customer has, with the newest movements. Raises NotFound for an unknown customer, RemoteError."""
        ...

    def fetch_movement(self, movement_id: str) -> Observed[CreditMovement | None]:
        """A movement by its id, with what of a credit can still be spent. Raises RemoteError."""
        ...

    def send_store_credit(self, wanted: WantedStoreCredit) -> Observed[CreditMovement]:
        """Give it. Raises RemoteError; `maybe_applied` when the reply was lost."""
        ...
