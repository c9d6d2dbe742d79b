"""Acts of finance on what waits, as people do them in a browser: rules that are tried first, answers to cases, many at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from playwright.sync_api import Page as Tab

from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import lacking, newest_case
from tests.console.test_all_pages import violations


@pytest.fixture(scope="module")
def console(money: Console) -> Console:
    """The console over books."""
    return money


def test_a_rule_is_made_from_what_waits_and_tried_before_it_is_proposed(console: Console) -> None:
    """Filled from a line of a payment; it says what it would explain and get wrong; edited, its approval is void."""
    with console.visitor("Olga") as olga:
        assert olga.get("/rules/new").status_code == 403
    with console.visitor("Fina") as fina:
        payment = min(map(int, re.findall(r'href="/remittances/(\d+)"', fina.get("/remittances").text)))
        begun = fina.get(f"/rules/new?payment={payment}&line=4").text
        draft = "/rules/new?try=yes&field=reference&form=shape&type=fee&pattern="
        tried = fina.get(f"{draft}XQZ+9%2B+WHAT").text
        wrong = fina.get(f"{draft}INV-9%2BSC").text
        shapeless = fina.get(f"{draft}XQZ+77+WHAT")
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', tried.split('id="trial"')[1]))
        where = fina.post("/rules/new", **fields).headers["location"]
        edit = unescape(re.findall(r'href="(/rules/new\?replaces[^"]*)"', fina.get(where).text)[0])
        again = {"replaces": where.rpartition("/")[2], "instead_of": "1", "note": "a fee of the fair"}
        assert 'name="instead_of" value="1"' in fina.get(edit).text
        assert fina.post("/rules/new", **fields, **again).status_code == 303
        assert fina.post("/rules/new", **{**fields, **again, "form_key": "another"}).status_code == 409
        shown = fina.get(where).text
    assert 'value="XQZ 9+ WHAT"' in begun and 'value="takes" selected' in begun
    assert not lacking(tried, "When the reference has the form XQZ 9+ WHAT", " lines", "Propose the rule")
    assert not lacking(wrong, "What it would get wrong", "Would be refused")
    assert shapeless.status_code == 422 and "is no shape" in shapeless.text and 'value="XQZ 77 WHAT"' in shapeless.text
    assert not lacking(shown, "Rejected", "Waits for a second person")
    with console.visitor("Bo Admin") as bo:
        assert bo.post(f"{where}/approve", seen="1").status_code == 409
        assert bo.post(f"{where}/reject", note="the type is not right").status_code == 303


def test_what_waits_is_answered_after_a_look_at_what_that_closes(console: Console) -> None:
    """The queue leads to where it is answered; the look books nothing; who may not is refused."""
    case = newest_case(console, "remittance.unrecognised")
    with console.visitor("Olga") as olga:
        assert olga.post(f"/answers/{case}", resolution="classify", type="co-op").status_code == 409
    with console.visitor("Fina") as fina:
        assert f'href="/answers/{case}?resolution=classify"' in fina.get(f"/exceptions?row={case}").text
        assert not lacking(fina.get(f"/answers/{case}").text, "Lines that wait", "Make a rule", "700100")
        given = {"resolution": "classify", "type": "co-op", "note": "a fair", "as_rule": "yes"}
        tried = fina.post(f"/answers/{case}/try", **given).text
        assert not lacking(tried, "nothing was done yet", "It closes 1 case", "A rule is proposed", f"Case {case}")
        wrong = fina.post(f"/answers/{case}/try", **{**given, "account": "9999"})
        assert wrong.status_code == 409 and "is not in the chart" in wrong.text
        assert "Lines that wait" in fina.get(f"/answers/{case}").text


def test_a_point_of_the_close_is_signed_reviewed_and_owned(console: Console) -> None:
    """Whoever signed cannot review; what is proven has its own badge; the auditor sees it all and signs nothing."""
    with console.visitor("Fina") as fina, console.visitor("Bo Admin") as bo, console.visitor("Aude") as aude:
        page = fina.get("/close/2026-10").text
        open_points = re.findall(r'id="sign-([\w-]+)"', page)
        assert "Signed by itself" in page and open_points
        point = f"/close/2026-10/points/{open_points[0]}"
        given = {"owner": "Fina", "reviewer": "Bo Admin", "due": "2026-11-06"}
        assert fina.post(f"{point}/owner", **given).status_code == 303
        assert fina.post(f"{point}/sign", note="").status_code == 409
        assert fina.post(f"{point}/sign", note="the buyer answers in November").status_code == 303
        assert fina.post(f"{point}/review").status_code == 409
        assert aude.post(f"{point}/sign", note="me too").status_code == 403
        assert f'id="review-{open_points[0]}"' not in fina.get("/close/2026-10").text
        assert f'id="review-{open_points[0]}"' in bo.get("/close/2026-10").text
        assert bo.post(f"{point}/review").status_code == 303
        assert not lacking(aude.get("/close/2026-10").text, "Signed and reviewed", "reviewer Bo Admin", "6 Nov 2026")
    with calling(console, token(console, "Fina")) as program:
        points = {each["name"]: each for each in program.json("/close/2026-10/points")["items"]}
        assert (points[open_points[0]]["standing"], points[open_points[0]]["reviewed_by"]) == ("reviewed", "Bo Admin")
        assert program.send("/close/2026-10/points/journal/signature", {"note": "why not"}).status_code == 409


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_acts_are_accessible(console: Console, page_of: Callable[..., Tab], theme: str) -> None:
    """axe-core finds nothing on a tried rule, an answer, a bulk of cases with its preview, and the points of a close."""
    case, tab, found = newest_case(console, "remittance.unrecognised"), page_of("Fina", theme), []
    with console.visitor("Fina") as fina:
        asked = {"case": [str(case), "99999"], "act": "assign", "person": "Fina"}
        job = fina.post("/exceptions/bulk/preview", **asked).headers["location"]
    draft = f"/rules/new?case={case}&try=yes&field=reference&form=shape&type=fee&pattern=INV-9%2BSC"
    for path in (draft, f"/answers/{case}", job, "/close/2026-10"):
        tab.goto(path)
        found += violations(tab, path, theme)
    tab.goto("/exceptions")
    tab.locator("#bulk-all").press("Enter")
    tab.locator("#bulk-assign").wait_for()
    found += violations(tab, "/exceptions/bulk", theme)
    assert not found, "\n".join(found)
