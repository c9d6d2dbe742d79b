"""The contract of a journal export: entries in, pieces of files out, in one pass, whatever their number.

A format only writes: which entries, and that none is exported twice, is its caller's. So that a repeat shows wherever the file
ends up, every entry carries its reference: a hash of its key, the same in every target, for ever.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache

from trueup.base.errors import ConfigurationError, NotFound
from trueup.base.money import check_currency, exponent_of
from trueup.base.plugins import collect
from trueup.domain.chart import Chart, Purpose
from trueup.domain.journal import Account, JournalEntry

_PIECE_CHARACTERS = 64_000


@dataclass(frozen=True, slots=True)
class Books:
    """What entries do not say themselves: the chart, and how the ledger that takes the file is set up.

    `base_currency`: the currency the ledger is kept in. `rates`: units of base currency for one of another, as a person states
    them for this export; a target without a currency column takes no foreign entry otherwise. `customer`: Amazon's name in the
    ledger, where lines on receivables need one. `subsidiary`: NetSuite's, where there are several. `no_tax`: what the ledger
    calls "no tax" on a line, "" for the target's usual word. `day_first`: 31/12/2026 rather than 12/31/2026, where the target
    takes either. `journal`: the code of the journal in ledgers that have several (Intacct). `declared`: codes of the accounts
    that files exported earlier have opened; beancount takes an opening once only.
    """

    chart: Chart
    base_currency: str
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    customer: str = "Amazon"
    subsidiary: str = ""
    no_tax: str = ""
    day_first: bool = False
    journal: str = "GJ"
    declared: frozenset[str] = frozenset()
    _accounts: Mapping[str, Account] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_currency(self.base_currency)
        for currency, rate in self.rates.items():
            check_currency(currency)
            if not rate.is_finite() or rate <= 0:
                raise ConfigurationError(
                    f"Rate of {currency}: expected a number above zero, such as 1.0834 {self.base_currency} for one "
                    f"{currency}; found {rate}."
                )
            if currency == self.base_currency and rate != 1:
                raise ConfigurationError(f"Rate of {currency}: it is the base currency, so expected 1; found {rate}.")
        object.__setattr__(self, "_accounts", {account.code: account for account in self.chart.accounts})

    def account(self, code: str) -> Account:
        """The account with this code. Raises ConfigurationError when entries use one that the chart no longer has."""
        try:
            return self._accounts[code]
        except KeyError:
            raise ConfigurationError(
                f"Entries are posted to account {code!r}, which is not in the chart of accounts; put it back, for what is "
                f"posted stays posted."
            ) from None

    def is_receivable(self, code: str) -> bool:
        """Whether the account is what customers owe for invoices, where some ledgers demand a customer on each line."""
        return code == self.chart.code(Purpose.RECEIVABLE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file. `file`: which, from 1; the pieces of a file come in order and without others between them."""

    file: int
    content: bytes


@dataclass(frozen=True, slots=True)
class JournalExport:
    """A target. `write` raises ConfigurationError and Refused, also in the middle: a file is whole when it has ended.

    `notes`: what the person who imports the file must know, a sentence each.
    """

    name: str
    title: str
    extension: str
    write: Callable[[Iterable[JournalEntry], Books], Iterator[Piece]]
    notes: tuple[str, ...] = ()

    def file_name(self, stem: str, file: int) -> str:
        """The name of a file: the stem alone for the first, numbered from the second."""
        return f"{stem}.{self.extension}" if file == 1 else f"{stem}-{file}.{self.extension}"


@cache
def known_exports() -> Mapping[str, JournalExport]:
    """Every target there is, by name: the constants EXPORT of the folder, and of outside packages."""
    from trueup.formats import journal

    return collect(journal, "EXPORT", JournalExport, key=lambda export: export.name, group="trueup.journal_exports")


def export_named(name: str) -> JournalExport:
    """The target with this name. Raises NotFound, naming those that there are."""
    try:
        return known_exports()[name]
    except KeyError:
        raise NotFound(f"Journal format {name!r}: expected one of {', '.join(sorted(known_exports()))}.") from None


@lru_cache(maxsize=64)
def reference_of(key: str) -> str:
    """The reference of an entry: 15 capital letters and digits, the same for the same key, ever.

    Targets take 20 (Sage 50 US), 21 (QuickBooks Online) or 30 (Sage 50 UK) characters; the rest is for the number of a part.
    70 bits of SHA-256: among a million entries two alike are a chance of one in a thousand million.
    """
    return "T" + base64.b32encode(hashlib.sha256(key.encode()).digest())[:14].decode()


def plain_amount(minor: int, currency: str) -> str:
    """An amount in digits with a point, as many decimals as the currency has, no grouping: -1234.50."""
    exponent = exponent_of(currency)
    if not exponent:
        return str(minor)
    whole, part = divmod(abs(minor), 10**exponent)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{exponent}d}"


def pieces(texts: Iterable[str], *, file: int = 1) -> Iterator[Piece]:
    """Texts of one file as pieces of a size that is worth writing."""
    held: list[str] = []
    length = 0
    for text in texts:
        held.append(text)
        length += len(text)
        if length >= _PIECE_CHARACTERS:
            yield Piece(file, "".join(held).encode())
            held, length = [], 0
    if held:
        yield Piece(file, "".join(held).encode())
