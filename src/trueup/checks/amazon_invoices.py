"""Amazon's own word on our invoices against ours: what it holds, matched and paid; what we billed, shipped and were paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money, exponent_of
from trueup.checks import Check, Ground
from trueup.domain.amazon_invoices import AmazonInvoice, AmazonInvoiceLine
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Family
from trueup.domain.invoices import InvoiceLine
from trueup.domain.variance_reasons import causes_of
from trueup.storage.json_values import from_json

OWNER = Role.FINANCE.value
AMOUNT, PAID, RECEIVED = "invoice.amazon-amount", "invoice.amazon-paid", "invoice.amazon-received"
UNKNOWN, REJECTED, UNTOLD = "invoice.amazon-unknown", "invoice.amazon-rejected", "remittance.missing"
KINDS = (AMOUNT, PAID, RECEIVED, UNKNOWN, REJECTED, UNTOLD)
_UNKNOWN_AFTER = timedelta(days=10)
"""An invoice that is sent shows within days, or it never arrived."""
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Drafting:
    """What every case of one invoice has in common."""

    ground: Ground
    partner: str
    number: str
    evidence: str

    def draft(self, kind: str, said: str, sides: tuple[str, str], money: Money, owner: str = OWNER) -> CaseDraft:
        return CaseDraft(
            kind=kind,
            subject=f"invoice {self.partner}/{self.number}",
            title=f"Invoice {self.number}: {said}"[:1000],
            expected=sides[0],
            found=sides[1],
            money_at_risk=abs(money),
            deadline=self.ground.now + timedelta(days=14),
            owner=owner,
            resolutions=(Resolution.DISMISS,),
            evidence=self.evidence,
        )


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """What does not agree, invoice by invoice; payments that Amazon names and no remittance tells of, payment by payment."""
    values = {"receivable": ground.chart.code(Purpose.RECEIVABLE)}
    untold: defaultdict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    for row in connection.execute(_COMPARED, values).mappings():
        about = _Drafting(ground, row["partner"], row["number"], row["evidence"])
        if row["currency"].strip() != row["our_currency"].strip() or row["amount_minor"] != row["total_minor"]:
            yield _amount(row, about)
        if row["status"] == "rejected":
            total = Money(row["total_minor"], row["our_currency"])
            yield about.draft(REJECTED, f"Amazon rejected it, {total} will not be paid", ("paid", "rejected"), total)
        yield from _paid(row, about, untold)
        yield from _received(connection, row, about)
    yield from _untold(untold, ground)
    yield from _unknown(connection, ground)


# What an invoice settled, and what claims about it hold; only where nothing about it waits in suspense.
_COMPARED = sa.text("""
SELECT a.partner, i.number, a.status, a.currency, a.amount_minor, i.currency AS our_currency, i.total_minor, i.id,
    a.changed_at::date AS changed_on, a.body->'settlement' AS settlement, a.body->'related'->'UNIQUE_PAYMENT_IDS' AS payments,
    CASE WHEN a.complete THEN a.body END AS body, i.lines, i.reference, i.purchase_order, a.evidence,
    t.settled, t.claimed, t.last_on,
    EXISTS (SELECT 1 FROM trueup.suspense s WHERE s.partner = a.partner AND s.stems && ARRAY[i.reference]) AS waits,
    ARRAY(SELECT p FROM jsonb_array_elements_text(coalesce(a.body->'related'->'UNIQUE_PAYMENT_IDS', '[]')) AS p
        WHERE a.partner || '/' || p NOT IN (SELECT partner || '/' || unnest(ARRAY[unique_id, payment]) FROM trueup.remittances)
        ORDER BY p) AS untold
FROM trueup.amazon_invoices a JOIN trueup.invoices i ON i.partner = a.partner AND i.reference = a.reference
    LEFT JOIN LATERAL (
        SELECT -sum(l.minor) FILTER (WHERE l.account = :receivable) AS settled,
            sum(l.minor) FILTER (WHERE l.claim LIKE 'shortage/%' OR l.claim LIKE 'price/%') AS claimed, max(e.day) AS last_on
        FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id AND e.remittance_id IS NOT NULL
        WHERE l.invoice_id = i.id) AS t ON true
