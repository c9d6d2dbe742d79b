"""Answers: every line in time, what we call accepted is what the buyer holds, nothing sent twice, nothing by default."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta

from trueup.simulation.statements.evidence import Evidence, Finding, Row, Statement, answered, instant

_EXPLAINING = ("held.", "acknowledgement.", "shop.", "stock.short", "run.failed", "agreement.")
_OF_ANSWERS = ("acknowledgement.", "shop.", "run.failed")


def every_line_in_time(evidence: Evidence) -> Statement:
    """Every line, and every change of one, is answered within 24 hours, or a case opened before then says why not."""
    found = Finding(
        "answered-in-time",
        "Every line was answered before its deadline, or a case opened before then says why not",
        "late acknowledgements, which Amazon charges back",
    )
    for order, line in evidence.amazon_lines():
        where = f"{order['purchase_order']} line {line['item_sequence_number']}"
        for due_from in _asked_for(evidence, order, line):
            until = due_from + evidence.answer_within
            found.count("lines and changes")
            arrived = [
                instant(row["arrived_at"])
                for row in line["acknowledgements"]
                if row["submitted"] and row["outcome"] == "applied"
            ]
            if any(due_from <= moment <= until for moment in arrived):
                found.count("answered")
            elif evidence.has_case(order["purchase_order"], _EXPLAINING, before=until):
                found.count("explained by a case")
            else:
                found.demand(False, f"{where}: asked {due_from:%d %b %H:%M}, no answer by {until:%d %b %H:%M}, no case")
    _edi_in_time(evidence, found)
    return found.stated("answered")


def _asked_for(evidence: Evidence, order: Row, line: Row) -> list[datetime]:
    """From when the answers to a line are due: when it came and whenever its order changed; a later change replaces an
    earlier one within its 24 hours, and a line of nothing asks for nothing."""
    first = instant(line["changes"][0]["at"])
    moments = {first, *(instant(text) for text in evidence.plan["changes"].get(order["purchase_order"], []))}
    moments |= {instant(row["at"]) for other in order["lines"] for row in other["changes"][1:]}
    starts = sorted(moment for moment in moments if moment >= first)
    kept = []
    for place, moment in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        ordered = sum(row["by"] for row in line["changes"] if instant(row["at"]) <= moment)
        if ordered and (following is None or following >= moment + evidence.answer_within):
            kept.append(moment)
    return kept


def _edi_in_time(evidence: Evidence, found: Finding) -> None:
    sent = {file["order"]: instant(file["sent_at"]) for file in evidence.given["buyer"]["files"] if not file["trouble"]}
    arrived = defaultdict(list)
    for answer in evidence.given["buyer"]["answers"]:
        arrived[answer["order"]].append(instant(answer["received_at"]))
    for order in evidence.given["buyer"]["orders"]:
        until = sent[order["number"]] + evidence.answer_within
        lines = len(order["lines"])
        found.count("lines and changes", lines)
        if any(moment <= until for moment in arrived[order["number"]]):
            found.count("answered", lines)
        elif evidence.has_case(order["number"], _EXPLAINING, before=until):
            found.count("explained by a case", lines)
        else:
            found.demand(False, f"{order['number']} (EDI): no 855 by {until:%d %b %H:%M}, no case")


def accepted_is_held(evidence: Evidence) -> Statement:
    """Where Trueup says that its answer is proven, the buyer holds those very quantities, line by line."""
    found = Finding(
        "accepted-is-held",
        "What Trueup calls accepted is what the buyer holds, line by line",
        "goods shipped that nobody ordered, and promises nobody kept",
    )
    for order in evidence.amazon.values():
        number = order["purchase_order"]
        state, ours = evidence.standing(number)
        lines = {line["sequence"]: line for line in ours["lines"]} if ours else {}
        for line in order["lines"]:
            if not line["ordered"]:
                continue
            said = answered(lines[int(line["item_sequence_number"])]) if ours and lines else {}
            held = {name: line[name] for name in ("accepted", "backordered", "rejected")}
            where = f"{number} line {line['item_sequence_number']}"
            if state == "accepted":
                found.count("lines proven")
                found.count("pieces", line["ordered"])
                found.demand(said == held, f"{where}: Trueup says {said}, Amazon holds {held}")
            elif line["acknowledgements"] and said != held:
                found.count("lines unproven")
                explained = evidence.open_case(number, _OF_ANSWERS)
                found.demand(explained, f"{where}: {state}, Trueup says {said}, Amazon holds {held}, no open case")
    _edi_is_held(evidence, found)
    return found.stated("lines proven")


def _edi_is_held(evidence: Evidence, found: Finding) -> None:
    """On EDI nothing reads back: what can be compared is the last 855 that the buyer took."""
    last = {row["order"]: row for row in evidence.given["buyer"]["answers"]}
    for number, row in last.items():
        state, ours = evidence.standing(number)
        if ours is None or state not in ("received", "sent", "unanswered"):
            continue
        found.demand(state != "accepted", f"{number} (EDI): called accepted, though nothing reads an 855 back")
        lines = {line["sequence"]: answered(line) for line in ours["lines"]}
        for line in row["lines"]:
            found.count("EDI lines as the buyer read them")
            held = {name: line[name] for name in ("accepted", "backordered", "rejected")}
            said = lines.get(line["sequence"])
            found.demand(said == held, f"{number} line {line['sequence']} (EDI): Trueup says {said}, the 855 {held}")


def nothing_sent_again(evidence: Evidence) -> Statement:
    """An answer that Amazon already holds is never sent again, and none is repeated before Amazon had its time."""
    found = Finding(
        "no-blind-repeats",
        "Nothing that the buyer already held was sent again",
        "double acknowledgements, which undo each other",
    )
    by_order = defaultdict(list)
    for row in evidence.given["amazon"]["transactions"]:
        for submitted in row["submitted"]["acknowledgements"]:
            by_order[submitted["purchaseOrderNumber"]].append((row, json.dumps(submitted["items"], sort_keys=True)))
    for number, sent in by_order.items():
        sent.sort(key=lambda item: item[0]["arrived_at"])
        order = evidence.amazon[number]
        for place, (row, items) in enumerate(sent):
            found.count("acknowledgements sent")
            if place == 0:
                continue
            before, former = sent[place - 1]
            if items != former or _changed_between(evidence, order, before, row):
                continue
            found.count("sent again")
            pause = instant(row["arrived_at"]) - instant(before["arrived_at"])
            held = _was_held(order, before) and instant(before["settled_at"]) <= instant(row["arrived_at"])
            found.demand(
                not held, f"{number}: {row['transaction_id']} repeats what Amazon held since {before['settled_at']}"
            )
            found.demand(pause >= timedelta(minutes=30), f"{number}: repeated after {pause} without waiting for Amazon")
    _edi_not_again(evidence, found)
    return found.stated("acknowledgements sent")


def _was_held(order: Row, transaction: Row) -> bool:
    """Whether every line took that transaction's answer."""
    outcomes = [
        row["outcome"]
        for line in order["lines"]
        for row in line["acknowledgements"]
        if row["transaction_id"] == transaction["transaction_id"]
    ]
    return bool(transaction["applied"]) and bool(outcomes) and all(outcome == "applied" for outcome in outcomes)


