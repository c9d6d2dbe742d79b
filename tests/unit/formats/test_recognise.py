"""Recognition: one format or none, never the first that answers yes."""

from __future__ import annotations

import pytest

from tests.x12_text import group, interchange, orders_file, transaction
from trueup.base.errors import Unreadable
from trueup.base.ids import digest_of
from trueup.formats.document import Format, Reading
from trueup.formats.recognise import known_formats, recognise


def kind(name: str, opening: bytes) -> Format:
    def read(content: bytes) -> Reading[None]:
        return Reading(digest_of(content), name, ())

    return Format(name, name.title(), lambda head: head.startswith(opening), read)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (orders_file(), "x12-850"),
        (b"\xef\xbb\xbf\r\n" + orders_file(), "x12-850"),
        (orders_file()[:140], "x12-850"),
        (orders_file().replace(b"   ", b""), "x12-850"),
        (interchange(group("PR", 1, transaction("855", "0001"))).encode(), "x12-855"),
        (interchange(group("FA", 1, transaction("997", "0001"))).encode(), "x12-997"),
    ],
)
def test_x12_is_recognised_by_its_first_set(content: bytes, name: str) -> None:
    """Damaged headers too, so that what is wrong becomes a located finding of that format."""
    assert recognise(content, known_formats()).name == name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (orders_file().decode().encode("utf-16"), "UTF-16"),
        (orders_file().decode().encode("cp037"), "EBCDIC"),
        (interchange(group("SH", 1, transaction("856", "0001"))).encode(), "no format here opens with"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_what_no_format_knows_is_unreadable_in_words(content: bytes, words: str) -> None:
    """The message says what the bytes look like and what to do."""
    with pytest.raises(Unreadable, match=words):
        recognise(content, known_formats())


def test_two_formats_that_answer_yes_are_both_named() -> None:
    """Ambiguity is an error, not a race."""
    with pytest.raises(Unreadable, match=r"Alpha \(alpha\) and Beta \(beta\)"):
        recognise(b"same", [kind("beta", b"sa"), kind("alpha", b"s"), kind("gamma", b"x")])
