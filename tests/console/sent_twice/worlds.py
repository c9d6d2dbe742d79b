"""Worlds of a few forms: goods that come back to a programme, people who come in by a provider, a secret that is sealed here."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.cli.seeded import write_settings
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console, served
from tests.console.money_books import console_over_money
from tests.console.test_goods_pages import PROGRAMME
from tests.console.test_provider import SECRET, SETTINGS
from tests.console.worked_world import worked
from tests.databases import Databases
from tests.workflows.installation import LAMP
from trueup.app import Opening, open_application
from trueup.base.secret import Secret
from trueup.domain.catalog import Product
from trueup.domain.circular import Condition, Item, Readiness, Visibility
from trueup.simulators.openid import OpenIdSimulator
from trueup.simulators.serving import serve
from trueup.storage.circular import Said, save_records
from trueup.storage.secrets import save_secret
from trueup.storage.shop_products import Neighbours, save_shop_products


@contextmanager
def returning(filled: Filled, folder: Path) -> Iterator[Console]:
    """Lamps are in a programme, and some of them went out."""
    with console_over(filled, folder, PROGRAMME) as console:
        now = console.app.world.clock.now()
        lamp = Product(LAMP.sku, "Lamp", shop_variant="gid://shopify/ProductVariant/77", tracked=False, circular=True)
        used = Item(1, Visibility.AVAILABLE, Readiness.PROCESSED, condition=Condition(4, "Used"), serial="L-1")
        with console.app.database.transaction() as connection:
            save_shop_products(connection, Neighbours("shop"), [lamp], "0" * 64, now)
            save_records(connection, [used], Said("supercycle", "c" * 64, now))
        yield console


@contextmanager
def company(filled: Filled, folder: Path) -> Iterator[Console]:
    """A provider of identities that people may link their account of."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    provider = OpenIdSimulator()
    with serve(provider.app) as server:
        provider.issuer, address = server.url, f"http://localhost:{port}"
        provider.add_client("trueup", SECRET, f"{address}/sign-in/provider/back")
        environ = {"SIGN_IN_SECRET": SECRET, "TRUEUP_INSTALLATION_ADDRESS": address}
        with console_over(filled, folder, SETTINGS.format(issuer=server.url), port, **environ) as console:
            provider.clock.set(console.app.world.clock.now())
            yield console


@contextmanager
def sealed(filled: Filled, folder: Path) -> Iterator[Console]:
    """A connection that is let in by a secret that the database keeps."""
    with console_over(filled, folder) as first:
        app, text = first.app, (folder / "trueup.toml").read_text()
        with app.database.transaction() as connection:
            master = app.world.archive.master
            save_secret(connection, master, "refresh", Secret("refresh-token"), saved_at=app.world.clock.now())
        url = app.database.url.render_as_string(hide_password=False)
        opening = Opening(clock=app.world.clock, environ=write_settings(folder, url))
        (folder / "trueup.toml").write_text(text.replace('"env:REFRESH_TOKEN"', '"sealed:refresh"'))
        with open_application(folder / "trueup.toml", opening) as second, served(second) as console:
            yield console


@contextmanager
def worlds(
    filled: Filled, databases: Databases, server_url: str, folder: Callable[[str], Path]
) -> Iterator[Callable[[str], Any]]:
    """Every world by its name, each opened when the first row needs it; `folder` makes a new one."""
    opened: dict[str, Any] = {}
    with ExitStack() as stack:
        openers: dict[str, Callable[[], Any]] = {
            "filled": lambda: console_over(filled, folder("twice")),
            "money": lambda: console_over_money(server_url, folder("twice-money")),
            "worked": lambda: worked(stack.enter_context(databases.lent()), folder("twice-worked")),
            "returning": lambda: returning(filled, folder("twice-returning")),
            "company": lambda: company(filled, folder("twice-company")),
            "sealed": lambda: sealed(filled, folder("twice-sealed")),
        }

        def world(name: str) -> Any:
            if name not in opened:
                opened[name] = stack.enter_context(openers[name]())
            return opened[name]

        yield world
