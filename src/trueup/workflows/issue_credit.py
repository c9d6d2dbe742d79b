"""Issue a credit once: a gift card is found by its code before it is made; store credit has no key and is never sent twice.

A gift card that is refused for its code is there already: it was made by a request whose reply was lost. Store credit whose reply
was lost is *unanswered*: what the account shows proves nothing, so a person says whether it arrived, and only then it goes on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.errors import ConfigurationError, Conflict, Throttled, Transient, TrueupError
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.credits import SHOWN_CHARACTERS, GiftCard, Instrument
from trueup.domain.trade_ins import CreditState
from trueup.remote.credits import WantedGiftCard, WantedStoreCredit
from trueup.storage import cases, trade_ins
from trueup.storage.trade_ins import SavedTradeIn
from trueup.workflows.source_failures import NOT_DONE
from trueup.workflows.world import Flowing, Tx, World

DONE, LATER, STOPPED = "done", "later", "stopped"
UNANSWERED, DECLINED, DIFFERS = "credit.unanswered", "credit.declined", "credit.differs"
"""The kinds of cases about a credit that is being given."""
MOVEMENTS_TOLD = 5


def issue_credit(c: Flowing, plan: dict[str, Any]) -> str:
    """Give the credit of a plan. It returns how that went: done, later, or stopped for a person."""
    give = give_gift_card if plan["instrument"] == Instrument.GIFT_CARD.value else give_store_credit
    try:
        given = c.step(give, plan)
    except (*NOT_DONE, Conflict) as error:
        if give is give_store_credit and getattr(error, "maybe_applied", False):
            seen = c.step(look_at_account, plan)
            c.commit(note_unanswered, plan, c.run_id, str(error), seen)
            return STOPPED
        again = isinstance(error, Conflict) or error.retry
        wait_seconds = int(error.retry_after_seconds) + 1 if isinstance(error, Throttled) else 0
        c.commit(note_not_given, plan, c.run_id, str(error), again, wait_seconds)
        return LATER if again else STOPPED
    c.commit(note_given, plan, given)
    return DONE


def give_gift_card(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """Find the card by its code, or make it. Raises Conflict when it is there and not shown yet: look again later."""
    sink = world.connections.gift_cards[plan["shop"]]
    code = world.gift_card_code(plan["key"])
    if fingerprint_of(world, plan["key"]) != plan["fingerprint"]:
        raise ConfigurationError(
            f"Trade-in {plan['key']}: its gift card has a code made under another master key than this installation has now; "
            f"with this one a second card would be made. Restore the key it was prepared under."
        )
    found = sink.find_gift_card(code)
    card, evidence = found.value, found.evidence
    if card is None:
        wanted = WantedGiftCard(
            code=code,
            amount=Money(plan["minor"], plan["currency"]),
            note=f"Trade-in {plan['key']}",
            customer=plan["customer"] or None,
            expires_on=date.fromisoformat(plan["expires_on"]) if plan["expires_on"] else None,
        )
        made = sink.send_gift_card(wanted)
        card, evidence = made.value, made.evidence
    return _shown(card, evidence)


def _shown(card: GiftCard, evidence: bytes) -> dict[str, Any]:
    return {
        "remote_id": card.id,
        "minor": card.initial.minor,
        "currency": card.initial.currency,
        "left_minor": card.balance.minor,
        "evidence": evidence.decode(errors="replace"),
    }


def give_store_credit(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """Begin this attempt and give; an attempt that was begun before is in doubt for ever and never repeated."""
    sink = world.connections.store_credits[plan["shop"]]
    before = sink.fetch_store_credit(plan["customer"], plan["currency"]).value
    with world.database.transaction() as connection:
        saved = trade_ins.load_trade_in(connection, plan["trade_in"])
        credit = saved.credit
        assert credit is not None
        first = trade_ins.begin_attempt(connection, credit, world.clock.now(), before.balance)
    if not first:
        words = (
            f"Store credit for trade-in {plan['key']}: attempt {credit.attempt} was cut off; it may have been given."
        )
        raise Transient(words, maybe_applied=True)
    wanted = WantedStoreCredit(plan["customer"], Money(plan["minor"], plan["currency"]), _expiry(plan["expires_on"]))
    given = sink.send_store_credit(wanted)
    moved = given.value
    return {
        "remote_id": moved.id,
        "minor": moved.amount.minor,
        "currency": moved.amount.currency,
        "left_minor": moved.amount.minor,
        "evidence": given.evidence.decode(errors="replace"),
    }


def _expiry(last_day: str | None) -> datetime | None:
    """A last day counts whole."""
    return datetime.combine(date.fromisoformat(last_day) + timedelta(days=1), time(), UTC) if last_day else None


def look_at_account(world: World, plan: dict[str, Any]) -> dict[str, Any]:
    """What the customer has now, for the person who must judge it. It proves nothing: a movement bears no reference."""
    try:
        found = world.connections.store_credits[plan["shop"]].fetch_store_credit(plan["customer"], plan["currency"])
    except TrueupError as error:
        return {"words": f"the account could not be read: {error}", "evidence": ""}
    like = [each for each in found.value.movements if each.amount.minor == plan["minor"]][:MOVEMENTS_TOLD]
    told = "; ".join(f"{each.id} of {write_instant(each.at)}" for each in like) or "none"
    words = f"{found.value.balance} now; movements of exactly that amount: {told}"
    return {"words": words, "evidence": found.evidence.decode(errors="replace")}


def note_given(tx: Tx, plan: dict[str, Any], given: dict[str, Any]) -> None:
    """It is given. A card of another amount than ours is a case: somebody made it, or the shop changed it."""
    saved, evidence = _settled(tx, plan, given)
    trade_ins.move_credit(
        tx.connection,
        plan["credit"],
        state=CreditState.ISSUED,
        remote_id=given["remote_id"],
        issued_at=tx.now,
        shown_minor=given["left_minor"],
        seen_at=tx.now,
        evidence=evidence,
    )
    subject = f"trade-in {plan['key']}"
    why = "it was given since"
    cases.close_cases(tx.connection, {DECLINED: why, UNANSWERED: why}, subject, tx.now)
    wanted, found = Money(plan["minor"], plan["currency"]), Money(given["minor"], given["currency"])
    if wanted != found:
        cases.open_case(tx.connection, _draft(tx, saved, DIFFERS, f"a credit of {wanted}", f"one of {found}"), tx.now)


def _settled(tx: Tx, plan: dict[str, Any], seen: dict[str, Any]) -> tuple[SavedTradeIn, str]:
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    name = f"{plan['instrument']} for trade-in {plan['key']}"
    return saved, tx.resources.keep(
        tx.connection, seen["evidence"].encode(), kind="credit", source=plan["shop"], name=name
    )


def note_not_given(tx: Tx, plan: dict[str, Any], run_id: str, words: str, again: bool, wait_seconds: int) -> None:
    """It was certainly not given, or a card is there and not shown yet: tried again, or a person mends what is wrong."""
    # Not at the top: that flow uses this one.
    from trueup.workflows.settle_trade_in import pause_after, start_settling

    trade_ins.free_lease(tx.connection, run_id)
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    if plan["instrument"] == Instrument.STORE_CREDIT.value:
        trade_ins.move_credit(tx.connection, plan["credit"], attempt=plan["attempt"] + 1)
    if again:
        start_settling(tx, saved.id, max(timedelta(seconds=wait_seconds), pause_after(saved.runs)))
        return
    trade_ins.move_credit(tx.connection, plan["credit"], state=CreditState.DECLINED)
    amount = Money(plan["minor"], plan["currency"])
    draft = _draft(tx, saved, DECLINED, f"a {plan['instrument']} of {amount}", words)
    cases.open_case(tx.connection, draft, tx.now)


def note_unanswered(tx: Tx, plan: dict[str, Any], run_id: str, words: str, seen: dict[str, Any]) -> None:
    """Nobody knows whether it was given. The credit rests until a person says so; the item, which is ours, goes on."""
    trade_ins.free_lease(tx.connection, run_id)
    saved = trade_ins.load_trade_in(tx.connection, plan["trade_in"], lock=True)
    trade_ins.move_credit(tx.connection, plan["credit"], state=CreditState.UNANSWERED)
    before = trade_ins.load_attempts(tx.connection, plan["credit"])
    had = f"{Money(before[0].before_minor, plan['currency'])} before it" if before else "nothing known from before"
    evidence = seen["evidence"].encode() or words.encode()
    tx.resources.keep(
        tx.connection, evidence, kind="credit", source=plan["shop"], name=f"account for trade-in {plan['key']}"
    )
    amount = Money(plan["minor"], plan["currency"])
    found = f"{words} The account of {plan['customer']}: {had}, {seen['words']}."
    draft = _draft(tx, saved, UNANSWERED, f"store credit of {amount}, given once", found)
    cases.open_case(tx.connection, draft, tx.now)


def _draft(tx: Tx, saved: SavedTradeIn, kind: str, expected: str, found: str) -> CaseDraft:
    trade_in = saved.trade_in
    what = {
        UNANSWERED: "may have been given: the shop did not answer",
        DECLINED: "was not given: the shop would not have it",
        DIFFERS: "is another than the one that is owed",
    }[kind]
    resolutions = {UNANSWERED: (Resolution.SETTLE,), DECLINED: (Resolution.RETRY, Resolution.DISMISS)}
    return CaseDraft(
        kind=kind,
        subject=f"trade-in {trade_in.key}",
        title=f"The credit of {trade_in.value} for trade-in {trade_in.key} {what}",
        expected=expected,
        found=found[:4000],
        money_at_risk=trade_in.value,
        deadline=tx.now + timedelta(days=1),
        owner=Role.FINANCE.value,
        resolutions=resolutions.get(kind, (Resolution.DISMISS,)),
    )


def fingerprint_of(world: World, key: str) -> str:
    """What tells whether a code is the one that was prepared, without giving it away."""
    return digest_of(world.gift_card_code(key).reveal().encode())


def last_characters_of(world: World, key: str) -> str:
    """What the shop shows of the code."""
    return world.gift_card_code(key).reveal()[-SHOWN_CHARACTERS:]
