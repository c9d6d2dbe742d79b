"""October's remittances of five marketplaces, from every source: settled, answered, disputed, and the month closed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trueup.app import Application
from trueup.demo.archive import EVERYTHING
from trueup.demo.finance import Finance
from trueup.demo.part import OF_FINANCE, Cue, Part, Player, Rows, Stage, person
from trueup.domain.closing import Month as ClosedMonth
from trueup.simulation import carried, installation
from trueup.simulation.auditor import audit_month
from trueup.simulation.ledger import read_ledger
from trueup.simulation.remittances.month import Month, november_statement, write_month
from trueup.simulation.remittances.records import Period
from trueup.simulation.statements.evidence import Statement
from trueup.storage.views.cases import list_cases
from trueup.workflows.approve_charge_terms import approve_change
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import import_proofs
from trueup.workflows.keep_terms import (
    propose_file,
)

OCTOBER = ClosedMonth(date(2026, 10, 1))
_KNOWN = {"SUSTPKG-": ("co-op", "co-op"), "VLT.OVR.": ("fee", "fees"), "LBLPRG#": ("co-op", "co-op")}
"""Forms that nobody documented and this vendor's people know: how they begin, the deduction type, and where that belongs."""
_OF_THE_BANK = "amazon-us"


@dataclass
class Remittances(Player):
    """The month as it is told and settled."""

    stage: Stage
    month: Month
    later: Period
    """What the first days of the next month bring, which other parts bring about: invoices, and a payment."""
    laid: int = 0
    _finance: Finance | None = None
    imported: dict[str, int] = field(default_factory=dict)

    @property
    def finance(self) -> Finance:
        """The people."""
        assert self._finance is not None
        return self._finance

    def begin(self, app: Application) -> None:
        """A new customer's start: agreed terms, the invoices of the last months, proofs of delivery."""
        super().begin(app)
        self._finance = Finance(app, self.stage.folder / "papers")
        sheet = self._hand_in(
            propose_file, "terms", "terms.csv", self.month.terms_csv(), "what is agreed at the start"
        ).sheet
        if sheet is not None:
            second = person(app, installation.APPROVER)
            app.engine.act(approve_change, sheet.id, second, "as in the agreements with Amazon")
        self.imported["invoices"] = sum(
            self._hand_in(import_invoices, "invoices", path.name, path.read_bytes()).new for path in self.month.invoices
        )
        proofs = self._hand_in(import_proofs, "proofs", "proofs.csv", self.month.proofs_csv(), "amazon-us")
        self.imported["proofs"] = proofs.new

    def _hand_in(self, act: Callable[..., Any], kind: str, name: str, content: bytes, *about: str) -> Any:
        """A file is archived before anything reads it, as the command line does it."""
        by = person(self.app, installation.BOOKKEEPER)
        self.app.engine.act(archive_upload, content, kind, name, by)
        return self.app.engine.act(lambda tx: act(tx, content, *about, by))

    def cues(self) -> Iterable[Cue]:
        """Files on Monday and Tuesday; people from Wednesday to Friday."""
        first, second = self.month.periods
        acts: tuple[tuple[int, int, Callable[[], None]], ...] = (
            (0, 1, lambda: self._lay_down(first)),
            (0, 8, lambda: self._lay_down(second)),
            (1, 3, self._lay_down_statements),
            (2, 4, self._answer),
            (2, 9, self.finance_approves),
            (3, 5, self._dispute),
            (4, 3, self._lay_down_november),
            (4, 11, self._propose),
            (4, 14, self._close),
        )
        return [Cue(self._at(day, hour), act) for day, hour, act in acts]

    def _at(self, day: int, hour: int) -> datetime:
        return self.stage.start + timedelta(days=day, hours=hour, minutes=10)

    def _lay_down(self, period: Period) -> None:
        for path, partner in self.month.files(period):
            self._put(path, partner)

    def _lay_down_statements(self) -> None:
        for path in self.month.statements:
            self._put(path, _OF_THE_BANK)

    def _lay_down_november(self) -> None:
        self._inbox(_OF_THE_BANK).joinpath("bank-2026-11.csv").write_bytes(november_statement(self.later.bank))

    def _put(self, path: Path, partner: str) -> None:
        shutil.copyfile(path, self._inbox(partner) / path.name)
        self.laid += 1

    def _inbox(self, partner: str) -> Path:
        return self.stage.folder / installation.inboxes()[partner]

    def _answer(self) -> None:
        """Finance says what the unknown forms are and which invoices were paid, but for one line: a visitor chooses there."""
        for prefix, (type_code, _) in _KNOWN.items():
            self.finance.classify(prefix, type_code)
        payments = [payment for period in self.month.periods for payment in period.payments]
        lines = [(payment, line) for payment in payments for line in payment.lines if line.cause == "ambiguous"]
        for payment, line in sorted(lines, key=lambda each: -each[1].paid)[1:]:
            number, minor = min(line.parts)
            about = {"partner": payment.market.partner, "invoice": number, "minor": minor}
            self.finance.choose(payment.number, line.reference, {**about, "currency": payment.market.currency})

    def finance_approves(self) -> None:
        """The second person approves the rules."""
        self.finance.approve_rules()

    def _dispute(self) -> None:
        self.finance.dispute()

    def _propose(self) -> None:
        self.finance.propose_month(OCTOBER)

    def _close(self) -> None:
        self.finance.close_month(OCTOBER)

    def progress(self, connection: sa.Connection) -> Rows:
        """Payments, lines and what waits."""
        row = connection.execute(_PROGRESS).one()
        words = f"{row.payments} of {self.month.truth.payments} known, {row.lines:,} lines"
        waiting = f"{row.waiting} lines of remittances wait for people"
        closed = "October is closed" if row.closed else "October is open"
        return [("remittances", words), ("suspense", f"{waiting}; {closed}")]

    def evidence(self) -> dict[str, Any]:
        """The truth, the ledger's own tables, and what people did."""
        chart = self.app.world.books.chart
        purposes = {code: purpose.value for purpose, code in chart.purposes.items()}
        with self.app.database.transaction() as connection:
            ledger = read_ledger(lambda text: connection.exec_driver_sql(text).all(), purposes)
            cases = list_cases(connection, state=None, limit=EVERYTHING)
        finance = self.finance
        return {
            "books": {
                "truth": self.month.truth_as_json() | {"later": [each.number for each in self.later.payments]},
                "ledger": ledger,
                "answers": {
                    "forms": {prefix: treatment for prefix, (_, treatment) in _KNOWN.items()},
                    "chosen": finance.chosen,
                    "rules": finance.rules,
                },
                "disputes": finance.disputes,
                "pack": finance.pack(OCTOBER),
            },
            "cases": [case for case in cases if case["kind"].startswith(OF_FINANCE)],
            "files": self.laid,
            "imported": dict(self.imported),
            "papers": [str(path) for path in finance.papers if path.suffix != ".json"],
        }

    def summary(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """Payments, what was received and deducted, what waits, who decided what, and the papers."""
        books, cases = evidence["books"], evidence["cases"]
        truth, ledger = books["truth"], books["ledger"]
        tellings = [source for row in ledger["payments"] for source in (row["sources"] or "").split()]
        later = set(truth["later"])
        return {
            "payments": sum(row["payment"] not in later for row in ledger["payments"]),
            "later": len(later),
            "lines": sum(row["lines"] for row in ledger["payments"]),
            "tellings": {source: tellings.count(source) for source in sorted(set(tellings))},
            "files": evidence["files"],
            "invoices": len(ledger["invoices"]),
            "proofs": evidence["imported"]["proofs"],
            "entries": len({row["key"] for row in ledger["entries"]}),
            "posted": _by_purpose(ledger),
            "planted": _count(row["kind"] for row in truth["suspicions"]),
            "cases": {
                "opened": len(cases),
                "still_open": sum(case["state"] == "open" for case in cases),
                "by_people": sum(case["resolved_by"] not in ("", "trueup") for case in cases),
                "kinds": _count(case["kind"] for case in cases),
            },
            "rules": books["answers"]["rules"],
            "chosen": len(books["answers"]["chosen"]),
            "disputes": [{name: row[name] for name in ("claim", "amount", "reference")} for row in books["disputes"]],
            "close": {"month": str(OCTOBER), "lights": books["pack"]["lights"]},
            "papers": evidence["papers"],
        }

    def statements(self, evidence: dict[str, Any]) -> list[Statement]:
        """What must be true of the books and of the month's end."""
        return audit_month(evidence)

    def told(self, summary: dict[str, Any]) -> Rows:
        """The summary in words."""
        cases, rules = summary["cases"], summary["rules"]
        sources = ", ".join(f"{count} by {_SOURCES.get(name, name)}" for name, count in summary["tellings"].items())
        rows = [
            (
                "remittances",
                f"{summary['payments']} payments of October, {summary['later']} of November, {summary['lines']:,} lines: {sources}",
            ),
            ("invoices", f"{summary['invoices']:,} of ours known, {summary['entries']:,} journal entries"),
        ]
        rows += [(f"books, {currency}", words) for currency, words in _money_words(summary["posted"])]
        booked = sum(rule["lines"] for rule in rules)
        forms = ", ".join(f"{rule['form']} is {rule['type']}" for rule in rules)
        disputed = ", ".join(f"{row['amount']} of {row['claim']}" for row in summary["disputes"])
        lights = ", ".join(f"{count} {light}" for light, count in summary["close"]["lights"].items())
        decided = f"{cases['opened']:,} opened, {cases['by_people']} decided by people, {cases['still_open']:,} open"
        return [
            *rows,
            ("cases of finance", decided),
            ("rules", f"{forms}: by two persons, {booked} more lines left suspense by them"),
            ("disputes", f"{disputed}: submitted with a pack each"),
            ("month's end", f"{summary['close']['month']} closed and locked by two persons, its lights: {lights}"),
            *(("papers" if not place else "", path) for place, path in enumerate(summary["papers"])),
        ]

    def commands(self) -> list[str]:
        """A statement that adds up, what can be won back, the close and the journal."""
        number = self.month.periods[0].payments[0].number
        export = "journal export --format hledger --output october.journal"
        return [f"remittances show {number}", "recover", "close 2026-10", "profit --month 2026-10", export]


_PROGRESS = sa.text(
    "SELECT (SELECT count(*) FROM trueup.remittances) AS payments,"
    " (SELECT coalesce(sum(line_count), 0) FROM trueup.remittances) AS lines,"
    " (SELECT count(*) FROM trueup.suspense) AS waiting, EXISTS (SELECT 1 FROM trueup.closed_months) AS closed"
)
_SOURCES = {
    "portal-export": "portal export",
    "x12-820": "820",
    "advice": "advice",
    "finance-api": "finance API",
}
_SHOWN = (
    ("received", ("cash",), 1),
    ("settled", ("receivable",), -1),
    ("disputed", ("disputed", "audit-claims"), 1),
    ("deducted", ("chargebacks", "co-op", "allowances", "price-protection", "returns", "return-freight", "fees"), 1),
    ("discount", ("discounts",), 1),
    ("held back", ("provisions", "withholding", "debit-balance"), 1),
    ("in suspense", ("suspense",), 1),
)


def _by_purpose(ledger: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the payments of each currency posted, by what accounts are for; amounts as text."""
    sums: dict[str, dict[str, int]] = {}
    for row in ledger["postings"]:
        purpose = ledger["accounts"].get(row["account"], row["account"])
        of = sums.setdefault(row["currency"], {})
        of[purpose] = of.get(purpose, 0) + row["minor"]
    return {
        currency: {
            name: f"{Decimal(sign * sum(of.get(purpose, 0) for purpose in purposes)).scaleb(-2):,.2f}"
            for name, purposes, sign in _SHOWN
        }
        for currency, of in sorted(sums.items())
    }


def _money_words(posted: dict[str, dict[str, str]]) -> Iterable[tuple[str, str]]:
    for currency, sums in posted.items():
        yield currency, ", ".join(f"{amount} {name}" for name, amount in sums.items() if amount != "0.00")


def _count(names: Iterable[str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name in names:
        sums[name] = sums.get(name, 0) + 1
    return dict(sorted(sums.items()))


def _join(stage: Stage) -> Remittances:
    month = write_month(stage.folder / "october", stage.seed)
    later = carried.period(stage.start.date())
    month.truth.add(later)
    stage.settings.append(installation.write_finance_settings())
    for place in installation.inboxes().values():
        inbox = stage.folder / place
        for name in ("in", "out", "done"):
            (inbox.parent / name).mkdir(parents=True)
    stage.amazon.add_remittances(month.told_by_api())
    stage.amazon.add_invoices(month.matched_by_api())
    return Remittances(stage, month, later)


PART = Part("remittances", "October's remittances, from payment to closed month", 20, _join)
