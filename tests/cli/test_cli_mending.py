"""From a shell as from the console: connections rest and go on, long work is called off, cases are talked about; tried first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cli.seeded import CommandLine
from trueup.storage import jobs
from trueup.storage.database import Database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_connection_rests_goes_on_is_asked_and_read_again(trueup: CommandLine) -> None:
    """Each is tried first and then kept nothing; each names what it means, and stands in the acts."""
    pause = ("connections", "pause", "amazon-us", "--for", "4h", "--reason", "maintenance", "--by", "Olga")
    tried = trueup(*pause, "--dry-run")
    assert tried.code == 0 and "would rest until" in tried.out and "(dry run: nothing done)" in tried.out
    assert {row["state"] for row in trueup("connections", "list", "--json").json} == {"goes"}
    done = trueup(*pause, "--json").json
    assert (done["connection"], done["dry_run"]) == ("amazon-us", False)
    listed = trueup("connections", "list", "--json")
    rests = {row["connection"]: (row["state"], row["trouble"]) for row in listed.json}
    assert listed.code == 1 and rests["amazon-us"] == ("rests", "paused by Olga: maintenance")
    assert trueup("connections", "ask", "amazon-us", "--by", "Olga").code == 2
    assert "goes on" in trueup("connections", "resume", "amazon-us", "--by", "Olga").out
    assert "is asked" in trueup("connections", "ask", "amazon-us", "--by", "Olga").out
    replay = ("connections", "replay", "amazon-us", "created", "--since", "2026-11-20", "--by", "Olga")
    assert "would be read again" in trueup(*replay, "--dry-run").out
    assert trueup(*replay, "--json").json["since"] == "2026-11-20T00:00:00Z"
    shown = trueup("connections", "show", "amazon-us", "--json").json
    acts = [act["act"] for act in shown["acts"]]
    assert acts == ["connection.replayed", "connection.asked", "connection.resumed", "connection.paused"]
    assert "created" in shown["can_be_replayed"]


def test_a_connection_is_tested_and_says_by_what_it_is_let_in(trueup: CommandLine) -> None:
    """Tried first and nothing kept; then kept, and listed; exit code 1 says that something is amiss."""
    test = ("connections", "test", "amazon-us", "--by", "Olga")
    tried = trueup(*test, "--dry-run")
    assert tried.code == 1 and "nothing was kept" in tried.err
    rows = {row["name"]: row for row in trueup("connections", "access", "--json").json}
    assert (rows["amazon-us"]["state"], rows["amazon-us"]["ends"]) == (
        "unknown",
        "unknown: client secret, refresh token",
    )
    assert trueup(*test, "--json").json[0]["verdict"] == "fails"
    shown = trueup("connections", "access", "amazon-us", "--json")
    assert shown.code == 1 and (shown.json["words"], shown.json["tested_by"]) == ("1 of 1 amiss", "Olga")
    assert trueup("connections", "test", "nowhere", "--by", "Olga").code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pause", "amazon-us", "--for", "soon", "--reason", "x", "--by", "Olga"), "such as 30m, 4h or 3d"),
        (("pause", "amazon-us", "--for", "30d", "--reason", "x", "--by", "Olga"), "expected within 7 days"),
        (("pause", "nowhere", "--for", "1h", "--reason", "x", "--by", "Olga"), "there is none of that name"),
        (("show", "nowhere"), "there is none of that name"),
        (("resume", "amazon-us", "--by", "Olga"), "is not paused"),
        (("ask", "amazon-us", "--by", "Aude"), "it takes the role"),
    ],
)
def test_what_cannot_be_is_refused_in_words(trueup: CommandLine, words: tuple[str, ...], told: str) -> None:
    """And nothing is changed."""
    said = trueup("connections", *words)
    assert said.code == 2
    assert told in said.err


def test_long_work_is_called_off_before_it_is_begun(trueup: CommandLine) -> None:
    """By who asked for it, or who mends runs; what was begun is finished, and what has ended has ended."""
    database = Database(trueup.environ["DATABASE_URL"])
    with database.transaction() as connection:
        for number, title in enumerate(("Waits", "Was begun", "Of another"), 1):
            assert jobs.add_job(connection, "something", title, {}, "Olga", NOW) == number
        jobs.begin_job(connection, 2, 3100, "lines", NOW)
    assert "Nothing of it was begun" in trueup("jobs", "cancel", "1", "--by", "Olga", "--dry-run").out
    assert [row["state"] for row in trueup("jobs", "list", "--json").json] == ["waiting", "running", "waiting"]
    assert trueup("jobs", "cancel", "1", "--by", "Olga").code == 0
    shown = trueup("jobs", "show", "1", "--json").json
    assert (shown["state"], shown["words"]) == ("cancelled", "Called off by Olga. Nothing of it was begun.")
    assert "has ended already" in trueup("jobs", "cancel", "1", "--by", "Olga").err
    assert "0 of 3,100 lines" in trueup("jobs", "cancel", "2", "--by", "Olga").err
    assert "it takes the role" in trueup("jobs", "cancel", "3", "--by", "Aude").err
    assert trueup("jobs", "cancel", "3", "--by", "Ana Admin").code == 0
    with database.transaction() as connection:
        jobs.fail_job(connection, 2, "It could not be read.", NOW)
    database.close()
    assert trueup("jobs", "list").code == trueup("jobs", "show", "2").code == 1
    assert trueup("acts", "list", "--act", "job.", "--json").json[0]["subject"] == "job 3"


def test_a_case_is_talked_about(trueup: CommandLine) -> None:
    """Comment, who works on it, put aside and taken up again: tried first, recorded with what was before."""
    assert "(dry run: nothing kept)" in trueup("cases", "assign", "1", "Olga", "--by", "Ana Admin", "--dry-run").out
    assert "nobody did before" in trueup("cases", "assign", "1", "Olga", "--by", "Ana Admin").out
    assert trueup("cases", "assign", "1", "--by", "Olga", "--json").json["before"] == "Olga"
    assert "is nobody here" in trueup("cases", "assign", "1", "Nobody", "--by", "Olga").err
    assert trueup("cases", "comment", "1", "the buyer was asked", "--by", "Olga").code == 0
    snooze = ("cases", "snooze", "1", "--days", "1", "--reason", "waits for the buyer", "--by", "Olga")
    assert "(dry run: nothing kept)" in trueup(*snooze, "--dry-run").out
    assert "is not put aside" in trueup("cases", "wake", "1", "--by", "Olga").err
    assert trueup(*snooze).code == 0
    assert "waits for the buyer" in trueup("cases", "wake", "1", "--by", "Olga").out
    acts = [
        (act["act"], act["before"], act["after"]) for act in trueup("acts", "list", "--act", "case.", "--json").json
    ]
    assert ("case.assigned", {"person": "Olga"}, {"person": None}) in acts
    assert ("case.commented", None, {"text": "the buyer was asked"}) in acts
