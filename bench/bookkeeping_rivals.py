"""What the remittance benchmark is held against: a bare COPY, a DuckDB join by hand, and beangulp with beancount on a slice.

Each is given more than Trueup is: rows that are made already, or lines that are parsed already. None of them keeps evidence,
compares sources, knows periods, or makes cases.
"""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import beangulp  # type: ignore[import-untyped]
import duckdb
import psycopg
from beancount import loader
from beancount.core import data
from beancount.core.amount import Amount
from beancount.parser import printer

from trueup.storage.database import read_url

Measured = tuple[int, float]
"""Lines and seconds."""
_TABLES = ("remittances", "remittance_tellings", "remittance_lines", "journal_entries", "journal_lines", "claims")
_LINES = (
    "SELECT r.payment, r.paid_on, l.number, l.reference, l.invoice_day, l.description, l.paid, l.discount, l.withheld"
    " FROM trueup.remittance_lines l JOIN trueup.remittances r ON r.id = l.remittance_id ORDER BY r.id, l.number"
)
_INVOICES = "SELECT id, reference, number, issued_on, total_minor FROM trueup.invoices"
_JOIN = """
CREATE TABLE invoices AS SELECT * FROM read_csv('{folder}/invoices.csv');
CREATE TABLE lines AS SELECT *, upper(regexp_replace(reference, '[\\s_*/.-]+', '', 'g')) AS name
    FROM read_csv('{folder}/lines.csv');
CREATE TABLE claims AS SELECT *, regexp_extract(name, '^(.*?)((SC|PC)(R|RSC|RPC)*)$', ['stem', 'suffix']) AS parts FROM lines;
CREATE TABLE matched AS
    SELECT c.*, whole.id AS invoice, stem.id AS about FROM claims c
    LEFT JOIN invoices whole ON whole.reference = c.name
    LEFT JOIN invoices stem ON whole.id IS NULL AND stem.reference = c.parts.stem AND c.parts.stem <> '';
CREATE TABLE postings AS
    SELECT payment, number, CASE
        WHEN invoice IS NOT NULL THEN 'receivable'
        WHEN about IS NOT NULL THEN 'disputed'
        WHEN name LIKE '%VCBSINV' THEN 'chargebacks'
        WHEN name LIKE '%PROVISION%' THEN 'provisions'
        WHEN regexp_matches(reference, '^[0-9]{{4}}-[0-9]{{10}}$') THEN 'co-op'
        WHEN regexp_matches(reference, '^[0-9]{{9,11}}_[0-9]{{4}}$') THEN 'returns'
        WHEN name LIKE 'IPAP%' OR name LIKE 'APAUDIT%' OR name LIKE 'RSS%' OR name LIKE 'AUDCNLY%' THEN 'audit-claims'
        ELSE 'suspense' END AS account, -(paid + discount + withheld) AS minor, invoice, about, reference FROM matched
    UNION ALL SELECT payment, number, 'discounts', discount, invoice, about, reference FROM matched WHERE discount <> 0
    UNION ALL SELECT payment, number, 'withholding', withheld, invoice, about, reference FROM matched WHERE withheld <> 0
    UNION ALL SELECT payment, 0, 'cash', sum(paid), NULL, NULL, payment FROM matched GROUP BY payment;
CREATE TABLE settled AS SELECT invoice, sum(minor) AS minor FROM postings WHERE account = 'receivable' GROUP BY invoice;
CREATE TABLE chains AS SELECT about, sum(minor) AS minor FROM postings WHERE about IS NOT NULL GROUP BY about;
"""


def clean_files(url: str, folder: Path) -> Path:
    """The history as rows: each table that settling writes as COPY has it, and parsed lines and invoices as CSV."""
    clean = folder / "clean"
    clean.mkdir()
    with _driver(url) as connection, connection.cursor() as cursor:
        for name in _TABLES:
            _copy_out(cursor, f"SELECT * FROM trueup.{name}", clean / f"{name}.copy", "")
        _copy_out(cursor, _LINES, clean / "lines.csv", " WITH (FORMAT csv, HEADER)")
        _copy_out(cursor, _INVOICES, clean / "invoices.csv", " WITH (FORMAT csv, HEADER)")
    return clean


