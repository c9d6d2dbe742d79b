"""The books: what every payment posted, what waits and why, what of claims and invoices is open; against the true causes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeAlias

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement

Key: TypeAlias = tuple[Any, ...]
_NOISE = re.compile(r"[\s_*/.-]+")
_DISPUTED = ("disputed", "audit-claims")
_SUGGESTED = "remittance.contested"
_HELD = {
    "unknown-form": ("remittance.unrecognised", "remittance.unknown-invoice", _SUGGESTED),
    "unknown-invoice": ("remittance.unknown-invoice", _SUGGESTED),
    "ambiguous": (_SUGGESTED, "remittance.ambiguous"),
    "untied": ("remittance.does-not-tie",),
    "hidden-items": ("remittance.hidden-items",),
}
"""As which kinds of case what is planted may wait. A form that nobody knows may look like the number of an invoice, and what has
an amount that by chance is open elsewhere too may be shown to a person with that suggestion."""
_DIFFER = "remittance.sources-differ"
_FAMILIES = {"debit-balance": "balance"}
"""What the books call a family of claims otherwise than the world does."""


class Books:
    """The truth of a history and the ledger that was made of its files, indexed."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.truth: Row = evidence.given["books"]["truth"]
        self.ledger: Row = evidence.given["books"]["ledger"]
        self.accounts: Mapping[str, str] = self.ledger["accounts"]

    @cached_property
    def postings(self) -> Counter[Key]:
        """Minor units by payment, what the account is for, and currency."""
        sums: Counter[Key] = Counter()
        for row in self.ledger["postings"]:
            sums[row["payment"], self.accounts.get(row["account"], row["account"]), row["currency"]] += row["minor"]
        return Counter({key: minor for key, minor in sums.items() if minor})

    @cached_property
    def balances(self) -> Counter[Key]:
        """Minor units by what the account is for, and currency."""
        sums: Counter[Key] = Counter()
        for row in self.ledger["balances"]:
            sums[self.accounts.get(row["account"], row["account"]), row["currency"]] += row["minor"]
        return sums

    @cached_property
    def answers(self) -> Row:
        """What people of finance have said since: `forms` (how references begin that they know, and where such lines belong), and
        `chosen` (which of an order's invoices a payment was for)."""
        return self.evidence.given["books"].get("answers", {"forms": {}, "chosen": []})  # type: ignore[no-any-return]

    @cached_property
    def moved(self) -> list[tuple[Row, str]]:
        """What was planted, waited, and is answered, with where it belongs since."""
        chosen = {(row["payment"], row["reference"]) for row in self.answers["chosen"]}
        found = []
        for row in self.truth["suspicions"]:
            form = next((each for each in self.answers["forms"] if row["reference"].startswith(each)), "")
            if row["kind"] == "unknown-form" and form and row["minor"] < 0:
                found.append((row, self.answers["forms"][form]))
            elif row["kind"] == "ambiguous" and (row["payment"], row["reference"]) in chosen:
                found.append((row, "receivable"))
        return found

    @cached_property
    def wanted(self) -> Counter[Key]:
        """What must be posted: the true causes, and where people have said since that it belongs."""
        sums = Counter(
            {(row["payment"], row["treatment"], row["currency"]): row["minor"] for row in self.truth["postings"]}
        )
        for row, treatment in self.moved:
            sums[row["payment"], "suspense", row["currency"]] += row["minor"]
            sums[row["payment"], treatment, row["currency"]] -= row["minor"]
        return Counter({key: minor for key, minor in sums.items() if minor})

    @cached_property
    def cases(self) -> dict[Key, Row]:
        """Open cases by kind and subject."""
        return {(row["kind"], row["subject"]): row for row in self.ledger["cases"]}

    def suspicions(self, *kinds: str) -> list[Row]:
        """What was planted of these kinds and is not answered."""
        answered = [row for row, _ in self.moved]
        return [row for row in self.truth["suspicions"] if row["kind"] in kinds and row not in answered]


def entries_balance(evidence: Evidence) -> Statement:
    """Every entry of the journal comes to nothing in each of its currencies."""
    found = Finding(
        "entries-balance", "Debits equal credits in every entry and currency", "books that cannot be closed"
    )
    for row in Books(evidence).ledger["entries"]:
        found.count("entries")
        found.count("lines", row["lines"])
        found.demand(not row["minor"], f"entry {row['key']} is out by {shown(row['minor'], row['currency'])}")
    return found.stated("entries")


def every_cent_posted(evidence: Evidence) -> Statement:
    """Of each payment, each kind of account has to the cent what the true causes of its lines come to."""
    found = Finding(
        "every-cent-posted",
        "Every cent of every payment stands where its true cause belongs",
        "net figures that hide what was deducted, and cents that are lost",
    )
    books = Books(evidence)
    wanted = books.wanted
    found.numbers |= {"postings": len(wanted), "wrong": 0}
    for key, wants, has in apart(wanted, books.postings):
        found.count("wrong")
        found.demand(False, f"payment {key[0]}, {key[1]}: {shown(has, key[2])} posted, {shown(wants, key[2])} true")
    received: Counter[str] = Counter()
    for (_, purpose, currency), minor in wanted.items():
        received[currency] += minor * (purpose == "cash")
    found.numbers |= {
        f"{currency} received": plain_amount(minor) for currency, minor in sorted(received.items()) if minor
    }
    return found.stated("postings")


