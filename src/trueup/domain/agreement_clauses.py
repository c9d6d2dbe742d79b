"""Clauses: what of an agreement people may change, each with its key of trueup.toml, its words, and how it is written and read.

A clause travels as text: as the file, a form, the command line and a row of the database have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from trueup.base.errors import ConfigurationError, Invalid
from trueup.domain.cases import Role
from trueup.domain.chart import CREDITABLE, Purpose
from trueup.domain.circular import Visibility
from trueup.domain.partners import Agreement, CostBasis, Fallback, Shortfall


class Form(StrEnum):
    """What a clause is written as."""

    CHOICE = "choice"
    CHOICES = "choices"
    """Any of several, separated by commas."""
    SWITCH = "switch"
    WHOLE = "whole"
    AMOUNT = "amount"
    PERCENT = "percent"
    HOURS = "hours"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. `options`: what a choice may be, each with its words; `kind` makes the value of it. `unit`: after a number."""

    key: str
    title: str
    group: str
    form: Form
    hint: str
    options: Mapping[str, str] | None = None
    kind: type[Enum] | None = None
    unit: str = ""

    @property
    def attribute(self) -> str:
        """The attribute of `Agreement`."""
        return self.key.removesuffix("_hours")

    def words(self, text: str, currency: str = "") -> str:
        """A value in the words of people."""
        if self.form in (Form.CHOICE, Form.SWITCH):
            return (self.options or _SWITCH).get(text, text)
        if self.form is Form.CHOICES:
            return ", ".join((self.options or {}).get(each, each) for each in text.split(", ")) if text else "none"
        if self.form is Form.SENTENCE:
            return f"“{text}”" if text else "nothing"
        unit = self.unit.replace("CURRENCY", currency)
        return f"{text} {unit}".strip()


_SWITCH = {"yes": "yes", "no": "no"}
_NUMBERS = {
    Form.WHOLE: (re.compile(r"\d{1,9}", re.ASCII), "a whole number above zero"),
    Form.AMOUNT: (re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII), "an amount such as 0.02, zero or more"),
    Form.PERCENT: (re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII), "a percentage from 0 to 100"),
    Form.HOURS: (re.compile(r"\d{1,4}(\.\d{1,4})?", re.ASCII), "a number of hours above zero, such as 24 or 1.5"),
}
_LONGEST_SENTENCE = 500
COSTS, LINES, ANSWERS, ITEMS, BOOKS = (
    "Costs",
    "Quantities",
    "Answers",
    "Items of circular programmes",
    "Books and cases",
)

