"""`trueup`: the program. Names its commands, loads the one that is asked for, and ends with an exit code whatever happens.

0 good, 1 findings, 2 refused, 70 a defect of ours, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from trueup import __version__

DEFECT = 70  # EX_SOFTWARE of sysexits.h
_YOUNG = 50_000
_LOOK, _WORK, _SET_UP = "Look", "Work", "Set up"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is: its module's `group` (then it is a group), or one command of that group."""

    name: str
    module: str
    help: str
    panel: str
    is_group: bool = True


PLACES = (
    Place("status", "work", "Show how things stand.", _LOOK, is_group=False),
    Place("orders", "orders", "Purchase orders: list, show, explain.", _LOOK),
    Place(
        "cases", "cases", "Work for a person, told, decided, assigned, put aside, merged, mended at its cause.", _LOOK
    ),
    Place("escalation", "escalation", "To whom cases go that nobody takes: show, versions, try, set, undo.", _LOOK),
    Place("deliveries", "deliveries", "Outgoing documents: list, show, explain.", _LOOK),
    Place(
        "remittances", "remittances", "What Amazon paid: import, list, show, explain, drift, undo, sheet, code.", _LOOK
    ),
    Place("invoices", "invoices", "Our invoices: import, list, show, credit-notes.", _LOOK),
    Place("proofs", "proofs", "Confirmed shipments, deliveries and receipts: import, add, take-back, list.", _LOOK),
    Place("bank", "bank", "What really came in: import, lines, ties, accounts, tie, untie.", _LOOK),
    Place(
        "rules",
        "rules",
        "Rules for lines of remittances: list, show, propose, try, past, approve, reject, retire.",
        _LOOK,
    ),
    Place(
        "terms",
        "terms",
        "What was agreed to be deducted: import, propose, try, approve, withdraw, undo, versions, list, unrated, check.",
        _LOOK,
    ),
    Place(
        "agreements",
        "agreements",
        "What is agreed with each vendor code: list, show, versions, try, propose, approve, withdraw, undo.",
        _LOOK,
    ),
    Place(
        "journal",
        "journal",
        "The books: list, show, balances, accounts, exports, export, sent, read-back, lines, sheet.",
        _LOOK,
    ),
    Place("deductions", "deductions", "What partners deducted and is still open: list, show.", _LOOK),
    Place(
        "recover", "recover", "What can be disputed, worth first; packs, submissions, outcomes.", _LOOK, is_group=False
    ),
    Place("close", "close", "The month's close: its pack, its lights, and locking it.", _LOOK, is_group=False),
    Place("sign-off", "sign_off", "Sign-offs of a month's close.", _LOOK, is_group=False),
    Place("statement", "monthly", "A month of all business on one page that adds up.", _LOOK, is_group=False),
    Place("profit", "profit", "Net margin by SKU and by channel.", _LOOK, is_group=False),
    Place("documents", "documents", "The archive: list, show, read-again, explain, cat, verify, erase.", _LOOK),
    Place("products", "products", "The item master: import, list, export.", _LOOK),
    Place(
        "stock",
        "stock",
        "What may be sold and why: declare, list, show, history, policy, buffers, set-buffer, undo-buffer, drift, comparisons.",
        _LOOK,
    ),
    Place("reports", "vendor_reports", "Amazon's reports on our products: list, show, request, history.", _LOOK),
    Place(
        "trade-ins",
        "trade_ins",
        "Items customers trade in: record, import, grade, refuse, release, answer, break, code, list, show.",
        _LOOK,
    ),
    Place(
        "circular",
        "circular",
        "Rental, resale and trade-in: items, cycles, returns, show, take-back, credits, reconcile.",
        _LOOK,
    ),
    Place("acts", "acts", "The audit trail: list.", _LOOK),
    Place("serve", "serve", "The console in a browser, and the work with it.", _WORK, is_group=False),
    Place("run", "work", "Work, and tell what happens, until Ctrl-C.", _WORK, is_group=False),
    Place("worker", "work", "Work silently; any number, any machine, one database.", _WORK, is_group=False),
    Place("runs", "runs", "Durable work: list, show, retry, cancel.", _WORK),
    Place("jobs", "jobs", "Long work that people asked for: list, show, cancel, undo, carry-out.", _WORK),
    Place(
        "connections",
        "connections",
        "Ways to other systems: list, show, pause, resume, ask, replay, access, test.",
        _WORK,
    ),
    Place("demo", "demo", "See it all on simulators of Amazon, Shopify and Supercycle.", _WORK, is_group=False),
    Place("init", "setup", "Write a commented trueup.toml to fill in.", _SET_UP, is_group=False),
    Place("check", "check", "Probe everything: what works, what is missing, what to do.", _SET_UP, is_group=False),
    Place("secrets", "setup", "Secrets sealed in the database: set, list, delete.", _SET_UP, is_group=False),
    Place("tokens", "tokens", "Access tokens for machines that call the API: create, list, revoke.", _SET_UP),
    Place("people", "setup", "List who may decide here.", _SET_UP, is_group=False),
)


class _Later(TyperCommand):
    """A command whose module is imported when it is called: help and completion stay quick."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.name, help=place.help, rich_help_panel=place.panel, add_help_option=False)
        self.place = place

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        return load_command(self.place).make_context(*args, **kwargs)


class _Root(TyperGroup):
    """All commands by name, in the order of PLACES."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for place in PLACES:
            self.add_command(_Later(place))


def load_command(place: Place) -> Any:
    """The command itself, its module imported."""
    group: typer.Typer = importlib.import_module(f"trueup.cli.{place.module}").group
    command: Any = typer.main.get_group(group)
    return command if place.is_group else command.commands[place.name]


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"trueup {__version__}\n")
        raise typer.Exit


program = typer.Typer(name="trueup", cls=_Root, no_args_is_help=True, rich_markup_mode="rich")


@program.callback()
def trueup(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Connects Amazon Vendor Central, Shopify and Supercycle, and proves that their numbers agree."""


def collect_seldom() -> None:
    """Look for rings of garbage after so many new values rather than after 700, as Python does by itself.

    A document is a hundred thousand frozen values, in none of which there can be a ring; a seventh of the time it takes to read
    and to settle them went into looking for one.
    """
    gc.set_threshold(_YOUNG, 20, 20)


def main() -> None:
    """The entry point. Never returns: it ends the process with an exit code."""
    collect_seldom()
    try:
        typer.main.get_command(program)(prog_name="trueup")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:
        # Python's own traceback shows no values of variables, and those may hold what is nobody's business.
        traceback.print_exc()
        sys.stderr.write(
            "trueup: this is a defect of Trueup itself; nothing half-done was kept. Report the lines above.\n"
        )
        sys.exit(DEFECT)
