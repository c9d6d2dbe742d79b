"""Read an export back: what a ledger shows of its accounts is held against the entries it was given; what differs is a case.

An export is prepared when its files are whole, sent when somebody says that the ledger has them, and read back when the ledger's
own balances were compared. Sent is not accepted: only what is read back proves that the entries are there, each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, DocumentError, Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.chart import Chart
from trueup.domain.read_back import Differing, compare
from trueup.formats.journal_accounts import beancount_names, hledger_names
from trueup.formats.journal_export import export_named
from trueup.formats.journal_parts import in_base
from trueup.formats.ledger_balances import read_ledger_balances
from trueup.formats.sheet_table import as_table
from trueup.storage import cases, exports, read_backs
from trueup.storage.acts import newest_act
from trueup.storage.exports import Export
from trueup.storage.read_backs import ReadBack
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.books_cases import OWNER
from trueup.workflows.export_journal import ACT, Ledger, books_of
from trueup.workflows.import_products import archive_upload
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

DOCUMENT, DIFFERS = "ledger-balances", "books.ledger-differs"
"""The kind of the document that a ledger's balances are archived as, and of the case when they are not ours."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a ledger shows: a file of balances, and of which days they are; None: from its beginning, to now."""

    content: bytes
    since: date | None = None
    until: date | None = None


def note_sent(tx: Tx, number: int, how: str, person: Person) -> bool:
    """Keep that the files of an export were handed over to its ledger; whether that was not known yet.

    Raises Refused (role), NotFound, Conflict when its files are not in place, Invalid without a word of how.
    """
    demand_role(person, ACT)
    export = _placed(tx, number)
    if not how.strip():
        raise Invalid("How it was handed over: expected a word, such as `imported by hand`, found none.")
    subject = f"export {export.id} to {export.scope.target}"
    fresh = read_backs.note_sent(tx.connection, export.id, how.strip(), person.name, tx.now)
    known = None if fresh else newest_act(tx.connection, subject, ("journal.sent",))
    if known is not None and known.actor != person.name:
        raise Conflict(
            f"Export {number} was noted as sent by {known.actor} at {write_instant(known.at)}: {known.after['how']}. "
            "Nothing was changed."
        )
    if fresh:
        record_deed(tx.connection, tx.now, person, Deed("journal.sent", subject, after={"how": how.strip()}))
    return fresh


def read_back(tx: Tx, number: int, shown: Shown, person: Person) -> ReadBack:
    """Hold an archived file of a ledger's balances against all that it was given up to an export.

    Raises Refused (role), NotFound, Conflict when the export's files are not in place, Unreadable for what is no such file or
    cannot be read whole, Invalid when the days leave entries of the export out.
    """
    demand_role(person, ACT)
    export = _placed(tx, number)
    _demand_days(shown, read_backs.days_of(tx.connection, number), number)
    base = Ledger.from_json(export.ledger).base_currency
    reading = read_ledger_balances(as_table(shown.content, "Balances of a ledger"), base)
    if reading.errors:
        first = "; ".join(str(finding) for finding in reading.errors[:3])
        raise Unreadable(
            f"{len(reading.errors)} places cannot be read, first {first}. Half of a ledger proves nothing."
        )
    days = shown.since, shown.until
    given = read_backs.sum_given(tx.connection, number, days)
    if not reading.facts["currencies"] and {currency for _, currency in given} - {base}:
        given = _given_in_base(tx, number, days)
    chart, evidence = tx.resources.books.chart, digest_of(shown.content)
    codes = _codes(chart)
    if not any(each.account.casefold() in codes for each in reading.values):
        named = ", ".join(each.account for each in reading.values[:3]) or "none"
        raise Unreadable(
            f"no account of the file is one of the chart's; found {named}, expected such as {next(iter(codes))}."
        )
    differing = compare(given, reading.values, codes)
    accounts = sum(1 for minor in given.values() if minor)
    read = ReadBack(number, export.scope.target, *days, evidence, accounts, differing, person.name, tx.now)
    read_backs.append_read_back(tx.connection, read)
    _tell(tx, export, read, chart)
    after = {"accounts": accounts, "differing": len(differing)}
    subject = f"export {number} to {export.scope.target}"
    record_deed(tx.connection, tx.now, person, Deed("journal.read-back", subject, after=after, evidence=evidence))
    return read