CLAUSES: tuple[Clause, ...] = (
    Clause(
        "cost_basis",
        "Cost basis",
        COSTS,
        Form.CHOICE,
        "What Amazon's net cost is the price of, on lines ordered in cases",
        {"each": "each", "case": "case"},
        CostBasis,
    ),
    Clause(
        "cost_tolerance",
        "Cost may differ by",
        COSTS,
        Form.AMOUNT,
        "Per each; the larger of this and the percentage",
        unit="CURRENCY per each",
    ),
    Clause(
        "cost_tolerance_percent",
        "Cost may differ by percent",
        COSTS,
        Form.PERCENT,
        "Of the agreed cost",
        unit="%",
    ),
    Clause("sells_by_pack", "Whole packs only", LINES, Form.SWITCH, "Eaches ordered must be a whole number of packs"),
    Clause(
        "absurd_factor",
        "Absurd above",
        LINES,
        Form.WHOLE,
        "Times the largest line of that product before",
        unit="times the largest line before",
    ),
    Clause(
        "absurd_floor_eaches",
        "Absurd without history above",
        LINES,
        Form.WHOLE,
        "Eaches, where a product was never ordered before",
        unit="eaches",
    ),
    Clause(
        "shortfall",
        "When goods are short",
        ANSWERS,
        Form.CHOICE,
        "What is answered for goods that are not there",
        {"backorder": "backorder", "reject": "reject"},
        Shortfall,
    ),
    Clause(
        "backorder_days", "Backorder for", ANSWERS, Form.WHOLE, "How late backordered goods are promised", unit="days"
    ),
    Clause(
        "acknowledge_within_hours",
        "Answer within",
        ANSWERS,
        Form.HOURS,
        "Amazon asks for an answer within 24 hours",
        unit="hours",
    ),
    Clause(
        "acknowledge_margin_hours",
        "Fallback before that",
        ANSWERS,
        Form.HOURS,
        "So long before, lines still held are answered by the fallback",
        unit="hours",
    ),
    Clause(
        "amend_within_hours",
        "Changes are taken for",
        ANSWERS,
        Form.HOURS,
        "How long Amazon takes changes of quantity and price",
        unit="hours",
    ),
    Clause(
        "fallback",
        "Fallback",
        ANSWERS,
        Form.CHOICE,
        "What is answered for a line that is still held then",
        {
            "backorder": "backorder",
            "backorder-else-reject": "backorder, reject where it cannot be",
            "reject": "reject for ever",
        },
        Fallback,
    ),
    Clause(
        "fallback_words",
        "Why it may reject",
        ANSWERS,
        Form.SENTENCE,
        "A rejected line can never be reopened: a fallback that rejects needs a whole sentence here",
    ),
    Clause(
        "items_shipped",
        "Items that shipped become",
        ITEMS,
        Form.CHOICE,
        "What an item becomes when an order took it",
        {"retired": "retired", "sold": "sold"},
        Visibility,
    ),
    Clause(
        "items_released",
        "Items given back become",
        ITEMS,
        Form.CHOICE,
        "What an item becomes when an order gives it back",
        {"available": "available", "unavailable": "unavailable until somebody looked"},
        Visibility,
    ),
    Clause(
        "items_returned",
        "Goods that came back become",
        ITEMS,
        Form.CHOICE,
        "What goods that the buyer sent back become as items",
        {"": "no items", "available": "available", "unavailable": "unavailable until somebody looked"},
        Visibility,
    ),
    Clause(
        "books_revenue",
        "Trueup books revenue",
        BOOKS,
        Form.SWITCH,
        "No, where the shop's own feed to the ledger does: one of the two must",
    ),
    Clause(
        "credit_notes",
        "Credit notes for",
        BOOKS,
        Form.CHOICES,
        "Deductions that lower the price under VAT, so that a credit note is owed for each",
        {each.value: each.value.replace("-", " ") for each in CREDITABLE},
        Purpose,
    ),
    Clause(
        "owner",
        "Cases go to",
        BOOKS,
        Form.CHOICE,
        "Who gets the cases of its orders",
        {role.value: role.value for role in Role if role is not Role.AUDITOR},
    ),
)
"""In the order in which people are shown them."""
KEYS = frozenset(each.key for each in CLAUSES)


