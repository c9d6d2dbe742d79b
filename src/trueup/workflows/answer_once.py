"""Answer once: what is asked under a key is done once, and told in the same words to who asks again.

The answer is kept in the transaction that does the act: there is no moment at which it was done and is not known to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trueup.base.errors import Invalid
from trueup.storage.api_answers import AskedUnder, begin_answer, load_answer, save_answer
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Answered:
    """What is told, and whether it was told before."""

    body: dict[str, Any]
    again: bool = False


def answer_once(tx: Tx, asked: tuple[int, str, str], act: Callable[[Tx], dict[str, Any]]) -> Answered:
    """Act, or tell what was told under the key. `asked`: the token's number, the key, the hash of the request.

    What the act raises goes through, and the key is as if it had never been used. Raises Invalid for a key of another request.
    """
    under = AskedUnder(*asked)
    if begin_answer(tx.connection, under, tx.now):
        body = act(tx)
        save_answer(tx.connection, under, body)
        return Answered(body)
    request, body = load_answer(tx.connection, under)
    if request != under.request:
        raise Invalid(
            f"Idempotency-Key {under.key!r} was used for another request already; nothing was done. Use a new key for each act."
        )
    return Answered(body, again=True)
