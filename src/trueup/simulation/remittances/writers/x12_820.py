"""X12 820 payment order and remittance advice, release 004010: one interchange a payment, with both kinds of adjustment.

`RMR04 = RMR05 - RMR06 + adjustments nested in its loop`; an ADX directly under ENT adds to the payment by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zlib import crc32

from trueup.simulation.remittances.records import X12, Line, Payment
from trueup.simulation.remittances.writers.amounts import plain

_SHORTAGE_CODE = "59"


def write_820(payment: Payment, misstated: int = 0) -> bytes:
    """The advice of a payment, its first line of an invoice stated by so much too high."""
    number = f"{int(payment.number) % 1_000_000_000:09d}"
    body = list(_body(payment, misstated))
    day = payment.paid_on
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'AMAZON':15}*ZZ*{payment.market.payee:15}*{day:%y%m%d}*0630*U*00401*{number}*0*P*>",
        f"GS*RA*AMAZON*{payment.market.payee}*{day:%Y%m%d}*0630*{int(number)}*X*004010",
        "ST*820*0001",
        *body,
        f"SE*{len(body) + 2}*0001",
        f"GE*1*{int(number)}",
        f"IEA*1*{number}",
    ]
    return "".join(f"{segment}~\n" for segment in segments).encode("ascii")


def _body(payment: Payment, misstated: int) -> Iterator[str]:
    day = f"{payment.paid_on:%Y%m%d}"
    yield f"BPR*I*{plain(payment.amount)}*C*ACH************{day}"
    yield f"TRN*1*{payment.number}"
    yield f"CUR*PR*{payment.market.pays_in}"
    yield f"DTM*097*{day}"
    yield "N1*PR*AMAZON.COM SERVICES LLC"
    yield f"N1*PE*RIVERSIDE WARES*92*{payment.market.payee}"
    yield "ENT*1"
    for line in payment.shown:
        if line.standalone:
            yield f"ADX*{plain(line.paid)}*{line.code}*IV*{line.reference}"
    wrong = next((line for line in payment.shown if line.cause == "invoice"), None) if misstated else None
    for line in payment.shown:
        if not line.standalone:
            yield from _open_item(line, payment, misstated if line is wrong else 0)


def _open_item(line: Line, payment: Payment, misstated: int) -> Iterator[str]:
    """One RMR loop. Some shortage claims are told as nothing due, adjusted by their reason."""
    whole = line.paid + line.discount == line.gross and not misstated
    nested = whole and payment.sources == (X12,) and _nests(line)
    paid = plain(line.paid + misstated)
    if nested:
        yield f"RMR*IV*{line.reference}**{paid}*0"
    elif whole and line.discount:
        yield f"RMR*IV*{line.reference}**{paid}*{plain(line.gross)}*{plain(line.discount)}"
    elif whole:
        yield f"RMR*IV*{line.reference}**{paid}*{plain(line.gross)}"
    else:
        yield f"RMR*IV*{line.reference}**{paid}"
    if line.description:
        yield f"NTE*ADD*{_safe(line.description)}"
    if line.purchase_order:
        yield f"REF*PO*{line.purchase_order}"
    yield f"DTM*003*{_day(line.invoice_day, payment.paid_on)}"
    if nested:
        yield f"ADX*{paid}*{_SHORTAGE_CODE}"


def _nests(line: Line) -> bool:
    return line.cause == "shortage-claim" and crc32(line.reference.encode()) % 2 == 0


def _day(day: date | None, otherwise: date) -> str:
    return f"{day or otherwise:%Y%m%d}"


def _safe(text: str) -> str:
    return text.translate(_SEPARATORS)


_SEPARATORS = str.maketrans("*~>", "   ")
