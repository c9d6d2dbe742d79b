"""Store credit: an account an owner and currency, credited, debited, spent, and expiring. A movement carries no reference.

Source: Shopify's reference of storeCreditAccountCredit and storeCreditAccountDebit: the id is an account's or its owner's; the
owner's account of a currency is made by its first credit. Neither is idempotent. Only customers own accounts here.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from trueup.simulators.shopify.access import demand
from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.credit_records import Customer, Payment, StoreCreditAccount, StoreCreditEntry
from trueup.simulators.shopify.errors import user_error
from trueup.simulators.shopify.orders import rounded
from trueup.simulators.shopify.pages import page
from trueup.simulators.shopify.world import World

Given = dict[str, Any]
ACCOUNT_SCOPE = "read_store_credit_accounts"
MOVEMENT_SCOPE = "read_store_credit_account_transactions"


def credit(call: Call, id: str, creditInput: Given) -> Payload:  # noqa: N803
    """storeCreditAccountCredit. The same call again credits again."""
    money, expires_at = creditInput["creditAmount"], creditInput.get("expiresAt")
    account, problem = _account(call.world, id, money["currencyCode"])
    where = ["creditInput", "creditAmount"]
    if problem is None and money["amount"] <= 0:
        problem = user_error([*where, "amount"], "A positive amount must be used to credit.", "NEGATIVE_OR_ZERO_AMOUNT")
    if problem is None and expires_at is not None and expires_at <= call.world.now():
        problem = user_error(
            ["creditInput", "expiresAt"], "The expiry date must be in the future.", "EXPIRES_AT_IN_PAST"
        )
    if problem is None and account is None:
        account = open_account(call.world, id, money["currencyCode"])
    if problem is None and account is not None:
        amount = rounded(money["amount"], account.currency)
        if account.amount + amount > call.world.settings.store_credit_limit:
            text = "The operation would exceed the account's credit limit."
            problem = user_error([*where, "amount"], text, "CREDIT_LIMIT_EXCEEDED")
    if problem is not None or account is None:
        return {"userErrors": [problem]}
    return {
        "storeCreditAccountTransaction": add(call.world, account, amount, "ADJUSTMENT", expires_at),
        "userErrors": [],
    }


def debit(call: Call, id: str, debitInput: Given) -> Payload:  # noqa: N803
    """storeCreditAccountDebit."""
    money = debitInput["debitAmount"]
    account, problem = _account(call.world, id, money["currencyCode"])
    where = ["debitInput", "debitAmount", "amount"]
    if problem is None and account is None:
        problem = user_error(["id"], "Store credit account could not be found.", "ACCOUNT_NOT_FOUND")
    if problem is None and money["amount"] <= 0:
        problem = user_error(where, "A positive amount must be used to debit.", "NEGATIVE_OR_ZERO_AMOUNT")
    if problem is None and account is not None and money["amount"] > account.amount:
        problem = user_error(where, "The store credit account does not have sufficient funds.", "INSUFFICIENT_FUNDS")
    if problem is not None or account is None:
        return {"userErrors": [problem]}
    amount = rounded(money["amount"], account.currency)
    return {"storeCreditAccountTransaction": take(call.world, account, amount, "ADJUSTMENT"), "userErrors": []}


def _account(world: World, gid: str, currency: str) -> tuple[StoreCreditAccount | None, Given | None]:
    """The account that an id means: itself, or its owner's in the currency (None: not opened yet); or what is wrong."""
    found = world.by_id.get(gid)
    match found:
        case StoreCreditAccount() if found.currency != currency:
            text = "The currency provided does not match the currency of the store credit account."
            return None, user_error(["id"], text, "MISMATCHING_CURRENCY")
        case StoreCreditAccount():
            return found, None
        case Customer() if currency != world.settings.currency:
            return None, user_error(["id"], "Currency is not supported.", "UNSUPPORTED_CURRENCY")
        case Customer():
            return found.accounts.get(currency), None
    of_account = "/StoreCreditAccount/" in gid
    what, code = ("Store credit account", "ACCOUNT_NOT_FOUND") if of_account else ("Owner", "OWNER_NOT_FOUND")
    return None, user_error(["id"], f"{what} could not be found.", code)


