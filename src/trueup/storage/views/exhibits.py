"""The exhibits of a claim: every original that speaks for us, grouped by what it is, in the order of time, with what it proves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.deduction import Family
from trueup.domain.disputes import Piece
from trueup.domain.handed_in import PIECES, TITLES
from trueup.storage.claim_papers import ClaimPaper
from trueup.storage.proofs import SavedProof
from trueup.storage.views.recovery import Brief

GROUPS = ("What Amazon took", "Our invoice", "The purchase order", "Our answer", "Shipment", "Delivery", "Other papers")
"""The groups, in the order in which a reviewer reads them."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One original: its number in the pack, what it is, its day (None where nothing says it), and one line on what it proves."""

    number: int
    group: str
    name: str
    day: date | None
    proves: str
    digest: str
    place: str = ""
    paper: ClaimPaper | None = None
    """The file that a person added, where it is one."""


@dataclass(frozen=True, slots=True)
class _Found:
    group: str
    name: str
    day: date | None
    proves: str
    digest: str
    place: str = ""
    paper: ClaimPaper | None = None


def list_exhibits(brief: Brief) -> tuple[Exhibit, ...]:
    """The exhibits, each original once a group: by group, then by day. The same claim has the same numbers every time."""
    proven = (_proven(each) for each in brief.proofs)
    every = [
        *_taken(brief),
        *_invoiced(brief),
        *_ordered(brief),
        *proven,
        *_counted_in(brief),
        *map(_added, brief.papers),
    ]
    there = [each for each in every if each.digest.strip("0")]
    ordered = sorted(there, key=lambda each: (GROUPS.index(each.group), each.day or date.max, each.name, each.proves))
    merged: dict[tuple[str, str], _Found] = {}
    for each in ordered:
        known = merged.get((each.group, each.digest))
        if known is None:
            merged[each.group, each.digest] = each
        else:
            proves = f"{known.proves} {each.proves}"
            merged[each.group, each.digest] = _Found(
                known.group, known.name, known.day, proves, known.digest, known.place, known.paper or each.paper
            )
    return tuple(
        Exhibit(number, each.group, each.name, each.day, each.proves, each.digest, each.place, each.paper)
        for number, each in enumerate(merged.values(), start=1)
    )


def exhibit_json(each: Exhibit) -> dict[str, Any]:
    """An exhibit as plain JSON."""
    return {
        "number": each.number,
        "group": each.group,
        "name": each.name,
        "day": each.day.isoformat() if each.day else None,
        "proves": each.proves,
        "digest": each.digest,
        "place": each.place,
        "paper": each.paper.id if each.paper else None,
        "added_by": each.paper.by if each.paper else None,
        "added_at": write_instant(each.paper.at) if each.paper else None,
    }


def _taken(brief: Brief) -> Iterator[_Found]:
    currency = brief.found.balance.currency
    for each in brief.slices:
        amount = Money(abs(each.minor), currency)
        verb = "took" if each.minor < 0 else "gave back"
        proves = f"Amazon {verb} {amount} as {each.reference or each.type} in payment {each.payment}."
        name = f"remittance of payment {each.payment}"
        yield _Found(GROUPS[0], name, each.paid_on, proves, each.document, each.place)


def _invoiced(brief: Brief) -> Iterator[_Found]:
    if brief.invoice is not None:
        told = brief.invoice.invoice
        about = f" for order {told.purchase_order}" if told.purchase_order else ""
        due = f", due {told.due_on.isoformat()}" if told.due_on else ""
        proves = f"We invoiced {told.total}{about}{due}."
        yield _Found(GROUPS[1], f"invoice {told.number}", told.issued_on, proves, brief.invoice.evidence)


def _ordered(brief: Brief) -> Iterator[_Found]:
    order = brief.order
    if order is None:
        return
    ordered = date.fromisoformat(str(order["ordered_at"])[:10])
    window = f", to be shipped {order['ship_window']}" if order["ship_window"] else ""
    proves = f"Amazon ordered it for {order['ship_to']}{window}."
    yield _Found(GROUPS[2], f"purchase order {order['number']}", ordered, proves, order["evidence"])
    for each in order["deliveries"]:
        if each.get("digest"):
            sent = date.fromisoformat(each["sent_at"][:10]) if each["sent_at"] else None
            proof = f", as {each['proof']} shows" if each["proof"] else ""
            proves = f"We answered the order ({each['kind']}); it is {each['state']}{proof}."
            yield _Found(GROUPS[3], f"our answer to order {order['number']}", sent, proves, each["digest"])


def _proven(each: SavedProof) -> _Found:
    proof = each.proof
    goods = f"{proof.quantity} of {proof.sku}" if proof.sku else "The shipment"
    carrier = f" {proof.carrier}" if proof.carrier else ""
    what = {
        "shipped": f"{goods} went out with{carrier or ' the carrier'}",
        "delivered": f"{goods} arrived at the dock{' with' + carrier if carrier else ''}",
        "received": f"{goods} were counted in by Amazon",
    }[proof.kind.value]
    named = f" ({proof.document or proof.tracking})" if proof.document or proof.tracking else ""
    group = GROUPS[4] if proof.kind.value == "shipped" else GROUPS[5]
    return _Found(
        group, f"proof {proof.kind.value} {proof.day.isoformat()}", proof.day, f"{what}{named}.", each.evidence
    )


def _added(paper: ClaimPaper) -> _Found:
    """A file that a person added: nothing in it is read, so it is told as what that person says that it is."""
    piece = PIECES.get(paper.kind)
    group = GROUPS[6] if piece is None else GROUPS[5] if piece is Piece.DELIVERED else GROUPS[4]
    about = " and ".join(
        each
        for each in (
            f"order {paper.purchase_order}" if paper.purchase_order else "",
            f"invoice {paper.invoice}" if paper.invoice else "",
        )
        if each
    )
    note = f": {paper.note}" if paper.note else ""
    proves = f"{TITLES[paper.kind]}{f' for {about}' if about else ''}, added by {paper.by}{note}."
    return _Found(group, f"{paper.kind.value} {paper.name}", paper.day, proves, paper.digest, "", paper)


def _counted_in(brief: Brief) -> Iterator[_Found]:
    """What Amazon itself shows that it received, where its claim for missing goods says less of the same."""
    if brief.order is None or brief.found.claim.family is not Family.SHORTAGE:
        return
    for line in brief.order["lines"]:
        received = line["course"]["received"]
        if received["against"]:
            looked = _DAY.search(received["why"])
            day = date.fromisoformat(looked[0]) if looked else None
            proves = f"Amazon itself shows {received['eaches']} of {line['sku'] or line['asin']} as received. {received['against']}"
            for digest in received["evidence"]:
                yield _Found(GROUPS[5], f"Amazon's status of order {brief.order['number']}", day, proves, digest)
