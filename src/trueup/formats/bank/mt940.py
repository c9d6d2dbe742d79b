"""SWIFT MT940 customer statements: balances, `:61:` movements with all their optional parts, and what banks put into `:86:`.

Sources: SWIFT user handbook, category 9, field 61 (`6!n[4!n]2a[1!a]15d1!a3!c16x[//16x][34x]`); the subfields `?20` to `?63` of the
German banks; the code words `/EREF/` of the Dutch ones. What a bank writes freely stays text, its line breaks kept.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.bank import BankLine, Statement, meant_references
from trueup.formats.bank._drafts import Draft, finish, plain_account
from trueup.formats.document import Format, Location, Reading, Severity
from trueup.formats.regional import exact_money
from trueup.formats.tabular import Findings

_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
_END = re.compile(r"-\}?")
_BALANCE = re.compile(r"(?P<mark>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})?(?P<amount>[0-9]{1,18}(?:,[0-9]{0,5})?)")
_MOVEMENT = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9]{1,18}(?:,[0-9]{0,5})?)(?P<kind>[A-Z][A-Z0-9]{3})?(?P<owner>.*?)(?://(?P<bank>.*))?"
)
_SIGNS = {"C": 1, "RD": 1, "D": -1, "RC": -1}
"""RC is the reversal of a credit and so takes money away. EC and ED are only expected."""
_SUBFIELDS = re.compile(r"(?P<code>[0-9]{3})?(?P<mark>[?~>^@<|])(?=[0-9]{2})")
_WORD = re.compile(r"(EREF|KREF|RREF|BREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|COAM|OAMT|PURP|IBAN|BIC)\+")
_SLASHED = re.compile(
    r"/(EREF|KREF|PREF|RREF|MARF|CSID|TRTP|IBAN|BIC|NAME|REMI|ORDP|BENM|CNTP|ULTD|ULTC|ADDR|RTRN|PURP|ISDT|EXCH|OCMT|CHGS|SVCL)/"
)
_REFERENCES = ("EREF", "KREF", "PREF", "RREF")
_UNTIL_YEAR = 80  # two digits: 79 is 2079, 80 is 1980, as SWIFT has it


@dataclass(slots=True)
class _Field:
    tag: str
    offset: int
    number: int
    lines: list[str] = field(default_factory=list)

    @property
    def location(self) -> Location:
        return Location(self.offset, f"line {self.number}, :{self.tag}:")


def read_mt940(content: bytes) -> Reading[Statement]:
    """A statement for every `:20:`, its movements and balances. Raises Unreadable when there is no field of one."""
    findings = Findings()
    drafts: list[Draft] = []
    explains = False  # whether a :86: here is about the last line that was taken in
    for each in _fields(content):
        if each.tag == "20" or not drafts:
            drafts.append(Draft(each.location))
        draft, lines = drafts[-1], len(drafts[-1].lines)
        try:
            if each.tag not in ("86", "NS"):
                explains = False
                _take(each, draft, findings)
                explains = len(draft.lines) > lines
                if each.tag == "60M" and len(drafts) > 1:
                    _check_page(drafts[-2], draft, each.location, findings)
            elif explains:
                draft.lines[-1] = _explained(draft.lines[-1], each.lines)
        except Invalid as error:
            words = f"{str(error).removesuffix('.')}; this :{each.tag}: is not taken in"
            findings.add("field", words, each.location)
    if not drafts:
        raise Unreadable("Bank statement: expected MT940 with fields such as :20: and :61:, found none.")
    statements = tuple(finish(draft, findings) for draft in drafts)
    return Reading(digest_of(content), FORMAT.name, statements, findings.all())


def _fields(content: bytes) -> Iterator[_Field]:
    """Fields with the lines they run over; SWIFT's own envelope left out."""
    current: _Field | None = None
    encoding = _encoding(content)
    offset = 0
    for number, raw in enumerate(content.split(b"\n"), 1):
        line = raw.decode(encoding, "replace").rstrip("\r").lstrip("\ufeff\x01")
        start, offset = offset, offset + len(raw) + 1
        if line.startswith("{") and "{4:" in line:
            line = line.rpartition("{4:")[2]
        found = _TAG.match(line)
        if found:
            if current is not None:
                yield current
            current = _Field(found[1], min(start, len(content)), number, [line[found.end() :]])
        elif _END.fullmatch(line.strip()) or line.startswith(("{", "-}")):
            if current is not None:
                yield current
            current = None
        elif current is not None and line.strip():
            current.lines.append(line)
    if current is not None:
        yield current


