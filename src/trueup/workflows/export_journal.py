"""Export the journal: entries become files that another ledger imports, each entry once for a target, whatever happens.

The files are written whole beside their names and the export is recorded before they get them. A crash in between leaves an
export that is not in place: the next one for that target is refused until its entries are written again, so nothing is lost and
nothing repeated without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from trueup.base.errors import Conflict
from trueup.domain.journal import JournalEntry
from trueup.formats.journal_export import Books, JournalExport, Piece, export_named
from trueup.storage import exports
from trueup.storage.exports import Export, Scope
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

ACT = "journal.export"


@dataclass(frozen=True, slots=True)
class Ledger:
    """How the ledger that takes the files is set up; see `formats.journal_export.Books`."""

    base_currency: str
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    customer: str = "Amazon"
    subsidiary: str = ""
    no_tax: str = ""
    day_first: bool = False
    journal: str = "GJ"

    @classmethod
    def of(cls, said: LedgerSettings, rates: Mapping[str, Decimal] | None = None, base: str = "") -> Ledger:
        """As the settings say, with rates of its own and, where said, another base currency."""
        names = (said.customer, said.subsidiary or "", said.no_tax or "")
        return cls(base or said.base_currency, rates or {}, *names, said.day_first, said.journal)

    def as_json(self) -> dict[str, Any]:
        """As it is recorded with an export."""
        rates = {currency: str(rate) for currency, rate in self.rates.items()}
        return {
            "base_currency": self.base_currency,
            "rates": rates,
            "customer": self.customer,
            "subsidiary": self.subsidiary,
            "no_tax": self.no_tax,
            "day_first": self.day_first,
            "journal": self.journal,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Ledger:
        """As it was recorded."""
        return cls(**{**said, "rates": {currency: Decimal(rate) for currency, rate in said["rates"].items()}})


class LedgerSettings(Protocol):
    """How settings say the same."""

    @property
    def base_currency(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def subsidiary(self) -> str | None: ...
    @property
    def no_tax(self) -> str | None: ...
    @property
    def day_first(self) -> bool: ...
    @property
    def journal(self) -> str: ...


class Shelf(Protocol):
    """Where files are written before they are there: each gets its name when all of them are whole and recorded."""

    def put(self, piece: Piece) -> None:
        """Write a piece; pieces of a file come in order."""
        ...

    def name(self, file: int) -> str:
        """The name that a file will have."""
        ...

    def told(self, entries: int) -> None:
        """So many entries are written."""
        ...

    def close(self) -> None:
        """Everything put is on the disk, whatever happens to the machine."""
        ...


@dataclass(slots=True)
class _Written:
    """What was written so far: the hash and size of each file, and how much the entries come to."""

    hashes: dict[int, Any] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)

    def add(self, piece: Piece) -> None:
        self.hashes.setdefault(piece.file, hashlib.sha256()).update(piece.content)
        self.sizes[piece.file] = self.sizes.get(piece.file, 0) + len(piece.content)

    def files(self, shelf: Shelf) -> tuple[dict[str, Any], ...]:
        return tuple(
            {"name": shelf.name(file), "sha256": found.hexdigest(), "size_bytes": self.sizes[file]}
            for file, found in self.hashes.items()
        )


def export_journal(tx: Tx, scope: Scope, ledger: Ledger, person: Person, shelf: Shelf) -> Export | None:
    """Write the entries of the scope to the shelf and record the export; None when there are none.

    Raises Refused (no role; an entry that the target cannot take), ConfigurationError (the chart does not fit the target),
    NotFound (no such target), Conflict when an earlier export to the target is not in place.
    """
    demand_role(person, ACT)
    target = export_named(scope.target)
    exports.lock_target(tx.connection, scope.target)
    _demand_placed(exports.find_unplaced(tx.connection, scope.target))
    number, count = exports.take_entries(tx.connection, scope)
    if not count:
        return None
    # Everything anew stands by itself: it opens what it uses. What is new is added to what was given.
    declared = frozenset() if scope.again else exports.accounts_given(tx.connection, scope.target, number)
    entries = _told(exports.stream_entries(tx.connection, number), shelf)
    files = _write(target, entries, books_of(tx, ledger, declared), shelf)
    export = Export(number, scope, count, ledger.as_json(), files, person.name, tx.now)
    exports.append_export(tx.connection, export)
    _record(tx, export, files, person, anew=False)
    return export


def write_again(tx: Tx, number: int, person: Person, shelf: Shelf) -> Export:
    """Write the entries of a recorded export once more, set up as it was: its files are lost, or never came to be in place.

    Raises as `export_journal`; NotFound when there is no such export.
    """
    demand_role(person, ACT)
    export = exports.load_export(tx.connection, number)
    target, ledger = export_named(export.scope.target), Ledger.from_json(export.ledger)
    exports.lock_target(tx.connection, export.scope.target)
    given = exports.accounts_given(tx.connection, export.scope.target, number)
    declared = frozenset() if export.scope.again else given
    entries = _told(exports.stream_entries(tx.connection, number), shelf)
    files = _write(target, entries, books_of(tx, ledger, declared), shelf)
    _record(tx, export, files, person, anew=True)
    return Export(
        number, export.scope, export.entries, export.ledger, files, export.actor, export.exported_at, export.placed_at
    )


def note_in_place(tx: Tx, number: int) -> None:
    """The files of an export have their names."""
    exports.note_placed(tx.connection, number, tx.now)


def books_of(tx: Tx, ledger: Ledger, declared: frozenset[str] = frozenset()) -> Books:
    """How a ledger is set up, with the chart as it is now."""
    return Books(
        tx.resources.books.chart,
        ledger.base_currency,
        rates=ledger.rates,
        customer=ledger.customer,
        subsidiary=ledger.subsidiary,
        no_tax=ledger.no_tax,
        day_first=ledger.day_first,
        journal=ledger.journal,
        declared=declared,
    )


def _write(
    target: JournalExport, entries: Iterable[JournalEntry], books: Books, shelf: Shelf
) -> tuple[dict[str, Any], ...]:
    written = _Written()
    for piece in target.write(entries, books):
        shelf.put(piece)
        written.add(piece)
    shelf.close()
    return written.files(shelf)


def _told(entries: Iterable[JournalEntry], shelf: Shelf) -> Iterator[JournalEntry]:
    for number, entry in enumerate(entries, start=1):
        yield entry
        shelf.told(number)


def _demand_placed(earlier: Export | None) -> None:
    if earlier is None:
        return
    names = ", ".join(str(each["name"]) for each in earlier.files)
    raise Conflict(
        f"Export {earlier.id} to {earlier.scope.target} ({earlier.entries} entries, by {earlier.actor} on "
        f"{earlier.exported_at:%Y-%m-%d %H:%M}) was recorded, but Trueup was stopped before it could say that {names} is in "
        f"place. Write it again with `trueup journal export --redo {earlier.id} --output FILE`, and import one of the two."
    )


def _record(tx: Tx, export: Export, files: tuple[dict[str, Any], ...], person: Person, *, anew: bool) -> None:
    after = {"entries": export.entries, "files": [each["name"] for each in files], "again": export.scope.again}
    if anew:
        after["redone"] = True
    subject = f"export {export.id} to {export.scope.target}"
    record_deed(tx.connection, tx.now, person, Deed(ACT, subject, after=after))


__all__ = ["ACT", "Export", "Ledger", "Scope", "Shelf", "books_of", "export_journal", "note_in_place", "write_again"]
