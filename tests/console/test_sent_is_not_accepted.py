"""What was merely sent never looks accepted, and what was never checked is never green: over every state, every word, every page.

Nothing here is found by name: enums, tables of tones, places in the code and in templates are collected, and each has to be ruled
on. A new one fails until somebody has said what it proves.
"""

from __future__ import annotations

import ast
import html
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

import trueup
import trueup.console
from tests.console.installed import Console
from tests.console.routes import address, addresses, is_there
from tests.console.test_all_pages import PAGES
from trueup.console.order_story import steps_of
from trueup.console.page import OPEN_TO_ALL
from trueup.domain.deliveries import DeliveryState
from trueup.storage import connection_tests
from trueup.storage.views.connection_access import Access

SOURCES = Path(trueup.__file__).parent
CONSOLE = Path(trueup.console.__file__).parent
TONES = {"ok", "warn", "bad", "info", "held", "idle"}
UNPROVEN = re.compile(
    r"\b(sent|submitted|unanswered|pending|waits?|waiting|prepared|unknown|never|nobody knows|not yet|asked|not read back|"
    r"not proven|no proof|unproven|proposed|planned|unsigned|under way|recorded)\b",
    re.IGNORECASE,
)
"""Words of what was not proven, or not even looked at."""
PROVEN = re.compile(r"\b(accepted|confirmed|done|proven|agrees|settled|read back|verified)\b", re.IGNORECASE)
"""Words of what was."""
DENIED = re.compile(r"\b(not|no|nothing|never|un\w+)\b|:", re.IGNORECASE)
"""What takes such a word back: `Sent, not proven`, `Read back: differs`."""

