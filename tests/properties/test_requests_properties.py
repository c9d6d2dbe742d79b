"""Requests kept as one document come out as they went in."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Unreadable
from trueup.formats.requests import KeptRequest, read_requests, write_requests

_WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=":"), min_size=1, max_size=30)
_REQUESTS = st.builds(
    KeptRequest,
    path=_WORDS.map(lambda text: f"/{text}"),
    headers=st.lists(st.tuples(_WORDS.filter(lambda name: name != "content-length"), _WORDS), max_size=4).map(tuple),
    body=st.binary(max_size=200),
)


@given(st.lists(_REQUESTS, max_size=5))
def test_every_body_comes_out_byte_for_byte(requests: list[KeptRequest]) -> None:
    """Whatever bytes a body has, an empty line among them."""
    assert list(read_requests(write_requests(requests))) == requests


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """They are requests, or they are unreadable."""
    with suppress(Unreadable):
        list(read_requests(content))
