"""Import invoices: a file of our invoices is archived, read and taken in; lines of remittances that waited for them are settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from trueup.base.ids import Digest
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.invoices import Invoice, normal_reference
from trueup.domain.posting import Heading, post_invoice
from trueup.domain.settlement import Placement
from trueup.formats.document import Finding, Location, Severity
from trueup.formats.invoices_csv import read_invoices
from trueup.storage import cases, invoices, journal, remittances, suspense
from trueup.storage.journal import Posted
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.booking import Booking, book_again, write
from trueup.workflows.books_cases import OWNER
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import ask_reconciliation
from trueup.workflows.world import ACTOR, Tx

KIND = "invoices"
_BATCH = 5000
_MOST_PAYMENTS = 200


@dataclass(frozen=True, slots=True)
class ImportedInvoices:
    """What an import came to: how many are new, known already, known with other figures; and what was found in the file."""

    digest: Digest
    new: int = 0
    same: int = 0
    different: int = 0
    settled: int = 0
    findings: tuple[Finding, ...] = field(default=())


def import_invoices(tx: Tx, content: bytes, person: Person) -> ImportedInvoices:
    """Take an archived file of invoices in: each that can be read; one that is known with other figures becomes a case.

    Raises Unreadable when it is no file of invoices, Refused without a role that may.
    """
    demand_role(person, "invoices.import")
    reading = read_invoices(content)
    new = same = different = settled = 0
    strangers = _strangers(reading.values, tx.resources.partners)
    invoices.lock_partners(tx.connection, {each.partner for each in reading.values})
    for start in range(0, len(reading.values), _BATCH):
        batch = reading.values[start : start + _BATCH]
        taken = invoices.take_in_invoices(
            tx.connection,
            [each for each in batch if each.partner in tx.resources.partners],
            evidence=reading.evidence,
            now=tx.now,
        )
        for known, said in taken.different:
            _note_different(tx, known, said, reading.evidence)
        _post(tx, [each for each in batch if each.number in taken.new], taken.new, reading.evidence)
        settled += settle_waiting(tx, [each for each in batch if each.number in taken.new])
        new, same = new + len(taken.new), same + taken.same
        different += len(taken.different)
    if new:
        # Lines that do not name their invoice wait for it as well.
        for partner in sorted({each.partner for each in reading.values} & tx.resources.partners.keys()):
            ask_reconciliation(tx, partner)
    done = ImportedInvoices(reading.evidence, new, same, different, settled, (*reading.findings, *strangers))
    after = {"new": new, "same": same, "different": different}
    record_deed(
        tx.connection,
        tx.now,
        person,
        Deed("invoices.import", f"document {reading.evidence}", after=after, evidence=reading.evidence),
    )
    return done


def _strangers(every: Sequence[Invoice], partners: Collection[str]) -> list[Finding]:
    """A finding for each partner that invoices name and the settings do not have."""
    of_strangers: dict[str, list[str]] = {}
    for invoice in every:
        if invoice.partner not in partners:
            of_strangers.setdefault(invoice.partner, []).append(invoice.number)
    known = ", ".join(sorted(partners)) or "none"
    return [
        Finding(
            Severity.ERROR,
            "unknown-partner",
            f"{partner!r} is not one of [[partners]] in trueup.toml (known: {known}); its {len(numbers)} invoices, first "
            f"{numbers[0]}, are not taken in",
            Location(0, "column partner"),
        )
        for partner, numbers in of_strangers.items()
    ]


def settle_waiting(tx: Tx, fresh: Sequence[Invoice]) -> int:
    """Payments with lines that wait for these invoices are settled again; returns how many."""
    by_partner: dict[str, list[str]] = {}
    for invoice in fresh:
        by_partner.setdefault(invoice.partner, []).append(normal_reference(invoice.number))
    count = 0
    for partner, references in by_partner.items():
        waiting = suspense.wanting(tx.connection, partner, references)
        for start in range(0, len(waiting), _MOST_PAYMENTS):
            booking = Booking(partner)
            for number in waiting[start : start + _MOST_PAYMENTS]:
                saved = remittances.load_remittance(tx.connection, number, lock=True)
                count += book_again(tx, saved, booking=booking)
            write(tx, booking, fresh=False)
    return count


def _post(tx: Tx, batch: Sequence[Invoice], ids: dict[str, int], evidence: str) -> None:
    """Revenue and receivable, where the agreement says that Trueup books them and not the shop's own feed."""
    chart = tx.resources.books.chart
    posted = []
    for invoice in batch:
        if not invoice.total or not tx.resources.books_revenue(
            tx.connection, invoice.partner, invoice.payee, invoice.issued_on
        ):
            continue
        day = journal.first_open_day(tx.connection, invoice.issued_on)
        heading = Heading(
            f"invoice {invoice.partner}/{invoice.number}",
            day,
            f"Invoice {invoice.number} to {invoice.partner}",
            evidence,
        )
        entry = post_invoice(invoice, chart, heading)
        about = [
            Placement(
                0, line.account, line.amount.minor, line.amount.currency, line.reference, invoice=ids[invoice.number]
            )
            for line in entry.lines
        ]
        posted.append(Posted(entry, about, "invoice", ACTOR))
    journal.append_entries(tx.connection, posted, tx.now)


def _note_different(tx: Tx, known: Invoice, said: Invoice, evidence: str) -> None:
    risk = known.total - said.total if known.total.currency == said.total.currency else known.total
    expected, found = f"{known.total} of {known.issued_on}", f"{said.total} of {said.issued_on}"
    draft = CaseDraft(
        kind="invoice.differs",
        subject=f"invoice {known.partner}/{known.number}",
        title=f"Invoice {known.number} is known as {expected}, now told as {found}",
        expected=expected,
        found=found,
        money_at_risk=abs(risk),
        deadline=tx.now + timedelta(days=14),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=evidence,
    )
    cases.open_case(tx.connection, draft, tx.now)
