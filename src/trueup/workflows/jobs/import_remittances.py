"""Import a file of remittances: it is archived at once, and a worker books it, a batch a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trueup.storage.jobs import Job
from trueup.workflows.import_remittances import (
    Begun,
    Upload,
    end_upload,
    finish_import,
    newest_case,
    plan_upload,
    settle_part,
)
from trueup.workflows.long_work import End, LongWork, Piece, Plan, ask_work, asker_of
from trueup.workflows.settle_remittance import archive_remittance
from trueup.workflows.world import Tx

IMPORT = "import-remittances"


def ask_import(tx: Tx, upload: Upload) -> int:
    """Archive a file of remittances and have a worker book it. Returns the job's id.

    Raises DocumentError when it is no remittance, which whoever hands it in is told at once; Refused.
    """
    digest = archive_remittance(tx, upload.content, upload.name, upload.partner, upload.person)
    begun = plan_upload(tx, upload, digest)
    args = {"digest": digest, "name": upload.name, "partner": upload.partner, "newest": newest_case(tx)}
    title = f"Import {upload.name}: {len(begun.payments)} payments of {upload.partner}"
    return ask_work(tx, IMPORT, title, args, upload.person)


def _plan(tx: Tx, job: Job) -> Plan:
    plan = _begun(tx, job).plan
    return Plan(list(range(len(plan.batches))), plan.lines, "lines")


def _settle(tx: Tx, job: Job, index: int) -> Piece:
    return Piece(settle_part(tx, _upload(job), job.args["digest"], index).lines)


def _end(tx: Tx, job: Job, found: Sequence[Any]) -> End:
    """What waits is held against all that is open; the job says what came of it."""
    begun = _begun(tx, job)
    end_upload(tx, begun.upload.partner, begun.digest)
    after = finish_import(tx, begun.upload.partner, begun.payments, int(job.args["newest"]))
    result = {
        "payments": list(begun.payments),
        "untied": [[payment, str(amount)] for payment, amount in begun.untied],
        "cases": len(after.opened),
        "matched": after.reconciled,
        "evidence": begun.digest,
    }
    return End(f"{len(begun.payments)} payments are booked; {len(after.opened)} new cases.", result)


def _drop(tx: Tx, job: Job) -> str:
    end_upload(tx, "", job.args["digest"])
    return "Nothing of it was booked; the file stays in the archive, and may be handed in again."


def _begun(tx: Tx, job: Job) -> Begun:
    return plan_upload(tx, _upload(job), job.args["digest"])


def _upload(job: Job) -> Upload:
    return Upload(b"", job.args["name"], job.args["partner"], asker_of(job))


WORK = LongWork(IMPORT, "import_remittances", _plan, _settle, _end, drop=_drop)
