"""Orders carried to the end: that each step says what its own side says, and that their money adds up to the cent."""

from __future__ import annotations

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement


def _given(evidence: Evidence) -> Row:
    return evidence.given["carried"]  # type: ignore[no-any-return]


def _cents(amount: Row) -> int:
    """An amount as Trueup tells it, in cents."""
    return int(amount["minor"])


def each_step_is_told_as_it_was(evidence: Evidence) -> Statement:
    """Of every line: what Amazon ordered and confirmed, what left the shop, what was billed, and what was paid for."""
    found = Finding(
        "carried-steps",
        "Every step of an order is told as the side whose step it is has it",
        "an order's page that says more than anybody knows",
    )
    given = _given(evidence)
    shipped = {
        (order["po_number"], line["sku"]): line["fulfilled"] for order in given["shop"] for line in order["lines"]
    }
    amazon = {order["purchase_order"]: order for order in given["amazon"]}
    for plan in given["plan"]:
        ours, theirs = given["trueup"][plan["number"]], amazon[plan["number"]]
        found.count("orders")
        for place, line in enumerate(plan["lines"]):
            course, held = ours["lines"][place]["course"], theirs["lines"][place]
            found.count("lines")
            left = shipped.get((plan["number"], line["sku"]))
            found.demand(
                left == line["sent"], f"{plan['number']}: {left} of {line['sku']} left, {line['sent']} were to"
            )
            paid = line["sent"] - (plan["missing"] if place == 0 else 0) if plan["paid"] else 0
            wanted = {
                "ordered": held["ordered"],
                "acknowledged": held["accepted"],
                "shipped": left,
                "invoiced": line["sent"],
                "received": held["received"],
            }
            # An invoice for several products that is short of money says of no line what was paid for it.
            if len(plan["lines"]) == 1 or not plan["missing"]:
                wanted["paid"] = paid
            for stage, count in wanted.items():
                has = course[stage]["eaches"]
                words = f"{plan['number']} {line['sku']}: {has} {stage}, {count} by whose step it is"
                found.demand(has == count, words)
    return found.stated("lines")


def carried_money_adds_up(evidence: Evidence) -> Statement:
    """Invoiced less each deduction less what is open is what was paid, and each is the true number."""
    found = Finding(
        "carried-money",
        "Of every carried order invoiced less deductions less open is paid, each with its true cause",
        "net figures that hide what was deducted",
    )
    given = _given(evidence)
    for plan in given["plan"]:
        money = given["trueup"][plan["number"]]["money"]
        found.count("orders")
        for name in ("invoiced", "deducted", "open", "paid"):
            has = sum(_cents(row[name]) for row in money)
            wants = plan[f"{name}_minor"]
            found.demand(has == wants, f"{plan['number']}: {has} cents {name}, {wants} true")
        told = sorted((row["type"], _cents(row["amount"])) for each in money for row in each["deductions"])
        found.count("deductions", len(told))
        wanted = [tuple(row) for row in plan["deductions"]]
        found.demand(told == wanted, f"{plan['number']}: deductions {told}, {wanted} true")
    return found.stated("deductions")


def what_amazon_contradicts_is_told(evidence: Evidence) -> Statement:
    """Where Amazon's claim says less than its own docks counted, both numbers are told, and nowhere else."""
    found = Finding(
        "carried-contradictions",
        "A claim that Amazon's own docks contradict is told with both numbers, and no other is",
        "money that is given up although Amazon itself says that it is owed",
    )
    given = _given(evidence)
    for plan in given["plan"]:
        received = [line["course"]["received"] for line in given["trueup"][plan["number"]]["lines"]]
        found.count("orders")
        found.count("contradicted", int(plan["contradicted"]))
        against = " ".join(filter(None, (each["against"] for each in received)))
        found.demand(
            bool(against) == plan["contradicted"], f"{plan['number']}: told against it: {against or 'nothing'}"
        )
        if plan["contradicted"]:
            line = plan["lines"][0]
            for count in (line["received"], line["sent"] - plan["missing"]):
                found.demand(f"{count} (" in against, f"{plan['number']}: {count} is not named in: {against}")
    return found.stated("contradicted")
