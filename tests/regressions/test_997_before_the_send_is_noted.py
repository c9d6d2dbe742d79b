"""The program dies when an 855 lies in the partner's folder, and the partner answers before it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflows.crashing import dying_at
from tests.workflows.installation import LAMP
from tests.workflows.scenes import (
    CALM,
    EDI_PARTNER,
    MINUTE,
    EdiPartner,
    deliveries,
    edi_partner,
    file_of,
    order_850,
    po1,
    standing,
)
from trueup.base.clock import ManualClock
from trueup.durable.in_process import Crashed
from trueup.storage.database import Database
from trueup.workflows.receive_files import take_in_file

SEEN = CALM.files + MINUTE


@pytest.mark.parametrize(("verdict", "state"), [("A", "received"), ("R", "rejected")])
def test_a_997_about_a_prepared_delivery_proves_that_it_was_handed_out(
    database: Database, clock: ManualClock, tmp_path: Path, verdict: str, state: str
) -> None:
    """It is received (or rejected), and whoever comes back leaves no second copy in the folder."""
    with edi_partner(database, clock, tmp_path) as partner:
        here = partner.here
        here.engine.fate = dying_at(", checkpoint of step send_once")
        partner.pass_time(MINUTE)
        partner.drop("orders.edi", file_of(order_850("EDI1", *po1(LAMP, 4))))
        with pytest.raises(Crashed):
            partner.pass_time(SEEN)
        [answered] = partner.answers("855")
        assert standing(here, "EDI1") == "prepared"
        for path in partner.outbox.glob("*.edi"):
            path.unlink()
        control = int(answered.split("*")[13])
        partner.accept(control, verdict)
        another_worker_takes_in(partner, f"997-{control}.edi")
        assert standing(here, "EDI1") == state and deliveries(here, "EDI1")[-1]["sent_at"]
        here.engine.resume()
        partner.pass_time(SEEN)
        assert standing(here, "EDI1") == state and partner.answers("855") == []
        assert here.case_kinds() == ([] if verdict == "A" else ["acknowledgement.rejected"])


def another_worker_takes_in(partner: EdiPartner, name: str) -> None:
    """The file is archived and read while the first worker's run lies where it fell."""
    content = (partner.inbox / name).read_bytes()
    with partner.here.database.transaction() as connection:
        digest = partner.here.world.keep(connection, content, kind="file", source="edi-folder", name=name)
    partner.here.engine.act(take_in_file, EDI_PARTNER, digest, name, len(content))
