"""One claim: its lines, the evidence with what each proves, how far its dispute is, what is submitted, and giving it up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.pages.recovery import OUTCOMES, STANDS, expected, held, record_of, sum_words
from trueup.console.tables import Choice, read_day
from trueup.console.visit import Visit
from trueup.domain.disputes import DisputeState, Outcome, Piece
from trueup.domain.handed_in import LARGEST_PAPER_BYTES, TAKEN, TITLES, Paper
from trueup.domain.handed_in import PIECES as PAPERS
from trueup.reports.dispute_pack import write_dispute_archive, write_dispute_pack
from trueup.storage.views.acts import list_proposals
from trueup.storage.views.exhibits import GROUPS, Exhibit, list_exhibits
from trueup.storage.views.recovery import Brief, Staged, find_case_of_claim, list_given_up, load_brief, load_staged
from trueup.workflows.add_papers import MAY, NewPaper, add_paper, archive_paper, take_paper_back
from trueup.workflows.dispute_claim import Submission, disputable_types, note_outcome, recoverable, submit_claim
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.rank_claims import Ranked, rank_claims
from trueup.workflows.stage_dispute import stage_claim
from trueup.workflows.staged_packs import Stage, stage_now
from trueup.workflows.world import Tx
from trueup.workflows.write_off import ACT as GIVE_UP
from trueup.workflows.write_off import write_off_claim

PIECES = {
    Piece.INVOICE: ("Our invoice", GROUPS[1]),
    Piece.ORDER: ("The purchase order", GROUPS[2]),
    Piece.ANSWER: ("Our answer to the order", GROUPS[3]),
    Piece.PACKED: ("Packing list", GROUPS[4]),
    Piece.SHIPPED: ("Proof of shipment (bill of lading)", GROUPS[4]),
    Piece.DELIVERED: ("Proof of delivery", GROUPS[5]),
}
"""What a piece of evidence is called, and the group of exhibits in which it stands."""
_PAPER_OF = {piece: paper.value for paper, piece in PAPERS.items()}
_HOPELESS = (DisputeState.EXPIRED, DisputeState.EXHAUSTED)
"""Where a claim stands of which no dispute is left to make."""
_TO_COME = (DisputeState.OPEN, DisputeState.EARLY)
"""Where a claim stands of which the next dispute can be made, now or later."""
_CHOICES = [Choice(value, words) for value, (_, words) in OUTCOMES.items()]


def _one(visit: Visit) -> Ranked:
    number = visit.number("claim")
    types = disputable_types(visit.desk.world.books)
    found = rank_claims(visit.connection, types, visit.now.date(), claim_id=number)
    if not found:
        raise NotFound(f"No claim {number} that can be disputed is known; the queue lists those that are.")
    return found[0]


def _day(visit: Visit) -> date:
    return read_day(visit.given("day")) or visit.now.date()


def _show(visit: Visit, trouble: Invalid | Conflict | None = None, typed: Mapping[str, str] | None = None) -> Response:
    """The page. `typed`: what stood in the form of a paper that was refused, for `trouble`."""
    each = _one(visit)
    balance = each.found.balance
    case = find_case_of_claim(visit.connection, balance)
    tried = _try_write_off(visit, case) if case is not None and visit.asked("write_off") else None
    return visit.render(
        "recovery_claim.html",
        title=f"Claim {balance.claim}",
        **_told(visit, each),
        case=case,
        tried=tried,
        hopeless=each.standing.state in _HOPELESS,
        two=visit.desk.settings.two_persons_above,
        given_up=[(row, Money(row.minor, balance.currency)) for row in list_given_up(visit.connection, balance)],
        proposals=list_proposals(visit.connection, act=GIVE_UP, subject=f"claim {balance.id}"),
        names=Names(visit),
        choices=_CHOICES,
        papers=[Choice(each.value, title) for each, title in TITLES.items()],
        taken=TAKEN,
        largest=LARGEST_PAPER_BYTES // 1024 // 1024,
        paper_trouble=trouble,
        typed=typed or {"day": "", "note": "", "kind": visit.asked("paper")},
        status=trouble.http_status if trouble else 200,
    )


def _add_paper(visit: Visit) -> Response:
    """The file is archived before anything reads it, also where it turns out to be no paper; of a form that is sent twice, once."""
    number = visit.number("claim")
    typed = {name: visit.given(name) for name in ("kind", "day", "note")}
    try:
        name, content = visit.upload("file")
    except Invalid as error:
        return _show(visit, error, typed)

    def add(tx: Tx) -> Digest | Invalid:
        digest = archive_paper(tx, content, name, visit.who)
        try:
            kind, day = _kind(typed["kind"]), read_day(typed["day"])
            with tx.connection.begin_nested():
                add_paper(tx, number, NewPaper(kind, name, digest, day, typed["note"]), visit.who)
        except Invalid as error:
            return error  # what came is kept, whatever it is
        return digest

    try:
        added = visit.prepare(add)
    except (Invalid, Conflict) as error:
        return _show(visit, error, typed)
    if isinstance(added, Invalid):
        return _show(visit, added, typed)
    told = f"{TITLES[_kind(typed['kind'])]} {name} is added; the pack has it. Its bytes are kept as {added[:12]}."
    return visit.go(f"/recovery/{number}#exhibits", told)


def _kind(text: str) -> Paper:
    try:
        return Paper(text)
    except ValueError:
        raise Invalid(f"What it is {text!r}: expected one of {', '.join(each.value for each in Paper)}.") from None


def _take_paper_back(visit: Visit) -> Response:
    paper = visit.act(take_paper_back, visit.number("paper"), visit.who)
    return visit.go(f"/recovery/{paper.claim}#exhibits", f"{paper.name} is taken back; its bytes stay in the archive.")


def _preview(visit: Visit) -> Response:
    """What is submitted, before anybody does: often there is one submission only."""
    each = _one(visit)
    if each.standing.state is not DisputeState.OPEN:
        return visit.go(f"/recovery/{each.found.balance.id}")
    return visit.render(
        "recovery_submit.html", title=f"Submission of claim {each.found.balance.claim}", **_told(visit, each)
    )


def _told(visit: Visit, each: Ranked) -> dict[str, Any]:
    """What the claim's page and the preview of its submission both show."""
    brief, packs = load_brief(visit.connection, each.found), load_staged(visit.connection, each.found.balance.id)
    currency, exhibits = each.found.balance.currency, list_exhibits(brief)
    stage, by_number = stage_now(visit.connection, each.standing, brief), {pack.number: pack for pack in packs}
    return {
        "ranked": each,
        "brief": brief,
        "held": held(each),
        "expected": expected(each),
        "record": record_of(each),
        "sum_words": sum_words(each),
        "pieces": _pieces(brief, exhibits),
        "exhibits": exhibits,
        "slices": [(row, Money(row.minor, currency)) for row in brief.slices],
        "stage": stage,
        "stages": stages_of(visit, each, stage, by_number),
        "packs": by_number,
        "stands": STANDS,
        "outcomes": OUTCOMES,
        "today": visit.now.date(),
    }


