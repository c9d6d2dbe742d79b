"""What a resource of the API is: its operations, each with the scope it takes and a function that says all else by its types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from trueup.workflows.authority import LOOK

LARGEST_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address, below `/api/v1`. `may` is a permission of `workflows.authority`, asked before anything else.

    `answer` is a function as FastAPI reads it: parameters and body by their types, the answer by what it returns, what it does
    by its docstring. It raises the errors of `base.errors`. `more` goes into its part of the OpenAPI document.
    """

    path: str
    answer: Callable[..., Any]
    may: str = LOOK
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    status: int = 200
    more: dict[str, Any] = field(default_factory=dict)
    largest_body: int = LARGEST_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing and what can be asked of it."""

    name: str
    title: str
    operations: Sequence[Operation]