def take_in_shown(tx: Tx, number: int, shown: Shown, name: str, person: Person) -> ReadBack | DocumentError:
    """Archive what a ledger shows and read it back, as one act. What is no such file is told, not raised: what came is kept.

    Raises as `read_back` for all else.
    """
    demand_role(person, ACT)
    archive_upload(tx, shown.content, DOCUMENT, name, person)
    try:
        with tx.connection.begin_nested():
            return read_back(tx, number, shown, person)
    except DocumentError as error:
        return error


def _placed(tx: Tx, number: int) -> Export:
    export = exports.load_export(tx.connection, number)
    if export.placed_at is None:
        raise Conflict(
            f"Export {number} was recorded, but its files were never said to be in place; write it again with "
            f"`trueup journal export --redo {number} --output FILE` first."
        )
    return export


def _demand_days(shown: Shown, days: tuple[date, date], number: int) -> None:
    if (shown.since and shown.since > days[0]) or (shown.until and shown.until < days[1]):
        raise Invalid(
            f"Export {number} has entries from {days[0]} to {days[1]}; balances from {shown.since or 'the beginning'} to "
            f"{shown.until or 'now'} leave some of them out. Take balances of all of these days."
        )


def _codes(chart: Chart) -> dict[str, str]:
    """The code of an account by every name that a ledger may have for it; what two accounts are called is no name."""
    found: dict[str, str | None] = {}
    names: Sequence[Mapping[str, str]] = (hledger_names(chart), beancount_names(chart))
    for account in chart.accounts:
        known = {account.code, account.name, f"{account.code} {account.name}", f"{account.code} - {account.name}"}
        for name in known | {each[account.code] for each in names}:
            key = name.casefold()
            found[key] = account.code if found.get(key, account.code) == account.code else None
    return {name: code for name, code in found.items() if code is not None}


def _given_in_base(tx: Tx, number: int, days: tuple[date | None, date | None]) -> dict[tuple[str, str], int]:
    """What a ledger without currencies was given: each entry once, at the rates of the export that gave it."""
    given: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for each in read_backs.exports_up_to(tx.connection, number):
        export = exports.load_export(tx.connection, each)
        books, title = books_of(tx, Ledger.from_json(export.ledger)), export_named(export.scope.target).title
        for entry in exports.stream_entries(tx.connection, each):
            if entry.key in seen or not (days[0] or date.min) <= entry.day <= (days[1] or date.max):
                continue
            seen.add(entry.key)
            for line in in_base(entry, books, title).lines:
                key = (line.account, line.amount.currency)
                given[key] = given.get(key, 0) + line.amount.minor
    return given


def _tell(tx: Tx, export: Export, read: ReadBack, chart: Chart) -> None:
    """A case when something differs; one that tells of the same ledger ends when nothing does."""
    title, subject = export_named(export.scope.target).title, f"ledger {export.scope.target}"
    if not read.differing:
        why = f"the ledger's balances after export {export.id} are what it was given"
        cases.close_case(tx.connection, DIFFERS, subject, why=why, now=tx.now)
        return
    first, count = read.differing[0], len(read.differing)
    more = f"; {count - 1} more {'account differs' if count == 2 else 'accounts differ'}" if count > 1 else ""
    account = chart.account(first.account)
    name = f"{first.account} {account.name}" if account is not None else first.account
    draft = CaseDraft(
        kind=DIFFERS,
        subject=subject,
        title=f"{title} has {_said(first)} on {name}, was given {Money(first.given, first.currency)}{more}",
        expected=str(Money(first.given, first.currency)),
        found=_said(first),
        money_at_risk=abs(first.off),
        deadline=tx.now + timedelta(days=14),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=read.document,
        things=count,
    )
    cases.open_case(tx.connection, draft, tx.now)


def _said(each: Differing) -> str:
    return "nothing" if each.found is None else str(Money(each.found, each.currency))
