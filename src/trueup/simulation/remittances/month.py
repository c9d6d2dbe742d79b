"""October of the demonstration: its files with the days on which somebody lays them down, what Amazon's servers tell, the truth."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from trueup.simulation.remittances.causes import MARKETS, terms
from trueup.simulation.remittances.desk import FULL
from trueup.simulation.remittances.history import (
    BANK,
    FOLDERS,
    INVOICES,
    copy_one,
    remittance_files,
    truth_as_json,
    write_period,
)
from trueup.simulation.remittances.records import API, BankEntry, Invoice, Payment, Period
from trueup.simulation.remittances.truth import Truth
from trueup.simulation.remittances.world import END, History
from trueup.simulation.remittances.writers.amazon_api import as_json, invoice_documents, remittances_as_told
from trueup.simulation.remittances.writers.amounts import plain

ANSWERING = frozenset({"US", "DE"})
"""The markets whose finance API answers."""
WITNESSED = "DE"
"""The market of which Amazon also says what it matched of each invoice."""
_NEWER_DAYS = 35
_CARRIERS = ("UPS Freight", "Old Dominion", "XPO")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one seed, written into a folder."""

    folder: Path
    periods: tuple[Period, ...]
    truth: Truth

    @property
    def invoices(self) -> list[Path]:
        """Files of our own invoices."""
        return sorted((self.folder / INVOICES).iterdir())

    @property
    def statements(self) -> list[Path]:
        """Files of the bank's."""
        return sorted((self.folder / BANK).iterdir())

    def files(self, period: Period) -> list[tuple[Path, str]]:
        """The files that tell of payments of a half month, with the partner who pays. Exports are named by its days."""
        numbers = {payment.number for payment in period.payments}
        return [
            (path, partner)
            for path, partner in remittance_files(self.folder)
            if period.name in path.name or any(number in path.name for number in numbers)
        ]

    def told_by_api(self) -> bytes:
        """The payments that Amazon's remittance API tells of, as its server is given them."""
        return as_json(remittances_as_told(each for each in self._payments() if API in each.sources))

    def matched_by_api(self) -> bytes:
        """What Amazon says of the newer invoices of one market, as its server is given them."""
        first = END - timedelta(days=_NEWER_DAYS)
        invoices = [each for each in self._invoices() if each.market.name == WITNESSED and each.issued_on >= first]
        return as_json(invoice_documents(invoices, self._payments(), END))

    def truth_as_json(self) -> dict[str, Any]:
        """What is true of it, for the auditor."""
        return truth_as_json(self.truth)

    def terms_csv(self) -> bytes:
        """What was agreed, as finance keeps it in a table."""
        partners = {market.name: market.partner for market in MARKETS}
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("kind", "marketplace", "basis", "percent", "valid_from", "source", "within_days"))
        for term in self.truth.terms:
            within = "30" if term.kind == "quick-pay" else ""
            of = partners[term.market]
            writer.writerow((term.kind, of, term.basis, term.percent, term.valid_from, "agreement of 2026", within))
        return out.getvalue().encode()

    def proofs_csv(self) -> bytes:
        """Bills of lading and proofs of delivery of what Amazon US says it did not get."""
        claimed = {
            number
            for payment in self._payments()
            for line in payment.lines
            if line.cause == "shortage-claim"
            for number, _ in line.parts
        }
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(
            ("kind", "purchase_order", "invoice", "sku", "quantity", "day", "carrier", "tracking", "document")
        )
        for place, invoice in enumerate(self._invoices()):
            if invoice.market.name == "US" and invoice.number in claimed:
                writer.writerows(_proofs(invoice, place))
        return out.getvalue().encode()

    def _payments(self) -> list[Payment]:
        return [payment for period in self.periods for payment in period.payments]

    def _invoices(self) -> list[Invoice]:
        return [invoice for period in self.periods for invoice in period.invoices]


def write_month(folder: Path, seed: int) -> Month:
    """Write October 2026 of a seed into an empty folder."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    history = History(seed, answering=ANSWERING)
    truth = Truth(seed)
    periods = tuple(history.periods())
    truth.terms = terms(periods[0].start)
    for place, period in enumerate(periods):
        truth.add(period)
        write_period(folder, period, place, FULL)
    truth.copies += copy_one(folder)
    return Month(folder, periods, truth)


def november_statement(entries: Sequence[BankEntry]) -> bytes:
    """The bank's first days of November: what came then and fees, so that what did not come by then is missing."""
    rows = "".join(
        f"{each.account},{each.booked_on},{plain(each.minor)},{each.currency},{each.payer},{each.text}\n"
        for each in entries
    )
    rows += "".join(
        f"RIVERSIDE-{currency},2026-11-06,-1.00,{currency},BANK,FEE\n"
        for currency in sorted({market.pays_in for market in MARKETS})
    )
    return f"account,date,amount,currency,payer,text\n{rows}".encode()


def _proofs(invoice: Invoice, place: int) -> Iterator[tuple[object, ...]]:
    """It left whole, and was signed for whole."""
    carrier, tracking = _CARRIERS[place % len(_CARRIERS)], f"PRO{70_000_000 + place * 13}"
    day: date = invoice.issued_on
    for kind, on in (("shipped", day), ("delivered", day + timedelta(days=3))):
        for item in invoice.items:
            about = (kind, invoice.purchase_order, invoice.number, item.sku, item.quantity, on)
            yield (*about, carrier, tracking, f"{'BOL' if kind == 'shipped' else 'POD'}-{tracking}")
