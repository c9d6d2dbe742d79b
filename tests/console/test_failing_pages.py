"""What a person and a program are told while a table is away: words, a reference that the log has, what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
import structlog

from tests.console.calling import calling, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Client, Console

_INNER = ("SELECT", "trueup.", "psycopg", "sqlalchemy", "Traceback", "_away", "relation", "Internal Server Error")
_REFERENCE = re.compile(r"reference ([2-9A-HJ-KMNP-TV-Z]{8})\b")
TYPED = "the buyer called: send half of it"


@pytest.fixture(scope="module")
def console(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over a database of its own, whose tables are taken away."""
    with console_over(filled, tmp_path_factory.mktemp("failing")) as running:
        yield running


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What is logged."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@contextmanager
def _away(console: Console, table: str) -> Iterator[None]:
    def rename(before: str, after: str) -> None:
        with console.app.database.transaction() as connection:
            connection.exec_driver_sql(f"ALTER TABLE trueup.{before} RENAME TO {after}")

    rename(table, f"{table}_away")
    try:
        yield
    finally:
        rename(f"{table}_away", table)


def _comment(olga: Client, console: Console) -> Callable[[], tuple[int, str]]:
    def send() -> tuple[int, str]:
        headers = {"origin": console.url, "referer": f"{console.url}/exceptions?row=1"}
        fields = {"csrf": olga.csrf, "text": TYPED}
        answer = olga.http.post("/exceptions/1/comment", data=fields, headers=headers)
        return answer.status_code, answer.text

    return send


@pytest.mark.parametrize("table", ["case_comments", "cases", "sessions"])
def test_a_page_that_fails_says_so_keeps_what_was_typed_and_recovers(
    console: Console, logged: list[structlog.typing.EventDict], table: str
) -> None:
    """Whether the page's own table is away, one that every page counts, or the one that says who somebody is."""
    with console.visitor("Olga") as olga:
        send = _comment(olga, console)
        with _away(console, table):
            looked, (status, posted) = olga.get("/exceptions?row=1"), send()
            part = olga.get("/exceptions?row=1", **{"HX-Request-Type": "partial", "HX-Request": "true"})
        assert (looked.status_code, status, part.status_code) == (500, 500, 500)
        for text in (looked.text, posted, part.text):
            assert [word for word in _INNER if word in text] == []
            assert "Nothing half-done was kept" in text
            [reference] = _REFERENCE.findall(text)
            [entry] = [each for each in logged if each.get("reference") == reference]
            assert f"{table}" in entry["error"]
        assert 'id="problem-again" href="/exceptions?row=1"' in looked.text
        assert "script-src 'self'" in looked.headers["content-security-policy"]
        assert "as a whole or not at all" in posted
        assert TYPED in posted and 'id="send-again"' in posted and 'href="/exceptions?row=1"' in posted
        assert olga.get("/exceptions?row=1").status_code == 200
        assert send()[0] == 303


def test_a_call_that_fails_is_a_problem_with_a_reference_and_is_done_once_later(
    console: Console, logged: list[structlog.typing.EventDict]
) -> None:
    """To look, and to act under a key: nothing was done, and the key is as good as new."""
    with calling(console, token(console, "Olga")) as olga:
        path, told = "/cases/1/comments", {"text": TYPED}
        with _away(console, "case_comments"):
            answers = [olga.get("/cases/1"), olga.send(path, told, idempotency_key="away")]
        with _away(console, "access_tokens"):
            answers.append(olga.get("/cases/1"))
        for answer in answers:
            assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
            assert [word for word in _INNER if word in answer.text] == []
            [reference] = _REFERENCE.findall(answer.json()["detail"])
            assert [each["event"] for each in logged if each.get("reference") == reference] == ["call failed"]
        assert olga.get("/cases/1").status_code == 200
        assert olga.send(path, told, idempotency_key="away").status_code == 201


def test_a_form_without_the_sessions_token_is_not_written_back_while_nobody_is_known(console: Console) -> None:
    """Who sent it is not known then: the token alone says that it is whoever holds the ticket."""
    with console.visitor("Olga") as olga, _away(console, "sessions"):
        fields = {"csrf": "stale", "text": TYPED}
        answer = olga.http.post("/exceptions/1/comment", data=fields, headers={"origin": console.url})
    assert answer.status_code == 500
    assert TYPED not in answer.text and olga.csrf not in answer.text


def test_a_form_whose_file_was_archived_and_no_more_is_sent_again(console: Console) -> None:
    """What goes before an act uses nothing up: the act failed, and the same form does it later."""
    rows = "".join(f"ROW-{number},A lamp that is described at some length for a catalogue\n" for number in range(2_000))
    files = {"file": ("items.csv", f"sku,title\n{rows}".encode())}
    with console.visitor("Elke") as elke:

        def send() -> httpx2.Response:
            fields = {"csrf": elke.csrf, "form_key": "a large file"}
            return elke.http.post("/settings/products/upload", data=fields, files=files)

        with _away(console, "jobs"):
            failed = send()
        assert failed.status_code == 500 and "done and kept" not in failed.text
        done, again = send(), send()
        assert done.status_code == again.status_code == 303, done.text
        assert done.headers["location"] == again.headers["location"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/stock/NOPE", 404, "No product 'NOPE' in the item master."),
        ("/trade-ins/NOPE", 404, ""),
        ("/stock/NOPE?tab=policy", 404, "No product 'NOPE' in the item master."),
    ],
)
def test_what_is_not_there_leads_to_the_list_of_what_is(console: Console, path: str, status: int, words: str) -> None:
    """In a browser nobody is sent to a command line; the page that lists what there is is one click away."""
    with console.visitor("Olga") as olga:
        told = olga.get(path)
    main = re.sub(r"&#39;|&#x27;", "'", told.text.partition("<main")[2])
    assert told.status_code == status and words in main and "`trueup" not in main
    assert f'id="problem-list" href="/{path.split("/")[1]}"' in main
