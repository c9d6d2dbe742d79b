"""Terms as CSV: rates, what they are taken of, for which days, and where they are written. One row is one term."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.ids import digest_of
from trueup.base.money import UnitPrice, check_currency
from trueup.domain.terms import ROUNDINGS, Basis, Term
from trueup.formats.document import Reading
from trueup.formats.tabular import Column, Findings, Layout, decimal, read_table, text, whole, write_table

COLUMNS = (
    "kind", "marketplace", "basis", "percent", "per_unit", "currency", "valid_from", "valid_to", "known_from", "source",
    "rounding", "within_days",
)  # fmt: skip
KINDS = {
    "damage-allowance": "allowance-damage",
    "freight-allowance": "allowance-freight",
    "defect-allowance": "allowance-defect",
    "trade-allowance": "allowance-trade",
    "terms-discount": "quick-pay",
    "quick-pay-discount": "quick-pay",
    "chargeback:asn-accuracy": "chargeback-asn",
    "chargeback:asn": "chargeback-asn",
    "chargeback:receive-accuracy": "chargeback-asn",
    "chargeback:routing": "chargeback-transport",
    "chargeback:transport": "chargeback-transport",
    "chargeback:po-on-time": "chargeback-on-time",
    "chargeback:on-time": "chargeback-on-time",
    "chargeback:prep": "chargeback-preparation",
    "chargeback:preparation": "chargeback-preparation",
    "chargeback:overage": "chargeback-receiving",
    "chargeback:receiving": "chargeback-receiving",
    "chargeback:invoice-defect": "chargeback-invoice",
}
"""What kinds are also called, by Amazon's own words for its charges; the code of a deduction type always stands for itself."""
_BASES = {"net-invoiced": Basis.NET_RECEIPTS, "order": Basis.ORDER, "po": Basis.ORDER}
_MOST_DAYS = 3650


def read_terms(content: bytes, known_from: date, kinds: Iterable[str]) -> Reading[Term]:
    """Terms in the order of the file, and a finding for every row that is none. `known_from`: for rows that do not say since
    when they are known; `kinds`: what a term can be for. Raises Unreadable when it is no such table."""
    table = read_table(content, _layout(frozenset(kinds)))
    findings = Findings(list(table.findings))
    terms = []
    for row in table.rows:
        try:
            terms.append(_term(row.values, known_from))
        except Invalid as error:
            findings.add("row", str(error).removesuffix("."), row.location())
    return Reading(digest_of(content), "terms", tuple(terms), findings.all(), {"columns": list(table.columns)})


def write_terms(terms: Iterable[Term]) -> bytes:
    """The same table; `read_terms` gives the terms back."""
    return write_table(COLUMNS, (_cells(term) for term in terms))


def kind_of(said: str, kinds: Iterable[str]) -> str:
    """The kind of charge that is meant: a code, or what it is also called. Raises Invalid."""
    known = set(kinds)
    plain = said.strip().lower().replace(" ", "-").replace("_", "-")
    found = plain if plain in known else KINDS.get(plain, "")
    if found not in known:
        raise Invalid(f"kind {said[:40]!r}: expected one of {', '.join(sorted(known))}")
    return found


def _term(values: Mapping[str, Any], known_from: date) -> Term:
    per_unit, currency = values.get("per_unit"), values.get("currency")
    if per_unit is not None and not currency:
        raise Invalid("an amount a unit needs the column currency")
    return Term(
        kind=values["kind"],
        marketplace=values.get("marketplace") or "",
        basis=values["basis"],
        valid_from=values["valid_from"],
        known_from=values.get("known_from") or known_from,
        source=values["source"],
        percent=values.get("percent"),
        per_unit=UnitPrice(per_unit, str(currency)) if per_unit is not None else None,
        valid_to=values.get("valid_to"),
        rounding=values.get("rounding") or ROUND_HALF_EVEN,
        within_days=values.get("within_days"),
    )


def _cells(term: Term) -> tuple[str, ...]:
    return (
        term.kind,
        term.marketplace,
        term.basis.value,
        f"{term.percent:f}" if term.percent is not None else "",
        f"{term.per_unit.value:f}" if term.per_unit else "",
        term.per_unit.currency if term.per_unit else "",
        term.valid_from.isoformat(),
        term.valid_to.isoformat() if term.valid_to else "",
        term.known_from.isoformat(),
        term.source,
        term.rounding,
        str(term.within_days) if term.within_days is not None else "",
    )


def _layout(kinds: frozenset[str]) -> Layout:
    return Layout(
        "Terms",
        (
            Column("kind", _kind(kinds), needed=True, aliases=("type", "deduction")),
            Column("marketplace", text, aliases=("partner", "vendor_code")),
            Column("basis", _basis, needed=True, aliases=("of",)),
            Column("percent", decimal("."), aliases=("rate",)),
            Column("per_unit", decimal("."), aliases=("unit_amount",)),
            Column("currency", check_currency),
            Column("valid_from", _day, needed=True, aliases=("from", "since")),
            Column("valid_to", _day, aliases=("to", "until")),
            Column("known_from", _day, aliases=("known_since",)),
            Column("source", text, needed=True, aliases=("document", "agreement")),
            Column("rounding", _rounding),
            Column("within_days", whole(0, _MOST_DAYS), aliases=("days",)),
        ),
    )


def _kind(kinds: frozenset[str]) -> Callable[[str], str]:
    return lambda cell: kind_of(cell, kinds)


def _basis(cell: str) -> Basis:
    plain = cell.lower().replace(" ", "-").replace("_", "-")
    if plain in _BASES:
        return _BASES[plain]
    try:
        return Basis(plain)
    except ValueError:
        expected = ", ".join(each.value for each in Basis)
        raise Invalid(f"basis {cell[:40]!r}: expected one of {expected}") from None


def _rounding(cell: str) -> str:
    plain = cell.upper().replace(" ", "_").replace("-", "_")
    if plain not in ROUNDINGS:
        raise Invalid(f"rounding {cell[:40]!r}: expected one of {', '.join(ROUNDINGS)}")
    return plain


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Invalid(f"expected a day such as 2026-10-31, found {cell[:40]!r}") from None
