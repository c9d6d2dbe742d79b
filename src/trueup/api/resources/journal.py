"""The journal: entries whose debits equal their credits, and the balances of accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import (
    AskedDay,
    Day,
    DocumentName,
    DryRun,
    Hash,
    Instant,
    Key,
    Line,
    Listed,
    Name,
    Number,
    Page,
    Paging,
    Price,
    Shape,
    Told,
    id_at,
)
from trueup.base.money import Money
from trueup.storage.views import journal as views
from trueup.storage.views.journal_lines import page_lines
from trueup.workflows.world import Tx
from trueup.workflows.write_off import MAY_REVERSE, reverse_entry

_ENTRY = {
    "id": 41,
    "key": "remittance amazon-us/71650102",
    "day": "2026-11-12",
    "kind": "remittance",
    "narration": "Payment 71650102 of Amazon",
    "actor": "trueup",
    "lines": 6,
    "debits": [{"amount": "48210.77", "currency": "USD"}],
}


class Entry(Shape, json_schema_extra={"examples": [_ENTRY]}):
    """An entry in short, with its debits by currency: its credits are as much."""

    id: int
    key: str
    day: Day
    kind: str
    narration: str
    actor: str
    lines: int
    debits: list[Price]


class EntryLine(Shape):
    """A line: a debit or a credit on an account, and what it follows from."""

    number: int
    account: str
    debit: Price | None
    credit: Price | None
    reference: str
    source_line: int | None
    type: str
    invoice: str | None
    claim: str
    rule: str
    case: str
    purchase_order: str | None
    """The order of the invoice that it is about."""
    document: Hash | None
    place: str | None
    """Where in that document the line of the payment stands."""


_JOURNAL_LINE = {
    "entry": 41,
    "number": 3,
    "day": "2026-11-12",
    "kind": "remittance",
    "account": "1210",
    "debit": {"amount": "90.00", "currency": "USD"},
    "credit": None,
    "reference": "INV-1SC",
    "type": "shortage-claim",
    "invoice": "INV-1",
    "claim": "shortage/INV1",
    "rule": "shortage-claim",
    "document": "0f" * 32,
    "place": "row 88",
}


class LineOfJournal(Shape, json_schema_extra={"examples": [_JOURNAL_LINE]}):
    """A line of the journal with its entry: its day says its period."""

    entry: int
    number: int
    day: Day
    kind: str
    account: str
    debit: Price | None
    credit: Price | None
    reference: str
    type: str
    invoice: str | None
    claim: str
    rule: str
    document: Hash
    """What it follows from; zeros where a person decided it."""
    place: str | None
    """Where in that document the line of the payment stands."""


class Export(Shape):
    """An export that an entry was in."""

    export: int
    target: str
    at: Instant
    by: str


class WholeEntry(Shape, json_schema_extra={"examples": [{**_ENTRY, "reverses": None, "reversed_by": None,
                 "posted_at": "2026-11-12T10:00:00Z",
                 "document": {"digest": "0f" * 32, "name": "8831.csv"}, "lines": [], "exports": []}]}):  # fmt: skip
    """An entry with its lines, the document it follows from, and the exports it was in."""

    id: int
    key: str
    day: Day
    kind: str
    narration: str
    actor: str
    reverses: str | None
    reversed_by: int | None
    """The entry that takes it back."""
    posted_at: Instant
    document: DocumentName
    lines: list[EntryLine]
    exports: list[Export]


class Balance(Shape, json_schema_extra={"examples": [{
    "account": "1210", "currency": "USD", "lines": 4, "debits": {"amount": "10.00", "currency": "USD"},
    "credits": {"amount": "2.50", "currency": "USD"}, "balance": {"amount": "7.50", "currency": "USD"}}]}):  # fmt: skip
    """An account in a currency. `balance`: debits less credits."""

    account: str
    currency: str
    lines: int
    debits: Price
    credits: Price
    balance: Price


class EntryQuery(Paging):
    """Which entries."""

    since: AskedDay | None = None
    """Of this day or later."""
    until: AskedDay | None = None
    """Of this day or before."""
    account: Name = ""
    """With a line on this account."""
    kind: Name = ""
    """Made by this: `remittance`, `invoice` ..."""
    currency: Name = ""
    """With a line in this currency."""
    side: Literal["debit", "credit"] | None = None
    """With a line on this side, of that account and currency where they are said too."""

    def wanted(self) -> views.EntryFilter:
        """The same as the views have it."""
        said = (self.account or None, self.kind or None, self.currency.upper() or None, self.side)
        return views.EntryFilter(self.since, self.until, *said)


def list_entries(call: Calling, asked: Annotated[EntryQuery, Query()]) -> Page[Entry]:
    """List entries of the journal, the latest first."""
    with call.look() as connection:
        rows = views.list_entries(connection, asked.wanted(), before=id_at(asked.at), limit=asked.limit + 1)
        return call.page_by(Entry, rows, asked.limit, "id")


def list_journal_lines(call: Calling, asked: Annotated[EntryQuery, Query()]) -> Page[LineOfJournal]:
    """List lines of the journal, the latest first; of an account, a currency and a side those alone."""
    with call.look() as connection:
        paged = page_lines(connection, asked.wanted(), asked.at, asked.limit)
    rows = [
        {
            "entry": row["id"],
            "day": row["day"].isoformat(),
            "debit": Money(row["minor"], row["currency"]) if row["minor"] > 0 else None,
            "credit": Money(-row["minor"], row["currency"]) if row["minor"] < 0 else None,
            "document": row["told_in"] or row["evidence"],
            "place": row["place"] or None,
            **{
                name: row[name]
                for name in ("number", "kind", "account", "reference", "type", "invoice", "claim", "rule")
            },
        }
        for row in paged.rows
    ]
    return call.page(LineOfJournal, rows, paged.after)


def get_entry(call: Calling, entry: Number) -> WholeEntry:
    """Show one entry with its lines."""
    with call.look() as connection:
        return WholeEntry.model_validate(views.show_entry(connection, entry))


def list_balances(
    call: Calling, on: Annotated[AskedDay | None, Query(description="At the end of this day; now, else.")] = None
) -> Listed[Balance]:
    """List the balance of every account that was posted to, by currency."""
    with call.look() as connection:
        return Listed[Balance](items=[Balance.model_validate(row) for row in views.load_balances(connection, on)])


class Reversing(Told, json_schema_extra={"examples": [{"reason": "Amazon pays it after all."}]}):
    """Why an entry is reversed."""

    reason: Line


class Reversed(
    Shape,
    json_schema_extra={
        "examples": [
            {"entry": 41, "amount": {"amount": "90.00", "currency": "USD"}, "proposal": None, "dry_run": False}
        ]
    },
):
    """An entry that is reversed; with a `proposal`, one that a second person must approve to be."""

    entry: int
    amount: Price
    proposal: int | None
    dry_run: bool


def reverse(call: Calling, entry: Number, told: Reversing, dry_run: DryRun = False, key: Key = None) -> Reversed:
    """Reverse an entry that a person's decision posted: a claim that was given up is open again.

    What follows a document is not reversed so; the answer says what takes it back.
    """

    def act(tx: Tx) -> Reversed:
        amount, proposal = reverse_entry(tx, entry, call.person, told.reason, call.desk.settings.two_persons_above)
        return Reversed.model_validate({"entry": entry, "amount": amount, "proposal": proposal, "dry_run": dry_run})

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "journal",
    "Journal",
    (
        Operation("/journal/entries", list_entries),
        Operation("/journal/lines", list_journal_lines),
        Operation("/journal/entries/{entry}", get_entry),
        Operation("/journal/entries/{entry}/reversal", reverse, MAY_REVERSE, "POST"),
        Operation("/journal/balances", list_balances),
    ),
)
