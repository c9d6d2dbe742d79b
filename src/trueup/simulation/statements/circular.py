"""Circular commerce: what Supercycle holds is known, trade-ins are credited once and at their worth, and the month adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement

_KEPT = ("serial", "visibility", "sku")


def _given(evidence: Evidence) -> Row:
    return evidence.given["circular"]  # type: ignore[no-any-return]


def every_unit_known(evidence: Evidence) -> Statement:
    """Trueup's items and cycles are those that Supercycle itself holds, no more and no fewer, and each as it is there."""
    found = Finding(
        "units-known",
        "Every item and every cycle of Supercycle is known, as Supercycle itself holds it",
        "a unit that is promised though it is with a customer",
    )
    given = _given(evidence)
    sku_of = {variant["id"]: variant["sku"] for each in given["supercycle"]["products"] for variant in each["variants"]}
    shopify = {
        variant["shopifyVariantId"]: sku_of[variant["id"]]
        for each in given["supercycle"]["products"]
        for variant in each["variants"]
    }
    theirs = {item["id"]: {**item, "sku": shopify[item["shopifyVariantId"]]} for item in given["supercycle"]["items"]}
    ours = {item["id"]: item for item in given["trueup"]["items"]}
    _same_keys(found, "item", theirs, ours)
    for number in theirs.keys() & ours.keys():
        found.count("items")
        for name in _KEPT:
            one, other = ours[number][name], theirs[number][name]
            found.demand(one == other, f"item {number}: {name} {one!r} here, {other!r} in Supercycle")
    cycles = {each["id"]: each for each in given["supercycle"]["rentals"]}
    known = {each["id"]: each for each in given["trueup"]["cycles"]}
    _same_keys(found, "cycle", cycles, known)
    for number in cycles.keys() & known.keys():
        found.count("cycles")
        here, there = known[number]["item"], cycles[number]["itemId"]
        found.demand(here == there, f"cycle {number}: item {here} here, {there} in Supercycle")
    found.numbers["returns"] = len(given["supercycle"]["returns"])
    return found.stated("cycles")


def _same_keys(found: Finding, what: str, theirs: dict[Any, Any], ours: dict[Any, Any]) -> None:
    for number in sorted(theirs.keys() - ours.keys()):
        found.demand(False, f"{what} {number}: in Supercycle, and unknown here")
    for number in sorted(ours.keys() - theirs.keys()):
        found.demand(False, f"{what} {number}: known here, and not in Supercycle")


def who_counts(evidence: Evidence) -> Statement:
    """What Supercycle imported the shop counts no more, and Trueup knows that; where nobody else counts it, a case says so."""
    found = Finding(
        "who-counts",
        "What Supercycle took over is counted by its items, or a case says that nobody counts it",
        "two counts of the same goods, or none",
    )
    given = _given(evidence)
    tracked = {level["sku"]: level["tracked"] for level in given["shop"]["levels"]}
    imported = {variant["sku"] for each in given["supercycle"]["products"] for variant in each["variants"]}
    for goods in given["goods"]:
        sku, ours = goods["sku"], given["trueup"]["products"].get(goods["sku"], {})
        found.demand((sku in imported) == goods["rented"], f"{sku}: imported by mistake, or not")
        if sku not in imported:
            found.demand(tracked[sku], f"{sku}: nobody imported it, and the shop tracks it no more")
            continue
        found.count("imported products")
        found.demand(not tracked[sku], f"{sku}: the shop tracks it still")
        found.demand(ours.get("circular") is True, f"{sku}: Trueup does not know that Supercycle took it over")
        told = any(
            case["kind"] == "stock.uncounted" and case["subject"] == f"product {sku}" and case["state"] == "open"
            for case in given["trueup"]["cases"]
        )
        found.count("counted by nobody", int(told))
        found.demand(told == (goods["counted_by"] == ""), f"{sku}: counted by {goods['counted_by']!r}, case: {told}")
    return found.stated("counted by nobody")