_OF_STATES = re.compile(
    r"(State|Status|Standing|Verdict|Light|Outcome|Progress|Stage|Lane|Step|Readiness|Accord|Confidence|Exported|Difference)$"
)
RULED: dict[str, tuple[str, str]] = {
    # Of each enum of states: what is proven, and may be green; and what is not, for it was sent, asked, is open, refused, unknown.
    "checks.settlement_drift.Standing": ("agrees", "waits drift no-order orphan"),
    "domain.amazon_invoices.AmazonInvoiceStatus": (
        "paid",
        "in-progress rejected partially-paid partially-deducted deducted unknown",
    ),
    "domain.bank.BankDifference": ("", "paid-not-received received-not-announced other-amount"),
    "domain.cases.CaseState": ("resolved", "open"),
    "domain.cases.CaseStanding": ("resolved", "new ongoing regressed escalating merged"),
    "domain.circular.Readiness": ("processed", "unprocessed"),
    "domain.circular.CycleStatus": ("received", "scheduled unfulfilled fulfilled unreceived cancelled"),
    "domain.circular.Progress": ("complete", "pending scheduled due in_progress overdue"),
    "domain.circular.ReturnStatus": ("received completed", "requested expected in_progress cancelled"),
    "domain.circular.ReturnLineStatus": ("received", "awaiting missing"),
    "domain.circular_stages.Stage": ("sellable", "rented due-back inspecting refurbishing held retired"),
    "domain.circular_units.Lane": (
        "free",
        "booked out overdue returning not-ready wholesale withheld blocked sold retired gone unclear",
    ),
    "domain.circular_units.ClaimState": ("consumed released", "wanted withholding held ending releasing lost"),
    "domain.claims.ClaimState": ("reversed", "open over-reversed"),
    "domain.closing_checklist.Light": ("green", "yellow red"),
    "domain.confidence.Confidence": ("high", "none low medium manual"),
    "domain.confidence.Accord": ("agrees", "alike differs missing"),
    "domain.deliveries.DeliveryState": ("accepted", "prepared sent received rejected unanswered superseded"),
    "domain.disputes.DisputeState": ("won repaid", "early open submitted expired exhausted written-off"),
    "domain.disputes.Outcome": ("won", "partly lost"),
    "domain.orders.OrderState": ("closed", "new acknowledged"),
    "domain.remittances.PaymentState": ("paid", "in-progress voided failed"),
    "domain.sign_offs.Standing": ("automatic reviewed", "blocked unsigned signed suspended"),
    "domain.terms.Verdict": ("as-agreed", "overcharge undercharge unrated"),
    "domain.trade_ins.CreditState": ("issued", "due unanswered declined"),
    "domain.trade_ins.TradeInState": ("released", "recorded received graded refused"),
    "domain.vendor_returns.ReturnedState": ("made", "wanted refused"),
    "durable.engine.RunStatus": ("done", "timed waiting running failed poisoned cancelled"),
    "formats.amazon_vendor.transactions.TransactionState": ("", "processing success failure"),
    "formats.x12.acknowledgement.Verdict": ("", "A E P R"),
    "remote.access.Standing": ("granted", "missing|not granted, not needed|unknown"),
    "remote.capability.Verdict": ("works", "missing|fails|not available|not tried"),
    "remote.exports.Exported": ("", "stock products"),
    "remote.exports.ExportState": ("done", "running failed"),
    "remote.vendor_reports.Progress": ("done", "queued running cancelled fatal"),
    "reports.pages.Light": ("green", "amber red"),
    "storage.shop_exports.ExportStage": ("read done", "wanted running failed"),
    "storage.stock_writes.WriteState": ("accepted", "open refused unanswered"),
    "storage.vendor_reports.ReportState": ("kept", "planned asked empty failed"),
    "storage.views.trade_ins.CreditStep": ("promised inspected paid booked", ""),
    "workflows.sign_in.LinkState": ("opens", "used ended unknown"),
}
"""A transaction of Amazon's that succeeded, or a 997 that accepts, is syntax: it proves nothing of what was sent."""
TABLES: dict[str, str | tuple[str, str]] = {
    # Of each table of tones: the enum that it is of, or its own ruling where its words are not those of one.
    "case_words.STANDINGS": "domain.cases.CaseStanding",
    "connection_words.VERDICTS": "remote.capability.Verdict",
    "money_words.LIGHTS": "domain.closing_checklist.Light",
    "order_story.ANSWERS": ("accepted", "history unanswered-yet prepared sent received rejected unanswered"),
    "order_story.DELIVERIES": "domain.deliveries.DeliveryState",
    "order_story._EVENTS": (
        """order.received order.decided acknowledgement.proven shop.read-back case.resolved case.classified case.chosen
        case.approved""",
        """order.revised order.fallback acknowledgement.sent acknowledgement.received acknowledgement.unanswered
        acknowledgement.rejected goods.counted-in goods.taken-back
        case.proposed case.snoozed case.woken case.assigned case.commented""",
    ),
    "pages.came_back.STATES": "domain.vendor_returns.ReturnedState",
    "pages.circular.STANDINGS": "domain.circular_units.Lane",
    "pages.circular._STATES": "domain.circular_units.Lane",
    "pages.close.STANDS": "domain.sign_offs.Standing",
    "pages.direct_fulfillment.STATES": ("accepted", "rejected sent prepared superseded unanswered"),
    "pages.flows.RUN_STATES": "durable.engine.RunStatus",
    "pages.jobs.STATES": ("done", "waiting running failed cancelled"),
    "pages.ledger_export.STATES": ("read-back", "recorded prepared sent differs"),
    "pages.recovery.OUTCOMES": "domain.disputes.Outcome",
    "pages.recovery.STANDS": "domain.disputes.DisputeState",
    "pages.terms.CALLED": "domain.terms.Verdict",
    "pages.terms.STATES": ("in-force", "to-come ended replaced taken-back"),
    "rule_words.STATES": ("approved", "proposed rejected retired"),
    "trade_in_words.CREDITS": "domain.trade_ins.CreditState",
    "trade_in_words.STATES": "domain.trade_ins.TradeInState",
}


