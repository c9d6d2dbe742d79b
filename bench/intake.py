"""How many webhooks a second one server process takes in: ours beside a bare FastAPI route that makes one INSERT of each.

Ours proves the signature, archives the bytes, tells doubles by their id and notes what is to be looked at again; the answer goes
out when all of that has committed. The bare route reads the body, inserts it, commits and answers. Both are served by uvicorn
in a process of their own on the same database, durable commits included; the same client process sends the same signed
deliveries over kept connections, taking turns.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from bench.stage import SECRET, SHOP, running, server
from trueup.storage.database import create_database, read_url

PATH = f"/webhooks/shopify/{SHOP}"
DOMAIN = "trueup-demo.myshopify.com"
ITEMS = 100_000
_SETTINGS = f"""
[installation]
data = "data"
database = "env:BENCH_DATABASE"
[[shops]]
name = "{SHOP}"
kind = "shopify"
domain = "{DOMAIN}"
client_id = "client"
client_secret = "env:BENCH_CLIENT_SECRET"
locations = {{ main = "gid://shopify/Location/1" }}
"""


def ours(folder: str) -> None:
    """The server process of Trueup: the routes of an opened installation, and no worker."""
    from trueup.api.server import build_api
    from trueup.app import open_application
    from trueup.simulators.serving import serve

    with open_application(Path(folder) / "trueup.toml") as app, serve(build_api(app.world, app.engine.act)) as at:
        print(json.dumps(at.url), flush=True)
        sys.stdin.read()


def bare(url: str) -> None:
    """The server process of the bare route."""
    from trueup.simulators.serving import serve

    engine = sa.create_engine(read_url(url), pool_size=20)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (id bigserial PRIMARY KEY, body bytea NOT NULL)")
    insert = sa.text("INSERT INTO bare (body) VALUES (:body)")
    api = FastAPI()

    def keep(body: bytes) -> None:
        with engine.begin() as connection:
            connection.execute(insert, {"body": body})

    @api.post(PATH)
    async def receive(request: Request) -> Response:
        await run_in_threadpool(keep, await request.body())
        return Response(status_code=200)

    with serve(api) as at:
        print(json.dumps(at.url), flush=True)
        sys.stdin.read()


def send(port: str, first: str, count: str, connections: str) -> None:
    """The client's process: sends deliveries `first` onwards as fast as they are answered; tells seconds and refusals."""
    requests = [_request(int(port), number) for number in range(int(first), int(first) + int(count))]
    began = time.perf_counter()
    refused = asyncio.run(_send_all(int(port), requests, int(connections)))
    print(json.dumps({"seconds": time.perf_counter() - began, "refused": refused}), flush=True)


def _request(port: int, number: int) -> bytes:
    level = {"inventory_item_id": 808_000_000 + number % ITEMS, "location_id": 1, "available": number % 90}
    body = json.dumps({**level, "updated_at": "2026-11-23T09:00:00Z", "admin_graphql_api_id": "x"}).encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Shopify-Topic": "inventory_levels/update",
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": f"{number:032x}",
        "X-Shopify-Event-Id": f"{number:032x}",
        "X-Shopify-Triggered-At": "2026-11-23T09:00:00Z",
        "X-Shopify-Hmac-Sha256": signature,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


async def _send_all(port: int, requests: list[bytes], connections: int) -> int:
    waiting = iter(requests)
    refused = 0

    async def talk() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                refused += 1
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
        writer.close()

    await asyncio.gather(*(talk() for _ in range(connections)))
    return refused


def measure(count: int, connections: int, turns: int) -> dict[str, list[float]]:
    """Deliveries a second of each turn."""
    rates: dict[str, list[float]] = {"Trueup": [], "bare": []}
    with server() as database, TemporaryDirectory(prefix="tub-") as folder:
        (Path(folder) / "trueup.toml").write_text(_SETTINGS)
        url = create_database(database, "intake").render_as_string(hide_password=False)
        environment = {**os.environ, "BENCH_DATABASE": url, "BENCH_CLIENT_SECRET": SECRET}
        with (
            running("bench.intake.ours", folder, environment=environment) as first,
            running("bench.intake.bare", url, environment=environment) as second,
        ):
            ports = {
                name: json.loads(process.stdout.readline()).rsplit(":", 1)[1]  # type: ignore[union-attr]
                for name, process in (("Trueup", first), ("bare", second))
            }
            for turn in range(turns + 1):
                for name, port in ports.items():
                    amount = count if turn else count // 10
                    start = turn * count
                    asked = (port, str(start), str(amount), str(connections))
                    with running("bench.intake.send", *asked, environment=environment) as client:
                        told = json.loads(client.stdout.readline())  # type: ignore[union-attr]
                    if told["refused"]:
                        raise SystemExit(f"{name}: {told['refused']} of {amount} deliveries refused, expected none.")
                    if turn:  # the first only warms up
                        rates[name].append(amount / told["seconds"])
        _prove(url, turns * count + count // 10)
    return rates


def _prove(url: str, expected: int) -> None:
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        for table in ("trueup.hints", "bare"):
            found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            if found != expected:
                raise SystemExit(f"{table} holds {found} deliveries, expected {expected}.")


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=5000, help="a turn")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    rates = measure(given.deliveries, given.connections, given.turns)
    middle = {name: statistics.median(each) for name, each in rates.items()}
    ratio = statistics.median(mine / bare for mine, bare in zip(rates["Trueup"], rates["bare"], strict=True))
    text = (
        f"{given.deliveries:,} signed deliveries a turn over {given.connections} connections, one server process each, medians of "
        f"{given.turns} turns; every one kept before it was answered, and counted afterwards.\n\n"
        "| what | deliveries/s |\n|---|---|\n"
        f"| Trueup: signature, archive, doubles, what to look at | {middle['Trueup']:,.0f} |\n"
        f"| bare FastAPI route, one INSERT and commit | {middle['bare']:,.0f} |\n\n"
        f"**{ratio:.2f}** of the bare route's rate. Target: at least 0.70. Python {platform.python_version()}, "
        f"{os.cpu_count()} processors shared by client, server and database; load average before {load:.1f}."
    )
    print(text)
    write_section("Webhooks taken in", text)


if __name__ == "__main__":
    main()
