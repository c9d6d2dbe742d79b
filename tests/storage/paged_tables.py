"""The tables that paged lists are tried on, filled so that each has what most of its rows are, and some of what few are."""

from __future__ import annotations

import sqlalchemy as sa

from tests.filled import AT, DAY, Rows, fill
from trueup.base.ids import canonical_json
from trueup.domain.circular import Item, Readiness, Visibility
from trueup.storage.json_values import to_json

ROWS = 20_000
"""So many rows of each table has a big house."""
_ITEM = canonical_json(to_json(Item(1, Visibility.AVAILABLE, Readiness.PROCESSED))).decode().replace(":", "\\:")
_DAYS = 720
_TOLD: dict[str, dict[str, str]] = {
    "orders": {
        "partner": "CASE WHEN n % 4 = 0 THEN 'amazon-de' ELSE 'amazon-us' END",
        "number": "'PO' || n",
        "state": "CASE WHEN n % 5 = 0 THEN 'closed' ELSE 'open' END",
        "ordered_at": AT,
        "answer_due_at": f"{AT} + interval '1 day'",
    },
    "deliveries": {
        "key": "'delivery ' || n",
        "kind": "'acknowledgement'",
        "order_id": "n",
        "revision": "1",
        "state": "(ARRAY['prepared', 'sent', 'accepted', 'accepted'])[n % 4 + 1]",
    },
    "cases": {
        "kind": "'kind-' || n % 17",
        "subject": "'subject ' || n",
        "title": "'A case ' || n",
        "cause": "CASE WHEN n % 2 = 0 THEN 'cause ' || n ELSE 'cause ' || n % 770 END",
        "owner": "CASE WHEN n % 3 = 0 THEN 'operations' ELSE 'finance' END",
        "resolutions": "'[\"dismiss\"]'",
        "state": "CASE WHEN n % 4 = 3 THEN 'resolved' ELSE 'open' END",
        "resolved_at": f"CASE WHEN n % 4 = 3 THEN {AT} END",
        "risk_minor": "CASE WHEN n % 11 > 0 THEN n * 7919 % 500009 END",
        "risk_currency": "CASE WHEN n % 11 > 0 THEN CASE WHEN n % 13 = 0 THEN 'USD' ELSE 'EUR' END END",
        "deadline": (
            "CASE WHEN n % 17 > 0 THEN timestamptz '2026-11-23 09:00+00'"
            f" + (n * 7919 % {_DAYS} - 100) * interval '1 hour' END"
        ),
    },
    "products": {"title": "'Thing ' || n", "gtin": "n::text", "tracked": "n % 4 > 0"},
    "listings": {"vendor_code": "'V' || n % 2 + 1", "asin": "'B' || lpad(n::text, 9, '0')"},
    "publications": {
        "channel": "CASE WHEN n % 3 = 0 THEN 'B' ELSE 'A' END",
        "location": "'main'",
        "should_show": "10",
        "on_hand": "CASE WHEN n % 4 = 0 THEN 11 ELSE 10 END",
        "drifted": "CASE WHEN n % 4 = 0 THEN n END",
        "held": "0",
        "reserved": "0",
    },
    "stock_movements": {
        "kind": "'sold'",
        "reference": "'movement ' || n",
        "eaches": "1",
        "source": "'A'",
        "location": "'main'",
    },
    "invoices": {
        "partner": "CASE WHEN n % 4 = 0 THEN 'amazon-de' ELSE 'amazon-us' END",
        "payee": "'US1'",
        "reference": "'INV' || n",
        "number": "'INV' || n",
        "lines": "'[]'",
        "tax_minor": "0",
        "purchase_order": "CASE WHEN n % 2 = 0 THEN 'PO' || n ELSE '' END",
    },
    "open_invoices": {"invoice_id": "n * 3", "partner": "'amazon-us'"},
    "journal_entries": {
        "key": "'entry ' || n",
        "kind": "CASE WHEN n % 3 = 0 THEN 'invoice' ELSE 'remittance' END",
        "remittance_id": "CASE WHEN n % 3 > 0 THEN n END",
    },
    "journal_lines": {
        "entry_id": "(n + 1) / 2",
        "number": "n % 2 + 1",
        "account": "CASE WHEN n % 2 = 0 THEN '1400' ELSE '1200' END",
        "minor": "CASE WHEN n % 3 = 0 THEN -n ELSE n END",
        "invoice_id": "n",
        "rule": "CASE WHEN n % 3 = 0 THEN 'rule-1 v' || n / 3 % 2 + 1 ELSE '' END",
    },
    "deduction_rules": {
        "rule": "(n + 1) / 2",
        "version": "(n + 1) % 2 + 1",
        "field": "'kind'",
        "form": "'exact'",
        "pattern": "'FEE'",
        "direction": "'takes'",
    },
    "journal_sums": {
        "entry_id": "(n + 1) / 2",
        "account": "CASE WHEN n % 2 = 0 THEN '1400' ELSE '1200' END",
        "debit": "n % 3 > 0",
    },
    "remittances": {
        "partner": "CASE WHEN n % 4 = 0 THEN 'amazon-de' ELSE 'amazon-us' END",
        "payee": "'US1'",
        "payment": "'PAY' || n",
        "source": "'portal'",
        "posting": "'posted'",
    },
    "remittance_lines": {"remittance_id": "n", "source": "'portal'", "number": "1"},
    "suspense": {
        "remittance_id": "n",
        "line": "1",
        "partner": "CASE WHEN n % 4 = 0 THEN 'amazon-de' ELSE 'amazon-us' END",
        "kind": "'kind-' || n % 7",
        "subject": "'subject ' || n",
    },
    "line_answers": {
        "remittance_id": "n",
        "source": "'portal'",
        "line": "1",
        "kind": "CASE WHEN n % 5 = 0 THEN 'contest' ELSE 'match' END",
    },
    "claims": {
        "partner": "CASE WHEN n % 4 = 0 THEN 'amazon-de' ELSE 'amazon-us' END",
        "claim": "(ARRAY['shortage', 'shortage', 'price', 'chargeback', 'return'])[n % 5 + 1] || '/C' || n",
        "currency": "CASE WHEN n % 4 = 0 THEN 'EUR' ELSE 'USD' END",
        "taken_minor": "n * 7919 % 500009 + 1",
        "given_minor": "CASE WHEN n % 9 = 0 THEN n * 7919 % 500009 + 1 ELSE 0 END",
        "lost_minor": "0",
        "type": "(ARRAY['shortage', 'shortage', 'price', 'chargeback', 'return'])[n % 5 + 1]",
        "attempts": "CASE WHEN n % 7 = 0 OR n % 9 = 0 THEN 1 ELSE 0 END",
        "dispute_until": (
            "CASE WHEN n % 9 > 0 AND n % 7 > 0 THEN date '2026-11-23' + CASE WHEN n % 5 < 2 THEN n::int * 7919 % 730"
            " ELSE n::int * 7919 % 60 - 29 END END"
        ),
    },
    "disputes": {
        "claim_id": "n",
        "reference": "'CASE-' || n",
        "outcome": "CASE WHEN n % 4 > 0 THEN CASE WHEN n % 4 = 1 THEN 'lost' ELSE 'won' END END",
        "answered_on": f"CASE WHEN n % 4 > 0 THEN {DAY} END",
        "won_minor": "CASE WHEN n % 4 > 0 THEN CASE WHEN n % 4 = 1 THEN 0 ELSE n END END",
    },
    "undone_matches": {
        "remittance_id": "n",
        "source": "'portal'",
        "line": "1",
        "kind": "'match'",
        "placements": "'[]'",
    },
    "documents": {
        "kind": "CASE WHEN n % 4 = 0 THEN 'orders' ELSE 'remittance' END",
        "source": "'source-' || n % 5",
        "position": "n",
    },
    "told_items": {
        "partner": "'P'",
        "vendor_code": "'V'",
        "warehouse": "'W'",
        "accepted": "CASE WHEN n % 4 = 0 THEN n + 1 ELSE n END",
    },
    "acts": {
        "at": AT,
        "actor": "CASE WHEN n % 5 = 0 THEN 'Fina' WHEN n % 2 = 0 THEN 'Olga' ELSE 'trueup' END",
        "act": "CASE WHEN n % 3 = 0 THEN 'case.resolved' ELSE 'order.received' END",
        "subject": "'order amazon-us/' || n % 49 || CASE WHEN n % 2 = 0 THEN ' line 1' ELSE '' END",
    },
    "proposals": {"act": "'entry.reverse'", "subject": "'entry ' || n", "arguments": "'{}'", "proposed_by": "'Olga'"},
    "vendor_returns": {"order_id": "n", "serial": "'S' || n"},
    "trade_ins": {
        "key": "'TI' || n",
        "serial": "'S' || n",
        "currency": "'EUR'",
        "origin": "'told'",
        "state": "CASE WHEN n % 3 = 0 THEN 'released' ELSE 'recorded' END",
    },
    "circular_records": {
        "programme": "'rent'",
        "kind": "'item'",
        "state": f"'{Visibility.AVAILABLE.value}'",
        "body": f"jsonb_set('{_ITEM}', '{{id}}', to_jsonb(n))",
    },
    "buffer_changes": {"channel": "'A'", "location": "'main'", "eaches": "1", "percent": "0", "reason": "'slow'"},
}
TABLES = frozenset(_TOLD)


def fill_all(connection: sa.Connection, rows: Rows) -> None:
    """So many rows in each table."""
    for name, values in _TOLD.items():
        fill(connection, name, rows, values)