def _words(text: str) -> set[str]:
    return set(text.split("|") if "|" in text else text.split())


def _enums() -> Iterator[tuple[str, type[StrEnum]]]:
    for module in pkgutil.walk_packages(trueup.__path__, "trueup."):
        if re.search(r"\.(simulat\w+|demo|migrations|__main__)\b", module.name):
            continue
        for name, found in vars(importlib.import_module(module.name)).items():
            if isinstance(found, type) and issubclass(found, StrEnum) and found.__module__ == module.name:
                yield f"{module.name.removeprefix('trueup.')}.{name}", found


def _tables() -> dict[int, tuple[str, dict[Any, Any]]]:
    """Every table in the console that gives things a tone, by the shortest name of those under which it is known."""
    found: dict[int, tuple[str, dict[Any, Any]]] = {}
    for module in pkgutil.walk_packages(trueup.console.__path__, "trueup.console."):
        for name, table in vars(importlib.import_module(module.name)).items():
            if isinstance(table, dict) and not name.startswith("__") and table and all(map(_tone, table.values())):
                called = f"{module.name.removeprefix('trueup.console.')}.{name}"
                known = found.get(id(table), (called, table))[0]
                found[id(table)] = (called if called in TABLES else known, table)
    return found


def _tone(value: Any) -> str:
    words = value if isinstance(value, tuple) else (value,)
    return next((each for each in words if isinstance(each, str) and each in TONES), "")


def _says(value: Any) -> str:
    return (
        " ".join(each for each in value if isinstance(each, str) and each not in TONES)
        if isinstance(value, tuple)
        else ""
    )


def test_every_state_there_is_has_a_ruling_of_what_it_proves() -> None:
    """Each member of each enum of states, and none that there is not: a new one says first whether it may be green."""
    states = {name: {each.value for each in enum} for name, enum in _enums() if _OF_STATES.search(name)}
    assert states.keys() == RULED.keys()
    for name, members in states.items():
        proven, rest = map(_words, RULED[name])
        assert not proven & rest, name
        assert proven | rest == members, f"{name}: ruled on {sorted(proven | rest)}, there are {sorted(members)}"


def test_every_table_of_tones_is_green_for_what_is_proven_alone() -> None:
    """Each table covers what it is of, and gives green to nothing that was merely sent, asked, or not looked at."""
    tables = dict(_tables().values())
    assert tables.keys() == TABLES.keys()
    wrong = []
    for name, table in tables.items():
        ruling = TABLES[name]
        proven, rest = map(_words, RULED[ruling] if isinstance(ruling, str) else ruling)
        keys = {
            str(getattr(key, "value", key)).replace("shop order read back", "shop.read-back"): value
            for key, value in table.items()
        }
        if not isinstance(ruling, str) and keys.keys() != proven | rest:
            wrong.append(f"{name} is of {sorted(keys)}, ruled on {sorted(proven | rest)}")
        wrong += [f"{name}: {key} is not known" for key in keys.keys() - proven - rest]
        for key, value in keys.items():
            if _tone(value) == "ok" and key not in proven:
                wrong.append(f"{name}: {key} is green, and proves nothing")
            wrong += [f"{name}: {key} is {words}" for words in _misleading(_tone(value), _says(value))]
    assert not wrong, "\n".join(wrong)


def _misleading(tone: str, words: str) -> list[str]:
    """What of a tone and its words says more than is proven."""
    if tone == "ok" and UNPROVEN.search(words):
        return [f"green and says: {words}"]
    if tone in ("info", "held", "idle") and PROVEN.search(words) and not DENIED.search(words):
        return [f"not green and says: {words}"]
    return []