def every_payment_once(evidence: Evidence) -> Statement:
    """Each payment is known once, by all who tell of it; one that was taken back has nothing posted."""
    found = Finding(
        "every-payment-once",
        "Every payment is known once, whoever told of it, and none that was voided is booked",
        "files that are imported twice, or two sources that are added",
    )
    books = Books(evidence)
    known = Counter(row["payment"] for row in books.ledger["payments"])
    found.numbers |= {"payments": books.truth["payments"], "known": len(known), "voided": len(books.truth["voided"])}
    found.demand(len(known) == books.truth["payments"], f"{books.truth['payments']} were told, {len(known)} are known")
    found.violations += [f"payment {number} is known {count} times" for number, count in known.items() if count > 1]
    sources = {row["payment"]: set((row["sources"] or "").split()) for row in books.ledger["payments"]}
    for row in books.truth["comparisons"]:
        found.count("told twice")
        tellers = {row["first"], row["second"]} - {f"{row['first']}, a later one"}
        has = sources.get(row["payment"], set())
        found.demand(tellers == has, f"payment {row['payment']}: told by {sorted(tellers)}, known from {sorted(has)}")
    posted = {key[0] for key in books.postings}
    for number in books.truth["voided"]:
        found.demand(number not in posted, f"payment {number} was taken back, and something of it is posted")
    return found.stated("payments")


def suspense_is_cases(evidence: Evidence) -> Statement:
    """The account of suspense is the sum of the lines that wait, each in an open case that says its money."""
    found = Finding(
        "suspense-is-cases",
        "What is in suspense is to the cent what open cases say, each with its money",
        "a suspense account that nobody can take apart",
    )
    books = Books(evidence)
    waiting: Counter[str] = Counter()
    of_case: Counter[Key] = Counter()
    for row in books.ledger["suspense"]:
        found.count("lines")
        waiting[row["currency"]] += row["minor"]
        of_case[row["kind"], row["subject"], row["currency"]] += row["minor"]
    for currency in {currency for purpose, currency in books.balances if purpose == "suspense"} | set(waiting):
        account = books.balances["suspense", currency]
        words = f"suspense is {shown(account, currency)}, lines that wait come to {shown(-waiting[currency], currency)}"
        found.demand(account == -waiting[currency], words)
        found.numbers[currency] = plain_amount(account)
    for (kind, subject, currency), minor in of_case.items():
        found.count("cases")
        case = books.cases.get((kind, subject))
        found.demand(case is not None, f"{kind} {subject}: {shown(minor, currency)} wait, and no case is open")
        said = (case["minor"], case["currency"]) if case else (abs(minor), currency)
        found.demand(
            said == (abs(minor), currency), f"{kind} {subject}: {shown(minor, currency)} wait, its case says {said}"
        )
    return found.stated("cases")


def claims_are_stories(evidence: Evidence) -> Statement:
    """Each chain of claims has the balance of all its lines; the disputed accounts are the sum of what is open."""
    found = Finding(
        "claims-add-up",
        "Every claim chain has its true balance, and disputed accounts are the sum of open claims",
        "claims that are given up because nobody can say what is open",
    )
    books = Books(evidence)
    wanted: Counter[Key] = Counter()
    for row in books.truth["chains"]:
        family, _, name = row["chain"].partition("/")
        wanted[row["partner"], f"{_FAMILIES.get(family, family)}/{plain(name)}", row["currency"]] += row["minor"]
    told = {key[:2] for key in wanted}
    has: Counter[Key] = Counter()
    for row in books.ledger["claims"]:
        family, _, name = row["claim"].partition("/")
        key = row["partner"], f"{family}/{plain(name)}", row["currency"]
        if key[:2] in told:
            has[key] += row["minor"]
    found.numbers["chains"] = len(wanted)
    for key, wants, is_ in apart(wanted, has):
        found.demand(False, f"{key[0]} {key[1]}: {shown(is_, key[2])} open, {shown(wants, key[2])} true")
    open_: Counter[str] = Counter()
    for (kind, _), case in books.cases.items():
        if kind.startswith("claim."):
            found.count("open cases")
            open_[case["currency"]] += -case["minor"] if kind == "claim.over-reversed" else case["minor"]
    for currency in {currency for purpose, currency in books.balances if purpose in _DISPUTED} | set(open_):
        account = sum(books.balances[purpose, currency] for purpose in _DISPUTED)
        words = f"disputed is {shown(account, currency)}, open claims come to {shown(open_[currency], currency)}"
        found.demand(account == open_[currency], words)
        found.numbers[currency] = plain_amount(account)
    return found.stated("chains")


