"""A month's end: the bank, the agreed terms, what people answered and disputed, and the month that was closed."""

from __future__ import annotations

from collections import Counter

from trueup.simulation.statements.books import Books, Key, apart, plain_amount, shown
from trueup.simulation.statements.evidence import Evidence, Finding, Statement

_AT_THE_BANK = {
    "bank-missing": "bank.paid-not-received",
    "bank-other-amount": "bank.other-amount",
    "bank-unannounced": "bank.received-not-announced",
}


def bank_compared(evidence: Evidence) -> Statement:
    """What did not arrive, arrived unannounced or as another amount is a case with its money, and nothing else is."""
    found = Finding(
        "bank-compared",
        "Every payment that did not arrive, came unannounced or with another amount is a case, and no other is",
        "money that is announced and never comes",
    )
    books = Books(evidence)
    wanted: Counter[Key] = Counter()
    for row in books.suspicions(*_AT_THE_BANK):
        found.count("planted")
        wanted[_AT_THE_BANK[row["kind"]], abs(row["minor"]), row["currency"]] += 1
    has: Counter[Key] = Counter()
    for (kind, _), case in books.cases.items():
        if kind.startswith("bank."):
            has[kind, case["minor"], case["currency"]] += 1
    for key, wants, is_ in apart(wanted, has):
        found.demand(False, f"{key[0]} of {shown(key[1], key[2])}: {wants} planted, {is_} found")
    return found.stated("planted")


def overcharges_found(evidence: Evidence) -> Statement:
    """What was charged beyond the agreed terms is a case with the difference, and nothing else is."""
    found = Finding(
        "overcharges-found",
        "Every charge beyond the agreed terms is a case with the difference, and no other is",
        "rates that were never agreed",
    )
    books = Books(evidence)
    kinds = {row["kind"] for row in books.truth["suspicions"] if row["kind"].startswith("overcharge")}
    wanted: Counter[Key] = Counter()
    for row in books.suspicions(*kinds):
        wanted[row["payment"], abs(row["minor"]), row["currency"]] += 1
    has: Counter[Key] = Counter()
    for (kind, subject), case in books.cases.items():
        if kind == "charge.overcharged":
            has[subject.split("/")[1].split()[0], case["minor"], case["currency"]] += 1
    found.numbers |= {"terms": len(books.truth["terms"]), "planted": sum(wanted.values())}
    for key, wants, is_ in apart(wanted, has):
        found.demand(False, f"payment {key[0]}, {shown(key[1], key[2])} too much: {wants} planted, {is_} found")
    return found.stated("terms")


def answers_followed(evidence: Evidence) -> Statement:
    """What people of finance said of lines that waited is what was booked, by a rule that another of them approved."""
    found = Finding(
        "answers-followed",
        "What finance answered left suspense for the account that was named, and every rule had its second person",
        "answers that are forgotten, and rules that one person makes alone",
    )
    books = Books(evidence)
    for row, treatment in books.moved:
        found.count("lines answered")
        key = row["payment"], treatment, row["currency"]
        where = f"payment {row['payment']} {row['reference']}"
        words = (
            f"{where}: {shown(books.postings[key], key[2])} in {treatment}, {shown(books.wanted[key], key[2])} expected"
        )
        found.demand(books.postings[key] == books.wanted[key], words)
    for rule in books.answers.get("rules", []):
        found.count("rules")
        found.demand(rule["proposed_by"] != rule["approved_by"], f"rule {rule['rule']} was approved by its proposer")
    found.numbers["invoices chosen"] = len(books.answers["chosen"])
    return found.stated("lines answered")


def month_locked(evidence: Evidence) -> Statement:
    """The month is closed by two persons, its pack says what was received, and nothing was posted in it since."""
    found = Finding(
        "month-locked",
        "The month was closed by two persons, its pack says to the cent what came in, and it is locked since",
        "a month that changes after it was reported",
    )
    books = Books(evidence)
    pack = evidence.given["books"]["pack"]
    for row in books.ledger["closed"]:
        found.count("months")
        found.count("entries", row["entries"])
        found.demand(row["closed_by"] != row["approved_by"], f"{row['month']} was closed by one person alone")
        found.demand(not row["after"], f"{row['after']} entries were posted in {row['month']} after it was closed")
    wanted: Counter[Key] = Counter()
    later = books.truth.get("later", ())
    for (payment, treatment, currency), minor in books.wanted.items():
        wanted[(currency,)] += minor * (treatment == "cash" and payment not in later)
    has = Counter({(row["currency"],): row["minor"] for row in pack["received"]})
    for key, wants, is_ in apart(wanted, has):
        found.demand(False, f"the pack says that {shown(is_, key[0])} came in, {shown(wants, key[0])} did")
    found.demand(pack["same"], "its figures, computed again, are not what was closed")
    found.numbers |= {f"{key[0]} received": plain_amount(minor) for key, minor in sorted(has.items())}
    return found.stated("months")


def disputes_told(evidence: Evidence) -> Statement:
    """What was disputed is a claim that is open, with a pack whose pages name the claim and lack nothing."""
    found = Finding(
        "disputes-packed",
        "Every claim that was disputed is open for what Amazon holds, and its pack lacks no proof",
        "disputes that are refused for want of a document",
    )
    books = Books(evidence)
    open_ = {(row["partner"], row["claim"]): row["minor"] for row in books.ledger["claims"]}
    for row in evidence.given["books"]["disputes"]:
        found.count("disputes")
        has = open_.get((row["partner"], row["claim"]))
        found.demand(has == row["minor"], f"{row['claim']}: {row['minor']} disputed, {has} open")
        found.demand(not row["missing"], f"{row['claim']}: the pack lacks {', '.join(row['missing'])}")
        found.demand(
            row["number"] in row["text"].replace(" ", ""), f"{row['claim']}: its pack does not name {row['number']}"
        )
    return found.stated("disputes")
