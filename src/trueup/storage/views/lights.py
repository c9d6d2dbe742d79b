"""Lights to look at: how every invariant stood when it was last proven."""

from __future__ import annotations

from trueup.storage.lights import Light, load_lights

__all__ = ["Light", "load_lights"]
