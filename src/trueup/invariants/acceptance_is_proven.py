"""What is called accepted has its proof: a reading of the buyer's own system, archived."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN)
    sums = (
        Sum("Called accepted", str(row.accepted)),
        Sum("With an archived proof", str(row.proven)),
        Sum("Left and not proven yet", str(row.waiting)),
    )
    return Proof(row.accepted, sums, broken, rows)


# Compared as what the archive keys by: as text its index could not be used.
_PROVEN = "d.proof <> '' AND EXISTS (SELECT FROM trueup.documents p WHERE p.digest = d.proof::bpchar)"
_LOOKED = sa.text(
    "SELECT count(*) FILTER (WHERE d.state = 'accepted') AS accepted,"
    f" count(*) FILTER (WHERE d.state = 'accepted' AND {_PROVEN}) AS proven,"
    " count(*) FILTER (WHERE d.state IN ('sent', 'received', 'unanswered')) AS waiting FROM trueup.deliveries d"
    " WHERE d.kind = 'acknowledgement'"
)
_BROKEN = (
    "SELECT CASE WHEN o.id IS NULL THEN 'delivery' ELSE 'order' END AS about,"
    " coalesce(o.partner || '/' || o.number, d.key) AS name, 'is called accepted, and no archived reading shows it' AS words"
    " FROM trueup.deliveries d LEFT JOIN trueup.orders o ON o.id = d.order_id"
    f" WHERE d.kind = 'acknowledgement' AND d.state = 'accepted' AND NOT ({_PROVEN})"
)
INVARIANT = Invariant(
    name="acceptance-is-proven",
    order=60,
    title="Every answer that is called accepted was read back from the buyer, and the reading is archived.",
    why="“sent” that is taken for “accepted”",
    how="Each answer to an order that stands as accepted names the hash of its proof, and the archive holds the document of "
    "that hash.",
    unit="accepted answers",
    prove=_prove,
)
