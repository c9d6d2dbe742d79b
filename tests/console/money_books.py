"""A console over books: four invoices and a payment with a claim, a line nobody knows, and one that two invoices fit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.cli.remitted import export, line
from tests.cli.seeded import SETTINGS, write_settings
from tests.console.installed import PEOPLE, Console, served
from trueup.app import Opening, open_application
from trueup.base.clock import ManualClock
from trueup.domain.cases import Role
from trueup.storage.database import read_url
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload
from trueup.workflows.resolve_case import Person

NOW = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
FINA = Person("Fina", frozenset({Role.FINANCE}))
INVOICES = """number,partner,payee,issued,due,currency,total,purchase_order
INV-1,amazon-us,NORDA,2026-08-01,2026-09-30,USD,1000.00,4AAAAAAA
INV-2,amazon-us,NORDA,2026-10-01,2026-11-30,USD,500.00,4BBBBBBB
INV-7,amazon-us,NORDA,2026-10-01,2026-11-30,USD,300.00,4CCCCCCC
INV-8,amazon-us,NORDA,2026-10-01,2026-11-30,USD,300.00,4CCCCCCC
"""
TRADE_INS = """
[[circular]]
name = "supercycle"
kind = "supercycle"
shop = "shop"
api_key = "env:SHOP_TOKEN"
currency = "USD"

[trade_ins]
programme = "supercycle"
shop = "shop"
instrument = "gift-card"
grades = { good = { percent = 90 }, broken = { percent = 0 } }
"""
EXPORT = export(
    "700100,1680.00",
    lines=(
        line("700100", "INV-1", "980.00", discount="20.00"),
        line("700100", "INV-2", "500.00"),
        line("700100", "INV-1SC", "-90.00"),
        line("700100", "XQZ 77 WHAT", "-10.00"),
        line("700100", "4CCCCCCC", "300.00"),
    ),
)


@contextmanager
def console_over_money(server_url: str, folder: Path) -> Iterator[Console]:
    """A console over four invoices and a payment with a claim, a line nobody knows, and one that two invoices fit."""
    name = f"money_{uuid.uuid4().hex}"
    engine = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template')
    environ = write_settings(folder, read_url(server_url).set(database=name).render_as_string(hide_password=False))
    text = SETTINGS.split("[[people]]")[0] + PEOPLE + "\n[simulation]" + SETTINGS.split("[simulation]")[1]
    (folder / "trueup.toml").write_text(text + TRADE_INS)
    opening = Opening(clock=ManualClock(NOW), environ=environ)
    with open_application(folder / "trueup.toml", opening) as app, served(app) as running:
        _take_in(running)
        yield running
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def _take_in(console: Console) -> None:
    def act(fn: Any, *args: Any) -> Any:
        return console.app.act(False, fn, *args)

    act(archive_upload, INVOICES.encode(), "invoices", "invoices.csv", FINA)
    act(import_invoices, INVOICES.encode(), FINA)
    begun = begin_upload(act, Upload(EXPORT.encode(), "Payments.csv", "amazon-us", FINA))
    settle_upload(act, begun, lambda lines: None)
    act(finish_import, "amazon-us", begun.payments, 0)


def lacking(text: str, *words: str) -> list[str]:
    """The words that a page does not say."""
    return [each for each in words if each not in text]


def newest_case(console: Console, kind: str) -> int:
    """The newest of a kind."""
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT id FROM trueup.cases WHERE kind = :kind ORDER BY id DESC LIMIT 1")
        return int(connection.execute(query, {"kind": kind}).scalar_one())
