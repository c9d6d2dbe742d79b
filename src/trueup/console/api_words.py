"""The API's own description as a person reads it: operations by their kind, what they take and answer, and a call to copy.

It knows OpenAPI and nothing of what is described, so that it tells every operation there is, those of outside packages too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any
from urllib.parse import quote as url_quote

Described = Mapping[str, Any]
_REF = "#/components/schemas/"
_SHOWN_LETTERS = 4000


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter, or a field of a shape: its name, where it stands, its type, whether it must be there, and what it means.

    `shape`: the shape that it holds, "" where it holds none.
    """

    name: str
    place: str
    type: str
    required: bool
    words: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation may answer: its status, what that means, and the shape it has."""

    status: str
    words: str
    shape: str


@dataclass(frozen=True, slots=True)
class Call:
    """One operation."""

    id: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    parts: tuple[Part, ...]
    takes: str
    """The shape of its body; "" where it has none, or bytes."""
    answers: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class ToldShape:
    """What is told or taken: its fields, and one as it may look."""

    name: str
    words: str
    parts: tuple[Part, ...]
    example: str


def calls_by_kind(described: Described, home: str) -> dict[str, list[Call]]:
    """Every operation, by the kind of thing it is about. `home`: the address that examples ask."""
    found: dict[str, list[Call]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            call = _call(described, home, (method.upper(), path), operation)
            found.setdefault(operation["tags"][0], []).append(call)
    return found


def shapes_of(described: Described) -> list[ToldShape]:
    """Every shape by its name."""
    return [
        ToldShape(name, _sentence(schema), tuple(_fields(schema)), _example_text(described, {"$ref": _REF + name}))
        for name, schema in sorted(described["components"]["schemas"].items())
    ]


def _call(described: Described, home: str, asked: tuple[str, str], operation: Described) -> Call:
    title, _, rest = operation["description"].partition("\n")
    words, _, _ = rest.strip().rpartition("Scope `")
    (required,) = operation["security"]
    body = _content(operation.get("requestBody", {}))
    return Call(
        id=operation["operationId"],
        method=asked[0],
        path=asked[1],
        title=operation["summary"],
        words=" ".join((words or title if words else "").split()),
        scope=required["token"][0],
        parts=tuple(_parameter(each) for each in operation.get("parameters", ())),
        takes=_shape_in(body[1]),
        answers=tuple(_answers(described, operation)),
        curl=_curl(described, home, asked, operation),
    )


def _parameter(told: Described) -> Part:
    schema = told["schema"]
    return Part(told["name"], told["in"], _type(schema), told.get("required", False), told.get("description", ""))


def _fields(schema: Described) -> Iterator[Part]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield Part(name, "", _type(field), name in required, field.get("description", ""), _shape_in(field))


def _answers(described: Described, operation: Described) -> Iterator[Answer]:
    for status, told in sorted(operation["responses"].items()):
        whole = _followed(described, told)
        words = "What was asked for." if status.startswith("2") else whole["description"]
        yield Answer(status, words, _shape_in(_content(whole)[1]))


def _curl(described: Described, home: str, asked: tuple[str, str], operation: Described) -> str:
    """A line for a shell; the token comes from its environment."""
    method, path = asked
    query = []
    for each in operation.get("parameters", ()):
        if each["in"] == "path":
            path = path.replace("{" + each["name"] + "}", url_quote(_example_of(described, each), safe=""))
        elif each["in"] == "query" and each.get("required"):
            query.append(f"{each['name']}={url_quote(_example_of(described, each), safe='')}")
    address = home + path + ("?" + "&".join(query) if query else "")
    lines = ['curl -H "Authorization: Bearer $TRUEUP_TOKEN"']
    media, schema = _content(operation.get("requestBody", {}))
    if method not in ("GET", "POST") or (method == "POST" and not media):
        lines[0] += f" -X {method}"
    if media == "application/json":
        lines.append(
            f"-H {quote('Content-Type: application/json')} -d {quote(json.dumps(_example(described, schema)))}"
        )
    elif media:
        lines.append(f"-H {quote(f'Content-Type: {media}')} --data-binary @document")
    return " \\\n  ".join([*lines, quote(address)])


def _example_of(described: Described, parameter: Described) -> str:
    """Something that could stand there: what the description gives, or else its name where a text does, and a number."""
    schema = _followed(described, parameter["schema"])
    given = parameter.get("example", next(iter(schema.get("examples", ())), None))
    if given is not None:
        return str(given)
    if schema.get("enum"):
        return str(schema["enum"][0])
    if schema.get("type") == "integer":
        return "7"
    return "0" * 8 if "0-9a-f" in schema.get("pattern", "") else parameter["name"].upper()


def _example(described: Described, schema: Described) -> Any:
    """One as it may look, from the examples that the description gives."""
    whole = _followed(described, schema)
    if whole.get("examples"):
        return whole["examples"][0]
    if "anyOf" in whole:
        return _example(described, whole["anyOf"][0])
    if whole.get("type") == "array":
        return [_example(described, whole["items"])]
    if "properties" in whole:
        return {name: _example(described, field) for name, field in whole["properties"].items()}
    return whole.get("default", whole.get("enum", ["..."])[0])


def _example_text(described: Described, schema: Described) -> str:
    return json.dumps(_example(described, schema), indent=2, ensure_ascii=False)[:_SHOWN_LETTERS]


def _content(told: Described) -> tuple[str, Described]:
    """The type and the schema of a body; nothing for none."""
    return next(((media, each.get("schema", {})) for media, each in told.get("content", {}).items()), ("", {}))


def _followed(described: Described, told: Described) -> Described:
    while "$ref" in told:
        *_, kind, name = told["$ref"].split("/")
        told = described["components"][kind][name]
    return told


def _shape_in(schema: Described) -> str:
    """The shape that a schema is, or holds many of, or may be."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    for inner in (*schema.get("anyOf", ()), schema.get("items", {})):
        if isinstance(inner, dict) and inner and (found := _shape_in(inner)):
            return found
    return ""


def _type(schema: Described) -> str:
    """A type in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    if schema.get("enum"):
        return ", ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = {"string": "text", "integer": "whole number", "object": "named values", "boolean": "true or false"}
    found = str(schema.get("type", "anything"))
    default = schema.get("default")
    more = f", {default!s} when left out".lower() if default not in (None, "") else ""
    return kind.get(found, found) + more


def _sentence(schema: Described) -> str:
    return " ".join(str(schema.get("description", "")).split())
