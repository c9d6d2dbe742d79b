"""Rival explanations to look at: what each says of which lines, how sure it is, and what of them agrees, side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.confidence import Confidence, Pairing, confidence, leads, open_of, signs
from trueup.domain.matcher import Candidate, Part
from trueup.domain.open_items import OpenItem, ResidueLine
from trueup.storage.remittances import line_of
from trueup.storage.views.open_items import load_items


def list_rivals(connection: sa.Connection, kind: str, subject: str) -> list[dict[str, Any]]:
    """The explanations between which a case asks to choose, in the order of their numbers; none for other cases.

    `confidence` and `lead` are of `domain.confidence`; `ticked`: it leads by the margin, so that it may be chosen beforehand;
    `stale`: what it settles is not open any more as it says.
    """
    row = connection.execute(_RIVALS, {"kind": kind, "subject": subject}).one_or_none()
    if row is None or not row.rivals:
        return []
    rivals, currency = row.rivals, row.currency
    keys = {part["key"] for rival in rivals for part in rival["parts"]}
    items = {key: each.item for key, each in load_items(connection, row.partner, currency, keys).items()}
    names, lines = _names(connection, sorted(keys)), load_lines(connection, _places(rivals))
    ahead = _leads(rivals, items)
    return [
        {
            "choice": number,
            "score": rival["score"],
            "matcher": rival["matcher"],
            "why": rival["why"],
            **_judged(rival, lead, (lines, items, currency)),
            "lines": [
                {"payment": line["payment"], "line": line["line"], "amount": str(Money(line["minor"], currency))}
                for line in rival["lines"]
            ],
            "settles": [
                {
                    "key": part["key"],
                    "item": names.get(part["key"], part["key"]),
                    "amount": str(Money(part["minor"], part["currency"])),
                }
                for part in rival["parts"]
            ],
        }
        for number, (rival, lead) in enumerate(zip(rivals, ahead, strict=True), start=1)
    ]


# The first line of a contest has all of its rivals; it is asked, as whoever chooses does.
_RIVALS = sa.text(
    "SELECT a.body -> 'rivals' AS rivals, s.currency, s.partner FROM trueup.suspense s"
    " JOIN trueup.remittances r ON r.id = s.remittance_id"
    " JOIN trueup.line_answers a ON a.remittance_id = s.remittance_id AND a.source = r.source AND a.line = s.line"
    " AND a.kind IN ('contest', 'undone') WHERE s.kind = :kind AND s.subject = :subject"
    " ORDER BY s.remittance_id, s.line LIMIT 1"
)
Place = tuple[int, str, int]
"""Where a line is: the payment's id, the source, the line's number."""


def _places(rivals: Sequence[Mapping[str, Any]]) -> set[Place]:
    return {_place(line) for rival in rivals for line in rival["lines"]}


def _place(line: Mapping[str, Any]) -> Place:
    return line["remittance"], line["source"], line["line"]


def _leads(rivals: Sequence[Mapping[str, Any]], items: Mapping[str, OpenItem]) -> tuple[int, ...]:
    numbers = {place: number for number, place in enumerate(sorted(_places(rivals)), start=1)}
    candidates = [
        Candidate(
            tuple(numbers[_place(line)] for line in rival["lines"]),
            tuple(Part(part["key"], part["minor"]) for part in rival["parts"]),
            rival["matcher"],
            rival["score"],
            rival["why"],
        )
        for rival in rivals
    ]
    return leads(candidates, open_of(items.values()))


def _judged(
    rival: Mapping[str, Any], lead: int, known: tuple[Mapping[Place, ResidueLine], Mapping[str, OpenItem], str]
) -> dict[str, Any]:
    lines, items, currency = known
    is_open = all(
        part["key"] in items and abs(items[part["key"]].open) >= abs(part["minor"]) for part in rival["parts"]
    )
    sure = confidence(rival["score"], lead)
    parts = [(items[part["key"]], part["minor"]) for part in rival["parts"] if part["key"] in items]
    pairing = Pairing([lines[_place(line)] for line in rival["lines"] if _place(line) in lines], parts, currency)
    return {
        "confidence": sure.value,
        "lead": lead,
        "ticked": is_open and sure is Confidence.HIGH,
        "stale": not is_open,
        "signs": signs_json(pairing) if is_open else [],
    }


def signs_json(pairing: Pairing) -> list[dict[str, str]]:
    """The signs of a pairing as JSON."""
    return [{"trait": each.trait.value, "accord": each.accord.value, "words": each.words} for each in signs(pairing)]


def load_lines(connection: sa.Connection, places: Collection[Place]) -> dict[Place, ResidueLine]:
    """Lines of payments as matchers see them, with the vendor code that was paid."""
    if not places:
        return {}
    numbers, sources, lines = zip(*sorted(places), strict=True)
    rows = connection.execute(_LINES, {"numbers": list(numbers), "sources": list(sources), "lines": list(lines)})
    return {
        (row.remittance_id, row.source, row.number): ResidueLine.of(
            line_of(row._mapping), payee=row.payee, paid_on=row.paid_on
        )
        for row in rows
    }


_LINES = sa.text(
    "SELECT r.payee, r.paid_on, l.* FROM trueup.remittance_lines l JOIN trueup.remittances r ON r.id = l.remittance_id"
    " JOIN unnest(CAST(:numbers AS bigint[]), CAST(:sources AS text[]), CAST(:lines AS integer[])) AS w(remittance, source, line)"
    " ON w.remittance = l.remittance_id AND w.source = l.source AND w.line = l.number"
)


def _names(connection: sa.Connection, keys: list[str]) -> dict[str, str]:
    """What open items are called: `invoice INV-1`, `shortage claim INV1`."""
    wanted: dict[str, list[int]] = {"invoice": [], "claim": []}
    for key in keys:
        kind, _, number = key.partition(" ")
        if kind in wanted and number.isdecimal():
            wanted[kind].append(int(number))
    values = {"invoices": wanted["invoice"], "claims": wanted["claim"]}
    return {row.key: row.name for row in connection.execute(_NAMES, values)} if keys else {}


_NAMES = sa.text(
    "SELECT 'invoice ' || id AS key, 'invoice ' || number AS name FROM trueup.invoices WHERE id = ANY(:invoices)"
    " UNION ALL SELECT 'claim ' || id, split_part(claim, '/', 1) || ' claim ' || split_part(claim, '/', 2)"
    " FROM trueup.claims WHERE id = ANY(:claims)"
)
