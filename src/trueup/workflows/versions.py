"""Versions that people make over what the settings say: on which look a change stands, and how far ahead it may begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST_AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a change stands: the newest version of its scope that its maker saw (None: any; 0: none), and what it takes back."""

    seen: int | None = None
    undoes: int | None = None


ON_ANY = Basis()