def copy_rows(url: str, clean: Path) -> Measured:
    """All rows that settling the history wrote, copied into tables without keys, indexes, checks or triggers; one commit."""
    with _driver(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA bare")
        for name in _TABLES:
            cursor.execute(f"CREATE TABLE bare.{name} (LIKE trueup.{name})".encode())
        connection.commit()
        started = time.monotonic()
        for name in _TABLES:
            with (
                (clean / f"{name}.copy").open("rb") as file,
                cursor.copy(f"COPY bare.{name} FROM STDIN".encode()) as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)
        connection.commit()
        seconds = time.monotonic() - started
        cursor.execute("SELECT count(*) FROM bare.remittance_lines")
        count = int((cursor.fetchone() or (0,))[0])
        cursor.execute("DROP SCHEMA bare CASCADE")
    return count, seconds


def join_in_duckdb(clean: Path) -> Measured:
    """Lines joined with invoices, told apart by patterns, posted and summed by hand-written SQL, into a database file."""
    started = time.monotonic()
    with duckdb.connect(str(clean / "join.duckdb"), config={"threads": 2}) as connection:
        connection.execute(_JOIN.format(folder=clean))
        connection.execute("CHECKPOINT")
        seconds = time.monotonic() - started
        rows = connection.execute("SELECT count(*), (SELECT sum(minor) FROM postings) FROM lines").fetchone()
    if rows is None or rows[1]:
        raise SystemExit(f"the join does not balance: {rows}")
    return int(rows[0]), seconds


class RemittanceImporter(beangulp.Importer):  # type: ignore[misc]  # it has no types
    """Payments of a CSV of lines as transactions, in the way that importers of beangulp are written.

    Invoices are known where the ledger has a transaction with their number as a link.
    """

    def identify(self, filepath: str) -> bool:
        """Whether it is such a file."""
        return filepath.endswith("slice.csv")

    def account(self, filepath: str) -> str:
        """Where the documents go."""
        return "Assets:Bank"

    def extract(self, filepath: str, existing: data.Entries) -> data.Entries:
        """A transaction a payment."""
        known = {link for entry in existing if isinstance(entry, data.Transaction) for link in entry.links}
        with Path(filepath).open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return [
                _transaction(filepath, payment, list(lines), known)
                for payment, lines in itertools.groupby(rows, key=lambda row: row["payment"])
            ]


def import_with_beangulp(clean: Path, payments: int, *, beside: int) -> Measured:
    """A slice extracted, printed as a ledger, and loaded again, which is where beancount books and checks it.

    `beside`: a ledger of so many invoices at least, those that the slice pays among them: as people do it, it is loaded first, so
    that lines find their invoice and what is known already is marked as a duplicate, and checked whole at the end. 0 for none.
    """
    count, names = _write_slice(clean, payments)
    ledger = clean / "ledger.beancount"
    ledger.write_text(_OPENINGS + "".join(_invoice(*row) for row in _invoices(clean, names, beside)), encoding="utf-8")
    started = time.monotonic()
    existing = loader.load_file(str(ledger))[0] if beside else []
    importer, path = RemittanceImporter(), str(clean / "slice.csv")
    entries = importer.extract(path, existing)
    if beside:
        importer.deduplicate(entries, existing)
    text = io.StringIO()
    printer.print_entries(entries, file=text)  # type: ignore[no-untyped-call]
    before = ledger.read_text(encoding="utf-8") if beside else _OPENINGS
    loaded, errors, _ = loader.load_string(before + text.getvalue())
    seconds = time.monotonic() - started
    if errors or len(loaded) < payments:
        raise SystemExit(f"beancount refuses the slice: {errors[:3]}")
    return count, seconds


_OPENINGS = "".join(
    f"2020-01-01 open {name}\n"
    for name in (
        "Assets:Bank", "Assets:Receivable", "Assets:Disputed", "Assets:Suspense", "Expenses:Chargebacks", "Expenses:Discounts",
        "Income:Sales",
    )
)  # fmt: skip


def _transaction(filepath: str, payment: str, lines: list[dict[str, str]], known: set[str]) -> data.Transaction:
    postings = []
    cash = Decimal(0)
    for line in lines:
        paid, discount = Decimal(line["paid"]) / 100, Decimal(line["discount"]) / 100
        cash += paid
        postings.append(_posting(_account_of(line["reference"], known), -(paid + discount), line["reference"]))
        if discount:
            postings.append(_posting("Expenses:Discounts", discount, line["reference"]))
    postings.append(_posting("Assets:Bank", cash, payment))
    day = datetime.date.fromisoformat(lines[0]["paid_on"])
    meta = data.new_metadata(filepath, 0, {"payment": payment})
    return data.Transaction(meta, day, "*", "Amazon", payment, frozenset(), frozenset(), postings)


def _account_of(reference: str, known: set[str]) -> str:
    if reference in known:
        return "Assets:Receivable"
    for suffix in ("SC", "PC", "SCR", "PCR", "SCRSC"):
        if reference.endswith(suffix) and reference.removesuffix(suffix) in known:
            return "Assets:Disputed"
    return "Expenses:Chargebacks" if reference.endswith("VCBSINV") else "Assets:Suspense"


def _invoices(clean: Path, names: set[str], least: int) -> Iterator[tuple[str, str, str]]:
    """Those that are named, and others until there are so many."""
    with (clean / "invoices.csv").open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number < least or row["number"] in names:
                yield row["number"], row["issued_on"], f"{Decimal(row['total_minor']) / 100:.2f}"


def _invoice(number: str, day: str, total: str) -> str:
    return f'{day} * "Amazon" "Invoice {number}" ^{number}\n  Assets:Receivable  {total} USD\n  Income:Sales  -{total} USD\n'


def _posting(account: str, amount: Decimal, reference: str) -> data.Posting:
    return data.Posting(account, Amount(amount, "USD"), None, None, None, {"reference": reference})


def _write_slice(clean: Path, payments: int) -> tuple[int, set[str]]:
    with (clean / "lines.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        head = next(rows)
        taken = list(_first_payments(rows, payments))
    with (clean / "slice.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *taken])
    return len(taken), {row[3] for row in taken}


def _first_payments(rows: Iterator[list[str]], payments: int) -> Iterator[list[str]]:
    seen: set[str] = set()
    for row in rows:
        seen.add(row[0])
        if len(seen) > payments:
            return
        yield row


def _copy_out(cursor: psycopg.Cursor[Any], query: str, path: Path, how: str) -> None:
    with path.open("wb") as file, cursor.copy(f"COPY ({query}) TO STDOUT{how}".encode()) as copy:
        for block in copy:
            file.write(block)


def _driver(url: str) -> psycopg.Connection[Any]:
    text = read_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(text)
