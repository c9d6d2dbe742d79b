"""The executable schema: the SDL of this package, its scalars, and the resolver of every field, attached once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

Resolver = Callable[..., Any]
_GID = re.compile(r"gid://[\w.-]+/[A-Za-z]+/[^\s]+")


@cache
def sdl() -> str:
    """Our subset of the Admin GraphQL schema, as text."""
    folder = resources.files("trueup.simulators.shopify") / "sdl"
    return "\n".join(
        (folder / name).read_text("utf-8")
        for name in (
            "objects.graphql",
            "inputs.graphql",
            "words.graphql",
            "credits.graphql",
            "metaobjects.graphql",
            "bulk.graphql",
        )
    )


def assemble(resolvers: Mapping[str, Mapping[str, Resolver]]) -> GraphQLSchema:
    """The schema with `resolvers` (type, field); fields without one are read off the record or payload by their own name.

    Raises LookupError when a resolver names a field that the SDL lacks.
    """
    schema = build_schema(sdl())
    for name, (read, write) in _SCALARS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.parse_value = scalar.coerce_input_value = read  # type: ignore[method-assign, assignment]
        scalar.serialize = scalar.coerce_output_value = write  # type: ignore[method-assign, assignment]
    _attach(schema, resolvers)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _type_of
    return schema


def _attach(schema: GraphQLSchema, resolvers: Mapping[str, Mapping[str, Resolver]]) -> None:
    for kind_name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or kind_name.startswith("__"):
            continue
        own = resolvers.get(kind_name, {})
        unknown = own.keys() - kind.fields.keys()
        if unknown:
            raise LookupError(
                f"{kind_name} has no fields {sorted(unknown)} in the SDL: add them or drop their resolvers."
            )
        for field_name, field in kind.fields.items():
            field.resolve = own.get(field_name) or _reader(field_name)


def snake(name: str) -> str:
    """createdAt as created_at."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found.group().lower(), name)


def _reader(field_name: str) -> Resolver:
    attribute = snake(field_name)

    def read(source: Any, info: Any, **_: Any) -> Any:
        return source.get(field_name) if type(source) is dict else getattr(source, attribute)

    return read


def _type_of(value: Any, info: Any, kind: Any) -> str:
    return str(value["__typename"]) if isinstance(value, dict) else str(value.type_name)


def bad_gid(arguments: Any, name: str = "") -> str | None:
    """The first id among arguments that is no global id, at any depth; None when all are."""
    if isinstance(arguments, dict):
        found = (bad_gid(value, key) for key, value in arguments.items())
        return next((each for each in found if each is not None), None)
    if isinstance(arguments, list):
        return next((each for each in (bad_gid(item, name) for item in arguments) if each is not None), None)
    is_id = isinstance(arguments, str) and (name == "id" or name.endswith(("Id", "Ids")) or name == "ids")
    return arguments if is_id and not _GID.fullmatch(arguments) else None


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError(f"invalid decimal '{value}'")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise GraphQLError(f"invalid decimal '{value}'") from error
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise GraphQLError(f"invalid decimal '{value}'")
    return number


def _write_decimal(value: Any) -> str:
    """As Ruby writes it: `10.0`, `12.5`."""
    text = f"{Decimal(value):f}"
    text = text.rstrip("0") if "." in text else text + "."
    return text + "0" if text.endswith(".") else text


def _write_money(value: Any) -> str:
    return f"{Decimal(value):.2f}"


def _read_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"invalid DateTime '{value}'") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_time(value: datetime) -> str:
    """Times as Shopify writes them: whole seconds, Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"invalid Date '{value}'") from error


def _read_url(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", value):
        raise GraphQLError(f"Invalid URL '{value}'")
    return value


def _same(value: Any) -> Any:
    return value


_SCALARS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "Date": (_read_date, str),
    "DateTime": (_read_time, write_time),
    "Decimal": (_read_decimal, _write_decimal),
    "Money": (_read_decimal, _write_money),
    "URL": (_read_url, str),
    "JSON": (_same, _same),
    "UnsignedInt64": (_same, str),
}
