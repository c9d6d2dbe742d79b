"""Replies of Amazon, read once for every connection: what is whole, what is cut off, and what nobody expected."""

from __future__ import annotations

import json
from typing import Any

from trueup.base.errors import ContractChanged, NotFound, Transient
from trueup.remote.http import Reply


def named(connection: str, identifier: str, kind: str) -> str:
    """An identifier as part of an address: an empty one would ask for the whole list, and dots would lead elsewhere.

    Raises NotFound.
    """
    if not identifier.strip() or identifier in (".", ".."):
        raise NotFound(f"{connection}: no {kind} is named {identifier!r}.")
    return identifier


def object_of(connection: str, reply: Reply, what: str, *, applied: bool = False) -> dict[str, Any]:
    """The body of a good reply. One that is cut off or garbled is Transient: asked again it may be whole.

    `applied`: the request was carried out, whatever its reply looks like. Raises Transient, ContractChanged for another JSON.
    """
    body, fault = _json_of(reply.content)
    if fault:
        said = f"{connection}: {what} is cut off or garbled after {len(reply.content)} bytes ({fault}){by(reply)}."
        garbled = Transient(said, maybe_applied=applied)
        garbled.evidence = reply.content
        raise garbled
    if not isinstance(body, dict):
        raise ContractChanged(f"{connection}: {what} is no object{by(reply)}.", maybe_applied=applied)
    return body


def payload_of(connection: str, reply: Reply, what: str, *, applied: bool = False) -> dict[str, Any]:
    """The payload of a good reply; the rest as `object_of`."""
    payload = object_of(connection, reply, what, applied=applied).get("payload")
    if not isinstance(payload, dict):
        said = f"{connection}: {what} has no payload{by(reply)}; expected an object."
        raise ContractChanged(said, maybe_applied=applied)
    return payload


def by(reply: Reply) -> str:
    """What Amazon's support asks for."""
    return f" (request id {reply.request_id})" if reply.request_id else ""


def _json_of(content: bytes) -> tuple[Any, str]:
    """What it says, or what is wrong with it. It never raises: no traceback shows what a reply repeats."""
    try:
        return json.loads(content), ""
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at byte {error.pos}"
    except (ValueError, RecursionError) as error:
        return None, type(error).__name__
