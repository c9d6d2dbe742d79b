"""Deposits: what customers left and get back, against the books; and what can no longer be refunded to their card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.chart import Purpose
from trueup.domain.shop_sales import CARD_REFUND_LIMIT

LATE, BOOKS = "deposit.past-card-refund", "deposit.books-differ"
OWNER = Role.FINANCE.value


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """Deposits that are held too long, and a balance that is not their sum."""
    for row in connection.execute(_LATE, {"until": ground.now.date() - CARD_REFUND_LIMIT}):
        held = Money(row.minor - row.given_back_minor, row.currency)
        yield CaseDraft(
            kind=LATE,
            subject=f"deposit {row.shop}/{row.line_id}",
            title=f"{held} of the deposit of order {row.name} are held since {row.left_on}: the card takes no refund any more",
            expected=f"given back by {row.left_on + CARD_REFUND_LIMIT}",
            found=f"{held} held; give it back by bank transfer, store credit or gift card with the customer's consent, and "
            f"record it as external in the shop",
            money_at_risk=held,
            deadline=ground.now + timedelta(days=14),
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )
    for row in connection.execute(_BOOKS, {"account": ground.chart.code(Purpose.DEPOSITS)}):
        books, held = Money(int(row.booked), row.currency), Money(int(row.held), row.currency)
        yield CaseDraft(
            kind=BOOKS,
            subject=f"deposits {row.currency}",
            title=f"The books hold {books} of deposits, the orders of the shops come to {held}",
            expected=str(held),
            found=str(books),
            money_at_risk=abs(books - held),
            deadline=ground.now + timedelta(days=7),
            owner=OWNER,
            resolutions=(Resolution.DISMISS,),
        )


_LATE = sa.text(
    "SELECT shop, line_id, name, left_on, currency, minor, given_back_minor FROM trueup.deposits"
    " WHERE minor <> given_back_minor AND left_on < :until ORDER BY left_on, shop, line_id"
)
_BOOKS = sa.text(
    "SELECT currency, sum(booked) AS booked, sum(held) AS held FROM ("
    " SELECT currency, -minor AS booked, 0 AS held FROM trueup.journal_lines WHERE account = :account UNION ALL"
    " SELECT currency, 0, minor - given_back_minor FROM trueup.deposits) AS b"
    " GROUP BY currency HAVING sum(booked) <> sum(held) ORDER BY currency"
)
CHECK = Check(
    name="deposits",
    sources=("deposits in the shop's orders", "the account of deposits"),
    protects="deposits that are taken for revenue, or kept too long",
    owner=OWNER,
    tolerance="none",
    kinds=(LATE, BOOKS),
    find=find_differences,
)
