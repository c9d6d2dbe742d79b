"""Gift cards and store credit of one shop.

- A gift card's code is ours: unique in the shop, never in a reply we ask for, and so never in the archive.
- The search by code lags. A card that was just made is refused as TAKEN before it can be found; both mean that it is there.
- Store credit has no reference at all. It is sent once; what the account shows later is shown, not interpreted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from trueup.base.clock import Clock, read_instant, write_instant
from trueup.base.errors import Conflict, NotFound, RemoteError
from trueup.base.money import Money
from trueup.base.secret import SHOWN, Secret
from trueup.connectors.shopify.client import Answer, ShopifyClient, expecting
from trueup.connectors.shopify.credit_operations import (
    ADD_CREDIT,
    CARD,
    CREATE_CARD,
    DEACTIVATE_CARD,
    FIND_CARDS,
    MOVEMENT,
    STORE_CREDIT,
)
from trueup.connectors.shopify.operations import Operation
from trueup.connectors.shopify.orders import money_input
from trueup.connectors.shopify.refusals import user_error
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.domain.credits import SHOWN_CHARACTERS, CreditMovement, GiftCard, StoreCredit
from trueup.remote.budget import Budget
from trueup.remote.credits import WantedGiftCard, WantedStoreCredit
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed

_TAKEN = "TAKEN"


class ShopifyCredits:
    """GiftCardSink and StoreCreditSink. `http` goes to `settings.base_url`. Safe to share between threads."""

    def __init__(self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self._settings = settings
        self._client = ShopifyClient(settings, http, budget, clock)

    def __repr__(self) -> str:
        return f"ShopifyCredits({self.name!r}, {self._settings.shop!r})"

    @property
    def name(self) -> str:
        """The name the shop has in the settings."""
        return self._settings.name

    def find_gift_card(self, code: Secret) -> Observed[GiftCard | None]:
        """The card that has the code, or None. A search by a whole code finds others by parts of it: these are left out."""
        with _unspoken(code):
            answer = self._client.run(FIND_CARDS, query=code.reveal())
        shown = code.reveal()[-SHOWN_CHARACTERS:].lower()
        with expecting(self._client, FIND_CARDS):
            found = [_read_card(node) for node in answer.root["nodes"]]
            mine = [card for card in found if card.last_characters.lower() == shown]
        if len(mine) > 1:
            listed = ", ".join(card.id for card in mine)
            raise Conflict(
                f"Shop {self.name}: {len(mine)} gift cards that end in {shown} are found by one code: {listed}; expected one."
            )
        return Observed(mine[0] if mine else None, _without(code, answer.evidence))

    def fetch_gift_card(self, card_id: str) -> Observed[GiftCard | None]:
        """A card by the shop's id."""
        answer = self._client.run(CARD, id=card_id)
        with expecting(self._client, CARD):
            return Observed(_read_card(answer.root) if answer.root else None, answer.evidence)

    def send_gift_card(self, wanted: WantedGiftCard) -> Observed[GiftCard]:
        """Make a card. Raises Conflict when its code is taken, RemoteError."""
        given: dict[str, Any] = {
            "code": wanted.code.reveal(),
            "initialAmount": money_input(wanted.amount),
            "note": wanted.note,
        }
        if wanted.customer is not None:
            given["customerId"] = wanted.customer
        if wanted.expires_on is not None:
            given["expiresOn"] = wanted.expires_on.isoformat()
        with _unspoken(wanted.code):
            answer = self._client.run(CREATE_CARD, input=given)
        with expecting(self._client, CREATE_CARD):
            problems = answer.root["userErrors"]
        if any(problem["code"] == _TAKEN for problem in problems):
            raise Conflict(f"Shop {self.name}: a gift card for {wanted.note!r} is there already: its code is taken.")
        with _unspoken(wanted.code):
            made = self._card_of(CREATE_CARD, answer, problems)
        return Observed(made.value, _without(wanted.code, made.evidence))

    def deactivate_gift_card(self, card_id: str) -> Observed[GiftCard]:
        """Nobody can pay with it any more, for ever."""
        answer = self._client.run(DEACTIVATE_CARD, id=card_id)
        with expecting(self._client, DEACTIVATE_CARD):
            problems = answer.root["userErrors"]
        return self._card_of(DEACTIVATE_CARD, answer, problems)

    def _card_of(
        self, operation: Operation, answer: Answer, problems: Sequence[Mapping[str, Any]]
    ) -> Observed[GiftCard]:
        if problems:
            raise user_error(f"Shop {self.name}: {operation.name}", problems)
        with expecting(self._client, operation):
            return Observed(_read_card(answer.root["giftCard"]), answer.evidence)

    def fetch_store_credit(self, customer: str, currency: str) -> Observed[StoreCredit]:
        """A customer's account of a currency. Raises NotFound, RemoteError."""
        answer = self._client.run(STORE_CREDIT, customer=customer)
        if answer.root is None:
            raise NotFound(f"Shop {self.name}: no customer {customer}. Was the customer deleted or merged?")
        with expecting(self._client, STORE_CREDIT):
            for node in answer.root["storeCreditAccounts"]["nodes"]:
                balance = _read_money(node["balance"])
                if balance.currency == currency:
                    movements = tuple(_read_movement(each) for each in node["transactions"]["nodes"])
                    return Observed(StoreCredit(customer, node["id"], balance, movements), answer.evidence)
        return Observed(StoreCredit(customer, None, Money(0, currency)), answer.evidence)

    def fetch_movement(self, movement_id: str) -> Observed[CreditMovement | None]:
        """A movement as it stands now, with what of a credit can still be spent."""
        answer = self._client.run(MOVEMENT, id=movement_id)
        with expecting(self._client, MOVEMENT):
            return Observed(_read_movement(answer.root) if answer.root else None, answer.evidence)

    def send_store_credit(self, wanted: WantedStoreCredit) -> Observed[CreditMovement]:
        """Credit the customer, once for each call. Raises RemoteError; Rejected when the shop refuses."""
        given: dict[str, Any] = {"creditAmount": money_input(wanted.amount), "notify": False}
        if wanted.expires_at is not None:
            given["expiresAt"] = write_instant(wanted.expires_at)
        answer = self._client.apply(ADD_CREDIT, id=wanted.customer, input=given)
        with expecting(self._client, ADD_CREDIT):
            return Observed(_read_movement(answer.root["storeCreditAccountTransaction"]), answer.evidence)


