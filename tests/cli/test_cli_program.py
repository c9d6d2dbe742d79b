"""The program itself: help that helps, completion, signals, pipes, logs, and defects that say so."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from typer.testing import CliRunner

from tests.cli.seeded import CommandLine
from trueup import __version__
from trueup.app import Opening, open_application
from trueup.cli.main import PLACES, load_command, program

COMMON = ("--json", "--output", "--quiet", "--verbose", "--config", "--data", "--help")
WRITES = {
    "agreements approve",
    "agreements propose",
    "agreements undo",
    "agreements withdraw",
    "bank import",
    "bank tie",
    "bank untie",
    "cases approve",
    "cases assign",
    "cases choose",
    "cases classify",
    "cases comment",
    "cases decide",
    "cases post-now",
    "cases resolve",
    "cases snooze",
    "cases many",
    "cases mend-connection",
    "cases mend-item",
    "cases merge",
    "cases unmerge",
    "cases wake",
    "cases withdraw",
    "cases write-off",
    "circular reconcile",
    "circular take-back",
    "close",
    "connections ask",
    "connections pause",
    "connections replay",
    "connections resume",
    "connections test",
    "documents erase",
    "escalation set",
    "escalation undo",
    "init",
    "invoices credit-notes",
    "invoices import",
    "jobs cancel",
    "jobs carry-out",
    "jobs undo",
    "journal export",
    "journal read-back",
    "journal sent",
    "products import",
    "proofs add",
    "proofs import",
    "proofs take-back",
    "recover",
    "remittances code",
    "remittances import",
    "remittances undo",
    "rules approve",
    "rules propose",
    "rules reject",
    "rules retire",
    "runs cancel",
    "runs retry",
    "secrets delete",
    "secrets set",
    "sign-off",
    "stock declare",
    "stock set-buffer",
    "stock undo-buffer",
    "terms approve",
    "terms check",
    "terms import",
    "terms propose",
    "terms undo",
    "terms withdraw",
    "tokens create",
    "tokens revoke",
    "trade-ins answer",
    "trade-ins break",
    "trade-ins code",
    "trade-ins grade",
    "trade-ins import",
    "trade-ins record",
    "reports request",
    "trade-ins refuse",
    "trade-ins release",
}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its words."""
    for place in PLACES:
        command = load_command(place)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield place.name, command
        else:
            yield from ((f"{place.name} {name}", each) for name, each in inner.items())


def test_every_command_has_help_with_its_options_and_an_example() -> None:
    """What it does in a sentence, each option, and a whole line to copy. Writing commands have --dry-run, others do not."""
    written = set()
    for words, _ in commands():
        shown = CliRunner().invoke(program, [*words.split(), "--help"], env={"COLUMNS": "160", "TERM": "dumb"})
        assert shown.exit_code == 0, words
        assert all(option in shown.stdout for option in COMMON), words
        assert f"trueup {words}" in shown.stdout.partition("Example: ")[2], words
        if "--dry-run" in shown.stdout:
            written.add(words)
    assert written == WRITES


def test_the_first_page_says_what_the_commands_say() -> None:
    """Its lines are kept apart from the commands, so that help is quick; they must not say something else."""
    shown = CliRunner().invoke(program, ["--help"], env={"COLUMNS": "300"}).stdout
    for place in PLACES:
        assert place.name in shown and place.help in shown
        command = load_command(place)
        if place.is_group:
            assert place.help == command.help
            told = place.help.rstrip(".").partition(": ")[2]
            assert not told or told.split(", ") == list(command.commands), f"{place.name} lists some of its commands"
        else:
            assert command.help, place.name


def test_no_command_takes_more_than_two_lines_of_the_first_page() -> None:
    """Of a terminal of eighty columns: what has more commands than that is said in a sentence, and lists them on its own page."""
    shown = CliRunner().invoke(program, ["--help"], env={"COLUMNS": "80", "TERM": "dumb"}).stdout
    lines = 0
    for row in shown.partition(" Look ")[2].splitlines():
        lines = lines + 1 if row.startswith("│  ") else 1
        assert lines <= 2, row


