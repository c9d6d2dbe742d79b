"""Remittances to look at: a list, and one payment as a statement whose every block adds up to what was paid."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotFound
from trueup.base.money import Money
from trueup.domain.remittances import PaymentState, Remittance
from trueup.domain.settlement import Placement
from trueup.domain.tellings import Telling
from trueup.storage import journal, suspense
from trueup.storage.bank import bank_ties
from trueup.storage.remittances import POSTED, SavedRemittance, load_remittance, remittances
from trueup.storage.views.bank_of_payment import tell_bank
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page
from trueup.storage.views.ranges import Ranges
from trueup.storage.views.remittance_shares import booking_of, line_of_placement, told_shares

_WAITS = sa.exists().where(suspense.suspense.c.remittance_id == remittances.c.id)
_TIED = sa.exists().where(bank_ties.c.payments.contains(array([remittances.c.partner + "/" + remittances.c.payment])))
POSTINGS = ("posted", "unposted", "held")


@dataclass(frozen=True, slots=True)
class RemittanceFilter:
    """Which payments to list; None asks nothing. `until` is included. `state`: of the payment, or of its posting. `begins`: how its
    number begins. `ranges`: of its amount and its day. `tied`: only those that the bank ties; `untied`: those
    that should come there, and are not tied."""

    partner: str | None = None
    since: date | None = None
    until: date | None = None
    state: str | None = None
    unexplained: bool = False
    begins: str = ""
    ranges: Ranges = field(default_factory=Ranges)
    tied: bool = False
    untied: bool = False


def list_remittances(
    connection: sa.Connection, wanted: RemittanceFilter, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Payments, the latest first, from before one (by id), with what of each waits in suspense."""
    table = remittances.c
    query = _wanted(wanted).order_by(table.paid_on.desc(), table.id.desc()).limit(limit)
    if before is not None:
        last = sa.select(table.paid_on, table.id).where(table.id == before).scalar_subquery()
        query = query.where(sa.tuple_(table.paid_on, table.id) < last)
    return _heads(connection, list(connection.execute(query).mappings()))


def page_remittances(connection: sa.Connection, wanted: RemittanceFilter, at: str, limit: int = ROWS) -> Paged:
    """The same by pages, forward and back. Raises Invalid for a place that is none."""
    order = Order((remittances.c.paid_on, remittances.c.id), descending=True)
    paged = fetch_page(connection, _wanted(wanted), order, at, limit)
    return Paged(_heads(connection, paged.rows), paged.before, paged.after)


def growing_remittances(wanted: RemittanceFilter) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(_wanted(wanted), remittances.c.id)


def _wanted(wanted: RemittanceFilter) -> sa.Select[Any]:
    table, query = remittances.c, sa.select(remittances)
    if wanted.partner is not None:
        query = query.where(table.partner == wanted.partner)
    if wanted.since is not None:
        query = query.where(table.paid_on >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.paid_on <= wanted.until)
    if wanted.state is not None:
        query = query.where((table.posting if wanted.state in POSTINGS else table.state) == wanted.state)
    if wanted.unexplained:
        query = query.where(_WAITS)
    if wanted.tied:
        query = query.where(_TIED)
    if wanted.untied:
        query = query.where(~_TIED, table.state == PaymentState.PAID.value, table.amount_minor > 0)
    if wanted.begins:
        query = query.where(table.payment.startswith(wanted.begins, autoescape=True))
    ranges = wanted.ranges
    return query.where(*ranges.amounts(table.amount_minor, table.currency), *ranges.days(table.paid_on))


def sum_remittances(connection: sa.Connection, wanted: RemittanceFilter) -> list[tuple[int, Money]]:
    """The payments of a filter per currency: how many, and what they come to."""
    rows = _wanted(wanted).subquery()
    query = sa.select(rows.c.currency, sa.func.count(), sa.func.sum(rows.c.amount_minor))
    query = query.group_by(rows.c.currency).order_by(rows.c.currency)
    return [(count, Money(int(minor), currency)) for currency, count, minor in connection.execute(query)]


def sum_waiting(connection: sa.Connection, wanted: RemittanceFilter) -> list[tuple[int, Money]]:
    """What is in suspense of the payments of a filter, per currency of their invoices: of how many, and what it comes to, as Amazon
    pays."""
    rows, waits = _wanted(wanted).subquery(), suspense.suspense.c
    query = (
        sa.select(rows.c.invoice_currency, sa.func.count(rows.c.id.distinct()), sa.func.sum(waits.minor))
        .join_from(rows, suspense.suspense, waits.remittance_id == rows.c.id)
        .group_by(rows.c.invoice_currency)
        .order_by(rows.c.invoice_currency)
    )
    return [(count, Money(int(minor), currency)) for currency, count, minor in connection.execute(query)]