class Unfit(Invalid):
    """Terms that cannot be agreed. `problems`: what is wrong, by the key of the clause; "" for what is about several."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def clause_text(clause: Clause, agreement: Agreement) -> str:
    """What an agreement says in a clause, as text."""
    value = getattr(agreement, clause.attribute)
    match clause.form:
        case Form.SWITCH:
            return "yes" if value else "no"
        case Form.HOURS:
            return _plain(Decimal(value // timedelta(microseconds=1)) / 3_600_000_000)
        case Form.AMOUNT | Form.PERCENT:
            return _plain(value)
        case Form.CHOICES:
            return ", ".join(each.value for each in value)
        case Form.CHOICE:
            return "" if value is None else str(value.value if isinstance(value, Enum) else value)
        case Form.WHOLE | Form.SENTENCE:
            return str(value)


def terms_of(agreement: Agreement) -> dict[str, str]:
    """Every clause of an agreement as text, by its key."""
    return {clause.key: clause_text(clause, agreement) for clause in CLAUSES}


def with_terms(agreement: Agreement, terms: Mapping[str, str], others: Iterable[Agreement] = ()) -> Agreement:
    """The agreement with other terms; what is not among them stays as it is. Raises Unfit, which says what is wrong where.

    What stands in it already, or in one of the `others` of that vendor code, may be said again, though people could not choose it.
    """
    _demand_known(terms)
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    standing = (agreement, *others)
    for clause in CLAUSES:
        if clause.key in terms:
            text = terms[clause.key].strip()
            same = next((each for each in standing if clause_text(clause, each).strip() == text), None)
            try:
                values[clause.attribute] = _read(clause, text) if same is None else getattr(same, clause.attribute)
            except Invalid as error:
                problems[clause.key] = str(error)
    if problems:
        raise Unfit(problems)
    return _replaced(agreement, values)


def with_stored(agreement: Agreement, terms: Mapping[str, str]) -> Agreement:
    """The agreement with terms that were checked when they were agreed: they hold whatever trueup.toml says since then."""
    _demand_known(terms)
    found = [clause for clause in CLAUSES if clause.key in terms]
    return _replaced(agreement, {clause.attribute: _read_stored(clause, terms[clause.key]) for clause in found})


def _demand_known(terms: Mapping[str, str]) -> None:
    if strange := sorted(terms.keys() - KEYS):
        raise Unfit(
            {"": f"{', '.join(strange)}: no clause that people may change; there are {', '.join(sorted(KEYS))}"}
        )


def _replaced(agreement: Agreement, values: Mapping[str, Any]) -> Agreement:
    try:
        return replace(agreement, **values)
    except ConfigurationError as error:
        words = str(error).partition(": ")[2]
        raise Unfit({_about(words): words}) from error


def _about(words: str) -> str:
    """The clause that a sentence about an agreement is about."""
    if words.startswith("fallback"):
        return "fallback_words"
    named = words.partition(" ")[0]
    return next((clause.key for clause in CLAUSES if clause.attribute == named), "")


def _read_stored(clause: Clause, text: str) -> Any:
    """The value of a text that was agreed: an owner by any name, a number that trueup.toml allowed and no form would."""
    match clause.form:
        case Form.WHOLE:
            return int(text)
        case Form.AMOUNT | Form.PERCENT:
            return Decimal(text)
        case Form.HOURS:
            return _hours(Decimal(text))
        case Form.SENTENCE:
            return text
        case Form.CHOICE if clause.kind is None:
            return text
        case _:
            return _read(clause, text)


def _hours(value: Decimal) -> timedelta:
    return timedelta(microseconds=round(value * 3_600_000_000))


def _read(clause: Clause, text: str) -> Any:
    """The value of a text that somebody wrote. Raises Invalid for what people may not choose."""
    if clause.form in _NUMBERS:
        return _number(clause, text)
    match clause.form:
        case Form.SWITCH:
            if text not in _SWITCH:
                raise Invalid(f"{clause.title} {text!r}: expected yes or no.")
            return text == "yes"
        case Form.CHOICES:
            return tuple(_one(clause, each.strip()) for each in text.split(",") if each.strip())
        case Form.SENTENCE:
            if len(text) > _LONGEST_SENTENCE:
                raise Invalid(f"{clause.title}: expected at most {_LONGEST_SENTENCE} characters, found {len(text)}.")
            return text
        case _:
            return _one(clause, text)


def _number(clause: Clause, text: str) -> Any:
    pattern, expected = _NUMBERS[clause.form]
    if not pattern.fullmatch(text):
        raise Invalid(f"{clause.title} {text!r}: expected {expected}.")
    value = Decimal(text)
    if (clause.form in (Form.WHOLE, Form.HOURS) and value <= 0) or (clause.form is Form.PERCENT and value > 100):
        raise Invalid(f"{clause.title} {text!r}: expected {expected}.")
    if clause.form is Form.WHOLE:
        return int(text)
    return _hours(value) if clause.form is Form.HOURS else value


def _one(clause: Clause, text: str) -> Any:
    options = clause.options or {}
    if text not in options:
        raise Invalid(f"{clause.title} {text!r}: expected one of {', '.join(each or 'nothing' for each in options)}.")
    if clause.kind is None:
        return text
    return clause.kind(text) if text else None


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
