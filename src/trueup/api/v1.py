"""The first version of the API as an application: all resources behind the door, and the document that describes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, request_response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from trueup import __version__
from trueup.api import resources
from trueup.api.door import enter, read_request, tag
from trueup.api.metrics import Calls, Metrics
from trueup.api.problems import MEDIA_TYPE, Problem, answer_errors
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Shape, Told
from trueup.base.plugins import collect
from trueup.desk import Desk
from trueup.workflows.authority import permissions

ROOT = "/api/v1"
RESOURCE_GROUP = "trueup.resources"
_ABOUT = """What Trueup knows and what a person may do with it, for programs.

Every call shows a token: `Authorization: Bearer trueup_...`. A token acts for a person, under its own name in the audit trail;
each operation says the scope it takes. Amounts are texts with their currency, times are RFC 3339 in UTC, lists are paged by key:
follow `next` until it is null. What goes wrong is told as RFC 9457 says."""
_REFUSALS = {
    "400": "The body is not JSON.",
    "401": "No token that holds was shown.",
    "403": "The token's scopes or its person's roles do not allow it.",
    "404": "There is no such thing.",
    "409": "It was refused, and why.",
    "413": "The body is larger than what is read.",
    "415": "The body is of another type than expected.",
    "422": "A parameter or the body is not as expected.",
    "429": "The token calls too often; `Retry-After` says how many seconds to wait.",
}


def collect_resources() -> dict[str, Resource]:
    """Every resource, our own and those of outside packages. Raises ConfigurationError."""
    found = collect(resources, "RESOURCE", Resource, key=lambda each: each.name, group=RESOURCE_GROUP)
    for resource in found.values():
        for each in resource.operations:
            assert each.may in permissions(), f"{each.method} {each.path}: no permission {each.may!r}"
    return found


def build_v1(desk: Desk, calls: Calls | None = None) -> FastAPI:
    """All resources of an opened installation, each behind the door, and its metrics; `calls` are counted elsewhere."""
    app = FastAPI(title="Trueup", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    answer_errors(app)
    for resource in collect_resources().values():
        for operation in resource.operations:
            app.router.routes.append(_Guarded(desk, resource, operation))
    metrics = Metrics(desk, calls or Calls())
    app.add_api_route("/metrics", metrics.answer, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{ROOT}/openapi.json", _describe, methods=["GET"], include_in_schema=False)
    return app


class _Guarded(APIRoute):
    """A route that asks who calls before it reads anything, and marks what it answers."""

    def __init__(self, desk: Desk | None, resource: Resource, operation: Operation) -> None:
        self._desk, self._may, self._most = desk, operation.may, operation.largest_body
        super().__init__(
            ROOT + operation.path,
            operation.answer,
            methods=[operation.method],
            status_code=operation.status,
            tags=[resource.title],
            summary=_summary(operation),
            description=_description(operation),
            operation_id=operation.answer.__name__,
            openapi_extra={"security": [{"token": [operation.may]}], **operation.more},
        )
        self.app = request_response(self._guard(self.get_route_handler()))

    def _guard(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            assert self._desk is not None, "a route that is only described is never asked"
            request.state.call = await enter(request, self._desk, self._may)
            if request.method != "GET":
                request = await read_request(request, self._most)
            response = tag(request, await answer(request))
            if getattr(request.state, "again", False):
                response.headers["idempotency-replayed"] = "true"
            response.headers.setdefault("cache-control", "no-store")
            response.headers["x-content-type-options"] = "nosniff"
            return response

        return guarded


def _summary(operation: Operation) -> str:
    return (operation.answer.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _description(operation: Operation) -> str:
    words = " ".join((operation.answer.__doc__ or "").split("\n", 1)[-1].split())
    roles = ", ".join(role.value for role in permissions()[operation.may])
    return f"{words}\n\nScope `{operation.may}`; roles {roles}.".strip()


async def _describe() -> Response:
    return JSONResponse(describe(), headers={"cache-control": "public, max-age=300"})


@cache
def describe() -> dict[str, Any]:
    """The OpenAPI document of this version: the same for every installation."""
    routes = [
        _Guarded(None, resource, operation)
        for resource in collect_resources().values()
        for operation in resource.operations
    ]
    found = get_openapi(
        title="Trueup", version=__version__, summary="What is true of orders, money and stock.", description=_ABOUT,
        routes=routes, servers=[{"url": "/"}],
    )  # fmt: skip
    schemas = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["Problem"] = problem
    found["components"]["responses"] = {
        status: {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for status, words in _REFUSALS.items()
    }
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An access token: `trueup tokens create`."}
    }
    for name, examples in _examples().items():
        if name in schemas:
            schemas[name]["examples"] = examples
    for methods in found["paths"].values():
        for operation in methods.values():
            operation["responses"] |= _refusals(operation)
            _drop_nothing(operation)
    return found


def _examples() -> dict[str, list[Any]]:
    """The examples of shapes by their names, whole: FastAPI leaves out of them what is null."""
    found: dict[str, list[Any]] = {}
    waiting: list[type[BaseModel]] = [Shape, Told, Problem]
    while waiting:
        shape = waiting.pop()
        waiting += shape.__subclasses__()
        extra = shape.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "examples" in extra:
            found[shape.__name__] = cast("list[Any]", extra["examples"])
    return found


def _drop_nothing(operation: dict[str, Any]) -> None:
    """An answer that is bytes is not also JSON of any form."""
    for answer in operation["responses"].values():
        content = answer.get("content", {})
        if len(content) > 1 and content.get("application/json") == {"schema": {}}:
            del content["application/json"]


def _refusals(operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation may answer besides what was asked for."""
    statuses = {"401", "403", "404", "409", "422", "429"}
    if "requestBody" in operation:
        statuses |= {"400", "413", "415"}
    return {status: {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
