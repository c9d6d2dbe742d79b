"""Runs in words: what each does, and to what. Ids of runs name orders, deliveries, jobs and documents by numbers; people do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class RunWords:
    """What a run does, as a sentence would begin. `about`, `name`: to what ("order", `amazon-us/4XY`), where that has a page;
    "" otherwise."""

    words: str
    about: str = ""
    name: str = ""


_JOB = ("{}", "job")
_FLOWS: Mapping[str, tuple[str, str]] = {
    "acknowledge_order": ("Answer order {}", "order"),
    "act_on_cases": _JOB,
    "advise_stock": ("Advise {} of stock", "first"),
    "answer_before_deadline": ("Answer order {} before its deadline", "order"),
    "await_closing": ("See whether order {} is closed", "order"),
    "check_charges": ("Check what {} charged", "first"),
    "check_stock": ("Hold every number of {} against ours", "first"),
    "code_lines": _JOB,
    "compute_buffers": ("Compute buffers", ""),
    "end_pause": ("Have {} go on after its pause", "first"),
    "export_journal": _JOB,
    "export_shop": ("Take in export {}", "first"),
    "find_trade_ins": ("Look for trade-ins in {}", "first"),
    "follow_reading": _JOB,
    "hand_out_again": ("Hand out a functional acknowledgement", ""),
    "import_items": _JOB,
    "import_remittances": _JOB,
    "list_journal_lines": _JOB,
    "look_at_stock": ("Read stock of {}", "first"),
    "make_dispute_packs": _JOB,
    "make_returned_item": ("Make an item of returned goods", ""),
    "mend_items": ("Bring the items of order {} to what it holds", "order"),
    "obtain_report": ("Obtain a report of {}", "report"),
    "plan_reports": ("Plan the reports of {}", "first"),
    "poll_cycles": ("Take in changed cycles of {}", "first"),
    "poll_invoice_statuses": ("Take in what {} says of our invoices", "first"),
    "poll_orders": ("Take in {1} orders of {0}", "two"),
    "poll_receipts": ("Take in what {} has counted in", "first"),
    "poll_remittances": ("Take in payments of {}", "first"),
    "poll_sales": ("Take in orders of {}", "first"),
    "prove_advice": ("Read back the stock advised", ""),
    "prove_books": ("Prove the books", ""),
    "prove_delivery": ("Read back the answer to order {}", "delivery"),
    "prove_inventory": ("Read back the inventory told", ""),
    "prove_invariants": ("Prove what must always be true", ""),
    "prove_once": ("Prove the books after something arrived", ""),
    "publish_stock": ("Publish stock to {}", "first"),
    "put_buffer_in_force": ("Put a buffer in force", ""),
    "receive_files": ("Take in files of {}", "first"),
    "receive_upload": ("Take in {}", "arrival"),
    "reconcile_remittances": ("Match what waits of {}", "first"),
    "resend": ("Send the answer to order {}", "delivery"),
    "settle_remittance": ("Book {}", "document"),
    "settle_trade_in": ("Settle trade-in {}", "first"),
    "show_retail": ("Show retail numbers of {}", "first"),
    "sweep_programme": ("Read all of {}", "first"),
    "sync_products": ("Take in products of {}", "first"),
    "tell_inventory": ("Tell the inventory of {}", "first"),
    "try_rule": _JOB,
    "watch": ("Watch over what falls silent", ""),
    "watch_credits": ("Watch the credits of {}", "first"),
    "write_close_papers": _JOB,
    "write_list": _JOB,
}
"""Of each flow what its runs do, and how the second part of their ids says to what."""

_ORDERS = "SELECT id::text AS key, partner || '/' || number AS name FROM trueup.orders WHERE id = ANY(:keys)"
_DELIVERIES = (
    "SELECT d.id::text AS key, o.partner || '/' || o.number AS name FROM trueup.deliveries d"
    " JOIN trueup.orders o ON o.id = d.order_id WHERE d.id = ANY(:keys)"
)
_JOBS = "SELECT id::text AS key, title AS name FROM trueup.jobs WHERE id = ANY(:keys)"
_ARRIVALS = "SELECT id::text AS key, name FROM trueup.documents WHERE id = ANY(:keys)"
_REPORTS = "SELECT id::text AS key, source AS name FROM trueup.vendor_reports WHERE id = ANY(:keys)"
_DOCUMENTS = "SELECT DISTINCT ON (digest) digest AS key, name FROM trueup.documents WHERE digest = ANY(:keys) ORDER BY digest, id"
_NUMBERED = {"order": _ORDERS, "delivery": _DELIVERIES, "job": _JOBS, "arrival": _ARRIVALS, "report": _REPORTS}


def say_runs(connection: sa.Connection, runs: Iterable[Mapping[str, Any]]) -> dict[str, RunWords]:
    """What each of these runs does, by its id. One whose subject is gone, or whose flow nobody knows, is told by what is known."""
    wanted = {run["run_id"]: _FLOWS.get(run["flow"], (title_of_flow(run["flow"]), "")) for run in runs}
    keys: dict[str, set[str]] = {}
    for run_id, (_, kind) in wanted.items():
        keys.setdefault(kind, set()).add(_part(run_id, 1))
    names = {kind: _names(connection, kind, found) for kind, found in keys.items()}
    return {run_id: _said(run_id, words, kind, names[kind]) for run_id, (words, kind) in wanted.items()}


def known_flows() -> list[str]:
    """Every flow that there are words for, by its name."""
    return sorted(_FLOWS)


def title_of_flow(flow: str) -> str:
    """A flow by its name: `poll_orders` is "Poll orders"."""
    return flow.replace("_", " ").capitalize()


def knows_flow(flow: str) -> bool:
    """Whether there are words for a flow."""
    return flow in _FLOWS


def _names(connection: sa.Connection, kind: str, keys: set[str]) -> dict[str, str]:
    if kind == "document":
        rows = connection.execute(sa.text(_DOCUMENTS), {"keys": sorted(keys)})
    elif kind in _NUMBERED:
        numbers = sorted(int(key) for key in keys if key.isdecimal())
        rows = connection.execute(sa.text(_NUMBERED[kind]), {"keys": numbers})
    else:
        return {}
    return {row.key: row.name for row in rows}


def _said(run_id: str, words: str, kind: str, names: Mapping[str, str]) -> RunWords:
    first = _part(run_id, 1)
    if kind == "two":
        return RunWords(words.format(first, _part(run_id, 2)))
    if kind not in (*_NUMBERED, "document"):
        return RunWords(words.format(first))
    name = names.get(first, first)
    if kind in ("order", "delivery"):
        return RunWords(words.format(name.rpartition("/")[2]), "order", name if first in names else "")
    about = {"job": first, "document": first}.get(kind, "") if first in names else ""
    return RunWords(words.format(name), kind if about else "", about)


def _part(run_id: str, place: int) -> str:
    parts = run_id.split(":")
    return parts[place] if place < len(parts) else ""
