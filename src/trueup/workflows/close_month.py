"""Close a month: its points are answered for, one person proposes, a second approves, and then nothing is posted there any more.

A required point that is open refuses the lock, unless the proposal says why the month is closed all the same and a second person
approves that, too: the reason and the points stand in the pack for ever.

What was proposed is what is closed: when the books have changed in between, the second person is refused and it is proposed anew.
The pack is archived as JSON, PDF and XLSX; the JSON's hash stands with the closed month, and can be computed again ever after.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict, Refused
from trueup.base.ids import Digest, canonical_json, digest_of_json
from trueup.domain.accruals import accrue
from trueup.domain.chart import Purpose
from trueup.domain.closing import Accrual, Answered, ClosePack, Figures, Month, Setting
from trueup.domain.closing_checklist import Point, checklist
from trueup.domain.deduction import Family
from trueup.domain.sign_offs import Signed, Standing, Task, standing_of
from trueup.domain.terms import Basis
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.storage import acts, closing, sign_offs
from trueup.storage.closing import ACT, Closing
from trueup.storage.json_values import from_json, to_json
from trueup.storage.terms import load_terms
from trueup.storage.views.closing import Scope, load_figures
from trueup.storage.views.closing_points import load_charged, load_observed, load_receipts
from trueup.storage.views.closing_rows import Behind
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Books, Tx

KIND = "close-pack"
SOURCE = "books"
_WITHOUT_INVOICE = (Family.INVOICE, Family.PROVISION, Family.SHORTAGE, Family.PRICE, Family.DISCOUNT, Family.BALANCE)
"""Families whose lines come with no invoice of Amazon's that one could hold a copy of."""


_BY_AGREEMENT = (Family.CO_OP, Family.ALLOWANCE)


@dataclass(frozen=True, slots=True)
class Looked:
    """A month looked at. `closing`: how it was closed, None while it is open; then `same` says whether its figures are the same
    when they are computed again. `proposal`: waits for a second person."""

    pack: ClosePack
    points: tuple[Point, ...]
    closing: Closing | None = None
    same: bool = True
    proposal: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ProposedClosing:
    """A closing that waits for a second person, with the points it is proposed in spite of."""

    proposal: int
    month: Month
    blocking: tuple[Signed, ...]


def setting_of(books: Books) -> Setting:
    """The accounts of the chart that a close proves, and the names of accounts and types."""
    chart, types = books.chart, books.types.values()
    proven = (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS)
    codes = {chart.code(purpose) for purpose in proven}
    codes |= {chart.code_of_type(each.code, each.purpose) for each in types if each.purpose in proven}
    return Setting(
        cash=chart.code(Purpose.CASH),
        receivable=chart.code(Purpose.RECEIVABLE),
        suspense=chart.code(Purpose.SUSPENSE),
        provisions=chart.code(Purpose.PROVISIONS),
        clearing=chart.code(Purpose.CLEARING),
        disputed=tuple(sorted(codes)),
        names={account.code: account.name for account in chart.accounts},
        labels={each.code: each.label for each in types},
    )


def prepare_pack(connection: sa.Connection, books: Books, month: Month, known_at: datetime) -> ClosePack:
    """The month's pack as it is known at an instant. The caller sees to it that nothing is posted meanwhile."""
    setting = setting_of(books)
    figures = _figures(connection, books, setting, month, known_at)
    observed = load_observed(connection, month, figures, _types_with_copies(books))
    return ClosePack(month.first, known_at, setting, figures, observed, _accruals(connection, books, month, known_at))


def look_at_month(connection: sa.Connection, books: Books, month: Month, now: datetime, content: Any) -> Looked:
    """A month as it stands; of a closed one the archived pack (`content` gives archived bytes by hash), computed once more.

    Raises Refused for a month that has not begun.
    """
    known = closing.load_closing(connection, month)
    if known is None:
        if month.first > now.date():
            raise Refused(f"The month {month} has not begun: it is {now:%Y-%m-%d}.")
        pack = prepare_pack(connection, books, month, now)
        return Looked(pack, checklist(pack), proposal=closing.find_proposal(connection, month))
    pack = read_pack(content(known.evidence))
    again = _figures(connection, books, pack.setting, month, known.closed_at)
    return Looked(pack, checklist(pack), known, same=again == pack.figures)


