"""Documents that are handed in: read by a run of their own, as what they were handed in as and as nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.installation import PARTNER, Goods, Installation, install
from trueup.base.clock import ManualClock
from trueup.base.errors import NotFound, Refused
from trueup.domain.cases import Resolution, Role
from trueup.storage.database import Database
from trueup.workflows.receive_uploads import HandedIn, archive_document
from trueup.workflows.resolve_case import Person

VASE = Goods("VASE-1", "B000000003", case_size=1, cost="7.00", tracked=False, declared_source="warehouse")
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
COUNTS = b"sku,location,on_hand\nVASE-1,main,12\n"


def hand_in(here: Installation, kind: str, content: bytes, person: Person = OLGA) -> str:
    """Hand a document in and let its run read it; its hash."""
    handed = HandedIn(kind, PARTNER, "file", content)
    arrived = here.engine.act(archive_document, handed, person)
    here.pass_time(timedelta(seconds=5))
    return arrived.digest


def test_a_document_is_read_as_what_it_was_handed_in_as(database: Database) -> None:
    """Counts change what is there. As something else, or as nothing that can be read, it is a case; a retry judges it alike."""
    with install(database, ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)), VASE) as here:
        fay = Person("Fay", frozenset({Role.FINANCE}))
        wrong = hand_in(here, "bank-statement", COUNTS, fay)
        [case] = [each for each in here.open_cases() if each["kind"] == "document.unreadable"]
        assert case["evidence"] == wrong
        assert "handed in as bank-statement, and is" in case["found"]
        here.resolve("document.unreadable", Resolution.RETRY)
        here.pass_time(timedelta(seconds=5))
        assert "document.unreadable" in here.case_kinds()
        here.resolve("document.unreadable", Resolution.DISMISS)
        hand_in(here, "stock-counts", COUNTS)
        with database.transaction() as connection:
            counted = connection.exec_driver_sql("SELECT declared_on_hand FROM trueup.stock WHERE sku = 'VASE-1'")
            assert counted.scalar_one() == 12
        hand_in(here, "edi", b"nothing that is known")
        assert "document.unreadable" in here.case_kinds()
        with pytest.raises(Refused, match=r"bank\.import"):
            hand_in(here, "bank-statement", COUNTS)
        with pytest.raises(NotFound, match="amazon"):
            here.engine.act(archive_document, HandedIn("edi", "nobody", "file", b"x"), OLGA)
        with pytest.raises(Refused, match="0 bytes"):
            hand_in(here, "edi", b"")
