"""Record, grade, release and refuse trade-ins; settle what nobody answered; decide what is never spent. A person's acts.

What binds us to more money than the limit is only proposed, and done when a second person approves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from trueup.base.clock import write_instant
from trueup.base.errors import ConfigurationError, Conflict, NotFound, Refused
from trueup.base.ids import Digest, canonical_json
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.domain.credit_posting import place_accepted, place_broken
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import (
    CreditState,
    TradeIn,
    TradeInState,
    TradeInTerms,
    contradicts,
    decide_grading,
    demand_step,
)
from trueup.storage import acts, cases, trade_ins
from trueup.storage.json_values import from_json, to_json
from trueup.storage.trade_ins import Credit, SavedTradeIn
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.credit_entries import post
from trueup.workflows.issue_credit import UNANSWERED, fingerprint_of, last_characters_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_trade_in import start_settling
from trueup.workflows.world import Tx

T = TypeVar("T")
GRADE, REPEAT, BREAK = "trade-in.grade", "credit.repeat", "credit.break"
"""Acts that may take two persons."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording trade-ins: the keys of the new ones, and how many were known already."""

    new: tuple[str, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act: in words, and the proposal that waits for a second person, if one does."""

    words: str
    proposal: int | None = None


def terms_of(tx: Tx) -> TradeInTerms:
    """The agreement on trade-ins. Raises ConfigurationError when there is none."""
    if tx.resources.trade_ins is None:
        raise ConfigurationError("No trade-ins are agreed: write [trade_ins] into trueup.toml.")
    return tx.resources.trade_ins


def record_trade_ins(tx: Tx, told: Sequence[TradeIn], person: Person, evidence: str = "") -> Recorded:
    """Record trade-ins and have their items created. One that is known stays as it is.

    Raises Refused without a role, for store credit without a customer; Conflict when a key or serial is known otherwise.
    """
    demand_role(person, "trade-ins.record")
    terms = terms_of(tx)
    new, same = [], 0
    for each in told:
        _demand_customer(each, terms.instrument)
        content = canonical_json(to_json(each))
        digest = evidence or tx.resources.keep(
            tx.connection, content, kind="trade-in", source="trueup", name=f"trade-in {each.key}"
        )
        number = trade_ins.append_trade_in(tx.connection, terms.system, each, person.name, digest, tx.now)
        if number is None:
            _demand_same(tx, terms.system, each)
            same += 1
            continue
        new.append(each.key)
        record_deed(
            tx.connection, tx.now, person, Deed("trade-in.recorded", f"trade-in {each.key}", after=to_json(each))
        )
        start_settling(tx, number)
    return Recorded(tuple(new), same)


def _demand_customer(told: TradeIn, instrument: Instrument | None) -> None:
    if instrument is Instrument.STORE_CREDIT and not told.customer:
        raise Refused(f"Trade-in {told.key}: store credit belongs to a customer; say which, by the shop's id.")


def _demand_same(tx: Tx, system: str, told: TradeIn) -> None:
    try:
        known = trade_ins.find_trade_in(tx.connection, told.key)
    except NotFound:
        other = trade_ins.find_by_serial(tx.connection, system, told.serial)
        name = other.trade_in.key if other else "another"
        raise Conflict(f"Trade-in {told.key}: serial {told.serial} is that of trade-in {name} already.") from None
    if words := contradicts(known.trade_in, told):
        raise Conflict(f"Trade-in {told.key} is known otherwise: {words}. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person finds of an item: its grade; a value instead of the agreed percentage; whether it may go at once; as what the
    customer wants the credit, where that is not as agreed."""

    grade: str
    value: Money | None = None
    release: bool = True
    instrument: Instrument | None = None


def grade_trade_in(tx: Tx, key: str, judged: Judgement, person: Person, two_persons_above: Money | None = None) -> Done:
    """Say what condition an item is in: from then on its credit is owed, or it is not taken.

    Raises NotFound, Refused: without a role, for a grade that is not agreed, store credit without a customer, or a trade-in that
    is graded already.
    """
    demand_role(person, "trade-ins.grade")
    saved = trade_ins.find_trade_in(tx.connection, key, lock=True)
    _demand_customer(saved.trade_in, judged.instrument)
    grading = _told_who(tx, saved, lambda: decide_grading(saved.trade_in, judged.grade, terms_of(tx), judged.value))
    if _takes_two(grading.value, two_persons_above):
        arguments = {"key": key, "judged": to_json(judged)}
        return _propose(tx, acts.Proposal(GRADE, f"trade-in {key}", arguments, grading.why, person.name), person)
    return _grade(tx, saved, judged, person)


def carry_out_grading(tx: Tx, proposal_id: int, person: Person) -> Done:
    """The second person: what was proposed is done, by the terms of now."""
    demand_role(person, "trade-ins.grade")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    saved = trade_ins.find_trade_in(tx.connection, row["arguments"]["key"], lock=True)
    return _grade(tx, saved, from_json(row["arguments"]["judged"], Judgement), person)


def _grade(tx: Tx, saved: SavedTradeIn, judged: Judgement, person: Person) -> Done:
    terms, trade_in = terms_of(tx), saved.trade_in
    grading = decide_grading(trade_in, judged.grade, terms, judged.value)
    if grading.value is None:
        return _refuse(tx, saved, judged.grade, grading.why, person)
    today = tx.now.date()
    changed = replace(
        trade_in,
        state=TradeInState.GRADED,
        grade=judged.grade,
        value=grading.value,
        graded_on=today,
        why=grading.why,
    )
    trade_ins.save_trade_in(tx.connection, saved, changed, tx.now, release=judged.release)
    after = {"grade": judged.grade, "value": str(grading.value), "why": grading.why, "release": judged.release}
    evidence = _keep(tx, f"grading of trade-in {trade_in.key}", {**after, "by": person.name, "key": trade_in.key})
    instrument = judged.instrument or terms.instrument
    gift_card = instrument is Instrument.GIFT_CARD
    credit = Credit(
        id=0,
        trade_in=saved.id,
        instrument=instrument,
        shop=terms.shop,
        customer=trade_in.customer,
        amount=grading.value,
        state=CreditState.DUE,
        owed_on=today,
        expires_on=terms.expires_on(today),
        fingerprint=fingerprint_of(tx.resources, trade_in.key) if gift_card else "",
        last_characters=last_characters_of(tx.resources, trade_in.key) if gift_card else "",
        remote_id="",
        attempt=1,
    )
    trade_ins.prepare_credit(tx.connection, credit, evidence)
    placed = place_accepted(tx.resources.books.chart, trade_in.key, grading.value)
    post(
        tx,
        f"trade-in {trade_in.key} accepted",
        f"Trade-in {trade_in.key}: {grading.why}",
        placed,
        evidence,
        person.name,
    )
    record_deed(
        tx.connection, tx.now, person, Deed("trade-in.graded", f"trade-in {trade_in.key}", None, after, evidence)
    )
    start_settling(tx, saved.id)
    return Done(f"trade-in {trade_in.key} is worth {grading.value} ({grading.why}); a {instrument.value} is on its way")


def refuse_trade_in(tx: Tx, key: str, why: str, person: Person) -> Done:
    """An item is not taken: no credit is owed, and its item in the circular system is retired."""
    demand_role(person, "trade-ins.grade")
    return _refuse(tx, trade_ins.find_trade_in(tx.connection, key, lock=True), "", why, person)


def _refuse(tx: Tx, saved: SavedTradeIn, grade: str, why: str, person: Person) -> Done:
    _told_who(tx, saved, lambda: demand_step(saved.trade_in, TradeInState.REFUSED))
    changed = replace(saved.trade_in, state=TradeInState.REFUSED, grade=grade, why=why)
    trade_ins.save_trade_in(tx.connection, saved, changed, tx.now)
    key = saved.trade_in.key
    record_deed(tx.connection, tx.now, person, Deed("trade-in.refused", f"trade-in {key}", after={"why": why}))
    start_settling(tx, saved.id)
    return Done(f"trade-in {key} is refused: {why}; nothing is owed")


def release_trade_in(tx: Tx, key: str, person: Person) -> Done:
    """An item that was graded and kept back may go."""
    demand_role(person, "trade-ins.grade")
    saved = trade_ins.find_trade_in(tx.connection, key, lock=True)
    _told_who(tx, saved, lambda: _demand_kept_back(saved))
    trade_ins.save_trade_in(tx.connection, saved, saved.trade_in, tx.now, release=True)
    record_deed(tx.connection, tx.now, person, Deed("trade-in.released", f"trade-in {key}"))
    start_settling(tx, saved.id)
    return Done(f"the item of trade-in {key} is on its way to being available")


def _demand_kept_back(saved: SavedTradeIn) -> None:
    demand_step(saved.trade_in, TradeInState.RELEASED)
    if saved.standing.release:
        raise Refused(f"Trade-in {saved.trade_in.key}: its item is not kept back any more; nothing was changed.")


def answer_credit(tx: Tx, key: str, arrived: str, person: Person, two_persons_above: Money | None = None) -> Done:
    """Say what became of store credit that nobody answered. `arrived`: the movement's id in the shop; empty: it never arrived
    and is given anew.

    Raises NotFound, Refused without a role or where nothing is in doubt, Conflict when the movement is another credit's.
    """
    demand_role(person, "credits.answer")
    saved = trade_ins.find_trade_in(tx.connection, key, lock=True)
    credit = saved.credit
    if credit is None or credit.state is not CreditState.UNANSWERED:
        raise Refused(
            f"Trade-in {key}: nothing about its credit is in doubt; it is {credit.state if credit else 'not owed'}"
            f"{_last(tx, key, 'credit.answered')}."
        )
    if not arrived and _takes_two(credit.amount, two_persons_above):
        proposal = acts.Proposal(REPEAT, f"trade-in {key}", {"key": key}, "it never arrived", person.name)
        return _propose(tx, proposal, person)
    return _answer(tx, saved, credit, arrived, person)


def carry_out_repeat(tx: Tx, proposal_id: int, person: Person) -> Done:
    """The second person agrees that it never arrived."""
    demand_role(person, "credits.answer")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    saved = trade_ins.find_trade_in(tx.connection, row["arguments"]["key"], lock=True)
    if saved.credit is None or saved.credit.state is not CreditState.UNANSWERED:
        raise Conflict(f"Trade-in {saved.trade_in.key}: nothing about its credit is in doubt any more.")
    return _answer(tx, saved, saved.credit, "", person)


def _answer(tx: Tx, saved: SavedTradeIn, credit: Credit, arrived: str, person: Person) -> Done:
    key, subject = saved.trade_in.key, f"trade-in {saved.trade_in.key}"
    if arrived:
        others = [
            each for each in trade_ins.load_credits(tx.connection) if each.credit and each.credit.remote_id == arrived
        ]
        if others:
            raise Conflict(f"Movement {arrived} is the credit of trade-in {others[0].trade_in.key} already.")
        facts: dict[str, Any] = {"state": CreditState.ISSUED, "remote_id": arrived, "issued_at": tx.now}
        words = f"the credit for trade-in {key} arrived as {arrived}"
    else:
        facts = {"state": CreditState.DUE, "attempt": credit.attempt + 1}
        words = f"the credit for trade-in {key} never arrived; it is given anew"
    trade_ins.move_credit(tx.connection, credit.id, **facts)
    record_deed(tx.connection, tx.now, person, Deed("credit.answered", subject, after={"arrived": arrived or "never"}))
    for case_id in cases.find_open(tx.connection, UNANSWERED, subject):
        cases.note_resolution(tx.connection, case_id, "settle", by=person.name, note=words, now=tx.now)
    start_settling(tx, saved.id)
    return Done(words)


def break_credit(tx: Tx, key: str, why: str, person: Person, two_persons_above: Money | None = None) -> Done:
    """Decide that what is left of a credit is never spent: it is income then, and owed no more. Nothing is done in the shop.

    Raises NotFound, Refused without a role, while the customer can still spend it, or when nothing is left.
    """
    demand_role(person, "credits.break")
    saved = trade_ins.find_trade_in(tx.connection, key, lock=True)
    left = _told_who(tx, saved, lambda: _breakable(saved, tx.now.date()))
    if _takes_two(left, two_persons_above):
        return _propose(
            tx, acts.Proposal(BREAK, f"trade-in {key}", {"key": key, "note": why}, why, person.name), person
        )
    return _break(tx, saved, left, why, person)


def carry_out_breaking(tx: Tx, proposal_id: int, person: Person) -> Done:
    """The second person agrees."""
    demand_role(person, "credits.break")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    saved = trade_ins.find_trade_in(tx.connection, row["arguments"]["key"], lock=True)
    return _break(tx, saved, _breakable(saved, tx.now.date()), row["reason"], person)


def _breakable(saved: SavedTradeIn, today: date) -> Money:
    key, credit = saved.trade_in.key, saved.credit
    if credit is None or credit.state is not CreditState.ISSUED:
        raise Refused(f"Trade-in {key}: no credit of it was given; there is nothing to break.")
    if credit.usable and not (credit.expires_on and credit.expires_on < today):
        raise Refused(
            f"Trade-in {key}: its credit can still be spent"
            f"{f' until {credit.expires_on}' if credit.expires_on else ''}; deactivate the card in the shop first, or wait."
        )
    if not credit.owed:
        raise Refused(f"Trade-in {key}: nothing is owed on its credit any more.")
    return credit.owed


def _break(tx: Tx, saved: SavedTradeIn, left: Money, why: str, person: Person) -> Done:
    key, credit = saved.trade_in.key, saved.credit
    assert credit is not None
    trade_ins.move_credit(tx.connection, credit.id, broken_minor=credit.broken + left.minor)
    evidence = _keep(tx, f"breakage of trade-in {key}", {"key": key, "left": str(left), "why": why, "by": person.name})
    placed = place_broken(tx.resources.books.chart, key, left)
    post(tx, f"trade-in {key} broken {credit.broken}", f"Trade-in {key}: {why}", placed, evidence, person.name)
    after = {"left": str(left), "why": why}
    record_deed(tx.connection, tx.now, person, Deed("credit.broken", f"trade-in {key}", after=after, evidence=evidence))
    return Done(f"{left} of the credit for trade-in {key} are owed no more: {why}")


def reveal_code(tx: Tx, key: str, person: Person) -> Secret:
    """The code of a trade-in's gift card, for who hands it to the customer. That it was shown is recorded, the code is not.

    Raises NotFound, Refused without a role, for store credit, or before the card is there.
    """
    demand_role(person, "trade-ins.reveal")
    saved = trade_ins.find_trade_in(tx.connection, key)
    credit = saved.credit
    if credit is None or credit.instrument is not Instrument.GIFT_CARD or credit.state is not CreditState.ISSUED:
        raise Refused(f"Trade-in {key}: no gift card was made for it (yet), so there is no code to hand out.")
    if fingerprint_of(tx.resources, key) != credit.fingerprint:
        raise ConfigurationError(
            f"Trade-in {key}: its code was made under another master key than this installation has now."
        )
    record_deed(tx.connection, tx.now, person, Deed("credit.code-shown", f"trade-in {key}"))
    return tx.resources.gift_card_code(key)


_DID = {
    "trade-in.graded": "graded",
    "trade-in.refused": "refused",
    "trade-in.released": "released",
    "credit.answered": "its credit answered for",
    "credit.broken": "its credit written off",
}


def _last(tx: Tx, key: str, *kinds: str) -> str:
    """What somebody decided of a trade-in last, and when; "" where nobody did."""
    done = acts.newest_act(tx.connection, f"trade-in {key}", kinds or tuple(_DID))
    return f"; {_DID[done.act]} by {done.actor} at {write_instant(done.at)}" if done else ""


def _told_who(tx: Tx, saved: SavedTradeIn, step: Callable[[], T]) -> T:
    """Do it. Where it cannot be done any more, it is told who decided last."""
    try:
        return step()
    except Refused as error:
        if last := _last(tx, saved.trade_in.key):
            raise Refused(f"{str(error).removesuffix('.')}{last}.") from error
        raise


def _takes_two(amount: Money | None, limit: Money | None) -> bool:
    if amount is None or limit is None:
        return False
    return amount.currency != limit.currency or amount.minor > limit.minor


def _propose(tx: Tx, wanted: acts.Proposal, person: Person) -> Done:
    number, fresh = acts.propose_once(tx.connection, wanted, tx.now)
    if fresh:
        record_deed(
            tx.connection, tx.now, person, Deed(f"{wanted.act}-proposed", wanted.subject, after=wanted.arguments)
        )
    return Done(f"proposed as {number}: a second person must approve it (`trueup cases approve {number}`)", number)


def _keep(tx: Tx, name: str, facts: dict[str, Any]) -> Digest:
    content = canonical_json({**facts, "at": tx.now.isoformat()})
    return tx.resources.keep(tx.connection, content, kind="trade-in", source="trueup", name=name)
