"""Wake stock: whoever changed what a channel should show has it published; whoever learnt that a channel changed has it read.

Two pumps a channel, so that a change never waits for reading: writes are few and cheap, reads many.
"""

from __future__ import annotations

from collections.abc import Collection

from trueup.storage import stock_looks
from trueup.storage.pumps import wake_pump
from trueup.workflows.world import Tx

FLOW = "publish_stock"
LOOK_FLOW = "look_at_stock"


def pump_name(channel: str) -> str:
    """The pump that writes to a channel."""
    return f"stock {channel}"


def look_pump_name(channel: str) -> str:
    """The pump that reads from a channel."""
    return f"looks {channel}"


def wake_stock(tx: Tx, channel: str) -> None:
    """Start the channel's next run, unless one is under way: that one sees what waits. Call it last in a transaction."""
    number = wake_pump(tx.connection, pump_name(channel), tx.now)
    if number is not None:
        tx.start(FLOW, f"stock:{channel}:{number}", channel, number)


def look_now(tx: Tx, channel: str, items: Collection[str]) -> None:
    """Have the channel's items read at once. Call it last in a transaction."""
    stock_looks.note_looks(tx.connection, channel, items, tx.now)
    wake_looks(tx, channel)


def wake_looks(tx: Tx, channel: str) -> None:
    """Something that looks waited for is over: what is due is read. Call it last in a transaction."""
    number = wake_pump(tx.connection, look_pump_name(channel), tx.now)
    if number is not None:
        tx.start(LOOK_FLOW, f"looks:{channel}:{number}", channel, number)


def look_later(tx: Tx, channel: str, items: Collection[str]) -> None:
    """Have the channel's items read back once our writes have had time to show. Call it last in a transaction."""
    if not items:
        return
    due = tx.now + tx.resources.pace.stock_read_back
    stock_looks.note_looks(tx.connection, channel, items, tx.now, due=due)
    number = wake_pump(tx.connection, look_pump_name(channel), tx.now, due=due)
    if number is not None:
        tx.at(due, LOOK_FLOW, f"looks:{channel}:{number}", channel, number)
