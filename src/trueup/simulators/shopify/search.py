"""Shopify's search syntax: terms, field:value, comparisons, ranges, quotes, prefix*, AND, OR, NOT, -, parentheses.

Text is searched by token, not whole: `sku:AB-1` finds `AB-1-X` too, so a caller must compare exactly itself. A field that the
resource does not know is ignored with a warning in `extensions.search`, and then everything else matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Value = str | int | datetime | bool | tuple[str, ...] | list[str] | None
Document = Mapping[str, Value]
"""What is searched: texts are matched by token, numbers and times compared, a tuple is a set of whole words (tags)."""

_LEXEME = re.compile(
    r'\(|\)|-(?=\S)|"(?:\\.|[^"\\])*"|\'[^\']*\'|(?:[^\s()":]|\\.)+(?=:)|:(?:>=|<=|>|<)?|(?:[^\s()"])+'
)
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. An empty field means any text."""

    field: str
    comparison: str
    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    query: Query


@dataclass(frozen=True, slots=True)
class Both:
    """All hold (`every`), or one does."""

    queries: tuple[Query, ...]
    every: bool


Query = Term | Not | Both


def parse(text: str | None) -> Query:
    """Read a search; nothing matches everything. Broken syntax is read as far as it goes, as Shopify does."""
    lexemes = _LEXEME.findall(_join_times(text or ""))
    query, _ = _any_of(lexemes, 0)
    return query


def _join_times(text: str) -> str:
    """A time's colons are no field separators: quote bare times."""
    return re.sub(r"(?<=[:><=])(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)", r'"\1"', text)


def _any_of(lexemes: list[str], at: int) -> tuple[Query, int]:
    choices = []
    query, at = _all_of(lexemes, at)
    choices.append(query)
    while at < len(lexemes) and lexemes[at] == "OR":
        query, at = _all_of(lexemes, at + 1)
        choices.append(query)
    return (choices[0] if len(choices) == 1 else Both(tuple(choices), every=False)), at


def _all_of(lexemes: list[str], at: int) -> tuple[Query, int]:
    parts: list[Query] = []
    while at < len(lexemes) and lexemes[at] not in (")", "OR"):
        if lexemes[at] in ("AND", ":"):
            at += 1
            continue
        query, at = _one(lexemes, at)
        parts.append(query)
    return (parts[0] if len(parts) == 1 else Both(tuple(parts), every=True)), at


def _one(lexemes: list[str], at: int) -> tuple[Query, int]:
    word = lexemes[at]
    if word in ("NOT", "-") and at + 1 < len(lexemes):
        query, at = _one(lexemes, at + 1)
        return Not(query), at
    if word == "(":
        query, at = _any_of(lexemes, at + 1)
        return query, at + 1
    if at + 2 < len(lexemes) and lexemes[at + 1].startswith(":"):
        if lexemes[at + 2] == "(":
            query, at = _any_of(lexemes, at + 3)
            return _in_field(query, word), at + 1
        return _term(word, lexemes[at + 1][1:], lexemes[at + 2]), at + 3
    return _term("", "", word), at + 1


def _in_field(query: Query, field: str) -> Query:
    match query:
        case Term():
            return Term(field, query.comparison, query.value, query.quoted)
        case Not():
            return Not(_in_field(query.query, field))
        case Both():
            return Both(tuple(_in_field(each, field) for each in query.queries), query.every)


def _term(field: str, comparison: str, raw: str) -> Term:
    quoted = len(raw) > 1 and raw[0] in "\"'" and raw[-1] == raw[0]
    value = re.sub(r"\\(.)", r"\1", raw[1:-1] if quoted else raw)
    return Term(field, comparison, value, quoted)


def fields_of(query: Query) -> set[str]:
    """The fields a search names."""
    match query:
        case Term():
            return {query.field} - {""}
        case Not():
            return fields_of(query.query)
        case Both():
            return set().union(*(fields_of(each) for each in query.queries))


def sure_terms(query: Query) -> list[Term]:
    """Terms that must hold for the whole search to hold: what an index can start from."""
    match query:
        case Term():
            return [query]
        case Both() if query.every:
            return [term for each in query.queries for term in sure_terms(each)]
        case _:
            return []


def matches(query: Query, document: Document, known: Callable[[str], bool], now: datetime) -> bool:
    """Whether a document matches. Unknown fields are ignored."""
    match query:
        case Term():
            if query.field and not known(query.field):
                return True
            return _holds(query, document, now)
        case Not():
            if fields_of(query.query) and not any(map(known, fields_of(query.query))):
                return True
            return not matches(query.query, document, known, now)
        case Both():
            found = (matches(each, document, known, now) for each in query.queries)
            return all(found) if query.every else any(found)


def _holds(term: Term, document: Document, now: datetime) -> bool:
    if not term.field:
        return any(_text_matches(term, value) for value in document.values() if isinstance(value, str))
    value = document.get(term.field)
    if term.value == "*" and not term.quoted:
        return value not in (None, "", ())
    if value is None:
        return False
    if isinstance(value, bool):
        return term.value.casefold() == str(value).casefold()
    if isinstance(value, datetime):
        wanted = read_time(term.value, now)
        return wanted is not None and _compare(value, term.comparison, wanted)
    if isinstance(value, int):
        return term.value.lstrip("-").isdigit() and _compare(value, term.comparison, int(term.value))
    if isinstance(value, tuple | list):
        return term.value.casefold() in (each.casefold() for each in value)
    return _text_matches(term, value)


def _compare(value: Any, comparison: str, wanted: Any) -> bool:
    match comparison:
        case ">=":
            return bool(value >= wanted)
        case ">":
            return bool(value > wanted)
        case "<=":
            return bool(value <= wanted)
        case "<":
            return bool(value < wanted)
        case _:
            return bool(value == wanted)


def read_time(text: str, now: datetime) -> datetime | None:
    """A time of a search: an instant, a day, or `now`."""
    if text == "now":
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def tokens(text: str) -> list[str]:
    """The words that text is indexed by."""
    return _WORDS.findall(text.casefold())


def _text_matches(term: Term, value: str) -> bool:
    wanted, there = tokens(term.value), tokens(value)
    if not wanted:
        return False
    prefix = term.value.endswith("*") and not term.quoted
    for start in range(len(there) - len(wanted) + 1):
        part = there[start : start + len(wanted)]
        if part == wanted or (prefix and part[:-1] == wanted[:-1] and part[-1].startswith(wanted[-1])):
            return True
    return False


def warnings_of(query: Query, text: str, known: Callable[[str], bool], path: str) -> list[dict[str, Any]]:
    """What `extensions.search` says of fields that were ignored."""
    unknown = sorted(field for field in fields_of(query) if not known(field))
    if not unknown:
        return []
    said = [
        {"field": field, "message": "Invalid search field for this query.", "code": "invalid_field"}
        for field in unknown
    ]
    return [{"path": [path], "query": text, "warnings": said}]
