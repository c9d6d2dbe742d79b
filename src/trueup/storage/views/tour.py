"""Things worth looking at on a tour: one of each kind, the most telling of what this installation has."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

_OPEN = "FROM trueup.cases WHERE state = 'open' AND merged_into IS NULL"
_BY_MONEY = "abs(risk_minor) DESC NULLS LAST, id"
_THINGS: Mapping[str, str] = {
    "dearest-case": f"SELECT id {_OPEN} ORDER BY {_BY_MONEY} LIMIT 1",
    # A document in which something was found, so that there is a finding to go to.
    "evidence": (
        "SELECT coalesce((SELECT d.digest FROM trueup.cases c JOIN trueup.documents d ON d.digest = c.evidence::bpchar"
        " WHERE c.kind = 'document.invalid' ORDER BY (c.state = 'open') DESC, c.id DESC LIMIT 1),"
        " (SELECT d.digest FROM trueup.cases c JOIN trueup.documents d ON d.digest = c.evidence::bpchar"
        " WHERE c.state = 'open' ORDER BY abs(c.risk_minor) DESC NULLS LAST, c.id LIMIT 1),"
        " (SELECT digest FROM trueup.documents WHERE kind = 'orders' ORDER BY id DESC LIMIT 1))"
    ),
    # What a button decides, and not a longer form.
    "answerable-case": (
        f"SELECT id {_OPEN} AND resolutions ?| array['use-ours', 'accept-as-ordered', 'retry', 'dismiss']"
        f" ORDER BY (kind LIKE 'held.%') DESC, {_BY_MONEY} LIMIT 1"
    ),
    "resolved-case": (
        "SELECT coalesce((SELECT max(id) FROM trueup.cases WHERE state = 'resolved' AND resolved_by <> 'trueup'),"
        " (SELECT id FROM trueup.cases WHERE state = 'resolved' ORDER BY id DESC LIMIT 1))"
    ),
    # Of the latest, one that went all the way to its money, with something claimed of it.
    "proven-order": (
        "SELECT o.partner || '/' || o.number FROM (SELECT id, order_id FROM trueup.deliveries WHERE state = 'accepted'"
        " AND order_id IS NOT NULL ORDER BY id DESC LIMIT 200) d JOIN trueup.orders o ON o.id = d.order_id"
        " ORDER BY EXISTS (SELECT FROM trueup.invoices i JOIN trueup.journal_lines l ON l.invoice_id = i.id"
        " WHERE i.partner = o.partner AND i.purchase_order = o.number AND i.purchase_order <> '' AND l.claim <> '') DESC,"
        " d.id DESC LIMIT 1"
    ),
    "remittance": (
        "SELECT r.id FROM trueup.remittances r WHERE r.posting = 'posted' ORDER BY EXISTS (SELECT FROM trueup.suspense s"
        " WHERE s.remittance_id = r.id) DESC, r.line_count DESC, r.id DESC LIMIT 1"
    ),
    # One with rivals, where there is one: most lines are contested because their only explanation is too weak.
    "contested-case": (
        f"SELECT id {_OPEN} AND kind = 'remittance.contested' ORDER BY EXISTS (SELECT FROM trueup.suspense s"
        " JOIN trueup.line_answers a USING (remittance_id, line) WHERE s.kind = cases.kind AND s.subject = cases.subject"
        f" AND a.kind IN ('contest', 'undone') AND jsonb_array_length(a.body -> 'rivals') > 1) DESC, {_BY_MONEY} LIMIT 1"
    ),
    "product": (
        "SELECT coalesce((SELECT sku FROM trueup.reservations GROUP BY sku ORDER BY sum(eaches) DESC, sku LIMIT 1),"
        " (SELECT min(sku) FROM trueup.products))"
    ),
}
THINGS = tuple(_THINGS)


def find_thing(connection: sa.Connection, name: str) -> str:
    """What an address says of one of THINGS (an id, a SKU, a hash); "" where this installation has none."""
    found = connection.exec_driver_sql(_THINGS[name].replace("%", "%%")).scalar()
    return "" if found is None else str(found)
