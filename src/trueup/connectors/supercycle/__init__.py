"""Supercycle: items, cycles, returns and blocked dates of one shop. Everything that knows a version of its API is in a folder.

settings   one installation: its key, currency, zone
calls      one request: paced, with the key, answered or refused
v1         the adapter of API v1
"""

from trueup.connectors.supercycle.settings import SupercycleSettings
from trueup.connectors.supercycle.v1.system import SupercycleV1

__all__ = ["SupercycleSettings", "SupercycleV1"]
