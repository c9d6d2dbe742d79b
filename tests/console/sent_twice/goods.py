"""Goods: the item master, buffers, counts, what came back, and trade-ins with their credits."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from functools import partial
from typing import Any, cast

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.racing import Sent, Two, row
from tests.console.worked_world import Worked
from trueup.base.clock import ManualClock
from trueup.domain.buffer_changes import BufferChange, BufferScope, SecondPerson
from trueup.domain.buffers import BufferRule
from trueup.domain.trade_ins import CreditState
from trueup.storage.trade_ins import find_trade_in, move_credit
from trueup.storage.vendor_returns import load_order_returns
from trueup.storage.views.orders import find_order
from trueup.workflows.adjust_stock import Adjustment, adjust_stock, last_count
from trueup.workflows.import_products import archive_upload, import_products
from trueup.workflows.keep_buffers import change_buffer

_numbers = itertools.count(1)


def _items(console: Console) -> bytes:
    """A row of the item master that says something new."""
    return f"sku,title\nVASE-1,Vase {next(_numbers)}\n".encode()


def _uploaded(console: Console) -> str:
    """The hash of a master that was looked at."""
    with console.visitor("Elke") as elke:
        files = {"file": ("items.csv", _items(console))}
        page = elke.http.post("/settings/products/upload", data={"csrf": elke.csrf}, files=files).text
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', page)[:1]
    return str(digest)


@row("/settings/products/upload", Two.EACH)
def upload(console: Console) -> Sent:
    """It is archived, once, and shown."""
    return Sent("/settings/products/upload", files={"file": ("items.csv", _items(console))})


@row("/settings/products/apply", Two.SAME)
def apply(console: Console) -> Sent:
    return Sent("/settings/products/apply", {"digest": _uploaded(console)})


@row("/settings/products/earlier", Two.LOOK)
def earlier(console: Console) -> Sent:
    return Sent("/settings/products/earlier", {"digest": _uploaded(console)})


def _later(console: Console) -> None:
    """A minute later: what is decided later stands over what was."""
    clock = cast(ManualClock, console.app.world.clock)
    clock.move_to(clock.now() + timedelta(minutes=1))


@row("/stock-buffers")
def buffer(console: Console) -> Sent:
    _later(console)
    fields = {"channel": "shop shop|main", "sku": "LAMP-1", "kind": "own", "eaches": str(100 + next(_numbers))}
    return Sent("/stock-buffers", {**fields, "percent": "0", "reason": "it sells fast", "sure": "yes"})


@row("/stock-buffers/{version:int}/undo")
def undo_buffer(console: Console) -> Sent:
    """To take back a raised buffer lowers it, which a second person approves: here one that was lowered."""
    _later(console)
    scope = BufferScope("shop shop", "main", "LAMP-1")
    change = BufferChange(scope, BufferRule(eaches=1), console.app.world.clock.now(), f"try {next(_numbers)}")
    done = console.app.act(False, change_buffer, change, person(console, "Elke"), SecondPerson.NEVER)
    assert done.version is not None
    return Sent(f"/stock-buffers/{done.version.id}/undo")


JAR = "JAR-1"
"""A product whose cost nobody agreed to: a count of it is worth nothing, and takes one person however often it is counted."""


def jar(console: Console) -> None:
    """It is in the item master."""
    content = f"sku,title,declared_source\n{JAR},Jar,warehouse\n".encode()
    ana = person(console, "Ana Admin")
    console.app.act(False, archive_upload, content, "item-master", "jar.csv", ana)
    console.app.act(False, import_products, content, ana)


@row("/stock-counts")
def count(console: Console) -> Sent:
    jar(console)
    for number in (8, 9):  # there is a count to stand over
        _later(console)
        wanted = Adjustment(JAR, "main", "counted by hand", on_hand=number)
        console.app.act(False, adjust_stock, wanted, person(console, "Elke"))
    _later(console)
    with console.app.database.transaction() as connection:
        seen = last_count(connection, JAR, "main")
    fields = {"sku": JAR, "location": "main", "count": "10", "reason": "counted by hand"}
    return Sent("/stock-counts", {**fields, "seen": seen, "sure": "yes"})


@row("/stock-counts/undo")
def undo_count(console: Console) -> Sent:
    jar(console)
    for _ in range(2):
        _later(console)
        wanted = Adjustment(JAR, "main", "counted by hand", on_hand=next(_numbers) % 3)
        done = console.app.act(False, adjust_stock, wanted, person(console, "Elke"))
    _later(console)
    return Sent(f"/stock-counts/undo?sku={JAR}&location=main&at={done.at}")


of_trade_ins = partial(row, world="worked", people=("Elke", "Ana Admin"))


def _told(world: Worked) -> dict[str, str]:
    key = f"T-{next(_numbers)}"
    return {"key": key, "sku": "TENT-2", "serial": f"S-{key}", "quote": "20.00 USD", "customer": world.customer}


def traded_in(world: Worked) -> str:
    """A trade-in whose item is there: its address."""
    told = _told(world)
    with world.console.visitor("Elke") as elke:
        assert elke.post("/trade-ins", **told, sure="yes").status_code == 303
    world.work()
    return f"/trade-ins/{told['key']}"


def graded(world: Worked, **more: str) -> str:
    """One that was graded."""
    address = traded_in(world)
    with world.console.visitor("Elke") as elke:
        assert elke.post(f"{address}/grade", grade="good", sure="yes", **more).status_code == 303
    return address


@of_trade_ins("/trade-ins", Two.SAME)
def record(world: Worked) -> Sent:
    return Sent("/trade-ins", {**_told(world), "sure": "yes"})


@of_trade_ins("/trade-ins/{key:path}/grade")
def grade(world: Worked) -> Sent:
    return Sent(f"{traded_in(world)}/grade", {"grade": "good", "sure": "yes"})


@of_trade_ins("/trade-ins/{key:path}/refuse")
def refuse(world: Worked) -> Sent:
    return Sent(f"{traded_in(world)}/refuse", {"why": "its poles are missing", "sure": "yes"})


@of_trade_ins("/trade-ins/{key:path}/release")
def release(world: Worked) -> Sent:
    return Sent(f"{graded(world, keep='yes')}/release", {"sure": "yes"})


@row("/trade-ins/{key:path}/answer", world="worked", people=("Fina", "Ana Admin"))
def answer(world: Worked) -> Sent:
    address = graded(world, instrument="store-credit")
    _move(world, address, state=CreditState.UNANSWERED)
    return Sent(f"{address}/answer", {"arrived": f"gid://{next(_numbers)}", "sure": "yes"})


@row("/trade-ins/{key:path}/break", world="worked", people=("Fina", "Ana Admin"))
def write_off(world: Worked) -> Sent:
    address = graded(world)
    world.work()
    _move(world, address, usable=False)
    return Sent(f"{address}/break", {"why": "the card was lost", "sure": "yes"})


@of_trade_ins("/trade-ins/{key:path}/code", Two.EACH)
def reveal(world: Worked) -> Sent:
    """That it was shown is recorded of each."""
    address = graded(world)
    world.work()
    return Sent(f"{address}/code")


def _move(world: Worked, address: str, **facts: Any) -> None:
    """Have the credit of a trade-in be otherwise."""
    with world.console.app.database.transaction() as connection:
        saved = find_trade_in(connection, address.rpartition("/")[2])
        assert saved.credit is not None
        move_credit(connection, saved.credit.id, **facts)


@row("/came-back/{partner}/{number}", world="returning", people=("Elke", "Ana Admin"))
def take_back(console: Console) -> Sent:
    """Without a serial: of which unit it is says only how many came back before."""
    with console.app.database.transaction() as connection:
        order = find_order(connection, "amazon-us/PO000001")
        before = len(load_order_returns(connection, order))
    fields = {"sku": "LAMP-1", "eaches": "1", "serials": "", "condition": "4", "before": str(before), "sure": "yes"}
    return Sent("/came-back/amazon-us/PO000001", fields)
