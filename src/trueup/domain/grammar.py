"""The grammar: all deduction types together, sorted by their marks, so that a line is shown only to the types it concerns.

A million plain invoices pass here; what they cost is what is done before any type is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from trueup.base.errors import ConfigurationError
from trueup.domain.deduction import Classification, DeductionType, Recognised, Sightings, classify, in_order, sight_by
from trueup.domain.invoices import normal_reference
from trueup.domain.reason_codes import reason_of
from trueup.domain.remittances import RemittanceLine

_WORD = re.compile(r"[A-Z0-9]+")
_MOST_HEARD = 10_000
"""Descriptions that are remembered: lines of one order say the same."""


class Grammar:
    """Deduction types, built in and of finance's own, as one grammar. Nothing of it changes once it is built.

    `all`: as given; `types`: one for each code, the built-in one where rules see the same kind otherwise; `plain_type`: what a
    line that gives is where no mark says more, None where that takes a look. Raises ConfigurationError when two types share a
    code and a rule.
    """

    def __init__(self, types: Iterable[DeductionType]) -> None:
        self.all = _once(types)
        self.types: Mapping[str, DeductionType] = {each.code: each for each in reversed(self.all)}
        self._taking: list[DeductionType] = []
        self._giving: list[DeductionType] = []
        self._words: defaultdict[str, list[DeductionType]] = defaultdict(list)
        self._heard: dict[str, tuple[DeductionType, ...]] = {}
        self._reasons: defaultdict[str, list[DeductionType]] = defaultdict(list)
        holds: defaultdict[str, list[DeductionType]] = defaultdict(list)
        starts: defaultdict[str, list[tuple[str, DeductionType]]] = defaultdict(list)
        ends: defaultdict[str, list[tuple[str, DeductionType]]] = defaultdict(list)
        for each in self.all:
            if each.marks is None:  # it looks at every line; by its direction it is spared half of them
                self._taking += [each] * each.direction.fits(-1)
                self._giving += [each] * each.direction.fits(1)
                continue
            for text in each.marks.starts:
                starts[text[0]].append((text, each))
            for text in each.marks.ends:
                ends[text[-1]].append((text, each))
            for text in each.marks.holds:
                holds[text].append(each)
            for word in each.marks.words:
                self._words[word].append(each)
            for reason in each.marks.reasons:
                self._reasons[reason].append(each)
        self._starts, self._ends, self._holds = dict(starts), dict(ends), tuple(holds.items())
        self.plain_type = self._giving[0] if len(self._giving) == 1 and self._giving[0].plainly else None

    def sight(self, line: RemittanceLine) -> Sightings:
        """Everything that any type sees in a line: the same as `deduction.sight`, in a few microseconds."""
        minor = line.settled or line.gross or 0
        always = self._giving if minor > 0 else self._taking if minor else dict.fromkeys(self._giving + self._taking)
        found = [Recognised(each, sighting) for each in always for sighting in each.see(line)]
        for each in self._concerned(line):
            found += sight_by(each, line, minor)
        return in_order(found) if len(found) > 1 else tuple(found)

    def plain(self, line: RemittanceLine) -> str:
        """The one stem of a line in which `plain_type` alone sees anything, normalised; "" for every other line.

        It says of nine lines in ten what `sight` and `stems` would, without a value made for each.
        """
        plain = self.plain_type
        if plain is None or plain.plainly is None or line.kind or line.references or line.adjustments:
            return ""
        if line.paid + line.discount + line.withheld <= 0 or self._concerned(line):
            return ""
        return normal_reference(plain.plainly(line))

    def classify(self, line: RemittanceLine, known: Mapping[str, object]) -> Classification:
        """What the line is, where the invoices it may name are looked up already."""
        return classify(line, self.sight(line), known)

    def _concerned(self, line: RemittanceLine) -> Iterable[DeductionType]:
        """The types of which the line carries a mark, each once."""
        text = line.reference.upper().strip(" *\n\r\t")
        hits: list[DeductionType] = []
        if text:
            if endings := self._ends.get(text[-1]):
                hits += [each for ending, each in endings if text.endswith(ending)]
            if beginnings := self._starts.get(text[0]):
                hits += [each for beginning, each in beginnings if text.startswith(beginning)]
            for part, holding in self._holds:
                if part in text:
                    hits += holding
        if line.description:
            hits += self._by_words(line.description)
        if line.kind:
            hits += self._by_words(line.kind)
        if line.references:
            for key, said in line.references.items():
                if "DESCRIPTION" in key.upper():
                    hits += self._by_words(said)
        if (line.kind or line.adjustments) and (reason := reason_of(line)):
            hits += self._reasons.get(reason.type, ())
        return {id(each): each for each in hits}.values() if len(hits) > 1 else hits

    def _by_words(self, said: str) -> tuple[DeductionType, ...]:
        """The types that a word of a text is a mark of."""
        known = self._heard.get(said)
        if known is None:
            words = self._words
            known = tuple(each for word in _WORD.findall(said.upper()) if word in words for each in words[word])
            if len(self._heard) >= _MOST_HEARD:
                self._heard.clear()
            self._heard[said] = known
        return known


def _once(types: Iterable[DeductionType]) -> tuple[DeductionType, ...]:
    found: dict[tuple[str, str], DeductionType] = {}
    for each in types:
        before = found.get((each.code, each.rule))
        if before is not None:
            by = f" by rule {each.rule}" if each.rule else ""
            raise ConfigurationError(
                f"Deduction type {each.code!r} is defined twice{by} ({before.label!r} and {each.label!r}); expected each code "
                f"once: rename one."
            )
        found[each.code, each.rule] = each
    return tuple(found.values())
