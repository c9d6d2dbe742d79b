"""Passkeys: a person's device proves who they are by a key that never leaves it. Both ceremonies of WebAuthn, level 2."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from trueup.base.errors import Conflict, Refused
from trueup.base.ids import digest_of
from trueup.storage import people, sessions
from trueup.storage.acts import hold_subject, say_who
from trueup.storage.views.console import list_passkeys
from trueup.workflows.authority import Deed, record_deed
from trueup.workflows.people import Named, all_people
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_in import SignedIn, Visitor, enter
from trueup.workflows.world import Tx

CEREMONY_LASTS = timedelta(minutes=5)
_MAKE, _USE = "passkey.make", "passkey.use"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console is for a browser: the host that keys are made for, its whole origin, and what it is called."""

    host: str
    origin: str
    name: str


def begin_making(tx: Tx, person: Person, place: Place) -> dict[str, Any]:
    """What the browser needs to make a key, and the ticket of the ceremony."""
    known = [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(key["id"]))
        for key in list_passkeys(tx.connection, person.name)
    ]
    options = generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_name=person.name,
        user_id=digest_of(person.name.encode()).encode()[:32],
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return _begun(tx, _MAKE, json.loads(options_to_json(options)), person.name)


def finish_making(tx: Tx, person: Person, place: Place, shown: dict[str, Any], label: str) -> None:
    """Keep the key that was made. Raises Refused when it was not made for us, now; Conflict when it is known."""
    challenge = _challenge(tx, _MAKE, shown, person.name)
    try:
        made = verify_registration_response(
            credential=shown["credential"],
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, KeyError, ValueError, TypeError) as error:
        raise Refused("This passkey was not made here and now; nothing was kept. Make it again.") from error
    key_id = bytes_to_base64url(made.credential_id)
    key = people.Passkey(key_id, person.name, label[:80], made.credential_public_key, made.sign_count)
    people.save_passkey(tx.connection, key, tx.now)
    record_deed(
        tx.connection,
        tx.now,
        person,
        Deed("person.passkey-added", f"person {person.name}", None, {"label": label[:80]}),
    )


def begin_using(tx: Tx, place: Place) -> dict[str, Any]:
    """What the browser needs to show a key; which, its holder chooses."""
    options = generate_authentication_options(rp_id=place.host, user_verification=UserVerificationRequirement.REQUIRED)
    return _begun(tx, _USE, json.loads(options_to_json(options)), "")


def finish_using(tx: Tx, place: Place, shown: dict[str, Any], visitor: Visitor, settled: Iterable[Named]) -> SignedIn:
    """Let in whose key was shown. Raises Refused for a key that is unknown, was copied, or is of somebody who left."""
    challenge = _challenge(tx, _USE, shown, "")
    try:
        known = people.load_passkey(tx.connection, str(shown["credential"]["id"]))
        if known is None:
            raise Refused("This passkey is not known here. Sign in another way, and add it to your account.")
        used = verify_authentication_response(
            credential=shown["credential"],
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, KeyError, ValueError, TypeError) as error:
        raise Refused("This passkey was not shown here and now. Try again, or sign in another way.") from error
    person = all_people(tx.connection, settled).get(known.person)
    if person is None:
        raise Refused("This passkey is of somebody who is not here any more.")
    people.note_passkey(tx.connection, known.id, used.new_sign_count, tx.now)
    return enter(tx, person, "passkey", visitor)


def drop_passkey(tx: Tx, person: Person, key_id: str) -> None:
    """Forget one of a person's own keys. Raises NotFound, Conflict when it was forgotten before."""
    hold_subject(tx.connection, f"passkeys of {person.name}")
    if people.load_passkey(tx.connection, key_id) is None and (
        who := say_who(tx.connection, f"person {person.name}", "person.passkey-dropped")
    ):
        raise Conflict(f"This passkey is here no more; the last one was forgotten{who}.")
    people.drop_passkey(tx.connection, person.name, key_id)
    record_deed(tx.connection, tx.now, person, Deed("person.passkey-dropped", f"person {person.name}"))


def _begun(tx: Tx, kind: str, options: dict[str, Any], name: str) -> dict[str, Any]:
    body = {"challenge": options["challenge"], "person": name}
    ticket = sessions.begin_ceremony(tx.connection, kind, body, tx.now, tx.now + CEREMONY_LASTS)
    return {"options": options, "ceremony": ticket}


def _challenge(tx: Tx, kind: str, shown: dict[str, Any], name: str) -> bytes:
    """The challenge that was given out, once."""
    kept = sessions.end_ceremony(tx.connection, kind, str(shown.get("ceremony", "")), tx.now)
    if kept is None or kept["person"] != name:
        raise Refused("This took too long, or was begun elsewhere; begin again.")
    return base64url_to_bytes(kept["challenge"])