def propose_closing(tx: Tx, month: Month, person: Person, override: str = "") -> ProposedClosing:
    """Ask a second person to close a month.

    Raises Refused without the role, for a month that is not over or not the next, or with points that are open and no `override`;
    Conflict when it is closed already.
    """
    demand_role(person, ACT)
    _demand_closable(tx, month)
    acts.hold_subject(tx.connection, f"month {month}")
    acts.hold_proposal(tx.connection, ACT, f"month {month}")  # before the books, as who approves it does
    closing.take_books(tx.connection)
    pack = prepare_pack(tx.connection, tx.resources.books, month, tx.now)
    blocking = _blocking(signed_points(tx.connection, month, checklist(pack)))
    _demand_answered(month, blocking, override)
    arguments = {
        "month": str(month),
        "figures": figures_digest(pack),
        "open": [each.point.name for each in blocking],
        "override": override.strip() if blocking else "",
        "note": override,
    }
    wanted = acts.Proposal(ACT, f"month {month}", arguments, override or "every point is answered for", person.name)
    number, fresh = _propose(tx, wanted, person)
    after = {"proposal": number, "figures": arguments["figures"], "open": arguments["open"], "override": override}
    if fresh:
        record_deed(tx.connection, tx.now, person, Deed("month.proposed", f"month {month}", after=after))
    return ProposedClosing(number, month, blocking)


def approve_closing(tx: Tx, proposal_id: int, person: Person) -> Closing:
    """The second person: the month is closed in the same transaction, with its pack as evidence.

    Raises Refused without the role, for the proposer, or when the books or the points are no longer what was proposed.
    """
    demand_role(person, ACT)
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    if row["act"] != ACT:
        raise Refused(f"Proposal {proposal_id} is to {row['act']} {row['subject']}, not to close a month.")
    month, override = Month.read(row["arguments"]["month"]), row["arguments"]["override"]
    _demand_closable(tx, month)
    closing.take_books(tx.connection)
    pack = prepare_pack(tx.connection, tx.resources.books, month, tx.now)
    if figures_digest(pack) != row["arguments"]["figures"]:
        raise Refused(
            f"The books of {month} have changed since {row['proposed_by']} proposed to close it on "
            f"{row['proposed_at']:%Y-%m-%d %H:%M}: look at `trueup close {month}` and propose it again."
        )
    signed = signed_points(tx.connection, month, checklist(pack))
    said = row["arguments"].get("open", ())
    _demand_answered(month, [each for each in _blocking(signed) if each.point.name not in said], "")
    answers = tuple(_answered(each) for each in signed)
    pack = replace(pack, closed_by=row["proposed_by"], approved_by=person.name, override=override, answers=answers)
    evidence = _archive(tx, pack)
    done = Closing(month, row["proposed_by"], person.name, tx.now, evidence)
    closing.append_closing(tx.connection, done)
    after = {"proposal": proposal_id, "proposed_by": row["proposed_by"], "override": override, "open": list(said)}
    record_deed(tx.connection, tx.now, person, Deed("month.closed", f"month {month}", after=after, evidence=evidence))
    return done


def write_pack(pack: ClosePack) -> bytes:
    """The pack as one byte string, which its hash is of."""
    return canonical_json(to_json(pack))


def read_pack(content: bytes) -> ClosePack:
    """The pack again."""
    return from_json(json.loads(content), ClosePack)


def figures_digest(pack: ClosePack) -> Digest:
    """The hash of the figures alone: what must be the same whenever they are computed."""
    return digest_of_json(to_json(pack.figures))


def rows_behind(connection: sa.Connection, books: Books, month: Month, now: datetime) -> Behind:
    """The rows that the numbers of a month's close are the sum of: of a closed one as they were known when it was closed."""
    known = closing.load_closing(connection, month)
    scope = _scope_of(connection, books, month, known.closed_at if known is not None else now)
    return Behind(connection, scope, setting_of(books), _types_with_copies(books))


def _scope_of(connection: sa.Connection, books: Books, month: Month, known_at: datetime) -> Scope:
    """What the figures of a month are read of, as they were known at an instant."""
    before = closing.load_closing(connection, month.before)
    opening = before.closed_at if before is not None else known_at
    invoices = [each.code for each in books.types.values() if each.family is Family.INVOICE]
    return Scope(month, known_at, opening, invoices)


