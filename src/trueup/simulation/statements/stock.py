"""Stock and the shop's orders: one order each, exactly what was accepted at its cost, every unit accounted for."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement, answered, each_cost, money

_PARTS = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")


def one_order_each(evidence: Evidence) -> Statement:
    """Each purchase order has at most one living order in the shop, holding exactly the eaches accepted of each product."""
    found = Finding(
        "one-shop-order",
        "Each purchase order has at most one order in the shop, with exactly the accepted eaches",
        "stock held twice, or promised and not held",
    )
    for number, ours in evidence.ours.items():
        shown = evidence.shop_orders.get(number, [])
        found.count("orders")
        # One that somebody cancelled by hand may have been renewed by a person's decision: it holds nothing.
        living = [order for order in shown if order["cancelled_at"] is None]
        found.demand(len(living) <= 1, f"{number}: {len(living)} orders in the shop")
        wanted: dict[str, int] = defaultdict(int)
        for line in ours["lines"]:
            eaches = answered(line)["accepted"] * (_size(line) or 1)
            if eaches:
                wanted[evidence.sku_of.get(line["asin"] or "", "?")] += eaches
        held: dict[str, int] = defaultdict(int)
        for order in living:
            for line in order["lines"]:
                if line["current_quantity"]:
                    held[line["sku"]] += line["current_quantity"]
        found.count("eaches", sum(wanted.values()))
        if dict(wanted) != dict(held):
            explained = evidence.open_case(number, ("shop.", "acknowledgement."))
            found.count("explained by an open case", int(explained))
            words = f"{number}: accepted {dict(wanted)}, the shop holds {dict(held)}"
            found.demand(explained, words)
    for number in evidence.shop_orders:
        found.demand(number in evidence.planned, f"the shop holds an order for {number!r}, which nobody ordered")
    return found.stated("eaches")


def _size(line: Row) -> int | None:
    return line["unit_size"] if line["unit"] == "case" else 1


def priced_at_cost(evidence: Evidence) -> Statement:
    """Each line in the shop stands at the purchase order's cost per each, rounded half-even once, its exact value kept."""
    found = Finding(
        "priced-at-cost",
        "Each line in the shop is priced at the cost of the purchase order, and its exact value is kept",
        "cents that drift away between the order and the invoice",
    )
    for number, orders in evidence.shop_orders.items():
        costs = _costs(evidence, number)
        for order in orders:
            kept = _exact(order)
            for line in order["lines"]:
                if not line["current_quantity"] or line["sku"] not in costs:
                    continue
                found.count("lines")
                cost = costs[line["sku"]]
                price = Decimal(line["unit_price"]) - Decimal(line["unit_discount"])
                where = f"{number} {line['sku']}"
                found.demand(price == money(cost), f"{where}: {price} in the shop, {money(cost)} is the cost per each")
                found.demand(kept.get(line["sku"]) == cost, f"{where}: exact value {kept.get(line['sku'])}, not {cost}")
                found.count("costs that do not divide", int(cost * 100 != int(cost * 100)))
    return found.stated("lines")


def _costs(evidence: Evidence, number: str) -> dict[str, Fraction]:
    """The exact cost per each of an order's lines by SKU, from what its buyer holds."""
    planned = evidence.planned.get(number)
    if planned is None:
        return {}
    basis = evidence.plan["agreements"][planned["vendor_code"]]["cost_basis"]
    if number in evidence.amazon:
        rows = [
            (line["amazon_product_identifier"], line["net_cost"]["amount"], line["unit"], line["unit_size"])
            for line in evidence.amazon[number]["lines"]
        ]
    else:
        rows = [(line["asin"], line["net_cost"], line["unit"], line["unit_size"]) for line in planned["lines"]]
    return {
        evidence.sku_of[asin]: each_cost(cost, unit, size, basis)
        for asin, cost, unit, size in rows
        if asin in evidence.sku_of
    }


