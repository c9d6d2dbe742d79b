"""Ids that are the same for the same content, and instants that always have a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trueup.base.clock import ManualClock, read_instant, write_instant
from trueup.base.errors import Invalid
from trueup.base.ids import canonical_json, digest_of, stable_uuid, time_ordered_id


def test_canonical_json_has_one_spelling() -> None:
    """The order of keys does not matter, floats are refused."""
    assert canonical_json({"b": 1, "a": [True, None]}) == canonical_json({"a": [True, None], "b": 1})
    with pytest.raises(TypeError):
        canonical_json({"a": [0.1]})


def test_a_digest_in_chunks_is_the_digest_of_the_whole() -> None:
    """Streaming changes nothing."""
    assert digest_of([b"ab", b"", b"c"]) == digest_of(b"abc")


def test_stable_uuids_tell_parts_apart() -> None:
    """The same parts give the same key for ever; moving a letter from one part to the next gives another."""
    assert stable_uuid("a", "bc") == stable_uuid("a", "bc")
    assert stable_uuid("a", "bc") != stable_uuid("ab", "c")


def test_time_ordered_ids_sort_by_their_moment() -> None:
    """A later id is a greater id."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ids = [time_ordered_id(start + timedelta(seconds=step)) for step in range(50)]
    assert ids == sorted(ids) and len(set(ids)) == 50


def test_instants_are_utc_and_round_trip() -> None:
    """A zone is kept as the instant it means; a missing one is UTC only where the caller says so."""
    assert write_instant(read_instant("2026-03-01T10:00:00+02:00")) == "2026-03-01T08:00:00Z"
    assert read_instant("2026-03-01T10:00:00").tzinfo is UTC
    with pytest.raises(Invalid):
        read_instant("2026-03-01T10:00:00", assume_utc=False)


def test_a_manual_clock_measures_durations_that_never_run_backwards() -> None:
    """The date may jump back; what has elapsed does not."""
    clock = ManualClock(datetime(2026, 11, 1, tzinfo=UTC))
    clock.advance(timedelta(seconds=5))
    clock.move_to(datetime(2026, 10, 1, tzinfo=UTC))
    assert clock.monotonic_seconds() == 5.0
