"""Show retail: Amazon's numbers on the products of a shop, only where they changed, compared before they are set, and read back.

They stand beside the shop's own stock and never in it. Off where the settings name no shop. A number that is not known any more is
taken away: a last value without an end would be believed for ever. What somebody else changed is set right with the next look,
which comes once a day for each product.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.report_plans import ReportTerms
from trueup.domain.retail_numbers import (
    FIELDS,
    RetailNumbers,
    added,
    beyond,
    differing,
    field_values,
    handle_of,
    record_values,
)
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.remote.showcase import FieldWrite, Showcase, ShownFields
from trueup.storage import cases, retail_numbers, sources
from trueup.storage.retail_numbers import Listed, ShownRetail
from trueup.workflows.rounds import Rounds, ask_sooner, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, needs_person, note_failure, note_working
from trueup.workflows.world import Flowing, Tx, World

QUERY = "amazon numbers"
NOT_SHOWN = "report.not-shown"
MOST_PRODUCTS = 300
"""In one round; what is left follows at once."""
LOOK_EVERY = timedelta(days=1)


def show_retail(c: Flowing, source: str) -> None:
    """One round of one source and its shop; then the next is set."""
    plan = c.commit(plan_showing, source)
    failed, forbidden = "", False
    try:
        if plan["products"]:
            c.step(define, plan["shop"])
        for products in _batches(plan["products"]):
            c.commit(note_shown, plan, c.step(show_products, plan["shop"], products))
    except NOT_DONE as error:
        failed, forbidden = str(error), needs_person(error)
    c.commit(finish_showing, source, c.run_id, plan["more"], failed, forbidden)


def ensure_showing(tx: Tx) -> None:
    """Show in every shop, and go on from there. Called whenever a worker starts."""
    for rounds in showing_rounds(tx.resources):
        start_rounds(tx, rounds)


def showing_rounds(world: World) -> list[Rounds]:
    """Every chain: one a source of reports whose numbers a shop shows."""
    return [
        _rounds(world, source)
        for source, terms in world.reports.items()
        if terms.shop is not None and terms.shop in world.connections.showcases
    ]


def ask_showing(tx: Tx, source: str) -> None:
    """Something new is known of a source: its shop is looked after soon."""
    ask_sooner(tx, [rounds for rounds in showing_rounds(tx.resources) if rounds.args == (source,)])


def plan_showing(tx: Tx, source: str) -> dict[str, Any]:
    """The products whose numbers differ from what the shop was last seen to show, and those that are to be looked at again."""
    terms = tx.resources.reports[source]
    wanted = wanted_numbers(tx, source, terms)
    shown = retail_numbers.load_shown(tx.connection, terms.shop or "", terms.marketplace)
    wanted += [_nothing(sku, each, terms) for sku, each in shown.items() if _is_gone(sku, each, wanted)]
    due = [each for each in wanted if _is_due(each, shown.get(each["sku"]), tx.now)]
    return {
        "shop": terms.shop,
        "store": terms.marketplace,
        "products": due[:MOST_PRODUCTS],
        "more": len(due) > MOST_PRODUCTS,
    }


def wanted_numbers(tx: Tx, source: str, terms: ReportTerms) -> list[dict[str, Any]]:
    """What is to be shown of every product that Amazon's reports name."""
    numbers = retail_numbers.load_numbers(tx.connection, source, terms, tx.now)
    codes = [each.vendor_code for each in tx.resources.partners[terms.partner].agreements]
    found = []
    every = retail_numbers.load_listed(tx.connection, terms.shop or "", codes)
    under: dict[str, list[str]] = {}
    for listed in every:
        for asin in listed.asins:
            under.setdefault(asin, []).append(listed.sku)
    for listed in every:
        known = [numbers[asin] for asin in listed.asins if asin in numbers]
        if len(known) == len(listed.asins):
            shared = {sku for asin in listed.asins for sku in under[asin]} - {listed.sku}
            found.append(_wanted(listed, terms, known, sorted(shared)))
    return found


def _wanted(listed: Listed, terms: ReportTerms, known: list[RetailNumbers], shared: list[str]) -> dict[str, Any]:
    """What is to be shown of a product. Amazon counts by ASIN: products of one ASIN show the same, and name each other."""
    numbers = added(known)
    record = record_values(numbers, listed.sku, listed.asins, terms.marketplace, listed.variant)
    if shared:
        record["shared_with"] = ", ".join(shared)
    handle = handle_of(listed.sku, terms.marketplace)
    fields = field_values(numbers)
    return {"sku": listed.sku, "variant": listed.variant, "handle": handle, "fields": fields, "record": record}


def _is_gone(sku: str, shown: ShownRetail, wanted: list[dict[str, Any]]) -> bool:
    """Whether a shop shows numbers of a product that no report names any more, or that has lost its ASIN."""
    return bool(shown.fields) and "variant" in shown.record and all(each["sku"] != sku for each in wanted)


def _nothing(sku: str, shown: ShownRetail, terms: ReportTerms) -> dict[str, Any]:
    variant = shown.record["variant"]
    record = record_values(RetailNumbers(), sku, (), terms.marketplace, variant)
    kept = {key: value for key, value in record.items() if value}
    return {"sku": sku, "variant": variant, "handle": handle_of(sku, terms.marketplace), "fields": {}, "record": kept}


