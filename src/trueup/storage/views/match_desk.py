"""The desk where lines are matched: lines that wait in a case, open items to settle, what is matched, and what was undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.confidence import Pairing
from trueup.domain.open_items import ResidueLine
from trueup.storage.remittances import line_of, remittances
from trueup.storage.suspense import line_answers
from trueup.storage.undone_matches import undone_matches
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.open_items import BookItem, find_items, load_items
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page
from trueup.storage.views.rivals import Place, load_lines, signs_json

MOST_LINES = 50
"""So many lines of a case stand on its desk; more are answered in the coding sheet, or by a rule."""

_FOUND, _SUGGESTED = 20, 5


@dataclass(frozen=True, slots=True)
class DeskLine:
    """A line that waits: its payment, what of it waits, what it says, and where in which document it says so."""

    remittance: int
    partner: str
    payment: str
    minor: int
    currency: str
    why: str
    said: ResidueLine
    document: str
    place: str

    @property
    def name(self) -> str:
        """As an address names it: `12.3` is line 3 of payment 12."""
        return f"{self.remittance}.{self.said.number}"

    @property
    def amount(self) -> Money:
        """What of it waits, as Amazon has it."""
        return Money(self.minor, self.currency)


def list_desk_lines(connection: sa.Connection, kind: str, subject: str) -> list[DeskLine]:
    """The lines that wait in a case, those of payments as they stand there."""
    rows = connection.execute(_LINES, {"kind": kind, "subject": subject, "most": MOST_LINES})
    return [_desk_line(row) for row in rows]


def _desk_line(row: sa.Row[Any]) -> DeskLine:
    said = ResidueLine.of(line_of(row._mapping), payee=row.payee, paid_on=row.paid_on)
    amount = (row.minor, row.invoice_currency)
    return DeskLine(row.remittance_id, row.partner, row.payment, *amount, row.why, said, row.document or "", row.place)


_LINES = sa.text(
    "SELECT r.partner, r.payment, r.payee, r.paid_on, r.invoice_currency, s.minor, s.why, l.*,"
    " coalesce(l.evidence, t.evidence) AS document FROM trueup.suspense s JOIN trueup.remittances r ON r.id = s.remittance_id"
    " JOIN trueup.remittance_lines l ON l.remittance_id = s.remittance_id AND l.source = r.source AND l.number = s.line"
    " LEFT JOIN trueup.remittance_tellings t ON t.remittance_id = r.id AND t.source = r.source"
    " WHERE s.kind = :kind AND s.subject = :subject AND s.line > 0 ORDER BY s.remittance_id, s.line LIMIT :most"
)


def candidates_for(
    connection: sa.Connection, line: DeskLine, keys: Sequence[str], words: str = ""
) -> list[dict[str, Any]]:
    """Open items: those of the keys, in their order, then what a search finds. Words that are an amount find that amount.

    Without words, what is open by just what the line moves.
    """
    picked = load_items(connection, line.partner, line.currency, keys)
    found = [picked[key] for key in keys if key in picked]
    minor = _minor(words, line.currency) if words else abs(line.minor)
    sought = find_items(connection, line.partner, line.currency, (words, minor), _FOUND if words else _SUGGESTED)
    found += [each for each in sought if each.item.key not in picked]
    return [_candidate(each, line, is_picked=each.item.key in picked) for each in found]


def _candidate(each: BookItem, line: DeskLine, *, is_picked: bool) -> dict[str, Any]:
    item = each.item
    return {
        "key": item.key,
        "called": item.called,
        "open": str(Money(item.open, line.currency)),
        "day": item.day.isoformat() if item.day else None,
        "purchase_order": item.purchase_order,
        "picked": is_picked,
        "signs": signs_json(Pairing([line.said], [(item, line.minor)], line.currency)),
    }


def _minor(words: str, currency: str) -> int | None:
    try:
        return abs(Money.of(words.replace(",", ""), currency).minor)
    except Invalid:
        return None


def page_matched(connection: sa.Connection, at: str, limit: int = ROWS) -> Paged:
    """What lines were matched to or decided to be, the latest first. Raises Invalid for a place that is none."""
    answers, payments = line_answers.c, remittances.c
    query = sa.select(
        *(answers.remittance_id, answers.source, answers.line, answers.kind),
        *(answers.why, answers.answered_at, answers.answered_by),
        *(payments.partner, payments.payment, payments.invoice_currency),
    ).select_from(line_answers.join(remittances, _told_by_source()))
    order = Order((answers.answered_at, answers.remittance_id, answers.line), descending=True)
    paged = fetch_page(connection, query.where(answers.kind.in_(("match", "decision"))), order, at, limit)
    lines = load_lines(connection, {(row["remittance_id"], row["source"], row["line"]) for row in paged.rows})
    return Paged([_matched(row, lines) for row in paged.rows], paged.before, paged.after)


def growing_matched() -> Growing:
    """The same as a list that grows."""
    answers = line_answers.c
    told = sa.select(answers.line).select_from(line_answers.join(remittances, _told_by_source()))
    is_answer = answers.kind.in_(("match", "decision"))
    return GrowingRows(told.where(is_answer), answers.answered_at, is_answer)


def growing_undone() -> Growing:
    """What was undone as a list that grows."""
    return GrowingRows(sa.select(undone_matches.c.id), undone_matches.c.id)


def _matched(row: Mapping[Any, Any], lines: Mapping[Place, ResidueLine]) -> dict[str, Any]:
    line = lines.get((row["remittance_id"], row["source"], row["line"]))
    return {
        "remittance": row["remittance_id"],
        "partner": row["partner"],
        "payment": row["payment"],
        "line": row["line"],
        "reference": line.reference if line else "",
        "settled": str(Money(line.settled, row["invoice_currency"])) if line else None,
        "kind": row["kind"],
        "why": row["why"],
        "by": row["answered_by"],
        "at": write_instant(row["answered_at"]),
    }


def _told_by_source() -> sa.ColumnElement[bool]:
    return sa.and_(remittances.c.id == line_answers.c.remittance_id, remittances.c.source == line_answers.c.source)


def page_undone(connection: sa.Connection, at: str, limit: int = ROWS) -> Paged:
    """What was matched and undone, the latest first. Raises Invalid for a place that is none."""
    undone = undone_matches.c
    query = sa.select(undone_matches, remittances.c.partner, remittances.c.payment).select_from(
        undone_matches.join(remittances, remittances.c.id == undone.remittance_id)
    )
    paged = fetch_page(connection, query, Order((undone.undone_at, undone.id), descending=True), at, limit)
    return Paged([undone_json(row) for row in paged.rows], paged.before, paged.after)


def undone_of(connection: sa.Connection, remittance: int, line: int | None = None) -> list[dict[str, Any]]:
    """What lines of a payment were posted as before that was undone, the latest first."""
    undone = undone_matches.c
    query = sa.select(undone_matches).where(undone.remittance_id == remittance).order_by(undone.id.desc())
    if line is not None:
        query = query.where(undone.line == line)
    return [undone_json(row) for row in connection.execute(query).mappings()]


def undone_json(row: Mapping[Any, Any]) -> dict[str, Any]:
    """An undone match: what the line was posted as, by whom, and who took it apart why."""
    return {
        "id": row["id"],
        "remittance": row["remittance_id"],
        "partner": row.get("partner"),
        "payment": row.get("payment"),
        "line": row["line"],
        "kind": row["kind"],
        "was": [
            {
                "account": each["account"],
                "amount": str(Money(each["minor"], each["currency"])),
                "type": each["type"],
                "rule": each["rule"],
            }
            for each in row["placements"]
        ],
        "why": row["why"],
        "chosen_by": row["chosen_by"],
        "chosen_at": _instant(row["chosen_at"]),
        "undone_by": row["undone_by"],
        "approved_by": row["approved_by"],
        "undone_at": _instant(row["undone_at"]),
        "reason": row["reason"],
    }


def _instant(moment: datetime | None) -> str | None:
    return write_instant(moment) if moment is not None else None