def neither_takes_the_others(evidence: Evidence) -> Statement:
    """By Supercycle's own books no unit is withheld for Amazon that a customer has or will have; Amazon has as many as are."""
    found = Finding(
        "one-unit-one-claim",
        "No unit is held for Amazon and for a customer, and Amazon was promised as many as are held",
        "a renter who gets nothing, or a truck that leaves a unit short",
    )
    given = _given(evidence)
    booked = {
        cycle["itemId"]: cycle
        for cycle in given["supercycle"]["rentals"]
        if cycle["itemId"] and not cycle["restockedAt"] and cycle["status"] != "cancelled"
    }
    withheld = {item["id"] for item in given["supercycle"]["items"] if _withheld_from(item)}
    found.numbers |= {"held for Amazon": len(withheld), "held for customers": len(booked)}
    for number in sorted(withheld & booked.keys()):
        name = booked[number]["shopifyOrderName"]
        found.demand(False, f"item {number}: withheld for Amazon, and the rental of order {name} has it")
    accepted = sum(line["accepted"] for order in given["amazon"]["orders"] for line in order["lines"])
    found.demand(accepted == len(withheld), f"{accepted} accepted at Amazon, {len(withheld)} units withheld")
    return found.stated("held for Amazon")


def _withheld_from(item: Row) -> str | None:
    """Since when an item that was to be had is not, by Supercycle's own timeline; None while it is, or never was."""
    changed = [each for each in item["timelineEvents"] if each["eventType"] == "visibility_changed"]
    last = changed[-1] if changed else None
    gone = last is not None and last["metadata"]["visibility"] == item["visibility"] == "unavailable"
    return last["createdAt"] if last is not None and gone else None


def collision_told_and_answered(evidence: Evidence) -> Statement:
    """What the order could not have at first was a case that names both claims and their money, and a person's word ended it."""
    found = Finding(
        "collision-told",
        "The rental that met the purchase order was told with both claims and their money, and answered",
        "a conflict that nobody hears of until a customer does",
    )
    given = _given(evidence)
    about = given["collision"]
    cases = [case for case in given["trueup"]["cases"] if case["kind"] == "circular.wholesale-conflict"]
    cycles = {str(cycle["shopifyOrderName"]) for cycle in given["supercycle"]["rentals"]}
    for case in cases:
        found.count("cases")
        words = case["title"]
        found.demand(about["number"] in words, f"case {case['id']} does not name the purchase order")
        found.demand(any(name in words for name in cycles), f"case {case['id']} does not name the rental: {words}")
        for worth in (about["cost"], about["worth"]):
            found.demand(f"{worth} USD" in words, f"case {case['id']} does not say {worth} USD: {words}")
        found.demand(case["money_at_risk"] == f"{about['cost']} USD", f"case {case['id']}: {case['money_at_risk']}")
        answered = case["resolved_by"] not in ("", "trueup")
        found.demand(answered, f"case {case['id']}: {case['state']}, no person answered it")
    accepted = sum(line["accepted"] for order in given["amazon"]["orders"] for line in order["lines"])
    found.numbers |= {"wanted": about["wanted"], "accepted in the end": accepted}
    found.demand(accepted == about["wanted"], f"{accepted} of {about['wanted']} accepted after the answer")
    return found.stated("cases")


