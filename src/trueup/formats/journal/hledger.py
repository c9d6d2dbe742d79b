"""hledger: a journal of plain text that passes `hledger check --strict`, with every fact of ours as a tag.

Source: the hledger manual, and hledger 1.25 as it behaves. A code ends at its first `)`, a description at `;`, a tag's value at
a comma, and any `word:` in a comment is a tag: so what would end a text early is percent-encoded, as in a URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from trueup.base.money import exponent_of
from trueup.domain.journal import AccountType, JournalEntry, JournalLine
from trueup.formats.journal_accounts import hledger_names
from trueup.formats.journal_export import Books, JournalExport, Piece, pieces, plain_amount, reference_of

_TYPES = {AccountType.ASSET: "A", AccountType.LIABILITY: "L", AccountType.INCOME: "R", AccountType.EXPENSE: "X"}
_ENDS_DESCRIPTION = {ord(each): quote(each) for each in "%;|"}
_ENDS_TAG = {ord(each): quote(each) for each in "%,;:[]()|"}


def write_hledger(entries: Iterable[JournalEntry], books: Books) -> Iterator[Piece]:
    """One file: the accounts, each currency before it is first used, then the entries in the order they come."""
    return pieces(_texts(entries, books))


def _texts(entries: Iterable[JournalEntry], books: Books) -> Iterator[str]:
    names = hledger_names(books.chart)
    yield "decimal-mark .\n\n"
    for account in books.chart.accounts:
        tags = _tags(type=_TYPES[account.type], account_code=account.code, account_name=account.name)
        yield f"account {names[account.code]}  ; {tags}\n"
    seen: set[str] = set()
    for entry in entries:
        for currency in sorted({line.amount.currency for line in entry.lines} - seen):
            seen.add(currency)
            yield f"\ncommodity 1000.{'0' * exponent_of(currency)} {currency}\n"
        yield "\n" + _entry(entry, books, names)


def _entry(entry: JournalEntry, books: Books, names: dict[str, str]) -> str:
    description = _encoded(entry.narration, _ENDS_DESCRIPTION)
    head = f"{entry.day.isoformat()} * ({reference_of(entry.key)}) {description}".rstrip()
    facts = _tags(entry=entry.key, evidence=entry.evidence, reverses=entry.reverses)
    return "\n".join((head, f"    ; {facts}", *(_posting(line, books, names) for line in entry.lines))) + "\n"


def _posting(line: JournalLine, books: Books, names: dict[str, str]) -> str:
    currency = line.amount.currency
    name = names.get(line.account) or names[books.account(line.account).code]
    number = "" if line.source_line is None else str(line.source_line)
    tags = _tags(ref=line.reference, memo=line.memo, line=number)
    shown = f"    {name}  {plain_amount(line.amount.minor, currency)} {currency}"
    return f"{shown}  ; {tags}" if tags else shown


def _tags(**values: str) -> str:
    return ", ".join(f"{name}:{_encoded(value, _ENDS_TAG)}" for name, value in values.items() if value)


def _encoded(text: str, ends: Mapping[int, str]) -> str:
    """The text with what would end it, what cannot be seen, and spaces that would be dropped, as %XX; decoding gives it back."""
    shown = text.translate(ends)
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else quote(each, errors="replace") for each in shown)
    if shown[:1] == " " or shown[-1:] == " ":
        shown = re.sub(r"^ +| +$", lambda spaces: "%20" * len(spaces.group()), shown)
    return shown


EXPORT = JournalExport(
    "hledger",
    "hledger journal",
    "journal",
    write_hledger,
    ("hledger has no period lock: keep exported files under version control.",),
)