def _exact(order: Row) -> dict[str, Fraction]:
    text = order["metafields"].get("trueup.exact_costs", "{}")
    try:
        return {line["sku"]: Fraction(line["exact_cost"]) for line in json.loads(text)["lines"]}
    except (ValueError, KeyError, ZeroDivisionError, InvalidOperation):
        return {}


def states_add_up(evidence: Evidence) -> Statement:
    """On hand is the sum of its states and what was seeded; committed is what the open orders hold there, ours and others'."""
    found = Finding(
        "stock-adds-up",
        "The shop's committed stock is our claims and its own open orders, and every state adds up",
        "stock that exists twice or nowhere",
    )
    committed: dict[tuple[str, str], int] = defaultdict(int)
    ours: dict[str, int] = defaultdict(int)
    for order in evidence.given["shopify"]["orders"]:
        for line in order["lines"]:
            for place in line["locations"]:
                committed[line["sku"], place["name"]] += place["committed"]
                ours[line["sku"]] += place["committed"] if order["by_app"] else 0
    for level in evidence.given["shopify"]["levels"]:
        if not level["tracked"]:
            continue
        sku, name = level["sku"], level["location"]
        found.count("levels")
        parts = sum(level[part] for part in _PARTS)
        found.demand(
            parts == level["on_hand"], f"{sku} at {name}: states add up to {parts}, on hand {level['on_hand']}"
        )
        seeded = evidence.products[sku]["levels"].get(name, 0)
        found.demand(level["on_hand"] == seeded, f"{sku} at {name}: on hand {level['on_hand']}, seeded {seeded}")
        wanted = committed[sku, name]
        found.demand(
            level["committed"] == wanted, f"{sku} at {name}: {level['committed']} committed, orders hold {wanted}"
        )
    claimed: dict[str, int] = defaultdict(int)
    explained: set[str] = set()
    for number, order in evidence.ours.items():
        for line in order["lines"]:
            claimed[line["sku"] or ""] += line["reserved_eaches"] if line["claimed"] else 0
        if evidence.open_case(number, ("shop.",)):
            explained |= {line["sku"] or "" for line in order["lines"]}
    for sku in sorted({sku for sku in (*claimed, *ours) if claimed[sku] != ours[sku]} - explained):
        found.demand(False, f"{sku}: Trueup claims {claimed[sku]}, its orders in the shop hold {ours[sku]}")
    found.count("eaches claimed", sum(claimed.values()))
    return found.stated("eaches claimed")


def never_below_zero(evidence: Evidence) -> Statement:
    """No tracked product was ever promised beyond what was there."""
    found = Finding(
        "never-oversold",
        "Available stock of no tracked product ever went below zero",
        "selling the same piece twice",
    )
    for level in evidence.given["shopify"]["levels"]:
        if level["tracked"]:
            found.count("levels")
            lowest = level["lowest_available"]
            found.numbers["lowest"] = min(found.numbers.get("lowest", lowest), lowest)
            found.demand(lowest >= 0, f"{level['sku']} at {level['location']}: {lowest} available at its lowest")
    return found.stated("levels")


def one_winner(evidence: Evidence) -> Statement:
    """Orders that raced for the last case did not both get it."""
    found = Finding(
        "one-winner",
        "Orders that raced for the last case did not both get it",
        "the oversell that two workers make together",
    )
    for race in evidence.plan["races"]:
        got = []
        for number in race["orders"]:
            order = evidence.ours.get(number)
            eaches = sum(answered(line)["accepted"] * (_size(line) or 1) for line in order["lines"]) if order else 0
            got.append(eaches)
        found.count("races")
        found.numbers["eaches each got"] = got
        found.demand(sum(got) <= race["stock"], f"{race['sku']}: {got} eaches given of {race['stock']}")
        found.demand(sum(1 for eaches in got if eaches) == 1, f"{race['sku']}: {got} eaches given; expected one winner")
    return found.stated("races")
