"""What happened in a simulated world, counted from what each side says: for people to read, not a judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from trueup.simulation.statements.evidence import Evidence, answered, each_cost, money


def summarise(given: Mapping[str, Any]) -> dict[str, Any]:
    """Orders, answers, money by currency, cases, lies and shoppers."""
    evidence = Evidence(given)
    ours = given["trueup"]
    deliveries = Counter(row["state"] for row in ours["deliveries"] if row["kind"] == "acknowledgement")
    cases = ours["cases"]
    return {
        "orders": {"placed": len(evidence.planned), "known": len(ours["orders"])},
        "products": len(evidence.products),
        "answers": dict(sorted(deliveries.items())),
        "orders_standing": dict(sorted(Counter(order["standing"] for order in ours["orders"]).items())),
        "lines": _lines(evidence),
        "money": _money(evidence),
        "cases": {
            "opened": len(cases),
            "still_open": sum(case["state"] == "open" for case in cases),
            "by_people": sum(case["resolved_by"] not in ("", "trueup") for case in cases),
            "kinds": dict(sorted(Counter(case["kind"] for case in cases).items())),
            "money_at_risk": _at_risk(cases),
        },
        "lies_told": {
            "amazon": dict(sorted(given["amazon"]["faults"]["told"].items())),
            "shopify": dict(sorted(given["shopify"]["faults"]["struck"].items())),
            "edi": sum(1 for file in given["buyer"]["files"] if file["trouble"] not in ("", "997")),
        },
        "requests": {"amazon": given["amazon"]["requests_seen"], "shopify": given["shopify"]["requests_seen"]},
        "shoppers": dict(given["shoppers"]),
    }


def _at_risk(cases: Iterable[Mapping[str, Any]]) -> list[str]:
    """The money of the open cases, by currency."""
    sums: dict[str, Decimal] = {}
    for case in cases:
        if case["state"] == "open" and case["money_at_risk"]:
            amount, currency = case["money_at_risk"].split()
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(amount)
    return [f"{amount:,.2f} {currency}" for currency, amount in sorted(sums.items())]


def _lines(evidence: Evidence) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for order in evidence.ours.values():
        for line in order["lines"]:
            said = answered(line)
            sums["lines"] += 1
            for name, amount in said.items():
                sums[name] += bool(amount)
            sums["unanswered"] += line["decision"] is None and bool(line["amount"])
    return dict(sums)


def _money(evidence: Evidence) -> dict[str, dict[str, str]]:
    """The value of what was answered, by currency; two currencies are never added."""
    sums: dict[str, dict[str, Fraction]] = {}
    for order in evidence.ours.values():
        terms = evidence.plan["agreements"].get(order["vendor_code"])
        if terms is None:
            continue
        of_currency = sums.setdefault(terms["currency"], {})
        for line in order["lines"]:
            if line["net_cost"] is None:
                continue
            cases = line["unit"] == "case"
            unit = "Cases" if cases else "Eaches"
            cost = each_cost(line["net_cost"].split()[0], unit, line["unit_size"], terms["cost_basis"])
            size = (line["unit_size"] or 1) if cases else 1
            of_currency["ordered"] = of_currency.get("ordered", Fraction(0)) + cost * size * max(line["amount"], 0)
            for name, amount in answered(line).items():
                of_currency[name] = of_currency.get(name, Fraction(0)) + cost * size * amount
    return {currency: {name: _shown(value) for name, value in of.items()} for currency, of in sorted(sums.items())}


def _shown(value: Fraction) -> str:
    total: Decimal = money(value)
    return f"{total:,.2f}"
