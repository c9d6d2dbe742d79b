"""Reading an export back: what the ledger says its accounts come to, held against the entries that it was given.

A file that was written, and even one that was handed over, proves nothing; what the ledger itself shows does. Accounts of the
ledger that are not ours are nobody's business here: a company has more books than these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trueup.base.money import Money


@dataclass(frozen=True, slots=True)
class LedgerBalance:
    """What a ledger says an account comes to: the account as it names it, minor units, debits positive."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Differing:
    """An account that comes to something else: minor units of one currency. `found` is None where the ledger does not show it."""

    account: str
    currency: str
    given: int
    found: int | None

    @property
    def off(self) -> Money:
        """How much the ledger has beyond what it was given."""
        return Money((self.found or 0) - self.given, self.currency)


def compare(
    given: Mapping[tuple[str, str], int], found: Iterable[LedgerBalance], codes: Mapping[str, str]
) -> tuple[Differing, ...]:
    """Every account whose balance differs, the largest difference first.

    `given`: by (code, currency) what the ledger was given. `codes`: the code by each name that a ledger has for an account.
    """
    shown: dict[tuple[str, str], int] = {}
    for balance in found:
        code = codes.get(balance.account.casefold())
        if code is not None:
            key = (code, balance.amount.currency)
            shown[key] = shown.get(key, 0) + balance.amount.minor
    every = {key for key, minor in (*given.items(), *shown.items()) if minor}
    differing = (Differing(*key, given.get(key, 0), shown.get(key)) for key in every)
    wrong = (each for each in differing if each.off)
    return tuple(sorted(wrong, key=lambda each: (-abs(each.off.minor), each.account, each.currency)))
