"""What time it is for an installation: the machine's, or in a demonstration that of its simulated days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from trueup.base.clock import Clock, ShiftedClock, SystemClock, read_instant, write_instant
from trueup.base.errors import ConfigurationError, Invalid
from trueup.settings.model import Foundation


def clock_of(foundation: Foundation) -> Clock:
    """The clock that commands go by. Raises ConfigurationError for a file of a clock that says no two times."""
    place = foundation.simulation.clock if foundation.simulation else None
    if place is None:
        return SystemClock()
    try:
        there, at, here = place.read_text(encoding="utf-8").split()
        if at != "at":
            raise Invalid(f"{at!r} between them")
        return ShiftedClock(read_instant(there) - read_instant(here))
    except FileNotFoundError:
        return SystemClock()
    except (OSError, ValueError, Invalid) as error:
        raise ConfigurationError(
            f"{place}: expected two times, such as 2026-11-27T18:00:00Z at 2026-12-05T09:30:00Z ({error})."
        ) from error


def write_clock(place: Path, there: datetime) -> None:
    """Say what time it is there, whole or not at all."""
    beside = place.with_name(f".{place.name}.writing")
    beside.write_text(f"{write_instant(there)} at {write_instant(SystemClock().now())}\n", encoding="utf-8")
    beside.replace(place)
