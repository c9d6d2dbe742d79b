"""A part of the demonstration: what it puts on the stage, what it does and when, and what the auditor says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from trueup.app import Application
from trueup.base.clock import ManualClock
from trueup.demo.apart import Apart
from trueup.formats.item_master import read_item_master
from trueup.simulation.statements.evidence import Statement
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.shopify import ShopifySimulator
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.storage.products import save_master
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

OF_FINANCE = ("remittance.", "claim.", "invoice.", "bank.", "books.", "charge.", "dispute.", "order.")
"""How the kinds of cases begin that are about money which was paid, whoever owns them."""
Rows = list[tuple[str, str]]
"""What a person reads: a label, and words."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the simulators listen."""

    amazon: str
    shop: str
    supercycle: str


@dataclass
class Stage:
    """What all parts share before the application opens; `console` is where people will reach it.

    A part adds to `settings` (the text of trueup.toml), `secrets`, and to `apart` what is not of the purchase orders' plan.
    """

    seed: int
    start: datetime
    end: datetime
    folder: Path
    data: Path
    clock: ManualClock
    stack: ExitStack
    amazon: AmazonSimulator
    shop: ShopifySimulator
    supercycle: SupercycleSimulator
    urls: Urls
    console: str
    settings: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    apart: Apart = field(default_factory=Apart)


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that a part does at an instant of simulated time."""

    at: datetime
    act: Callable[[], object]


class Player:
    """A part that has its place on the stage. What it does not say, it does not do."""

    _app: Application | None = None

    @property
    def app(self) -> Application:
        """The application, open."""
        assert self._app is not None, "asked before it begins"
        return self._app

    def begin(self, app: Application) -> None:
        """The application is open and not yet at work: what a vendor does before the first day."""
        self._app = app

    def cues(self) -> Iterable[Cue]:
        """What it does, in any order."""
        return ()

    def progress(self, connection: sa.Connection) -> Rows:
        """How far it is, for a person who watches."""
        return []

    def evidence(self) -> dict[str, Any]:
        """What its sides say of themselves, as plain data for the auditor: nothing of it is a thing of ours."""
        return {}

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """What happened, counted, as plain data."""
        return {}

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What the auditor says of the evidence."""
        return []

    def told(self, summary: dict[str, Any]) -> Rows:
        """Its summary in words."""
        return []

    def commands(self) -> list[str]:
        """Commands worth trying while the demonstration stays up."""
        return []


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `join` puts what it needs on the stage; parts join in their stated order, and are told of in it."""

    name: str
    title: str
    order: int
    join: Callable[[Stage], Player]


def person(app: Application, name: str) -> Person:
    """Somebody of the simulated vendor, with the roles that the settings give."""
    found = next(person for person in app.settings.people if person.name == name)
    return Person(found.name, frozenset(found.roles))


def take_in_items(app: Application, path: Path) -> None:
    """A file of the item master is archived and taken in."""
    content = path.read_bytes()

    def take_in(tx: Tx) -> None:
        digest = tx.resources.keep(tx.connection, content, kind="item-master", source="demo", name=path.name)
        save_master(tx.connection, read_item_master(content).values, digest, tx.now)

    app.engine.act(take_in)


def plain(value: Any) -> Any:
    """As JSON would carry it."""
    return msgspec.json.decode(msgspec.json.encode(value))


def grouped(money: str) -> str:
    """An amount as people read it, with its currency where it has one: 1,204.50 EUR."""
    amount, *currency = money.split(" ")
    return " ".join((f"{Decimal(amount):,}", *currency))
