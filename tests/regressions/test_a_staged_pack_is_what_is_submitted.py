"""A staged pack stayed ready when a paper of its claim came or went, and which papers Amazon was given, the clock decided.

One that came after the pack was made could not be taken back, and one of the pack could, where the clock had it so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import FINA, console_over_money
from trueup.base.errors import Conflict
from trueup.domain.cases import Role
from trueup.domain.disputes import Outcome, standing
from trueup.domain.handed_in import Paper
from trueup.storage.claim_papers import ClaimPaper
from trueup.storage.disputes import Staged
from trueup.storage.views.recovery import load_brief
from trueup.workflows.add_papers import NewPaper, add_paper, archive_paper, take_paper_back
from trueup.workflows.dispute_claim import Submission, note_outcome, recoverable, submit_claim
from trueup.workflows.resolve_case import Person
from trueup.workflows.stage_dispute import stage_claim
from trueup.workflows.staged_packs import Stage, stage_now
from trueup.workflows.world import Tx

OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
DAY = date(2026, 11, 5)


@pytest.fixture
def books(server_url: str, tmp_path: Path) -> Iterator[Console]:
    with console_over_money(server_url, tmp_path) as running:
        yield running


def rows(books: Console, query: str) -> list[Any]:
    with books.app.database.transaction() as connection:
        return list(connection.exec_driver_sql(query))


def claim_of(books: Console) -> int:
    return int(rows(books, "SELECT id FROM trueup.claims WHERE claim = 'shortage/INV1'")[0][0])


def added(books: Console, name: str, by: Person = OLGA) -> ClaimPaper:
    """A paper of the claim."""

    def add(tx: Tx) -> ClaimPaper:
        digest = archive_paper(tx, b"%PDF-1.4 " + name.encode(), name, by)
        return add_paper(tx, claim_of(books), NewPaper(Paper.OTHER, name, digest), by)

    return books.app.act(False, add)


def staged(books: Console) -> Staged:
    """The pack of the next attempt."""
    return books.app.act(False, stage_claim, claim_of(books), "Norda", FINA)


def stage(books: Console) -> Stage:
    """How the next attempt stands."""

    def look(tx: Tx) -> Stage:
        found = recoverable(tx, claim_of(books))
        return stage_now(tx.connection, standing(found.claim, tx.now.date()), load_brief(tx.connection, found))

    return books.app.act(False, look)


def test_a_paper_that_came_or_went_voids_the_staged_pack(books: Console) -> None:
    """It says which, when and by whom; nothing is noted as submitted with it until it is staged again, or was submitted so."""
    number = claim_of(books)
    first = added(books, "first.pdf")
    pack = staged(books)
    assert stage(books).void == "" and pack.papers == (first.id,)
    second = added(books, "second.pdf")
    assert stage(books).void.startswith("A paper was added at 2026-") and stage(books).pack == pack
    assert stage(books).void.endswith(" by Olga (second.pdf): stage it again.")
    with pytest.raises(Conflict, match=r"is void\. A paper was added at .* by Olga \(second\.pdf\): stage it again"):
        books.app.act(False, submit_claim, number, Submission("CASE-77", DAY), FINA)
    books.app.act(False, take_paper_back, second.id, FINA)
    assert stage(books).void == "", "it is again what was staged"
    books.app.act(False, take_paper_back, first.id, FINA)
    assert " taken back at " in stage(books).void and " by Fina (first.pdf): stage it again." in stage(books).void
    with pytest.raises(Conflict, match="A paper was taken back at"):
        books.app.act(False, submit_claim, number, Submission("CASE-77", DAY), FINA)
    again = added(books, "first.pdf")
    assert stage(books).void != "" and staged(books).papers == (again.id,)
    assert stage(books).void == ""
    with pytest.raises(Conflict, match=r"another pack was staged meanwhile by Fina at .*nothing was noted"):
        books.app.act(False, submit_claim, number, Submission("CASE-77", DAY, "0" * 64), FINA)
    seen = stage(books).pack
    assert seen is not None
    books.app.act(False, submit_claim, number, Submission("CASE-77", DAY, seen.digest), FINA)
    [told] = rows(books, "SELECT evidence FROM trueup.acts WHERE act = 'claim.disputed'")
    assert told[0] == seen.digest


def test_the_preview_says_that_the_pack_is_void_and_takes_a_word_to_note_it_all_the_same(books: Console) -> None:
    """Pressed unseen it is a conflict, also where another one was staged meanwhile; programs are told the same."""
    number = claim_of(books)
    with books.visitor("Fina") as fina:
        assert fina.post(f"/recovery/{number}/stage").status_code == 303
        before = fina.get(f"/recovery/{number}/submit").text
        seen = re.search(r'name="pack" value="([0-9a-f]{64})"', before)
        assert seen is not None and 'id="void"' not in before and 'id="as-staged"' not in before
        added(books, "late.pdf")
        shown = fina.get(f"/recovery/{number}/submit").text
        assert re.search(
            r'id="void">.*A paper was added at .* by Olga \(late\.pdf\): stage it again\.', shown, re.DOTALL
        )
        assert "Void: stage it again" in fina.get(f"/recovery/{number}").text
        form = {"reference": "DSP-1", "day": "2026-11-05", "pack": seen.group(1)}
        refused = fina.post(f"/recovery/{number}/submit", **form)
        assert refused.status_code == 409 and "stage it again" in refused.text
        with calling(books, token(books, "Fina")) as program:
            told = {"reference": "DSP-1", "day": "2026-11-05", "pack": seen.group(1)}
            assert program.send(f"/claims/{number}/submission", told).status_code == 409
            dry = program.send(f"/claims/{number}/submission?dry_run=true", {**told, "as_staged": True})
            assert dry.status_code == 200, dry.text
        assert fina.post(f"/recovery/{number}/stage").status_code == 303
        stale = fina.post(f"/recovery/{number}/submit", **form)
        assert stale.status_code == 409 and "another pack was staged meanwhile by Fina" in stale.text
        added(books, "later.pdf")
        newest = re.search(r'name="pack" value="([0-9a-f]{64})"', fina.get(f"/recovery/{number}/submit").text)
        assert newest is not None
        done = fina.post(f"/recovery/{number}/submit", **{**form, "pack": newest.group(1)}, as_staged="yes")
        assert done.status_code == 303


def test_what_amazon_was_given_is_what_the_pack_has(books: Console) -> None:
    """Not what was there when it was noted: a later paper may be taken back, one of the pack may not."""
    number = claim_of(books)
    given = added(books, "given.pdf")
    pack = staged(books)
    late = added(books, "late.pdf")
    books.app.act(False, submit_claim, number, Submission("CASE-77", DAY, pack.digest, as_staged=True), FINA)
    with pytest.raises(Conflict, match=r"given\.pdf is in the pack with which attempt 1 .*what Amazon was given stays"):
        books.app.act(False, take_paper_back, given.id, FINA)
    assert books.app.act(False, take_paper_back, late.id, FINA).name == "late.pdf"
    books.app.act(False, note_outcome, number, Outcome.LOST, (DAY, None), FINA)
    assert stage(books).number == 2 and stage(books).pack is None


def test_without_a_staged_pack_all_papers_that_are_there_were_given(books: Console) -> None:
    number = claim_of(books)
    there = added(books, "there.pdf")
    books.app.act(False, submit_claim, number, Submission("CASE-77", DAY, ""), FINA)
    later = added(books, "later.pdf")
    with pytest.raises(Conflict, match="what Amazon was given stays"):
        books.app.act(False, take_paper_back, there.id, FINA)
    assert books.app.act(False, take_paper_back, later.id, FINA).id == later.id
