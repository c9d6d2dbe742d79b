"""The segments of one 820 as a Remittance: lines (RMR), what stands inside them and what beside them (ADX), all in minor units.

What is inside an RMR loop is already in its RMR04 and only explains it; an ADX directly under ENT stands for itself. So
BPR02 = sum of RMR04 + sum of ADX under ENT, and within a line RMR04 = RMR05 - RMR06 + sum of its ADX. A line whose amount cannot
be read is left out with an error at its place. Source: X12 820 (its notes on RMR and ADX), confirmed on public files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from trueup.base.errors import Invalid
from trueup.base.money import Money, check_currency, exact_decimal, exponent_of
from trueup.domain.remittances import Adjustment, PaymentState, Remittance, RemittanceLine, RemittanceSource
from trueup.formats.document import Severity
from trueup.formats.edi.elements import read_date
from trueup.formats.x12.groups import ReceivedSet
from trueup.formats.x12.guide import Guide

DEBIT, PRENOTIFICATION = "D", "P"
_DAYS_OF_PAYMENT = ("234", "009", "035", "097", "405", "107")
"""Qualifiers [374] of a header date that may stand for the day of payment, the best first."""
_DAYS_OF_INVOICE = ("003", "097", "004")
_PAYEE, _PAYEE_NUMBERS = "PE", ("IA", "VR", "VN", "PK")
_MOST_DIGITS = 18


@dataclass(slots=True)
class _Line:
    """A line while its segments are read. `index`: its first segment among those of the set."""

    index: int
    elements: list[str]
    standalone: bool = False
    references: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    adjustments: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Header:
    """What stands before the lines."""

    payment: list[str] = field(default_factory=list)
    payment_at: int = 0
    trace: str = ""
    currency: str = ""
    days: dict[str, date] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    party: str = ""
    payee: str = ""
    payee_references: dict[str, str] = field(default_factory=dict)


class AdviceReader:
    """The state of reading one set."""

    def __init__(self, received: ReceivedSet, guide: Guide, currency: str | None = None) -> None:
        """`currency` is what is taken where no CUR names one (None: the guide's)."""
        self.received, self.guide = received, guide
        self.header = _Header(currency=currency or guide.currency)
        self.lines: list[_Line] = []

    def read(self) -> Remittance | None:
        """The payment; None, with an error at its place, when its number, amount or day is missing."""
        checked = self.received.checked
        for index, (node, elements) in enumerate(zip(checked.nodes, checked.segments, strict=True)):
            if node is not None:
                path = node.name.removeprefix("ENT/")
                if path.startswith(("RMR/", "ADX/")):
                    self._detail(path, elements, index)
                else:
                    self._head(path, elements, index)
        return self._remittance()

    def _head(self, path: str, elements: list[str], index: int) -> None:
        header = self.header
        match path:
            case "BPR":
                header.payment, header.payment_at = elements, index
            case "TRN":
                header.trace = header.trace or _at(elements, 2)
            case "CUR":
                self._currency(elements, index)
            case "REF":
                header.references.setdefault(_at(elements, 1), _at(elements, 2))
            case "DTM":
                _keep_day(header.days, elements)
            case "N1/N1":
                header.party = _at(elements, 1)
                if header.party == _PAYEE:
                    header.payee = _at(elements, 4)
            case "N1/REF" if header.party == _PAYEE:
                header.payee_references.setdefault(_at(elements, 1), _at(elements, 2))
            case _:
                pass

    def _detail(self, path: str, elements: list[str], index: int) -> None:
        match path:
            case "RMR/RMR":
                self.lines.append(_Line(index, elements))
            case "ADX/ADX":
                self.lines.append(_Line(index, elements, standalone=True))
            case "RMR/ADX/ADX":
                self.lines[-1].adjustments.append((index, elements))
            case "RMR/REF" | "RMR/ADX/REF" | "ADX/REF":
                _keep_reference(self.lines[-1].references, elements)
            case "RMR/DTM" | "RMR/ADX/DTM" | "ADX/DTM":
                _keep_day(self.lines[-1].days, elements)
            case "RMR/NTE" | "RMR/ADX/NTE" | "ADX/NTE":
                self.lines[-1].notes.append(_at(elements, 2))
            case _:
                pass

    def _remittance(self) -> Remittance | None:
        header, payment = self.header, self.header.payment
        if not header.currency:
            return None
        amount = self._minor(payment, 2, header.payment_at)
        paid_on = self._paid_on()
        if not header.trace.strip():
            self._error("payment-number-missing", "TRN02 is missing: the payment has no number", header.payment_at)
        if amount is None or paid_on is None or not header.trace.strip():
            if amount is None:
                self._error("amount-missing", "BPR02 says no amount: the payment is not taken in", header.payment_at, 2)
            return None
        lines = tuple(
            line for number, each in enumerate(self.lines, 1) if (line := self._line(number, each)) is not None
        )
        numbers = header.payee_references | {key: value for key, value in header.references.items() if key == "IA"}
        payee = header.payee or next((numbers[key] for key in _PAYEE_NUMBERS if numbers.get(key)), "")
        return Remittance(
            source=RemittanceSource.X12_820,
            payment=header.trace.strip(),
            payee=payee.strip(),
            paid_on=paid_on,
            amount=Money(-amount if _at(payment, 3) == DEBIT else amount, header.currency),
            lines=lines,
            state=PaymentState.IN_PROGRESS if _at(payment, 1) == PRENOTIFICATION else PaymentState.PAID,
            method=_at(payment, 4),
            invoice_currency=header.currency,
        )

    def _paid_on(self) -> date | None:
        """BPR16, else the header's date that stands nearest to it, else the day of the group, with a warning."""
        header = self.header
        effective = read_date(_at(header.payment, 16))
        if effective is not None:
            return effective
        for qualifier in _DAYS_OF_PAYMENT:
            if qualifier in header.days:
                return header.days[qualifier]
        day = next(iter(header.days.values()), None) or read_date(self.received.group["date"])
        if day is None:
            self._error(
                "day-missing", "BPR16 and DTM name no day of payment; it is not taken in", header.payment_at, 16
            )
        else:
            words = f"BPR16 names no day of payment; taken for {day}, the best that the set or its group says"
            self._warn("day-assumed", words, header.payment_at, 16)
        return day

    def _currency(self, elements: list[str], index: int) -> None:
        text = self.guide.currencies.get(_at(elements, 2), _at(elements, 2))
        try:
            self.header.currency = check_currency(text)
        except Invalid as error:
            self.header.currency = ""
            words = f"{str(error).removesuffix('.')}; the payment is not taken in"
            self._error("currency-unknown", words, index, 2)
            return
        other = self.guide.currencies.get(_at(elements, 5), _at(elements, 5))
        if other and other != self.header.currency:
            words = f"CUR05 names {other} beside {self.header.currency}; amounts are taken as {self.header.currency}"
            self._warn("two-currencies", words, index, 5)

    def _line(self, number: int, line: _Line) -> RemittanceLine | None:
        if line.standalone:
            return self._standalone(number, line)
        elements, index = line.elements, line.index
        gross, discount = self._minor(elements, 5, index), self._minor(elements, 6, index)
        adjustments = self._adjustments(line)
        paid = self._minor(elements, 4, index)
        inside = sum(adjustment.minor for adjustment in adjustments)
        if paid is None:
            if _at(elements, 4) or gross is None:
                words = f"RMR04 of {_at(elements, 2)!r} says no amount; the line is left out, and the payment does not tie by it"
                self._error("line-without-amount", words, index, 4)
                return None
            paid = gross - (discount or 0) + inside
            shown = Money(paid, self.header.currency)
            self._warn("amount-computed", f"RMR04 is empty; {shown} by RMR05 - RMR06 and the ADX of the line", index, 4)
        elif gross is not None and paid != gross - (discount or 0) + inside:
            exact = Money(gross - (discount or 0) + inside, self.header.currency)
            words = f"RMR04 is {Money(paid, self.header.currency)}, but RMR05 - RMR06 and its ADX come to {exact}"
            self._warn("line-differs", words, index, 4)
        return RemittanceLine(
            number=number,
            reference=_at(elements, 2),
            paid=paid,
            discount=discount or 0,
            gross=gross,
            invoice_day=_first(line.days, _DAYS_OF_INVOICE),
            description=" ".join(note for note in line.notes if note),
            kind=_at(elements, 1),
            references=line.references,
            adjustments=adjustments,
            place=self._place(index),
        )

    def _standalone(self, number: int, line: _Line) -> RemittanceLine | None:
        elements = line.elements
        amount = self._minor(elements, 1, line.index)
        if amount is None:
            words = "ADX01 says no amount; the adjustment is left out, and the payment does not tie by it"
            self._error("line-without-amount", words, line.index, 1)
            return None
        qualifier, reference = _at(elements, 3), _at(elements, 4)
        references = ({qualifier: reference} if qualifier and reference else {}) | line.references
        return RemittanceLine(
            number=number,
            reference=reference or next(iter(line.references.values()), ""),
            paid=amount,
            invoice_day=_first(line.days, _DAYS_OF_INVOICE),
            description=" ".join(note for note in line.notes if note),
            kind=_at(elements, 2),
            references=references,
            standalone=True,
            place=self._place(line.index),
        )

    def _adjustments(self, line: _Line) -> tuple[Adjustment, ...]:
        """What explains the line from inside: its own RMR07 and RMR08, then each ADX of its loop."""
        found: list[Adjustment] = []
        own = self._minor(line.elements, 8, line.index)
        if own is not None and not line.adjustments:
            found.append(Adjustment(_at(line.elements, 7), own))
        for index, elements in line.adjustments:
            amount = self._minor(elements, 1, index)
            if amount is None:
                words = "ADX01 says no amount; the adjustment is left out, the line's own amount stands"
                self._warn("adjustment-without-amount", words, index, 1)
            else:
                found.append(Adjustment(_at(elements, 2), amount, _at(elements, 4)))
        return tuple(found)

    def _minor(self, elements: list[str], place: int, index: int) -> int | None:
        """An amount in minor units; None where there is none, or none that can be read (which the syntax check has said)."""
        text = _at(elements, place)
        if not text or len(text) > _MOST_DIGITS + 2:
            return None
        try:
            scaled = exact_decimal(text).scaleb(exponent_of(self.header.currency))
        except Invalid:
            return None
        if scaled != scaled.to_integral_value():
            words = f"{elements[0]}{place:02} is {text}, more digits than {self.header.currency} has"
            self._error("too-many-digits", words, index, place)
            return None
        return int(scaled)

    def _place(self, index: int) -> str:
        return f"{self.received.where}, segment {index + 1}"

    def _warn(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.received.find(Severity.WARNING, code, words, index, element)

    def _error(self, code: str, words: str, index: int, element: int = 0) -> None:
        self.received.find(Severity.ERROR, code, words, index, element)


def _keep_reference(references: dict[str, str], elements: list[str]) -> None:
    """Two of one qualifier are kept together: neither is the better."""
    qualifier, value = _at(elements, 1), _at(elements, 2) or _at(elements, 3)
    if qualifier and value:
        earlier = references.get(qualifier)
        references[qualifier] = value if earlier in (None, value) else f"{earlier}, {value}"


def _keep_day(days: dict[str, date], elements: list[str]) -> None:
    day = read_date(_at(elements, 2))
    if day is not None:
        days.setdefault(_at(elements, 1), day)


def _first(days: dict[str, date], qualifiers: tuple[str, ...]) -> date | None:
    return next((days[qualifier] for qualifier in qualifiers if qualifier in days), None)


def _at(elements: list[str], place: int) -> str:
    return elements[place].strip() if place < len(elements) else ""
