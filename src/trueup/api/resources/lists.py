"""Lists as files: cases, lines in suspense, orders, deductions, acts and the item master as spreadsheets, however many rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import AskedDay, DryRun, Key, Name, Told
from trueup.storage.views.audit_trail import ActFilter
from trueup.storage.views.case_queue import CaseFilter
from trueup.storage.views.deductions import DeductionFilter
from trueup.storage.views.order_pages import OrderFilter
from trueup.storage.views.waiting_lines import WaitingFilter
from trueup.workflows.authority import LOOK
from trueup.workflows.jobs.write_list import ask_list
from trueup.workflows.world import Tx
from trueup.workflows.written_lists import NoFilter, Sorted


class CasesWanted(Told, json_schema_extra={"examples": [{"form": "xlsx", "kind": "stock.short"}]}):
    """Which cases: the list of cases is filtered by the same words."""

    form: Literal["xlsx", "csv"]
    view: Literal["open", "waiting", "snoozed", "resolved"] = "open"
    kind: Name = ""
    cause: Name = ""
    owner: Name = ""
    partner: Name = ""
    person: Name = ""
    words: Name = ""


class WaitingWanted(Told, json_schema_extra={"examples": [{"form": "xlsx", "partner": "amazon-us"}]}):
    """Which lines in suspense, as a workbook to be filled in."""

    form: Literal["xlsx"] = "xlsx"
    partner: Name = ""
    kind: Name = ""
    words: Name = ""


class OrdersWanted(Told, json_schema_extra={"examples": [{"form": "csv", "standing": "to-prove", "sort": "due"}]}):
    """Which orders: the list of orders is filtered by the same words."""

    form: Literal["csv"] = "csv"
    partner: Name = ""
    standing: Name = ""
    words: Name = ""
    sort: Literal["newest", "due"] = "newest"


class DeductionsWanted(Told, json_schema_extra={"examples": [{"form": "csv", "type": "shortage-claim"}]}):
    """Which deductions: the list of deductions is filtered by the same words."""

    form: Literal["csv"] = "csv"
    partner: Name = ""
    currency: str = Field("", max_length=3)
    type: Name = ""


class ActsWanted(Told, json_schema_extra={"examples": [{"form": "csv", "actor": "people", "since": "2026-11-01"}]}):
    """Which acts: of a person, of all `people` or of `trueup`; of one kind; about a thing and its parts; from a day to another,
    both in UTC."""

    form: Literal["csv"] = "csv"
    actor: Name = ""
    act: Name = ""
    about: Name = ""
    since: AskedDay | None = None
    until: AskedDay | None = None


class ProductsWanted(Told, json_schema_extra={"examples": [{"form": "csv"}]}):
    """The whole item master."""

    form: Literal["xlsx", "csv"]


def _write(call: Calling, name: str, form: str, wanted: Any, once: tuple[bool, str | None]) -> WholeWork:
    dry_run, key = once

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_list(tx, name, form, wanted, call.person))

    return call.once(act, key, dry_run=dry_run)


def write_cases(call: Calling, told: CasesWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write cases as a table to be filled in with resolutions. Few are written at once; for many the job tells. It has the file."""
    named = (told.view, told.kind, told.owner, told.partner, told.person, told.words)
    return _write(call, "cases", told.form, CaseFilter(*named, cause=told.cause), (dry_run, key))


def write_waiting(call: Calling, told: WaitingWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write lines in suspense as a workbook to be filled in with types. The job has the file."""
    wanted = WaitingFilter(told.partner, told.kind, told.words)
    return _write(call, "waiting-lines", told.form, wanted, (dry_run, key))


def write_orders(call: Calling, told: OrdersWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write orders as a table. The job has the file."""
    wanted = Sorted(OrderFilter(told.partner, told.standing, told.words), told.sort)
    return _write(call, "orders", told.form, wanted, (dry_run, key))


def write_deductions(call: Calling, told: DeductionsWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write every claim of which something is open as a table. The job has the file."""
    wanted = DeductionFilter(told.partner, told.currency.upper(), told.type)
    return _write(call, "deductions", told.form, wanted, (dry_run, key))


def write_acts(call: Calling, told: ActsWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write the audit trail as a table. The job has the file."""
    since = _begin_of(told.since) if told.since else None
    until = _begin_of(told.until + timedelta(days=1)) if told.until and told.until < date.max else None
    wanted = ActFilter(told.actor, told.act, told.about, since, until)
    return _write(call, "acts", told.form, wanted, (dry_run, key))


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def write_products(call: Calling, told: ProductsWanted, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write the item master, to be mended and handed in again. The job has the file."""
    return _write(call, "products", told.form, NoFilter(), (dry_run, key))


RESOURCE = Resource(
    "lists",
    "Lists as files",
    (
        Operation("/lists/cases", write_cases, LOOK, "POST", 202),
        Operation("/lists/waiting-lines", write_waiting, LOOK, "POST", 202),
        Operation("/lists/orders", write_orders, LOOK, "POST", 202),
        Operation("/lists/deductions", write_deductions, LOOK, "POST", 202),
        Operation("/lists/acts", write_acts, LOOK, "POST", 202),
        Operation("/lists/products", write_products, LOOK, "POST", 202),
    ),
)
