"""Drawing pages: the templates with their words, icons and assets. What a template may call is put together here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from trueup.base.errors import ConfigurationError
from trueup.console.case_words import title_of_group
from trueup.console.proposals import proposal_address

_STATIC = Path(__file__).parent / "static"


@cache
def manifest() -> dict[str, Any]:
    """What the build made: the hashed name of each asset, and the drawing of each icon. Raises ConfigurationError."""
    path = _STATIC / "manifest.json"
    if not path.is_file():
        raise ConfigurationError(
            f"The console's assets are not built: {path} is not there. In a checkout run `.ci/prepare`; "
            "an installed Trueup has them."
        )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def asset(name: str) -> str:
    """The address of an asset, which changes whenever its content does."""
    return f"/static/{manifest()['files'][name]}"


def icon(name: str, css: str = "") -> Markup:
    """An icon, for the eye alone: what it means stands beside it in words."""
    drawing = Markup(manifest()["icons"][name])
    return Markup(
        '<svg class="icon {}" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
    ).format(css, drawing)


def coded(words: str) -> Markup:
    """A sentence whose parts between backticks are commands: they are set as code."""
    parts = str(words).split("`")
    if len(parts) % 2 == 0:  # one that is not closed is no code
        return Markup("{}").format(words)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else Markup("{}").format(part)
        for index, part in enumerate(parts)
    )


def query(state: dict[str, Any], **changes: Any) -> str:
    """The query of an address that says this state with these changes; what is empty is left out."""
    merged = {name: value for name, value in {**state, **changes}.items() if value not in (None, "", False)}
    return "?" + urlencode(merged, doseq=True) if merged else "?"


@cache
def templates() -> Environment:
    """Pages beside their Python, and the layout and macros in `templates`."""
    loader = PrefixLoader(
        {"page": PackageLoader("trueup.console", "pages"), "layout": PackageLoader("trueup.console", "templates")}
    )
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"asset": asset, "icon": icon, "query": query}
    environment.globals |= {"kind_words": title_of_group, "proposal_address": proposal_address}
    environment.filters["coded"] = coded
    return environment
