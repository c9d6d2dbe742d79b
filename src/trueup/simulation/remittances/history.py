"""Writes a history as files, each payment in the forms its sources take, and returns what must be true of the books after it."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from trueup.simulation.remittances.causes import MARKETS, terms
from trueup.simulation.remittances.desk import FULL, PLAIN, Profile
from trueup.simulation.remittances.records import ADVICE, EXPORT, X12, Payment, Period
from trueup.simulation.remittances.truth import Truth
from trueup.simulation.remittances.world import History
from trueup.simulation.remittances.writers.advice import write_advice
from trueup.simulation.remittances.writers.camt053 import write_statements
from trueup.simulation.remittances.writers.companions import write_companions
from trueup.simulation.remittances.writers.invoices_csv import write_invoices
from trueup.simulation.remittances.writers.portal_export import FORMS, Form, write_export
from trueup.simulation.remittances.writers.x12_820 import write_820

PROFILES = {"full": FULL, "plain": PLAIN}
"""`full`: every kind of line and anomaly. `plain`: what is known alone, in great numbers, for a bench."""
INVOICES, EXPORTS, X12_FILES, ADVICES, BANK, COMPANIONS = "invoices", "exports", "820", "advice", "bank", "companions"
ONCE = Fraction(1)
FOLDERS = (INVOICES, EXPORTS, X12_FILES, ADVICES, BANK, COMPANIONS)


def write_history(folder: Path, seed: int, months: int = 1, scale: Fraction = ONCE, profile: str = "full") -> Truth:
    """Write a history into an empty folder: invoices, exports, 820, advice, bank, companions, and truth.json beside them.

    Whole months that end with October 2026, with `scale` times 3.5 payments a working day. Nothing but a half month and what
    is still open is held at once.
    """
    chosen = PROFILES[profile]
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    history = History(seed, months, scale, chosen)
    truth = Truth(seed, keep_lines=chosen.anomalies)
    for place, period in enumerate(history.periods()):
        truth.add(period)
        write_period(folder, period, place, chosen)
        if not place:
            truth.terms = terms(period.start)
    if chosen.anomalies:
        truth.copies += copy_one(folder)
    (folder / "truth.json").write_text(json.dumps(truth_as_json(truth), indent=1), encoding="utf-8")
    return truth


def remittance_files(folder: Path) -> list[tuple[Path, str]]:
    """Every file of a history that tells of payments, with the partner who pays, in an order in which they could arrive."""
    partners = {market.name: market.partner for market in MARKETS}
    files = [path for name in (EXPORTS, X12_FILES, ADVICES) for path in (folder / name).iterdir()]
    told = [(path, partners[path.name.split("-")[1]]) for path in files]
    return sorted(told, key=lambda each: (each[0].name.split("-")[2:], each[0].name))


def truth_as_json(truth: Truth) -> dict[str, Any]:
    """The truth as plain data: amounts in minor units, days as text."""
    return {
        "seed": truth.seed,
        "payments": truth.payments,
        "lines_told": truth.told_lines,
        "invoices_issued": truth.invoice_count,
        "postings": [asdict(row) for row in truth.rows()],
        "suspicions": [asdict(row) for row in sorted(truth.suspicions)],
        "chains": [asdict(row) for row in truth.chains()],
        "comparisons": [asdict(row) for row in sorted(truth.comparisons)],
        "voided": sorted(truth.voided),
        "copies": truth.copies,
        "terms": [
            {**asdict(term), "percent": str(term.percent), "valid_from": term.valid_from.isoformat()}
            for term in truth.terms
        ],
        "invoices": [asdict(row) for row in truth.invoices()],
        "lines": [asdict(row) for row in truth.lines],
    }


def write_period(folder: Path, period: Period, place: int, profile: Profile) -> None:
    """Write what each source tells of a half month, and its invoices, statements and companions."""
    turns = itertools.count(5 * place)
    write_invoices(folder / INVOICES / f"invoices-{period.name}.csv", period.invoices, profile.anomalies)
    told = [payment for payment in period.payments if EXPORT in payment.sources]
    for market in MARKETS:
        exported = [*_of(period.retold, market.name), *_of(told, market.name)]
        if exported:
            forms = FORMS[market.style] if profile.anomalies else (Form("csv"),)
            write_export(
                folder / EXPORTS / f"Payments-{market.name}-{period.name}", exported, forms[place % len(forms)]
            )
    for payment in period.payments:
        misstated = payment.misstated if payment.sources[0] == EXPORT else 0
        if X12 in payment.sources:
            (folder / X12_FILES / f"820-{payment.market.name}-{payment.number}.edi").write_bytes(
                write_820(payment, misstated)
            )
        if ADVICE in payment.sources:
            write_advice(folder / ADVICES, payment, misstated, next(turns))
    write_statements(folder / BANK, period)
    if profile.anomalies:
        write_companions(folder / COMPANIONS, period)


def _of(payments: Iterable[Payment], market: str) -> Sequence[Payment]:
    return [payment for payment in payments if payment.market.name == market]


def copy_one(folder: Path) -> list[str]:
    """The same file a second time, under the name a browser gives it."""
    first = min((folder / EXPORTS).iterdir())
    copy = first.with_name(f"{first.stem} (1){first.suffix}")
    shutil.copyfile(first, copy)
    return [copy.name]
