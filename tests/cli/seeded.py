"""An installation to look at from the command line: what happened in it, its trueup.toml, and the words to call `trueup`."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.workflows.installation import CHAIR, LAMP, Goods, install, line
from trueup.base.clock import ManualClock
from trueup.cli.main import program
from trueup.storage.database import Database

VASE = Goods("VASE-1", "B000000003", case_size=1, cost="7.00", tracked=False, declared_source="warehouse")
SECRET_TEXTS = ("hidden-client-secret", "hidden-refresh-token", "hidden-shop-token")
SETTINGS = """
[installation]
name = "Norda Lighting"
data = "data"
database = "env:DATABASE_URL"
two_persons_above = "50.00 USD"
two_persons_for_buffers = "lowered"

[[partners]]
name = "amazon-us"
kind = "amazon-vendor"
region = "na"
routes = ["sp-api"]
vendor_codes = ["NORDA"]
client_id = "client"
client_secret = "env:CLIENT_SECRET"
refresh_token = "env:REFRESH_TOKEN"

[[partners.agreements]]
vendor_code = "NORDA"
currency = "USD"
cost_basis = "each"
shop = "shop"
ship_from = "main"
items_returned = "unavailable"

[[shops]]
name = "shop"
kind = "shopify"
domain = "norda.myshopify.com"
access_token = "env:SHOP_TOKEN"
locations = { main = "gid://shopify/Location/1" }

[[people]]
name = "Ana Admin"
roles = ["admin"]

[[people]]
name = "Bo Admin"
roles = ["admin", "finance"]

[[people]]
name = "Olga"
roles = ["operations"]

[[people]]
name = "Aude"
roles = ["auditor"]

[simulation]
amazon_url = "http://127.0.0.1:9"
shopify_url = "http://127.0.0.1:9"
"""


def fill(database: Database, clock: ManualClock) -> None:
    """PO000001 is answered and proven; PO000002 is held for its cost, with much money; PO000003 for an unknown product."""
    with install(database, clock, LAMP, CHAIR, VASE) as installed:
        installed.pass_time(timedelta(minutes=1))
        installed.order(line(LAMP, 2), line(CHAIR, 1), number="PO000001")
        installed.order(line(CHAIR, 3, cost="26.50"), number="PO000002")
        installed.order(line(Goods("GHOST-1", "B000000009", cost="1.00"), 1), number="PO000003")
        installed.pass_time(timedelta(hours=3))


def write_settings(folder: Path, url: str) -> dict[str, str]:
    """trueup.toml in the folder; returns the environment that goes with it."""
    (folder / "trueup.toml").write_text(SETTINGS)
    client_secret, refresh_token, shop_token = SECRET_TEXTS
    return {
        "DATABASE_URL": url,
        "CLIENT_SECRET": client_secret,
        "REFRESH_TOKEN": refresh_token,
        "SHOP_TOKEN": shop_token,
        "TRUEUP_MASTER_KEY": base64.b64encode(b"k" * 32).decode(),
    }


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """`trueup` in a folder with an environment of its own."""

    folder: Path
    environ: dict[str, str]

    def __call__(self, *words: str, stdin: str | bytes | None = None, **more: str) -> Said:
        """Call it in this process; a defect is raised."""
        environ = {"COLUMNS": "200", **self.environ, "TRUEUP_CONFIG": str(self.folder / "trueup.toml"), **more}
        done = CliRunner().invoke(program, list(words), input=stdin, env=environ, catch_exceptions=False)
        return Said(done.exit_code, done.stdout, done.stderr)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start the real program in the folder."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("trueup")), *words],
            cwd=self.folder,
            env={**_plain_environment(), **self.environ, **more},
            # Started from the background a program ignores Ctrl-C; what is tested is one in the foreground.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )

    def process(self, *words: str, **more: str) -> Said:
        """Run the real program in the folder to its end."""
        running = self.start(*words, **more)
        out, err = running.communicate(timeout=120)
        return Said(running.returncode, out, err)


def _plain_environment() -> dict[str, str]:
    """Ours, without what says how wide or which the terminal is that the tests happen to run in."""
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TERM")}
