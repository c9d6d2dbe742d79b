"""Values without a guard are otherwise what their dataclass says: defaults, comparison, hash, checks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from trueup.base.unguarded import unguarded


@unguarded
@dataclass(frozen=True, slots=True, order=True)
class _Parcel:
    weight: int
    marks: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError("weighs less than nothing")


def test_an_unguarded_value_is_made_compared_and_replaced_as_any_dataclass() -> None:
    """Defaults of their own, equality and order, a hash, a changed copy, and the checks of its making."""
    one, other = _Parcel(3, ("a",)), _Parcel(weight=3, marks=("a",))
    assert one == other and hash(one) == hash(other) and one.notes is not other.notes
    assert replace(one, weight=4) > one and repr(_Parcel(1)).endswith("_Parcel(weight=1, marks=(), notes={})")
    with pytest.raises(ValueError, match="less than nothing"):
        _Parcel(-1)
    with pytest.raises(TypeError):
        _Parcel()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        one.colour = "red"  # type: ignore[attr-defined]
