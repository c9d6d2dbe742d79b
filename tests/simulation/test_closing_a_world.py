"""Two simulated months are closed: what their packs say is what the world says was true, by a model that shares no code with it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import sqlalchemy as sa

from tests.simulation.settled_history import open_books, settle_history
from tests.workflows.bookkeeping import FINA, Bookkeeping
from trueup.domain.cases import Role
from trueup.domain.closing import ClosePack, Month
from trueup.domain.closing_checklist import against_closing, checklist
from trueup.domain.profit_cells import PARTS, Cell
from trueup.simulation.remittances.history import write_history
from trueup.storage.database import Database
from trueup.storage.journal import journal_lines
from trueup.storage.views.profit_cells import load_cell, load_margins
from trueup.workflows.approve_proposal import approve_proposal
from trueup.workflows.close_month import look_at_month, prepare_pack, propose_closing
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_off import answer_open

OTTO = Person("Otto", frozenset({Role.FINANCE}))
SEPTEMBER, OCTOBER = Month.read("2026-09"), Month.read("2026-10")


def close(books: Bookkeeping, month: Month) -> ClosePack:
    """Proposed, approved, and looked at again."""
    books.act(answer_open, month, "known", FINA, OTTO)
    proposed = books.act(propose_closing, month, FINA)
    assert not proposed.blocking
    books.act(approve_proposal, proposed.proposal, OTTO)
    return look(books, month)


def look(books: Bookkeeping, month: Month) -> ClosePack:
    """The archived pack, which computed again is the same."""
    looked = books.act(
        lambda tx: look_at_month(
            tx.connection, tx.resources.books, month, tx.now, lambda digest: tx.resources.read(tx.connection, digest)
        )
    )
    assert looked.same
    return looked.pack


def test_two_months_close_to_what_was_true(database: Database, tmp_path: Path) -> None:
    """No light is red, every balance and every claim is the world's, and the second month begins where the first ended."""
    books = open_books(database)
    write_history(tmp_path, 1, 2, Fraction(1, 4))
    settle_history(books, tmp_path)
    early = books.act(lambda tx: prepare_pack(tx.connection, tx.resources.books, OCTOBER, tx.now))
    assert [point.name for point in against_closing(checklist(early))] == ["order"]
    first = close(books, SEPTEMBER)
    second = close(books, OCTOBER)
    truth = json.loads((tmp_path / "truth.json").read_text())
    wanted: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in truth["postings"]:
        wanted[row["treatment"], row["currency"]] += row["minor"]
    codes = {purpose.value: code for purpose, code in books.world.books.chart.purposes.items()}
    found = {(each.account, each.currency): each.closing for each in second.figures.balances}
    assert {key: found.get((codes[key[0]], key[1]), 0) for key in wanted} == wanted
    held = {(_spelt(row["chain"]), row["currency"]): row["minor"] for row in truth["chains"]}
    chains = (*second.figures.claims, *second.figures.open_provisions)
    # The world's stories are of claims on invoices, and of provisions; an adjustment that names none is a claim of its own.
    open_now = {(chain.claim, chain.currency): chain.minor for chain in chains if (chain.claim, chain.currency) in held}
    assert open_now == {key: minor for key, minor in held.items() if minor}
    ends = {(each.account, each.currency): each.closing for each in first.figures.balances}
    starts = {(each.account, each.currency): each.opening for each in second.figures.balances if each.opening}
    assert starts == {key: minor for key, minor in ends.items() if minor}
    owed = {each.currency: each.closing for each in second.figures.receivables}
    left: defaultdict[str, int] = defaultdict(int)
    for row in truth["invoices"]:
        left[row["currency"]] += row["open"]
    assert owed == {currency: minor for currency, minor in left.items() if minor}
    assert {each.currency: each.closing for each in first.figures.receivables} == {
        each.currency: each.opening for each in second.figures.receivables
    }
    assert look(books, SEPTEMBER) == first
    assert _cells_that_differ(books, OCTOBER) == []


def _cells_that_differ(books: Bookkeeping, month: Month) -> list[str]:
    """Cells of profit that are not the sum of their lines, or whose line is not the journal's: rows of each kind, every column."""
    chart, wrong, seen = books.world.books.chart, [], 0
    with books.database.transaction() as connection:
        margins = load_margins(connection, month.first, month.last, chart)
        posted = {(row.entry_id, row.number): row for row in connection.execute(sa.select(journal_lines))}
        cells = {Cell(margins[0].currency)}
        cells |= {Cell(each.currency, (each.partner, each.payee)) for each in margins[::200]}
        cells |= {Cell(each.currency, sku=each.sku) for each in margins[::60]}
        for cell in cells:
            for part in PARTS:
                made = load_cell(connection, (month.first, month.last), cell, part, chart)
                seen += bool(made.lines)
                strange = [
                    each
                    for each in made.lines
                    if each.entry is not None and abs(posted[each.entry, each.number].minor) != abs(each.whole)
                ]
                if made.total != made.amount or strange:
                    wrong.append(f"{part} of {cell.name}: {made.amount}, of lines {made.total}, {strange[:1]}")
    assert seen > len(cells)
    return wrong


def _spelt(chain: str) -> str:
    """A chain's name as the books spell it."""
    family, _, name = chain.partition("/")
    return f"{family}/{re.sub(r'[^0-9A-Za-z]', '', name).upper()}"
