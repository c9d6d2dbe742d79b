"""Lists that are given away whole are walked, not held: every row once, as the list has them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import pytest
from starlette.responses import StreamingResponse

from tests.filled import fill
from trueup.console import files
from trueup.console.files import download_written
from trueup.formats.item_master import item_master_parts, read_item_master
from trueup.storage.database import Database
from trueup.storage.views.order_pages import OrderFilter, walk_orders
from trueup.storage.views.products import walk_items


def test_orders_are_walked_as_their_list_has_them(database: Database) -> None:
    with database.engine.begin() as connection:
        partner = "CASE WHEN n % 3 = 0 THEN 'amazon-de' ELSE 'amazon-us' END"
        fill(connection, "orders", (1, 2500), {"partner": partner, "number": "'PO' || n", "state": "'open'"})
        assert [row["id"] for row in walk_orders(connection, OrderFilter())] == list(range(2500, 0, -1))
        found = [row["id"] for row in walk_orders(connection, OrderFilter(partner="amazon-de"), sort="due")]
        assert sorted(found) == list(range(3, 2500, 3)) and found != sorted(found)


def test_an_item_master_is_walked_by_the_database(database: Database) -> None:
    """A product with each of its listings, or alone; read back, the file is what was walked."""
    with database.engine.begin() as connection:
        fill(connection, "products", (1, 2500), {"title": "'Thing ' || n", "case_size": "6"})
        for code, last in (("V1", 2000), ("V2", 1000)):
            fill(connection, "listings", (1, last), {"vendor_code": f"'{code}'"})
        items = list(walk_items(connection))
        assert [product.sku for product, _ in items] == sorted(product.sku for product, _ in items)
        assert len(items) == 500 + 1000 + 2 * 1000 and sum(listing is None for _, listing in items) == 500
        parts = list(item_master_parts(walk_items(connection)))
    assert len(parts) == 4 and len(read_item_master(b"".join(parts)).values) == len(items)


def test_a_long_file_is_sent_whole() -> None:
    """Beyond what is held in memory it comes from disk, with its length said."""
    content = bytes(range(256)) * 10_000
    reply = download_written("rows.csv", lambda out: out.write(content))
    assert isinstance(reply, StreamingResponse) and reply.headers["Content-Length"] == str(len(content))

    async def sent() -> bytes:
        return b"".join([bytes(part) async for part in reply.body_iterator if not isinstance(part, str)])

    with ThreadPoolExecutor(1) as pool:  # a browser that another test opened has a loop in this one
        assert pool.submit(asyncio.run, sent()).result() == content


def test_a_file_of_many_parts_is_on_disk_before_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, no more of them than a megabyte are held while they are written."""
    opened: list[Any] = []

    def keep(size: int) -> Any:
        opened.append(SpooledTemporaryFile(size))  # noqa: SIM115 - closed with what is sent
        return opened[-1]

    monkeypatch.setattr(files, "SpooledTemporaryFile", keep)

    def parts() -> Iterator[bytes]:
        for _ in range(5):
            yield bytes(500_000)
        assert opened[0]._rolled
        yield b"the last"

    def write(out: IO[bytes]) -> None:
        for part in parts():
            out.write(part)

    reply = download_written("rows.csv", write)
    assert reply.headers["Content-Length"] == str(5 * 500_000 + 8)
