"""Bad input and bad days: a clear case, the bytes archived, nothing lost, nothing twice, and the work goes on."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.workflows.installation import LAMP, PARTNER, install, line
from tests.workflows.scenes import (
    CALM,
    DAY,
    HOUR,
    MINUTE,
    case,
    deliveries,
    edi_partner,
    file_of,
    order_850,
    po1,
    rows,
    standing,
)
from trueup.app import FLOWS
from trueup.base.clock import ManualClock, write_instant
from trueup.durable.engine import Program, RunStatus
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.simulated import run_until
from trueup.durable.takeover import WorkerSettings
from trueup.storage.database import Database
from trueup.workflows.poll_orders import ensure_polls, take_in_page
from trueup.workflows.watch import ensure_watch, note_defect
from trueup.workflows.world import Tx

SEEN = CALM.poll + 20 * MINUTE
GOOD = file_of(order_850("EDI-GOOD", *po1(LAMP, 1)), control=99)


def page_of(**changes: Any) -> bytes:
    """A page with one order of one lamp line, changed."""
    item = {**line(LAMP, 4), "itemSequenceNumber": "1", **changes.pop("item", {})}
    details = {
        "purchaseOrderDate": "2026-11-23T08:00:00Z",
        "sellingParty": {"partyId": "NORDA"},
        "shipToParty": {"partyId": "PHX3"},
        "purchaseOrderType": "RegularOrder",
        "items": [item],
        **changes.pop("details", {}),
    }
    order = {"purchaseOrderNumber": "PAGE1", "purchaseOrderState": "New", "orderDetails": details, **changes}
    return json.dumps({"payload": {"orders": [order]}}).encode()


def quantity(amount: int) -> dict[str, Any]:
    """An ordered quantity in cases."""
    return {"orderedQuantity": {"amount": amount, "unitOfMeasure": "Cases", "unitSize": 6}}


PAGES = {
    "cut off": page_of()[:-40],
    "no JSON": b"<html>Service Unavailable</html>",
    "nothing": b"",
    "another shape": b'{"payload": {"orders": "soon"}}',
    "no payload": b"{}",
    "latin-1": page_of(purchaseOrderNumber="PÄGE").replace(b"P\\u00c4GE", b"P\xc4GE"),
    "a NUL in the number": page_of(purchaseOrderNumber="PA\x00GE"),
    "a NUL in a code": page_of(item={"vendorProductIdentifier": "LAMP\x00-1"}),
    "half a surrogate": page_of(purchaseOrderNumber="X").replace(b'"X"', b'"\\ud800"'),
    "nested without end": b'{"payload": {"orders": ' + b"[" * 20_000,
    "10^9 cases": page_of(item=quantity(10**9)),
    "10^18 cases": page_of(item=quantity(10**18)),
    "10^30 cases": page_of(item=quantity(10**30)),
    "less than nothing": page_of(item=quantity(-(10**18))),
    "a price without end": page_of(item={"netCost": {"amount": "1e400", "currencyCode": "USD"}}),
    "a price of 10^30": page_of(item={"netCost": {"amount": "1" + "0" * 30, "currencyCode": "USD"}}),
    "no currency": page_of(item={"netCost": {"amount": "10.00", "currencyCode": "bucks"}}),
    "line 10^18": page_of(item={"itemSequenceNumber": str(10**18)}),
    "a date of no calendar": page_of(details={"purchaseOrderDate": "2026-13-45T99:00:00Z"}),
    "the year 9999": page_of(details={"purchaseOrderDate": "9999-12-31T23:59:59Z"}),
    "the year 1": page_of(details={"purchaseOrderDate": "0001-01-01T00:00:00Z"}),
    "a long number": page_of(purchaseOrderNumber="9" * 5000),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_nonsense_is_kept_said_and_stops_nobody(database: Database, clock: ManualClock, name: str) -> None:
    """What has no meaning is a case with the reason; what is absurd is held; the next order goes its way."""
    content = PAGES[name]
    with install(database, clock, LAMP, pace=CALM) as here:
        here.pass_time(MINUTE)

        def arrive(tx: Tx) -> None:
            digest = here.world.keep(tx.connection, content, kind="orders", source=PARTNER, name=name)
            take_in_page(tx, PARTNER, digest, name)

        here.engine.act(arrive)
        number = here.order(line(LAMP, 1))
        here.pass_time(SEEN)
        assert here.held_by_amazon(number) == [(1, 0, 0)] and standing(here, number) == "accepted"
        [found] = [each for each in here.open_cases() if number not in each["subject"]][:1]
        assert found["kind"].startswith(("document.", "held.", "agreement.")) and found["found"]
        assert here.sends("PAGE1") == 0, "neither accepted nor anything else"
        [archived] = rows(here, "SELECT size_bytes FROM trueup.documents WHERE name = :name", name=name)
        assert archived["size_bytes"] == len(content)
        assert here.sold_eaches("PAGE1") == {}, "nothing absurd was ever claimed"


FILES = {
    "truncated": GOOD[:-60],
    "truncated in the ISA": GOOD[:50],
    "wrong SE count": GOOD.replace(b"SE*11*", b"SE*7*"),
    "wrong GE count": GOOD.replace(b"GE*1*", b"GE*3*"),
    "wrong IEA control": GOOD.replace(b"IEA*1*000000099", b"IEA*1*000000098"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "EBCDIC": GOOD.decode().encode("cp500"),
    "nothing": b"",
    "zeros": b"\0" * 4096,
    "JSON": b'{"payload": {}}',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "a NUL in the number": GOOD.replace(b"EDI-GOOD", b"EDI\0GOOD"),
    "10^15 cases": file_of(order_850("EDI-BIG", *po1(LAMP, 10**14)), control=98),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_nonsense_is_kept_said_taken_away_and_stops_nobody(
    database: Database, clock: ManualClock, tmp_path: Path, name: str
) -> None:
    """The case says what is wrong with it; the next file is read as ever."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        assert FILES[name] != GOOD
        partner.pass_time(MINUTE)
        partner.drop("bad.edi", FILES[name])
        partner.pass_time(SEEN)
        partner.drop("good.edi", file_of(order_850("EDI-NEXT", *po1(LAMP, 2)), control=100))
        partner.pass_time(SEEN)
        assert standing(here, "EDI-NEXT") == "sent" and here.sold_eaches("EDI-NEXT") == {"LAMP-1": 12}
        found = here.open_cases()
        assert found and all(each["kind"].startswith(("document.", "held.")) and each["found"] for each in found)
        archived = rows(here, "SELECT size_bytes FROM trueup.documents WHERE name = 'bad.edi'")
        assert [row["size_bytes"] for row in archived] == [len(FILES[name])]
        assert [path.name for path in partner.inbox.glob("*.edi")] == []


