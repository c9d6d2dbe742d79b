"""ISO 20022 bank-to-customer statements, camt.053 in any version: booked entries, and their details where they add up.

Read with its namespace left out, entry by entry, so that a large file needs the memory of its largest entry. A document type or an
entity is refused: no bank needs them, and they are how XML attacks its reader.
Source: ISO 20022 message definitions camt.053.001.02, .04 and .08. A reversal's `CdtDbtInd` is already its own direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from xml.parsers import expat

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.bank import BankLine, Statement, meant_references
from trueup.formats.bank._drafts import Draft, finish, plain_account
from trueup.formats.document import Format, Location, Reading, Severity
from trueup.formats.regional import exact_money
from trueup.formats.tabular import Findings

_KEPT = ("Ntry", "Bal", "Acct", "FrToDt", "Id", "ElctrncSeqNb")
"""The children of a statement that say something to us; all else is passed over."""
_OTHER_MESSAGES = {
    "BkToCstmrAcctRpt": "an intraday report (camt.052)",
    "BkToCstmrDbtCdtNtfctn": "a notification (camt.054)",
}
_SIGNS = {"CRDT": 1, "DBIT": -1}
_CHUNK_BYTES = 1 << 16
_DEEPEST = 64


@dataclass(slots=True)
class _Node:
    name: str
    offset: int
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def all(self, *path: str) -> Iterator[_Node]:
        """Every descendant at this path of names, in order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> _Node | None:
        return next(self.all(*path), None)

    def said(self, *path: str) -> str:
        """The text of the first descendant at this path, "" without one."""
        found = self.first(*path)
        return found.text if found is not None else ""


@dataclass(slots=True)
class _Reader:
    """The life of one parse: where in the document it stands, and the statements so far."""

    parser: expat.XMLParserType
    findings: Findings = field(default_factory=Findings)
    open_names: list[str] = field(default_factory=list)
    open_nodes: list[_Node] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    entries: int = 0
    statements: list[Statement] = field(default_factory=list)
    version: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, name = name.rpartition(" ")
        depth = len(self.open_names)
        if depth == 0:
            self.version = namespace.rpartition(":")[2]
        if depth == 1 and name != "BkToCstmrStmt":
            found = _OTHER_MESSAGES.get(name, f"<{name[:40]}>")
            raise Unreadable(
                f"Bank statement: expected camt.053, found {found}; ask the bank for end-of-day statements."
            )
        if depth >= _DEEPEST:
            raise Unreadable(f"Bank statement: elements nested more than {_DEEPEST} deep; this is no camt.053.")
        self.open_names.append(name)
        offset = self.parser.CurrentByteIndex
        if depth == 2 and name == "Stmt":
            self.drafts.append(Draft(Location(offset, f"Stmt[{len(self.drafts) + 1}]")))
            self.entries = 0
        elif self.open_nodes or (depth == 3 and self.open_names[2] == "Stmt" and name in _KEPT):
            node = _Node(name, offset, attributes)
            if self.open_nodes:
                self.open_nodes[-1].children.append(node)
            self.open_nodes.append(node)

    def characters(self, text: str) -> None:
        if self.open_nodes:
            self.open_nodes[-1].pieces.append(text)

    def end(self, _: str) -> None:
        name = self.open_names.pop()
        if self.open_nodes:
            node = self.open_nodes.pop()
            if not self.open_nodes:
                self.take(node, self.drafts[-1])
        elif name == "Stmt" and len(self.open_names) == 2:
            self.statements.append(finish(self.drafts[-1], self.findings))

    def take(self, node: _Node, draft: Draft) -> None:
        """One finished child of a statement."""
        self.entries += node.name == "Ntry"
        count = f"[{self.entries}]" if node.name == "Ntry" else ""
        location = Location(node.offset, f"{draft.location.path}/{node.name}{count}")
        try:
            match node.name:
                case "Ntry":
                    _take_entry(node, draft, location, self.findings)
                case "Bal":
                    _take_balance(node, draft, location, self.findings)
                case "Acct":
                    draft.account = plain_account(node.said("Id", "IBAN") or node.said("Id", "Othr", "Id"))
                    draft.currency = node.said("Ccy") or draft.currency
                case "FrToDt":
                    draft.until = _day(node.said("ToDtTm") or node.said("ToDt"))
                case "Id":
                    draft.number = node.text
                case _:
                    draft.number = draft.number or node.text
        except Invalid as error:
            words = f"{str(error).removesuffix('.')}; this {node.name} is not taken in"
            self.findings.add("element", words, location)


