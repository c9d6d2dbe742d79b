"""SupercycleV1: one Supercycle installation through its API v1, as every capability of a circular system.

v1 has no idempotency keys. An item is looked up by its serial before it is made; changes are absolute and may be repeated;
an interrupted creation says `maybe_applied`, and nothing is repeated here. Reading all items is paid from the sweeps' purse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from trueup.base.clock import Clock, write_instant
from trueup.base.errors import Conflict
from trueup.connectors.supercycle.calls import Call, Calls, Purse
from trueup.connectors.supercycle.settings import SupercycleSettings
from trueup.connectors.supercycle.v1 import items
from trueup.connectors.supercycle.v1.calendar import blocking, read_blocked_date, read_timeline
from trueup.connectors.supercycle.v1.cycles import read_cycle, read_return
from trueup.connectors.supercycle.v1.probes import probe_system
from trueup.connectors.supercycle.v1.replies import changed, read_list, read_one, read_page
from trueup.domain.circular import BlockedDate, Cycle, Item, ItemChange, NewItem, ReturnOrder, Timeline
from trueup.remote.access import Credential
from trueup.remote.budget import Budget
from trueup.remote.capability import Probe
from trueup.remote.circular import Batch, CycleQuery, ItemQuery
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed

ROOT = "/api/v1"
PAGE_SIZE = "100"
_MOST_PAGES = 100  # of a search by serial: it should be one


class SupercycleV1:
    """ItemSource, ItemSink, CycleSource, CycleSink, ReturnSource, TimelineSource, BlockedDateSource, BlockedDateSink, Probed.

    `http` goes to `settings.base_url`. Safe to share between threads.
    """

    def __init__(self, settings: SupercycleSettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self.settings = settings
        self._calls = Calls(settings, http, budget, clock)
        self._item = partial(items.read_item, currency=settings.currency)

    def __repr__(self) -> str:
        return f"SupercycleV1({self.name!r}, {self.settings.base_url!r})"

    @property
    def name(self) -> str:
        """The name it has in the settings."""
        return self.settings.name

    def fetch_items(self, query: ItemQuery, page: str | None) -> Observed[Batch[Item]]:
        """A hundred items. v1 has no filter of what changed."""
        params = _params(page, serial=query.serial, sku=query.sku, visibility=query.visibility)
        narrow = query.serial or query.sku
        call = Call("GET", f"{ROOT}/items", params, purse=Purse.EVERYTHING if narrow else Purse.SWEEPS)
        return read_page(self._calls.make(call).content, self._what(call), self.settings.zone, self._item)

    def fetch_item(self, item_id: int) -> Observed[Item]:
        """One item."""
        call = Call("GET", f"{ROOT}/items/{item_id}")
        return read_one(self._calls.make(call).content, self._what(call), self.settings.zone, self._item)

    def find_by_serial(self, serial: str) -> Observed[Item | None]:
        """v1 may find serials that merely resemble it; only the very one counts, sold and retired items too."""
        found: list[Item] = []
        trail: list[bytes] = []
        page: str | None = None
        for _ in range(_MOST_PAGES):
            observed = self.fetch_items(ItemQuery(serial=serial), page)
            trail.append(observed.evidence)
            found += [item for item in observed.value.values if item.serial == serial]
            page = observed.value.next_page
            if page is None:
                break
        if len(found) > 1:
            raise Conflict(
                f"{self.name}: {len(found)} items bear the serial {serial!r} ({', '.join(str(each.id) for each in found)}); "
                f"expected one. Correct the wrong one in Supercycle."
            )
        return Observed(found[0] if found else None, b"\n".join(trail))

    def create_item(self, item: NewItem) -> Observed[Item]:
        """One item; v1 answers with a list. Raises ContractChanged with `maybe_applied` when that holds another one."""
        call = Call("POST", f"{ROOT}/items", content=items.creation(item))
        content = self._calls.make(call).content
        observed = read_list(content, self._what(call), self.settings.zone, self._item)
        made = [each for each in observed.value.values if each.serial == item.serial]
        if len(made) != 1:
            words = f"{len(observed.value.values)} items, {len(made)} with serial {item.serial!r}; expected that one"
            raise changed(content, self._what(call), words, writes=True)
        return Observed(made[0], content)

    def change_item(self, item_id: int, change: ItemChange) -> Observed[Item]:
        """Only what is to be another is sent."""
        call = Call("PUT", f"{ROOT}/items/{item_id}", content=items.alteration(change))
        content = self._calls.make(call).content
        return read_one(content, self._what(call), self.settings.zone, self._item, writes=True)

    def fetch_cycles(self, query: CycleQuery, page: str | None) -> Observed[Batch[Cycle]]:
        """A hundred rentals. By `updated` is how Supercycle recommends to follow them."""
        params = _params(
            page,
            itemId=str(query.item) if query.item is not None else None,
            shopifyOrderId=str(items.bare_id(query.order)) if query.order else None,
            shopifyVariantId=str(items.bare_id(query.variant)) if query.variant else None,
        )
        if query.updated_from is not None:
            params["updated[gte]"] = write_instant(query.updated_from)
        if query.updated_before is not None:
            params["updated[lt]"] = write_instant(query.updated_before)
        call = Call("GET", f"{ROOT}/rentals", params)
        return read_page(self._calls.make(call).content, self._what(call), self.settings.zone, read_cycle)

    def fetch_cycle(self, cycle_id: int) -> Observed[Cycle]:
        """One rental."""
        call = Call("GET", f"{ROOT}/rentals/{cycle_id}")
        return read_one(self._calls.make(call).content, self._what(call), self.settings.zone, read_cycle)

    def assign_item(self, cycle_id: int, item_id: int) -> Observed[Cycle]:
        """Whether other cycles of that item are then given others, v1 decides by a flag whose name is not documented."""
        call = Call("PUT", f"{ROOT}/rentals/{cycle_id}", content={"itemId": item_id})
        content = self._calls.make(call).content
        return read_one(content, self._what(call), self.settings.zone, read_cycle, writes=True)

    def fetch_returns(self, page: str | None) -> Observed[Batch[ReturnOrder]]:
        """A hundred returns. v1 documents no filter of what changed."""
        call = Call("GET", f"{ROOT}/return_orders", _params(page), purse=Purse.SWEEPS)
        return read_page(self._calls.make(call).content, self._what(call), self.settings.zone, read_return)

    def fetch_return(self, return_id: int) -> Observed[ReturnOrder]:
        """One return."""
        call = Call("GET", f"{ROOT}/return_orders/{return_id}")
        return read_one(self._calls.make(call).content, self._what(call), self.settings.zone, read_return)

    def fetch_timeline(self, variant: str, location: str | None = None) -> Observed[Timeline]:
        """v1 still spells the parameters of this one with underscores."""
        params = {"variant_shopify_id": str(items.bare_id(variant))}
        if location is not None:
            params["location_id"] = str(items.bare_id(location))
        call = Call("GET", f"{ROOT}/availability_timelines", params, purse=Purse.TIMELINES)
        read = partial(read_timeline, variant=variant)
        return read_one(self._calls.make(call).content, self._what(call), self.settings.zone, read)

    def fetch_blocked_dates(self, page: str | None) -> Observed[Batch[BlockedDate]]:
        """A hundred blocked dates."""
        call = Call("GET", f"{ROOT}/blocked_dates", _params(page), purse=Purse.SWEEPS)
        return read_page(self._calls.make(call).content, self._what(call), self.settings.zone, read_blocked_date)

    def find_blocked_date(self, wanted: BlockedDate) -> Observed[BlockedDate | None]:
        """Among all of that kind of resource."""
        trail: list[bytes] = []
        page: str | None = None
        for _ in range(_MOST_PAGES):
            call = Call("GET", f"{ROOT}/blocked_dates", _params(page, resourceType=str(wanted.resource)))
            content = self._calls.make(call).content
            batch = read_page(content, self._what(call), self.settings.zone, read_blocked_date).value
            trail.append(content)
            for each in batch.values:
                if _same_block(each, wanted):
                    return Observed(each, b"\n".join(trail))
            page = batch.next_page
            if page is None:
                break
        return Observed(None, b"\n".join(trail))

    def block_dates(self, wanted: BlockedDate) -> Observed[BlockedDate]:
        """For good: v1 has no way to take one back."""
        call = Call("POST", f"{ROOT}/blocked_dates", content=blocking(wanted))
        content = self._calls.make(call).content
        return read_one(content, self._what(call), self.settings.zone, read_blocked_date, writes=True)

    def credentials(self) -> Sequence[Credential]:
        """By what it is let in; asks nobody."""
        how = "Supercycle documents no end of a key and tells none: it holds until it is deleted in its settings"
        return [Credential.untold("API key", self.settings.key, how)]

    def probe(self) -> Sequence[Probe]:
        """What works, what is missing, what to do. Writes nothing; never raises for what it finds."""
        return probe_system(self.name, self._calls, tuple(_reads()))

    def _what(self, call: Call) -> str:
        return f"{self.name}: {call}"


def _reads() -> Iterator[tuple[str, Call]]:
    yield "read items", Call("GET", f"{ROOT}/items", {"limit": "1"})
    yield "read cycles", Call("GET", f"{ROOT}/rentals", {"limit": "1"})
    yield "read returns", Call("GET", f"{ROOT}/return_orders", {"limit": "1"})
    yield "read blocked dates", Call("GET", f"{ROOT}/blocked_dates", {"limit": "1"})


def _params(page: str | None, **narrower: str | None) -> dict[str, str]:
    found = {"limit": PAGE_SIZE} | {name: value for name, value in narrower.items() if value is not None}
    return found if page is None else found | {"page": page}


def _same_block(one: BlockedDate, other: BlockedDate) -> bool:
    return (one.resource, one.resource_id, one.first_day, one.last_day) == (
        other.resource,
        other.resource_id,
        other.first_day,
        other.last_day,
    )
