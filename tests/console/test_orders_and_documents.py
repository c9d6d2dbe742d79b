"""Orders as stories and documents as bytes with their meaning: from a number to its proof in two clicks."""

from __future__ import annotations

import re
from urllib.parse import unquote

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.routes import addresses
from trueup.workflows.import_products import KIND, archive_upload


def test_an_order_tells_its_story_with_evidence(console: Console) -> None:
    """Steps, lines, what happened; the evidence of each is a document that opens."""
    with console.visitor("Olga") as olga:
        page = olga.get("/orders/amazon-us/PO000001").text
        assert "Answered in full, and the buyer shows the same." in page
        assert "Accepted, read back" in page
        evidence = re.findall(r'href="(/documents/[0-9a-f]{64})"', page)
        assert evidence
        assert olga.get(evidence[0]).status_code == 200


def test_a_document_keeps_its_name_in_any_script(console: Console) -> None:
    """Whoever downloads it gets its letters; what has a meaning for a header or a folder is left out. (It was an error of ours.)"""
    name = '../納品書 "3".csv'
    digest = console.app.act(False, archive_upload, b"no table at all", KIND, name, person(console, "Ana Admin"))
    with console.visitor("Aude") as aude:
        answer = aude.get(f"/documents/{digest}/original")
    assert answer.content == b"no table at all"
    kept = re.fullmatch(
        r"attachment; filename=\"([\w.-]+)\"; filename\*=UTF-8''(\S+)", answer.headers["content-disposition"]
    )
    assert kept and (kept[1], unquote(kept[2])) == ("..______3_.csv", ".._納品書__3_.csv")


def test_a_cell_that_differs_is_marked(console: Console) -> None:
    """A held line has no promise: the cell says so in a word, not by its colour alone."""
    with console.visitor("Olga") as olga:
        page = olga.get("/orders/PO000002")
        assert page.headers["location"] == "/orders/amazon-us/PO000002"
        assert re.search(r'class="num differs">[^<]*<small>held</small>', olga.get(page.headers["location"]).text)


def test_a_document_is_downloaded_as_it_arrived(console: Console) -> None:
    """Byte for byte, as an attachment that no browser runs."""
    digest = addresses(console)["document"]
    with console.visitor("Aude") as aude:
        answer = aude.get(f"/documents/{digest}/original")
    from trueup.base.ids import digest_of

    assert digest_of(answer.content) == digest
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_search_finds_what_is_exact_first(console: Console) -> None:
    """A number of an order leads there by Enter; a hash to its document; a word to what it stands in."""
    digest = addresses(console)["document"]
    with console.visitor("Olga") as olga:
        first = re.search(r'class="hit" id="hit-1" href="([^"]*)"', olga.get("/search?words=po000001").text)
        assert first and first[1] == "/orders/amazon-us/PO000001"
        assert f"/documents/{digest}" in olga.get(f"/search?words={digest[:12]}").text
        assert "Nothing is called" in olga.get("/search?words=no-such-thing").text
