"""Limits of counts: what a file or a program says lies there is taken from one person up to a limit, and from two above it.

By the worth of what all counts of it change together, each without its sign, and what the same person declared alone within a
day: goods that move from one product to another on paper are no less, nor is a file in parts. Above the limit nothing is taken; it
is proposed whole, and whoever approves it takes in its very bytes. What a warehouse leaves in its folder is nobody's word, and is
taken as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trueup.base.clock import read_instant
from trueup.base.errors import Conflict, Invalid
from trueup.base.money import Money
from trueup.durable.tally import Tally
from trueup.storage import acts, products, stock
from trueup.storage.views.stock import last_counted, list_counted_since, list_on_hand
from trueup.workflows.authority import demand_role
from trueup.workflows.day_of_counts import declared_alone, kept_for_the_day, takes_two, with_the_day, worth_json
from trueup.workflows.declare_stock import Said, declare_stock
from trueup.workflows.resolve_case import Person
from trueup.workflows.take_in_counts import UPLOADED, Declared, look_at_counts, not_taken, take_in_counts
from trueup.workflows.world import Tx

ACT = "stock.declare"
"""The proposal that waits for a second person."""
MOST_SHOWN = 20


def declare_within(
    tx: Tx, content: bytes, person: Person, two_persons_above: Money | None
) -> tuple[Declared, int | None]:
    """Take archived counts in; or, above the limit, the number of the proposal, and what would be taken.

    Raises as `declare_stock`.
    """
    demand_role(person, "stock.declare")
    seen = look_at_counts(tx, content)
    if seen.errors:
        return declare_stock(tx, content, person), None
    alone, worth = _held(tx, seen, person.name)
    if not takes_two(worth, alone, two_persons_above):
        return declare_stock(tx, content, person, day=kept_for_the_day(worth_json(worth))), None
    seen = look_at_counts(tx, content)  # what lies there may have changed until it was held
    return seen, _propose(tx, seen, with_the_day(worth, alone), (person.name, person.standing))


def take_in_uploaded(tx: Tx, content: bytes, digest: str) -> None:
    """Counts that a person handed in, read by a run: above the installation's limit they wait for a second person.

    Raises Unreadable as `take_in_counts`.
    """
    seen = look_at_counts(tx, content)
    if seen.errors:
        raise not_taken(seen)
    by = _uploader(tx, digest)
    alone, worth = _held(tx, seen, by)
    if not by or not takes_two(worth, alone, tx.resources.two_persons_above):
        take_in_counts(tx, content, (by, worth_json(worth) if by else {}))
        return
    _propose(tx, seen, with_the_day(worth, alone), (by, UPLOADED))
    tx.count(Tally("counts", len(seen.counts), {}, {"wait for a second person": len(seen.counts)}))


def approve_counts(tx: Tx, proposal_id: int, person: Person) -> Declared:
    """The second person: the proposed file is taken in, unless something of it was counted since. Raises as `declare_stock`."""
    demand_role(person, "stock.declare")
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    content = tx.resources.read(tx.connection, row["arguments"]["digest"])
    seen = look_at_counts(tx, content)
    if not seen.errors:
        stock.lock_places(tx.connection, _places(seen.counts))
        since = list_counted_since(tx.connection, _places(seen.counts), row["proposed_at"])
        if since:
            raise Conflict(
                f"Proposal {proposal_id}: {since[0]} was counted meanwhile{_and_more(len(since) - 1)}; nothing was changed. "
                "Hand in the counts of now."
            )
    done = declare_stock(tx, content, person, Said(row["proposed_by"], row["proposed_at"]))
    if not done.taken:
        raise Invalid(f"Proposal {proposal_id}: {not_taken(done)}; mend that, or hand the counts in anew.")
    return done


def _held(tx: Tx, seen: Declared, by: str) -> tuple[dict[str, Money], list[Money]]:
    """What somebody ("": nobody) declared alone within a day, and what these counts are worth beside it.

    It is worked out when the person, the proposal and the stock are held, in this order.
    """
    alone = declared_alone(tx, by) if by else {}
    acts.hold_proposal(tx.connection, ACT, _words(seen))
    stock.lock_places(tx.connection, _places(seen.counts))
    return alone, worth_of(tx, seen.counts)


def worth_of(tx: Tx, counts: Sequence[Mapping[str, Any]]) -> list[Money]:
    """What the counts change of what lies there by the ledger, each without its sign, in each currency.

    By the dearest cost that a buyer agreed to; what has no agreed cost has no worth, as in a count by hand.
    """
    skus = {each["sku"] for each in counts}
    lies = list_on_hand(tx.connection, skus)
    costs = {
        product.sku: max(known, key=lambda cost: cost.value)
        for product, listings in products.load_products(tx.connection, sorted(skus))
        if (known := [each.cost for each in listings if each.cost is not None])
    }
    sums: dict[str, Money] = {}
    for each in counts:
        cost = costs.get(each["sku"])
        if cost is not None:
            changed = abs(each["on_hand"] - lies.get((each["sku"], each["location"]), 0))
            worth = cost.times(changed)
            sums[worth.currency] = sums[worth.currency] + worth if worth.currency in sums else worth
    return [sums[currency] for currency in sorted(sums)]


def _propose(tx: Tx, seen: Declared, worth: Sequence[Money], maker: tuple[str, str]) -> int:
    """`maker`: who, and by what standing."""
    by, standing = maker
    words = _words(seen)
    last = last_counted(tx.connection, _places(seen.counts))
    told = {
        "digest": seen.digest,
        "words": words,
        "value": " and ".join(str(each) for each in worth),
        "changes": _largest(tx, seen.counts),
        "seen": last,
    }
    # It is of an instant after every count that it knows, and so is what is declared by it. The same file of the same person waits
    # as it is; after another count of anything in it, it is a proposal of now.
    at = max(tx.now, read_instant(last) + timedelta(microseconds=1)) if last else tx.now
    return acts.replace(tx.connection, acts.Proposal(ACT, words, told, "", by), at, standing)


def _words(seen: Declared) -> str:
    """How acts and proposals speak of a file of counts."""
    count = len(seen.counts)
    return f"{count:,} {'count' if count == 1 else 'counts'} of document {seen.digest[:12]}"


def _places(counts: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(each["sku"], each["location"]) for each in counts]


def _largest(tx: Tx, counts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What changes most, for whoever is to approve it: the whole stands in the document."""
    lies = list_on_hand(tx.connection, {each["sku"] for each in counts})
    told = [
        {"sku": each["sku"], "location": each["location"], "before": lies.get((each["sku"], each["location"]))}
        | {"on_hand": each["on_hand"]}
        for each in counts
    ]
    told.sort(key=lambda each: (-abs(each["on_hand"] - (each["before"] or 0)), each["sku"], each["location"]))
    return told[:MOST_SHOWN]


def _uploader(tx: Tx, digest: str) -> str:
    """The person who handed a document in last; "" for nobody."""
    done = acts.list_acts(tx.connection, f"document {digest}", limit=20)
    return next((str(each["actor"]) for each in done if each["act"] == "document.uploaded"), "")


def _and_more(count: int) -> str:
    return f", and {count:,} more" if count > 0 else ""
