"""Being sure: a page that says what an act would do, found out by doing it and rolling it back, before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from starlette.responses import Response

from trueup.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Sure:
    """What is asked: of a thing by its `name`, whose page is `back` and stands beneath `above`; the `effects` in sentences; the
    button's `label`."""

    title: str
    name: str
    back: str
    effects: Sequence[str]
    label: str
    permission: str
    above: tuple[str, str] = ("Flows", "/flows")


def ask_whether(visit: Visit, asked: Sure, fields: Mapping[str, str] | None = None) -> Response:
    """The page. Its button sends the same form to the same address again, with `sure`."""
    given = {**(fields or {}), "sure": "yes"}
    return visit.render("sure.html", **asdict(asked), action=visit.request.url.path, fields=given)


def is_sure(visit: Visit) -> bool:
    """Whether the effects were seen."""
    return visit.given("sure") == "yes"
