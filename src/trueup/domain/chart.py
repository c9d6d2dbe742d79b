"""The chart: what an account is for, and its code in the books. Deduction types name a purpose; the chart names the account.

The default follows common practice: co-op, allowances and price protection are reductions of revenue unless a distinct service
is bought (ASC 606-10-32-25, IFRS 15.70); claims are receivable while they can be disputed; provisions are clearing only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trueup.base.errors import ConfigurationError
from trueup.domain.journal import Account, AccountType


class Purpose(StrEnum):
    """What an account is for."""

    CASH = "cash"
    """The bank account payments arrive on, or a clearing account before it."""
    RECEIVABLE = "receivable"
    """What Amazon owes for invoices."""
    REVENUE = "revenue"
    """Sales, where Trueup books the revenue of an invoice."""
    DISPUTED = "disputed"
    """Claims of Amazon that can still be disputed: a receivable."""
    CLAIM_LOSSES = "claim-losses"
    """Claims that were lost or given up: contra-revenue."""
    CO_OP = "co-op"
    """Advertising, accruals, market development, coupons, straight payment agreements: contra-revenue."""
    ALLOWANCES = "allowances"
    """Damage, freight and defect allowances: contra-revenue."""
    PRICE_PROTECTION = "price-protection"
    CHARGEBACKS = "chargebacks"
    """Penalties for how goods were ordered, packed, announced or delivered: contra-revenue by default."""
    RETURNS = "returns"
    """Goods that Amazon sent back: sales returns."""
    RETURN_FREIGHT = "return-freight"
    """What sending them back cost: expense."""
    FEES = "fees"
    """Services of Amazon's that are distinct and bought at fair value: expense."""
    PROVISIONS = "provisions"
    """What Amazon holds back for a while and gives again: clearing, zero over its life."""
    AUDIT_CLAIMS = "audit-claims"
    """Claims from audits of past periods: disputed until settled."""
    DISCOUNTS = "discounts"
    """Terms and quick-pay discounts: sales discounts."""
    WITHHOLDING = "withholding"
    """Tax that Amazon kept for the authorities: a receivable."""
    TAX = "tax"
    """VAT or sales tax on invoices and credit notes."""
    DEBIT_BALANCE = "debit-balance"
    """What we owe Amazon after claims above invoices, recovered from later payments."""
    FX = "fx"
    """Gains and losses of exchange."""
    CONVERSION = "conversion"
    """Clearing between the currency of invoices and that of the payment."""
    CIRCULAR_STOCK = "circular-stock"
    """Items that exist once each, at what was paid for them: an asset."""
    CREDITS = "credits"
    """What customers may still spend of credits for trade-ins: a liability."""
    DEPOSITS = "deposits"
    """What customers left as a deposit and get back: a liability, never revenue."""
    SHOP_CLEARING = "shop-clearing"
    """Where the shop's own feed, which books its orders, meets what Trueup books of them: zero when both did."""
    BREAKAGE = "breakage"
    """Credits that are never spent, by a decision: income."""
    CLEARING = "clearing"
    """Where the parts of an entry meet that is too long for the ledger it is exported to: zero after every entry."""
    BANK_FEES = "bank-fees"
    ROUNDING = "rounding"
    SUSPENSE = "suspense"
    """What is not explained: always the sum of open cases."""


