"""Bank statements and imports: no bytes break a reader, and damaged files give values, findings or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.base.errors import DocumentError
from trueup.domain.bank import Statement
from trueup.formats.bank.bai2 import FORMAT as BAI2
from trueup.formats.bank.bank_csv import FORMAT as BANK_CSV
from trueup.formats.bank.camt053 import FORMAT as CAMT053
from trueup.formats.bank.mt940 import FORMAT as MT940
from trueup.formats.document import Format
from trueup.formats.invoices_csv import FORMAT as INVOICES
from trueup.formats.shipments_csv import FORMAT as SHIPMENTS

GOLDEN = Path(__file__).parent.parent / "golden"
FORMATS = {known.name: known for known in (BAI2, BANK_CSV, CAMT053, MT940, INVOICES, SHIPMENTS)}
SAMPLES = {
    BAI2.name: [path.read_bytes() for path in sorted((GOLDEN / "bank").glob("*.bai2.txt"))],
    BANK_CSV.name: [path.read_bytes() for path in sorted((GOLDEN / "bank").glob("*.bank.csv"))],
    CAMT053.name: [path.read_bytes() for path in sorted((GOLDEN / "bank").glob("*.camt053.xml"))],
    MT940.name: [path.read_bytes() for path in sorted((GOLDEN / "bank").glob("*.mt940.sta"))],
    INVOICES.name: [path.read_bytes() for path in sorted((GOLDEN / "invoices").glob("*.csv"))],
    SHIPMENTS.name: [path.read_bytes() for path in sorted((GOLDEN / "shipments").glob("*.csv"))],
}
PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from([b",", b"/", b":", b"\n", b"\n:61:", b"\n:86:?32", b"\n88,", b"16,195,", b"D,9,", b"-", b"9" * 30]),
    st.sampled_from(
        [b"<Ntry>", b"</Ntry>", b"<Amt Ccy='EUR'>1</Amt>", b"&x;", b'"', b";", b"\xff", b"0229", b"C999999"]
    ),
)


def look(known: Format, content: bytes) -> None:
    known.recognise(content)
    try:
        reading = known.read(content)
    except DocumentError:
        return
    assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings)
    for statement in reading.values:
        if isinstance(statement, Statement):
            keys = [line.key for line in statement.lines]
            assert len(set(keys)) == len(keys)
            assert {line.amount.currency for line in statement.lines} <= {statement.currency}


@pytest.mark.parametrize("name", FORMATS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_bytes_break_a_reader(name: str, data: st.DataObject) -> None:
    """Any bytes are read, told about, or refused as a document; recognition never raises."""
    look(FORMATS[name], data.draw(st.lists(PIECES, max_size=30).map(b"".join)))


@pytest.mark.parametrize("name", FORMATS)
@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_document_never_breaks_its_reader(name: str, data: st.DataObject) -> None:
    """Bytes changed, cut out or put in: findings stay inside the document, keys stay apart, currencies are not mixed."""
    content = bytearray(data.draw(st.sampled_from(SAMPLES[name])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 12))] = data.draw(PIECES)
    look(FORMATS[name], bytes(content))