def _pieces(brief: Brief, exhibits: tuple[Exhibit, ...]) -> list[dict[str, Any]]:
    """What a reviewer asks for, filled in from what is known; each leads to the original that has it."""
    rows = []
    for piece, have in brief.pieces:
        name, group = PIECES[piece]
        found = next((each for each in exhibits if each.group == group), None)
        href = f"/documents/{found.digest}" if have and found is not None else ""
        if not have and (paper := _PAPER_OF.get(piece)):
            rows.append(
                {"name": name, "done": False, "words": "add its file below", "href": f"?paper={paper}#add-paper"}
            )
            continue
        rows.append({"name": name, "done": bool(have), "words": have, "href": href})
    return rows


def stages_of(visit: Visit, each: Ranked, stage: Stage, packs: Mapping[int, Staged]) -> list[dict[str, Any]]:
    """How far one attempt is: the next, where one can be made now or later; otherwise the last, with the pack that was of it.

    Staged is never drawn as submitted, nor submitted as answered, nor an answer beside the attempt that follows it.
    """
    balance, given = each.found.balance, Money(each.found.balance.given, each.found.balance.currency)
    last = each.found.disputes[-1].attempt if each.found.disputes else None
    if last is None or each.standing.state in _TO_COME:
        begun = f"Attempt {stage.number} of {stage.of}: not yet" if stage.number > 1 else "Not yet"
        drawn = [_staged(stage), _step("Submitted", "idle", begun), _step("Answered", "idle", "–")]
    else:
        pack, reference = packs.get(last.number), f"{last.reference}, {visit.present.day(last.submitted_on)}"
        drawn = [
            _step("Staged", "ok", "Its pack was made", pack.at)
            if pack
            else _step("Staged", "idle", "No pack was kept"),
            _step("Submitted", "ok" if last.outcome else "info", reference),
            _step("Answered", *(OUTCOMES[last.outcome.value] if last.outcome else ("held", "Amazon is to answer"))),
        ]
    paid = str(visit.present.money(given)) if balance.given else "Nothing yet"
    return [*drawn, _step("Paid back", "ok" if balance.given else "idle", paid)]


