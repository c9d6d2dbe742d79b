"""Amazon's direct fulfillment is told what it may sell: whole, then changes; an item refused, an answer lost, two failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.base.clock import write_instant
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import Cue, Part, Player, Rows, Stage, person, plain, take_in_items
from trueup.domain.cases import Resolution
from trueup.simulation import direct_fulfillment as world
from trueup.simulation import installation
from trueup.simulation.auditor import audit_direct
from trueup.simulation.direct_fulfillment import CODE_OF_WAREHOUSE, GOODS, KETTLE, TRAY
from trueup.simulation.statements.evidence import Statement
from trueup.simulation.wares import Ware, item_master, shop_products
from trueup.simulators.amazon.warehouses import warehouses_state
from trueup.storage.views.cases import list_cases
from trueup.storage.views.status import list_deliveries
from trueup.storage.views.told_inventory import list_told
from trueup.workflows.resolve_case import resolve_case

_MASTER = "item-master-direct.csv"
_SUBMIT = "submitInventoryUpdate"


@dataclass
class Direct(Player):
    """The warehouse's week."""

    stage: Stage
    sold: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, app: Application) -> None:
        """The goods become known under the programme's vendor code."""
        super().begin(app)
        take_in_items(app, self.stage.folder / _MASTER)

    def cues(self) -> Iterable[Cue]:
        """The shop's sales, Amazon's lies, and the person who mends the catalogue."""
        lost = {"kind": "applied_but_timed_out", "operation": _SUBMIT}
        fails = {"kind": "transaction_failure", "operation": _SUBMIT, "text": world.FAILURE, "count": 2}
        yield Cue(self._at(*world.MENDED_AT), self._mend)
        yield Cue(self._at(*world.LOST_FROM), lambda: self.stage.amazon.add_fault(lost))
        yield Cue(self._at(*world.FAILING_FROM), lambda: self.stage.amazon.add_fault(fails))
        for day, hour, goods, eaches in world.SALES:
            yield Cue(self._at(day, hour), self._selling(goods, eaches))

    def _at(self, day: int, hour: int) -> Any:
        return self.stage.start + timedelta(days=day, hours=hour, minutes=10)

    def _selling(self, goods: Ware, eaches: int) -> Callable[[], object]:
        def sell() -> None:
            self.stage.shop.sell(goods.sku, eaches)
            self.sold.append({"at": write_instant(self.stage.clock.now()), "sku": goods.sku, "eaches": eaches})

        return sell

    def _mend(self) -> None:
        """Amazon maps the product; whoever had it mapped says so."""
        self.stage.amazon.add_warehouses(world.catalogue_of(*GOODS))
        by = person(self.app, installation.DECIDER)
        with self.app.database.transaction() as connection:
            found = list_cases(connection, kind="inventory.item-refused", limit=EVERYTHING)
        for case in found:
            self.app.engine.act(resolve_case, case["id"], Resolution.RETRY, by, "Amazon mapped it: try it again.")

    def progress(self, connection: sa.Connection) -> Rows:
        """What Amazon was told and holds."""
        rows = [row for each in GOODS for row in list_told(connection, each.sku)]
        known = sum(row["accepted"] == row["told"] for row in rows)
        return [("direct fulfillment", f"{len(rows)} products told, {known} as Amazon accepted them")]

    def evidence(self) -> dict[str, Any]:
        """What Amazon believes and judged, what the shop counts, and what Trueup says it told."""
        levels = self.stage.shop.state()["levels"]
        amazon = plain(warehouses_state(self.stage.amazon))
        with self.app.database.transaction() as connection:
            deliveries = [
                each for each in list_deliveries(connection, limit=EVERYTHING) if each["kind"] == "direct-fulfillment"
            ]
            ours = {
                "told": {each.sku: list_told(connection, each.sku) for each in GOODS},
                "deliveries": deliveries,
                "cases": list_cases(connection, state=None, kind="inventory.", limit=EVERYTHING),
            }
        return {
            "direct": {
                "plan": world.plan_json(),
                "until": write_instant(self.stage.clock.now()),
                "sold": list(self.sold),
                "amazon": {"warehouse": amazon["warehouses"][CODE_OF_WAREHOUSE], "updates": amazon["transactions"]},
                "shop": plain([level for level in levels if level["sku"] in world.SKUS]),
                "trueup": plain(ours),
            }
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Updates by what came of them, and the cases."""
        given = evidence["direct"]
        updates = given["amazon"]["updates"]
        states = [each["state"] for each in given["trueup"]["deliveries"]]
        return {
            "updates": len(updates),
            "whole": sum(each["full"] for each in updates),
            "states": {name: states.count(name) for name in sorted(set(states))},
            "held": given["amazon"]["warehouse"]["held"],
            "cases": [{name: each[name] for name in ("kind", "title", "state")} for each in given["trueup"]["cases"]],
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of what Amazon believes."""
        return audit_direct(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        states = ", ".join(f"{count} {state}" for state, count in summary["states"].items())
        rows = [("updates", f"{summary['updates']} reached Amazon, {summary['whole']} of them whole; {states}")]
        return [*rows, *((each["kind"].partition(".")[2], each["title"]) for each in reversed(summary["cases"]))]

    def commands(self) -> list[str]:
        """The sum, what was told of it, and what did not go as it should."""
        return [f"stock show {KETTLE.sku}", "cases list --all --kind inventory."]


def _join(stage: Stage) -> Direct:
    stage.shop.add_products(shop_products(GOODS))
    stage.amazon.add_warehouses(world.catalogue_of(KETTLE, TRAY))
    Path(stage.folder / _MASTER).write_text(item_master(GOODS, world.TERMS), encoding="utf-8")
    stage.apart.skus.update(world.SKUS)
    return Direct(stage)


PART = Part("direct", "Amazon's direct fulfillment, told what it may sell", 45, _join)
