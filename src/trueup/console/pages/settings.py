"""Settings: connections and what they can do, people and roles, access tokens. What trueup.toml says is shown."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.connection_words import kinds_of
from trueup.console.page import Group, Offer, Page, Place, Route
from trueup.console.permissions import words_of
from trueup.console.visit import Visit
from trueup.domain.cases import Role
from trueup.storage.views import console as views
from trueup.storage.views.connection_access import ends_state
from trueup.storage.views.secrets import list_secrets
from trueup.workflows.authority import permissions
from trueup.workflows.people import (
    NewPerson,
    add_person,
    all_people,
    ask_by_address,
    change_roles,
    invite,
    remove_person,
)
from trueup.workflows.probe_connection import known_access

_ROLES = tuple(role.value for role in (Role.AUDITOR, Role.ECOMMERCE, Role.OPERATIONS, Role.FINANCE, Role.ADMIN))
"""From the least to the most that they may."""


def _connections(visit: Visit) -> Response:
    settings, world, kinds = visit.desk.settings, visit.desk.world, kinds_of(visit)
    direct = [
        (world.routes[name].inventory, partner.direct_fulfillment)
        for name, partner in sorted(world.partners.items())
        if partner.direct_fulfillment
    ]
    return visit.render(
        "settings.html",
        connections=[
            (each, kinds[each.name], each.ends_first and ends_state(each.ends_first, visit.now))
            for each in known_access(visit.connection, world, list(kinds))
        ],
        direct=direct,
        secrets=list_secrets(visit.connection),
        installation=settings.installation,
        books=settings.books,
    )


def _people(visit: Visit, link: str = "", whose: str = "") -> Response:
    settled = {person.name for person in visit.desk.settings.people}
    known = views.list_people(visit.connection)
    emails = {person.name: person.email for person in visit.desk.settings.people}
    people = [
        {
            "name": person.name,
            "roles": sorted(role.value for role in person.roles),
            "settled": person.name in settled,
            **known.get(person.name, views.NOTHING),
            **({"email": emails[person.name]} if person.name in emails else {}),
        }
        for person in all_people(visit.connection, visit.desk.settings.people).values()
    ]
    rows = [
        {"name": name, "words": words_of(name), "allowed": {role.value for role in allowed}}
        for name, allowed in sorted(permissions().items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return visit.render(
        "settings_people.html",
        people=sorted(people, key=lambda each: str(each["name"])),
        roles=_ROLES,
        rows=rows,
        asked=_abilities(people, visit.asked("person")),
        link=link,
        whose=whose,
        provider=next(iter(visit.desk.world.connections.identity_providers), ""),
    )


def _abilities(people: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """What one person can do, and by which role; and what takes another."""
    person = next((each for each in people if each["name"] == name), None)
    if person is None:
        return None
    every = [
        {"words": words_of(may), "by": [role.value for role in roles if role.value in person["roles"]], "of": roles}
        for may, roles in sorted(permissions().items(), key=lambda item: words_of(item[0]))
    ]
    return {
        "name": name,
        "may": [each for each in every if each["by"]],
        "not": [each for each in every if not each["by"]],
    }


def _show_people(visit: Visit) -> Response:
    return _people(visit)


def _roles(visit: Visit) -> list[Role]:
    try:
        return [Role(each) for each in visit.all_given("role")]
    except ValueError as error:
        raise Invalid(f"Roles: expected some of {', '.join(_ROLES)}.") from error


def _add(visit: Visit) -> Response:
    name = visit.given("name")
    wanted = NewPerson(name, _roles(visit), visit.given("email"))
    ticket = visit.act(add_person, wanted, visit.who, visit.desk.settings.people)
    return _people(visit, _link(visit, ticket), name)


def _invite(visit: Visit) -> Response:
    name = visit.given("name")
    ticket = visit.act(invite, name, visit.who, visit.desk.settings.people)
    return _people(visit, _link(visit, ticket), name)


def _link(visit: Visit, ticket: str) -> str:
    return f"{visit.home}/enter/{ticket}"


def _ask_by_address(visit: Visit) -> Response:
    name, email = visit.given("person"), visit.given("address")
    visit.act(ask_by_address, name, email, visit.who, visit.desk.settings.people)
    return visit.go("/settings/people", f"{name} comes in by {email} once it is verified; no account from before does.")


def _change(visit: Visit) -> Response:
    name = visit.given("name")
    visit.act(change_roles, name, _roles(visit), visit.who)
    return visit.go("/settings/people", f"{name} has other roles now.")


def _remove(visit: Visit) -> Response:
    name = visit.given("name")
    visit.act(remove_person, name, visit.who)
    return visit.go("/settings/people", f"{name} is removed, and signed out everywhere.")


PAGE = Page(
    "settings",
    "Settings",
    (
        Route("/settings", _connections),
        Route("/settings/people", _show_people),
        Route("/settings/people/add", _add, "people.keep", "POST"),
        Route("/settings/people/invite", _invite, "people.keep", "POST"),
        Route("/settings/people/address", _ask_by_address, "people.keep", "POST"),
        Route("/settings/people/roles", _change, "people.keep", "POST"),
        Route("/settings/people/remove", _remove, "people.keep", "POST"),
    ),
    Place(Group.SYSTEM, 4, "settings"),
    about={"/settings/people": "person "},
    offers=(
        Offer("See who may do what", "/settings/people"),
        Offer("Invite a person", "/settings/people", "people.keep"),
    ),
)
