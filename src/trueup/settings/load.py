"""Reading trueup.toml: the file and the environment become settings, or every complaint about them is made at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trueup.base.errors import ConfigurationError
from trueup.base.secret import Secret
from trueup.settings.crosschecks import crosscheck
from trueup.settings.model import Foundation, Settings
from trueup.settings.values import EMBEDDED, Surroundings

M = TypeVar("M", bound=Foundation)
_LARGEST_BYTES = 1_000_000
_FROM_ENVIRONMENT = ("installation", "archive", "worker", "simulation")


def load_settings(path: Path, environ: Mapping[str, str], resolve_sealed: Callable[[str], Secret]) -> Settings:
    """All settings. `resolve_sealed` gives a secret sealed in the database by its name, or raises NotFound.

    Keys of [installation], [archive], [worker] and [simulation] are overruled by the environment:
    TRUEUP_WORKER_CONCURRENCY stands for `concurrency` in [worker]. Raises ConfigurationError with every complaint at once.
    """
    data, origins = _overlaid(_read(path), environ)
    around = Surroundings(path.parent.absolute(), environ, resolve_sealed)
    return _validated(Settings, path, data, origins, around)


def load_foundation(path: Path, environ: Mapping[str, str]) -> Foundation:
    """Only what is needed to open the database and the archive. Raises ConfigurationError; other tables are not looked at."""
    data, origins = _overlaid(_read(path), environ)
    names = {name for name in Foundation.model_fields if name in data}
    around = Surroundings(path.parent.absolute(), environ, None)
    return _validated(Foundation, path, {name: data[name] for name in names}, origins, around)


def template() -> str:
    """A trueup.toml to begin with: every key, with what it means."""
    return resources.files("trueup.settings").joinpath("template.toml").read_text(encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such settings file; `trueup init` writes one.") from None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}); make it readable for this user."
        ) from None
    if len(content) > _LARGEST_BYTES:
        raise ConfigurationError(f"{path}: {len(content)} bytes, expected settings of at most {_LARGEST_BYTES}.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None
    except (tomllib.TOMLDecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: not TOML: {error}. Texts stand in quotes, keys look like name = value."
        ) from None


def _overlaid(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[tuple[str, str], str]]:
    """The data with what the environment overrules, and which variable each such key came from."""
    origins: dict[tuple[str, str], str] = {}
    for variable, value in sorted(environ.items()):
        section, _, name = variable.removeprefix("TRUEUP_").lower().partition("_")
        if not variable.startswith("TRUEUP_") or section not in _FROM_ENVIRONMENT or not name:
            continue
        table = data.setdefault(section, {})
        if isinstance(table, dict):
            # A URL in the environment is where a secret may stand, so it is taken as a reference to itself.
            refer = (section, name) == ("installation", "database") and value != EMBEDDED and "://" in value
            table[name] = f"env:{variable}" if refer else value
            origins[section, name] = variable
    return data, origins


def _validated(
    model: type[M], path: Path, data: dict[str, Any], origins: dict[tuple[str, str], str], around: Surroundings
) -> M:
    complaints: list[str] = []
    found: M | None = None
    try:
        found = model.model_validate(data, context=around)
    except ValidationError as error:
        for detail in _apart(error.errors(include_url=False)):
            complaints.append(f"{_where(detail['loc'], data, origins)}: {_words(detail, model)}")
    complaints.extend(crosscheck(data))
    if complaints or found is None:
        things = "1 thing" if len(complaints) == 1 else f"{len(complaints)} things"
        # Not chained: the cause would carry the input, and the input may hold a secret that should not stand there.
        raise ConfigurationError(
            f"{path}: {things} to mend.\n" + "\n".join(f"- {text}" for text in complaints)
        ) from None
    return found


def _apart(details: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without lists called too short only because what they hold is wrong and was not counted."""
    for detail in details:
        loc = detail["loc"]
        inner = any(other["loc"][: len(loc)] == loc and other["loc"] != loc for other in details)
        if detail["type"] != "too_short" or not inner:
            yield detail


def _where(loc: tuple[int | str, ...], data: object, origins: dict[tuple[str, str], str]) -> str:
    """The way to a key: `partners[1 "amazon-us"].agreements[2 "ABCDE"].currency`, counted from one."""
    if len(loc) == 2 and (variable := origins.get((str(loc[0]), str(loc[1])))):
        return variable
    text = ""
    for part in loc:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            label = (data.get("name") or data.get("vendor_code")) if isinstance(data, dict) else None
            text += f'[{part + 1} "{label}"]' if isinstance(label, str) else f"[{part + 1}]"
        else:
            data = data.get(part) if isinstance(data, dict) else None
            text += f".{part}" if text else str(part)
    return text


def _words(detail: ErrorDetails, model: type[BaseModel]) -> str:
    if detail["type"] == "told":
        return f"{detail['msg']}."
    *parents, last = detail["loc"]
    table = _model_at(model, parents)
    if detail["type"] == "extra_forbidden":
        return _unknown(str(last), table)
    field = next((each for name, each in table.model_fields.items() if last in (name, each.alias)), None)
    expected = field.description if field else _expected_of_item(model, parents, detail)
    if detail["type"] == "missing":
        return f"expected {expected}, found nothing; add it."
    return f"expected {expected}, found {_shown(detail['input'])}."


def _unknown(name: str, table: type[BaseModel]) -> str:
    known = sorted(field.alias or key for key, field in table.model_fields.items())
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"is not a key; did you mean {near[0]!r}?" if near else f"is not a key; known here: {', '.join(known)}."


def _expected_of_item(model: type[BaseModel], parents: list[int | str], detail: ErrorDetails) -> str:
    """What is expected of one item of a list or of named values: what its key says."""
    if parents:
        table = _model_at(model, parents[:-1])
        for name, field in table.model_fields.items():
            if parents[-1] in (name, field.alias) and field.description:
                return field.description
    return detail["msg"].lower()


def _model_at(model: type[BaseModel], loc: list[int | str]) -> type[BaseModel]:
    for part in loc:
        if isinstance(part, str):
            for name, field in model.model_fields.items():
                if part in (name, field.alias):
                    model = next(_models_in(field.annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _shown(value: object) -> str:
    """A value in short. Secrets never come here: their keys tell their own errors, without the value."""
    match value:
        case bool():
            return str(value).lower()
        case str() if len(value) <= 60:
            return repr(value)
        case str():
            return f"a text of {len(value)} characters"
        case dict():
            return "a table"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return str(value)[:60]
