"""The lines of a payment to look at: each with its document, its place there, what was decided about it, and where it is booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.remittances import RemittanceLine
from trueup.domain.settlement import Suspended
from trueup.domain.tellings import Telling
from trueup.storage import suspense
from trueup.storage.remittances import SavedRemittance
from trueup.storage.views.remittance_shares import line_of_placement
from trueup.storage.views.remittances import documents_of, load_cases


def explain_lines(
    connection: sa.Connection,
    saved: SavedRemittance,
    line: int | None = None,
    *,
    limit: int = 500,
    only: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """Lines of the telling that the books follow, each with its story; one of them when `line` says which, or `only` some.

    Line 0 is what the payment as a whole leaves unexplained, where it does. Raises NotFound.
    """
    told = saved.primary
    lines = (each for each in told.remittance.lines if line in (None, each.number))
    wanted = [each for each in lines if only is None or each.number in only][:limit]
    waiting = _waiting(connection, saved)
    if line and not wanted:
        raise NotFound(
            f"Payment {told.remittance.payment} has no line {line}: its {len(told.remittance.lines)} lines are numbered from 1."
        )
    numbers = [each.number for each in wanted]
    whole = told.remittance.tie and line in (None, 0) and (only is None or 0 in only)
    postings = _postings(connection, saved.id, [*numbers, 0] if whole else numbers)
    answers = _answers(connection, saved.id, told.remittance.source.value, numbers)
    cases = load_cases(connection, {(each.kind, each.subject) for of in waiting.values() for each in of})
    names = documents_of(connection, {told.evidence, *told.of_lines.values()})
    rows = [
        {
            **_line(each, told),
            "document": _document(told.of_lines.get(each.number, told.evidence), names),
            "postings": postings.get(each.number, []),
            "answer": answers.get(each.number),
            **_waits(waiting.get(each.number, ()), cases),
        }
        for each in wanted
    ]
    if whole:
        unexplained = [each for each in postings.get(0, []) if each["type"] or each["case_key"]]
        rows.append(
            {
                "line": 0,
                "settled": str(told.remittance.tie),
                "document": _document(told.evidence, names),
                "postings": unexplained,
                "answer": None,
                **_waits(waiting.get(0, ()), cases),
            }
        )
    return rows


def waiting_lines(connection: sa.Connection, saved: SavedRemittance) -> dict[int, int]:
    """What of each line waits in suspense, in minor units by its number, with what was carved out of it; 0 is what the payment as a
    whole leaves unexplained."""
    waiting: defaultdict[int, int] = defaultdict(int)
    for each in suspense.suspended_of(connection, [saved.id]).get(saved.id, []):
        waiting[line_of_placement(each.line)] += each.minor
    return dict(waiting)


def _waiting(connection: sa.Connection, saved: SavedRemittance) -> dict[int, list[Suspended]]:
    """What waits, by the number of its line: the line itself before what was carved out of it, in the order told."""
    found: defaultdict[int, list[Suspended]] = defaultdict(list)
    for each in sorted(suspense.suspended_of(connection, [saved.id]).get(saved.id, []), key=lambda each: -each.line):
        found[line_of_placement(each.line)].append(each)
    return dict(found)


def _line(line: RemittanceLine, told: Telling) -> dict[str, Any]:
    currency = told.remittance.currency

    def shown(minor: int | None) -> str | None:
        return str(Money(minor, currency)) if minor is not None else None

    return {
        "line": line.number,
        "reference": line.reference,
        "description": line.description,
        "kind": line.kind,
        "settled": shown(line.settled),
        "discount": shown(line.discount),
        "withheld": shown(line.withheld),
        "paid": shown(line.paid),
        "gross": shown(line.gross),
        "remaining": shown(line.remaining),
        "invoice_day": line.invoice_day.isoformat() if line.invoice_day else None,
        "references": dict(line.references),
        "adjustments": [
            {"code": each.code, "amount": shown(each.minor), "reference": each.reference} for each in line.adjustments
        ],
        "place": line.place,
    }


def _document(digest: str, names: Mapping[str, str]) -> dict[str, str]:
    return {"name": names.get(digest, ""), "digest": digest}


def _waits(waiting: Sequence[Suspended], cases: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, Any]:
    """Why a line waits, and for what else: what is carved out of it may be asked about in cases of their own."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for each in waiting:
        case = cases.get((each.kind, each.subject), {})
        found = {"case": case.get("id"), "kind": each.kind, "why": each.why, "title": case.get("title")}
        # What is carved out of a line is no line that a rule is made from, or that is matched.
        known = told.setdefault((each.kind, each.subject), {**found, "minor": 0, "carved": each.line < 0})
        known["minor"] += each.minor
        known["amount"] = str(Money(known["minor"], each.currency))
    first, *others = told.values() or [None]
    return {"waits": first, "also_waits": others}


def _postings(connection: sa.Connection, remittance_id: int, lines: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Where lines are booked, with what was carved out of them: every posting that was ever made, a correction after what it
    corrects."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(_POSTINGS, {"remittance": remittance_id, "lines": list(lines)}):
        found[line_of_placement(row.source_line)].append(
            {
                "entry": row.id,
                "key": row.key,
                "day": row.day.isoformat(),
                "number": row.number,
                "account": row.account,
                "amount": str(Money(row.minor, row.currency)),
                "type": row.type,
                "invoice": row.invoice,
                "claim": row.claim,
                "rule": row.rule,
                "case_key": row.case_key,
            }
        )
    return found


_POSTINGS = sa.text(
    "SELECT e.id, e.key, e.day, l.number, l.account, l.minor, l.currency, l.type, l.claim, l.rule, l.case_key, l.source_line,"
    " i.number AS invoice FROM trueup.journal_entries e JOIN trueup.journal_lines l ON l.entry_id = e.id"
    " LEFT JOIN trueup.invoices i ON i.id = l.invoice_id WHERE e.remittance_id = :remittance"
    " AND CASE WHEN l.source_line < 0 THEN (-l.source_line - 1) / 100 ELSE l.source_line END = ANY(:lines)"
    " ORDER BY e.id, l.number"
)


def standing(postings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What stands of a line's postings now, what it settles first: what a correction took back is left away."""
    sums: defaultdict[tuple[str, ...], Money] = defaultdict()
    last: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for each in postings:
        amount = Money.of(*each["amount"].split(" "))
        key = (*(each[name] or "" for name in ("account", "type", "invoice", "claim", "case_key")), amount.currency)
        sums[key] = sums[key] + amount if key in sums else amount
        last[key] = each
    stands = [each for key, each in last.items() if sums[key]]
    return sorted(stands, key=lambda each: (not each["case_key"], each["type"] != "invoice"))


def _answers(
    connection: sa.Connection, remittance_id: int, source: str, lines: Iterable[int]
) -> dict[int, dict[str, Any]]:
    """What a person decided or reconciliation found, with the reason."""
    table = suspense.line_answers.c
    query = sa.select(table.line, table.kind, table.why, table.body).where(
        table.remittance_id == remittance_id, table.source == source, table.line.in_(list(lines))
    )
    return {
        row.line: {
            "kind": row.kind,
            "why": row.why,
            "by": row.body.get("by") if row.kind == "decision" else None,
            "rivals": row.body["rivals"] if row.kind == "contest" else [],
        }
        for row in connection.execute(query)
    }