def came_back_become_items(evidence: Evidence) -> Statement:
    """What the buyer sent back is one item a unit in Supercycle's own books, at the agreed cost, not to be had, and never more."""
    found = Finding(
        "came-back-become-items",
        "Each unit that came back of a purchase order is one item, at its agreed cost, not to be had before somebody looks",
        "returned goods that nobody counts, or that a customer gets before anybody looked at them",
    )
    given = _given(evidence)
    about, told = given["collision"], given["trueup"]["came_back"]
    accepted = sum(line["accepted"] for order in given["amazon"]["orders"] for line in order["lines"])
    found.demand(len(told) == about["came_back"], f"{about['came_back']} came back, {len(told)} are known")
    found.demand(len(told) <= accepted, f"{len(told)} came back of {accepted} that Amazon was promised")
    found.demand(any(unit["serial"] == about["serial"] for unit in told), f"no unit bears serial {about['serial']}")
    cases = [
        case
        for case in given["trueup"]["cases"]
        if case["kind"] in ("vendor-return.item-refused", "trade-in.no-credit")
    ]
    for unit in told:
        found.count("units")
        items = [item for item in given["supercycle"]["items"] if item["serial"] == unit["serial"]]
        found.demand(len(items) == 1, f"{unit['serial']}: {len(items)} items bear it")
        found.demand(about["number"] in unit["order"], f"{unit['serial']}: of order {unit['order']}")
        for item in items:
            found.demand(item["visibility"] == "unavailable", f"{unit['serial']}: {item['visibility']}")
            cost = Decimal(item["acquisitionCostCents"] or 0).scaleb(-2)
            found.demand(cost == Decimal(about["cost"]), f"{unit['serial']}: cost {cost}, agreed {about['cost']}")
            found.demand(item["id"] == unit["item"], f"{unit['serial']}: item {item['id']} there, {unit['item']} here")
            for case in cases:
                mine = unit["serial"] in case["title"]
                found.demand(not mine, f"case {case['id']}: {case['title']}")
    return found.stated("units")


def trade_ins_become_items(evidence: Evidence) -> Statement:
    """One item a trade-in, made not available, released no sooner than it was graded, retired where it was not taken."""
    found = Finding(
        "trade-ins-become-items",
        "Each trade-in is one item, not to be had before it was graded, and retired if it was not taken",
        "a broken item that a customer gets, or one that exists twice",
    )
    given = _given(evidence)
    for told in given["trade_ins"]:
        items = [item for item in given["supercycle"]["items"] if item["serial"] == told["serial"]]
        found.count("trade-ins")
        found.demand(len(items) == 1, f"{told['key']}: {len(items)} items bear serial {told['serial']}")
        graded = [act["at"] for act in told["acts"] if act["act"] == "trade-in.graded"]
        for item in items:
            wanted = "available" if told["credited_as"] else "retired"
            found.demand(item["visibility"] == wanted, f"{told['key']}: {item['visibility']}, expected {wanted}")
            offered = _offered_from(item)
            early = offered is not None and (not graded or offered[:19] < graded[0][:19])
            found.demand(not early, f"{told['key']}: offered at {offered}, graded {graded or 'never'}")
    return found.stated("trade-ins")


def _offered_from(item: Row) -> str | None:
    """When an item was first to be had by Supercycle's own timeline."""
    made, changed = None, [each for each in item["timelineEvents"] if each["eventType"] == "visibility_changed"]
    if not changed and item["visibility"] == "available":
        made = item["createdAt"]
    return next((each["createdAt"] for each in changed if each["metadata"]["visibility"] == "available"), made)


def credited_once(evidence: Evidence) -> Statement:
    """The shop itself holds one credit for each trade-in that was taken, of what it is worth, and no other."""
    found = Finding(
        "credited-once",
        "Each trade-in that was taken is credited once, by what it is worth, and no other credit was given",
        "credit that is given twice, or to nobody",
    )
    given = _given(evidence)
    cards = {card["note"]: card for card in given["shop"]["gift_cards"]}
    found.demand(len(cards) == len(given["shop"]["gift_cards"]), "two gift cards bear the same note")
    wanted = {f"Trade-in {told['key']}": told for told in given["trade_ins"] if told["credited_as"] == "gift-card"}
    for note, told in wanted.items():
        card = cards.get(note)
        found.count("gift cards")
        found.demand(
            card is not None and Decimal(card["initial"]) == Decimal(told["worth"]),
            f"{told['key']}: worth {told['worth']}, its card {card and card['initial']}",
        )
    for note in sorted(cards.keys() - wanted.keys()):
        found.demand(False, f"the shop has a gift card {note!r} that no trade-in explains")
    given_by_account = Counter(
        (account["customer"], str(Decimal(amount)))
        for account in given["shop"]["store_credit"]
        for _, amount, event in account["movements"]
        if Decimal(amount) > 0
    )
    owed = Counter(
        (told["customer_id"], str(Decimal(told["worth"])))
        for told in given["trade_ins"]
        if told["credited_as"] == "store-credit"
    )
    found.numbers["store credits"] = sum(owed.values())
    found.demand(given_by_account == owed, f"store credit: {dict(given_by_account)} given, {dict(owed)} owed")
    found.numbers["replies lost"] = given["shop"]["faults"]["struck"].get("applied_but_timed_out", 0)
    return found.stated("gift cards")


