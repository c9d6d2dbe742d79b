"""Bank statements as CAMT.053: one a currency and half month, in an older and a newer version, their balances true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from trueup.simulation.remittances.records import BankEntry, Period
from trueup.simulation.remittances.writers.amounts import plain

_VERSIONS = ("02", "08")


def write_statements(folder: Path, period: Period) -> list[Path]:
    """Write the statements of a period, one file a currency. Every account opens at ten million."""
    written = []
    for place, currency in enumerate(sorted({entry.currency for entry in period.bank})):
        entries = [entry for entry in period.bank if entry.currency == currency]
        version = _VERSIONS[(place + period.start.day) % len(_VERSIONS)]
        path = folder / f"camt053-{currency}-{period.name}.xml"
        path.write_text("\n".join(_statement(entries, period, version)) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _statement(entries: Sequence[BankEntry], period: Period, version: str) -> Iterator[str]:
    account, currency = entries[0].account, entries[0].currency
    last = max(period.end, *(entry.booked_on for entry in entries))
    opening = 1_000_000_000
    closing = opening + sum(entry.minor for entry in entries)
    name = f"{currency}-{period.name}"
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
    yield f"<GrpHdr><MsgId>STATEMENT-{name}</MsgId><CreDtTm>{last}T23:30:00Z</CreDtTm></GrpHdr>"
    yield f"<Stmt><Id>{name}</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>{last}T23:30:00Z</CreDtTm>"
    yield f"<FrToDt><FrDtTm>{period.start}T00:00:00Z</FrDtTm><ToDtTm>{last}T23:59:59Z</ToDtTm></FrToDt>"
    yield f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
    yield _balance("OPBD", opening, currency, str(period.start))
    yield _balance("CLBD", closing, currency, str(last))
    for place, entry in enumerate(entries, 1):
        yield _entry(entry, f"{period.name}-{place:05d}", version)
    yield "</Stmt></BkToCstmrStmt></Document>"


def _balance(kind: str, minor: int, currency: str, day: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(minor, currency)}"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(entry: BankEntry, reference: str, version: str) -> str:
    """A booked credit. Every third names the payment in its text alone."""
    newer = version == "08"
    status = "<Sts><Cd>BOOK</Cd></Sts>" if newer else "<Sts>BOOK</Sts>"
    payer = escape(entry.payer)
    party = f"<Dbtr><Pty><Nm>{payer}</Nm></Pty></Dbtr>" if newer else f"<Dbtr><Nm>{payer}</Nm></Dbtr>"
    in_text = not entry.payment or int(entry.payment) % 3 == 0
    end_to_end = "NOTPROVIDED" if in_text else entry.payment
    words = entry.text if in_text else "AMAZON PAYMENT"
    day = entry.booked_on
    return (
        f"<Ntry>{_amount(entry.minor, entry.currency)}<CdtDbtInd>CRDT</CdtDbtInd>{status}"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs><RltdPties>{party}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(words)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def _amount(minor: int, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{plain(minor)}</Amt>'
