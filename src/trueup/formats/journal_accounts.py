"""Names of accounts in plain text accounting: made of type, code and name, one for each account whatever characters it has.

Sources: the hledger manual ("Account names": single spaces are part of a name, two end it, a colon makes a sub-account) and
beancount's lexer (parts of letters, digits and hyphens that begin with a capital letter or a digit).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from typing import assert_never

from trueup.domain.chart import Chart
from trueup.domain.journal import Account, AccountType


def root_of(kind: AccountType) -> str:
    """The first part of an account's name, which says its type; both programs know these words."""
    match kind:
        case AccountType.ASSET:
            return "Assets"
        case AccountType.LIABILITY:
            return "Liabilities"
        case AccountType.INCOME:
            return "Income"
        case AccountType.EXPENSE:
            return "Expenses"
        case _:
            assert_never(kind)


def hledger_names(chart: Chart) -> dict[str, str]:
    """The account names of hledger by code: `Assets:1200 Amazon receivable`."""
    return _told_apart(
        chart, lambda account: f"{root_of(account.type)}:{_spaced(f'{account.code} {account.name}')}", " "
    )


def beancount_names(chart: Chart) -> dict[str, str]:
    """The account names of beancount by code: `Assets:1200-Amazon-receivable`."""
    return _told_apart(chart, lambda account: f"{root_of(account.type)}:{_hyphened(account)}", "-")


def _told_apart(chart: Chart, name: Callable[[Account], str], joint: str) -> dict[str, str]:
    """A name each; those that fell together get a hash of their code."""
    names = {account.code: name(account) for account in chart.accounts}
    shared = [each.casefold() for each in names.values()]
    return {
        code: each
        if shared.count(each.casefold()) == 1
        else f"{each}{joint}{hashlib.sha256(code.encode()).hexdigest()[:8]}"
        for code, each in names.items()
    }


def _spaced(text: str) -> str:
    """Letters and digits of any language with single spaces; what could end a name, or make a part of it, is a hyphen."""
    return " ".join(re.sub(r"[^\w .,&'/+-]", "-", text).split())


def _hyphened(account: Account) -> str:
    """ASCII letters, digits and hyphens; a code that begins otherwise is put behind an N."""
    plain = unicodedata.normalize("NFKD", f"{account.code}-{account.name}").encode("ascii", "ignore").decode()
    joined = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    if not re.match(r"[A-Z0-9]", joined):
        joined = f"N-{joined}" if joined else "N"
    return joined
