"""The grammar of a payment: built-in types and the rules of finance's that are in force for its payee on its day.

Rules change seldom and are asked for with every batch. So a batch asks for their version alone, in one small query; rules are
loaded, and grammars made of them, when that is another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import sqlalchemy as sa

from trueup.domain.deduction import DeductionType
from trueup.domain.deduction_rules import DeductionRule, NewType, compile_rule, in_force, with_rules
from trueup.domain.grammar import Grammar
from trueup.storage.deduction_rules import SavedRule, Version, load_rules, rules_version


@dataclass
class RulesNow:
    """The approved rules as a transaction sees them. It keeps the grammars that were made of them."""

    built_in: Grammar
    version: Version
    saved: tuple[SavedRule, ...] = ()
    _made: dict[tuple[str, ...], Grammar] = field(default_factory=dict)

    def grammar(self, payee: str, paid_on: date, *, without: str = "") -> Grammar:
        """The grammar for a payment; `without` all versions of the rule with that id."""
        if not self.saved:
            return self.built_in
        found = [each for each in in_force(self._rules, payee, paid_on) if each.id != without]
        if not found:
            return self.built_in
        names = tuple(each.name for each in found)
        made = self._made.get(names)
        if made is None:
            made = self._made[names] = with_rules(self.built_in.all, found)
        return made

    @cached_property
    def _rules(self) -> tuple[DeductionRule, ...]:
        return tuple(each.rule for each in self.saved)

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """The accounts of rules that have one of their own, by the rule's name and version."""
        return {each.rule.name: each.account for each in self.saved if each.account}

    @cached_property
    def types(self) -> Mapping[str, DeductionType]:
        """Every type by its code, those that rules bring included."""
        return {**_brought(self._rules, self.built_in), **self.built_in.types}


class Grammars:
    """The grammars of one installation; they remember what was made of the rules that were seen last."""

    def __init__(self, built_in: Grammar) -> None:
        self._last = RulesNow(built_in, (0, 0, 0, 0))

    def now(self, connection: sa.Connection) -> RulesNow:
        """The rules as this transaction sees them. Raises Invalid later, for a rule whose type is no longer there."""
        last, version = self._last, rules_version(connection)
        if last.version != version:
            approved = tuple(each for each in load_rules(connection) if each.rule.approved_by)
            last = self._last = RulesNow(last.built_in, version, approved)
        return last


def _brought(rules: Iterable[DeductionRule], built_in: Grammar) -> dict[str, DeductionType]:
    return {rule.type.code: compile_rule(rule, built_in.types) for rule in rules if isinstance(rule.type, NewType)}
