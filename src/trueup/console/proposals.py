"""Proposals that take a look and a reason: where each is decided. All others are approved by one button where they are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from trueup.workflows import keep_agreements, keep_terms


def _agreement(proposal: Mapping[str, Any]) -> str:
    told = proposal["arguments"]
    return f"/settings/agreements/{quote(told['partner'])}/{quote(told['vendor_code'])}#proposal"


_PAGES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    keep_agreements.ACT: _agreement,
    keep_terms.ACT: lambda proposal: f"/settings/terms/proposals/{proposal['id']}",
}


def proposal_address(proposal: Mapping[str, Any]) -> str:
    """The page on which a proposal is looked at and decided; "" where a button is enough."""
    page = _PAGES.get(proposal["act"])
    return page(proposal) if page else ""
