"""The desk: an opened installation as the console and the API need it, whoever opened it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from trueup.settings.model import Settings
from trueup.workflows.world import World

T = TypeVar("T")


class Desk(Protocol):
    """What is looked at, and by which a person acts; `app.Application` is one."""

    @property
    def settings(self) -> Settings: ...
    @property
    def world(self) -> World: ...
    def act(self, dry_run: bool, fn: Callable[..., T], *args: Any) -> T: ...
