"""Authority: who may do what besides resolving cases, and the record that they did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotAllowed
from trueup.domain.cases import Role
from trueup.storage import acts
from trueup.workflows.resolve_case import Person

LOOK = "look"
"""To see what is there: everyone who is let in may."""
_MAY: Mapping[str, tuple[Role, ...]] = {
    # The item master holds packs and agreed costs: what is wrong there is held or paid wrongly.
    "products.import": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    "stock.declare": (Role.OPERATIONS, Role.ECOMMERCE, Role.ADMIN),
    "stock.buffers": (Role.OPERATIONS, Role.ECOMMERCE, Role.ADMIN),
    "reports.ask": (Role.OPERATIONS, Role.ECOMMERCE, Role.ADMIN),
    "remittances.import": (Role.FINANCE, Role.ADMIN),
    "matches.decide": (Role.FINANCE, Role.ADMIN),
    "claims.dispute": (Role.FINANCE, Role.ADMIN),
    "invoices.import": (Role.FINANCE, Role.ADMIN),
    "credit-notes.issue": (Role.FINANCE, Role.ADMIN),
    "month.close": (Role.FINANCE, Role.ADMIN),
    "bank.import": (Role.FINANCE, Role.ADMIN),
    "bank.tie": (Role.FINANCE, Role.ADMIN),
    "proofs.import": (Role.OPERATIONS, Role.FINANCE, Role.ADMIN),
    # A proof only looks; an auditor is who asks for it most.
    "proofs.ask": tuple(Role),
    "rules.propose": (Role.FINANCE, Role.ADMIN),
    "rules.approve": (Role.FINANCE, Role.ADMIN),
    # A rate says what was taken too much: one person proposes it, another approves it.
    "terms.propose": (Role.FINANCE, Role.ADMIN),
    "terms.approve": (Role.FINANCE, Role.ADMIN),
    # What is agreed with a buyer: who works with its orders sees first that it is wrong; what it costs, finance answers for.
    "agreements.propose": (Role.OPERATIONS, Role.FINANCE, Role.ADMIN),
    "agreements.approve": (Role.FINANCE, Role.ADMIN),
    "goods.take-back": (Role.OPERATIONS, Role.ECOMMERCE, Role.ADMIN),
    "trade-ins.record": (Role.OPERATIONS, Role.ECOMMERCE, Role.FINANCE, Role.ADMIN),
    "trade-ins.grade": (Role.OPERATIONS, Role.ECOMMERCE, Role.FINANCE, Role.ADMIN),
    "trade-ins.reveal": (Role.ECOMMERCE, Role.ADMIN),
    "credits.answer": (Role.FINANCE, Role.ADMIN),
    "credits.break": (Role.FINANCE, Role.ADMIN),
    "charges.check": (Role.FINANCE, Role.ADMIN),
    "journal.reverse": (Role.FINANCE, Role.ADMIN),
    "journal.export": (Role.FINANCE, Role.ADMIN, Role.AUDITOR),
    # What a document is handed in as, takes the permission for that kind too.
    "documents.upload": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    "orders.upload": (Role.OPERATIONS, Role.ADMIN),
    # The bytes of others, whole: seen by everyone, but a machine that only looks at numbers need not have them.
    "documents.download": tuple(Role),
    "documents.erase": (Role.ADMIN,),
    "secrets.keep": (Role.ADMIN,),
    "connections.pause": (Role.OPERATIONS, Role.ADMIN),
    # Whoever works with another system may ask what is wrong with it; it takes of its rate budget, and changes nothing.
    "connections.test": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    "runs.mend": (Role.OPERATIONS, Role.ADMIN),
    # Which kinds of cases a role resolves is said by `resolve_case`; an auditor resolves none.
    "cases.resolve": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    "proposals.approve": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    # Who a case goes to when nobody takes it: it opens and closes none.
    "escalation.change": (Role.OPERATIONS, Role.FINANCE, Role.ADMIN),
    "cases.discuss": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN),
    "people.keep": (Role.ADMIN,),
    "tokens.make": (Role.OPERATIONS, Role.FINANCE, Role.ECOMMERCE, Role.ADMIN, Role.AUDITOR),
    "metrics": tuple(Role),
    LOOK: tuple(Role),
}
"""The one table of who may do what."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What someone did: a word for it, to what, how that was and is, and the hash of the document that says so."""

    act: str
    subject: str
    before: Any = None
    after: Any = None
    evidence: str = ""


def permissions() -> Mapping[str, tuple[Role, ...]]:
    """What there is to do, and the roles that may."""
    return _MAY


def is_allowed(person: Person, what: str) -> bool:
    """Whether one of the person's roles may do that, and what they act by is for that."""
    return bool(person.roles & set(_MAY[what])) and (person.scopes is None or what in person.scopes)


def demand_role(person: Person, what: str) -> None:
    """Raises Refused when none of the person's roles may do that, naming those that may."""
    allowed = _MAY[what]
    if is_allowed(person, what):
        return
    if person.scopes is not None and person.roles & set(allowed):
        raise NotAllowed(
            f"Token {person.token} of {person.name} is not for this ({what}); its scopes: {', '.join(sorted(person.scopes))}."
        )
    roles = ", ".join(sorted(role.value for role in person.roles)) or "none"
    wanted = " or ".join(role.value for role in allowed)
    raise NotAllowed(f"{person.name} (roles: {roles}) may not do this ({what}); it takes the role {wanted}.")


def record_deed(connection: sa.Connection, now: datetime, person: Person, deed: Deed) -> None:
    """Append it to the acts, under the person's name and roles."""
    acts.append_act(
        connection,
        now,
        acts.Act(
            actor=person.name,
            role=person.standing,
            act=deed.act,
            subject=deed.subject,
            before=deed.before,
            after=deed.after,
            evidence=deed.evidence,
        ),
    )
