"""Recovery: what can be disputed, the most urgent first; one claim with its evidence, its pack, and what came of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Column, Filter, read_day, state_of
from trueup.console.visit import Visit
from trueup.domain.deduction import Family
from trueup.domain.disputes import DisputeState, Outcome
from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack
from trueup.storage.views.acts import list_proposals
from trueup.storage.views.paging import ROWS, Paged
from trueup.storage.views.recovery import find_case_of_claim, list_given_up, load_brief
from trueup.workflows.dispute_claim import disputable_types, note_outcome, recoverable, submit_claim
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.rank_claims import Ranked, rank_claims
from trueup.workflows.world import Tx
from trueup.workflows.write_off import ACT as GIVE_UP
from trueup.workflows.write_off import write_off_claim

_COLUMNS = (
    Column("Claim"),
    Column("Partner", spare=True),
    Column("Held", "number"),
    Column("Expected", "number"),
    Column("Chance", "number", spare=True),
    Column("Until"),
    Column("State", "mark"),
)
_OUTCOMES = (Choice("won", "Won"), Choice("partly", "Won in part"), Choice("lost", "Lost"))
STANDS = {
    "open": ("info", "Can be disputed"),
    "early": ("idle", "Too early"),
    "submitted": ("held", "Submitted"),
    "won": ("ok", "Won"),
    "repaid": ("ok", "Paid back"),
    "exhausted": ("bad", "Refused for good"),
    "expired": ("bad", "Past its window"),
    "written-off": ("idle", "Written off"),
}
"""The colour and the word of where a claim stands."""


def _ranked(visit: Visit, *, claim: int | None = None) -> list[Ranked]:
    types = disputable_types(visit.desk.world.books)
    partner = visit.asked("partner") or None
    return rank_claims(visit.connection, types, visit.now.date(), partner=partner, claim_id=claim)


PIECES = {
    "invoice": "Our invoice",
    "order": "The purchase order",
    "answer": "Our answer to the order",
    "shipped": "Proof of shipment",
    "delivered": "Proof of delivery",
}
_HOPELESS = (DisputeState.EXPIRED, DisputeState.EXHAUSTED)
"""Where a claim stands of which no dispute is left to make."""


def record_of(each: Ranked) -> str:
    """What a chance rests on: "won 34 of 51"."""
    chance = each.worth.chance
    return f"won {chance.won} of {chance.outcomes}" if chance.outcomes else "no outcome yet"


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "family", "all", "at")
    ranked = [
        each
        for each in _ranked(visit)
        if (not state["family"] or each.found.claim.family.value == state["family"]) and (state["all"] or each.pays)
    ]
    start = int(state["at"]) if state["at"].isdecimal() else 0
    rows = [
        {"ranked": each, "held": held(each), "expected": expected(each), "record": record_of(each)}
        for each in ranked[start : start + ROWS]
    ]
    sums: dict[str, int] = {}
    for each in ranked:
        sums[each.found.balance.currency] = sums.get(each.found.balance.currency, 0) + each.worth.expected
    return visit.render(
        "recovery.html",
        state=state,
        columns=_COLUMNS,
        stands=STANDS,
        sums=[Money(minor, currency) for currency, minor in sorted(sums.items())],
        soon=sum(each.ends_soon for each in ranked),
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("family", "Family", [Choice(family.value, family.value) for family in Family]),
            Filter("all", "Shown", (Choice("yes", "Also what cannot be disputed"),)),
        ),
        paged=Paged(
            rows,
            str(max(0, start - ROWS)) if start else "",
            str(start + ROWS) if len(ranked) > start + ROWS else "",
        ),
    )


def _show(visit: Visit) -> Response:
    each = _one(visit)
    brief = load_brief(visit.connection, each.found)
    case = find_case_of_claim(visit.connection, each.found.balance)
    tried = _try_write_off(visit, case) if case is not None and visit.asked("write_off") else None
    return visit.render(
        "recovery_claim.html",
        title=f"Claim {each.found.balance.claim}",
        ranked=each,
        brief=brief,
        held=held(each),
        expected=expected(each),
        record=record_of(each),
        pieces=[
            {"name": PIECES[piece.value], "done": bool(have), "words": have, "href": ""} for piece, have in brief.pieces
        ],
        case=case,
        tried=tried,
        hopeless=each.standing.state in _HOPELESS,
        two=visit.desk.settings.two_persons_above,
        given_up=[
            (row, Money(row.minor, each.found.balance.currency))
            for row in list_given_up(visit.connection, each.found.balance)
        ],
        proposals=[
            row
            for row in list_proposals(visit.connection, limit=500)
            if row["act"] == GIVE_UP and row["subject"] == _subject(each)
        ],
        names=Names(visit),
        slices=[(row, Money(row.minor, each.found.balance.currency)) for row in brief.slices],
        outcomes=_OUTCOMES,
        stands=STANDS,
        today=visit.now.date(),
    )


def _subject(each: Ranked) -> str:
    balance = each.found.balance
    return f"claim {balance.partner}/{balance.claim} {balance.currency}"


def _try_write_off(visit: Visit, case: int) -> Any:
    """What giving it up would post, found out by doing it and rolling it back; None for who may not."""
    if not visit.may("cases.resolve"):
        return None
    return visit.act(
        lambda tx: with_entries(tx, lambda inner: write_off_claim(inner, case, visit.who), visit.who), dry_run=True
    )


def _write_off(visit: Visit) -> Response:
    number, note = visit.number("claim"), visit.given("note")
    case = find_case_of_claim(visit.connection, _one(visit).found.balance)
    if case is None:
        raise Conflict(f"Claim {number}: nothing is open of it any more; look at it again.")
    if not note:
        raise Invalid("Write a claim off: say why, for who looks at it later.")
    limit = visit.desk.settings.two_persons_above
    done = visit.act(lambda tx: write_off_claim(tx, case, visit.who, note=note, two_persons_above=limit))
    amount = visit.present.money(done.amount)
    if done.proposal is not None:
        return visit.go(f"/recovery/{number}", f"Proposal {done.proposal}: {amount}; a second person must approve it.")
    return visit.go(f"/recovery/{number}", f"{amount} are written off.")


def _pack(visit: Visit) -> Response:
    """The pack with its originals, as a ZIP."""
    each, world = _one(visit), visit.desk.world
    brief = load_brief(visit.connection, each.found)
    company = visit.desk.settings.installation.name
    pdf = write_dispute_pack(brief, each.standing, visit.now.date(), company)
    content = write_dispute_archive(
        brief, pdf, lambda digest: world.archive.load_content(visit.connection, Digest(digest))
    )
    return download(f"dispute-{each.found.balance.id}.zip", content)


def _submit(visit: Visit) -> Response:
    number, reference = visit.number("claim"), visit.given("reference")
    if not reference:
        raise Invalid("Submit a dispute: say the reference that Amazon gave it.")
    visit.act(submit_claim, number, reference, _day(visit), visit.who)
    return visit.go(f"/recovery/{number}", f"Noted: submitted as {reference}.")


def _answer(visit: Visit) -> Response:
    number, outcome = visit.number("claim"), Outcome(visit.given("outcome", Outcome.LOST.value))
    won, day = visit.given("won"), _day(visit)

    def note(tx: Tx) -> None:
        currency = recoverable(tx, number).balance.currency
        note_outcome(tx, number, outcome, (day, Money.of(won, currency) if won else None), visit.who)

    visit.act(note)
    return visit.go(f"/recovery/{number}", f"Noted: {outcome.value}.")


def held(each: Ranked) -> Money:
    """What Amazon holds of it."""
    return Money(each.found.balance.open, each.found.balance.currency)


def expected(each: Ranked) -> Money:
    """What a dispute brings on average."""
    return Money(each.worth.expected, each.found.balance.currency)


def _one(visit: Visit) -> Ranked:
    number = visit.number("claim")
    found = _ranked(visit, claim=number)
    if not found:
        raise NotFound(f"No claim {number} that can be disputed is known; the queue lists those that are.")
    return found[0]


def _day(visit: Visit) -> date:
    return read_day(visit.given("day")) or visit.now.date()


PAGE = Page(
    "recovery",
    "Recovery",
    (
        Route("/recovery", _list),
        Route("/recovery/{claim:int}", _show),
        Route("/recovery/{claim:int}/pack.zip", _pack),
        Route("/recovery/{claim:int}/submit", _submit, "claims.dispute", "POST"),
        Route("/recovery/{claim:int}/write-off", _write_off, "cases.resolve", "POST"),
        Route("/recovery/{claim:int}/answer", _answer, "claims.dispute", "POST"),
    ),
    Place(Group.MONEY, 3, "gavel"),
)