def open_account(world: World, owner_id: str, currency: str) -> StoreCreditAccount | None:
    """An owner's account of a currency, made when there is none."""
    owner = world.find(Customer, owner_id)
    if owner is None:
        return None
    if currency not in owner.accounts:
        now = world.now()
        gid = world.new_id("StoreCreditAccount")
        owner.accounts[currency] = world.add(StoreCreditAccount(gid, now, now, owner, currency))
    return owner.accounts[currency]


def add(
    world: World, account: StoreCreditAccount, amount: Decimal, event: str, expires_at: datetime | None = None
) -> StoreCreditEntry:
    """Money comes to an account, and leaves it again when it expires unspent."""
    entry = _enter(world, account, "Credit", amount, event)
    entry.remaining, entry.expires_at = amount, expires_at
    if expires_at is not None:
        world.later((expires_at - world.now()).total_seconds(), lambda: _expire(world, entry))
    return entry


def take(
    world: World, account: StoreCreditAccount, amount: Decimal, event: str, origin: Payment | None = None
) -> StoreCreditEntry:
    """Money leaves an account: what expires first is spent first."""
    left = amount
    spendable = [each for each in account.entries if each.kind == "Credit" and each.remaining]
    for each in sorted(spendable, key=lambda each: (each.expires_at is None, each.expires_at or each.created_at)):
        spent = min(left, each.remaining)
        each.remaining -= spent
        left -= spent
    entry = _enter(world, account, "Debit", -amount, event)
    entry.origin = origin
    return entry


def _expire(world: World, credited: StoreCreditEntry) -> None:
    if credited.remaining:
        entry = _enter(world, credited.account, "Expiration", -credited.remaining, "ADJUSTMENT")
        entry.earlier, credited.remaining = credited, Decimal(0)


def _enter(world: World, account: StoreCreditAccount, kind: str, moved: Decimal, event: str) -> StoreCreditEntry:
    now = world.now()
    account.amount += moved
    account.updated_at = now
    gid = world.new_id(f"StoreCreditAccount{kind}Transaction")
    entry = world.add(StoreCreditEntry(gid, now, now, account, kind, moved, account.amount, event))
    account.entries.append(entry)
    return entry


def _money(amount: Decimal, account: StoreCreditAccount) -> Given:
    return {"amount": amount, "currencyCode": account.currency}


def _accounts(owner: Customer, info: Any, **arguments: Any) -> Any:
    demand(info.context.token, "storeCreditAccounts", (ACCOUNT_SCOPE,))
    return page(list(owner.accounts.values()), arguments)


def _entries(account: StoreCreditAccount, info: Any, **arguments: Any) -> Any:
    demand(info.context.token, "transactions", (MOVEMENT_SCOPE, ACCOUNT_SCOPE))
    return page(account.entries, arguments, lambda each: (each.created_at, each.legacy_resource_id))


_ENTRY: dict[str, Resolver] = {
    "amount": lambda entry, info: _money(entry.moved, entry.account),
    "balanceAfterTransaction": lambda entry, info: _money(entry.after, entry.account),
}
OBJECTS: dict[str, dict[str, Resolver]] = {
    "Customer": {
        "storeCreditAccounts": _accounts,
        "defaultEmailAddress": lambda owner, info: {"emailAddress": owner.email} if owner.email else None,
    },
    "StoreCreditAccount": {
        "balance": lambda account, info: _money(account.amount, account),
        "transactions": _entries,
    },
    "StoreCreditAccountCreditTransaction": {
        **_ENTRY,
        "remainingAmount": lambda entry, info: _money(entry.remaining, entry.account),
    },
    "StoreCreditAccountDebitTransaction": _ENTRY,
    "StoreCreditAccountDebitRevertTransaction": {**_ENTRY, "debitTransaction": lambda entry, info: entry.earlier},
    "StoreCreditAccountExpirationTransaction": {**_ENTRY, "creditTransaction": lambda entry, info: entry.earlier},
}