def _encoding(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _take(each: _Field, draft: Draft, findings: Findings) -> None:
    """One field. Raises Invalid when it has no meaning."""
    text = each.lines[0].strip()
    match each.tag:
        case "25":
            draft.account = plain_account(text)
        case "28" | "28C":
            draft.number = text
        case "60F" | "60M":
            draft.opening = draft.balance(_balance(text, draft), "opening", each.location, findings)
        case "62F" | "62M":
            draft.closing = draft.balance(_balance(text, draft), "closing", each.location, findings)
            draft.until = _short_day(text[1:7])
        case "61":
            line = _movement(each, draft)
            if line is None:
                draft.unbooked += 1
            else:
                draft.add(line, each.location, findings)
        case _:
            pass


def _balance(text: str, draft: Draft) -> Money:
    found = _BALANCE.match(text)
    if found is None:
        raise Invalid(f"expected a balance such as C261031EUR1234,56, found {text[:40]!r}")
    currency = found["currency"] or draft.currency
    if not currency:
        raise Invalid(f"balance {text[:40]!r} names no currency; expected three letters after the date")
    _short_day(found["day"])
    return _amount(found["amount"], currency) * (1 if found["mark"] == "C" else -1)


def _movement(each: _Field, draft: Draft) -> BankLine | None:
    """A line of the account; None when it is only expected."""
    text = each.lines[0].strip()
    found = _MOVEMENT.fullmatch(text)
    if found is None:
        raise Invalid(f"expected a movement such as 2610311031C1234,56NTRFREFERENCE//BANKREF, found {text[:60]!r}")
    if not draft.currency:
        raise Invalid("no balance before it says the currency of the account")
    value = _short_day(found["value"])
    if found["mark"] not in _SIGNS:
        return None
    bank = meant_references([found["bank"] or ""])
    return BankLine(
        account="",
        booked_on=_entry_day(found["entry"], value) if found["entry"] else value,
        value_on=value,
        amount=_amount(found["amount"], draft.currency) * _SIGNS[found["mark"]],
        references=meant_references([found["owner"] or ""]),
        bank_reference=bank[0] if bank else "",
        text="\n".join(line.strip() for line in each.lines[1:]),
        place=str(each.location),
    )


def _amount(text: str, currency: str) -> Money:
    return exact_money(text.rstrip(",").replace(",", "."), currency)


def _short_day(text: str) -> date:
    """YYMMDD. Banks that count every month as thirty days value on the 30th of February: that is its last day."""
    short = int(text[:2])
    year, month, day = short + (2000 if short < _UNTIL_YEAR else 1900), int(text[2:4]), int(text[4:])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise Invalid(f"expected a date as YYMMDD, found {text!r}")
    return date(year, month, min(day, monthrange(year, month)[1]))


def _entry_day(text: str, value: date) -> date:
    """The entry date has no year: the one that is nearest to the value date."""
    near: list[date] = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            near.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    if not near:
        raise Invalid(f"expected an entry date as MMDD, found {text!r}")
    return min(near, key=lambda day: abs(day - value))


def _explained(line: BankLine, lines: list[str]) -> BankLine:
    """The line with what its `:86:` says: in subfields, in code words, or freely."""
    joined = "".join(lines)
    if opening := _SUBFIELDS.match(joined):
        texts, payer = _subfields(joined[opening.end("code") if opening["code"] else 0 :], opening["mark"])
        words = _words(_WORD, texts.replace("\n", ""))
    else:
        texts, words = "\n".join(text.strip() for text in lines), _words(_SLASHED, joined)
        party = words.get("CNTP", "").split("/")  # account/BIC/name/town
        payer = words.get("NAME", "") or (party[2] if len(party) > 2 else "")
    references = meant_references([*line.references, *(words[name] for name in _REFERENCES if name in words)])
    text = "\n".join(part for part in (line.text, texts) if part)
    return replace(line, references=references, payer=payer.strip() or line.payer, text=text)


def _subfields(joined: str, mark: str) -> tuple[str, str]:
    """The text and the name of the other party. Each subfield ends where the bank's space did, perhaps within a word."""
    texts: list[str] = []
    names: list[str] = []
    for part in re.split(rf"{re.escape(mark)}(?=[0-9]{{2}})", joined)[1:]:
        code, said = int(part[:2]), part[2:].strip()
        if code in (32, 33):
            names.append(said)
        elif said and (code in (0, *range(20, 30)) or code in range(60, 64)):
            texts.append(said)
    return "\n".join(texts), "".join(names)


def _words(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """What stands after each code word, up to the next one; the first of its kind."""
    found = list(pattern.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    words: dict[str, str] = {}
    for each, end in zip(found, ends, strict=False):
        words.setdefault(each[1], text[each.end() : end].strip())
    return words


def _check_page(before: Draft, page: Draft, location: Location, findings: Findings) -> None:
    """A further page of a statement (`:60M:`) opens with the balance that the one before it closed with."""
    if before.account == page.account and before.closing != page.opening:
        words = f"page {page.number} opens with {page.opening}, the one before it closes with {before.closing}"
        findings.add("pages", f"{words}; a page is missing", location, Severity.WARNING)


def _recognise(head: bytes) -> bool:
    tags = {found.decode("latin-1") for found in re.findall(rb"(?:^|[\r\n:]):?([0-9]{2}[A-Z]?):", head)}
    return {"20", "25"} <= tags and bool(tags & {"60F", "60M"})


FORMAT = Format("mt940", "Bank statement (SWIFT MT940)", _recognise, read_mt940)
