"""Shopify's refusals as our errors. It refuses on two levels, both with HTTP 200: `errors` of the reply, and of the payload.

| Shopify says | raised |
|---|---|
| THROTTLED | Throttled, with the wait computed from the bucket |
| ACCESS_DENIED | Unauthorized, naming what is missing and where to grant it |
| INTERNAL_SERVER_ERROR, TIMEOUT | Transient; a write may have been applied |
| a document or field it does not know | ContractChanged |
| anything else, and userErrors | Rejected, with its code |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trueup.base.errors import ContractChanged, Rejected, RemoteError, Throttled, Transient, Unauthorized
from trueup.connectors.shopify.scopes import WHERE_TO_GRANT

_TROUBLE = ("INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE")
# The codes of GraphQL validation: the document itself is not understood, so the schema is not the one we were tested with.
_NOT_UNDERSTOOD = (
    "undefinedField",
    "undefinedType",
    "undefinedDirective",
    "argumentNotAccepted",
    "argumentLiteralsIncompatible",
    "missingRequiredArguments",
    "variableMismatch",
    "fragmentOnNonCompositeType",
    "selectionMismatch",
    "GRAPHQL_VALIDATION_FAILED",
    "GRAPHQL_PARSE_FAILED",
)
_FIELD_GONE = "is not defined on"


def refusal(what: str, errors: Any, wait_seconds: float, *, writes: bool) -> RemoteError:
    """The error for the top-level `errors` of a reply. `what` names shop and operation; `wait_seconds` is for throttling."""
    listed = [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    codes = [str((error.get("extensions") or {}).get("code", "")) for error in listed]
    words = "; ".join(str(error.get("message", "")).rstrip(".") for error in listed) or str(errors)
    if "THROTTLED" in codes:
        return Throttled(
            f"{what}: throttled; Shopify has restored enough cost points in {wait_seconds:g} s.",
            retry_after_seconds=wait_seconds,
        )
    if "ACCESS_DENIED" in codes:
        return Unauthorized(f"{what}: {words}. {WHERE_TO_GRANT}.")
    if any(code in _TROUBLE for code in codes):
        doubt = " It may have been applied: ask before repeating it." if writes else ""
        return Transient(f"{what}: Shopify is in trouble: {words}.{doubt}", maybe_applied=writes)
    if any(code in _NOT_UNDERSTOOD for code in codes) or _FIELD_GONE in words:
        return ContractChanged(
            f"{what}: Shopify does not understand our request: {words}. Its schema is not the one Trueup was tested with: "
            f"check api_version, then update Trueup."
        )
    code = next((code for code in codes if code), "")
    return Rejected(
        f"{what}: refused{f' ({code})' if code else ''}: {words}. The same request will be refused again.", code=code
    )


def user_error(what: str, problems: Sequence[Mapping[str, Any]]) -> Rejected:
    """The error for the userErrors of a payload."""
    code = next((str(problem["code"]) for problem in problems if problem.get("code")), "")
    return Rejected(f"{what}: refused{f' ({code})' if code else ''}: {said(problems)}.", code=code)


def said(problems: Sequence[Mapping[str, Any]]) -> str:
    """What userErrors say, with the places they mean."""
    return "; ".join(
        str(problem.get("message", "")).rstrip(".")
        + (f" (at {'.'.join(map(str, problem['field']))})" if problem.get("field") else "")
        for problem in problems
    )
