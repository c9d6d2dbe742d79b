"""Gift cards: issued under a code of the app's choosing, which is unique for ever; found by a search that lags; deactivated.

Sources: Shopify's reference of giftCardCreate (a code has 8 to 20 letters and digits and is not case sensitive; a customer
needs write_customers) and of giftCards (its default search looks at codes). That a code once used stays taken, and what an
amount in another currency is answered, is not documented; both are the unkind choice here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from trueup.simulators.shopify import search
from trueup.simulators.shopify.access import demand
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.credit_records import Customer, GiftCard, GiftCardMovement
from trueup.simulators.shopify.errors import user_error
from trueup.simulators.shopify.orders import rounded
from trueup.simulators.shopify.pages import page
from trueup.simulators.shopify.world import World

Given = dict[str, Any]
SHORTEST_CODE, LONGEST_CODE = 8, 20
_MADE_UP = "abcdefghjkmnpqrtvwxy2346789"
_FIELDS = frozenset("id balance_status created_at customer_id expires_on initial_value source status".split())


def create(call: Call, input: Given) -> Payload:
    """giftCardCreate. The code is in the reply, and in no other."""
    problem = _problem(call, input)
    if problem:
        field, code, message = problem
        return {"userErrors": [user_error(["input", *field], message, code)]}
    amount = input["initialAmount"]["amount"] if input.get("initialAmount") else input["initialValue"]
    made = issue(call.world, input.get("code"), amount, lag_seconds=_lag_seconds(call))
    made.customer = call.world.find(Customer, input.get("customerId"))
    made.note, made.expires_on = input.get("note"), input.get("expiresOn")
    return {"giftCard": made, "giftCardCode": made.code, "userErrors": []}


def _lag_seconds(call: Call) -> float:
    fault = call.faults.strike("search_lag", ["giftCards"])
    return call.world.settings.search_lag_seconds + (fault.seconds if fault else 0)


def issue(world: World, code: str | None, amount: Decimal, *, lag_seconds: float = 0.0) -> GiftCard:
    """Make a card of a checked amount, under this code or one of the shop's own."""
    now = world.now()
    own = "".join(world.chance.choice(_MADE_UP) for _ in range(16))
    searchable_at = now + timedelta(seconds=lag_seconds)
    currency = world.settings.currency
    value = rounded(amount, currency)
    gid = world.new_id("GiftCard")
    made = world.add(GiftCard(gid, now, now, (code or own).lower(), currency, value, value, searchable_at))
    world.till.cards.append(made)
    world.till.cards_by_code[made.code] = made
    return made


def _problem(call: Call, given: Given) -> tuple[list[str], str, str] | None:
    world = call.world
    amount, value = given.get("initialAmount"), given.get("initialValue")
    if (amount is None) == (value is None):
        code = "MISSING_ARGUMENT" if amount is None else "INVALID"
        return ["initialAmount"], code, "Exactly one of initialAmount and initialValue must be given."
    if amount is not None and amount["currencyCode"] != world.settings.currency:
        return ["initialAmount", "currencyCode"], "INVALID", f"Currency must be {world.settings.currency}."
    worth: Decimal = amount["amount"] if amount is not None else given["initialValue"]
    if worth <= 0:
        return ["initialAmount"], "GREATER_THAN", "Initial value must be greater than 0."
    if worth > world.settings.gift_card_limit:
        return ["initialAmount"], "GIFT_CARD_LIMIT_EXCEEDED", "Gift card value limit exceeded."
    if given.get("customerId") is not None:
        demand(call.token, "giftCardCreate", ("write_customers",))
        if world.find(Customer, given["customerId"]) is None:
            return ["customerId"], "CUSTOMER_NOT_FOUND", "The customer could not be found."
    if given.get("expiresOn") is not None and given["expiresOn"] <= world.now().date():
        return ["expiresOn"], "INVALID", "Expires on must be in the future."
    return _code_problem(world, given.get("code"))


