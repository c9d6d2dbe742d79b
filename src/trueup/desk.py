"""The desk: an opened installation as the console and the API need it, whoever opened it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from trueup.settings.model import Settings
from trueup.workflows.world import World

T = TypeVar("T")


class Mending(Protocol):
    """What makes a stopped run go on, or a run stop."""

    def retry(self, run_id: str) -> None: ...
    def cancel(self, run_id: str) -> None: ...


class Desk(Protocol):
    """What is looked at, and by which a person acts; `app.Application` is one."""

    @property
    def settings(self) -> Settings: ...
    @property
    def world(self) -> World: ...
    @property
    def engine(self) -> Mending: ...
    def act(self, dry_run: bool, fn: Callable[..., T], *args: Any) -> T: ...
