"""Circular commerce: Supercycle takes products over, customers rent, return and trade in, and every unit and credit is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.base.money import Money
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import Cue, Part, Player, Rows, Stage, person, plain, take_in_items
from trueup.domain.cases import Resolution
from trueup.domain.chart import Purpose
from trueup.domain.closing import Month
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import TradeIn
from trueup.domain.vendor_returns import Returned
from trueup.simulation import installation
from trueup.simulation.auditor import audit_circular
from trueup.simulation.circular import goods
from trueup.simulation.circular.collision import Collision, order_of_tents
from trueup.simulation.circular.goods import BIKE, GOODS, KAYAK, ROPE, TENT, Goods
from trueup.simulation.circular.trade_ins import CARA, CUSTOMERS, DAN, TRADE_INS, TradedIn
from trueup.simulation.happenings import amazon_order
from trueup.simulation.statements.evidence import Statement
from trueup.simulators.amazon.control import state as amazon_state
from trueup.simulators.shopify.records import Product, Variant
from trueup.simulators.shopify.shopping import Basket
from trueup.simulators.supercycle.control import state as supercycle_state
from trueup.storage.products import load_products
from trueup.storage.views import circular, monthly, trade_ins
from trueup.storage.views.cases import list_cases
from trueup.storage.views.orders import find_order
from trueup.storage.views.vendor_returns import page_returned
from trueup.workflows.grade_trade_in import Judgement, grade_trade_in, record_trade_ins, reveal_code
from trueup.workflows.resolve_case import resolve_case
from trueup.workflows.take_back_goods import take_back

_SUPERCYCLE_HEARS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED")
_MASTER = "item-master-circular.csv"
_KAYAKS = ((CARA, 1, 2), (DAN, 1, 5), (CARA, 2, 12))
"""Who has a kayak from which day on to which: the first keeps it too long, the second is to bring it soon, the third has time."""


@dataclass
class Circular(Player):
    """The programme's week: what customers and staff do in the shop and in Supercycle."""

    stage: Stage
    variants: dict[str, Variant]
    customers: dict[str, str]
    conditions: dict[str, int]
    rentals: dict[str, str] = field(default_factory=dict)
    """The shop's order of the first rental of each product."""
    kayaks: list[str] = field(default_factory=list)
    """The shop's orders of those who have a kayak when the week is over."""

    def begin(self, app: Application) -> None:
        """The goods become known: who counts each, and for what Amazon buys it."""
        super().begin(app)
        take_in_items(app, self.stage.folder / _MASTER)

    def cues(self) -> Iterable[Cue]:
        """Rentals and trade-ins from Monday on, spent credits on Wednesday."""
        acts: tuple[tuple[int, int, Callable[[], object]], ...] = (
            (0, 4, lambda: self._rent_first(DAN, BIKE, 1, 2)),
            (0, 4, lambda: self._rent_first(CARA, TENT, 10, 13)),
            (0, 5, self._rent_kayaks),
            (0, 8, self._tell_of_trade_ins),
            (1, 2, lambda: self._send_out(BIKE)),
            (1, 3, self._send_kayaks),
            (1, 4, self._grade),
            (2, 3, self._correct_costs),
            (2, 5, self._spend),
            (3, 0, self._collide),
            (3, 2, lambda: self._take_back(BIKE)),
            (3, 4, lambda: self._cancel(TENT)),
            (3, 8, lambda: self._restock(BIKE)),
            (3, 8, self._answer_conflict),
            (4, 2, self._come_back),
        )
        return [Cue(self._at(day, hour), act) for day, hour, act in acts]

    def _at(self, day: int, hour: int) -> datetime:
        return self.stage.start + timedelta(days=day, hours=hour, minutes=10)

    def _rent_first(self, who: str, what: Goods, first: int, last: int) -> None:
        self.rentals[what.sku] = self._rent(who, what, first, last)

    def _rent(self, who: str, what: Goods, first: int, last: int, **pays: Any) -> str:
        """A customer rents a new one in the shop's checkout, from so many days on to so many; the shop's name of the order."""
        today = self.stage.clock.now().date()
        start, end = (today + timedelta(days=days) for days in (first, last))
        asked = {
            "method_type": "calendar",
            "rental_start": start.isoformat(),
            "rental_end": end.isoformat(),
            "item": {"filters": {"condition": {"ids": [self.conditions[goods.NEW]]}}},
        }
        return self._buy(who, what, {"_cycle": json.dumps(asked)}, **pays)

    def _buy(self, who: str, what: Goods, properties: dict[str, str], **pays: Any) -> str:
        line = (self.variants[what.sku].id, 1, properties)
        return self.stage.shop.buy(Basket([line], self.customers[who], **pays)).name

    def _rent_kayaks(self) -> None:
        self.kayaks = [self._rent(who, KAYAK, first, last) for who, first, last in _KAYAKS]

    def _send_kayaks(self) -> None:
        for name in self.kayaks:
            self.stage.shop.fulfil_by_hand(name)

    def _tell_of_trade_ins(self) -> None:
        by, today = person(self.app, installation.DECIDER), self.stage.clock.now().date()
        told = [
            TradeIn(
                each.key, each.goods.sku, each.serial, Money.of(each.quote, "USD"), today, self.customers[each.customer]
            )
            for each in TRADE_INS
        ]
        self.app.engine.act(record_trade_ins, told, by)

    def _grade(self) -> None:
        """The shop loses the reply to the first card: whether it was made has to be found out."""
        self.stage.shop.add_fault("applied_but_timed_out", operation="giftCardCreate", mode="drop")
        by, limit = person(self.app, installation.DECIDER), self.app.settings.two_persons_above
        for each in TRADE_INS:
            chosen = Instrument(each.credited_as) if each.credited_as else None
            self.app.engine.act(grade_trade_in, each.key, Judgement(each.grade, instrument=chosen), by, limit)

    def _correct_costs(self) -> None:
        """Supercycle's API cannot change what was paid for an item; its staff can, where the worth was less than the quote."""
        for item in self._supercycle()["items"]:
            for each in TRADE_INS:
                if item["serial"] == each.serial and each.credited_as:
                    self.stage.supercycle.correct_cost(item["id"], int(each.worth * 100))

    def _spend(self) -> None:
        """One customer buys a rope with the card, the other rents a bike with store credit."""
        by = person(self.app, installation.DECIDER)
        code = self.app.engine.act(reveal_code, _credited("gift-card").key, by).reveal()
        self.stage.secrets["gift-card"] = code
        self._buy(CARA, ROPE, {}, gift_cards=[code])
        self._rent(DAN, BIKE, 16, 18, store_credit=Decimal(BIKE.price))

    def _send_out(self, what: Goods) -> None:
        self.stage.shop.fulfil_by_hand(self.rentals[what.sku])

    def _take_back(self, what: Goods) -> None:
        self.stage.supercycle.receive(self._cycle(what)["id"])

    def _restock(self, what: Goods) -> None:
        self.stage.supercycle.restock(self._cycle(what)["itemId"])

    def _collide(self) -> None:
        """A customer books a tent for the days of the other booking; Amazon orders tents before anybody asked Supercycle again."""
        self._rent(DAN, TENT, 7, 10)
        self.stage.amazon.add_orders(amazon_order(order_of_tents(self.stage.clock.now())))

    def _cancel(self, what: Goods) -> None:
        self.stage.shop.cancel_by_hand(self.rentals[what.sku], "CUSTOMER")

    def _answer_conflict(self) -> None:
        """A booking was cancelled since: the order is tried again."""
        by = person(self.app, installation.DECIDER)
        with self.app.database.transaction() as connection:
            found = list_cases(connection, kind="circular.wholesale-conflict", limit=EVERYTHING)
        for case in found:
            self.app.engine.act(
                resolve_case, case["id"], Resolution.RETRY, by, "A booking was cancelled: take that tent."
            )

    def _come_back(self) -> None:
        """Amazon refuses some of the tents at its dock; the warehouse says what came back, one with its serial."""
        by, about = person(self.app, installation.DECIDER), Collision()
        with self.app.database.transaction() as connection:
            order = find_order(connection, about.number)
        returned = Returned(about.sku, about.came_back, (about.serial,))
        self.app.engine.act(take_back, order, returned, by)

    def _cycle(self, what: Goods) -> dict[str, Any]:
        name = self.rentals[what.sku]
        return next(each for each in self._supercycle()["rentals"] if each["shopifyOrderName"] == name)

    def _supercycle(self) -> dict[str, Any]:
        state: dict[str, Any] = plain(supercycle_state(self.stage.supercycle))
        return state

    def progress(self, connection: sa.Connection) -> Rows:
        """Units by lane, and what came of the trade-ins."""
        lanes = circular.count_lanes(connection, self.stage.clock.now())
        units = ", ".join(f"{count} {lane.value}" for lane, count in lanes.items() if count) or "none known yet"
        rows = _by_key(trade_ins.list_trade_ins(connection, only_open=False, limit=EVERYTHING))
        told = ", ".join(f"{row['key']} {row['state']}" for row in rows) or "none yet"
        return [("circular units", units), ("trade-ins", told)]

    def evidence(self) -> dict[str, Any]:
        """What Supercycle, the shop and Trueup say of units and credits."""
        shop = plain(self.stage.shop.state())
        kept = ("levels", "orders", "gift_cards", "store_credit", "faults")
        return {
            "circular": {
                "goods": [each.as_json() for each in GOODS],
                "trade_ins": [self._told_of(each) for each in TRADE_INS],
                "collision": Collision().as_json(),
                "amazon": plain(amazon_state(self.stage.amazon, [Collision().number])),
                "supercycle": self._supercycle(),
                "shop": {name: shop[name] for name in kept}
                | {"levels": [level for level in shop["levels"] if level["sku"] in goods.SKUS]},
                "trueup": self._ours(),
            }
        }

    def _told_of(self, each: TradedIn) -> dict[str, Any]:
        with self.app.database.transaction() as connection:
            acts = trade_ins.show_trade_in(connection, each.key)["acts"]
        return {**each.as_json(), "customer_id": self.customers[each.customer], "acts": acts}

    def _ours(self) -> dict[str, Any]:
        now, world = self.app.world.clock.now(), self.app.world
        with self.app.database.transaction() as connection:
            month = monthly.load_month(
                connection, Month(now.date().replace(day=1)), world.books.chart, world.hidden_products
            )
            known = load_products(connection, goods.SKUS)
            owed = connection.execute(_OWED, {"account": world.books.chart.code(Purpose.CREDITS)}).scalar_one()
            found = {
                "items": circular.list_items(connection, now, page=(("", 0), EVERYTHING)),
                "cycles": circular.list_cycles(connection, now, only_open=False, limit=EVERYTHING),
                "trade_ins": _by_key(trade_ins.list_trade_ins(connection, only_open=False, limit=EVERYTHING)),
                "came_back": list(page_returned(connection, "", limit=EVERYTHING).rows),
                "credits": trade_ins.list_credits(connection, now.date(), every=True),
                "cases": [
                    case
                    for case in list_cases(connection, state=None, limit=EVERYTHING)
                    if self.stage.apart.is_case(case)
                ],
            }
        return {
            **found,
            "products": {product.sku: {"circular": product.circular} for product, _ in known},
            "owed_on_credits_minor": int(owed),
            "month": _month_json(month),
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Units, cycles, trade-ins, credits and the month, counted."""
        given = evidence["circular"]
        ours = given["trueup"]
        lanes: dict[str, int] = {}
        for item in ours["items"]:
            lanes[item["lane"]] = lanes.get(item["lane"], 0) + 1
        return {
            "imported": len(given["supercycle"]["products"]),
            "items": len(ours["items"]),
            "lanes": lanes,
            "cycles": len(ours["cycles"]),
            "returns": len(given["supercycle"]["returns"]),
            "trade_ins": [
                {name: row[name] for name in ("key", "state", "quoted", "value")} for row in ours["trade_ins"]
            ],
            "credits": [
                {name: row[name] for name in ("trade_in", "instrument", "amount", "owed")} for row in ours["credits"]
            ],
            "month": ours["month"],
            "came_back": [{name: row[name] for name in ("serial", "item", "state")} for row in ours["came_back"]],
            "conflicts": [case["title"] for case in ours["cases"] if case["kind"] == "circular.wholesale-conflict"],
            "uncounted": [case["subject"] for case in ours["cases"] if case["kind"] == "stock.uncounted"],
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of units, trade-ins and credits."""
        return audit_circular(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        lanes = ", ".join(f"{count} {lane}" for lane, count in summary["lanes"].items())
        taken = ", ".join(
            f"{row['key']} {row['state']}" + (f" for {row['value']}" if row["value"] else "")
            for row in summary["trade_ins"]
        )
        credits = ", ".join(
            f"{row['amount']} as {row['instrument']} for {row['trade_in']}, {row['owed']} left"
            for row in summary["credits"]
        )
        came_back = ", ".join(row["serial"] for row in summary["came_back"])
        uncounted = ", ".join(subject.removeprefix("product ") for subject in summary["uncounted"])
        return [
            ("Supercycle", f"{summary['imported']} products taken over, which the shop counts no more"),
            ("units", f"{summary['items']}: {lanes}"),
            ("customers", f"{summary['cycles']} rentals, {summary['returns']} returned"),
            ("trade-ins", taken),
            ("credits", credits),
            *(("collision", title) for title in summary["conflicts"]),
            ("came back", f"{len(summary['came_back'])} tents from Amazon's dock, made items: {came_back}"),
            ("counted by nobody", f"{uncounted}: a case, and nothing of it is promised"),
        ]

    def commands(self) -> list[str]:
        """A unit's story, what is owed, and the month."""
        return [
            "circular items",
            f"circular show {TRADE_INS[0].serial}",
            f"orders explain {Collision().number}",
            f"stock show {TENT.sku}",
            f"circular show {Collision().serial}",
            f"trade-ins show {TRADE_INS[0].key}",
            "circular credits",
            "circular reconcile",
            "statement 2026-11",
        ]


_OWED = sa.text("SELECT coalesce(sum(-minor), 0) FROM trueup.journal_lines WHERE account = :account")


def _by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["key"]))


