"""Direct fulfillment: what Amazon believes lies in the warehouse is what the shop counted, told once, and drift is told in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement, instant

_JUDGED = timedelta(minutes=20)
"""How long after a round its update stands: Amazon's few minutes, and the strides in which simulated time goes."""
_APPEARS = timedelta(minutes=15)
_DAY = timedelta(days=1)


def _given(evidence: Evidence) -> Row:
    return evidence.given["direct"]  # type: ignore[no-any-return]


def _feed(given: Row) -> timedelta:
    """How late a number may be: one round reads the count, the next tells it."""
    return 2 * timedelta(minutes=given["plan"]["every_minutes"]) + _JUDGED


def _free(given: Row, goods: Row) -> list[tuple[datetime, int]]:
    """From when on the shop had so many that Amazon may sell, by what it sold itself."""
    left = int(goods["units"])
    course = [(datetime.min.replace(tzinfo=instant(given["until"]).tzinfo), max(0, left - given["plan"]["buffer"]))]
    for sale in sorted(given["sold"], key=lambda sale: str(sale["at"])):
        if sale["sku"] == goods["sku"]:
            left -= sale["eaches"]
            course.append((instant(sale["at"]), max(0, left - given["plan"]["buffer"])))
    return course


def _held(given: Row, asin: str) -> list[tuple[datetime, int]]:
    """From when on Amazon believed in so many."""
    return [(instant(at), number) for at, of, number in given["amazon"]["warehouse"]["history"] if of == asin]


def _standing(course: list[tuple[datetime, int]], at: datetime) -> int | None:
    """The number at an instant."""
    return next((number for since, number in reversed(course) if since <= at), None)


def told_as_counted(evidence: Evidence) -> Statement:
    """No number that Amazon ever believed was other than the shop's own within the feed's delay; in the end both are the same."""
    found = Finding(
        "direct-told-as-counted",
        "What Amazon believes lies in the warehouse is what the shop counts there, less the buffer",
        "an order of Amazon's customer for goods that are gone",
    )
    given = _given(evidence)
    levels = {level["sku"]: level["available"] for level in given["shop"] if level["available"] is not None}
    for goods in given["plan"]["goods"]:
        free, held = _free(given, goods), _held(given, goods["asin"])
        for at, number in held:
            found.count("numbers believed")
            near = {_standing(free, at), *(count for since, count in free if at - _feed(given) <= since <= at)}
            near |= {_standing(free, at - _feed(given))}
            found.demand(
                number in near, f"{goods['sku']}: {number} believed at {at}, the shop had {sorted(map(str, near))}"
            )
        wanted = max(0, levels[goods["sku"]] - given["plan"]["buffer"])
        last = given["amazon"]["warehouse"]["held"].get(goods["asin"])
        found.demand(last == wanted, f"{goods['sku']}: Amazon believes in {last}, the shop counts {wanted} for it")
        [told] = given["trueup"]["told"][goods["sku"]]
        found.demand(
            told["accepted"] == last, f"{goods['sku']}: {told['accepted']} accepted by Trueup's word, {last} held"
        )
    return found.stated("numbers believed")


def whole_once_a_day(evidence: Evidence) -> Statement:
    """Everything is told once a day, every listed product in it; between, only what Amazon holds otherwise, or nobody knows."""
    found = Finding(
        "direct-whole-and-changes",
        "Everything is told once a day, and between only what Amazon holds otherwise",
        "a product that is left out and taken for sold out, or a flood that says nothing new",
    )
    given = _given(evidence)
    asins = {goods["asin"] for goods in given["plan"]["goods"]}
    lost: set[str] = set()
    whole: list[datetime] = []
    for update in given["amazon"]["updates"]:
        named, at = update["numbers"], instant(update["arrived_at"])
        found.count("whole updates" if update["full"] else "updates of changes")
        if update["full"] and update["status"] == "Success":
            unmapped = {goods["asin"] for goods in given["plan"]["goods"] if not _held(given, goods["asin"])}
            missing = asins - named.keys() - (unmapped | _refused_before(given, at))
            found.demand(not missing, f"the whole update of {at} leaves {sorted(missing)} out")
            whole.append(at)
        if not update["full"]:
            for asin, number in named.items():
                new = _standing(_held(given, asin), at) != number or asin in lost
                found.demand(new, f"{asin}: told {number} at {at}, which Amazon held already")
        lost = (lost | named.keys()) if _is_lost(given, update) else (lost - named.keys())
    for one, other in zip(whole, [*whole[1:], instant(given["until"])], strict=True):
        found.demand(other - one <= _DAY + _feed(given), f"nothing whole between {one} and {other}")
    return found.stated("whole updates")


def _refused_before(given: Row, at: datetime) -> set[str]:
    """What Amazon had refused by name, and nobody had mended yet."""
    sku = given["plan"]["unmapped"]
    cases = [case for case in given["trueup"]["cases"] if case["kind"] == "inventory.item-refused"]
    waits = any(instant(case["opened_at"]) <= at and _ended(case, at) >= at for case in cases)
    return {goods["asin"] for goods in given["plan"]["goods"] if goods["sku"] == sku} if waits else set()


def _ended(case: Row, otherwise: datetime) -> datetime:
    return instant(case["resolved_at"]) if case["resolved_at"] else otherwise


def _is_lost(given: Row, update: Row) -> bool:
    """Whether Trueup never heard the transaction's name."""
    return update["transaction_id"] not in {each["receipt"] for each in given["trueup"]["deliveries"]}


