"""Settings, Escalation: rules that are played over the past month first, hold from then on, and are taken back."""

from __future__ import annotations

from pathlib import Path

from tests.console.calling import calling, token
from tests.console.conftest import Filled, console_over
from trueup.workflows.escalate_cases import escalate_unowned

HERE = "/settings/escalation"


def test_escalation_is_tried_on_the_past_month_changed_and_taken_back(filled: Filled, tmp_path: Path) -> None:
    """What is wrong is said at its row; the example leads to its cases; whom a case goes to finds it, with why, on Today."""
    with console_over(filled, tmp_path) as console:
        rule = {
            "kind-0": "held.",
            "unowned-0": "1",
            "left-0": "",
            "to-0": "operations",
            "reason": "weekends",
            "seen": "0",
        }
        with console.visitor("Olga") as olga:
            assert "No rule yet" in olga.get(HERE).text
            wrong = olga.post(HERE, **{**rule, "unowned-0": "soon"})
            assert (
                wrong.status_code == 422 and "expected a number of hours" in wrong.text and 'value="soon"' in wrong.text
            )
            tried = olga.post(HERE, **rule)
            assert tried.status_code == 200 and "cases would have gone to somebody" in tried.text
            assert "/exceptions?row=" in tried.text and "No rule yet" in olga.get(HERE).text
            assert olga.post(HERE, **rule, sure="yes").status_code == 303
            page = olga.get(HERE).text
            number = page.partition("/settings/escalation/versions/")[2].partition("/")[0]
            assert "without an owner" in page and f"Version {number}" in page
            gone = console.app.act(False, escalate_unowned)
            assert gone
            today = olga.get("/").text
            assert "Escalated to you" in today
            case = olga.get(f"/exceptions?row={gone[0]}").text
            assert "Escalated to operations" in case and "nobody had it for 1 h" in case
            assert f"row={gone[0]}" in olga.get("/exceptions?escalated=operations").text
        with console.visitor("Fina") as fina:
            assert "Escalated to you" not in fina.get("/").text
            assert fina.post(f"{HERE}/versions/{number}/undo").status_code == 303
            assert "No rule yet" in fina.get(HERE).text
        with console.visitor("Aude") as aude:
            assert aude.post(HERE, **rule).status_code == 403
        told = [{"kind": "held.", "unowned_minutes": 60, "left_minutes": None, "to": "Fina"}]
        with calling(console, token(console, "Olga", "look", "escalation.change")) as call:
            run = call.send("/escalation-rules/trial", {"rules": told}).json()
            assert run["by_target"][0]["to"] == "Fina" and run["escalated"] >= 1
            done = call.send("/escalation-rules", {"rules": told, "reason": "as before", "seen": None}).json()
            assert call.json("/escalation-rules")["items"] == done["rules"]
            assert (
                call.send(f"/escalation-rules/versions/{done['version']}/undoing").json()["undoes"] == done["version"]
            )
            assert len(call.json("/escalation-rules/versions")["items"]) == 4
