"""A partner on EDI: 850 in by a folder, 997 and 855 out; a 997 says received and no more, and every silence becomes a case."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.installation import LAMP, NO_EVIDENCE, PARTNER, VENDOR
from tests.workflows.scenes import (
    CALM,
    DAY,
    EDI_VENDOR,
    HOUR,
    MINUTE,
    case,
    deliveries,
    edi_partner,
    file_of,
    order_850,
    po1,
    rows,
    scarce,
    standing,
)
from trueup.base.clock import ManualClock
from trueup.domain.cases import Resolution
from trueup.domain.catalog import Product
from trueup.storage.database import Database
from trueup.storage.products import save_master
from trueup.storage.supplies import load_supplies

SEEN = CALM.files + MINUTE
SLOW = replace(CALM, poll=30 * DAY, products=90 * DAY, files=12 * HOUR)
"""For months of silence."""


def segments(text: str, tag: str) -> list[list[str]]:
    """The segments of a tag, as their elements."""
    return [part.split("*") for part in re.split("~\n?", text) if part.startswith(f"{tag}*")]


def test_an_850_becomes_an_order_a_997_and_an_855_with_control_numbers_of_their_own(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Both answers lie in the folder, addressed back, counted without a gap; the delivery is sent and proves nothing yet."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4)), control=41))
        partner.pass_time(SEEN)
        [said], [answered] = partner.answers("997"), partner.answers("855")
        assert segments(said, "AK1") == [["AK1", "PO", "41"]] and segments(said, "AK9")[0][1] == "A"
        assert segments(answered, "BAK")[0][3] == "EDI1" and segments(answered, "ACK")[0][1:4] == ["IA", "4", "CA"]
        for text in (said, answered):
            [head], [group], [tail] = segments(text, "ISA"), segments(text, "GS"), segments(text, "IEA")
            assert (head[6].strip(), head[8].strip()) == ("VENDOR", "AMAZON")
            assert int(head[13]) == int(tail[2]) == int(group[6]) == int(segments(text, "GE")[0][2])
        assert sorted(int(segments(text, "ISA")[0][13]) for text in (said, answered)) == [1, 2]
        assert standing(here, "EDI1") == "sent" and here.sold_eaches("EDI1") == {"LAMP-1": 24}
        assert list(partner.inbox.glob("*.edi")) == [] and here.case_kinds() == []


def test_a_997_makes_it_received_with_its_money_and_never_accepted(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Syntax is not content: for weeks it stays received, unproven, and then it is a case."""
    with edi_partner(database, clock, tmp_path, pace=SLOW) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(12 * HOUR)
        partner.accept(control_of(partner.answers("855")[0]))
        partner.pass_time(12 * HOUR)
        assert standing(here, "EDI1") == "received"
        assert deliveries(here, "EDI1")[-1]["risk"] == "240.00 USD"
        partner.pass_time(27 * DAY)
        assert here.case_kinds() == []
        partner.pass_time(5 * DAY)
        found = case(here, "acknowledgement.unproven")
        assert found["money_at_risk"] == "240.00 USD" and standing(here, "EDI1") == "received"


