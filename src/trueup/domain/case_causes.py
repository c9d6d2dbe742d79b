"""Causes: what made a case, by name. What one act mends is one cause: an item, a reason code, a connection, an agreement.

A draft says its cause where its subject does not; otherwise the subject does, for it begins with what it is about. The cause
together with the kind is the row that people see: "Cost differs, item LAMP-1: 31 cases".
"""

from __future__ import annotations

from trueup.domain.cases import CaseDraft

ITEM, CONNECTION, PARTNER, AGREEMENT, REASON, LINES = "item", "connection", "partner", "agreement", "reason", "lines"
"""The things that causes are most often."""
_FIRST = {
    "product": ITEM,
    "source": CONNECTION,
    "connection": CONNECTION,
    "hints": CONNECTION,
    "reports": CONNECTION,
    "sale": CONNECTION,
    "agreement": AGREEMENT,
}
"""Subjects that name their cause in their second word."""
_OF_PARTNERS = ("order", "invoice", "claim", "payment")
"""Subjects whose second word begins with a partner."""


def cause_of(draft: CaseDraft) -> str:
    """The cause of a case, as a thing and its name: "item LAMP-1"; a thing alone where it has no name: "document"."""
    return draft.cause or _of_subject(draft.subject)


def item_cause(name: str | None) -> str:
    """A cause that is an item: by our SKU, or by the buyer's id where we know none."""
    return f"{ITEM} {name}" if name else ITEM


def partner_cause(partner: str) -> str:
    """A cause that is a partner: what we sent it, or what it said."""
    return f"{PARTNER} {partner}"


def delivery_cause(key: str, channel: str) -> str:
    """The cause of a case about what we sent: the partner that its natural key names (`acknowledgement amazon-us/4XY ...`), else
    the connection that it goes out by."""
    to = next((word for word in key.split() if "/" in word), "")
    return partner_cause(to.partition("/")[0]) if to else f"{CONNECTION} {channel}"


def _of_subject(subject: str) -> str:
    thing, _, rest = subject.partition(" ")
    first = rest.partition(" ")[0]
    if thing in _FIRST:
        return f"{_FIRST[thing]} {first}"
    if thing in _OF_PARTNERS and "/" in first:
        return partner_cause(first.partition("/")[0])
    if thing == "stock":
        return item_cause(rest.split(" ")[1] if " " in rest else first)
    if thing == "inventory":
        place = first.split("/")
        return item_cause(place[3]) if len(place) > 3 else f"warehouse {first}"
    return _of_suspense(thing, rest) or thing


def _of_suspense(partner: str, rest: str) -> str:
    """Lines in suspense wait by question: a reason code, a shape of reference, or an invoice that nobody knows."""
    match rest.split(" "):
        case ["adjustments", code, _, _]:
            return f"{REASON} {code} of {partner}"
        case ["lines", "like", *shape, _, _]:
            return f"{LINES} like {' '.join(shape)} of {partner}"
        case ["reference", *_]:
            return partner_cause(partner)
    return ""
