"""Posting: placements become one balanced entry of the journal; a change of mind becomes the difference, never an edit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from trueup.base.money import Money
from trueup.domain.chart import Chart, Purpose
from trueup.domain.invoices import Invoice
from trueup.domain.journal import JournalEntry, JournalLine
from trueup.domain.settlement import Placement

Facet: TypeAlias = "tuple[int, str, str, str, str, int | None, str, str]"
"""What makes two placements the same posting: all but the amount and the rule."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What an entry says of itself as a whole."""

    key: str
    day: date
    narration: str
    evidence: str
    reverses: str = ""


def post_placements(heading: Heading, placements: Iterable[Placement]) -> JournalEntry:
    """One entry with a line for each placement, in order. Raises Invalid when they do not balance: a defect."""
    lines = tuple(
        JournalLine(each.account, Money(each.minor, each.currency), each.reference, each.rule, each.line or None)
        for each in placements
    )
    return JournalEntry(heading.key, heading.day, heading.narration, lines, heading.evidence, heading.reverses)


def difference(wanted: Iterable[Placement], posted: Iterable[Placement]) -> tuple[Placement, ...]:
    """What must still be posted so that the books say `wanted` where they now say `posted`. It balances when both do."""
    open_: defaultdict[Facet, int] = defaultdict(int)
    rules: dict[Facet, str] = {}
    for each in posted:
        open_[_facet(each)] -= each.minor
        rules.setdefault(_facet(each), "taken back")
    for each in wanted:
        open_[_facet(each)] += each.minor
        rules[_facet(each)] = each.rule
    return tuple(
        Placement(facet[0], facet[1], minor, facet[2], facet[3], facet[4], facet[5], facet[6], rules[facet], facet[7])
        for facet, minor in open_.items()
        if minor
    )


def post_invoice(invoice: Invoice, chart: Chart, heading: Heading) -> JournalEntry:
    """Receivable against revenue and tax, where Trueup books the invoices. A credit note has the other signs."""
    net = invoice.total - invoice.tax
    wanted = (
        (chart.code(Purpose.RECEIVABLE), invoice.total),
        (chart.code(Purpose.REVENUE), -net),
        (chart.code(Purpose.TAX), -invoice.tax),
    )
    lines = tuple(JournalLine(account, amount, invoice.number) for account, amount in wanted if amount)
    return JournalEntry(heading.key, heading.day, heading.narration, lines, heading.evidence)


def _facet(each: Placement) -> Facet:
    return (each.line, each.account, each.currency, each.reference, each.type, each.invoice, each.claim, each.case)


_RULES = {
    "exact-reference": "it names our invoice",
    "grammar": "its reference or code says so",
    "column": "a column of the document says so",
    "taken back": "taken back",
}


def rule_words(rule: str) -> str:
    """What made a posting, for people."""
    if rule in _RULES:
        return _RULES[rule]
    return rule if " " in rule or not rule else f"matched by {rule.replace('-', ' ')}"
