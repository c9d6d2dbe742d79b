"""The dispute pack: why a claim is wrong, on paper: lineage, invoice, order, our answer, proofs, and what is missing.

It says what the documents say and nothing else; the originals go beside it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date

from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.domain.disputes import Standing
from trueup.domain.invoices import Invoice
from trueup.reports.pages import (
    Block,
    Check,
    Checklist,
    Column,
    Cover,
    Figure,
    Figures,
    Grid,
    Heading,
    Light,
    Words,
    shown,
    write_pages,
)
from trueup.storage.views.exhibits import list_exhibits
from trueup.storage.views.recovery import Brief

_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/tiff": ".tif"}


def write_dispute_pack(brief: Brief, standing: Standing, made_on: date, company: str) -> bytes:
    """The pack as PDF; the same claim on the same day gives the same bytes."""
    balance = brief.found.balance
    family, _, chain = balance.claim.partition("/")
    title = f"Dispute of {family} claim {chain}"
    cover = Cover(title, f"{company}, vendor account {balance.partner}, as known on {made_on}")
    return write_pages(cover, _blocks(brief, standing))


def write_dispute_archive(brief: Brief, pdf: bytes, read: Callable[[str], bytes]) -> bytes:
    """The pack and the originals it rests on, as ZIP; `read` gives archived bytes by their hash. The same every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("dispute.pdf", pdf), *_originals(brief, read)):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def _originals(brief: Brief, read: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    """Each original once, under the number of its first exhibit: a list of the folder reads as the pack does."""
    seen: set[str] = set()
    for each in list_exhibits(brief):
        if each.digest in seen:
            continue
        seen.add(each.digest)
        words = "".join(sign if sign.isalnum() or sign in "-._" else "-" for sign in each.name)
        # What is opened by its name keeps its ending.
        ending = _ENDINGS[each.paper.media] if each.paper is not None else ""
        name = f"originals/{each.number:02d}-{words.removesuffix(ending)}-{each.digest[:12]}{ending}"
        try:
            yield name, read(each.digest)
        except Refused as error:  # erased: the pack says so instead of lacking it silently
            yield f"{name}.missing.txt", str(error).encode()


def _blocks(brief: Brief, standing: Standing) -> Iterator[Block]:
    balance = brief.found.balance
    money = Money(balance.open, balance.currency)
    until = str(standing.until) if standing.until else "-"
    yield Figures(
        (
            Figure("Amount in dispute", shown(money)),
            Figure("First deducted", str(balance.first_on)),
            Figure("Dispute until", until, standing.window.source),
        )
    )
    yield Heading("What was deducted", 2)
    rows = [
        (
            each.payment,
            str(each.paid_on),
            each.reference,
            shown(Money(each.minor, balance.currency)),
            f"{each.name}, {each.place}",
        )
        for each in brief.slices
    ]
    total = Money(sum(each.minor for each in brief.slices), balance.currency)
    columns = (
        Column("Payment", 10),
        Column("Paid on", 8),
        Column("Reference", 12),
        Column("Amount", 10, right=True),
        Column("Stands in", 20),
    )
    yield Grid(columns, rows, ("", "", "Balance", shown(total), ""))
    yield from _exhibits(brief)
    yield from _invoice(brief)
    yield from _order(brief)
    yield from _proofs(brief)
    yield Heading("What is missing", 2)
    yield Checklist(
        tuple(Check(Light.AMBER, words) for words in brief.missing)
        or (Check(Light.GREEN, "Order, answer, shipment, delivery and invoice are all here."),)
    )
    yield Heading("Originals", 2)
    originals = {each.digest: (f"{each.number}. {each.name}", each.digest) for each in list_exhibits(brief)[::-1]}
    yield Grid((Column("Document", 16), Column("SHA-256", 30)), list(originals.values())[::-1])


def _exhibits(brief: Brief) -> Iterator[Block]:
    """What each original proves, in a line: grouped by what it is, in the order of time."""
    yield Heading("Exhibits", 2)
    columns = (Column("No.", 4, right=True), Column("What", 12), Column("Day", 8), Column("Proves", 36))
    rows = [
        (str(each.number), each.group, str(each.day or "-"), f"{each.proves} {each.name[:1].upper()}{each.name[1:]}.")
        for each in list_exhibits(brief)
    ]
    yield Grid(columns, rows, empty="None is known.")


def _invoice(brief: Brief) -> Iterator[Block]:
    yield Heading("Our invoice", 2)
    if brief.invoice is None:
        yield Words("Not known.")
        return
    invoice: Invoice = brief.invoice.invoice
    yield Words(
        f"Invoice {invoice.number} of {invoice.issued_on} over {shown(invoice.total)} (tax {shown(invoice.tax)}), "
        f"due {invoice.due_on or 'on a day not stated'}, for purchase order {invoice.purchase_order or 'not stated'}."
    )
    if invoice.lines:
        columns = (
            Column("Line", 4, right=True),
            Column("SKU", 14),
            Column("ASIN", 10),
            Column("Quantity", 7, right=True),
            Column("Price", 9, right=True),
            Column("Amount", 9, right=True),
        )
        rows = [
            (str(line.number), line.sku, line.asin, str(line.quantity), str(line.price), shown(line.amount))
            for line in invoice.lines
        ]
        yield Grid(columns, rows)


def _order(brief: Brief) -> Iterator[Block]:
    yield Heading("Purchase order and our answer", 2)
    order = brief.order
    if order is None:
        yield Words("Not known.")
        return
    yield Words(
        f"Order {order['number']}, ordered {str(order['ordered_at'])[:10]}, ship to {order['ship_to']}, "
        f"ship window {order['ship_window'] or 'not stated'}, delivery window {order['delivery_window'] or 'not stated'}."
    )
    columns = (Column("Answer", 14), Column("State", 10), Column("Sent", 12), Column("Proof", 20))
    rows = [
        (
            str(each.get("kind", "")),
            str(each.get("state", "")),
            str(each.get("sent_at") or "-")[:16],
            str(each.get("proof") or "-")[:60],
        )
        for each in order["deliveries"]
    ]
    yield Grid(columns, rows, empty="No answer of ours is known.")


def _proofs(brief: Brief) -> Iterator[Block]:
    yield Heading("Proofs of shipment and delivery", 2)
    columns = (
        Column("What", 8),
        Column("Day", 8),
        Column("SKU", 12),
        Column("Quantity", 6, right=True),
        Column("Carrier", 10),
        Column("Tracking", 14),
        Column("Document", 14),
    )
    rows = [
        (
            each.proof.kind.value,
            str(each.proof.day),
            each.proof.sku,
            "" if each.proof.quantity is None else str(each.proof.quantity),
            each.proof.carrier,
            each.proof.tracking,
            each.proof.document,
        )
        for each in brief.proofs
    ]
    yield Grid(columns, rows, empty="None is known.")