CREDITABLE = (
    Purpose.DISCOUNTS,
    Purpose.RETURNS,
    Purpose.CLAIM_LOSSES,
    Purpose.PRICE_PROTECTION,
    Purpose.ALLOWANCES,
    Purpose.CO_OP,
)
"""Accounts that can hold what lowers the price of goods. A claim does when it is lost or given up."""
_TYPES: Mapping[Purpose, tuple[AccountType, ...]] = {
    Purpose.CASH: (AccountType.ASSET,),
    Purpose.RECEIVABLE: (AccountType.ASSET,),
    Purpose.REVENUE: (AccountType.INCOME,),
    Purpose.DISPUTED: (AccountType.ASSET,),
    Purpose.AUDIT_CLAIMS: (AccountType.ASSET,),
    Purpose.WITHHOLDING: (AccountType.ASSET,),
    Purpose.PROVISIONS: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.DEBIT_BALANCE: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.CONVERSION: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.CLEARING: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.SUSPENSE: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.TAX: (AccountType.ASSET, AccountType.LIABILITY),
    Purpose.CIRCULAR_STOCK: (AccountType.ASSET,),
    Purpose.CREDITS: (AccountType.LIABILITY,),
    Purpose.DEPOSITS: (AccountType.LIABILITY,),
    Purpose.SHOP_CLEARING: (AccountType.ASSET, AccountType.LIABILITY),
}
"""What an account may be for the purpose; purposes that are not here are income (reduced) or expense."""
_RESULT = (AccountType.INCOME, AccountType.EXPENSE)
_ALONE = (
    Purpose.CASH,
    Purpose.RECEIVABLE,
    Purpose.DISPUTED,
    Purpose.PROVISIONS,
    Purpose.CONVERSION,
    Purpose.CLEARING,
    Purpose.SUSPENSE,
    Purpose.CREDITS,
    Purpose.DEPOSITS,
)
"""Purposes whose balance is proven against something else, so nothing but they may stand on their account."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of the books and which is for what. `by_type`: the accounts of deduction types that have one of their own.

    Raises ConfigurationError, naming what is wrong: a purpose without an account, a code twice, an account of a type that
    does not fit its purpose, or one account for two things that must be told apart.
    """

    accounts: tuple[Account, ...]
    purposes: Mapping[Purpose, str]
    by_type: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {account.code: account for account in self.accounts}
        if len(known) != len(self.accounts):
            codes = [account.code for account in self.accounts]
            twice = ", ".join(sorted({code for code in codes if codes.count(code) > 1}))
            raise ConfigurationError(f"Chart of accounts: code {twice} stands there twice; give each account its own.")
        for purpose in Purpose:
            code = self.purposes.get(purpose)
            if code is None:
                raise ConfigurationError(f"Chart of accounts: no account is for {purpose.value}; name one.")
            self._check(known, f"for {purpose.value}", code, _TYPES.get(purpose, _RESULT))
        for name, code in self.by_type.items():
            self._check(known, f"of deduction type {name}", code, tuple(AccountType))
        for purpose in _ALONE:
            shared = [
                other.value for other in Purpose if other is not purpose and self.purposes[other] == self.code(purpose)
            ]
            shared += [name for name, code in self.by_type.items() if code == self.code(purpose)]
            if shared:
                raise ConfigurationError(
                    f"Chart of accounts: {self.code(purpose)} is for {purpose.value} and for {', '.join(shared)}; expected an "
                    f"account for {purpose.value} alone, because its balance is proven."
                )

    def code(self, purpose: Purpose) -> str:
        """The code of the account that is for this."""
        return self.purposes[purpose]

    def code_of_type(self, deduction_type: str, purpose: Purpose) -> str:
        """The code a deduction type is posted to: its own where the chart names one, else its purpose's."""
        return self.by_type.get(deduction_type) or self.purposes[purpose]

    def account(self, code: str) -> Account | None:
        """The account with this code, or None."""
        return next((account for account in self.accounts if account.code == code), None)

    @staticmethod
    def _check(known: Mapping[str, Account], what: str, code: str, types: tuple[AccountType, ...]) -> None:
        account = known.get(code)
        if account is None:
            raise ConfigurationError(
                f"Chart of accounts: the account {what} is {code!r}, which is not among the accounts."
            )
        if account.type not in types:
            expected = " or ".join(each.value for each in types)
            raise ConfigurationError(
                f"Chart of accounts: {code} {account.name!r} is {what}, which takes {expected}; found {account.type.value}."
            )
