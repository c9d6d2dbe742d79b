"""Orders carried on to their money: sent, billed, counted in by Amazon's docks, paid, deducted from, and explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.demo.part import Cue, Part, Player, Rows, Stage, person, plain, take_in_items
from trueup.domain.chart import Purpose
from trueup.simulation import carried, installation
from trueup.simulation.auditor import audit_carried
from trueup.simulation.carried import BILLED, FIRST_DOCK, GOODS, JOURNEYS, NUMBERS, PAID, PLACED, SECOND_DOCK, SENT
from trueup.simulation.happenings import amazon_order
from trueup.simulation.remittances.records import Period
from trueup.simulation.remittances.writers.invoices_csv import write_invoices
from trueup.simulation.remittances.writers.portal_export import FORMS, write_export
from trueup.simulation.statements.evidence import Statement
from trueup.simulation.wares import item_master, shop_products
from trueup.simulators.amazon.control import state as amazon_state
from trueup.storage.views.order_course import load_billed
from trueup.storage.views.order_money import load_money, money_json
from trueup.storage.views.orders import find_order, show_order
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import import_proofs

_MASTER = "item-master-carried.csv"
_PARTNER = carried.TERMS.partner


@dataclass
class Carrying(Player):
    """The orders' days, in the warehouse, at Amazon's docks and at people's desks."""

    stage: Stage
    period: Period

    def begin(self, app: Application) -> None:
        """The goods become known."""
        super().begin(app)
        take_in_items(app, self.stage.folder / _MASTER)

    def cues(self) -> Iterable[Cue]:
        """From the order to the payment."""
        acts: tuple[tuple[tuple[int, int], Callable[[], object]], ...] = (
            (PLACED, self._place),
            (SENT, self._send),
            (BILLED, self._bill),
            (FIRST_DOCK, lambda: self._dock(0)),
            (SECOND_DOCK, lambda: self._dock(1)),
            (PAID, self._pay),
        )
        return [Cue(self._at(*when), act) for when, act in acts]

    def _at(self, day: int, hour: int) -> datetime:
        return self.stage.start + timedelta(days=day, hours=hour, minutes=10)

    def _today(self) -> date:
        return self.stage.clock.now().date()

    def _place(self) -> None:
        for order in carried.orders(self.stage.clock.now()):
            self.stage.amazon.add_orders(amazon_order(order))

    def _send(self) -> None:
        """The warehouse fulfils the shop's orders, one of them in part; the carrier's bills of lading follow."""
        names = {order["po_number"]: order["name"] for order in self.stage.shop.state()["orders"]}
        for journey in JOURNEYS:
            self.stage.shop.fulfil_by_hand(names[journey.number], max(leg.sent for leg in journey.legs))
        self._prove("shipped")

    def _bill(self) -> None:
        path = write_invoices(self.stage.folder / "invoices-2026-11.csv", self.period.invoices)
        self._hand_in(import_invoices, "invoices", path.name, path.read_bytes())

    def _dock(self, visit: int) -> None:
        for number, pieces in carried.docked(visit).items():
            self.stage.amazon.receive(number, pieces)
        if visit == 0:
            self._prove("delivered")

    def _prove(self, kind: str) -> None:
        content = carried.proofs_csv(kind, self._today())
        self._hand_in(import_proofs, "proofs", f"{kind}-{self._today()}.csv", content, _PARTNER)

    def _pay(self) -> None:
        inbox = self.stage.folder / installation.inboxes()[_PARTNER]
        write_export(inbox / "Payments-US-2026-11", self.period.payments, FORMS["us"][0])

    def _hand_in(self, act: Callable[..., Any], kind: str, name: str, content: bytes, *about: str) -> None:
        """A file is archived before anything reads it, as the command line does it."""
        by = person(self.app, installation.BOOKKEEPER)
        self.app.engine.act(archive_upload, content, kind, name, by)
        self.app.engine.act(lambda tx: act(tx, content, *about, by))

    def progress(self, connection: sa.Connection) -> Rows:
        """How many are billed, and how many are settled."""
        row = connection.execute(_PROGRESS, {"numbers": sorted(NUMBERS)}).one()
        return [("carried orders", f"{row.billed} of {len(JOURNEYS)} billed, {row.settled} settled")]

    def evidence(self) -> dict[str, Any]:
        """What Amazon, the shop and Trueup say of these orders."""
        shop = plain(self.stage.shop.state())
        with self.app.database.transaction() as connection:
            ours = {number: self._ours(connection, number) for number in sorted(NUMBERS)}
        return {
            "carried": {
                "plan": carried.Told().as_json(),
                "amazon": plain(amazon_state(self.stage.amazon, sorted(NUMBERS)))["orders"],
                "shop": [order for order in shop["orders"] if order["po_number"] in NUMBERS],
                "trueup": plain(ours),
            }
        }

    def _ours(self, connection: sa.Connection, number: str) -> dict[str, Any]:
        billed = load_billed(connection, _PARTNER, number)
        money = load_money(connection, billed, self.app.world.books.chart.code(Purpose.RECEIVABLE))
        shown = show_order(connection, find_order(connection, f"{_PARTNER}/{number}"))
        return {"lines": shown["lines"], "state": shown["state"], "money": [money_json(each) for each in money]}

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Orders, what was billed, deducted and paid, and what Amazon contradicts."""
        plan = evidence["carried"]["plan"]
        sums = {name: sum(each[f"{name}_minor"] for each in plan) for name in ("invoiced", "deducted", "open", "paid")}
        return {
            "orders": len(plan),
            "minor": sums,
            "contradicted": [each["number"] for each in plan if each["contradicted"]],
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of the orders' steps and money."""
        return audit_carried(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        words = ", ".join(f"{minor / 100:,.2f} {name}" for name, minor in summary["minor"].items())
        numbers = ", ".join(summary["contradicted"])
        return [
            ("orders", f"{summary['orders']} from the order to the payment: {words} USD"),
            ("contradicted", f"{numbers}: Amazon claims fewer pieces than its own docks counted"),
        ]

    def commands(self) -> list[str]:
        """An order whose claim Amazon's own docks contradict."""
        return ["orders show 4CCLAIM4", "orders explain 4CSHORT3"]


_PROGRESS = sa.text(
    "SELECT count(*) AS billed, count(*) FILTER (WHERE coalesce(o.minor, 0) = 0) AS settled FROM trueup.invoices i"
    " LEFT JOIN trueup.open_invoices o ON o.invoice_id = i.id WHERE i.purchase_order = ANY (:numbers)"
)


def _join(stage: Stage) -> Carrying:
    stage.shop.add_products(shop_products(GOODS))
    Path(stage.folder / _MASTER).write_text(item_master(GOODS, carried.TERMS), encoding="utf-8")
    stage.apart.skus.update(each.sku for each in GOODS)
    stage.apart.orders.update(NUMBERS)
    return Carrying(stage, carried.period(stage.start.date()))


PART = Part("carried", "Orders carried on to their money", 15, _join)
