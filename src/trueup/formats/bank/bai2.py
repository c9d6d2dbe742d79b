"""BAI2 cash management reports: groups of accounts, their balances and movements, with every control total checked.

Sources: BAI Cash Management Balance Reporting Specifications, version 2: records 01, 02, 03, 16, 88, 49, 98, 99; amounts in minor
units without a point; type codes 100 to 399 credit, 400 to 699 debit; funds types S, V and D bring further fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money, check_currency
from trueup.domain.bank import BankLine, Statement, meant_references
from trueup.formats.bank._drafts import Draft, finish, plain_account
from trueup.formats.document import Format, Location, Reading, Severity
from trueup.formats.tabular import Findings

_CODES = ("01", "02", "03", "16", "49", "88", "98", "99")
_SEVERAL_A_LINE = re.compile(r"/[ \t]+(?=(?:01|02|03|16|49|88|98|99),)")
_AMOUNT = re.compile(r"[+-]?[0-9]{0,18}")
_OPENING, _CLOSING = "010", "015"
_UPDATE, _CORRECTION = "1", "3"
_REFUSED = {"2": "deletes what was reported before", "4": "is a test"}
_DEFAULT_CURRENCY = "USD"


@dataclass(slots=True)
class _Record:
    """A record with its continuations: `rows` physical ones. A line break stands in `body` before each continuation."""

    code: str
    location: Location
    body: str
    rows: int = 1

    def cells(self) -> list[str]:
        return [cell.strip() for cell in self.body.split(",")]


@dataclass(slots=True)
class _Level:
    """What a trailer counts: its file, group or account. `total` and `parts` are those of the level below."""

    total: int = 0
    parts: int = 0
    rows: int = 0


@dataclass(slots=True)
class _Reader:
    """The life of one reading: where it stands, what the open group says, and the running totals."""

    findings: Findings = field(default_factory=Findings)
    drafts: list[Draft] = field(default_factory=list)
    file: _Level = field(default_factory=_Level)
    group: _Level = field(default_factory=_Level)
    account: _Level = field(default_factory=_Level)
    day: date | None = None
    currency: str = _DEFAULT_CURRENCY
    takes_group: bool = False
    draft: Draft | None = None
    sent: str = ""
    ended: bool = False

    def take(self, record: _Record) -> None:
        """One record. Raises Invalid when it has no meaning."""
        for level in (self.file, self.group, self.account):
            level.rows += record.rows
        match record.code:
            case "01":
                self.sent = "-".join(cell for cell in record.cells()[:5:2] if cell)
            case "02":
                self.group = _Level(rows=record.rows)
                self.open_group(record)
            case "03":
                self.account = _Level(rows=record.rows)
                self.open_account(record)
            case "16":
                self.take_movement(record)
            case "49":
                self.close(record, self.account, self.group, "")
                self.draft = None
            case "98":
                self.close(record, self.group, self.file, "accounts")
                self.takes_group = False
            case _:
                self.close(record, self.file, _Level(), "groups")
                self.ended = True

    def open_group(self, record: _Record) -> None:
        cells = [*record.cells(), *[""] * 7]
        status, day, time, currency = cells[2], cells[3], cells[4], cells[5]
        self.takes_group, self.draft = False, None
        if status in _REFUSED:
            words = f"this group {_REFUSED[status]} (group status {status}); its accounts are not taken in"
            self.findings.add("group-status", words, record.location)
            return
        if status not in ("", _UPDATE, _CORRECTION):
            raise Invalid(f"expected a group status 1 to 4, found {status[:10]!r}")
        self.currency = check_currency(currency) if currency else _DEFAULT_CURRENCY
        self.day = _short_day(day)
        if not re.fullmatch(r"(?:(?:[01][0-9]|2[0-3])[0-5][0-9]|2400|9999|[0-9]{2}:[0-9]{2}:[0-9]{2})?", time):
            words = f"expected a time from 0000 to 2400, or 9999 for the end of the day, found {time[:10]!r}; it is not used"
            self.findings.add("time", words, record.location, Severity.WARNING)
        if status == _CORRECTION:
            words = "this group corrects one that was sent before; compare what was tied to its lines"
            self.findings.add("group-status", words, record.location, Severity.WARNING)
        self.takes_group = True

    def open_account(self, record: _Record) -> None:
        cells = record.cells()
        summaries = list(_summaries(cells[2:]))
        self.account.total = sum(amount for _, amount in summaries)
        self.draft = None
        if not self.takes_group:
            return
        if not cells[0]:
            raise Invalid("expected an account number, found none")
        currency = check_currency(cells[1]) if len(cells) > 1 and cells[1] else self.currency
        number = f"{self.sent}/{len(self.drafts) + 1}"
        draft = Draft(record.location, plain_account(cells[0]), number, currency, until=self.day)
        balances = {code: Money(amount, currency) for code, amount in summaries if code in (_OPENING, _CLOSING)}
        draft.opening, draft.closing = balances.get(_OPENING), balances.get(_CLOSING)
        self.drafts.append(draft)
        self.draft = draft

    def take_movement(self, record: _Record) -> None:
        code, cells = record.body.partition(",")[0].strip(), record.body.split(",")
        minor = _minor(cells[1] if len(cells) > 1 else "")
        self.account.total += minor
        draft, day = self.draft, self.day
        if draft is None or day is None:
            if self.takes_group:
                raise Invalid("a movement outside an account")
            return
        direction = _direction(code)
        if not direction:
            words = (
                f"type code {code[:10]!r} of {Money(minor, draft.currency)} is neither credit nor debit; it is left out"
            )
            self.findings.add("type-code", words, record.location, Severity.WARNING)
            return
        availability, rest = _availability(cells[2:])
        bank = meant_references(rest[:1])
        draft.add(
            BankLine(
                account=draft.account,
                booked_on=day,
                value_on=_short_day(availability) if availability else day,
                amount=Money(minor * direction, draft.currency),
                references=meant_references(rest[1:2]),
                bank_reference=bank[0] if bank else "",
                payer=_payer(record.body),
                text=_text(",".join(rest[2:])),
                place=str(record.location),
            ),
            record.location,
            self.findings,
        )

    def close(self, record: _Record, level: _Level, above: _Level, parts: str) -> None:
        """A trailer: its total, its number of parts and of records against ours."""
        cells = [*record.cells(), *[""] * 3]
        counts = [("control total", _minor(cells[0]), level.total)]
        if parts:
            counts.append((f"number of {parts}", _count(cells[1]), level.parts))
        counts.append(("number of records", _count(cells[2 if parts else 1]), level.rows))
        for what, said, found in counts:
            if said != found:
                words = f"record {record.code} says {what} {said}, the records give {found}; the file is altered or cut"
                self.findings.add("control", words, record.location, Severity.WARNING)
        above.total += counts[0][1]
        above.parts += 1


def read_bai2(content: bytes) -> Reading[Statement]:
    """A statement for every account of every group that is no test. Raises Unreadable when it does not begin with 01."""
    reader = _Reader()
    records = list(_records(content, reader.findings))
    if not records or records[0].code != "01":
        raise Unreadable("Bank statement: expected BAI2, which begins with a record 01, found none.")
    for record in records:
        try:
            reader.take(record)
        except Invalid as error:
            what = "it is not taken in" + (", nor what belongs to it" if record.code in ("02", "03") else "")
            words = f"record {record.code}: {str(error).removesuffix('.')}; {what}"
            reader.findings.add("record", words, record.location)
    if not reader.ended:
        words = "the file ends without a record 99: it is cut off; ask the bank for it again"
        reader.findings.add("cut-off", words, records[-1].location, Severity.WARNING)
    statements = tuple(finish(draft, reader.findings) for draft in reader.drafts)
    return Reading(digest_of(content), FORMAT.name, statements, reader.findings.all())


def _records(content: bytes, findings: Findings) -> Iterator[_Record]:
    """Records with their continuations. Some banks put several in a line, and padding after each."""
    current: _Record | None = None
    offset = 0
    for number, raw in enumerate(content.split(b"\n"), 1):
        start, offset = min(offset, len(content)), offset + len(raw) + 1
        text = raw.decode("utf-8", "replace").lstrip("\ufeff").strip()
        for piece in _SEVERAL_A_LINE.split(text):
            code, comma, body = piece.strip().partition(",")
            body = body.rstrip().removesuffix("/")
            if not piece.strip():
                continue
            location = Location(start, f"line {number}")
            if code not in _CODES or not comma:
                words = f"expected a record 01 to 99, found {piece[:40]!r}; it is not read"
                findings.add("record", words, location)
            elif code == "88":
                if current is None:
                    findings.add("record", "a continuation (88) of nothing; it is not read", location)
                else:
                    current.body += ",\n" + body
                    current.rows += 1
            else:
                if current is not None:
                    yield current
                current = _Record(code, location, body)
    if current is not None:
        yield current


def _summaries(cells: list[str]) -> Iterator[tuple[str, int]]:
    """Type codes with their amounts. Raises Invalid for an amount that is none."""
    rest = cells
    while rest:
        code, amount = rest[0], rest[1] if len(rest) > 1 else ""
        if code or amount:
            yield code, _minor(amount)
        _, rest = _availability(rest[3:])


def _availability(cells: list[str]) -> tuple[str, list[str]]:
    """The value date of funds type V, and what stands after the fields that the funds type brings."""
    kind = cells[0].strip() if cells else ""
    match kind:
        case "S":
            return "", cells[4:]
        case "V":
            return (cells[1].strip() if len(cells) > 1 else ""), cells[3:]
        case "D":
            pairs = _count(cells[1] if len(cells) > 1 else "")
            return "", cells[2 + 2 * pairs :]
        case _:
            return "", cells[1:]


def _text(said: str) -> str:
    """The free text: continuations begin a line of their own."""
    return "\n".join(part.strip() for part in said.replace(",\n", "\n").split("\n") if part.strip())


def _payer(body: str) -> str:
    """The debtor that some banks name in a continuation of their own (`DBNM:`)."""
    found = re.search(r"\nDBNM:[ ]*([^\n,]+)", body)
    return found[1].strip() if found else ""


def _direction(code: str) -> int:
    if not re.fullmatch(r"[1-6][0-9]{2}", code):
        return 0
    return 1 if code < "400" else -1


def _minor(text: str) -> int:
    """Minor units as written; nothing is zero."""
    cell = text.strip()
    if not _AMOUNT.fullmatch(cell) or cell in ("+", "-"):
        raise Invalid(f"expected an amount in minor units without a point, found {cell[:40]!r}")
    return int(cell or 0)


def _count(text: str) -> int:
    cell = text.strip()
    if not re.fullmatch(r"[0-9]{0,9}", cell):
        raise Invalid(f"expected a whole number, found {cell[:40]!r}")
    return int(cell or 0)


def _short_day(text: str) -> date:
    """YYMMDD, or with the whole year as some banks write it. Raises Invalid for another text."""
    cell = text.strip()
    if re.fullmatch(r"[0-9]{6}", cell):
        cell = f"20{cell}"
    try:
        return date(int(cell[:4]), int(cell[4:6]), int(cell[6:])) if re.fullmatch(r"[0-9]{8}", cell) else _no_day(cell)
    except ValueError:
        return _no_day(cell)


def _no_day(cell: str) -> date:
    raise Invalid(f"expected a date as YYMMDD, found {cell[:20]!r}")


def _recognise(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return re.match(rb"01,[^,\r\n]*,[^,\r\n]*,[0-9]{6}", text) is not None and b"\n02," in re.sub(
        rb"/\s+", b"/\n", text
    )


FORMAT = Format("bai2", "Bank statement (BAI2)", _recognise, read_bai2)
