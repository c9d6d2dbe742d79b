"""Minor units as people and machines write them. All currencies of the simulated markets have two digits."""

from __future__ import annotations


def plain(minor: int) -> str:
    """With a point and two digits: -1234.50."""
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{size // 100}.{size % 100:02d}"


def grouped(minor: int, mark: str = ".") -> str:
    """Thousands apart, with a decimal mark: 1,234.50 or 1.234,50."""
    text = f"{abs(minor) // 100:,}.{abs(minor) % 100:02d}"
    if mark == ",":
        text = text.translate(_SWAPPED)
    return f"-{text}" if minor < 0 else text


_SWAPPED = str.maketrans(".,", ",.")
