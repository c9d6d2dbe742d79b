"""Words for scenarios beyond the ordinary: a calm pace, partners on EDI folders, and looks into what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from tests.workflows.installation import LAMP, SHOP, Goods, Installation, install
from tests.x12_text import group, interchange, transaction
from trueup.base.clock import ManualClock
from trueup.base.money import UnitPrice
from trueup.connectors.folder import Folder, FolderPlaces
from trueup.domain.catalog import Listing, Product
from trueup.domain.partners import Agreement, CostBasis, Partner, Route
from trueup.storage.database import Database
from trueup.storage.documents import DocumentFilter, list_documents
from trueup.storage.products import save_master
from trueup.workflows.receive_files import ensure_looks
from trueup.workflows.world import Pace, PartnerRoutes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CALM = Pace(poll=HOUR, back_fill=DAY, products=DAY, files=HOUR)
"""Often enough to see everything, seldom enough that a virtual day is a quick test."""
EDI_PARTNER, EDI_VENDOR, FOLDER = "edi-buyer", "VEND1", "edi-folder"


def deliveries(here: Installation, number: str) -> list[dict[str, Any]]:
    """An order's deliveries, oldest first."""
    found: list[dict[str, Any]] = here.shown(number)["deliveries"]
    return found


def standing(here: Installation, number: str) -> str:
    """Where an order's answer stands."""
    return str(here.shown(number)["standing"])


def case(here: Installation, kind: str) -> dict[str, Any]:
    """The one open case of a kind."""
    found = [each for each in here.open_cases() if each["kind"] == kind]
    assert len(found) == 1, f"{len(found)} open {kind} cases; open are {[each['kind'] for each in here.open_cases()]}"
    return found[0]


def kept(here: Installation, kind: str) -> list[bytes]:
    """The bytes of every archived document of a kind, oldest first."""
    with here.database.transaction() as connection:
        found = list_documents(connection, DocumentFilter(kind=kind), limit=1000)
        return [here.world.read(connection, document.digest) for document in reversed(found)]


def rows(here: Installation, statement: str, **given: Any) -> list[dict[str, Any]]:
    """What a statement finds in the database."""
    with here.database.transaction() as connection:
        return [dict(row) for row in connection.execute(sa.text(statement), given).mappings()]


@dataclass
class EdiPartner:
    """A partner that exchanges X12 by files: its inbox is where we read, its outbox where we leave."""

    here: Installation
    inbox: Path
    outbox: Path

    def drop(self, name: str, content: bytes) -> None:
        """The partner leaves a file."""
        (self.inbox / name).write_bytes(content)

    def answers(self, set_code: str) -> list[str]:
        """What lies in the outbox of one transaction set, oldest first."""
        texts = [path.read_text() for path in sorted(self.outbox.glob("*.edi"))]
        return [text for text in texts if f"~ST*{set_code}*" in text.replace("\n", "")]

    def accept(self, control: int, verdict: str = "A") -> None:
        """The partner's 997 about one group of ours: A accepted, R rejected."""
        accepted = "1" if verdict == "A" else "0"
        body = (f"AK1*PR*{control}", "AK2*855*0001", f"AK5*{verdict}{'*5' if verdict == 'R' else ''}")
        ending = f"AK9*{verdict}*1*1*{accepted}"
        text = interchange(group("FA", 700 + control, transaction("997", "0001", *body, ending)), control=700 + control)
        self.drop(f"997-{control}.edi", text.encode())

    def pass_time(self, by: timedelta) -> None:
        """Let time pass."""
        self.here.pass_time(by)


@contextmanager
def edi_partner(
    database: Database,
    clock: ManualClock,
    folder: Path,
    goods: Goods = LAMP,
    pace: Pace = CALM,
    *,
    read_back: str | None = None,
    **choices: Any,
) -> Iterator[EdiPartner]:
    """An installation with a second partner, on EDI by a folder. `read_back` names an order status source for it."""
    inbox, outbox = folder / "in", folder / "out"
    inbox.mkdir(parents=True)
    outbox.mkdir(exist_ok=True)
    with install(database, clock, goods, pace=pace, **choices) as here:
        place = Folder(FolderPlaces(FOLDER, inbox, outbox, quiet_seconds=0.0), clock)
        here.world.connections.document_sources[FOLDER] = place
        here.world.connections.document_sinks[FOLDER] = place
        terms = Agreement(EDI_PARTNER, EDI_VENDOR, "USD", CostBasis.EACH, SHOP, "main")
        cast(dict[str, Partner], here.world.partners)[EDI_PARTNER] = Partner(EDI_PARTNER, "na", (terms,))
        routes = PartnerRoutes(None, read_back, FOLDER, {Route.EDI: FOLDER})
        cast(dict[str, PartnerRoutes], here.world.routes)[EDI_PARTNER] = routes
        cost = UnitPrice.of(goods.cost, "USD")
        product = Product(goods.sku, goods.sku, goods.case_size)
        with database.transaction() as connection:
            listing = Listing(EDI_VENDOR, goods.sku, goods.asin, goods.sku, cost)
            save_master(connection, [(product, listing)], "0" * 64, clock.now())
        here.engine.act(ensure_looks)
        yield EdiPartner(here, inbox, outbox)


def order_850(number: str, *lines: str, purpose: str = "00", control: str = "0001", day: str = "20261123") -> str:
    """An 850 of PO1 segments; each counts as one line."""
    head = (
        f"BEG*{purpose}*NE*{number}**{day}",
        f"REF*CR*{EDI_VENDOR}",
        "CSH*Y",
        "DTM*064*20261128",
        "DTM*063*20261205",
        "N1*ST**92*PHX3",
    )
    count = sum(line.startswith("PO1") for line in lines)
    return transaction("850", control, *head, *lines, f"CTT*{count}")


def po1(goods: Goods, cases: int, sequence: int = 1, cost: str | None = None) -> tuple[str, str]:
    """A line in cases, and the PO4 with its pack."""
    price = cost or goods.cost
    return f"PO1*{sequence}*{cases}*CA*{price}*NE*BP*{goods.asin}*VN*{goods.sku}", f"PO4*{goods.case_size}"


def file_of(*sets: str, control: int = 1, at: str = "1000") -> bytes:
    """One interchange of one group of 850s, sent at a time of 2026-11-23."""
    text = interchange(group("PO", control, *sets), control=control)
    return text.replace("*20261123*1000*", f"*20261123*{at}*").encode()


def scarce(goods: Goods, stock: int) -> Goods:
    """The same product with another stock."""
    return replace(goods, stock=stock)
