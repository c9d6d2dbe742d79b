"""Answers that are held for who clicks twice: how long, of what, and what of a refusal may be sent again."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse

from tests.console.installed import Console
from tests.console.money_books import console_over_money
from tests.console.sent_twice.cases import approve
from tests.console.sent_twice.money import unknown
from trueup.console.sent_forms import SentForms
from trueup.storage.views.case_queue import list_comments


def test_an_answer_is_held_for_a_minute_from_when_it_was_given() -> None:
    """Though no other form is sent in between: it may show what is shown once."""
    seconds = [0.0]
    sent = SentForms(lambda: seconds[0])
    sent.expect("a")
    seconds[0] = 50
    sent.keep("a", HTMLResponse("a token"), "nonce")
    seconds[0] = 109
    again = sent.again("a")
    assert again is not None and again[0].body == b"a token" and again[1] == "nonce"
    seconds[0] = 111
    assert sent.again("a") is None and not sent._held


def test_who_waits_for_a_refusal_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second click is told what the first was told, and what is sent later acts."""
    sent, found, asks = SentForms(), [], threading.Event()
    sent.expect("a")
    held = sent._held["a"]
    wait = held.given.wait

    def waits(timeout: float | None = None) -> bool:
        asks.set()
        return wait(timeout)

    monkeypatch.setattr(held.given, "wait", waits)
    waiting = threading.Thread(target=lambda: found.append(sent.again("a")))
    waiting.start()
    assert asks.wait(10)
    sent.drop("a", HTMLResponse("say why", 422), "nonce")
    waiting.join(10)
    [again] = found
    assert again is not None
    assert (again[0].status_code, again[0].body, again[1]) == (422, b"say why", "nonce")
    assert sent.again("a") is None


def test_what_was_refused_is_sent_again_once(console: Console, new_case: object) -> None:
    """The form on the page of a refusal has a key: clicked twice it acts once. Its address says all that it said."""
    assert callable(new_case)
    case = new_case("sent again")
    headers = {"sec-fetch-site": "same-origin"}
    with console.visitor("Olga") as olga:
        form = {"csrf": olga.csrf, "form_key": "first", "person": "Nobody at all", "note": "she knows the buyer"}
        refused = olga.http.post(f"/exceptions/{case}/assign?from=here", data=form, headers=headers)
        assert refused.status_code == 404
        key = re.search(r'name="form_key" value="([\w-]+)"[^>]*>\s*<h2 id="kept-title"', refused.text)
        assert key is not None and key[1] != "first"
        assert f'action="/exceptions/{case}/assign?from=here"' in refused.text
        said = {"csrf": olga.csrf, "form_key": key[1], "text": "ask the buyer, she knows"}
        for _ in range(2):
            assert olga.http.post(f"/exceptions/{case}/comment", data=said, headers=headers).status_code == 303
    with console.app.database.transaction() as connection:
        assert [each["text"] for each in list_comments(connection, case)] == ["ask the buyer, she knows"]


def test_what_is_done_is_no_refusal_though_its_page_cannot_be_drawn(console: Console) -> None:
    """It is told as done, and sent again it is not done again: a field that is read afterwards is a file."""
    sent = approve(console)
    with console.visitor("Ana Admin") as ana:
        said = {"csrf": ana.csrf, "form_key": "drawn once"}
        answers = [
            ana.http.post(
                sent.address, data=said, files={"back": ("back.txt", b"/")}, headers={"sec-fetch-site": "same-origin"}
            )
            for _ in range(2)
        ]
    assert [each.status_code for each in answers] == [500, 409]
    assert "What you sent is done and kept." in answers[0].text and "found a file" in answers[0].text
    assert 'id="send-again"' not in answers[0].text
    assert "was sent already" in answers[1].text


def test_what_a_sheet_cannot_go_back_to_is_refused_before_anything_is_booked(server_url: str, tmp_path: Path) -> None:
    """And then the same form may be sent, and books once."""
    with console_over_money(server_url, tmp_path) as console, console.visitor("Fina") as fina:
        _, remittance = unknown(console)
        line = {"row": f"{remittance}.1", "type": "co-op", "account": "", "note": "a fair in May"}
        said = {"csrf": fina.csrf, "form_key": "sheet", **line}
        headers = {"sec-fetch-site": "same-origin"}
        for wrong in ({"state-month": "soon"}, {"state-at": "nowhere"}):
            refused = fina.http.post("/coding/book", data={**said, **wrong}, headers=headers)
            assert refused.status_code == 422, wrong
        booked = fina.http.post("/coding/book", data=said, headers=headers)
        assert booked.status_code == 200 and "1 line" in booked.text
