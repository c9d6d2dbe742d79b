"""Causes and cases together: one row for what one act mends, duplicates, and who else is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page as Tab

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import lacking
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.cases import load_case, open_case
from trueup.storage.views.case_queue import CaseFilter, list_case_ids

DEAR = {"kind": "held.cost-differs", "cause": "item CHAIR-1"}


def test_a_cause_is_mended_after_a_look_at_what_it_closes(console: Console) -> None:
    """The queue by cause leads to its cases; what the item's row would close is named, and nothing is done yet. So by the API."""
    with console.visitor("Olga") as olga:
        page = olga.get("/exceptions/causes?kind=held.").text
        assert not lacking(page, "Held lines: cost differs, item ", "Show what it closes", "First is due")
        [cause] = set(re.findall(r"cost differs, (item [\w-]+)<", page))
        dear = {"kind": "held.cost-differs", "cause": cause}
        known = dict(
            re.findall(r'id="(sku|case_size|vendor_code|currency)" name="\w+" type="text" value="([^"]*)"', page)
        )
        told = {**dear, **known, "cost": "26.50"}
        preview = olga.post("/exceptions/causes/item", **told).text
        assert not lacking(preview, "closes 1 case with 318.00 USD at risk", "Save item", "cost 26.50")
        assert "One row of the item master" in olga.get("/exceptions/causes?kind=held.").text
        wrong = olga.post("/exceptions/causes/item", **{**told, "cost": "much"})
        assert wrong.status_code == 422 and "much" in wrong.text
    with console.visitor("Aude") as aude:
        assert aude.post("/exceptions/causes/item", **told).status_code == 403
    with calling(console, token(console, "Olga")) as olga_by_api:
        [row] = [each for each in olga_by_api.json("/case-causes?kind=held.")["items"] if each["cause"] == cause]
        assert (row["cases"], row["money"]) == (1, [{"amount": "318.00", "currency": "USD"}])
        tried = olga_by_api.send("/case-causes/item?dry_run=true", told)
        assert tried.status_code == 200 and len(tried.json()["closed"]) == 1
    with console.app.database.transaction() as connection:
        assert list_case_ids(connection, CaseFilter(**dear), console.app.world.clock.now()), "only tried"


def test_a_duplicate_is_merged_by_keyboard_and_undone(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """2, the number, Enter; what it stands for is linked both ways; u takes it back."""
    kept, other = new_case("merging kept", 500), new_case("merging other", 900)
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=merging&row={other}")
    tab.keyboard.press("2")
    tab.keyboard.type(str(kept))
    tab.keyboard.press("Enter")
    tab.get_by_text(f"Case {other} is merged into case {kept}").first.wait_for()
    tab.wait_for_load_state()
    assert tab.locator("[id^=row-]").count() == 1
    assert f"Case {other}" in tab.locator("#detail .cause-cases").inner_text()
    with console.visitor("Elke") as elke:
        assert not lacking(elke.get(f"/exceptions?row={other}").text, "stands for it", "Take it apart", "Merged")
        assert f'id="row-{other}"' in elke.get("/exceptions?tab=resolved&by=merged&words=merging").text
    with calling(console, token(console, "Olga")) as olga:
        assert olga.json(f"/cases/{kept}")["stands_for"] == [other]
        assert olga.json(f"/cases/{other}")["standing"] == "merged"
    tab.keyboard.press("u")
    tab.get_by_text(f"Case {other} stands for itself again.").first.wait_for()
    with console.app.database.transaction() as connection:
        assert load_case(connection, other).state.value == "open"


def test_who_is_at_a_case_is_seen_by_others_and_gone_by_itself(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """Elke opens it and writes: Olga's page says so without being drawn anew; a quarter of a minute later nobody is there."""
    case_id = new_case("somebody is there")
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=somebody&row={case_id}")
    assert tab.locator("#presence").inner_text().strip() == ""
    with console.visitor("Elke") as elke:
        assert "Olga" in elke.get(f"/exceptions?row={case_id}").text
        tab.get_by_text("Elke is on this").first.wait_for()
        assert elke.post(f"/exceptions/{case_id}/writing").status_code == 204
        tab.get_by_text("Elke is writing").first.wait_for()
    clock = console.app.world.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=16))
    tab.locator("#presence:empty, #presence:not(:has(.present))").wait_for(state="attached")


def test_what_is_chosen_is_summed_per_currency(page_of: Callable[..., Tab], new_case: Callable[..., int]) -> None:
    """The bar says how many are marked and what is at risk in them, by keyboard too."""
    for minor in (1000, 2050):
        new_case(f"chosen {minor}", minor)
    tab = page_of("Olga")
    tab.goto("/exceptions?words=chosen")
    for number in (0, 1):
        tab.locator("input[name=case]").nth(number).check()
    tab.locator("#chosen", has_text="2 chosen, 30.50").wait_for()


def test_a_retry_says_what_it_does_and_is_called_off_while_it_is_queued(console: Console) -> None:
    """Before it is done, what will be asked again; until a worker takes it, one press opens the case again."""
    draft = CaseDraft(
        "charge.overcharged", "charge amazon-us/P-1 line 1", "Charged too much", "1.00 USD", "2.00 USD",
        Money(100, "USD"), None, "finance", (Resolution.RETRY, Resolution.DISMISS),
    )  # fmt: skip
    with console.app.database.transaction() as connection:
        case_id = open_case(connection, draft, console.app.world.clock.now())
    with console.visitor("Fina") as fina, console.visitor("Olga") as olga:
        tried = fina.post(f"/exceptions/{case_id}/try", resolution="retry").text
        assert not lacking(tried, "What amazon-us charged is held against its terms again", "it can be called off")
        assert fina.post(f"/exceptions/{case_id}/resolve", resolution="retry").status_code == 303
        assert f'action="/exceptions/{case_id}/recall"' in fina.get("/exceptions").text
        assert olga.post(f"/exceptions/{case_id}/recall").status_code == 409, "not hers to decide"
        assert fina.post(f"/exceptions/{case_id}/recall").status_code == 303
        assert fina.post(f"/exceptions/{case_id}/recall").status_code == 409
    with calling(console, token(console, "Fina")) as api:
        assert api.json(f"/cases/{case_id}")["state"] == "open"
        assert api.send(f"/cases/{case_id}/resolution", {"resolution": "retry"}).status_code == 200
        assert api.send(f"/cases/{case_id}/resolution", method="DELETE").json()["case"] == case_id
    with console.app.database.transaction() as connection:
        assert load_case(connection, case_id).state.value == "open"
