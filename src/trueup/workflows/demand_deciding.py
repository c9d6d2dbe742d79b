"""Demand deciding: whoever resolves a case has a role for its kind, and acts by what is for that; every way to resolve one asks."""

from __future__ import annotations

from trueup.base.errors import NotAllowed
from trueup.domain.cases import Case
from trueup.workflows.authority import demand_role
from trueup.workflows.resolve_case import Person, may_resolve

MAY = "cases.resolve"
"""The permission to decide cases at all; which kinds a role decides is said by `resolve_case`."""


def demand_deciding(person: Person, case: Case, permission: str = MAY) -> None:
    """Raises NotAllowed when none of the person's roles may resolve such a case, or their token is not for that `permission`."""
    if not may_resolve(person, case):
        roles = ", ".join(sorted(role.value for role in person.roles)) or "none"
        raise NotAllowed(
            f"{person.name} (roles: {roles}) may not resolve a {case.draft.kind} case; its owner is {case.draft.owner}."
        )
    demand_role(person, permission)
