"""What a line says: its words, the invoice it names, and how a deduction type reads them. The alphabet of `deductions/`.

A type is told by a number of its own (`IPAPUS1234567`), by a number that several kinds share (an agreement's), by words, or
by a reason code. Words are read in upper case with single blanks: "Co-op" and "CO_OP" are `CO OP`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from trueup.domain.deduction import Sighting
from trueup.domain.invoices import normal_reference
from trueup.domain.reason_codes import reason_of
from trueup.domain.remittances import RemittanceLine

See = Callable[[RemittanceLine], Iterable[Sighting]]
REVERSED = ("REVERSALS?", "REVERSED", "REPAYMENTS?", "REPAID", "REFUND(?:ED)?")
"""Words by which a line says that it gives back."""
_BETWEEN = re.compile(r"[^A-Z0-9]+")
_PADDING = " *\n\r\t"


def phrases(texts: Iterable[str]) -> re.Pattern[str]:
    """What finds one of these (each a regular expression of upper-case words and single blanks) as whole words in what is said."""
    return re.compile(rf"\b(?:{'|'.join(texts)})\b")


_CREDIT, _GST = phrases(["CREDIT (?:MEMO|NOTE)S?"]), phrases(["GST"])


def reference_of(line: RemittanceLine) -> str:
    """The reference in upper case, without blanks and `*` around it."""
    return line.reference.upper().strip(_PADDING)


def said(line: RemittanceLine) -> str:
    """All that the line says of itself in words: kind, description, and further descriptions among its references."""
    parts = [line.kind, line.description] if line.kind else [line.description]
    if line.references:
        parts += [text for key, text in line.references.items() if "DESCRIPTION" in key.upper()]
    return _as_words(" ".join(parts))


@lru_cache(maxsize=4096)
def _as_words(text: str) -> str:
    """Several types ask for the words of one line, one after the other."""
    return _BETWEEN.sub(" ", text.upper()).strip()


def named_invoice(line: RemittanceLine) -> str:
    """The invoice it names beside its own number (India's original invoice number, X12 `OI`), or ""."""
    for key in ("OI", "ORIGINAL_INVOICE", "Original Invoice Number"):
        if line.references.get(key, "").strip():
            return line.references[key].strip(_PADDING)
    return ""


def is_credit(line: RemittanceLine) -> bool:
    """Whether its kind of document (RMR01 `CM`, `CL`) or its words call it a credit note; GST has credit notes of its own."""
    if line.kind.strip().upper() in ("CM", "CL") and not line.standalone:
        return True
    speech = said(line)
    return _CREDIT.search(speech) is not None and _GST.search(speech) is None


@dataclass(frozen=True, slots=True)
class Signature:
    """By what a type is told. `number`: its own form of reference, whole. `shared`: a form that it shares with others: then it
    is the general reading. `words`: what is said, as `phrases` takes it, unless `without` is said too. `reasons`: the types
    its reason code may mean. `general`: how general its words are (`Sighting.general`). `chained`: its slices and what is given
    back are one story, by the reference. A group `about` in `number` is the invoice the line is about.
    """

    number: str = ""
    shared: str = ""
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    general: int = 0
    chained: bool = False


def seen_by(signature: Signature) -> See:
    """How a type with that signature sees a line: at most one sighting, particular if it can be."""
    number, shared = _compiled(signature.number), _compiled(signature.shared)
    words = phrases(signature.words) if signature.words else None
    without = phrases(signature.without) if signature.without else None

    def see(line: RemittanceLine) -> tuple[Sighting, ...]:
        text = reference_of(line)
        own = number.fullmatch(text) if number else None
        general = 0
        if own is None and not _told(line, signature.reasons):
            speech = said(line) if words or without else ""
            if without and without.search(speech):
                return ()
            if words and words.search(speech):
                general = signature.general
            elif shared and shared.fullmatch(text):
                general = 1
            else:
                return ()
        about = (own.groupdict().get("about") if own else None) or named_invoice(line)
        chain = normal_reference(text) if signature.chained else ""
        return (Sighting(chain=chain, link=1 if chain else 0, about=about, general=general),)

    return see


def _compiled(expression: str) -> re.Pattern[str] | None:
    return re.compile(expression) if expression else None


def _told(line: RemittanceLine, reasons: tuple[str, ...]) -> bool:
    if not reasons:
        return False
    reason = reason_of(line)
    return reason is not None and reason.type in reasons


@dataclass(frozen=True, slots=True)
class Suffix:
    """A claim on an invoice, by the letters behind the invoice's number: `SC`, its reversal `SCR`, the claim again `SCRSC` ...

    Source of the rule: Vendor Central remittances as published guides describe them; what ends in the letters claims, what
    ends in R gives back. A hyphen between number and letters is seen as well. `words`: how it is said without letters.
    """

    letters: str
    words: tuple[str, ...]
    reason: str


def claim_by(suffix: Suffix, *, reversal: bool) -> See:
    """How a claim (or its reversal) sees a line: every cut between an invoice's number and its letters, and its words."""
    token = rf"[-_ ]?{suffix.letters}(?:[-_ ]?R)?"
    tail, tokens = re.compile(rf"(?:{token})+$"), re.compile(token)
    words, given = phrases(suffix.words), phrases(REVERSED)

    def cuts(text: str) -> Iterator[Sighting]:
        first = text.find(suffix.letters)
        if first < 0 or text.endswith("R") is not reversal:
            return
        match = tail.search(text, max(first - 1, 0))
        if match is None:
            return
        starts = [found.start() + match.start() for found in tokens.finditer(match.group())]
        for place, start in enumerate(starts):
            stem = text[:start].strip(_PADDING)
            if chain := normal_reference(stem):
                yield Sighting(stem, chain, 2 * (len(starts) - place) - (0 if reversal else 1), stem)

    def see(line: RemittanceLine) -> tuple[Sighting, ...]:
        text = reference_of(line)
        if found := tuple(cuts(text)):  # its words then say the same, and do not make an unknown invoice ours
            return found
        speech = said(line)
        told = bool(words.search(speech)) and bool(given.search(speech)) is reversal
        if not told and (reason := reason_of(line)) is not None and reason.type == suffix.reason:
            told = (line.settled > 0) is reversal
        if not told:
            return ()
        stem = named_invoice(line)
        about = stem or text
        return (Sighting(stem, normal_reference(about), 2 if reversal else 1, about),)

    return see


SHORTAGE = Suffix(
    "SC",
    ("SHORTAGES?", "SHORT (?:RECEIVED|RECEIPT|DELIVERY|SHIPPED)", "QUANTITY (?:VARIANCE|DISCREPANCY)", "PQV"),
    "shortage-claim",
)
PRICE = Suffix(
    "PC",
    ("PRICE (?:CLAIMS?|VARIANCE|DISCREPANCY|DIFFERENCE)", "PRICING (?:CLAIM|ERROR|VARIANCE|DISCREPANCY)", "PPV"),
    "price-claim",
)
