"""Where what a case is about is seen: the page of its product, payment, claim, connection or order, as far as there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from trueup.console.visit import Visit
from trueup.storage.views.case_subjects import is_order, is_product, is_run, payment_of
from trueup.storage.views.recovery import find_claim_of_case
from trueup.workflows.pause_connection import is_connection

_OF_CONNECTIONS = ("source", "connection", "hints", "reports")
_OF_PAYMENTS = ("payment", "charge")


@dataclass(frozen=True, slots=True)
class CasePlace:
    """A page: its address, its icon, and what it is the page of."""

    href: str
    icon: str
    words: str


def places_of(visit: Visit, case: Mapping[str, Any]) -> list[CasePlace]:
    """The pages of what a case is about, beside that of its order. Only such as there are: a product may be the buyer's alone."""
    return list(_places(visit, case))


def _places(visit: Visit, case: Mapping[str, Any]) -> Iterator[CasePlace]:
    thing, _, rest = case["subject"].partition(" ")
    first = rest.partition(" ")[0]
    sku = _sku_of(case)
    if sku and is_product(visit.connection, sku):
        yield CasePlace(f"/stock/{quote(sku)}", "box", f"Stock of {sku}")
    if thing in _OF_CONNECTIONS and is_connection(visit.desk.world, first):
        yield CasePlace(f"/connections/{quote(first)}", "plug", f"Connection {first}")
    elif thing in _OF_PAYMENTS and "/" in first:
        partner, _, payment = first.partition("/")
        if (found := payment_of(visit.connection, partner, payment)) is not None:
            yield CasePlace(f"/remittances/{found}", "cash", f"Payment {payment} of {partner}")
    elif thing == "claim" and (claim := find_claim_of_case(visit.connection, case["id"])):
        yield CasePlace(f"/deductions/{claim}", "receipt", "Deduction with its lines")
    elif thing == "order" and not case["order"] and is_order(visit.connection, first):
        yield CasePlace(f"/orders/{quote(first)}", "shopping-cart", f"Order {first}")
    elif thing == "trade-in":
        yield CasePlace(f"/trade-ins/{quote(rest)}", "recycle", f"Trade-in {rest}")
    elif thing == "run" and is_run(visit.connection, rest):
        yield CasePlace(f"/flows/{quote(rest)}", "route", "Run with its steps")


def _sku_of(case: Mapping[str, Any]) -> str:
    """The product that a case is about, or that made it; "" where it is of none."""
    thing, _, name = case["cause"].partition(" ")
    return name if thing == "item" else ""
