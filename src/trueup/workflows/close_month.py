"""Close a month: its pack is made, one person proposes, a second approves, and then nothing is posted there any more.

What was proposed is what is closed: when the books have changed in between, the second person is refused and it is proposed anew.
The pack is archived as JSON, PDF and XLSX; the JSON's hash stands with the closed month, and can be computed again ever after.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict, Refused
from trueup.base.ids import Digest, canonical_json, digest_of_json
from trueup.domain.accruals import accrue
from trueup.domain.chart import Purpose
from trueup.domain.closing import Accrual, ClosePack, Figures, Month, Setting
from trueup.domain.closing_checklist import Point, against_closing, checklist
from trueup.domain.deduction import Family
from trueup.domain.terms import Basis
from trueup.reports.close_pack import write_close_pack_pages, write_close_pack_workbook
from trueup.storage import acts, closing
from trueup.storage.closing import ACT, Closing
from trueup.storage.json_values import from_json, to_json
from trueup.storage.terms import load_terms
from trueup.storage.views.closing import Scope, load_figures
from trueup.storage.views.closing_points import load_charged, load_observed, load_receipts
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
    """A closing that waits for a second person, with the red lights it is proposed in spite of."""

    proposal: int
    month: Month
    red: tuple[Point, ...]


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
    copied = [each.code for each in books.types.values() if each.family not in _WITHOUT_INVOICE]
    observed = load_observed(connection, month, figures, copied)
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

    Raises Refused without the role, for a month that is not over or not the next, or with red lights and no `override`;
    Conflict when it is closed already.
    """
    demand_role(person, ACT)
    _demand_closable(tx, month)
    closing.take_books(tx.connection)
    pack = prepare_pack(tx.connection, tx.resources.books, month, tx.now)
    red = against_closing(checklist(pack))
    _demand_lights(month, red, override)
    arguments = {
        "month": str(month),
        "figures": figures_digest(pack),
        "red": [point.name for point in red],
        "override": override if red else "",
        "note": override,
    }
    wanted = acts.Proposal(ACT, f"month {month}", arguments, override or "every light is green or yellow", person.name)
    number = _propose(tx, month, wanted)
    after = {"proposal": number, "figures": arguments["figures"], "red": arguments["red"], "override": override}
    record_deed(tx.connection, tx.now, person, Deed("month.proposed", f"month {month}", after=after))
    return ProposedClosing(number, month, red)


def approve_closing(tx: Tx, proposal_id: int, person: Person) -> Closing:
    """The second person: the month is closed in the same transaction, with its pack as evidence.

    Raises Refused without the role, for the proposer, or when the books or the lights are no longer what was proposed.
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
    _demand_lights(month, [each for each in _red(pack) if each.name not in row["arguments"]["red"]], "")
    pack = replace(pack, closed_by=row["proposed_by"], approved_by=person.name, override=override)
    evidence = _archive(tx, pack)
    done = Closing(month, row["proposed_by"], person.name, tx.now, evidence)
    closing.append_closing(tx.connection, done)
    after = {"proposal": proposal_id, "proposed_by": row["proposed_by"], "override": override}
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


def _figures(connection: sa.Connection, books: Books, setting: Setting, month: Month, known_at: datetime) -> Figures:
    before = closing.load_closing(connection, month.before)
    opening = before.closed_at if before is not None else known_at
    invoices = [each.code for each in books.types.values() if each.family is Family.INVOICE]
    return load_figures(connection, Scope(month, known_at, opening, invoices), setting)


def _accruals(connection: sa.Connection, books: Books, month: Month, known_at: datetime) -> tuple[Accrual, ...]:
    terms = [saved.term for saved in load_terms(connection)]
    agreed = [each.code for each in books.types.values() if each.family in _BY_AGREEMENT]
    agreed += [term.kind for term in terms if term.basis is Basis.NET_RECEIPTS]
    receipts = load_receipts(connection, month, known_at)
    return accrue(terms, receipts, load_charged(connection, month, agreed), month.last, known_at.date())


def _red(pack: ClosePack) -> tuple[Point, ...]:
    return against_closing(checklist(pack))


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


def _demand_lights(month: Month, red: Sequence[Point], override: str) -> None:
    if red and not override.strip():
        reasons = " ".join(f"{point.text}{f' ({point.detail})' if point.detail else ''}" for point in red)
        raise Refused(
            f"The month {month} is not fit to be closed: {reasons} Mend it, or say why it is closed all the same with "
            f"--override."
        )


def _propose(tx: Tx, month: Month, wanted: acts.Proposal) -> int:
    """One proposal a month: whoever proposes again after the books changed takes the place of who did before."""
    waiting = closing.find_proposal(tx.connection, month)
    if waiting is None:
        return acts.propose(tx.connection, wanted, tx.now)
    if waiting["arguments"] != wanted.arguments:
        values = {
            "arguments": wanted.arguments,
            "reason": wanted.reason,
            "proposed_by": wanted.by,
            "proposed_at": tx.now,
        }
        closing.renew_proposal(tx.connection, waiting["id"], values)
    return int(waiting["id"])


def _archive(tx: Tx, pack: ClosePack) -> str:
    """The pack for machines, whose hash is the evidence, and as it is read by people."""
    book = io.BytesIO()
    write_close_pack_workbook(book, pack)
    world, name = tx.resources, f"close-{pack.of}"
    digest = world.keep(tx.connection, write_pack(pack), kind=KIND, source=SOURCE, name=f"{name}.json")
    for content, ending in ((write_close_pack_pages(pack), "pdf"), (book.getvalue(), "xlsx")):
        world.keep(tx.connection, content, kind=KIND, source=SOURCE, name=f"{name}.{ending}")
    return digest
