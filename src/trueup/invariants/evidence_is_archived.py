"""Every fact names a document that the archive holds, and no document was taken out of its chain."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN)
    sums = (
        Sum("Documents, each chained to the one before", str(row.documents)),
        Sum("Facts that name a document", str(row.facts)),
    )
    return Proof(row.documents, sums, broken, rows)


_FACTS = (
    "SELECT 'order' AS about, o.partner || '/' || o.number AS name, r.evidence FROM trueup.order_revisions r"
    " JOIN trueup.orders o ON o.id = r.order_id"
    " UNION ALL SELECT 'remittance', m.partner || '/' || m.payment, t.evidence FROM trueup.remittance_tellings t"
    " JOIN trueup.remittances m ON m.id = t.remittance_id"
    " UNION ALL SELECT 'delivery', key, digest FROM trueup.deliveries"
    " UNION ALL SELECT 'invoice', partner || '/' || number, evidence FROM trueup.invoices"
)
_LOOKED = sa.text(
    f"SELECT (SELECT count(*) FROM trueup.documents) AS documents, (SELECT count(*) FROM ({_FACTS}) AS facts) AS facts"
)
_BROKEN = (
    f"SELECT f.about, f.name, 'rests on ' || left(f.evidence, 12) || ', which the archive does not hold' AS words"
    f" FROM ({_FACTS}) AS f WHERE NOT EXISTS (SELECT FROM trueup.documents d WHERE d.digest = f.evidence)"
    " UNION ALL SELECT 'document', d.digest, 'stands in lane ' || d.lane || ' at ' || d.position || ', and not after what it"
    " followed' FROM trueup.documents d LEFT JOIN trueup.documents b ON b.lane = d.lane AND b.position = d.position - 1"
    " WHERE d.prev_hash <> coalesce(b.row_hash, repeat('0', 64))"
)
INVARIANT = Invariant(
    name="evidence-is-archived",
    order=100,
    title="Every document is archived before it is read, and every fact names one that the archive holds.",
    why="numbers that nobody can prove any more",
    how="The hash that each order, payment, delivery and invoice rests on is looked for in the archive; and each document names "
    "the hash of the one before it in its chain. That its bytes are still those of its hash is seen when it is opened.",
    unit="documents",
    prove=_prove,
)
