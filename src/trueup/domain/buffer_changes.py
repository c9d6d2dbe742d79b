"""Buffer changes: what people decided that a channel is never shown, of one product or of all, each a version with its time.

What trueup.toml says is where every channel begins. A version for one product stands over one for all, and that over the file; of
versions for the same, the one whose time came last. A version without a rule gives back to what stands beneath it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.base.errors import Invalid, TrueupError
from trueup.domain.buffers import MOST_BUFFER, BufferRule

ALL = ""
"""The SKU of a version that is for every product of a channel."""
LONGEST_REASON = 500


class SecondPerson(StrEnum):
    """Which changes of buffers two people make: none, those that keep back less than before, or all."""

    NEVER = "never"
    LOWERED = "lowered"
    ALWAYS = "always"

    def is_needed(self, before: BufferRule, after: BufferRule) -> bool:
        """Whether a change from one rule to another is only proposed until a second person approves it."""
        return self is SecondPerson.ALWAYS or (self is SecondPerson.LOWERED and not after.keeps_at_least(before))


_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_SHARE = re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII)


def read_rule(eaches: str, percent: str, risk_percent: str) -> BufferRule:
    """A rule from what a person typed; left empty is none of it. Raises Invalid, saying what was expected."""
    shares = [each for each in (percent, risk_percent) if each]
    try:
        if (eaches and not _WHOLE.fullmatch(eaches)) or not all(_SHARE.fullmatch(each) for each in shares):
            raise Invalid("no number")
        rule = BufferRule.of(int(eaches or 0), Decimal(percent or 0), Decimal(risk_percent) if risk_percent else None)
    except TrueupError as error:
        raise Invalid(
            f"A buffer of {eaches or 0} eaches, {percent or 0} %, a risk of {risk_percent or 'nothing'}: expected a whole number "
            f"of eaches, a percentage from 0 to 100, and a risk above 0 and at most 50 %, or none."
        ) from error
    if rule.eaches > MOST_BUFFER:
        raise Invalid(f"A buffer of {rule.eaches} eaches: expected {MOST_BUFFER} at most.")
    return rule


@dataclass(frozen=True, slots=True)
class BufferScope:
    """What a version is about: a channel by its name, at a location, and one product; `sku` is `ALL` for every product."""

    channel: str
    location: str
    sku: str = ALL

    def __str__(self) -> str:
        """As people say it: `LAMP-1 in shop main at warehouse`."""
        return f"{self.sku or 'every product'} in {self.channel} at {self.location}"


@dataclass(frozen=True, slots=True)
class BufferChange:
    """What is decided: for what, which rule from when on, and why. `rule` None: what stands beneath it holds again.

    Raises Invalid without a reason: whoever meets the number later asks for it.
    """

    scope: BufferScope
    rule: BufferRule | None
    effective_from: datetime
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON:
            raise Invalid(
                f"The buffer of {self.scope}: say why it is changed, in at most {LONGEST_REASON} characters; whoever meets "
                f"the number later asks."
            )

    def __str__(self) -> str:
        return str(self.rule) if self.rule is not None else "as beneath it"


@dataclass(frozen=True, slots=True)
class Version:
    """A change that was decided: its number, by whom and when, who approved it ("" where nobody had to), and which version it
    takes back."""

    id: int
    change: BufferChange
    decided_by: str
    decided_at: datetime
    approved_by: str = ""
    undoes: int | None = None


def rules_in_force(versions: Iterable[Version], moment: datetime) -> dict[BufferScope, BufferRule]:
    """The rule of each scope that has one of its own at a moment."""
    newest: dict[BufferScope, Version] = {}
    for version in sorted(versions, key=lambda each: (each.change.effective_from, each.id)):
        if version.change.effective_from <= moment:
            newest[version.change.scope] = version
    return {scope: version.change.rule for scope, version in newest.items() if version.change.rule is not None}


@dataclass(frozen=True, slots=True)
class Standing:
    """The rule that holds for a product and where it stands: its own, that of all products (`ALL`), or the file's (None)."""

    rule: BufferRule
    where: str | None


def standing_of(default: BufferRule, rules: Mapping[str, BufferRule], sku: str) -> Standing:
    """What holds for a product; for `ALL`, what holds where a product has no rule of its own."""
    for where in dict.fromkeys((sku, ALL)):
        if where in rules:
            return Standing(rules[where], where)
    return Standing(default, None)
