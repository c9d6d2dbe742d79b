"""Bank XML beside its bytes: each element in its place, with its name and what it may hold; nothing hostile is expanded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.installed import Console
from trueup.console.document_structure import MOST_PLACES, element_at, with_allowed
from trueup.console.xml_structure import elements_of_xml
from trueup.formats.bank.camt053 import read_camt053
from trueup.storage.documents import Arrival
from trueup.workflows.world import Tx

GOLDEN = Path(__file__).parent.parent / "golden" / "bank"
STATEMENT = (GOLDEN / "batches_and_reversals_08.camt053.xml").read_bytes()


def test_each_element_of_a_statement_stands_where_its_bytes_are() -> None:
    """As it is written, with what ISO 20022 lets it hold; a window of the bytes has the elements that begin in it."""
    parts = with_allowed(elements_of_xml(STATEMENT, 0, len(STATEMENT)), "camt053")
    every = [element for part in parts for element in part.elements]
    assert len(every) > 20 and len({element.offset for element in every}) == len(every)
    for element in every:
        raw = STATEMENT[element.offset : element.offset + element.length]
        assert raw == element.value.encode() or b"&" in raw, element
    amount = next(element for element in every if element.position == "Stmt[1]/Ntry[1]/Amt")
    assert "CdtDbtInd the sign" in amount.allowed and element_at(parts, amount.offset + 1) == amount
    currency = next(element for element in every if element.position == "Stmt[1]/Ntry[1]/Amt/@Ccy")
    assert currency.allowed == "three letters of ISO 4217, such as USD" and currency.offset < amount.offset
    inside = elements_of_xml(STATEMENT, amount.offset, amount.offset + 1)
    assert [element.position for part in inside for element in part.elements] == [amount.position]


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.camt053.xml")))
def test_no_statement_breaks_it(name: str) -> None:
    """Of one that is cut off what stands before the cut; of one that declares entities nothing of them."""
    content = (GOLDEN / name).read_bytes()
    found = elements_of_xml(content, 0, len(content))
    assert not found if "laughs" in name else True
    assert elements_of_xml(content[: len(content) // 2], 0, len(content)) is not None
    assert elements_of_xml(b"sku,title\n1,a", 0, 100) == [] == elements_of_xml(b"<", 0, 100)


@pytest.mark.parametrize("encoding", ["shift_jis", "big5", "gb2312", "utf-7", "klingon"])
def test_an_encoding_that_is_not_read_has_no_elements(encoding: str) -> None:
    """Its document is shown as bytes."""
    assert elements_of_xml(f'<?xml version="1.0" encoding="{encoding}"?><a b="c">d</a>'.encode(), 0, 100) == []


def test_attributes_are_found_in_one_walk_and_no_more_than_are_shown() -> None:
    """Each in its own place, whatever the others hold; and of thousands in one tag, the first."""
    content = b"""<a xmlns="u" xmlns:p='v' one="x > two='no'" p:two = '2 &amp; 3' Ccy="">t</a>"""
    [part] = elements_of_xml(content, 0, len(content))[:1]
    placed = [(each.name, each.value, content[each.offset : each.offset + each.length]) for each in part.elements]
    assert placed == [("one", "x > two='no'", b"x > two='no'"), ("two", "2 & 3", b"2 &amp; 3"), ("Ccy", "", b"")]
    many = b"<a %s>t</a>" % b" ".join(b'n%d="%d"' % (number, number) for number in range(8000))
    [part] = elements_of_xml(many, 0, len(many))
    assert len(part.elements) == MOST_PLACES and part.elements[-1].value == str(MOST_PLACES - 1)


def test_the_page_says_what_an_element_of_a_statement_may_hold(console: Console) -> None:
    def keep(tx: Tx) -> str:
        arrival = Arrival("upload of bank-statement", "a test", "statement.xml", tx.now, "amazon-us")
        return str(tx.resources.archive.append(tx.connection, STATEMENT, arrival).digest)

    assert read_camt053(STATEMENT).format == "camt053"
    digest = console.app.act(False, keep)
    at = STATEMENT.index(b"<CdtDbtInd>") + len(b"<CdtDbtInd>")
    with console.visitor("Fina") as fina:
        page = fina.get(f"/documents/{digest}?at={at}").text
    assert "CRDT for money that came in, DBIT for money that went out" in page