def nothing_repeated(evidence: Evidence) -> Statement:
    """Each update was sent once; the one whose answer was lost was told to a person, never sent again, and its numbers later."""
    found = Finding(
        "direct-never-repeated",
        "An update whose answer is lost is never sent again: a person is told, and the numbers of then follow",
        "an old number that lands on a newer one",
    )
    given = _given(evidence)
    updates = given["amazon"]["updates"]
    begun = [each for each in given["trueup"]["deliveries"] if each["state"] != "superseded"]
    found.numbers |= {"updates": len(updates), "sends": len(begun)}
    found.demand(len(updates) == len(begun), f"{len(updates)} updates at Amazon, {len(begun)} sends by Trueup")
    receipts = [each["receipt"] for each in begun if each["receipt"]]
    found.demand(len(set(receipts)) == len(receipts), "two sends have one receipt")
    cases = [case for case in given["trueup"]["cases"] if case["kind"] == "inventory.unanswered"]
    lost = [update for update in updates if _is_lost(given, update)]
    found.numbers["answers lost"] = len(lost)
    found.demand(len(cases) == len(lost), f"{len(lost)} answers lost, {len(cases)} cases tell of one")
    for case in cases:
        found.demand(case["state"] != "open", f"case {case['id']}: the numbers were never stated anew")
    for update in lost:
        at = instant(update["arrived_at"])
        early = [each for each in updates if at < instant(each["arrived_at"]) < at + _APPEARS]
        found.demand(not early, f"the update after the lost one of {at} followed within a quarter of an hour")
    return found.stated("answers lost")


def refused_item_told(evidence: Evidence) -> Statement:
    """What Amazon does not know fails no other for long: told to a person in Amazon's words, left out, told when mended."""
    found = Finding(
        "direct-refused-item",
        "A product that Amazon refuses is told in Amazon's words, keeps no other back, and is told once it is mended",
        "one bad identifier that keeps a whole warehouse silent",
    )
    given = _given(evidence)
    sku = given["plan"]["unmapped"]
    asin = next(goods["asin"] for goods in given["plan"]["goods"] if goods["sku"] == sku)
    failed = [each for each in given["amazon"]["updates"] if any(sku in str(error) for error in each["errors"])]
    found.numbers["updates refused"] = len(failed)
    found.demand(len(failed) == 1, f"{len(failed)} updates failed over {sku}")
    cases = [case for case in given["trueup"]["cases"] if case["kind"] == "inventory.item-refused"]
    found.count("cases", len(cases))
    for case in cases:
        told = sku in case["title"] and "not a valid product ID" in case["found"]
        found.demand(told, f"case {case['id']} does not say Amazon's words about {sku}: {case['found']}")
        found.demand(case["resolved_by"] not in ("", "trueup"), f"case {case['id']}: no person answered it")
    for update in failed:
        at = instant(update["arrived_at"])
        good = [each for each in given["amazon"]["updates"] if instant(each["arrived_at"]) > at]
        soon = good and good[0]["status"] == "Success" and asin not in good[0]["numbers"]
        found.demand(bool(soon), f"the update after the refused one of {at} was not told without {sku}")
    found.demand(bool(_held(given, asin)), f"{sku} was never told after it was mended")
    return found.stated("cases")


def drift_told(evidence: Evidence) -> Statement:
    """Where Amazon believed in more than the shop had for longer than the feed takes, a case has both numbers and their money."""
    found = Finding(
        "direct-drift-told",
        "Every number that Amazon held too high for longer than the feed takes was told with its money, and none besides",
        "goods sold twice while a red light stays dark",
    )
    given = _given(evidence)
    cases = [case for case in given["trueup"]["cases"] if case["kind"] == "inventory.differs"]
    told: dict[int, list[str]] = defaultdict(list)
    for goods, since, until, number, free in _too_high(given):
        if until - since <= _feed(given):
            continue
        found.count("drifts")
        money = f"{Decimal(goods['cost']) * (number - free):.2f} USD"
        words = (f"{goods['sku']} {free}", f"{goods['sku']} {number}")
        mine = [
            case
            for case in cases
            if words[0] in case["expected"] and words[1] in case["found"] and since < instant(case["opened_at"]) < until
        ]
        for case in mine:
            told[case["id"]].append(goods["sku"])
            found.demand(
                case["money_at_risk"] == money, f"case {case['id']}: {case['money_at_risk']}, expected {money}"
            )
        found.demand(bool(mine), f"{words[1]} held from {since} to {until}, {words[0]} ours: no case says so")
    for case in cases:
        found.demand(case["id"] in told, f"case {case['id']} tells of a drift that was none: {case['found']}")
        found.demand(case["state"] != "open", f"case {case['id']}: both agree, and it is open still")
    return found.stated("drifts")


def _too_high(given: Row) -> Iterator[tuple[Row, datetime, datetime, int, int]]:
    """The product, from when to when Amazon held more than there was, how many it held, and how many there were at last."""
    until = instant(given["until"])
    for goods in given["plan"]["goods"]:
        free, held = _free(given, goods), _held(given, goods["asin"])
        for place, (since, number) in enumerate(held):
            end = held[place + 1][0] if place + 1 < len(held) else until
            lower = [(at, count) for at, count in free if at < end and count < number]
            if lower:
                yield goods, max(since, lower[0][0]), end, number, lower[-1][1]
