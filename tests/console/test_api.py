"""The API as programs meet it: who is let in, what is told, how it is paged, and that its own description is true."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.seeded import SECRET_TEXTS
from tests.console.calling import Caller, calling, person, token, walk
from tests.console.conftest import NOW
from tests.console.installed import ROLES, Console
from trueup.api.v1 import collect_resources, describe
from trueup.base.errors import Conflict, NotFound, Refused
from trueup.console.visit import SESSION
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.cases import open_case
from trueup.workflows.authority import permissions
from trueup.workflows.keep_tokens import CALLS_AT_ONCE, WantedToken, admit_call, end_token, make_token
from trueup.workflows.world import Tx

OPERATIONS = [each for resource in collect_resources().values() for each in resource.operations]
_CALLS_OF_A_TOKEN = 80
"""Fewer than a token may make at once."""


@pytest.fixture
def ana(console: Console) -> Iterator[Caller]:
    """An administrator's program."""
    with calling(console, token(console, "Ana Admin")) as caller:
        yield caller


def filled(path: str, **places: str) -> str:
    """An address with its places filled, with what there is not where nothing is said."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: places.get(found[1], "999999"), path)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_is_let_do_what_it_may_and_nothing_else(console: Console, role: str) -> None:
    """The whole matrix: each operation asked by tokens with all that their person may. What is not allowed is 403."""
    wrong = []
    for first in range(0, len(OPERATIONS), _CALLS_OF_A_TOKEN):
        with calling(console, token(console, ROLES[role])) as caller:
            for each in OPERATIONS[first : first + _CALLS_OF_A_TOKEN]:
                answer = caller.send(filled(each.path), {} if each.method in ("POST", "PUT") else None, each.method)
                may = role in [allowed.value for allowed in permissions()[each.may]]
                bad = answer.status_code in (401, 405, 429) or answer.status_code >= 500
                if (answer.status_code == 403) is may or bad:
                    wrong.append(f"{each.method} {each.path}: {answer.status_code}, {'may' if may else 'may not'}")
    assert not wrong, "\n".join(wrong)


def test_a_scope_narrows_and_never_widens(console: Console) -> None:
    """Each operation asked with every other scope is refused; and a token's scope is none that its person lacks."""
    others = {may: [each for each in permissions() if each != may] for may in {each.may for each in OPERATIONS}}
    for may, scopes in others.items():
        with calling(console, token(console, "Ana Admin", *scopes)) as caller:
            for each in OPERATIONS:
                if each.may == may:
                    answer = caller.send(filled(each.path), {}, each.method)
                    assert (answer.status_code, may in answer.json()["detail"]) == (403, True), each.path
    with pytest.raises(Refused, match=r"may not cases\.resolve"):
        token(console, "Aude", "look", "cases.resolve")


def test_who_has_no_token_that_holds_is_told_alike(console: Console) -> None:
    """Unknown, ended, revoked, of someone who left, or a session's cookie: the same words, and nothing is let in by a cookie."""
    whole = token(console, "Olga", "look")
    made = console.app.act(
        False, make_token, WantedToken("gone", ["look"], timedelta(days=1)), person(console, "Olga"), ()
    )
    console.app.act(False, end_token, made.id, person(console, "Olga"))
    with console.app.database.transaction() as connection:
        ended = token(console, "Olga", "look")
        connection.exec_driver_sql(
            "UPDATE trueup.access_tokens SET ends_at = %s WHERE id = (SELECT max(id) FROM trueup.access_tokens)", (NOW,)
        )
    answers = []
    for text in ("trueup_never", made.text.reveal(), ended, whole.upper(), ""):
        with calling(console, text) as nobody:
            answers.append(nobody.get("/me"))
    with console.visitor("Ana Admin") as signed_in:
        assert SESSION in signed_in.http.cookies
        answers += [
            signed_in.get("/api/v1/me"),
            signed_in.post("/api/v1/me"),
            signed_in.get("/api/v1/me", authorization=f"Bearer {signed_in.http.cookies[SESSION]}"),
        ]
    assert {answer.status_code for answer in answers} == {401, 405}
    assert [answer.status_code for answer in answers].count(405) == 1
    assert len({answer.text for answer in answers if answer.status_code == 401}) == 1
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)


