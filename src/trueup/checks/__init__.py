"""Checks: continuous proofs. Each holds two independent sources against each other; what does not agree is a case with money.

A check only looks: it reads what both sides said and returns the cases that should be open now. Who opens them closes those that
it no longer returns, so a check knows nothing of what it found before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa

from trueup.domain.bank import BankRules
from trueup.domain.cases import CaseDraft
from trueup.domain.chart import Chart
from trueup.domain.partners import Partner
from trueup.domain.report_plans import ReportTerms


@dataclass(frozen=True, slots=True)
class Ground:
    """What checks are given beside the database. `bank`: who pays, and how long it may take; its `as_of` is not looked at.

    `feeds`: of which shops it is stated whether their own feed books the revenue of orders.
    `reports`: what is asked of each source of Amazon's reports, and what may differ.
    """

    now: datetime
    partners: Mapping[str, Partner]
    chart: Chart
    bank: BankRules = field(default_factory=lambda: BankRules(date.min))
    feeds: Mapping[str, bool] = field(default_factory=dict)
    reports: Mapping[str, ReportTerms] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """A proof. `sources`: the two that are compared; `protects`: from what; `tolerance`: what may differ, in words.

    `kinds` are all kinds of cases that it may open: those it does not return any more are closed.
    """

    name: str
    sources: tuple[str, str]
    protects: str
    owner: str
    tolerance: str
    kinds: tuple[str, ...]
    find: Callable[[sa.Connection, Ground], Iterable[CaseDraft]]