def _types_with_copies(books: Books) -> tuple[str, ...]:
    """The deduction types that come with an invoice of Amazon's, which one can hold a copy of."""
    return tuple(each.code for each in books.types.values() if each.family not in _WITHOUT_INVOICE)


def _figures(connection: sa.Connection, books: Books, setting: Setting, month: Month, known_at: datetime) -> Figures:
    return load_figures(connection, _scope_of(connection, books, month, known_at), setting)


def _accruals(connection: sa.Connection, books: Books, month: Month, known_at: datetime) -> tuple[Accrual, ...]:
    terms = [saved.term for saved in load_terms(connection)]
    agreed = [each.code for each in books.types.values() if each.family in _BY_AGREEMENT]
    agreed += [term.kind for term in terms if term.basis is Basis.NET_RECEIPTS]
    receipts = load_receipts(connection, month, known_at)
    return accrue(terms, receipts, load_charged(connection, month, agreed), month.last, known_at.date())


def signed_points(connection: sa.Connection, month: Month, points: Iterable[Point]) -> list[Signed]:
    """Points of a month, each with whose it is, its newest sign-off, and where it stands."""
    tasks, signed = sign_offs.load_tasks(connection, month), sign_offs.load_sign_offs(connection, month)
    return [
        Signed(each, tasks.get(each.name, Task()), signed.get(each.name), standing_of(each, signed.get(each.name)))
        for each in points
    ]


def _blocking(signed: Iterable[Signed]) -> tuple[Signed, ...]:
    return tuple(each for each in signed if each.blocks)


def _answered(each: Signed) -> Answered:
    by, note = (each.sign_off.by, each.sign_off.note) if each.sign_off else ("", "")
    reviewed_by = each.sign_off.reviewed_by if each.sign_off else ""
    why = each.why if each.blocks else ""
    return Answered(each.point.name, each.standing.value, each.point.text, by, note, reviewed_by, why)


def _demand_closable(tx: Tx, month: Month) -> None:
    known = closing.load_closing(tx.connection, month)
    if known is not None:
        raise Conflict(
            f"The month {month} was closed by {known.closed_by} and {known.approved_by} on {known.closed_at:%Y-%m-%d}."
        )
    if month.last >= tx.now.date():
        raise Refused(f"The month {month} is not over: it is {tx.now:%Y-%m-%d}, and it ends on {month.last}.")
    later = [each for each in closing.list_closings(tx.connection) if each.month > month]
    if later:
        raise Refused(
            f"The month {month} is before {later[-1].month}, which is closed: what is before it is closed with it."
        )


def _demand_answered(month: Month, blocking: Sequence[Signed], override: str) -> None:
    if blocking and not override.strip():
        reasons = " ".join(_told(each) for each in blocking)
        raise Refused(
            f"The month {month} is not fit to be closed: {reasons} Answer for it, or say why it is closed all the same with "
            f"--override; a second person approves that, and it stands in the pack."
        )


def _told(each: Signed) -> str:
    detail = f" ({each.point.detail})" if each.point.detail else ""
    return f"{each.point.name}: {each.point.text}{detail}{'' if each.standing is Standing.BLOCKED else f' {each.why}'}"


def _propose(tx: Tx, wanted: acts.Proposal, person: Person) -> tuple[int, bool]:
    """One proposal a month, and whether it is another than waited: whoever proposes again after the books changed takes the place
    of who did before."""
    waiting = acts.hold_proposal(tx.connection, ACT, wanted.subject)
    if waiting is not None and waiting["arguments"] == wanted.arguments:
        return int(waiting["id"]), False
    return acts.replace(tx.connection, wanted, tx.now, person.standing), True


def _archive(tx: Tx, pack: ClosePack) -> str:
    """The pack for machines, whose hash is the evidence, and as it is read by people."""
    book = io.BytesIO()
    write_close_pack_workbook(book, pack)
    world, name = tx.resources, f"close-{pack.of}"
    digest = world.keep(tx.connection, write_pack(pack), kind=KIND, source=SOURCE, name=f"{name}.json")
    for content, ending in ((write_close_pack_pages(pack), "pdf"), (book.getvalue(), "xlsx")):
        world.keep(tx.connection, content, kind=KIND, source=SOURCE, name=f"{name}.{ending}")
    return digest
