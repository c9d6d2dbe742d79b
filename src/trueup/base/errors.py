"""The one tree of errors: the program could not go on. What merely does not agree is a finding, a discrepancy or a case.

    TrueupError
    ├── ConfigurationError     the installation is set up wrongly; a person edits settings
    ├── DocumentError          something about the bytes that arrived
    │   ├── Unreadable         not this format at all, or cut off: no meaning could be had
    │   └── Invalid            readable, but against the format's rules
    ├── RemoteError            another system did not do what was asked
    │   ├── Transient          may go through later: timeout, 5xx, connection lost
    │   │   └── Throttled      our budget there is spent; wait `retry_after_seconds`
    │   │       └── Paused     a person has put the connection to rest; nothing was asked
    │   ├── Unauthorized       token or permission; a person must act
    │   ├── Rejected           understood and refused; the same request will be refused again
    │   └── ContractChanged    a reply that the published contract does not allow
    ├── Refused                we will not do this, and say why (newer database, closed period)
    │   └── NotAllowed         not by this person: their roles or scopes, or it takes a second one; kept among the acts
    ├── Conflict               the same key with different content, or someone else was faster
    └── NotFound               no such thing here

Retry, exit code and HTTP status are class attributes, translated in one place each: the durable engine reads `retry`, the
command line reads `exit_code`, the API reads `http_status`.
"""

from __future__ import annotations

from typing import ClassVar


class TrueupError(Exception):
    """Root of the tree. The message says what happened, to what, expected and found, and what to do."""

    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 2
    http_status: ClassVar[int] = 500


class ConfigurationError(TrueupError):
    """The installation is set up wrongly; a person edits settings."""


class DocumentError(TrueupError):
    """Something about the bytes that arrived."""

    http_status = 422


class Unreadable(DocumentError):
    """Not this format at all, or cut off: no meaning could be had."""


class Invalid(DocumentError):
    """Readable, but against the format's rules."""


class RemoteError(TrueupError):
    """Another system did not do what was asked. `maybe_applied`: it may nevertheless have done it (ask before repeating).

    `evidence`: the document it sent instead, where it sent one that cannot be read; it is archived like any other.
    """

    http_status = 502
    evidence: bytes = b""

    def __init__(self, message: str, *, maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied


class Transient(RemoteError):
    """May go through later: timeout, 5xx, connection lost."""

    retry = True


class Throttled(Transient):
    """Our budget there is spent; nothing was done. Wait `retry_after_seconds`.

    Its words always have `mark` in them: where only words are kept, such as beside a source, waiting is told from failing by it.
    """

    http_status = 429
    mark: ClassVar[str] = "rate budget"

    def __init__(self, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message if self.mark in message else f"{message} ({self.mark})")
        self.retry_after_seconds = retry_after_seconds


class Paused(Throttled):
    """A person has put the connection to rest until a time; nothing was asked of it. Ask again after `retry_after_seconds`."""

    http_status = 409
    mark: ClassVar[str] = ""


class Unauthorized(RemoteError):
    """Token or permission; a person must act."""


class Rejected(RemoteError):
    """Understood and refused; the same request will be refused again. `code` is the remote system's own word."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ContractChanged(RemoteError):
    """A reply that the published contract does not allow."""


class Refused(TrueupError):
    """We will not do this, and say why."""

    http_status = 409


class NotAllowed(Refused):
    """Not by this person: their roles or what their token is for do not allow it, or a second person has to do it."""


class Conflict(TrueupError):
    """The same key with different content, or someone else was faster."""

    http_status = 409


class NotFound(TrueupError):
    """No such thing here."""

    http_status = 404