def _heads(connection: sa.Connection, rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    waiting = _sums_waiting(connection, [row["id"] for row in rows])
    return [_head(row, *waiting.get(row["id"], (0, 0))) for row in rows]


def _sums_waiting(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """What waits of each payment, as Amazon pays, and in how many cases."""
    rows = connection.execute(_SUMS, {"ids": list(ids)})
    return {row.remittance_id: (int(row.minor), row.cases) for row in rows}


_SUMS = sa.text(
    "SELECT remittance_id, sum(minor) AS minor, count(DISTINCT (kind, subject)) AS cases FROM trueup.suspense"
    " WHERE remittance_id = ANY(:ids) GROUP BY remittance_id"
)


def _head(row: Mapping[Any, Any], waiting: int, cases: int) -> dict[str, Any]:
    return {
        "id": row["id"],
        "partner": row["partner"],
        "payment": row["payment"],
        "payee": row["payee"],
        "paid_on": row["paid_on"].isoformat(),
        "amount": str(Money(row["amount_minor"], row["currency"])),
        "state": row["state"],
        "posting": row["posting"],
        "source": row["source"],
        "lines": row["line_count"],
        "in_suspense": str(Money(waiting, row["invoice_currency"])) if cases else None,
        "cases": cases,
        "does_not_tie_by": str(Money(row["tie_minor"], row["invoice_currency"])) if row["tie_minor"] else None,
    }


def find_remittance(connection: sa.Connection, wanted: str, partner: str | None = None) -> int:
    """The id of a payment by its number, or PARTNER/NUMBER. Raises NotFound, Conflict when it is several partners'."""
    names = [(partner, wanted)]
    head, slash, tail = wanted.partition("/")
    if slash and partner is None:
        names.append((head, tail))
    query = sa.select(remittances.c.id, remittances.c.partner)
    for of_partner, number in names:
        found = query.where(remittances.c.payment == number)
        if of_partner is not None:
            found = found.where(remittances.c.partner == of_partner)
        rows = connection.execute(found).all()
        if len(rows) > 1:
            partners = ", ".join(sorted(row.partner for row in rows))
            raise Conflict(f"Payment {number} is one of {partners}: say which with --partner.")
        if rows:
            return int(rows[0].id)
    of = f" of {partner}" if partner else ""
    raise NotFound(
        f"Payment {wanted}{of}: no such payment; `trueup remittances list` shows them, "
        f"`trueup remittances import FILE` takes one in."
    )


def load_payment(connection: sa.Connection, remittance_id: int) -> SavedRemittance:
    """A payment with all that its sources tell. Raises NotFound."""
    return load_remittance(connection, remittance_id)


def show_remittance(connection: sa.Connection, remittance_id: int) -> dict[str, Any]:
    """One payment as a statement: what Amazon tells, how it is booked, what came as cash, what the bank says, and what waits in
    which case.

    Every block comes to the payment, to the cent; `adds_up` says so, and is false only for a defect. Raises NotFound.
    """
    saved = load_remittance(connection, remittance_id)
    told = saved.remittance
    placements = journal.load_placements(connection, remittance_id)
    waiting = suspense.suspended_of(connection, [remittance_id]).get(remittance_id, [])
    cases = load_cases(connection, {(each.kind, each.subject) for each in waiting})
    described, booked, cash = _told(told), _booked(placements, cases), _cash(placements)
    names = documents_of(connection, [telling.evidence for telling in saved.tellings.values()])
    return {
        **_header(saved, names),
        "told": described,
        "told_sum": str(told.expected),
        "booked": [_shown(row, told.currency) for row in booked],
        "booked_sum": str(Money(sum(row["minor"] for row in booked), told.currency)),
        "cash": cash,
        "adds_up": _adds_up(saved, booked, placements),
        "bank": tell_bank(connection, saved),
        "cases": [
            *({**case, "in_suspense": _waiting_in(waiting, key)} for key, case in sorted(cases.items())),
            *_cases_about(connection, saved),
        ],
        "entries": _entries(connection, remittance_id),
        "tellings": [_telling(each, names) for each in saved.tellings.values()],
    }


def _header(saved: SavedRemittance, names: Mapping[str, str]) -> dict[str, Any]:
    told = saved.remittance
    return {
        "id": saved.id,
        "partner": saved.partner,
        "payment": told.payment,
        "payee": told.payee,
        "paid_on": told.paid_on.isoformat(),
        "amount": str(told.amount),
        "in_invoice_currency": str(told.expected),
        "rate": str(told.rate) if told.rate is not None else None,
        "state": told.state.value,
        "voided_reason": told.voided_reason,
        "method": told.method,
        "source": told.source.value,
        "posting": saved.posting,
        "posted_on": saved.post_on.isoformat() if saved.post_on else None,
        "hides_items": told.hides_items,
        "lines": len(told.lines),
        "document": {"digest": saved.primary.evidence, "name": names.get(saved.primary.evidence, "")},
    }


_TELLINGS = {
    "settled": "settled by its lines",
    "adjusted": "adjusted inside its lines",
    "discount": "kept as terms discount",
    "tax": "kept as tax",
    "rest": "not explained by its lines",
}


def _told(told: Remittance) -> list[dict[str, Any]]:
    """What the lines say, in sums. `group` names them among the groups of its lines."""
    return [
        {
            "what": _TELLINGS[name],
            "group": name,
            "lines": len(of.keys() - {0}),
            "amount": str(Money(sum(of.values()), told.currency)),
        }
        for name, of in told_shares(told).items()
    ]


def _booked(placements: Iterable[Placement], cases: Mapping[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """What is booked about the lines, by type and account, as Amazon pays: the other side of the cash."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in placements:
        if not _of_cash(each):
            key = (each.case, each.type, each.account)
            named = {"type": each.type, "account": each.account, "group": booking_of(each)}
            row = rows.setdefault(key, {**named, "numbers": set(), "minor": 0})
            row["numbers"].add(line_of_placement(each.line))
            row["minor"] -= each.minor
            if each.case:
                kind, _, subject = each.case.partition(" ")
                row["case"] = cases.get((kind, subject), {}).get("id")
                row["kind"] = kind
    return [rows[key] for key in sorted(rows, key=lambda key: (bool(key[0]), key[1] != "invoice", key))]


def _shown(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "type": row["type"],
        "kind": row.get("kind"),
        "case": row.get("case"),
        "account": row["account"],
        "group": row["group"],
        "lines": len(row["numbers"] - {0}),
        "amount": str(Money(row["minor"], currency)),
    }


def _cash(placements: Iterable[Placement]) -> list[dict[str, Any]]:
    return [
        {"account": each.account, "what": each.rule, "amount": str(Money(each.minor, each.currency))}
        for each in sorted(placements, key=lambda each: (each.currency, each.account))
        if _of_cash(each)
    ]


def _of_cash(each: Placement) -> bool:
    """What the payment as a whole makes, apart from what its lines do not explain."""
    return each.line == 0 and not each.type and not each.case


def _adds_up(saved: SavedRemittance, booked: Iterable[Mapping[str, Any]], placements: Iterable[Placement]) -> bool:
    """Whether what is booked about the lines and what is booked as received are both the payment."""
    told = saved.remittance
    expected = told.expected.minor if saved.posting == POSTED else 0
    received = sum(each.minor for each in placements if _of_cash(each) and each.currency == told.currency)
    rest = sum(each.minor for each in placements if _of_cash(each) and each.currency != told.currency)
    return sum(row["minor"] for row in booked) == expected == received and rest == 0


def _waiting_in(waiting: Iterable[Any], key: tuple[str, str]) -> str:
    found = [each for each in waiting if (each.kind, each.subject) == key]
    return str(Money(sum(each.minor for each in found), found[0].currency))


def _telling(telling: Telling, names: Mapping[str, str]) -> dict[str, Any]:
    told = telling.remittance
    return {
        "source": told.source.value,
        "document": {"digest": telling.evidence, "name": names.get(telling.evidence, "")},
        "amount": str(told.amount),
        "in_invoice_currency": str(told.expected),
        "state": told.state.value,
        "lines": len(told.lines),
        "does_not_tie_by": str(told.tie) if told.tie else None,
    }


def _entries(connection: sa.Connection, remittance_id: int) -> list[dict[str, Any]]:
    query = sa.select(journal.journal_entries).where(journal.journal_entries.c.remittance_id == remittance_id)
    rows = connection.execute(query.order_by(journal.journal_entries.c.id)).mappings()
    return [
        {
            "id": row["id"],
            "key": row["key"],
            "day": row["day"].isoformat(),
            "kind": row["kind"],
            "narration": row["narration"],
            "actor": row["actor"],
            "posted_at": write_instant(row["posted_at"]),
        }
        for row in rows
    ]


def load_cases(connection: sa.Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The open cases of these kinds and subjects, in short."""
    if not keys:
        return {}
    kinds, subjects = zip(*sorted(keys), strict=True)
    rows = connection.execute(_CASES, {"kinds": list(kinds), "subjects": list(subjects)})
    return {
        (row.kind, row.subject): {
            "id": row.id,
            "kind": row.kind,
            "title": row.title,
            "money_at_risk": str(Money(row.risk_minor, row.risk_currency)) if row.risk_minor is not None else None,
        }
        for row in rows
    }


_CASES = sa.text(
    "SELECT c.id, c.kind, c.subject, c.title, c.risk_minor, c.risk_currency FROM trueup.cases c"
    " JOIN unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS k(kind, subject)"
    " ON c.kind = k.kind AND c.subject = k.subject WHERE c.state = 'open'"
)


def _cases_about(connection: sa.Connection, saved: SavedRemittance) -> list[dict[str, Any]]:
    """Cases about the payment as a whole that hold none of its money in suspense."""
    subject = f"payment {saved.partner}/{saved.remittance.payment}"
    kinds = ("books.closed-month", "remittance.sources-differ")
    found = load_cases(connection, {(kind, subject) for kind in kinds})
    return [{**case, "in_suspense": None} for case in found.values()]


def documents_of(connection: sa.Connection, digests: Iterable[str]) -> dict[str, str]:
    """The names under which documents with these hashes came first."""
    rows = connection.execute(_NAMES, {"digests": sorted(set(digests))})
    return {row.digest: row.name for row in rows}


_NAMES = sa.text(
    "SELECT DISTINCT ON (digest) digest, name FROM trueup.documents WHERE digest = ANY(CAST(:digests AS char(64)[]))"
    " ORDER BY digest, id"
)