def test_a_997_that_rejects_is_a_case_with_its_reasons(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    """Their system could not read our 855; a person's retry sends it anew, under a new number."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(SEEN)
        partner.accept(control_of(partner.answers("855")[0]), verdict="R")
        partner.pass_time(SEEN)
        assert standing(here, "EDI1") == "rejected"
        assert "855" in case(here, "acknowledgement.rejected")["found"]
        here.resolve("acknowledgement.rejected", Resolution.RETRY)
        partner.pass_time(MINUTE)
        first, second = partner.answers("855")
        assert control_of(second) > control_of(first) and standing(here, "EDI1") == "sent"
        assert here.case_kinds() == []


def test_no_997_within_a_day_is_a_case_that_a_late_one_closes(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Silence is noticed; nothing is sent again by itself."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(23 * HOUR)
        assert here.case_kinds() == []
        partner.pass_time(3 * HOUR)
        assert case(here, "acknowledgement.unanswered")["money_at_risk"] == "240.00 USD"
        partner.accept(control_of(partner.answers("855")[0]))
        partner.pass_time(SEEN)
        assert standing(here, "EDI1") == "received" and here.case_kinds() == []
        assert len(partner.answers("855")) == 1


def test_the_same_file_twice_is_one_order_one_997_and_one_855(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Both arrivals are archived; no control number is spent on the second."""
    content = file_of(order_850("EDI1", *po1(LAMP, 4)))
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", content)
        partner.pass_time(SEEN)
        partner.drop("orders-again.edi", content)
        partner.pass_time(SEEN)
        assert (len(partner.answers("997")), len(partner.answers("855"))) == (1, 1)
        assert here.shown("EDI1")["revision"] == 1
        assert len(rows(here, "SELECT id FROM trueup.documents WHERE kind = 'file'")) == 2
        partner.drop("more.edi", file_of(order_850("EDI2", *po1(LAMP, 1)), control=2))
        partner.pass_time(SEEN)
        numbers = sorted(control_of(text) for code in ("997", "855") for text in partner.answers(code))
        assert numbers == [1, 2, 3, 4]


def test_of_two_orders_in_a_file_the_good_one_goes_on_and_the_bad_one_is_a_case(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """The 997 accepts one set and rejects the other; the case names what was wrong and where."""
    bad = order_850("EDI-BAD", f"PO1*1*many*CA*10.00*NE*BP*{LAMP.asin}", control="0002")
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("two.edi", file_of(order_850("EDI-GOOD", *po1(LAMP, 4)), bad))
        partner.pass_time(SEEN)
        assert [row["number"] for row in rows(here, "SELECT number FROM trueup.orders")] == ["EDI-GOOD"]
        assert standing(here, "EDI-GOOD") == "sent"
        [said] = partner.answers("997")
        assert [verdict[1] for verdict in segments(said, "AK5")] == ["A", "R"]
        assert segments(said, "AK9")[0][1] == "P"
        found = case(here, "document.invalid")
        assert "many" in found["found"] or "PO1" in found["found"]


def test_with_an_order_status_beside_it_edi_is_proven_by_read_back(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """What the SP-API shows of the order is independent of the 997: it alone makes it accepted."""
    calm = replace(CALM, poll=30 * DAY)
    with edi_partner(database, clock, tmp_path, pace=calm, read_back=PARTNER) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(SEEN)
        assert standing(here, "EDI1") == "sent"
        acknowledge_at_amazon(partner.here, "EDI1")
        partner.pass_time(2 * HOUR)
        assert standing(here, "EDI1") == "accepted" and here.case_kinds() == []


def test_an_order_cancelled_by_edi_gives_its_stock_back(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    """BEG01 01: every line to zero; the 997 is owed, an 855 is not."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("order.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(SEEN)
        partner.drop("cancel.edi", file_of(order_850("EDI1", *po1(LAMP, 4), purpose="01"), control=2, at="1100"))
        partner.pass_time(SEEN)
        assert here.sold_eaches("EDI1") == {} and here.level("LAMP-1")["available"] == 100
        assert here.shown("EDI1")["state"] == "closed"
        assert (len(partner.answers("997")), len(partner.answers("855"))) == (2, 1)
        partner.pass_time(2 * DAY)
        assert here.case_kinds() == []


def test_an_order_changed_by_edi_is_replaced_whole_and_answered_again(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """BEG01 04 with another quantity: the difference is shown, the stock follows, a second 855 goes out."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("order.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        partner.pass_time(SEEN)
        partner.drop("change.edi", file_of(order_850("EDI1", *po1(LAMP, 2), purpose="04"), control=2, at="1100"))
        partner.pass_time(SEEN)
        assert here.shown("EDI1")["revisions"][1]["changes"] == ["line 1 quantity: 4 became 2"]
        assert here.sold_eaches("EDI1") == {"LAMP-1": 12}
        assert segments(partner.answers("855")[-1], "ACK")[0][2] == "2"


def test_a_held_edi_line_goes_out_backordered_by_its_margin(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """The deadline holds on every route: IB with a date, before 24 hours are over."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.pass_time(MINUTE)
        partner.drop("order.edi", file_of(order_850("EDI1", *po1(LAMP, 4, cost="12.00"))))
        partner.pass_time(23 * HOUR)
        [answered] = partner.answers("855")
        assert segments(answered, "ACK")[0][1] == "IB"
        assert "acknowledgement.fallback" in partner.here.case_kinds()


def test_what_is_short_is_split_on_edi(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    """One ACK a part, echoing the line."""
    with edi_partner(database, clock, tmp_path, scarce(LAMP, 20)) as partner:
        partner.pass_time(MINUTE)
        partner.drop("order.edi", file_of(order_850("EDI1", *po1(LAMP, 5))))
        partner.pass_time(SEEN)
        parts = [(ack[1], ack[2]) for ack in segments(partner.answers("855")[0], "ACK")]
        assert parts == [("IA", "3"), ("IB", "2")]


def test_a_997_about_nothing_we_sent_is_a_case(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    """It is archived and said, and changes no delivery."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.pass_time(MINUTE)
        partner.accept(4711)
        partner.pass_time(SEEN)
        assert "4711" in case(partner.here, "document.unreadable")["found"]


@pytest.mark.parametrize("gone", ["vanished", "rewritten"])
def test_a_file_that_goes_or_changes_between_look_and_read_is_no_defect(
    database: Database, clock: ManualClock, tmp_path: Path, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is passed over; whatever lies there later is read then, and the looks go on."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        place = here.world.connections.document_sources["edi-folder"]
        look = place.find_waiting

        def found_then_gone() -> Any:
            found = look()
            path = partner.inbox / "orders.edi"
            path.unlink()
            if gone == "rewritten":
                partner.drop("orders.edi", file_of(order_850("EDI2", *po1(LAMP, 4)), control=2))
            return found

        monkeypatch.setattr(place, "find_waiting", found_then_gone)
        partner.pass_time(SEEN)
        monkeypatch.undo()
        partner.pass_time(SEEN)
        numbers = [row["number"] for row in rows(here, "SELECT number FROM trueup.orders")]
        assert numbers == ([] if gone == "vanished" else ["EDI2"]) and here.case_kinds() == []


def test_a_folder_that_is_not_there_is_a_case_after_a_few_looks_even_from_the_first_day(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """A disk that was never mounted must not look like a quiet partner."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.inbox.rmdir()
        partner.pass_time(5 * HOUR)
        found = case(partner.here, "source.failing")
        assert found["owner"] == "admin" and "mount the disk" in found["title"]
        partner.inbox.mkdir()
        partner.pass_time(SEEN)
        assert partner.here.case_kinds() == []


def control_of(text: str) -> int:
    """ISA13."""
    return int(segments(text, "ISA")[0][13])


def acknowledge_at_amazon(here: Any, number: str) -> None:
    """Amazon, which took the 855 by EDI, shows in its order status what that said."""
    here.order(
        {
            "amazonProductIdentifier": LAMP.asin,
            "orderedQuantity": {"amount": 4, "unitOfMeasure": "Cases", "unitSize": 6},
            "isBackOrderAllowed": True,
            "netCost": {"amount": "10.00", "currencyCode": "USD"},
        },
        number=number,
    )
    body = {
        "acknowledgements": [
            {
                "purchaseOrderNumber": number,
                "sellingParty": {"partyId": VENDOR},
                "acknowledgementDate": "2026-11-23T10:05:00Z",
                "items": [
                    {
                        "itemSequenceNumber": "1",
                        "orderedQuantity": {"amount": 4, "unitOfMeasure": "Cases", "unitSize": 6},
                        "netCost": {"amount": "10.00", "currencyCode": "USD"},
                        "itemAcknowledgements": [
                            {
                                "acknowledgementCode": "Accepted",
                                "acknowledgedQuantity": {"amount": 4, "unitOfMeasure": "Cases", "unitSize": 6},
                            }
                        ],
                    }
                ],
            }
        ]
    }

    sink = here.world.connections.acknowledgement_sinks[PARTNER]
    sink.send_acknowledgement(json.dumps(body).encode(), "by EDI")
    assert EDI_VENDOR != VENDOR
    here.pass_time(timedelta(minutes=5))


def test_counts_that_a_warehouse_leaves_are_declared_or_a_case(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Of a product whose count is declared they are taken; a file with one that the shop counts is kept out whole."""
    with edi_partner(database, clock, tmp_path) as partner:
        partner.pass_time(MINUTE)
        with database.transaction() as connection:
            vase = Product("VASE-1", "Vase", declared_source="warehouse")
            save_master(connection, [(vase, None)], NO_EVIDENCE, clock.now())
        partner.drop("counts.csv", b"sku,location,on_hand\nVASE-1,main,48\n")
        partner.drop("wrong.csv", b"sku,warehouse,quantity\nVASE-1,main,50\nLAMP-1,main,7\n")
        partner.pass_time(SEEN)
        with database.transaction() as connection:
            [supply] = [supply for supply, _ in load_supplies(connection, "main", ["VASE-1"])]
        assert (supply.level.on_hand, supply.level.source) == (48, "warehouse")
        [told] = partner.here.open_cases()
        assert told["kind"] == "document.unreadable" and "LAMP-1: no declared count source" in told["found"]
