"""Acts of programs: tried first, done once, refused with words, under the person's and the token's name in the trail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.console.calling import calling, token
from tests.console.installed import Console
from trueup.durable.dbos_log import Connections
from trueup.durable.dbos_mending import Mender
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.worker import dbos_client
from trueup.storage.cases import load_case
from trueup.workflows.receive_files import LARGEST_BYTES


def acts_of(console: Console, subject: str) -> list[tuple[Any, ...]]:
    """Actor, role and act, the oldest first."""
    with console.app.database.transaction() as connection:
        rows = connection.exec_driver_sql(
            "SELECT actor, role, act FROM trueup.acts WHERE subject = %s ORDER BY id", (subject,)
        )
        return [tuple(row) for row in rows]


def test_a_case_is_tried_then_resolved_once(console: Console, new_case: Callable[..., int]) -> None:
    """A trial tells the effects and keeps nothing; the same key again is told the same, and another request under it is refused."""
    case_id = new_case("api once")
    path, told = f"/cases/{case_id}/resolution", {"resolution": "dismiss", "note": "counted"}
    with calling(console, token(console, "Olga", "look", "cases.resolve")) as olga:
        tried = olga.send(f"{path}?dry_run=true", told, idempotency_key="k-1").json()
        assert tried["dry_run"] and tried["effects"] == [f"Case {case_id} is resolved: dismiss."]
        assert olga.json(f"/cases/{case_id}")["state"] == "open"
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: olga.send(path, told, idempotency_key="k-1"), range(4)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert [answer.headers.get("idempotency-replayed") for answer in answers].count("true") == 3
        assert olga.send(path, {**told, "note": "other"}, idempotency_key="k-1").status_code == 422
        refused = olga.send(path, told)
        assert (refused.status_code, "resolved on" in refused.json()["detail"]) == (409, True)
        me = olga.json("/me")["token"]
        whole = olga.json(f"/cases/{case_id}")
    assert (whole["resolution"], whole["resolved_by"]) == ("dismiss", "Olga")
    assert acts_of(console, f"case {case_id}") == [("Olga", f"operations, by token {me}", "case.resolved")]


def test_what_is_refused_leaves_its_key_unused(console: Console, new_case: Callable[..., int]) -> None:
    """A resolution that the case does not allow; mended, the same key does it."""
    case_id = new_case("api refused")
    path = f"/cases/{case_id}/resolution"
    with calling(console, token(console, "Olga")) as olga:
        refused = olga.send(path, {"resolution": "backorder"}, idempotency_key="k-2")
        assert refused.status_code == 409 and "allowed: retry, reject, dismiss" in refused.json()["detail"]
        assert olga.send(path, {"resolution": "dismiss", "note": "seen"}, idempotency_key="k-2").status_code == 200
        assert olga.send("/cases/999999/resolution", {"resolution": "dismiss"}).status_code == 404
        unknown = olga.send(path, {"resolution": "dismiss", "resolved_by": "someone else"})
        assert unknown.status_code == 422 and unknown.json()["faults"][0]["where"] == "body.resolved_by"


def test_two_persons_are_two_people_whatever_their_tokens(console: Console, new_case: Callable[..., int]) -> None:
    """Above the limit it is proposed; another token of the same person is refused, a second person carries it out."""
    case_id = new_case("api two", 900_00)
    with calling(console, token(console, "Olga")) as olga, calling(console, token(console, "Olga")) as again:
        told = olga.send(f"/cases/{case_id}/resolution", {"resolution": "reject"}).json()
        assert told["proposal"] is not None
        approval = f"/proposals/{told['proposal']}/approval"
        same = again.send(approval)
        assert same.status_code == 409 and "second person" in same.json()["detail"]
        assert [each["id"] for each in olga.json("/proposals")["items"] if each["subject"] == f"case {case_id}"]
    with calling(console, token(console, "Ana Admin")) as ana:
        assert ana.send(approval).json()["words"] == f"case {case_id} resolved: reject"
    with console.app.database.transaction() as connection:
        assert load_case(connection, case_id).resolution == "reject"


def test_cases_are_discussed(console: Console, new_case: Callable[..., int]) -> None:
    """Comment, assign, put aside and take up again, each told back and seen on the case."""
    case_id = new_case("api talk")
    with calling(console, token(console, "Olga", "look", "cases.discuss")) as olga:
        assert olga.send(f"/cases/{case_id}/comments", {"text": "asked"}).status_code == 201
        assert olga.send(f"/cases/{case_id}/comments", {"text": "a\x00b"}).status_code == 422
        assert olga.send(f"/cases/{case_id}/comments?dry_run=true", {"text": "tried"}).json()["dry_run"]
        assert olga.send(f"/cases/{case_id}/assignment?dry_run=true", {"person": "Elke"}, "PUT").status_code == 200
        assigned = olga.send(f"/cases/{case_id}/assignment", {"person": "Fina"}, "PUT").json()
        assert assigned == {"case": case_id, "person": "Fina", "before": None, "dry_run": False}
        assert olga.send(f"/cases/{case_id}/assignment", {"person": "Nobody"}, "PUT").status_code == 404
        later = {"until": "2026-11-25T09:00:00+01:00", "reason": "waits"}
        assert olga.send(f"/cases/{case_id}/snooze?dry_run=true", later, "PUT").json()["before"] is None
        assert olga.send(f"/cases/{case_id}/snooze", None, "DELETE").status_code == 409
        assert olga.send(f"/cases/{case_id}/snooze", later, "PUT").json()["until"] == "2026-11-25T08:00:00Z"
        woken = olga.send(f"/cases/{case_id}/snooze", None, "DELETE").json()
        assert (woken["until"], woken["before"]) == (None, "2026-11-25T08:00:00Z")
        whole = olga.json(f"/cases/{case_id}")
    assert (whole["person"], whole["comments"][0]["text"], whole["snoozed_until"]) == ("Fina", "asked", None)
    assert len(whole["comments"]) == 1


def test_a_token_decides_no_case_that_its_scopes_are_not_for(console: Console, new_case: Callable[..., int]) -> None:
    """Nor by carrying out what another token of the person tried, nor among acts that discuss cases; its person may all of it."""
    case_id = new_case("api scopes")
    decision = {"case": case_id, "resolution": "dismiss", "note": "counted"}
    with (
        calling(console, token(console, "Olga", "look", "cases.resolve")) as deciding,
        calling(console, token(console, "Olga", "look")) as looking,
        calling(console, token(console, "Olga", "look", "cases.discuss")) as talking,
    ):
        tried = deciding.send("/case-sheets", {"decisions": [decision], "tried": True}).json()
        assert tried["result"]["good"] == 1
        for caller in (looking, talking):
            refused = caller.send(f"/jobs/{tried['id']}/carry-out")
            assert refused.status_code == 409 and "is not for this (cases.resolve)" in refused.json()["detail"]
        told = talking.send(
            "/case-acts", {"act": "resolve", "value": "dismiss", "note": "counted", "cases": [case_id]}
        ).json()
        assert told["good"] == 0 and "is not for this (cases.resolve)" in told["refused"][0]["why"]
        assert deciding.json(f"/cases/{case_id}")["state"] == "open"
        assert deciding.send(f"/jobs/{tried['id']}/carry-out").status_code == 202
        assert deciding.json(f"/cases/{case_id}")["state"] == "resolved"


def test_what_somebody_may_not_decide_is_kept_beside_the_case(console: Console, new_case: Callable[..., int]) -> None:
    """By a form, by a program and among many at once: with who. What was only tried is not kept."""
    case_id, other = new_case("not hers"), new_case("nor this")
    decision = {"resolution": "dismiss", "note": "counted"}
    with console.visitor("Fina") as fina, calling(console, token(console, "Fina")) as program:
        fina.post(f"/exceptions/{case_id}/try", **decision)
        many = {"act": "resolve", "value": "dismiss", "note": "counted", "cases": [other, case_id]}
        sheet = {"decisions": [{"case": case_id, **decision}], "tried": True}
        assert program.send("/case-sheets", sheet).json()["result"]["good"] == 0
        assert acts_of(console, f"case {case_id}") == []
        refused = fina.post(f"/exceptions/{case_id}/resolve", **decision)
        assert refused.status_code == 409 and "Fina (roles: finance) may not resolve" in refused.text
        assert acts_of(console, f"case {case_id}") == [("Fina", "finance", "act.refused")]
        assert program.send(f"/cases/{case_id}/resolution", decision).status_code == 409
        assert [act for _, _, act in acts_of(console, f"case {case_id}")] == ["act.refused"] * 2
        assert program.send("/case-acts", many).json()["good"] == 0
    for number, count in ((case_id, 3), (other, 1)):
        assert [act for _, _, act in acts_of(console, f"case {number}")] == ["act.refused"] * count


def test_counts_are_declared_whole_or_not_at_all(console: Console) -> None:
    """A trial keeps nothing; a row that nothing would look at refuses them all; what is taken changes what may be sold. Above the
    limit nothing is, until a second person approves."""
    good = {"sku": "VASE-1", "location": "main", "on_hand": 7}
    with calling(console, token(console, "Olga", "look", "stock.declare")) as olga:
        assert olga.send("/stock-counts?dry_run=true", {"counts": [good]}).json()["counts"][0]["on_hand"] == 7
        assert olga.json("/stock/VASE-1")["levels"] == []
        refused = olga.send("/stock-counts", {"counts": [good, {**good, "sku": "GHOST"}]})
        assert refused.status_code == 422 and "GHOST: no such product" in refused.json()["detail"]
        taken = olga.send("/stock-counts", {"counts": [good]}).json()
        assert olga.json("/stock/VASE-1")["levels"][0]["evidence"] == taken["evidence"]
        assert olga.send("/stock-counts", {"counts": []}).status_code == 422
        many = {"counts": [{**good, "on_hand": 48}]}
        console.app.world.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
        assert olga.send("/stock-counts?dry_run=true", many).json()["proposal"] is not None
        assert not [each for each in olga.json("/proposals")["items"] if each["act"] == "stock.declare"]
        proposal = olga.send("/stock-counts", many).json()["proposal"]
        assert olga.json("/stock/VASE-1")["levels"][0]["on_hand"] == 7
    console.app.world.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
    with calling(console, token(console, "Ana Admin")) as ana:
        assert ana.send(f"/proposals/{proposal}/approval").json()["words"].endswith("are taken")
        assert ana.json("/stock/VASE-1")["levels"][0]["on_hand"] == 48


def test_what_is_told_of_a_run_under_a_key_is_done_though_who_did_it_lost_its_database(console: Console) -> None:
    """The act and its answer are kept: asked again, the same is told, and it is done by whoever works next."""
    engine = console.app.engine
    assert isinstance(engine, DbosEngine)
    engine.start("watch", "watch:lost")
    run, whole = {"run_id": "watch:lost"}, engine._mender
    nowhere = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with calling(console, token(console, "Olga")) as olga:
        engine._mender = Mender(Connections.of(nowhere), dbos_client(nowhere))
        try:
            done = olga.send("/run-cancellations", run, idempotency_key="r-lost")
        finally:
            engine._mender = whole
        assert done.status_code == 202 and olga.json("/runs/watch:lost")["status"] == "waiting"
        assert olga.send("/run-cancellations", run, idempotency_key="r-lost").json() == done.json()
        assert engine.mend_asked() == 1
        assert olga.json("/runs/watch:lost")["status"] == "cancelled"


def test_a_run_is_stopped_and_let_go_on_by_the_api(console: Console) -> None:
    """A trial says what it means and changes nothing; it is done once under its key; who may not is refused."""
    console.app.engine.start("watch", "watch:by-hand")
    run = {"run_id": "watch:by-hand"}
    with calling(console, token(console, "Olga")) as olga:
        tried = olga.send("/run-cancellations?dry_run=true", run)
        assert (tried.status_code, tried.json()["was"], tried.json()["dry_run"]) == (202, "waiting", True)
        assert tried.json()["means"][0] == "It stops before its first step."
        assert olga.json(f"/runs/{run['run_id']}")["status"] == "waiting"
        done = olga.send("/run-cancellations", run, idempotency_key="r-1")
        assert done.status_code == 202
        assert olga.send("/run-cancellations", run, idempotency_key="r-1").json() == done.json()
        assert olga.json(f"/runs/{run['run_id']}")["status"] == "cancelled"
        again = olga.send("/run-cancellations", run)
        assert again.status_code == 409 and "is cancelled" in again.json()["detail"]
        assert olga.send("/run-retries", run).json()["was"] == "cancelled"
        assert olga.json(f"/runs/{run['run_id']}")["status"] == "waiting"
        assert olga.send("/run-retries", {"run_id": "none:1"}).status_code == 404
    told = acts_of(console, f"run {run['run_id']}")
    assert [(actor, act) for actor, _, act in told] == [("Olga", "run.cancelled"), ("Olga", "run.retried")]
    with calling(console, token(console, "Fina")) as fina:
        assert fina.send("/run-retries", run).status_code == 403


def test_a_document_is_kept_before_it_is_read(console: Console) -> None:
    """202 with its number; its bytes are in the archive as they came, a run will read them; twice under a key is one arrival."""
    content = b"sku,location,on_hand\r\nVASE-1,main,12\r\n\xff"
    path = "/api/v1/documents?partner=amazon-us&kind=stock-counts&name=counts.csv"
    kind = {"content-type": "application/octet-stream", "idempotency-key": "u-1"}
    with calling(console, token(console, "Olga")) as olga:
        tried = olga.http.post(f"{path}&dry_run=true", content=content, headers=kind).json()
        assert tried["reads_as"] == "Stock counts (CSV)" and tried["dry_run"]
        assert olga.get(f"/documents/{tried['digest']}").status_code == 404
        arrived = olga.http.post(path, content=content, headers=kind)
        again = olga.http.post(path, content=content, headers=kind)
        assert (arrived.status_code, arrived.json()) == (202, again.json())
        told = arrived.json()
        assert olga.get(f"/documents/{told['id']}/content").content == content
        document = olga.json(f"/documents/{told['digest']}")
        assert (document["id"], document["arrivals_of_these_bytes"]) == (told["id"], 1)
        assert document["source"].startswith("upload by Olga, token test")
        assert olga.json(f"/runs/{told['run']}")["flow"] == "receive_upload"
        assert olga.http.post(path.replace("amazon-us", "nobody"), content=content).status_code == 404
        forbidden = olga.http.post(path.replace("stock-counts", "bank-statement"), content=content)
        assert (forbidden.status_code, "bank.import" in forbidden.text) == (403, True)
        too_large = olga.http.post(path, content=b"x" * (LARGEST_BYTES + 2000))
        assert (too_large.status_code, too_large.json()["status"]) == (413, 413)
    assert ("Olga", "document.uploaded") in [
        (actor, act) for actor, _, act in acts_of(console, f"document {told['digest']}")
    ]


def test_a_connection_is_read_when_asked(console: Console) -> None:
    """Its rounds come at once; a name that is none is told with those that are."""
    with calling(console, token(console, "Olga")) as olga:
        asked = olga.send("/connections/shop/reading")
        assert asked.status_code == 202 and asked.json()["rounds"] > 0
        assert "known: " in olga.send("/connections/nobody/reading").json()["detail"]


def test_a_trade_in_is_refused_where_none_are_agreed(console: Console) -> None:
    """The installation's settings say so, and the words say where."""
    told = {"key": "T-1", "sku": "TENT-2", "serial": "TN-1", "quoted": {"amount": "80.00", "currency": "USD"}}
    with calling(console, token(console, "Olga")) as olga:
        refused = olga.send("/trade-ins", told)
    assert refused.status_code == 409 and "[trade_ins]" in refused.json()["detail"]