def _changed_between(evidence: Evidence, order: Row, before: Row, after: Row) -> bool:
    """Whether Amazon changed the order between two answers: then it asked for a new one."""
    moments = [instant(text) for text in evidence.plan["changes"].get(order["purchase_order"], [])]
    moments += [instant(row["at"]) for line in order["lines"] for row in line["changes"][1:]]
    return any(instant(before["arrived_at"]) <= moment <= instant(after["arrived_at"]) for moment in moments)


def _edi_not_again(evidence: Evidence, found: Finding) -> None:
    seen: dict[str, str] = {}
    for answer in evidence.given["buyer"]["answers"]:
        found.count("855s sent")
        text = json.dumps(answer["lines"], sort_keys=True)
        repeated = seen.get(answer["order"]) == text
        found.demand(not repeated, f"{answer['order']} (EDI): the same 855 came again as {answer['name']}")
        seen[answer["order"]] = text


def nothing_by_default(evidence: Evidence) -> Statement:
    """Whatever Amazon was told is accepted had its stock claimed in the shop first, and no fallback ever accepts."""
    found = Finding(
        "nothing-by-default",
        "No line was confirmed by default: what was accepted had its stock claimed first",
        "promising goods that are not there",
    )
    for order, line in evidence.amazon_lines():
        number = order["purchase_order"]
        accepting = [row for row in line["acknowledgements"] if row["accepted"] > 0]
        if not accepting:
            continue
        found.count("lines accepted")
        claimed = [instant(row["created_at"]) for row in evidence.shop_orders.get(number, [])]
        first = min(instant(row["arrived_at"]) for row in accepting)
        where = f"{number} line {line['item_sequence_number']}"
        found.demand(
            any(moment <= first for moment in claimed), f"{where}: accepted {first:%d %b %H:%M}, nothing claimed"
        )
    for answer in evidence.given["buyer"]["answers"]:
        if not any(line["accepted"] for line in answer["lines"]):
            continue
        found.count("855s that accept")
        claimed = [instant(row["created_at"]) for row in evidence.shop_orders.get(answer["order"], [])]
        early = instant(answer["received_at"])
        found.demand(any(moment <= early for moment in claimed), f"{answer['order']} (EDI): accepted, nothing claimed")
    for number, ours in evidence.ours.items():
        for line in ours["lines"]:
            forced = bool(line["decision"] and line["decision"]["forced"])
            found.count("lines by fallback", int(forced))
            words = f"{number} line {line['sequence']}: a fallback accepted it"
            found.demand(not (forced and answered(line)["accepted"]), words)
    return found.stated("lines accepted")