def test_help_and_completion_wait_for_nothing() -> None:
    """They are asked for at every keystroke: neither the database nor the engine is imported for them."""
    code = (
        "import sys; from typer.testing import CliRunner; from trueup.cli.main import program; "
        "assert CliRunner().invoke(program, ['--help']).exit_code == 0; "
        "assert not {'sqlalchemy', 'dbos', 'trueup.app'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_versions_and_completion_print(trueup: CommandLine) -> None:
    """The real program, in every shell we complete for."""
    assert trueup.process("--version").out == f"trueup {__version__}\n"
    for shell in ("bash", "zsh", "fish"):
        # Without a shell among its parents (a service, continuous integration) the shell's name is an argument.
        said = trueup.process("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
        assert said.code == 0 and "_TRUEUP_COMPLETE" in said.out
    completed = trueup.process(_TRUEUP_COMPLETE="complete_bash", COMP_WORDS="trueup orders s", COMP_CWORD="2")
    assert completed.out.split() == ["show"]


def test_the_real_program_reads_the_settings_of_its_folder(trueup: CommandLine) -> None:
    """./trueup.toml is found; findings are 1, refusals 2, a wrong word 2."""
    listed = trueup.process("cases", "list", "--json")
    assert listed.code == 1 and len(listed.json) == 2 and listed.err == ""
    assert trueup.process("orders", "show", "NOPE").code == 2
    wrong = trueup.process("orders", "lost")
    assert wrong.code == 2 and "No such command" in wrong.err


def test_run_tells_what_happens_and_stops_at_a_signal(trueup: CommandLine) -> None:
    """A person works, SIGTERM ends it with 0; what happened meanwhile was told, a line an event."""
    running = trueup.start("run", "--json")
    _wait_for_worker(trueup)
    # A comment: a case itself may be closed by the worker meanwhile, for its deadline is over by the machine's clock.
    assert trueup("cases", "comment", "1", "looked at it", "--by", "Olga").code == 0
    assert running.stdout is not None
    told = {"act": ""}
    while told["act"] != "case.commented":  # nobody answers at its addresses, which may be told before
        told = json.loads(running.stdout.readline())
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert (told["act"], told["actor"], told["subject"]) == ("case.commented", "Olga", "case 1")
    assert "Traceback" not in err
    assert trueup("status", "--json").json["workers"] == []


def test_ctrl_c_ends_a_command_with_130(trueup: CommandLine) -> None:
    """No traceback, and nothing was kept."""
    running = trueup.start("secrets", "set", "token", "--by", "Ana Admin")
    time.sleep(3)  # it waits for its text
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130 and "Traceback" not in err
    assert trueup("secrets", "list", "--json").json == []


def test_a_reader_that_goes_away_is_no_error(trueup: CommandLine) -> None:
    """`trueup documents list | head -1` ends in silence."""
    running = trueup.start("documents", "list", "--json")
    assert running.stdout is not None and running.stderr is not None
    running.stdout.close()
    assert (running.wait(timeout=60), running.stderr.read()) == (0, "")


def test_a_defect_shows_its_way_and_no_values() -> None:
    """Exit code 70, a traceback to report, and nothing of what variables held."""
    code = (
        "from trueup.cli import main\n"
        "@main.program.command('broken')\n"
        "def broken() -> None:\n"
        "    password = 'hid' + 'den'\n"
        "    raise RuntimeError('boom')\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "broken"], capture_output=True, text=True)
    assert done.returncode == 70
    assert "RuntimeError: boom" in done.stderr and "defect of Trueup itself" in done.stderr
    assert "hidden" not in done.stderr and done.stdout == ""


def test_a_run_that_waits_for_its_time_is_forgotten_and_its_command_says_so(trueup: CommandLine) -> None:
    """Nothing of it is left to be read afterwards; what that means is said as a dry run says it."""
    with open_application(trueup.folder / "trueup.toml", _opening(trueup)) as app:
        due = app.world.clock.now() + timedelta(days=1)
        app.act(False, lambda tx: tx.at(due, "watch", "watch:tomorrow"))
    words = ("runs", "cancel", "watch:tomorrow", "--by", "Olga")
    tried, done = trueup(*words, "--dry-run", "--json"), trueup(*words, "--json")
    assert (tried.code, done.code) == (0, 0), done.err
    assert tried.json["means"] == done.json["means"] and "Its timer is forgotten" in done.json["means"][0]
    assert done.json["was"] == "timed"
    assert trueup("runs", "show", "watch:tomorrow").code == 2


def test_runs_are_stopped_and_go_on(trueup: CommandLine) -> None:
    """By a person with the role, recorded; a run in another state is refused."""
    path = trueup.folder / "trueup.toml"
    with open_application(path, _opening(trueup)) as app:
        app.engine.start("watch", "watch:by-hand")
    assert [
        row["status"] for row in trueup("runs", "list", "--flow", "watch", "--status", "waiting", "--json").json
    ] == ["waiting"]
    assert trueup("runs", "cancel", "watch:by-hand", "--by", "Aude").code == 2
    tried = trueup("runs", "cancel", "watch:by-hand", "--by", "Olga", "--dry-run")
    assert tried.out.startswith(
        "Run watch:by-hand is waiting (dry run: nothing done).\nIt stops before its first step.\n"
    )
    assert trueup("runs", "cancel", "watch:by-hand", "--by", "Olga").code == 0
    assert trueup("runs", "show", "watch:by-hand", "--json").json["status"] == "cancelled"
    again = trueup("runs", "cancel", "watch:by-hand", "--by", "Olga")
    assert again.code == 2 and "is cancelled: expected one that is timed, waiting or running" in again.err
    assert trueup("runs", "retry", "watch:by-hand", "--by", "Olga", "--json").json["was"] == "cancelled"
    assert trueup("runs", "show", "watch:by-hand", "--json").json["status"] == "waiting"
    assert [row["act"] for row in trueup("acts", "list", "--act", "run.", "--json").json] == [
        "run.retried",
        "run.cancelled",
    ]


def test_a_worker_logs_as_json_when_asked(trueup: CommandLine) -> None:
    """Silent otherwise; every line is an object with its level and its words."""
    said = trueup.process("worker", "--for", "3", "--log-json", "--quiet", TRUEUP_LOG="debug")
    assert said.code == 0 and said.out == ""
    lines = [json.loads(line) for line in said.err.splitlines()]
    assert lines and all({"event", "level", "timestamp"} <= line.keys() for line in lines)


def _opening(trueup: CommandLine) -> Opening:
    return Opening(environ=trueup.environ)


def _wait_for_worker(trueup: CommandLine) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(worker["alive"] for worker in trueup("status", "--json").json["workers"]):
            return
        time.sleep(0.5)
    raise AssertionError("the worker did not start")
