"""Shown stock: what a channel says of its stock is kept, becomes the newest word on it, and is held against what we told it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level
from trueup.domain.publishing import Drift, ShownStock, find_lost_hold
from trueup.durable.tally import Tally
from trueup.storage import cases, publications, stock_looks, stock_writes
from trueup.storage.publications import Publication
from trueup.storage.stock_ledger import record_levels
from trueup.workflows.poll_sales import sales_changed
from trueup.workflows.shop_drift import judge_shown
from trueup.workflows.stock_cases import (
    DRIFT,
    UNTRACKED,
    close_drift,
    close_untracked,
    subject_of,
    tell_drift,
    tell_gone,
    tell_untracked,
)
from trueup.workflows.wanted_stock import is_ours, products_of
from trueup.workflows.world import Tx

KIND = "stock"


def take_in_shown(tx: Tx, channel: str, shown: Sequence[ShownStock], evidence: str) -> int:
    """Returns at how many places the channel had something else than it last showed or took from us.

    A place with a write under way is left out and looked at again: its reply may be from before or from after it. So is one whose
    reply is no younger than our last write there: it is no read-back of it.
    """
    digest = tx.resources.keep(tx.connection, evidence.encode(), kind=KIND, source=channel, name="stock")
    calm, known = _calm(tx, channel, shown)
    fresh = publications.note_shown(tx.connection, channel, calm, digest)
    tx.count(_tally_of(shown, calm, fresh))
    record_levels(tx.connection, [_level(each, channel, digest) for each in _counted(tx, calm)], CountSource.SHOP)
    return _judge_all(tx, channel, [each for each in calm if (each.sku, each.location) in fresh], (known, digest))


def take_in_export(tx: Tx, channel: str, shown: Sequence[ShownStock], digest: str) -> list[str]:
    """What an export shows, dated by its beginning; returns the items of which it was news.

    Where something newer is known the older number says nothing: it is neither believed nor written into history.
    """
    calm, known = _calm(tx, channel, shown)
    told = publications.note_shown(tx.connection, channel, calm, digest)
    tx.count(_tally_of(shown, calm, told))
    fresh = [each for each in calm if (each.sku, each.location) in told]
    record_levels(tx.connection, [_level(each, channel, digest) for each in _counted(tx, fresh)], CountSource.SHOP)
    _judge_all(tx, channel, fresh, (known, digest))
    return [each.item for each in fresh]


def _tally_of(shown: Sequence[ShownStock], calm: Sequence[ShownStock], fresh: Collection[tuple[str, str]]) -> Tally:
    """What became of what was shown: the newest word, older than what is known, or of a place that is being written."""
    became = Counter("the newest word" if (each.sku, each.location) in fresh else "known better" for each in calm)
    there = {(each.sku, each.location) for each in calm}
    became["being written, read again"] = sum(1 for each in shown if (each.sku, each.location) not in there)
    return Tally("shown numbers", len(shown), became)


Known = dict[tuple[str, str], Publication]


def _calm(tx: Tx, channel: str, shown: Sequence[ShownStock]) -> tuple[list[ShownStock], Known]:
    """What is shown of places without a write under way, and what was known of them; the others are looked at again."""
    busy = stock_writes.places_under_way(tx.connection, channel)
    calm = [each for each in shown if (each.sku, each.location) not in busy]
    keys = [(each.sku, each.location) for each in calm]
    before = {
        (each.place.sku, each.place.location): each
        for each in publications.load_publications(tx.connection, channel, keys, lock=True)
    }
    late = [each.item for each in shown if (each.sku, each.location) in busy]
    late += [each.item for each in calm if _is_before_write(each, before.get((each.sku, each.location)))]
    stock_looks.note_looks(tx.connection, channel, late, tx.now, due=tx.now + tx.resources.pace.stock_read_back)
    return calm, before


def _judge_all(tx: Tx, channel: str, fresh: Sequence[ShownStock], known: tuple[Known, str]) -> int:
    """At how many places the channel had something else than we believed."""
    before, digest = known
    news = 0
    lost: set[tuple[str, str]] = set()
    for each in fresh:
        key = (each.sku, each.location)
        standing = before[key].standing
        news += standing.believed is not None and standing.believed != each.on_hand
        if (drift := find_lost_hold(*key, standing, each)) is not None:
            _hold_again(tx, before[key], drift, digest)
            lost.add(key)
    _judge_numbers(tx, channel, [each for each in fresh if (each.sku, each.location) not in lost], known)
    _judge_tracking(tx, channel, fresh)
    return news


def _judge_numbers(tx: Tx, channel: str, shown: Sequence[ShownStock], known: tuple[Known, str]) -> None:
    """What was never told to the channel cannot differ; of what was, an order may be on its way that explains it."""
    before, digest = known
    keys = [(each.sku, each.location) for each in shown]
    told = [key for key in keys if before[key].standing.published is not None]
    if judge_shown(tx, channel, told, digest):
        sales_changed(tx, channel)
    standing = cases.open_subjects(tx.connection, DRIFT)
    for sku, location in set(keys).difference(told):
        if subject_of(channel, sku, location) in standing:
            close_drift(tx, channel, sku, location)


def _hold_again(tx: Tx, known: Publication, drift: Drift, digest: str) -> None:
    """What we hold there is what it shows: it is moved there again."""
    tell_drift(tx, known, drift, ("goods that it must not sell", digest))
    publications.note_held(tx.connection, known.place, drift.theirs)
    publications.mark_changed(tx.connection, [known.place], tx.now)


def _counted(tx: Tx, shown: Sequence[ShownStock]) -> list[ShownStock]:
    """Those whose numbers are the shop's word in the ledger. Where several shops sell from one place that is the word of the shop
    that counts there; what a shop shows of our own count is kept beside what it was told."""
    shared = {place for place in {each.location for each in shown} if len(tx.resources.channels_at(place)) > 1}
    if not shared:
        return list(shown)
    known = products_of(tx, {each.sku for each in shown if each.location in shared})
    return [
        each
        for each in shown
        if each.location not in shared
        or (each.tracked and (found := known.get(each.sku)) and found.count_source is CountSource.SHOP)
    ]


def _is_before_write(shown: ShownStock, known: Publication | None) -> bool:
    return known is not None and known.accepted_at is not None and known.accepted_at >= shown.observed_at


def _level(shown: ShownStock, channel: str, evidence: str) -> Level:
    return Level(
        shown.sku,
        shown.location,
        shown.available,
        shown.committed,
        shown.on_hand,
        shown.tracked,
        shown.observed_at,
        shown.reserved,
        shown.damaged,
        shown.quality_control,
        shown.safety_stock,
        shown.incoming,
        channel,
        evidence,
    )


def _judge_tracking(tx: Tx, channel: str, shown: Sequence[ShownStock]) -> None:
    """A product whose count is ours, and which the channel does not track, is sold there without any count.

    Not so one that is counted item by item: importing it into a circular system turned tracking off, and that system lets
    nobody have an item that is not free.
    """
    known = products_of(tx, [each.sku for each in shown])
    standing = cases.open_subjects(tx.connection, UNTRACKED)
    for each in shown:
        product = known.get(each.sku)
        if product is not None and is_ours(product) and not each.tracked:
            if product.count_source is not CountSource.ITEMS:
                tell_untracked(tx, channel, each)
        elif each.tracked and subject_of(channel, each.sku, "everywhere") in standing:
            close_untracked(tx, channel, each.sku)


def note_gone(tx: Tx, channel: str, items: Sequence[str], shown: Sequence[ShownStock]) -> None:
    """Items that were asked for and are not there, or bear another SKU now: nothing can be published for them."""
    there = {(each.item, each.sku) for each in shown}
    places = publications.find_places(tx.connection, channel, items)
    gone = [place for place in places if (place.item, place.sku) not in there]
    told = [tell_gone(tx, place) for place in gone if publications.unmark(tx.connection, place)]
    out = {"still there": sum(1 for place in places if (place.item, place.sku) in there)}
    tx.count(Tally("places asked for", len(places), out, {"no longer there": len(gone)}, told))
