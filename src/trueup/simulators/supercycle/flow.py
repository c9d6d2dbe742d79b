"""Shopify Flow: a merchant's workflows that tell a URL when Supercycle's triggers fire, with a header and a body of their own.

Not a webhook of Supercycle: nobody signs it, the secret is what the merchant put into a header. Its words differ from the
API's (`status.FLOW_RETURN`, `status.flow_status_of`), its ids are gid://supercycle/Rental/12345. Source: the automation pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

from trueup.simulators.supercycle import shapes
from trueup.simulators.supercycle.faults import Faults
from trueup.simulators.supercycle.outbox import Outbox
from trueup.simulators.supercycle.records import Rental, ReturnOrder
from trueup.simulators.supercycle.status import FLOW_RETURN, flow_status_of, received_part
from trueup.simulators.supercycle.world import Kept, World

Trigger = Literal["cycle_created", "return_created", "return_updated", "item_conflict"]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A trigger and the action "Send HTTP request": `body` is a text whose {{ rental.id }} and the like are filled in."""

    trigger: Trigger
    url: str
    body: str = '{"id": "{{ rental.id }}"}'
    headers: Mapping[str, str] = field(default_factory=dict)


class Flow:
    """The merchant's workflows, run late, at times twice, at times never."""

    def __init__(self, world: World, outbox: Outbox, faults: Faults) -> None:
        self._world, self._outbox, self._faults = world, outbox, faults
        self.workflows: list[Workflow] = []
        self._seen: set[tuple[str, int]] = set()

    def hear(self, record: Kept) -> None:
        """A record changed: its triggers fire."""
        if not isinstance(record, Rental | ReturnOrder):
            return
        key = (type(record).__name__, record.id)
        first = key not in self._seen
        self._seen.add(key)
        if isinstance(record, ReturnOrder):
            self._fire("return_created" if first else "return_updated", record)
        else:
            if first:
                self._fire("cycle_created", record)
            if record.timeline and record.timeline[-1].event_type == "item_conflict":
                self._fire("item_conflict", record)

    def _fire(self, trigger: Trigger, record: Rental | ReturnOrder) -> None:
        for workflow in self.workflows:
            if workflow.trigger == trigger:
                self._run(workflow, payload_of(self._world, record))

    def _run(self, workflow: Workflow, payload: Mapping[str, Any]) -> None:
        content = filled(workflow.body, payload).encode()
        headers = {"content-type": "application/json", **workflow.headers}

        def send(client: httpx2.Client) -> None:
            client.post(workflow.url, content=content, headers=headers).raise_for_status()

        if self._faults.strike("flow_lost", [workflow.trigger]):
            return
        late = self._faults.strike("flow_delayed", [workflow.trigger])
        seconds = self._world.settings.flow_seconds + (late.seconds if late else 0.0)
        times = 2 if self._faults.strike("flow_duplicate", [workflow.trigger]) else 1
        for _ in range(times):
            self._outbox.queue("flow", workflow.trigger, send, seconds)


def filled(template: str, payload: Mapping[str, Any]) -> str:
    """A body with its variables filled in; one that is not there is empty, as Liquid has it."""

    def value_of(found: re.Match[str]) -> str:
        value: Any = payload
        for name in found[1].split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return "" if value is None else str(value)

    return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", value_of, template)


def payload_of(world: World, record: Rental | ReturnOrder) -> dict[str, Any]:
    """What a workflow can put into its body."""
    customer = {"id": record.customer.id if record.customer else None}
    if isinstance(record, Rental):
        return {"customer": customer, "rental": _rental(world, record)}
    late = any(
        line.rental is not None
        and line.status == "awaiting"
        and (line.rental.receive_at or world.today()) < world.today()
        for line in record.lines
    )
    order = {
        "formattedId": f"#{record.sequential_id}",
        "sequentialId": record.sequential_id,
        "receivalStatus": FLOW_RETURN["late" if late else received_part(record)],
        "createdAt": shapes.instant(record.created_at),
        "requestedAt": shapes.instant(record.requested_at),
        "tags": ", ".join(record.tags),
        "rentals": [_rental(world, line.rental) for line in record.lines if line.rental],
    }
    return {"customer": customer, "returnOrder": order}


def _rental(world: World, rental: Rental) -> dict[str, Any]:
    return {
        "id": f"gid://supercycle/Rental/{rental.id}",
        "formattedId": f"SC-{rental.sequential_id}",
        "sequentialId": rental.sequential_id,
        "status": flow_status_of(rental, world.today()),
        "orderId": rental.line.order_id,
        "lineItemId": rental.line.line_id,
        "fulfilledAt": shapes.instant(rental.fulfilled_at),
        "receivedAt": shapes.instant(rental.received_at),
    }
