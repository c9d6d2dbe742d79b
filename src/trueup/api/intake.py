"""Intake: deliveries that arrive together are kept in one transaction, and each is answered when that has committed.

A transaction for each would spend most of its time on the disk. So one writer takes whatever waits, and what arrives while it
writes goes with the next: alone a delivery waits for nobody, in a storm a hundred share one commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_AT_ONCE = 256


class Intake(Generic[T]):
    """`keep` is called in a thread with deliveries in the order of their arrival; it keeps all of them or raises.

    What one delivery does wrong must not cost the others: where keeping several fails, each is kept alone.
    """

    def __init__(self, keep: Callable[[Sequence[T]], object]) -> None:
        self._keep = keep
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def take(self, delivery: T) -> None:
        """Returns once it is kept. Raises what `keep` raised."""
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            failed = await self._try(batch)
            if failed is None or len(batch) == 1:
                _answer(batch, failed)
                continue
            for each in batch:
                _answer([each], await self._try([each]))

    async def _try(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> Exception | None:
        try:
            await asyncio.to_thread(self._keep, [delivery for delivery, _ in batch])
        except Exception as error:
            return error
        return None


def _answer(batch: Sequence[tuple[object, asyncio.Future[None]]], failed: Exception | None) -> None:
    for _, kept in batch:
        if kept.done():
            continue  # whoever asked went away
        if failed is None:
            kept.set_result(None)
        else:
            kept.set_exception(failed)
