"""`trueup remittances drift`: what payments settle of each order, beside what the shop says that the order is worth."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from trueup.base.money import Money
from trueup.checks.settlement_drift import OrderDrift, Standing, load_drift
from trueup.cli.frame import Result, Session, command
from trueup.cli.importing import one_partner
from trueup.cli.statements import grouped
from trueup.cli.tables import Column
from trueup.cli.uploads import read_upload
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.settle_remittance import KIND, read_remittances, take_in
from trueup.workflows.world import Tx

_COLUMNS = (
    Column("partner", "partner", spare=True),
    Column("order", "order"),
    Column("in the shop", "shop_order"),
    Column("worth", lambda row: grouped(row["worth"]), number=True),
    Column("billed", lambda row: grouped(row["billed"]), number=True, spare=True),
    Column("settled", lambda row: grouped(row["settled"]), number=True),
    Column("drift", lambda row: grouped(row["drift"]), number=True),
    Column("claimed", lambda row: grouped(row["claimed"]), number=True, spare=True),
    Column("due", "due_on", spare=True),
    Column("stands", "stands"),
)
_WRONG = (Standing.DRIFTS, Standing.NO_ORDER, Standing.ORPHAN)


def register(group: typer.Typer) -> None:
    """Add the command to `trueup remittances`."""
    command(group, "drift", example="trueup remittances drift --file Payments.xlsx")(show_drift)


def show_drift(
    session: Session,
    payment: Annotated[
        str | None, typer.Option(help="Only the orders that this payment settles.", metavar="NUMBER")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A remittance that is not imported yet: how the orders would stand after it.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="Of this partner.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also orders that agree or still have time.")] = False,
) -> Result:
    """Hold payments against the orders of the shop, before or after they are booked. Exit code 1 when any drifts.

    Without tax, claims beside it: a claim is a case of its own and no drift.
    """
    with session.open() as app:
        if file is None:
            found = app.act(True, _load, partner, payment)
        else:
            whose = one_partner(tuple(app.world.partners), partner)
            found = app.act(True, _load_after, read_upload(file), file.name, whose)
    rows = [_row(each) for each in found if everything or each.standing in _WRONG]
    wrong = [each for each in found if each.standing in _WRONG]
    nothing = (
        "Every order is paid what the shop says it is worth, or still has time." if found else "No order is known yet."
    )
    return Result(rows, _COLUMNS, findings=bool(wrong), remark=_sums(wrong), nothing=nothing)


def _load(tx: Tx, partner: str | None, payment: str | None) -> list[OrderDrift]:
    number = payment.partition("/")[2] or payment if payment is not None else None
    return load_drift(tx.connection, tx.now.date(), partner=partner, payment=number)


def _load_after(tx: Tx, content: bytes, name: str, partner: str) -> list[OrderDrift]:
    """How the orders stand once a file is booked; the caller rolls all of it back."""
    digest = tx.resources.keep(tx.connection, content, kind=KIND, source=partner, name=name)
    told = read_remittances(tx, digest).values
    take_in(tx, partner, told, digest)
    reconcile_partner(tx, partner)
    found: dict[tuple[str, str, str], OrderDrift] = {}
    for remittance in told:
        for each in load_drift(tx.connection, tx.now.date(), partner=partner, payment=remittance.payment):
            found[each.partner, each.order, each.currency] = each
    return list(found.values())


def _row(each: OrderDrift) -> dict[str, Any]:
    def money(minor: int | None) -> str | None:
        return str(Money(minor, each.currency)) if minor is not None else None

    return {
        "partner": each.partner,
        "order": each.order,
        "shop_order": each.shop_order,
        "worth": money(each.value),
        "billed": money(each.billed),
        "settled": money(each.settled),
        "open": money(each.open),
        "claimed": money(each.claimed),
        "drift": str(each.drift),
        "at_risk": str(each.at_risk),
        "due_on": each.due_on.isoformat(),
        "stands": each.standing.value,
    }


def _sums(wrong: list[OrderDrift]) -> str:
    """How many orders of each kind, and their money."""
    counts = Counter((each.standing, each.currency) for each in wrong)
    sums: Counter[tuple[Standing, str]] = Counter()
    for each in wrong:
        sums[each.standing, each.currency] += each.at_risk.minor
    told = [
        f"{standing.value}: {counts[standing, currency]}, {grouped(str(Money(sums[standing, currency], currency)))}"
        for standing, currency in sorted(counts)
    ]
    return "; ".join(told)