def test_tokens_are_kept_as_a_hash_and_say_who_used_them(console: Console) -> None:
    """The text is nowhere in the database; the first use, and the name, stand in the trail."""
    text = token(console, "Fina", "look")
    with calling(console, text) as fina:
        me = fina.json("/me")
        fina.json("/me")
    assert (me["person"], me["may"]) == ("Fina", ["look"])
    with console.app.database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT t::text FROM trueup.access_tokens t").scalars().all()
        trail = connection.exec_driver_sql(
            "SELECT role FROM trueup.acts WHERE act = 'token.used' AND role LIKE %s", (f"%by token {me['token']}",)
        ).scalars()
        assert list(trail) == [f"finance, by token {me['token']}"]
    assert not [row for row in rows if text in row or text.removeprefix("trueup_") in row]


def test_tokens_that_could_be_two_people_are_not_made(console: Console) -> None:
    """An administrator's token for another cannot approve; a name is one token's; a token makes none; others end none."""
    ana, olga = person(console, "Ana Admin"), person(console, "Olga")
    act, people = console.app.act, console.app.settings.people

    def wanted(label: str, *scopes: str, whose: str = "") -> WantedToken:
        return WantedToken(label, scopes, timedelta(days=1), whose)

    with pytest.raises(Refused, match=r"cannot have proposals\.approve"):
        act(False, make_token, wanted("both", "look", "proposals.approve", whose="Fina"), ana, people)
    with pytest.raises(Refused, match=r"people\.keep"):
        act(False, make_token, wanted("other", "look", whose="Fina"), olga, people)
    made = act(False, make_token, wanted("Twice", "look", whose="Olga"), ana, people)
    assert made.person == "Olga"
    with pytest.raises(Conflict, match="already"):
        act(False, make_token, wanted("twice", "look"), olga, people)
    with pytest.raises(NotFound):
        act(False, end_token, made.id, person(console, "Fina"))
    with pytest.raises(Refused, match="makes no tokens"):
        by_token = type(ana)(ana.name, ana.roles, frozenset({"tokens.make"}), "ci")
        act(False, make_token, wanted("more", "look"), by_token, people)
    with pytest.raises(Refused, match="1 to 366 days"):
        act(False, make_token, WantedToken("long", ["look"], timedelta(days=400)), olga, people)


def test_a_token_that_calls_too_often_waits(console: Console) -> None:
    """Beyond what it may do at once it is told to wait, others are not; and after a while it is let in again."""
    with (
        calling(console, token(console, "Olga", "look")) as eager,
        calling(console, token(console, "Olga", "look")) as calm,
    ):
        assert eager.get("/me").status_code == 200
        with console.app.database.transaction() as connection:
            eager_id = connection.exec_driver_sql("SELECT max(id) - 1 FROM trueup.access_tokens").scalar_one()
        assert [admit_call(console.app.world, eager_id) for _ in range(int(CALLS_AT_ONCE) - 1)] == [0.0] * 99
        turned_away = [eager.get("/me") for _ in range(3)]
        assert [answer.status_code for answer in turned_away] == [429] * 3
        assert turned_away[0].headers["retry-after"] == "1"
        assert calm.get("/me").status_code == 200
        console.app.world.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
        assert eager.get("/me").status_code == 200


def test_everything_that_can_be_read_is_told_as_described(ana: Caller) -> None:
    """Each list, and of each the first and last item whole: the types that the description promises are those that are told."""
    found = walk(ana)
    assert found["/cases"] and found["/orders"] and found["/documents"] and found["/stock"] and found["/runs"]


def test_a_case_and_an_order_are_told_whole(ana: Caller) -> None:
    """Money as text with its currency, times in UTC, the order's timeline with its evidence."""
    [case] = [each for each in ana.json("/cases?kind=held.cost")["items"] if each["order"] == "amazon-us/PO000002"]
    assert case["money_at_risk"] == {"amount": "318.00", "currency": "USD"}
    assert case["deadline"].endswith("Z")
    order = ana.json("/orders/amazon-us/PO000001")
    assert order["standing"] == "accepted"
    assert order["timeline"][0]["what"] == "order.received"
    assert ana.get(f"/documents/{order['evidence']}/content").content.startswith(b"{")


def test_paging_tells_everything_once_while_more_comes(console: Console, ana: Caller) -> None:
    """Rows that are added between two pages are not told twice and push none away."""

    def add(number: int) -> int:
        def opened(tx: Tx) -> int:
            draft = CaseDraft(
                "stock.short", f"line paging {number}", f"paging {number}", "1", "0", None, None, "operations",
                (Resolution.RETRY, Resolution.DISMISS),
            )  # fmt: skip
            return open_case(tx.connection, draft, tx.now)

        return console.app.act(False, opened)

    first = {add(number) for number in range(7)}
    for sort in ("age", "urgency", "deadline", "money"):
        told: list[int] = []
        for number, page in enumerate(ana.pages(f"/cases?words=paging&sort={sort}", 5)):
            told += [case["id"] for case in page]
            if number < 1:
                add(hash(sort) % 1000 * 100 + number)
        assert len(told) == len(set(told)), sort
        assert first <= set(told), sort
    for path in ("/orders", "/documents", "/stock", "/acts"):
        told_keys = [next(iter(each.items())) for page in ana.pages(path, 50) for each in page]
        assert len(told_keys) == len(set(told_keys)), path


