"""What a single value in trueup.toml may be: a secret by reference, a path, a count, a database, a time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from trueup.base.errors import Invalid, NotFound
from trueup.base.money import Money
from trueup.base.secret import Secret

EMBEDDED = "embedded"
_DATABASE_SCHEMES = ("postgresql", "postgresql+psycopg", "postgres")


class Table(BaseModel):
    """A table of the file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What values are resolved against: the folder of the file, the environment, and the secrets sealed in the database."""

    folder: Path
    environ: Mapping[str, str]
    resolve_sealed: Callable[[str], Secret] | None


def told(words: str) -> PydanticCustomError:
    """An error whose words are for the reader of the settings as they stand."""
    return PydanticCustomError("told", "{words}", {"words": words})


def _surroundings(info: ValidationInfo) -> Surroundings:
    assert isinstance(info.context, Surroundings), "settings are validated by load_settings alone"
    return info.context


def _reference(text: str, around: Surroundings) -> Secret | None:
    """The secret that a reference names, None when the text is not a reference."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in ("env", "file", "sealed"):
        return None
    if not name:
        raise told(f"names nothing after {kind + ':'!r}; write for example {kind + ':AMAZON_CLIENT_SECRET'!r}")
    if kind == "env":
        if not around.environ.get(name):
            raise told(f"environment variable {name} is not set; set it where Trueup runs")
        return Secret(around.environ[name], text)
    if kind == "file":
        return _secret_file(around.folder / Path(name).expanduser(), text)
    if around.resolve_sealed is None:
        raise told("cannot be sealed in the database, which is not open yet when this is read; use env: or file:")
    try:
        return Secret(around.resolve_sealed(name).reveal(), text)
    except NotFound as error:
        raise told(f"no secret {name!r} is sealed in the database; seal it there, or use env: or file:") from error


def _secret_file(path: Path, kept: str) -> Secret:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise told(
            f"secret file {path} cannot be read ({reason}); write the secret there, readable by this user"
        ) from None
    if not text:
        raise told(f"secret file {path} is empty; write the secret there")
    return Secret(text, kept)


def _secret(value: object, info: ValidationInfo) -> Secret:
    found = _reference(value.strip(), _surroundings(info)) if isinstance(value, str) else None
    if found is None:
        raise told(
            "expected a reference to a secret (env:NAME, file:PATH or sealed:NAME), found something else, not shown here; "
            'a secret is never written into this file: put it into the environment and write "env:ITS_NAME"'
        )
    return found


def _plain(value: object, info: ValidationInfo) -> object:
    """A value that is no secret may still be kept where the secrets are."""
    found = _reference(value, _surroundings(info)) if isinstance(value, str) else None
    return value if found is None else found.reveal()


def _database(value: object, info: ValidationInfo) -> Secret | None:
    if value == EMBEDDED:
        return None
    url = value if isinstance(value, str) else ""
    referred = _reference(url, _surroundings(info))
    try:
        parts = urlsplit(referred.reveal() if referred else url)
    except ValueError:
        raise told(f"expected {EMBEDDED!r} or a PostgreSQL URL, found a URL that cannot be read") from None
    if parts.scheme not in _DATABASE_SCHEMES:
        raise told(
            f'expected "{EMBEDDED}", or a PostgreSQL URL such as postgresql://trueup@db.example.com/trueup, '
            f"found {'another URL' if parts.scheme else 'neither'}; Trueup keeps its data in PostgreSQL 15 or newer alone"
        )
    if referred is None and parts.password is not None:
        raise told('holds a password; put the whole URL into the environment and write "env:ITS_NAME"')
    return referred or Secret(url)


def _path(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and value:
        return _surroundings(info).folder / Path(value).expanduser()
    raise told(f"expected a path, found {value!r}")


def _money(value: object) -> Money:
    amount, _, currency = value.strip().rpartition(" ") if isinstance(value, str) else ("", "", "")
    try:
        found = Money.of(amount.strip(), currency)
    except Invalid:
        raise told(f'expected an amount and its currency such as "1000.00 USD", found {value!r}') from None
    if found.minor < 0:
        raise told(f"expected an amount of zero or more, found {value!r}")
    return found


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise told(f"expected a number, found {str(value).lower()}")
    return value


def _time_zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, KeyError):
        raise told(f"expected a time zone such as Europe/Berlin or UTC, found {value!r}") from None
    return value


def _loopback(value: object) -> object:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise told(
            f"expected the address of a simulator on this machine, such as http://127.0.0.1:8701, found {value!r}"
        )
    return value


def _web_address(value: object) -> object:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        port = parts.port if parts else None
    except ValueError:
        parts, port = None, None
    plain = parts is not None and not (parts.username or parts.query or parts.fragment) and port != 0
    here = parts is not None and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if (
        parts is None
        or not plain
        or not parts.hostname
        or not (parts.scheme == "https" or (parts.scheme == "http" and here))
    ):
        raise told(
            f'expected an address such as "https://trueup.example.com" (http for this machine alone), found {value!r}'
        )
    return value


def key(words: str, default: Any = ..., **more: Any) -> Any:
    """A key of the file. `words` say what is expected; errors quote them."""
    return Field(default, description=words, **more)


SecretValue = Annotated[Secret, PlainValidator(_secret)]
PlainText = Annotated[str, BeforeValidator(_plain), Field(min_length=1)]
DatabaseUrl = Annotated[Secret | None, PlainValidator(_database)]
"""None: the embedded server."""
FilePath = Annotated[Path, BeforeValidator(_path)]
Positive = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=10**9)]
NotNegative = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=10**9)]
Exact = Annotated[Decimal, BeforeValidator(_no_bool), Field(ge=0, le=10**9, allow_inf_nan=False)]
Percent = Annotated[Decimal, BeforeValidator(_no_bool), Field(ge=0, le=100, allow_inf_nan=False)]
Hours = Annotated[Decimal, BeforeValidator(_no_bool), Field(gt=0, le=24 * 365, allow_inf_nan=False)]
Amount = Annotated[Money, PlainValidator(_money)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,79}$")]
Marketplace = Annotated[str, Field(pattern=r"^([A-Z]{2}|A[A-Z0-9]{9,19})$")]
Label = Annotated[str, Field(pattern=r"^[^\s<>\x00-\x1f][^<>\x00-\x1f]{0,79}$")]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
LoopbackUrl = Annotated[str, BeforeValidator(_loopback)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