def _credited(instrument: str) -> TradedIn:
    return next(each for each in TRADE_INS if each.credited_as == instrument)


def _month_json(month: monthly.MonthOfAll) -> dict[str, Any]:
    sales = [each for each in month.sales if each.currency == "USD"]
    return {
        "ties": [
            {"what": tie.what, "currency": tie.currency, "one": tie.one, "other": tie.other}
            for tie in monthly.ties_of(month)
        ],
        "sold_minor": sum(sum(each.sold.values()) + each.charges for each in sales),
        "paid_minor": {by.value: minor for each in sales for by, minor in each.paid.items()},
        "circular_minor": sum(minor for each in sales for kind, minor in each.sold.items() if kind.value == "circular"),
    }


def _join(stage: Stage) -> Circular:
    shop, supercycle = stage.shop, stage.supercycle
    made = {str(each.variants[0].sku): each for each in shop.add_products(goods.shop_products())}
    supercycle.add_key("trueup", stage.secrets["supercycle"])
    shop.add_app("supercycle", stage.secrets["supercycle-app"])
    supercycle.connect_shop(stage.urls.shop, "supercycle", stage.secrets["supercycle-app"])
    for topic in _SUPERCYCLE_HEARS:
        shop.subscribe("supercycle", topic, f"{stage.urls.supercycle}/webhooks/shopify")
    _import(stage, made)
    conditions = {each.title: each.id for each in supercycle.world.conditions.values()}
    for number in list(supercycle.world.items):
        supercycle.grade(number, conditions[goods.NEW])
    stage.settings.append(installation.write_circular_settings(conditions))
    Path(stage.folder / _MASTER).write_text(goods.item_master(), encoding="utf-8")
    stage.apart.skus.update(goods.SKUS)
    stage.apart.orders.add(Collision().number)
    customers = {name: shop.add_customer(name, f"{name.split()[0].lower()}@example.com").id for name in CUSTOMERS}
    return Circular(stage, {sku: product.variants[0] for sku, product in made.items()}, customers, conditions)


def _import(stage: Stage, made: dict[str, Product]) -> None:
    """Staff have Supercycle import what is rented: it becomes items there, and the shop stops counting it."""
    for each in GOODS:
        if each.rented:
            stage.supercycle.import_product(int(made[each.sku].id.rpartition("/")[2]))
    stage.supercycle.deliver_due()


PART = Part("circular", "Rental, resale and trade-in", 30, _join)
