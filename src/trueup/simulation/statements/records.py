"""Records: cases with their money, what people decided, documents, the trading partner's files, secrets, and the plan itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement, each_cost, money

_ANSWER_OF = {"reject": "rejected", "backorder": "backordered", "accept-as-ordered": "accepted"}


def every_rule_occurred(evidence: Evidence) -> Statement:
    """Each hold rule, and each thing that the plan made wrong with an order, became its case."""
    found = Finding(
        "every-rule",
        "Every hold rule occurred and became a case",
        "a rule that nobody would miss",
    )
    for wanted in evidence.plan["expected"]["cases"]:
        found.count("cases expected")
        known = [
            case
            for case in evidence.cases.get(wanted["order"], [])
            if case["kind"] == wanted["kind"] and wanted["line"] in (None, case["line"])
        ]
        place = f" line {wanted['line']}" if wanted["line"] else ""
        found.demand(bool(known), f"{wanted['order']}{place}: no case {wanted['kind']}")
    kinds = {wanted["kind"] for wanted in evidence.plan["expected"]["cases"] if wanted["kind"].startswith("held.")}
    found.numbers["hold rules"] = len(kinds)
    return found.stated("cases expected")


def every_lie_told(evidence: Evidence) -> Statement:
    """Each lie and accident of the plan was told and lived through: no run of work failed for good."""
    found = Finding(
        "every-lie",
        "Every lie of the plan was told, and no work failed over it",
        "a demonstration of fair weather",
    )
    for side, wanted, told in (
        ("Amazon", evidence.plan["expected"]["amazon_lies"], evidence.given["amazon"]["faults"]["told"]),
        ("Shopify", evidence.plan["expected"]["shop_lies"], evidence.given["shopify"]["faults"]["struck"]),
    ):
        for kind in wanted:
            found.count("lies planned")
            found.count("told", told.get(kind, 0))
            found.demand(told.get(kind, 0) > 0, f"{side}: {kind} was never told")
    for case in evidence.given["trueup"]["cases"]:
        found.demand(case["kind"] != "run.failed", f"case {case['id']}: {case['title']}")
    return found.stated("told")


def money_at_risk(evidence: Evidence) -> Statement:
    """A case about a held line says what the line is worth: eaches times the exact cost of each, rounded once."""
    found = Finding(
        "money-at-risk",
        "The money at risk of every held line is its quantity times its cost",
        "a queue of cases sorted by wrong numbers",
    )
    totals: dict[str, Decimal] = {}
    for number, cases in evidence.cases.items():
        order = evidence.planned.get(number)
        if order is None:
            continue
        lines = {line["sequence"]: line for line in order["lines"]}
        for case in cases:
            line = lines.get(case["line"] or 0)
            if not case["kind"].startswith("held.") or line is None or number in evidence.plan["changes"]:
                continue
            worth = _worth(evidence, order, line)
            found.count("held lines")
            expected = f"{worth} {order['currency']}"
            where = f"{number} line {line['sequence']} ({case['kind']})"
            found.demand(case["money_at_risk"] == expected, f"{where}: {case['money_at_risk']}, expected {expected}")
            totals[order["currency"]] = totals.get(order["currency"], Decimal(0)) + worth
    found.numbers |= {currency: str(total) for currency, total in sorted(totals.items())}
    return found.stated("held lines")


def _worth(evidence: Evidence, order: Row, line: Row) -> Decimal:
    basis = evidence.plan["agreements"][order["vendor_code"]]["cost_basis"]
    cost = each_cost(line["net_cost"], line["unit"], line["unit_size"], basis)
    eaches = abs(line["amount"]) * (line["unit_size"] if line["unit"] == "Cases" else 1)
    return money(cost * Fraction(eaches))


def people_were_heard(evidence: Evidence) -> Statement:
    """What a person decided about a line is what its buyer was then told."""
    found = Finding(
        "people-heard",
        "What a person decided is what the buyer was told",
        "decisions that are recorded and not carried out",
    )
    for wanted in evidence.plan["decisions"]:
        cases = [case for case in evidence.cases.get(wanted["order"], []) if case["kind"] == wanted["kind"]]
        decided = [case for case in cases if case["resolved_by"] not in ("", "trueup")]
        found.count("decisions")
        where = f"{wanted['order']} ({wanted['kind']})"
        found.demand(bool(decided), f"{where}: no person resolved the case")
        for case in decided:
            found.demand(case["resolution"] == wanted["resolution"], f"{where}: resolved by {case['resolution']}")
            told = _told(evidence, wanted["order"], case["line"])
            answer = _ANSWER_OF[wanted["resolution"]]
            fits = bool(told and (told[answer] or (answer == "accepted" and told["backordered"])))
            found.demand(fits, f"{where}: decided {wanted['resolution']}, the buyer was told {told}")
    found.numbers["by two persons"] = sum(1 for row in evidence.given["decided"] if row["proposal"])
    return found.stated("decisions")


def _told(evidence: Evidence, number: str, sequence: int) -> dict[str, int] | None:
    names = ("accepted", "backordered", "rejected")
    if number in evidence.amazon:
        rows = evidence.amazon[number]["lines"]
        line = next((row for row in rows if int(row["item_sequence_number"]) == sequence), None)
        return {name: line[name] for name in names} if line else None
    answers = [row for row in evidence.given["buyer"]["answers"] if row["order"] == number]
    lines = answers[-1]["lines"] if answers else []
    found = next((row for row in lines if row["sequence"] == sequence), None)
    return {name: found[name] for name in names} if found else None


def archive_is_whole(evidence: Evidence) -> Statement:
    """Every archived document is what its hash says, every arrival is chained, and what decisions rest on is there."""
    found = Finding(
        "archive-whole",
        "Every document in the archive verifies against its hash, and the chain of arrivals holds",
        "evidence that was changed or lost",
    )
    documents = evidence.given["documents"]
    found.numbers |= {name: documents[name] for name in ("arrivals", "contents", "size_bytes", "chained")}
    found.violations += [*documents["failed"], *documents["breaks"]]
    found.demand(documents["chained"] == documents["arrivals"], "not every arrival is in the chain")
    kept = set(documents["digests"])
    found.demand(len(kept) == documents["contents"], "the number of contents is not the number of hashes")
    rested = {order["number"]: order["evidence"] for order in evidence.ours.values()}
    for order in evidence.ours.values():
        for row in (*order["revisions"], *(line for line in order["lines"] if line["evidence"])):
            rested[f"{order['number']} {row['evidence']}"] = row["evidence"]
        for row in order["deliveries"]:
            rested[f"{order['number']} delivery {row['id']}"] = row["digest"]
    found.numbers["pieces of evidence named"] = len(rested)
    for where, digest in rested.items():
        found.demand(digest in kept, f"{where}: its evidence {digest} is not in the archive")
    return found.stated("arrivals")


def trading_partner_agrees(evidence: Evidence) -> Statement:
    """The trading partner got a 997 for every file it could expect one for, and an 855 it could read for every order."""
    found = Finding(
        "edi-answered",
        "Every readable 850 got its 997, every EDI order an 855 without fault, and broken files took nothing in",
        "EDI that is dropped in silence",
    )
    buyer = evidence.given["buyer"]
    answers = {row["order"]: row for row in buyer["answers"]}
    for file in buyer["files"]:
        match file["trouble"]:
            case "":
                found.count("850s")
                found.demand("A" in file["verdicts"], f"{file['name']} ({file['order']}): no accepting 997")
                explained = evidence.has_case(file["order"], ("held.", "acknowledgement.", "shop."))
                found.demand(file["order"] in answers or explained, f"{file['order']}: no 855 and no case")
            case "997":
                found.count("997s to us")
            case "duplicate":
                found.count("files in trouble")
            case trouble:
                found.count("files in trouble")
                taken = file["order"] in evidence.ours
                found.demand(not taken, f"{file['name']} ({trouble}): its order was taken in all the same")
                found.demand("A" not in file["verdicts"], f"{file['name']} ({trouble}): a 997 accepts it")
    for row in buyer["answers"]:
        found.count("855s")
        found.violations += [f"{row['name']}: {problem}" for problem in row["problems"]]
        refused = row["acknowledged"] == "R"
        told = evidence.has_case(row["order"], ("acknowledgement.rejected",))
        found.demand(not refused or told, f"{row['order']}: its 855 was refused by a 997, and no case says so")
    troubles = {file["trouble"] for file in buyer["files"]}
    for kind in evidence.plan["expected"]["edi_troubles"]:
        found.demand(kind in troubles, f"no file was {kind}")
    invalid = [case for case in evidence.cases[""] if case["kind"].startswith("document.")]
    broken = sum(1 for file in buyer["files"] if file["trouble"] not in ("", "997", "duplicate"))
    found.demand(len(invalid) >= broken, f"{broken} broken files, {len(invalid)} cases about documents")
    found.violations += [f"{row['name']}: {row['why']}" for row in buyer["unreadable"]]
    return found.stated("855s")


def every_order_known(evidence: Evidence) -> Statement:
    """Trueup knows every order that a buyer placed, once, and no other."""
    found = Finding(
        "every-order-known",
        "Every purchase order was taken in, once, and nothing else was",
        "orders lost between pages, or made of duplicates",
    )
    numbers = [order["number"] for order in evidence.given["trueup"]["orders"]]
    found.numbers |= {"placed": len(evidence.planned), "known": len(numbers)}
    for number in sorted(evidence.planned.keys() - set(numbers)):
        found.demand(False, f"{number}: never taken in")
    for number in sorted(set(numbers) - evidence.planned.keys()):
        found.demand(False, f"{number}: taken in, though nobody placed it")
    found.demand(len(numbers) == len(set(numbers)), "an order was taken in twice")
    return found.stated("known")


def no_secret_told(evidence: Evidence) -> Statement:
    """No credential stands in a stored row, an archived document or the log."""
    found = Finding(
        "no-secret",
        "No secret appears in any stored row, document or line of the log",
        "keys to the accounts in a backup or a support ticket",
    )
    secrets = evidence.given["secrets"]
    found.numbers |= {"tables": secrets["tables"], "log lines": secrets["log_lines"]}
    found.violations += [f"a secret stands in {place}" for place in secrets["found"]]
    found.violations += [f"document {place}" for place in evidence.given["documents"]["leaking"]]
    return found.stated("tables")
