"""beancount: a ledger of plain text that passes `bean-check`, with every fact of ours as metadata.

Source: the beancount documentation, and beancount 3.2.3 as it behaves. Accounts must be opened, and only once: each is opened
where this file first uses it, unless an earlier file did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trueup.domain.journal import JournalEntry, JournalLine
from trueup.formats.journal_accounts import beancount_names
from trueup.formats.journal_export import Books, JournalExport, Piece, pieces, plain_amount, reference_of

_OPENED = "1970-01-01"  # before any entry, so that files may be included in any order


def write_beancount(entries: Iterable[JournalEntry], books: Books) -> Iterator[Piece]:
    """One file: each account before it is first used, and the entries in the order they come."""
    return pieces(_texts(entries, books))


def _texts(entries: Iterable[JournalEntry], books: Books) -> Iterator[str]:
    names = beancount_names(books.chart)
    opened = set(books.declared)
    if not opened:
        yield f'option "operating_currency" "{books.base_currency}"\n'
    for entry in entries:
        for code in dict.fromkeys(line.account for line in entry.lines):
            if code not in opened:
                opened.add(code)
                yield _opening(code, books, names)
        yield _entry(entry, names)


def _opening(code: str, books: Books, names: dict[str, str]) -> str:
    account = books.account(code)
    facts = f"  code: {_string(account.code)}\n  name: {_string(account.name)}\n"
    return f"\n{_OPENED} open {names[code]}\n{facts}"


def _entry(entry: JournalEntry, names: dict[str, str]) -> str:
    texts = [f"\n{entry.day.isoformat()} * {_string(entry.narration)} ^{reference_of(entry.key)}\n"]
    texts.append(f"  entry: {_string(entry.key)}\n  evidence: {_string(entry.evidence)}\n")
    if entry.reverses:
        texts.append(f"  reverses: {_string(entry.reverses)}\n")
    texts += [_posting(line, names) for line in entry.lines]
    return "".join(texts)


def _posting(line: JournalLine, names: dict[str, str]) -> str:
    currency = line.amount.currency
    text = f"  {names[line.account]}  {plain_amount(line.amount.minor, currency)} {currency}\n"
    if line.reference:
        text += f"    ref: {_string(line.reference)}\n"
    if line.memo:
        text += f"    memo: {_string(line.memo)}\n"
    if line.source_line is not None:
        text += f"    line: {line.source_line}\n"
    return text


def _string(text: str) -> str:
    """A text between quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


EXPORT = JournalExport(
    "beancount",
    "beancount ledger",
    "beancount",
    write_beancount,
    ("beancount has no period lock: keep exported files under version control, and include each once.",),
)
