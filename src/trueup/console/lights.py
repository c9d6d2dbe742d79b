"""Lights: how every invariant stands, in a colour and a word. One that was not proven for long is unknown, never green."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from trueup.console.visit import Visit
from trueup.invariants import Invariant
from trueup.storage.views.lights import Light, load_lights
from trueup.workflows.prove_invariants import every_invariant

_GRACE = timedelta(hours=1)
_PAGES = {
    "order": "/orders/{}",
    "entry": "/journal/{}",
    "remittance": "/search?words={}",
    "product": "/stock/{}",
    "document": "/documents/{}",
    "account": "/journal/accounts",
    "suspense": "/exceptions?words={}",
    "claim": "/recovery",
    "channel": "/flows",
}
"""Where what breaks an invariant is looked at."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An invariant as it stands: the colour and the word of its state, and the last look; None when it was never looked at."""

    invariant: Invariant
    light: Light | None
    state: str
    word: str


def shown_lights(visit: Visit) -> list[Shown]:
    """Every invariant in its order."""
    known = load_lights(visit.connection)
    return [_shown(visit, invariant, known.get(name)) for name, invariant in every_invariant().items()]


def page_of(about: str, name: str) -> str:
    """The address of a row that breaks an invariant; "" where no page shows it."""
    words = name.rpartition("/")[2] if about == "remittance" else name
    return _PAGES.get(about, "").format(quote(words))


def _shown(visit: Visit, invariant: Invariant, light: Light | None) -> Shown:
    if light is None:
        return Shown(invariant, None, "idle", "Unknown, never proven")
    if light.broken:
        return Shown(invariant, light, "bad", f"Broken {visit.present.number(light.broken)} times")
    if visit.now - light.proven_at > 2 * visit.desk.world.pace.proofs + _GRACE:
        return Shown(invariant, light, "idle", "Unknown, not proven lately")
    return Shown(invariant, light, "ok", "Holds")
