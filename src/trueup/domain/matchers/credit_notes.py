"""Matcher: our credit notes, taken as a line of their own, or kept from the payment of an invoice."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.domain import evidence
from trueup.domain.evidence import Claimed, explain, whole
from trueup.domain.invoices import normal_reference
from trueup.domain.matcher import Candidate, Matcher
from trueup.domain.netting import invoices_named, net_of
from trueup.domain.open_items import ItemKind, Items, Lines, OpenItem, ResidueLine
from trueup.domain.words import names_in

_NAME = "credit-notes"


def _find(lines: Lines, items: Items) -> Iterator[Candidate]:
    notes = [item for item in items.negative if item.kind is ItemKind.INVOICE]
    if not notes:
        return
    for line in lines:
        if line.settled < 0:
            yield from _taken(line, items)
        for invoice in invoices_named(line, items):
            yield from _kept(line, invoice, notes, items)


def _taken(line: ResidueLine, items: Items) -> Iterator[Candidate]:
    """A negative line that names the invoice which the note credits."""
    names = dict.fromkeys((normal_reference(line.reference), *names_in(line)))
    found = {item.key: item for name in names for item in items.by_about.get(name, ())}
    for note in found.values():
        if note.open == line.settled and note.kind is ItemKind.INVOICE:
            why = f"it names invoice {note.about}, and takes all of {note.called}"
            yield explain(line, [whole(note)], items, Claimed(_NAME, evidence.IN_DESCRIPTION, why))


def _kept(line: ResidueLine, invoice: OpenItem, notes: list[OpenItem], items: Items) -> Iterator[Candidate]:
    """The strongest of three ways in which notes can belong to the invoice: they credit it, share its order, or only fit."""
    own = [note for note in notes if normal_reference(note.about) == normal_reference(invoice.reference)]
    order = invoice.purchase_order.upper()
    near = [note for note in notes if order and note.purchase_order.upper() == order]
    yield from net_of(line, invoice, own, items, Claimed(_NAME, evidence.NETTED_AS_SAID, ", which credits it,"))
    claimed = Claimed(_NAME, evidence.NETTED_ON_ORDER, f" of the same order {order}")
    yield from net_of(line, invoice, near, items, claimed)
    missing = line.settled - invoice.open
    fitting = [note for note in notes if note.open == missing]
    yield from net_of(
        line, invoice, fitting[: evidence.MOST_ALIKE], items, Claimed(_NAME, evidence.NETTED_BY_AMOUNT, "")
    )


MATCHER = Matcher(
    _NAME, 40, "a credit note is a fact of ours, so it explains before an unexplained short payment does", _find
)
