"""Matcher: a positive line gives back a claim: it names the invoice that the claim is about, in a form nobody told us."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.invoices import normal_reference
from trueup.domain.likeness import SHORTEST
from trueup.domain.matcher import Candidate, Matcher, Part
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine
from trueup.domain.words import names_in

_NAME = "claim-reversal"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    for line in lines:
        if line.settled <= 0:
            continue
        claims = {claim.key: claim for name in _abouts(line) for claim in _claims(items, name)}
        for claim in claims.values():
            if claim.open == line.settled:
                why = f"it names invoice {claim.about}, and gives back all that is open of {claim.called}"
                yield explain(line, [whole(claim)], items, Claimed(_NAME, evidence.IN_DESCRIPTION, why))
            elif claim.open > line.settled:
                why = f"it names invoice {claim.about}, and may give back a part of {claim.called}"
                yield explain(line, [Part(claim.key, line.settled)], items, Claimed(_NAME, evidence.SUGGESTION, why))
        if len(claims) > 1 and sum(claim.open for claim in claims.values()) == line.settled:
            names = " and ".join(claim.called for claim in claims.values())
            why = f"it gives back all that is open of {names}"
            yield explain(line, map(whole, claims.values()), items, Claimed(_NAME, evidence.IN_DESCRIPTION, why))


def _abouts(line: ResidueLine) -> tuple[str, ...]:
    """Names in the description, and every beginning of the reference: an unknown suffix follows the invoice it is about."""
    written = normal_reference(line.reference)
    beginnings = (written[:length] for length in range(len(written), SHORTEST - 1, -1))
    return tuple(dict.fromkeys((*beginnings, *names_in(line))))


def _claims(items: Items, name: str) -> Iterator[OpenItem]:
    return (item for item in items.by_about.get(name, ()) if item.kind is ItemKind.CLAIM and item.open > 0)


MATCHER = Matcher(_NAME, 30, "what was deducted comes back under the number it was deducted from", _find)