def _is_due(wanted: dict[str, Any], shown: ShownRetail | None, now: datetime) -> bool:
    if shown is None or now - shown.checked_at >= LOOK_EVERY:
        return True
    news = {**differing(wanted["fields"], shown.fields), **differing(wanted["record"], shown.record)}
    gone = beyond(wanted["fields"], shown.fields) | beyond(wanted["record"], shown.record)
    return bool((news.keys() | gone) - {"updated_at"})  # that a report was made again and says the same is no news


def define(world: World, shop: str) -> list[str]:
    """Every field and object declared; those that were not."""
    return list(world.connections.showcases[shop].define().value)


def show_products(world: World, shop: str, products: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bring a few products to what they should show, and read back what they do."""
    showcase = world.connections.showcases[shop]
    before = _read(showcase, products)
    writes = [
        FieldWrite(each["variant"], key, value, before[each["variant"]].marks.get(key))
        for each in products
        if each["variant"] in before
        for key, value in differing(each["fields"], before[each["variant"]].values).items()
    ]
    gone = [
        (each["variant"], key)
        for each in products
        if each["variant"] in before
        for key in sorted(beyond(each["fields"], before[each["variant"]].values))
    ]
    if gone:
        showcase.remove_fields(gone)
    refused = ""
    if writes:
        written = showcase.set_fields(writes)
        refused = "; ".join(f"{writes[row].key}: {words}" for row, words in written.refused.items())
    after = _read(showcase, products) if writes or gone else before
    return [
        {
            "sku": each["sku"],
            "wanted": each,
            "fields": dict(after[each["variant"]].values) if each["variant"] in after else None,
            "record": _show_object(showcase, each["handle"], each["record"]),
            "writes": sum(write.product == each["variant"] for write in writes),
            "refused": refused,
        }
        for each in products
    ]


def _read(showcase: Showcase, products: list[dict[str, Any]]) -> dict[str, ShownFields]:
    return {each.product: each for each in showcase.read_fields([each["variant"] for each in products]).value}


def _show_object(showcase: Showcase, handle: str, wanted: dict[str, str]) -> dict[str, str]:
    found = showcase.read_object(handle).value
    if found is not None and not differing(wanted, found) and not beyond(wanted, found):
        return dict(found)
    showcase.put_object(handle, wanted)
    return dict(showcase.read_object(handle).value or {})


def note_shown(tx: Tx, plan: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """What each product shows now. What it does not show although it was set is a case; the next look tries again."""
    opened = []
    shown_now = 0
    for result in results:
        wanted, fields = result["wanted"], result["fields"] or {}
        wrong = {**differing(wanted["fields"], fields), **differing(wanted["record"], result["record"])}
        wrong |= dict.fromkeys(beyond(wanted["fields"], fields) | beyond(wanted["record"], result["record"]), "nothing")
        subject = f"product {result['sku']} in {plan['shop']}"
        if wrong:
            found = {key: fields.get(key, result["record"].get(key)) for key in wrong}
            draft = _not_shown(plan["shop"], subject, wrong, f"{found} {result['refused']}".strip())
            opened.append(cases.open_case(tx.connection, draft, tx.now))
            continue
        shown_now += 1
        cases.close_case(tx.connection, NOT_SHOWN, subject, why="the shop shows it", now=tx.now)
        place = (plan["shop"], result["sku"], plan["store"])
        shown = ShownRetail(fields, result["record"], tx.now)
        retail_numbers.save_shown(tx.connection, place, shown, result["writes"])
    tx.count(Tally("products", len(results), {"shown": shown_now}, {"not shown": len(opened)}, opened))


def finish_showing(tx: Tx, source: str, run_id: str, more: bool, failed: str, forbidden: bool) -> None:
    """Note how it went, and set the next round."""
    rounds = _rounds(tx.resources, source)
    after = rounds.rest if more else rounds.pace
    if failed:
        failures = note_failure(tx, rounds.source, rounds.query, failed, at_once=forbidden)
        after = timedelta(minutes=min(5 * failures, 60))
    else:
        note_working(tx, rounds.source, rounds.query)
        sources.note_success(tx.connection, rounds.source, rounds.query, covered_until=tx.now, documents=0, now=tx.now)
    set_next(tx, rounds, run_id, after)


def _batches(products: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """So many products that all of their fields go into one write."""
    size = 25 // len(FIELDS)
    return [products[start : start + size] for start in range(0, len(products), size)]


def _rounds(world: World, source: str) -> Rounds:
    shop = world.reports[source].shop or ""
    return Rounds("show_retail", f"retail:{source}", shop, f"{QUERY} of {source}", (source,), world.pace.reports)


def _not_shown(shop: str, subject: str, wanted: dict[str, str], found: str) -> CaseDraft:
    return CaseDraft(
        kind=NOT_SHOWN,
        subject=subject,
        title=f"{shop} does not show what was set on {subject}: {', '.join(sorted(wanted))}",
        expected=f"{wanted}",
        found=found,
        money_at_risk=None,
        deadline=None,
        owner=Role.ECOMMERCE.value,
        resolutions=(Resolution.DISMISS,),
    )


FLOWS = (Flow[World]("show_retail", show_retail, "reports"),)