def _code_problem(world: World, code: str | None) -> tuple[list[str], str, str] | None:
    if code is None:
        return None
    if len(code) < SHORTEST_CODE:
        return ["code"], "TOO_SHORT", f"Code is too short (minimum is {SHORTEST_CODE} characters)"
    if len(code) > LONGEST_CODE:
        return ["code"], "TOO_LONG", f"Code is too long (maximum is {LONGEST_CODE} characters)"
    if not re.fullmatch(r"[A-Za-z0-9]+", code):
        return ["code"], "INVALID", "Code can only contain letters(a-z) and numbers(0-9)"
    if code.lower() in world.till.cards_by_code:
        return ["code"], "TAKEN", "Code has already been taken"
    return None


def deactivate(call: Call, id: str) -> Payload:
    """giftCardDeactivate: for ever. Doing it again changes nothing."""
    found = call.world.find(GiftCard, id)
    if found is None:
        return {"userErrors": [user_error(["id"], "The gift card could not be found.", "GIFT_CARD_NOT_FOUND")]}
    if found.deactivated_at is None:
        found.deactivated_at = found.updated_at = call.world.now()
    return {"giftCard": found, "userErrors": []}


def move(world: World, card: GiftCard, amount: Decimal, note: str | None = None) -> None:
    """Take money from a card (negative) or give it back."""
    now = world.now()
    moved = GiftCardMovement(world.new_id("GiftCardTransaction"), now, now, card, amount, note)
    card.left += amount
    card.updated_at = now
    card.movements.append(world.add(moved))


def list_cards(call: Call, **arguments: Any) -> Any:
    """giftCards: a card made a moment ago is not in the search yet. Plain words are looked for among codes and names."""
    text = arguments.get("query") or ""
    query = search.parse(text)
    call.search_warnings += search.warnings_of(query, text, _FIELDS.__contains__, "giftCards")
    now = call.world.now()
    seen: Iterable[GiftCard] = (each for each in call.world.till.cards if each.searchable_at <= now)
    found = [card for card in seen if search.matches(query, _document(call.world, card), _FIELDS.__contains__, now)]
    key = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "BALANCE": "left"}.get(
        arguments.get("sortKey") or ""
    )
    if key is None:
        return page(found, arguments)
    return page(found, arguments, lambda card: (getattr(card, key), card.legacy_resource_id))


def _document(world: World, card: GiftCard) -> search.Document:
    status = "disabled" if not card.enabled else "expired" if expired(world, card) else "enabled"
    full = "full" if card.left == card.initial else "partial" if card.left > 0 else "empty"
    return {
        "id": card.legacy_resource_id,
        "code": card.code,
        "name": card.customer.display_name if card.customer else None,
        "balance_status": (full, *(() if full == "empty" else ("full_or_partial",))),
        "created_at": card.created_at,
        "customer_id": card.customer.legacy_resource_id if card.customer else None,
        "expires_on": card.expires_on.isoformat() if card.expires_on else None,
        "initial_value": f"{card.initial:f}",
        "source": (card.source,),
        "status": (status,),
    }


def expired(world: World, card: GiftCard) -> bool:
    """Whether its last day is over."""
    return card.expires_on is not None and card.expires_on < world.now().date()


def _money(amount: Decimal, currency: str) -> Given:
    return {"amount": amount, "currencyCode": currency}


_MOVEMENT: dict[str, Resolver] = {
    "amount": lambda moved, info: _money(moved.amount_moved, moved.gift_card.currency),
    "processedAt": lambda moved, info: moved.created_at,
}
OBJECTS: dict[str, dict[str, Resolver]] = {
    "GiftCard": {
        "balance": lambda card, info: _money(card.left, card.currency),
        "initialValue": lambda card, info: _money(card.initial, card.currency),
        "maskedCode": lambda card, info: f"•••• •••• •••• {card.last_characters}",
        "transactions": lambda card, info, **given: page(card.movements, given),
    },
    "GiftCardDebitTransaction": _MOVEMENT,
    "GiftCardCreditTransaction": _MOVEMENT,
}
