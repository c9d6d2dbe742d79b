"""Purchase orders of three buyers, through lies, scarcity and people, to a proven answer and stock held in the shop."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.base.clock import write_instant
from trueup.base.errors import Conflict
from trueup.demo.archive import EVERYTHING
from trueup.demo.part import OF_FINANCE, Cue, Part, Player, Rows, Stage, person, plain, take_in_items
from trueup.domain.cases import Resolution
from trueup.simulation import catalogue, installation
from trueup.simulation.auditor import audit
from trueup.simulation.happenings import Act, Happening, amazon_order
from trueup.simulation.operator import Operator
from trueup.simulation.plan import Plan, make_plan
from trueup.simulation.statements.evidence import Statement
from trueup.simulation.summary import summarise
from trueup.simulators.amazon.access import BRAND_ANALYTICS, DIRECT_SHIPPING, FINANCE, FULFILLMENT, TRACKING
from trueup.simulators.amazon.control import state as amazon_state
from trueup.simulators.edi_buyer import EdiBuyer
from trueup.storage.views.cases import list_cases
from trueup.storage.views.orders import list_orders, show_order
from trueup.storage.views.status import list_deliveries, show_status
from trueup.workflows.resolve_case import approve_proposal, resolve_case


@dataclass
class PurchaseOrders(Player):
    """The plan of the simulated world as it is played."""

    stage: Stage
    plan: Plan
    buyer: EdiBuyer
    operator: Operator
    sold: int = 0
    sold_out: int = 0
    decided: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, app: Application) -> None:
        """The item master is taken in."""
        super().begin(app)
        take_in_items(app, self.stage.folder / "item-master.csv")

    def cues(self) -> Iterable[Cue]:
        """Each happening of the plan."""
        for happening in self.plan.happenings:
            yield Cue(happening.at, lambda happening=happening: self._happen(happening))  # type: ignore[misc]

    def _happen(self, happening: Happening) -> None:
        details = happening.details
        match happening.act:
            case Act.ORDER:
                self._place(details["number"])
            case Act.CHANGE:
                self.stage.amazon.change_order(details["number"], details["change"])
            case Act.CLOSE:
                self.stage.amazon.close_order(details["number"])
            case Act.AMAZON_FAULT:
                self.stage.amazon.add_fault(details["fault"])
            case Act.SHOP_FAULT:
                self.stage.shop.add_fault(**details["fault"])
            case Act.SALE:
                self._sell(details["sku"], details["quantity"])
            case Act.EDI_FILE:
                self.buyer.send_trouble(details["kind"], self.plan.order(details["number"]).as_json())
            case Act.EDI_LOOK:
                self.buyer.look()
            case Act.DECIDE:
                self._decide()

    def _place(self, number: str) -> None:
        order = self.plan.order(number)
        if order.route == "edi":
            self.buyer.send_order(order.as_json())
        else:
            self.stage.amazon.add_orders(amazon_order(order))

    def _sell(self, sku: str, quantity: int) -> None:
        try:
            self.stage.shop.sell(sku, quantity)
            self.sold += quantity
        except Conflict:
            self.sold_out += quantity

    def _decide(self) -> None:
        with self.app.database.transaction() as connection:
            cases = list_cases(connection, limit=EVERYTHING)
        decider, approver = person(self.app, installation.DECIDER), person(self.app, installation.APPROVER)
        limit = self.app.settings.installation.two_persons_above
        for choice in self.operator.choose(cases):
            resolution = Resolution(choice.resolution)
            decided = self.app.engine.act(resolve_case, choice.case, resolution, decider, choice.note, limit)
            if decided.proposal is not None:
                self.app.engine.act(approve_proposal, decided.proposal, approver)
            row = {"case": choice.case, "resolution": choice.resolution, "proposal": decided.proposal}
            self.decided.append({**row, "at": write_instant(self.stage.clock.now())})

    def progress(self, connection: sa.Connection) -> Rows:
        """Orders, answers, stock."""
        status = show_status(connection)
        answers = {
            kind.removeprefix("acknowledgement "): count
            for kind, count in status["deliveries"].items()
            if kind.startswith("acknowledgement ")
        }
        sent = sum(count for state, count in answers.items() if state not in ("prepared", "superseded"))
        return [
            ("purchase orders", str(status["orders"])),
            ("answers", f"{sent} sent, {answers.get('accepted', 0)} proven at the buyer"),
            ("stock reserved", f"{status['reserved_eaches']} eaches, {status['claimed_eaches']} claimed in the shop"),
        ]

    def evidence(self) -> dict[str, Any]:
        """What Amazon, the shop, the trading partner and Trueup say of the orders."""
        apart = self.stage.apart
        with self.app.database.transaction() as connection:
            listed = [row for row in list_orders(connection, limit=EVERYTHING) if row["number"] not in apart.orders]
            ours = {
                "orders": [show_order(connection, row["id"]) for row in listed],
                "cases": [
                    case
                    for case in list_cases(connection, state=None, limit=EVERYTHING)
                    if not case["kind"].startswith(OF_FINANCE) and not apart.is_case(case)
                ],
                "deliveries": list_deliveries(connection, limit=EVERYTHING),
                "status": show_status(connection),
            }
        return {
            "plan": self.plan.vendor,
            "amazon": apart.rest_of_amazon(plain(amazon_state(self.stage.amazon))),
            "shopify": apart.rest_of_shop(plain(self.stage.shop.state())),
            "buyer": self.buyer.state(),
            "trueup": ours,
            "decided": list(self.decided),
            "shoppers": {"sold": self.sold, "sold_out": self.sold_out},
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Orders, answers, money by currency, cases, lies and shoppers."""
        return summarise(evidence)

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of orders, answers, stock and records."""
        return audit(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        lines, cases, lies = summary["lines"], summary["cases"], summary["lies_told"]
        split = f"{lines['accepted']} accepted, {lines['backordered']} backordered, {lines['rejected']} rejected"
        rows = [
            (
                "purchase orders",
                f"{summary['orders']['known']} with {lines['lines']} lines, {summary['products']} products",
            ),
            ("lines", f"{split}, {lines['unanswered']} with a person (a line may be split)"),
            ("answers", ", ".join(f"{count} {state}" for state, count in summary["answers"].items())),
        ]
        for currency, sums in summary["money"].items():
            words = ", ".join(f"{sums[name]} {name}" for name in ("ordered", "accepted", "backordered", "rejected"))
            rows.append((f"money, {currency}", words))
        counts = f"{cases['opened']} opened, {cases['by_people']} decided by people, {cases['still_open']} open"
        told = f"{sum(lies['amazon'].values())} by Amazon, {sum(lies['shopify'].values())} by the shop"
        return [
            *rows,
            ("cases", f"{counts} ({', '.join(cases['money_at_risk']) or 'no money'} at risk)"),
            ("lies lived through", f"{told}, {lies['edi']} broken files"),
            ("storefront meanwhile", f"{summary['shoppers']['sold']} pieces sold"),
        ]

    def commands(self) -> list[str]:
        """Orders, their cases and the way to an answer."""
        explain = "orders explain " + self.plan.orders[0].number
        return ["orders list", "cases list --sort money", explain, "deliveries list", "status"]


def _join(stage: Stage) -> PurchaseOrders:
    plan = make_plan(stage.seed)
    hidden = {name: f"{name}-{secrets.token_hex(16)}" for name in installation.SECRETS}
    stage.secrets |= hidden
    _furnish(stage, plan)
    for name in ("edi/in", "edi/out", "edi/done"):
        (stage.folder / name).mkdir(parents=True)
    (stage.folder / "item-master.csv").write_bytes(catalogue.item_master(plan.products))
    locations = {place["name"]: place["id"] for place in stage.shop.state()["locations"]}
    urls = stage.urls
    addresses = installation.Addresses(
        urls.amazon, urls.shop, urls.supercycle, locations, str(stage.data), stage.seed, stage.console
    )
    stage.settings.append(installation.write_settings(addresses))
    buyer = EdiBuyer(stage.folder / "edi" / "in", stage.folder / "edi" / "out", stage.clock.now)
    return PurchaseOrders(stage, plan, buyer, Operator(list(plan.decisions)))


def _furnish(stage: Stage, plan: Plan) -> None:
    """Vendor groups, the shop's places and products, the installed app."""
    for partner in ("amazon-us", "amazon-de"):
        stage.amazon.add_vendor_group(
            refresh_token=stage.secrets[partner],
            client_id="amzn1.application-oa2-client.riverside",
            client_secret=stage.secrets["amazon-app"],
            vendor_codes=[terms.vendor_code for terms in installation.every_terms(partner)],
            roles=(FULFILLMENT, TRACKING, FINANCE, BRAND_ANALYTICS, DIRECT_SHIPPING),
        )
    for name in (catalogue.WAREHOUSE, catalogue.ANNEX):
        stage.shop.add_location(name)
    stage.shop.add_app(installation.SHOP_CLIENT, stage.secrets["shopify-app"])
    stage.shop.add_products(catalogue.shop_products(plan.products))


PART = Part("orders", "Purchase orders, answers and stock", 10, _join)
