"""Cases: work for a person, with the money at risk, a deadline, an owner and the resolutions that are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from trueup.base.money import Money


class CaseState(StrEnum):
    """Open until someone, or the facts, resolved it."""

    OPEN = "open"
    RESOLVED = "resolved"


class CaseStanding(StrEnum):
    """Where a case stands: one word at a time, the first that holds from below. Source: decision 0031 of Trueup."""

    NEW = "new"
    """Younger than a day, and nobody took it up."""
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    """It was resolved once, came again, and nobody took it up since."""
    ESCALATING = "escalating"
    """More money or more of the same than when somebody last took it up, or than after its first day."""
    MERGED = "merged"
    """Another case stands for it. Its cause is there still."""
    RESOLVED = "resolved"


class ResolvedBy(StrEnum):
    """What resolved a case: a person, or its cause, which went away."""

    PEOPLE = "people"
    ITSELF = "itself"


FORMING = timedelta(hours=24)
"""So long a case takes its shape: what it comes to by then is what is expected of it."""


class Role(StrEnum):
    """What a person may do. Workers act under their own name and have no role."""

    OPERATIONS = "operations"
    FINANCE = "finance"
    ECOMMERCE = "e-commerce"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Resolution(StrEnum):
    """What a person may decide about a case. DISMISS changes no document; the others re-decide a line or try again."""

    USE_OURS = "use-ours"
    """Our number is right and stands: the line is decided on it."""
    ACCEPT_AS_ORDERED = "accept-as-ordered"
    """Theirs is right for this order: the hold is lifted and the line is filled from stock."""
    BACKORDER = "backorder"
    REJECT = "reject"
    RETRY = "retry"
    CLASSIFY = "classify"
    """Say what lines in suspense are: a deduction type, with an account of its own perhaps."""
    CHOOSE = "choose"
    """Choose one of the rival explanations."""
    POST_NOW = "post-now"
    """Post on the first day of an open month what belongs to a closed one."""
    DISPUTE = "dispute"
    WRITE_OFF = "write-off"
    """Give up a claim: a loss."""
    SETTLE = "settle"
    """Say whether something was done that nobody answered."""
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """A case to be opened. (`kind`, `subject`) is its natural key: opening it again updates the one that is open.

    `rule` names what held; `expected` and `found` are both numbers, in words; `money_at_risk` is None only where no money is.
    `cause`: what made it, where its subject does not say so (`case_causes`). `things`: of how many it tells.
    """

    kind: str
    subject: str
    title: str
    expected: str
    found: str
    money_at_risk: Money | None
    deadline: datetime | None
    owner: str
    resolutions: tuple[Resolution, ...]
    evidence: str = ""
    cause: str = ""
    things: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    id: int
    draft: CaseDraft
    state: CaseState
    opened_at: datetime
    resolved_at: datetime | None = None
    resolution: str = ""
    resolved_by: str = ""
    note: str = ""
