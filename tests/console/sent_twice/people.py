"""People: signed in and out, added, changed and removed; their passwords, passkeys, tokens, preferences and accounts elsewhere."""

from __future__ import annotations

import itertools
import re

from tests.console.calling import person
from tests.console.installed import Console
from tests.console.sent_twice.devices import Device
from tests.console.sent_twice.racing import Sent, Two, row
from trueup.domain.cases import Role
from trueup.storage.people import LinkedIdentity, Passkey, link_identity, save_passkey
from trueup.workflows.keep_preferences import keep_preferences
from trueup.workflows.people import NewPerson, add_person, invite
from trueup.workflows.sign_in import Visitor, enter_by_link, sign_out_elsewhere

_numbers = itertools.count(1)


def added(console: Console) -> str:
    """Somebody new."""
    name = f"Nora {next(_numbers)}"
    ana, settled = person(console, "Ana Admin"), console.app.settings.people
    console.app.act(False, add_person, NewPerson(name, [Role.OPERATIONS]), ana, settled)
    return name


@row("/settings/people/add")
def add(console: Console) -> Sent:
    return Sent("/settings/people/add", {"name": f"Nils {next(_numbers)}", "role": ["operations"]})


@row("/settings/people/invite", Two.EACH)
def invite_again(console: Console) -> Sent:
    """Each link is handed over by whoever made it, and the latest opens."""
    return Sent("/settings/people/invite", {"name": added(console)})


@row("/settings/people/address")
def address(console: Console) -> Sent:
    name = added(console)
    return Sent("/settings/people/address", {"person": name, "address": f"n{next(_numbers)}@example.com"})


@row("/settings/people/roles")
def roles(console: Console) -> Sent:
    return Sent("/settings/people/roles", {"name": added(console), "role": ["auditor"], "seen": "operations"})


@row("/settings/people/remove")
def remove(console: Console) -> Sent:
    return Sent("/settings/people/remove", {"name": added(console)})


@row("/account/preferences", Two.OWN)
def preferences(console: Console) -> Sent:
    console.app.act(False, keep_preferences, person(console, "Ana Admin"), {"density": "normal"})
    return Sent("/account/preferences", {"locale": "en_GB", "zone": "Europe/Berlin", "density": "compact"})


@row("/tour/go", Two.OWN)
def tour(console: Console) -> Sent:
    console.app.act(False, keep_preferences, person(console, "Ana Admin"), {"tour_at": 0})
    return Sent("/tour/go", {"to": "1"})


PASSWORD = "a green lamp on the left"


def _link(console: Console, name: str) -> str:
    return console.app.act(False, invite, name, person(console, "Ana Admin"), console.app.settings.people)


def chosen(console: Console, name: str) -> None:
    """Somebody has the password, and one session."""
    visitor, settled = Visitor("127.0.0.1", "test"), console.app.settings.people
    console.app.act(False, enter_by_link, _link(console, name), PASSWORD, visitor, settled)


@row("/account/password", Two.OWN)
def password(console: Console) -> Sent:
    chosen(console, "Ana Admin")
    wanted = f"{PASSWORD} {next(_numbers)}"
    return Sent("/account/password", {"before": PASSWORD, "after": wanted, "again": wanted})


@row("/account/sessions/end", Two.OWN)
def end_sessions(console: Console) -> Sent:
    """One other session, with the browser that it is of."""
    console.app.act(False, sign_out_elsewhere, person(console, "Ana Admin"), "")
    console.ticket("Ana Admin")
    return Sent("/account/sessions/end")


@row("/account/tokens/make", Two.OWN)
def make_token(console: Console) -> Sent:
    return Sent("/account/tokens/make", {"label": f"program {next(_numbers)}", "days": "30", "scope": ["look"]})


@row("/account/tokens/end")
def end_token(console: Console) -> Sent:
    label = f"program {next(_numbers)}"
    with console.visitor("Ana Admin") as ana:
        ana.post("/account/tokens/make", label=label, days="30", scope=["look"])
        page = ana.get("/account/tokens").text
    [number] = re.findall(r'name="token" value="(\d+)"', page.split(label)[1])[:1]
    return Sent("/account/tokens/end", {"token": number})


