"""Shop drift: a number that a shop shows and that neither what it was told nor what its orders moved explains is a case, both ways.

A parcel lowers the number before its order has reached us. So a number that differs is *doubted* first; it is judged once the
shop's orders are known up to a while after it was read, by its time and not by the time at which somebody looked. What is
explained later, by an order or by the next count, closes its case by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from trueup.domain.publishing import Course, Drift, find_drift
from trueup.storage import cases, publications, shop_courses, sources
from trueup.storage.publications import Publication
from trueup.workflows.stock_cases import DRIFT, close_drift, subject_of, tell_drift
from trueup.workflows.world import Tx

QUERY = "sales"
ORDER_LAG = timedelta(minutes=2)
"""So long an order may be missing from what a shop tells of its orders: its search has been seen to lag by seconds."""
AT_ONCE = 2000


def judge_shown(tx: Tx, channel: str, keys: Iterable[tuple[str, str]], evidence: str = "") -> int:
    """Hold what a channel shows of (sku, location) against what it should. Returns how many are doubted that were not before."""
    every = sorted(keys)
    courses = shop_courses.load_shop_courses(tx.connection, channel, every)
    standing = cases.open_subjects(tx.connection, DRIFT)
    known_until = _known_until(tx, channel)
    doubted = 0
    for each in publications.load_publications(tx.connection, channel, list(courses), lock=True):
        place, shown = each.place, each.standing.shown
        assert shown is not None, f"{place}: judged and never read"
        course = courses[place.sku, place.location]
        drift = find_drift(place.sku, place.location, each.standing, shown, course)
        if drift is None:
            if each.doubted_since is not None:
                publications.note_judged(tx.connection, place, None, None)
            if subject_of(channel, place.sku, place.location) in standing:
                close_drift(tx, channel, place.sku, place.location)
        elif known_until is not None and known_until < shown.observed_at:
            if each.doubted_since is None:
                publications.note_judged(tx.connection, place, shown.observed_at, None)
                doubted += 1
        else:
            publications.note_judged(tx.connection, place, shown.observed_at, drift.ours)
            _tell(tx, each, drift, course, evidence)
    return doubted


def _tell(tx: Tx, each: Publication, drift: Drift, course: Course, evidence: str) -> None:
    shown = each.standing.shown
    assert shown is not None, f"{each.place}: judged and never read"
    last = shop_courses.last_movement(
        tx.connection, each.place.channel, drift.sku, drift.location, shown.observed_at + shop_courses.BLUR
    )
    words = f"its last order moved {last}" if last is not None else "none of its orders moved any"
    seen = evidence or publications.evidence_of(tx.connection, each.place)
    tell_drift(tx, each, drift, (f"{each.standing.published} told, {course.certain:+} by its orders; {words}", seen))


def _known_until(tx: Tx, channel: str) -> datetime | None:
    """Up to when the channel's orders are known; None of a channel that does not tell of them."""
    world = tx.resources
    if channel not in world.connections.sales or channel not in world.sales_shops:
        return None
    covered = sources.load_source(tx.connection, channel, QUERY).covered_until
    return covered - ORDER_LAG if covered is not None else datetime.min.replace(tzinfo=tx.now.tzinfo)


def judge_doubted(tx: Tx, channel: str) -> int:
    """All that is doubted of a channel, in the light of what its orders say by now. Returns how many those were."""
    doubted = publications.list_doubted(tx.connection, channel)
    for first in range(0, len(doubted), AT_ONCE):
        judge_shown(tx, channel, doubted[first : first + AT_ONCE])
    return len(doubted)


def oldest_doubt(tx: Tx, channel: str) -> datetime | None:
    """When the number was read that is doubted longest and was not judged yet."""
    return publications.oldest_unjudged(tx.connection, channel)
