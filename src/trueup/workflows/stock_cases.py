"""Cases about stock in channels: what drifted, what was refused, what nobody can say, with both numbers and their money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.partners import CostBasis
from trueup.domain.publishing import Drift, ShownStock
from trueup.storage import cases, products
from trueup.storage.publications import ChannelItem, Publication
from trueup.storage.stock_writes import StockWrite, WriteRow
from trueup.workflows.world import Tx

DRIFT, REFUSED, UNTRACKED, GONE, UNANSWERED, LATE = (
    "stock.drift",
    "stock.refused",
    "stock.untracked",
    "stock.gone",
    "stock.unanswered",
    "stock.late",
)
OWNER = "e-commerce"


def subject_of(channel: str, sku: str, location: str) -> str:
    """What a case about a product at a place of a channel is about."""
    return f"stock {channel} {sku} {location}"


def worth(tx: Tx, sku: str, eaches: int) -> Money | None:
    """What eaches of a product are worth at the cost agreed for it, whole cases where that is per case; None without one."""
    for product, listings in products.load_products(tx.connection, [sku]):
        for listing in listings:
            if listing.cost is not None:
                by_case = product.case_size and _is_per_case(tx, listing.vendor_code)
                return listing.cost.times(-(-abs(eaches) // (product.case_size or 1)) if by_case else abs(eaches))
    return None


def _is_per_case(tx: Tx, vendor_code: str) -> bool:
    partners = tx.resources.agreed.now(tx.connection)
    found = (partner.agreement(vendor_code, tx.now) for partner in partners.values())
    return any(terms is not None and terms.cost_basis is CostBasis.CASE for terms in found)


def tell_drift(tx: Tx, known: Publication, drift: Drift, told: tuple[str, str]) -> None:
    """Both numbers, our last word on them, what moved last, and what the difference is worth. `told`: the words of what makes
    ours, and the evidence of theirs."""
    words, evidence = told
    channel = known.place.channel
    last = (
        f"our last write was taken on {known.accepted_at:%Y-%m-%d %H:%M} UTC" if known.accepted_at else "none was taken"
    )
    because = f" ({known.why})" if known.why else ""
    fewer = drift.what == "on hand" and drift.theirs < drift.ours
    draft = CaseDraft(
        kind=DRIFT,
        subject=subject_of(channel, drift.sku, drift.location),
        title=f"{channel} shows {drift.theirs} of {drift.sku} {drift.what} at {drift.location}, expected {drift.ours}: "
        + (f"{drift.ours - drift.theirs} lie there and are not offered" if fewer else "it sells what is not there"),
        expected=f"{drift.ours} {drift.what}: {words}; {last}{because}",
        found=f"{drift.theirs} {drift.what}",
        money_at_risk=worth(tx, drift.sku, drift.theirs - drift.ours),
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=evidence,
    )
    cases.open_case(tx.connection, draft, tx.now)


def close_drift(tx: Tx, channel: str, sku: str, location: str) -> None:
    """The numbers agree again."""
    cases.close_case(tx.connection, DRIFT, subject_of(channel, sku, location), why="the numbers agree", now=tx.now)


def tell_refused(tx: Tx, channel: str, row: WriteRow, words: str, evidence: str) -> int:
    """The channel does not take a number, and will not take it again. Returns the case's id."""
    what = row.count or row.hold
    assert what is not None, "a row of a write sets something"
    wanted = f"{row.count.eaches} on hand" if row.count else f"{row.held} held"
    draft = CaseDraft(
        kind=REFUSED,
        subject=subject_of(channel, what.sku, what.location),
        title=f"{channel} refuses the stock of {what.sku} at {what.location}: {words}",
        expected=f"{wanted} ({row.why})",
        found=words,
        money_at_risk=worth(tx, what.sku, row.count.eaches if row.count else row.held),
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=evidence,
    )
    return cases.open_case(tx.connection, draft, tx.now)


def close_refused(tx: Tx, channel: str, places: Iterable[tuple[str, str]]) -> None:
    """It takes them now."""
    why = dict.fromkeys((REFUSED, LATE, GONE), "taken since")
    standing = set[str]().union(*(cases.open_subjects(tx.connection, kind) for kind in why))
    for sku, location in places:
        if (subject := subject_of(channel, sku, location)) in standing:
            cases.close_cases(tx.connection, why, subject, tx.now)


def tell_late(tx: Tx, each: Publication, waited: timedelta) -> None:
    """What a channel should show is not there in time."""
    place, standing = each.place, each.standing
    minutes = int(waited.total_seconds() // 60)
    believed = "an unknown number" if standing.believed is None else f"{standing.believed} on hand"
    draft = CaseDraft(
        kind=LATE,
        subject=subject_of(place.channel, place.sku, place.location),
        title=f"{place.channel} has not taken the stock of {place.sku} at {place.location} for {minutes} minutes",
        expected="what changed here, within minutes",
        found=f"{believed} there, as far as we know",
        money_at_risk=worth(tx, place.sku, standing.believed or 1),
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now)


def tell_untracked(tx: Tx, channel: str, shown: ShownStock) -> None:
    """The channel sells a product of ours without counting it."""
    draft = CaseDraft(
        kind=UNTRACKED,
        subject=subject_of(channel, shown.sku, "everywhere"),
        title=f"{channel} does not track {shown.sku}, whose count is ours: it is sold there without limit",
        expected="a product that the channel tracks, so that it takes our count",
        found="inventory tracking is off",
        money_at_risk=worth(tx, shown.sku, max(1, shown.committed)),
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now)


def close_untracked(tx: Tx, channel: str, sku: str) -> None:
    """It is tracked."""
    cases.close_case(tx.connection, UNTRACKED, subject_of(channel, sku, "everywhere"), why="tracked", now=tx.now)


def tell_gone(tx: Tx, place: ChannelItem) -> int:
    """The channel no longer knows the item, or it bears another SKU. Returns the case's id."""
    draft = CaseDraft(
        kind=GONE,
        subject=subject_of(place.channel, place.sku, place.location),
        title=f"{place.channel} no longer has {place.sku} as {place.item}: nothing can be published for it",
        expected=f"{place.sku} under its id {place.item}",
        found="no such item, or another SKU",
        money_at_risk=None,
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    return cases.open_case(tx.connection, draft, tx.now)


def tell_unanswered(tx: Tx, write: StockWrite, words: str) -> None:
    """A write whose end nobody can say: its key is forgotten there, and it is not repeated."""
    draft = CaseDraft(
        kind=UNANSWERED,
        subject=f"stock-write {write.key}",
        title=f"{write.channel} never said what became of {len(write.rows)} {write.kind.value}; they are read and decided anew",
        expected=f"an answer to the write of {write.made_at:%Y-%m-%d %H:%M} UTC",
        found=words,
        money_at_risk=None,
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )
    cases.open_case(tx.connection, draft, tx.now)
