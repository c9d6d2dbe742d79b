"""Rules and the lines that they are about: counted before they are made, listed by a trial, named by what they posted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Console
from tests.console.money_books import FINA, console_over_money, lacking, newest_case
from trueup.domain.cases import Role
from trueup.workflows import draft_rules
from trueup.workflows.draft_rules import rule_of_case
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.keep_rules import approve_rule, propose_rule
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rules import Changed

MORE = export(
    "700400,-25.00",
    lines=(
        line("700400", "XQZ 78 WHAT", "-10.00"),
        line("700400", "XQZ 79 WHAT", "-20.00"),
        line("700400", "INV-99", "5.00"),
    ),
)
"""Two more lines that nobody knows, and an invoice that is not there: its form is that of others, which are posted."""


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("rules"))) as running:

        def act(fn: Any, *args: Any) -> Any:
            return running.app.act(False, fn, *args)

        begun = begin_upload(act, Upload(MORE.encode(), "More.csv", "amazon-us", FINA))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield running


def test_a_rule_says_how_many_past_lines_it_would_read_and_get_wrong_before_it_is_made(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """On the desk, counted and linked: three that wait are all explained; of another form two are posted, and would be wrong."""
    unknown, missing = (newest_case(console, f"remittance.{kind}") for kind in ("unrecognised", "unknown-invoice"))
    tab = page_of("Fina")
    tab.goto(f"/matches/{missing}")
    tab.get_by_role("link", name="New rule: 3 past").wait_for()
    tab.get_by_role("link", name="2 it would get wrong").press("Enter")
    tab.wait_for_url(f"**/rules/past/{missing}")
    assert tab.get_by_text("Wrong", exact=True).count() == 2
    assert not lacking(tab.content(), "INV-1<", "INV-2<") and lacking(tab.content(), "XQZ")
    with console.visitor("Fina") as fina, calling(console, token(console, "Fina")) as program:
        assert not lacking(fina.get(f"/rules/past/{unknown}").text, "XQZ 77 WHAT", "XQZ 78 WHAT", "XQZ 79 WHAT")
        told = program.json(f"/cases/{unknown}/past-lines")
        assert (told["lines_read"], told["would_explain"], told["would_get_wrong"]) == (3, 3, 0)
        assert told["explained"] == [{"amount": "-40.00", "currency": "USD"}] and len(told["items"]) == 3
        wrong = program.json(f"/cases/{missing}/past-lines")
        assert [each["reference"] for each in wrong["items"] if each["wrong"]] == ["INV-1", "INV-2"]


def test_each_count_of_a_trial_leads_to_its_lines(console: Console) -> None:
    """What a rule would explain, and what it would get wrong: so many rows stand behind the number, no others."""
    euros = export("700600,7.00", lines=(line("700600", "INV-98", "7.00"),)).replace("USD", "EUR")
    begun = begin_upload(
        lambda fn, *args: console.app.act(False, fn, *args), Upload(euros.encode(), "E.csv", "amazon-us", FINA)
    )
    settle_upload(lambda fn, *args: console.app.act(False, fn, *args), begun, lambda lines: None)
    asked = "field=reference&form=prefix&pattern=INV-&type=co-op&direction=either&try=yes"
    with console.visitor("Fina") as fina:
        shown = fina.get(f"/rules/new?{asked}").text
        counts = re.findall(r'<a href="(/rules/new/lines[^"]+)">(\d+)<', shown)
        assert {"USD", "EUR"} == {address.rpartition("currency=")[2] for address, _ in counts}
        for address, count in counts:
            rows = fina.get(address.replace("&amp;", "&")).text
            assert rows.count("<tr><td><a data-open") == int(count)


def test_each_posted_line_names_its_rule_and_version_and_a_rule_its_lines(console: Console) -> None:
    """The list says each rule in a sentence; its number leads to its lines; from a line of a payment one link leads to the rule."""
    act, case = console.app.act, newest_case(console, "remittance.unrecognised")
    saved = act(False, propose_rule, act(False, rule_of_case, case, "co-op", "", "a fair"), FINA)
    act(False, approve_rule, saved.rule.id, Person("Bo Admin", frozenset({Role.ADMIN})))
    with console.visitor("Fina") as fina, calling(console, token(console, "Fina")) as program:
        listed = fina.get("/rules").text
        assert not lacking(listed, "When the reference has the form XQZ 9+ WHAT", "it is Co-op")
        [(address, count)] = re.findall(r'<a class="row-about" href="([^"]+)">(\d+) lines', listed)
        posted = fina.get(address).text
        assert posted.count("<tr><td>") == int(count) == 3 and not lacking(posted, "XQZ 79 WHAT", "3 lines")
        assert not lacking(fina.get("/remittances/2").text, f'by <a href="/rules/{saved.rule.id}">{saved.rule.name}')
        rows = program.json(f"/rules/{saved.rule.id}/posted")["items"]
        assert {each["rule"] for each in rows} == {saved.rule.name} and len(rows) == 3


def test_a_long_history_is_not_read_while_somebody_waits(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of lines say that it is long work, as the count of them is left out; a version that there is not is told."""
    case = newest_case(console, "remittance.unknown-invoice")
    asked = "field=reference&form=prefix&pattern=INV-&type=co-op&direction=either&try=yes"
    with console.visitor("Fina") as fina, calling(console, token(console, "Fina")) as program:
        rule = re.findall(r'href="/rules/(rule-\d+)"', fina.get("/rules").text)[0]
        assert fina.get(f"/rules/{rule}/lines?version=1").status_code == 200
        assert fina.get(f"/rules/{rule}/lines?version=9").status_code == 404
        monkeypatch.setattr(draft_rules, "LONG_HISTORY", 0)
        for address in (f"/rules/past/{case}", f"/rules/new/lines?{asked}", f"/rules/{rule}/lines"):
            refused = fina.get(address)
            assert refused.status_code == 409 and not lacking(refused.text, "long work"), address
        for address in (f"/cases/{case}/past-lines", f"/rules/{rule}/lines"):
            assert program.get(address).status_code == 409, address
        assert lacking(fina.get(f"/rules/{rule}?try=yes").text, f"/rules/{rule}/lines")


def test_what_a_rule_gets_wrong_is_listed_however_late_it_comes() -> None:
    """Lines enough that it would explain do not end the search, nor push what is wrong out of the list."""

    def judged(number: int, before: str, currency: str = "USD") -> tuple[Any, Any]:
        historic = SimpleNamespace(currency=currency)
        wrong = before != "unrecognised"
        return (
            SimpleNamespace(remittance=number, historic=historic),
            SimpleNamespace(historic=historic, before=before, after="co-op", is_wrong=wrong),
        )

    lines = [judged(1, "unrecognised"), judged(2, "unrecognised"), judged(3, "invoice"), judged(4, "invoice", "EUR")]
    every, euros = Changed(2), Changed(1, ("invoice", "co-op", "EUR"))
    for past, each in lines[:2]:
        every.add([past], [each])
    assert not every.is_full
    for changed in (every, euros):
        changed.add([past for past, _ in lines[2:]], [each for _, each in lines[2:]])
        assert changed.is_full
    assert [each.remittance for each, _ in every.listed()] == [3, 4]
    assert [each.remittance for each, _ in euros.listed()] == [4]