def credits_reconcile(evidence: Evidence) -> Statement:
    """What the books owe on credits is what the shop shows is left of them, and no case says otherwise."""
    found = Finding(
        "credits-reconcile",
        "What the books owe on credits is exactly what is left of them in the shop",
        "a liability that nobody can spend, or money that nobody owes",
    )
    given = _given(evidence)
    left = sum((Decimal(card["balance"]) for card in given["shop"]["gift_cards"]), Decimal(0))
    left += sum(Decimal(account["balance"]) for account in given["shop"]["store_credit"])
    owed = Decimal(given["trueup"]["owed_on_credits_minor"]).scaleb(-2)
    found.numbers |= {"left in the shop": f"{left:.2f} USD", "owed by the books": f"{owed:.2f} USD"}
    found.demand(left == owed, f"{left} left in the shop, {owed} owed by the books")
    spent = sum((Decimal(told["worth"]) for told in given["trade_ins"] if told["credited_as"]), -left)
    found.numbers["spent"] = f"{spent:.2f} USD"
    for case in given["trueup"]["cases"]:
        if case["kind"].startswith(("credit.", "trade-in.", "deposit.")) and case["state"] == "open":
            found.demand(False, f"case {case['id']}: {case['title']}")
    found.demand(spent > 0, "nothing was spent of any credit")
    return found.stated()


def month_of_all_adds_up(evidence: Evidence) -> Statement:
    """The monthly statement's pairs agree, and what it says was sold and paid is what the shop's own orders and credits say."""
    found = Finding(
        "statement-adds-up",
        "The monthly statement adds up, and says what the shop itself sold and was paid with credits",
        "four reports that each are right and together are not",
    )
    given = _given(evidence)
    month = given["trueup"]["month"]
    for tie in month["ties"]:
        found.count("pairs")
        found.demand(tie["one"] == tie["other"], f"{tie['what']}: {tie['one']} and {tie['other']}")
    sold = _cents(order["total"] for order in given["shop"]["orders"] if not order["by_app"])
    found.numbers["sold"] = f"{Decimal(sold).scaleb(-2):.2f} USD"
    found.demand(month["sold_minor"] == sold, f"{month['sold_minor']} cents sold by the statement, {sold} by the shop")
    cards = given["shop"]["gift_cards"]
    by_card = _cents(card["initial"] for card in cards) - _cents(card["balance"] for card in cards)
    taken = -_cents(
        amount
        for account in given["shop"]["store_credit"]
        for _, amount, _ in account["movements"]
        if Decimal(amount) < 0
    )
    for name, minor in (("gift-card", by_card), ("store-credit", taken)):
        said = month["paid_minor"].get(name, 0)
        found.numbers[f"by {name}"] = f"{Decimal(minor).scaleb(-2):.2f} USD"
        found.demand(said == minor, f"{said} cents paid by {name} by the statement, {minor} by the shop")
    return found.stated("pairs")


def _cents(amounts: Iterable[str]) -> int:
    return sum(int(Decimal(amount).scaleb(2)) for amount in amounts)
