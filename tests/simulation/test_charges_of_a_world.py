"""Charges of a simulated history against the terms its truth states: every planted overcharge is a case, and nothing else is."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.simulation.settled_history import PARTNERS, history, open_books, settle_history, work
from tests.workflows.bookkeeping import ADA, FINA, Bookkeeping
from trueup.domain.terms import Term
from trueup.formats.terms_csv import write_terms
from trueup.simulation.remittances.causes import MARKETS
from trueup.storage.database import Database
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.keep_terms import (
    propose_file,
)

_PARTNER = {market.name: market.partner for market in MARKETS}


def enter_terms_of(books: Bookkeeping, folder: Path) -> list[Term]:
    """The terms of a history as its truth states them, as a file that finance would import."""
    truth = json.loads((folder / "truth.json").read_text())
    head = "kind,marketplace,basis,percent,valid_from,source,within_days\n"
    rows = (
        f"{term['kind']},{_PARTNER[term['market']]},{term['basis']},{term['percent']},{term['valid_from']},the world,"
        f"{30 if term['kind'] == 'quick-pay' else ''}\n"
        for term in truth["terms"]
    )
    done = books.act(propose_file, (head + "".join(rows)).encode(), "a new customer", FINA)
    assert done.sheet is not None and not done.findings
    return [term for _, term in books.act(approve_change, done.sheet.id, ADA, "as in the agreements").entered]


def overcharged(books: Bookkeeping) -> set[tuple[str, int, str]]:
    """Payment, cents too much and currency of every open case of an overcharge."""
    rows = books.rows(
        "SELECT subject, risk_minor, risk_currency FROM trueup.cases WHERE kind = 'charge.overcharged' AND state = 'open'"
    )
    return {(row[0].split("/")[1].split()[0], row[1], row[2]) for row in rows}


def planted(folder: Path) -> set[tuple[str, int, str]]:
    truth = json.loads((folder / "truth.json").read_text())
    return {
        (each["payment"], abs(each["minor"]), each["currency"])
        for each in truth["suspicions"]
        if each["kind"].startswith("overcharge")
    }


@pytest.mark.parametrize("seed", [11, 5])
def test_every_planted_overcharge_is_found_and_no_false_one(database: Database, seed: int) -> None:
    """To the cent; the terms are entered after the charges came."""
    folder = history(seed)
    books = open_books(database)
    assert set(_PARTNER.values()) == set(PARTNERS)
    settle_history(books, folder)
    assert overcharged(books) == set()
    terms = enter_terms_of(books, folder)
    assert Decimal(4) in {term.percent for term in terms} and write_terms(terms)
    work(books)
    assert overcharged(books) == planted(folder)
