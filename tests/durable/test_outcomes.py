from __future__ import annotations

import pytest

from trueup.base import errors
from trueup.base.errors import Rejected, RemoteError, Throttled, Transient, TrueupError
from trueup.durable.outcomes import outcome_of, revealed, written_error

EVERY_ERROR = sorted(
    {thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, TrueupError)}, key=str
)


@pytest.mark.parametrize("cls", EVERY_ERROR, ids=lambda cls: cls.__name__)
def test_every_error_comes_back_as_itself(cls: type[TrueupError]) -> None:
    """Class, message and attributes of each error of the tree survive the log."""
    original = cls("Order 7: “no”")
    with pytest.raises(cls) as caught:
        revealed(written_error(original))
    assert type(caught.value) is cls
    assert str(caught.value) == str(original) and vars(caught.value) == vars(original)


def test_attributes_come_back() -> None:
    """What flows decide by: whether it may have been applied, how long to wait, the remote's own code."""
    for original in (
        Transient("t", maybe_applied=True),
        Throttled("t", retry_after_seconds=2.5),
        Rejected("r", code="X1"),
    ):
        with pytest.raises(RemoteError) as caught:
            revealed(written_error(original))
        assert vars(caught.value) == vars(original)


def test_an_error_that_a_newer_program_does_not_know_comes_back_as_its_ancestor() -> None:
    """A class that was renamed or removed since is raised as the nearest one that still exists."""
    recorded = written_error(Throttled("busy", retry_after_seconds=3)).replace('"Throttled"', '"ThrottledInTheOldDays"')
    with pytest.raises(Transient, match="busy") as caught:
        revealed(recorded)
    assert type(caught.value) is Transient


def test_only_json_travels() -> None:
    """Not a number, bytes and objects are refused with the step's name; a tuple comes back as a list."""
    assert revealed(outcome_of(lambda: {"a": (1, "ä", None)}, "step a")) == {"a": [1, "ä", None]}
    for value in (float("nan"), b"bytes", {1, 2}):
        with pytest.raises(TypeError, match="step a of B: expected None, bool, int, str, list or dict, found"):
            outcome_of(lambda value=value: value, "step a of B")  # type: ignore[misc]