def test_who_has_it_already_is_told_only_that(ana: Caller) -> None:
    """An answer is marked with its hash."""
    answer = ana.get("/orders/amazon-us/PO000001")
    again = ana.get("/orders/amazon-us/PO000001", **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert ana.get("/orders/amazon-us/PO000002", **{"if-none-match": answer.headers["etag"]}).status_code == 200


def test_what_goes_wrong_is_told_as_a_problem(ana: Caller) -> None:
    """With the status, what happened, expected and found."""
    for path, status, words in (
        ("/cases/999999", 404, "none of that number"),
        ("/cases?sort=colour", 422, "query.sort"),
        ("/cases?kinds=held.", 422, "query.kinds"),
        ("/cases?at=bm8", 422, "another list"),
        ("/journal/entries?at=x", 422, "another list"),
        ("/orders/amazon-us/a%00b", 422, "zero byte"),
        ("/nothing", 404, "/api/v1/openapi.json"),
    ):
        answer = ana.get(path)
        assert answer.status_code == status, path
        told = answer.json()
        assert told["status"] == status and words in told["detail"], told
        assert answer.headers["content-type"] == "application/problem+json"


def test_secrets_never_appear(console: Console, ana: Caller) -> None:
    """Neither in an answer nor in a header."""
    paths = [path for path, methods in describe()["paths"].items() if "get" in methods and "{" not in path]
    told = "".join(answer.text + str(answer.headers) for answer in map(ana.get, paths))
    assert not [secret for secret in (*SECRET_TEXTS, "k" * 32) if secret in told]


def _walk(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _walk(value, f"{path}/{key}")


def test_no_number_of_the_description_is_a_float() -> None:
    """Money is text, and counts are integers: nothing that a reader takes for a float."""
    floats = [path for path, node in _walk(describe()) if isinstance(node, dict) and node.get("type") == "number"]
    assert not floats


def test_the_description_is_complete() -> None:
    """Each operation says what it does, its scope, each parameter in words, what it answers with an example, and its errors."""
    document = describe()
    assert document["openapi"].startswith("3.1")
    names = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))
    schemas = document["components"]["schemas"]
    wrong = []
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            name = f"{method} {path}"
            [[scope]] = [required["token"] for required in each["security"]]
            good = [answer for status, answer in each["responses"].items() if status.startswith("2")]
            shapes = [content.get("schema", {}) for answer in good for content in answer.get("content", {}).values()]
            if not each.get("summary") or f"`{scope}`" not in each["description"] or not good:
                wrong.append(f"{name}: summary, scope or answer")
            if not {"401", "403", "404", "422", "429"} <= each["responses"].keys():
                wrong.append(f"{name}: errors")
            wrong += [
                f"{name}: {given['name']}" for given in each.get("parameters", ()) if not given.get("description")
            ]
            wrong += [f"{name}: no example" for shape in shapes if not _has_example(shape, schemas)]
    assert not wrong, "\n".join(wrong)


def _has_example(shape: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """An example of it, or of what it lists."""
    whole = schemas[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    if "examples" in whole or whole.get("format") == "binary":
        return True
    items = whole.get("properties", {}).get("items", {}).get("items", {})
    return "$ref" in items and _has_example(items, schemas)


def test_examples_are_of_their_shape() -> None:
    """Each example is what its schema says."""
    import jsonschema

    document = describe()
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            jsonschema.validate(example, whole)


def test_the_page_of_the_api_lists_what_there_is() -> None:
    """docs/api.md is written from the description: run docs/write_api.py after a change."""
    page = Path(__file__).resolve().parents[2] / "docs" / "api.md"
    written = runpy.run_path(str(page.with_name("write_api.py")))
    text = page.read_text(encoding="utf-8")
    assert written["whole"](text) == text


def test_every_metric_of_the_page_is_told_and_every_told_one_is_on_it(console: Console) -> None:
    """The table names the metrics there are."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(trueup_\w+)`", page))
    with calling(console, token(console, "Aude", "metrics")) as scraper:
        told = set(re.findall(r"(?m)^# TYPE (\w+) ", scraper.http.get("/metrics").text)) - {"trueup"}
    assert {name.removesuffix("_total") for name in named} == told
