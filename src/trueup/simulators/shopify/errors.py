"""How Shopify says no: top-level errors with a code, and errors inside a mutation's payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

LARGEST_LIST = 250


def refusal(message: str, code: str, **extensions: Any) -> GraphQLError:
    """A top-level error: HTTP 200, `errors[].extensions.code`, and null where the field would be."""
    return GraphQLError(message, extensions={"code": code, **extensions})


def access_denied(field: str, required: str) -> GraphQLError:
    """The token may not. `required` as Shopify writes it, such as "`read_orders` access scope."."""
    return refusal(
        f"Access denied for {field} field. Required access: {required}",
        "ACCESS_DENIED",
        documentation="https://shopify.dev/api/usage/access-scopes",
        requiredAccess=required,
    )


def user_error(field: Sequence[str | int] | None, message: str, code: str | None = None) -> dict[str, Any]:
    """One error of a payload. Places in lists are texts in `field`, as Shopify sends them."""
    path = None if field is None else [str(part) for part in field]
    return {"field": path, "message": message, "code": code}


def check_list_size(name: str, values: Sequence[Any] | None) -> None:
    """Input lists hold 250 at most. Raises MAX_INPUT_SIZE_EXCEEDED."""
    if values is not None and len(values) > LARGEST_LIST:
        message = f"The input array size of {len(values)} is greater than the maximum allowed of {LARGEST_LIST}."
        raise refusal(message, "MAX_INPUT_SIZE_EXCEEDED", argument=name)
