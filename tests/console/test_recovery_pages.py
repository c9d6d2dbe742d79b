"""Recovery as finance works it off: what ends soon first, what each original proves, and a look before it is submitted."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import FINA, console_over_money, lacking
from tests.console.test_all_pages import violations
from tests.filled import fill
from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.console.pages.recovery_claim import stages_of
from trueup.domain.disputes import Attempt, DisputeState, Outcome
from trueup.storage.claims import load_claim
from trueup.storage.disputes import Staged
from trueup.storage.views.recovery import load_slices
from trueup.storage.views.remittance_shares import LINE_OF_PLACEMENT, line_of_placement
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import import_proofs
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.stage_dispute import stage_claim
from trueup.workflows.staged_packs import stage_of

INVOICES = """number,partner,payee,issued,due,currency,total
INV-3,amazon-us,NORDA,2026-09-20,2026-10-20,USD,400.00
"""
MORE = export("700500,-40.00,11/01/2026", lines=(line("700500", "INV-3PC", "-40.00"),))
"""A price claim: one submission only, and it ends in a month."""
PROOFS = b"""kind,day,purchase_order,sku,quantity,carrier,tracking,document
shipped,2026-08-03,4AAAAAAA,A-10,24,UPS,1Z9,BOL-7
delivered,2026-08-06,4AAAAAAA,,,UPS,1Z9,POD-7
"""


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("recovery"))) as running:

        def act(fn: Any, *args: Any) -> Any:
            return running.app.act(False, fn, *args)

        act(archive_upload, INVOICES.encode(), "invoices", "more.csv", FINA)
        act(import_invoices, INVOICES.encode(), FINA)
        begun = begin_upload(act, Upload(MORE.encode(), "More.csv", "amazon-us", FINA))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield running


def _claims(console: Console) -> dict[str, str]:
    """The addresses of claims by their names."""
    with console.visitor("Fina") as fina:
        shown = fina.get("/recovery?all=yes").text
    return {name: address for address, name in re.findall(r'href="(/recovery/\d+)">([^<]+)<', shown)}


def test_what_today_says_is_deducted_is_every_deduction(console: Console) -> None:
    """Also of a kind that nobody can dispute, which Recovery has not: the list comes to it, each row opens, a program reads it."""
    values = {
        "partner": "'amazon-us'",
        "claim": "'co-op/9'",
        "currency": "'USD'",
        "type": "'co-op'",
        "taken_minor": "12345",
    }
    with console.app.database.transaction() as connection:
        fill(connection, "claims", (9001, 9001), values | {"given_minor": "0", "lost_minor": "0"})
    try:
        with console.visitor("Fina") as fina, calling(console, token(console, "Fina")) as program:
            said = re.findall(r'<a href="/deductions">(?:<span class="money">)?([\d.,]+)', fina.get("/").text)
            listed = fina.get("/deductions").text
            told = program.json("/deductions?limit=200")["items"]
            assert not lacking(listed, "co-op/9", "123.45", "cannot be disputed")
            held = sum(Money.of(**each["held"]).minor for each in told)
            assert f"{held // 100:,}.{held % 100:02}" in said and f"{len(told):,}" in said
            assert f"{len(told)} claims" in listed and f"{held // 100:,}.{held % 100:02}" in listed.split("<tfoot>")[1]
            assert not lacking(fina.get("/deductions/9001").text, "co-op/9", "cannot be disputed")
            assert (
                fina.get("/deductions/9002").status_code == 404
                and "No match" in fina.get("/deductions?currency=EUR").text
            )
    finally:
        with console.app.database.transaction() as connection:
            connection.execute(sa.text("DELETE FROM trueup.claims WHERE id = 9001"))


def test_the_queue_says_its_order_and_each_of_its_numbers_leads_to_its_rows(console: Console) -> None:
    """Currency and what ends soon are filters of their own; the page says by what it is ordered."""
    with console.visitor("Fina") as fina:
        shown = fina.get("/recovery").text
        assert not lacking(shown, "by the days that are left", "/recovery?currency=USD")
        assert re.search(r"title=.50 % chance, 75 % of it comes back, less 10.00.USD of handling", shown), (
            "of what it is the sum"
        )
        rows = fina.get("/recovery?currency=USD").text
        assert re.search(r"data-heard>(\d+) claim", rows)
        assert lacking(fina.get("/recovery?currency=EUR").text, "data-open")


def test_each_exhibit_says_what_it_proves_and_gaps_are_named(console: Console, page_of: Callable[..., Tab]) -> None:
    """By what they are and in the order of time, on the page, in the pack and in the API; evidence leads to its original."""
    address = _claims(console)["shortage/INV1"]
    with console.visitor("Fina") as fina:
        before = fina.get(address).text
        assert not lacking(before, "Packing list", "Proof of delivery", "import it with")
        console.app.act(False, archive_upload, PROOFS, "proofs", "proofs.csv", FINA)
        console.app.act(False, import_proofs, PROOFS, "amazon-us", FINA)
        shown = fina.get(address).text
        assert not lacking(
            shown, "Amazon took 90.00", "24 of A-10 went out with UPS (BOL-7)", "arrived at the dock with UPS"
        )
        assert shown.index("What Amazon took") < shown.index("Our invoice</b>") < shown.index("Shipment</b>")
        assert re.search(r'<a href="/documents/\w+">Proof of delivery', shown), "evidence leads to its original"
        pack = zipfile.ZipFile(io.BytesIO(fina.get(f"{address}/pack.zip").content))
        names = [name.removeprefix("originals/")[:2] for name in pack.namelist() if name.startswith("originals/")]
        assert names == sorted(names) and names[0] == "01"
    with calling(console, token(console, "Fina")) as program:
        told = program.json(f"/claims/{address.rpartition('/')[2]}/exhibits")["items"]
        assert [each["number"] for each in told] == list(range(1, len(told) + 1))
        assert [each["group"] for each in told] == ["What Amazon took", "Our invoice", "Shipment", "Delivery"]
    tab = page_of("Fina")
    tab.goto(address)
    assert violations(tab, address, "light") == []


def test_staged_is_not_submitted_and_the_one_submission_is_seen_before_it_is_made(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """The preview says that there is only one, and what is missing; the pack is kept once; who may not stages nothing."""
    address = _claims(console)["price/INV3"]
    number = int(address.rpartition("/")[2])
    tab = page_of("Fina")
    tab.goto(address)
    tab.get_by_text("No pack yet").first.wait_for()
    with console.visitor("Olga") as olga:
        assert olga.post(f"{address}/stage").status_code == 403
    tab.locator("#stage").press("Enter")
    tab.wait_for_url(f"**{address}/submit")
    assert not lacking(tab.content(), "The only one", "cannot be added later", "Missing", "Staged: the pack is kept")
    assert violations(tab, "a preview of a submission", "light") == []
    first = console.app.act(False, stage_claim, number, "Norda Lighting", FINA)
    again = console.app.act(False, stage_claim, number, "Norda Lighting", FINA)
    assert first == again, "the same on the same day is the same pack"
    tab.goto(address)
    tab.get_by_text("Not submitted by that").first.wait_for()
    assert lacking(tab.content(), "Amazon is to answer")
    tab.locator("#to-submit").press("Enter")
    tab.locator("#reference").fill("DSP-9")
    tab.locator("#note-submitted").press("Enter")
    tab.get_by_text("Amazon is to answer").first.wait_for()
    assert not lacking(tab.content(), "DSP-9", "Its pack")
    with pytest.raises(Refused, match="none is staged"):
        console.app.act(False, stage_claim, number, "Norda Lighting", FINA)


def test_a_chance_leads_to_the_outcomes_it_is_counted_from(console: Console) -> None:
    """Won 1 of 1: so many rows stand behind it; the API tells the same."""
    address = _claims(console)["price/INV3"]
    with console.visitor("Fina") as fina:
        assert fina.post(f"{address}/answer", outcome="won", day=date(2026, 11, 5).isoformat()).status_code == 303
        assert not lacking(fina.get(address).text, "won 1 of 1", "/recovery/outcomes?family=price")
        rows = fina.get("/recovery/outcomes?family=price").text
        assert rows.count("<tr><td><a data-open") == 1 and not lacking(rows, "won 1 of 1", "DSP-9")
        assert lacking(fina.get("/recovery/outcomes?family=shortage").text, "DSP-9")
    with calling(console, token(console, "Fina")) as program:
        [told] = program.json("/claims/outcomes?family=price")["items"]
        assert (told["outcome"], told["won"]) == ("won", {"amount": "40.00", "currency": "USD"})


@pytest.mark.parametrize(
    ("outcomes", "packs", "state", "words"),
    [
        ([], [], DisputeState.EARLY, "No pack yet|Not yet|–"),
        (["lost"], [2], DisputeState.OPEN, "Not submitted by that|Attempt 2 of 2: not yet|–"),
        (["lost"], [1], DisputeState.OPEN, "No pack yet|Attempt 2 of 2: not yet|–"),
        ([None], [], DisputeState.SUBMITTED, "No pack was kept|DSP-1|Amazon is to answer"),
        ([None], [1], DisputeState.SUBMITTED, "Its pack was made|DSP-1|Amazon is to answer"),
        (["lost", "partly"], [1], DisputeState.WON, "No pack was kept|DSP-2|Won in part"),
        (["won"], [1], DisputeState.REPAID, "Its pack was made|DSP-1|Won"),
    ],
)
def test_the_stages_are_of_one_attempt(
    outcomes: list[str | None], packs: list[int], state: DisputeState, words: str
) -> None:
    """The next where there is one: with its own pack, and nothing of the one before. The last otherwise, with the pack it had."""
    day, at = date(2026, 11, 2), datetime(2026, 11, 2, tzinfo=UTC)
    disputes = [
        SimpleNamespace(attempt=Attempt(number, day, f"DSP-{number}", "Fina", Outcome(each) if each else None))
        for number, each in enumerate(outcomes, 1)
    ]
    kept = [Staged(number, 40_00, "", "", 0, "Fina", at) for number in packs]
    balance = SimpleNamespace(open=40_00, given=0, currency="USD")
    found: Any = SimpleNamespace(disputes=disputes, balance=balance)
    stands: Any = SimpleNamespace(state=state, window=SimpleNamespace(attempts=2))
    visit: Any = SimpleNamespace(present=SimpleNamespace(day=str, money=str))
    ranked: Any = SimpleNamespace(found=found, standing=stands)
    drawn = stages_of(visit, ranked, stage_of(found, stands, kept), {each.number: each for each in kept})
    told = [each["word"].partition(",")[0] for each in drawn]
    assert told == [*words.split("|"), "Nothing yet"]


def test_an_answer_in_other_words_is_refused(console: Console) -> None:
    [number] = [address for name, address in _claims(console).items() if "INV3" in name]
    with console.visitor("Fina") as fina:
        refused = fina.post(f"{number}/answer", outcome="perhaps")
    assert refused.status_code == 422 and "expected one of won, partly, lost" in refused.text


def test_a_line_of_a_claim_always_has_its_document(console: Console) -> None:
    """Where no telling of a payment's source is kept it is the payment's own; a claim without one failed its page."""
    with console.app.database.transaction() as connection:
        (number,) = [int(each.rpartition("/")[2]) for name, each in _claims(console).items() if name == "shortage/INV1"]
        balance = load_claim(connection, number)
        assert balance is not None
        told = [each.document for each in load_slices(connection, balance)]
        kept = connection.begin_nested()
        connection.execute(sa.text("UPDATE trueup.remittances SET source = source || ', of which nothing is kept'"))
        bare = load_slices(connection, balance)
        own = set(connection.execute(sa.text("SELECT evidence FROM trueup.remittances")).scalars())
        kept.rollback()
    assert told and len(bare) == len(told) and {each.document for each in bare} <= own


def test_a_line_is_found_by_its_adjustments_in_sql_as_in_python(console: Console) -> None:
    """So that what was carved out of a line as a claim leads to that line's place."""
    numbers = [1, 7, 999, *(-(line * 100 + place + 1) for line in (1, 2, 99, 4_000) for place in (0, 1, 98))]
    query = sa.text(
        f"SELECT {LINE_OF_PLACEMENT.format('n')} FROM unnest(CAST(:numbers AS integer[])) WITH ORDINALITY AS x(n, o) ORDER BY o"
    )
    with console.app.database.transaction() as connection:
        found = list(connection.execute(query, {"numbers": numbers}).scalars())
    assert found == [line_of_placement(each) for each in numbers]
