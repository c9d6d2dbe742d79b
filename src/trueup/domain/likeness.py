"""Likeness: how two references can be the same although they are not written the same.

References are compared normalised (`normal_reference`). Sources: advices pad with `*` and wrap long numbers; re-submitted
invoices turn `-` into `_`; EDI and spreadsheets drop leading zeros and cut at a field's width; people slip on one key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from trueup.domain.invoices import normal_reference
from trueup.domain.open_items import OpenItem

SHORTEST = 5
"""A shorter piece of a reference is found in others by chance."""
_EYE = str.maketrans("OQILSBZG", "00115826")


class Likeness(Enum):
    """How two references are alike, with what a person would call it."""

    SAME_TO_THE_EYE = "is the same to the eye (O and 0, I and 1, S and 5, B and 8, Z and 2, G and 6)"
    SHORTENED = "is the same, cut or with something before or after it"
    SUFFIXED = "is the same with letters after it, which may say that the line is something else"
    SWAPPED = "is the same with two neighbours swapped"
    ONE_TOO_MANY = "is the same but for one character more or less"
    ONE_OTHER = "is the same but for one character"


def likeness(written: str, known: str) -> Likeness | None:
    """How a reference as written is like a known one, both normalised; None when they are equal, or not alike."""
    if written == known:
        return None
    if written.translate(_EYE) == known.translate(_EYE):
        return Likeness.SAME_TO_THE_EYE
    short, long = sorted((written, known), key=len)
    if len(short) < SHORTEST or not any(each.isdigit() for each in short):
        return None
    if written.startswith(known) and written[len(known) :].isalpha():
        return Likeness.SUFFIXED
    if len(long) > 2 * len(short):
        return None
    if known in written or known.startswith(written) or known.endswith(written):
        # One digit more is as likely another number: 1001 and 10010.
        return Likeness.SHORTENED if len(long) - len(short) > 1 else Likeness.ONE_TOO_MANY
    return _slip(short, long)


def _slip(short: str, long: str) -> Likeness | None:
    if len(long) - len(short) > 1:
        return None
    at = next((place for place, each in enumerate(short) if each != long[place]), len(short))
    if len(long) > len(short):
        return Likeness.ONE_TOO_MANY if long[at + 1 :] == short[at:] else None
    if short[at + 1 :] == long[at + 1 :]:
        return Likeness.ONE_OTHER
    swapped = short[:at] + short[at + 1 : at + 2] + short[at] + short[at + 2 :]
    return Likeness.SWAPPED if swapped == long else None


_FEW = 20_000
"""So many comparisons are made one by one; for more an index is worth its making."""


class LikeReferences:
    """Items whose references are alike to those that are asked for, `times` in all. Many invoices may share an amount."""

    def __init__(self, items: Sequence[OpenItem], times: int) -> None:
        self._known = [(normal_reference(item.reference), item) for item in items]
        self._traces: defaultdict[str, list[tuple[str, OpenItem]]] = defaultdict(list)
        self._is_indexed = len(items) * times > _FEW
        for known, item in self._known if self._is_indexed else ():
            ends = (end for cut in range(SHORTEST, len(known)) for end in (f">{known[:cut]}", f">{known[-cut:]}"))
            for trace in {f"={known}", *_slips(known), *ends}:
                self._traces[trace].append((known, item))

    def like(self, written: str) -> list[tuple[OpenItem, Likeness]]:
        """Items that are like a normalised reference, and how; sorted by key."""
        near = self._near(written) if self._is_indexed else self._known
        pairs = ((item, likeness(written, known)) for known, item in near)
        return sorted(((item, how) for item, how in pairs if how), key=lambda pair: pair[0].key)

    def _near(self, written: str) -> Iterable[tuple[str, OpenItem]]:
        starts = range(len(written) - SHORTEST + 1)
        pieces = (f"={written[at:end]}" for at in starts for end in range(at + SHORTEST, len(written) + 1))
        traces = {f">{written}", *_slips(written), *pieces}
        return {item.key: (known, item) for trace in traces for known, item in self._traces.get(trace, ())}.values()


def _slips(reference: str) -> Iterator[str]:
    """Two references that differ by one slip share one of these: the shape to the eye, or themselves less one character."""
    yield f"~{reference.translate(_EYE)}"
    yield f"-{reference}"
    for at in range(len(reference)):
        yield f"-{reference[:at]}{reference[at + 1 :]}"
