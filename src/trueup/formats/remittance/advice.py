"""The advice that Amazon mails for each payment, as text, HTML, mail or PDF: a block about the payment, and a table of its lines.

An advice says the lines as they were paid and checks itself by its total, which is compared. Dates as `11-JUL-2025` or
`May 20, 2025`, amounts below zero as `(1,234.56)` or `-1,234.56`. Source: public descriptions of the advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money, check_currency
from trueup.domain.remittances import Remittance, RemittanceLine, RemittanceSource
from trueup.formats.document import Finding, Format, Location, Reading, Severity
from trueup.formats.regional import UNDECLARED, Convention, convention_of
from trueup.formats.remittance._advice_pages import WHAT, Line, advice_lines, opens_advice
from trueup.formats.remittance._advice_table import LONGEST_LINE, Row, columns_of, read_table
from trueup.formats.remittance._amounts import (
    CellReader,
    habit_of,
    has_two_days,
    has_two_numbers,
    is_blank,
    shown_day,
    shown_number,
)

NAME = "amazon-advice"
_LABELS = {
    "payee": r"payment\s+made\s+to",
    "supplier": r"our\s+supplier\s+(?:no|number)\.?",
    "site": r"supplier\s+site\s+name",
    "number": r"payment\s+(?:number|no)\.?",
    "day": r"payment\s+date",
    "currency": r"payment\s+currency",
    "amount": r"payment\s+amount",
    "method": r"payment\s+(?:method|type)",
}
_ANY_LABEL = "|".join(_LABELS.values())
_FIELDS = {
    name: re.compile(
        rf"(?i)\b{label}[ \t]*[:#]?[ \t]*(?!\s*(?:{_ANY_LABEL}))(\S(?:.*?\S)??)"
        rf"(?=[ \t]{{2,}}|\t|\s+(?:{_ANY_LABEL})|\s*$)"
    )
    for name, label in _LABELS.items()
}  # fmt: skip
_BEGINS = re.compile(rf"(?i)\b{_LABELS['payee']}\b")
_CODE = re.compile(r"\(([^()]{2,40})\)\s*$")


@dataclass(slots=True)
class _Block:
    """One payment as its part of the document tells it. `at`: where each field stands."""

    said: dict[str, str] = field(default_factory=dict)
    at: dict[str, Line] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    unread: list[Line] = field(default_factory=list)
    first: Line | None = None

    def key(self) -> tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]:
        """What its rows say: the same advice twice says the same."""
        return tuple((row.reference, row.day, row.description, tuple(row.amounts.items())) for row in self.rows)


def read_advice(content: bytes, declared: Convention = UNDECLARED) -> Reading[Remittance]:
    """Every payment an advice tells of. `declared` answers how it writes numbers and days where it does not show it.

    Raises Unreadable when it tells of none, or holds no text.
    """
    blocks = list(_blocks(advice_lines(content)))
    if not blocks:
        raise Unreadable(
            f"{WHAT}: expected a payment number and a table of invoices, found neither; send the advice itself."
        )
    findings: list[Finding] = []
    reader = _AdviceReader(_convention(blocks, declared, findings), findings)
    values = [value for block in reader.joined(blocks) if (value := reader.read(block)) is not None]
    return Reading(digest_of(content), NAME, tuple(values), tuple(findings))


def _blocks(lines: Sequence[Line]) -> Iterator[_Block]:
    """A block from each `Payment made to`; tables belong to the block they stand in."""
    block: _Block | None = None
    place = 0
    while place < len(lines):
        line = lines[place]
        following = lines[place + 1] if place + 1 < len(lines) else None
        columns = columns_of(line, following)
        if columns is not None and block is not None:
            end = next((at for at in range(place + 1, len(lines)) if _BEGINS.search(lines[at].text)), len(lines))
            below = lines[place + 1 : end]
            if not line.cells and following is not None and _is_second_header(following):
                below = below[1:]
            table = read_table(below, columns)
            block.rows += table.rows
            block.totals += table.totals
            block.unread += table.unread
            place = end
            continue
        if _BEGINS.search(line.text) or (block is None and _FIELDS["number"].search(line.text[:LONGEST_LINE])):
            if block is not None and "number" in block.said:
                yield block
                block = None
            block = block or _Block(first=line)
        if block is not None:
            for name, pattern in _FIELDS.items():
                found = pattern.search(line.text[:LONGEST_LINE])
                if found and name not in block.said:
                    block.said[name], block.at[name] = found[1].strip(), line
        place += 1
    if block is not None and "number" in block.said:
        yield block


def _is_second_header(line: Line) -> bool:
    said = line.text.casefold()
    return "paid" in said and "date" in said and not re.search(r"[0-9]", said)


class _AdviceReader:
    """The state of reading one document."""

    def __init__(self, convention: Convention, findings: list[Finding]) -> None:
        self.cells, self.findings = CellReader(convention), findings

    def joined(self, blocks: Sequence[_Block]) -> Iterator[_Block]:
        """Blocks of one payment are one: a page that goes on is added, the same advice again is passed over."""
        known: dict[str, _Block] = {}
        for block in blocks:
            number = block.said["number"]
            earlier = known.get(number)
            if earlier is None:
                known[number] = block
            elif block.key() == earlier.key():
                self._warn(
                    "payment-twice", f"payment {number} is told of twice, alike; it is taken once", block.at["number"]
                )
            elif block.rows and (earlier.totals or self._is_whole(earlier)):
                words = f"payment {number} is told of again when it was whole, with other lines; those are not taken in"
                self._error("payment-differs", words, block.at["number"])
            else:
                earlier.rows += block.rows
                earlier.totals += block.totals
                earlier.unread += block.unread
                for name, text in block.said.items():
                    earlier.said.setdefault(name, text)
                    earlier.at.setdefault(name, block.at[name])
        yield from known.values()

    def _is_whole(self, block: _Block) -> bool:
        """Whether its rows come to its amount already."""
        try:
            amount = self._amount(block)
            paid = [self.cells.minor(row.amounts.get("paid", ""), amount.currency) for row in block.rows]
        except (Invalid, _Unread):
            return False
        return bool(paid) and sum(each or 0 for each in paid) == amount.minor

    def read(self, block: _Block) -> Remittance | None:
        """The payment; None, with an error at its place, when its amount or day cannot be read."""
        number, first = block.said["number"], block.at["number"]
        try:
            amount = self._amount(block)
            paid_on = self._day(block)
        except _Unread as error:
            where = block.at.get(error.name, first)
            self._error("payment-not-read", f"payment {number}: {error}; it is not taken in, nor are its lines", where)
            return None
        lines = tuple(
            line for at, row in enumerate(block.rows, 1) if (line := self._line(at, row, amount.currency)) is not None
        )
        if not block.rows:
            self._warn("no-lines", f"payment {number} of {amount}: no table of invoices below it", first)
        for unread in block.unread:
            words = f"{unread.text.strip()[:80]!r} belongs to no line: no row of the table, nor aligned with a number above it"
            self._warn("text-not-read", words, unread)
        for total in block.totals:
            self._check_total(total, lines, amount.currency)
        return Remittance(
            source=RemittanceSource.ADVICE,
            payment=number,
            payee=self._payee(block),
            paid_on=paid_on,
            amount=amount,
            lines=lines,
            method=block.said.get("method", ""),
        )

    def _amount(self, block: _Block) -> Money:
        text = block.said.get("amount", "")
        code = re.search(r"\b[A-Z]{3}\b", text)
        currency = block.said.get("currency", code[0] if code else "").upper()
        try:
            currency = check_currency(currency.strip())
        except Invalid as error:
            raise _Unread("currency", str(error).removesuffix(".")) from None
        try:
            minor = self.cells.minor(text, currency)
        except Invalid as error:
            raise _Unread("amount", str(error).removesuffix(".")) from None
        if minor is None:
            raise _Unread("amount", "Payment amount is missing")
        return Money(minor, currency)

    def _day(self, block: _Block) -> date:
        try:
            return self.cells.day(block.said.get("day", ""))
        except Invalid as error:
            raise _Unread("day", f"Payment date: {str(error).removesuffix('.')}") from None

    def _payee(self, block: _Block) -> str:
        """The code in `Payment made to: NAME(CODE)`, else the supplier's number."""
        found = _CODE.search(block.said.get("payee", ""))
        return found[1].strip() if found else block.said.get("supplier", "")

    def _line(self, number: int, row: Row, currency: str) -> RemittanceLine | None:
        amounts: dict[str, int | None] = {}
        reason = row.bad
        if not reason:
            try:
                amounts = {name: self.cells.minor(text, currency) for name, text in row.amounts.items()}
            except Invalid as error:
                reason = str(error).removesuffix(".")
        paid = amounts.get("paid")
        if paid is None:
            words = f"line {row.reference or row.line.text.strip()[:40]!r}: {reason or 'it has no amount paid'}; it is left out"
            self._error("line-not-read", words, row.line)
            return None
        if not row.reference:
            self._warn("no-reference", "the line has no invoice number", row.line)
        return RemittanceLine(
            number=number,
            reference=row.reference,
            paid=paid,
            discount=amounts.get("discount") or 0,
            withheld=amounts.get("withheld") or 0,
            gross=amounts.get("gross"),
            remaining=amounts.get("remaining"),
            invoice_day=self._invoice_day(row),
            description=row.description,
            place=row.line.place,
        )

    def _invoice_day(self, row: Row) -> date | None:
        if is_blank(row.day):
            return None
        try:
            return self.cells.day(row.day)
        except Invalid as error:
            words = f"{str(error).removesuffix('.')}; the line is taken in without its day"
            self._warn("day", words, row.line)
            return None

    def _check_total(self, total: Row, lines: Sequence[RemittanceLine], currency: str) -> None:
        found = {"paid": sum(line.paid for line in lines), "discount": sum(line.discount for line in lines)}
        for name, text in total.amounts.items():
            if name not in found:
                continue
            try:
                stated = self.cells.minor(text, currency)
            except Invalid:
                stated = None
            if stated is not None and stated != found[name]:
                shown = f"{Money(stated, currency)}, its lines come to {Money(found[name], currency)}"
                words = f"the total of {name} is {shown} ({Money(stated - found[name], currency)} apart)"
                self._warn("total-differs", words, total.line)

    def _warn(self, code: str, words: str, line: Line) -> None:
        self.findings.append(Finding(Severity.WARNING, code, words, Location(line.offset, line.place)))

    def _error(self, code: str, words: str, line: Line) -> None:
        self.findings.append(Finding(Severity.ERROR, code, words, Location(line.offset, line.place)))


