"""Import an item master: a large file is compared with what is kept, or taken in, by a worker; whole or not at all.

A trial is done and taken back; what it would change, and which cells keep the file out, stays with its job as that of a small file
stands on its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trueup.base.ids import Digest
from trueup.durable.tally import Tally
from trueup.storage.jobs import Job
from trueup.workflows.authority import demand_role
from trueup.workflows.import_products import Imported, import_products
from trueup.workflows.long_work import End, LongWork, Piece, Plan, Telling, ask_work, asker_of
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND = "import-items"
LARGE_BYTES = 100_000
"""From so many bytes on, some two thousand products, a file is long work; a smaller one is compared while the person waits."""
MOST_CHANGES, MOST_REFUSED = 500, 200
_UNIT = "rows"


def is_large(content: bytes) -> bool:
    """Whether it is compared and taken in by a worker."""
    return len(content) >= LARGE_BYTES


def ask_items(tx: Tx, digest: Digest, person: Person, *, tried: bool) -> int:
    """Have an archived file compared (`tried`), or taken in. Returns the job's id. Raises Refused without the role."""
    demand_role(person, "products.import")
    title = "Compare an item master with what is kept" if tried else "Take in an item master"
    return ask_work(tx, KIND, title, {"digest": digest, "tried": tried}, person)


def _plan(tx: Tx, job: Job) -> Plan:
    content = tx.resources.read(tx.connection, job.args["digest"])
    return Plan([None], max(1, content.count(b"\n")), _UNIT)


def _take_in(tx: Tx, job: Job, _piece: Any) -> Piece:
    content = tx.resources.read(tx.connection, job.args["digest"])
    telling = Telling(tx, job)
    tried = tx.connection.begin_nested()
    done = import_products(tx, content, asker_of(job), told=telling.at)
    if job.args["tried"] or not done.taken:
        tried.rollback()
    else:
        tried.commit()
    rows = max(1, content.count(b"\n"))
    out = {"compared" if job.args["tried"] else "taken in": rows} if done.taken else {}
    tx.count(Tally(_UNIT, rows, out, {} if done.taken else {"kept out": rows}))
    return Piece(rows, found_of(done))


def found_of(done: Imported) -> dict[str, Any]:
    """What an import came to, as a page shows it: how many products of which kind, the refused cells, the first changes."""
    new = {change.sku for change in done.changes if change.new}
    changed = {change.sku for change in done.changes} - new
    return {
        "taken": done.taken,
        "digest": done.digest,
        "earlier": done.earlier,
        "products": done.products,
        "listings": done.listings,
        "counts": {
            "new": len(new),
            "changed": len(changed),
            "the same": max(0, done.products - len(new | changed)),
            "refused": len([found for found in done.findings if found.severity.value == "error"]),
        },
        "refused": [{"place": str(found.location), "why": found.message} for found in done.findings[:MOST_REFUSED]],
        "findings": len(done.findings),
        "changes": [
            {name: getattr(each, name) for name in ("sku", "vendor_code", "field", "before", "after", "new")}
            for each in done.changes[:MOST_CHANGES]
        ],
        "changed_fields": len(done.changes),
    }


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    [told] = found
    counts, tried = told["counts"], job.args["tried"]
    if not told["taken"]:
        first = ", ".join(each["place"].partition(" ")[0] for each in told["refused"][:5])
        words = f"Nothing {'would be' if tried else 'was'} taken in: {_cells(counts['refused'])} refused ({first})."
    else:
        verb = "would be" if tried else "are"
        words = (
            f"{counts['new']:,} products {verb} new, {counts['changed']:,} changed, {counts['the same']:,} the same."
        )
    links = [["What would change" if tried else "The receipt", f"/settings/products/jobs/{job.id}"]]
    return End(words, {**told, "tried": tried, "links": links})


def _cells(count: int) -> str:
    return "1 cell is" if count == 1 else f"{count:,} cells are"


def _stays(job: Job) -> str:
    return "Nothing of it is taken in: it is taken in whole or not at all."


WORK = LongWork(KIND, "import_items", _plan, _take_in, _end, _stays, whole=True)
