"""Long work that a person asks for and need not wait for: a worker does it piece by piece, and its page says how far it is.

Each piece is a transaction with its progress, so that what is shown as done is done, and a worker that dies leaves nothing half.
"""

from __future__ import annotations

from trueup.base.errors import DocumentError, NotFound, Refused
from trueup.domain.cases import Role
from trueup.durable.flow import Flow
from trueup.storage import jobs
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
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import archive_remittance
from trueup.workflows.world import Flowing, Tx, World

IMPORT = "import-remittances"
CANCELLED = "cancelled"
"""The state of a job that a person called off before it was begun."""


def ask_import(tx: Tx, upload: Upload) -> int:
    """Archive a file of remittances and have a worker book it. Returns the job's id.

    Raises DocumentError when it is no remittance, which whoever hands it in is told at once; Refused.
    """
    digest = archive_remittance(tx, upload.content, upload.name, upload.partner, upload.person)
    begun = plan_upload(tx, upload, digest)
    args = {
        "digest": digest,
        "name": upload.name,
        "partner": upload.partner,
        "person": upload.person.name,
        "roles": sorted(role.value for role in upload.person.roles),
        "newest": newest_case(tx),
    }
    title = f"Import {upload.name}: {len(begun.payments)} payments of {upload.partner}"
    number = jobs.add_job(tx.connection, IMPORT, title, args, upload.person.name, tx.now)
    tx.start("import_remittances", f"job:{number}", number)
    return number


def import_remittances(c: Flowing, job_id: int) -> None:
    """Book the file of a job, batch by batch, and tell how things stand then."""
    try:
        batches = c.commit(begin_import, job_id)
        if batches < 0:
            return
        for index in range(batches):
            c.commit(import_part, job_id, index)
    except (DocumentError, NotFound, Refused) as error:
        c.commit(fail_import, job_id, str(error))
        return
    c.commit(end_import, job_id)


def begin_import(tx: Tx, job_id: int) -> int:
    """How many batches there are, -1 when it was called off meanwhile; the job says how many lines."""
    if jobs.load_job(tx.connection, job_id, lock=True).state == CANCELLED:
        return -1
    plan = _begun(tx, job_id).plan
    jobs.begin_job(tx.connection, job_id, plan.lines, "lines", tx.now)
    return len(plan.batches)


def import_part(tx: Tx, job_id: int, index: int) -> None:
    """One batch, and how far the job is with it."""
    job = jobs.load_job(tx.connection, job_id)
    done = settle_part(tx, _upload(job), job.args["digest"], index)
    jobs.advance_job(tx.connection, job_id, done.lines)


def end_import(tx: Tx, job_id: int) -> None:
    """What waits is held against all that is open; the job says what came of it."""
    job, begun = jobs.load_job(tx.connection, job_id), _begun(tx, job_id)
    end_upload(tx, begun.upload.partner, begun.digest)
    after = finish_import(tx, begun.upload.partner, begun.payments, int(job.args["newest"]))
    result = {
        "payments": list(begun.payments),
        "untied": [[payment, str(amount)] for payment, amount in begun.untied],
        "cases": len(after.opened),
        "matched": after.reconciled,
        "evidence": begun.digest,
    }
    words = f"{len(begun.payments)} payments are booked; {len(after.opened)} new cases."
    jobs.end_job(tx.connection, job_id, words, result, tx.now)


def fail_import(tx: Tx, job_id: int, words: str) -> None:
    """It could not be read or booked: the job says why. What was booked of it stays, and is finished by its safety net."""
    jobs.fail_job(tx.connection, job_id, words, tx.now)


def _begun(tx: Tx, job_id: int) -> Begun:
    job = jobs.load_job(tx.connection, job_id)
    return plan_upload(tx, _upload(job), job.args["digest"])


def _upload(job: Job) -> Upload:
    person = Person(job.args["person"], frozenset(Role(role) for role in job.args["roles"]))
    return Upload(b"", job.args["name"], job.args["partner"], person)


FLOWS = (Flow[World]("import_remittances", import_remittances, "books"),)