@row("/account/passkeys/drop", Two.OWN)
def drop(console: Console) -> Sent:
    name = f"key{next(_numbers)}"
    with console.app.database.transaction() as connection:
        save_passkey(connection, Passkey(name, "Ana Admin", "device", b"public", 0), console.app.world.clock.now())
    return Sent("/account/passkeys/drop", {"key": name})


@row("/account/passkeys/begin", Two.EACH)
def begin_making(console: Console) -> Sent:
    """A ceremony is begun each time, and one of them is ended."""
    return Sent("/account/passkeys/begin", json={})


@row("/sign-out", Two.OWN)
def sign_out(console: Console) -> Sent:
    return Sent("/sign-out")


STRANGERS = ("", "")


@row("/sign-in", Two.EACH, STRANGERS)
def sign_in(console: Console) -> Sent:
    """Each browser has a session of its own."""
    chosen(console, "Olga")
    return Sent("/sign-in", {"name": "Olga", "password": PASSWORD})


@row("/enter/{link}", Two.OWN, STRANGERS)
def use_link(console: Console) -> Sent:
    """A link opens once."""
    chosen(console, "Olga")
    return Sent(f"/enter/{_link(console, 'Olga')}", {"password": PASSWORD, "again": PASSWORD})


@row("/sign-in/demo", Two.CLOSED, STRANGERS)
def step_in(console: Console) -> Sent:
    """Nobody comes in so but in a demonstration."""
    return Sent("/sign-in/demo", {"name": "Olga"})


@row("/sign-in/passkey/begin", Two.EACH, STRANGERS)
def begin_using(console: Console) -> Sent:
    """A ceremony is begun each time."""
    return Sent("/sign-in/passkey/begin", json={})


@row("/sign-in/passkey/finish", Two.OWN, STRANGERS)
def finish_using(console: Console) -> Sent:
    """A challenge is answered once, for whoever copied the answer has it too."""
    made = Device.of(console)
    with console.visitor("Ana Admin") as ana:
        begun = ana.http.post("/account/passkeys/begin", json={}, headers={"x-csrf-token": ana.csrf}).json()
        shown = {"ceremony": begun["ceremony"], "credential": made.created(begun["options"]), "label": "device"}
        done = ana.http.post("/account/passkeys/finish", json=shown, headers={"x-csrf-token": ana.csrf})
        assert done.status_code == 200, done.text
    with console.visitor() as nobody:
        begun = nobody.http.post("/sign-in/passkey/begin", json={}).json()
    return Sent(
        "/sign-in/passkey/finish", json={"ceremony": begun["ceremony"], "credential": made.used(begun["options"])}
    )


@row("/account/passkeys/finish", Two.OWN)
def finish_making(console: Console) -> Sent:
    made = Device.of(console)
    with console.visitor("Ana Admin") as ana:
        begun = ana.http.post("/account/passkeys/begin", json={}, headers={"x-csrf-token": ana.csrf}).json()
    shown = {"ceremony": begun["ceremony"], "credential": made.created(begun["options"]), "label": "device"}
    return Sent("/account/passkeys/finish", json=shown)


@row("/account/provider/link", Two.EACH, world="company")
def link(console: Console) -> Sent:
    """An attempt is begun each time."""
    return Sent("/account/provider/link")


@row("/account/provider/forget", Two.OWN, world="company")
def forget(console: Console) -> Sent:
    chosen(console, "Ana Admin")
    subject = f"s-{next(_numbers)}"
    doors = console.app.settings.sign_in
    assert doors is not None
    made = LinkedIdentity(doors.issuer, subject, "Ana Admin", joined=False, barred=False)
    with console.app.database.transaction() as connection:
        link_identity(connection, made, console.app.world.clock.now())
    return Sent("/account/provider/forget")