def _staged(stage: Stage) -> dict[str, Any]:
    """Whether the next attempt has its pack."""
    if stage.pack is None:
        return _step("Staged", "idle", "No pack yet")
    if stage.changed is not None:
        return _step("Staged", "warn", "Another amount is held now", stage.pack.at)
    if stage.void:
        return _step("Staged", "warn", "Void: stage it again", stage.pack.at)
    return _step("Staged", "info", "Not submitted by that", stage.pack.at)


def _step(name: str, state: str, word: str, at: datetime | None = None) -> dict[str, Any]:
    return {"name": name, "state": state, "word": word, "at": at, "href": ""}


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


def _stage(visit: Visit) -> Response:
    number = visit.number("claim")
    visit.act(stage_claim, number, visit.desk.settings.installation.name, visit.who)
    return visit.go(f"/recovery/{number}/submit", "Staged: the pack is kept. Nothing is submitted by that.")


def _submit(visit: Visit) -> Response:
    number, reference = visit.number("claim"), visit.given("reference")
    if not reference:
        raise Invalid("Submit a dispute: say the reference that Amazon gave it.")
    pack = visit.given("pack") if "pack" in visit.form else None
    said = Submission(reference, _day(visit), pack, as_staged=bool(visit.given("as_staged")))
    visit.act(submit_claim, number, said, visit.who)
    return visit.go(f"/recovery/{number}", f"Noted: submitted as {reference}.")


def _answer(visit: Visit) -> Response:
    number, outcome = visit.number("claim"), _outcome(visit.given("outcome", Outcome.LOST.value))
    won, day = visit.given("won"), _day(visit)

    def note(tx: Tx) -> None:
        currency = recoverable(tx, number).balance.currency
        note_outcome(tx, number, outcome, (day, Money.of(won, currency) if won else None), visit.who)

    visit.act(note)
    return visit.go(f"/recovery/{number}", f"Noted: {outcome.value}.")


def _outcome(text: str) -> Outcome:
    try:
        return Outcome(text)
    except ValueError:
        raise Invalid(f"What Amazon answered {text!r}: expected one of {', '.join(Outcome)}.") from None


PAGE = Page(
    "recovery-claim",
    "Claim",
    (
        Route("/recovery/{claim:int}", _show),
        Route("/recovery/{claim:int}/pack.zip", _pack),
        Route("/recovery/{claim:int}/stage", _stage, "claims.dispute", "POST"),
        Route("/recovery/{claim:int}/papers", _add_paper, MAY, "POST"),
        Route("/recovery/papers/{paper:int}/take-back", _take_paper_back, MAY, "POST"),
        Route("/recovery/{claim:int}/submit", _preview),
        Route("/recovery/{claim:int}/submit", _submit, "claims.dispute", "POST"),
        Route("/recovery/{claim:int}/write-off", _write_off, "cases.resolve", "POST"),
        Route("/recovery/{claim:int}/answer", _answer, "claims.dispute", "POST"),
    ),
)