def read_camt053(content: bytes) -> Reading[Statement]:
    """Statements with their booked entries. Raises Unreadable when it is no whole camt.053, or has a document type."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    reader = _Reader(parser)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            parser.Parse(content[start : start + _CHUNK_BYTES], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unreadable(
            f"Bank statement: not whole XML ({error}); it is cut off or altered, ask the bank for it again."
        ) from None
    finally:
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    if not reader.statements:
        words = "camt.053 without a statement; there is nothing in it"
        reader.findings.add("empty", words, Location(0, "Document"), Severity.WARNING)
    facts = {"version": reader.version}
    return Reading(digest_of(content), FORMAT.name, tuple(reader.statements), reader.findings.all(), facts)


def _refuse(*_: object) -> None:
    raise Unreadable(
        "Bank statement: it declares a document type or an entity, which camt.053 has not; it is not opened."
    )


def _take_balance(node: _Node, draft: Draft, location: Location, findings: Findings) -> None:
    """Opening and closing booked balance; on a page of several, the interim balances around it."""
    kind = node.said("Tp", "CdOrPrtry", "Cd")
    if kind not in ("OPBD", "PRCD", "CLBD", "ITBD"):
        return
    money = draft.balance(_signed(node), kind, location, findings)
    if kind in ("OPBD", "PRCD") or (kind == "ITBD" and draft.opening is None):
        draft.opening = money if kind == "OPBD" or draft.opening is None else draft.opening
    else:
        draft.closing = money if kind == "CLBD" or draft.closing is None else draft.closing


def _take_entry(node: _Node, draft: Draft, location: Location, findings: Findings) -> None:
    """An entry as one line; a batch as one line a detail, when the details say amounts that add up to it."""
    status = node.said("Sts", "Cd") or node.said("Sts", "Prtry") or node.said("Sts")
    if not status:
        raise Invalid("expected a status such as BOOK, found none")
    if status != "BOOK":
        draft.unbooked += 1
        return
    amount = _signed(node)
    details = list(node.all("NtryDtls", "TxDtls"))
    shares = [_share(detail, node) for detail in details]
    if len(details) > 1:
        known = [share for share in shares if share is not None and share.currency == amount.currency]
        if len(known) == len(details) and sum(share.minor for share in known) == amount.minor:
            for number, (detail, share) in enumerate(zip(details, known, strict=True), 1):
                place = Location(detail.offset, f"{location.path}/TxDtls[{number}]")
                draft.add(_line(node, [detail], share, place), place, findings)
            return
        if known:
            words = f"batch of {amount}: its {len(details)} details do not say amounts that add up to it"
            findings.add("batch", f"{words}; it is taken as one line", location, Severity.WARNING)
    draft.add(_line(node, details, amount, location), location, findings)


def _line(entry: _Node, details: list[_Node], amount: Money, location: Location) -> BankLine:
    booked = _day(entry.said("BookgDt", "Dt") or entry.said("BookgDt", "DtTm"))
    value = _day(entry.said("ValDt", "Dt") or entry.said("ValDt", "DtTm"))
    if booked is None and value is None:
        raise Invalid("expected a booking or a value date, found neither")
    references = [
        found.text
        for detail in details
        for path in (
            ("Refs", "EndToEndId"),
            ("Refs", "InstrId"),
            ("Refs", "TxId"),
            ("Refs", "PmtInfId"),
            ("RmtInf", "Strd", "CdtrRefInf", "Ref"),
            ("RmtInf", "Strd", "RfrdDocInf", "Nb"),
        )
        for found in detail.all(*path)
    ]
    own = [detail.said("Refs", "AcctSvcrRef") for detail in details] if len(details) == 1 else []
    bank = meant_references([*own, entry.said("AcctSvcrRef")])
    texts = [found.text for detail in details for found in detail.all("RmtInf", "Ustrd")]
    texts += [detail.said("AddtlTxInf") for detail in details]
    texts.append(entry.said("AddtlNtryInf"))
    return BankLine(
        account="",
        booked_on=booked or value or date.max,
        value_on=value or booked or date.max,
        amount=amount,
        references=meant_references(references),
        bank_reference=bank[0] if bank else "",
        payer=" / ".join(dict.fromkeys(name for detail in details for name in _others(entry, detail, amount))),
        text="\n".join(dict.fromkeys(text for text in texts if text)),
        place=str(location),
    )


def _others(entry: _Node, detail: _Node, amount: Money) -> Iterator[str]:
    """Names of the other party: who paid what came in, who was paid what went out; of a reversal the other way round."""
    came_in = (amount.minor > 0) != (entry.said("RvslInd") in ("true", "1"))
    for party in ("Dbtr", "UltmtDbtr") if came_in else ("Cdtr", "UltmtCdtr"):
        for path in (("Nm",), ("Pty", "Nm")):
            if name := detail.said("RltdPties", party, *path):
                yield name


def _signed(node: _Node) -> Money:
    """The amount of an entry or a balance. Raises Invalid when it, its currency or its direction is missing or wrong."""
    amount = node.first("Amt")
    direction = node.said("CdtDbtInd")
    if amount is None or direction not in _SIGNS:
        raise Invalid(f"expected Amt with CdtDbtInd CRDT or DBIT, found {direction or 'none'}")
    return exact_money(amount.text, amount.attributes.get("Ccy", "")) * _SIGNS[direction]


def _share(detail: _Node, entry: _Node) -> Money | None:
    """What a detail says its part of the entry is; None when it says nothing that can be read."""
    amount = detail.first("Amt") or detail.first("AmtDtls", "TxAmt", "Amt")
    sign = _SIGNS.get(detail.said("CdtDbtInd") or entry.said("CdtDbtInd"))
    if amount is None or sign is None:
        return None
    try:
        return exact_money(amount.text, amount.attributes.get("Ccy", "")) * sign
    except Invalid:
        return None


def _day(text: str) -> date | None:
    """The day of a date or an instant, as the bank dates it; None for nothing. Raises Invalid for another text."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise Invalid(f"expected a date such as 2026-10-31, found {text[:40]!r}") from None


def _recognise(head: bytes) -> bool:
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and (b":camt.053." in plain or b"BkToCstmrStmt>" in plain)


FORMAT = Format("camt053", "Bank statement (ISO 20022 camt.053)", _recognise, read_camt053)