class _Unread(Exception):
    """A field of a payment without which it has no meaning."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


def _convention(blocks: Sequence[_Block], declared: Convention, findings: list[Finding]) -> Convention:
    """How the document writes: declared, shown by it, or its currencies' habit; what none says stays open, cell by cell."""
    numbers = {shown_number(text) for block in blocks for row in block.rows for text in row.amounts.values() if text}
    numbers |= {shown_number(block.said["amount"]) for block in blocks if "amount" in block.said}
    days = {shown_day(row.day) for block in blocks for row in block.rows if row.day}
    days |= {shown_day(block.said["day"]) for block in blocks if "day" in block.said}
    shown = convention_of(numbers, days, declared)
    mark, day_first = shown.decimal_mark, shown.day_first
    habit = habit_of(block.said.get("currency", "").upper() for block in blocks)
    first = blocks[0].first or Line("", "")
    where = Location(first.offset, first.place)
    if not mark and habit.decimal_mark and any(map(has_two_numbers, numbers)):
        mark = habit.decimal_mark
        words = f"no amount shows its decimal mark; read with {mark!r}, as stores of the currency write"
        findings.append(Finding(Severity.WARNING, "decimal-mark-assumed", words, where))
    if day_first is None and habit.day_first is not None and any(map(has_two_days, days)):
        day_first = habit.day_first
        order = "the day first" if day_first else "the month first"
        words = f"no day shows its order; read with {order}, as stores of the currency write"
        findings.append(Finding(Severity.WARNING, "day-order-assumed", words, where))
    return Convention(mark, day_first)


FORMAT = Format(NAME, "Amazon remittance advice (mail, text or PDF)", opens_advice, read_advice)
