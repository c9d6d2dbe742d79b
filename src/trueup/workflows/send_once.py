"""Send a form once: each rendering of it has a key, and what is sent under one key is done once, as a program's calls are.

The key is kept in the transaction that acts: there is no moment at which it was done and could be done again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from trueup.base.clock import write_instant
from trueup.base.errors import TrueupError
from trueup.storage import form_keys
from trueup.workflows.world import Tx

T = TypeVar("T")


class SentAlready(Exception):
    """The same form was sent before as it is, and what it asks for is done. No error: whoever sent it has their answer."""


def act_once(tx: Tx, key: str, act: Callable[..., T], *args: Any) -> T:
    """Act for a form. Raises SentAlready, and what the act raises; then the form may be sent again.

    An act that returns a refusal keeps what it wrote of it, and did not do what was asked for: that form may be sent again too.
    """
    if not form_keys.claim_key(tx.connection, key, tx.now):
        sent = form_keys.sent_at(tx.connection, key) or tx.now
        raise SentAlready(f"This form was sent already at {write_instant(sent)}; what it asks for is done, and once.")
    done = act(tx, *args)
    if isinstance(done, TrueupError):
        form_keys.release_key(tx.connection, key)
    return done


def send_again(tx: Tx, key: str) -> None:
    """What came of it was refused after all: the form may be sent again as it is."""
    form_keys.release_key(tx.connection, key)
