"""Credits for trade-ins: what the shop shows of them against ours, and ours against the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.chart import Purpose

ACCOUNT, TAKEN, BOOKS = "credit.account-differs", "credit.taken-by-hand", "credit.books-differ"
OWNER = Role.FINANCE.value


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Every difference there is now."""
    for row in connection.execute(_ACCOUNTS).mappings():
        yield _account(row, ground)
    for row in connection.execute(_UNUSABLE, {"today": ground.now.date()}).mappings():
        yield _unusable(row, ground)
    for row in connection.execute(_BOOKS, {"account": ground.chart.code(Purpose.CREDITS)}).mappings():
        yield _books(row, ground)


def _draft(ground: Ground, kind: str, subject: str, words: tuple[str, str, str], risk: Money) -> CaseDraft:
    title, expected, found = words
    return CaseDraft(
        kind=kind,
        subject=subject,
        title=title,
        expected=expected,
        found=found,
        money_at_risk=risk,
        deadline=ground.now + timedelta(days=7),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _account(row: sa.RowMapping, ground: Ground) -> CaseDraft:
    ours, has = Money(int(row["ours"]), row["currency"]), Money(row["minor"], row["currency"])
    title = f"{row['customer']} has {has} of store credit in {row['shop']}, less than the {ours} that are left of our credits"
    words = (title, f"at least {ours}", f"{has}: somebody took from the account by hand")
    return _draft(ground, ACCOUNT, f"account {row['shop']}/{row['customer']} {row['currency']}", words, ours - has)


def _unusable(row: sa.RowMapping, ground: Ground) -> CaseDraft:
    left = Money(row["minor"] - row["spent_minor"] - row["broken_minor"], row["currency"])
    why = f"it expired on {row['expires_on']}" if row["lapsed"] else "somebody deactivated it in the shop"
    title = f"{left} are owed on the credit for trade-in {row['key']}, and the customer cannot spend it: {why}"
    found = f"{left} that nobody can spend; `trueup trade-ins break` decides that it is owed no more"
    return _draft(ground, TAKEN, f"trade-in {row['key']}", (title, "a credit that can be spent", found), left)


def _books(row: sa.RowMapping, ground: Ground) -> CaseDraft:
    books, owed = Money(int(row["booked"]), row["currency"]), Money(int(row["owed"]), row["currency"])
    title = f"The books owe {books} on credits, the credits themselves come to {owed}"
    return _draft(ground, BOOKS, f"credits {row['currency']}", (title, str(owed), str(books)), abs(books - owed))


_ACCOUNTS = sa.text(
    "SELECT a.shop, a.customer, a.currency, a.minor, sum(c.shown_minor) AS ours FROM trueup.store_credit_accounts a"
    " JOIN trueup.credits c ON c.shop = a.shop AND c.customer = a.customer AND c.currency = a.currency"
    " WHERE c.instrument = 'store-credit' AND c.state = 'issued' GROUP BY a.shop, a.customer, a.currency, a.minor"
    " HAVING sum(c.shown_minor) > a.minor ORDER BY a.shop, a.customer"
)
_UNUSABLE = sa.text(
    "SELECT t.key, c.minor, c.spent_minor, c.broken_minor, c.currency, c.expires_on,"
    " coalesce(c.expires_on < :today, false) AS lapsed FROM trueup.credits c JOIN trueup.trade_ins t ON t.id = c.trade_in_id"
    " WHERE c.state = 'issued' AND c.minor > c.spent_minor + c.broken_minor"
    " AND (NOT c.usable OR c.expires_on < :today) ORDER BY c.id"
)
_BOOKS = sa.text(
    "SELECT currency, sum(booked) AS booked, sum(owed) AS owed FROM ("
    " SELECT currency, -minor AS booked, 0 AS owed FROM trueup.journal_lines WHERE account = :account UNION ALL"
    " SELECT currency, 0, minor - spent_minor - broken_minor FROM trueup.credits) AS b"
    " GROUP BY currency HAVING sum(booked) <> sum(owed) ORDER BY currency"
)
CHECK = Check(
    name="credits",
    sources=("what the shop shows of credits", "what the books owe on them"),
    protects="credits that nobody can spend, and liabilities that nobody owes",
    owner=OWNER,
    tolerance="none",
    kinds=(ACCOUNT, TAKEN, BOOKS),
    find=find_differences,
)