def invoices_are_settled(evidence: Evidence) -> Statement:
    """Of each invoice so much is open as nobody paid, and no other is known."""
    found = Finding(
        "invoices-open", "Of every invoice as much is open as was not paid", "chasing what was paid long ago"
    )
    books = Books(evidence)
    wanted = Counter({(row["partner"], row["number"], row["currency"]): row["open"] for row in books.truth["invoices"]})
    for row in books.answers["chosen"]:
        wanted[row["partner"], row["invoice"], row["currency"]] -= row["minor"]
    has = Counter({(row["partner"], row["number"], row["currency"]): row["minor"] for row in books.ledger["invoices"]})
    found.numbers |= {"invoices": len(wanted), "open": sum(1 for minor in wanted.values() if minor)}
    found.violations += [f"invoice {key[1]} of {key[0]} is not known" for key in wanted.keys() - has.keys()]
    found.violations += [f"invoice {key[1]} of {key[0]} was never issued" for key in has.keys() - wanted.keys()]
    for key, wants, is_ in apart(wanted, has):
        found.demand(False, f"invoice {key[1]} of {key[0]}: {shown(is_, key[2])} open, {shown(wants, key[2])} true")
    for kind, subject in books.cases:
        found.demand(kind != "invoice.overpaid", f"{subject}: said to be paid beyond its total, which none was")
    return found.stated("invoices")


def every_plant_found(evidence: Evidence) -> Statement:
    """What was planted waits with its money in a case of the right kind, and nothing else waits."""
    found = Finding(
        "every-plant-found",
        "Every unknown form, unknown invoice, ambiguity, hidden item and tie failure is a case, and no other is",
        "guesses that are booked, and false alarms that bury the true ones",
    )
    books = Books(evidence)
    waiting: dict[Key, list[str]] = {}
    for row in books.ledger["suspense"]:
        reference = plain(row["reference"]) if row["line"] else ""
        waiting.setdefault((row["payment"], reference, row["minor"], row["currency"]), []).append(row["kind"])
    for row in sorted(books.suspicions(*_HELD), key=lambda row: len(_HELD[row["kind"]])):
        reference = plain(row["reference"]) if row["line"] else ""
        key = (row["payment"], reference, row["minor"], row["currency"])
        found.count(row["kind"])
        found.count("planted")
        kinds = waiting.get(key, [])
        right = next((kind for kind in kinds if kind in _HELD[row["kind"]]), None)
        where = f"payment {row['payment']} {row['reference']} ({shown(row['minor'], row['currency'])})"
        found.demand(right is not None, f"{where}: planted {row['kind']}, found {kinds or 'nothing'}")
        found.count("with a suggestion", int(right == _SUGGESTED and row["kind"] != "ambiguous"))
        if kinds:
            kinds.remove(right or kinds[0])
    for (payment, reference, minor, currency), kinds in waiting.items():
        for kind in kinds:
            found.demand(
                False, f"payment {payment} {reference} ({shown(minor, currency)}): {kind}, which was not planted"
            )
    return found.stated("planted")


def sources_compared(evidence: Evidence) -> Statement:
    """Two sources that differ are a case with the difference, and two that agree are none."""
    found = Finding(
        "sources-compared", "Sources that differ are a case, and those that agree are none", "sums that are added"
    )
    books = Books(evidence)
    found.numbers["told twice"] = len(books.truth["comparisons"])
    wanted = Counter(
        {(row["payment"], row["currency"]): abs(row["minor"]) for row in books.suspicions("sources-differ")}
    )
    has: Counter[Key] = Counter()
    for (kind, subject), case in books.cases.items():
        if kind == _DIFFER:
            has[subject.rpartition("/")[2], case["currency"]] = case["minor"]
    for key, wants, is_ in apart(wanted, has):
        found.demand(
            False, f"payment {key[0]}: sources differ by {shown(wants, key[1])}, the case says {shown(is_, key[1])}"
        )
    for kind, subject in books.cases:
        unread = kind in ("remittance.unreadable", "remittance.findings", "books.closed-month", "run.failed")
        found.demand(not unread, f"{kind} {subject}: no file was so")
    return found.stated("told twice")


def plain(reference: str) -> str:
    """A reference without case, blanks and signs: nobody writes it the same way twice."""
    return _NOISE.sub("", reference).upper()


def plain_amount(minor: int) -> str:
    """Minor units as people write them; every currency of the world has a hundred."""
    return f"{Decimal(minor).scaleb(-2):,.2f}"


def shown(minor: int, currency: str) -> str:
    """The same with the currency."""
    return f"{plain_amount(minor)} {currency}"


def apart(wanted: Counter[Key], has: Counter[Key]) -> Iterable[tuple[Key, int, int]]:
    """Where two sets of sums differ: the key, what is wanted and what there is."""
    for key in sorted(wanted.keys() | has.keys()):
        if wanted[key] != has[key]:
            yield key, wanted[key], has[key]
