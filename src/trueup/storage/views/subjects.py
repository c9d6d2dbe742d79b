"""What acts call a thing, by the name that an address, a call or a command gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from trueup.storage.acts import proposals
from trueup.storage.claim_papers import claim_papers
from trueup.storage.remittances import remittances

_BY_NAME: Mapping[str, str] = {
    "case": "case {}",
    "case_id": "case {}",
    "claim": "claim {}",
    "rule": "rule {}",
    "rule_id": "rule {}",
    "light": "invariant {}",
    "connection": "connection {}",
    "run": "run {}",
    "run_id": "run {}",
    "job": "job {}",
    "month": "month {}",
    "document": "document {}",
    "entry": "entry {}",
    "export": "export {}",
    "key": "trade-in {}",
    "trade_in": "trade-in {}",
    "order": "order {}",
}


def subject_of(connection: sa.Connection, named: Mapping[str, object]) -> str:
    """The subject of acts on what these names name, such as "case 12" for `case`; "" where they name nothing that acts are on.

    Of several the one that is acted on: a payment before its line, an order by its buyer and its number.
    """
    given = {name: str(value) for name, value in named.items() if value not in (None, "")}
    for name, look in _LOOKED_UP.items():
        if given.get(name, "").isdecimal():
            return look(connection, int(given[name][:18]))
    if {"partner", "number"} <= given.keys():
        return f"order {given['partner']}/{given['number']}"
    if "partner" in given and (code := given.get("code") or given.get("vendor_code")):
        return f"agreement {given['partner']}/{code}"
    return next((_BY_NAME[name].format(value) for name, value in given.items() if name in _BY_NAME), "")


def _of_proposal(connection: sa.Connection, number: int) -> str:
    found: str | None = connection.execute(sa.select(proposals.c.subject).where(proposals.c.id == number)).scalar()
    return found or f"proposal {number}"


def _of_payment(connection: sa.Connection, number: int) -> str:
    query = sa.select(remittances.c.partner, remittances.c.payment).where(remittances.c.id == number)
    row = connection.execute(query).first()
    return f"payment {row.partner}/{row.payment}" if row else f"payment {number}"


def _of_paper(connection: sa.Connection, number: int) -> str:
    claim = connection.execute(sa.select(claim_papers.c.claim_id).where(claim_papers.c.id == number)).scalar()
    return f"claim {claim}" if claim else f"paper {number}"


_LOOKED_UP: Mapping[str, Callable[[sa.Connection, int], str]] = {
    "proposal": _of_proposal,
    "remittance": _of_payment,
    "paper": _of_paper,
}