ORDER BY a.partner, a.identifier
""")


def _amount(row: Mapping[Any, Any], about: _Drafting) -> CaseDraft:
    ours, theirs = Money(row["total_minor"], row["our_currency"]), Money(row["amount_minor"], row["currency"])
    apart = theirs - ours if theirs.currency == ours.currency else ours
    return about.draft(AMOUNT, f"we billed {ours}, Amazon holds it as {theirs}", (str(ours), str(theirs)), apart)


def _paid(
    row: Mapping[Any, Any], about: _Drafting, untold: defaultdict[tuple[str, str, str], dict[str, int]]
) -> Iterator[CaseDraft]:
    """Amazon's `AmountPaid` and quick-pay discount against what remittances settled, less what claims hold of it.

    Whether `AmountPaid` is before or after claims nobody says: where either reading agrees, all is well. What remittances told
    after Amazon's last word is not held against it.
    """
    parts, currency = row["settlement"] or {}, row["our_currency"]
    if row["currency"] != currency or "AmountPaid" not in parts or row["waits"]:
        return
    if row["last_on"] is not None and row["last_on"] > row["changed_on"]:
        return
    theirs = int(parts["AmountPaid"]) + abs(int(parts.get("QuickPayDiscount", 0)))
    settled, claimed = int(row["settled"] or 0), int(row["claimed"] or 0)
    if theirs in (settled, settled - claimed):
        return
    if row["untold"]:
        for payment in row["untold"]:
            untold[about.partner, payment, currency][about.number] = theirs - settled + claimed
        return
    said, ours = Money(theirs, currency), Money(settled - claimed, currency)
    words = f"Amazon says that it paid {said} of it, the remittances come to {ours}"
    sides = (f"{ours} settled by remittances, less claims", f"{said} paid, as Amazon says on {row['changed_on']}")
    yield about.draft(PAID, words, sides, said - ours)


def _untold(untold: Mapping[tuple[str, str, str], Mapping[str, int]], ground: Ground) -> Iterator[CaseDraft]:
    for (partner, payment, currency), invoices in sorted(untold.items()):
        total = Money(sum(invoices.values()), currency)
        named = ", ".join(sorted(invoices)[:_MOST_NAMED])
        yield CaseDraft(
            kind=UNTOLD,
            subject=f"payment {partner}/{payment} {currency}",
            title=f"Amazon names payment {payment} for {len(invoices)} invoices ({named}), {total} more than is settled, and no "
            "remittance tells of it: import it",
            expected="its remittance",
            found=f"none; {len(invoices)} invoices, {total}",
            money_at_risk=abs(total),
            deadline=ground.now + timedelta(days=7),
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )


def _received(connection: sa.Connection, row: Mapping[Any, Any], about: _Drafting) -> Iterator[CaseDraft]:
    """Fewer matched than both billed and proven: what a dispute can show."""
    if row["body"] is None:
        return
    said = from_json(row["body"], AmazonInvoice)
    ours = [from_json(line, InvoiceLine) for line in row["lines"]]
    proven = _proven(connection, row)
    short: list[str] = []
    lost = 0
    for line in said.lines:
        billed, matched = line.quantity, line.matched_quantity
        if billed is None or matched is None or matched >= billed:
            continue
        shown = proven.get(_sku(line, ours))
        missing = min(billed, shown) - matched if shown is not None else 0
        if missing > 0:
            short.append(f"{_sku(line, ours)}: {matched} of {billed} matched, {shown} proven")
            lost += _worth(line, missing, said.amount.currency)
    if short:
        causes = causes_of(said, Family.SHORTAGE)
        why = f"; Amazon's reason: {causes[0]}; {causes[0].advice}" if causes else ""
        words = f"Amazon matched fewer than proofs show: {'; '.join(short)}{why}"
        sides = ("what was shipped", "; ".join(short)[:2000])
        owner = causes[0].owner.value if causes else Role.OPERATIONS.value
        yield about.draft(RECEIVED, words, sides, Money(lost, said.amount.currency), owner)


def _worth(line: AmazonInvoiceLine, missing: int, currency: str) -> int:
    if line.unit_cost is not None:
        return round(line.unit_cost.value.scaleb(exponent_of(currency)) * missing)
    return line.total * missing // (line.quantity or 1)


def _sku(line: AmazonInvoiceLine, ours: list[InvoiceLine]) -> str:
    """Our SKU of a line: as Amazon names it, else of the product that we billed under its ASIN."""
    named = line.product_ids.get("SKU", "")
    return named or next((each.sku for each in ours if each.asin and each.asin == line.asin), "")


def _proven(connection: sa.Connection, row: Mapping[Any, Any]) -> dict[str, int]:
    """Eaches by SKU that carriers or the buyer confirm: of each kind of proof the sum, of the kinds the best for us.

    What proves an order proves its invoice where it has one alone.
    """
    values = {"partner": row["partner"], "reference": row["reference"], "order": row["purchase_order"]}
    return {each.sku: int(each.quantity) for each in connection.execute(_PROOFS, values)}


_PROOFS = sa.text(
    "SELECT sku, max(quantity) AS quantity FROM (SELECT sku, kind, sum(quantity) AS quantity FROM trueup.proofs"
    " WHERE partner = :partner AND sku <> '' AND (reference = :reference"
    " OR (reference = '' AND purchase_order = :order AND :order <> '' AND 1 = (SELECT count(*) FROM trueup.invoices i"
    " WHERE i.partner = :partner AND i.purchase_order = :order)))"
    " GROUP BY sku, kind) AS k GROUP BY sku"
)


def _unknown(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Unpaid invoices of ours that Amazon does not list, of days and currencies of which it lists others."""
    before: date = ground.now.date() - _UNKNOWN_AFTER
    for row in connection.execute(_UNLISTED, {"before": before}):
        total = Money(row.total_minor, row.currency)
        about = _Drafting(ground, row.partner, row.number, row.evidence)
        words = (
            f"{total} of {row.issued_on}, Amazon does not list it: was it ever received? Send it again if it was not"
        )
        yield about.draft(UNKNOWN, words, ("listed by Amazon", "not listed"), total)


_UNLISTED = sa.text(
    "WITH told AS (SELECT partner, currency, min(issued_on) AS since, max(issued_on) AS until FROM trueup.amazon_invoices"
    " GROUP BY partner, currency) SELECT i.partner, i.number, i.issued_on, i.total_minor, i.currency, i.evidence"
    " FROM trueup.invoices i JOIN told t ON t.partner = i.partner AND t.currency = i.currency"
    " AND i.issued_on BETWEEN t.since AND t.until JOIN trueup.open_invoices o ON o.invoice_id = i.id AND o.minor = i.total_minor"
    " WHERE i.total_minor > 0 AND i.issued_on < :before AND NOT EXISTS (SELECT 1 FROM trueup.amazon_invoices a"
    " WHERE a.partner = i.partner AND a.reference = i.reference) ORDER BY i.partner, i.number"
)

CHECK = Check(
    name="amazon-invoices",
    sources=("Amazon's Finances Invoices API", "our invoices, remittances and proofs of delivery"),
    protects="from invoices that Amazon never had, holds otherwise, pays otherwise than it says, or matches below what arrived",
    owner=OWNER,
    tolerance="none",
    kinds=KINDS,
    find=find_differences,
)
