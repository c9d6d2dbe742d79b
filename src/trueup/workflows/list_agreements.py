"""List agreements: what is agreed with each vendor code now, what comes, where it stands, and every version that people decided."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.domain.agreement_changes import AgreementScope, AgreementVersion
from trueup.domain.agreement_clauses import CLAUSES, clause_text
from trueup.domain.partners import Agreement
from trueup.storage import acts, agreement_versions
from trueup.workflows.keep_agreements import ACT, subject_of, version_json
from trueup.workflows.try_agreements import AgreementTrial
from trueup.workflows.world import World


def list_agreements(connection: sa.Connection, world: World, today: date) -> list[dict[str, Any]]:
    """What is agreed with each vendor code on a day (UTC), or comes next; with what waits for a second person, and what follows."""
    rows = []
    for name, partner in sorted(world.agreed.now(connection).items()):
        for code in dict.fromkeys(each.vendor_code for each in partner.agreements):
            rows.append(_row(connection, AgreementScope(name, code), _of(partner.agreements, code), today))
    return rows


def show_agreement(connection: sa.Connection, world: World, scope: AgreementScope, today: date) -> dict[str, Any]:
    """One vendor code's, with every clause, every version, and how it holds from day to day. Raises NotFound."""
    partner = world.agreed.now(connection).get(scope.partner)
    pieces = _of(partner.agreements, scope.vendor_code) if partner else []
    if not pieces:
        raise NotFound(f"No agreement with {scope}; `trueup agreements list` shows those there are.")
    versions = agreement_versions.load_versions(connection, scope)
    return {
        **_row(connection, scope, pieces, today),
        "schedule": [_piece(each, today) for each in pieces],
        "versions": [version_json(each) for each in reversed(versions)],
    }


def _of(agreements: tuple[Agreement, ...], code: str) -> list[Agreement]:
    return sorted((each for each in agreements if each.vendor_code == code), key=lambda each: each.valid_from)


def _row(connection: sa.Connection, scope: AgreementScope, pieces: list[Agreement], today: date) -> dict[str, Any]:
    now = next((each for each in pieces if each.valid_to is None or today < each.valid_to), pieces[-1])
    versions = agreement_versions.load_versions(connection, scope)
    return {
        "partner": scope.partner,
        "vendor_code": scope.vendor_code,
        "currency": now.currency,
        "shop": now.shop,
        "ship_from": now.ship_from,
        **_piece(now, today),
        "clauses": {clause.key: clause_text(clause, now) for clause in CLAUSES},
        "follows": next((_piece(each, today) for each in pieces if each.valid_from > max(today, now.valid_from)), None),
        "newest": max((each.id for each in versions), default=0),
        "proposal": acts.find_proposal(connection, ACT, subject_of(scope)),
    }


def _piece(terms: Agreement, today: date) -> dict[str, Any]:
    return {
        "valid_from": terms.valid_from.isoformat(),
        "valid_to": terms.valid_to.isoformat() if terms.valid_to else None,
        "in_force": terms.valid_from <= today and (terms.valid_to is None or today < terms.valid_to),
        "version": terms.version or None,
        "approved_by": terms.approved_by or None,
        "stands": terms.stands,
    }


def list_versions(connection: sa.Connection, scope: AgreementScope | None = None) -> list[dict[str, Any]]:
    """What was decided, of one vendor code or of all, the newest first."""
    found: list[AgreementVersion] = agreement_versions.load_versions(connection, scope)
    return [version_json(each) for each in reversed(found)]


def trial_json(trial: AgreementTrial, most: int = 100) -> dict[str, Any]:
    """What a change would have come to, with so many examples of each sort at most."""
    return {
        "since": trial.since.date().isoformat(),
        "orders": trial.orders,
        "lines": trial.lines,
        "orders_left_out": trial.left_out,
        "effects": [
            {
                "effect": effect.name,
                "words": effect.words,
                "count": len(effect.moved),
                "money": [str(each) for each in effect.money],
                "examples": [
                    {
                        "kind": each.kind,
                        "key": each.key,
                        "name": each.name,
                        "line": each.line,
                        "before": each.before,
                        "after": each.after,
                        "money": str(each.money) if each.money is not None else None,
                    }
                    for each in effect.moved[:most]
                ],
            }
            for effect in trial.effects
        ],
    }
