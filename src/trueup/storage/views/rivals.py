"""Rival explanations to look at: what each of them says of which lines, with its score and its reason, side by side."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money


def list_rivals(connection: sa.Connection, kind: str, subject: str) -> list[dict[str, Any]]:
    """The explanations between which a contested case asks to choose, in the order of their numbers; none for other cases."""
    row = connection.execute(_RIVALS, {"kind": kind, "subject": subject}).one_or_none()
    rivals, currency = (row.rivals, row.currency) if row is not None else ((), "")
    names = _names(connection, [part["key"] for rival in rivals for part in rival["parts"]])
    return [
        {
            "choice": number,
            "score": rival["score"],
            "matcher": rival["matcher"],
            "why": rival["why"],
            "lines": [
                {"payment": line["payment"], "line": line["line"], "amount": str(Money(line["minor"], currency))}
                for line in rival["lines"]
            ],
            "settles": [
                {"item": names.get(part["key"], part["key"]), "amount": str(Money(part["minor"], part["currency"]))}
                for part in rival["parts"]
            ],
        }
        for number, rival in enumerate(rivals, start=1)
    ]


# The first line of a contest has all of its rivals; it is asked, as whoever chooses does.
_RIVALS = sa.text(
    "SELECT a.body -> 'rivals' AS rivals, s.currency FROM trueup.suspense s JOIN trueup.remittances r ON r.id = s.remittance_id"
    " JOIN trueup.line_answers a ON a.remittance_id = s.remittance_id AND a.source = r.source AND a.line = s.line"
    " AND a.kind = 'contest' WHERE s.kind = :kind AND s.subject = :subject ORDER BY s.remittance_id, s.line LIMIT 1"
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
