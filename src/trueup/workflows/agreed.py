"""What is agreed with partners: what the settings say, with the versions that people decided over it.

Versions change seldom and are asked for with every order. So a transaction asks how many there are and which is the newest, in one
small query; they are loaded, and agreements made of them, when either is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from trueup.domain.agreement_changes import AgreementScope, AgreementVersion, spliced
from trueup.domain.partners import Agreement, Partner
from trueup.storage import agreement_versions


class Agreed:
    """The partners of one installation; it remembers what was made of the versions that were seen last."""

    def __init__(self, settled: Mapping[str, Partner]) -> None:
        self._settled = settled
        self._last: tuple[tuple[int, int], Mapping[str, Partner]] = ((0, 0), settled)

    def now(self, connection: sa.Connection) -> Mapping[str, Partner]:
        """The partners as this transaction sees them."""
        newest = agreement_versions.newest(connection)
        seen, partners = self._last
        if newest == seen:
            return partners
        made = with_versions(self._settled, agreement_versions.load_versions(connection))
        self._last = (newest, made)
        return made


def with_versions(settled: Mapping[str, Partner], versions: list[AgreementVersion]) -> dict[str, Partner]:
    """The partners of the settings with these versions over their agreements."""
    by_scope: dict[AgreementScope, list[AgreementVersion]] = {}
    for version in versions:
        by_scope.setdefault(version.change.scope, []).append(version)
    return {name: replace(partner, agreements=_agreements(partner, by_scope)) for name, partner in settled.items()}


def _agreements(partner: Partner, by_scope: Mapping[AgreementScope, list[AgreementVersion]]) -> tuple[Agreement, ...]:
    return tuple(
        piece
        for terms in partner.agreements
        for piece in spliced([terms], by_scope.get(AgreementScope(partner.name, terms.vendor_code), []))
    )