def _pairs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Tones and the words beside them, of every tuple and call of a module."""
    for node in ast.walk(tree):
        parts = node.elts if isinstance(node, ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        for tone in TONES & set(texts):
            yield tone, " ".join(text for text in texts if text not in TONES)


def test_no_place_in_the_code_or_in_a_template_says_more_than_is_proven() -> None:
    """Whatever is written beside a tone: in tuples and calls of modules, and in what templates say."""
    wrong = []
    for path in (*CONSOLE.rglob("*.py"), *(SOURCES / "storage" / "views").glob("*.py")):
        for tone, words in _pairs(ast.parse(path.read_text(encoding="utf-8"))):
            wrong += [f"{path.name}: {each}" for each in _misleading(tone, words)]
    looked_at = 0
    for path in (*CONSOLE.glob("pages/*.html"), *CONSOLE.glob("templates/*.html")):
        for tone, words in re.findall(
            r"""\(\s*["'](ok|info|held|idle)["']\s*,\s*["']([^"']+)["']""", path.read_text("utf-8")
        ):
            looked_at += 1
            wrong += [f"{path.name}: {each}" for each in _misleading(tone, words)]
    assert looked_at > 40 and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_the_steps_of_an_order_prove_an_answer_by_a_read_back_alone(state: DeliveryState) -> None:
    """Of every state that its answer can be in; and an invoice of ours proves nothing until something of it is paid."""
    if state is DeliveryState.SUPERSEDED:
        return  # an order stands as the document after it
    delivery = {"kind": "acknowledgement", "proved_at": None, "sent_at": "2026-11-23T10:00:00Z"}
    order = {
        "revisions": [{"route": "sp-api", "received_at": "2026-11-23T09:00:00Z", "evidence": "e" * 64}],
        "shop_order": None,
        "standing": state.value,
        "deliveries": [delivery],
        "lines": [
            {"reserved_eaches": 0, "course": {"shipped": {"eaches": None, "word": "", "why": "", "evidence": []}}}
        ],
        "answer_due_at": None,
        "ship_by": None,
        "state": "new",
    }
    [answered] = [step for step in steps_of(order, []) if step.name == "Answered"]
    assert (answered.state == "ok") is (state is DeliveryState.ACCEPTED)
    assert not _misleading(answered.state, answered.word)


_SHOWN = re.compile(
    r'<(?:span|li)[^>]*class="(?:state state|step step)-(ok|info|held|idle)"[^>]*>(.*?)</(?:span|li)>', re.DOTALL
)


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ((), "idle"),
        (("not tried", "not available"), "idle"),
        (("works", "not tried"), "ok"),
        (("works", "missing"), "warn"),
        (("works", "fails"), "bad"),
    ],
)
def test_a_connection_of_which_nothing_was_tried_is_not_green(verdicts: tuple[str, ...], state: str) -> None:
    """A test by which nothing worked, because nothing could be asked, shows nothing."""
    found = [{"ability": "read", "verdict": each, "found": "", "remedy": ""} for each in verdicts]
    tested = Access(
        "shop", connection_tests.Tested("shop", datetime(2026, 11, 23, tzinfo=UTC), "Ana Admin", found, [], []), (), ()
    )
    assert tested.state == state
    assert (tested.word == "Works") is (state == "ok")
    assert Access("shop", None, (), ()).state == "idle"


def test_no_page_says_more_than_is_proven(console: Console) -> None:
    """What is green on any page says nothing of waiting, being sent or unknown; what is not green does not say it is proven."""
    places, wrong, seen = addresses(console), [], 0
    with console.visitor("Ana Admin") as ana:
        for route in PAGES:
            if route.may == OPEN_TO_ALL or not is_there(route, places):
                continue
            for tone, inside in _SHOWN.findall(ana.get(address(route, places)).text):
                words = html.unescape(re.sub(r"<[^>]+>", " ", inside)).strip()
                seen += 1
                wrong += [f"{route.path}: {each}" for each in _misleading(tone, words)]
    assert seen > 60 and not wrong, "\n".join(sorted(set(wrong)))
