"""The database's failures in our words, in one place: what may pass by itself, and what a person must set right."""

from __future__ import annotations

import re

import psycopg
import sqlalchemy as sa

from trueup.base.errors import ConfigurationError, Transient

# SQLSTATE, whole or its class. Source: PostgreSQL's documentation, appendix A.
_PASSING = {
    "08": "the connection was lost",
    "25P03": "the transaction idled too long and was ended",
    "25P04": "the transaction took too long and was ended",
    "25006": "the server only lets us read: it is a standby, or its administrator set it so",
    "40": "it collided with another transaction",
    "53100": "the server's disk is full: free some space there",
    "53200": "the server is out of memory",
    "53300": "the server has too many connections: run fewer workers or raise max_connections",
    "53": "the server lacks resources",
    "55P03": "another transaction holds the lock too long",
    "57014": "the statement took too long and was cancelled",
    "57P01": "the server is being shut down",
    "57P02": "the server crashed and is recovering",
    "57P03": "the server is starting up or shutting down",
    "57P05": "the idle session was ended",
    "58": "the server's system failed",
}
_WRONG = {
    "28": "the user or password is not accepted: check the database URL",
    "3D000": "there is no such database: create it, or correct the database URL",
    "42501": "the user lacks a permission: grant it to the user of the database URL",
}
# Without a connection there is no SQLSTATE, only the server's sentence.
_SAID = {
    r"password authentication failed|no password supplied|no pg_hba.conf entry|role .* does not exist": "28000",
    r"database .* does not exist": "3D000",
}


def translate(error: sa.exc.SQLAlchemyError, url: sa.URL, *, committing: bool = False) -> Exception:
    """Transient or ConfigurationError with a sentence; the error itself when it is neither: a constraint, or a defect.

    `committing`: whether a lost connection leaves open if the work was done.
    """
    if isinstance(error, sa.exc.TimeoutError):
        return Transient(
            f"Database {url.database}: no connection became free in time; run fewer threads or enlarge the pool."
        )
    if not isinstance(error, sa.exc.DBAPIError):
        return error
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or _state_of_sentence(str(cause))
    if wrong := _look_up(_WRONG, state):
        return ConfigurationError(f"Database {url.database} as user {url.username}: {wrong}.")
    if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError):
        return error
    lost = error.connection_invalidated or (isinstance(cause, psycopg.OperationalError) and state is None)
    reason = _look_up(_PASSING, state) or ("the connection was lost or not to be had" if lost else None)
    if reason is None:
        return error
    said = str(cause).strip().partition("\n")[0]
    return Transient(f"Database {url.database}: {reason} ({said}).", maybe_applied=committing)


def _state_of_sentence(said: str) -> str | None:
    return next((state for pattern, state in _SAID.items() if re.search(pattern, said)), None)


def _look_up(reasons: dict[str, str], state: str | None) -> str | None:
    return reasons.get(state) or reasons.get(state[:2]) if state else None
