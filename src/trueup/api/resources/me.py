"""Who calls: the token that was shown, whose it is, and what it may do."""

from __future__ import annotations

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Shape
from trueup.workflows.authority import is_allowed, permissions


class Caller(
    Shape,
    json_schema_extra={
        "examples": [{"person": "Olga", "roles": ["operations"], "token": "warehouse counts", "may": ["look", "stock.declare"]}]
    },
):  # fmt: skip
    """Who a token acts for and what it may do: its scopes, as far as its person's roles allow them today."""

    person: str
    roles: list[str]
    token: str
    may: list[str]


def show_caller(call: Calling) -> Caller:
    """Show who you are here.

    The first thing to ask: it says whether the token holds, whose it is, and which scopes of it are of use.
    """
    may = [name for name in sorted(permissions()) if is_allowed(call.person, name)]
    roles = sorted(role.value for role in call.person.roles)
    return Caller(person=call.person.name, roles=roles, token=call.person.token, may=may)


RESOURCE = Resource("me", "Who calls", (Operation("/me", show_caller),))