def _without(code: Secret, evidence: bytes) -> bytes:
    """A reply that may repeat what it was asked, without the code."""
    return evidence.replace(code.reveal().encode(), SHOWN.encode())


@contextmanager
def _unspoken(code: Secret) -> Iterator[None]:
    """An error may repeat what was asked: it is raised without the code."""
    try:
        yield
    except RemoteError as error:
        error.args = (str(error).replace(code.reveal(), SHOWN),)
        error.evidence = _without(code, error.evidence)
        raise


def _read_money(node: Mapping[str, Any]) -> Money:
    return Money.of(str(node["amount"]), node["currencyCode"])


def _read_card(node: Mapping[str, Any]) -> GiftCard:
    return GiftCard(
        id=node["id"],
        last_characters=node["lastCharacters"],
        initial=_read_money(node["initialValue"]),
        balance=_read_money(node["balance"]),
        enabled=node["enabled"],
        created_at=read_instant(node["createdAt"]),
        note=node["note"] or "",
        customer=(node["customer"] or {}).get("id"),
        expires_on=date.fromisoformat(node["expiresOn"]) if node["expiresOn"] else None,
    )


def _read_movement(node: Mapping[str, Any]) -> CreditMovement:
    """A movement. An expiration has no id of its own in Shopify; its moment names it."""
    origin = node["origin"] or {}
    expires, left = node.get("expiresAt"), node.get("remainingAmount")
    return CreditMovement(
        id=node.get("id") or f"{node['__typename']} {node['createdAt']}",
        at=read_instant(node["createdAt"]),
        amount=_read_money(node["amount"]),
        balance_after=_read_money(node["balanceAfterTransaction"]),
        event=node["event"],
        expires_at=read_instant(expires) if expires else None,
        order=(origin.get("order") or {}).get("id"),
        remaining=_read_money(left) if left else None,
        expired=(node.get("creditTransaction") or {}).get("id"),
    )
