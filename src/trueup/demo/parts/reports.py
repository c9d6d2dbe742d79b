"""Amazon's reports: asked for day by day, one failed, one hours late, one day restated; and the numbers on the shop's products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.base.clock import write_instant
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import Cue, Part, Player, Rows, Stage, plain
from trueup.domain.retail_numbers import FIELDS
from trueup.simulation.auditor import audit_reports
from trueup.simulation.retail import RetailPlan, make_retail_plan
from trueup.simulation.statements.evidence import Statement
from trueup.storage.views.cases import list_cases
from trueup.storage.views.vendor_reports import list_reports

_PRODUCTS = 3
_CODE = "RIVR1"
_FATAL = "The report could not be created. Please try again."
_KEYS = {each.key for each in FIELDS}


@dataclass
class Reports(Player):
    """What Amazon knows of three products, as it is told to Trueup."""

    stage: Stage
    _plan: RetailPlan | None = None

    @property
    def plan(self) -> RetailPlan:
        """What Amazon knows and when."""
        assert self._plan is not None
        return self._plan

    def begin(self, app: Application) -> None:
        """Amazon knows the first products of the item master."""
        super().begin(app)
        with app.database.transaction() as connection:
            known = [(row.sku, row.asin) for row in connection.execute(_LISTED, {"code": _CODE, "most": _PRODUCTS})]
        self._plan = make_retail_plan(self.stage.seed, self.stage.start, _CODE, known)
        self.stage.amazon.add_retail(self.plan.facts)

    def cues(self) -> Iterable[Cue]:
        """The lies: the next report waits for eight hours; a day later the next fails."""
        late = {"kind": "report_stuck", "seconds": 8 * 3600}
        fatal = {"kind": "report_fatal", "text": _FATAL}
        for days, fault in ((1, late), (2, fatal)):
            at = self.stage.start + timedelta(days=days, hours=12)
            yield Cue(at, lambda fault=fault: self.stage.amazon.add_fault(fault))  # type: ignore[misc]

    def progress(self, connection: sa.Connection) -> Rows:
        """What was asked for, and what stands in the shop."""
        states = connection.execute(_STATES).all()
        shown = connection.execute(sa.text("SELECT count(*) FROM trueup.shown_retail")).scalar_one()
        words = ", ".join(f"{count} {state}" for state, count in states) or "none asked for yet"
        return [("Amazon's reports", f"{words}; {shown} products show their numbers")]

    def evidence(self) -> dict[str, Any]:
        """What Amazon knew and made, what Trueup kept, and what the shop shows."""
        shop = self.stage.shop
        with self.app.database.transaction() as connection:
            figures = [
                {**row._mapping, "begins": write_instant(row.begins), "said_at": write_instant(row.said_at)}
                for row in connection.execute(_FIGURES)
            ]
            cases = [
                case
                for case in list_cases(connection, state=None, limit=EVERYTHING)
                if case["kind"].startswith("report.")
            ]
        fields = {
            variant.inventory_item.sku: {
                key: found.value
                for (space, key), found in variant.metafields.items()
                if key in _KEYS and "amazon" in space
            }
            for variant in shop.world.variants
        }
        return {
            "retail": {
                "plan": self.plan.as_json(),
                "since": write_instant(self.stage.start),
                "until": write_instant(self.stage.clock.now()),
                "reports": plain(list(self.stage.amazon.reports.reports.values())),
                "figures": figures,
                "cases": cases,
                "shop": {sku: found for sku, found in fields.items() if found},
                "objects": {each.stored["sku"]: dict(each.stored) for each in shop.world.drawer.objects.values()},
            }
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Reports by outcome, figures, and the restated day."""
        given = evidence["retail"]
        outcomes = [each["outcome"] for each in given["reports"]]
        with self.app.database.transaction() as connection:
            asked = len(list_reports(connection, limit=EVERYTHING))
        return {
            "asked": asked,
            "outcomes": {name: outcomes.count(name) for name in sorted(set(filter(None, outcomes)))},
            "figures": len(given["figures"]),
            "restated": given["plan"]["restated"],
            "shown": sorted(given["shop"]),
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of figures, reports, and what the shop shows."""
        return audit_reports(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        outcomes = ", ".join(f"{count} {name.lower()}" for name, count in summary["outcomes"].items())
        again = summary["restated"]
        return [
            ("reports", f"{summary['asked']} asked for; at Amazon {outcomes}"),
            ("restated", f"{again['day']}: {again['from']} units shipped, later {again['to']}; both words are kept"),
            ("in the shop", f"{', '.join(summary['shown'])} show Amazon's stock, sales and forecast"),
        ]

    def commands(self) -> list[str]:
        """The reports, and every word about the product whose day was restated."""
        return ["reports list", f"reports history {self.plan.products[0][0]} --kind sales"]


_LISTED = sa.text(
    "SELECT p.sku, l.asin FROM trueup.products p JOIN trueup.listings l USING (sku) "
    "WHERE l.vendor_code = :code AND l.asin IS NOT NULL AND NOT p.obsolete ORDER BY p.sku LIMIT :most"
)
_STATES = sa.text("SELECT state, count(*) FROM trueup.vendor_reports GROUP BY state ORDER BY state")
_FIGURES = sa.text("SELECT kind, asin, begins, said_at, numbers, holds FROM trueup.vendor_figures ORDER BY 1, 2, 3, 4")


def _join(stage: Stage) -> Reports:
    return Reports(stage)


PART = Part("reports", "Amazon's reports, and its numbers in the shop", 50, _join)