@pytest.mark.slow
def test_a_file_of_a_gigabyte_is_archived_in_bounded_memory_and_the_case_says_why_it_was_not_read(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """No partner sends orders of that size: it is kept, not read, and memory stays where it was."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.pass_time(MINUTE)
        with (partner.inbox / "huge.edi").open("wb") as file:
            file.truncate(1 << 30)
        before = peak_megabytes()
        partner.pass_time(SEEN)
        assert peak_megabytes() - before < 64
        found = case(partner.here, "document.unreadable")
        assert "1073741824 bytes" in found["found"] and "split it" in found["found"]
        [archived] = rows(partner.here, "SELECT size_bytes FROM trueup.documents WHERE name = 'huge.edi'")
        assert archived["size_bytes"] == 1 << 30
        partner.drop("good.edi", GOOD)
        partner.pass_time(SEEN)
        assert standing(partner.here, "EDI-GOOD") == "sent"


@pytest.mark.parametrize("days", [3, -3, 40, -40])
def test_a_clock_that_jumps_answers_nothing_twice_and_loses_nothing(
    database: Database, clock: ManualClock, days: int
) -> None:
    """Also when it jumps back again: orders placed meanwhile are answered, those answered stay as they are."""
    with install(database, clock, LAMP, pace=CALM) as here:
        first = here.order(line(LAMP, 1))
        here.pass_time(SEEN)
        for jump in (days, -days):
            clock.move_to(clock.now() + timedelta(days=jump))
            here.engine.act(ensure_watch)  # a worker starts
            here.pass_time(SEEN)
        second = here.order(line(LAMP, 2))
        here.pass_time(SEEN)
        assert (here.sends(first), here.sends(second)) == (1, 1)
        assert here.held_by_amazon(second) == [(2, 0, 0)] and standing(here, second) == "accepted"
        assert here.sold_eaches(first) == {"LAMP-1": 6}
        assert deliveries(here, second)[-1]["due_at"] > write_instant(clock.now())


def test_a_clock_that_jumps_over_the_deadline_still_speaks_by_the_fallback_once(
    database: Database, clock: ManualClock
) -> None:
    """The machine slept for two days: the held line goes out once, late, and a person is told."""
    with install(database, clock, LAMP, pace=CALM) as here:
        number = here.order(line(LAMP, 4, cost="10.40"))
        here.pass_time(SEEN)
        clock.move_to(clock.now() + 2 * DAY)
        here.pass_time(2 * HOUR)
        assert here.sends(number) == 1 and here.held_by_amazon(number) == [(0, 4, 0)]
        assert here.case_kinds() == ["acknowledgement.fallback"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("a disk of its own can be mounted by root alone")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_delays_answers_and_loses_none(database: Database, clock: ManualClock, small_disk: Path) -> None:
    """Neither 997 nor 855 can be written: a case each; when there is room both are there whole, once, and the cases close."""
    with edi_partner(database, clock, small_disk) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(b"\0" * 512)
        partner.pass_time(3 * HOUR)
        assert partner.answers("855") == [] and partner.answers("997") == []
        assert here.case_kinds() == ["acknowledgement.not-sent"] * 2
        assert all("disk" in each["title"] for each in here.open_cases())
        assert len(rows(here, "SELECT id FROM trueup.documents WHERE name = 'orders.edi'")) == 1
        ballast.unlink()
        partner.pass_time(3 * HOUR)
        assert (len(partner.answers("855")), len(partner.answers("997"))) == (1, 1)
        assert standing(here, "EDI1") == "sent" and here.case_kinds() == []


def test_a_database_that_goes_away_in_the_middle_interrupts_and_loses_nothing(
    database: Database, clock: ManualClock
) -> None:
    """All its connections are cut again and again while orders are on their way: each is answered, sold and sent once."""
    with install(database, clock, LAMP, pace=CALM) as here:
        numbers = [here.order(line(LAMP, 1)) for _ in range(6)]

        def tell(connection: sa.Connection, run_id: str, flow: str, args: Any, words: str) -> None:
            note_defect(connection, clock.now(), run_id, flow, words)

        settings = WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=0.2, dead_after_seconds=5)
        engine = DbosEngine(database.engine, Program(here.world, FLOWS, clock, tell), settings)
        engine.launch()
        stop = threading.Event()
        cutter = threading.Thread(target=cut_connections, args=(database, stop))
        try:
            clock.advance(HOUR)
            here.engine = engine  # type: ignore[assignment]
            run_until(engine, clock, clock.now() + MINUTE, here.amazon.next_event)
            cutter.start()
            engine.act(ensure_polls)
            while any(here.sends(number) == 0 for number in numbers):
                time.sleep(0.05)
            stop.set()
            cutter.join()
            run_until(engine, clock, clock.now() + 2 * HOUR, here.amazon.next_event)
            assert engine.runs(status=RunStatus.FAILED) == []
        finally:
            stop.set()
            engine.close()
        for number in numbers:
            assert here.held_by_amazon(number) == [(1, 0, 0)] and standing(here, number) == "accepted"
            assert here.sends(number) == 1 and here.sold_eaches(number) == {"LAMP-1": 6}
        assert here.case_kinds() == []


def cut_connections(database: Database, stop: threading.Event) -> None:
    """Every 0.2 seconds, eight times at most."""
    administration = sa.create_engine(database.engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    for _ in range(8):
        if stop.wait(0.2):
            return
        with administration.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def peak_megabytes() -> float:
    """The most memory this process ever had, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
