"""How each operation is called for what a form of the console does; and those that no form does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.console.called_twice.racing import CALLS, Called, CallRow, Fields, as_form, called
from tests.console.installed import Console
from tests.console.sent_twice import cases, closing, connections, goods, money, people, settled
from tests.console.sent_twice.cases import new_case
from tests.console.sent_twice.money import letters
from tests.console.sent_twice.racing import ROWS, Two

_EVERY = (cases, closing, connections, goods, money, people, settled)
"""Whose rows are taken."""
_numbers = itertools.count(1)


def only(*names: str, **others: str) -> Callable[[Fields], Any]:
    """Fields of these names, and others by their names in the form."""
    return lambda fields: {name: fields[name] for name in names} | {name: fields[told] for name, told in others.items()}


def amount(text: str) -> dict[str, str]:
    """Money as the API is told it."""
    number, _, currency = text.partition(" ")
    return {"amount": number, "currency": currency}


as_form("PUT /cases/{case}/assignment", "/exceptions/{case:int}/assign", only("person", seen="seen_act"), person="Fina")
as_form("POST /cases/{case}/comments", "/exceptions/{case:int}/comment", only("text"))
as_form("DELETE /cases/{case}/comments/{comment}", "/exceptions/{case:int}/comments/{comment:int}/withdraw")
as_form(
    "PUT /cases/{case}/snooze",
    "/exceptions/{case:int}/snooze",
    lambda fields: {"until": f"{fields['until']}T09:00:00Z", **only("reason", seen="seen_act")(fields)},
)
as_form("DELETE /cases/{case}/snooze", "/exceptions/{case:int}/wake")
as_form(
    "PUT /cases/{case}/merge",
    "/exceptions/{case:int}/merge",
    lambda fields: {"into": int(fields["into"]), "note": fields["note"]},
)
as_form("DELETE /cases/{case}/merge", "/exceptions/{case:int}/unmerge")
as_form("POST /cases/{case}/resolution", "/exceptions/{case:int}/resolve", only("resolution", "note"))
as_form("DELETE /cases/{case}/resolution", "/exceptions/{case:int}/recall")
as_form("POST /proposals/{proposal}/approval", "/proposals/{proposal:int}/approve")
as_form("DELETE /jobs/{job}", "/jobs/{job:int}/cancel")
as_form("POST /jobs/{job}/undo", "/jobs/{job:int}/undo")
as_form("POST /jobs/{job}/carry-out", "/jobs/{job:int}/carry-out")
as_form("POST /case-causes/item", "/exceptions/causes/item", lambda fields: _without(fields, "sure"))

as_form("POST /case-causes/resume", "/exceptions/causes/resume", only("kind", "cause"), cause="connection shop")

as_form("POST /claims/{claim}/stage", "/recovery/{claim:int}/stage")
as_form("POST /claims/{claim}/submission", "/recovery/{claim:int}/submit", only("reference", "day"))
as_form(
    "POST /claims/{claim}/answer",
    "/recovery/{claim:int}/answer",
    lambda fields: {"outcome": "won", "day": fields["day"]},
    day="2026-11-03",
)
as_form("POST /claims/{claim}/write-off", "/recovery/{claim:int}/write-off", only(reason="note"))
as_form("POST /claim-papers/{paper}/taking-back", "/recovery/papers/{paper:int}/take-back")
as_form("POST /dispute-packs", "/recovery/packs", only("partner"), family="shortage")
as_form("POST /close/{month}/points/{point}/signature", "/close/{month}/points/{point}/sign", only("note"))
as_form("POST /close/{month}/points/{point}/review", "/close/{month}/points/{point}/review")
as_form(
    "PUT /close/{month}/points/{point}/owner",
    "/close/{month}/points/{point}/owner",
    only("owner", "reviewer", "due"),
    due="2026-11-07",
)
as_form("POST /close/{month}/papers", "/close/{month}/papers")
as_form("POST /close/{month}/proposal", "/close/{month}/propose", only("override"))
as_form(
    "POST /codings",
    "/coding/book",
    lambda fields: {
        "lines": [
            {
                **dict(zip(("remittance", "line"), map(int, fields["row"].split(".")), strict=True)),
                **only("type", "note")(fields),
            }
        ]
    },
)
as_form("POST /credits/reconciliation", "/credits/reconcile")
as_form("POST /journal/exports", "/journal/export/ledger", only("target"), again=True)
as_form(
    "POST /journal/exports/{export}/sent",
    "/journal/exports/{id:int}/sent",
    only("how"),
    places=lambda at, _: {"export": at["id"]},
)
as_form("POST /journal/line-lists", "/journal/export/lines", only("form", "kind"), until="2026-10-31")
as_form(
    "POST /journal/entries/{entry}/reversal",
    "/journal/{id:int}/reverse",
    only("reason"),
    places=lambda at, _: {"entry": at["id"]},
)
as_form(
    "POST /cases/{case}/choice",
    "/matches/{case:int}/choose",
    lambda fields: {"choice": int(fields["choice"]), "note": fields["note"]},
)
as_form(
    "POST /remittances/{remittance}/undoings",
    "/matches/undo/{id:int}/{line:int}",
    lambda fields: {"line": 1, "reason": fields["reason"]},
    places=lambda at, _: {"remittance": at["id"]},
)
as_form("POST /rules", "/rules/new", only("field", "form", "pattern", "type", "note"))
as_form("POST /rules/{rule}/approval", "/rules/{rule}/approve", lambda fields: {"note": fields["note"], "seen": 1})
as_form("POST /rules/{rule}/rejection", "/rules/{rule}/reject", only("note"))

as_form("POST /connections/{connection}/tests", "/settings/connections/{connection}/test")
as_form("POST /connections/{connection}/reading", "/connections/{connection}/ask")
as_form(
    "POST /connections/{connection}/replays",
    "/connections/{connection}/replay",
    lambda fields: {"query": fields["query"], "since": f"{fields['since']}T00:00:00Z"},
)

as_form(
    "POST /agreement-proposals",
    "/settings/agreements/{partner}/{code}",
    lambda fields: {
        "partner": settled.SCOPE.partner,
        "vendor_code": settled.SCOPE.vendor_code,
        "terms": only("cost_tolerance")(fields),
        "effective_from": fields["from"],
        "reason": fields["reason"],
    },
)
as_form(
    "POST /agreement-proposals/{proposal}/approval",
    "/settings/agreements/proposals/{proposal:int}/approve",
    only("look", reason="because"),
)
as_form(
    "POST /agreement-proposals/{proposal}/withdrawal",
    "/settings/agreements/proposals/{proposal:int}/withdraw",
    only("look", reason="because"),
)
as_form("POST /agreement-versions/{version}/undoing", "/settings/agreements/versions/{version:int}/undo")


def _term(fields: Fields) -> dict[str, Any]:
    term = only("kind", "basis", "percent", "source", valid_from="from", valid_to="to")(fields)
    return {"terms": [term], "reason": fields["reason"]}


as_form("POST /charge-term-proposals", "/settings/terms", _term)
as_form("POST /charge-terms/trial", "/settings/terms", _term, two=Two.LOOK, keyed=False)
as_form(
    "POST /charge-term-proposals/{proposal}/approval",
    "/settings/terms/proposals/{proposal:int}/approve",
    only("look", reason="because"),
)
as_form(
    "POST /charge-term-proposals/{proposal}/withdrawal",
    "/settings/terms/proposals/{proposal:int}/withdraw",
    only("look", reason="because"),
)
as_form("POST /charge-term-versions/{version}/undoing", "/settings/terms/versions/{version:int}/undo")
as_form(
    "POST /escalation-rules",
    "/settings/escalation",
    lambda fields: {
        "rules": [{"unowned_minutes": int(fields["unowned-0"]) * 60, "to": fields["to-0"]}],
        "reason": fields["reason"],
        "seen": int(fields["seen"]),
    },
)
as_form("POST /escalation-rules/versions/{version}/undoing", "/settings/escalation/versions/{version:int}/undo")

as_form(
    "POST /stock-adjustments",
    "/stock-counts",
    lambda fields: {**only("sku", "location", "reason", "seen")(fields), "on_hand": int(fields["count"])},
)
as_form(
    "POST /stock-buffers",
    "/stock-buffers",
    lambda fields: {
        **dict(zip(("channel", "location"), fields["channel"].split("|"), strict=True)),
        "sku": fields["sku"],
        "rule": {"eaches": int(fields["eaches"]), "percent": fields["percent"]},
        "reason": fields["reason"],
    },
)
as_form("POST /stock-buffers/versions/{version}/undoing", "/stock-buffers/{version:int}/undo")
as_form(
    "POST /orders/{order:path}/returned-goods",
    "/came-back/{partner}/{number}",
    lambda fields: {"sku": fields["sku"], "eaches": 1, "condition": 4, "before": int(fields["before"])},
    places=lambda at, _: {"order": f"{at['partner']}/{at['number']}"},
)
as_form(
    "POST /trade-ins",
    "/trade-ins",
    lambda fields: {**only("key", "sku", "serial", "customer")(fields), "quoted": amount(fields["quote"])},
)


def _without(fields: Fields, *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names and value}


def _of_trade_in(act: str, form: str, body: Callable[[Fields], Any] | None = None, **other: Any) -> None:
    as_form(
        f"POST /trade-ins/{{trade_in:path}}/{act}",
        f"/trade-ins/{{key:path}}/{form}",
        body,
        places=lambda at, _: {"trade_in": at["key"]},
        **other,
    )


_of_trade_in("grading", "grade", only("grade"), release=False)
_of_trade_in("refusal", "refuse", only("why"))
_of_trade_in("release", "release")
_of_trade_in("credit-answer", "answer", only("arrived"))
_of_trade_in("credit-write-off", "break", only("why"))


@called("POST /run-retries", people=("Ana Admin", "Bo Admin"))
def retry_run(console: Console) -> Called:
    return _run("/flows/{run:path}/retry", "/run-retries", console)


@called("POST /run-cancellations")
def cancel_run(console: Console) -> Called:
    return _run("/flows/{run:path}/cancel", "/run-cancellations", console)


def _run(form: str, path: str, console: Console) -> Called:
    address = ROWS[form].make(console).address
    return Called(path, {"run_id": address.removeprefix("/flows/").rpartition("/")[0]})


@called("POST /stock-adjustments/undoing")
def take_count_back(console: Console) -> Called:
    asked = ROWS["/stock-counts/undo"].make(console).address.partition("?")[2]
    return Called("/stock-adjustments/undoing", dict(each.split("=", 1) for each in asked.split("&")))


@called("POST /stock-counts", Two.SAME, counts=[{"sku": goods.JAR, "location": "main", "on_hand": 7}])
def declare_counts(console: Console) -> Called:
    """The same table says the same of whoever sends it."""
    ROWS["/stock-counts"].make(console)
    return Called("/stock-counts", {"counts": [{"sku": goods.JAR, "location": "main", "on_hand": 8}]})


@called("POST /case-acts", Two.EACH)
def act_on_many(console: Console) -> Called:
    """Each has work of their own, which tells what of it was done."""
    return Called("/case-acts", {"act": "assign", "value": "Olga", "cases": [new_case(console), new_case(console)]})


@called("POST /case-sheets", Two.EACH)
def decide_sheet(console: Console) -> Called:
    """A job of whoever hands it in, which tells of each case what came of it."""
    case = {"case": new_case(console), "resolution": "dismiss", "note": "counted by hand"}
    return Called("/case-sheets", {"decisions": [case], "tried": True})


@called("POST /cases/{case}/match", people=("Fina", "Bo Admin"), world="money")
def match(console: Console) -> Called:
    sent = ROWS["/matches/{case:int}/match"].make(console)
    remittance = money.found(console, "SELECT max(id) FROM trueup.remittances")
    pick = sent.fields["pick"]
    share = {"key": f"invoice {pick[1:]}", "amount": amount(f"{sent.fields[f'amount-{pick}']} USD")}
    told = {"remittance": remittance, "line": 1, "shares": [share], "note": sent.fields["note"]}
    return Called(sent.address.replace("/matches/", "/cases/"), told)


@called("POST /journal/exports/{export}/read-back", Two.EACH, people=("Fina", "Bo Admin"), world="money")
def read_back(console: Console) -> Called:
    """Each look at what the ledger shows is a reading of its own."""
    sent = ROWS["/journal/exports/{id:int}/read-back"].make(console)
    return Called(f"{sent.address}?name=balances.csv", content=sent.files["file"][1])


@called("POST /claims/{claim}/papers", people=("Fina", "Bo Admin"), world="money")
def add_paper(console: Console) -> Called:
    """The same file is added once, whoever brings it."""
    sent = ROWS["/recovery/{claim:int}/papers"].make(console)
    name, content = sent.files["file"]
    address = sent.address.replace("/recovery/", "/claims/")
    return Called(f"{address}?{urlencode({'name': name, **sent.fields})}", content=content)


@called("POST /documents", Two.EACH)
def upload_document(console: Console) -> Called:
    """Each follows their own arrival; the bytes are kept once."""
    table = f"sku,location,on_hand\nVASE-1,main,{next(_numbers) % 3}\n"
    return Called("/documents?partner=amazon-us&kind=stock-counts&name=counts.csv", content=table.encode())


@called("POST /agreements/{partner}/{vendor_code}/trial", Two.LOOK, keyed=False)
def try_agreement(console: Console) -> Called:
    where = f"{settled.SCOPE.partner}/{settled.SCOPE.vendor_code}"
    return Called(f"/agreements/{where}/trial", {"terms": {"cost_tolerance": "0.02"}, "months": 3})


@called("POST /escalation-rules/trial", Two.LOOK, keyed=False)
def try_escalation(console: Console) -> Called:
    return Called("/escalation-rules/trial", {"rules": [{"unowned_minutes": 60, "to": "finance"}]})


@called("POST /rule-trials", Two.LOOK, people=("Fina", "Bo Admin"), world="money", keyed=False)
def try_rule(console: Console) -> Called:
    draft = {"field": "reference", "form": "prefix", "pattern": f"W{letters(next(_numbers))}", "type": "fee"}
    return Called("/rule-trials", draft)


@called("POST /stock-buffers/trial", Two.LOOK, keyed=False)
def try_buffer(console: Console) -> Called:
    rule = {"eaches": 3, "percent": "0"}
    return Called(
        "/stock-buffers/trial",
        {"channel": "shop shop", "location": "main", "sku": "LAMP-1", "rule": rule, "reason": "it sells fast"},
    )


def _of_list(name: str, form: str, other: dict[str, str], world: str = "filled") -> None:
    """A list that is written as a spreadsheet, for whoever asks."""

    def make(console: Console) -> Called:
        return Called(f"/lists/{name}", {"form": form})

    operation = f"POST /lists/{name}"
    CALLS[operation] = CallRow(operation, make, Two.EACH, ("Ana Admin", "Bo Admin"), world, other=other)


_of_list("cases", "csv", {"form": "xlsx"})
_of_list("orders", "csv", {"sort": "due"})
_of_list("acts", "csv", {"actor": "people"})
_of_list("deductions", "csv", {"partner": "amazon-us"}, "money")
_of_list("products", "csv", {"form": "xlsx"})
_of_list("waiting-lines", "xlsx", {"partner": "amazon-us"}, "money")


@called("POST /coding-sheets", Two.EACH, people=("Fina", "Bo Admin"), world="money")
def code_sheet(console: Console) -> Called:
    """A job of whoever hands it in, which tells of each line what came of it."""
    return Called("/coding-sheets", CALLS["POST /codings"].make(console).body | {"tried": True})
