"""The true causes of lines: which account family each belongs to and how Amazon writes it. The simulator's own table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from trueup.simulation.remittances.records import Market, Term

RECEIVABLE, DISPUTED, CHARGEBACKS, CO_OP = "receivable", "disputed", "chargebacks", "co-op"
ALLOWANCES, PRICE_PROTECTION, AUDIT = "allowances", "price-protection", "audit-claims"
RETURNS, RETURN_FREIGHT, PROVISIONS, FEES = "returns", "return-freight", "provisions", "fees"
WITHHOLDING, DISCOUNTS, DEBIT_BALANCE = "withholding", "discounts", "debit-balance"
CASH, CONVERSION, FX, SUSPENSE = "cash", "conversion", "fx", "suspense"
"""Account families: what an account is for. A chart of accounts names the account."""

TREATMENT: dict[str, str] = {
    "invoice": RECEIVABLE,
    "invoice-sum": RECEIVABLE,
    "shortage-claim": DISPUTED,
    "shortage-reversal": DISPUTED,
    "price-claim": DISPUTED,
    "price-reversal": DISPUTED,
    "chargeback": CHARGEBACKS,
    "co-op": CO_OP,
    "damage-allowance": ALLOWANCES,
    "freight-allowance": ALLOWANCES,
    "defect-allowance": ALLOWANCES,
    "price-protection": PRICE_PROTECTION,
    "audit-claim": AUDIT,
    "return": RETURNS,
    "return-freight": RETURN_FREIGHT,
    "provision": PROVISIONS,
    "provision-reversal": PROVISIONS,
    "amazon-invoice": FEES,
    "withholding": WITHHOLDING,
    "debit-balance": DEBIT_BALANCE,
    "unknown-form": SUSPENSE,
    "unknown-invoice": SUSPENSE,
    "ambiguous": SUSPENSE,
}
"""Where each cause belongs."""

MARKETS = (
    Market("US", "amazon-us", "RIVR1", "ATVPDKIKX0DER", "USD", "USD", "us", "RW", quick_pay=1),
    Market("DE", "amazon-de", "RIVDE", "A1PA6795UKMFR9", "EUR", "EUR", "eu", "RD", tax=19),
    Market("UK", "amazon-uk", "RIVUK", "A1F83G8C2ARO7P", "GBP", "GBP", "uk", "RK", tax=20),
    Market("IN", "amazon-in", "RIVIN", "A21TJRUUN4KGV", "INR", "INR", "in", "RI", tax=18, withholding=1),
    Market("CA", "amazon-ca", "RIVCA", "A2EUQ1WTGCTBG2", "CAD", "USD", "ca", "RC"),
)
WEIGHTS = (60, 16, 8, 8, 8)
"""How many payments of a hundred each market makes."""

CO_OP_PERCENT, DAMAGE_PERCENT, ASN_PERCENT, ROUTING_PERCENT = Decimal(4), Decimal(1), Decimal(2), Decimal(3)
NET_INVOICED, ORDER_VALUE = "net-invoiced", "purchase-order"


def terms(since: date) -> tuple[Term, ...]:
    """What was agreed for every market: the rates that charges are held against. Other kinds have no documented rate."""
    rows = (
        ("co-op", CO_OP_PERCENT, NET_INVOICED),
        ("damage-allowance", DAMAGE_PERCENT, NET_INVOICED),
        ("chargeback:asn-accuracy", ASN_PERCENT, ORDER_VALUE),
        ("chargeback:routing", ROUTING_PERCENT, ORDER_VALUE),
    )
    agreed = [Term(kind, market.name, percent, basis, since) for market in MARKETS for kind, percent, basis in rows]
    agreed += [Term("quick-pay", m.name, Decimal(m.quick_pay), "invoice", since) for m in MARKETS if m.quick_pay]
    agreed += [Term("withholding", m.name, Decimal(m.withholding), "invoice", since) for m in MARKETS if m.withholding]
    return tuple(agreed)


def percent_of(minor: int, percent: Decimal) -> int:
    """A percentage of minor units, rounded half to even."""
    return round(Decimal(minor) * percent / 100)
